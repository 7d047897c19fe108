"""Where a training run is, so that another process can go on there: what ``BackupAndRestore`` writes beside the weights."""

from __future__ import annotations

import itertools
import json
import secrets
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core.random_state import random_state, set_random_state
from kerasish.saving.h5 import Group, Writer
from kerasish.training.compiled import CompiledMetrics
from kerasish.training.graph import seed_generators
from kerasish.training.passes import Passes

_GROUP = "training_state"  # of the file; a model's own groups are named after its attributes
_MAX_JSON = 64 << 20
_PROCESS = secrets.token_hex(16)  # a process whose data sources are where they were when a state was written


def process() -> str:
    """What identifies this process."""
    return _PROCESS


def be_process(token: str) -> None:
    """Count as the process of this token: processes that compute together are one."""
    global _PROCESS
    _PROCESS = token


class Position(NamedTuple):
    """Where ``fit`` was.

    Attributes:
        epoch, batch: the next ones to be made.
        passes, taken: how often the data was begun anew, and the batches taken since.
        opened: the random generators when it was last begun; None: not yet.
        now: the random generators.
        metrics: values of the metrics' variables, in the middle of an epoch.
        process: that wrote it.
    """

    epoch: int
    batch: int
    passes: int
    taken: int
    opened: dict | None
    now: dict
    metrics: list[np.ndarray]
    process: str

    @property
    def is_here(self) -> bool:
        """Whether this process wrote it, whose datasets and generators have moved on themselves."""
        return self.process == _PROCESS


def position(model: Any, epoch: int, batch: int) -> Position:
    """Where the model's ``fit`` is now."""
    passes: Passes = model.__dict__["_passes"]
    metrics = [variable.numpy() for variable in _metric_variables(model)] if batch else []
    now = random_state(seed_generators(model))
    return Position(epoch, batch, passes.begun, passes.taken, passes.opened, now, metrics, _PROCESS)


def at_epoch(model: Any, epoch: int) -> Position:
    """The start of an epoch, of which nothing more is known."""
    return Position(epoch, 0, 0, 0, None, random_state(seed_generators(model)), [], _PROCESS)


def note_positions(model: Any, passes: Passes) -> None:
    """Let ``position`` tell where the model's ``fit`` is."""
    passes.note = lambda: random_state(seed_generators(model))
    model.__dict__["_passes"] = passes


def write(writer: Writer, at: Position) -> None:
    """Put a position into a file of weights."""
    text = json.dumps(at._replace(metrics=len(at.metrics))._asdict())  # type: ignore[arg-type]
    writer.array(f"{_GROUP}/json", np.frombuffer(text.encode(), dtype=np.uint8))
    for i, value in enumerate(at.metrics):
        writer.array(f"{_GROUP}/metrics/{i}", value)


def read(root: Group) -> Position | None:
    """The position in a file; None if it has none, as those of Keras.

    Raises:
        CorruptFileError: it is damaged.
    """
    stored = root.array(f"{_GROUP}/json")
    if stored is None:
        return None
    if stored.dtype != np.uint8 or stored.shape[0] > _MAX_JSON:
        raise root.corrupt("has a position that is no text of reasonable size")
    try:
        data = json.loads(stored.read().tobytes())
        found = [root.array(f"{_GROUP}/metrics/{i}") for i in range(int(data["metrics"]))]
        data["metrics"] = [value.read() for value in found if value is not None]
        return Position(**data)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise root.corrupt(f"has a position of another form ({error})") from error


def go_on(model: Any, at: Position, passes: Passes) -> None:
    """Bring the data, the random generators and the metrics to where they were; the epoch has been begun.

    Raises:
        ValueError: the model has other random generators.
    """
    generators = seed_generators(model)
    passes.go_on(at, lambda state: set_random_state(state, generators))
    set_random_state(at.now, generators)
    if at.epoch or at.batch:  # a captured step needs them from the first batch on, as the run before had them
        _make_metrics(model, passes)
    if at.metrics:
        variables = _metric_variables(model)
        if [tuple(v.shape) for v in variables] == [value.shape for value in at.metrics]:
            for variable, value in zip(variables, at.metrics, strict=True):
                variable.assign(value)


def _make_metrics(model: Any, passes: Passes) -> None:
    """Metrics are made for the shapes of the first batch: show them one."""
    if model._overrides("train_step") or model._overrides("test_step"):
        return
    batch = passes.peek()
    if batch is not None:
        generators = seed_generators(model)
        state = random_state(generators)  # what the data drew for the batch stays drawn
        with torch.no_grad():
            model._the_step().test(*batch)
        model.reset_metrics()
        set_random_state(state, generators)


def _metric_variables(model: Any) -> list:
    model._compiled.loss_tracker.raw_result()  # what it waits to add
    parts = [metric.metrics if isinstance(metric, CompiledMetrics) else [metric] for metric in model.metrics]
    return [variable for metric in itertools.chain(*parts) for variable in metric.variables]
