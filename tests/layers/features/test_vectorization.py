"""TextVectorization."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.layers import TextVectorization

TEXT = ["Hello, World! it's a-b", "the  CAT\tsat\non THE mat.", "", "hello hello cat"]


def test_words_become_padded_indices():
    layer = TextVectorization(vocabulary=["hello", "cat"])
    assert layer(TEXT).numpy().tolist() == [[2, 1, 1, 1, 0, 0], [1, 3, 1, 1, 1, 1], [0] * 6, [2, 2, 3, 0, 0, 0]]
    assert layer(tf.constant([["cat hello"]])).numpy().tolist() == [[3, 2]]
    assert layer("cat x").numpy().tolist() == [3, 1]


@pytest.mark.parametrize(
    ("options", "vocabulary"),
    [
        ({}, ["hello", "the", "cat", "world", "sat", "on", "mat", "its", "ab"]),
        ({"max_tokens": 4}, ["hello", "the"]),
        ({"standardize": "lower", "max_tokens": 6}, ["the", "hello", "cat", "world!"]),
        ({"standardize": None, "max_tokens": 4}, ["hello", "the"]),
        ({"split": "character", "max_tokens": 6}, [" ", "t", "l", "o"]),
        ({"split": None, "max_tokens": 4}, ["the  cat\tsat\non the mat", "hello world its ab"]),
        ({"ngrams": (2,), "max_tokens": 4}, ["world its", "the mat"]),
        ({"standardize": lambda x: tf.strings.regex_replace(x, "[^a]", ""), "max_tokens": 4}, ["a", "aa"]),
    ],
)
def test_adapt_learns_tokens(options, vocabulary):
    layer = TextVectorization(**options)
    layer.adapt(np.array(TEXT))
    assert layer.get_vocabulary(include_special_tokens=False) == vocabulary
    again = TextVectorization(**options)
    again.adapt(tf.data.Dataset.from_tensor_slices(TEXT).batch(3))
    assert again.get_vocabulary() == layer.get_vocabulary()


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({"output_sequence_length": 2}, [[2, 1], [3, 0]]),
        ({"output_sequence_length": 4}, [[2, 1, 2, 0], [3, 0, 0, 0]]),
        ({"output_mode": "multi_hot"}, [[1, 1, 0], [0, 0, 1]]),
        ({"output_mode": "count"}, [[1, 2, 0], [0, 0, 1]]),
        ({"output_mode": "count", "pad_to_max_tokens": True, "max_tokens": 5}, [[1, 2, 0, 0, 0], [0, 0, 1, 0, 0]]),
        ({"output_mode": "tf_idf", "idf_weights": [0.5, 2.0]}, [[1.25, 1.0, 0.0], [0.0, 0.0, 2.0]]),
        ({"ngrams": 2, "output_sequence_length": 4}, [[2, 1, 2, 1], [3, 0, 0, 0]]),
    ],
)
def test_output_modes(options, want):
    layer = TextVectorization(vocabulary=["a", "b"], **options)
    assert layer(["a x a", "b"]).numpy().tolist() == want


def test_a_function_may_split():
    def halves(texts):
        return [text.split(b"|") for text in texts.numpy()]

    layer = TextVectorization(standardize=None, split=halves)
    layer.adapt(["a|b", "b|c|c"])
    assert layer.get_vocabulary(False) == ["c", "b", "a"]
    assert layer(["a|b", "c|z|c"]).numpy().tolist() == [[4, 3, 0], [2, 1, 2]]


def test_symbolic_shapes():
    text = keras.Input((1,), dtype=tf.string)
    out = TextVectorization(output_sequence_length=4)(text)
    assert (out.shape, out.dtype) == ((None, 4), "int64")
    out = TextVectorization(output_mode="count", max_tokens=9, pad_to_max_tokens=True)(keras.Input((), dtype="string"))
    assert (out.shape, out.dtype) == ((None, 9), "float32")


def test_models_are_trained_saved_and_loaded(tmp_path):
    layer = TextVectorization(max_tokens=20, output_sequence_length=4)
    layer.adapt(TEXT)
    model = keras.Sequential(
        [
            keras.Input((1,), dtype=tf.string),
            layer,
            keras.layers.Embedding(20, 3),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    model.compile("sgd", "mse")
    x = tf.constant(TEXT)[:, None]
    model.fit(x, np.ones((4, 3)), verbose=0)
    model.fit(tf.data.Dataset.from_tensor_slices((TEXT, np.ones((4, 3)))).batch(2), verbose=0)
    want = model.predict(x, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), want)
    assert loaded.layers[0].get_vocabulary() == layer.get_vocabulary()


def test_map_over_a_dataset():
    layer = TextVectorization(vocabulary=["a", "b"])
    data = tf.data.Dataset.from_tensor_slices((["a b", "b"], [0, 1])).batch(2).map(lambda x, y: (layer(x), y))
    assert next(iter(data))[0].numpy().tolist() == [[2, 3], [3, 0]]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"standardize": "upper"}, ValueError, "standardize"),
        ({"split": "lines"}, ValueError, "split"),
        ({"ngrams": [1]}, ValueError, "ngrams"),
        ({"output_mode": "vectors"}, ValueError, "output_mode"),
        ({"output_mode": "count", "output_sequence_length": 3}, ValueError, "output_sequence_length"),
        ({"pad_to_max_tokens": True}, ValueError, "max_tokens"),
    ],
)
def test_what_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        TextVectorization(**options)


def test_a_configuration_never_names_a_file():
    with pytest.raises(ValueError, match="names a vocabulary file"):
        TextVectorization.from_config({**TextVectorization().get_config(), "vocabulary": "/etc/hostname"})


def test_two_columns_of_text_cannot_be_split():
    with pytest.raises(ValueError, match="rank must be 1 or the last"):
        TextVectorization(vocabulary=["a"])(np.array([["a", "b"]]))


def test_one_hot_vectors_of_rows_of_unequal_length_are_filled_up_with_zeros():
    layer = TextVectorization(output_mode="one_hot", vocabulary=["a", "b"])
    expected = np.eye(4)[[[1, 0, 2], [2, 3, 3]]][..., :3]  # [UNK] is the first token
    np.testing.assert_array_equal(layer(["a z b", "b"]).numpy(), expected)
    assert layer(["", "  "]).shape == (2, 0, 3)


def test_ngrams_need_an_axis():
    layer = TextVectorization(split=None, ngrams=2, vocabulary=["a"])
    with pytest.raises(ValueError, match="rank>0"):
        layer("a")


def test_ragged_results_without_a_split_are_cut_and_not_padded():
    layer = TextVectorization(split=None, ragged=True, output_sequence_length=2, vocabulary=["a", "b"])
    assert layer(["a", "x", "b"]).numpy().tolist() == [2, 1] and layer([["b"]]).numpy().tolist() == [[3]]
