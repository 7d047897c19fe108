"""Fields of messages as tensors: with the results of TensorFlow 2.21 for the same messages."""

import numpy as np
import pytest

from kerasish import tf
from kerasish.core.errors import DataLossError, InvalidArgumentError, NotFoundError


@pytest.fixture(scope="module")
def source():
    pb = pytest.importorskip("google.protobuf.descriptor_pb2")
    types, files = pb.FieldDescriptorProto, pb.FileDescriptorSet()
    file = files.file.add(name="t.proto", package="t", syntax="proto3")
    message = file.message_type.add(name="M")
    kinds = [("i32", "INT32", 1), ("i64s", "INT64", 3), ("f", "FLOAT", 1), ("d", "DOUBLE", 3), ("s", "STRING", 1),
             ("bs", "BYTES", 3), ("b", "BOOL", 1), ("u32", "UINT32", 1), ("fx", "FIXED64", 1),
             ("z", "SINT32", 1)]  # fmt: skip
    for i, (name, kind, label) in enumerate(kinds):
        message.field.add(name=name, number=i + 1, type=getattr(types, f"TYPE_{kind}"), label=label)
    message.field.add(name="sub", number=20, type=types.TYPE_MESSAGE, label=3, type_name=".t.M")
    enum = file.enum_type.add(name="E")
    enum.value.add(name="A", number=0)
    message.field.add(name="e", number=21, type=types.TYPE_ENUM, label=1, type_name=".t.E")
    return b"bytes://" + files.SerializeToString()


FULL = (
    b'\x08\x05\x12\x03\x01\x02\x03\x1d\x00\x00\x00?"\x08\x00\x00\x00\x00\x00\x00\xf8?*\x03h\xc3\xa92\x01x2\x008\x01@\x07I'
    b"\x09\x00\x00\x00\x00\x00\x00\x00P\x07\xa2\x01\x02\x08\x03\xa8\x01\x01"
)
SHORT = b"\x12\x01\x09"


def test_fields_of_several_messages(source):
    names = ["i32", "i64s", "f", "d", "s", "bs", "b", "u32", "fx", "z", "sub", "e"]
    kinds = [tf.int32, tf.int64, tf.float32, tf.float64, tf.string, tf.string, tf.bool, tf.uint32, tf.uint64, tf.int32,
             tf.string, tf.int32]  # fmt: skip
    sizes, values = tf.io.decode_proto([FULL, SHORT], "t.M", names, kinds, source)
    assert sizes.numpy().tolist() == [[1, 3, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1], [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]
    assert [value.numpy().tolist() for value in values] == [
        [[5], [0]], [[1, 2, 3], [9, 0, 0]], [[0.5], [0.0]], [[1.5], [0.0]], [["hé".encode()], [b""]],
        [[b"x", b""], [b"", b""]], [[True], [False]], [[7], [0]], [[9], [0]], [[-4], [0]], [[b"\x08\x03"], [b""]],
        [[1], [0]],
    ]  # fmt: skip
    assert [value.dtype for value in values] == kinds


@pytest.mark.parametrize("messages", [SHORT, [[SHORT], [FULL]]])
def test_results_have_the_shape_of_the_messages(source, messages):
    sizes, (values,) = tf.io.decode_proto(messages, "t.M", ["i64s"], [tf.int64], source)
    shape = np.shape(np.array(messages, dtype=object))
    assert sizes.shape == (*shape, 1)
    assert values.shape[:-1] == shape


def test_a_file_of_descriptors_serves_as_well(source, tmp_path):
    (tmp_path / "d").write_bytes(source[len("bytes://") :])
    assert tf.io.decode_proto(FULL, "t.M", ["i32"], [tf.int64], str(tmp_path / "d")).values[0].numpy().tolist() == [5]
    with pytest.raises(NotFoundError):
        tf.io.decode_proto(FULL, "t.M", ["i32"], [tf.int64], str(tmp_path / "e"))


def test_text_format(source):
    made = tf.io.decode_proto(['i32: 4 s: "q"'], "t.M", ["s"], [tf.string], source, message_format="text")
    assert made.values[0].numpy().tolist() == [[b"q"]]
    with pytest.raises(DataLossError, match="text"):
        tf.io.decode_proto(["i32: x"], "t.M", ["s"], [tf.string], source, message_format="text")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("t.M", ["nope"], [tf.int64]), "Unknown field: nope in message type t.M"),
        (("t.N", ["i32"], [tf.int32]), "No descriptor found for message type t.N"),
        (("t.M", ["i32"], [tf.string]), "Unexpected output type"),
        (("t.M", ["u32"], [tf.int64]), "Unexpected output type"),
        (("t.M", ["i32", "s"], [tf.int32]), "must be the same length"),
    ],
)
def test_what_does_not_fit_is_refused(source, arguments, words):
    with pytest.raises(InvalidArgumentError, match=words):
        tf.io.decode_proto([FULL], *arguments, source)


def test_damaged_messages_are_told(source):
    with pytest.raises(DataLossError, match="Unable to parse binary protobuf"):
        tf.io.decode_proto([b"\xff"], "t.M", ["i32"], [tf.int32], source)


@pytest.mark.parametrize(
    ("sizes", "values", "names", "expected"),
    [
        ([[1, 2], [0, 1]], [tf.constant([[5], [6]]), tf.constant([[1, 2], [3, 4]], tf.int64)], ["i32", "i64s"],
         [b"\x08\x05\x12\x02\x01\x02", b"\x12\x01\x03"]),
        ([[2]], [tf.constant([[5, 4]])], ["i32"], [b"\x08\x05\x08\x04"]),
        ([[1]], [[[b"\x08\x03"]]], ["sub"], [b"\xa2\x01\x02\x08\x03"]),
        ([[1, 1]], [[["hi"]], [[0.5]]], ["s", "f"], [b"\x1d\x00\x00\x00?*\x02hi"]),
        ([[1]], [tf.constant([[-3]])], ["z"], [b"P\x05"]),
    ],
)  # fmt: skip
def test_fields_become_messages(source, sizes, values, names, expected):
    assert tf.io.encode_proto(sizes, values, names, "t.M", source).numpy().tolist() == expected


def test_what_cannot_be_written_is_refused(source):
    with pytest.raises(InvalidArgumentError, match="must not be larger than value tensor; but saw: 3 > 2"):
        tf.io.encode_proto([[3]], [tf.constant([[1, 2]], tf.int64)], ["i64s"], "t.M", source)
    with pytest.raises(InvalidArgumentError, match="should be at least a matrix"):
        tf.io.encode_proto([1], [tf.constant([1], tf.int64)], ["i64s"], "t.M", source)


def test_tensorflows_own_messages_need_no_package():
    message = tf.train.Int64List(value=[4, 5]).SerializeToString()
    sizes, (values,) = tf.io.decode_proto([message, b""], "tensorflow.Int64List", ["value"], [tf.int64])
    assert sizes.numpy().tolist() == [[2], [0]]
    assert values.numpy().tolist() == [[4, 5], [0, 0]]
