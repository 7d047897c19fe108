"""Sobol's sequence."""

import numpy as np
import pytest

from kerasish import tf


def test_points_go_on_where_others_were_left_out():
    whole = tf.math.sobol_sample(5, 20).numpy()
    np.testing.assert_array_equal(tf.math.sobol_sample(5, 8, skip=12), whole[12:])
    assert tf.math.sobol_sample(5, 8, dtype=tf.float64).dtype == tf.float64


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((0, 1), "dim must be"), ((1112, 1), "dim must be"), ((2, 0), "at least one"), ((2, 1, -1), "skip")],
)
def test_numbers_out_of_range_are_refused(arguments, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        tf.math.sobol_sample(*arguments)
