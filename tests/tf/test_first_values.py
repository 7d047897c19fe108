"""TensorFlow's own initializers: numbers recorded from TensorFlow 2.21."""

import numpy as np
import pytest

import kerasish as keras
import kerasish.tf as tf


def test_initializers_without_a_seed_draw_as_operations_do():
    tf.random.set_seed(5)
    uniform, normal = tf.random_uniform_initializer(-1, 1), tf.random_normal_initializer(0.0, 0.02)
    np.testing.assert_allclose(
        uniform([2, 2]), [[0.25278616, 0.05968642], [0.51691437, 0.01697683]], rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(
        uniform((2, 2), dtype=tf.float64), [[0.22732035, -0.0326829], [-0.52066402, -0.56241494]], rtol=1e-6
    )
    np.testing.assert_allclose(normal(shape=(3,)), [0.02933093, -0.02049628, 0.01734866], rtol=1e-5)


def test_a_seeded_initializer_gives_the_same_numbers_again():
    normal = tf.random_normal_initializer(seed=4)
    for _ in range(2):
        np.testing.assert_allclose(normal((2,)), [-0.02909243, 0.04326795], rtol=1e-5)


def test_a_layer_takes_them_and_files_name_keras_own(tmp_path):
    tf.random.set_seed(5)
    layer = keras.layers.Dense(3, kernel_initializer=tf.random_normal_initializer(0.0, 0.02))
    model = keras.Sequential([keras.Input((2,)), layer])
    np.testing.assert_allclose(
        layer.kernel.numpy().ravel()[:4], [-0.00360613, -0.01900573, -0.00079281, -0.01485081], rtol=1e-4
    )
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras").layers[0]
    assert type(loaded.kernel_initializer) is keras.initializers.RandomNormal
    np.testing.assert_array_equal(loaded.kernel.numpy(), layer.kernel.numpy())


def test_constants_fill_the_shape_in_order():
    values = tf.constant_initializer([1, 2, 3, 4])((2, 2))
    assert values.dtype == tf.int32
    np.testing.assert_array_equal(values, [[1, 2], [3, 4]])
    assert tf.constant_initializer(3)((2,), dtype=tf.int64).dtype == tf.int64
    assert tf.constant_initializer(3, support_partition=True)((4,), partition_shape=(2,)).shape == (2,)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tf.constant_initializer([1, 2])((2, 2)), TypeError, "unsupported shape"),
        (lambda: tf.constant_initializer(object()), TypeError, "Invalid type"),
        (lambda: tf.constant_initializer(3)((4,), partition_shape=(2,)), ValueError, "partition"),
        (lambda: tf.random_normal_initializer()((2,), dtype=tf.int32), ValueError, "floating point"),
        (lambda: tf.random_uniform_initializer()((2,), dtype=tf.string), ValueError, "integer"),
        (lambda: tf.random_uniform_initializer()((2,), foo=1), TypeError, "foo"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
