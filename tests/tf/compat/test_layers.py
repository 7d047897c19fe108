"""tf.compat.v1.layers: Keras's layers under TensorFlow 1's arguments."""

import inspect

import numpy as np
import pytest

from kerasish import layers, tf
from kerasish.core.errors import NotServedError

v1 = tf.compat.v1.layers
IMAGES = np.linspace(-1, 1, 2 * 6 * 6 * 3, dtype="float32").reshape(2, 6, 6, 3)
SERIES = IMAGES[:, 0]


@pytest.mark.parametrize(
    ("name", "x", "args", "modern"),
    [
        ("dense", SERIES, (4,), layers.Dense(4, kernel_initializer="ones")),
        ("conv1d", SERIES, (4, 3), layers.Conv1D(4, 3, kernel_initializer="ones")),
        ("conv2d", IMAGES, (4, 3, 2, "same"), layers.Conv2D(4, 3, 2, "same", kernel_initializer="ones")),
        ("conv2d_transpose", IMAGES, (4, 3, 2), layers.Conv2DTranspose(4, 3, 2, kernel_initializer="ones")),
    ],
)
def test_functions_give_what_layers_do(name, x, args, modern):
    got = getattr(v1, name)(x, *args, kernel_initializer=tf.compat.v1.ones_initializer())
    np.testing.assert_allclose(got, modern(x), rtol=1e-6, atol=1e-6)


def test_activation_comes_before_use_bias():
    got = v1.conv2d(IMAGES, 2, 3, 1, "valid", "channels_last", 1, tf.nn.relu, False, kernel_initializer="ones")
    assert np.min(got) == 0


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooling(kind, rank):
    x = np.arange(2 * 4**rank * 3, dtype="float32").reshape(2, *[4] * rank, 3)
    modern = getattr(layers, f"{'Max' if kind == 'max' else 'Average'}Pooling{rank}D")(2, 2)
    np.testing.assert_array_equal(getattr(v1, f"{kind}_pooling{rank}d")(x, 2, 2), modern(x))


def test_pooling_needs_strides():
    with pytest.raises(TypeError, match="strides"):
        v1.max_pooling2d(IMAGES, 2)


def test_flatten_and_separable_shapes():
    assert v1.flatten(IMAGES).shape == (2, 108)
    assert v1.separable_conv2d(IMAGES, 5, 3, depth_multiplier=2).shape == (2, 4, 4, 5)


def test_dropout_and_normalization_are_for_inference_by_default():
    np.testing.assert_array_equal(v1.dropout(IMAGES), IMAGES)
    assert np.count_nonzero(v1.dropout(np.ones([50, 50]), 0.5, training=True)) < 2500
    np.testing.assert_allclose(v1.batch_normalization(IMAGES), IMAGES / np.sqrt(1.001), rtol=1e-5)
    trained = v1.batch_normalization(IMAGES, training=True)
    np.testing.assert_allclose(np.mean(trained, (0, 1, 2)), 0, atol=1e-5)


def test_a_layer_keeps_its_weights_and_gives_them():
    layer = v1.Dense(4, name="mine")
    first = layer(SERIES)
    np.testing.assert_array_equal(first, layer.apply(SERIES))
    assert layer.scope_name == "mine"
    assert [tuple(v.shape) for v in layer.variables] == [(3, 4), (4,)]
    again = v1.Dense.from_config(layer.get_config())
    assert (again.units, again.name) == (4, "mine")


def test_reuse_makes_new_weights_as_in_eager_mode():
    one, two = (v1.dense(SERIES, 4, name="same", reuse=tf.compat.v1.AUTO_REUSE) for _ in range(2))
    assert not np.allclose(one, two)


def test_renormalization_is_passed_on_and_parts_of_batches_are_refused():
    assert v1.BatchNormalization(renorm=True, renorm_momentum=0.5).renorm_momentum == 0.5
    with pytest.raises(NotServedError, match="virtual_batch_size"):
        v1.BatchNormalization(virtual_batch_size=2)
    with pytest.raises(TypeError, match="unit"):
        v1.dense(SERIES, unit=4)


def test_signatures_are_tensorflow_1s():
    assert list(inspect.signature(v1.dense).parameters)[:4] == ["inputs", "units", "activation", "use_bias"]
    assert list(inspect.signature(v1.dropout).parameters) == [
        "inputs",
        "rate",
        "noise_shape",
        "seed",
        "training",
        "name",
    ]
    with pytest.raises(AttributeError, match="lstm"):
        v1.lstm  # noqa: B018
