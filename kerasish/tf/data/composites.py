"""Ragged and sparse tensors and extension types as parts of elements: how they are batched, taken apart and described."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor
from kerasish.core.ragged_index import count_rows
from kerasish.core.ragged_partition import RowPartition
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import Tensor
from kerasish.tf.extension_spec import ExtensionTypeSpec
from kerasish.tf.ragged.arrays import deepened, joined_rows
from kerasish.tf.ragged.spec import RaggedTensorSpec
from kerasish.tf.sparse_spec import SparseTensorSpec
from kerasish.tf.spec import TensorSpec, TypeSpec

RAGGED = (RaggedTensorSpec, SparseTensorSpec)
SPECS = (RaggedTensorSpec, SparseTensorSpec, ExtensionTypeSpec)


def any_in(specs: Any) -> bool:
    """Whether a structure of specifications describes something else than plain tensors."""
    return any(isinstance(leaf, SPECS) for leaf in tree.flatten(specs))


def batched(spec: TypeSpec, size: int | None) -> TypeSpec:
    """The specification of a batch of what ``spec`` describes."""
    if isinstance(spec, RaggedTensorSpec):
        return spec._batched(size)
    if isinstance(spec, ExtensionTypeSpec):
        return _with_rows(spec).with_parts(lambda part: _batched_part(part, size))
    return SparseTensorSpec(TensorShape([size]) + spec.shape, spec.dtype)


def unbatched(spec: TypeSpec) -> TypeSpec:
    """The specification of a row of what ``spec`` describes."""
    if isinstance(spec, ExtensionTypeSpec):
        return _with_rows(spec).with_parts(_unbatched_part)
    return spec._unbatched() if isinstance(spec, RaggedTensorSpec) else SparseTensorSpec(spec.shape[1:], spec.dtype)


def shapes(specs: Any) -> list[TensorShape]:
    """The shapes of all tensors that a structure of specifications describes."""
    found = []
    for leaf in tree.flatten(specs):
        if isinstance(leaf, ExtensionTypeSpec):
            found += shapes(_with_rows(leaf).parts())
        elif isinstance(leaf, (TensorSpec, *RAGGED)):
            found.append(leaf.shape)
    return found


def _batched_part(spec: TypeSpec, size: int | None) -> TypeSpec:
    return (
        TensorSpec(TensorShape([size]) + spec.shape, spec.dtype)
        if isinstance(spec, TensorSpec)
        else batched(spec, size)
    )


def _unbatched_part(spec: TypeSpec) -> TypeSpec:
    return TensorSpec(spec.shape[1:], spec.dtype) if isinstance(spec, TensorSpec) else unbatched(spec)


def _with_rows(value: Any) -> Any:
    """It, if it can be cut and put together along a first axis.

    Raises:
        AttributeError: it is of an extension type that is not said to be batchable.
    """
    cls = value.value_type if isinstance(value, TypeSpec) else type(value)
    if not cls._has_rows:
        raise AttributeError(
            f"'{cls.__name__}.Spec' object has no attribute '_batch': derive {cls.__name__} from "
            "tf.experimental.BatchableExtensionType"
        )
    return value


def rank(value: CompositeTensor) -> int | None:
    """How many dimensions it has; for values of several tensors the least."""
    if value._is_tensor:
        return value.shape.rank
    return min((_rank_of_part(part) for part in _with_rows(value)._tensors_within), default=0)


def _rank_of_part(part: Any) -> int:
    return rank(part) if isinstance(part, CompositeTensor) else part.shape.rank


# batches --------------------------------------------------------------------------------------------------------------


def stack(values: Sequence[Any], spec: TypeSpec | None, component: int) -> Any:
    """Values as one, with a new first axis.

    Args:
        spec: what describes each of them; None: the first one decides.

    Raises:
        InvalidArgumentError: kinds, dtypes or shapes differ.
    """
    first = values[0]
    if isinstance(first, SparseTensor):
        return _stack_sparse(values, component)
    if isinstance(first, CompositeTensor) and not first._is_tensor:
        columns = zip(*(_with_rows(value)._tensors_within for value in values), strict=True)
        kinds = spec.parts() if isinstance(spec, ExtensionTypeSpec) else [None] * len(first._tensors_within)
        return first._with_tensors([_stack_part(*both, component) for both in zip(columns, kinds, strict=True)])
    rank = max(v.ragged_rank if isinstance(v, RaggedTensor) else 0 for v in values)
    kind = torch.int64
    if isinstance(spec, RaggedTensorSpec):
        rank, kind = max(rank, spec.ragged_rank), spec.row_splits_dtype.torch
    elif isinstance(first, RaggedTensor):
        kind = first._splits_dtype
    if any(value.dtype != first.dtype for value in values):
        raise InvalidArgumentError(f"Cannot batch tensors of different dtypes in component {component}.")
    if not first.shape.rank:
        raise InvalidArgumentError("Ragged values must have rank >= 1")
    made = joined_rows([deepened(value, rank, kind) for value in values], kind)
    size = spec.shape[0] if isinstance(spec, RaggedTensorSpec) and spec.shape.rank else None
    return made if size is None else made._remade(made.values, RowPartition(made._partition.splits, size))


def _stack_part(values: Sequence[Any], spec: TypeSpec | None, component: int) -> Any:
    if isinstance(values[0], CompositeTensor) or isinstance(spec, RaggedTensorSpec):
        return stack(values, spec, component)
    return stack_dense(values)


def stack_dense(values: Sequence[Any]) -> Any:
    """Plain tensors of one shape, as one with a new first axis.

    Raises:
        InvalidArgumentError: their shapes differ.
    """
    raw = [dispatch.raw(value) for value in values]
    if any(part.shape != raw[0].shape for part in raw):
        raise InvalidArgumentError("Cannot batch tensors with different shapes.")
    return dispatch.wrap(np.stack(raw) if isinstance(raw[0], np.ndarray) else torch.stack(raw))


def _stack_sparse(values: Sequence[SparseTensor], component: int) -> SparseTensor:
    rank = values[0].shape.rank
    if any(value.shape.rank != rank for value in values):
        raise InvalidArgumentError(f"Cannot batch sparse tensors of different ranks in component {component}.")
    shape = [len(values), *(max(sizes) for sizes in zip(*(value.shape for value in values)))]
    indices = [
        torch.cat([v.raw_indices.new_full((len(v.raw_indices), 1), i), v.raw_indices], 1) for i, v in enumerate(values)
    ]
    raw = [value.raw_values for value in values]
    joined = np.concatenate(raw) if isinstance(raw[0], np.ndarray) else torch.cat(raw)
    return SparseTensor.of_raw(torch.cat(indices), joined, shape)


def constant(value: Any) -> Any:
    """It without gradients: a dataset's elements are constants."""
    if isinstance(value, RaggedTensor):
        raw = dispatch.raw(value.flat_values)
        return value._around(dispatch.wrap(raw.detach())) if isinstance(raw, torch.Tensor) else value
    if isinstance(value, SparseTensor) and isinstance(value.raw_values, torch.Tensor):
        return value.with_raw(value.raw_values.detach())
    if isinstance(value, CompositeTensor) and not value._is_tensor:
        return value._with_tensors([_constant_part(part) for part in value._tensors_within])
    return value


def _constant_part(part: Any) -> Any:
    if isinstance(part, CompositeTensor):
        return constant(part)
    raw = dispatch.raw(part)
    return dispatch.wrap(raw.detach()) if isinstance(raw, torch.Tensor) else part


# rows -----------------------------------------------------------------------------------------------------------------


def count(value: CompositeTensor) -> int:
    """How many rows it has."""
    if not value._is_tensor:
        first = _with_rows(value)._tensors_within[0]
        return count(first) if isinstance(first, CompositeTensor) else first.shape[0]
    return count_rows(value) if isinstance(value, RaggedTensor) else value.shape[0]


def rows(value: CompositeTensor) -> Iterator:
    """Its slices along the first axis."""
    if not value._is_tensor:
        columns = [
            rows(part) if isinstance(part, CompositeTensor) else iter(part)
            for part in _with_rows(value)._tensors_within
        ]
        return map(value._with_tensors, zip(*columns, strict=True))
    return iter(value) if isinstance(value, RaggedTensor) else _sparse_rows(value)


def _sparse_rows(value: SparseTensor) -> Iterator[SparseTensor]:
    order = torch.argsort(value.raw_indices[:, 0], stable=True)
    indices, raw = value.raw_indices[order], value.raw_values
    raw = raw[order.numpy()] if isinstance(raw, np.ndarray) else raw[order]
    sizes = torch.bincount(indices[:, 0], minlength=value.shape[0]).tolist()
    at = 0
    for size in sizes:
        part = slice(at, at + size)
        yield SparseTensor.of_raw(indices[part, 1:], raw[part], value.shape[1:])
        at += size


# ragged batches of dense tensors --------------------------------------------------------------------------------------


def ragged_spec(spec: TypeSpec, row_splits_dtype: Any) -> TypeSpec:
    """The specification under which ``ragged_batch`` batches what ``spec`` describes.

    Raises:
        NotImplementedError: its rank is unknown.
    """
    if not isinstance(spec, TensorSpec):
        return spec
    if spec.shape.rank is None:
        raise NotImplementedError("ragged_batch needs tensors of known rank")
    if spec.shape.is_fully_defined():
        return spec
    last = max(axis for axis, size in enumerate(spec.shape) if size is None)
    return RaggedTensorSpec(spec.shape, spec.dtype, last, row_splits_dtype)


# stand-ins ------------------------------------------------------------------------------------------------------------


def example(spec: TypeSpec, probe: int, text: bytes) -> Any:
    """A value that ``spec`` describes, for trying a function: sizes that are unknown differ from probe to probe."""
    if isinstance(spec, ExtensionTypeSpec):
        return spec.of_values(lambda part: example(part, probe, text))
    sizes = [2 + probe if size is None else size for size in spec.shape]
    if isinstance(spec, TensorSpec):
        return dispatch.wrap(_filled(sizes, spec.dtype, text, probe))
    if isinstance(spec, SparseTensorSpec):
        count = min(1 + probe, sizes[-1]) if sizes and all(sizes) else 0  # how many values is never known
        place = torch.zeros((count, len(sizes)), dtype=torch.int64)
        place[:, -1:] = torch.arange(count)[:, None]
        return SparseTensor.of_raw(place, _filled([len(place)], spec.dtype, text, probe), sizes)
    return _example_of_ragged(spec, sizes, probe, text)


def _example_of_ragged(spec: RaggedTensorSpec, sizes: list[int], probe: int, text: bytes) -> Any:
    lengths, rows_, counts = [], sizes[0] if sizes else 1, []
    for axis in range(1, spec.ragged_rank + 1):
        known = spec.shape[axis]
        row = [known if known is not None else 1 + (i + probe) % (2 + probe) for i in range(rows_)]
        lengths.append(torch.tensor(row, dtype=spec.row_splits_dtype.torch))
        counts.append(rows_)
        rows_ = sum(row)
    flat = dispatch.wrap(_filled([rows_, *sizes[spec.ragged_rank + 1 :]], spec.dtype, text, probe))
    for axis in range(spec.ragged_rank, 0, -1):
        known = spec.shape[axis]
        if known is None:
            flat = RaggedTensor.from_row_lengths(flat, Tensor(lengths[axis - 1]))
        else:
            count = Tensor(torch.tensor(counts[axis - 1], dtype=spec.row_splits_dtype.torch))
            flat = RaggedTensor.from_uniform_row_length(flat, known, count)
    return flat


def _filled(sizes: list[int], dtype: Any, text: bytes, probe: int) -> Any:
    """Texts, or numbers that differ from probe to probe: a function may make sizes of them."""
    if dtype == "string":
        return np.full(sizes, text, dtype=object)
    return torch.full(sizes, probe + 1, dtype=dtype.torch)
