"""Values that a function of ragged or sparse tensors is traced with, where only specifications are given.

There are no ragged tensors without storage: two small ones of different sizes tell what a result's shape depends on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.context import scope
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import StringTensor
from kerasish.tf.extension_spec import ExtensionTypeSpec
from kerasish.tf.ragged.spec import RaggedTensorSpec
from kerasish.tf.sparse_spec import SparseTensorSpec
from kerasish.tf.spec import TensorSpec, TypeSpec

_SIZES = (6, 9)


def outputs_of(function: Callable, args: tuple, kwargs: dict, specification: Callable) -> Any:
    """Specifications of what a function returns for values of some specifications; None if that depends on the values."""
    found = []
    for size in _SIZES:
        given, named = tree.map_structure(functools.partial(sample, size=size), [list(args), kwargs])
        try:
            with scope(overlay={}, recording=0, tapes=()), torch.no_grad():
                found.append(tree.map_structure(specification, function(*given, **named)))
        except (ValueError, InvalidArgumentError):
            return None
    return tree.map_structure(_common, *found)


def sample(spec: Any, size: int) -> Any:
    """A value of a specification, zeros; unknown sizes are ``size``. What is no specification stays."""
    if isinstance(spec, RaggedTensorSpec) and spec.ragged_rank:
        return _ragged(spec, size)
    if isinstance(spec, SparseTensorSpec):
        shape = _filled(spec.shape, size)
        return SparseTensor.of_raw(torch.empty((0, len(shape)), dtype=torch.int64), _zeros([0], spec.dtype), shape)
    if isinstance(spec, (TensorSpec, RaggedTensorSpec)):
        values = _zeros(_filled(spec.shape, size), spec.dtype)
        return StringTensor(values) if isinstance(values, np.ndarray) else dispatch.wrap(values)
    if isinstance(spec, ExtensionTypeSpec):
        return spec.of_values(functools.partial(sample, size=size))
    return spec


def _ragged(spec: RaggedTensorSpec, size: int) -> RaggedTensor:
    sizes = list(spec.shape) if spec.shape.rank is not None else [None] * (spec.ragged_rank + 1)
    count, lengths = (size if sizes[0] is None else sizes[0]), []
    for width in sizes[1 : spec.ragged_rank + 1]:
        rows = np.arange(count) % 3 + size // 3 if width is None else np.full(count, width)  # from 2 to 5
        lengths.append(dispatch.wrap(torch.from_numpy(rows.astype(spec.row_splits_dtype.name))))
        count = int(rows.sum())
    values = _zeros([count, *_filled(sizes[spec.ragged_rank + 1 :], size)], spec.dtype)
    values = StringTensor(values) if isinstance(values, np.ndarray) else dispatch.wrap(values)
    return RaggedTensor.from_nested_row_lengths(values, lengths)


def _filled(shape: Any, size: int) -> list[int]:
    sizes = [None] if getattr(shape, "rank", 0) is None else list(shape)
    return [size if d is None else d for d in sizes]


def _zeros(shape: list[int], dtype: Any) -> Any:
    return np.full(shape, b"", dtype=object) if dtype == "string" else torch.zeros(shape, dtype=to_torch(dtype))


def _common(first: Any, second: Any) -> Any:
    """What two runs' specifications of one result have in common."""
    if not isinstance(first, TypeSpec) or first == second:
        return first
    if isinstance(first, TensorSpec):
        if first.shape.rank != second.shape.rank:
            return TensorSpec(None, first.dtype)
        return TensorSpec([a if a == b else None for a, b in zip(first.shape, second.shape)], first.dtype)
    common = first.most_specific_common_supertype([second])
    return first if common is None else common
