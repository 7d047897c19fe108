"""StringLookup and IntegerLookup."""

import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


# rules ----------------------------------------------------------------------------------------------------------------

CHECKED = settings(deadline=None, max_examples=30)
TOKENS = st.lists(st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=4), min_size=1, unique=True)
NUMBERS = st.lists(st.integers(-(2**62), 2**62).filter(lambda n: n != -1), min_size=1, max_size=20, unique=True)


@CHECKED
@given(tokens=TOKENS.filter(lambda t: "[UNK]" not in t), unknown=st.integers(0, 3), masked=st.booleans())
def test_texts_come_back_from_their_indices(tokens, unknown, masked):
    options = {"vocabulary": tokens, "num_oov_indices": unknown, "mask_token": "" if masked else None}
    there, back = StringLookup(**options), StringLookup(invert=True, **options)
    indices = there(tf.constant(tokens))
    first = unknown + masked
    np.testing.assert_array_equal(indices, np.arange(first, first + len(tokens)))
    assert [text.decode() for text in back(indices).numpy()] == tokens
    assert there.get_vocabulary() == back.get_vocabulary() == [""] * masked + ["[UNK]"] * unknown + tokens


@CHECKED
@given(numbers=NUMBERS, unknown=st.integers(0, 3))
def test_integers_come_back_from_their_indices(numbers, unknown):
    options = {"vocabulary": numbers, "num_oov_indices": unknown}
    indices = IntegerLookup(**options)(np.array(numbers, "int64"))
    np.testing.assert_array_equal(indices, np.arange(unknown, unknown + len(numbers)))
    np.testing.assert_array_equal(IntegerLookup(invert=True, **options)(indices), numbers)


@CHECKED
@given(known=NUMBERS, asked=NUMBERS, unknown=st.integers(1, 4))
def test_unknown_integers_are_spread_by_their_remainder(known, asked, unknown):
    found = IntegerLookup(vocabulary=known, num_oov_indices=unknown)(np.array(asked, "int64")).numpy()
    expected = [known.index(n) + unknown if n in known else n % unknown for n in asked]
    assert found.tolist() == expected


@CHECKED
@given(
    rows=st.lists(st.sampled_from("aabcdé"), min_size=1, max_size=30), cut=st.integers(1, 7), limit=st.integers(2, 6)
)
def test_the_vocabulary_does_not_depend_on_the_batches(rows, cut, limit):
    texts = np.array(rows)
    batches = [texts[i : i + cut] for i in range(0, len(texts), cut)]
    sources = [texts, texts[:, None], iter(batches), tf.data.Dataset.from_tensor_slices(texts).batch(cut)]
    order = sorted(set(rows), key=lambda token: (rows.count(token), token.encode()), reverse=True)
    for source in sources:
        layer = StringLookup(max_tokens=limit)
        layer.adapt(source)
        assert layer.get_vocabulary(include_special_tokens=False) == order[: limit - 1]


@CHECKED
@given(rows=st.lists(st.lists(st.sampled_from("abcz"), min_size=3, max_size=3), min_size=1, max_size=5))
def test_counts_are_those_of_the_rows(rows):
    count = StringLookup(vocabulary=["a", "b", "c"], output_mode="count")(np.array(rows)).numpy()
    present = StringLookup(vocabulary=["a", "b", "c"], output_mode="multi_hot")(np.array(rows)).numpy()
    expected = np.array([[row.count(token) for token in "zabc"] for row in rows])
    np.testing.assert_array_equal(count, expected)
    np.testing.assert_array_equal(present, expected > 0)


def test_digits_are_integers_and_other_text_is_none():
    layer = IntegerLookup(vocabulary=[12, 7])
    np.testing.assert_array_equal(layer(np.array(["7", "12", "1"])), [2, 1, 0])
    with pytest.raises(ValueError, match="invalid literal"):
        layer(np.array(["seven"]))
    with pytest.raises(TypeError, match="takes integers"):
        layer(["7"])


def test_a_folder_is_no_vocabulary(tmp_path):
    with pytest.raises(tf.errors.FailedPreconditionError, match="is a directory"):
        StringLookup(vocabulary=str(tmp_path))


def test_an_inverted_lookup_in_a_model_gives_text():
    inputs = keras.Input((2,), dtype="int64")
    outputs = StringLookup(vocabulary=["a", "b"], invert=True)(inputs)
    assert outputs.dtype == "int64"  # as Keras states it
    assert keras.Model(inputs, outputs).predict(np.array([[2, 1]]), verbose=0).tolist() == [[b"b", b"a"]]


def test_padded_tf_idf_weights_are_saved_and_loaded(tmp_path):
    layer = StringLookup(output_mode="tf_idf", max_tokens=8, pad_to_max_tokens=True)
    layer.adapt(np.array(["a", "b", "a"]))
    inputs = keras.Input((2,), dtype="string")
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    words = tf.constant([["a", "z"]])
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(words), model(words))


def test_lookup_without_a_bin_for_others_inside_a_users_layer_has_an_output_shape():
    class Embedded(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.index = StringLookup(vocabulary=WORDS, num_oov_indices=0)
            self.embedding = keras.layers.Embedding(4, 3)

        def call(self, x):
            return self.embedding(self.index(x))

    x = keras.Input((2,), dtype="string")
    model = keras.Model(x, Embedded()(x))
    assert model.output_shape == (None, 2, 3)
    assert model.predict(tf.constant([["fire", "wind"]]), verbose=0).shape == (1, 2, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="num_oov_indices"):
        model.predict(tf.constant([["fire", "water"]]), verbose=0)
