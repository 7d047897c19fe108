"""``experimental_enable_numpy_behavior``: what it changes in tensors, put there when it is called and not before."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import BINARY_OPERATORS, COMPARISONS, Tensor
from kerasish.core.variable import Variable
from kerasish.tf.experimental.numpy import arrays, conversion, products, reductions
from kerasish.tf.experimental.numpy.conversion import cast, promoted, public, raw_array
from kerasish.tf.scopes import get_logger
from kerasish.tf.weak import Changes, Promotion, WeakTensor

_OPERANDS = (bool, int, float, complex, np.ndarray, np.generic, list, tuple, torch.Tensor, Tensor, Variable)
_MODES = ("off", "legacy", "safe", "all")


def experimental_enable_numpy_behavior(prefer_float32: bool = False, dtype_conversion_mode: str = "legacy") -> None:
    """Give tensors promotion, NumPy's indexing and some of its methods, for the rest of the program.

    Operators then promote the dtypes of their operands, ``x[[1, 0]]`` and ``x[x > 0]`` index as in NumPy, and tensors have
    ``T``, ``astype``, ``clip``, ``data``, ``flatten``, ``max``, ``mean``, ``min``, ``ravel``, ``reshape``, ``size``,
    ``tolist`` and ``transpose``. May be called again, for another mode.

    Args:
        prefer_float32: floats of no dtype of their own are float32.
        dtype_conversion_mode: "legacy" promotes as NumPy does, "off" not at all; "all" by kinds of dtypes, where what
            nobody gave a dtype is a weak tensor; "safe" as "all", but refuses what may lose precision.

    Raises:
        ValueError: an unknown mode.
    """
    if dtype_conversion_mode not in _MODES:
        raise ValueError(
            f"The provided promotion mode {dtype_conversion_mode} does not exist. Make sure the provided dtype conversion "
            "mode is one of the followings: 'off', 'legacy', 'safe' or 'all'."
        )
    _of_mode.undo()
    conversion.settings.prefer_float32, conversion.settings.kind = prefer_float32, None
    conversion.settings.promotes = dtype_conversion_mode != "off"
    for name, member in _METHODS.items():
        _of_behavior.set(Tensor, name, member)
    _of_behavior.set(Tensor, "__getitem__", _getitem)
    if dtype_conversion_mode in ("safe", "all"):
        get_logger().warning(
            "UserWarning: enabling the new type promotion must happen at the beginning of the program. Please ensure no TF "
            "APIs have been used yet."
        )
        _promote_by_kinds(_promotion(dtype_conversion_mode == "safe"))
    elif dtype_conversion_mode == "legacy":
        for cls in (Tensor, Variable):
            equality = ("eq", "ne") if cls is Tensor else ()  # variables' own: what they are compared with is converted
            for name in (*BINARY_OPERATORS, *equality, *COMPARISONS):
                for prefix in ("", "r") if name in BINARY_OPERATORS else ("",):
                    slot = f"__{prefix}{name}__"
                    _of_mode.set(cls, slot, _promoting(cls.__dict__[slot]))
            _of_mode.set(cls, "__matmul__", _matmul)
            _of_mode.set(cls, "__rmatmul__", lambda x, y: _matmul(y, x))


_of_behavior, _of_mode = Changes(), Changes()


def disable() -> None:
    """Take everything back, for tests: TensorFlow has no way to."""
    _of_mode.undo()
    _of_behavior.undo()
    conversion.settings.prefer_float32 = conversion.settings.promotes = False
    conversion.settings.kind = None


@functools.cache
def _promotion(safe: bool) -> Promotion:
    return Promotion(safe)


def _promote_by_kinds(promotion: Promotion) -> None:
    conversion.settings.kind = promotion.kind
    promotion.install(_of_mode, sys.modules["kerasish.tf"])
    for name, member in _METHODS.items():
        _of_mode.set(WeakTensor, name, _weak_method(promotion, member))


def _weak_method(promotion: Promotion, member: Any) -> Any:
    if isinstance(member, property):
        return property(_weak_method(promotion, member.fget))
    return (
        member
        if member in (_astype, _pos, _tolist, arrays.clip, arrays.size)
        else promotion.once(member, promotion.unary)
    )


def _matmul(x: Any, y: Any) -> Any:
    if not isinstance(x, _OPERANDS) or not isinstance(y, _OPERANDS):
        return NotImplemented
    return products.matmul(x, y)


# operators ------------------------------------------------------------------------------------------------------------


def _promoting(operator: Callable) -> Callable:
    """An operator that first brings both operands to their common dtype."""

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, _OPERANDS):
            return operator(self, other)
        if dispatch.is_tensor(other) and other.dtype == self.dtype or self.dtype == "string":
            return operator(self, other)
        x, y = promoted(self, other)
        return operator(dispatch.wrap(x), dispatch.wrap(y))

    return method


# methods --------------------------------------------------------------------------------------------------------------


def _reshape(a: Any, *newshape: Any, **kwargs: Any) -> Any:
    """The elements in another shape, given as one value or as several numbers."""
    return arrays.reshape(a, newshape[0] if len(newshape) == 1 else newshape, **kwargs)


@public
def _astype(x: Any, dtype: Any, name: str | None = None) -> Any:
    """In another dtype; Python's ``float`` is float32 here, as for ``tf.cast``."""
    return cast(raw_array(x), to_torch(dtype))


def _pos(self: Any) -> Any:
    return self


def _tolist(self: Any) -> list:
    return self.numpy().tolist()


_METHODS = {
    "T": property(arrays.transpose),
    "__pos__": _pos,
    "astype": _astype,
    "clip": arrays.clip,
    "data": property(_pos),
    "flatten": arrays.flatten,
    "max": reductions.amax,
    "mean": reductions.mean,
    "min": reductions.amin,
    "ravel": arrays.ravel,
    "reshape": _reshape,
    "size": property(arrays.size),
    "tolist": _tolist,
    "transpose": arrays.transpose,
}


# indexing -------------------------------------------------------------------------------------------------------------

_plain_getitem = Tensor.__getitem__


def _is_advanced(part: Any) -> bool:
    if isinstance(part, (list, tuple, np.ndarray)):
        return True
    return dispatch.is_tensor(part) and (part.dtype in ("bool", torch.bool) or part.ndim > 0)


def _advanced(part: Any) -> Any:
    if isinstance(part, (list, tuple, np.ndarray)) or dispatch.is_tensor(part):
        places = raw_array(part)
        return places if places.dtype is torch.bool else places.to(torch.int64)
    return part


def _getitem(self: Tensor, key: Any) -> Any:
    """``x[key]`` as NumPy has it: lists, arrays and tensors in the key pick elements."""
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(part, (str, bytes)) for part in parts):
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid "
            f"indices. Received: {key!r}"
        )
    if isinstance(self, dispatch._types.string) or not any(map(_is_advanced, parts)):
        return _plain_getitem(self, key)
    try:
        return dispatch.wrap(raw_array(self)[tuple(map(_advanced, parts))])
    except IndexError as error:
        raise InvalidArgumentError(f"{error} [Op:GatherV2]") from error
