"""DeterministicRandomTestTool, and a program's own get_seed. The numbers are TensorFlow's."""

from unittest import mock

import numpy as np
import pytest

from kerasish import tf
from kerasish.core import random

v1 = tf.compat.v1
Tool = v1.keras.utils.DeterministicRandomTestTool


def test_each_operation_has_the_next_seed():
    tool = Tool(mode="num_random_ops")
    with tool.scope():
        first, second = tf.random.uniform((3,)), tf.random.normal((2,))
        tool.operation_seed = 10
        tf.random.uniform((1,))
    np.testing.assert_allclose(first, [0.8354591, 0.9162973, 0.49464953], rtol=1e-6)
    tf.random.set_seed(42)
    np.testing.assert_array_equal(second, tf.random.normal((2,), seed=1))
    assert tool.operation_seed == 11


def test_a_constant_seed_gives_the_same_numbers_again():
    with Tool().scope():
        one, other = tf.random.uniform((2,), seed=3), tf.random.uniform((2,))
        dropped = [tf.nn.dropout(tf.ones(20), 0.5).numpy().tolist() for _ in range(2)]
    np.testing.assert_allclose(one, [0.8354591, 0.9162973], rtol=1e-6)
    np.testing.assert_array_equal(one, other)
    assert dropped[0] == dropped[1]


def test_an_operation_of_a_function_has_its_seed_for_good():
    draw = tf.function(lambda: tf.random.normal((2,)))
    with Tool(seed=7, mode="num_random_ops").scope():
        tf.random.normal((2,))
        found = [draw().numpy() for _ in range(2)]
    np.testing.assert_allclose(found, [[-0.5408054, 1.122033], [0.7477177, -0.20272484]], rtol=1e-5)


def test_outside_of_the_scope_numbers_are_those_of_the_global_seed():
    tf.random.set_seed(1)
    want = tf.random.normal((2,))
    with Tool(mode="num_random_ops").scope():
        tf.random.normal((2,))
    tf.random.set_seed(1)
    np.testing.assert_array_equal(tf.random.normal((2,)), want)


def test_a_programs_own_get_seed_counts():
    with mock.patch.object(random, "get_seed", wraps=lambda _: (42, 5)):
        tf.random.set_seed(42)
        found = tf.random.normal((3,))
    np.testing.assert_allclose(found, [1.080044, -2.473193, -1.5754302], rtol=1e-6)


def test_bad_modes_and_seeds_used_twice_are_refused():
    with pytest.raises(ValueError, match="Mode arg must be 'constant' or 'num_random_ops'"):
        Tool(mode="bad")
    tool = Tool(mode="num_random_ops")
    with tool.scope():
        tf.random.uniform((1,))
        tool.operation_seed = 0
        with pytest.raises(ValueError, match="already-used operation seed 0"):
            tf.random.uniform((1,))
