"""``tf.compat``: text and bytes, kinds of Python numbers, and names of TensorFlow 1 that still mean something.

``tf.compat.v2`` is ``tf`` itself.
"""

from __future__ import annotations

import contextlib
import importlib
import numbers
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasish.core.dimensions import Dimension
from kerasish.core.errors import missing_name

bytes_or_text_types = (bytes, str)
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """Text as bytes.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Bytes as text.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text).decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """Bytes as text, and anything else as ``str`` writes it."""
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """A path object as text; anything else as it is."""
    return os.fspath(path) if hasattr(path, "__fspath__") else path


def dimension_value(dimension: Any) -> Any:
    """A dimension of a shape as an integer or None."""
    return dimension.value if isinstance(dimension, Dimension) else dimension


def dimension_at_index(shape: Any, index: int) -> Dimension:
    """A dimension of a shape; unknown if its rank is."""
    return Dimension(None if shape.rank is None else shape[index])


_horizon = [(2026, 1, 16)]  # TensorFlow 2.21's; graphs are promised to be read for three weeks


@contextlib.contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """A block for which graphs need only be read by versions of TensorFlow newer than a date."""
    _horizon.append((year, month, day))
    try:
        yield
    finally:
        _horizon.pop()


def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether graphs need not be read by versions of TensorFlow older than a date."""
    return _horizon[-1] > (year, month, day)


from kerasish.tf.compat import v1 as v1  # noqa: E402 - it shows names of this file


def __getattr__(name: str) -> Any:
    if name == "v2":
        return importlib.import_module("kerasish.tf")  # which imports this file
    raise missing_name(__name__, name, globals())
