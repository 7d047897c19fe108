"""Learning rates that change with the step (``keras.optimizers.schedules``).

A schedule of ours is one formula of Python numbers, ``_at(step)``: an optimizer asks for a number at every step and pays a
microsecond for it. Called by a user it gives a float32 Tensor. A user's schedule defines ``__call__`` and gets a Tensor.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, registry
from kerasish.core.context import scope
from kerasish.core.errors import missing_name
from kerasish.core.registry import publish

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize",
]  # fmt: skip

_LARGEST = float(np.finfo(np.float32).max)


def single(value: float) -> float:
    """``value`` rounded to float32, as Keras holds rates and hyperparameters whatever the dtype of the variables is."""
    return float(np.float32(value)) if abs(value) < _LARGEST else value


class LearningRateSchedule:
    """Base of the schedules; a subclass implements ``__call__(step)`` and, to be saved, ``get_config``."""

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        )

    def value(self, step: int) -> float:
        """The learning rate at ``step`` (the updates done before), as a number."""
        with scope(device=torch.device("cpu")):  # reading a result back from an accelerator would wait for it
            return float(self(dispatch.wrap(torch.tensor(step))))

    def get_config(self) -> dict:
        """The constructor's arguments as plain data."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `get_config()` in order to be serializable."
        )

    @classmethod
    def from_config(cls, config: dict) -> LearningRateSchedule:
        """A schedule from what ``get_config`` gave."""
        return cls(**config)


class _Formula(LearningRateSchedule):
    """A schedule of ours."""

    def _at(self, step: float) -> float:
        raise NotImplementedError

    def __call__(self, step: Any) -> Any:
        """The learning rate at ``step``: float32, of the shape of ``step``."""
        steps = np.asarray(dispatch.raw(step).detach().cpu(), dtype=np.float64)
        rates = torch.tensor([self._at(float(s)) for s in steps.flat], dtype=torch.float64).reshape(steps.shape)
        return dispatch.wrap(rates.to(device=devices.current(), dtype=torch.float32))

    def value(self, step: int) -> float:
        if type(self).__call__ is not _Formula.__call__:  # a user's variant of one of ours
            return super().value(step)
        return single(self._at(float(step)))

    def get_config(self) -> dict:
        ours = next(cls for cls in type(self).__mro__ if registry.is_builtin(cls))
        return {name: getattr(self, name) for name in list(inspect.signature(ours.__init__).parameters)[1:]}


def _positive(value: Any, name: str) -> Any:
    if value <= 0:
        raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={value}")
    return value


def _power(base: float, exponent: float) -> float:
    """base ** exponent with IEEE's results where Python raises or turns complex."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _periods(step: float, decay_steps: float, staircase: bool) -> float:
    return math.floor(step / decay_steps) if staircase else step / decay_steps


class ExponentialDecay(_Formula):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``.

    Args:
        staircase: whether the exponent is rounded down, so that the rate changes every ``decay_steps`` only.

    Raises:
        ValueError: ``decay_steps`` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive(decay_steps, "decay_steps")
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def _at(self, step: float) -> float:
        periods = _periods(step, self.decay_steps, self.staircase)
        return float(self.initial_learning_rate) * _power(self.decay_rate, periods)


class InverseTimeDecay(_Formula):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``.

    Args:
        staircase: whether ``step / decay_steps`` is rounded down.

    Raises:
        ValueError: ``decay_steps`` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive(decay_steps, "decay_steps")
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def _at(self, step: float) -> float:
        periods = _periods(step, self.decay_steps, self.staircase)
        return float(self.initial_learning_rate) / (1.0 + self.decay_rate * periods)


class PiecewiseConstantDecay(_Formula):
    """``values[0]`` up to and including step ``boundaries[0]``, then ``values[1]``, and so on.

    Raises:
        ValueError: not exactly one value more than boundaries.
    """

    def __init__(self, boundaries: Sequence, values: Sequence, name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of length {len(values)}."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def _at(self, step: float) -> float:
        passed = sum(step > boundary for boundary in self.boundaries)
        return float(self.values[passed])


class PolynomialDecay(_Formula):
    """From ``initial_learning_rate`` to ``end_learning_rate`` along ``(1 - step / decay_steps) ** power``.

    Args:
        cycle: whether the decay begins again, over twice, three times, ... ``decay_steps``, instead of ending.

    Raises:
        ValueError: ``decay_steps`` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive(decay_steps, "decay_steps")
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def _at(self, step: float) -> float:
        end, steps = float(self.end_learning_rate), self.decay_steps
        if self.cycle:
            steps = steps * max(math.ceil(step / steps), 1)
        left = 1.0 - min(step, steps) / steps
        return (float(self.initial_learning_rate) - end) * _power(left, self.power) + end


class CosineDecay(_Formula):
    """Half a cosine wave from ``initial_learning_rate`` down to ``alpha`` times that, over ``decay_steps``.

    Args:
        alpha: the final learning rate as a fraction of the highest.
        warmup_target: if given, the rate first rises linearly to this value over ``warmup_steps``, and decays from there.

    Raises:
        ValueError: ``decay_steps`` is not positive.

    Source: Loshchilov and Hutter, SGDR, 2016.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive(decay_steps, "decay_steps")
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def _at(self, step: float) -> float:
        top = float(self.initial_learning_rate)
        if self.warmup_target is not None:
            low, top = top, float(self.warmup_target)
            if step < self.warmup_steps:
                return low + (top - low) * step / self.warmup_steps
            step -= self.warmup_steps
        done = min(step, self.decay_steps) / self.decay_steps
        return top * _cosine(done, 1.0, self.alpha)


def _cosine(done: float, height: float, floor: float) -> float:
    return (1.0 - floor) * 0.5 * height * (1.0 + math.cos(math.pi * done)) + floor


class CosineDecayRestarts(_Formula):
    """Cosine decays one after another, each ``t_mul`` times as long and beginning ``m_mul`` times as high as the last.

    Args:
        first_decay_steps: length of the first.
        alpha: the lowest learning rate as a fraction of ``initial_learning_rate``.

    Raises:
        ValueError: ``first_decay_steps`` is not positive.

    Source: Loshchilov and Hutter, SGDR, 2016.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = _positive(first_decay_steps, "first_decay_steps")
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def _at(self, step: float) -> float:
        restarts, done = self._position(step / self.first_decay_steps)
        return float(self.initial_learning_rate) * _cosine(done, _power(self.m_mul, restarts), self.alpha)

    def _position(self, time: float) -> tuple[int, float]:
        """How many restarts lie before ``time`` (in lengths of the first decay), and the part of the present decay done."""
        growth = float(self.t_mul)
        if growth == 1.0:
            return math.floor(time), time - math.floor(time)
        grown = 1.0 - time * (1.0 - growth)
        if grown <= 0.0:  # ever shorter decays: all of them lie before
            return 0, 1.0
        restarts = math.floor(math.log(grown) / math.log(growth))
        if (1.0 - growth ** (restarts + 1)) / (1.0 - growth) <= time:  # the logarithms were off by one rounding
            restarts += 1
        before = (1.0 - growth**restarts) / (1.0 - growth)
        return restarts, (time - before) / growth**restarts


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict:
    """Plain data that ``deserialize`` turns into an equal schedule."""
    return registry.serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """The schedule for what ``serialize`` gave.

    Raises:
        TypeError: nothing of that name.
    """
    return registry.deserialize_keras_object(config, custom_objects)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


publish(__name__, globals(), __all__)
