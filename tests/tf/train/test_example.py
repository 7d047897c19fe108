"""``tf.train.Example`` and its kin: bytes and text that the real library wrote, and behaviour of attributes and lists."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf
from kerasish.core import wire
from kerasish.core.wire import DecodeError

T = tf.train
PAIR = T.Feature(int64_list=T.Int64List(value=[1, -2]))
TEXT = """features {
  feature {
    key: "a"
    value {
      int64_list {
        value: 1
        value: 2
      }
    }
  }
  feature {
    key: "b"
    value {
      int64_list {
        value: 1
        value: -2
      }
    }
  }
}
"""


def example():
    made = T.Example()
    made.features.feature["a"].int64_list.value.extend([1, 2])
    made.features.feature["b"].CopyFrom(PAIR)
    return made


def test_bytes_are_protocol_buffers_own():
    assert PAIR.SerializeToString() == b"\x1a\r\n\x0b\x01\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
    made = example()
    made.features.feature["zz"]
    assert made.SerializeToString(deterministic=True) == (
        b"\n+\n\x0b\n\x01a\x12\x06\x1a\x04\n\x02\x01\x02\n\x14\n\x01b\x12\x0f\x1a\r\n\x0b\x01\xfe\xff\xff\xff\xff\xff\xff"
        b"\xff\xff\x01\n\x06\n\x02zz\x12\x00"
    )
    assert made.ByteSize() == 45


def test_text_is_protocol_buffers_own():
    assert str(example()) == repr(example()) == TEXT
    assert str(T.BytesList(value=[b"a\x00\xff\n\"'\\t?"])) == 'value: "a\\000\\377\\n\\"\\\'\\\\t?"\n'
    shown = str(T.FloatList(value=[1, 0.1, 1e30, float("nan"), float("-inf"), 123456789.0, 1e15, 1e-5, 1e40]))
    assert shown.split()[1::2] == ["1", "0.1", "1e+30", "nan", "-inf", "123456792", "1e+15", "1e-05", "inf"]


def test_examples_of_sequences_nest():
    made = T.SequenceExample()
    made.feature_lists.feature_list["a"].feature.add().int64_list.value.append(3)
    made.feature_lists.feature_list["a"].feature.add(int64_list=T.Int64List(value=[4]))
    assert made.SerializeToString() == b"\x12\x15\n\x13\n\x01a\x12\x0e\n\x05\x1a\x03\n\x01\x03\n\x05\x1a\x03\n\x01\x04"
    assert T.SequenceExample.FromString(made.SerializeToString()) == made


def test_presence_comes_with_the_first_change():
    feature = T.Feature()
    assert list(feature.int64_list.value) == []
    assert feature.WhichOneof("kind") is None
    feature.int64_list.SetInParent()
    assert feature.WhichOneof("kind") == "int64_list"
    assert feature.SerializeToString() == b"\x1a\x00"
    feature.bytes_list.value.append(b"x")
    assert (feature.HasField("int64_list"), feature.HasField("bytes_list")) == (False, True)
    feature.ClearField("kind")
    assert feature == T.Feature()


def test_numbers_without_packing_are_read():
    assert T.Int64List.FromString(b"\x08\x01\x0a\x02\x02\x03").value == [1, 2, 3]
    assert T.FloatList.FromString(b"\x0d\x00\x00\x80?").value == [1.0]


def test_unknown_fields_are_kept():
    assert T.Example.FromString(b"\x12\x01a").SerializeToString() == b"\x12\x01a"
    assert T.Int64List.FromString(b"\x10\x07\x08\x01").SerializeToString() == b"\n\x01\x01\x10\x07"


def test_copies_are_equal():
    made = example()
    assert copy.deepcopy(made) == made == pickle.loads(pickle.dumps(made))
    twice = T.Example()
    twice.MergeFrom(made)
    twice.MergeFrom(made)
    assert twice == made  # entries of maps are replaced
    twice.features.feature["a"].MergeFrom(PAIR)
    assert twice.features.feature["a"].int64_list.value == [1, 2, 1, -2]


def test_lists_are_lists():
    values = T.Int64List(value=range(4)).value
    values[0] = 7
    del values[1]
    values.insert(0, 9)
    assert (values, values[-1], values.pop(), values[0:1]) == ([9, 7, 2], 3, 3, [9])
    assert np.array(T.FloatList(value=[1.5]).value).dtype == np.float32


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: T.Int64List(value=[1.0]), TypeError),
        (lambda: T.Int64List(value=[True]), TypeError),
        (lambda: T.Int64List(value=5), TypeError),
        (lambda: T.Int64List(value=[2**63]), ValueError),
        (lambda: T.Int64List([1]), TypeError),
        (lambda: T.Int64List(foo=[1]), ValueError),
        (lambda: T.FloatList(value=["a"]), TypeError),
        (lambda: T.BytesList(value=["a"]), TypeError),
        (lambda: T.BytesList(value=b"abc"), TypeError),
        (lambda: T.Feature(int64_list=[1]), TypeError),
        (lambda: T.Features(feature={"a": 1}), TypeError),
        (lambda: T.Example(features=PAIR), TypeError),
        (lambda: T.Example().CopyFrom(PAIR), TypeError),
        (lambda: setattr(T.Feature(), "int64_list", T.Int64List()), AttributeError),
        (lambda: setattr(T.Feature(), "foo", 1), AttributeError),
        (lambda: T.Features().feature.__setitem__("c", PAIR), ValueError),
        (lambda: T.Feature().HasField("foo"), ValueError),
        (lambda: T.Features().HasField("feature"), ValueError),
        (lambda: hash(T.Example()), TypeError),
        (lambda: T.Example.FromString("abc"), TypeError),
    ],
)
def test_what_is_refused(make, kind):
    with pytest.raises(kind):
        make()


@pytest.mark.parametrize(
    "data", [b"abc", b"\x0a", b"\x0a\x05abc", b"\xff" * 11, b"\x0a\x02\x0a\x05", b"\x0a\x06\x0a\x04\x0a\x02\xff\xfe"]
)
def test_corrupt_bytes_are_refused(data):
    with pytest.raises(DecodeError, match="Error parsing message with type 'tensorflow.Example'"):
        T.Example.FromString(data)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=80))
def test_integers_come_back(values):
    packed = wire.write_varints(values)
    assert packed == b"".join(map(wire.write_varint, values))
    assert wire.varints(packed, 0, len(packed)).tolist() == values


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_message_or_an_error(data):
    try:
        found = T.SequenceExample.FromString(data)
    except DecodeError:
        return
    assert T.SequenceExample.FromString(found.SerializeToString()) == found
