"""Graphs of symbolic calls: from a model's outputs back to its inputs, and running them in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.core import tree
from kerasish.core.errors import fail
from kerasish.core.symbolic import KerasTensor, Node


class Graph:
    """The nodes between some input tensors and some output tensors.

    Attributes:
        nodes: in an order in which they can be run.
        operations: layers and functions, sorted as Keras sorts them: far from the outputs first, then as found.
        depths: id of an operation → its distance from the outputs.

    Raises:
        ValueError: an output does not depend on the inputs alone, or the graph has a cycle.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.nodes: list[Node] = []
        self._input_ids = {id(x) for x in inputs}
        self._order: dict[int, tuple[int, Any]] = {}  # id of an operation -> (when it was found, the operation)
        self._walk()
        self._sort()

    def _walk(self) -> None:
        """Depth first from the outputs; iterative, since models may be deeper than Python's stack."""
        finished: set[int] = set()
        open_nodes: set[int] = set()
        stack = [("visit", x) for x in reversed(self.outputs)]
        while stack:
            what, x = stack.pop()
            if what == "leave":
                open_nodes.discard(id(x))
                finished.add(id(x))
                self.nodes.append(x)
                continue
            if id(x) in self._input_ids and not _from_input_layer(x):
                continue  # an input of this one that is in the middle of another graph, or in none
            operation, index, _ = x._keras_history
            if operation is None:
                raise _disconnected(x)
            node = operation._inbound_nodes[index]
            if id(node) in finished:
                continue
            if id(node) in open_nodes:
                raise fail(ValueError, f"The graph has a cycle at '{operation.name}'")
            self._order.setdefault(id(operation), (len(self._order), operation))
            open_nodes.add(id(node))
            stack.append(("leave", node))
            if id(x) not in self._input_ids:
                if node.is_input:
                    raise _disconnected(x)
                stack.extend(("visit", parent) for parent in reversed(node.input_tensors))

    def distances(self) -> tuple[dict[int, int], dict[int, int]]:
        """Ids of nodes, and of operations → how far from the outputs they are."""
        nodes: dict[int, int] = {}
        operations: dict[int, int] = {}
        for node in reversed(self.nodes):
            depth = max(nodes.get(id(node), 0), operations.get(id(node.operation), 0))
            operations[id(node.operation)] = nodes[id(node)] = depth
            for parent in node.parent_nodes:
                nodes[id(parent)] = max(depth + 1, nodes.get(id(parent), 0))
        return nodes, operations

    def _sort(self) -> None:
        _, self.depths = self.distances()
        for x in self.inputs:  # inputs that no output depends on still belong to the model
            operation = x._keras_history.operation
            if id(operation) not in self._order and _from_input_layer(x):
                self._order[id(operation)] = (-1, operation)
                self.depths[id(operation)] = 0
        ranked = sorted(self._order.values(), key=lambda item: (-self.depths[id(item[1])], item[0]))
        self.operations = [operation for _, operation in ranked]

    def run(self, values: dict[int, Any], call: Callable[[Any, tuple, dict], Any]) -> list:
        """The outputs for given inputs: ``call(operation, args, kwargs)`` is made for each node in order.

        Args:
            values: id of an input tensor → its value; results are added.
        """
        for node in self.nodes:
            if node.is_input or all(id(x) in values for x in node.outputs):
                continue
            args, kwargs = node.fill(values)
            results = call(node.operation, args, kwargs)
            for x, result in zip(node.outputs, tree.flatten(results), strict=True):
                values[id(x)] = result
        return [values[id(x)] for x in self.outputs]


def _from_input_layer(x: KerasTensor) -> bool:
    operation, index, _ = x._keras_history
    return operation is not None and operation._inbound_nodes[index].is_input


def _disconnected(x: KerasTensor) -> ValueError:
    operation = x._keras_history.operation
    name = operation.name if operation is not None else x.name
    return fail(
        ValueError,
        f"The outputs depend on the tensor '{name}' {tuple(x.shape)}, which does not depend on the model's inputs",
        hint="Add it to `inputs`, or build the model from the tensors that lead to the outputs.",
    )
