"""Tensor: an immutable n-dimensional array that holds a ``torch.Tensor`` and behaves as ``tf.Tensor`` does.

It is composed, not subclassed: ``a + b`` through this class costs about 0.3 µs over torch, a ``torch.Tensor`` subclass
4 µs. Library code never computes on it; it is what user code sees. ``StringTensor`` holds NumPy objects instead.

The module reads: the class, its operators, indexing, strings. ``storage.py`` turns values into storage and back.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, kernels
from kerasish.core.arithmetic import divide, floor_divide, power, remainder
from kerasish.core.context import local
from kerasish.core.dtypes import FROM_TORCH, DType, as_dtype, string
from kerasish.core.eager_only import TensorOfGraphs
from kerasish.core.errors import ConversionError, DTypeMismatchError, InvalidArgumentError, no_attribute
from kerasish.core.foreign_calls import array_arguments, raw_arguments, torch_device, torch_function
from kerasish.core.foreign_names import NUMPY_NAMES, TORCH_METHODS, TORCH_PROPERTIES
from kerasish.core.indexing import index_raw
from kerasish.core.naming import Named
from kerasish.core.reference import Reference
from kerasish.core.shape import TensorShape
from kerasish.core.storage import (
    WIDER_THAN_NUMPY,
    from_numpy,
    from_strings,
    host,
    numpy_text,
    one_number,
    storage,
    to_numpy,
)

# the class ------------------------------------------------------------------------------------------------------------


class Tensor(TensorOfGraphs, metaclass=Named):
    """An immutable n-dimensional array of one dtype. Made by ``tf.constant``, ``keras.ops.array`` and operations."""

    __slots__ = ("__dict__", "__weakref__", "_recording", "_t")
    __array_priority__ = 100  # NumPy arrays on the left leave the operation to us
    _shown = "tensorflow.python.framework.ops.EagerTensor"
    _is_declared = False  # True for those that tell a shape which a signature states

    def __init__(self, t: torch.Tensor, recording: int = -1) -> None:
        self._t = t
        self._recording = recording  # that computed it; only read where the storage requires a gradient

    # what it is

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self._t.shape)

    @property
    def dtype(self) -> DType:
        return FROM_TORCH[self._t.dtype]

    @property
    def ndim(self) -> int:
        return self._t.ndim

    @property
    def device(self) -> str:
        return devices.tf_name(self._t.device)

    backing_device = device
    is_packed = property(lambda self: False)

    def get_shape(self) -> TensorShape:
        return self.shape

    def set_shape(self, shape: Any) -> None:
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"Tensor's shape {self.shape} is not compatible with supplied shape {TensorShape(shape)}")
        if local.shapeless:
            local.shapeless[id(self)] = (self, TensorShape(shape))

    def ref(self) -> Reference:
        return Reference(self)

    experimental_ref = ref

    # its values, elsewhere

    def numpy(self) -> Any:
        """A NumPy array (a NumPy scalar for rank 0) of its own: writing to it leaves the tensor alone."""
        array = to_numpy(self._t)
        return array.copy() if array.ndim else array[()]

    def _numpy(self) -> Any:
        """The same under the private name that packages call (tensorflow_datasets)."""
        return self.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = to_numpy(self._t)
        return array.astype(dtype) if dtype is not None and dtype != array.dtype else array.copy()

    def __array_function__(self, function: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        """NumPy's functions compute on our values as arrays; they would call our methods with their own arguments."""
        return function(*array_arguments(args), **array_arguments(kwargs))

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self._t.detach().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple:
        return self._t.__dlpack_device__()

    def __bool__(self) -> bool:
        return bool(to_numpy(self._t)) if self._t.numel() else False

    def __int__(self) -> int:
        return int(one_number(to_numpy(self._t)))

    def __float__(self) -> float:
        return float(one_number(to_numpy(self._t)))

    def __complex__(self) -> complex:
        return complex(one_number(to_numpy(self._t)))

    def __index__(self) -> int:
        return to_numpy(self._t).__index__()

    def __format__(self, spec: str) -> str:
        if not spec and local.function is not None and local.function.tracing:
            return str(self)
        return self.numpy().__format__(spec)

    def __round__(self, ndigits: int | None = None) -> Any:
        x = dispatch.live(self)
        return dispatch.wrap(torch.round(x, decimals=ndigits or 0) if x.is_floating_point() else x)

    def __len__(self) -> int:
        if not self._t.ndim:
            raise TypeError("Scalar tensor has no `len()`")
        return self._t.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._t.ndim:
            raise TypeError("Cannot iterate over a scalar tensor.")
        return map(dispatch.wrap, dispatch.live(self).unbind(0))

    def __hash__(self) -> int:
        raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            f"'{self._shown}' object does not support item assignment: tensors are immutable. "
            "Make a new one, for example with tf.tensor_scatter_nd_update or tf.where, or use a tf.Variable."
        )

    def __delitem__(self, key: Any) -> None:
        raise TypeError(f"'{type(self).__name__}' object doesn't support item deletion: tensors are immutable.")

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: dict) -> Tensor:
        return type(self)(self._t.detach().clone())

    def __reduce__(self) -> tuple:
        return _from_pickle, (to_numpy(self._t).copy() if self._t.dtype not in WIDER_THAN_NUMPY else self._t.detach(),)

    # printing

    def _text(self) -> np.ndarray:
        return to_numpy(self._t)

    def __str__(self) -> str:
        if local.function is not None and local.function.tracing:
            return local.function.symbol(self, 'Tensor("{name}:0", shape={shape}, dtype={dtype})')
        try:
            text = str(self._text())
        except NotImplementedError:  # only shapes are being worked out
            return f'Tensor("Placeholder:0", shape={self.shape}, dtype={self.dtype.name})'
        if "\n" in text:
            text = "\n" + text
        return f"tf.Tensor({text}, shape={self.shape}, dtype={self.dtype.name})"

    def __repr__(self) -> str:
        if local.function is not None and local.function.tracing:
            return local.function.symbol(self, "<tf.Tensor '{name}:0' shape={shape} dtype={dtype}>")
        try:
            return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={numpy_text(self._text())}>"
        except NotImplementedError:
            return f"<tf.Tensor 'Placeholder:0' shape={self.shape} dtype={self.dtype.name}>"

    # torch's side

    @property
    def grad(self) -> Tensor | None:
        return None if self._t.grad is None else Tensor(self._t.grad)

    def backward(self, gradient: Any = None, **kwargs: Any) -> None:
        """Torch's backward pass, for code written for torch; gradients arrive at the variables' parameters."""
        self._t.backward(None if gradient is None else dispatch.raw(gradient), **kwargs)

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """Torch's ``to``; devices may have TensorFlow's names, as ``device`` has."""
        args, kwargs = tuple(map(torch_device, args)), {key: torch_device(value) for key, value in kwargs.items()}
        return dispatch.wrap(dispatch.live(self).to(*raw_arguments(args), **raw_arguments(kwargs)))

    def __getattr__(self, name: str) -> Any:
        if name in TORCH_METHODS:
            method = getattr(dispatch.live(self), name)
            return lambda *args, **kwargs: dispatch.wrap(method(*raw_arguments(args), **raw_arguments(kwargs)))
        if name in TORCH_PROPERTIES:
            return dispatch.wrap(getattr(dispatch.live(self), name))
        in_graph = local.function is not None and local.function.tracing
        message = f"'{'SymbolicTensor' if in_graph else type(self).__name__}' object has no attribute '{name}'"
        if name in NUMPY_NAMES:
            message += (
                f". It is a method of NumPy arrays: write x.numpy().{name}, or tf.cast and tf.reshape for tensors"
            )
        elif name == "graph" and local.function is not None:
            return local.function
        elif name == "name" and local.function is not None and local.function.tracing:
            return local.function.symbol(self, "{name}:0")
        elif name in ("name", "op", "graph", "value_index"):
            message = f"Tensor.{name} is undefined when eager execution is enabled."
        elif name.endswith("_") and not name.endswith("__") and hasattr(torch.Tensor, name):
            message += ": it would change the tensor, and tensors are immutable"
        raise no_attribute(self, name, message)

    @classmethod
    def __torch_function__(cls, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return torch_function(function, args, kwargs or {})


def _from_pickle(value: Any) -> Tensor:
    return Tensor(value if isinstance(value, torch.Tensor) else from_numpy(np.asarray(value)))


# making tensors -------------------------------------------------------------------------------------------------------


def convert(value: Any, dtype: Any = None) -> Tensor:
    """``tf.convert_to_tensor``: a Tensor as it is, anything else copied into a new one.

    Raises:
        ValueError: ``value`` is a tensor of another dtype than the one asked for.
    """
    if isinstance(value, Tensor):
        if dtype is not None and as_dtype(dtype) != value.dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype {value.dtype.name}: "
                f"{value!r}"
            )
        return value
    if isinstance(value, dispatch._types.variable):
        if dtype is not None and as_dtype(dtype) != as_dtype(value.dtype):
            raise ValueError(
                f"Incompatible type conversion requested to type {as_dtype(dtype).name} for `tf.Variable of type "
                f"{as_dtype(value.dtype).name}. (Variable: {value!r})"
            )
        return convert(value.snapshot(), dtype)
    if isinstance(value, dispatch._types.symbolic):
        dispatch.raw(value)  # raises
    if isinstance(value, torch.Tensor):
        return dispatch.wrap(value if value.requires_grad else value.detach())
    return dispatch.wrap(storage(value, dtype))


# operators ------------------------------------------------------------------------------------------------------------

_NUMBERS = ("int", "uint", "float", "complex")


def _matmul(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if x.ndim < 2 or y.ndim < 2:
        raise InvalidArgumentError(f"In[{int(x.ndim >= 2)}] ndims must be >= 2 [Op:MatMul]")
    return torch.matmul(x, y)


_new = object.__new__
_FLOATS = frozenset(d.torch for d in FROM_TORCH.values() if d.kind == "float")
_OF_FLOATS = {divide: operator.truediv}  # what computes the same of floats, with fewer questions


def _scalar_fits(value: Any, dtype: torch.dtype) -> bool:
    """Whether torch may take the Python scalar as it is, with the dtype that TensorFlow would convert it to."""
    kind = type(value)
    return (kind is float and dtype.is_floating_point) or (kind is int and dtype is not torch.bool)


def operand(other: Any, like: torch.Tensor, name: str) -> Any:
    """The raw right-hand side of an operator, in the dtype of ``like``; NotImplemented leaves it to ``other``."""
    if _scalar_fits(other, like.dtype):
        return other
    if isinstance(other, Tensor):
        if isinstance(other, StringTensor):
            raise DTypeMismatchError(f"cannot compute {name} on a number and a string [Op:{name}]")
        return dispatch.live(other)
    if isinstance(other, dispatch._types.variable):
        return other.read()
    if isinstance(other, torch.Tensor):
        return other
    if isinstance(other, dispatch._types.symbolic) or hasattr(other, "_overrides_tensor_operators"):
        return NotImplemented
    if isinstance(other, dispatch._types.composite) and name in other._operators_of_tensors:
        return NotImplemented
    return dispatch.strict_constant(other, like.dtype, name)


def _check(kinds: tuple, dtype: torch.dtype, name: str) -> None:
    own = FROM_TORCH.get(dtype, string)
    if own.kind not in kinds:
        allowed = ", ".join(sorted(d.name for d in FROM_TORCH.values() if d.kind in kinds))
        error = DTypeMismatchError if name == "RealDiv" else InvalidArgumentError  # Python's TypeError there
        word, name = kernels.word(own.name), name.replace("Logical", "Bitwise")
        raise error(
            kernels.refusal(name, word)
            or f"Value for attr 'T' of {word} is not in the list of allowed values: {allowed} [Op:{name}]"
        )


def _truth_values(x: torch.Tensor, other: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """The factors of ``x * other`` as truth values where TensorFlow multiplies such: one is a tensor of bools."""
    given = other.dtype if dispatch.is_tensor(other) and not dispatch.is_symbolic(other) else None
    if x.dtype is torch.bool and type(other) in (int, float, list, tuple):
        return x, dispatch.raw(other) != 0
    if given is None or (x.dtype is torch.bool) == (given == "bool"):
        return None
    y = dispatch.raw(other)
    return (x != 0, y != 0) if isinstance(y, torch.Tensor) else None


def binary(function: Callable, name: str, kinds: tuple = _NUMBERS, scalars: bool = True) -> tuple[Callable, Callable]:
    """The pair of methods (``a + b`` and its reflection) of one operator."""

    def compute(self: Any, other: Any, reflected: bool) -> Any:
        x = dispatch.raw(self)
        if name == "Mul" and not reflected and (both := _truth_values(x, other)) is not None:
            return dispatch.wrap(torch.logical_and(*both))
        try:
            y = operand(other, x, name)
        except ConversionError:
            if x.dtype is torch.bool:
                _check(kinds, x.dtype, name)  # which tells more
            raise
        if y is NotImplemented:
            return y
        if name.startswith("Logical"):
            _check(kinds, x.dtype, name)
        if isinstance(y, torch.Tensor):
            if y.dtype is not x.dtype:
                raise dispatch.dtype_mismatch(name, x.dtype, y.dtype)
        elif not scalars:
            y = torch.tensor(y, dtype=x.dtype, device=x.device)
        _check(kinds, x.dtype, name)
        pair = [y, x] if reflected else [x, y]
        try:
            try:
                return dispatch.wrap(function(*pair))
            except NotImplementedError as error:  # uint16 and its kin
                return dispatch.wrap(dispatch.in_int64(function, pair, {}, error))
        except (RuntimeError, IndexError) as error:
            raise _shape_error(error, x, y, name) from None
        except OverflowError:  # an integer of more than 64 bits
            return compute(self, dispatch.strict_constant(other, x.dtype, name), reflected)

    allowed = frozenset(d.torch for d in FROM_TORCH.values() if d.kind in kinds)
    fits = {float: allowed & _FLOATS, int: allowed - {torch.bool}} if scalars else {}  # the dtypes of numbers' partners

    def fast(self: Any, other: Any, reflected: bool) -> Any:
        """A Variable, with another or a Tensor of its dtype, or a number that fits."""
        x, kind = dispatch.live(self) if isinstance(self, Tensor) else self.read(), type(other)
        if kind is Tensor:
            y, dtype = dispatch.live(other), x.dtype
            plain = dtype is y.dtype and dtype in allowed
        elif kind is float or kind is int:
            y, plain = other, x.dtype in fits.get(kind, ())
        elif isinstance(other, dispatch._types.variable):
            y = other.read()
            plain = x.dtype is y.dtype and x.dtype in allowed
        else:
            plain = False
        if not plain:
            return compute(self, other, reflected)
        try:
            out = function(y, x) if reflected else function(x, y)
            return Tensor(out, local.recording) if out.requires_grad else Tensor(out)
        except NotImplementedError:
            return compute(self, other, reflected)
        except (RuntimeError, IndexError) as error:
            raise _shape_error(error, x, y, name) from None
        except OverflowError:
            return compute(self, other, reflected)

    return _short_ways(function, name, allowed, fits, fast, compute)


def _short_ways(
    function: Callable, name: str, allowed: frozenset, fits: dict, fast: Callable, compute: Callable
) -> tuple[Callable, Callable]:
    """The methods themselves: Tensors and numbers are served without another call, all else by ``fast``."""
    in_floats = _OF_FLOATS.get(function, function)

    def forward(self: Any, other: Any) -> Any:
        if type(self) is not Tensor:
            return fast(self, other, False)
        x, kind, now = self._t, type(other), -1
        dtype = x.dtype
        if kind is Tensor:
            y = other._t
            if dtype is not y.dtype or dtype not in allowed:
                return compute(self, other, False)
            if y.requires_grad:
                now = local.recording
                if other._recording != now:
                    y = dispatch.live(other)
        elif kind in fits and dtype in fits[kind]:
            y = other
        elif isinstance(other, dispatch._types.variable):
            y = other.read()
            if dtype is not y.dtype or dtype not in allowed:
                return compute(self, other, False)
            if y.requires_grad:
                now = local.recording
        else:
            return compute(self, other, False)
        if x.requires_grad:
            now = local.recording
            if self._recording != now:
                x = dispatch.live(self)
        try:
            out = in_floats(x, y) if dtype in _FLOATS else function(x, y)
        except NotImplementedError:
            return compute(self, other, False)
        except (RuntimeError, IndexError) as error:
            raise _shape_error(error, x, y, name) from None
        except OverflowError:
            return compute(self, other, False)
        result = _new(Tensor)  # in two thirds of the time of Tensor(out, now)
        result._t, result._recording = out, now
        return result

    def backward(self: Any, other: Any) -> Any:
        kind = type(other)
        if type(self) is not Tensor or kind not in fits or self._t.dtype not in fits[kind]:
            return fast(self, other, True)
        x = dispatch.live(self) if self._t.requires_grad else self._t
        try:
            out = function(other, x)
        except (RuntimeError, OverflowError):
            return compute(self, other, True)
        return Tensor(out, local.recording) if out.requires_grad else Tensor(out)

    return forward, backward


def _shape_error(error: Exception, x: Any, y: Any, name: str) -> Exception:
    if isinstance(error, InvalidArgumentError):
        return error
    shapes = [list(v.shape) if isinstance(v, torch.Tensor) else [] for v in (x, y)]
    if name == "MatMul":
        return InvalidArgumentError(f"Matrix size-incompatible: In[0]: {shapes[0]}, In[1]: {shapes[1]} [Op:MatMul]")
    text = str(error).splitlines()[0]
    if "must match" in text or "broadcast" in text:
        return InvalidArgumentError(f"Incompatible shapes: {shapes[0]} vs. {shapes[1]} [Op:{name}]")
    return InvalidArgumentError(f"{text} [Op:{name}]")


def _unary(function: Callable, name: str, kinds: tuple) -> Callable:
    allowed = frozenset(d.torch for d in FROM_TORCH.values() if d.kind in kinds)

    def method(self: Any) -> Any:
        if type(self) is Tensor:
            x = self._t
            if x.requires_grad and self._recording != local.recording:
                x = dispatch.live(self)
            if x.dtype in allowed:
                try:
                    out = function(x)
                    return Tensor(out, local.recording) if out.requires_grad else Tensor(out)
                except NotImplementedError:
                    pass
        x = dispatch.raw(self)
        _check(kinds, x.dtype, name)
        try:
            return dispatch.wrap(function(x))
        except NotImplementedError as error:  # uint16 and its kin
            return dispatch.wrap(dispatch.in_int64(function, [x], {}, error))

    return method


def _equality(function: Callable, name: str, when_incomparable: bool) -> Callable:
    def method(self: Any, other: Any) -> Any:
        if type(self) is Tensor and type(other) is Tensor:
            x, y = self._t, other._t
            if x.dtype is y.dtype and x.shape == y.shape:
                return Tensor(function(x, y))
        if other is None:
            return when_incomparable
        x = dispatch.raw(self)
        y = operand(other, x, name)
        if y is NotImplemented:
            return y
        if isinstance(y, torch.Tensor):
            if y.dtype is not x.dtype:
                raise dispatch.dtype_mismatch(name, x.dtype, y.dtype)
            if x.shape != y.shape:
                try:
                    torch.broadcast_shapes(x.shape, y.shape)
                except RuntimeError:
                    return Tensor(torch.tensor(when_incomparable))
        return dispatch.wrap(function(x, y))

    return method


_BITS = ("bool", "int", "uint")
_ORDERED = ("int", "uint", "float")
_SIGNED = ("int", "float", "complex")
BINARY_OPERATORS: dict[str, tuple] = {
    "add": (operator.add, "AddV2", _NUMBERS),
    "sub": (operator.sub, "Sub", _NUMBERS),
    "mul": (operator.mul, "Mul", (*_NUMBERS, "bool")),  # of bools: and
    "truediv": (divide, "RealDiv", _NUMBERS),
    "floordiv": (floor_divide, "FloorDiv", _ORDERED, False),
    "mod": (remainder, "FloorMod", _ORDERED),
    "pow": (power, "Pow", _SIGNED),
    "matmul": (_matmul, "MatMul", _NUMBERS, False),
    "and": (torch.bitwise_and, "LogicalAnd", _BITS),
    "or": (torch.bitwise_or, "LogicalOr", _BITS),
    "xor": (torch.bitwise_xor, "LogicalXor", _BITS),
}
COMPARISONS: dict[str, tuple] = {
    "lt": (operator.lt, "Less"),
    "le": (operator.le, "LessEqual"),
    "gt": (operator.gt, "Greater"),
    "ge": (operator.ge, "GreaterEqual"),
}


def install_operators(cls: type) -> None:
    """Give ``cls`` (Tensor or Variable) the arithmetic, comparison and logical operators."""
    for name, (function, *rest) in BINARY_OPERATORS.items():
        forward, backward = binary(function, *rest)
        setattr(cls, f"__{name}__", forward)
        setattr(cls, f"__r{name}__", backward)
    cls.__div__, cls.__rdiv__ = cls.__truediv__, cls.__rtruediv__
    for name, (function, op_name) in COMPARISONS.items():
        setattr(cls, f"__{name}__", binary(function, op_name, _ORDERED)[0])
    cls.__eq__ = _equality(torch.eq, "Equal", False)
    cls.__ne__ = _equality(torch.ne, "NotEqual", True)
    cls.__neg__ = _unary(torch.neg, "Neg", _SIGNED)
    cls.__abs__ = _unary(torch.abs, "Abs", _SIGNED)
    cls.__invert__ = _unary(torch.bitwise_not, "Invert", _BITS)
    cls.__getitem__ = getitem


# indexing -------------------------------------------------------------------------------------------------------------


def getitem(self: Any, key: Any) -> Tensor:
    """``x[key]`` with integers, slices, ``...``, ``tf.newaxis`` and scalar integer tensors, or one boolean mask."""
    if type(self) is Tensor:
        t = self._t
        if t.requires_grad and self._recording != local.recording:
            t = dispatch.live(self)
    else:
        t = dispatch.raw(self)
        if isinstance(self, dispatch._types.variable):
            self.share()  # the result may be a view of the variable's storage
    try:
        out = t[key] if type(key) is int else index_raw(t, key)
    except IndexError:
        out = index_raw(t, key)  # which words it
    return Tensor(out, local.recording) if out.requires_grad else Tensor(out)


install_operators(Tensor)


# strings --------------------------------------------------------------------------------------------------------------


class StringTensor(Tensor):
    """A tensor of dtype string: its storage is a NumPy object array of bytes."""

    __slots__ = ()
    __hash__ = Tensor.__hash__

    dtype = property(lambda self: string)
    device = property(lambda self: devices.tf_name(torch.device("cpu")))
    grad = property(lambda self: None)

    def numpy(self) -> Any:
        return self._t.copy() if self._t.ndim else self._t.item()

    def _text(self) -> np.ndarray:
        return self._t

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._t.astype(dtype) if dtype is not None else self._t.copy()

    def __bool__(self) -> bool:
        return bool(self._t)

    def __int__(self) -> int:
        return int(self._t.item())

    def __float__(self) -> float:
        return float(self._t.item())

    def __iter__(self) -> Iterator[Tensor]:
        if not self._t.ndim:
            raise TypeError("Cannot iterate over a scalar tensor.")
        return (StringTensor(np.asarray(item, dtype=object)) for item in self._t)

    def __deepcopy__(self, memo: dict) -> StringTensor:
        return StringTensor(self._t.copy())

    def __reduce__(self) -> tuple:
        return StringTensor, (self._t,)

    def __getattr__(self, name: str) -> Any:
        raise no_attribute(self, name)

    def _other(self, other: Any) -> np.ndarray:
        return other._t if isinstance(other, StringTensor) else from_strings(other)

    def _demand_text(self, other: Any, name: str) -> None:
        """Raise DTypeMismatchError if the other operand is a tensor of numbers."""
        if dispatch.is_tensor(other) and not dispatch.is_symbolic(other) and as_dtype(other.dtype) != string:
            raise dispatch.dtype_mismatch(name, None, dispatch.raw(other).dtype)

    def _summand(self, other: Any) -> np.ndarray:
        """Texts to add.

        Raises:
            ValueError: None.
            InvalidArgumentError: a number.
        """
        if other is None or isinstance(other, (str, bytes, StringTensor)):
            return dispatch.raw(other)
        raw = dispatch.raw(other)
        if isinstance(raw, torch.Tensor):
            raise dispatch.dtype_mismatch("Add", None, raw.dtype)
        return raw

    def __add__(self, other: Any) -> StringTensor:
        other = self._summand(other)
        return StringTensor(np.asarray(self._t + other, dtype=object))

    def __radd__(self, other: Any) -> StringTensor:
        if isinstance(other, (bool, int, float, complex)):
            raise TypeError(f"Cannot convert {other} to EagerTensor of dtype string")
        return StringTensor(np.asarray(self._summand(other) + self._t, dtype=object))

    def __eq__(self, other: Any) -> Any:
        return False if other is None else self._compare(other, True)

    def __ne__(self, other: Any) -> Any:
        return True if other is None else self._compare(other, False)

    def _compare(self, other: Any, equal: bool) -> Tensor:
        self._demand_text(other, "Equal" if equal else "NotEqual")
        try:
            a, b = np.broadcast_arrays(self._t, self._other(other))
        except ValueError:
            return Tensor(torch.tensor(not equal))
        same = np.array([x == y for x, y in zip(a.ravel(), b.ravel(), strict=True)], dtype=bool)
        return Tensor(torch.from_numpy((same if equal else ~same).reshape(a.shape)))

    def __getitem__(self, key: Any) -> StringTensor:
        positions = torch.arange(self._t.size).reshape(self._t.shape)
        chosen = host(index_raw(positions, key))
        return StringTensor(np.asarray(self._t.reshape(-1)[chosen], dtype=object).reshape(chosen.shape))


for _name in (*BINARY_OPERATORS, *COMPARISONS):
    if _name != "add":

        def _refuse(self: Any, other: Any, _name: str = _name) -> Any:
            if other is None:
                dispatch.raw(other)  # raises
            if isinstance(other, (bool, int, float, complex)):
                raise TypeError(f"Cannot convert {other} to EagerTensor of dtype string")
            op = {**BINARY_OPERATORS, **COMPARISONS}[_name][1].replace("Logical", "Bitwise")
            raise InvalidArgumentError(kernels.refusal(op, "string"))

        setattr(StringTensor, f"__{_name}__", _refuse)
        setattr(StringTensor, f"__r{_name}__", _refuse)


dispatch.register(tensor=Tensor, string=StringTensor)

Tensor.__name__ = StringTensor.__name__ = "EagerTensor"  # what programs find in ``type(x).__name__``
