"""What ``keras.ops`` do with sparse tensors: some keep them sparse, some give dense tensors, the others refuse them.

The choice is Keras's with TensorFlow: a function that maps 0 to 0 is applied to the values alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.dispatch import OPS, wrap
from kerasish.core.errors import AxisError, InvalidArgumentError, fail
from kerasish.core.sparse import SparseTensor, dense_at, not_dense
from kerasish.core.storage import cast_raw
from kerasish.core.tensor import divide as divided
from kerasish.ops import coordinates
from kerasish.ops.common import axis_index, torch_dtype

serve = SparseTensor.serve

_OF_VALUES = """absolute arcsin arcsinh arctan arctanh ceil conj copy deg2rad erf expm1 fabs floor imag log1p negative
rad2deg real round sign signbit sin sinh sqrt square stop_gradient tan tanh""".split()
_OF_ALL = "arccos arccosh cos cosh exp exp2 isfinite isreal log log10 log2 reciprocal".split()


def dense(x: Any) -> Any:
    """A sparse tensor as a dense one; anything else as it is."""
    return wrap(coordinates.to_dense(coordinates.reorder(x))) if isinstance(x, SparseTensor) else x


def _on_values(function: Callable) -> None:
    @serve(function)
    def values_only(x: SparseTensor, *args: Any, **kwargs: Any) -> SparseTensor:
        return x.with_raw(dispatch.raw(function(x.values, *args, **kwargs)))


def _on_all(function: Callable) -> None:
    @serve(function)
    def densified(x: SparseTensor) -> Any:
        return function(dense(x))


for _name in _OF_VALUES:
    _on_values(OPS[_name])
for _name in _OF_ALL:
    _on_all(OPS[_name])


# two tensors ----------------------------------------------------------------------------------------------------------


def promoted(*tensors: Any) -> list:
    """Tensors in their common dtype by Keras's rules; numbers stay numbers."""
    kinds = [type(x) if isinstance(x, (int, float)) else dtypes.as_dtype(_typed(x).dtype) for x in tensors]
    common = dtypes.to_torch(dtypes.result_type(*kinds))
    return [x if isinstance(x, (int, float)) else _cast(_typed(x), common) for x in tensors]


def _typed(x: Any) -> Any:
    return x if isinstance(x, SparseTensor) or dispatch.is_tensor(x) else wrap(dispatch.raw(x))


def _cast(x: Any, dtype: torch.dtype) -> Any:
    if isinstance(x, SparseTensor):
        return x if x.dtype.torch is dtype else x.with_raw(cast_raw(x.raw_values, dtype))
    return wrap(cast_raw(dispatch.raw(x), dtype))


def _union(name: str, rule: Callable) -> None:
    """Two sparse tensors give a sparse one, with the places of either; a dense one makes the result dense."""
    function = OPS[name]

    @serve(function)
    def elementwise(x1: Any, x2: Any) -> Any:
        x1, x2 = promoted(x1, x2)
        if isinstance(x1, SparseTensor) and isinstance(x2, SparseTensor):
            return coordinates.combine(x1, x2, rule)
        return function(dense(x1), dense(x2))


_union("add", torch.add)
_union("subtract", torch.sub)
_union("maximum", torch.maximum)
_union("minimum", torch.minimum)


@serve(OPS["multiply"])
def _multiply(x1: Any, x2: Any) -> SparseTensor:
    x1, x2 = promoted(x1, x2)
    if isinstance(x1, SparseTensor) and isinstance(x2, SparseTensor):
        return _common(x1, x2)
    sp, other = (x1, x2) if isinstance(x1, SparseTensor) else (x2, x1)
    return sp.with_raw(sp.raw_values * _at_places(sp, other, "Mul"))


def _at_places(sp: SparseTensor, other: Any, name: str) -> Any:
    return other if isinstance(other, (int, float)) else dense_at(sp, dispatch.raw(other), name)


def _common(x1: SparseTensor, x2: SparseTensor) -> SparseTensor:
    """The product of two sparse tensors: at the places that both have."""
    indices, left, right = coordinates.union(x1, x2)
    if indices is x1.raw_indices and indices is x2.raw_indices:
        return x1.with_raw(left * right)
    made = SparseTensor.of_raw(indices, left * right, x1.shape)
    ones = [x.with_raw(torch.ones_like(x.raw_values, dtype=torch.uint8)) for x in (x1, x2)]
    _, has_left, has_right = coordinates.union(*ones)
    return coordinates.retain(made, (has_left * has_right).bool())


def _quotient(function: Callable) -> None:
    @serve(function)
    def quotient(x1: Any, x2: Any) -> Any:
        if not isinstance(x1, SparseTensor) or isinstance(x2, SparseTensor):
            return function(dense(x1), dense(x2))
        x1, x2 = promoted(x1, x2)
        other = _at_places(x1, x2, "Div")
        values = x1.raw_values
        if not values.is_floating_point() and not values.is_complex():
            values = values.to(dtypes.floatx())
            other = other.to(values.dtype) if isinstance(other, torch.Tensor) else other
        return x1.with_raw(divided(values, other))


for _function in {OPS["divide"], OPS["true_divide"]}:
    _quotient(_function)


@serve(OPS["matmul"])
def matmul(x1: Any, x2: Any) -> Any:
    """Two sparse matrices give a sparse one, a sparse and a dense one a dense one."""
    x1, x2 = promoted(x1, x2)
    if len(x1.shape) != 2 or len(x2.shape) != 2:
        return OPS["matmul"](dense(x1), dense(x2))
    if isinstance(x1, SparseTensor) and isinstance(x2, SparseTensor):
        return _sparse_product(x1, x2)
    if isinstance(x1, SparseTensor):
        return wrap(coordinates.matmul(x1, dispatch.raw(x2)))
    return wrap(coordinates.matmul(x2, dispatch.raw(x1).mT, adjoint=True).mT)


def _sparse_product(x1: SparseTensor, x2: SparseTensor) -> SparseTensor:
    if x1.shape[1] != x2.shape[0]:
        raise InvalidArgumentError(f"Matrix size-incompatible: In[0]: {list(x1.shape)}, In[1]: {list(x2.shape)}")
    shape = (x1.shape[0], x2.shape[1])
    left, right = x1.raw_indices, coordinates.reorder(x2).raw_indices
    values = coordinates.reorder(x2).raw_values
    if coordinates.empty(left) or coordinates.empty(right):
        return SparseTensor.of_raw(left[:0], x1.raw_values[:0], shape)
    rows = right[:, 0].contiguous()
    first, last = (torch.searchsorted(rows, left[:, 1].contiguous(), side=side) for side in ("left", "right"))
    counts = last - first
    owner = torch.repeat_interleave(torch.arange(len(left), device=left.device), counts)
    within = torch.arange(len(owner), device=left.device) - torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    partner = first[owner] + within
    indices = torch.stack([left[owner, 0], right[partner, 1]], 1)
    products = x1.raw_values[owner] * values[partner]
    return coordinates.reduce(SparseTensor.of_raw(indices, products, shape), (0, 1), False)


# shapes ---------------------------------------------------------------------------------------------------------------


@serve(OPS["concatenate"])
def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """Sparse if all parts are."""
    if not all(isinstance(x, SparseTensor) for x in xs):
        return OPS["concatenate"]([dense(x) for x in xs], axis=axis)
    parts = promoted(*xs)
    place = axis_index(axis, len(parts[0].shape))
    shape = list(parts[0].shape)
    for part in parts[1:]:
        same = len(part.shape) == len(shape)
        if not same or any(a != b for i, (a, b) in enumerate(zip(part.shape, shape)) if i != place):
            raise InvalidArgumentError(f"Input shapes must match: {[tuple(x.shape) for x in parts]} [Op:SparseConcat]")
    shape[place] = sum(part.shape[place] for part in parts)
    return coordinates.reorder(coordinates.concat(parts, place, shape))


@serve(OPS["expand_dims"])
def expand_dims(x: SparseTensor, axis: Any) -> SparseTensor:
    axes = [axis] if isinstance(axis, int) else list(axis)
    rank = len(x.shape) + len(axes)
    for place in sorted(axis_index(a, rank) for a in axes):
        x = coordinates.expand(x, place)
    return x


@serve(OPS["squeeze"])
def squeeze(x: SparseTensor, axis: Any = None) -> SparseTensor:
    rank = len(x.shape)
    axes = [axis] if isinstance(axis, int) else axis
    gone = {i for i in range(rank) if x.shape[i] == 1} if axes is None else {axis_index(a, rank) for a in axes}
    for place in gone:
        if x.shape[place] != 1:
            raise fail(
                ValueError, f"Cannot squeeze axis={place}, because the dimension is not 1", received=f"{x.shape}"
            )
    kept = [i for i in range(rank) if i not in gone]
    return SparseTensor.of_raw(x.raw_indices[:, kept], x.raw_values, [x.shape[i] for i in kept])


@serve(OPS["reshape"])
def reshape(x: SparseTensor, newshape: Any) -> SparseTensor:
    wanted = [int(d) if d is not None else -1 for d in np.asarray(newshape, dtype=object).reshape(-1)]
    total, known = math.prod(x.shape), math.prod(d for d in wanted if d != -1)
    if -1 in wanted and known:
        wanted = [total // known if d == -1 else d for d in wanted]
    if math.prod(wanted) != total or wanted.count(-1):
        raise InvalidArgumentError(
            f"Input to reshape is a SparseTensor with {total} dense values, but the requested shape is {wanted}"
        )
    return coordinates.reshape(x, wanted)


@serve(OPS["transpose"])
def transpose(x: SparseTensor, axes: Any = None) -> SparseTensor:
    rank = len(x.shape)
    order = range(rank)[::-1] if axes is None else [axis_index(a, rank) for a in axes]
    if sorted(order) != list(range(rank)):
        raise AxisError(f"axes {axes} do not fit a tensor of rank {rank}")
    return coordinates.transpose(x, order)


@serve(OPS["sum"])
def total(x: SparseTensor, axis: Any = None, keepdims: bool = False) -> SparseTensor:
    rank = len(x.shape)
    axes = range(rank) if axis is None else [axis] if isinstance(axis, int) else axis
    gone = sorted({axis_index(a, rank) for a in axes})
    if x.dtype.name in ("bool", "int8", "int16", "uint8", "uint16"):  # Keras adds up in 32 bits
        wide = torch.uint32 if x.dtype.name.startswith("u") else torch.int32
        x = x.with_raw(cast_raw(x.raw_values, wide))
    out = coordinates.reduce(x, [i for i in range(rank) if i not in gone], False)
    for place in gone if keepdims else ():
        out = coordinates.expand(out, place)
    return out


@serve(OPS["size"])
def size(x: SparseTensor) -> Any:
    return wrap(torch.tensor(math.prod(x.shape), dtype=torch.int32))


# dtypes and others ----------------------------------------------------------------------------------------------------


@serve(OPS["cast"])
def cast(x: SparseTensor, dtype: Any) -> SparseTensor:
    return _cast(x, torch_dtype(dtype))


@serve(OPS["full_like"])
def full_like(x: SparseTensor, fill_value: Any, dtype: Any = None) -> Any:
    kind = x.dtype.torch if dtype is None else torch_dtype(dtype)
    value = dispatch.raw(fill_value, kind).to(kind)
    return wrap(value.expand(tuple(x.shape)).clone())


@serve(OPS["take"])
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """Places without an index take the first element, as index 0 does."""
    if isinstance(x, SparseTensor):
        raise not_dense(x, "take")
    return OPS["take"](x, dense(indices), axis=axis)


@serve(OPS["digitize"])
def digitize(x: Any, bins: Any) -> Any:
    if not isinstance(x, SparseTensor):
        raise not_dense(bins, "digitize")
    return x.with_raw(dispatch.raw(OPS["digitize"](x.values, bins)))


@serve(OPS["bincount"])
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> SparseTensor:
    """Counts of the values that are there, as a sparse tensor."""
    if not isinstance(x, SparseTensor):
        raise not_dense(weights, "bincount")
    if weights is not None and not isinstance(weights, SparseTensor):
        raise fail(ValueError, "`weights` must be sparse, as x is", received=type(weights))
    indices, values = x.raw_indices, x.raw_values.long()
    if len(x.shape) > 2:
        raise InvalidArgumentError(f"Input must be a 1 or 2-dimensional tensor. Got: {len(x.shape)}")
    length = max(int(values.max()) + 1 if not coordinates.empty(values) else 0, int(minlength))
    amounts = torch.ones_like(values, dtype=torch.int32) if weights is None else weights.raw_values
    places = torch.cat([indices[:, :-1], values[:, None]], 1)
    made = SparseTensor.of_raw(places, amounts, (*x.shape[:-1], length))
    return coordinates.reduce(made, range(len(x.shape)), False)
