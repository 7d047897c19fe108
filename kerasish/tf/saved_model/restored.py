"""Functions of a SavedModel that are Python: called with what they were written for, and with nothing else."""

from __future__ import annotations

from typing import Any

from kerasish.core import dispatch, tree
from kerasish.core.tensor import convert
from kerasish.tf.concrete import ConcreteFunction
from kerasish.tf.function import Function
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of


class Restored:
    """A function for the signatures that it had when it was written; its side effects took place then.

    Args:
        function: a ``tf.function``, or a concrete one, whose signature is the only one.
        kept: arguments by position and by name of each signature, specifications in the place of tensors.
    """

    def __init__(self, function: Function | ConcreteFunction, kept: list[tuple[tuple, dict]]) -> None:
        self._is_concrete = isinstance(function, ConcreteFunction)
        self._function: Function = function._function if isinstance(function, ConcreteFunction) else function
        self._kept = kept
        self.name = self._function.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What it gives.

        Raises:
            ValueError: the arguments are those of no signature.
        """
        function = self._function
        if self._is_concrete:
            return self.get_concrete_function()(*args, **kwargs)
        if function.input_signature is None:
            args, kwargs = function._bound(args, kwargs)
            if not any(_fits(signature, (args, kwargs)) for signature in self._kept):
                raise ValueError(self._misfit(args, kwargs))
            args, kwargs = tree.map_structure(_tensor, (args, kwargs))
        return function(*args, **kwargs)

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._function.effects_are_past()

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """As that of a ``tf.function``."""
        if not args and not kwargs and len(self._kept) == 1:
            args, kwargs = self._kept[0]
        return self._function.get_concrete_function(*args, **kwargs)

    @property
    def concrete_functions(self) -> list[ConcreteFunction]:
        """One for each signature."""
        return [self._function.get_concrete_function(*args, **kwargs) for args, kwargs in self._kept]

    def _misfit(self, args: tuple, kwargs: dict) -> str:
        options = "\n\n".join(
            f"Option {i}:\n{_described(*signature)}" for i, signature in enumerate(self._kept, start=1)
        )
        return (
            "Could not find matching concrete function to call loaded from the SavedModel. Got:\n"
            f"{_described(args, kwargs)}\n\n Expected these arguments to match one of the following "
            f"{len(self._kept)} option(s):\n\n{options}"
        )


def kept_signatures(function: Function) -> list[tuple[tuple, dict]]:
    """The signatures that a function has been traced for, or the one that it states."""
    if function.input_signature is not None:
        return [(function.input_signature, {})]
    return [trace.arguments for trace in function._traces.by_key.values()]


def _described(args: tuple, kwargs: dict) -> str:
    listed = "\n".join(f"    * {value!r}" for value in args)
    return f"  Positional arguments ({len(args)} total):\n{listed}\n  Keyword arguments: {kwargs}"


def _tensor(value: Any) -> Any:
    return convert(value) if dispatch.is_tensor(value) or hasattr(value, "__array__") else value


def _fits(signature: tuple, given: tuple) -> bool:
    """Whether arguments are a signature's: tensors of its specifications, and equal values."""
    wanted = dict(tree.flatten_with_path(signature))
    leaves = dict(tree.flatten_with_path(given))
    if wanted.keys() != leaves.keys():
        return False
    return all(_is_of(spec, leaves[path]) for path, spec in wanted.items())


def _is_of(spec: Any, value: Any) -> bool:
    if not isinstance(spec, TypeSpec):
        return type(spec) is type(value) and bool(spec == value)
    if value is None or isinstance(value, TypeSpec):
        return False
    if not isinstance(spec, TensorSpec):
        return spec.is_compatible_with(value)
    try:
        tensor = value if dispatch.is_tensor(value) else convert(value, spec.dtype)
    except (TypeError, ValueError):
        return False
    return spec.is_compatible_with(spec_of(convert(tensor)))
