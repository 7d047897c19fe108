"""FeatureSpace; numbers of Keras for random tables are in compat/recorded."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.utils import FeatureSpace

TABLE = {"n": [0.0, 1.0, 2.0, 3.0], "s": ["x", "y", "y", "z"], "i": [5, 6, 5, 5]}


def make(**more):
    space = FeatureSpace({"n": "float_normalized", "s": "string_categorical", "i": "integer_categorical"}, **more)
    space.adapt(TABLE)
    return space


def test_columns_stand_side_by_side_by_name():
    space = make()
    out = space({"n": [3.0], "s": ["x"], "i": [6]}).numpy()
    # i: unknown, 5, 6; n: (3 - 1.5) / sqrt(1.25); s: unknown, y, z, x
    np.testing.assert_allclose(out, [[0, 0, 1, 1.3416407, 0, 0, 0, 1]], rtol=1e-6)
    assert out.dtype == np.float32


def test_single_rows_have_no_batch_axis():
    space = make()
    row = space({"n": 3.0, "s": "x", "i": 6})
    assert tuple(row.shape) == (8,)
    np.testing.assert_array_equal(row, space({"n": [3.0], "s": ["x"], "i": [6]})[0])


@pytest.mark.parametrize("batch", [None, 1, 3])
def test_all_sources_teach_the_same(batch):
    dataset = tf.data.Dataset.from_tensor_slices(TABLE)
    space = FeatureSpace({"n": "float_normalized", "s": "string_categorical", "i": "integer_categorical"})
    space.adapt(dataset if batch is None else dataset.batch(batch))
    np.testing.assert_allclose(space(TABLE), make()(TABLE), rtol=1e-5, atol=1e-6)


def test_datasets_are_mapped_by_row_and_by_batch():
    space = make()
    dataset = tf.data.Dataset.from_tensor_slices(TABLE)
    whole = space(TABLE).numpy()
    np.testing.assert_allclose(np.stack([row.numpy() for row in dataset.map(space)]), whole, atol=1e-6)
    labelled = tf.data.Dataset.from_tensor_slices((TABLE, [0, 1, 0, 1])).batch(2).map(lambda x, y: (space(x), y))
    np.testing.assert_allclose(np.concatenate([x.numpy() for x, _ in labelled]), whole, atol=1e-6)


def test_a_model_on_the_encoded_features_predicts_from_raw_columns():
    space = make(crosses=[("s", "i")], crossing_dim=6)
    encoded = space.get_encoded_features()
    assert tuple(encoded.shape) == (None, 14)
    model = keras.Model(space.get_inputs(), keras.layers.Dense(1)(encoded))
    raw = {"n": np.ones((3, 1), "float32"), "s": np.array([["x"], ["y"], ["q"]]), "i": np.array([[5], [6], [7]])}
    expected = model.layers[-1](space(raw))
    np.testing.assert_allclose(model(raw), expected, rtol=1e-6)


def test_a_trained_model_on_a_mapped_dataset():
    space = make()
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    dataset = tf.data.Dataset.from_tensor_slices((TABLE, [0.0, 1.0, 0.0, 1.0])).batch(2)
    history = model.fit(dataset.map(lambda x, y: (space(x), y)), epochs=2, verbose=0).history["loss"]
    assert history[1] < history[0]


def test_dictionaries_keep_indices_where_wanted():
    space = FeatureSpace(
        {
            "s": FeatureSpace.string_categorical(output_mode="int"),
            "i": FeatureSpace.integer_hashed(4, output_mode="int"),
            "d": FeatureSpace.float_discretized(2),
            "r": FeatureSpace.float_rescaled(2.0, 1.0),
        },
        crosses=[FeatureSpace.cross(("s", "i"), 3, output_mode="int")],
        output_mode="dict",
    )
    table = {"s": ["a", "b", "b"], "i": [1, 2, 3], "d": [0.0, 1.0, 2.0], "r": [1.0, 2.0, 3.0]}
    space.adapt(table)
    out = space(table)
    assert list(out) == ["d", "i", "r", "s", "s_X_i"]
    assert {name: str(x.dtype.name) for name, x in out.items()} == {
        "d": "float32", "i": "int64", "r": "float32", "s": "int64", "s_X_i": "int64"
    }  # fmt: skip
    np.testing.assert_array_equal(out["s"], [[2], [1], [1]])
    np.testing.assert_array_equal(out["r"], [[3.0], [5.0], [7.0]])
    assert tuple(out["d"].shape) == (3, 2)
    assert tuple(space({"s": "a", "i": 1, "d": 0.0, "r": 1.0})["s"].shape) == (1,)


def test_layers_of_the_users_own():
    text = keras.layers.TextVectorization(output_mode="count")
    space = FeatureSpace({"t": FeatureSpace.feature("string", text, "float"), "f": "float"}, output_mode="dict")
    space.adapt({"t": ["a b", "b b c"], "f": [1.0, 2.0]})
    assert text.get_vocabulary() == ["[UNK]", "b", "c", "a"]
    np.testing.assert_array_equal(space({"t": ["b q b"], "f": [3.0]})["t"], [[1, 2, 0, 0]])
    assert space.preprocessors["t"] is text


def test_what_is_settled_needs_no_adapt():
    fixed = keras.layers.Normalization(mean=1.0, variance=4.0)
    space = FeatureSpace({"a": FeatureSpace.feature("float32", fixed, "float"), "b": FeatureSpace.string_hashed(3)})
    assert tuple(space({"a": [3.0], "b": ["x"]}).shape) == (1, 4)


def test_files_keep_what_was_learned(tmp_path):
    space = make(crosses=[("s", "i")], crossing_dim=5)
    space.save(tmp_path / "space.keras")
    again = keras.models.load_model(tmp_path / "space.keras")
    assert type(again) is FeatureSpace
    np.testing.assert_array_equal(again(TABLE), space(TABLE))
    assert keras.utils.serialize_keras_object(again)["registered_name"] is None
    assert again.get_config()["features"]["s"]["registered_name"] == "Feature"


def test_config_makes_an_untaught_space():
    space = make(output_mode="dict", hashing_dim=7)
    again = FeatureSpace.from_config(space.get_config())
    assert (again.output_mode, again.hashing_dim, sorted(again.features)) == ("dict", 7, ["i", "n", "s"])
    with pytest.raises(ValueError, match="You need to call `.adapt"):
        again(TABLE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"features": {}}, "cannot be None or empty"),
        ({"features": {"a": "number"}}, "Invalid feature type: number"),
        ({"features": {"a": "float"}, "output_mode": "list"}, "`output_mode`"),
        ({"features": {"a": "float"}, "crosses": [("a", "b")]}, "unknown features"),
        ({"features": {"a": "float"}, "crosses": [("a", "a")], "crossing_dim": 0}, "crossing_dim"),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        FeatureSpace(**arguments)


def test_bad_modes_of_columns_are_refused():
    with pytest.raises(ValueError, match="`output_mode`"):
        FeatureSpace.cross(("a", "b"), 3, output_mode="float")
    with pytest.raises(ValueError, match="`output_mode`"):
        FeatureSpace.integer_hashed(3, output_mode="multi_hot")
    with pytest.raises(ValueError, match="has not been encoded"):
        FeatureSpace({"a": FeatureSpace.integer_hashed(3, output_mode="int")}).get_encoded_features()
    rescaling = keras.layers.Rescaling(1.0)
    with pytest.raises(ValueError, match="should return an integer dtype"):
        FeatureSpace({"a": FeatureSpace.feature("float32", rescaling, "one_hot")}).get_encoded_features()

    class Doubled(keras.layers.Layer):
        def call(self, x):
            return x * 2

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape, "int32")

    with pytest.raises(ValueError, match="isn't a standard feature"):
        FeatureSpace({"a": FeatureSpace.feature("int32", Doubled(), "one_hot")}).get_encoded_features()


def test_bad_data_is_refused():
    space = FeatureSpace({"a": "float", "b": "float_normalized"})
    with pytest.raises(ValueError, match="You need to call `.adapt"):
        space.get_inputs()
    with pytest.raises(ValueError, match=r"can only be called on a tf\.data\.Dataset or a dict"):
        space.adapt([{"a": 1.0, "b": 2.0}])
    with pytest.raises(KeyError, match="b"):
        space.adapt({"a": [1.0]})
    space.adapt({"a": [1.0], "b": [1.0]})
    with pytest.raises(ValueError, match="can only be called with a dict"):
        space([1.0])
    with pytest.raises(KeyError, match="b"):
        space({"a": [1.0]})
    with pytest.raises(KeyError, match="c"):
        space({"a": [1.0], "b": [1.0], "c": [1.0]})
    with pytest.raises(ValueError, match="symbolic"):
        space({"a": keras.Input((1,)), "b": [1.0]})
    with pytest.raises(ValueError, match=r"expected a `\.keras` extension"):
        space.save("space.h5")
