"""Features of messages that are damaged. What TensorFlow makes of good ones is in ../recorded/examples.txt."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf
from kerasish.tf.errors import InvalidArgumentError

T, io = tf.train, tf.io
GOOD = T.Example(
    features=T.Features(
        feature={
            "i": T.Feature(int64_list=T.Int64List(value=[1, -5])),
            "b": T.Feature(bytes_list=T.BytesList(value=[b"x"])),
        }
    )
).SerializeToString()
ASKED = {"i": io.FixedLenFeature([2], tf.int64, [0, 0]), "b": io.VarLenFeature(tf.string)}


@settings(deadline=None, max_examples=30)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_damaged_messages_give_features_or_an_error(place, byte):
    data = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    try:
        found = io.parse_single_example(data, ASKED)
    except InvalidArgumentError:
        return
    assert found["i"].shape == (2,)


def test_numbers_that_are_not_packed_are_read():
    feature = b"\x1a\x04\x08\x07\x08\x09"  # int64_list { value: 7 value: 9 }, one by one
    entry = b"\x0a\x01i\x12" + bytes([len(feature)]) + feature
    message = b"\x0a" + bytes([len(entry) + 2]) + b"\x0a" + bytes([len(entry)]) + entry
    assert io.parse_single_example(message, {"i": ASKED["i"]})["i"].numpy().tolist() == [7, 9]


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ({"i": io.FixedLenFeature([2], tf.int64), "r": io.RaggedFeature(tf.int64, "i")}, "Dense and ragged"),
        ({"i": io.VarLenFeature(tf.int64), "r": io.RaggedFeature(tf.int64, "i")}, "Ragged and sparse"),
        ({"i": io.FixedLenFeature([2], tf.int64), "s": io.SparseFeature("i", "b", tf.string, 3)}, "Dense and sparse"),
    ],
)
def test_kinds_do_not_share_a_feature_of_the_message(features, words):
    with pytest.raises(ValueError, match=f"{words} keys must not intersect"):
        io.parse_single_example(GOOD, features)
