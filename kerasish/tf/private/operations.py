"""``tensorflow.python.ops`` and ``framework.smart_cond``: operations and decisions without a public name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerasish.core import dispatch
from kerasish.core.custom_gradient import custom_gradient
from kerasish.core.errors import fail
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable
from kerasish.tf import nest
from kerasish.tf.arrays import identity, stack
from kerasish.tf.control import case, cond
from kerasish.tf.creation import cast
from kerasish.tf.windows import convolution


def prevent_gradient(input: Any, message: str = "", name: str | None = None) -> Any:  # noqa: A002
    """The input, through which no gradient may be taken.

    Raises:
        LookupError: a gradient is taken.
    """

    @custom_gradient
    def forward(x: Any) -> Any:
        def refuse(gradient: Any) -> Any:
            raise LookupError(f"Gradient explicitly disabled. Reason: {message}")

        return identity(x), refuse

    return forward(input)


def _compute_fans(shape: Any) -> tuple[int, int]:
    """How many inputs and outputs a weight connects: a matrix's sizes, or a window's with each channel."""
    sizes = [int(size) for size in shape]
    if len(sizes) < 2:
        return math.prod(sizes), math.prod(sizes)
    window = math.prod(sizes[:-2])
    return window * sizes[-2], window * sizes[-1]


class Convolution:
    """``tf.nn.convolution`` whose options are given beforehand; called with an input and filters.

    Args:
        input_shape, filter_shape: the shapes to come; the filters' rank less two is the number of windowed axes.
        padding, strides, dilation_rate, data_format: as of ``tf.nn.convolution``.

    Raises:
        ValueError: the ranks of the shapes differ.
    """

    def __init__(
        self,
        input_shape: Any,
        filter_shape: Any,
        padding: Any,
        strides: Any = None,
        dilation_rate: Any = None,
        name: str | None = None,
        data_format: str | None = None,
    ) -> None:
        ranks = [TensorShape(shape).rank for shape in (input_shape, filter_shape)]
        if None not in ranks and ranks[0] != ranks[1]:
            raise fail(ValueError, "`input_shape` and `filter_shape` must have the same rank", "equal ranks", ranks)
        self.input_shape, self.filter_shape = input_shape, filter_shape
        self.padding, self.data_format, self.name = padding, data_format, name
        self.strides, self.dilation_rate = strides, dilation_rate

    def __call__(self, inp: Any, filter: Any) -> Any:  # noqa: A002
        return convolution(inp, filter, self.strides, self.padding, self.data_format, self.dilation_rate, self.name)


def smart_constant_value(pred: Any) -> bool | None:
    """The truth value of a condition; None where it is not known yet.

    Raises:
        TypeError: it is neither a truth value nor a tensor.
    """
    if isinstance(pred, (bool, int)) and pred in (0, 1):
        return bool(pred)
    if isinstance(pred, TFVariable) or dispatch.is_tensor(pred):
        return None if dispatch.is_symbolic(pred) else bool(dispatch.raw(pred))
    raise fail(TypeError, "`pred` must be a Tensor, or a Python bool, or 1 or 0", received=type(pred))


def smart_cond(
    pred: Any, true_fn: Callable | None = None, false_fn: Callable | None = None, name: str | None = None
) -> Any:
    """``tf.cond`` that calls one of the functions where the condition is known.

    Raises:
        TypeError: a function cannot be called.
    """
    if not callable(true_fn):
        raise TypeError("`true_fn` must be callable.")
    if not callable(false_fn):
        raise TypeError("`false_fn` must be callable.")
    known = smart_constant_value(pred)
    if known is None:
        return cond(pred, true_fn, false_fn, name=name)
    return true_fn() if known else false_fn()


def smart_case(
    pred_fn_pairs: Any, default: Callable | None = None, exclusive: bool = False, name: str = "smart_case"
) -> Any:
    """``tf.case``, whose conditions are known."""
    return case(pred_fn_pairs, default, exclusive, name=name)


def pfor(
    loop_fn: Callable,
    iters: Any,
    fallback_to_while_loop: bool = True,
    parallel_iterations: int | None = None,
    warn: bool = False,
) -> Any:
    """The results of ``loop_fn(i)`` for i below ``iters``, stacked.

    Args:
        fallback_to_while_loop, parallel_iterations, warn: of vectorization; the calls are made one after the other.

    Raises:
        ValueError: there is nothing to call it for.
    """
    count = int(convert(iters))
    if count < 1:
        raise fail(ValueError, "pfor needs at least one iteration", received=count)
    results = [loop_fn(convert(i)) for i in range(count)]
    return nest.map_structure(lambda *parts: stack(parts), *results, expand_composites=True)


def for_loop(loop_fn: Callable, loop_fn_dtypes: Any, iters: Any, parallel_iterations: int | None = None) -> Any:
    """The same. ``loop_fn_dtypes`` is what the results tell."""
    return pfor(loop_fn, iters)


def _case_helper(
    cond_fn: Callable,
    pred_fn_pairs: Any,
    default: Callable | None,
    exclusive: bool,
    name: str | None,
    allow_python_preds: bool = False,
    **cond_kwargs: Any,
) -> Any:
    """``tf.case`` by means of a function like ``tf.cond``.

    Args:
        allow_python_preds: whether conditions may be truth values of Python; they may in any case.

    Raises:
        ValueError: no condition holds and there is no default.
    """
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, dict) else list(pred_fn_pairs)

    def choose(number: int) -> Any:
        if number == len(pairs):
            if default is None:
                raise fail(ValueError, f"{name or 'case'}: none of the conditions holds, and there is no default")
            return default()
        condition, function = pairs[number]
        if default is None and number == len(pairs) - 1:
            return function()
        return cond_fn(condition, true_fn=function, false_fn=lambda: choose(number + 1), **cond_kwargs)

    return choose(0)


def get_positive_axis(axis: Any, ndims: int | None, axis_name: str = "axis", ndims_name: str = "ndims") -> int:
    """An axis counted from the first one.

    Raises:
        TypeError: it is no int.
        ValueError: there is no such axis, or it counts from the last of an unknown number.
    """
    if not isinstance(axis, int):
        raise TypeError(f"{axis_name} must be an int; got {type(axis).__name__}")
    if ndims is None:
        if axis < 0:
            raise ValueError(f"{axis_name}={axis} may only be negative if {ndims_name} is statically known.")
        return axis
    if not -ndims <= axis < ndims:
        raise ValueError(f"{axis_name}={axis} out of bounds: expected {-ndims}<={axis_name}<{ndims}")
    return axis % ndims


def with_dependencies(dependencies: Any, output_tensor: Any, name: str | None = None) -> Any:
    """A tensor after the operations that were called before it."""
    return identity(output_tensor)


def is_resource_variable(var: Any) -> bool:
    """Whether it is a variable of ``tf``."""
    return isinstance(var, TFVariable)


def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Any:
    """Move a variable towards a value: ``variable -= (variable - value) * (1 - decay)``.

    Args:
        zero_debias: of an average that began with zeros, divided by what a one would have become. Where operations run as
            they are called each call begins anew: the variable becomes the value.
    """
    kind = variable.dtype
    step = 1 - cast(convert(decay), kind)
    value = cast(convert(value), kind)
    if zero_debias:
        return variable.assign(value * step / (1 - cast(convert(decay), kind)))
    return variable.assign_sub((variable - value) * step)


def make_composite_tensor(cls: type, module_name: str = "tf.linalg") -> type:
    """A class of linear operators, as it is: an operator counts as one object here, not as tensors."""
    return cls


__all__ = [
    "_compute_fans",
    "Convolution",
    "_case_helper",
    "assign_moving_average",
    "for_loop",
    "get_positive_axis",
    "is_resource_variable",
    "make_composite_tensor",
    "pfor",
    "prevent_gradient",
    "smart_case",
    "smart_cond",
    "smart_constant_value",
    "with_dependencies",
]
