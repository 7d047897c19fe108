"""StringLookup and IntegerLookup."""

import json
import zipfile

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.layers import IntegerLookup, StringLookup

WORDS = ["earth", "wind", "and", "fire"]
TEXT = np.array([["earth", "wind", "and", "earth"], ["fire", "", "zz", "fire"]])


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({}, [[1, 2, 3, 1], [4, 0, 0, 4]]),
        ({"mask_token": ""}, [[2, 3, 4, 2], [5, 0, 1, 5]]),
        ({"output_mode": "multi_hot"}, [[0, 1, 1, 1, 0], [1, 0, 0, 0, 1]]),
        ({"output_mode": "count"}, [[0, 2, 1, 1, 0], [2, 0, 0, 0, 2]]),
        ({"output_mode": "count", "mask_token": ""}, [[0, 2, 1, 1, 0], [1, 0, 0, 0, 2]]),
        (
            {"output_mode": "binary", "pad_to_max_tokens": True, "max_tokens": 6},
            [[0, 1, 1, 1, 0, 0], [1, 0, 0, 0, 1, 0]],
        ),
    ],
)
def test_strings_are_looked_up(options, want):
    out = StringLookup(vocabulary=WORDS, **options)(TEXT)
    assert out.dtype == "int64"
    assert out.numpy().tolist() == want


@pytest.mark.parametrize("inputs", [["fire", "zz"], np.array(["fire", "zz"]), tf.constant(["fire", "zz"])])
def test_text_of_any_kind_is_taken(inputs):
    assert StringLookup(vocabulary=tf.constant(WORDS))(inputs).numpy().tolist() == [4, 0]


def test_one_text_is_taken():
    assert StringLookup(vocabulary=WORDS)("fire").numpy() == 4


def test_integers_are_looked_up():
    layer = IntegerLookup(vocabulary=[12, 36, 1138, 42])
    assert layer([[12, 1138], [42, 1000]]).numpy().tolist() == [[1, 3], [4, 0]]
    assert layer(np.array([36.0])).numpy().tolist() == [2]
    assert IntegerLookup(vocabulary=[5, 7, 11], num_oov_indices=3)([-3, 9, 5]).numpy().tolist() == [0, 0, 3]


def test_unknown_tokens_are_spread():
    layer = StringLookup(vocabulary=["a", "b", "c"], num_oov_indices=2)
    assert layer([["a", "c", "d"], ["m", "z", "b"]]).numpy().tolist() == [[2, 4, 1], [0, 1, 3]]


def test_invert_gives_the_tokens_back():
    layer = StringLookup(vocabulary=WORDS, invert=True, mask_token="")
    assert layer([0, 1, 2, 5, 99]).numpy().tolist() == [b"", b"[UNK]", b"earth", b"fire", b"[UNK]"]
    assert IntegerLookup(vocabulary=[5, 7], invert=True)([1, 2, 0, -4]).numpy().tolist() == [5, 7, -1, -1]


def test_adapt_orders_by_frequency():
    layer = StringLookup(max_tokens=4, mask_token="")
    layer.adapt(np.array([["b", "a", "c"], ["c", "", "d"]]))
    assert layer.get_vocabulary() == ["", "[UNK]", "c", "d"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["c", "d"]
    layer.adapt(tf.data.Dataset.from_tensor_slices(["x", "x", "y"]).batch(2), steps=1)
    assert (layer.get_vocabulary(), layer.vocabulary_size()) == (["", "[UNK]", "x"], 3)


def test_tf_idf_weighs_by_documents():
    layer = StringLookup(output_mode="tf_idf")
    layer.adapt([["p", "q"], ["q", "q"]])
    q, p = np.log(1 + 2 / 3), np.log(1 + 2 / 2)
    np.testing.assert_allclose(layer([["p", "q", "q"]]).numpy(), [[0, 2 * q, p]], rtol=1e-6)
    np.testing.assert_allclose(layer([["zz"]]).numpy(), [[(p + q) / 2, 0, 0]], rtol=1e-6)
    given = StringLookup(output_mode="tf_idf", vocabulary=["p", "q"], idf_weights=[0.5, 0.25])
    np.testing.assert_allclose(given([["p", "q", "q"]]).numpy(), [[0, 0.5, 0.5]])


def test_a_vocabulary_file_is_read_when_the_user_names_it(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("earth\r\nwind\n")
    layer = StringLookup(vocabulary=str(path))
    assert layer.get_vocabulary() == ["[UNK]", "earth", "wind"]
    assert layer.get_config()["vocabulary"] is None


def test_a_configuration_never_names_a_file(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("secret\n")
    config = {**StringLookup().get_config(), "vocabulary": str(path)}
    with pytest.raises(ValueError, match="names a vocabulary file"):
        StringLookup.from_config(config)
    model = keras.Sequential([keras.Input((1,), dtype="string"), StringLookup(vocabulary=["a"])])
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b'["a"]', json.dumps(str(path)).encode())
    with zipfile.ZipFile(tmp_path / "bad.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    for safe_mode in (True, False):
        with pytest.raises((ValueError, TypeError), match="names a vocabulary file"):
            keras.models.load_model(tmp_path / "bad.keras", safe_mode=safe_mode)


def test_archives_hold_the_vocabulary(tmp_path):
    learned, weighed = StringLookup(mask_token="", name="a"), StringLookup(output_mode="tf_idf", name="b")
    learned.adapt(TEXT)
    weighed.adapt([["p", "ü"], ["ü", "ü"]])
    inputs = [keras.Input((2,), dtype="string"), keras.Input((2,), dtype="string")]
    model = keras.Model(inputs, [learned(inputs[0]), weighed(inputs[1])])
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.read("assets/layers/string_lookup/vocabulary.txt") == b"\n[UNK]\nfire\nearth\nzz\nwind\nand"
    data = [tf.constant([["fire", "q"]]), tf.constant([["ü", "p"]])]
    for ours, theirs in zip(model(data), keras.models.load_model(tmp_path / "m.keras")(data), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_models_train_on_text():
    x, y = tf.constant([["x", "q"], ["y", "y"]]), np.ones((2, 1))
    for policy in ("float32", "mixed_bfloat16"):
        lookup = StringLookup(vocabulary=["x", "y"], output_mode="count")
        model = keras.Sequential([keras.Input((2,), dtype="string"), lookup, keras.layers.Dense(1, dtype=policy)])
        model.compile("sgd", "mse")
        assert np.isfinite(model.fit(x, y, verbose=0).history["loss"]).all()
        assert model.predict(x, verbose=0).shape == (2, 1)
    unbuilt = keras.Sequential([StringLookup(vocabulary=["x", "y"], output_mode="count"), keras.layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    unbuilt.fit(x, y, verbose=0)
    assert unbuilt.predict(x, verbose=0).shape == (2, 1)


def test_a_model_may_give_text():
    there, back = StringLookup(vocabulary=["x", "y"]), StringLookup(vocabulary=["x", "y"], invert=True)
    model = keras.Sequential([keras.Input((2,), dtype="string"), there, back])
    assert model(tf.constant([["x", "q"]])).numpy().tolist() == [[b"x", b"[UNK]"]]


def test_map_over_a_dataset():
    data = tf.data.Dataset.from_tensor_slices(["fire", "zz", "and"]).batch(2).map(StringLookup(vocabulary=WORDS))
    assert [x.numpy().tolist() for x in data] == [[4, 0], [3]]


def test_a_copy_has_the_vocabulary():
    layer = IntegerLookup()
    layer.adapt([3, 3, 5])
    assert IntegerLookup.from_config(layer.get_config()).get_vocabulary() == [-1]
    again = keras.tree.map_structure(lambda x: x, layer.get_config())
    assert again["vocabulary_size"] == 3


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: StringLookup(max_tokens=1), ValueError, "max_tokens"),
        (lambda: StringLookup(num_oov_indices=-1), ValueError, "num_oov_indices"),
        (lambda: StringLookup(vocabulary=[]), ValueError, "empty vocabulary"),
        (lambda: StringLookup(vocabulary=["a", "a"]), ValueError, "repeated"),
        (lambda: StringLookup(vocabulary=["a", ""], mask_token=""), ValueError, "reserved mask token"),
        (lambda: StringLookup(vocabulary=["a", "[UNK]"], invert=True), ValueError, "reserved OOV token"),
        (lambda: StringLookup(vocabulary=["a", "b"], max_tokens=2), ValueError, "larger than the maximum"),
        (lambda: StringLookup(vocabulary=["a"], sparse=True, output_mode="count"), NotImplementedError, "sparse"),
        (lambda: StringLookup(vocabulary=["a"], output_mode="tf_idf"), ValueError, "idf_weights"),
        (lambda: StringLookup(vocabulary="/no/such/file"), ValueError, "does not exist"),
        (lambda: StringLookup(vocabulary=["a"]).adapt(["b"]), ValueError, "Cannot adapt"),
        (lambda: StringLookup(output_mode="count")(["a"]), RuntimeError, "vocabulary before calling"),
        (lambda: StringLookup()(["a"]), tf.errors.FailedPreconditionError, "not initialized"),
        (lambda: StringLookup(vocabulary=["a"])(np.array([1])), tf.errors.UnimplementedError, "not supported"),
        (
            lambda: StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]),
            tf.errors.InvalidArgumentError,
            "OOV values",
        ),
        (lambda: IntegerLookup(vocabulary=["a"]), ValueError, "must be integers"),
        (lambda: IntegerLookup(vocabulary=[1], num_oov_indices=2, salt=3), ValueError, "salt"),
        (lambda: IntegerLookup(vocabulary=[1], vocabulary_dtype="int32"), ValueError, "vocabulary_dtype"),
    ],
)
def test_what_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
