"""``tensorflow.compiler.tf2xla.python.xla``: the operations of XLA's own language, by its rules.

They differ from TensorFlow's: operands do not broadcast unless ``broadcast_dims`` says how, and blocks that reach outside are
moved inside. They run as other operations do, compiled or not. Reductions and scatters
by functions, convolutions, random numbers and collective operations are not served.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

from kerasish import tf
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.ops.common import integer_shape, moves

XlaKeyValueSort = namedtuple("XlaKeyValueSort", "sorted_keys sorted_values")

_UNARY = (
    "abs bessel_i0e bessel_i1e ceil conj cos digamma erf erfc erfinv exp expm1 floor imag is_finite lgamma log log1p "
    "logical_not ndtri negative:neg real round sign sin tan tanh"
).split()
_BINARY = (
    "add atan2 equal:eq greater_equal:ge greater:gt igamma igammac less_equal:le less:lt logical_and logical_or "
    "logical_xor maximum:max minimum:min multiply:mul not_equal:ne polygamma pow truncatemod:rem left_shift:shift_left "
    "right_shift:shift_right_arithmetic subtract:sub zeta"
).split()
_UNSIGNED = {"int8": "uint8", "int16": "uint16", "int32": "uint32", "int64": "uint64"}


def _divide(x: Any, y: Any) -> Any:
    return tf.math.floordiv(x, y) if x.dtype.is_integer else tf.math.divide(x, y)


def _shift_right_logical(x: Any, y: Any) -> Any:
    """Zeros come in from the left, whatever the sign."""
    unsigned = _UNSIGNED.get(x.dtype.name, x.dtype.name)
    if unsigned == x.dtype.name:
        return tf.bitwise.right_shift(x, y)
    return tf.bitcast(tf.bitwise.right_shift(tf.bitcast(x, unsigned), tf.bitcast(y, unsigned)), x.dtype)


_OWN = {"div": _divide, "shift_right_logical": _shift_right_logical, "complex": lambda x, y: tf.complex(x, y)}


def _function(public: str) -> Callable:
    return getattr(tf.math, public, None) or getattr(tf.bitwise, public)


def _unary(function: Callable, name: str) -> Callable:
    def operation(x: Any, name: str | None = None) -> Any:
        return function(x)

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"XLA's {name}, element by element."
    return operation


def _binary(function: Callable, name: str) -> Callable:
    def operation(x: Any, y: Any, broadcast_dims: Sequence[int] | None = None, name: str | None = None) -> Any:
        x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
        return function(*_aligned(x, y, broadcast_dims))

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"""XLA's {name}, element by element.

    Args:
        broadcast_dims: the axes of the operand of higher rank that the other's axes stand for.

    Raises:
        InvalidArgumentError: ranks differ, neither operand is a scalar, and there are no ``broadcast_dims``.
    """
    return operation


def _aligned(x: Any, y: Any, axes: Any) -> tuple[Any, Any]:
    """Both operands, that of lower rank with axes of length one where it has none."""
    if x.shape.rank == y.shape.rank or 0 in (x.shape.rank, y.shape.rank):
        return x, y
    if not axes:
        raise InvalidArgumentError(
            "If broadcast_dims is empty, both arguments must have equal rank, or at least one argument must be a scalar; "
            f"argument shapes: {list(x.shape)} and {list(y.shape)}"
        )
    swapped = x.shape.rank < y.shape.rank
    high, low = (y, x) if swapped else (x, y)
    sizes = [1] * high.shape.rank
    for axis, size in zip(axes, low.shape, strict=True):
        sizes[int(axis)] = size
    low = tf.reshape(low, sizes)
    return (low, high) if swapped else (high, low)


def _elementwise() -> dict[str, Callable]:
    """The elementwise operations, made from the tables; ``public:own`` where XLA's name is another."""
    found = {}
    for entry in _UNARY:
        public, _, own = entry.partition(":")
        found[own or public] = _unary(_function(public), own or public)
    for entry in (*_BINARY, *_OWN):
        public, _, own = entry.partition(":")
        name = own or public
        found[name] = _binary(_OWN[name] if name in _OWN else _function(public), name)
    return found


def _inside(starts: Any, sizes: Sequence[int], lengths: Sequence[int], operation: str) -> list[slice]:
    """The block at ``starts``, moved inside where it reaches outside.

    Raises:
        InvalidArgumentError: it has not one start and size for each axis, or is longer than an axis.
    """
    begins = integer_shape(starts)
    if not len(begins) == len(sizes) == len(lengths):
        raise InvalidArgumentError(
            f"{operation} needs one start and one size for each of {len(lengths)} axes, got {len(begins)} and {len(sizes)}"
        )
    if any(size > length for size, length in zip(sizes, lengths)):
        raise InvalidArgumentError(f"{operation}: a block of shape {list(sizes)} does not fit into {list(lengths)}")
    found = (min(max(b, 0), length - size) for b, size, length in zip(begins, sizes, lengths))
    return [slice(begin, begin + size) for begin, size in zip(found, sizes)]


@strict_op
@moves
def dynamic_slice(input: Array, start_indices: Any, size_indices: Any, name: str | None = None) -> Any:
    """The block of ``size_indices`` at ``start_indices``, moved inside where it would reach outside.

    Raises:
        InvalidArgumentError: starts or sizes are not one for each axis, or the block is too long.
    """
    return input[tuple(_inside(start_indices, integer_shape(size_indices), input.shape, "XlaDynamicSlice"))]


@strict_op
def dynamic_update_slice(input: Array, update: Array, indices: Any, name: str | None = None) -> Any:
    """The tensor with ``update`` in place of the block at ``indices``, moved inside where it would reach outside.

    Raises:
        InvalidArgumentError: the ranks differ, or the update is too long.
    """
    block = tuple(_inside(indices, update.shape, input.shape, "XlaDynamicUpdateSlice"))
    result = input.clone()
    result[block] = update
    return result


@strict_op
def pad(
    input: Array,
    padding_value: Array,
    padding_low: Any,
    padding_high: Any,
    padding_interior: Any,
    name: str | None = None,
) -> Any:
    """The tensor with ``padding_value`` before, after and between the elements of each axis; negative numbers cut.

    Args:
        padding_low, padding_high: how many before and after, for each axis.
        padding_interior: how many between two neighbours, for each axis.

    Raises:
        InvalidArgumentError: there is not one number for each axis.
    """
    low, high, inner = (integer_shape(given) for given in (padding_low, padding_high, padding_interior))
    if not len(low) == len(high) == len(inner) == input.ndim:
        raise InvalidArgumentError(f"XlaPad needs three numbers for each of {input.ndim} axes")
    spread = [max(length + (length - 1) * gap, 0) for length, gap in zip(input.shape, inner)]
    whole = padding_value.expand([max(b, 0) + n + max(a, 0) for b, n, a in zip(low, spread, high)]).clone()
    whole[tuple(slice(max(b, 0), max(b, 0) + n, gap + 1) for b, n, gap in zip(low, spread, inner))] = input
    kept = (slice(max(-b, 0), n - max(-a, 0)) for b, a, n in zip(low, high, whole.shape))
    return whole[tuple(kept)]


def broadcast(x: Any, dims: Sequence[int], name: str | None = None) -> Any:
    """The tensor repeated along new axes in front, of lengths ``dims``."""
    x = tf.convert_to_tensor(x)
    return tf.broadcast_to(x, [*integer_shape(dims), *x.shape])


def clamp(a: Any, x: Any, b: Any, name: str | None = None) -> Any:
    """Elements of ``x`` between ``a`` and ``b``."""
    return tf.minimum(tf.maximum(a, x), b)


def reshape(x: Any, new_sizes: Any, dimensions: Sequence[int] | None = None, name: str | None = None) -> Any:
    """The elements in another shape, read in the order of the axes ``dimensions``."""
    return tf.reshape(x if dimensions is None else tf.transpose(x, dimensions), new_sizes)


def select(condition: Any, x: Any, y: Any, name: str | None = None) -> Any:
    """Elements of ``x`` where the condition holds, else of ``y``."""
    return tf.where(condition, x, y)


def key_value_sort(keys: Any, values: Any, name: str | None = None) -> Any:
    """Keys in rising order along the last axis, and the values in the order of their keys.

    Raises:
        InvalidArgumentError: the shapes differ.
    """
    keys, values = tf.convert_to_tensor(keys), tf.convert_to_tensor(values)
    if keys.shape != values.shape:
        raise InvalidArgumentError(
            f"Sort keys and values dimensions must match. Keys: {keys.shape}, values: {values.shape}"
        )
    order = tf.argsort(keys, stable=True)
    return XlaKeyValueSort(*(tf.gather(part, order, batch_dims=keys.shape.rank - 1) for part in (keys, values)))


def optimization_barrier(*args: Any) -> list:
    """The tensors, as they are: nothing is moved across."""
    return [tf.identity(x) for x in args]


def bitcast_convert_type(input: Any, type: Any, name: str | None = None) -> Any:
    """The bits as elements of another type."""
    return tf.bitcast(input, type)


def concatenate(values: Any, axis: int, name: str = "concat") -> Any:
    """``tf.concat``."""
    return tf.concat(values, axis)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """``tf.constant``."""
    return tf.constant(value, dtype, shape)


def convert_element_type(x: Any, dtype: Any, name: str | None = None) -> Any:
    """``tf.cast``."""
    return tf.cast(x, dtype)


def dot(lhs: Any, rhs: Any, name: str | None = None) -> Any:
    """Products summed over the last axis of ``lhs`` and the first of ``rhs``."""
    return tf.tensordot(lhs, rhs, 1)


def einsum(a: Any, b: Any, equation: str, name: str | None = None) -> Any:
    """``tf.einsum`` of two tensors."""
    return tf.einsum(equation, a, b)


def rev(x: Any, y: Any, name: str | None = None) -> Any:
    """The tensor in reverse order along the axes ``y``."""
    return tf.reverse(x, y)


def sort(input: Any, name: str | None = None) -> Any:
    """Elements in rising order along the last axis."""
    return tf.sort(input)


def transpose(x: Any, y: Any, name: str | None = None) -> Any:
    """``tf.transpose``."""
    return tf.transpose(x, y)


def _slice(x: Any, start_dims: Any, limit_dims: Any, strides: Any) -> Any:
    """The elements from ``start_dims`` to before ``limit_dims``, ``strides`` apart."""
    return tf.strided_slice(x, start_dims, limit_dims, strides)


# Names of Python's own functions, which this file uses, are in the table only.
_NAMED = {**_elementwise(), "slice": _slice}

__all__ = sorted(  # noqa: PLE0605 - the table's names, too
    {*_NAMED, "bitcast_convert_type", "broadcast", "clamp", "concatenate", "constant", "convert_element_type", "dot"}
    | {
        "dynamic_slice",
        "dynamic_update_slice",
        "einsum",
        "key_value_sort",
        "optimization_barrier",
        "pad",
        "reshape",
        "rev",
    }
    | {"select", "sort", "transpose"}
)


def __getattr__(name: str) -> Any:
    if name in _NAMED:
        return _NAMED[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
