"""Function: a graph of symbolic calls, from some tensors to others, as one operation."""

from __future__ import annotations

from typing import Any

from kerasish.core import symbolic, tree
from kerasish.core.errors import fail
from kerasish.core.symbolic import FunctionCall, KerasTensor
from kerasish.layers.operation import Operation
from kerasish.layers.shapes import keras_tensors
from kerasish.models.functional import Functional
from kerasish.models.graph import Graph


class Function(Operation):
    """What leads from symbolic inputs to symbolic outputs; without the training that a ``Model`` has.

    Args:
        inputs, outputs: KerasTensors, nested in lists and dicts as the function takes and returns them.
        name: default: from the class's name, numbered.

    Raises:
        ValueError: outputs that depend on something else than the inputs.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._inputs_structure = inputs
        self._outputs_structure = outputs
        self._graph = Graph(tree.flatten(inputs), tree.flatten(outputs))

    @property
    def inputs(self) -> list[KerasTensor]:
        return list(self._graph.inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        return list(self._graph.outputs)

    @property
    def operations(self) -> list:
        """Layers and functions, in an order in which they can be run."""
        return list(self._graph.operations)

    def call(self, inputs: Any) -> Any:
        """The outputs for inputs in the structure that was given."""
        return self._run(self._flat(inputs), lambda operation, args, kwargs: operation(*args, **kwargs))

    def compute_output_spec(self, inputs: Any) -> Any:
        def spec(operation: Any, args: tuple, kwargs: dict) -> Any:
            if isinstance(operation, FunctionCall) and not isinstance(operation, Operation):
                return symbolic.infer(operation.function, args, kwargs)
            return operation.compute_output_spec(*args, **kwargs)

        found = self._run(self._flat(inputs), spec)
        return tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype), found)  # without the graph's history

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs for inputs of the given shapes."""
        spec = self.compute_output_spec(keras_tensors(input_shape, self._graph.inputs[0].dtype.name))
        return tree.map_structure(lambda x: tuple(x.shape), spec)

    def _run(self, flat: list, call: Any) -> Any:
        values = {id(x): value for x, value in zip(self._graph.inputs, flat, strict=True)}
        return tree.pack_as(self._outputs_structure, self._graph.run(values, call))

    def _flat(self, inputs: Any) -> list:
        flat = tree.flatten(inputs)
        if len(flat) != len(self._graph.inputs):
            raise fail(ValueError, f"'{self.name}' has other inputs", f"{len(self._graph.inputs)} tensors", len(flat))
        for own, given in zip(self._graph.inputs, flat):
            shape, expected = tuple(getattr(given, "shape", own.shape)), tuple(own.shape)
            fits = all(want is None or size is None or want == size for want, size in zip(expected, shape))
            if len(shape) != len(expected) or not fits:
                raise fail(ValueError, f"Invalid input shape for '{self.name}'", expected, shape)
        return flat


Function.register(Functional)
