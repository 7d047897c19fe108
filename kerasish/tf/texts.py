"""What the functions of string tensors have in common: how they are published, and rows of texts as ragged tensors."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch

from kerasish.core import dispatch, dtypes, kernels
from kerasish.core.dispatch import strict_op
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError
from kerasish.core.ragged import nested
from kerasish.core.ragged_partition import RowPartition, from_uniform, splits_of

F = TypeVar("F", bound=Callable)


_OF_STRINGS = {"Join", "Length", "Lower", "NGrams", "Split", "Strip", "ToHashBucket", "ToHashBucketFast",
               "ToHashBucketStrong", "ToNumber", "Upper"}  # fmt: skip


def of_text(function: F) -> F:
    """Publish a function of arrays of bytes; tensors of numbers are refused."""

    @functools.wraps(function)
    def refuse(*args: Any, **kwargs: Any) -> Any:
        given = next((v for v in itertools.chain(args, kwargs.values()) if isinstance(v, torch.Tensor)), None)
        if args and isinstance(args[0], (list, tuple)) and not args[0]:
            return function(*args, **kwargs)  # a list of no tensors
        kind = "number" if given is None else kernels.word(dtypes.as_dtype(given.dtype).name)
        own = kernels.operation(function.__name__)
        name = f"String{own}" if own in _OF_STRINGS else own
        raise DTypeMismatchError(
            f"cannot compute {name} as input #0(zero-based) was expected to be a string tensor but is a {kind} tensor "
            f"[Op:{name}]"
        )

    refuse.strings = function  # type: ignore[attr-defined]
    return strict_op(refuse)  # type: ignore[return-value]


def one_text(text: Any) -> bytes:
    """A single text, as Python value or tensor.

    Raises:
        DTypeMismatchError: a number. InvalidArgumentError: several texts, or none.
    """
    given = dispatch.raw(text)
    if isinstance(given, torch.Tensor):
        kind = kernels.word(dtypes.as_dtype(given.dtype).name)
        raise DTypeMismatchError(f"Expected to be a string tensor but is a {kind} tensor: {text}")
    if given.size != 1:
        raise InvalidArgumentError(f"A text must be scalar but got shape {list(given.shape)}")
    return given.item()


def vector(parts: Sequence) -> np.ndarray:
    """Texts as an array of bytes."""
    out = np.empty(len(parts), dtype=object)
    out[:] = list(parts)
    return out


def rows_as(texts: np.ndarray, rows: Sequence[Sequence], flat: Callable[[list], Any]) -> Any:
    """What belongs to each text of an array: a vector for a single text, else rows of a ragged tensor.

    Args:
        rows: one for each text.
        flat: makes a raw vector of the items of all rows.
    """
    values = flat([item for row in rows for item in row])
    if not texts.ndim:
        return values
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.int64)
    parts = [RowPartition(splits_of(lengths))]
    for axis in range(texts.ndim - 1, 0, -1):
        size, outer = texts.shape[axis], int(np.prod(texts.shape[:axis]))
        parts.insert(0, from_uniform(size, size * outer, outer))
    return nested(dispatch.wrap(values), parts)
