"""The messages that training data is kept in: ``tf.train.Example`` and ``tf.train.SequenceExample``.

Example { features: Features }        Features { feature: name → Feature }
Feature { bytes_list | float_list | int64_list, each with values }
SequenceExample { context: Features, feature_lists: FeatureLists { feature_list: name → FeatureList } }
"""

from __future__ import annotations

from kerasish.tf.train.messages import Field, Message


class BytesList(Message):
    """Byte strings: ``value``."""

    __slots__ = ()
    _name = "tensorflow.BytesList"
    _fields = {"value": Field(1, "bytes", "repeated")}


class FloatList(Message):
    """float32 numbers: ``value``."""

    __slots__ = ()
    _name = "tensorflow.FloatList"
    _fields = {"value": Field(1, "float", "repeated")}


class Int64List(Message):
    """Integers: ``value``."""

    __slots__ = ()
    _name = "tensorflow.Int64List"
    _fields = {"value": Field(1, "int64", "repeated")}


class Feature(Message):
    """One of ``bytes_list``, ``float_list`` and ``int64_list``."""

    __slots__ = ()
    _name = "tensorflow.Feature"
    _fields = {
        "bytes_list": Field(1, BytesList, "kind"),
        "float_list": Field(2, FloatList, "kind"),
        "int64_list": Field(3, Int64List, "kind"),
    }


class Features(Message):
    """``feature``: from names to features."""

    __slots__ = ()
    _name = "tensorflow.Features"
    _fields = {"feature": Field(1, Feature, "map")}


class FeatureList(Message):
    """``feature``: the features of the steps of a sequence."""

    __slots__ = ()
    _name = "tensorflow.FeatureList"
    _fields = {"feature": Field(1, Feature, "repeated")}


class FeatureLists(Message):
    """``feature_list``: from names to the features of steps."""

    __slots__ = ()
    _name = "tensorflow.FeatureLists"
    _fields = {"feature_list": Field(1, FeatureList, "map")}


class Example(Message):
    """A sample of training data: ``features``."""

    __slots__ = ()
    _name = "tensorflow.Example"
    _fields = {"features": Field(1, Features)}


class SequenceExample(Message):
    """A sequence: ``context`` is what holds for all of it, ``feature_lists`` what each step has."""

    __slots__ = ()
    _name = "tensorflow.SequenceExample"
    _fields = {"context": Field(1, Features), "feature_lists": Field(2, FeatureLists)}
