"""Tokenizer and its like; expected numbers are tf_keras's."""

import numpy as np
import pytest

from kerasish.preprocessing import text

TEXTS = ["The cat sat on the mat.", "The dog, the log!", "Cats and dogs"]


def fitted(**options):
    tokenizer = text.Tokenizer(**options)
    tokenizer.fit_on_texts(TEXTS)
    return tokenizer


def test_words_are_numbered_by_frequency_then_order():
    tokenizer = fitted()
    assert tokenizer.word_index == {
        "the": 1, "cat": 2, "sat": 3, "on": 4, "mat": 5, "dog": 6, "log": 7, "cats": 8, "and": 9, "dogs": 10,
    }  # fmt: skip
    assert (tokenizer.word_counts["the"], tokenizer.word_docs["the"], tokenizer.document_count) == (4, 2, 3)
    assert tokenizer.texts_to_sequences(["the cat flew", ["THE", "log"]]) == [[1, 2], [1, 7]]


@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({"num_words": 3}, [[1, 2], []]),
        ({"oov_token": "?"}, [[2, 3, 1], [1]]),
        ({"num_words": 3, "oov_token": "?"}, [[2, 1, 1], [1]]),
    ],
)
def test_unknown_words(options, want):
    tokenizer = fitted(**options)
    assert tokenizer.texts_to_sequences(["the cat flew", "zz"]) == want


def test_texts_come_back():
    assert fitted(oov_token="?").sequences_to_texts([[2, 3, 99]]) == ["the cat ?"]
    assert fitted(num_words=2).sequences_to_texts([[1, 2, 99]]) == ["the"]


@pytest.mark.parametrize(
    ("mode", "want"),
    [
        ("binary", [0, 1, 1, 0]),
        ("count", [0, 2, 1, 0]),
        ("freq", [0, 2 / 3, 1 / 3, 0]),
        ("tfidf", [0, (1 + np.log(2)) * np.log(2), np.log(2.5), 0]),
    ],
)
def test_matrices(mode, want):
    np.testing.assert_allclose(fitted(num_words=4).texts_to_matrix(["the the cat"], mode)[0], want, rtol=1e-12)


def test_characters_are_words():
    tokenizer = fitted(char_level=True)
    assert tokenizer.texts_to_sequences(["tea"]) == [[tokenizer.word_index[c] for c in "tea"]]


def test_json_round_trip():
    tokenizer = fitted(num_words=5, oov_token="?")
    again = text.tokenizer_from_json(tokenizer.to_json())
    assert again.get_config() == tokenizer.get_config()
    assert again.texts_to_sequences(TEXTS) == tokenizer.texts_to_sequences(TEXTS)


def test_sequences_are_counted():
    tokenizer = text.Tokenizer(num_words=4)
    tokenizer.fit_on_sequences([[1, 2, 2], [2]])
    assert tokenizer.sequences_to_matrix([[2, 2]], "tfidf")[0, 2] == pytest.approx((1 + np.log(2)) * np.log(1 + 2 / 3))


def test_hashes():
    assert text.hashing_trick("a b", 10, len, split=" ") == [2, 2]
    assert text.one_hot("a b a", 50) == [hash(w) % 49 + 1 for w in "aba"]


def test_words_of_a_text():
    assert text.text_to_word_sequence("Hello, World\tAgain") == ["hello", "world", "again"]
    assert text.text_to_word_sequence("A-b|C", filters="-", lower=False, split="|") == ["A", "b", "C"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: text.Tokenizer(bogus=1), TypeError, "Unrecognized"),
        (lambda: text.Tokenizer().texts_to_matrix(["a"]), ValueError, "Specify a dimension"),
        (lambda: text.Tokenizer(num_words=3).texts_to_matrix(["a"], "tfidf"), ValueError, "Fit the Tokenizer"),
        (lambda: fitted().texts_to_matrix(["a"], "cubic"), ValueError, "Unknown vectorization mode"),
    ],
)
def test_what_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_an_old_name_is_taken():
    with pytest.warns(UserWarning, match="renamed"):
        assert text.Tokenizer(nb_words=3).num_words == 3
