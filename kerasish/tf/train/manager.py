"""``tf.train.CheckpointManager``: checkpoints in a folder, of which the last ones are kept."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from typing import Any

from kerasish.core.errors import DataLossError, NotFoundError
from kerasish.saving import bundle, checkpoint_state
from kerasish.tf.train.checkpoint import Checkpoint, CheckpointOptions

_HOUR = 3600.0


class CheckpointManager:
    """Writes numbered checkpoints to a folder and removes old ones.

    Args:
        checkpoint: what is written.
        directory: the folder; made if it is not there.
        max_to_keep: so many of the last ones are kept; None: all.
        keep_checkpoint_every_n_hours: besides, one of each so many hours is kept for good.
        checkpoint_name: begins the names of the files.
        step_counter: a variable that counts training steps, for ``checkpoint_interval``.
        checkpoint_interval: ``save`` does nothing until so many steps have passed since the last checkpoint.
        init_fn: called by ``restore_or_initialize`` if there is no checkpoint.
        last_checkpoint_step: the step of the last checkpoint, for ``checkpoint_interval``.

    Raises:
        ValueError: ``max_to_keep`` is not positive, or ``checkpoint_interval`` has no ``step_counter``.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: Any,
        max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
        step_counter: Any = None,
        checkpoint_interval: int | None = None,
        init_fn: Callable | None = None,
        last_checkpoint_step: int | None = None,
    ) -> None:
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(f"Expected a positive integer or `None` for `max_to_keep`, got {max_to_keep}.")
        if checkpoint_interval is not None and step_counter is None:
            raise ValueError("`step_counter` should be passed if `checkpoint_interval` is not None.")
        self._checkpoint = checkpoint
        self._directory = os.fspath(directory)
        self._max_to_keep = max_to_keep
        self._hours = keep_checkpoint_every_n_hours
        self._prefix = os.path.join(self._directory, checkpoint_name)
        self._step_counter = step_counter
        self._checkpoint_interval = checkpoint_interval
        self._init_fn = init_fn
        self._last_checkpoint_step = last_checkpoint_step
        self._times: dict[str, float] = {}  # path → when it was made, of those that may be removed
        self._latest: str | None = None
        self._recover()

    def _recover(self) -> None:
        """Go on where an earlier manager of the folder was."""
        state, now = checkpoint_state.read(self._directory), time.time()
        if state is None:
            self._preserved = now - 1.0  # so that what is made at once counts as later
            return
        self._latest = state.model_checkpoint_path
        self._preserved = state.last_preserved_timestamp
        if now < self._preserved:
            warnings.warn(
                f"The clock is behind the last preserved checkpoint of '{self._directory}'; it counts as now.",
                stacklevel=3,
            )
            self._preserved = now
        paths = state.all_model_checkpoint_paths
        times = state.all_model_checkpoint_timestamps or [self._preserved] * len(paths)
        self._times = {path: min(at, now) for path, at in zip(paths, times) if min(at, now) > self._preserved}

    @property
    def directory(self) -> str:
        return self._directory

    @property
    def checkpoint(self) -> Checkpoint:
        return self._checkpoint

    @property
    def checkpoint_interval(self) -> int | None:
        return self._checkpoint_interval

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the last one, for ``restore``; None if there is none."""
        return self._latest

    @property
    def checkpoints(self) -> list[str]:
        """Paths, oldest first; those kept for good are not among them."""
        return list(self._times)

    def save(
        self, checkpoint_number: Any = None, check_interval: bool = True, options: CheckpointOptions | None = None
    ) -> str | None:
        """Write a checkpoint, and remove those that are too many.

        Args:
            checkpoint_number: ends the name; default: the checkpoint's count of saves.
            check_interval: whether ``checkpoint_interval`` counts.

        Returns:
            The path; None if the interval has not passed.
        """
        if self._checkpoint_interval is not None:
            step = int(self._step_counter)
            last = self._last_checkpoint_step
            too_soon = last is not None and step < last + self._checkpoint_interval
            if step == last or (check_interval and too_soon):
                return None
            self._last_checkpoint_step = step
        counter = self._checkpoint.save_counter
        counter.assign_add(1)
        number = int(counter.numpy() if checkpoint_number is None else checkpoint_number)
        path = self._checkpoint.write(f"{self._prefix}-{number}", options)
        self._times.pop(path, None)
        self._times[path] = time.time()
        self._latest = path
        self._record()  # a reader of the folder finds the new one before the old ones go
        self._sweep()
        self._record()
        return path

    def _record(self) -> None:
        checkpoint_state.write(
            self._directory, self._latest or "", self._times, self._times.values(), preserved=self._preserved
        )

    def _sweep(self) -> None:
        while self._max_to_keep and len(self._times) > self._max_to_keep:
            path = next(iter(self._times))
            at = self._times.pop(path)
            if self._hours and at - self._hours * _HOUR >= self._preserved:
                self._preserved = at
                continue
            bundle.remove(path)

    def restore_or_initialize(self) -> str | None:
        """Read the last checkpoint, or call ``init_fn`` if there is none; returns the path that was read.

        A damaged one is told of, and the one before it is read.

        Raises:
            DataLossError, NotFoundError, OSError: none can be read.
        """
        if self._latest is not None:
            path = self._restore_newest()
            if self._checkpoint_interval is not None:
                self._last_checkpoint_step = int(self._step_counter)
            return path
        if self._init_fn is not None:
            self._init_fn()
        return None

    def _restore_newest(self) -> str:
        paths = [self._latest, *(path for path in reversed(self._times) if path != self._latest)]
        for i, path in enumerate(paths):
            try:
                self._checkpoint.restore(path)
                return path
            except (DataLossError, NotFoundError, OSError) as error:
                if i == len(paths) - 1:
                    raise
                warnings.warn(f"'{paths[i + 1]}' is restored in place of a later checkpoint: {error}", stacklevel=4)
        raise AssertionError

    def sync(self) -> None:
        """Wait until files are written: they are."""
        self._checkpoint.sync()
