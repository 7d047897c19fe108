"""What functions take and give, as ``concrete.function_type`` says it: signatures whose parameters have types."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, ClassVar

from kerasish.core import tree
from kerasish.core.shape import TensorShape
from kerasish.core.variable import Variable
from kerasish.tf.spec import TypeSpec


class TypeText:
    """A type that prints as a text; ``value`` is what it is the type of."""

    def __init__(self, text: str, value: Any) -> None:
        self._text, self.value = text, value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeText) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return self._text


def type_of(value: Any) -> Any:
    """The type of a parameter or result of a trace: a specification, or what prints as TensorFlow's types do."""
    return value if isinstance(value, TypeSpec) else TypeText(type_text(value), value)


def type_text(value: Any) -> str:
    """How a parameter's or result's type prints."""
    if isinstance(value, TypeSpec):
        return repr(value)
    if isinstance(value, Variable):
        shape, trainable = TensorShape(tuple(value.shape)), value.trainable
        return f"VariableSpec(shape={shape}, dtype={value.dtype!r}, trainable={trainable}, alias_id=0)"
    if isinstance(value, tuple):
        return f"Tuple[{', '.join(map(type_text, value))}]"
    if isinstance(value, list):
        return f"List[{', '.join(map(type_text, value))}]"
    if isinstance(value, dict):
        inside = ", ".join(f"[{key!r}, {type_text(part)}]" for key, part in value.items())
        return f"Dict[{inside}]"
    return f"Literal[{value!r}]"


class FunctionType(inspect.Signature):
    """A signature."""


class Parameter(inspect.Parameter):
    """A parameter with a type.

    Args:
        optional: whether it has a default value.
        type_constraint: its type; None: any.
    """

    class _Default:
        def __repr__(self) -> str:
            return "<captured_default_value>"

    _captured = _Default()

    def __init__(self, name: str, kind: Any, optional: bool, type_constraint: Any) -> None:
        super().__init__(
            name,
            kind,
            default=self._captured if optional else inspect.Parameter.empty,
            annotation=inspect.Parameter.empty if type_constraint is None else type_constraint,
        )

    @property
    def optional(self) -> bool:
        return self.default is self._captured

    @property
    def type_constraint(self) -> Any:
        return None if self.annotation is inspect.Parameter.empty else self.annotation

    def __repr__(self) -> str:
        return (
            f"Parameter(name={self.name}, kind={self.kind!s}, optional={self.optional!r}, "
            f"type_constraint={self.type_constraint!r})"
        )


class TracedType(FunctionType):
    """The type of a function, or of one trace of it.

    Args:
        parameters: with their types.
        return_annotation: the results' type.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter] | None = None,
        *,
        return_annotation: Any = inspect.Signature.empty,
        **more: Any,
    ) -> None:
        super().__init__(parameters, return_annotation=return_annotation, **more)

    @property
    def output(self) -> Any:
        """The results' type; None if it is not known."""
        return None if self.return_annotation is inspect.Signature.empty else self.return_annotation

    captures: ClassVar[OrderedDict] = (
        OrderedDict()
    )  # variables are looked up when a function runs: none are arguments of it

    @property
    def flat_inputs(self) -> list[TypeSpec]:
        """The specifications of tensors among the parameters."""
        return [x for p in self.parameters.values() for x in _specifications(p.type_constraint)]  # type: ignore[attr-defined]

    @property
    def flat_outputs(self) -> list[TypeSpec]:
        """The specifications of tensors among the results."""
        return _specifications(self.output)

    def __repr__(self) -> str:
        lines = [f"  {p.name} ({p.kind.name}): {p.type_constraint!r}" for p in self.parameters.values()]  # type: ignore[attr-defined]
        return "\n".join(["Input Parameters:", *lines, "Output Type:", f"  {self.output!r}", "Captures:", "  None"])


def _specifications(kind: Any) -> list[TypeSpec]:
    value = kind.value if isinstance(kind, TypeText) else kind
    return [x for x in tree.flatten(value) if isinstance(x, TypeSpec)]


class FunctionSpec:
    """What ``tf.function`` knows of the function it was given.

    Args:
        function: the Python function.
        input_signature: specifications of its arguments, or None.
        jit_compile: as ``tf.function`` was given it.
    """

    def __init__(self, function: Any, input_signature: tuple | None, jit_compile: bool | None = None) -> None:
        self.input_signature, self.jit_compile = input_signature, jit_compile
        self.fullargspec = inspect.getfullargspec(function)
        self._signature = inspect.signature(function)

    @property
    def arg_names(self) -> list[str]:
        return self.fullargspec.args

    @property
    def default_values(self) -> dict[str, Any]:
        """Defaults by parameter."""
        parameters = self._signature.parameters.values()
        return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}

    @property
    def function_type(self) -> TracedType:
        """Parameters with the types of the input signature; without one with any."""
        types = iter(self.input_signature or ())
        return TracedType(
            [
                Parameter(p.name, p.kind, p.default is not inspect.Parameter.empty, next(types, None))
                for p in self._signature.parameters.values()
            ]
        )
