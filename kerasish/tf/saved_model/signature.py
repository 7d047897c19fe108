"""Signatures of a loaded SavedModel: functions of named tensors that give dicts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from kerasish.core.tensor import Tensor, convert
from kerasish.tf.concrete import GraphTensor, UsesVariables, refused, result_labels
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of


class Signature(UsesVariables):
    """A function that takes its tensors by name, a single one by position too, and gives a dict of its results.

    Args:
        name: of the function that computes.
        inputs: specification of each argument by its name.
        outputs: gives the specification of each result by its name.
        run: what is called with the tensors, in the order of ``inputs``, and gives the results in any structure.
        variables: gives the variables that it reads.
    """

    def __init__(
        self,
        name: str,
        inputs: dict[str, TypeSpec],
        outputs: Callable[[], dict[str, Any]],
        run: Callable,
        variables: Callable[[], Iterable],
    ) -> None:
        self.name = f"__inference_signature_wrapper_{name}".encode()
        self._inputs, self._run = inputs, run
        self._give_outputs, self._give_variables = outputs, variables

    @functools.cached_property
    def _outputs(self) -> dict[str, Any]:
        return self._give_outputs()

    @functools.cached_property
    def variables(self) -> tuple:
        """The variables that the function reads."""
        return tuple(self._give_variables())

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The results by name.

        Raises:
            TypeError: other arguments than the signature's.
            InvalidArgumentError: a tensor has another dtype.
        """
        problem = self._problem(args, kwargs)
        if problem is not None:
            raise TypeError(
                f"Binding inputs to tf.function failed due to `{problem}`. Received args: {args} and kwargs: {kwargs} for "
                f"signature: {self._text()}."
            )
        values = args or [kwargs[name] for name in self._inputs]
        specs = self._inputs.values()
        return as_dict(self._run(*[self._checked(i, *pair) for i, pair in enumerate(zip(specs, values))]))

    def _problem(self, args: tuple, kwargs: dict) -> str | None:
        """Why arguments are not the signature's."""
        if len(args) > (1 if len(self._inputs) == 1 else 0):
            return "too many positional arguments"
        names = list(self._inputs)[len(args) :]
        missing = [name for name in names if name not in kwargs]
        if missing:
            return f"missing a required argument: '{missing[0]}'"
        unknown = [name for name in kwargs if name not in names]
        return f"got an unexpected keyword argument '{unknown[0]}'" if unknown else None

    def _checked(self, index: int, spec: TypeSpec, value: Any) -> Any:
        if not isinstance(spec, TensorSpec):
            return value
        tensor = value if isinstance(value, Tensor) else convert(value, None if hasattr(value, "dtype") else spec.dtype)
        if tensor.dtype != spec.dtype:
            raise refused(self.name.decode(), index, spec, tensor)
        if not spec.shape.is_compatible_with(tensor.shape):
            raise TypeError(
                f"Binding inputs to tf.function failed due to `Can not cast {spec_of(tensor)} to {spec}`. Received args: "
                f"({tensor},)."
            )
        return tensor

    @property
    def structured_input_signature(self) -> tuple[tuple, dict[str, TypeSpec]]:
        """No positional arguments, and the specification of each argument by its name."""
        return (), dict(self._inputs)

    @property
    def structured_outputs(self) -> dict[str, TypeSpec]:
        """The specification of each result by its name."""
        return dict(self._outputs)

    @property
    def inputs(self) -> list:
        """What stands for the arguments, and for the variables that the function reads."""
        own = [GraphTensor(spec, name) if isinstance(spec, TensorSpec) else spec for name, spec in self._inputs.items()]
        return own + self._graph_handles()

    @property
    def outputs(self) -> list:
        """What stands for the results."""
        labels = result_labels("Identity", len(self._outputs))
        return [
            GraphTensor(x, label) if isinstance(x, TensorSpec) else x
            for x, label in zip(self._outputs.values(), labels)
        ]

    output_shapes = property(lambda self: {name: spec.shape for name, spec in self._outputs.items()})
    output_dtypes = property(lambda self: {name: spec.dtype for name, spec in self._outputs.items()})

    def _text(self) -> str:
        given = ", ".join(f"{name}: {spec!r}" for name, spec in self._inputs.items())
        return f"(*, {given}) -> {self._result()}" if given else f"() -> {self._result()}"

    def _result(self) -> str:
        return f"Dict[{', '.join(f'[{name!r}, {spec!r}]' for name, spec in self._outputs.items())}]"

    def pretty_printed_signature(self, verbose: bool = True) -> str:
        """The arguments and results as text, in one line or several."""
        if not verbose:
            return self._text()
        given = [f"  {name} (KEYWORD_ONLY): {spec!r}" for name, spec in self._inputs.items()]
        handle = TensorSpec((), "resource")
        captures = [f"  {id(variable)}: {handle!r}" for variable in self.variables]
        parts = ["Input Parameters:", *(given or ["  None"]), "Output Type:", f"  {self._result()}", "Captures:"]
        return "\n".join([*parts, *(captures or ["  None"])])

    def __repr__(self) -> str:
        return f"<ConcreteFunction {self._text()} at 0x{id(self):X}>"

    def __str__(self) -> str:
        return f"ConcreteFunction {self.pretty_printed_signature()}"


def as_dict(outputs: Any) -> dict[str, Any]:
    """Results by name, in the order of the names: those of a single one and of a list are called by their numbers."""
    if isinstance(outputs, dict):
        return dict(sorted(outputs.items()))
    listed = outputs if isinstance(outputs, (list, tuple)) and not hasattr(outputs, "dtype") else [outputs]
    return {f"output_{i}": output for i, output in enumerate(listed)}
