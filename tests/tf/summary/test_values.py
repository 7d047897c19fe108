"""tf.summary: what is written, as TensorBoard's own reader finds it."""

import numpy as np
import pytest

import kerasish.tf as tf


def test_nothing_is_written_without_a_writer_or_where_the_condition_fails(tmp_path):
    assert not tf.summary.scalar("a", 1.0, step=1)
    with tf.summary.create_file_writer(tmp_path).as_default():
        assert tf.summary.scalar("a", 1.0, step=1)
        with tf.summary.record_if(lambda: False):
            assert not tf.summary.scalar("a", 1.0, step=1)
            assert not tf.summary.should_record_summaries()
    with tf.summary.create_noop_writer().as_default(step=1):
        assert not tf.summary.scalar("a", 1.0)


def test_a_step_is_needed(tmp_path):
    with tf.summary.create_file_writer(tmp_path).as_default(), pytest.raises(ValueError, match="No step set"):
        tf.summary.scalar("a", 1.0)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: tf.summary.scalar("a", [1.0], step=1), "needs a scalar"),
        (lambda: tf.summary.image("a", np.ones((2, 2, 3)), step=1), "rank 4"),
        (lambda: tf.summary.audio("a", np.ones((2, 2)), 8000, step=1), "rank 3"),
        (lambda: tf.summary.audio("a", np.ones((1, 2, 2)), 8000, step=1, encoding="mp3"), "Unknown encoding"),
        (lambda: tf.summary.text("a", 1.0, step=1), "needs strings"),
    ],
)
def test_other_values_are_refused(tmp_path, write, words):
    with tf.summary.create_file_writer(tmp_path).as_default(), pytest.raises((TypeError, ValueError), match=words):
        write()


def test_tensorboard_reads_all_kinds(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    util = pytest.importorskip("tensorboard.util.tensor_util")
    writer = tf.summary.create_file_writer(tmp_path)
    with writer.as_default(step=tf.Variable(4, dtype="int64")):
        tf.summary.scalar("number", tf.constant(3), description="of things")
        with tf.name_scope("scope"):
            tf.summary.histogram("h", np.arange(8.0), buckets=2)
        tf.summary.image("i", np.ones((5, 4, 3, 1), "float32"), max_outputs=2)
        tf.summary.text("t", ["a", "b"])
        tf.summary.audio("s", np.zeros((1, 10, 2), "float32"), 8000)
    writer.close()
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    found = {tag: events.Tensors(tag)[0] for tag in events.Tags()["tensors"]}
    values = {tag: util.make_ndarray(event.tensor_proto) for tag, event in found.items()}
    assert {event.step for event in found.values()} == {4}
    assert values["number"] == np.float32(3.0)
    np.testing.assert_array_equal(values["scope/h"], [[0.0, 3.5, 4.0], [3.5, 7.0, 4.0]])
    assert values["i"].tolist()[:2] == [b"3", b"4"]
    assert len(values["i"]) == 4
    assert values["t"].tolist() == [b"a", b"b"]
    assert values["s"][0, 0][:4] == b"RIFF"
    with pytest.raises(RuntimeError, match="already closed"), writer.as_default():
        tf.summary.scalar("number", 1.0, step=1)
