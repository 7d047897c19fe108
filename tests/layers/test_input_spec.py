"""What a layer says of inputs that are no tensors."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import Model, Sequential, layers, ops, tf
from kerasish.core.errors import InvalidArgumentError

LAYERS = {
    "dense": lambda: layers.Dense(2),
    "convolution": lambda: layers.Conv1D(2, 2),
    "recurrent": lambda: layers.LSTM(2),
    "embedding": lambda: layers.Embedding(5, 2),
    "normalization": layers.BatchNormalization,
    "activation": lambda: layers.Activation("relu"),
    "dropout": lambda: layers.Dropout(0.5),
    "pooling": layers.GlobalAveragePooling1D,
    "wrapper": lambda: layers.TimeDistributed(layers.Dense(2)),
    "model": lambda: Sequential([layers.Input((3,)), layers.Dense(2)]),
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize(
    "value", ["abc", b"abc", {1, 2}, len, object()], ids=["text", "bytes", "set", "function", "object"]
)
def test_what_is_no_tensor_is_refused(kind, value):
    with pytest.raises(ValueError, match="tensors"):
        LAYERS[kind]()(value)


@pytest.mark.parametrize(
    "kind", ["dense", "convolution", "embedding", "normalization", "activation", "wrapper", "model"]
)
@pytest.mark.parametrize("value", [None, 3.0], ids=["none", "number"])
def test_none_and_numbers_are_refused_by_layers_that_compute(kind, value):
    with pytest.raises(ValueError, match="tensors|not optional"):
        LAYERS[kind]()(value)


@pytest.mark.parametrize("value", [{"a": ops.ones((2, 3))}, [ops.ones((2, 3))] * 2], ids=["dictionary", "list"])
def test_structures_are_refused_by_layers_of_one_tensor(value):
    with pytest.raises(ValueError, match="takes one tensor, but was given a (dict|list)"):
        layers.Softmax()(value)


@pytest.mark.parametrize("kind", ["normalization", "activation", "embedding", "model"])
def test_text_among_numbers_has_both_libraries_classes(kind):
    layer, text = LAYERS[kind](), np.array([["a", "b", "c"]])
    with pytest.raises(InvalidArgumentError, match="computes with numbers"):
        layer(text)
    with pytest.raises(ValueError, match="computes with numbers"):
        layer(text)


@pytest.mark.parametrize("kind", ["activation", "model"])
def test_sparse_data_of_scipy_is_for_fit_and_predict(kind):
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(np.eye(3, dtype="float32"))
    with pytest.raises(ValueError, match="Only input tensors"):
        LAYERS[kind]()(sparse)


def test_an_error_of_a_users_layer_stays():
    class Mine(layers.Layer):
        def call(self, inputs, mode):
            return inputs.nothing if mode == "a" else inputs

    assert Mine()(ops.ones((2, 2)), "b").shape == (2, 2)
    with pytest.raises(AttributeError, match="nothing"):
        Mine()(ops.ones((2, 2)), "a")


def test_an_optional_input_may_be_none():
    given, other = layers.Input((2,)), layers.Input((2,), optional=True)

    class Pick(layers.Layer):
        def call(self, pair):
            return pair[0] if pair[1] is None else pair[0] + pair[1]

        def compute_output_shape(self, shapes):
            return shapes[0]

    model = Model([given, other], Pick()([given, other]))
    assert model([ops.ones((1, 2)), None]).numpy().tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match="is not optional"):
        model([None, ops.ones((1, 2))])


@pytest.mark.parametrize(
    "layer",
    [
        layers.CenterCrop(2, 2),
        layers.Rescaling(0.5),
        layers.Resizing(2, 2),
        layers.RandomFlip(seed=1),
        layers.Discretization([0.5]),
        layers.Activation("relu"),
        layers.ReLU(),
        layers.LeakyReLU(),
        layers.ELU(),
        layers.UnitNormalization(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_tensors_in_a_list_are_one_batch(layer):
    """As the two photographs of scikit-learn, which a popular notebook crops."""
    images = [np.full((4, 5, 3), value, "float32") for value in (0.25, 0.75)]
    np.testing.assert_array_equal(layer(images), layer(np.stack(images)))
    np.testing.assert_array_equal(layer([tf.constant(image) for image in images]), layer(np.stack(images)))


def test_tensors_in_a_list_for_a_layer_that_asks_for_a_shape_raise():
    with pytest.raises(ValueError, match="takes one tensor"):
        layers.Reshape((60,))([np.ones((4, 5, 3))] * 2)
