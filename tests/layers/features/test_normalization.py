"""Normalization: statistics that are given or learned."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.layers.features.normalization import Normalization

X = np.random.default_rng(3).normal(2.0, 3.0, (12, 4, 3))


@pytest.mark.parametrize(
    ("axis", "reduced"), [(-1, (0, 1)), (None, (0, 1, 2)), (1, (0, 2)), ((1, 2), (0,)), ((-1, 0), (1,))]
)
def test_adapt_learns_the_moments_of_an_array(axis, reduced):
    layer = Normalization(axis=axis, dtype="float64")
    layer.adapt(X)
    mean, variance = X.mean(reduced, keepdims=True), X.var(reduced, keepdims=True)
    np.testing.assert_allclose(layer.mean.numpy(), mean, rtol=1e-12)
    np.testing.assert_allclose(layer(X).numpy(), (X - mean) / np.sqrt(variance), rtol=1e-10)


@pytest.mark.parametrize(
    "source",
    [
        lambda x: tf.constant(x),
        lambda x: tf.data.Dataset.from_tensor_slices(x).batch(5),
        lambda x: tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(5),
        lambda x: [x[:5], x[5:]],
        lambda x: (x[i : i + 4] for i in range(0, 12, 4)),
        lambda x: ((x[i : i + 4], 0) for i in range(0, 12, 4)),
    ],
)
def test_adapt_takes_batches_of_any_kind(source):
    layer = Normalization(dtype="float64")
    layer.adapt(source(X))
    np.testing.assert_allclose(layer.adapt_mean.numpy(), X.mean((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(layer.adapt_variance.numpy(), X.var((0, 1)), rtol=1e-12)


def test_adapt_reads_a_pydataset():
    class Halves(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return X[i * 6 : i * 6 + 6], None

    layer = Normalization(dtype="float64")
    layer.adapt(Halves())
    np.testing.assert_allclose(layer.mean.numpy(), X.mean((0, 1), keepdims=True), rtol=1e-12)


def test_a_dataset_of_single_rows_is_batched():
    layer = Normalization(dtype="float64")
    layer.adapt(tf.data.Dataset.from_tensor_slices(X[:, 0]))
    np.testing.assert_allclose(layer.adapt_variance.numpy(), X[:, 0].var(0), rtol=1e-12)


def test_given_statistics_are_broadcast_and_no_weights():
    layer = Normalization(axis=(1, 2), mean=[1.0, 2.0, 3.0], variance=[4.0, 1.0, 9.0], dtype="float64")
    np.testing.assert_allclose(layer(X).numpy(), (X - [1.0, 2.0, 3.0]) / [2.0, 1.0, 3.0], rtol=1e-12)
    assert layer.weights == []
    assert layer.mean.shape == (1, 4, 3)


def test_invert_undoes_it():
    layer, back = Normalization(dtype="float64"), Normalization(invert=True, dtype="float64")
    layer.adapt(X)
    back.adapt(X)
    np.testing.assert_allclose(back(layer(X)).numpy(), X, rtol=1e-12)


def test_no_variance_does_not_divide_by_zero():
    layer = Normalization(mean=1.0, variance=0.0)
    np.testing.assert_allclose(layer(np.array([[1.5]])).numpy(), [[0.5 / 1e-7]], rtol=1e-6)


def test_config_has_the_given_values():
    config = Normalization(axis=1, mean=np.float32(2), variance=[[1]][0][0], name="n").get_config()
    assert (config["axis"], config["mean"], config["variance"], config["invert"]) == ((1,), 2.0, 1, False)
    again = Normalization.from_config(config)
    np.testing.assert_allclose(again(np.ones((1, 2))).numpy(), [[-1.0, -1.0]])


def test_files_hold_what_was_learned(tmp_path):
    layer = Normalization()
    layer.adapt(X[:, 0])
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(2)])
    want = model.predict(X[:, 0], verbose=0)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "m.keras").predict(X[:, 0], verbose=0), want)
    model.save_weights(tmp_path / "m.weights.h5")
    other = keras.Sequential([keras.Input((3,)), Normalization(), keras.layers.Dense(2)])
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other.predict(X[:, 0], verbose=0), want)
    assert [w.path for w in layer.weights] == [f"{layer.name}/{name}" for name in ("mean", "variance", "count")]


def test_a_model_sees_a_later_adapt():
    layer = Normalization()
    model = keras.Sequential([keras.Input((3,)), layer])
    assert model(np.ones((1, 3))).numpy().tolist() == [[1.0, 1.0, 1.0]]
    layer.adapt(np.array([[0.0, 1.0, 2.0], [2.0, 1.0, 4.0]]))
    assert model(np.ones((1, 3))).numpy()[0, [0, 2]].tolist() == [0.0, -2.0]


def test_map_over_a_dataset():
    layer = Normalization(mean=1.0, variance=4.0)
    layer.build((None, 3))
    data = tf.data.Dataset.from_tensor_slices(np.ones((4, 3), "float32")).batch(2).map(lambda x: layer(x))
    assert [x.shape.as_list() for x in data] == [[2, 3], [2, 3]]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Normalization(mean=1.0), ValueError, "both `mean` and `variance` must be set"),
        (lambda: Normalization(mean=[1.0], variance=1.0), ValueError, "must have the same shape"),
        (lambda: Normalization(mean=[[1.0]], variance=[[1.0]]), ValueError, "rank of `mean`"),
        (lambda: Normalization(axis=3)(X), ValueError, r"range \[-ndim, ndim\)"),
        (lambda: Normalization()(keras.Input((None,))), ValueError, "must have a known shape"),
        (lambda: Normalization().adapt([]), ValueError, "empty iterable"),
        (lambda: Normalization().adapt([1, 2]), TypeError, "`.shape` attribute"),
        (lambda: Normalization().adapt(3), TypeError, "cannot read data of type"),
        (lambda: Normalization(mean=1.0, variance=1.0).adapt(X), AttributeError, "was given its mean"),
        (lambda: Normalization().adapt([X, X[..., :2]]), ValueError, "incompatible shape"),
        (lambda: Normalization(mean=[1.0] * 5, variance=[1.0] * 5)(X), tf.errors.InvalidArgumentError, "do not fit"),
        (lambda: Normalization(axis=(1, -2)).adapt(X), tf.errors.InvalidArgumentError, "names an axis twice"),
    ],
)
def test_what_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
