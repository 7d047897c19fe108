"""``experimental_enable_numpy_behavior``: what it changes in tensors, put there when it is called and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import InvalidArgumentError, NotServedError
from kerasish.core.tensor import BINARY_OPERATORS, COMPARISONS, Tensor
from kerasish.core.variable import Variable
from kerasish.tf.experimental.numpy import arrays, conversion, reductions
from kerasish.tf.experimental.numpy.conversion import cast, promoted, public, raw_array

_MODES = ("off", "legacy", "safe", "all")


def experimental_enable_numpy_behavior(prefer_float32: bool = False, dtype_conversion_mode: str = "legacy") -> None:
    """Give tensors NumPy's promotion, indexing and some of its methods, for the rest of the program.

    Operators then promote the dtypes of their operands, ``x[[1, 0]]`` and ``x[x > 0]`` index as in NumPy, and tensors have
    ``T``, ``astype``, ``clip``, ``data``, ``flatten``, ``max``, ``mean``, ``min``, ``ravel``, ``reshape``, ``size``,
    ``tolist`` and ``transpose``.

    Args:
        prefer_float32: floats of no dtype of their own are float32.
        dtype_conversion_mode: "legacy", or "off" for no promotion.

    Raises:
        ValueError: an unknown mode.
        NotServedError: the modes "safe" and "all".
    """
    if dtype_conversion_mode not in _MODES:
        raise ValueError(f"There is no promotion mode {dtype_conversion_mode!r}. The modes are {', '.join(_MODES)}.")
    if dtype_conversion_mode in ("safe", "all"):
        raise NotServedError(
            f"dtype_conversion_mode={dtype_conversion_mode!r} is not served by kerasish: it needs weak tensors. "
            "'legacy' promotes as NumPy does."
        )
    conversion.prefer_float32(prefer_float32)
    for name, member in _METHODS.items():
        setattr(Tensor, name, member)
    Tensor.__getitem__ = _getitem
    for cls in (Tensor, Variable) if dtype_conversion_mode == "legacy" else ():
        for name in (*BINARY_OPERATORS, "eq", "ne", *COMPARISONS):
            for prefix in ("", "r") if name in BINARY_OPERATORS else ("",):
                slot = f"__{prefix}{name}__"
                if slot in cls.__dict__:
                    setattr(cls, slot, _promoting(cls.__dict__[slot]))


# operators ------------------------------------------------------------------------------------------------------------


def _promoting(operator: Callable) -> Callable:
    """An operator that first brings both operands to their common dtype."""

    def method(self: Any, other: Any) -> Any:
        if not isinstance(
            other, (bool, int, float, complex, np.ndarray, np.generic, list, tuple, torch.Tensor, Tensor, Variable)
        ):
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
    "tolist": lambda self: self.numpy().tolist(),
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
    if isinstance(self, dispatch._types.string) or not any(map(_is_advanced, parts)):
        return _plain_getitem(self, key)
    try:
        return dispatch.wrap(raw_array(self)[tuple(map(_advanced, parts))])
    except IndexError as error:
        raise InvalidArgumentError(f"{error} [Op:GatherV2]") from error
