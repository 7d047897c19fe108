"""OrbaxCheckpoint: checkpoints in a folder of numbered steps, written while training goes on."""

from __future__ import annotations

import os
import tempfile
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from kerasish.core.errors import fail
from kerasish.core.messages import tell
from kerasish.saving import keras_file, model_files, steps
from kerasish.training.monitor import BatchCount, Monitor


class OrbaxCheckpoint(Monitor):
    """Writes checkpoints to ``directory/<step>``; ``load_model(directory)`` and ``load_weights(directory)`` read the last.

    The arguments are those of Keras. Orbax itself belongs to JAX: the files are ``.keras`` archives or ``.weights.h5``
    files, each of which appears when it is complete.

    Args:
        directory: the folder.
        monitor, mode: see ``Monitor``; used with ``save_best_only``.
        verbose: 1 says when it writes.
        save_best_only: whether a model that is not better is left out.
        save_freq: "epoch": the step is the epoch's number, from 0; or a number of batches: the step counts batches.
        initial_value_threshold: the first value to beat.
        max_to_keep: how many steps are kept; None: all.
        save_on_background: whether files are written by a thread, from a copy of the state.
        save_weights_only: whether architecture and compilation are left out.

    Raises:
        ValueError: another ``save_freq``.
    """

    only_writes = True
    reads_weights = True
    _kept = ("best", *BatchCount.KEPT)

    _unavailable = "Can save best model only with {} available."

    def __init__(
        self,
        directory: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int | None = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"Unrecognized save_freq: {save_freq}. Expected save_freq are 'epoch' or integer values")
        if max_to_keep is not None and max_to_keep < 1:
            raise fail(ValueError, "`max_to_keep` must be a positive integer or None", received=max_to_keep)
        self.directory = os.fspath(directory)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = save_freq
        self.max_to_keep = max_to_keep
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self._count = BatchCount(save_freq)
        self._thread: ThreadPoolExecutor | None = None
        self._pending: list[Future] = []

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if model.optimizer is not None:
            self._count.total = int(model.optimizer.iterations)

    def is_multihost_enabled(self) -> bool:
        """Whether several hosts write one checkpoint together: never."""
        return False

    def is_primary_host(self) -> bool:
        """Whether this process writes: always."""
        return True

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self.save_freq != "epoch" and self._count.is_due(batch) and self._is_better(logs):
            self._save(self._count.total)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if self.save_freq == "epoch" and self._is_better(logs):
            self._save(epoch)

    def _is_better(self, logs: dict | None) -> bool:
        if not self.save_best_only:
            return True
        current = self.value(logs)
        if current is None or not self.improves(current, self.best):
            return False
        self.best = current
        return True

    def _save(self, step: int) -> None:
        with model_files.whole(self.model) as writes:
            if writes:
                self._write(step)

    def _write(self, step: int) -> None:
        if self.verbose > 0:
            tell(f"\nStep {step}: saving checkpoint to {self.directory}")
        config = None if self.save_weights_only else model_files.serialized(self.model)
        path = steps.path_of(self.directory, step, self.save_weights_only)
        assets = tempfile.TemporaryDirectory(prefix="keras_assets_")
        write = keras_file.snapshot(self.model, config, assets.name, include_optimizer=not self.save_weights_only)

        def finish() -> None:
            try:
                with assets:
                    write(path)
            except OSError as error:
                if not steps.numbers(self.directory):
                    raise
                warnings.warn(f"OrbaxCheckpoint could not write step {step}; those before stay: {error}", stacklevel=2)
                return
            if self.max_to_keep is not None:
                steps.keep(self.directory, self.max_to_keep)

        if not self.save_on_background:
            finish()
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "kerasish checkpoint")
        self._pending.append(self._thread.submit(finish))

    def wait_until_finished(self) -> None:
        """Wait for files that are being written; raises what went wrong with them."""
        while self._pending:
            self._pending.pop(0).result()

    def on_train_end(self, logs: dict | None = None) -> None:
        self.wait_until_finished()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
