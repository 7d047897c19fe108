"""The first contents of variables."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core.context import settings
from kerasish.core.dtypes import as_dtype, to_torch
from kerasish.core.errors import fail
from kerasish.core.shape import standardize_shape
from kerasish.core.storage import cast_raw, storage


class Fresh:
    """A raw first value that nobody else holds, so that a variable need not copy it."""

    __slots__ = ("raw",)

    def __init__(self, raw: torch.Tensor) -> None:
        self.raw = raw


def first_value(value: Any, shape: Any, dtype: Any) -> Any:
    """The first contents of a variable as a raw tensor of its own, on the current device."""
    if type(value) is Fresh:
        return value.raw
    if callable(value) and not dispatch.is_tensor(value):
        if shape is None:
            raise fail(
                ValueError,
                "When creating a Variable from an initializer, the `shape` argument should be specified",
                received=f"initializer={value} and shape={shape}",
            )
        value = value(standardize_shape(shape), dtype=as_dtype(dtype or settings.floatx).name)
    if dispatch.is_tensor(value):
        value = dispatch.raw(value)
        if not isinstance(value, torch.Tensor):
            return value
        value = value.detach().clone()
        value = value if dtype is None else cast_raw(value, to_torch(dtype))
    else:
        value = storage(value, dtype)
    if shape is not None and tuple(value.shape) != standardize_shape(shape):
        raise fail(ValueError, "The initial value does not fit the shape", tuple(shape), tuple(value.shape))
    return value.to(devices.current()) if isinstance(value, torch.Tensor) else value
