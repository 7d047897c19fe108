"""The errors that users meet: the real libraries' exception class, and words that say what, where and what instead."""

import pickle
import re

import numpy as np
import pytest
import torch

from kerasish import tf

keras = tf.keras
layers, Dense = keras.layers, keras.layers.Dense

X = np.ones((4, 8), "float32")
LABELS = np.zeros(4, "int32")


def model(*added, features=8):
    return keras.Sequential([keras.Input((features,)), *added])


def classifier():
    made = model(Dense(3, activation="softmax", name="out"))
    made.compile("sgd", "sparse_categorical_crossentropy")
    return made


def refused(kind, *words):
    """Expects ``kind`` with a message in which the words stand in this order."""
    return pytest.raises(kind, match="(?s)" + ".*".join(map(re.escape, words)))


# Wrong rank or shape: the layer's name, what was expected, what came -------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "expected", "received"),
    [
        (lambda: layers.Conv1D(3, 2, name="ear"), (4, 7), "ndim=3", "(4, 7)"),
        (lambda: layers.Conv2D(3, 3, name="eye"), (4, 7, 3), "ndim=4", "(4, 7, 3)"),
        (lambda: layers.Conv3D(3, 3, name="body"), (4, 7, 7, 3), "ndim=5", "(4, 7, 7, 3)"),
        (lambda: layers.LSTM(3, name="memory"), (4, 7), "ndim=3", "(4, 7)"),
        (lambda: layers.GRU(3, name="gate"), (4, 7, 3, 2), "ndim=3", "(4, 7, 3, 2)"),
        (lambda: layers.MaxPooling2D(name="pool"), (4, 7, 3), "ndim=4", "(4, 7, 3)"),
        (lambda: layers.GlobalAveragePooling1D(name="mean"), (4, 7), "ndim=3", "(4, 7)"),
        (lambda: layers.UpSampling2D(name="up"), (4, 7, 3), "ndim=4", "(4, 7, 3)"),
        (lambda: Dense(3, name="plain"), (4,), "ndim=2", "(4,)"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_wrong_rank(layer, shape, expected, received):
    made = layer()
    with refused(ValueError, f"layer '{made.name}'", expected, f"found ndim={len(shape)}", received):
        made(np.ones(shape, "float32"))
    symbolic = str((None, *shape[1:])).replace(",)", ",)")
    with refused(ValueError, f"layer '{made.name}'", expected, symbolic):
        made(keras.Input(shape[1:]))


@pytest.mark.parametrize(
    ("layer", "first", "second", "expected"),
    [
        (lambda: Dense(3, name="reader"), (4, 8), (4, 7), "axis -1 of input shape to have value 8"),
        (lambda: layers.Conv2D(3, 2, name="eye"), (1, 5, 5, 3), (1, 5, 5, 4), "axis -1 of input shape to have value 3"),
        (lambda: layers.BatchNormalization(name="norm"), (2, 3), (2, 4), "axis -1 of input shape to have value 3"),
    ],
)
def test_a_built_layer_refuses_another_number_of_features(layer, first, second, expected):
    made = layer()
    made(np.ones(first, "float32"))
    with refused(ValueError, f"layer '{made.name}'", expected, str(second)):
        made(np.ones(second, "float32"))


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_a_built_recurrent_layer_refuses_another_number_of_features(kind):
    made = kind(3, name="memory")
    made(np.ones((2, 5, 3), "float32"))
    with refused(tf.errors.InvalidArgumentError, "3 features", "(2, 5, 4)", "layer 'memory'"):
        made(np.ones((2, 5, 4), "float32"))


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "train_on_batch", "predict_on_batch", "__call__"])
def test_a_model_refuses_another_number_of_features(method):
    made = classifier()
    arguments = (X[:, :7], LABELS) if method in ("fit", "evaluate", "train_on_batch") else (X[:, :7],)
    with refused(ValueError, "is incompatible with the layer", "8", "(4, 7)"):
        getattr(made, method)(*arguments)


@pytest.mark.parametrize(
    ("layer", "shapes", "words"),
    [
        (layers.Concatenate, [(2, 3), (3, 2)], ["Concatenate", "matching shapes", "(2, 3)", "(3, 2)"]),
        (layers.Add, [(2, 3), (2, 4)], ["incompatible shapes", "(3,)", "(4,)"]),
        (layers.Subtract, [(2, 3), (2, 3), (2, 3)], ["exactly 2 inputs"]),
        (layers.Dot, [(2, 3), (2, 4)], ["Incompatible input shapes", "3", "4", "(2, 3)", "(2, 4)"]),
    ],
)
def test_merge_layers_name_the_shapes(layer, shapes, words):
    made = layer(axes=1) if layer is layers.Dot else layer()
    with refused(ValueError, *words):
        made([np.ones(shape, "float32") for shape in shapes])


@pytest.mark.parametrize(
    ("loss", "target", "words"),
    [
        ("categorical_crossentropy", (4, 5), ["same shape", "(4, 5)", "(4, 3)"]),
        ("binary_crossentropy", (4, 2), ["same shape", "(4, 2)", "(4, 3)"]),
    ],
)
def test_a_loss_names_both_shapes(loss, target, words):
    made = model(Dense(3, activation="softmax"))
    made.compile("sgd", loss)
    with refused(ValueError, *words):
        made.fit(X, np.ones(target), verbose=0)


def test_a_model_of_two_inputs_names_them():
    a, b = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    made = keras.Model([a, b], layers.Add()([a, b]))
    with refused(ValueError, "2", "left", "right", "1 input"):
        made.predict(X, verbose=0)
    with refused(ValueError, 'Missing data for input "right"', "['left', 'other']", "['left', 'right']"):
        made.predict({"left": X, "other": X}, verbose=0)


@pytest.mark.parametrize(
    ("operation", "kind", "words"),
    [
        (
            lambda: tf.matmul(tf.ones((2, 3)), tf.ones((4, 5))),
            "InvalidArgumentError",
            ["size-incompatible", "[2,3]", "[4,5]"],
        ),
        (lambda: tf.ones((2, 3)) + tf.ones(4), "InvalidArgumentError", ["Incompatible shapes", "[2,3]", "[4]"]),
        (lambda: tf.reshape(tf.ones((2, 3)), (4,)), "InvalidArgumentError", ["6 values", "4"]),
        (lambda: tf.concat([tf.ones((2, 3)), tf.ones((3, 2))], 0), "InvalidArgumentError", ["[2,3]", "[3,2]"]),
        (lambda: tf.constant([1]) + tf.constant([1.0]), "InvalidArgumentError", ["AddV2", "int32", "float", "tf.cast"]),
    ],
    ids=["matmul", "add", "reshape", "concat", "dtypes"],
)
def test_operations_name_what_does_not_fit(operation, kind, words):
    with refused(getattr(tf.errors, kind), *words):
        operation()


# Missing compile ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_missing_compile(method):
    with refused(ValueError, "You must call `compile()` before using the model", method):
        getattr(model(Dense(3)), method)(X, X[:, :3])


# Names that nobody knows --------------------------------------------------------------------------------------------


def compiled(**arguments):
    made = model(Dense(1))
    made.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    made.fit(X, np.ones((4, 1)), verbose=0)


@pytest.mark.parametrize(
    ("call", "what", "given", "matches"),
    [
        (lambda: compiled(optimizer="adm"), "optimizer", "adm", ["Adam"]),
        (lambda: compiled(optimizer="rmspropp"), "optimizer", "rmspropp", ["RMSprop"]),
        (lambda: compiled(loss="binary_crossentrop"), "loss", "binary_crossentrop", ["binary_crossentropy"]),
        (lambda: compiled(loss="mean_sqared_error"), "loss", "mean_sqared_error", ["mean_squared_error"]),
        (lambda: compiled(metrics=["acuracy"]), "metric", "acuracy", ["accuracy"]),
        (lambda: Dense(1, activation="rellu"), "activation function", "rellu", ["relu"]),
        (lambda: Dense(1, kernel_initializer="glorot_unifrm"), "initializer", "glorot_unifrm", ["glorot_uniform"]),
        (lambda: Dense(1, kernel_regularizer="l22"), "regularizer", "l22", ["l2"]),
        (lambda: Dense(1, kernel_constraint="max_nrm"), "constraint", "max_nrm", ["max_norm"]),
        (lambda: keras.optimizers.get("nadm"), "optimizer", "nadm", ["Nadam"]),
        (lambda: keras.losses.get("hing"), "loss", "hing", ["hinge"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_unknown_name_and_its_close_matches(call, what, given, matches):
    with refused(ValueError, f"Could not interpret {what} identifier: {given}", "Did you mean", *matches):
        call()


@pytest.mark.parametrize("get", [keras.optimizers.get, keras.losses.get, keras.activations.get, keras.initializers.get])
def test_an_unknown_name_without_a_close_match_has_no_hint(get):
    with pytest.raises(ValueError, match="Could not interpret") as raised:
        get("xqzzy")
    assert "Did you mean" not in str(raised.value)


def test_an_unknown_layer_in_a_config():
    with refused(TypeError, "Could not locate class 'Dens'", "custom_objects", "Did you mean 'Dense'"):
        layers.deserialize({"class_name": "Dens", "config": {}})


def test_an_unknown_layer_of_a_model():
    made = model(Dense(3, name="first"), Dense(2, name="second"))
    with refused(ValueError, "No such layer: frst", "['first', 'second']"):
        made.get_layer("frst")


def test_an_unknown_argument_of_a_layer():
    with refused(ValueError, "Unrecognized keyword arguments passed to Dense", "{'activate': 'relu'}"):
        Dense(3, activate="relu")


# Labels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [3, 17, -1])
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_labels_outside_the_class_range(wrong, method):
    with refused(
        tf.errors.InvalidArgumentError, f"label value of {wrong}", "outside the valid range of [0, 3)", "unit"
    ):
        getattr(classifier(), method)(X, np.array([0, 1, 2, wrong]))


def test_indices_outside_an_embedding_name_the_layer():
    layer = layers.Embedding(4, 2, name="words")
    with refused(tf.errors.InvalidArgumentError, "'words'", "5 is not in [0, 4)", "input_dim"):
        layer(np.array([[1, 5]]))


# Numbers of samples -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_mismatched_numbers_of_samples(method):
    with refused(ValueError, "Data cardinality is ambiguous", "'x' sizes: 4", "'y' sizes: 3"):
        getattr(classifier(), method)(X, LABELS[:3])


def test_mismatched_sample_weights():
    with refused(ValueError, "Data cardinality is ambiguous", "'sample_weight' sizes: 3"):
        classifier().fit(X, LABELS, sample_weight=np.ones(3))


def test_two_inputs_of_different_length():
    a, b = keras.Input((8,)), keras.Input((8,))
    made = keras.Model([a, b], layers.Add()([a, b]))
    with refused(ValueError, "Data cardinality is ambiguous", "'x' sizes: 4, 2"):
        made.predict([X, X[:2]], verbose=0)


def test_an_impossible_validation_split():
    with refused(ValueError, "validation_split", "between 0 and 1", "1.5"):
        classifier().fit(X, LABELS, validation_split=1.5)


# NaN where integers are needed --------------------------------------------------------------------------------------

NAN = float("nan")


@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor])
def test_nan_in_a_list_is_no_integer(make):
    with refused(TypeError, "Cannot convert [nan]", "int32"):
        make([NAN], dtype="int32")


def test_casting_nan_gives_the_smallest_integer_as_in_tensorflow():
    assert tf.cast(tf.constant([1.5, NAN]), tf.int32).numpy().tolist() == [1, -(2**31)]
    assert tf.cast(tf.constant([1.5, NAN]), tf.int64).numpy().tolist() == [1, -(2**63)]


def test_nan_among_labels():
    with refused(tf.errors.InvalidArgumentError, "outside the valid range of [0, 3)", "NaN"):
        classifier().fit(X, np.array([0.0, 1.0, 2.0, NAN]), verbose=0)


def test_nan_among_the_indices_of_an_embedding():
    with refused(tf.errors.InvalidArgumentError, "'words'", "NaN"):
        layers.Embedding(4, 2, name="words")(np.array([[1.0, NAN]]))


def test_nan_among_classes():
    with refused(ValueError, "to_categorical", "NaN"):
        keras.utils.to_categorical([0.0, NAN], 2)
    with refused(ValueError, "cannot convert float NaN to integer"):
        int(tf.constant(NAN))


# Models that are not built ------------------------------------------------------------------------------------------


class Unbuilt(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


@pytest.mark.parametrize("make", [Unbuilt, lambda: keras.Sequential([Dense(2)])], ids=["subclass", "sequential"])
def test_an_unbuilt_models_summary(make):
    with refused(ValueError, "not yet been built", "`build()`", "batch of data"):
        make().summary()


def test_an_unbuilt_layers_count_names_the_layer():
    with refused(ValueError, "count_params", "layer 'later'", "isn't built", "build"):
        Dense(2, name="later").count_params()


# Files that do not fit ----------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    made = model(Dense(3, name="first"), Dense(2, name="second"))
    made.save_weights(tmp_path / "w.weights.h5")
    made.save(tmp_path / "whole.h5")
    return tmp_path


@pytest.mark.parametrize("name", ["w.weights.h5", "whole.h5"])
def test_a_weights_file_of_other_shapes(saved, name):
    other = model(Dense(3, name="first"), Dense(5, name="second"))
    with refused(ValueError, "layer 'second'", "'kernel' has shape (3, 5)", "(3, 2)", "'bias'", "(5,)", "(2,)"):
        other.load_weights(saved / name)


def test_a_weights_file_without_a_layer(saved):
    other = model(Dense(3, name="first"), Dense(2, name="second"), Dense(2, name="third"))
    with refused(ValueError, "Layer 'third'", "expected 2 variables", "received 0", "(2, 2)"):
        other.load_weights(saved / "w.weights.h5")


def test_a_whole_file_with_another_number_of_layers(saved):
    with refused(ValueError, "Layer count mismatch", "expected 1 layers, found 2", "['first']", "['first', 'second']"):
        model(Dense(3, name="first")).load_weights(saved / "whole.h5")


def test_a_file_that_is_not_there(tmp_path):
    with refused(FileNotFoundError, "nope.weights.h5"):
        model(Dense(3)).load_weights(tmp_path / "nope.weights.h5")


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([np.ones((8, 3))], ["set_weights", "layer 'only'", "length 1", "expecting 2"]),
        ([np.ones((8, 4)), np.ones(4)], ["only", "(8, 3)", "(8, 4)"]),
    ],
)
def test_set_weights_that_do_not_fit(weights, words):
    layer = Dense(3, name="only")
    layer.build((None, 8))
    with refused(ValueError, *words):
        layer.set_weights(weights)


def test_assigning_another_shape_names_the_variable():
    layer = Dense(3, name="only")
    layer.build((None, 8))
    with refused(ValueError, "only/kernel", "(8, 3)", "(2, 2)"):
        layer.kernel.assign(np.ones((2, 2)))


# Shapes that torch refuses are refused as TensorFlow does: InvalidArgumentError, or ValueError in a graph ---------------

F = np.ones((2, 3, 4), "float32")
UNFIT = {
    "normalization": lambda: built(layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 1.0]), F[0, :, :2])(F[0]),
    "add": lambda: built(layers.Add(), [F, F])([F, F[:, :2]]),
    "concatenate": lambda: built(layers.Concatenate(), [F, F])([F, F[:1]]),
    "attention": lambda: layers.Attention()([F, F[..., :3]]),
    "keys and values": lambda: layers.Attention()([F, F, F[:, :2]]),
    "heads": lambda: layers.MultiHeadAttention(2, 3)(F, F[:1].repeat(3, 0)),
    "product": lambda: keras.ops.dot_product_attention(F[:, :, None], F[:, :, None], F[:, :2, None]),
    "einsum": lambda: built(layers.EinsumDense("abc,cd->abd", (None, 5)), F)(F[..., :3]),
    "layer norm": lambda: built(layers.LayerNormalization(), F)(F[..., :3]),
    "cell": lambda: layers.LSTMCell(3)(F[:, 0], [F[:, 0, :3], F[:, 0, :2]]),
    "state": lambda: layers.GRU(3)(F, initial_state=F[:, 0, :2]),
    "dot": lambda: built(layers.Dot(axes=1), [F[0], F[0]])([F[0], F[0, :, :3]]),
    "rescaling": lambda: layers.Rescaling([1.0, 2.0])(F),
    "focal": lambda: keras.losses.CategoricalFocalCrossentropy()(F[0], F[0, :, :3]),
    "circle": lambda: keras.losses.Circle()(F[:, 0, :2], F[:, 0, :3]),
    "accuracy": lambda: keras.metrics.CategoricalAccuracy()(F[0], F[0, :2]),
    "auc": lambda: keras.metrics.AUC()(F[0], F[0, :2]),
    "in a model": lambda: built(keras.Sequential([layers.Rescaling([1.0, 2.0])]), F[..., :2])(F),
}


def built(layer, inputs):
    layer(inputs)
    return layer


@pytest.mark.parametrize("case", UNFIT)
def test_unfit_shapes_raise_what_tensorflow_raises(case):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        UNFIT[case]()
    assert isinstance(caught.value, ValueError) or case == "cell"


def test_a_users_own_runtime_error_stays_one():
    class Refuses(layers.Layer):
        def call(self, x):
            raise RuntimeError("no shape must match here")

    class Torch(layers.Layer):
        def call(self, x):
            return torch.ones(2) + torch.ones(3)

    for layer in (Refuses(), Torch()):
        for call in (layer, keras.Sequential([layer])):
            with pytest.raises(RuntimeError):
                call(np.ones((2, 2)))


@pytest.mark.parametrize("kind", [ValueError, TypeError])
@pytest.mark.parametrize(
    "layer", [lambda: layers.Conv1D(2, 2), lambda: layers.SeparableConv1D(2, 2), lambda: layers.DepthwiseConv1D(2)]
)
def test_convolutions_need_a_known_number_of_channels(layer, kind):
    with refused(kind, "axis -1 of its input must be known"):
        layer()(keras.Input((4, None)))


def test_negative_indices_of_an_embedding_count_from_the_end():
    layer = layers.Embedding(5, 3)
    rows = np.array(layer(np.array([[-1, -5, 4, 0]])))[0]
    table = layer.get_weights()[0]
    np.testing.assert_array_equal(rows, table[[4, 0, 4, 0]])
    indices = keras.Input((4,), dtype="int32")
    predicted = keras.Model(indices, layer(indices)).predict(np.array([[-1, -5, 4, 0]]), verbose=0)
    np.testing.assert_array_equal(predicted[0], rows)
    with refused(tf.errors.InvalidArgumentError, "-6 is not in [0, 5)"):
        layer(np.array([[-6]]))


def test_subtract_takes_two_inputs():
    for inputs in ([F], [F, F, F]):
        with refused(ValueError, "exactly 2 inputs"):
            built(layers.Subtract(), [F, F])(inputs)


def test_a_class_that_is_several_shows_the_name_that_tensorflow_has():
    for function, name in [
        (lambda: tf.constant(1) + 1.5, "TypeError"),
        (lambda: tf.constant(1) + tf.constant(1.5), "InvalidArgumentError"),
        (lambda: tf.reduce_sum([1.0], axis=3), "InvalidArgumentError"),
        (lambda: tf.strings.upper(tf.constant(1)), "InvalidArgumentError"),
    ]:
        with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError)) as caught:
            function()
        assert caught.type.__name__ == name
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is caught.type and again.args == caught.value.args


def test_messages_are_worded_as_tensorflows():
    for function, text in [
        (lambda: tf.ones([2, 3]) + tf.ones([3, 2]), "Incompatible shapes: [2,3] vs. [3,2] [Op:AddV2]"),
        (lambda: tf.add(tf.ones([2, 3]), tf.ones([3, 2])), "Incompatible shapes: [2,3] vs. [3,2] [Op:AddV2]"),
        (lambda: tf.slice(tf.ones([4, 5]), [0, 0], [2, 9]), "Expected size[1] in [0, 5], but got 9 [Op:Slice]"),
        (
            lambda: tf.constant([1]) + tf.constant([1.5]),
            "cannot compute AddV2 as input #1(zero-based) was expected to be a int32 tensor but is a float tensor",
        ),
    ]:
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            function()
        assert str(caught.value).startswith(text)
