"""``tf.function``: a function of tensors. The body runs as it stands, operation by operation, each time it is called.

Values are those of a traced function: arrays become Tensors, so do numbers that the body returns, and an
``input_signature`` is enforced. Python's side effects (``print``, appending to a list) happen at every call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.errors import NotServedError, fail
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of


class Function:
    """A callable made by ``tf.function``; as an attribute of a class it is a method.

    Args:
        python_function: what it runs.
        input_signature: specifications of its arguments, or None: then it takes anything.
    """

    def __init__(self, python_function: Callable, input_signature: Sequence | None = None) -> None:
        self._python_function = python_function
        self._signature = None if input_signature is None else tuple(input_signature)
        functools.update_wrapper(self, python_function)

    @property
    def python_function(self) -> Callable:
        """The function that was given."""
        return self._python_function

    @property
    def input_signature(self) -> tuple | None:
        return self._signature

    @property
    def name(self) -> str:
        return getattr(self._python_function, "__name__", type(self._python_function).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._signature is not None:
            args, kwargs = self._bound(args, kwargs)
        args, kwargs = tree.map_structure(_argument, (args, kwargs))
        return tree.map_structure(_result, self._python_function(*args, **kwargs))

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        bound = Function(functools.partial(self._python_function, instance), self._signature)
        return functools.update_wrapper(bound, self._python_function)

    def __repr__(self) -> str:
        return f"<kerasish.tf.function.Function {self.name}>"

    def _bound(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The arguments by position, converted to what the signature says.

        Raises:
            TypeError: a wrong number of arguments, or one that does not fit.
        """
        try:
            bound = inspect.signature(self._python_function).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"Binding inputs to tf.function `{self.name}` failed due to `{error}`.") from None
        given = bound.args
        if len(given) < len(self._signature):
            bound.apply_defaults()
            given = bound.args
        if len(given) != len(self._signature):
            raise fail(
                TypeError,
                f"Binding inputs to tf.function `{self.name}` failed: its input_signature does not fit",
                f"{len(self._signature)} arguments",
                len(given),
            )
        fitted = tuple(_fit(spec, value, self.name) for spec, value in zip(self._signature, given))
        return fitted, bound.kwargs

    def _not_served(self, name: str) -> Any:
        raise NotServedError(
            f"'tf.function(...).{name}' is part of the real library but is not served by kerasish yet. Call the function "
            "itself."
        )

    get_concrete_function = property(lambda self: self._not_served("get_concrete_function"))
    experimental_get_compiler_ir = property(lambda self: self._not_served("experimental_get_compiler_ir"))
    experimental_get_tracing_count = property(lambda self: self._not_served("experimental_get_tracing_count"))
    pretty_printed_concrete_signatures = property(lambda self: self._not_served("pretty_printed_concrete_signatures"))


def _argument(value: Any) -> Any:
    return convert(value) if isinstance(value, (np.ndarray, np.generic, torch.Tensor)) else value


def _result(value: Any) -> Any:
    """What a traced function would return: numbers and arrays as Tensors, variables by their value."""
    if isinstance(value, Variable):
        return value.read_value()
    if isinstance(value, (bool, int, float, complex, str, bytes, np.ndarray, np.generic, torch.Tensor)):
        return convert(value)
    return value


def _fit(spec: Any, value: Any, name: str) -> Any:
    """``value`` as the signature's ``spec`` demands; both may be nested."""
    if not isinstance(spec, TensorSpec):
        if tree.is_nested(spec):
            return tree.map_structure(lambda one, part: _fit(one, part, name), spec, value)
        if isinstance(spec, TypeSpec) and not spec.is_compatible_with(value):
            raise fail(
                TypeError, f"Binding inputs to tf.function `{name}` failed: an argument does not fit", spec, repr(value)
            )
        return value
    try:
        tensor = value if dispatch.is_tensor(value) else convert(value, spec.dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"Binding inputs to tf.function `{name}` failed: can not cast {value!r} to {spec}. {error}"
        ) from None
    if not spec.is_compatible_with(tensor):
        raise fail(
            TypeError,
            f"Binding inputs to tf.function `{name}` failed: an argument does not fit its input_signature",
            spec,
            spec_of(tensor),
        )
    return tensor if isinstance(tensor, Tensor) else convert(tensor)


def function(
    func: Callable | None = None,
    input_signature: Sequence | None = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: dict | None = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """A function of tensors; with or without arguments also a decorator.

    Args:
        func: the Python function.
        input_signature: sequence of ``tf.TensorSpec``, one for each argument: others are refused.
        autograph, jit_compile, reduce_retracing, experimental_*: concern tracing. Nothing is traced: conditions and loops on
            tensors run as Python runs them, and results are the same.

    Raises:
        TypeError: ``func`` cannot be called, or ``input_signature`` is no sequence.
    """
    if input_signature is not None and not isinstance(input_signature, (tuple, list)):
        raise fail(TypeError, "input_signature must be either a tuple or a list", received=type(input_signature))

    def decorate(wrapped: Callable) -> Function:
        if not callable(wrapped):
            raise fail(TypeError, "tf.function takes a function", received=repr(wrapped))
        inner = wrapped.python_function if isinstance(wrapped, Function) else wrapped
        return Function(inner, input_signature)

    return decorate if func is None else decorate(func)
