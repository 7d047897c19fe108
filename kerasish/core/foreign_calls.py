"""Functions of torch's and NumPy's that are given tensors or variables: what they get instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core import device, dispatch
from kerasish.core.dtypes import DType


def torch_function(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Run a torch function that was given Tensors or Variables; an in-place one returns its own ``torch.Tensor``."""
    name = "" if is_dynamo_compiling() else getattr(function, "__name__", "")  # torch.compile knows no names of kernels
    in_place = name.endswith("_") and not name.endswith("__")
    if in_place and args and not isinstance(args[0], torch.Tensor):
        raise TypeError(f"torch.{name} would change a {type(args[0]).__name__}; tensors are immutable.")
    out = function(*raw_arguments(args), **raw_arguments(kwargs))
    return out if in_place else dispatch.wrap(out)


def torch_device(value: Any) -> Any:
    """A device's name as torch's; anything else as it is."""
    return device.parse(value) if isinstance(value, str) and not isinstance(value, DType) else value


def raw_arguments(values: Any) -> Any:
    """Tensors and Variables inside arguments as raw tensors.

    Raises:
        TypeError: a tensor of strings is among them.
    """
    if isinstance(values, dispatch._types.string):
        raise TypeError("torch has no strings: a tensor of dtype string cannot take part in this operation.")
    if isinstance(values, (dispatch._types.tensor, dispatch._types.variable)):
        return dispatch.raw(values)
    if isinstance(values, (tuple, list)):
        mapped = [raw_arguments(v) for v in values]
        return type(values)(*mapped) if hasattr(values, "_fields") else type(values)(mapped)
    if isinstance(values, dict):
        return {key: raw_arguments(v) for key, v in values.items()}
    return values


def array_arguments(values: Any) -> Any:
    """Tensors and Variables inside the arguments of a NumPy function as arrays."""
    if isinstance(values, (dispatch._types.tensor, dispatch._types.variable)):
        return np.asarray(values)
    if type(values) in (tuple, list):
        return type(values)(array_arguments(v) for v in values)
    if type(values) is dict:
        return {key: array_arguments(v) for key, v in values.items()}
    return values
