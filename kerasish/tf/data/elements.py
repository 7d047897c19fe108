"""Elements of datasets: nested structures (tuples, dicts, namedtuples) of Tensors; also of None, and of datasets.

A list is no structure here: it is a tensor, as in TensorFlow. Structures of specifications (``element_spec``) look alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.context import local
from kerasish.core.errors import DataLossError, InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import StringTensor, Tensor, convert
from kerasish.tf import nodes
from kerasish.tf.data import composites
from kerasish.tf.spec import NoneTensorSpec, TensorSpec, TypeSpec, spec_of

_KEPT = (Tensor, StringTensor, type(None))


class ElementsSpec(TypeSpec):
    """Describes what has elements, by the structure of their specifications."""

    _state: tuple[str, ...] | None = ("_element_spec",)

    def __init__(self, element_spec: Any) -> None:
        self._element_spec = element_spec

    element_spec = property(lambda self: self._element_spec)

    @classmethod
    def from_value(cls, value: Any) -> Any:
        """The specification of a value."""
        return cls(value.element_spec)

    def _key(self) -> tuple:
        return tuple(tree.flatten_with_path(self._element_spec))

    def _leaves(self, other: Any) -> list[tuple[TypeSpec, TypeSpec]] | None:
        """The leaves of both side by side; None if they are of different kinds."""
        if type(self) is not type(other):
            return None
        try:
            tree.assert_same_structure(self._element_spec, other._element_spec)
        except (TypeError, ValueError):
            return None
        return list(zip(tree.flatten(self._element_spec), tree.flatten(other._element_spec)))

    def is_subtype_of(self, other: TypeSpec) -> bool:
        pairs = self._leaves(other)
        return pairs is not None and all(mine.is_subtype_of(theirs) for mine, theirs in pairs)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_of(spec_or_value)
        pairs = self._leaves(other)
        return pairs is not None and all(mine.is_compatible_with(theirs) for mine, theirs in pairs)

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> Any:
        common = self._element_spec
        for other in others:
            common = merge_specs(common, other._element_spec) if type(self) is type(other) else None
            if common is None:
                return None
        return type(self)(common)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._element_spec!r},)"


class DatasetSpec(ElementsSpec):
    """Describes a dataset by its elements.

    Args:
        element_spec: structure of specifications.
        dataset_shape: ``()`` of one dataset, other shapes of batches of datasets.
    """

    _state = ("_element_spec", "_dataset_shape")

    def __init__(self, element_spec: Any, dataset_shape: Any = ()) -> None:
        super().__init__(element_spec)
        self._dataset_shape = TensorShape(dataset_shape)

    @property
    def value_type(self) -> type:
        return NestedDataset

    @property
    def dataset_shape(self) -> TensorShape:
        """Of how many datasets, along which axes."""
        return self._dataset_shape

    def is_subtype_of(self, other: TypeSpec) -> bool:
        return super().is_subtype_of(other) and self._dataset_shape.is_subtype_of(other.dataset_shape)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_of(spec_or_value)
        return super().is_compatible_with(other) and self._dataset_shape.is_compatible_with(other.dataset_shape)

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> Any:
        common = super().most_specific_common_supertype(others)
        if common is None:
            return None
        shapes = [other.dataset_shape for other in others]
        shape = self._dataset_shape.most_specific_common_supertype(shapes)
        return DatasetSpec(common.element_spec, shape)

    def _key(self) -> tuple:
        return super()._key(), self._dataset_shape

    def __repr__(self) -> str:
        return f"DatasetSpec({self._element_spec!r}, {self._dataset_shape!r})"


class NestedDataset:
    """The base of ``Dataset``, for modules below it: what is known of a dataset that is part of an element."""

    _node: Any
    element_spec: Any

    @property
    def _type_spec(self) -> DatasetSpec:
        return DatasetSpec(self.element_spec)


class NestedVariant:
    """Datasets in an array: what a batch of datasets is.

    Args:
        parts: object array of datasets, all with such elements.
        element_spec: of the datasets.
    """

    def __init__(self, parts: np.ndarray, element_spec: Any) -> None:
        self._parts, self.element_spec = parts, element_spec

    @property
    def _type_spec(self) -> DatasetSpec:
        return DatasetSpec(self.element_spec, self._parts.shape)


NestedVariant.__name__ = NestedVariant.__qualname__ = "_NestedVariant"


# values into elements -------------------------------------------------------------------------------------------------


def normalise(value: Any) -> Any:
    """What a user gives as an element: dicts and tuples stay, everything else in them becomes a tensor.

    Raises:
        ValueError, TypeError: something cannot be made a tensor.
    """
    if type(value) in _KEPT:
        return value
    if isinstance(value, tuple) and not isinstance(value, (TensorShape, torch.Size)):
        parts = [normalise(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, dict):
        return tree.dict_like(value, {key: normalise(part) for key, part in value.items()})
    if isinstance(value, (NestedDataset, NestedVariant, CompositeTensor)):
        return value
    if isinstance(value, list) and _holds_arrays(value):
        value = np.asarray(value)  # keeps their dtype, as TensorFlow does here, though not in tf.constant
    return convert(value)


def _holds_arrays(value: Any) -> bool:
    while isinstance(value, list) and value:
        value = value[0]
    return isinstance(value, np.ndarray) and value.ndim > 0


def normalise_result(value: Any) -> Any:
    """What a user's function returns, as an element: here an outermost list is a tuple."""
    if type(value) is tuple and all([type(part) is Tensor for part in value]):
        return value
    try:
        return normalise(tuple(value) if isinstance(value, list) else value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"Unsupported return value from function passed to Dataset.map(): {value!r}.") from error


@nodes.entry(of_dataset=True)
def call(function: Callable, element: Any) -> Any:
    """A user's function on an element: each component of a tuple is an argument; a namedtuple or dict is one.

    What the function adds to dicts of the element, or takes from them, stays its own.
    """
    local.draws = None
    if devices.current().type != "cpu":
        element = to_device(element)
    if type(element) is tuple:
        return function(*[_own(part) if isinstance(part, (dict, tuple)) else part for part in element])
    return function(_own(element))


def _own(value: Any) -> Any:
    """The value with dicts that no other element shares."""
    if isinstance(value, dict):
        own = {key: _own(part) if isinstance(part, (dict, tuple)) else part for key, part in value.items()}
        return tree.dict_like(value, own)
    if isinstance(value, tuple):
        parts = map(_own, value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def to_device(element: Any) -> Any:
    """The element on the current device, where user code computes."""
    device = devices.current()
    if device.type == "cpu":
        return element
    return tree.map_structure(lambda leaf: _moved(leaf, device), element)


def _moved(leaf: Any, device: torch.device) -> Any:
    if type(leaf) is Tensor and leaf._t.device.type == "cpu":
        return Tensor(leaf._t.to(device, non_blocking=True))
    if isinstance(leaf, CompositeTensor):
        return leaf._with_tensors([_moved(part, device) for part in leaf._tensors_within])
    return leaf


def raw_leaves(element: Any) -> list:
    """The leaves' storage: torch tensors, object arrays, None."""
    return [leaf._t if isinstance(leaf, Tensor) else leaf for leaf in tree.flatten(element)]


def wrapped(raw: Any) -> Any:
    """One leaf from its storage."""
    if isinstance(raw, torch.Tensor):
        return Tensor(raw)
    return StringTensor(raw) if isinstance(raw, np.ndarray) else raw


def packer(structure: Any) -> Callable[[Iterable], Any]:
    """A function that puts leaves into the shape of ``structure``; fast for the frequent shapes."""
    if not tree.is_nested(structure):
        return lambda leaves: next(iter(leaves))
    if type(structure) is tuple and not any(tree.is_nested(part) for part in structure):
        return tuple
    return lambda leaves: tree.pack_as(structure, leaves)


def host_scope() -> Any:
    """A block in which new tensors go to the host: data stays there until something computes with it."""
    return devices.scope("cpu")


# specifications -------------------------------------------------------------------------------------------------------


def spec(element: Any) -> Any:
    """The specification of an element."""
    return tree.map_structure(spec_of, element)


def merge_specs(first: Any, second: Any) -> Any:
    """The narrowest structure of specifications for the elements of both; None if they differ in more than shapes."""
    try:
        tree.assert_same_structure(first, second)
    except (TypeError, ValueError):
        return None
    merged = [a.most_specific_common_supertype([b]) for a, b in zip(tree.flatten(first), tree.flatten(second))]
    return None if None in merged else tree.pack_as(first, merged)


def batched_spec(element_spec: Any, size: int | None) -> Any:
    """The specification of a batch of elements; ``size`` None: of any number."""

    def batched(leaf: TypeSpec) -> TypeSpec:
        if isinstance(leaf, composites.SPECS):
            return composites.batched(leaf, size)
        if isinstance(leaf, DatasetSpec):
            return DatasetSpec(leaf.element_spec, TensorShape([size]) + leaf.dataset_shape)
        return with_shape(leaf, TensorShape([size]) + leaf.shape) if isinstance(leaf, TensorSpec) else leaf

    return tree.map_structure(batched, element_spec)


def with_shape(leaf: TypeSpec, shape: Any) -> TypeSpec:
    return TensorSpec(shape, leaf.dtype) if isinstance(leaf, TensorSpec) else leaf


def unbatched_spec(element_spec: Any) -> Any:
    """The specification of the rows of an element.

    Raises:
        ValueError: a component is a scalar, or known numbers of rows differ.
    """
    shapes = composites.shapes(element_spec)
    if any(shape.rank == 0 for shape in shapes):
        raise ValueError("Cannot unbatch an input with scalar components.")
    sizes = [shape[0] for shape in shapes if shape.rank and shape[0] is not None]
    if len(set(sizes)) > 1:
        raise ValueError(
            "`unbatch()` is only supported for datasets of elements whose components have a matching leading dimension. "
            f"Encountered both {sizes[0]} and {next(size for size in sizes if size != sizes[0])}."
        )
    return tree.map_structure(_unbatched_leaf, element_spec)


def _unbatched_leaf(leaf: TypeSpec) -> TypeSpec:
    if isinstance(leaf, composites.SPECS):
        return composites.unbatched(leaf)
    if isinstance(leaf, DatasetSpec):
        if leaf.dataset_shape.rank == 0:
            raise ValueError("Slicing dataset elements is not supported for rank 0.")
        return DatasetSpec(leaf.element_spec, leaf.dataset_shape[1:])
    return leaf if isinstance(leaf, NoneTensorSpec) else with_shape(leaf, leaf.shape[1:])


# batches --------------------------------------------------------------------------------------------------------------


def stack(elements: Sequence, specs: Any = None) -> Any:
    """Elements as one, with a new first axis.

    Args:
        specs: what describes each, where that says more than the elements: that dense parts become rows of ragged ones.

    Raises:
        InvalidArgumentError: their shapes or dtypes differ.
    """
    first = elements[0]
    if specs is not None:
        columns = zip(*map(tree.flatten, elements), strict=True)
        described = zip(columns, tree.flatten(specs), strict=True)
        return tree.pack_as(first, [_stack_leaf(column, i, spec) for i, (column, spec) in enumerate(described)])
    if type(first) is Tensor:
        return _stack_leaf(elements, 0)
    plain = type(first) is tuple and all(type(leaf) is Tensor for leaf in first)
    columns = zip(*elements if plain else map(tree.flatten, elements), strict=True)
    stacked = [_stack_leaf(column, i) for i, column in enumerate(columns)]
    return tuple(stacked) if plain else tree.pack_as(first, stacked)


def _stack_leaf(values: Sequence, component: int, spec: TypeSpec | None = None) -> Any:
    first = values[0]
    if first is None:
        return None
    if isinstance(first, CompositeTensor) or (isinstance(spec, composites.RAGGED) and spec.shape.rank != 0):
        return composites.stack(values, spec, component)
    if isinstance(first, (NestedDataset, NestedVariant)):
        return _stacked_datasets(values, component)
    raw = [value._t for value in values]
    shape, dtype = raw[0].shape, raw[0].dtype
    for i, value in enumerate(raw):
        if value.shape != shape:
            raise InvalidArgumentError(
                f"Cannot batch tensors with different shapes in component {component}. First element had shape "
                f"{list(shape)} and element {i} had shape {list(value.shape)}."
            )
        if value.dtype != dtype:
            raise InvalidArgumentError(
                f"Cannot batch tensors of different dtypes in component {component}: {first.dtype.name} and "
                f"{values[i].dtype.name}."
            )
    return wrapped(np.stack(raw) if isinstance(first, StringTensor) else torch.stack(raw))


def _stacked_datasets(values: Sequence, component: int) -> NestedVariant:
    parts = [value._parts if isinstance(value, NestedVariant) else value for value in values]
    shapes = [list(np.shape(part)) if isinstance(part, np.ndarray) else [] for part in parts]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise InvalidArgumentError(
                f"Cannot batch tensors with different shapes in component {component}. First element had shape "
                f"{shapes[0]} and element {i} had shape {shape}."
            )
    together = np.empty([len(parts), *shapes[0]], dtype=object)
    for i, part in enumerate(parts):
        together[i] = part
    return NestedVariant(together, values[0].element_spec)


def stack_padded(elements: Sequence, shapes: Sequence[TensorShape], fillers: Sequence) -> Any:
    """Elements of different sizes as one: each component is filled up to a shape of ``shapes``.

    Args:
        shapes: one for each component; None stands for the largest size among the elements.
        fillers: the value to fill with, as a Tensor, for each component.

    Raises:
        DataLossError: a component is larger than its shape.
    """
    columns = zip(*(tree.flatten(element) for element in elements), strict=True)
    padded = [_pad_leaf(column, shape, filler) for column, shape, filler in zip(columns, shapes, fillers)]
    return tree.pack_as(elements[0], padded)


def _pad_leaf(values: Sequence, shape: TensorShape, filler: Any) -> Any:
    if values[0] is None:
        return None
    raw = [value._t for value in values]
    if len(shape) != raw[0].ndim:
        raise InvalidArgumentError(
            f"All elements in a batch must have the same rank as the padded shape for component: expected rank "
            f"{len(shape)} but got element with rank {raw[0].ndim}"
        )
    largest = [max(value.shape[axis] for value in raw) for axis in range(len(shape))]
    size = [big if dim is None else dim for dim, big in zip(shape, largest)]
    if any(big > dim for big, dim in zip(largest, size)):
        raise DataLossError("Attempted to pad to a smaller size than the input element.")
    full = [len(raw), *size]
    if isinstance(values[0], StringTensor):
        out: Any = np.full(full, filler._t.item(), dtype=object)
    else:
        out = torch.empty(full, dtype=raw[0].dtype, device=raw[0].device).fill_(filler._t.item())
    for i, value in enumerate(raw):
        out[(i, *(slice(0, n) for n in value.shape))] = value if value.ndim else value[()]  # an object array is no text
    return wrapped(out)


def unstack(element: Any) -> Iterator:
    """The rows of an element, as elements.

    Raises:
        InvalidArgumentError: scalar components, or different numbers of rows.
    """
    leaves = tree.flatten(element)
    sizes = {_row_count(leaf) for leaf in leaves} - {None}
    if len(sizes) > 1 or any(leaf is not None and not rank_of(leaf) for leaf in leaves):
        shapes = [None if leaf is None else getattr(leaf, "shape", None) for leaf in leaves]
        raise InvalidArgumentError(f"Cannot unbatch components of shapes {shapes}: they differ in the first dimension")
    return map(packer(element), zip(*(rows_of(leaf, *sizes) for leaf in raw_leaves(element))))


def rank_of(leaf: Any) -> int | None:
    """How many dimensions a leaf has."""
    if isinstance(leaf, (NestedDataset, NestedVariant)):
        return leaf._type_spec.dataset_shape.rank
    return composites.rank(leaf) if isinstance(leaf, CompositeTensor) else leaf.shape.rank


def _row_count(leaf: Any) -> int | None:
    if isinstance(leaf, CompositeTensor):
        return composites.count(leaf)
    if isinstance(leaf, NestedVariant):
        return len(leaf._parts)
    return len(leaf) if leaf is not None and leaf.ndim else None


def rows_of(raw: Any, count: int) -> Iterator:
    """The rows of a leaf's storage, as leaves."""
    if raw is None:
        return iter([None] * count)
    if isinstance(raw, CompositeTensor):
        return composites.rows(raw)
    if isinstance(raw, NestedVariant):
        return (NestedVariant(p, raw.element_spec) if isinstance(p, np.ndarray) else p for p in raw._parts)
    if isinstance(raw, torch.Tensor):
        return map(Tensor, raw.unbind(0))
    return (StringTensor(np.asarray(row, dtype=object)) for row in raw)
