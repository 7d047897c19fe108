"""How TensorFlow writes the contents of tensors: ``tf.print``, ``tf.strings.format``."""

from __future__ import annotations

import copy
import pprint
import sys
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.dtypes import DType
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor
from kerasish.core.storage import to_numpy

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "'": "\\'", "\\": "\\\\"}


def _float(value: float, digits: int) -> str:
    """The shortest of the two usual forms that reads back as the same number."""
    short = f"{value:.{digits}g}"
    kind = np.float64 if digits == 15 else np.float32
    return short if kind(short) == kind(value) or value != value else f"{value:.{digits + (2 if digits == 15 else 3)}g}"


def _element(value: Any) -> str:
    if isinstance(value, bytes):
        return '"' + "".join(_ESCAPES.get(c, c) for c in value.decode("utf-8", "replace")) + '"'
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, np.float64):
        return _float(float(value), 15)
    if isinstance(value, np.floating) or type(value).__name__ == "bfloat16":
        return _float(float(value), 6)
    return str(value)


def summary(array: np.ndarray, count: int) -> str:
    """An array's elements; of an axis longer than 2 · count only so many first and last ones (all if it is -1)."""
    if array.ndim == 0:
        return _element(array[()])
    return _rows(array, count, 1)


def _rows(array: np.ndarray, count: int, depth: int) -> str:
    n = len(array)
    cut = 0 <= count < n / 2
    shown = [*array[:count], *array[n - count :]] if cut else list(array)
    if array.ndim == 1:
        parts, between = [_element(value) for value in shown], " "
    else:
        parts, between = [_rows(row, count, depth + 1) for row in shown], "\n" * (array.ndim - 1) + " " * depth
    if cut:
        parts.insert(count, "...")
    return f"[{between.join(parts)}]"


def _ragged_rows(value: Any, count: int) -> str:
    """A ragged tensor's rows, or a row's elements, separated by commas, shortened alike."""
    if not isinstance(value, RaggedTensor) and not value.shape.rank:
        content = value.numpy()
        if isinstance(content, bytes):
            return "'" + content.decode("utf-8", "replace") + "'"
        if isinstance(content, np.bool_):
            return "true" if content else "false"
        return f"{content:.6f}" if isinstance(content, np.floating) else _element(content).replace('"', "'")
    rows = list(value)
    cut = count >= 0 and len(rows) > 2 * count
    shown = [*rows[:count], *rows[len(rows) - count :]] if cut else rows
    parts = [_ragged_rows(row, count) for row in shown]
    if cut:
        parts.insert(count, "...")
    return f"[{', '.join(parts)}]"


def array_of(value: Any) -> np.ndarray:
    """The contents of a tensor or variable."""
    t = dispatch.raw(value)
    return to_numpy(t) if isinstance(t, torch.Tensor) else t


def _has_contents(value: Any) -> bool:
    return dispatch.is_tensor(value) and not dispatch.is_symbolic(value)


def waits(what: str) -> bool:
    """Whether only shapes are being worked out: what needs values is for runs, and not part of an exported program."""
    if local.left_out is not None:
        local.left_out.append(what)
    return local.tracing


def text(value: Any, count: int) -> str:
    """A value as ``tf.print`` writes it: tensors by their contents, also inside of lists, tuples and dictionaries."""
    if _has_contents(value):
        return summary(array_of(value), count)
    if isinstance(value, RaggedTensor):
        return _ragged_rows(value, count)
    if isinstance(value, SparseTensor):
        parts = (("indices", value.indices), ("values", value.values), ("shape", value.dense_shape))
        return f"'SparseTensor({', '.join(f'{name}={text(part, count)}' for name, part in parts)})'"
    if not _is_nested(value):
        return repr(value)
    places: list[_Place] = []
    written = pprint.pformat(_with_places(value, places))
    for place in places:
        written = written.replace(repr(place), text(place.value, count))
    return written


def _is_nested(value: Any) -> bool:
    return isinstance(value, (dict, list, tuple)) and not hasattr(value, "rank")  # a TensorShape is written as such


class _Place:
    """Where a tensor is written in a structure; as wide as what stands for it where TensorFlow breaks the lines."""

    def __init__(self, value: Any, number: int) -> None:
        self.value = value
        width = len("'SparseTensor(indices={}, values={}, shape={})'" if isinstance(value, SparseTensor) else "'{}'")
        self._mark = f"{chr(0xE000)}{number:x}".ljust(width, chr(0xE001))

    def __repr__(self) -> str:
        return self._mark


def _with_places(value: Any, places: list[_Place]) -> Any:
    """A structure with places instead of its tensors."""
    if _has_contents(value) or isinstance(value, (RaggedTensor, SparseTensor)):
        places.append(_Place(value, len(places)))
        return places[-1]
    if isinstance(value, dict):
        made = copy.copy(value)
        for key, item in value.items():
            made[key] = _with_places(item, places)
        return made
    if not _is_nested(value):
        return value
    items = [_with_places(item, places) for item in value]
    return type(value)(*items) if hasattr(value, "_fields") else items if isinstance(value, list) else tuple(items)


def print(*inputs: Any, **kwargs: Any) -> None:
    """Write values, tensors by their contents, to the standard error stream.

    While only the shapes of a layer's ``call()`` are being worked out nothing is written; nor by exported programs.

    Args:
        output_stream: another stream, or ``"file:///path"`` to append to a file.
        summarize: so many first and last elements of each axis are written (3); -1: all.
        sep: between the values; default: a blank.
        end: after the last; default: a new line.
        name: of the operation in a graph; without effect.

    Raises:
        ValueError: an unknown argument, or something that cannot be written to.
    """
    stream = kwargs.pop("output_stream", sys.stderr)
    count, separator, end = kwargs.pop("summarize", 3), kwargs.pop("sep", " "), kwargs.pop("end", "\n")
    kwargs.pop("name", None)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    if waits("What tf.print writes"):
        return
    count = 3 if count is None else count

    def one(value: Any) -> str:
        return value if isinstance(value, str) and not isinstance(value, DType) else text(value, count)

    alone = len(inputs) == 1 and _has_contents(inputs[0]) and array_of(inputs[0]).dtype == object
    if alone and array_of(inputs[0]).ndim == 0:
        written = array_of(inputs[0]).item().decode("utf-8", "replace")
    else:
        written = separator.join(map(one, inputs))
    _write(written + end, stream)


def _write(written: str, stream: Any) -> None:
    if isinstance(stream, str) and stream.startswith("file://"):
        with open(stream.removeprefix("file://"), "a", encoding="utf-8") as file:
            file.write(written)
    elif hasattr(stream, "write"):
        stream.write(written)
        stream.flush()
    elif callable(stream):  # a logging function: tf.compat.v1.logging.info
        stream(written.removesuffix("\n"))
    else:
        raise ValueError(f"Unknown output stream: {stream!r}; a stream, 'file://...' or a logging function is needed")
