"""Sequential: adding, popping, building, nesting; recorded from Keras 3.15 where numbers or paths are given."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.layers import LSTM, BatchNormalization, Dense, Input, InputLayer
from kerasish.models import Sequential, clone_model, model_from_json

X = np.random.default_rng(0).random((4, 3), dtype="float32")

BUILT = {
    "Input": lambda: Sequential([Input((3,)), Dense(2), Dense(1)]),
    "InputLayer": lambda: Sequential([InputLayer(input_shape=(3,)), Dense(2), Dense(1)]),
    "input_shape": lambda: Sequential([Dense(2, input_shape=(3,)), Dense(1)]),
    "input_dim": lambda: Sequential([Dense(2, input_dim=3), Dense(1)]),
    "batch_input_shape": lambda: Sequential([Dense(2, batch_input_shape=(None, 3)), Dense(1)]),
}


@pytest.mark.parametrize("how", list(BUILT))
def test_a_declared_input_builds_the_model(how):
    model = BUILT[how]()
    assert model.built and model.input_shape == (None, 3) and model.output_shape == (None, 1)
    assert len(model.layers) == 2 and model.count_params() == 11
    assert [w.path.split("/", 1)[1].split("/")[1] for w in model.weights] == ["kernel", "bias"] * 2


def test_deferred_building():
    model = Sequential([Dense(2), Dense(1)])
    assert not model.built and not model.weights
    with pytest.raises(AttributeError):
        model.output_shape  # noqa: B018
    model(X)
    assert model.built and model.output_shape == (None, 1)
    other = Sequential([Dense(2)])
    other.build((None, 3))
    assert other.input_shape == (None, 3) and other.count_params() == 8


def test_paths_of_weights():
    inner = Sequential([Dense(2, name="d")], name="a")
    outer = Sequential([inner, Dense(1, name="e")], name="b")
    outer(X)
    assert [w.path for w in outer.weights] == ["b/a/d/kernel", "b/a/d/bias", "b/e/kernel", "b/e/bias"]


def test_add_and_pop():
    model = Sequential([Input((3,)), Dense(2), Dense(1, name="last")])
    assert model.pop().name == "last"
    assert model.output_shape == (None, 2) and len(model.weights) == 2
    model.add(Dense(5))
    assert model.output_shape == (None, 5) and model(X).shape == (4, 5)


def test_other_lengths_of_a_deferred_model():
    model = Sequential([LSTM(2, return_sequences=True), Dense(1)])
    assert model(np.ones((1, 3, 2), "float32")).shape == (1, 3, 1)
    assert model(np.ones((1, 5, 2), "float32")).shape == (1, 5, 1)
    narrow = Sequential([Dense(1)])
    narrow(X)
    with pytest.raises(ValueError, match="incompatible"):
        narrow(np.ones((1, 5), "float32"))


@pytest.mark.parametrize(
    ("error", "words", "use"),
    [
        (IndexError, "no layers", lambda: Sequential().pop()),
        (ValueError, "no layers", lambda: Sequential().build((None, 3))),
        (ValueError, "Only instances of `keras.Layer`", lambda: Sequential().add(3)),
        (ValueError, "unique names", lambda: Sequential([Dense(2, name="a"), Dense(2, name="a")])),
        (ValueError, "already been configured", lambda: Sequential([Input((3,)), Input((3,))])),
        (ValueError, "No such layer: b. Existing", lambda: Sequential([Dense(1, name="a")]).get_layer("b")),
        (ValueError, "index 4 but model only has 1", lambda: Sequential([Dense(1)]).get_layer(index=4)),
        (ValueError, "Provide either", lambda: Sequential([Dense(1)]).get_layer()),
        (ValueError, "Provide either", lambda: Sequential([Dense(1, name="a")]).get_layer("a", 0)),
        (AttributeError, "reserved", lambda: setattr(Sequential(), "layers", [])),
    ],
)  # fmt: skip
def test_wrong_use(error, words, use):
    with pytest.raises(error, match=words):
        use()


@pytest.mark.parametrize(
    "copied", [clone_model, lambda m: model_from_json(m.to_json()), lambda m: Sequential.from_config(m.get_config())]
)
@pytest.mark.parametrize("built", [True, False])
def test_copies_have_the_same_architecture(copied, built):
    model = Sequential([*([Input((3,))] if built else []), Dense(2, name="q", activation="tanh"), BatchNormalization()])
    clone = copied(model)
    assert clone.name == model.name and clone.built is built
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert not any(a is b for a, b in zip(clone.layers, model.layers, strict=True))
    model(X), clone(X)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(X), model(X))


def test_freezing_nested_layers():
    model = Sequential([Input((3,)), Dense(2, name="a"), BatchNormalization(name="b"), Dense(1, name="c")], name="m")
    model.layers[0].trainable = False
    assert [w.path for w in model.trainable_weights] == ["m/b/gamma", "m/b/beta", "m/c/kernel", "m/c/bias"]
    model.trainable = False
    assert not model.trainable_weights and not model.layers[2].trainable
    model.trainable = True
    assert len(model.trainable_weights) == 6
    frozen = Sequential([Dense(2)])
    frozen.trainable = False
    frozen(X)
    assert not frozen.trainable_weights and len(frozen.non_trainable_weights) == 2


def test_its_serialized_form_has_kerass_paths():
    data = keras.saving.serialize_keras_object(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    assert data["module"] == "keras" and data["class_name"] == "Sequential" and data["registered_name"] is None
    assert data["compile_config"] == {} and data["build_config"]["input_shape"] == [None, 2]
    assert keras.saving.deserialize_keras_object(data).output_shape == (None, 1)


@pytest.mark.parametrize("eager", [False, True])
def test_declared_lengths_do_not_bind(eager):
    """As in Keras: a Sequential's layers alone decide which sizes they take; what the model says of itself stays."""
    model = keras.Sequential([keras.Input((7, 4)), keras.layers.Dense(3), keras.layers.Dense(2)])
    model.compile("sgd", "mse", run_eagerly=eager)
    x = np.arange(72, dtype="float32").reshape(2, 9, 4)
    one = model.layers[1](model.layers[0](x))
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(one), rtol=1e-5)
    assert model.predict(x[:, :8], verbose=0).shape == (2, 8, 2)
    assert np.isfinite(model.fit(x, np.zeros((2, 9, 2)), verbose=0).history["loss"][0])
    assert (model.input_shape, model.output_shape) == ((None, 7, 4), (None, 7, 2))
    with pytest.raises(ValueError, match="axis -1"):
        model(np.ones((2, 7, 5)))
    with pytest.raises(ValueError, match="expected shape"):
        model(np.ones((2, 4)))


@pytest.mark.parametrize("eager", [False, True])
def test_inside_another_model_any_length_is_taken(eager):
    class Block(keras.Model):
        def __init__(self):
            super().__init__()
            self.ffn = keras.Sequential([keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])

        def call(self, inputs):
            return self.ffn(inputs)

    def batches():
        for length in (4, 6, 5):
            yield np.ones((2, length, 3), "float32"), np.ones((2, length, 2), "float32")

    model = Block()
    model.compile("sgd", "mse", run_eagerly=eager)
    assert np.isfinite(model.fit(batches(), verbose=0).history["loss"][0])
    outer = keras.Input((None, 3))
    assert keras.Model(outer, Block()(outer)).predict(np.ones((1, 8, 3)), verbose=0).shape == (1, 8, 2)


def test_layers_added_to_a_model_built_on_its_data_count_at_once():
    model = Sequential([Dense(2), Dense(3)])
    model(X)
    model.add(Dense(1))
    assert model.built and len(model.weights) == 6 and model.output_shape == (None, 1)
    model.pop()
    assert model.built and len(model.weights) == 4 and model(X).shape == (len(X), 3)
    model.add(Dense(5), rebuild=False)
    assert not model.built
    with pytest.raises(AttributeError, match="no defined output"):
        _ = model.output_shape
    assert model(X).shape == (len(X), 5) and len(model.weights) == 6


def test_a_model_is_no_layer_of_itself():
    model = Sequential([Input((4,)), Dense(4)])
    with pytest.raises(ValueError, match="of itself"):
        model.add(model)


def test_input_dtype_is_that_of_the_entry():
    assert Sequential([Input((4,), dtype="int32"), keras.layers.Embedding(5, 2)]).input_dtype == "int32"
    assert Sequential([Input((4,), dtype="float64")]).input_dtype == "float64"
    assert Sequential([Dense(2)]).input_dtype == "float32"


def test_automatic_names_of_models_count_the_graphs_of_sequential_ones():
    def name_after(make):
        keras.backend.clear_session()
        make()
        x = Input((4,))
        return keras.Model(x, Dense(1)(x)).name

    stack = [Input((4,)), Dense(2), Dense(2)]
    assert name_after(lambda: Sequential(stack)) == "functional_1"
    assert name_after(lambda: [m := Sequential(), *(m.add(layer) for layer in stack)]) == "functional_2"
    assert name_after(lambda: Sequential([Dense(2)])) == "functional"
    assert name_after(lambda: Sequential([Dense(2)]).build((None, 4))) == "functional_1"
    assert name_after(lambda: keras.Sequential.from_config(Sequential(stack).get_config())) == "functional_2"


class WithoutCall(keras.layers.Layer):
    pass


def test_a_layer_without_a_call_can_be_declared():
    model = Sequential([Input((3,)), WithoutCall()])
    assert len(model.layers) == 1 and not model.built
    with pytest.raises(NotImplementedError, match="does not have a `call` method"):
        model(np.ones((2, 3)))


def test_the_base_class_is_a_layer_of_files():
    model = Sequential([keras.layers.Layer(name="base")])
    config = model.get_config()
    assert config["layers"][0]["module"] == "keras.layers" and config["layers"][0]["registered_name"] is None
    assert type(Sequential.from_config(config).layers[0]) is keras.layers.Layer


def test_a_stack_behind_an_adapted_layer_has_a_summary(capsys):
    normalization = keras.layers.Normalization()
    normalization.adapt(np.ones((4, 9), "float32"))
    model = Sequential([normalization, Dense(2)])
    model.summary()
    assert "(None, 9)" in capsys.readouterr().out
    assert model.count_params() == 9 + 9 + 1 + 20
    with pytest.raises(ValueError, match="not yet been built"):
        Sequential([Dense(2)]).summary()


def test_other_lengths_take_no_names():
    model = Sequential([Dense(2)])
    model(np.ones((1, 4, 2)))
    before = int(InputLayer((3,)).name.rpartition("_")[2])
    model(np.ones((1, 6, 2)))
    assert int(InputLayer((3,)).name.rpartition("_")[2]) == before + 1
    assert model.inputs[0].shape == (None, None, 2)


def test_one_layer_is_a_stack_of_one():
    inner = Sequential([Dense(2)])
    assert Sequential(inner).layers == [inner]
    assert [type(layer) for layer in Sequential(Dense(2)).layers] == [Dense]


def test_a_stateful_layer_takes_the_batch_size_of_the_first_data():
    model = Sequential([LSTM(2, stateful=True)])
    data = np.ones((4, 3, 1), "float32")
    first, second = model(data), model(data)
    assert first.shape == (4, 2) and not np.allclose(first, second)
    assert model.input_shape == (4, 3, 1)
