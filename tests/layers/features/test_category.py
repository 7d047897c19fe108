"""CategoryEncoding, Hashing and HashedCrossing. The hashes are numbers that TensorFlow gave."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, tf


@pytest.mark.parametrize(
    ("mode", "inputs", "want"),
    [
        ("multi_hot", [[0, 1], [0, 0], [1, 3]], [[1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1]]),
        ("count", [[0, 1], [0, 0], [1, 3]], [[1, 1, 0, 0], [2, 0, 0, 0], [0, 1, 0, 1]]),
        ("count", [2, 2, 9], [0, 0, 2, 0]),
        ("one_hot", [3, 0], [[0, 0, 0, 1], [1, 0, 0, 0]]),
        ("one_hot", [[3], [-1]], [[0, 0, 0, 1], [0, 0, 0, 0]]),
        ("binary", 2, [0, 0, 1, 0]),
        ("multi_hot", np.array([[[0, 1], [2, 3]]]), [[[1, 0, 1, 0], [0, 1, 0, 1]]]),
    ],
)
def test_category_encoding_encodes(mode, inputs, want):
    out = layers.CategoryEncoding(num_tokens=4, output_mode=mode)(inputs)
    assert out.dtype == "float32"
    if np.ndim(inputs) == 3:
        want = np.eye(4)[inputs].max(1)
    np.testing.assert_array_equal(out.numpy(), want)


def test_category_encoding_weighs_counts():
    layer = layers.CategoryEncoding(max_tokens=4, output_mode="count")
    out = layer([[0, 1, 1], [2, 0, 5]], count_weights=[[0.5, 1.0, 2.0], [4.0, 0.25, 9.0]])
    np.testing.assert_array_equal(out.numpy(), [[0.5, 3.0, 0, 0], [0.25, 0, 4.0, 0]])


def test_sparse_counts_have_a_value_for_what_occurs_even_if_its_weights_add_up_to_zero():
    layer = layers.CategoryEncoding(5, output_mode="count", sparse=True)
    out = layer([[1, 2, 2], [0, 0, 3]], count_weights=[[0.0, 1.0, -1.0], [0.0, 0.0, 2.0]])
    assert out.indices.numpy().tolist() == [[0, 1], [0, 2], [1, 0], [1, 3]]
    assert out.values.numpy().tolist() == [0, 0, 0, 2]


def test_category_encoding_in_a_mixed_policy_keeps_the_variables_dtype():
    assert layers.CategoryEncoding(4, dtype="mixed_float16")([1]).dtype == "float32"


@pytest.mark.parametrize(
    ("salt", "want"), [(None, [1, 0, 1, 1, 2]), (133, [0, 0, 2, 1, 0]), ([133, 137], [1, 2, 1, 0, 2])]
)
def test_hashing_has_tensorflows_bins(salt, want):
    assert layers.Hashing(num_bins=3, salt=salt)([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().ravel().tolist() == want


def test_hashing_masks_and_encodes():
    layer = layers.Hashing(num_bins=3, mask_value="", output_mode="multi_hot")
    out = layer(tf.constant([["A", ""], ["B", "B"]]))
    assert out.dtype == "float32"
    np.testing.assert_array_equal(out.numpy(), [[1, 1, 0], [0, 1, 0]])


def test_hashed_crossing_has_tensorflows_bins():
    layer = layers.HashedCrossing(num_bins=5)
    feature = ["A", "B", "A", "B", "A"]
    assert layer((feature, [101, 101, 101, 102, 102])).numpy().tolist() == [1, 4, 1, 1, 3]
    codes = layers.HashedCrossing(num_bins=5, output_mode="one_hot")(
        (np.array(feature)[:, None], np.arange(5)[:, None])
    )
    assert codes.shape == (5, 5)
    assert codes.numpy().sum(1).tolist() == [1.0] * 5


def test_symbolic_shapes_and_dtypes():
    text = keras.Input((1,), dtype="string")
    crossed = layers.HashedCrossing(num_bins=5)([text, keras.Input((1,), dtype="int64")])
    assert (crossed.shape, crossed.dtype) == ((None, 1), "int64")
    hashed = layers.Hashing(4, output_mode="one_hot")(text)
    assert (hashed.shape, hashed.dtype) == ((None, 4), "float32")


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.CategoryEncoding(), ValueError, "num_tokens must be set"),
        (lambda: layers.CategoryEncoding(0), ValueError, "must be >= 1"),
        (lambda: layers.CategoryEncoding(3, output_mode="int"), ValueError, "output_mode"),
        (lambda: layers.CategoryEncoding(3)([[-1]]), tf.errors.InvalidArgumentError, "non-negative"),
        (lambda: layers.CategoryEncoding(3)([1], count_weights=[1.0]), ValueError, "count_weights"),
        (lambda: layers.Hashing(0), ValueError, "num_bins"),
        (lambda: layers.Hashing(3, salt="x"), ValueError, "salt"),
        (lambda: layers.Hashing(3, dtype="float32"), ValueError, "dtype"),
        (lambda: layers.HashedCrossing(3)(["a"]), ValueError, "at least two"),
        (lambda: layers.HashedCrossing(3)([["a"], [1.5]]), ValueError, "integer or string"),
        (lambda: layers.HashedCrossing(3)([["a"], [1, 2]]), ValueError, "equal shape"),
    ],
)
def test_what_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()
