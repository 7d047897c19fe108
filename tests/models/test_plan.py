"""Lowered programs: what they say, and that every later change counts."""

import numpy as np
import pytest

from kerasish import KerasTensor, layers, ops, tf
from kerasish.layers import Activation, Dense, Dropout, Input, Layer
from kerasish.models import Model, Sequential

X = np.random.default_rng(0).random((4, 3), dtype="float32")


def functional():
    inputs = Input((3,))
    hidden = Dense(4, activation="relu", kernel_initializer="ones", name="hidden")(inputs)
    return Model(inputs, Dense(2, kernel_initializer="ones", name="out")(hidden))


def sequential():
    hidden = Dense(4, activation="relu", kernel_initializer="ones", name="hidden")
    return Sequential([Input((3,)), hidden, Dense(2, kernel_initializer="ones", name="out")])


def run(model):
    called = np.asarray(model(X))
    np.testing.assert_allclose(model.predict(X, verbose=0), called, rtol=1e-6)
    return called


def test_the_program_calls_each_layer_in_order():
    source = sequential()._k_network.plan(True).source
    assert [line.split(" = ")[1] for line in source.splitlines()[1:-1]] == ["hidden(x0)", "relu(v1)", "out(v1); del v1"]
    dropout = Sequential([Input((3,)), Dropout(0.5, name="drop")])
    assert "drop(x0, training=True)" in dropout._k_network.plan(True).source
    assert "v1 = x0" in dropout._k_network.plan(False).source


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_changed_activation_takes_effect_at_the_next_call(make):
    model = make()
    before = run(model)
    model.get_layer("out").activation = lambda x: -x
    np.testing.assert_allclose(run(model), -before, rtol=1e-6)


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_changed_dtype_policy_takes_effect(make):
    model = make()
    run(model)
    model.get_layer("out").dtype_policy = "mixed_bfloat16"
    assert model(X).dtype == "bfloat16"


def test_an_activity_penalty_added_later_counts():
    from kerasish import regularizers

    model = functional()
    model(X)
    assert not model.losses
    model.get_layer("out").activity_regularizer = regularizers.L1(1.0)
    outputs = np.asarray(model(X))
    np.testing.assert_allclose(model.losses[0], np.abs(outputs).sum() / 4, rtol=1e-6)


def test_a_call_set_on_a_layer_counts():
    model = functional()
    run(model)
    model.get_layer("out").call = lambda inputs: inputs * 0 + 5
    assert np.unique(run(model)).tolist() == [5]


class Holder(Layer):
    def __init__(self):
        super().__init__()
        self.inner = Dense(2, kernel_initializer="ones")

    def call(self, x):
        return self.inner(x)


def test_a_replaced_sublayer_counts():
    model = Sequential([Input((3,)), Holder()])
    before = run(model)
    model.layers[0].inner = Dense(2, kernel_initializer="zeros")
    assert before.any() and not run(model).any()
    assert len(model.weights) == 2


def test_a_weight_added_later_counts():
    model = Sequential([Input((3,)), Holder()])
    run(model)
    model.layers[0].extra = model.layers[0].add_weight(shape=(2,), name="extra")
    assert len(model.weights) == 3


@pytest.mark.parametrize("make", [functional, sequential])
def test_freezing_before_compile_counts(make):
    model = make()
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    model.get_layer("hidden").trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, X[:, :2] + 9, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


def test_nested_models_are_inlined_and_their_changes_count():
    inner = functional()
    inputs = Input((3,))
    outer = Model(inputs, Activation("linear")(inner(inputs)))
    before = run(outer)
    inner.get_layer("out").activation = ops.negative
    np.testing.assert_allclose(run(outer), -before, rtol=1e-6)


def test_functions_constants_and_slices_in_a_graph():
    x = Input((3,))
    y = ops.concatenate([1.0 - x, x[:, :2] * np.array([2.0, 3.0], "float32")], axis=-1)
    np.testing.assert_allclose(run(Model(x, y)), np.concatenate([1 - X, X[:, :2] * [2, 3]], -1), rtol=1e-6)


@pytest.mark.parametrize("name", ["class", "x0", "v1", "größe", "a.b c", "1st", "training"])
def test_layers_may_have_any_name(name):
    model = Sequential([Input((3,)), Dense(2, kernel_initializer="ones", name=name)])
    np.testing.assert_allclose(run(model), np.repeat(X.sum(1, keepdims=True), 2, 1), rtol=1e-6)


def test_masks_reach_layers_through_the_program():
    ids = np.array([[3, 1, 0, 0], [2, 2, 2, 0]])
    inputs = Input((4,), dtype="int32")
    embedded = layers.Embedding(5, 3, mask_zero=True)(inputs)
    outputs = layers.GlobalAveragePooling1D()(Dropout(0.5)(embedded))
    model = Model(inputs, outputs)
    table = model.layers[1].embeddings.numpy()
    expected = [table[[3, 1]].mean(0), table[[2, 2, 2]].mean(0)]
    np.testing.assert_allclose(model(ids), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict(ids, verbose=0), expected, rtol=1e-5)


def test_what_settles_a_layers_functions_counts_when_it_changes():
    model = Sequential([Input((3,)), Dense(2, kernel_initializer="ones", bias_initializer="ones"), layers.ReLU()])
    np.testing.assert_allclose(run(model), np.repeat(X.sum(1, keepdims=True) + 1, 2, 1), rtol=1e-6)
    model.layers[0].use_bias = False
    np.testing.assert_allclose(run(model), np.repeat(X.sum(1, keepdims=True), 2, 1), rtol=1e-6)
    model.layers[1].max_value = 0.5
    assert run(model).max() == 0.5


def test_a_users_statement_of_a_shape_settles_nothing():
    class Rounds(Layer):
        def call(self, inputs):
            return ops.cast(inputs > 0.5, "int32")

        def compute_output_shape(self, input_shape):
            return input_shape  # of floats, the base class then says

    model = Sequential([Input((3,)), Rounds(), layers.Flatten(), Dense(2, kernel_initializer="ones")])
    np.testing.assert_array_equal(run(model), np.repeat((X > 0.5).sum(1, keepdims=True), 2, 1))


def test_layers_on_sequences_images_and_integers_lower_too():
    for shape, dtype, stack in [
        ((5, 3), "float32", [Dense(2, activation="softmax"), layers.Flatten(), Dense(1, use_bias=False)]),
        ((4, 4, 2), "float32", [Activation("tanh"), layers.Flatten(data_format="channels_first"), Dense(2)]),
        ((3,), "int32", [layers.Identity(), Activation("relu"), Dense(2, activation="silu")]),
        ((3,), "float64", [Dropout(0.5), layers.ReLU(0.1), Dense(2, activation="linear")]),
    ]:
        model = Sequential([Input(shape, dtype=dtype), *stack])
        x = (np.random.default_rng(1).random((2, *shape)) * 9).astype(dtype)
        one_by_one = x
        for layer in stack:
            one_by_one = layer.call(np.asarray(one_by_one, "float32" if dtype == "float64" else None))
        np.testing.assert_allclose(model(x), one_by_one, rtol=1e-5, atol=1e-6)


def test_a_nested_model_converts_the_integers_of_a_text_layer():
    vectorize = layers.TextVectorization(vocabulary=["a", "b"], output_mode="count")
    head = Sequential([Input((3,)), Dense(1, kernel_initializer="ones", use_bias=False)])
    text = Input((), dtype="string")
    model = Model(text, head(vectorize(text)))
    np.testing.assert_array_equal(model.predict(tf.constant(["a b a", "c"]), verbose=0), [[3.0], [1.0]])


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 1)])
def test_text_of_another_rank_reaches_the_layers_as_raw_text(shape):
    text = Input((1,), dtype="string")
    model = Model(text, layers.Hashing(4)(text))
    x = tf.constant(np.array(["a", "b"], dtype=object).reshape(shape))
    for outputs in (model(x), model.predict(x, verbose=0)):
        np.testing.assert_array_equal(outputs, [[3], [2]])


def test_lowering_takes_no_names():
    model = Sequential([Input((3,)), Dense(2, activation="relu"), layers.Flatten()])
    before = int(KerasTensor((1,)).name.rpartition("_")[2])
    model(np.ones((2, 3)))
    model.predict(np.ones((2, 3)), verbose=0)
    assert int(KerasTensor((1,)).name.rpartition("_")[2]) == before + 1


def test_tensors_made_of_symbolic_sizes_reach_layers_as_raw_ones():
    inputs = Input((None, 4))
    n = tf.shape(inputs)[1]
    causal = tf.linalg.band_part(tf.ones((n, n), tf.bool), -1, 0) & tf.fill((n, n), True)
    attend = layers.MultiHeadAttention(1, 4)
    model = Model(inputs, attend(inputs, value=inputs, attention_mask=causal))
    x = np.random.default_rng(0).random((2, 3, 4), dtype="float32")
    expected = attend(x, value=x, use_causal_mask=True)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=1e-6)


def test_a_loop_over_a_range_of_a_symbolic_size_has_a_shape():
    class Steps(Layer):
        @tf.function
        def call(self, x):
            total, out = tf.zeros_like(x[:, 0]), tf.TensorArray(x.dtype, size=tf.shape(x)[1])
            for step in tf.range(tf.shape(x)[1]):
                total = total + x[:, step]
                out = out.write(step, total)
            return tf.transpose(out.stack(), [1, 0, 2])

    model = Sequential([Input((None, 2)), Steps(), Dense(1, kernel_initializer="ones")])
    assert model.output_shape == (None, None, 1)
    np.testing.assert_array_equal(model.predict(np.ones((1, 3, 2)), verbose=0), [[[2.0], [4.0], [6.0]]])
