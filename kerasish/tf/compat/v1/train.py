"""``tf.compat.v1.train``: optimizers, rates that decay, and the global step."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import pi
from typing import Any

from kerasish.core import dispatch
from kerasish.core.context import on_clear_session
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import NotServedError, missing_name
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable
from kerasish.optimizers import schedules
from kerasish.saving import checkpoint_state
from kerasish.tf import train as modern
from kerasish.tf.compat.v1 import aliases
from kerasish.tf.compat.v1.optimizers import AdadeltaOptimizer as AdadeltaOptimizer
from kerasish.tf.compat.v1.optimizers import AdagradOptimizer as AdagradOptimizer
from kerasish.tf.compat.v1.optimizers import AdamOptimizer as AdamOptimizer
from kerasish.tf.compat.v1.optimizers import FtrlOptimizer as FtrlOptimizer
from kerasish.tf.compat.v1.optimizers import GradientDescentOptimizer as GradientDescentOptimizer
from kerasish.tf.compat.v1.optimizers import MomentumOptimizer as MomentumOptimizer
from kerasish.tf.compat.v1.optimizers import Optimizer as Optimizer
from kerasish.tf.compat.v1.optimizers import RMSPropOptimizer as RMSPropOptimizer
from kerasish.tf.compat.v1.optimizers_more import AdagradDAOptimizer as AdagradDAOptimizer
from kerasish.tf.compat.v1.optimizers_more import ProximalAdagradOptimizer as ProximalAdagradOptimizer
from kerasish.tf.compat.v1.optimizers_more import ProximalGradientDescentOptimizer as ProximalGradientDescentOptimizer
from kerasish.tf.compat.v1.rest import summary_iterator as summary_iterator
from kerasish.tf.compat.v1.saver import Saver as Saver
from kerasish.tf.compat.v1.saver import remove as remove_checkpoint  # noqa: F401
from kerasish.tf.compat.v1.variables import get_variable
from kerasish.tf.creation import cast
from kerasish.tf.math import cos, minimum, pow, sqrt
from kerasish.tf.random import normal

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


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str | None = None,
) -> Callable:
    """Half cosines one after the other, each ``t_mul`` times longer, as a function without arguments."""
    schedule = schedules.CosineDecayRestarts(learning_rate, first_decay_steps, t_mul, m_mul, alpha)
    return _decayed(schedule, global_step)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: str | None = None,
) -> Callable:
    """learning_rate · ((alpha + linear decay) · cosine + beta), as a function without arguments."""
    return noisy_linear_cosine_decay(learning_rate, global_step, decay_steps, 0.0, 0.0, num_periods, alpha, beta)


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: float = 1.0,
    variance_decay: float = 0.55,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: str | None = None,
) -> Callable:
    """``linear_cosine_decay`` with noise of variance initial_variance / (1 + step)^variance_decay in the linear part."""

    def at(step: Any) -> Any:
        step = minimum(cast(step, "float32"), float(decay_steps))
        linear = (decay_steps - step) / decay_steps
        if initial_variance:
            deviation = sqrt(initial_variance / pow(1.0 + step, variance_decay))
            linear = linear + normal(linear.shape, stddev=deviation)
        cosine = 0.5 * (1.0 + cos(pi * 2.0 * num_periods * step / decay_steps))
        return learning_rate * ((alpha + linear) * cosine + beta)

    return _decayed(at, global_step)


piecewise_constant_decay = piecewise_constant


def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint of this name."""
    prefix = os.fspath(checkpoint_prefix)
    return os.path.exists(f"{prefix}.index") or os.path.exists(prefix)


def get_checkpoint_mtimes(checkpoint_prefixes: Any) -> list[float]:
    """When checkpoints were written, in seconds since 1970; those that are not there are left out."""
    paths = [f"{os.fspath(prefix)}.index" for prefix in checkpoint_prefixes]
    return [os.path.getmtime(path) for path in paths if os.path.exists(path)]


def update_checkpoint_state(
    save_dir: Any,
    model_checkpoint_path: Any,
    all_model_checkpoint_paths: Any = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Any = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Write the file of a folder that says which checkpoints there are."""
    checkpoint_state.write(
        save_dir,
        os.fspath(model_checkpoint_path),
        [os.fspath(path) for path in all_model_checkpoint_paths or ()],
        all_model_checkpoint_timestamps or (),
        last_preserved_timestamp or 0.0,
        latest_filename,
        absolute=True,
    )


def NewCheckpointReader(filepattern: Any) -> Any:  # noqa: N802 - TensorFlow's name
    """A reader of a checkpoint.

    Raises:
        NotFoundError: there is none.
    """
    return modern.load_checkpoint(filepattern)


def assert_global_step(global_step_tensor: Any) -> None:
    """Refuse what cannot count steps.

    Raises:
        TypeError: it is no tensor or variable of one whole number.
    """
    if not dispatch.is_tensor(global_step_tensor):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {global_step_tensor}.')
    if not as_dtype(global_step_tensor.dtype).is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {global_step_tensor.dtype!r}')
    if len(global_step_tensor.shape):
        raise TypeError(f'Existing "global_step" is not scalar: {global_step_tensor.shape}')


_TODAY = aliases.table(aliases.TRAIN)
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
}


def __getattr__(name: str) -> Any:
    if name in _GONE:
        raise NotServedError(
            f"'tf.compat.v1.train.{name}' belongs to TensorFlow 1's sessions. Use {_GONE[name]} instead."
        )
    if name in _TODAY:
        return aliases.today(_TODAY[name])
    if name in dir(modern) and not name.startswith("_"):
        return getattr(modern, name)
    raise missing_name(__name__, name, globals())
