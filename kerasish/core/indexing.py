"""Indexing by TensorFlow's rules, on raw tensors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError


def index_raw(t: torch.Tensor, key: Any) -> torch.Tensor:
    """TensorFlow's indexing on a raw tensor.

    Raises:
        TypeError: an index of another kind.
        InvalidArgumentError: an index out of bounds, or too many.
    """
    if type(key) is int or (_all_plain(key) if type(key) is tuple else _is_plain(key)):
        try:
            return t[key]
        except (IndexError, ValueError, RuntimeError):
            return _any_index(t, key)  # which says in TensorFlow's words what is wrong
    return _any_index(t, key)


def _any_index(t: torch.Tensor, key: Any) -> torch.Tensor:
    if isinstance(key, list):
        key = tuple(key)
    mask = dispatch.raw(key) if dispatch.is_tensor(key) or isinstance(key, np.ndarray) else None
    if mask is not None and mask.dtype is torch.bool:
        return t[mask]
    keys = key if isinstance(key, tuple) else (key,)
    plain = [_plain_index(k) for k in keys]
    if sum(1 for k in plain if k is Ellipsis) > 1:
        raise InvalidArgumentError("Multiple ellipses in slice spec not allowed [Op:StridedSlice]")
    used = sum(1 for k in plain if k is not None and k is not Ellipsis)
    if used > t.ndim == 0:
        raise InvalidArgumentError("Attempting to slice scalar input. [Op:StridedSlice]")
    if used > t.ndim:
        raise InvalidArgumentError(
            f"Index out of range using input dim {t.ndim}; input has only {t.ndim} dims [Op:StridedSlice]"
        )
    axis, backwards = 0, []
    for position, k in enumerate(plain):
        if k is Ellipsis:
            axis += t.ndim - used
        elif isinstance(k, int):
            if not -t.shape[axis] <= k < t.shape[axis]:
                raise InvalidArgumentError(f"slice index {k} of dimension {axis} out of bounds. [Op:StridedSlice]")
            axis += 1
        elif k is not None:
            if k.step is not None and k.step < 0:  # torch has no negative steps: flip, then step forwards
                size = t.shape[axis]
                start, stop, step = k.indices(size)
                plain[position] = slice(size - 1 - start, max(size - 1 - stop, size - 1 - start), -step)
                backwards.append(axis)
            axis += 1
    if backwards:
        t = t.flip(backwards)
    return t[tuple(plain)]


_BOUNDS = (int, type(None))


def _is_plain(key: Any) -> bool:
    """Whether torch takes an index as TensorFlow does, if it takes it at all."""
    if type(key) is slice:
        step = key.step
        if type(key.start) not in _BOUNDS or type(key.stop) not in _BOUNDS:
            return False
        return step is None or (type(step) is int and step > 0)
    return key is None or key is Ellipsis


def _all_plain(keys: tuple) -> bool:
    """The same of several, of which torch would take a second ``...`` as well."""
    ellipses = 0
    for key in keys:
        if key is Ellipsis:
            ellipses += 1
        elif type(key) is not int and not _is_plain(key):
            return False
    return ellipses < 2


def _plain_index(key: Any) -> Any:
    if key is None or key is Ellipsis:
        return key
    if isinstance(key, slice):
        start, stop, step = (None if v is None else _plain_integer(v) for v in (key.start, key.stop, key.step))
        if step == 0:
            raise InvalidArgumentError("strides[0] must be non-zero [Op:StridedSlice]")
        return slice(start, stop, step)
    return _plain_integer(key)


def _plain_integer(key: Any) -> int:
    if isinstance(key, bool):
        raise DTypeMismatchError(f"A boolean is no index: x[{key}]. Masks are for tf.boolean_mask. [Op:StridedSlice]")
    if isinstance(key, (float, str)) or (isinstance(key, np.ndarray) and key.ndim):
        raise _index_error(key)
    try:
        return operator.index(key)
    except TypeError:
        raise _index_error(key) from None


def _index_error(key: Any) -> TypeError:
    return TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are "
        f"valid indices, got {key!r}"
    )
