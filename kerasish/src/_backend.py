"""What packages take from ``keras.src.backend``: masks, dtypes, scopes and state that are no public names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes
from kerasish.core.context import local, scope
from kerasish.core.masks import mask_of
from kerasish.core.random import draw_seed as _draw_seed
from kerasish.core.random import global_seed_generator as global_seed_generator
from kerasish.core.shape import standardize_shape as standardize_shape
from kerasish.core.symbolic import any_symbolic, infer
from kerasish.core.symbolic import is_keras_tensor as is_keras_tensor
from kerasish.layers.layer import Layer
from kerasish.ops.conv import check_data_format


def get_keras_mask(x: Any) -> Any:
    """The mask that a tensor carries, or None."""
    return mask_of(x)


def set_keras_mask(x: Any, mask: Any) -> None:
    """Let a tensor carry a mask; None takes it away."""
    x._keras_mask = mask


def any_symbolic_tensors(args: Any = None, kwargs: Any = None) -> bool:
    """Whether a KerasTensor is among arguments, at any depth."""
    return any_symbolic(list(args or ()), kwargs or {})


def compute_output_spec(fn: Callable, *args: Any, **kwargs: Any) -> Any:
    """The results of a function or layer on KerasTensors, by runs on tensors without storage.

    Raises:
        ValueError: the function needs values, or the shapes do not fit.
    """
    return fn.compute_output_spec(*args, **kwargs) if isinstance(fn, Layer) else infer(fn, args, kwargs)


def shape_equal(a_shape: Sequence, b_shape: Sequence) -> bool:
    """Whether two shapes agree wherever both are known."""
    return len(a_shape) == len(b_shape) and all(a is None or b is None or a == b for a, b in zip(a_shape, b_shape))


class AutocastScope:
    """Within it float variables are read in ``dtype``; None: as they are."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = None if dtype is None else dtypes.standardize(dtype)
        if self.dtype is not None and not dtypes.as_dtype(self.dtype).is_floating:
            raise ValueError(
                f"`AutocastScope` can only be used with a floating-point target dtype. Received: dtype={dtype}"
            )

    def maybe_cast(self, value: Any) -> Any:
        """``value`` in the scope's dtype, if it is of a float dtype."""
        raw = dispatch.raw(value)
        if self.dtype is None or not raw.is_floating_point():
            return value
        return dispatch.wrap(raw.to(to_torch_dtype(self.dtype)))

    def __enter__(self) -> AutocastScope:
        self._scope = scope(autocast=None if self.dtype is None else to_torch_dtype(self.dtype))
        self._scope.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._scope.__exit__(*exception)


def get_autocast_scope() -> AutocastScope | None:
    """The scope that the thread is in, if any."""
    return None if local.autocast is None else AutocastScope(str(local.autocast).removeprefix("torch."))


def canonicalize_axis(axis: int, num_dims: int) -> int:
    """An axis counted from the front.

    Raises:
        ValueError: there is no such axis.
    """
    axis = axis.__index__()
    if not -num_dims <= axis < num_dims:
        raise ValueError(f"axis {axis} is out of bounds for an array with dimension {num_dims}.")
    return axis % num_dims if num_dims else axis


def standardize_axis_for_numpy(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def to_tuple_or_list(value: Any) -> Any:
    """A number as a tuple of one; a tuple, a list and None as they are."""
    return value if value is None or isinstance(value, (tuple, list)) else (value,)


_attributes: dict[str, Any] = {}


def set_global_attribute(name: str, value: Any) -> None:
    """Keep a value of a package's under a name, for this process."""
    _attributes[name] = value


def get_global_attribute(name: str, default: Any = None, set_to_default: bool = False) -> Any:
    """The value under a name, or ``default``, which is kept if ``set_to_default``."""
    if _attributes.get(name) is None:
        if set_to_default:
            _attributes[name] = default
        return default
    return _attributes[name]


def draw_seed(seed: Any) -> Any:
    """The two numbers that a function of ``keras.random`` draws with, as a tensor (2,) of uint32."""
    return dispatch.wrap(torch.from_numpy(np.asarray(_draw_seed(seed), dtype="uint32")))


# The torch backend's own -----------------------------------------------------------------------------------------------


def get_device() -> str:
    """The device that new tensors are made on, as torch writes it."""
    return str(devices.current())


def to_torch_dtype(dtype: Any) -> torch.dtype:
    return dtypes.to_torch(dtypes.standardize(dtype))


def convert_to_numpy(x: Any) -> np.ndarray:
    return np.asarray(x)


standardize_data_format = check_data_format

DYNAMIC_SHAPES_OK = True
IS_THREAD_SAFE = True
SUPPORTS_RAGGED_TENSORS = False
SUPPORTS_SPARSE_TENSORS = False
SUPPORTS_COMPLEX_DTYPES = True

__all__ = [
    "AutocastScope", "DYNAMIC_SHAPES_OK", "IS_THREAD_SAFE", "SUPPORTS_COMPLEX_DTYPES", "SUPPORTS_RAGGED_TENSORS",
    "SUPPORTS_SPARSE_TENSORS", "any_symbolic_tensors", "canonicalize_axis", "compute_output_spec", "convert_to_numpy",
    "draw_seed", "get_autocast_scope", "get_device", "get_global_attribute", "get_keras_mask", "global_seed_generator",
    "is_keras_tensor", "set_global_attribute", "set_keras_mask", "shape_equal", "standardize_axis_for_numpy",
    "standardize_data_format", "standardize_shape", "to_torch_dtype", "to_tuple_or_list",
]  # fmt: skip
