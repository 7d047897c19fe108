"""keras.optimizers.schedules: values recorded from Keras 3.15, and the ways they are called."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kerasish import optimizers
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Weight
from kerasish.optimizers import schedules

STEPS = (0, 1, 4, 5, 10, 16, 36)
RECORDED = [
    ("ExponentialDecay", (0.1, 10, 0.5), {}, (0.1, 0.0933033, 0.07578583, 0.07071068, 0.05, 0.03298770, 0.00824692)),
    ("ExponentialDecay", (0.1, 10, 0.5), {"staircase": True}, (0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.0125)),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}, (0.1, 0.0952381, 0.08333333, 0.08, 0.06666667, 0.05555556, 0.03571429)),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}, (0.1, 0.1, 0.1, 0.1, 0.06666667, 0.06666667, 0.04)),
    ("PiecewiseConstantDecay", ([4, 10], [1.0, 0.5, 0.1]), {}, (1.0, 1.0, 1.0, 0.5, 0.5, 0.1, 0.1)),
    ("PolynomialDecay", (0.1, 10, 0.01), {}, (0.1, 0.091, 0.064, 0.055, 0.01, 0.01, 0.01)),
    ("PolynomialDecay", (0.1, 10, 0.01), {"power": 2.0}, (0.1, 0.0829, 0.0424, 0.0325, 0.01, 0.01, 0.01)),
    (
        "PolynomialDecay",
        (0.1, 10, 0.01),
        {"power": 0.5, "cycle": True},
        (0.1, 0.0953815, 0.0797137, 0.07363961, 0.01, 0.05024923, 0.03846050),
    ),
    ("CosineDecay", (0.1, 10), {"alpha": 0.1}, (0.1, 0.09779754, 0.06890576, 0.055, 0.01, 0.01, 0.01)),
    (
        "CosineDecay",
        (0.1, 10),
        {"alpha": 0.1, "warmup_target": 0.2, "warmup_steps": 5},
        (0.1, 0.12, 0.18, 0.2, 0.11, 0.02, 0.02),
    ),
    ("CosineDecay", (0.1, 10), {"warmup_steps": 5}, (0.1, 0.09755283, 0.06545085, 0.05, 0.0, 0.0, 0.0)),
    ("CosineDecayRestarts", (0.1, 5), {}, (0.1, 0.09045085, 0.00954915, 0.1, 0.05, 0.09938442, 0.09984587)),
    (
        "CosineDecayRestarts",
        (0.1, 5),
        {"t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1},
        (0.1, 0.09140576, 0.01859423, 0.055, 0.0325, 0.02017572, 0.01063598),
    ),
    (
        "CosineDecayRestarts",
        (0.1, 5),
        {"t_mul": 1.5, "m_mul": 0.9, "alpha": 0.1},
        (0.1, 0.09140576, 0.01859423, 0.091, 0.03025, 0.06683258, 0.02142739),
    ),
]


@pytest.mark.parametrize(("name", "args", "kwargs", "expected"), RECORDED)
def test_schedule_gives_recorded_values(name, args, kwargs, expected):
    schedule = getattr(schedules, name)(*args, **kwargs)
    np.testing.assert_allclose([float(schedule(step)) for step in STEPS], expected, rtol=2e-6, atol=1e-8)
    np.testing.assert_allclose(schedule(np.array(STEPS)), expected, rtol=2e-6, atol=1e-8)


@pytest.mark.parametrize("step", [3, 3.0, np.int64(3), np.array(3), torch.tensor(3), Weight(3, dtype="int64")])
def test_schedule_takes_any_kind_of_step_and_gives_a_float32_scalar(step):
    rate = schedules.ExponentialDecay(0.1, 10, 0.5)(step)
    assert isinstance(rate, Tensor)
    assert rate.dtype == "float32"
    assert rate.shape == ()
    assert float(rate) == pytest.approx(0.08122524)


def test_schedule_between_steps_and_before_the_first():
    schedule = schedules.ExponentialDecay(0.1, 10, 0.5)
    assert float(schedule(3.5)) == pytest.approx(0.07845841)
    assert float(schedule(-1)) == pytest.approx(0.10717734)


def test_restarts_begin_exactly_where_decays_end():
    schedule = schedules.CosineDecayRestarts(1.0, 1, t_mul=3.0)
    for restart in (1, 4, 13, 40, 121, 364, 1093):  # sums of powers of 3, where logarithms round
        assert schedule.value(restart) == 1.0
    assert schedules.CosineDecayRestarts(1.0, 4, t_mul=0.5, alpha=0.25).value(100) == 0.25


def test_extreme_values_are_infinite_or_undefined_not_errors():
    assert schedules.ExponentialDecay(1.0, 1, 10.0).value(1000) == math.inf
    assert float(schedules.ExponentialDecay(1.0, 1, 10.0)(1000)) == math.inf
    assert schedules.ExponentialDecay(1.0, 1, 10.0).value(200) == 1e200
    assert float(schedules.ExponentialDecay(1.0, 1, 10.0)(200)) == math.inf
    assert math.isnan(schedules.ExponentialDecay(1.0, 2, -0.5).value(1))


@given(st.integers(0, 10**9), st.floats(1e-6, 10.0), st.integers(1, 10**6), st.floats(0.01, 1.0))
def test_value_is_what_a_call_gives(step, first, length, rate):
    for schedule in (
        schedules.ExponentialDecay(first, length, rate),
        schedules.InverseTimeDecay(first, length, rate),
        schedules.PolynomialDecay(first, length, 0.0, power=rate),
        schedules.CosineDecay(first, length, alpha=rate),
        schedules.CosineDecayRestarts(first, length, t_mul=1.0 + rate),
    ):
        value = schedule.value(step)
        assert value == float(schedule(step))
        assert 0.0 <= value <= first * (1 + 1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: schedules.ExponentialDecay(0.1, 0, 0.5),
            "Argument `decay_steps` must be > 0. Received: decay_steps=0",
        ),
        (lambda: schedules.InverseTimeDecay(0.1, -1, 0.5), "Argument `decay_steps` must be > 0"),
        (lambda: schedules.PolynomialDecay(0.1, 0), "Argument `decay_steps` must be > 0"),
        (lambda: schedules.CosineDecay(0.1, -10), "Argument `decay_steps` must be > 0. Received: decay_steps=-10"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "Argument `first_decay_steps` must be > 0"),
        (
            lambda: schedules.PiecewiseConstantDecay([1, 2], [1.0, 2.0]),
            "The length of boundaries should be 1 less than the length of values",
        ),
    ],
)
def test_schedule_refuses_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


class _Rising(schedules.LearningRateSchedule):
    def __call__(self, step):
        assert isinstance(step, Tensor)
        assert step.dtype == "int64"
        return 0.25 * (float(step) + 1)


class _Halved(schedules.ExponentialDecay):
    def __call__(self, step):
        return super().__call__(step) / 2.0


def test_own_schedule_is_asked_with_the_iterations():
    optimizer, variable = optimizers.SGD(_Rising()), Weight([1.0])
    optimizer.apply([np.ones(1)], [variable])
    optimizer.apply([np.ones(1)], [variable])
    np.testing.assert_allclose(variable.numpy(), 1.0 - 0.25 - 0.5)
    assert float(optimizer.learning_rate) == 0.75


def test_own_variant_of_a_schedule_counts():
    schedule = _Halved(0.1, 10, 0.5)
    assert schedule.value(10) == pytest.approx(0.025)
    assert schedule.get_config() == schedules.ExponentialDecay(0.1, 10, 0.5).get_config()


def test_base_class_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="'LearningRateSchedule' must override `__call__"):
        schedules.LearningRateSchedule()(1)
    with pytest.raises(NotImplementedError, match="'_Rising' must override `get_config"):
        _Rising().get_config()


@pytest.mark.parametrize(("name", "args", "kwargs", "expected"), RECORDED)
def test_schedule_survives_serialization(name, args, kwargs, expected):
    schedule = getattr(schedules, name)(*args, **kwargs)
    data = schedules.serialize(schedule)
    assert data["module"] == "keras.optimizers.schedules"
    assert data["class_name"] == name
    again = schedules.deserialize(data)
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert schedules.deserialize({"class_name": name, "config": schedule.get_config()}).value(5) == schedule.value(5)


def test_config_of_a_schedule_is_the_real_one():
    assert schedules.CosineDecay(0.1, 10).get_config() == {
        "initial_learning_rate": 0.1, "decay_steps": 10, "alpha": 0.0, "name": "CosineDecay", "warmup_target": None,
        "warmup_steps": 0,
    }  # fmt: skip
    assert schedules.CosineDecayRestarts(0.1, 5).name == "SGDRDecay"
    assert schedules.PiecewiseConstantDecay([1], [0.1, 0.2]).name == "PiecewiseConstant"


def test_unknown_schedule_names_what_is_missing():
    with pytest.raises(TypeError, match="Could not locate class 'Foo'"):
        schedules.deserialize({"class_name": "Foo", "config": {}})
