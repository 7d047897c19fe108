"""``tf.train.Example`` and its kin describe themselves as google.protobuf's messages do: its formats read and write them."""

import pytest

from kerasish import tf
from kerasish.tf.type_protos import StructuredValue

LISTS = {
    "a": tf.train.Feature(int64_list=tf.train.Int64List(value=[1, -2])),
    "b": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"x\xff"])),
    "c": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, float("inf")])),
}
EXAMPLE = tf.train.Example(features=tf.train.Features(feature=LISTS))


def test_descriptors_tell_of_the_fields():
    described = tf.train.Feature.DESCRIPTOR
    assert described.full_name == "tensorflow.Feature"
    assert [(f.name, f.json_name, f.number, f.type, f.is_repeated) for f in described.fields] == [
        ("bytes_list", "bytesList", 1, 11, False),
        ("float_list", "floatList", 2, 11, False),
        ("int64_list", "int64List", 3, 11, False),
    ]
    assert described.fields_by_name["int64_list"].message_type is tf.train.Int64List.DESCRIPTOR
    assert described.fields_by_name["int64_list"].containing_oneof.name == "kind"
    assert described.oneofs_by_name["kind"].fields == described.fields
    assert tf.train.Features.DESCRIPTOR.nested_types[0].GetOptions().map_entry


def test_list_fields_gives_descriptions_by_number():
    sequence = tf.train.SequenceExample(context=tf.train.Features(feature=LISTS))
    sequence.feature_lists.SetInParent()
    assert [field.name for field, _ in sequence.ListFields()] == ["context", "feature_lists"]


def test_entries_of_maps_have_a_class():
    entry = tf.train.Features.FeatureEntry(key="k", value=LISTS["a"])
    assert str(entry).startswith('key: "k"\nvalue {\n  int64_list {\n    value: 1\n')
    assert EXAMPLE.features.feature.GetEntryClass() is tf.train.Features.FeatureEntry


def test_there_are_no_extensions():
    assert dict(EXAMPLE.Extensions) == {}
    with pytest.raises(KeyError, match=r"'x' does not extend message type 'tensorflow.Example'"):
        EXAMPLE.HasExtension("x")


def test_maps_with_integers_and_scalar_values_survive_the_wire():
    job = tf.train.JobDef(name="worker", tasks={3: "c:1", 0: "a:1"})
    assert dict(tf.train.JobDef.FromString(job.SerializeToString()).tasks) == {0: "a:1", 3: "c:1"}
    assert str(job) == ('name: "worker"\ntasks {\n  key: 0\n  value: "a:1"\n}\ntasks {\n  key: 3\n  value: "c:1"\n}\n')
    with pytest.raises(TypeError):
        job.tasks["x"] = "y"


def test_a_group_may_hold_a_value_that_is_a_default():
    value = StructuredValue(bool_value=False)
    assert value.HasField("bool_value")
    assert StructuredValue.FromString(value.SerializeToString()).WhichOneof("kind") == "bool_value"
    assert str(value) == "bool_value: false\n"


def test_numbers_with_names_take_both():
    value = StructuredValue(tensor_dtype_value="DT_INT64")
    assert value.tensor_dtype_value == 9
    assert str(value) == "tensor_dtype_value: DT_INT64\n"
    with pytest.raises(ValueError, match='unknown enum label "DT_NONE"'):
        value.tensor_dtype_value = "DT_NONE"


def test_json_and_text_of_protocol_buffers_package():
    json_format = pytest.importorskip("google.protobuf.json_format")
    text_format = pytest.importorskip("google.protobuf.text_format")
    as_dict = json_format.MessageToDict(EXAMPLE)
    assert as_dict["features"]["feature"]["a"] == {"int64List": {"value": ["1", "-2"]}}
    assert as_dict["features"]["feature"]["b"] == {"bytesList": {"value": ["eP8="]}}
    assert json_format.Parse(json_format.MessageToJson(EXAMPLE), tf.train.Example()) == EXAMPLE
    assert text_format.MessageToString(EXAMPLE) == str(EXAMPLE)
    assert text_format.Parse(str(EXAMPLE), tf.train.Example()) == EXAMPLE
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict({"feats": {}}, tf.train.Example())
    job = tf.train.JobDef(name="worker", tasks={3: "c:1"})
    assert text_format.Parse(text_format.MessageToString(job), tf.train.JobDef()) == job
    assert json_format.MessageToDict(StructuredValue(tensor_dtype_value=1)) == {"tensorDtypeValue": "DT_FLOAT"}


def test_unknown_fields_are_told():
    pytest.importorskip("google.protobuf")
    fields = tf.train.Example.FromString(b"\x10\x07").UnknownFields()
    assert [(field.field_number, field.data) for field in fields] == [(2, 7)]
