"""What TensorFlow's operations for dense tensors do with sparse ones; the others refuse them."""

from __future__ import annotations

import math as pymath
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype, int32
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.sparse import SparseTensor, not_dense, over_dense
from kerasish.core.tensor import convert
from kerasish.tf import arrays, creation, math
from kerasish.tf.sparse_arrays import to_dense
from kerasish.tf.sparse_math import bincount


def _of_values(function: Callable) -> None:
    @SparseTensor.serve(function)
    def on_values(x: SparseTensor, name: str | None = None, **kwargs: Any) -> SparseTensor:
        return x.with_raw(dispatch.raw(function(x.values, **kwargs)))


for _function in (
    math.abs, math.asin, math.asinh, math.atan, math.atanh, math.bessel_i0e, math.bessel_i1e, math.erf, math.negative,
    math.sign, math.sin, math.sqrt, math.square, math.tan, math.tanh, arrays.identity, arrays.stop_gradient,
):  # fmt: skip
    _of_values(_function)


@SparseTensor.serve(creation.cast)
def _cast(x: SparseTensor, dtype: Any, name: str | None = None) -> SparseTensor:
    return x.with_raw(dispatch.raw(creation.cast(x.values, dtype)))


@SparseTensor.serve(arrays.shape)
def _shape(input: SparseTensor, out_type: Any = None, name: str | None = None) -> Any:
    return convert(list(input.shape), as_dtype(out_type or int32))


@SparseTensor.serve(arrays.size)
def _size(input: SparseTensor, out_type: Any = None, name: str | None = None) -> Any:
    return convert(pymath.prod(input.shape), as_dtype(out_type or int32))


@SparseTensor.serve(arrays.rank)
def _rank(input: SparseTensor, name: str | None = None) -> Any:
    return convert(len(input.shape), int32)


@SparseTensor.serve(math.divide)
def _divide(x: Any, y: Any, name: str | None = None) -> Any:
    if not isinstance(x, SparseTensor):
        raise not_dense(y, "RealDiv")
    return over_dense(x, y)


@SparseTensor.serve(math.bincount)
def _bincount(arr: Any, weights: Any = None, **kwargs: Any) -> Any:
    dtype = kwargs.pop("dtype", int32)
    if not isinstance(arr, SparseTensor):
        raise not_dense(weights, "Bincount")
    axis = kwargs.pop("axis", None)
    counts = bincount(arr, weights, axis=0 if axis is None else axis, **kwargs)
    dense = to_dense(counts)
    return dense if weights is not None else creation.cast(dense, dtype)


def _filled(number: int, function: Callable) -> None:
    @SparseTensor.serve(function)
    def full(input: SparseTensor, dtype: Any = None, name: str | None = None, layout: Any = None) -> Any:
        if dtype is None:
            raise not_dense(input, function.__name__)
        return dispatch.wrap(torch.full(tuple(input.shape), number, dtype=_dtype(dtype)))


def _dtype(dtype: Any) -> torch.dtype:
    found = as_dtype(dtype).torch
    if found is None:
        raise InvalidArgumentError("Tensors of strings are not made of numbers")
    return found


_filled(0, creation.zeros_like)
_filled(1, creation.ones_like)
