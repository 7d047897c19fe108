"""``tf.distribute.experimental.PreemptionCheckpointHandler``: a checkpoint before a machine is taken away."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core import replicas
from kerasish.core.dtypes import int64
from kerasish.core.errors import fail
from kerasish.core.variable import TFVariable
from kerasish.tf.train.checkpoint import Checkpoint
from kerasish.tf.train.manager import CheckpointManager

_RESTART = 42  # the exit status that asks for another start, as TensorFlow's


class TerminationConfig:
    """How a process learns that it is to end, and what it does then.

    Args:
        termination_watcher_fn: called before each run; true: the process is to end. Default: the signal SIGTERM says so.
        exit_fn: called after the checkpoint; default: ends the process with status 42.
        grace_period: seconds from the notice to the end: training goes on for so long and saves once more. Default: 0.
        save_fn: called with the arguments of ``save_checkpoint_if_preempted`` in place of the manager's ``save``.
    """

    def __init__(
        self,
        termination_watcher_fn: Callable[[], bool] | None = None,
        exit_fn: Callable[[], Any] | None = None,
        grace_period: float | None = None,
        save_fn: Callable | None = None,
    ) -> None:
        self.termination_watcher_fn = termination_watcher_fn
        self.exit_fn = exit_fn
        self.grace_period = grace_period
        self.save_fn = save_fn


class PreemptionCheckpointHandler:
    """Runs a training function again and again; after a notice it saves, at the same step in all processes, and exits.

    The newest checkpoint is restored at once. The notice counts for the run after the next one, as TensorFlow's does.

    Args:
        cluster_resolver: says who this process is; torch.distributed knows it here.
        checkpoint_or_checkpoint_manager: a ``tf.train.Checkpoint`` or ``CheckpointManager``.
        checkpoint_dir: the folder, for a checkpoint.
        termination_config: a ``TerminationConfig``.

    Raises:
        ValueError: a checkpoint without a folder.
        TypeError: neither a checkpoint nor a manager, or a ``termination_config`` of another kind.
    """

    def __init__(
        self,
        cluster_resolver: Any,
        checkpoint_or_checkpoint_manager: Any,
        checkpoint_dir: Any = None,
        termination_config: TerminationConfig | None = None,
    ) -> None:
        given = checkpoint_or_checkpoint_manager
        if isinstance(given, Checkpoint):
            if not checkpoint_dir:
                raise ValueError("`checkpoint_dir` must be given with a tf.train.Checkpoint.")
            given = CheckpointManager(given, checkpoint_dir, max_to_keep=1)
        elif not isinstance(given, CheckpointManager):
            raise fail(TypeError, "A tf.train.Checkpoint or CheckpointManager is needed", received=type(given))
        if not isinstance(termination_config, (TerminationConfig, type(None))):
            raise fail(TypeError, "`termination_config` must be a TerminationConfig", received=repr(termination_config))
        self._manager = given
        self._config = termination_config or TerminationConfig()
        self._runs = TFVariable(0, dtype=int64, trainable=False, name="checkpointed_runs")
        given.checkpoint.checkpointed_runs = self._runs
        given.restore_or_initialize()
        self._count = int(self._runs.numpy())
        self._noticed: float | None = None  # when the notice came
        self._due: int | None = None  # after how many runs to save
        self._has_saved = False
        if self._config.termination_watcher_fn is None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: Any) -> None:
        self._noticed = time.monotonic()

    @property
    def total_run_calls(self) -> int:
        """How often ``run`` was called, before the program was started again, too."""
        return self._count

    def run(self, distributed_train_function: Callable, *args: Any, **kwargs: Any) -> Any:
        """What the function returns; before it the checkpoint, if it is due.

        Raises:
            SystemExit: the checkpoint was saved, unless ``exit_fn`` does something else.
        """
        self._check()
        result = distributed_train_function(*args, **kwargs)
        self._count += 1
        return result

    def save_checkpoint_if_preempted(self, *args: Any, **kwargs: Any) -> None:
        """In place of ``run``, once a step: the checkpoint, if it is due. The arguments are ``save_fn``'s."""
        self._check(*args, **kwargs)
        self._count += 1

    @contextlib.contextmanager
    def watch_preemption_scope(self) -> Iterator[None]:
        """A block of runs, at whose end a checkpoint that is due is saved."""
        yield
        self._check()

    def _check(self, *args: Any, **kwargs: Any) -> None:
        if not self._is_to_end():
            return
        grace = self._config.grace_period or 0.0
        is_over = not grace or time.monotonic() - self._noticed >= grace  # type: ignore[operator]
        if replicas.together():
            is_over = all(replicas.from_all(is_over))
        if self._due is None:
            if is_over or not self._has_saved:
                self._due = self._count + 1
        elif self._count >= self._due:
            self._due = None
            self._save(*args, **kwargs)
            if is_over:
                (self._config.exit_fn or (lambda: sys.exit(_RESTART)))()

    def _is_to_end(self) -> bool:
        """Whether any process was told that it is to end; then all know."""
        watch = self._config.termination_watcher_fn
        if self._noticed is None and watch is not None and watch():
            self._noticed = time.monotonic()
        noticed = [self._noticed is not None]
        if replicas.together():
            noticed = replicas.from_all(noticed[0])
        if any(noticed) and self._noticed is None:
            self._noticed = time.monotonic()
        return any(noticed)

    def _save(self, *args: Any, **kwargs: Any) -> None:
        self._has_saved = True
        self._runs.assign(self._count)
        if self._config.save_fn is not None:
            self._config.save_fn(*args, **kwargs)
        elif not replicas.together() or replicas.is_first():
            self._manager.save()
        else:  # values that are divided among processes are read by all of them together
            with tempfile.TemporaryDirectory() as folder:
                self._manager.checkpoint.write(os.path.join(folder, "ckpt"))
        if replicas.together():
            replicas.wait_for_all()
