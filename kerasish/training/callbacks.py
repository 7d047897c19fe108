"""The callbacks that come with the library; ``callback.py`` has the base class."""

from __future__ import annotations

import csv
import math
import os
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.core.messages import tell
from kerasish.saving import folders
from kerasish.saving.checkpoint_files import is_prefix
from kerasish.training.callback import Callback
from kerasish.training.monitor import BatchCount, Monitor, optimizers_of


class EarlyStopping(Monitor):
    """Stops training when a value no longer improves.

    Args:
        monitor, mode, min_delta: see ``Monitor``.
        patience: epochs without improvement that are waited for.
        verbose: 1 says when it stops.
        baseline: the value must beat this.
        restore_best_weights: whether the weights of the best epoch come back at the end.
        start_from_epoch: epochs before that are not counted.
    """

    _kept = ("best", "best_epoch", "best_weights", "stopped_epoch", "wait")
    _unavailable = "Early stopping conditioned on metric `{}` which is not available."

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list | None = None

    def get_monitor_value(self, logs: dict | None) -> float | None:
        """The watched value; warns if the logs do not have it."""
        return self.value(logs)

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = None
        self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            tell(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                tell(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class ModelCheckpoint(Monitor):
    """Writes the model, or its weights, to a file as training goes on.

    Args:
        filepath: may hold names of logs and ``{epoch}``: ``"m-{epoch:02d}-{val_loss:.2f}.keras"``. Weights go to
            ``.weights.h5``, or to a checkpoint of TensorFlow's (``"cp-{epoch}.ckpt"``); models to ``.keras`` or ``.h5``.
        monitor, mode: see ``Monitor``; used with ``save_best_only``.
        verbose: 1 says when it writes.
        save_best_only: whether a worse model leaves the file alone.
        save_weights_only: whether only the weights are written.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: the first value to beat.

    Raises:
        ValueError: a file name that does not fit what is written, or another ``save_freq``.
    """

    only_writes = True
    reads_weights = True

    _kept = ("best", *BatchCount.KEPT)
    _unavailable = "Can save best model only with {} available."

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        period = kwargs.pop("period", 1)
        if kwargs:
            raise fail(TypeError, f"ModelCheckpoint got an unexpected keyword argument '{next(iter(kwargs))}'")
        super().__init__(monitor, mode, baseline=initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.period = period
        self._count = BatchCount(save_freq)
        self._epoch = 0
        self._written: str | None = None  # the last file
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int)):
            raise ValueError(f"Unrecognized save_freq: {save_freq}. Expected save_freq are 'epoch' or integer values")
        if save_weights_only and not (self.filepath.endswith((".weights.h5", ".h5")) or is_prefix(self.filepath)):
            raise ValueError(
                "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath provided must end in "
                f"`.weights.h5` (Keras weights format). Received: filepath={self.filepath}"
            )
        if not save_weights_only and not (
            self.filepath.endswith((".keras", ".h5", ".hdf5")) or folders.stands_for(self.filepath)
        ):
            raise ValueError(
                f"The filepath provided must end in `.keras` (Keras model format). Received: filepath={self.filepath}"
            )

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self.save_freq != "epoch" and self._count.is_due(batch):
            self._save(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self.save_freq == "epoch" and (epoch + 1) % self.period == 0:
            self._save(None, logs)

    def _save(self, batch: int | None, logs: dict | None) -> None:
        path = self._path(batch, logs or {})
        best = self.best
        if not self._is_due(logs, path):
            return
        if os.path.isdir(path):
            raise OSError(
                f"Please specify a non-directory filepath for ModelCheckpoint. Filepath used is an existing directory: {path}"
            )
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            if self.save_weights_only:
                self.model.save_weights(path, overwrite=True)
            else:
                self.model.save(path, overwrite=True)
        except OSError as error:
            if self._written is None or not os.path.exists(self._written):
                raise
            warnings.warn(
                f"ModelCheckpoint could not write epoch {self._epoch + 1}. Training goes on; the one before stays in "
                f"'{self._written}': {error}",
                stacklevel=6,
            )
            self.best = best  # of what is written
            return
        self._written = f"{path}.index" if is_prefix(path) else path
        if self.verbose > 0:
            tell(f"\nEpoch {self._epoch + 1}: finished saving model to {path}")

    def _is_due(self, logs: dict | None, path: str) -> bool:
        """Whether the model is to be written; says so. Without a value to compare it is, as in Keras."""
        if not self.save_best_only:
            if self.verbose > 0:
                tell(f"\nEpoch {self._epoch + 1}: saving model to {path}")
            return True
        current = self.value(logs)
        if current is None:
            return True
        if getattr(current, "shape", ()):
            warnings.warn(
                f"Can save best model only when `monitor` is a scalar value. Received: {current}. Falling back to "
                "`save_best_only=False`.",
                stacklevel=5,
            )
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        improves = self.improves(current, self.best)
        if self.verbose > 0:
            change = f"improved from {best} to {current:.5f}, saving model to {path}"
            tell(f"\nEpoch {self._epoch + 1}: {self.monitor} {change if improves else f'did not improve from {best}'}")
        if improves:
            self.best = current
        return improves

    def _path(self, batch: int | None, logs: dict) -> str:
        values = {"epoch": self._epoch + 1, **logs}
        if batch is not None:
            values["batch"] = batch + 1
        try:
            return self.filepath.format(**values)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error} is not among the logs '
                f"{sorted(values)}"
            ) from None


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate when a value no longer improves.

    Args:
        monitor, mode, min_delta: see ``Monitor``.
        factor: below 1.
        patience: epochs without improvement that are waited for.
        verbose: 1 says when it acts.
        cooldown: epochs after a reduction before it counts again.
        min_lr: the learning rate does not go below this.
    """

    _kept = ("best", "cooldown_counter", "wait")
    _unavailable = "Learning rate reduction is conditioned on metric `{}` which is not available."

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        min_delta = kwargs.pop("epsilon", min_delta)
        if kwargs:
            raise fail(TypeError, f"ReduceLROnPlateau got an unexpected keyword argument '{next(iter(kwargs))}'")
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.best = None
        self.cooldown_counter = self.wait = 0

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs is not None:
            logs.update(_learning_rates(self.model))
        current = self.value(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(current, self.best):
            self.best, self.wait = current, 0
            return
        if self.in_cooldown():
            return
        self.wait += 1
        if self.wait >= self.patience and any(
            [self._reduce(*pair, epoch) for pair in optimizers_of(self.model).items()]
        ):
            self.cooldown_counter, self.wait = self.cooldown, 0

    def _reduce(self, name: str, optimizer: Any, epoch: int) -> bool:
        """Whether the optimizer's learning rate could go down."""
        rate = float(optimizer.learning_rate)
        if not rate > np.float32(self.min_lr):
            return False
        optimizer.learning_rate = new_rate = max(rate * self.factor, self.min_lr)
        if self.verbose > 0:
            tell(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing {_label(name, optimizer)} to {new_rate}.")
        return True

    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0


def _learning_rates(model: Any) -> dict[str, float]:
    return {name: float(optimizer.learning_rate) for name, optimizer in optimizers_of(model).items()}


def _label(name: str, optimizer: Any) -> str:
    return "learning rate" if name == "learning_rate" else f"{optimizer.name} learning rate"


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: ``schedule(epoch, lr)`` or ``schedule(epoch)``, returns the new rate.
        verbose: 1 says what it sets.
    """

    def __init__(self, schedule: Callable, verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        for name, optimizer in optimizers_of(self.model).items():
            self._set(name, optimizer, epoch)

    def _set(self, name: str, optimizer: Any, epoch: int) -> None:
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError('Optimizer must have a "learning_rate" attribute.')
        try:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        except TypeError:  # a schedule of the epoch alone
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.floating)) and not hasattr(rate, "dtype"):
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate}")
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            tell(f"\nEpoch {epoch + 1}: LearningRateScheduler setting {_label(name, optimizer)} to {rate}.")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs is not None:
            logs.update(_learning_rates(self.model))


class CSVLogger(Callback):
    """Writes the logs of each epoch as a line of a CSV file.

    Args:
        filename: of the file.
        separator: between columns.
        append: whether an existing file is continued.
    """

    only_writes = True

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self._file: Any = None
        self._writer: Any = None
        self._keys: list | None = None
        self._length: int | None = None  # bytes that a run which is gone on with had written

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._file = self._writer = self._keys = self._length = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if self._file is None:
            self._open()

    def _open(self) -> None:
        length = os.path.getsize(self.filename) if os.path.exists(self.filename) else 0
        if self._length is not None:  # lines of epochs that are made again are not wanted
            length = min(length, self._length)
        elif not self.append:
            length = 0
        self._file = open(self.filename, "a", newline="", encoding="utf-8")
        self._file.truncate(length)
        self._header_due = not length

    def _state(self) -> dict:
        length = os.path.getsize(self.filename) if self._file is not None else self._length or 0
        return {"keys": self._keys, "length": length}

    def _go_on(self, state: dict) -> None:
        self._length, keys = state["length"], state["keys"]
        if self._file is not None:
            self._file.close()
            self._file = None
        if keys is not None and self._length:
            self._open()
            self._begin_lines(keys)

    def _begin_lines(self, keys: list) -> None:
        self._keys = keys
        self._writer = csv.DictWriter(self._file, ["epoch", *keys], delimiter=self.sep, extrasaction="ignore")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = logs or {}
        if self._file is None:
            self._open()
        if self._keys is None:
            self._keys = sorted(logs)
            if not any(key.startswith("val_") for key in self._keys):  # validation may begin at a later epoch
                self._keys += [f"val_{key}" for key in self._keys]
            self._begin_lines(self._keys)
            if self._header_due:
                self._writer.writeheader()
        self._writer.writerow({"epoch": epoch, **{key: self._text(logs.get(key, "NA")) for key in self._keys}})
        self._file.flush()

    @staticmethod
    def _text(value: Any) -> Any:
        if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
            return value
        return f'"[{", ".join(map(str, value))}]"'

    def on_train_end(self, logs: dict | None = None) -> None:
        if self._file is None:
            self._open()
        self._file.close()
        self._file = self._writer = None


class TerminateOnNaN(Callback):
    """Stops training when the loss of a batch is NaN or infinite.

    Args:
        raise_error: whether that is an error, which ends ``fit`` at once; else training ends as it does elsewhere.

    Raises:
        RuntimeError: in ``fit``, with ``raise_error``.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: dict | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or not (math.isnan(loss) or math.isinf(loss)):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately."
            )
        tell(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


class BaseLogger(Callback):
    """Keras 2's: puts the means over an epoch's samples into its logs, of metrics that batches' logs have.

    Args:
        stateful_metrics: names of those that are means already.
    """

    _kept = ("seen", "totals")

    def __init__(self, stateful_metrics: Iterable[str] | None = None) -> None:
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.totals: dict[str, Any] = {}

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.seen, self.totals = 0, {}

    def on_batch_end(self, batch: int, logs: dict | None = None) -> None:
        logs = logs or {}
        size = logs.get("size", 0)
        self.seen += size * logs.get("num_steps", 1)
        for name, value in logs.items():
            if name in self.stateful_metrics:
                self.totals[name] = value
            else:
                self.totals[name] = self.totals.get(name, 0) + value * size

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs is None:
            return
        for name in (self.params or {}).get("metrics", ()):
            if name in self.stateful_metrics and name in self.totals:
                logs[name] = self.totals[name]
            elif name in self.totals and self.seen:
                logs[name] = self.totals[name] / self.seen


class LambdaCallback(Callback):
    """Calls functions at points of training; their arguments are those of ``Callback``'s methods of the same names.

    Args:
        on_epoch_begin, on_epoch_end, on_train_begin, on_train_end, on_train_batch_begin, on_train_batch_end: functions.
        kwargs: other methods of ``Callback``; Keras 2's ``on_batch_begin`` and ``on_batch_end``.
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **kwargs: Callable,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin or kwargs.pop("on_batch_begin", None),
            "on_train_batch_end": on_train_batch_end or kwargs.pop("on_batch_end", None),
            **kwargs,
        }
        for name, function in given.items():
            if not re.match(r"on_\w+$", name) or not hasattr(Callback, name):
                raise fail(TypeError, f"LambdaCallback got an unexpected keyword argument '{name}'")
            if function is not None:
                setattr(self, name, function)
