"""Where elements come from: arrays, numbers, Python generators."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.context import scope
from kerasish.core.dtypes import DType, as_dtype, int64, string
from kerasish.core.errors import InvalidArgumentError, fail, shown_as
from kerasish.core.storage import from_numpy, from_strings
from kerasish.core.tensor import StringTensor, Tensor, convert
from kerasish.tf.data import composites, elements
from kerasish.tf.data.node import INFINITE, UNKNOWN, Node, Run
from kerasish.tf.data.randomness import Seeds
from kerasish.tf.data.rows import Arrays, Block, Counting, Table
from kerasish.tf.ragged.arrays import deepened
from kerasish.tf.ragged.making import constant as ragged_constant
from kerasish.tf.ragged.spec import RaggedTensorSpec
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of

_COUNTED = 1 << 16  # rows of an endless source that are handed over at a time
_DRAWN = 256  # random numbers made at a time
_END = object()


@shown_as("InvalidArgumentError")
class WrongElementError(InvalidArgumentError, TypeError):
    """A generator gave something else than it was announced to."""


# arrays ---------------------------------------------------------------------------------------------------------------


class Slices(Node):
    """The rows of tensors of equal length.

    Raises:
        ValueError: a scalar among them, different lengths, or no tensor at all.
    """

    name = "_TensorSliceDataset"

    def __init__(self, tensors: Any) -> None:
        super().__init__()
        with elements.host_scope():
            element = elements.normalise(tensors)
        leaves = [leaf for leaf in tree.flatten(element) if leaf is not None]
        if not leaves or any(not isinstance(leaf, (Tensor, CompositeTensor)) for leaf in leaves):
            raise fail(ValueError, "Invalid `tensors`. `tensors` should not be empty", "a structure of tensors")
        if any(not elements.rank_of(leaf) for leaf in leaves):
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        whole = [isinstance(leaf, CompositeTensor) for leaf in leaves]
        lengths = [composites.count(leaf) if is_whole else len(leaf) for leaf, is_whole in zip(leaves, whole)]
        for length in lengths:
            if length != lengths[0]:
                raise ValueError(f"Dimensions {lengths[0]} and {length} are not compatible")
        self._size = lengths[0]
        self._element_spec = elements.unbatched_spec(elements.spec(element))
        self._element = tree.map_structure(composites.constant, element)
        self._table = (
            None
            if any(whole)
            else Arrays(tree.map_structure(lambda _: 0, element), [_constant(r) for r in elements.raw_leaves(element)])
        )

    def infer_spec(self) -> Any:
        return self._element_spec

    def cardinality(self) -> int:
        return self._size

    def table(self) -> Table | None:
        return self._table

    def rows(self, run: Run) -> Iterator[Block]:
        return iter([(range(self._size),)] if self._size else [])

    def elements(self, run: Run) -> Iterator:
        return elements.unstack(self._element)


def _constant(raw: Any) -> Any:
    return raw.detach() if isinstance(raw, torch.Tensor) else raw


class Single(Node):
    """One element."""

    name = "_TensorDataset"

    def __init__(self, value: Any) -> None:
        super().__init__()
        with elements.host_scope():
            self._element = elements.normalise(value)
        if all(leaf is None for leaf in tree.flatten(self._element)):
            raise InvalidArgumentError(
                "Length for attr 'Toutput_types' of 0 must be at least minimum 1: a dataset of None"
            )

    def infer_spec(self) -> Any:
        return elements.spec(self._element)

    def cardinality(self) -> int:
        return 1

    def elements(self, run: Run) -> Iterator:
        return iter([self._element])


class Given(Node):
    """Elements that are there already: a window, or what ``from_list`` was given."""

    name = "_ListDataset"

    def __init__(self, given: list, spec: Any, name: str = "_ListDataset") -> None:
        super().__init__()
        self._given = given
        self._element_spec = spec
        self.name = name

    def infer_spec(self) -> Any:
        return self._element_spec

    def cardinality(self) -> int:
        return len(self._given)

    def elements(self, run: Run) -> Iterator:
        return iter(self._given)


# numbers --------------------------------------------------------------------------------------------------------------


class Numbers(Node):
    """start, start + step, ...; ``count`` of them, or without end."""

    def __init__(self, start: float, step: float, count: int | None, dtype: DType, name: str) -> None:
        super().__init__()
        self._count = count
        self._table = Counting(start, step, dtype)
        self.name = name

    def infer_spec(self) -> Any:
        return TensorSpec([], self._table.dtype)

    def cardinality(self) -> int:
        return INFINITE if self._count is None else self._count

    def table(self) -> Table:
        return self._table

    def rows(self, run: Run) -> Iterator[Block]:
        if self._count is None:
            return ((range(at, at + _COUNTED),) for at in itertools.count(0, _COUNTED))
        return iter([(range(self._count),)] if self._count else [])


def numbers(start: int, stop: int, step: int, dtype: Any) -> Numbers:
    """The numbers of ``range(start, stop, step)``.

    Raises:
        InvalidArgumentError: ``step`` is 0.
    """
    if step == 0:
        raise InvalidArgumentError("step must be a non-zero integer.")
    return Numbers(start, step, len(range(start, stop, step)), as_dtype(dtype), "_RangeDataset")


class Random(Node):
    """Pseudorandom integers in [0, 2³²), without end."""

    name = "_RandomDataset"

    def __init__(self, seed: int | None, rerandomize: bool) -> None:
        super().__init__()
        self._seeds = Seeds(seed, renewed=rerandomize)

    def infer_spec(self) -> Any:
        return TensorSpec([], int64)

    def cardinality(self) -> int:
        return INFINITE

    def elements(self, run: Run) -> Iterator:
        words = self._seeds.next_pass(run.probing)
        for start in itertools.count(0, _DRAWN):
            yield from map(Tensor, torch.from_numpy(words.at(start, _DRAWN)).unbind())


# Python generators ----------------------------------------------------------------------------------------------------


class Generator(Node):
    """What the generators give that a function returns; a new one for each pass.

    Args:
        spec: structure of ``TensorSpec``: what is announced; values are converted to it.
        args: handed to ``function`` as NumPy values.
    """

    name = "_FlatMapDataset"

    def __init__(self, function: Callable, spec: Any, args: tuple) -> None:
        super().__init__()
        if not callable(function):
            raise TypeError("`generator` must be a Python callable.")
        self._function = function
        self._element_spec = spec
        self._args = [convert(arg).numpy() for arg in args]

    @property
    def runs_python(self) -> bool:
        return True

    def infer_spec(self) -> Any:
        return self._element_spec

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        values = iter(self._function(*self._args))
        while True:
            with scope(in_dataset=False, op_seeds=None):  # Python's code, which no graph is made of
                value = next(values, _END)
            if value is _END:
                return
            yield self._converted(value)

    def _converted(self, value: Any) -> Any:
        try:
            return _fit(self._element_spec, value)
        except WrongElementError:
            raise
        except (TypeError, ValueError, KeyError):
            types = tree.map_structure(lambda leaf: leaf.dtype, self._element_spec)
            raise WrongElementError(
                "TypeError: `generator` yielded an element that did not match the expected structure. The expected "
                f"structure was {types!r}, but the yielded element was {value}."
            ) from None


def _fit(spec: Any, value: Any) -> Any:
    """A generator's value as an element of that specification."""
    if isinstance(spec, TypeSpec):
        return _fit_leaf(spec, value)
    if isinstance(spec, dict):
        if not isinstance(value, dict) or set(value) != set(spec):
            raise TypeError("other keys")
        return {key: _fit(spec[key], value[key]) for key in spec}
    if not isinstance(value, tuple) or len(value) != len(spec):
        raise TypeError("no tuple, or another length")
    parts = [_fit(part, given) for part, given in zip(spec, value)]
    return type(spec)(*parts) if hasattr(spec, "_fields") else tuple(parts)


def _fit_leaf(spec: Any, value: Any) -> Any:
    if isinstance(spec, composites.SPECS):
        return _fit_composite(spec, value)
    raw = _strings(value) if spec.dtype == string else _array(value, spec.dtype)
    if not spec.shape.is_compatible_with(raw.shape):
        raise WrongElementError(
            f"TypeError: `generator` yielded an element of shape {tuple(raw.shape)} where an element of shape {spec.shape} "
            "was expected."
        )
    return elements.wrapped(raw)


def _fit_composite(spec: Any, value: Any) -> Any:
    """A ragged or sparse tensor, or what may be had as one, as announced."""
    if not isinstance(value, CompositeTensor) and isinstance(spec, RaggedTensorSpec):
        value = _ragged(spec, value)
    if not spec.is_compatible_with(value):
        raise WrongElementError(
            f"TypeError: `generator` yielded an element of {spec_of(value)} where an element of {spec} was expected."
        )
    return value


def _ragged(spec: RaggedTensorSpec, value: Any) -> Any:
    """Nested lists or an array as a ragged tensor; a tensor where no dimension is ragged."""
    if not spec.ragged_rank:
        return convert(value, None if dispatch.is_tensor(value) else spec.dtype)
    if dispatch.is_tensor(value):
        return deepened(convert(value), spec.ragged_rank, spec.row_splits_dtype.torch)
    return ragged_constant(value, spec.dtype, spec.ragged_rank, row_splits_dtype=spec.row_splits_dtype)


def _array(value: Any, dtype: DType) -> torch.Tensor:
    """A copy in that dtype; floats are cut to integers, as TensorFlow does here."""
    if isinstance(value, torch.Tensor) or dispatch.is_tensor(value):
        return dispatch.raw(value).detach().to(dtype.torch, copy=True)
    return from_numpy(np.asarray(value, dtype=dtype.as_numpy_dtype))


def _strings(value: Any) -> np.ndarray:
    return value._t if isinstance(value, StringTensor) else from_strings(value)


def announced(output_types: Any, output_shapes: Any, output_signature: Any) -> Any:
    """The specification that the arguments of ``from_generator`` announce.

    Raises:
        TypeError: none of them, both kinds, or a signature of something else than specifications.
    """
    if output_signature is None and output_types is None:
        raise TypeError(
            "To specify the output signature you need to provide either the `output_signature` argument or the "
            "`output_types` argument."
        )
    if output_signature is None:
        if isinstance(output_types, list):
            raise TypeError(f"Cannot convert the argument `type_value`: {output_types!r} to a TensorFlow DType.")
        if output_shapes is None:
            return tree.map_structure(lambda dtype: TensorSpec(None, dtype), output_types)
        return tree.map_structure_up_to(output_types, lambda t, s: TensorSpec(s, t), output_types, output_shapes)
    for name, value in {"output_types": output_types, "output_shapes": output_shapes}.items():
        if value is not None:
            raise TypeError(f"The `{name}` argument can not be used together with the `output_signature` argument.")
    leaves = [output_signature] if isinstance(output_signature, list) else tree.flatten(output_signature)
    for leaf in leaves:
        if not isinstance(leaf, TypeSpec):
            raise TypeError(
                "`output_signature` must contain objects that are subclass of `tf.TypeSpec` but found "
                f"{type(leaf)} which is not."
            )
        if not isinstance(leaf, (TensorSpec, *composites.SPECS)):
            raise fail(
                TypeError,
                "`output_signature` may hold specifications of tensors, ragged and sparse ones",
                received=repr(leaf),
            )
    return output_signature
