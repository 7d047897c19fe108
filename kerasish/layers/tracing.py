"""Output shapes of user code, by running it on fake tensors: tensors with shapes and dtypes, but no storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import symbolic, tree
from kerasish.core.context import local, scope
from kerasish.core.errors import InvalidArgumentError, ValuesNeededError, add_context
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.calling import is_ours


def trace(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Run a layer on fake tensors of two batch sizes; variables, seeds and losses are left as they were."""
    unknown = any(isinstance(x, KerasTensor) and None in x.shape for x in tree.flatten((args, kwargs)))
    losses = {id(part): list(part._losses) for part in layer._flatten_layers()}
    # not layer.parameters(): users may have an attribute of that name
    weight = next((variable.stored for variable in layer.weights if variable._is_parameter), None)
    device = devices.current() if weight is None or weight.is_meta else weight.device
    try:
        return symbolic.merge(_runs(layer, args, kwargs, device, symbolic.PROBES if unknown else symbolic.PROBES[:1]))
    except Exception as error:
        unfit = isinstance(error, InvalidArgumentError) and not isinstance(error, ValueError)
        told = ValueError(str(error)) if unfit else error  # as in symbolic.infer
        add_context(
            told,
            f"This happened while the output shape of layer '{layer.name}' was worked out for a symbolic call, unknown "
            f"dimensions being taken as {symbolic.PROBES[0]}. If its call() needs values, give it a method "
            "compute_output_shape(self, input_shape).",
            more=not local.tracing,
        )
        if told is error:
            raise
        raise told from error
    finally:
        for part in layer._flatten_layers():
            part._losses[:] = losses.get(id(part), ())


def _runs(layer: Any, args: tuple, kwargs: dict, device: Any, probes: tuple) -> list:
    """The results for each size that stands for an unknown one; for others if those do not suit the layer."""
    try:
        return [_run(layer, args, kwargs, device, probe) for probe in probes]
    except Exception as error:
        if _asks_for_values(error):
            with suppress(Exception):
                return _runs_on_numbers(layer, args, kwargs, device, probes)
        if len(probes) == 1:
            raise
        for others in (symbolic.SMALL_PROBES, symbolic.ROUND_PROBES):  # a table of positions, say, may be shorter
            with suppress(Exception):
                return [_run(layer, args, kwargs, device, probe) for probe in others]
        misfit = isinstance(error, (ValueError, InvalidArgumentError)) or type(error) is RuntimeError
        for changed in islice(symbolic.with_known_sizes((args, kwargs)), 12 if misfit else 0):
            with suppress(Exception):
                return [_run(layer, *changed, device, probe) for probe in probes]
        for fixed in islice(_fixed_sizes((args, kwargs)), 6 if misfit else 0):
            with suppress(Exception):
                return [_run(layer, args, kwargs, device, probe, fixed) for probe in probes]
        if misfit:  # tf.squeeze(x, 0): the batch can only be a single sample
            with suppress(Exception):
                return [_run(layer, args, kwargs, device, 1)]
            with suppress(Exception):
                return _runs_on_numbers(layer, args, kwargs, device, (1,))
        raise


def _asks_for_values(error: BaseException | None) -> bool:
    """Whether the reason is that a tensor has no values: of ours, or of an operation of torch's that reads them."""
    while error is not None:
        if isinstance(error, ValuesNeededError) or type(error).__name__ in _VALUE_ERRORS:
            return True
        error = error.__cause__ or error.__context__
    return False


_VALUE_ERRORS = ("DataDependentOutputException", "DynamicOutputShapeException")  # torch's, which is imported late


def _runs_on_numbers(layer: Any, args: tuple, kwargs: dict, device: Any, probes: tuple) -> list:
    """The results of runs with storage, for code that reads values: ``while tf.reduce_sum(x) > 1``.

    What depends on values seldom has another shape for other values.
    """
    runs = []
    for probe in probes:
        with (
            torch.random.fork_rng(devices=[]),
            scope(overlay={}, recording=0, tapes=(), device=device),
            torch.no_grad(),
        ):
            torch.manual_seed(0)
            filled = tree.map_structure(lambda x, size=probe: _with_numbers(x, size, device), (args, kwargs))
            runs.append(_own_call(type(layer))(layer, *filled[0], **filled[1]))
    return runs


def _with_numbers(x: Any, probe: int, device: Any) -> Any:
    """A stand-in for a symbolic tensor that has values: normal ones, or zeros of what is no float."""
    if not isinstance(x, KerasTensor):
        return x
    made = symbolic.placeholder(x, probe, device)
    t = getattr(made, "_t", None)
    if isinstance(t, torch.Tensor):
        t.normal_() if t.is_floating_point() else t.zero_()
    return made


def _fixed_sizes(inputs: Any) -> Iterator[dict[int, int]]:
    """One input's or all unknown sizes taken as a known one: a graph has as many rows of features as nodes."""
    leaves = [x for x in tree.flatten(inputs) if isinstance(x, KerasTensor)]
    unknown = [x for x in leaves if None in x.shape][:4]
    for x in unknown if len(unknown) > 1 else ():
        sizes = dict.fromkeys(n for other in leaves if other is not x for n in other.shape if n is not None and n > 1)
        yield from ({id(x): n} for n in list(sizes)[:4])
    known = dict.fromkeys(n for x in unknown for n in x.shape if n is not None and n > 1)
    yield from (dict.fromkeys(map(id, unknown), n) for n in list(known)[:4])


def _run(layer: Any, args: tuple, kwargs: dict, device: Any, probe: int, fixed: dict[int, int] | None = None) -> Any:
    sizes = fixed or {}
    with symbolic.fake_mode(probe), scope(overlay={}, tracing=True, recording=0, tapes=(), device=device):
        filled = tree.map_structure(
            lambda x: symbolic.placeholder(x, sizes.get(id(x), probe), device) if isinstance(x, KerasTensor) else x,
            (args, kwargs),
        )
        return _own_call(type(layer))(layer, *filled[0], **filled[1])


def _own_call(kind: type) -> Callable:
    """The ``__call__`` of ours that a class has: what a user's override of it gave to that one is what is traced."""
    calls = (vars(base)["__call__"] for base in kind.__mro__ if "__call__" in vars(base))
    return next(call for call in calls if is_ours(call))
