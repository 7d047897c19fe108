"""New tensors in ``tf``: constants, ranges, grids, conversion, casts. ``range`` and ``complex`` are shadowed here."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes, kernels, symbolic
from kerasish.core.composite import CompositeTensor
from kerasish.core.context import asks_for_keras_2, local
from kerasish.core.dispatch import Array, strict_op, strings
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError, UnimplementedError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.storage import cast_raw, storage
from kerasish.core.tensor import StringTensor, Tensor, convert
from kerasish.core.variable import Variable
from kerasish.ops.common import integer_shape, whole
from kerasish.tf.alias import Kinds
from kerasish.tf.dynamic_shape import DynamicRaggedShape

# constants ------------------------------------------------------------------------------------------------------------


_PLAIN = frozenset((float, int, bool, str, bytes, list, tuple, np.ndarray))  # what is no tensor


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = "Const") -> Tensor:
    """A tensor with the contents of a Python or NumPy value, or of another tensor.

    Args:
        dtype: by default int32, float32 or string as the value has it; NumPy arrays keep theirs.
        shape: the elements' new shape; a single one is repeated.

    Raises:
        TypeError: the value does not fit ``dtype`` or ``shape``.
        ValueError: the value cannot be made a tensor.
    """
    if type(value) in _PLAIN:
        made = dispatch.wrap(storage(value, dtype))
    else:
        value = value.numpy() if isinstance(value, Variable) else value
        made = _checked(value, dtype) if dispatch.is_tensor(value) else dispatch.wrap(storage(value, dtype))
    made = made if shape is None else _shaped(made, integer_shape(shape))
    if local.function is not None and local.function.tape is not None and made.dtype.is_floating:
        local.function.tape.watch(made)  # tf.gradients can be asked about it
    return made


def _checked(value: Any, dtype: Any) -> Tensor:
    made = convert(value)
    if dtype is not None and made.dtype != dtypes.as_dtype(dtype):
        raise TypeError(f"Expected tensor {made} with dtype {dtypes.as_dtype(dtype)!r}, but got dtype {made.dtype!r}.")
    return made


def _shaped(tensor: Tensor, sizes: list[int]) -> Tensor:
    values, wanted = tensor._t, torch.Size(sizes).numel()
    count = values.size if isinstance(tensor, StringTensor) else values.numel()
    if count == 1 and wanted != 1:
        return fill(sizes, dispatch.wrap(values.reshape(())))
    if count != wanted:
        raise TypeError(
            f"Eager execution of tf.constant with unsupported shape. Tensor {tensor.numpy()} has {count} elements, but got "
            f"`shape` {tuple(sizes)} with {wanted} elements)."
        )
    return dispatch.wrap(values.reshape(sizes))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """A tensor as it is; a Python or NumPy value copied into a new one.

    Args:
        dtype: the dtype that it must have.
        dtype_hint: the dtype that it gets if that is possible.

    Raises:
        ValueError: a tensor has another dtype, or the value cannot be made a tensor.
        TypeError: a value does not fit ``dtype``.
    """
    if dispatch.is_symbolic(value):
        return value
    if dtype is None and dtype_hint is not None and not dispatch.is_tensor(value):
        try:
            return convert(value, dtype_hint)
        except (TypeError, ValueError):
            return _followed(convert(value))
    return _followed(convert(value, dtype))


def _followed(tensor: Tensor) -> Tensor:
    """A tensor that ``tf.gradients`` may be asked for in the running function: in a graph there is one of any tensor."""
    if local.function is not None and getattr(local.function, "tape", None) is not None:
        t = tensor._t
        if isinstance(t, torch.Tensor) and t.is_floating_point() and not t.requires_grad:
            tensor._t, tensor._recording = t.detach().requires_grad_(True), local.recording
    return tensor


def _symbolic_shape(function: Any, shape: Any, *others: Any) -> Any:
    """The result for a shape that has symbolic tensors in it."""
    return symbolic.call(function, (shape, *others), {})


_INTEGERS = frozenset((int,))
_FILLED = (torch.zeros, torch.ones)


def _full(function: Any, shape: Any, dtype: Any, value: int) -> Any:
    if (
        type(dtype) is dtypes.DType
        and dtype.torch is not None
        and type(shape) in (tuple, list)
        and _INTEGERS.issuperset(map(type, shape))
    ):
        try:
            if type(value) is int:  # of zeros and ones
                return Tensor(_FILLED[value](shape, dtype=dtype.torch, device=devices.current()))
            return Tensor(torch.full(shape, value, dtype=dtype.torch, device=devices.current()))
        except (RuntimeError, TypeError):  # worded below; strings
            pass
    if symbolic.any_symbolic(shape):
        return _symbolic_shape(function, shape, dtype)
    if isinstance(shape, DynamicRaggedShape):
        return shape._filled(_full(function, shape.inner_shape, dtype, value))
    sizes = _sizes(shape)
    target = dtypes.as_dtype(dtype)
    if target == "string":
        return dispatch.wrap(np.full(sizes, b"", dtype=object))
    return dispatch.wrap(torch.full(sizes, value, dtype=dtypes.to_torch(target), device=devices.current()))


def _sizes(shape: Any) -> list[int]:
    """A shape as a list of integers.

    Raises:
        TypeError: a dimension is no integer.
        InvalidArgumentError: a dimension is negative.
    """
    try:
        sizes = integer_shape(shape)
    except (ValueError, TypeError, AttributeError):
        if isinstance(shape, TensorShape):
            raise ValueError(f"Cannot convert a partially known TensorShape {shape} to a Tensor.") from None
        raise _no_shape(shape) from None
    for n in sizes:
        if n < 0:
            raise InvalidArgumentError(f"Dimension {n} must be >= 0 [Op:Fill]")
    return sizes


def _no_shape(shape: Any) -> Exception:
    """The error of what is no vector of integers."""
    if shape is None:
        return ValueError(
            "Attempt to convert a value (None) with an unsupported type (<class 'NoneType'>) to a Tensor."
        )
    if not dispatch.is_tensor(shape):
        return TypeError(f"Cannot convert {shape!r} to EagerTensor of dtype int32")
    kind = dtypes.as_dtype(shape.dtype)
    if kind.name in ("int32", "int64"):
        return InvalidArgumentError(f"dims must represent a vector, got shape {list(shape.shape)} [Op:Fill]")
    word = kernels.word(kind.name)
    return DTypeMismatchError(
        f"Value for attr 'index_type' of {word} is not in the list of allowed values: int32, int64 [Op:Fill]"
    )


def _no_layout(layout: Any) -> None:
    if layout is not None:
        raise fail(NotImplementedError, "`layout` belongs to DTensor, which is not served", received=repr(layout))


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None, layout: Any = None) -> Any:
    """A tensor of zeros (of empty strings for dtype string)."""
    _no_layout(layout)
    return _full(zeros, shape, dtype, 0)


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None, layout: Any = None) -> Any:
    """A tensor of ones.

    Raises:
        TypeError: the dtype is string.
    """
    _no_layout(layout)
    if dtypes.as_dtype(dtype) == "string":
        raise TypeError("Cannot convert 1 to EagerTensor of dtype string")
    return _full(ones, shape, dtype, 1)


def fill(dims: Any, value: Any, name: str | None = None, layout: Any = None) -> Any:
    """A tensor of shape ``dims`` whose elements are all ``value``, a scalar; in the dtype of that.

    Raises:
        InvalidArgumentError: ``value`` is not a scalar.
    """
    _no_layout(layout)
    if type(value) is float and type(dims) in (tuple, list) and _INTEGERS.issuperset(map(type, dims)):
        return _full(fill, dims, dtypes.float32, value)
    if symbolic.any_symbolic((dims, value)):
        return _symbolic_shape(fill, dims, value)
    element = dispatch.raw(value)
    if element.ndim and tuple(element.shape).count(1) != element.ndim:
        raise InvalidArgumentError(f"value must represent a scalar, got shape {list(element.shape)} [Op:Fill]")
    sizes = _sizes(dims)
    if not isinstance(element, torch.Tensor):
        return dispatch.wrap(np.full(sizes, element.item(), dtype=object))
    return dispatch.wrap(element.reshape(()).expand(sizes).clone())


def _like(x: torch.Tensor, dtype: Any) -> torch.dtype:
    return x.dtype if dtype is None else dtypes.to_torch(dtype)


def _empty_strings(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Any:
    if dtype is None or dtypes.as_dtype(dtype) == "string":
        return np.full(input.shape, b"", dtype=object)
    return torch.zeros(input.shape, dtype=dtypes.to_torch(dtype))


@strict_op
@strings(_empty_strings)
def zeros_like(input: Array, dtype: Any = None, name: str | None = None, layout: Any = None) -> Any:
    """Zeros in the shape of the tensor, and in its dtype by default."""
    _no_layout(layout)
    if dtype is not None and dtypes.as_dtype(dtype) == "string":
        return np.full(tuple(input.shape), b"", dtype=object)
    return torch.zeros_like(input, dtype=_like(input, dtype))


_ONES_OF = (
    "bfloat16, half, float, double, int8, uint8, int16, uint16, int32, uint32, int64, uint64, "
    "complex64, complex128, bool"
)


def _ones_for_strings(input: Any, dtype: Any = None, name: str | None = None, layout: Any = None) -> Any:
    if dtype is None:
        raise dispatch.unsupported_dtype("OnesLike", "string", _ONES_OF)
    return torch.ones(input.shape, dtype=dtypes.to_torch(dtype))


@strict_op
@strings(_ones_for_strings)
def ones_like(input: Array, dtype: Any = None, name: str | None = None, layout: Any = None) -> Any:
    """Ones in the shape of the tensor, and in its dtype by default."""
    _no_layout(layout)
    return torch.ones_like(input, dtype=_like(input, dtype))


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Any:
    """Ones on the diagonal of so many rows and columns (as many as rows by default); repeated for each of a batch."""
    if symbolic.any_symbolic((num_rows, num_columns, batch_shape)):
        return symbolic.call(eye, (num_rows, num_columns, batch_shape, dtype), {})
    rows = whole(num_rows, "num_rows")
    columns = rows if num_columns is None else whole(num_columns, "num_columns")
    if min(rows, columns) < 0:
        raise InvalidArgumentError(f"Dimension {min(rows, columns)} must be >= 0 [Op:Fill]")
    matrix = torch.eye(rows, columns, device=devices.current()).to(dtypes.to_torch(dtype))
    return dispatch.wrap(matrix if batch_shape is None else matrix.repeat(*integer_shape(batch_shape), 1, 1))


# ranges ---------------------------------------------------------------------------------------------------------------

_COUNTED = 256  # a range of so many numbers keeps their values while shapes are worked out
_RANGE_ORDER = ("int32", "int64", "float16", "bfloat16", "float32", "float64")


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = "range") -> Any:
    """``start``, ``start + delta``, ... before ``limit``; with one argument 0, 1, ... before it.

    The dtype is the widest of the arguments' (int32, int64, float32, float64).

    Raises:
        InvalidArgumentError: ``delta`` is 0 or leads away from ``limit``.
    """
    start, limit = (0, start) if limit is None else (start, limit)
    if (
        type(start) is type(limit) is type(delta) is int
        and dtype is None
        and 0 <= start <= limit < 2**31 > delta > 0
        and not local.tracing
    ):
        return Tensor(torch.arange(start, limit, delta, dtype=torch.int32, device=devices.current()))
    if symbolic.any_symbolic((start, limit, delta)):
        return symbolic.call(range, (start, limit, delta, dtype), {})
    target = None if dtype is None else dtypes.as_dtype(dtype)
    parts = [dispatch.raw(v, None if target is None else target.torch) for v in (start, limit, delta)]
    for name, part in zip(("start", "limit", "delta"), parts):
        if part.ndim:
            raise InvalidArgumentError(f"{name} must be a scalar, not shape {list(part.shape)} [Op:Range]")
    if target is None:
        names = [dtypes.as_dtype(part.dtype).name for part in parts]
        target = dtypes.as_dtype(max(names, key=lambda n: _RANGE_ORDER.index(n) if n in _RANGE_ORDER else 9))
    first, last, step = (cast_raw(part, target.torch).item() for part in parts)
    if step == 0:
        raise InvalidArgumentError("Requires delta != 0: 0 [Op:Range]")
    if (last - first) * step < 0:
        order = "start <= limit when delta > 0" if step > 0 else "start >= limit when delta < 0"
        raise InvalidArgumentError(f"Requires {order}: {first}/{last} [Op:Range]")
    if target.is_integer:
        count, wide = -(-(last - first) // step), torch.int64
    else:  # rounded to the dtype, as in TensorFlow: 0.3 / 0.1 is 3 in float32, more than 3 in float64
        span, one = (target.as_numpy_dtype(v) for v in (last - first, step))
        count, wide = math.ceil(span / one), target.torch
    if local.tracing and target.is_integer and count <= _COUNTED:  # numbers that loops over them can use
        return dispatch.wrap(torch.tensor([first + i * step for i in builtins.range(count)], dtype=target.torch))
    steps = torch.arange(count, dtype=wide, device=devices.current())
    return dispatch.wrap((first + steps * step).to(target.torch))


def linspace(start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0) -> Any:
    """``num`` evenly spaced values from ``start`` to ``stop``, along a new axis where these are tensors.

    Integers give float64.

    Raises:
        InvalidArgumentError: ``num`` is negative.
    """
    count = whole(num, "num")
    if count < 0:
        raise InvalidArgumentError(f"Requires start <= limit when delta > 0: 1/{count} [Op:Range]")
    return _linspace(start, stop, count, axis)


@strict_op
def _linspace(start: Array, stop: Array, num: int, axis: int) -> Any:
    if not start.is_floating_point():
        start, stop = start.double(), stop.double()
    start, stop = torch.broadcast_tensors(start, stop)
    if num < 2:
        return start.unsqueeze(axis).narrow(axis, 0, num) if num == 0 else start.unsqueeze(axis)
    shape = [1] * (start.ndim + 1)
    shape[axis] = num
    place = torch.arange(num, dtype=start.dtype, device=start.device).reshape(shape)
    first, last = start.unsqueeze(axis), stop.unsqueeze(axis)
    values = first + place * ((last - first) / (num - 1))
    return torch.where(place == num - 1, last, values)


# casts ----------------------------------------------------------------------------------------------------------------


def _cast_strings(x: np.ndarray, dtype: Any, name: str | None = None) -> np.ndarray:
    target = dtypes.as_dtype(dtype)
    if target != "string":
        raise UnimplementedError(f"Cast string to {target.name} is not supported [Op:Cast]")
    return x


@strict_op
@strings(_cast_strings)
def cast(x: Array, dtype: Any, name: str | None = None) -> Any:
    """x in another dtype: floats lose their fraction, complex numbers their imaginary part.

    Raises:
        UnimplementedError: from or to strings; see ``tf.strings.to_number`` and ``tf.strings.as_string``.
    """
    target = dtype if type(dtype) is dtypes.DType else dtypes.as_dtype(dtype)
    if target.torch is None:
        raise UnimplementedError(f"Cast {dtypes.as_dtype(x.dtype).name} to {target.name} is not supported [Op:Cast]")
    return x if x.dtype is target.torch else cast_raw(x, target.torch)


@strict_op
def saturate_cast(value: Array, dtype: Any, name: str | None = None) -> Any:
    """The tensor in another dtype; what lies outside its range becomes its smallest or largest number."""
    return ops.saturate_cast.raw(value, dtype)


_SINGLE_OR_DOUBLE = Kinds("float double")


@strict_op
def complex(real: Array, imag: Array, name: str | None = None) -> Any:
    """The complex numbers with these real and imaginary parts, float32 or float64.

    Raises:
        TypeError: other dtypes.
    """
    if real.dtype not in _SINGLE_OR_DOUBLE:
        given = f"{dtypes.as_dtype(real.dtype).name} {dtypes.as_dtype(imag.dtype).name}"
        raise TypeError(
            f"The `real` and `imag` components have incorrect types: {given}. They must be consistent, and one of "
            "[tf.float32, tf.float64]"
        )
    return torch.complex(*torch.broadcast_tensors(real, imag))


# what a value is ------------------------------------------------------------------------------------------------------


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor or variable with a value, or made of such: not a NumPy array; a KerasTensor only in Keras 2."""
    return (dispatch.is_tensor(x) and (not dispatch.is_symbolic(x) or asks_for_keras_2())) or (
        isinstance(x, CompositeTensor) and x._is_tensor
    )


def is_symbolic_tensor(tensor: Any) -> bool:
    """Whether a tensor is symbolic: has a shape and dtype, but no value."""
    return dispatch.is_symbolic(tensor)


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value of a tensor as a NumPy array; ``None`` for a variable, or for a symbolic tensor, which has none.

    What is no tensor is given back as it is.

    Args:
        partial: whether unknown elements may be ``None``; there are none.
    """
    if isinstance(tensor, Tensor):
        return tensor.numpy()
    return None if dispatch.is_tensor(tensor) or hasattr(tensor, "_type_spec") else tensor
