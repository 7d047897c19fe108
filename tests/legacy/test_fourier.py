"""keras.layers.experimental of Keras 2: RandomFourierFeatures and SyncBatchNormalization."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.core.errors import NotServedError
from kerasish.layers import experimental

GLOROT = keras.initializers.GlorotUniform()
X = np.arange(8, dtype="float32").reshape(4, 2) / 5


def test_features_are_cosines_as_in_keras_2():
    layer = experimental.RandomFourierFeatures(3, scale=2.0, trainable=True)
    layer.build((None, 2))
    assert [w.name for w in layer.weights] == ["kernel_scale", "unscaled_kernel", "bias"]
    kernel = np.arange(6, dtype="float32").reshape(2, 3) / 7
    layer.set_weights([np.array([1.5], "float32"), kernel, np.array([0.1, 0.2, 3.0], "float32")])
    recorded = [[0.98767847, 0.9621012, -0.9989258], [0.96338886, 0.89307296, -0.97582924]]
    np.testing.assert_allclose(layer(X)[:2], recorded, rtol=1e-6)


@pytest.mark.parametrize(("kernel", "inputs", "scale"), [("gaussian", 8, 2.0), ("laplacian", 8, 1.0), (GLOROT, 2, 1.0)])
def test_width_without_scale(kernel, inputs, scale):
    layer = experimental.RandomFourierFeatures(5, kernel)
    layer.build((None, inputs))
    assert layer.kernel_scale.numpy().tolist() == [scale]
    assert layer.trainable_weights == []
    assert 0 <= layer.bias.numpy().min() <= layer.bias.numpy().max() <= 2 * np.pi


def test_products_come_near_to_the_kernel():
    keras.utils.set_random_seed(0)
    layer = experimental.RandomFourierFeatures(20000, "laplacian", scale=1.0)
    a, b = layer(np.array([[0.0], [0.5]], "float32")).numpy()
    assert 2 * np.mean(a * b) == pytest.approx(np.exp(-0.5), abs=0.02)  # the Cauchy distribution's transform


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((-1,), "positive integer"), ((3, "cubic"), "gaussian"), ((3, "gaussian", -1.0), "positive float")],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        experimental.RandomFourierFeatures(*arguments)


def test_bad_inputs():
    with pytest.raises(ValueError, match="rank"):
        experimental.RandomFourierFeatures(3)(np.ones([2, 3, 4], "float32"))
    with pytest.raises(ValueError, match="known"):
        experimental.RandomFourierFeatures(3).compute_output_shape((None, None))


def test_saved_and_loaded(tmp_path):
    layers = [experimental.RandomFourierFeatures(6, trainable=True), experimental.SyncBatchNormalization(momentum=0.5)]
    model = keras.Sequential([keras.Input((2,)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model.predict(X, verbose=0), loaded.predict(X, verbose=0))
    assert type(loaded.layers[1]) is experimental.SyncBatchNormalization
    assert loaded.layers[1].synchronized
    assert loaded.layers[1].momentum == 0.5


def test_other_names():
    assert experimental.EinsumDense is keras.layers.EinsumDense
    assert keras.experimental.CosineDecay is keras.optimizers.schedules.CosineDecay
    for module, name in ((experimental, "DynamicLookup"), (keras.experimental, "SidecarEvaluator")):
        with pytest.raises(NotServedError, match=name):
            getattr(module, name)
    with pytest.raises(AttributeError, match="nothing"):
        keras.experimental.nothing  # noqa: B018
