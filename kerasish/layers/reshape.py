"""Layers without weights that move elements: flatten, reshape, permute, repeat, crop, pad.

One implementation serves 1, 2 and 3 spatial axes. These layers keep the dtype of inputs that are not floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish.core.dtypes import as_dtype
from kerasish.core.shape import tuple_of
from kerasish.core.sparse import SparseTensor
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops import coordinates
from kerasish.ops.conv import check_data_format, spatial_axis


class KeepsDtype(Layer):
    """A layer without weights whose outputs have the inputs' dtype; floats are cast to the compute dtype before."""

    def compute_dtype_of_output(self, args: tuple) -> Any:
        dtype = as_dtype(args[0].dtype)
        return self.compute_dtype if dtype.is_floating and self.autocast else dtype.name


# the whole of a sample ------------------------------------------------------------------------------------------------


class Flatten(KeepsDtype):
    """The elements of each sample as one axis.

    Args:
        data_format: "channels_first" moves the channels behind the other axes before; default: the image data format.

    Input shape: ``(batch, ...)``. Output shape: ``(batch, elements)``; ``(batch, 1)`` for inputs of rank 1.

    >>> Flatten()(np.ones((2, 3, 4))).shape
    TensorShape([2, 12])
    """

    _settled = ("data_format",)

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = inputs.movedim(1, -1)
        return inputs.reshape(inputs.shape[0], math.prod(inputs.shape[1:]))

    _takes_sparse = True

    def _sparse_call(self, inputs: SparseTensor) -> SparseTensor:
        rank = len(inputs.shape)
        if self.data_format == "channels_first" and rank > 2:
            inputs = coordinates.transpose(inputs, (0, *range(2, rank), 1))
        return coordinates.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        return keep_sparse(super().compute_output_spec(inputs), inputs)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        if (
            inputs.dtype == "string"
            or len(inputs.shape) < 2
            or self.data_format == "channels_first"
            and len(inputs.shape) > 2
        ):
            return None
        return (_flatten,)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        sizes = tuple(input_shape[1:])
        return (input_shape[0], None if None in sizes else math.prod(sizes))


def _flatten(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1)


class Reshape(KeepsDtype):
    """The elements of each sample in another shape.

    Args:
        target_shape: of a sample, without the batch dimension; one dimension may be -1, to be inferred.

    Input shape: ``(batch, ...)``. Output shape: ``(batch, *target_shape)``.

    Raises:
        ValueError: the number of elements does not fit, or ``target_shape`` has negative dimensions or two of -1.

    >>> Reshape((2, -1))(np.ones((5, 8))).shape
    TensorShape([5, 2, 4])
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        target_shape = tuple(target_shape)
        if any(not hasattr(size, "__index__") or size < -1 for size in target_shape):
            raise ValueError(
                "Each dimension in `target_shape` must be a non-negative integer, or `-1` for a single unknown "
                f"dimension. Received: target_shape={target_shape}."
            )
        if target_shape.count(-1) > 1:
            raise ValueError(
                "There must be at most one unknown dimension (-1) in `target_shape`. "
                f"Received: target_shape={target_shape}."
            )
        self.target_shape = tuple(int(size) for size in target_shape)
        self.built = True

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        try:
            return inputs.reshape(inputs.shape[0], *self.target_shape)
        except (RuntimeError, ValueError):  # it does not fit, or an empty batch leaves -1 open
            return inputs.reshape(self.compute_output_shape(inputs.shape))

    _takes_sparse = True

    def _sparse_call(self, inputs: SparseTensor) -> SparseTensor:
        return coordinates.reshape(inputs, self.compute_output_shape(tuple(inputs.shape)))

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        return keep_sparse(super().compute_output_spec(inputs), inputs)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        batch, *sizes = input_shape
        target = self.target_shape
        known = math.prod(size for size in target if size != -1)
        if None in sizes:
            return (batch, *(None if size == -1 else size for size in target))
        given = math.prod(sizes)
        if -1 not in target:
            if given != known:
                raise self._misfit("", sizes)
            return (batch, *target)
        if not known or given % known:
            raise self._misfit(
                ", however, the input size cannot be divided by the specified dimensions in target_shape", sizes
            )
        return (batch, *(given // known if size == -1 else size for size in target))

    def _misfit(self, why: str, sizes: list) -> ValueError:
        return ValueError(
            f"The total size of the tensor must be unchanged{why}. "
            f"Received: input_shape={tuple(sizes)}, target_shape={self.target_shape}"
        )


class Permute(KeepsDtype):
    """The axes of each sample in another order.

    Args:
        dims: for each axis of the outputs, which one of the inputs it is, counted from 1; the batch axis stays.

    >>> Permute((2, 1))(np.ones((5, 8, 3))).shape
    TensorShape([5, 3, 8])
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be "
                f"consecutive and start from 1. Received dims={dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        if type(inputs) is np.ndarray:  # text
            return inputs.transpose(0, *self.dims)
        return inputs.permute(0, *self.dims)

    _takes_sparse = True

    def _sparse_call(self, inputs: SparseTensor) -> SparseTensor:
        return coordinates.transpose(inputs, (0, *self.dims))

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        return keep_sparse(super().compute_output_spec(inputs), inputs)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class RepeatVector(KeepsDtype):
    """Each sample n times along a new axis.

    Args:
        n: how many times.

    Input shape: ``(batch, features)``. Output shape: ``(batch, n, features)``.

    >>> RepeatVector(3)(np.ones((5, 8))).shape
    TensorShape([5, 3, 8])
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive(n, "n")
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        if type(inputs) is np.ndarray:  # text
            return inputs[:, None].repeat(self.n, 1)
        return inputs.unsqueeze(1).expand(-1, self.n, -1)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], self.n, input_shape[1])


def keep_sparse(spec: KerasTensor, inputs: KerasTensor) -> KerasTensor:
    """An output's specification, sparse if the input is."""
    spec.sparse = inputs.sparse
    return spec


def positive(value: Any, name: str) -> int:
    """``value``, the argument ``name``, as an int.

    Raises:
        TypeError: it is not an integer.
        ValueError: it is not positive.
    """
    if not hasattr(value, "__index__"):
        raise TypeError(f"Expected an integer value for `{name}`, got {type(value)}.")
    if value <= 0:
        raise ValueError(f"Argument `{name}` should be a positive integer. Received: {name}={value}")
    return int(value)


# cropping and padding -------------------------------------------------------------------------------------------------


def _pairs(value: Any, n: int, name: str) -> tuple:
    """(before, after) for each of n axes, from a number, n numbers or n pairs; with one axis a number or one pair.

    Raises:
        ValueError: another structure, or a negative number.
    """
    if n == 1:
        return (tuple_of(value, 2, name, allow_zero=True),)
    if isinstance(value, int):
        if value < 0:
            raise ValueError(f"`{name}` cannot be negative. Received: {name}={value}.")
        return ((value, value),) * n
    if not hasattr(value, "__len__"):
        raise ValueError(
            f"`{name}` should be either an int, a tuple of {n} ints (the same before and after each axis), or a tuple "
            f"of {n} tuples of 2 ints (before, after). Received: {name}={value}."
        )
    if len(value) != n:
        raise ValueError(f"`{name}` should have {'two' if n == 2 else n} elements. Received: {name}={value}.")
    ordinals = ("1st", "2nd", "3rd")
    return tuple(tuple_of(v, 2, f"{ordinal} entry of {name}", allow_zero=True) for v, ordinal in zip(value, ordinals))


class _Cropping(KeepsDtype):
    """Takes elements away at both ends of the spatial axes.

    Args:
        cropping: how many at each end of all axes; or for each axis a number, or a pair (first, last).
        data_format: default: the image data format.
    """

    rank: int

    def __init__(self, cropping: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        pairs = _pairs(cropping, self.rank, "cropping")
        self.cropping = pairs[0] if self.rank == 1 else pairs
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _cropped(self, shape: Any) -> list[tuple[int, int, int | None]]:
        """For each spatial axis: its index, where the rest begins, how long that is."""
        pairs = (self.cropping,) if self.rank == 1 else self.cropping
        rest = []
        for axis, (first, last) in enumerate(pairs, spatial_axis(self.data_format)):
            length = None if shape[axis] is None else shape[axis] - first - last
            if length is not None and length <= 0:
                raise self._too_much(shape)
            rest.append((axis, first, length))
        return rest

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        for axis, first, length in self._cropped(inputs.shape):
            inputs = inputs.narrow(axis, first, length)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = list(input_shape)
        for axis, _, length in self._cropped(input_shape):
            shape[axis] = length
        return tuple(shape)

    def _too_much(self, shape: Any) -> ValueError:
        if self.rank == 1:
            what = "`cropping` parameter of `Cropping1D` layer must be smaller than the input length"
        else:
            what = (
                "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input"
            )
        return ValueError(f"{what}. Received: input_shape={tuple(shape)}, cropping={self.cropping}")


class Cropping1D(_Cropping):
    """Sequences without their first and last steps.

    Args:
        cropping: how many at each end, or a pair (first, last).

    Input shape: ``(batch, time, features)``. Output shape: the same, ``time`` less the steps taken away.

    >>> Cropping1D((1, 2))(np.ones((2, 7, 3))).shape
    TensorShape([2, 4, 3])
    """

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(_Cropping):
    """Images without their borders.

    Args:
        cropping: rows and columns at each side; or (rows, columns); or ((top, bottom), (left, right)).
        data_format: default: the image data format.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    """

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(_Cropping):
    """Volumes without their borders.

    Args:
        cropping: a number for all sides; or one for each axis; or a pair (first, last) for each axis.
        data_format: default: the image data format.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first.
    """

    rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


class _ZeroPadding(KeepsDtype):
    """Adds zeros at both ends of the spatial axes.

    Args:
        padding: how many at each end of all axes; or for each axis a number, or a pair (before, after).
        data_format: default: the image data format.
    """

    rank: int

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        pairs = _pairs(padding, self.rank, "padding")
        self.padding = pairs[0] if self.rank == 1 else pairs
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _widths(self) -> tuple:
        return (self.padding,) if self.rank == 1 else self.padding

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        widths = [width for pair in reversed(self._widths) for width in pair]  # torch counts from the last axis
        return F.pad(inputs, widths if self.data_format == "channels_first" else [0, 0, *widths])

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = list(input_shape)
        for axis, (before, after) in enumerate(self._widths, spatial_axis(self.data_format)):
            shape[axis] = None if shape[axis] is None else shape[axis] + before + after
        return tuple(shape)


class ZeroPadding1D(_ZeroPadding):
    """Sequences with zeros before and after.

    Args:
        padding: how many at each end, or a pair (before, after).
        data_format: default: the image data format.

    Input shape: ``(batch, time, features)``, or channels first. Output shape: the same, ``time`` longer.

    >>> ZeroPadding1D((1, 2))(np.ones((2, 7, 3))).shape
    TensorShape([2, 10, 3])
    """

    rank = 1


class ZeroPadding2D(_ZeroPadding):
    """Images with a border of zeros.

    Args:
        padding: rows and columns at each side; or (rows, columns); or ((top, bottom), (left, right)).
        data_format: default: the image data format.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    """

    rank = 2


class ZeroPadding3D(_ZeroPadding):
    """Volumes with a border of zeros.

    Args:
        padding: a number for all sides; or one for each axis; or a pair (before, after) for each axis.
        data_format: default: the image data format.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first.
    """

    rank = 3
