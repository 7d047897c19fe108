"""Rematerialization: what is cheap to compute is computed again in the backward pass instead of being kept."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch.compiler import is_dynamo_compiling
from torch.utils.checkpoint import checkpoint

from kerasish.core import symbolic
from kerasish.core.context import local, scope

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)
# what code looks at around itself, and finds again when it is run once more, in the backward pass
_SCOPES = (
    "training",
    "recording",
    "call_layers",
    "direct_builds",
    "autocast",
    "device",
    "policy",
    "in_steps",
    "name_scopes",
    "path_scopes",
)


class RematMode(NamedTuple):
    """What a layer was made under."""

    mode: str | None
    output_size_threshold: int
    layer_names: list[str]


class RematScope:
    """``with keras.RematScope("full"): ...`` — layers that are made in the block keep less for the backward pass.

    Args:
        mode: "full": layers are computed again; "activations": only their activation functions; "larger_than": layers
            whose outputs have more than ``output_size_threshold`` elements; "list_of_layers": those of ``layer_names``;
            None: none, inside of another scope.
        output_size_threshold: in elements.
        layer_names: names.

    Raises:
        ValueError: another mode.
    """

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: list[str] | None = None
    ) -> None:
        if mode not in _MODES:
            raise ValueError(
                f"Invalid mode '{mode}'. Supported modes are: 'full', 'activations', 'larger_than', 'list_of_layers', or "
                "None."
            )
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = layer_names or []

    def __enter__(self) -> RematScope:
        local.remat_scopes = (*local.remat_scopes, self)
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        local.remat_scopes = local.remat_scopes[:-1]


def current_mode() -> RematMode | None:
    """The mode that layers which are made now get."""
    if not local.remat_scopes or local.remat_scopes[-1].mode is None:
        return None
    inner = local.remat_scopes[-1]
    return RematMode(inner.mode, inner.output_size_threshold, list(inner.layer_names))


def remat(f: Callable) -> Callable:
    """A function (or layer) that keeps nothing but its arguments for the backward pass, in which it is run again.

    Its random numbers are the same then, and what it writes to variables is not written twice.
    """
    owner = f if hasattr(f, "_flatten_layers") else getattr(f, "__self__", None)

    @functools.wraps(f)
    def rematerialized(*args: Any, **kwargs: Any) -> Any:
        if symbolic.any_symbolic(args, kwargs):
            return f(*args, **kwargs)
        return run(f, owner if hasattr(owner, "_flatten_layers") else None, args, kwargs)

    return rematerialized


def run(f: Callable, layer: Any, args: tuple, kwargs: dict) -> Any:
    """A call whose intermediate results are not kept.

    Args:
        layer: whose random generators and penalties the function uses; None: of no layer.
    """
    if not torch.is_grad_enabled() or local.tracing or is_dynamo_compiling():
        return f(*args, **kwargs)
    parts = list(layer._flatten_layers()) if layer is not None else []
    again = _Again(parts)
    return checkpoint(f, *args, use_reentrant=False, context_fn=lambda: (nullcontext(), again.context()), **kwargs)


class _Again:
    """What a call found, for the second time."""

    def __init__(self, parts: list) -> None:
        self._parts = parts
        self._scopes = {name: getattr(local, name) for name in _SCOPES}
        self._generators = [g for part in parts for g in part._seed_generators]
        self._states = _torch_states(self._generators)
        overlay = dict(local.overlay or {})
        overlay.update({id(g.state): (g.state, g.state.stored.clone()) for g in self._generators})
        self._overlay = overlay

    @contextmanager
    def context(self) -> Iterator[None]:
        """A block in which everything is as it was, and after which it is as it is now."""
        losses = [list(part._losses) for part in self._parts]
        now = _torch_states(self._generators)
        _set_states(self._states)
        try:
            with scope(**self._scopes, tapes=(), overlay=dict(self._overlay)):
                yield
        finally:
            _set_states(now)
            for part, before in zip(self._parts, losses):
                part._losses[:] = before


def _torch_states(generators: list) -> list:
    return [(t, t.get_state()) for g in generators for t in (*g._torch.values(), *_unused(g))]


def _unused(generator: Any) -> tuple:
    """A generator that no layer has drawn from yet is made, so that its first state can be gone back to."""
    if generator._torch:
        return ()
    return (generator.torch_generator(torch.device("cpu")),)


def _set_states(states: list) -> None:
    for generator, state in states:
        generator.set_state(state)
