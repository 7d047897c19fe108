"""Random operations in functions that TensorFlow makes graphs of; its numbers are in recorded/random_in_graphs.txt."""

import numpy as np

from kerasish import tf


def numbers(dataset):
    return [float(x) for x in dataset]


def test_threads_give_each_element_the_numbers_of_its_place():
    tf.random.set_seed(5)
    plain = numbers(tf.data.Dataset.range(20).map(lambda x: tf.random.uniform([])))
    threads = numbers(tf.data.Dataset.range(20).map(lambda x: tf.random.uniform([]), num_parallel_calls=4))
    assert threads == plain
    assert len(set(plain)) == 20


def test_elements_without_a_seed_differ_from_pass_to_pass():
    tf.random.set_seed(None)
    dataset = tf.data.Dataset.range(3).map(lambda x: tf.random.uniform([]))
    assert len({*numbers(dataset), *numbers(dataset)}) == 6


def test_a_loop_in_code_without_a_text_goes_on():
    namespace = {"tf": tf}
    exec("def f():\n s = []\n for i in tf.range(3):\n  s.append(tf.random.uniform([], seed=3))\n return s", namespace)
    tf.random.set_seed(5)
    eager = [float(tf.random.uniform([], seed=3)) for _ in range(3)]
    tf.random.set_seed(5)
    assert [float(x) for x in tf.function(namespace["f"])()] == eager


def test_map_fn_goes_on_from_element_to_element():
    function = tf.function(lambda: tf.map_fn(lambda x: x + tf.random.uniform([], seed=3), tf.zeros([3])))
    tf.random.set_seed(5)
    eager = [float(tf.random.uniform([], seed=3)) for _ in range(6)]
    tf.random.set_seed(5)
    np.testing.assert_array_equal([*function().numpy(), *function().numpy()], np.float32(eager))


def test_an_object_that_cannot_be_referred_to_weakly_is_a_step_too():
    class Slotted:
        __slots__ = ()

        def __call__(self, x):
            return tf.random.uniform([], seed=3)

    tf.random.set_seed(5)
    assert len(set(numbers(tf.data.Dataset.range(3).map(Slotted())))) == 3


def test_without_a_global_seed_tensorflows_own_counts():
    tf.random.set_seed(None)
    dataset = tf.data.Dataset.range(3).map(lambda x: tf.random.uniform([], seed=3))
    expected = [0.38693, 0.66334, 0.19575]  # TensorFlow 2.21
    np.testing.assert_allclose([numbers(dataset), numbers(dataset)], [expected] * 2, atol=1e-5)
    function = tf.function(lambda: (tf.random.uniform([2], seed=3), tf.random.uniform([2], seed=3)))
    np.testing.assert_allclose(function(), [[0.38693, 0.36003]] * 2, atol=1e-5)
    np.testing.assert_allclose(function(), [[0.19575, 0.07571]] * 2, atol=1e-5)
