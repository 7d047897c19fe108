"""From a model or function to a program of torch's (``torch.export.ExportedProgram``)."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from kerasish.core import tree
from kerasish.core.autodiff import recording
from kerasish.core.context import scope
from kerasish.core.errors import fail
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.export import signatures
from kerasish.layers.layer import Layer
from kerasish.layers.tracking import structure_changed


class _Whole(nn.Module):
    """What torch traces: the function, with the modules whose parameters it uses."""

    def __init__(self, function: Callable, modules: Iterable[nn.Module]) -> None:
        super().__init__()
        self.training = False  # what is attached takes the mode of where it is
        self._function = function
        for i, module in enumerate(modules):
            self.add_module("model" if i == 0 else f"model_{i}", module)

    def forward(self, *args: Any) -> Any:
        return _plain(self._function(*args))


def _plain(outputs: Any) -> Any:
    """Outputs in plain lists, tuples and dicts, which torch knows; they may be tracked ones."""
    if isinstance(outputs, dict):
        return {key: _plain(value) for key, value in outputs.items()}
    if isinstance(outputs, (list, tuple)) and not isinstance(outputs, torch.Size):
        if hasattr(outputs, "_fields"):
            return type(outputs)(*map(_plain, outputs))
        return tuple(map(_plain, outputs)) if isinstance(outputs, tuple) else list(map(_plain, outputs))
    return outputs


def inference(model: Layer) -> Callable:
    """A model's forward pass on raw tensors; of one that is given by a graph, its lowered program."""
    network = getattr(model, "_k_network", None)
    if network is None or model._user_call or model._runs_layers():  # type: ignore[attr-defined]
        mode = {"training": False} if model._call_spec.takes_training else {}
        return lambda *args: model(*args, **mode)

    def run(inputs: Any) -> Any:
        return network.run(inputs, False, model)

    return run


def user_function(function: Callable) -> Callable:
    """A function of the user's, which takes and gives Tensors, on raw ones."""

    def run(*args: Any) -> Any:
        with recording():
            return tree.map_structure(raw_with_mask, function(*tree.map_structure(wrap_with_mask, args)))

    return run


def modules_of(function: Callable) -> list[nn.Module]:
    """The modules that a function can be seen to use: its own, and those that its text refers to."""
    found = [getattr(function, "__self__", None)]
    try:
        names = inspect.getclosurevars(inspect.unwrap(function))
        found += [*names.nonlocals.values(), *names.globals.values()]
    except (TypeError, ValueError):  # not written in Python
        pass
    return [thing for thing in found if isinstance(thing, nn.Module)]


def export(
    function: Callable, modules: Iterable[nn.Module], signature: list, complete: bool = False, **options: Any
) -> Any:
    """The program of a function of raw tensors.

    Args:
        modules: whose parameters and buffers become the program's.
        signature: as ``signatures.given`` makes it.
        complete: refuse a function of which a part (what it prints, a gradient of its own) would be left out; else there
            is a warning.
        options: of ``torch.export.export``.

    Raises:
        RuntimeError: torch cannot make one.
    """
    modules = list(dict.fromkeys(modules))
    modes = [(part, part.training) for module in modules for part in nn.Module.modules(module)]
    options.setdefault("strict", False)
    stated = options.pop("dynamic_shapes", None)
    free = any(None in spec.shape for spec in signatures.flat(signature))
    if stated is not None:
        choices = [stated]
    else:
        choices = [signatures.free_dimensions(signature, named) for named in (True, False)] if free else [None]
    refusal: Exception | None = None
    args = signatures.samples(signature)
    try:
        for shapes in choices:
            try:
                shapes = None if shapes is None else (shapes,)
                program, left_out = _traced(_Whole(function, modules), args, shapes, options)
            except Exception as error:  # torch raises many classes here
                refusal = refusal or error
            else:
                _check_free(program, signature if stated is None else [])
                _tell(left_out, complete)
                return program
    finally:
        for part, mode in modes:
            part.training = mode
    raise fail(
        RuntimeError,
        "torch cannot export the model: a function in it has no operation of torch's, or what it does depends on values, or "
        "on the size of a dimension that may have any size",
        hint=f"torch says: {str(refusal)[:1500]}",
    ) from refusal


def _check_free(program: Any, signature: list) -> None:
    """Refuse a program for one size only of what may have any.

    Raises:
        RuntimeError: torch had to settle a dimension.
    """
    given = set(program.graph_signature.user_inputs)
    inputs = [node.meta["val"] for node in program.graph.nodes if node.op == "placeholder" and node.name in given]
    for name, spec, value in zip(signatures.input_names(signature), signatures.flat(signature), inputs):
        for axis, size in enumerate(spec.shape):
            if size is None and str(value.shape[axis]).isdigit():  # else it is a symbol, or made of symbols
                raise fail(
                    RuntimeError,
                    f"torch can export the model only for one size of dimension {axis} of the input '{name}' {spec.shape}",
                    hint="State it: model.export(path, input_signature=[keras.InputSpec(shape=..., dtype=...)]). Recurrent "
                    "layers need the number of steps.",
                )


def _tell(left_out: list[str], complete: bool) -> None:
    """Say what is not part of a program, each thing once.

    Raises:
        RuntimeError: there is something, and the program should be complete.
    """
    for what in dict.fromkeys(left_out):
        if complete:
            raise RuntimeError(f"{what} is not part of an exported program.")
        warnings.warn(f"{what} is not part of an exported program.", stacklevel=2)


def _traced(whole: nn.Module, args: tuple, shapes: Any, options: dict) -> tuple[Any, list[str]]:
    """The program, and what of the function is not part of it."""
    device = next((p.device for p in whole.parameters()), None)
    args = tree.map_structure(lambda x: x if device is None else x.to(device), args)
    structure_changed()  # layers must not take ways that they have found for tensors of fixed sizes
    try:
        left_out: list[str] = []
        with warnings.catch_warnings(), scope(tracing=True, training=None, left_out=left_out):
            warnings.simplefilter("ignore")
            program = _without_empty_regions(torch.export.export(whole, args, dynamic_shapes=shapes, **options))
    finally:
        structure_changed()
    return program, left_out


def _without_empty_regions(program: Any) -> Any:
    """The program without regions that switch gradients and give nothing: torch could not read it back with them."""
    graph = program.graph_module.graph
    for node in reversed(list(graph.nodes)):
        if node.target is torch.ops.higher_order.wrap_with_set_grad_enabled and not node.users:
            inner = node.args[1]
            graph.erase_node(node)
            if not inner.users:
                graph.erase_node(inner)
    program.graph_module.recompile()
    return program


def save(program: Any, file: Any) -> None:
    """Write a program as a ``.pt2`` file: a path of that ending, or an open binary file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that tensors are stored in another order of axes than they are seen in
        torch.export.save(program, file)
