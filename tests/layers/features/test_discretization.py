"""Discretization: intervals that are given or learned. Learned boundaries are numbers that Keras gave."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.layers.features.discretization import Discretization


def test_boundaries_belong_to_the_interval_above():
    out = Discretization([0.0, 1.0, 2.0])(np.array([[-1.5, 0.0, 3.4, 0.5], [1.0, 2.0, -np.inf, 1.99]]))
    assert out.dtype == "int32"
    assert out.numpy().tolist() == [[0, 1, 3, 1], [2, 3, 0, 2]]


@pytest.mark.parametrize(
    ("mode", "want"),
    [
        ("one_hot", np.eye(3)[[[0, 1], [2, 2]]]),
        ("multi_hot", [[1, 1, 0], [0, 0, 1]]),
        ("count", [[1, 1, 0], [0, 0, 2]]),
    ],
)
def test_output_modes(mode, want):
    np.testing.assert_array_equal(
        Discretization([0.0, 1.0], output_mode=mode)(np.array([[-1, 0], [1, 5]])).numpy(), want
    )


def test_adapt_finds_quantiles():
    layer = Discretization(num_bins=3)
    layer.adapt(np.arange(10.0))
    np.testing.assert_allclose(layer.bin_boundaries, [2.3333332538604736, 5.666666507720947], rtol=1e-6)
    layer.adapt(tf.data.Dataset.from_tensor_slices(np.arange(10.0)).batch(4))
    np.testing.assert_allclose(layer.bin_boundaries, [2.3333332538604736, 5.666666507720947], rtol=1e-6)


def test_adapt_stops_after_steps():
    layer = Discretization(num_bins=2)
    layer.adapt((np.full(4, value) for value in (1.0, 1.0, 9.0)), steps=2)
    assert layer.bin_boundaries == [1.0]


def test_what_was_learned_is_in_the_configuration(tmp_path):
    layer = Discretization(num_bins=4, name="d")
    layer.adapt(np.arange(100.0))
    again = Discretization.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    model = keras.Sequential([keras.Input((1,)), layer])
    model.save(tmp_path / "m.keras")
    x = np.array([[3.0], [99.0]])
    assert keras.models.load_model(tmp_path / "m.keras").predict(x, verbose=0).tolist() == [[0], [3]]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Discretization(), ValueError, "either `num_bins` or `bin_boundaries`"),
        (lambda: Discretization([1.0], num_bins=2), ValueError, "should not be set"),
        (lambda: Discretization(num_bins=-1), ValueError, "greater than or equal to 0"),
        (lambda: Discretization([1.0], output_mode="tf_idf"), ValueError, "output_mode"),
        (lambda: Discretization(num_bins=2)(np.ones(2)), ValueError, "adapt"),
        (lambda: Discretization([1.0]).adapt(np.ones(2)), ValueError, "initialized with `bin_boundaries`"),
        (lambda: Discretization([2.0, 1.0])(np.ones(2)), tf.errors.InvalidArgumentError, "sorted"),
    ],
)
def test_what_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_datasets_cast_to_the_layers_dtype_first():
    values = np.array([[1.5, 2.2], [0.3, 9.0]])
    layer = Discretization([1.2, 1.7, 2.0, 2.5], dtype="int32")
    assert layer(values).numpy().tolist() == [[1, 3], [0, 4]]
    mapped = tf.data.Dataset.from_tensor_slices(values).map(layer)
    assert [row.numpy().tolist() for row in mapped] == [[0, 3], [0, 4]]
