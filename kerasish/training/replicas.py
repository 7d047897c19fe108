"""Training with several processes: each makes its rows of every batch, and what they make is added up.

    fit → begin (one state for all) → for each batch: rows of this process → gradients added up → the same update everywhere
        → end_pass (statistics averaged, metrics added up: the same logs everywhere)

Every process reads the same data in the same order and takes its rows of each batch, so an epoch is that of one process. A
dataset that is divided already is taken as it comes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import divided, replicas, tree
from kerasish.core.context import scope, settings
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import NotServedError
from kerasish.core.ragged import RaggedTensor
from kerasish.core.random_state import random_state, set_random_state
from kerasish.core.replicas import Share, add_up, num_processes, part, process_id
from kerasish.core.sparse import SparseTensor
from kerasish.core.variable import Variable
from kerasish.distribution.division import divide
from kerasish.metrics.base import accumulate_set
from kerasish.metrics.tally import Tally
from kerasish.training import resume
from kerasish.training.callback import CallbackList, to_numbers
from kerasish.training.compiled import CompiledMetrics
from kerasish.training.disk_rows import DiskRows
from kerasish.training.graph import seed_generators
from kerasish.training.ragged_rows import RaggedRows
from kerasish.training.sparse_rows import SparseRows


def without_writers(callbacks: Any) -> Any:
    """The callbacks of a process that writes no files: those that do nothing else are left out.

    Where variables are divided, those that read weights stay: the first process needs the parts of all.
    """
    if callbacks is None or isinstance(callbacks, CallbackList):
        return callbacks
    return [
        callback
        for callback in tree.flatten(callbacks)
        if not getattr(callback, "only_writes", False) or (divided.in_use and getattr(callback, "reads_weights", False))
    ]


def begin(model: Any) -> None:
    """Let all processes start from the first one's weights and random generators."""
    generators = seed_generators(model)
    state, token = replicas.from_first((random_state(generators), resume.process()))
    if process_id():
        set_random_state(state, generators)
        resume.be_process(token)
    if model.built:
        share_variables(model)
        divide(model, settings.distribution)


def share_variables(model: Any) -> None:
    """Give all processes the first one's weights and optimizer's state, apart from variables that are divided already."""
    variables = [*model.variables, *model._k_compiled.optimizer.variables]
    replicas.set_as_first([_writable(v) for v in variables if not divided.is_divided(v)])


def _writable(variable: Variable) -> torch.Tensor:
    variable.make_writable()
    return variable.stored.detach()


def current(variable: Variable) -> Any:
    """A variable's value, or this process's piece of it as a tensor of the mesh."""
    return variable.stored.detach() if divided.is_divided(variable) else variable.read().detach()


def set_current(variable: Variable, value: Any) -> None:
    """Set what ``current`` gives."""
    if divided.is_divided(variable):
        with torch.no_grad():
            _writable(variable).copy_(value)
    else:
        variable.assign(value)


class OwnRows:
    """A step on this process's rows of each batch.

    Args:
        step: what makes a step of a whole batch.
        eager: the same as Python code, for batches that are too small to give every process a row.
        mode: "train", "test" or "predict".
        is_users: whether it is a user's code.
        divided: whether a batch that is given is this process's part already.
    """

    def __init__(self, step: Callable, eager: Callable, model: Any, mode: str, is_users: bool, divided: bool) -> None:
        self._step, self._eager, self._model, self._mode = step, eager, model, mode
        self._is_users, self.divided = is_users, divided
        self.rows: list[int] = []  # of the batches so far, of all processes; not of divided ones
        self._builds = not model.built

    def __call__(self, batch: tuple) -> Any:
        out = self._step_on_own(batch)
        if self._builds:
            self._builds = False
            divide(self._model, settings.distribution)
        return out

    def _step_on_own(self, batch: tuple) -> Any:
        share, own = self._taken(batch)
        with _OwnRandomNumbers(self._model), scope(share=share):
            step = self._step if share.total >= num_processes() else self._eager
            if share.rows or self._mode == "predict":
                return step(own)
            kept = {id(v): v.read().clone() for v in metric_variables(self._model)}
            out = step(own)
            for variable in metric_variables(self._model):
                accumulate_set(variable, kept.get(id(variable), 0))
            return out

    def _taken(self, batch: tuple) -> tuple[Share, tuple]:
        flat = all([t is None or type(t) is torch.Tensor for t in batch])
        rows = _count(next(t for t in (batch if flat else tree.flatten(batch)) if t is not None))
        if self.divided:
            total = add_up([torch.tensor(rows, device=devices.current())])[0]
            return Share(rows, int(total), self._is_users), batch
        mine = part(rows, process_id(), num_processes())
        self.rows.append(rows)
        at = slice(mine.start, mine.stop) if mine else slice(0, 1)
        own = tuple([_cut(t, at) for t in batch]) if flat else tree.map_structure(lambda t: _cut(t, at), batch)
        return Share(len(mine), rows, self._is_users), own


def _count(t: Any) -> int:
    """How many rows a part of a batch has."""
    if type(t) is torch.Tensor:
        return t.shape[0]
    if isinstance(t, (SparseTensor, RaggedTensor)):
        return len((SparseRows.of if isinstance(t, SparseTensor) else RaggedRows)(t))
    if not isinstance(t, (torch.Tensor, np.ndarray, DiskRows)):
        raise NotServedError(f"Batches of {type(t).__name__} cannot be divided among processes.")
    return len(t)


def _cut(t: Any, rows: slice) -> Any:
    """Some rows of a part of a batch."""
    if t is None or type(t) is torch.Tensor:
        return t if t is None else t[rows]
    if isinstance(t, SparseTensor):
        return SparseRows.of(t)[rows].batch()
    if isinstance(t, RaggedTensor):
        return RaggedRows(t)[rows].batch()
    _count(t)
    return t[rows].read() if isinstance(t, DiskRows) else t[rows]


class _OwnRandomNumbers:
    """A block that draws numbers of this process and training step; what is drawn outside is the same in all processes.

    They follow from the shared generator's seed, so a run that goes on from a backup draws what the first one would have.
    """

    def __init__(self, model: Any) -> None:
        self._compiled = model._k_compiled

    def __enter__(self) -> None:
        self._shared = torch.get_rng_state()
        step = self._compiled.optimizer._k_count() if self._compiled is not None else 0
        seed = (torch.initial_seed() * 0x9E3779B97F4A7C15 + step * num_processes() + process_id()) & (2**63 - 1)
        generator = torch.default_generator if devices.current().type == "cpu" else torch
        generator.manual_seed(seed)

    def __exit__(self, *error: object) -> None:
        torch.set_rng_state(self._shared)


# the end of a pass ----------------------------------------------------------------------------------------------------


def end_pass(model: Any, logs: dict | None, trained: bool) -> dict | None:
    """Make metrics those of all processes; after training also averages that layers keep of their own rows.

    Args:
        logs: of the last step, if it is a user's.

    Returns:
        The logs of all: the metrics if it is them that the step returned, else the processes' mean.
    """
    if trained:
        _average([v for v in model.non_trainable_variables if v.stored.is_floating_point()])
    _add_up_metrics(metric_variables(model))
    if logs is None:
        return None
    found, logs = model.get_metrics_result_raw(), to_numbers(logs)
    if found.keys() == logs.keys():
        return found
    of_all = replicas.from_all(logs)
    return {name: np.mean([one[name] for one in of_all], axis=0) for name in logs}


def stops(model: Any) -> bool:
    """Whether training ends after this epoch, since any of the processes wants to."""
    if replicas.together():
        wishes = add_up([torch.tensor(int(bool(model.stop_training)), device=devices.current())])
        model.stop_training = bool(wishes[0])
    return model.stop_training


def _average(variables: list[Variable]) -> None:
    if not variables:
        return
    with torch.no_grad():
        for variable, total in zip(variables, add_up([v.stored for v in variables])):
            _writable(variable).copy_(total / num_processes())


def _add_up_metrics(variables: list[Variable]) -> None:
    values = [_value(variable) for variable in variables]
    for variable, value, total in zip(variables, values, add_up(values)):
        way = replicas.combining(variable.aggregation)
        if way == "mean":
            total = total / num_processes()
        elif way == "first":
            total = value.clone()
            with replicas.exchange():
                torch.distributed.broadcast(total, 0)
        accumulate_set(variable, float(total) if type(variable._owner) is Tally else total)


def _value(variable: Variable) -> torch.Tensor:
    owner = variable._owner
    # the same dtype in all processes, whether the host counts or not
    return torch.as_tensor(owner.value(), dtype=to_torch(variable.dtype)) if type(owner) is Tally else variable.read()


def metric_variables(model: Any) -> list[Variable]:
    """The accumulators of a model's metrics, what its running loss waits to add included."""
    model._k_compiled.loss_tracker.raw_result()
    found = []
    for metric in model.metrics:
        for one in metric.metrics if isinstance(metric, CompiledMetrics) else [metric]:
            found += one.variables
    return found


def joined(parts: list, steps: OwnRows) -> list:
    """Predictions of all rows, batch by batch, of each process's for its own.

    Args:
        parts: this process's, for each batch.
        steps: what made them.
    """
    arrays = [tree.map_structure(lambda t: t.detach().cpu() if isinstance(t, torch.Tensor) else t, p) for p in parts]
    found = replicas.from_all(arrays)
    count = num_processes()

    def has_rows(batch: int, process: int) -> bool:
        return steps.divided or len(part(steps.rows[batch], process, count)) > 0

    return [found[p][b] for b in range(len(parts)) for p in range(count) if has_rows(b, p)]
