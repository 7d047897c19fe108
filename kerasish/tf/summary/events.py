"""The messages in TensorBoard's files, and how to read them: ``tf.compat.v1.train.summary_iterator``.

Event { wall_time, step, one of file_version, graph_def, summary … }        Summary { value: tag and one kind of value each }
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from kerasish.core.errors import NotFoundError
from kerasish.tf.io import records
from kerasish.tf.io.tensors import TensorProto
from kerasish.tf.train.messages import Field, Message


class PluginData(Message):
    """Which of TensorBoard's pages shows a value, and what that page needs."""

    __slots__ = ()
    _name = "tensorflow.SummaryMetadata.PluginData"
    _fields = {"plugin_name": Field(1, "string"), "content": Field(2, "bytes")}


class SummaryMetadata(Message):
    """What is known of the values of a tag."""

    __slots__ = ()
    _name = "tensorflow.SummaryMetadata"
    _fields = {
        "plugin_data": Field(1, PluginData),
        "display_name": Field(2, "string"),
        "summary_description": Field(3, "string"),
        "data_class": Field(4, "int64"),
    }
    PluginData = PluginData


class HistogramProto(Message):
    """A histogram: the buckets' upper ends and counts."""

    __slots__ = ()
    _name = "tensorflow.HistogramProto"
    _fields = {
        "min": Field(1, "double"),
        "max": Field(2, "double"),
        "num": Field(3, "double"),
        "sum": Field(4, "double"),
        "sum_squares": Field(5, "double"),
        "bucket_limit": Field(6, "double", "repeated"),
        "bucket": Field(7, "double", "repeated"),
    }


class Image(Message):
    """An image file's bytes and sizes in pixels."""

    __slots__ = ()
    _name = "tensorflow.Summary.Image"
    _fields = {
        "height": Field(1, "int32"),
        "width": Field(2, "int32"),
        "colorspace": Field(3, "int32"),
        "encoded_image_string": Field(4, "bytes"),
    }


class Audio(Message):
    """A sound file's bytes; ``sample_rate`` in hertz."""

    __slots__ = ()
    _name = "tensorflow.Summary.Audio"
    _fields = {
        "sample_rate": Field(1, "float"),
        "num_channels": Field(2, "int64"),
        "length_frames": Field(3, "int64"),
        "encoded_audio_string": Field(4, "bytes"),
        "content_type": Field(5, "string"),
    }


class Value(Message):
    """A value of a tag."""

    __slots__ = ()
    _name = "tensorflow.Summary.Value"
    _fields = {
        "node_name": Field(7, "string"),
        "tag": Field(1, "string"),
        "metadata": Field(9, SummaryMetadata),
        "simple_value": Field(2, "float", "value"),
        "obsolete_old_style_histogram": Field(3, "bytes", "value"),
        "image": Field(4, Image, "value"),
        "histo": Field(5, HistogramProto, "value"),
        "audio": Field(6, Audio, "value"),
        "tensor": Field(8, TensorProto, "value"),
    }


class Summary(Message):
    """Values of several tags."""

    __slots__ = ()
    _name = "tensorflow.Summary"
    _fields = {"value": Field(1, Value, "repeated")}
    Value, Image, Audio = Value, Image, Audio


class Event(Message):
    """A record of TensorBoard's files; ``wall_time`` in seconds since 1970."""

    __slots__ = ()
    _name = "tensorflow.Event"
    _fields = {
        "wall_time": Field(1, "double"),
        "step": Field(2, "int64"),
        "file_version": Field(3, "string", "what"),
        "graph_def": Field(4, "bytes", "what"),
        "summary": Field(5, Summary, "what"),
        "meta_graph_def": Field(9, "bytes", "what"),
    }


def summary_iterator(path: Any) -> Iterator[Event]:
    """The events in one of TensorBoard's files.

    Raises:
        NotFoundError: there is no such file.
        DataLossError: it is damaged.
    """
    try:
        file = open(os.fspath(path), "rb")  # noqa: SIM115 - closed below
    except FileNotFoundError as error:
        raise NotFoundError(f"{os.fspath(path)}; No such file or directory") from error
    with file:
        for record in records.records(file):
            yield Event.FromString(record)
