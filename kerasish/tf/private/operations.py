"""``tensorflow.python.ops`` and ``framework.smart_cond``: operations and decisions without a public name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.core import dispatch
from kerasish.core.custom_gradient import custom_gradient
from kerasish.core.errors import fail
from kerasish.core.variable import TFVariable
from kerasish.tf.arrays import identity
from kerasish.tf.control import case, cond


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


def make_composite_tensor(cls: type, module_name: str = "tf.linalg") -> type:
    """A class of linear operators, as it is: an operator counts as one object here, not as tensors."""
    return cls


__all__ = ["make_composite_tensor", "prevent_gradient", "smart_case", "smart_cond", "smart_constant_value"]
