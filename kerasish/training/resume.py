"""Where a training run is, so that another process can go on there: what ``BackupAndRestore`` writes beside the weights."""

from __future__ import annotations

import itertools
import json
import os
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import fail
from kerasish.core.random_state import random_state, set_random_state
from kerasish.core.replicas import combining, from_all, num_processes, process_id, together
from kerasish.saving.h5 import Group, Writer
from kerasish.training.callback import Callback, CallbackList, to_numbers
from kerasish.training.compiled import CompiledMetrics
from kerasish.training.graph import seed_generators
from kerasish.training.passes import Passes

_GROUP = "training_state"  # of the file; a model's own groups are named after its attributes
_MAX_JSON = 64 << 20
_PROCESS = secrets.token_hex(16)  # a process whose data sources are where they were when a state was written


def process() -> str:
    """What identifies this process."""
    return _PROCESS


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: be_process(secrets.token_hex(16)))


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
        metrics: values of the metrics' variables, in the middle of an epoch; those of each process.
        process: that wrote it.
        callbacks: class, state, and whether the hook is still due within which the position was written, of each.
        logs: of that hook.
        stopped: whether training was to stop.
        load: reads the weights and the optimizer's state that were written with it.
        checks, checked: how often there was a validation, and of how many batches in all.
    """

    epoch: int
    batch: int
    passes: int
    taken: int
    opened: dict | None
    now: dict
    metrics: list[list[np.ndarray]]
    process: str
    callbacks: list = []
    logs: dict | None = None
    stopped: bool = False
    checks: int = 0
    checked: int = 0
    load: Callable[[], Any] | None = None

    @property
    def is_here(self) -> bool:
        """Whether this process wrote it, whose datasets and generators have moved on themselves."""
        return self.process == _PROCESS


class Run:
    """A call of ``fit``, for positions in it.

    Args:
        passes: over the training data.
        checks: has the numbers ``done`` and ``taken`` of validations and their batches; None: there are none.
        calls: the callbacks.
    """

    def __init__(self, model: Any, passes: Passes, checks: Any, calls: CallbackList) -> None:
        self.model, self.passes, self.checks, self.calls = model, passes, checks, calls
        passes.note = lambda: random_state(seed_generators(model))

    def position(self, epoch: int, batch: int, within: Callback, logs: dict | None = None) -> Position:
        """Where it is.

        Args:
            within: whose hook asks: that of the callbacks after it is still due.
            logs: of the hook, at the end of an epoch.
        """
        passes, checks, model = self.passes, self.checks, self.model
        metrics = [[variable.numpy() for variable in _metric_variables(model)]] if batch else []
        if together() and batch:
            metrics = from_all(metrics[0])
        if batch:
            logs = to_numbers(model.get_metrics_result_raw())
        begun = passes.begun, passes.taken, passes.opened
        now, done = random_state(seed_generators(model)), (checks.done, checks.taken) if checks else (0, 0)
        states, logs = _states(self.calls, within), dict(logs) if logs else None
        return Position(
            epoch, batch, *begun, now, metrics, _PROCESS, states, logs, bool(model.stop_training), *done
        )  # fmt: skip


def at_epoch(model: Any, epoch: int) -> Position:
    """The start of an epoch, of which nothing more is known."""
    return Position(epoch, 0, 0, 0, None, random_state(seed_generators(model)), [], _PROCESS)


# callbacks ------------------------------------------------------------------------------------------------------------


def _states(calls: CallbackList, within: Callback) -> list:
    place = next((i for i, callback in enumerate(calls) if callback is within), len(calls.callbacks))
    return [[type(callback).__name__, callback._state(), i > place] for i, callback in enumerate(calls)]


def _set_states(calls: CallbackList, states: list) -> list[Callback]:
    """Let callbacks go on from their states, each from that of its class (the second from the second, and so on).

    Returns:
        Those that have a hook due.
    """
    rest, due = list(states), []
    for callback in calls:
        found = next((state for state in rest if state[0] == type(callback).__name__), None)
        if found is None:
            continue
        rest.remove(found)
        _, state, is_due = found
        if state:
            callback._go_on(state)
        if is_due and not callback.of_one_run:
            due.append(callback)
    return due


# files ----------------------------------------------------------------------------------------------------------------


def write(writer: Writer, at: Position) -> None:
    """Put a position into a file of weights."""
    arrays: list[np.ndarray] = []
    plain = {name: _plain(value, arrays) for name, value in at._asdict().items() if name != "load"}
    writer.array(f"{_GROUP}/json", np.frombuffer(json.dumps(plain).encode(), dtype=np.uint8))
    for i, value in enumerate(arrays):
        writer.array(f"{_GROUP}/arrays/{i}", value)


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

    def array(number: int) -> np.ndarray:
        found = root.array(f"{_GROUP}/arrays/{int(number)}")
        if found is None:
            raise KeyError(number)
        return found.read()

    try:
        data = json.loads(stored.read().tobytes())
        return Position(**{name: _whole(value, array) for name, value in data.items()})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise root.corrupt(f"has a position of another form ({error})") from error


def _plain(value: Any, arrays: list[np.ndarray]) -> Any:
    """Plain data as JSON has it: lists as they are, else ``{kind: ...}``; arrays go into the list.

    Raises:
        TypeError: other data.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, list):
        numbers = all(type(one) is int for one in value)  # the state of a generator
        return value if numbers else [_plain(one, arrays) for one in value]
    if isinstance(value, (tuple, set)):
        return {"tuple" if isinstance(value, tuple) else "set": [_plain(one, arrays) for one in value]}
    if isinstance(value, dict):
        return {"dict": [[_plain(key, arrays), _plain(one, arrays)] for key, one in value.items()]}
    if dispatch.is_tensor(value) or isinstance(value, torch.Tensor):
        value = dispatch.raw(value).detach().cpu().numpy()
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc":
        arrays.append(np.asarray(value))
        return {"array" if isinstance(value, np.ndarray) else "number": len(arrays) - 1}
    raise fail(
        TypeError, "The state of a callback must be numbers, text, arrays, and lists and dictionaries of them",
        received=repr(value),
    )  # fmt: skip


def _whole(value: Any, array: Callable[[int], np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_whole(one, array) for one in value]
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind in ("array", "number"):
        return array(inner) if kind == "array" else array(inner)[()]
    if kind == "dict":
        return {_whole(key, array): _whole(one, array) for key, one in inner}
    return {"tuple": tuple, "set": set}[kind](_whole(one, array) for one in inner)


# going on -------------------------------------------------------------------------------------------------------------


def load(at: Position) -> None:
    """Read the weights and the optimizer's state again."""
    if at.load is not None:
        at.load()


def begin(at: Position, calls: CallbackList) -> None:
    """Let callbacks be where they were, whatever they did at the beginning of training; call hooks due at an epoch's end."""
    load(at)
    for callback in _set_states(calls, at.callbacks):
        if not at.batch:
            callback.on_epoch_end(at.epoch - 1, dict(at.logs or {}))


def go_on(model: Any, at: Position, passes: Passes, calls: CallbackList) -> None:
    """Bring the data, the random generators and the metrics to where they were; the epoch has been begun.

    In the middle of an epoch also weights and callbacks, whatever these did at its beginning.

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
        values = _own_metrics(variables, at.metrics)
        if [tuple(v.shape) for v in variables] == [value.shape for value in values]:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
    if at.batch:
        load(at)
        for callback in _set_states(calls, at.callbacks):
            callback.on_train_batch_end(at.batch - 1, to_numbers(model.get_metrics_result_raw()))


def draw_on(model: Any, at: Position) -> None:
    """Bring the random generators to where they were when the other run had no more to do."""
    set_random_state(at.now, seed_generators(model))


def _make_metrics(model: Any, passes: Passes) -> None:
    """Metrics are made for the shapes of the first batch: show them one."""
    if model._k_overrides("train_step") or model._k_overrides("test_step"):
        return
    batch = passes.peek()
    if batch is not None:
        generators = seed_generators(model)
        state = random_state(generators)  # what the data drew for the batch stays drawn
        with torch.no_grad():
            model._the_step().test(*batch)
        model.reset_metrics()
        set_random_state(state, generators)


def _own_metrics(variables: list, of_all: list[list[np.ndarray]]) -> list[np.ndarray]:
    """This process's part of what metrics had gathered, by as many processes or by others."""
    if len(of_all) == num_processes():
        return of_all[process_id()]
    return [_own_part(combining(variable.aggregation), values) for variable, values in zip(variables, zip(*of_all))]


def _own_part(way: str, values: tuple[np.ndarray, ...]) -> np.ndarray:
    """What this process has to have for all to have together what other processes had."""
    if way == "first":
        return values[0]
    if way == "mean":
        return np.mean(values, axis=0, dtype=values[0].dtype)
    return np.zeros_like(values[0]) if process_id() else np.sum(values, axis=0, dtype=values[0].dtype)


def _metric_variables(model: Any) -> list:
    model._k_compiled.loss_tracker.raw_result()  # what it waits to add
    parts = [metric.metrics if isinstance(metric, CompiledMetrics) else [metric] for metric in model.metrics]
    return [variable for metric in itertools.chain(*parts) for variable in metric.variables]
