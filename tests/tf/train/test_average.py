"""Moving averages of variables."""

import pytest

import kerasish.tf as tf


def test_averages_follow_their_variables():
    variable = tf.Variable(1.0, name="v")
    averages = tf.train.ExponentialMovingAverage(0.9)
    averages.apply([variable])
    variable.assign(2.0)
    averages.apply()
    assert averages.average(variable).numpy() == pytest.approx(1.1)
    assert averages.average_name(variable) == "v/ExponentialMovingAverage"
    assert averages.variables_to_restore([variable]) == {"v/ExponentialMovingAverage": variable}
    assert averages.average(tf.Variable(1.0)) is None


def test_few_updates_make_the_decay_smaller():
    variable = tf.Variable(1.0)
    averages = tf.train.ExponentialMovingAverage(0.9, num_updates=3)
    averages.apply([variable])
    variable.assign(2.0)
    averages.apply([variable])
    assert averages.average(variable).numpy() == pytest.approx(1.692307710647583)  # TensorFlow's


@pytest.mark.parametrize(
    ("value", "words"), [(tf.constant(1.0), "non-Variable tensors"), (tf.Variable(1), "must be half")]
)
def test_other_things_are_refused(value, words):
    with pytest.raises(TypeError, match=words):
        tf.train.ExponentialMovingAverage(0.9).apply([value])
