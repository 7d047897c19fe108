"""TensorBoard's files are read back as messages."""

import pytest

from kerasish import tf

v1 = tf.compat.v1


def events(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        tf.summary.scalar("loss", 1.5, step=3)
        tf.summary.text("note", "hello", step=4)
        tf.summary.histogram("weights", [1.0, 2.0, 3.0], step=5)
    writer.close()
    (path,) = tmp_path.iterdir()
    return path, list(v1.train.summary_iterator(str(path)))


def test_what_was_written_is_read(tmp_path):
    _, (first, loss, note, weights) = events(tmp_path)
    assert (first.file_version, first.WhichOneof("what")) == ("brain.Event:2", "file_version")
    assert type(loss) is v1.Event
    assert loss.wall_time > 1e9
    (value,) = loss.summary.value
    assert (loss.step, value.tag, value.metadata.plugin_data.plugin_name) == (3, "loss", "scalars")
    assert tf.make_ndarray(value.tensor) == 1.5
    assert tf.make_ndarray(note.summary.value[0].tensor).tolist() == b"hello"
    assert weights.summary.value[0].metadata.plugin_data.plugin_name == "histograms"


def test_messages_go_to_bytes_and_back():
    summary = v1.Summary(value=[v1.Summary.Value(tag="a", simple_value=1.5)])
    assert summary.SerializeToString() == b"\n\x08\n\x01a\x15\x00\x00\xc0?"  # as TensorFlow's
    assert v1.Summary.FromString(summary.SerializeToString()) == summary
    assert summary.value[0].WhichOneof("value") == "simple_value"


def test_no_file_and_a_damaged_one(tmp_path):
    path, _ = events(tmp_path)
    with pytest.raises(tf.errors.NotFoundError, match="No such file"):
        list(v1.train.summary_iterator(str(path) + "x"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(tf.errors.DataLossError, match="truncated"):
        list(v1.train.summary_iterator(str(path)))
