"""``tf.debugging``: assertions on tensors' values, shapes and dtypes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.composite import CompositeTensor, Served
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.storage import bits, to_numpy
from kerasish.tf import math
from kerasish.tf.alias import FLOATS, check
from kerasish.tf.gone import missing as _missing
from kerasish.tf.numerics import disable_check_numerics as disable_check_numerics
from kerasish.tf.numerics import enable_check_numerics as enable_check_numerics
from kerasish.tf.printing import array_of, waits

# conditions -----------------------------------------------------------------------------------------------------------


def Assert(condition: Any, data: Sequence, summarize: int | None = None, name: str | None = None) -> None:
    """Raise unless a condition holds.

    Args:
        data: what the error shows.
        summarize: so many elements of each tensor (3).

    Raises:
        InvalidArgumentError: it does not hold.
    """
    if waits("An assertion") or bool(condition):
        return
    count = 3 if summarize is None else summarize
    shown = []
    for value in data:
        flat = dispatch.raw(value).reshape(-1)
        values = flat.tolist()
        shown.append(
            ", ".join(map(str, values[:count] if count >= 0 else values)) + (", ..." if len(values) > count else "")
        )
    listed = "\n".join(shown)
    raise InvalidArgumentError(f"Expected '{condition}' to be true. Summarized data: {listed}")


def _waits(tensor: Any) -> bool:
    """Whether a tensor has no values, or only those of a trial: its assertion is for runs."""
    return waits("An assertion") or (isinstance(tensor, torch.Tensor) and tensor.is_meta)


def _led_by(message: str | None) -> str:
    return f"{message}.  " if message else ""


def _prefixed(message: str | None, text: str) -> str:
    return f"{message}\n{text}" if message else text


def _first(x: np.ndarray, summarize: int | None, name: str) -> str:
    flat = x.reshape(-1)
    shown = flat[: min(len(flat), 3 if summarize is None else summarize)]
    return f"First {len(shown)} elements of {name}:\n{shown}"


def _served(assertion: Callable) -> Callable:
    """Let classes say what an assertion does with their values."""

    @functools.wraps(assertion)
    def public(*args: Any, **kwargs: Any) -> Any:
        for value in (*args[:2], kwargs.get("x"), kwargs.get("y")):
            if isinstance(value, Served) and public in type(value)._handlers:
                return type(value)._handlers[public](*args, **kwargs)
        return assertion(*args, **kwargs)

    return public


def _compare(sign: str, compare: Callable, name: str) -> Callable:
    """``assert_<name>(x, y)``."""

    def assertion(
        x: Any, y: Any, message: str | None = None, summarize: int | None = None, name: str | None = None
    ) -> None:
        holds = compare(x, y)
        if isinstance(holds, CompositeTensor):
            holds, x, y = holds.flat_values, *(v.flat_values if isinstance(v, CompositeTensor) else v for v in (x, y))
        if dispatch.is_symbolic(holds) or _waits(dispatch.raw(holds)) or bool(dispatch.raw(holds).all()):
            return
        a, b = array_of(x), array_of(y)
        lines = [f"Condition x {sign} y did not hold."]
        if a.shape == b.shape and a.ndim:
            wrong = ~array_of(holds)
            kept = np.argwhere(wrong)[: 3 if summarize is None else summarize]
            lines.append(f"Indices of first {len(kept)} different values:\n{kept}")
            for side, values in (("x", a), ("y", b)):
                lines.append(f"Corresponding {side} values:\n{values[wrong][: len(kept)]}")
        lines += [_first(a, summarize, "x"), _first(b, summarize, "y")]
        raise InvalidArgumentError(_prefixed(message, "\n".join(lines)))

    assertion.__name__ = assertion.__qualname__ = f"assert_{name}"
    assertion.__doc__ = f"Raise ``InvalidArgumentError`` unless x {sign} y holds for all elements, with broadcasting."
    return _served(assertion)


assert_equal = _compare("==", math.equal, "equal")
assert_less = _compare("<", math.less, "less")
assert_less_equal = _compare("<=", math.less_equal, "less_equal")
assert_greater = _compare(">", math.greater, "greater")
assert_greater_equal = _compare(">=", math.greater_equal, "greater_equal")


@_served
def assert_none_equal(
    x: Any, y: Any, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> None:
    """Raise ``InvalidArgumentError`` unless x != y holds for all elements, with broadcasting."""
    _compare("!=", math.not_equal, "none_equal")(x, y, message, summarize, name)


@_served
def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Raise unless |x - y| ≤ atol + rtol · |y| for all elements.

    Args:
        rtol, atol: default: ten times the dtype's epsilon.

    Raises:
        InvalidArgumentError: it does not hold.
        ValueError: the tensors are no floats.
    """
    _near(x, y, rtol, atol, message)


@strict_op
def _near(x: Array, y: Array, rtol: Any, atol: Any, message: str | None) -> None:
    if not x.is_floating_point():
        raise ValueError(f"assert_near needs floats, got {dtypes.as_dtype(x.dtype).name}")
    if _waits(x):
        return
    default = 10 * torch.finfo(x.dtype).eps
    relative, absolute = (default if tol is None else float(tol) for tol in (rtol, atol))
    if bool((torch.abs(x - y) <= absolute + relative * torch.abs(y)).all()):
        return
    raise InvalidArgumentError(
        _prefixed(
            message,
            f"x and y not equal to tolerance rtol = {relative}, atol = {absolute}\nx (shape={tuple(x.shape)} dtype="
            f"{dtypes.as_dtype(x.dtype).name}) = {to_numpy(x)}\ny (shape={tuple(y.shape)}) = {to_numpy(y)}",
        )
    )


def _with_kernels(x: torch.Tensor) -> torch.Tensor:
    """Unsigned integers as what torch compares with 0: any number above it serves for those above."""
    return (bits(x) != 0).byte() if x.dtype in dispatch.WIDE_UNSIGNED else x


def _signed(sign: str, compare: Callable, name: str) -> Callable:
    """``assert_<name>(x)``, a comparison with 0."""

    def assertion(x: Any, message: str | None = None, summarize: int | None = None, name: str | None = None) -> None:
        values = dispatch.raw(x)
        if _waits(values) or bool(compare(_with_kernels(values), 0).all()):
            return
        every = values.reshape(-1).tolist()
        count = 3 if summarize is None else summarize
        flat = [str(value) for value in every[:count]] + ["..."] * (len(every) > count)
        line = "" if sign == "<=" else "\n"  # TensorFlow lacks this one
        raise InvalidArgumentError(
            f"{_led_by(message)}\nCondition x {sign} 0 did not hold element-wise:{line}"
            f"x (shape={tuple(values.shape)} dtype={dtypes.as_dtype(values.dtype).name}) = \n"
            f"{flat if values.ndim else every[0]}"
        )

    assertion.__name__ = assertion.__qualname__ = f"assert_{name}"
    assertion.__doc__ = f"Raise ``InvalidArgumentError`` unless x {sign} 0 holds for all elements."
    return assertion


assert_positive = _signed(">", torch.gt, "positive")
assert_negative = _signed("<", torch.lt, "negative")
assert_non_negative = _signed(">=", torch.ge, "non_negative")
assert_non_positive = _signed("<=", torch.le, "non_positive")


# numbers that are not finite ------------------------------------------------------------------------------------------


@strict_op
def check_numerics(tensor: Array, message: str, name: str | None = None) -> Any:
    """The tensor itself.

    Raises:
        InvalidArgumentError: it has infinite or undefined elements.
    """
    check(tensor, FLOATS, "CheckNumerics")
    if _waits(tensor):
        return tensor
    infinite, undefined = bool(torch.isinf(tensor).any()), bool(torch.isnan(tensor).any())
    if infinite or undefined:
        what = " and ".join(word for word, found in (("Inf", infinite), ("NaN", undefined)) if found)
        raise InvalidArgumentError(f"{message} : Tensor had {what} values [Op:CheckNumerics]")
    return tensor


def assert_all_finite(x: Any, message: str, name: str | None = None) -> Any:
    """The tensor itself.

    Raises:
        InvalidArgumentError: it has infinite or undefined elements.
    """
    return check_numerics(x, message)


# shapes ---------------------------------------------------------------------------------------------------------------


def _shape_of(x: Any) -> tuple:
    return tuple(x.shape) if dispatch.is_tensor(x) else tuple(dispatch.raw(x).shape)


def _check_rank(x: Any, holds: Callable[[int], bool], wanted: str, message: str | None) -> None:
    shape = _shape_of(x)
    if not holds(len(shape)):
        start = f"{message}.  " if message else ""
        raise ValueError(f"{start}Tensor  must have rank {wanted}.  Received rank {len(shape)}, shape {shape}")


def _number_of(rank: Any) -> int:
    if getattr(rank, "ndim", 0) or isinstance(rank, (list, tuple)):
        raise ValueError("Rank must be a scalar.")
    return int(rank)


def assert_rank(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Raise ``ValueError`` unless x has so many dimensions."""
    wanted = _number_of(rank)
    _check_rank(x, lambda n: n == wanted, str(wanted), message)


def assert_rank_at_least(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Raise ``ValueError`` unless x has so many dimensions or more."""
    wanted = _number_of(rank)
    _check_rank(x, lambda n: n >= wanted, f"at least {wanted}", message)


def assert_rank_in(x: Any, ranks: Sequence, message: str | None = None, name: str | None = None) -> None:
    """Raise ``ValueError`` unless the number of x's dimensions is one of these."""
    allowed = tuple(int(rank) for rank in ranks)
    _check_rank(x, lambda n: n in allowed, f"in {allowed}", message)


def assert_scalar(tensor: Any, message: str | None = None, name: str | None = None) -> None:
    """Raise ``ValueError`` if the tensor has dimensions."""
    shape = _shape_of(tensor)
    if shape:
        raise ValueError(f"{_led_by(message)}Expected scalar shape, saw shape: {shape}.")


def assert_shapes(
    shapes: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> None:
    """Raise unless tensors have shapes that agree.

    Args:
        shapes: pairs of a tensor and its shape: integers, and names that stand for the same number everywhere; ``None``
            stands for any number; ``...`` or "*" in front for any number of dimensions.

    Raises:
        ValueError: a shape differs, or two of the same name do.
    """
    known: dict[Any, tuple[int, str]] = {}
    start = f"{message}.  " if message else ""
    for tensor, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        shape = _shape_of(tensor)
        kind = dispatch.wrap(dispatch.raw(tensor)).dtype.name if not dispatch.is_symbolic(tensor) else tensor.dtype.name
        label = f"shape={shape} dtype={kind}"
        if not hasattr(wanted, "__iter__"):
            raise ValueError(
                f"{start}Tensor {label}.  Specified shape must be an iterable.  An iterable has the attribute `__iter__` "
                f"or `__getitem__`.  Received specified shape: {wanted}"
            )
        for place, symbol in _dimensions(list(wanted), shape, start):
            size = shape[place]
            if symbol is None or size is None:
                continue
            expected, origin = (
                (symbol, "Specified explicitly.  ")
                if isinstance(symbol, int)
                else known.setdefault(symbol, (size, f"Specified by tensor {label} dimension {place}.  "))
            )
            if expected != size:
                raise ValueError(
                    f"{start}{origin}Tensor {label} dimension {place} must have size {expected}.  Received size {size}, "
                    f"shape {shape}"
                )


def _dimensions(wanted: list, shape: tuple, start: str) -> list[tuple[int, Any]]:
    """Pairs of a dimension's place and what the shape says of it."""
    if any(symbol is Ellipsis or symbol == "*" for symbol in wanted[1:]):
        raise ValueError(
            f"{start}Symbol `...` or `*` for a variable number of dimensions is only allowed in front: {wanted}"
        )
    if wanted and (wanted[0] is Ellipsis or wanted[0] == "*"):
        rest = wanted[1:]
        offset = len(shape) - len(rest)
        fits = offset >= 0
    else:
        rest, offset = wanted, 0
        fits = len(rest) == len(shape) or (rest == [1] and not shape)
    if not fits:
        raise ValueError(f"{start}Tensor  must have rank {len(rest)}.  Received rank {len(shape)}, shape {shape}")
    return [(offset + i, symbol) for i, symbol in enumerate(rest) if offset + i < len(shape)]


# dtypes ---------------------------------------------------------------------------------------------------------------


def _dtype_of(x: Any) -> dtypes.DType:
    return dtypes.as_dtype(x.dtype) if hasattr(x, "dtype") else dispatch.wrap(dispatch.raw(x)).dtype


def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> None:
    """Raise ``TypeError`` unless the tensor has this dtype."""
    wanted, found = dtypes.as_dtype(tf_type), _dtype_of(tensor)
    if found != wanted:
        raise TypeError(f"{_led_by(message)}tensor must be of type {wanted!r}; got {found!r}")


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> None:
    """Raise ``TypeError`` unless x is of integers."""
    kind = _dtype_of(x)
    if not kind.is_integer:
        raise TypeError(f'{_led_by(message)}Expected "x" to be integer type.  Found: tensor of dtype {kind!s}')


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> dtypes.DType:
    """The dtype that tensors, and ``dtype``, share; float32 if there are none.

    Raises:
        ValueError: they differ, or it is no float.
    """
    kinds = [_dtype_of(t) for t in tensors or () if t is not None]
    kinds = kinds if dtype is None else [dtypes.as_dtype(dtype), *kinds]
    for kind in kinds[1:]:
        if kind != kinds[0]:
            raise ValueError(f"Tensors must be of the same type: {kind!s}, must be of the same type ({kinds[0]!s})")
    found = kinds[0] if kinds else dtypes.float32
    if not found.is_floating:
        raise ValueError(f"Expected floating point type, got {found!s}.")
    return found


def assert_proper_iterable(values: Any) -> None:
    """Raise ``TypeError`` if ``values`` cannot be iterated over, or is a text, tensor or array."""
    improper = isinstance(values, (str, bytes)) or hasattr(values, "dtype")
    if improper:
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers."""
    return dispatch.is_tensor(tensor) and dtypes.as_dtype(tensor.dtype).is_numeric


# switches -------------------------------------------------------------------------------------------------------------

_switches = {"placement": False, "traceback_filtering": True}


def set_log_device_placement(enabled: bool) -> None:
    """Whether TensorFlow reports the device of each operation. Nothing is reported here; ``tensor.device`` tells it."""
    _switches["placement"] = bool(enabled)


def get_log_device_placement() -> bool:
    """What ``set_log_device_placement`` was given."""
    return _switches["placement"]


def enable_traceback_filtering() -> None:
    """Hide the library's own frames in tracebacks; kerasish never hides them, so only the answer below changes."""
    _switches["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Show the library's own frames in tracebacks, as is always done here."""
    _switches["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """Which of the two was called last."""
    return _switches["traceback_filtering"]


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
