"""Callback, the list that calls them, and the logs they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.context import settings
from kerasish.core.storage import to_numpy
from kerasish.training.progress import Progbar, redraw_interval


class Logs(dict):
    """Names and values of the metrics, read from the device when somebody looks.

    A step makes one without reading anything: most callbacks never look at a batch's logs.

    Args:
        results: gives the values, as raw tensors.
    """

    def __init__(self, results: Callable[[], dict[str, Any]]) -> None:
        super().__init__({"": None})  # not empty: json's C code takes an empty dictionary at its word
        self._results: Callable[[], dict[str, Any]] | None = results

    def fill(self) -> Logs:
        """Read the values now, if that has not been done."""
        results, self._results = self._results, None
        if results is not None:
            dict.clear(self)
            dict.update(self, to_numbers(results()))
        return self

    def freeze(self) -> None:
        """Keep the values as they are at this moment, still without reading them."""
        if self._results is not None:
            values = self._results()
            self._results = lambda: values


def _filling(name: str) -> Callable:
    method = getattr(dict, name)

    def filled(self: Logs, *args: Any, **kwargs: Any) -> Any:
        self.fill()
        return method(self, *args, **kwargs)

    filled.__name__ = name
    return filled


for _name in (
    "__getitem__ __iter__ __len__ __contains__ __repr__ __eq__ __ne__ __setitem__ __delitem__ __or__ __ror__ __ior__ "
    "__reversed__ get keys values items copy pop popitem setdefault update clear"
).split():
    setattr(Logs, _name, _filling(_name))
Logs.__reduce__ = lambda self: (dict, (dict(self.fill()),))  # type: ignore[method-assign,assignment]


def to_numbers(results: dict[str, Any]) -> dict[str, Any]:
    """Results as Python numbers, others as NumPy arrays; one transfer for all scalars. Dictionaries inside are opened."""
    raw: dict[str, Any] = {}
    for name, value in results.items():
        raw.update(value if isinstance(value, dict) else {name: value})
    raw = {name: dispatch.raw(value) if dispatch.is_tensor(value) else value for name, value in raw.items()}
    scalars = {name: value for name, value in raw.items() if isinstance(value, torch.Tensor) and value.ndim == 0}
    numbers: dict[str, Any] = {}
    if scalars:
        values = [t.detach() if t.requires_grad else t for t in scalars.values()]
        if any(t.dtype is not torch.float32 for t in values):
            dtype = torch.float64 if all(t.is_cpu for t in values) else torch.float32
            values = [t.to(dtype) for t in values]
        numbers = dict(zip(scalars, torch.stack(values).tolist()))
    return {name: numbers[name] if name in numbers else _host_value(value) for name, value in raw.items()}


def _host_value(value: Any) -> Any:
    if isinstance(value, (int, np.number)):
        return float(value)
    return tree.map_structure(lambda x: to_numpy(x).copy() if isinstance(x, torch.Tensor) else x, value)


class Callback:
    """Something to do at points of training: override the methods that matter.

    Attributes:
        model: the model being trained.
        params: "verbose", "epochs" and "steps".
        resumes: whether it lets another process go on with the run, which then has to be the same run.
        only_writes: whether it does nothing but write files or post logs, which one of several processes has to do.
        reads_weights: whether what it writes are the model's weights, of which each process may have a part.
        of_one_run: whether it shows one call of ``fit`` alone, not what was done before a run was gone on with.

    A run that goes on (``BackupAndRestore``) takes over what ``state_dict()`` returned, if a callback has that method:
    numbers, text, arrays, lists and dictionaries, which ``load_state_dict(state)`` is given after ``on_train_begin``.
    """

    resumes = False
    only_writes = False
    reads_weights = False
    of_one_run = False
    _kept: tuple[str, ...] = ()  # what those of the library take over: attributes, and attributes of theirs

    def __init__(self) -> None:
        self.params: dict | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        return self._model

    def set_params(self, params: dict) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self._model = model

    def _state(self) -> dict:
        """What a run that goes on has to know."""
        kept = {name: attrgetter(name)(self) for name in self._kept}
        return {**kept, "own": self.state_dict()} if hasattr(self, "state_dict") else kept

    def _go_on(self, state: dict) -> None:
        """Be in the state that another run's callback had; training has begun."""
        for name in self._kept:
            if name in state:
                where, _, last = name.rpartition(".")
                setattr(attrgetter(where)(self) if where else self, last, state[name])
        if "own" in state and hasattr(self, "load_state_dict"):
            self.load_state_dict(state["own"])

    def on_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Old name of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Old name of ``on_train_batch_end``."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Called at the start of an epoch of training."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Called at the end of an epoch; ``logs`` has the metrics, those of validation as ``val_...``."""

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Called before a batch of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Called after a batch of training; ``logs`` has the metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Called before a batch of evaluation, also of validation."""

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Called after a batch of evaluation."""

    def on_predict_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Called before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Called after a batch of prediction; ``logs["outputs"]`` has the predictions."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Called when training begins."""

    def on_train_end(self, logs: dict | None = None) -> None:
        """Called when training ends."""

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Called when an evaluation begins."""

    def on_test_end(self, logs: dict | None = None) -> None:
        """Called when an evaluation ends."""

    def on_predict_begin(self, logs: dict | None = None) -> None:
        """Called when prediction begins."""

    def on_predict_end(self, logs: dict | None = None) -> None:
        """Called when prediction ends."""


class _Record(dict):
    """Results by name; "lr" is Keras 2's name of the learning rate."""

    def __missing__(self, name: str) -> Any:
        if name == "lr" and "learning_rate" in self:
            return self["learning_rate"]
        raise KeyError(name)

    def get(self, name: Any, default: Any = None) -> Any:
        return super().get("learning_rate" if name == "lr" and name not in self else name, default)

    def __reduce__(self) -> tuple:
        return dict, (dict(self),)


_Record.__name__ = _Record.__qualname__ = "dict"  # what programs find in ``type(history).__name__``


class History(Callback):
    """What ``fit`` returns: ``epoch``, and ``history``, a list per metric."""

    of_one_run = True

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list] = _Record()
        self.epoch: list[int] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self._model.history = self


class ProgbarLogger(Callback):
    """Shows the progress line."""

    of_one_run = True

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progbar | None = None
        self._epoch_bar: Progbar | None = None
        self._steps = 0
        self._training = False

    def _begin(self) -> Progbar:
        params = self.params or {}
        return Progbar(params.get("steps"), verbose=params.get("verbose", 1), interval=redraw_interval())

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self.params["verbose"] and self.params["epochs"] > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}", flush=True)
        self._bar = self._begin()
        self._steps = 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._steps = batch + 1
        if self._bar.live and self._bar.verbose == 1:
            self._bar.draw(self._steps, lambda: in_style_order(_scalars(logs)), False)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self._bar.target is None:
            self._bar.target = self._steps
        self._bar.draw(self._steps, lambda: _scalars(logs), True)

    def on_train_end(self, logs: dict | None = None) -> None:
        self._training = False

    def on_test_begin(self, logs: dict | None = None) -> None:
        if not self._training:
            self._bar, self._steps = self._begin(), 0

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if not self._training:
            self.on_train_batch_end(batch, logs)

    def on_test_end(self, logs: dict | None = None) -> None:
        if not self._training:
            self.on_epoch_end(0, in_style_order(logs))

    def on_predict_begin(self, logs: dict | None = None) -> None:
        self._bar, self._steps = self._begin(), 0

    def on_predict_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._steps = batch + 1
        if self._bar.live and self._bar.verbose == 1:
            self._bar.draw(self._steps, dict, False)

    def on_predict_end(self, logs: dict | None = None) -> None:
        if self._bar.target is None:
            self._bar.target = self._steps
        self._bar.draw(self._steps, dict, True)


def in_style_order(logs: dict) -> dict:
    """Metrics as the style has them: the loss first, or by name."""
    return dict(sorted(logs.items())) if settings.style == "keras3" else logs


def _scalars(logs: dict | None) -> dict[str, float]:
    return {name: value for name, value in (logs or {}).items() if isinstance(value, (int, float))}


class CallbackList(Callback):
    """Calls several callbacks in order (``keras.callbacks.CallbackList``).

    Args:
        callbacks: Callback objects, possibly nested in lists, or one.
        add_history, add_progbar: whether those two are added if missing.
        model: handed to each.
        params: "verbose", "epochs", "steps".

    Raises:
        TypeError: something else than a callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Callback] = tree.flatten(callbacks) if callbacks is not None else []
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(
                    f"All callbacks should be instances of `keras.callbacks.Callback`. Received: {callback} "
                    f"(of type {type(callback)})"
                )
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        if add_history and self.history is None:
            self.callbacks.append(History())
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)
        self._find_batch_hooks()

    @property
    def history(self) -> History | None:
        """The ``History`` among the callbacks."""
        return next((callback for callback in self.callbacks if isinstance(callback, History)), None)

    def _find_batch_hooks(self) -> None:
        """Which callbacks do something at each batch; the others are not called there."""
        self._batch_hooks: dict[str, list[Callable]] = {}
        for mode in ("train", "test", "predict"):
            for moment in ("begin", "end"):
                names = [f"on_{mode}_batch_{moment}"] + ([f"on_batch_{moment}"] if mode == "train" else [])
                self._batch_hooks[names[0]] = [
                    getattr(c, names[0]) for c in self.callbacks if any(_overrides(c, name) for name in names)
                ]

    def append(self, callback: Callback) -> None:
        self.callbacks.append(callback)
        self._find_batch_hooks()

    def set_params(self, params: dict) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def has_batch_hooks(self, mode: str) -> bool:
        return bool(self._batch_hooks[f"on_{mode}_batch_begin"] or self._batch_hooks[f"on_{mode}_batch_end"])

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)


def _overrides(callback: Any, name: str) -> bool:
    if name in vars(callback):  # a function set on the object, as LambdaCallback does
        return True
    own = getattr(type(callback), name, None)
    return own is not None and own is not getattr(Callback, name)


def _for_all(name: str) -> Callable:
    """A hook of the list: the hook of each callback, which gets an empty dictionary where there are no logs.

    At the end of an epoch or a run the callbacks share a copy: what one adds, those after it see, but not the caller.
    """

    def hooks(callbacks: CallbackList) -> list[Callable]:
        known = callbacks._batch_hooks.get(name)
        return known if known is not None else [getattr(callback, name) for callback in callbacks.callbacks]

    def numbered(self: CallbackList, number: int, logs: dict | None = None) -> None:
        logs = {} if logs is None else logs
        for hook in hooks(self):
            hook(number, logs)

    def plain(self: CallbackList, logs: dict | None = None) -> None:
        logs = dict(logs or {})
        for hook in hooks(self):
            hook(logs)

    def at_end_of_epoch(self: CallbackList, number: int, logs: dict | None = None) -> None:
        numbered(self, number, dict(logs or {}))

    method = numbered if "batch" in name or "epoch" in name else plain
    method = at_end_of_epoch if name == "on_epoch_end" else method
    method.__name__ = name
    return method


for _name in [name for name in vars(Callback) if name.startswith("on_")]:
    setattr(CallbackList, _name, _for_all(_name))
