"""Checkpoints of tf.compat.v1.train.Saver, read by tf.train.Checkpoint by variables' names; the texts are TensorFlow's."""

import pytest

from kerasish import tf

train = tf.compat.v1.train


@pytest.fixture
def pair():
    return tf.Variable([1.0, 2.0], name="a"), tf.Variable(3, name="b")


def named(**values):
    module = tf.Module()
    for name, value in values.items():
        setattr(module, name, tf.Variable(value, name=name))
    return module


def test_checkpoint_reads_by_name_what_a_saver_wrote(tmp_path, pair):
    path = train.Saver(pair).save(None, tmp_path / "m")
    module = named(a=[0.0, 0.0], b=0)
    status = tf.train.Checkpoint(m=module).restore(path)
    assert module.a.numpy().tolist() == [1, 2] and module.b.numpy() == 3
    assert status.assert_consumed().assert_existing_objects_matched().expect_partial() is status
    assert status.run_restore_ops() is None


def test_variables_without_a_value_are_told_of(tmp_path, pair):
    path = train.Saver(pair).save(None, tmp_path / "m")
    module = named(a=[0.0, 0.0], z=5.0)
    status = tf.train.Checkpoint(m=module).restore(path)
    assert module.z.numpy() == 5
    with pytest.raises(AssertionError, match="attributes which were not restored(.|\n)*'z:0'"):
        status.assert_existing_objects_matched()


def test_a_variable_made_later_gets_its_value_then(tmp_path, pair):
    path = train.Saver(pair).save(None, tmp_path / "m")
    module = tf.Module()
    status = tf.train.Checkpoint(m=module).restore(path)
    module.a = tf.Variable([0.0, 0.0], name="a")
    assert module.a.numpy().tolist() == [1, 2]
    status.expect_partial()


def test_values_that_do_not_fit_are_refused(tmp_path, pair):
    path = train.Saver(pair).save(None, tmp_path / "m")
    with pytest.raises(ValueError, match=r"incompatible tensor with shape \(2,\)"):
        tf.train.Checkpoint(m=named(a=[0.0])).restore(path)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected dtype int32"):
        tf.train.Checkpoint(m=named(a=[0, 0])).restore(path)
