"""How functions that take or give sparse tensors are published, and what they share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch

from kerasish.core import dispatch, symbolic
from kerasish.core.errors import InvalidArgumentError, OpError
from kerasish.core.sparse import SparseTensor, is_sparse_value
from kerasish.core.tensor import convert

F = TypeVar("F", bound=Callable)


def sparse_op(function: F) -> F:
    """Publish a function that reads its arguments itself: raw results become Tensors, symbolic arguments make a node."""

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if symbolic.any_symbolic(args, kwargs):
            return symbolic.call(public, args, kwargs)
        try:
            return dispatch.wrap(function(*args, **kwargs))
        except OpError:
            raise
        except (RuntimeError, IndexError) as error:
            raise InvalidArgumentError(f"{error} [Op:{function.__name__}]") from error

    return public  # type: ignore[return-value]


def sparse(value: Any) -> SparseTensor:
    """An argument that must be a sparse tensor.

    Raises:
        TypeError: it is not.
    """
    if not is_sparse_value(value):
        raise TypeError("Input must be a SparseTensor.")
    return SparseTensor.from_value(value) if not isinstance(value, SparseTensor) else value


def raw(value: Any, dtype: Any = None) -> Any:
    """A dense argument as raw storage; what is no tensor yet takes ``dtype``."""
    return dispatch.raw(value if dispatch.is_tensor(value) else convert(value, dtype))


def integers(value: Any) -> list[int]:
    """An argument that is a list of integers, or a tensor of them."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"Expected integers. Received: {value}")
    return [int(v) for v in array.reshape(-1)]


def check_kind(sp: SparseTensor, kinds: tuple[str, ...], name: str) -> None:
    """Raise InvalidArgumentError where the values are of none of these kinds of dtypes."""
    if sp.dtype.kind not in kinds:
        raise InvalidArgumentError(
            f"Value for attr 'T' of {sp.dtype.name} is not in the list of allowed values [Op:{name}]"
        )


def largest(x: torch.Tensor) -> int:
    """The largest of some integers; -1 of none."""
    return int(x.max()) if x.numel() and not x.is_meta else -1
