"""Layers that join several tensors into one: elementwise, end to end, or by products; also as functions.

Elementwise ones broadcast. A tensor of lower rank gets axes of size 1 behind its batch axis first, so that ``(b, n)`` and
``(b, m, n)`` go together.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype, result_type
from kerasish.core.errors import ShapeMismatchError, fail
from kerasish.core.shape import broadcast_shapes
from kerasish.core.sparse import SparseTensor, not_dense
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.calling import is_ours
from kerasish.layers.layer import Layer
from kerasish.ops import coordinates
from kerasish.ops.common import in_float32, larger, smaller
from kerasish.ops.linalg import matmul
from kerasish.ops.normalization import normalize

_MERGES = "A merge layer should be called on a list of "
_CONCATENATES = "A `Concatenate` layer should be called on a list of at least 1 input."
_UNEQUAL = "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis."


class JoiningLayer(Layer):
    """A layer of a list of tensors; integers keep a dtype that holds them all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)

    def call(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        if not isinstance(inputs, (list, tuple)):
            self.compute_output_shape(tuple(inputs.shape))  # says what is wrong
        return self.join(inputs)

    def join(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        raise NotImplementedError

    _takes_sparse = True
    _operation = ""  # the function of keras.ops that combines two tensors, of which some are sparse

    def _sparse_call(self, inputs: Sequence[Any]) -> Any:
        return functools.reduce(dispatch.OPS[self._operation], [dispatch.wrap(x) for x in inputs])

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        spec = super().compute_output_spec(*args, **kwargs)
        if isinstance(spec, KerasTensor) and isinstance(args[0], (list, tuple)):
            spec.sparse = all(x.sparse for x in args[0])
        return spec

    def compute_dtype_of_output(self, args: tuple) -> Any:
        dtypes = [as_dtype(x.dtype) for x in args[0]]
        return result_type(*(self.compute_dtype if d.is_floating and self.autocast else d.name for d in dtypes))


# elementwise ----------------------------------------------------------------------------------------------------------


class Merge(JoiningLayer):
    """The common part of the elementwise ones, which combine two tensors at a time.

    Input shape: a list of shapes that broadcast. Output shape: the broadcast shape.

    The mask of the output is False where all inputs' masks are; there is none if one of the inputs has none.

    Raises:
        ValueError: the input is not a list, or the shapes do not fit.
    """

    def combine(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def join(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        return functools.reduce(self.combine, _to_one_rank(inputs))

    def _lowered_join(self, inputs: list[KerasTensor]) -> tuple[Callable, ...] | None:
        cls = type(self)
        same_rank = len({len(x.shape) for x in inputs}) == 1
        if len(inputs) != 2 or not same_rank or cls.join not in (Merge.join, Subtract.join) or not is_ours(cls.combine):
            return None
        return (_OPERATORS.get(cls.combine, self.combine),)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shapes = _list_of_shapes(input_shape)
        if shapes is None:
            raise ValueError(f"{_MERGES}inputs. Received: input_shape={_text(input_shape)} (not a list of shapes)")
        if not shapes:
            raise ValueError(f"{_MERGES}at least 1 input. Received 0 inputs. Full input_shape received: {input_shape}")
        batches = {shape[0] for shape in shapes if shape} - {None}
        if len(batches) > 1:
            raise ValueError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes {_text(shapes)}"
            )
        if len({len(shape) for shape in shapes}) > 1 and not all(shapes):
            raise fail(ValueError, "Cannot merge tensors some of which have no batch axis", received=_text(shapes))
        samples = [shape[1:] for shape in shapes]
        merged = functools.reduce(_merged_shape, samples)
        return (*batches, *merged) if batches else (*shapes[0][:1], *merged)

    def compute_mask(self, inputs: Any, mask: Any = None) -> torch.Tensor | None:
        if mask is None:
            return None
        _check_masks(inputs, mask)
        if any(m is None for m in mask):
            return None
        return functools.reduce(torch.logical_or, _to_one_rank(mask)).bool()


class Add(Merge):
    """The sum of the inputs. See ``Merge`` for shapes and masks.

    >>> Add()([np.ones((2, 3)), np.ones((2, 1))]).shape
    TensorShape([2, 3])
    """

    _operation = "add"

    def combine(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


class Subtract(Merge):
    """The first input minus the second. See ``Merge`` for shapes and masks."""

    _operation = "subtract"

    def combine(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x - y

    def join(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        if len(inputs) != 2:
            raise _not_two([x.shape for x in inputs])
        return super().join(inputs)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = super().compute_output_shape(input_shape)
        if len(input_shape) != 2:
            raise _not_two(input_shape)
        return shape


def _not_two(shapes: Any) -> ValueError:
    return ValueError(f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={_text(shapes)}")


class Multiply(Merge):
    """The product of the inputs. See ``Merge`` for shapes and masks."""

    _operation = "multiply"

    def combine(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x * y


class Average(Merge):
    """The mean of the inputs. See ``Merge`` for shapes and masks."""

    _operation = "add"

    def _sparse_call(self, inputs: Sequence[Any]) -> Any:
        return dispatch.OPS["divide"](super()._sparse_call(inputs), len(inputs))

    def combine(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y

    def join(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        return super().join(inputs) / len(inputs)

    def compute_dtype_of_output(self, args: tuple) -> Any:
        return result_type(super().compute_dtype_of_output(args), float)


class Maximum(Merge):
    """The largest of the inputs, elementwise. See ``Merge`` for shapes and masks."""

    _operation = "maximum"

    def combine(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return larger(x, y)


class Minimum(Merge):
    """The smallest of the inputs, elementwise. See ``Merge`` for shapes and masks."""

    _operation = "minimum"

    def combine(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return smaller(x, y)


_OPERATORS = {Add.combine: operator.add, Subtract.combine: operator.sub, Multiply.combine: operator.mul}


def _to_one_rank(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors with axes of size 1 behind the batch axis where they have too few."""
    rank = max(x.ndim for x in tensors)
    return [x if x.ndim == rank else x.reshape(x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:]) for x in tensors]


def _merged_shape(first: Sequence, second: Sequence) -> tuple:
    try:
        return broadcast_shapes(first, second)
    except ValueError:
        longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
        raise ValueError(
            f"Inputs have incompatible shapes. Received shapes {tuple(longer)} and {tuple(shorter)}"
        ) from None


# end to end -----------------------------------------------------------------------------------------------------------


class Concatenate(JoiningLayer):
    """The inputs one after the other along an axis.

    Args:
        axis: an integer.

    Input shape: a list of shapes that are equal but for ``axis``. Output shape: the same with the sum of the sizes there.

    The output has a mask if one of the inputs has; inputs without one count as unmasked. Along the last axis, which masks
    do not have, a step is masked if it is in all inputs.

    Raises:
        ValueError: the input is not a list, or the shapes do not fit.
    """

    _settled = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def join(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        if type(inputs[0]) is np.ndarray:  # text
            return np.concatenate(list(inputs), self.axis)
        return torch.cat(list(inputs), dim=self.axis)

    def _sparse_call(self, inputs: Sequence[Any]) -> Any:
        return dispatch.OPS["concatenate"]([dispatch.wrap(x) for x in inputs], axis=self.axis)

    def _lowered_join(self, inputs: list[KerasTensor]) -> tuple[Callable, ...] | None:
        if not is_ours(type(self).join) or inputs[0].dtype == "string":
            return None
        function, axis = torch.cat, self.axis
        return (lambda *tensors: function(tensors, axis),)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shapes = _list_of_shapes(input_shape)
        if not shapes:
            raise ValueError(f"{_CONCATENATES} Received: input_shape={_text(input_shape)}")
        rank = len(shapes[0])
        unequal = f"{_UNEQUAL} Received: input_shape={_text(shapes)}"
        if any(len(shape) != rank for shape in shapes):
            raise ShapeMismatchError(unequal)
        if not -rank <= self.axis < rank:
            raise ShapeMismatchError(f"{unequal} with axis={self.axis}")
        output: list = []
        for i, sizes in enumerate(zip(*shapes)):
            if i == self.axis % rank:
                output.append(None if None in sizes else sum(sizes))
                continue
            known = set(sizes) - {None}
            if len(known) > 1:
                raise ShapeMismatchError(unequal)
            output.append(known.pop() if known else None)
        return tuple(output)

    def compute_mask(self, inputs: Any, mask: Any = None) -> torch.Tensor | None:
        if mask is None:
            return None
        _check_masks(inputs, mask)
        given = [m for m in mask if m is not None]
        if not given:
            return None
        axis, rank = self.axis % inputs[0].ndim, max(m.ndim for m in given)
        full = [_full_mask(m, x.shape[:rank], x.device) for m, x in zip(mask, inputs)]
        joined = torch.cat(full, axis) if axis < rank else functools.reduce(torch.logical_or, full)
        return joined.any(-1) if rank == inputs[0].ndim else joined


def _full_mask(mask: torch.Tensor | None, shape: Any, device: torch.device) -> torch.Tensor:
    if mask is None:
        return torch.ones(shape, dtype=torch.bool, device=device)
    return mask.bool().reshape(*mask.shape, *(1,) * (len(shape) - mask.ndim)).expand(shape)


# products -------------------------------------------------------------------------------------------------------------


class Dot(JoiningLayer):
    """The sums of products of two tensors along an axis of each, for each sample of a batch.

    Args:
        axes: an integer, or one for each of the two; not the batch axis.
        normalize: whether to scale the vectors along the axes to length 1 first, which gives the cosine of their angle.

    Input shape: two shapes. Output shape: the batch size, the other axes of the first, those of the second; ``(batch, 1)``
    if there are none.

    Raises:
        TypeError: ``axes`` is neither an int nor a list or tuple.
        ValueError: not two axes or inputs, or their sizes differ.
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, int):
            if not isinstance(axes, (list, tuple)):
                raise TypeError(
                    f"Invalid type for argument `axes`: it should be a list or an int. Received: axes={axes}"
                )
            if len(axes) != 2:
                raise ValueError(
                    f"Invalid format for argument `axes`: it should contain two elements. Received: axes={axes}"
                )
            if not all(isinstance(axis, int) for axis in axes):
                raise ValueError(
                    f"Invalid format for argument `axes`: list elements should be integers. Received: axes={axes}"
                )
        self.axes = axes
        self.normalize = normalize

    def _given_axes(self) -> Sequence[int]:
        return (self.axes, self.axes) if isinstance(self.axes, int) else self.axes

    def join(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        x, y = inputs
        i, j = (axis % t.ndim for axis, t in zip(self._given_axes(), inputs))
        if x.shape[0] != y.shape[0]:
            raise ValueError(
                "Cannot do batch_dot on inputs with different batch sizes. "
                f"Received inputs with shapes {tuple(x.shape)} and {tuple(y.shape)}."
            )
        if self.normalize:
            x, y = (in_float32(lambda t, a=a: normalize.raw(t, a, 2, 1e-12), t) for t, a in ((x, i), (y, j)))
        x, y = x.movedim(i, -1), y.movedim(j, 1)
        left, right = x.shape[1:-1], y.shape[2:]
        products = matmul(x.flatten(1, -2) if left else x.unsqueeze(1), y.flatten(2) if right else y.unsqueeze(2))
        return products.reshape(x.shape[0], *((*left, *right) or (1,)))

    def _sparse_call(self, inputs: Sequence[Any]) -> Any:
        x, y = (dispatch.wrap(t) for t in inputs)
        if self.normalize or len(x.shape) != 2 or len(y.shape) != 2:
            raise not_dense(next(t for t in inputs if isinstance(t, SparseTensor)), "Dot")
        products = dispatch.OPS["multiply"](x, y)
        summed = dispatch.OPS["sum"](products, axis=1, keepdims=True)
        dense = not (isinstance(x, SparseTensor) and isinstance(y, SparseTensor))
        return coordinates.to_dense(summed) if dense else summed

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shapes = _list_of_shapes(input_shape)
        if shapes is None or len(shapes) != 2:
            raise ValueError(
                f"A `Dot` layer should be called on a list of 2 inputs. Received: input_shape={_text(input_shape)}"
            )
        first, second = shapes
        if min(len(first), len(second)) < 2:
            raise ValueError(
                f"Cannot do batch_dot on inputs with rank < 2. Received inputs with shapes {first} and {second}."
            )
        axes = self._given_axes()
        for axis, shape in zip(axes, shapes):
            if not -len(shape) <= axis < len(shape):
                raise fail(
                    IndexError, f"Layer '{self.name}': axis {axis} is out of range for an input of shape {shape}"
                )
        i, j = (axis % len(shape) for axis, shape in zip(axes, shapes))
        if first[i] != second[j]:
            raise ValueError(
                f"Incompatible input shapes: axis values {first[i]} (at axis {axes[0]}) != {second[j]} (at axis {axes[1]}). "
                f"Full input shapes: {first}, {second}"
            )
        if 0 in (i, j):
            raise ValueError(
                "Cannot perform batch_dot over axis 0. If your inputs are not batched, add a dummy batch dimension to "
                "your inputs using keras.ops.expand_dims(x, 0)"
            )
        rest = (*first[1:i], *first[i + 1 :], *second[1:j], *second[j + 1 :])
        return (first[0] if first[0] is not None else second[0], *(rest or (1,)))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None


# what they share ------------------------------------------------------------------------------------------------------


def _list_of_shapes(input_shape: Any) -> list[tuple] | None:
    """Plain tuples for a list or tuple of shapes; None for anything else."""
    if not isinstance(input_shape, (list, tuple)) or any(not isinstance(shape, (list, tuple)) for shape in input_shape):
        return None
    return [tuple(shape) for shape in input_shape]


def _text(input_shape: Any) -> str:
    """A shape, or a list of them, as tuples for messages."""
    shapes = _list_of_shapes(input_shape)
    if shapes is not None:
        return str(shapes)
    return str(tuple(input_shape) if isinstance(input_shape, (list, tuple)) else input_shape)


def _check_masks(inputs: Any, mask: Any) -> None:
    if not isinstance(mask, (tuple, list)):
        raise ValueError(f"`mask` should be a list. Received: mask={mask}")
    if not isinstance(inputs, (tuple, list)):
        raise ValueError(f"`inputs` should be a list. Received: inputs={inputs}")
    if len(mask) != len(inputs):
        raise ValueError(
            "The lists `inputs` and `mask` should have the same length. "
            f"Received: inputs={inputs} of length {len(inputs)}, and mask={mask} of length {len(mask)}"
        )


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of a list of tensors; keywords as of ``Add``."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The first of two tensors minus the second; keywords as of ``Subtract``."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of a list of tensors; keywords as of ``Multiply``."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of a list of tensors; keywords as of ``Average``."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The largest of a list of tensors, elementwise; keywords as of ``Maximum``."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smallest of a list of tensors, elementwise; keywords as of ``Minimum``."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """A list of tensors one after the other along ``axis``; keywords as of ``Concatenate``."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """The sums of products of two tensors along ``axes``; keywords as of ``Dot``."""
    return Dot(axes=axes, **kwargs)(inputs)
