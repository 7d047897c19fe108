"""Functions of tf.compat.v1 that no record of TensorFlow's tells all about."""

import os
import time

import numpy as np
import pytest

from kerasish import tf
from kerasish.core.errors import NotServedError

v1 = tf.compat.v1


def test_records_are_iterated(tmp_path):
    path = str(tmp_path / "r")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        writer.write(b"one")
        writer.write(b"two")
    options = v1.python_io.TFRecordOptions(v1.python_io.TFRecordCompressionType.GZIP)
    assert list(v1.python_io.tf_record_iterator(path, options)) == [b"one", b"two"]
    with pytest.raises(tf.errors.DataLossError):
        list(v1.io.tf_record_iterator(path))


def test_print_writes_to_the_error_stream(capsys):
    x = v1.Print([1, 2], [[1, 2, 3, 4], "text"], "here: ", summarize=2)
    assert capsys.readouterr().err == "here: [1 2...][text]\n"
    assert x.numpy().tolist() == [1, 2]
    v1.Print(0, [[1, 2, 3, 4]], summarize=-1)
    assert capsys.readouterr().err == "[1 2 3 4]\n"


def test_folder_for_tests_is_the_same_each_time():
    assert v1.test.get_temp_dir() == v1.test.get_temp_dir()
    assert os.path.isdir(v1.test.get_temp_dir())
    assert v1.test.mock.Mock().anything is not None


def test_scopes_with_arguments_in_another_order():
    with v1.variable_op_scope([], None, "outer"), v1.op_scope([], "inner"):
        assert v1.get_variable("w", [1]).name.endswith("w:0")
    with v1.container("here") as name:
        assert name == "here"


def test_modules_that_are_parts_have_no_other_names():
    for name in ("manip", "spectral", "python_io"):
        with pytest.raises(AttributeError, match="nothing"):
            getattr(v1, name).nothing  # noqa: B018
        assert dir(getattr(v1, name))


def test_names_of_graphs_still_say_so():
    with pytest.raises(NotServedError, match="TensorFlow 1"):
        v1.disable_eager_execution()
    with pytest.raises(RuntimeError, match="not compatible with eager execution"):
        v1.placeholder(tf.float32)


# checkpoints ----------------------------------------------------------------------------------------------------------


def test_saver_keeps_one_of_each_so_many_hours(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    saver = v1.train.Saver([tf.Variable(1.0, name="a")], max_to_keep=1, keep_checkpoint_every_n_hours=1)
    for i, at in enumerate((10.0, 3700.0, 3800.0, 3900.0)):
        now[0] = at
        saver.save(None, tmp_path / "m", i)
    assert sorted(p.name for p in tmp_path.glob("*.index")) == ["m-1.index", "m-3.index"]


def test_saver_leaves_all_variables_alone_if_one_does_not_fit(tmp_path):
    a, b = tf.Variable([1.0], name="a"), tf.Variable(2.0, name="b")
    path = v1.train.Saver([a, b]).save(None, tmp_path / "m")
    a.assign([5.0])
    with pytest.raises(tf.errors.NotFoundError, match="Key c not found"):
        v1.train.Saver({"a": a, "c": b}).restore(None, path)
    assert a.numpy().tolist() == [5.0]


def test_saver_takes_a_model(tmp_path):
    model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
    model.build((None, 3))
    path = v1.train.Saver(model.variables).save(None, tmp_path / "m")
    before = model.get_weights()
    model.set_weights([np.zeros_like(w) for w in before])
    v1.train.Saver(model.variables).restore(None, path)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_saver_refuses_what_is_no_variable(tmp_path):
    with pytest.raises(TypeError, match="not a Variable"):
        v1.train.Saver([1]).save(None, tmp_path / "m")
    with pytest.raises(ValueError, match="version 2"):
        v1.train.Saver([], write_version=1)
    with pytest.raises(ValueError, match="latest_filename"):
        v1.train.Saver([], allow_empty=True).save(None, tmp_path / "m", latest_filename="a/b")
