"""A training step as one graph of raw torch operations: its state, its numbers and a batch in, its loss out.

``trace`` runs the very code of ``step.Step`` on tensors without storage and notes the operations; all state is changed in
place. What changes from step to step is an input: the numbers of ``Optimizer.step_values``, as one tensor. What the host
decides (``Optimizer.phase``) is settled, so there is one graph for each phase.
"""

from __future__ import annotations

import functools
import gc
import math
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from kerasish.core import replicas, tree
from kerasish.core.context import local, scope
from kerasish.core.random import SeedGenerator
from kerasish.core.variable import Variable
from kerasish.ops.opaque import Sites, register
from kerasish.ops.recurrent import fused_kernel

LARGEST = 6000  # operations: beyond, the compiler takes minutes


class CannotCapture(Exception):  # noqa: N818 - it is caught, always
    """Why a step cannot be one graph."""


class Graph(NamedTuple):
    """A traced step.

    Attributes:
        module: takes state tensors, the numbers and the batch's tensors; returns the loss and the gradients' squared norms.
        used: which of ``step_state`` it takes, by position.
    """

    module: torch.fx.GraphModule
    used: list[int]


def step_state(model: Any) -> list[Variable]:
    """The variables that a step may read or change, in an order that only depends on the model's configuration.

    Counters and generators' states, which live on the host, are not among them.
    """
    optimizer = model._k_compiled.optimizer
    metrics = [*model._k_compiled.loss_metrics(), *model._held_metrics()]
    if model._k_compiled.metrics is not None:
        metrics += model._k_compiled.metrics.metrics
    hosted = {id(v) for v in optimizer.host_variables} | {id(g.state) for g in seed_generators(model)}
    everything = [*model.variables, *optimizer.variables, *(v for metric in metrics for v in metric.variables)]
    unique = {id(v): v for v in everything if id(v) not in hosted}
    return list(unique.values())


def seed_generators(model: Any) -> list[SeedGenerator]:
    """The generators of a model's layers, in order."""
    found = {}
    for layer in model._flatten_layers():
        for value in vars(layer).values():
            if isinstance(value, SeedGenerator):
                found[id(value)] = value
    return list(found.values())


def kind(tensor: torch.Tensor) -> tuple:
    """What a compiled graph takes for granted of a tensor and does not check."""
    return tensor.shape, tensor.dtype, tensor.stride(), tensor.device


def written(kinds: Sequence[tuple]) -> list:
    """Kinds of tensors as they stand in a JSON file."""
    return [[list(shape), str(dtype), list(stride), str(device)] for shape, dtype, stride, device in kinds]


def written_state(model: Any) -> list:
    """The kinds of a step's state, and what of it is trained."""
    stored = [v.stored for v in step_state(model)]
    return [[*row, t.requires_grad] for row, t in zip(written([kind(t) for t in stored]), stored)]


def flat_batch(batch: tuple) -> list:
    """The tensors of x, y and sample weights, None for what is missing.

    Raises:
        CannotCapture: something else is among them.
    """
    flat = tree.flatten(batch)
    for part in flat:
        if part is not None and not isinstance(part, torch.Tensor):
            raise CannotCapture(f"the data has a {type(part).__name__} in it")
        if getattr(part, "_keras_mask", None) is not None:
            raise CannotCapture("the data has a mask with it")
    return flat


@contextmanager
def _replaced(variables: Sequence[Variable], tensors: Sequence[torch.Tensor]) -> Iterator[None]:
    """A block in which variables have other tensors."""
    before = [variable.stored for variable in variables]
    try:
        for variable, old, tensor in zip(variables, before, tensors, strict=True):
            _put(variable, tensor.detach().requires_grad_(old.requires_grad))
        yield
    finally:
        for variable, old in zip(variables, before, strict=True):
            _put(variable, old)


def _put(variable: Variable, tensor: torch.Tensor) -> None:
    for owner, key in ((variable._owner, variable._key), *variable._ties):
        (owner._parameters if variable._is_parameter else owner._buffers)[key] = tensor


def trace(step: Any, batch: tuple, phase: tuple, count: int) -> Graph:
    """The graph of ``step.train`` for batches like this one.

    Args:
        step: has made a step already, so that metrics and optimizer have their state.
        count: of the numbers that the optimizer has in this phase.

    Raises:
        CannotCapture: the step reads values on the host, or is too large.
    """
    from torch.fx.experimental.proxy_tensor import make_fx  # takes a second, in the process that compiles only

    model = step.model
    variables = step_state(model)
    tensors = [variable.stored.detach() for variable in variables]
    flat = flat_batch(batch)
    leaves = [t for t in flat if t is not None]
    numbers = numbers_like(tensors, [0.5] * count)
    sites = Sites(fused_kernel, seed_generators(model))

    def run(*inputs: torch.Tensor) -> tuple:
        parts = iter(inputs[len(tensors) + 1 :])
        given = tree.pack_as(batch, [None if t is None else next(parts) for t in flat])
        with _replaced(variables, inputs[: len(tensors)]), scope(capturing=sites):
            return make_step(step, given, phase, inputs[len(tensors)].unbind())

    try:
        module = make_fx(run, tracing_mode="fake", _allow_non_fake_inputs=True)(*tensors, numbers, *leaves)
    except Exception as error:
        raise CannotCapture(str(error).strip().splitlines()[0] if str(error) else type(error).__name__) from error
    _check_constants(module)
    return _pruned(module, len(tensors))


def make_step(step: Any, batch: tuple, phase: tuple, values: tuple) -> tuple:
    """A step of training whose numbers are given; returns what ``loss_and_norms`` does."""
    x, y, sample_weight = batch
    y_pred, loss, grads, variables = step.forward_backward(x, y, sample_weight)
    variables, grads = [v for g, v in zip(grads, variables) if g is not None], [g for g in grads if g is not None]
    with torch.no_grad():
        results = _summary(loss, grads)
        if local.share is not None:
            *grads, loss = replicas.add_up([*grads, step.part_of(loss)])
        with scope(share=None):
            step.compiled.optimizer.device_step(grads, variables, phase, values)
        step.accumulate(x, y, y_pred, sample_weight, loss)
    return results


def loss_and_norms(step: Any, batch: tuple) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of a batch and the gradients' squared norms, by the eager step; no weight is updated."""
    _, loss, grads, _ = step.forward_backward(*batch)
    return _summary(loss, grads)


def _summary(loss: torch.Tensor, grads: list) -> tuple[torch.Tensor, torch.Tensor]:
    norms = [g.detach().square().sum().to(loss.dtype) for g in grads if g is not None]
    return loss.detach().mean(), torch.stack(norms)


def as_text(module: torch.fx.GraphModule) -> tuple[str, dict[str, torch.Tensor]]:
    """A graph as Python text with the constants that it refers to.

    Pickled, a graph would come back with what it makes anew at each call, such as random numbers, as constants.
    """
    held = {**vars(module), **module._buffers, **module._parameters}
    constants = {name: t.detach() for name, t in held.items() if isinstance(t, torch.Tensor)}
    return module.graph.python_code("self").src, constants


def from_text(source: str, constants: dict[str, torch.Tensor], inputs: list) -> torch.fx.GraphModule:
    """The graph that ``as_text`` wrote, for these inputs."""
    from torch.fx.experimental.proxy_tensor import make_fx

    register(fused_kernel)
    names: dict[str, Any] = {"torch": torch, "device": torch.device, "inf": math.inf, "nan": math.nan}
    exec(compile(source, "<graph>", "exec"), names)  # what another process of ours has written from a graph
    holder = types.SimpleNamespace(**constants)
    run = functools.partial(names["forward"], holder)
    return make_fx(run, tracing_mode="fake", _allow_non_fake_inputs=True)(*inputs)


def _check_constants(module: torch.fx.GraphModule) -> None:
    """Whether tensors that the graph holds may be held.

    Raises:
        CannotCapture: one is a variable, which the graph would go on with as it is now.
    """
    _, constants = as_text(module)
    places = {t.untyped_storage().data_ptr() for t in constants.values()}
    variables = [o for o in gc.get_objects() if issubclass(type(o), Variable)] if places else []
    for variable in variables:
        stored = variable.stored
        if isinstance(stored, torch.Tensor) and stored.numel() and stored.untyped_storage().data_ptr() in places:
            raise CannotCapture(f"the step uses the variable '{variable.path}', which is none of the model's")


def _pruned(module: torch.fx.GraphModule, states: int) -> Graph:
    """The graph without the state that it does not use.

    Raises:
        CannotCapture: it is too large.
    """
    graph = module.graph
    if len(graph.nodes) > LARGEST:
        raise CannotCapture(f"the step has {len(graph.nodes)} operations, too many to compile")
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    used = []
    for i, node in enumerate(inputs[:states]):
        for user in list(node.users):  # each was detached, read or not
            if user.target is torch.ops.aten.detach.default and not user.users:
                graph.erase_node(user)
        if node.users:
            used.append(i)
        else:
            graph.erase_node(node)
    for node in graph.nodes:
        node.meta.clear()  # tensors of the tracing mode, which no other process could use
    module.recompile()
    return Graph(module, used)


def numbers_like(tensors: Sequence[torch.Tensor], values: Sequence[float]) -> torch.Tensor:
    """A step's numbers as one tensor, as precise as the state."""
    wide = any(t.dtype is torch.float64 for t in tensors)
    device = next((t.device for t in tensors), None)
    return torch.tensor(values, dtype=torch.float64 if wide else torch.float32, device=device)
