"""Layers and models on sparse tensors: inputs, results, training."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, tf

PLACES = np.array([[0, 1], [2, 0]])
DENSE = np.array([[0, 1, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0]], "float32")
TARGETS = np.array([[1.0], [2.0], [3.0]], "float32")


def sparse(values=(1.0, 2.0), shape=(3, 4)):
    return tf.SparseTensor(PLACES, values, shape)


@pytest.mark.parametrize("values", [(1.0, 2.0), (1, 2)])
def test_dense_layers_give_dense_results(values):
    layer = layers.Dense(2, kernel_initializer="ones", activation="relu")
    np.testing.assert_array_equal(layer(sparse(values)).numpy(), [[1, 1], [0, 0], [2, 2]])


@pytest.mark.parametrize(
    "layer", [layers.ReLU(), layers.BatchNormalization(), layers.Softmax(), layers.RepeatVector(2), layers.Masking()]
)
def test_layers_without_a_rule_refuse(layer):
    with pytest.raises(ValueError, match="Attempt to convert a value"):
        layer(sparse())


@pytest.mark.parametrize(
    ("layer", "shape", "symbolic"),
    [
        (layers.Flatten(), (3, 4), True),
        (layers.Reshape((2, -1)), (3, 2, 2), True),
        (layers.Permute((1,)), (3, 4), True),
        (layers.Identity(), (3, 4), True),
        (layers.Dropout(0.5), (3, 4), False),
        (layers.Activation("tanh"), (3, 4), False),
        (layers.Lambda(lambda x: x * 2.0), (3, 4), True),
    ],
)
def test_some_layers_keep_it_sparse(layer, shape, symbolic):
    out = layer(sparse())
    assert isinstance(out, tf.SparseTensor) and out.shape == shape
    assert layer(keras.Input((4,), sparse=True)).sparse is symbolic


@pytest.mark.parametrize(
    ("layer", "places"),
    [
        (layers.Add(), 2),
        (layers.Multiply(), 2),
        (layers.Maximum(), 2),
        (layers.Average(), 2),
        (layers.Concatenate(), 4),
    ],
)
def test_joined_sparse_tensors_are_sparse(layer, places):
    out = layer([sparse(), sparse()])
    assert isinstance(out, tf.SparseTensor) and len(out.values) == places
    assert isinstance(layer([DENSE, sparse()]), tf.SparseTensor) is isinstance(layer, layers.Multiply)
    assert layer([keras.Input((4,), sparse=True)] * 2).sparse


def test_codes_of_sparse_indices_count_what_is_there():
    out = layers.CategoryEncoding(5, "count", sparse=True)(sparse([1, 1]))
    assert out.indices.numpy().tolist() == [[0, 1], [2, 1]] and out.dtype == "float32"
    assert layers.StringLookup(vocabulary=["a"])(sparse(["a", "b"])).values.numpy().tolist() == [1, 0]
    with pytest.raises(ValueError, match="Attempt to convert a value"):
        layers.CategoryEncoding(5, "one_hot")(sparse([1, 1]))


@pytest.mark.parametrize(
    ("layer", "data"),
    [
        (layers.CategoryEncoding(4, "multi_hot", sparse=True), [[1, 1, 3], [0, 2, 0]]),
        (layers.Hashing(4, output_mode="count", sparse=True), [["a", "b"], ["c", ""]]),
        (layers.Discretization([1.5], output_mode="one_hot", sparse=True), [[1.0], [2.0]]),
        (layers.StringLookup(vocabulary=["a"], output_mode="count", sparse=True), [["a", "b"], ["c", "a"]]),
        (layers.TextVectorization(vocabulary=["a"], output_mode="multi_hot", sparse=True), ["a b", "b"]),
        (layers.HashedCrossing(5, "one_hot", sparse=True), (["a", "b"], [1, 2])),
    ],
)
def test_codes_can_be_sparse(layer, data):
    config = layer.get_config()
    config["sparse"] = False
    dense = type(layer).from_config(config)(data).numpy()
    out = layer(data)
    assert isinstance(out, tf.SparseTensor)
    np.testing.assert_array_equal(out._numpy(), dense)


def model(is_sparse=True):
    inputs = keras.Input((4,), sparse=is_sparse)
    made = keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(inputs))
    made.compile("sgd", "mse")
    return made


def scipy_matrix(kind):
    scipy_sparse = pytest.importorskip("scipy.sparse")
    return getattr(scipy_sparse, kind)(DENSE)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("kind", ["tensor", "csr_matrix", "coo_matrix", "csr_array", "dok_matrix"])
def test_models_are_trained_on_sparse_data(kind, declared):
    data = sparse() if kind == "tensor" else scipy_matrix(kind)
    made = model(declared)
    history = made.fit(data, TARGETS, batch_size=2, epochs=2, shuffle=False, verbose=0)
    # of TensorFlow's Keras
    np.testing.assert_allclose(history.history["loss"], [1.65347, 1.52972], atol=2e-5)
    np.testing.assert_allclose(made.get_weights()[0].ravel(), [1.0737, 0.9996, 1, 1], atol=1e-4)
    np.testing.assert_allclose(made.predict(data, verbose=0), made.predict(DENSE, verbose=0), rtol=1e-6)


def test_rows_are_shuffled_and_split():
    made = model()
    history = made.fit(scipy_matrix("csr_matrix"), TARGETS, batch_size=1, epochs=3, validation_split=0.34, verbose=0)
    assert len(history.history["val_loss"]) == 3
    with pytest.raises(ValueError, match="cardinality"):
        made.fit(sparse(), TARGETS[:2], verbose=0)


def test_sparse_inputs_are_saved(tmp_path):
    made = model()
    made.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.inputs[0].sparse
    np.testing.assert_array_equal(loaded(sparse()).numpy(), made(sparse()).numpy())


def test_what_is_sparse_without_saying_so_passes_a_model():
    inputs = keras.Input((4,), sparse=True)
    x = layers.Dropout(0.5)(inputs)  # whose symbolic result is dense, as in Keras
    made = keras.Model(inputs, layers.Dense(2, kernel_initializer="ones")(x))
    np.testing.assert_array_equal(made(sparse()).numpy(), [[1, 1], [0, 0], [2, 2]])


def test_users_layers_get_sparse_tensors():
    class Propagate(keras.layers.Layer):
        def build(self, shapes):
            self.kernel = self.add_weight(shape=(shapes[0][-1], 2), initializer="ones")

        def call(self, inputs):
            x, a = inputs
            return tf.sparse.sparse_dense_matmul(a, tf.matmul(x, self.kernel))

    layer = Propagate()
    x = np.ones((4, 3), "float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer([x, sparse()]))
    assert float(loss) == 18
    np.testing.assert_array_equal(tape.gradient(loss, layer.kernel).numpy(), np.full((3, 2), 3))


def test_a_symbolic_call_may_select_by_masks():
    class Chosen(layers.Layer):
        def call(self, x):
            return tf.boolean_mask(x, x[:, 0] > 0), x[x > 0]

    rows, numbers = Chosen()(keras.Input((24,)))
    assert (rows.shape, numbers.shape) == ((None, 24), (None,))


def test_a_symbolic_call_with_as_many_rows_as_columns():
    class Graph(layers.Layer):
        def call(self, inputs):
            features, edges = inputs
            return tf.sparse.sparse_dense_matmul(edges, features)

    features, edges = keras.Input((5,)), keras.Input((24,), sparse=True)
    model = keras.Model([features, edges], Graph()([features, edges]))
    x = np.arange(120.0, dtype="float32").reshape(24, 5)
    assert np.array_equal(model([x, tf.sparse.eye(24)]), x)


def test_a_tensor_without_a_value_prints_its_shape(capsys):
    class Prints(layers.Layer):
        def call(self, x):
            print(x)
            return 2 * x

    Prints()(keras.Input((4,), batch_size=3))
    assert capsys.readouterr().out == 'Tensor("Placeholder:0", shape=(3, 4), dtype=float32)\n'
