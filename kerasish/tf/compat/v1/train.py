"""``tf.compat.v1.train``: optimizers, rates that decay, and the global step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from kerasish.core.context import on_clear_session
from kerasish.core.errors import NotServedError, missing_name
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable
from kerasish.optimizers import schedules
from kerasish.saving import bundle
from kerasish.tf import train as modern
from kerasish.tf.compat.v1.optimizers import AdadeltaOptimizer as AdadeltaOptimizer
from kerasish.tf.compat.v1.optimizers import AdagradOptimizer as AdagradOptimizer
from kerasish.tf.compat.v1.optimizers import AdamOptimizer as AdamOptimizer
from kerasish.tf.compat.v1.optimizers import FtrlOptimizer as FtrlOptimizer
from kerasish.tf.compat.v1.optimizers import GradientDescentOptimizer as GradientDescentOptimizer
from kerasish.tf.compat.v1.optimizers import MomentumOptimizer as MomentumOptimizer
from kerasish.tf.compat.v1.optimizers import Optimizer as Optimizer
from kerasish.tf.compat.v1.optimizers import RMSPropOptimizer as RMSPropOptimizer
from kerasish.tf.compat.v1.saver import Saver as Saver
from kerasish.tf.compat.v1.variables import get_variable

# the global step ------------------------------------------------------------------------------------------------------

_step: dict[str, TFVariable] = {}
on_clear_session(_step.clear)


def get_global_step(graph: Any = None) -> TFVariable | None:
    """The variable that counts steps; None if none was made."""
    return _step.get("step")


def create_global_step(graph: Any = None) -> TFVariable:
    """Make the variable that counts steps.

    Raises:
        ValueError: there is one.
    """
    if _step:
        raise ValueError('"global_step" already exists.')
    _step["step"] = get_variable("global_step", [], dtype="int64", trainable=False)
    return _step["step"]


def get_or_create_global_step(graph: Any = None) -> TFVariable:
    """The variable that counts steps, made if there is none."""
    return _step["step"] if _step else create_global_step(graph)


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number in the variable that counts steps."""
    return int(global_step_tensor.numpy())


# rates ----------------------------------------------------------------------------------------------------------------


def _decayed(schedule: Any, step: Any) -> Callable:
    """A function of the rate at the step's present value."""
    return lambda: schedule(convert(step() if callable(step) and not hasattr(step, "dtype") else step))


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Callable:
    """learning_rate · decay_rate ^ (step / decay_steps), as a function without arguments."""
    return _decayed(schedules.ExponentialDecay(learning_rate, decay_steps, decay_rate, staircase), global_step)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Callable:
    """learning_rate / (1 + decay_rate · step / decay_steps), as a function without arguments."""
    return _decayed(schedules.InverseTimeDecay(learning_rate, decay_steps, decay_rate, staircase), global_step)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Callable:
    """learning_rate · exp(−decay_rate · step / decay_steps), as a function without arguments."""
    base = 2.718281828459045**-decay_rate
    return _decayed(schedules.ExponentialDecay(learning_rate, decay_steps, base, staircase), global_step)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Callable:
    """From one rate to another as a power of the steps left, as a function without arguments."""
    schedule = schedules.PolynomialDecay(learning_rate, decay_steps, end_learning_rate, power, cycle)
    return _decayed(schedule, global_step)


def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: float = 0.0, name: str | None = None
) -> Callable:
    """Half a cosine from the rate to ``alpha`` times it, as a function without arguments."""
    return _decayed(schedules.CosineDecay(learning_rate, decay_steps, alpha), global_step)


def piecewise_constant(x: Any, boundaries: list, values: list, name: str | None = None) -> Callable:
    """The value of the interval in which the step lies, as a function without arguments."""
    return _decayed(schedules.PiecewiseConstantDecay(boundaries, values), x)


piecewise_constant_decay = piecewise_constant


def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint of this name."""
    prefix = os.fspath(checkpoint_prefix)
    return os.path.exists(f"{prefix}.index") or os.path.exists(prefix)


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable) -> list[float]:
    """When the checkpoints were written, in seconds since 1970; those that are not there are left out."""
    paths = [bundle.index_path(os.fspath(prefix)) for prefix in checkpoint_prefixes]
    return [os.path.getmtime(path) for path in paths if os.path.exists(path)]


def remove_checkpoint(
    checkpoint_prefix: Any, checkpoint_format_version: int = 2, meta_graph_suffix: str = "meta"
) -> None:
    """Remove a checkpoint's files."""
    bundle.remove(checkpoint_prefix)


_GONE = {
    "Supervisor": "model.fit",
    "MonitoredSession": "model.fit",
    "MonitoredTrainingSession": "model.fit",
    "SessionRunHook": "a keras.callbacks.Callback",
    "LoggingTensorHook": "a keras.callbacks.Callback",
    "StopAtStepHook": "model.fit(steps_per_epoch=...)",
    "Scaffold": "tf.train.Checkpoint",
    "import_meta_graph": "tf.saved_model.load",
    "init_from_checkpoint": "tf.train.Checkpoint(...).restore",
    "batch": "tf.data.Dataset.batch",
    "shuffle_batch": "tf.data.Dataset.shuffle(...).batch",
    "slice_input_producer": "tf.data.Dataset.from_tensor_slices",
    "string_input_producer": "tf.data.Dataset.from_tensor_slices",
    "start_queue_runners": "tf.data.Dataset",
    "Coordinator": "tf.data.Dataset",
}


def __getattr__(name: str) -> Any:
    if name in _GONE:
        raise NotServedError(
            f"'tf.compat.v1.train.{name}' belongs to TensorFlow 1's sessions. Use {_GONE[name]} instead."
        )
    if name in dir(modern) and not name.startswith("_"):
        return getattr(modern, name)
    raise missing_name(__name__, name, globals())
