"""``keras.backend.gradients``: the gradient of a symbolic tensor as another one."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import tree
from kerasish.core.device import gradients as torch_gradients
from kerasish.core.dispatch import grad_mode, is_symbolic
from kerasish.core.errors import NotServedError, fail
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.layer import Layer
from kerasish.models.graph import Graph
from kerasish.models.plan import Plan, lowered


class _Gradients(Layer):
    """The gradients of the sum of a symbolic tensor with respect to the first ``count`` inputs of its graph."""

    def __init__(self, graph: Graph, count: int, **kwargs: Any) -> None:
        super().__init__(dtype=graph.outputs[0].dtype.name, **kwargs)
        self._of = graph
        self._count = count
        self._plans: dict[bool | None, Plan] = {}

    def call(self, inputs: list, training: bool | None = None) -> list:
        differentiable = torch.is_grad_enabled()
        with grad_mode(True):
            sources = [x if x.requires_grad else x.detach().requires_grad_() for x in inputs[: self._count]]
            (loss,) = lowered(self._of, bool(training), self._plans).program(*sources, *inputs[self._count :])
            found = torch_gradients(loss.sum(), sources, allow_unused=True, create_graph=differentiable)
        return [torch.zeros_like(x) if g is None else g for x, g in zip(sources, found, strict=True)]

    def compute_output_spec(self, inputs: list, training: bool | None = None) -> list:
        return [KerasTensor(x.shape, x.dtype) for x in inputs[: self._count]]


def gradients(loss: Any, variables: Any) -> list:
    """The gradients of the sum of a symbolic ``loss`` with respect to symbolic tensors that it depends on.

    Args:
        variables: a symbolic tensor or a list of them.

    Returns:
        A list of symbolic tensors, for ``keras.backend.function`` or a model's outputs; None for a tensor that the loss
        does not depend on.

    Raises:
        NotServedError: weights or values instead of symbolic tensors.
    """
    sources = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    loss = sum(loss[1:], loss[0]) if isinstance(loss, (list, tuple)) else loss
    if not is_symbolic(loss) or not all(is_symbolic(x) for x in sources):
        raise fail(
            NotServedError,
            "keras.backend.gradients takes symbolic tensors: a loss, and inputs or outputs of layers that it depends on",
            hint="For weights and values use tf.GradientTape.",
        )
    reached, others = _leaves(loss, {id(x) for x in sources})
    used = [x for x in sources if id(x) in reached]
    if not used:
        return [None] * len(sources)
    graph = Graph([*used, *others], [loss])
    found = dict(zip(map(id, used), tree.flatten(_Gradients(graph, len(used))([*used, *others])), strict=True))
    return [found.get(id(x)) for x in sources]


def _leaves(loss: KerasTensor, sources: set[int]) -> tuple[set[int], list[KerasTensor]]:
    """Which of the sources a tensor depends on, and the inputs that it depends on besides."""
    reached: set[int] = set()
    others: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    stack = [loss]
    while stack:
        x = stack.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if id(x) in sources:
            reached.add(id(x))
            continue
        operation, index, _ = x._keras_history
        node = operation._inbound_nodes[index]
        if node.is_input:
            others[id(x)] = x
        stack.extend(node.input_tensors)
    return reached, list(others.values())
