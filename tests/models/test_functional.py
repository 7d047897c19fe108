"""Functional models: structures of inputs and outputs, branches, sharing, sub-models, errors."""

import json

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.layers import LSTM, Add, Concatenate, Dense, Embedding, Input, Lambda, Subtract
from kerasish.models import Model, Sequential, clone_model, model_from_json

X = np.random.default_rng(0).random((4, 3), dtype="float32")
Y = X[:, :2]


def two_heads(inputs, outputs):
    a, b = Input((3,), name="a"), Input((2,), name="b")
    joined = Concatenate()([a, b])
    return Model(inputs(a, b), outputs(Dense(1, name="p")(joined), Dense(2, name="q")(joined)))


@pytest.mark.parametrize("data", [[X, Y], (X, Y), {"a": X, "b": Y}])
def test_lists_of_inputs_and_outputs(data):
    model = two_heads(lambda a, b: [a, b], lambda p, q: [p, q])
    assert model.input_names == ["a", "b"] and model.output_names == ["p", "q"]
    assert model.input_shape == [(None, 3), (None, 2)] and model.output_shape == [(None, 1), (None, 2)]
    outputs = model(data)
    assert type(outputs) is list and [y.shape for y in outputs] == [(4, 1), (4, 2)]


@pytest.mark.parametrize("data", [{"x": X, "y": Y}, [X, Y], {"a": X, "b": Y}, {"x": X, "y": Y, "more": X}])
def test_dicts_of_inputs_and_outputs(data):
    model = two_heads(lambda a, b: {"x": a, "y": b}, lambda p, q: {"first": p, "second": q})
    assert {key: tuple(y.shape) for key, y in model(data).items()} == {"first": (4, 1), "second": (4, 2)}


def test_nested_outputs():
    a = Input((3,))
    model = Model(a, [Dense(2)(a), {"x": a, "y": (a + 1,)}])
    first, rest = model(X)
    assert first.shape == (4, 2)
    np.testing.assert_allclose(rest["y"][0], X + 1, rtol=1e-6)


def test_residuals_operators_and_functions():
    i = Input((4,))
    x = Dense(4, name="d")(i)
    x = Add(name="add_layer")([x + i, i])
    x = ops.concatenate([ops.relu(x), x * 2.0], axis=-1)[:, 1:3]
    model = Model(i, x)
    assert model.output_shape == (None, 2) and [layer.name for layer in model.layers[1:]] == ["d", "add_layer"]
    assert len(model.operations) == 8
    data = np.ones((2, 4), "float32")
    hidden = np.asarray(model.get_layer("d")(data)) + 2 * data
    expected = np.concatenate([np.maximum(hidden, 0), hidden * 2], -1)[:, 1:3]
    np.testing.assert_allclose(model(data), expected, rtol=1e-6)


def test_a_shared_layer_has_one_set_of_weights():
    dense = Dense(2)
    a, b = Input((3,)), Input((3,))
    model = Model([a, b], Subtract()([dense(a), dense(b)]))
    assert len(model.weights) == 2 and len(model.layers) == 4
    assert not np.asarray(model([X, X])).any()


def test_sub_models_share_weights():
    i = Input((3,))
    hidden = Dense(4, name="h")(i)
    model = Model(i, Dense(1)(hidden))
    features = Model(model.input, model.get_layer("h").output)
    np.testing.assert_array_equal(features(X), model.get_layer("h")(X))
    every = Model(model.inputs, [layer.output for layer in model.layers])(X)
    assert [tuple(y.shape) for y in every] == [(4, 3), (4, 4), (4, 1)]
    rest = Model(hidden, model.output)
    np.testing.assert_allclose(rest(features(X)), model(X), rtol=1e-6)


def test_nested_models_and_their_paths():
    i = Input((3,))
    encoder = Model(i, Dense(2, name="z")(i), name="enc")
    j = Input((2,))
    decoder = Model(j, Dense(3, name="y")(j), name="dec")
    both = Model(i, decoder(encoder(i)), name="ae")
    assert [layer.name for layer in both.layers[1:]] == ["enc", "dec"]
    np.testing.assert_allclose(both(X), decoder(encoder(X)), rtol=1e-6)


def test_a_lambda_over_several_inputs_takes_a_shape_of_one_sample():
    a, b = Input((3,)), Input((3,))
    distance = Lambda(lambda t: ops.sum(ops.abs(t[0] - t[1]), axis=1, keepdims=True), output_shape=(1,))([a, b])
    assert distance.shape == (None, 1)
    np.testing.assert_allclose(Model([a, b], distance)([X, X - 1]), np.full((4, 1), 3), rtol=1e-5)


def test_inputs_of_rank_one_and_integers():
    i = Input((1,))
    assert Model(i, i * 2)(np.ones(2, "float32")).shape == (2, 1)
    ids = Input((3,), dtype="int32")
    assert Model(ids, Embedding(10, 2)(ids))(np.ones((2, 3))).shape == (2, 3, 2)


@pytest.mark.parametrize(
    ("words", "make"),
    [
        ("does not depend on the model's inputs", lambda i, j: Model(i, Dense(1)(j))),
        ("does not depend on the model's inputs", lambda i, j: Model(i, Dense(1)(i + j))),
        ("KerasTensor", lambda i, j: Model(X, X)),
        ("used 2 times", lambda i, j: Model(i, Dense(1, name="z")(Dense(1, name="z")(i)))),
        ("passed twice", lambda i, j: Model([i, i], i)),
        ("expects 2 input", lambda i, j: Model([i, j], i + j)(X)),
        ("Missing data for input \"b\"", lambda i, j: Model([i, j], i + j)({"a": X})),
        (r"expected shape=\(None, 3\), found shape=\(4, 2\)", lambda i, j: Model(i, Dense(1)(i))(Y)),
    ],
)  # fmt: skip
def test_wrong_graphs_and_inputs(words, make):
    with pytest.raises(ValueError, match=words):
        make(Input((3,), name="a"), Input((3,), name="b"))


@pytest.mark.parametrize(
    "copied", [clone_model, lambda m: model_from_json(m.to_json()), lambda m: Model.from_config(m.get_config())]
)
def test_copies_compute_the_same(copied):
    model = two_heads(lambda a, b: [a, b], lambda p, q: {"first": p, "second": ops.tanh(q) + 1})
    clone = copied(model)
    clone.set_weights(model.get_weights())
    for key, value in model([X, Y]).items():
        np.testing.assert_array_equal(clone([X, Y])[key], value)


# symbolic tensors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "use"),
    [
        (NotImplementedError, iter), (TypeError, len), (TypeError, bool), (ValueError, int), (ValueError, float),
        (ValueError, np.asarray), (ValueError, lambda x: x + np.ones(5)), (ValueError, lambda x: x[:, 5]),
    ],
)  # fmt: skip
def test_what_needs_values_is_an_error(error, use):
    """The classes are Keras 3.15's."""
    with pytest.raises(error):
        use(Input((3,)))


def test_symbolic_tensors_are_told_apart_by_identity():
    a, b = Input((3,)), Input((3,))
    assert a in [b, a] and a not in [b] and [b, a].index(a) == 1
    assert (a == 0).dtype == "bool" and (a != b).dtype == "bool"


def test_operators_on_symbolic_tensors():
    x = Input((3,))
    found = [
        x + 1,
        1 - x,
        x @ np.ones((3, 2), "float32"),
        x**2,
        -x,
        abs(x),
        x > 1,
        x[:, 0],
        x[..., None],
        x // 2,
        x % 2,
    ]
    assert [tuple(y.shape) for y in found[:3]] == [(None, 3), (None, 3), (None, 2)]
    assert [y.dtype.name for y in found] == ["float32"] * 6 + ["bool"] + ["float32"] * 4
    assert found[7].shape == (None,) and found[8].shape == (None, 3, 1)


def test_a_functional_model_in_a_file_names_itself_as_keras_does():
    x = Input((2,))
    data = json.loads(Model(x, Dense(1)(x)).to_json())
    kept = {key: data[key] for key in ("module", "class_name", "registered_name", "build_config")}
    assert kept == {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "registered_name": "Functional",
        "build_config": {"input_shape": None},
    }


@pytest.mark.parametrize("which", ["inputs", "outputs"])
def test_a_model_without_inputs_or_outputs_is_refused(which):
    x = Input((3,))
    tensors = {"inputs": x, "outputs": x, which: []}
    with pytest.raises(ValueError, match=f"`{which}` argument cannot be empty"):
        Model(**tensors)


def test_shapes_of_several_inputs_and_outputs_are_lists_whatever_their_structure():
    a, b = Input((3,), name="a"), Input((4,), name="b")
    model = Model({"a": a, "b": b}, (Dense(2)(a), [b]))
    assert model.input_shape == [(None, 3), (None, 4)] and model.output_shape == [(None, 2), (None, 4)]
    assert Model({"a": a}, {"u": Dense(2)(a)}).output_shape == (None, 2)


def nested_twice():
    x = Input((3,), name="x")
    inner = Model(x, Dense(3, name="d")(x), name="sub")
    a = Input((3,), name="a")
    first = inner(a)
    return Model(a, [first, inner(first)])


def test_outputs_of_nested_models_are_numbered_as_keras_does():
    model = nested_twice()
    config = model.get_config()
    assert config["output_layers"] == [["sub", 1, 0], ["sub", 2, 0]]
    history = config["layers"][1]["inbound_nodes"][1]["args"][0]["config"]["keras_history"]
    assert history == ["sub", 0, 0]
    again = Model.from_config(json.loads(model.to_json())["config"])
    again.set_weights(model.get_weights())
    x = np.ones((2, 3), "float32")
    for ours, theirs in zip(model(x), again(x), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_a_nested_model_gets_its_inputs_in_the_dtype_it_declares(dtype):
    a = Input((3,), dtype=dtype)
    x = Input((3,))
    model = Model(a, Model(x, Dense(2, kernel_initializer="ones")(x))(a))
    y = model(np.ones((2, 3), "float32"))
    assert y.dtype == "float32" and (y.numpy() == 3.0).all()


def _two_inputs():
    a, b = Input((3,)), Input((4,), name="size")
    return Model([a, b], Concatenate()([a, b]), name="both")


@pytest.mark.parametrize("make", [Input, lambda shape: np.zeros((2, *shape), "float32")])
@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (
            ((5,), (4,)),
            r"Input 0 with name 'input_layer\w*' of layer 'both'.* shape=\(None, 3\), found shape=\(\w+, 5\)",
        ),
        (((3,), (9,)), r"Input 1 with name 'size' of layer 'both'.* shape=\(None, 4\), found shape=\(\w+, 9\)"),
    ],
)
def test_inputs_of_other_sizes_raise_and_are_called_as_their_layers(make, shapes, words):
    with pytest.raises(ValueError, match=words):
        _two_inputs()([make(shape) for shape in shapes])


def test_sequential_models_in_a_graph_refuse_sizes_that_their_layers_refuse():
    narrow = Sequential([Input((3,)), Dense(2)])
    with pytest.raises(ValueError, match="axis -1 of input shape to have value 3"):
        narrow(Input((5,)))
    steps = Sequential([Input((4, 3)), LSTM(2, return_sequences=True)])
    assert steps(Input((7, 3))).shape == (None, 7, 2)  # other lengths are taken, as with numbers
    x = Input((3,))
    inner = Model(x, Dense(2)(x), name="inner")
    with pytest.raises(ValueError, match="of layer 'inner'"):
        Sequential([Input((5,)), inner])


def test_the_name_of_an_input_that_is_not_optional():
    x = Input((3,), name="age")
    with pytest.raises(ValueError, match="The input 'age' of model"):
        Model(x, Dense(1)(x))(None)


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (lambda a, b: a + b, "[(None, 3), (None, 4)]"),
        (lambda a, b: ops.matmul(a, np.zeros((4, 2), "float32")), "[(None, 3)]"),
    ],
)
def test_operations_on_shapes_that_do_not_fit_say_which(call, shapes):
    with pytest.raises(ValueError) as error:
        call(Input((3,)), Input((4,)))
    assert f"Input shapes are: {shapes}" in str(error.value)


# what a configuration says of calls, recorded from Keras 3.15


class NotesMode(layers.Layer):
    def call(self, x, training=False):
        return x


@pytest.mark.parametrize(
    ("layer", "kwargs", "noted"),
    [
        (lambda: layers.Dense(2), {}, {}),
        (lambda: layers.Dropout(0.1), {}, {"training": False}),
        (lambda: layers.SpatialDropout1D(0.1), {}, {"training": False}),
        (lambda: layers.RandomFlip(), {}, {"training": True}),
        (lambda: layers.LSTM(2), {}, {"training": False, "mask": None}),
        (lambda: layers.LSTM(2), {"training": True}, {"training": True}),
        (lambda: layers.BatchNormalization(), {}, {"mask": None}),
        (lambda: layers.GlobalAveragePooling1D(), {}, {"mask": None}),
        (lambda: layers.TimeDistributed(layers.Dense(2)), {}, {"mask": None}),
        (lambda: Sequential([layers.Dense(2)]), {}, {"mask": None}),
        (lambda: Sequential([layers.Dense(2)]), {"training": False}, {"training": False}),
        (NotesMode, {}, {"training": False}),
        (lambda: layers.MultiHeadAttention(1, 2), {"value": None}, None),
    ],
)
def test_a_configuration_notes_modes_and_masks_as_keras_does(layer, kwargs, noted):
    inputs = Input((4, 3))
    given = {key: inputs if value is None else value for key, value in kwargs.items()}
    (call,) = Model(inputs, layer()(inputs, **given)).get_config()["layers"][-1]["inbound_nodes"]
    assert call["args"][0]["config"]["shape"] == (None, 4, 3)
    if noted is not None:
        assert list(call["kwargs"].items()) == list(noted.items())
    assert call.get("explicit_training", False) == ("training" in kwargs)


@pytest.mark.parametrize("layer", [layers.RandomFlip(seed=3), layers.Dropout(0.5, seed=3)])
def test_modes_that_keras_notes_in_files_are_no_modes_that_the_user_gave(layer):
    inputs = Input((4, 4, 1))
    config = Model(inputs, layer(inputs)).get_config()
    assert config["layers"][-1]["inbound_nodes"][0]["kwargs"]["training"] is isinstance(layer, layers.RandomFlip)
    model = Model.from_config(config)
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    for _ in range(4):
        np.testing.assert_array_equal(model.predict(x, verbose=0), x)
        np.testing.assert_array_equal(model(x, training=False), x)
    assert any(np.any(model(x, training=True) != x) for _ in range(8))


def test_nodes_tell_the_layers_before_them_and_models_their_last_run():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    joined, dense = Add(), Dense(1)
    model = Model([a, b], dense(joined([a, b])))
    assert dense._inbound_nodes[0].inbound_layers is joined
    assert [layer.name for layer in joined._inbound_nodes[0].inbound_layers] == ["a", "b"]
    assert model.history is None
    model.compile("sgd", "mse")
    assert model.fit([X, X], X[:, :1], verbose=0) is model.history


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_inputs_are_cast_to_the_declared_dtypes(run_eagerly):
    class Seen(layers.Layer):
        def call(self, x):
            seen.append(x.dtype)
            return ops.cast(x, "float32")

    seen = []
    for declared in ("float32", "float64", "int32"):
        inputs = Input((3,), dtype=declared)
        model = Model(inputs, Dense(1)(Seen(autocast=False)(inputs)))
        model.compile("sgd", "mse", run_eagerly=run_eagerly)
        for given in ("uint8", "float64"):
            model(np.ones((2, 3), given))
            assert seen[-1] == declared
            model.predict(np.ones((2, 3), given), verbose=0)
            assert seen[-1] == declared
