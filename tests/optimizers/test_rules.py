"""The rules: against numbers recorded from Keras 3.15, and against their formulas restated in NumPy."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import optimizers
from kerasish.core.layout import Layout
from kerasish.core.variable import Weight
from kerasish.optimizers import common

RULES = (
    "SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Lion", "Lamb", "Adafactor", "Muon",
    "ScheduleFreeAdamW",
)  # fmt: skip
GRADIENTS = [
    [[0.5, -1.0, 2.0], [0.0, 3.0, -0.1]],
    [[-0.2, 0.4, 1e-6], [1.0, -2.0, 0.3]],
    [[0.1, 0.1, -50.0], [0.2, 0.0, 1.0]],
    [[0.7, -0.3, 0.2], [-0.4, 0.5, -0.6]],
]
MATRIX = [[1.0, -2.0, 3.0], [0.5, 0.25, -0.125]]

# Name, arguments, and what four steps with GRADIENTS and a learning rate of 0.1 make of MATRIX. A vector that begins as the
# first row and gets its gradients ends as that row does, unless stated.
RECORDED = [
    ("SGD", {}, [0.89, -1.92, 7.78, 0.42, 0.1, -0.185], None),
    ("SGD", {"momentum": 0.9}, [0.79325, -1.7535, 11.7922, 0.231, -0.2897, -0.30191], None),
    ("SGD", {"momentum": 0.9, "nesterov": True}, [0.703925, -1.69815, 15.69298, 0.1779, -0.38573, -0.344219], None),
    ("Adam", {}, [0.762577, -1.812871, 2.945117, 0.325324, 0.107321, -0.169463], None),
    ("Adam", {"amsgrad": True}, [0.762577, -1.812871, 2.945125, 0.325324, 0.107326, -0.169463], None),
    (
        "Adam",
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.001},
        [0.77938, -1.868487, 2.99602, 0.345614, 0.158735, -0.198258],
        None,
    ),
    ("AdamW", {}, [0.761141, -1.809828, 2.940468, 0.324612, 0.107057, -0.169315], None),
    (
        "AdamW",
        {"weight_decay": 0.1, "amsgrad": True},
        [0.72721, -1.737927, 2.830598, 0.307793, 0.100845, -0.1658],
        None,
    ),
    ("Adamax", {}, [0.808396, -1.84278, 2.913521, 0.389547, 0.119569, -0.1194], None),
    ("Nadam", {}, [0.808554, -1.897466, 3.002095, 0.399954, 0.175433, -0.170381], None),
    ("Nadam", {"beta_1": 0.8}, [0.785936, -1.888917, 3.013267, 0.385508, 0.17145, -0.184728], None),
    ("RMSprop", {}, [0.481163, -1.741893, 2.998463, 0.244653, 0.065717, -0.249418], None),
    ("RMSprop", {"momentum": 0.9}, [-0.137119, -1.20969, 2.511604, -0.354806, -0.394653, -0.266474], None),
    ("RMSprop", {"centered": True}, [0.443939, -1.724496, 2.997197, 0.225135, 0.048696, -0.259711], None),
    (
        "RMSprop",
        {"momentum": 0.5, "centered": True, "rho": 0.8},
        [0.392114, -1.649866, 2.902583, 0.078648, -0.025931, -0.303357],
        None,
    ),
    ("Adagrad", {}, [0.857499, -1.923437, 3.000745, 0.421004, 0.192124, -0.205179], None),
    (
        "Adagrad",
        {"initial_accumulator_value": 0.0, "epsilon": 1e-05},
        [0.840128, -1.919658, 2.999521, 0.416904, 0.191734, -0.165603],
        None,
    ),
    ("Adadelta", {}, [0.999722, -1.999895, 3.000055, 0.499895, 0.249939, -0.12512], None),
    ("Adadelta", {"rho": 0.8}, [0.99986, -1.999947, 3.000024, 0.49995, 0.24997, -0.125057], None),
    ("Ftrl", {}, [0.322976, -1.320415, 2.532224, -0.078996, 0.165917, -0.085997], None),
    (
        "Ftrl",
        {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02},
        [0.318948, -1.314449, 2.526927, -0.077736, 0.165376, -0.08406],
        None,
    ),
    (
        "Ftrl",
        {"learning_rate_power": -0.3, "beta": 0.1},
        [0.161376, -0.864022, 2.240067, -0.072272, 0.095608, -0.066757],
        None,
    ),
    (
        "Ftrl",
        {"l2_shrinkage_regularization_strength": 0.1},
        [0.259192, -1.21545, 2.476915, -0.105145, 0.161637, -0.077178],
        None,
    ),
    ("Ftrl", {"learning_rate_power": 0.0}, [-0.11, 0.08, 4.78, -0.08, -0.15, -0.06], None),
    ("Lion", {}, [0.8, -2.0, 3.0, 0.4, 0.05, -0.125], None),
    ("Lion", {"beta_1": 0.5, "beta_2": 0.8}, [0.8, -2.0, 3.0, 0.4, 0.05, -0.125], None),
    ("Lamb", {}, [0.411905, -1.569447, 2.971103, 0.001781, -0.047786, -0.361766], [0.251717, -1.442163, 2.944009]),
    ("Adafactor", {}, [0.785233, -1.966418, 2.876346, 0.28473, 0.039966, -0.174769], [0.496055, -1.795843, 3.094258]),
    (
        "Adafactor",
        {"relative_step": False, "clip_threshold": 0.5},
        [0.90685, -1.992911, 2.940323, 0.345982, 0.171405, -0.158737],
        [0.790145, -1.955097, 3.068429],
    ),
    (
        "Adafactor",
        {"beta_2_decay": -0.5, "epsilon_1": 1e-10, "epsilon_2": 0.1},
        [0.800869, -1.973672, 2.831855, 0.259979, 0.000119, -0.17577],
        [0.526545, -1.779148, 3.047848],
    ),
    ("Muon", {}, [0.98764, -1.988913, 2.989532, 0.435364, 0.191799, -0.13867], [0.761141, -1.809828, 2.940468]),
    (
        "Muon",
        {"nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.5, "weight_decay": 0.1, "adam_weight_decay": 0.2},
        [0.920883, -1.878509, 2.839979, 0.279697, -0.043134, -0.147056],
        [0.807661, -1.755003, 2.743312],
    ),
    (
        "Muon",
        {"ns_steps": 3, "momentum": 0.5, "exclude_layers": ["matrix"]},
        [0.761141, -1.809828, 2.940468, 0.324612, 0.107057, -0.169315],
        None,
    ),
    ("ScheduleFreeAdamW", {}, [0.884212, -1.934038, 2.986291, 0.395236, 0.201968, -0.183318], None),
    (
        "ScheduleFreeAdamW",
        {"warmup_steps": 7, "weight_decay": 0.1},
        [0.952929, -1.963046, 2.977994, 0.465746, 0.244919, -0.158534],
        None,
    ),
]


def make(rule_name, /, **kwargs):
    return getattr(optimizers, rule_name)(**kwargs)


@pytest.mark.parametrize(("name", "kwargs", "matrix", "vector"), RECORDED)
@pytest.mark.parametrize("layout", [None, Layout((1, 0))], ids=["as it is", "transposed"])
def test_rule_gives_recorded_values(name, kwargs, matrix, vector, layout):
    variables = [Weight(np.float32(MATRIX), name="matrix", layout=layout), Weight(np.float32(MATRIX[0]), name="vector")]
    optimizer = make(name, learning_rate=0.1, **kwargs)
    for gradient in GRADIENTS:
        optimizer.apply([np.float32(gradient), np.float32(gradient[0])], variables)
    np.testing.assert_allclose(variables[0].numpy().ravel(), matrix, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(variables[1].numpy(), vector or matrix[:3], rtol=2e-6, atol=2e-6)


# formulas -------------------------------------------------------------------------------------------------------------


def sgd(p, g, s, t, lr, momentum=0.0, nesterov=False):
    v = s["v"] = momentum * s.get("v", 0.0) - lr * g
    return p + (momentum * v - lr * g if nesterov else v)


def means(g, s, beta_1, beta_2):
    s["m"] = beta_1 * s.get("m", 0.0) + (1 - beta_1) * g
    s["v"] = beta_2 * s.get("v", 0.0) + (1 - beta_2) * g**2
    return s["m"], s["v"]


def power(beta, t):
    return float(np.float32(beta)) ** t


def adam(p, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    m, v = means(g, s, beta_1, beta_2)
    if amsgrad:
        v = s["largest"] = np.maximum(s.get("largest", 0.0), v)
    return p - lr * np.sqrt(1 - power(beta_2, t)) / (1 - power(beta_1, t)) * m / (np.sqrt(v) + epsilon)


def adamax(p, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, _ = means(g, s, beta_1, beta_2)
    u = s["u"] = np.maximum(beta_2 * s.get("u", 0.0), np.abs(g))
    return p - lr / (1 - power(beta_1, t)) * m / (u + epsilon)


def nadam(p, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    beta_1, beta_2 = float(np.float32(beta_1)), float(np.float32(beta_2))
    m, v = means(g, s, beta_1, beta_2)
    u = [beta_1 * (1 - 0.5 * power(0.96, i)) for i in (t, t + 1)]
    product = s["product"] = s.get("product", 1.0) * 0.9 * (1 - 0.5 * 0.96**t)
    m_hat = u[1] * m / (1 - product * u[1]) + (1 - u[0]) * g / (1 - product)
    return p - lr * m_hat / (np.sqrt(v / (1 - beta_2**t)) + epsilon)


def rmsprop(p, g, s, t, lr, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    m, v = means(g, s, rho, rho)
    step = lr * g / np.sqrt(v - m**2 * centered + epsilon)
    s["step"] = momentum * s.get("step", 0.0) + step
    return p - s["step"]


def adagrad(p, g, s, t, lr, initial_accumulator_value=0.1, epsilon=1e-7):
    s["sum"] = s.get("sum", initial_accumulator_value) + g**2
    return p - lr * g / np.sqrt(s["sum"] + epsilon)


def adadelta(p, g, s, t, lr, rho=0.95, epsilon=1e-7):
    _, v = means(g, s, rho, rho)
    step = g * np.sqrt(s.get("w", 0.0) + epsilon) / np.sqrt(v + epsilon)
    s["w"] = rho * s.get("w", 0.0) + (1 - rho) * step**2
    return p - lr * step


def lion(p, g, s, t, lr, beta_1=0.9, beta_2=0.99):
    m = s.get("m", 0.0)
    s["m"] = beta_2 * m + (1 - beta_2) * g
    return p - lr * np.sign(beta_1 * m + (1 - beta_1) * g)


def ftrl(p, g, s, t, lr, learning_rate_power=-0.5, l1=0.0, l2=0.0, l2_shrinkage=0.0, beta=0.0):
    before = s.get("sum", float(np.float32(0.1)))
    after = s["sum"] = before + g**2
    powers = [x**-learning_rate_power / lr for x in (before, after)]
    linear = s["linear"] = s.get("linear", 0.0) + g + 2 * l2_shrinkage * p - (powers[1] - powers[0]) * p
    return (np.clip(linear, -l1, l1) - linear) / (powers[1] + 2 * l2 + beta / lr)


def lamb(p, g, s, t, lr, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v = means(g, s, beta_1, beta_2)
    step = m / (1 - power(beta_1, t)) / (np.sqrt(v / (1 - power(beta_2, t))) + epsilon)
    norms = np.linalg.norm(p), np.linalg.norm(step)
    return p - lr * step * (norms[0] / norms[1] if all(norms) else 1.0)


def adafactor(
    p, g, s, t, lr, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, clip_threshold=1.0, relative_step=True
):
    def rms(x):
        return np.sqrt(np.mean(x**2))

    def move(name, value):
        s[name] = (1 - t**beta_2_decay) * s.get(name, 0.0) + t**beta_2_decay * value
        return s[name]

    square = g**2 + epsilon_1
    if p.ndim < 2:
        v = move("v", square)
    else:
        row, column = move("row", square.mean(-1)), move("column", square.mean(-2))
        v = (row / row.mean(-1, keepdims=True))[..., None] * column[..., None, :]
    step = g / np.sqrt(v)
    step /= max(1.0, rms(step) / clip_threshold)
    return p - max(epsilon_2, rms(p)) * (min(lr, t**-0.5) if relative_step else lr) * step


def muon(p, g, s, t, lr, momentum=0.95, nesterov=True, ns_steps=5, rms_rate=0.2):
    if p.ndim != 2:
        return adam(p, g, s, t, lr)
    m = s["m"] = momentum * s.get("m", 0.0) + g
    x = g + momentum * m if nesterov else m
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(ns_steps):
        a = x @ x.T
        x = 3.4445 * x + (-4.775 * a + 2.0315 * a @ a) @ x
    return p - lr * rms_rate * max(x.shape) ** 0.5 * (x.T if tall else x)


def schedule_free(p, g, s, t, lr, beta_2=0.999, epsilon=1e-8, warmup_steps=0):
    beta_2 = float(np.float32(beta_2))
    _, v = means(g, s, 0.0, beta_2)
    rate = lr * min(1.0, t / warmup_steps) if warmup_steps else lr
    z = s["z"] = s.get("z", p) - rate * g / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    return p + (z - p) / t


FORMULAS = [
    ("SGD", sgd, {}),
    ("SGD", sgd, {"momentum": 0.75}),
    ("SGD", sgd, {"momentum": 0.75, "nesterov": True}),
    ("Adam", adam, {}),
    ("Adam", adam, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "amsgrad": True}),
    ("Adamax", adamax, {}),
    ("Nadam", nadam, {}),
    ("RMSprop", rmsprop, {}),
    ("RMSprop", rmsprop, {"momentum": 0.75, "centered": True}),
    ("Adagrad", adagrad, {"initial_accumulator_value": 0.5}),
    ("Adadelta", adadelta, {}),
    ("Ftrl", ftrl, {}),
    ("Ftrl", ftrl, {"l1": 0.01, "l2": 0.02, "l2_shrinkage": 0.125, "beta": 0.5, "learning_rate_power": -0.25}),
    ("Lion", lion, {}),
    ("Lamb", lamb, {}),
    ("Adafactor", adafactor, {}),
    ("Adafactor", adafactor, {"relative_step": False, "clip_threshold": 0.5, "epsilon_2": 0.1, "beta_2_decay": -0.5}),
    ("Muon", muon, {}),
    ("Muon", muon, {"nesterov": False, "ns_steps": 3, "rms_rate": 1.0}),
    ("ScheduleFreeAdamW", schedule_free, {}),
    ("ScheduleFreeAdamW", schedule_free, {"warmup_steps": 5}),
]
FTRL_NAMES = {
    "l1": "l1_regularization_strength",
    "l2": "l2_regularization_strength",
    "l2_shrinkage": "l2_shrinkage_regularization_strength",
}
SHAPES = [(), (5,), (4, 3), (3, 6), (2, 3, 4), (3, 3, 2, 5)]
LAYOUTS = [None, None, Layout((1, 0)), None, Layout((2, 0, 1)), Layout((2, 3, 1, 0), torch.channels_last)]


def follow(name, formula, kwargs, scale, layouts, dtype="float64", steps=8, seed=0):
    """Values of variables of all SHAPES after some steps: the optimizer's, and the formula's."""
    random = np.random.default_rng(seed)
    values = [random.normal(size=shape) for shape in SHAPES]
    variables = [Weight(v, dtype=dtype, name=f"v{i}", layout=ly) for i, (v, ly) in enumerate(zip(values, layouts))]
    common = {"weight_decay": 0, "adam_weight_decay": 0} if name == "Muon" else {}
    options = {FTRL_NAMES.get(key, key): value for key, value in kwargs.items()}
    optimizer = make(name, learning_rate=0.0625, **options, **common)
    states = [{} for _ in values]
    for step in range(1, steps + 1):
        gradients = [np.asarray(random.normal(size=shape) * scale) for shape in SHAPES]
        optimizer.apply(gradients, variables)
        values = [formula(v, g, s, step, 0.0625, **kwargs) for v, g, s in zip(values, gradients, states)]
    return [v.numpy() for v in variables], values


@pytest.mark.parametrize(("name", "formula", "kwargs"), FORMULAS)
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e3])
@pytest.mark.parametrize("layouts", [[None] * 6, LAYOUTS], ids=["logical", "stored"])
def test_rule_is_its_formula_in_float64(name, formula, kwargs, scale, layouts):
    # 1e-6: at this size of gradients epsilon counts, and its place in the formula
    for got, expected in zip(*follow(name, formula, kwargs, scale, layouts)):
        tolerance = 1e-5 if name == "Muon" else 1e-10  # its epsilon, too, is one that matters at 1e-6
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "formula", "kwargs"), FORMULAS)
def test_rule_is_its_formula_in_float32(name, formula, kwargs):
    for got, expected in zip(*follow(name, formula, kwargs, 1.0, LAYOUTS, "float32")):
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("name", "formula", "kwargs"), [row for row in FORMULAS if row[0] in ("SGD", "Adam", "Muon")])
def test_kernels_for_devices_without_fused_ones_agree(name, formula, kwargs, monkeypatch):
    fused, _ = follow(name, formula, kwargs, 1.0, LAYOUTS)
    monkeypatch.setattr(common, "has_fused_updates", lambda device: False)
    each, _ = follow(name, formula, kwargs, 1.0, LAYOUTS)
    for a, b in zip(fused, each):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=3), st.integers(0, 2**31), st.sampled_from(FORMULAS))
def test_layout_never_changes_the_result(shape, seed, row):
    random = np.random.default_rng(seed)
    order = tuple(int(i) for i in random.permutation(len(shape)))
    value, gradients = random.normal(size=shape), [random.normal(size=shape) for _ in range(3)]
    results = []
    for layout in (None, Layout(order)):
        name, _, kwargs = row
        variable = Weight(value, dtype="float64", layout=layout)
        optimizer = make(name, **{FTRL_NAMES.get(key, key): v for key, v in kwargs.items()}, learning_rate=0.1)
        for gradient in gradients:
            optimizer.apply([gradient], [variable])
        results.append((variable.numpy(), [v.numpy() for v in optimizer.variables]))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-9, atol=1e-9)
    for a, b in zip(results[0][1], results[1][1]):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


class Rolled(Layout):
    """Rows begin elsewhere in storage: conversions are copies, as for the gates of recurrent layers."""

    def to_logical(self, stored):
        return stored.permute(self.order).roll(1, 0)

    def to_stored(self, logical):
        return logical.roll(-1, 0).permute(self.inverse)


@pytest.mark.parametrize("name", RULES)
def test_layout_may_give_copies(name):
    random = np.random.default_rng(0)
    value, gradients = random.normal(size=(4, 3)), [random.normal(size=(4, 3)) for _ in range(3)]
    results = []
    for layout in (None, Rolled((1, 0))):
        variable = Weight(value, dtype="float64", layout=layout)
        optimizer = make(name, learning_rate=0.1)
        for gradient in gradients:
            optimizer.apply([gradient], [variable])
        results.append([variable.numpy(), *(v.numpy() for v in optimizer.variables)])
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", RULES)
def test_numbers_may_be_tensors(name):
    """So that an update can stand in a captured graph."""
    random = np.random.default_rng(0)
    start, gradient = random.normal(size=(3, 4)), torch.from_numpy(random.normal(size=(3, 4)))
    results = []
    for convert in (float, torch.tensor):
        variable = Weight(start, dtype="float64")
        optimizer = make(name, learning_rate=0.1)
        optimizer.build([variable])
        numbers = [convert(x) for x in optimizer._k_numbers(0.1, 1)]
        with torch.no_grad():
            optimizer.update([variable.stored], [gradient], [variable], *numbers)
        results.append(variable.numpy())
    np.testing.assert_allclose(*results, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Lion"])
def test_rule_takes_half_precision(name, dtype):
    variable = Weight([1.0, -2.0], dtype=dtype)
    optimizer = (
        make(name, learning_rate=0.25, epsilon=1e-3) if name not in ("SGD", "Lion") else make(name, learning_rate=0.25)
    )
    optimizer.apply([np.array([1.0, -1.0])], [variable])
    assert variable.dtype == dtype
    assert {v.dtype.name for v in optimizer.variables[2:]} <= {dtype}
    got = np.asarray(variable.numpy(), "float32")
    assert (np.abs(got) < [1.0, 2.0]).all()
    assert (np.abs(got) > [0.0, 1.0]).all()


# state and configuration ----------------------------------------------------------------------------------------------

PATHS = [
    ("SGD", {}, ""),
    ("SGD", {"momentum": 0.9}, "k_momentum b_momentum"),
    ("Adam", {}, "k_momentum k_velocity b_momentum b_velocity"),
    ("Adam", {"amsgrad": True}, "k_momentum k_velocity b_momentum b_velocity k_velocity_hat b_velocity_hat"),
    ("AdamW", {}, "k_momentum k_velocity b_momentum b_velocity"),
    ("Adamax", {}, "k_momentum k_norm b_momentum b_norm"),
    ("RMSprop", {}, "k_velocity b_velocity"),
    (
        "RMSprop",
        {"momentum": 0.9, "centered": True},
        "k_velocity b_velocity k_momentum b_momentum k_average_gradient b_average_gradient",
    ),
    ("Adagrad", {}, "k_accumulator b_accumulator"),
    ("Adadelta", {}, "k_accumulated_grad k_accumulated_delta_var b_accumulated_grad b_accumulated_delta_var"),
    ("Ftrl", {}, "k_accumulator k_linear b_accumulator b_linear"),
    ("Lion", {}, "k_momentum b_momentum"),
    ("Lamb", {}, "k_momentum k_velocity b_momentum b_velocity"),
    ("Muon", {}, "k_momentum b_momentum b_velocity"),
    ("ScheduleFreeAdamW", {}, "k_momentum k_velocity b_momentum b_velocity"),
    (
        "Adam",
        {"use_ema": True, "gradient_accumulation_steps": 2},
        "k_average b_average k_gradient_accumulator b_gradient_accumulator k_momentum k_velocity b_momentum b_velocity",
    ),
]


def kernel_and_bias():
    return [Weight(np.ones((3, 2), "float32"), name="k"), Weight(np.ones(2, "float32"), name="b")]


@pytest.mark.parametrize(("name", "kwargs", "slots"), PATHS)
def test_paths_of_the_state_are_those_of_keras(name, kwargs, slots):
    optimizer = make(name, name="o", **kwargs)
    optimizer.build(kernel_and_bias())
    assert [v.path for v in optimizer.variables] == [
        "o/iteration",
        "o/learning_rate",
        *(f"o/{s}" for s in slots.split()),
    ]
    assert [v.name for v in optimizer.variables[2:]] == slots.split()
    assert [v.dtype.name for v in optimizer.variables[:2]] == ["int64", "float32"]


def test_nadam_keeps_its_product_last():
    optimizer = optimizers.Nadam(name="n")
    variables = kernel_and_bias()
    optimizer.build(variables)
    assert [v.path for v in optimizer.variables][-2:] == ["n/b_velocity", "n/variable"]
    expected = [0.46799996, 0.22711101, 0.11397993, 0.059018135]  # recorded
    for product in expected:
        optimizer.apply([np.ones((3, 2)), np.ones(2)], variables)
        assert float(optimizer.variables[-1]) == pytest.approx(product, rel=1e-6)


def test_adafactor_keeps_rows_columns_and_placeholders():
    optimizer = optimizers.Adafactor(name="a")
    variables = kernel_and_bias()
    optimizer.build(variables)
    state = [(v.path, tuple(v.shape), v.dtype.name) for v in optimizer.variables[2:]]
    assert state == [
        ("a/k", (3,), "float32"),
        ("a/k", (2,), "float32"),
        ("a/k_velocity", (3, 2), "float32"),
        ("a/b", (), "int32"),
        ("a/b", (), "int32"),
        ("a/b_velocity", (2,), "float32"),
    ]


def test_muon_chooses_matrices_of_hidden_layers():
    def chosen(**kwargs):
        optimizer = optimizers.Muon(**kwargs)
        shapes = {"dense_kernel": (2, 3), "token_Embeddings": (4, 3), "Head": (3, 2), "conv": (2, 3, 4), "bias": (3,)}
        optimizer.build([Weight(np.ones(shape), name=name) for name, shape in shapes.items()])
        names = [v.name.removesuffix("_velocity") for v in optimizer.variables]
        return [name for name in shapes if name not in names]

    assert chosen() == ["dense_kernel", "Head"]
    assert chosen(exclude_embeddings=False) == ["dense_kernel", "token_Embeddings", "Head"]
    assert chosen(exclude_layers=["^dense", "HEAD"]) == ["Head"]


@pytest.mark.parametrize(
    ("of_matrix", "of_vector", "expected"),
    [(None, 0.5, (1.0, 0.95)), (0.5, None, (0.95, 1.0)), (0, 0.5, (1.0, 0.95)), (0.5, 0.25, (0.95, 0.975))],
)
def test_muons_parts_decay_apart(of_matrix, of_vector, expected):
    variables = kernel_and_bias()
    optimizer = optimizers.Muon(0.1, weight_decay=of_matrix, adam_weight_decay=of_vector)
    optimizer.apply([np.zeros((3, 2)), np.zeros(2)], variables)
    np.testing.assert_allclose([v.numpy().ravel()[0] for v in variables], expected, rtol=1e-6)


def test_muons_parts_can_be_called():
    optimizer = optimizers.Muon()
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    orthogonal = optimizer.zeropower_via_newtonschulz5(x, 5)
    assert orthogonal.shape == (5, 3)
    assert np.all(np.abs(np.linalg.svd(orthogonal.numpy())[1] - 1) < 0.5)
    np.testing.assert_allclose(optimizer.lr_adjust(x), x * 0.2 * 5**0.5, rtol=1e-6)
    np.testing.assert_array_equal(optimizers.Muon(rms_rate=None).lr_adjust(x), x)
    assert optimizer.transpose_last_axis(np.zeros((2, 3, 4))).shape == (2, 4, 3)
    with pytest.raises(ValueError, match="at least 2 dimensions. Received: shape=\\(5,\\)"):
        optimizer.zeropower_via_newtonschulz5(x[:, 0], 5)


COMMON = {
    "weight_decay": None, "clipnorm": None, "clipvalue": None, "global_clipnorm": None, "use_ema": False,
    "ema_momentum": 0.99, "ema_overwrite_frequency": None, "loss_scale_factor": None, "gradient_accumulation_steps": None,
}  # fmt: skip
OWN = {
    "SGD": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
    "Adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False},
    "AdamW": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False, "weight_decay": 0.004},
    "Adamax": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "Nadam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "RMSprop": {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False},
    "Adagrad": {"initial_accumulator_value": 0.1, "epsilon": 1e-7},
    "Adadelta": {"rho": 0.95, "epsilon": 1e-7},
    "Ftrl": {
        "learning_rate_power": -0.5, "initial_accumulator_value": 0.1, "l1_regularization_strength": 0.0,
        "l2_regularization_strength": 0.0, "l2_shrinkage_regularization_strength": 0.0, "beta": 0.0,
    },
    "Lion": {"beta_1": 0.9, "beta_2": 0.99},
    "Lamb": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "Adafactor": {
        "beta_2_decay": -0.8, "epsilon_1": 1e-30, "epsilon_2": 1e-3, "clip_threshold": 1.0, "relative_step": True,
    },
    "Muon": {
        "adam_beta_1": 0.9, "adam_beta_2": 0.999, "adam_weight_decay": 0.004, "epsilon": 1e-7, "weight_decay": 0.004,
        "exclude_layers": [], "exclude_embeddings": True, "muon_a": 3.4445, "muon_b": -4.775, "muon_c": 2.0315,
        "adam_lr_ratio": 1, "momentum": 0.95, "ns_steps": 5, "nesterov": True, "rms_rate": 0.2,
    },
    "ScheduleFreeAdamW": {
        "learning_rate": 0.0025, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "warmup_steps": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_config_is_the_one_of_keras(name):
    expected = {"name": "it", "learning_rate": 0.001, **COMMON, **OWN[name]}
    optimizer = make(name, name="it")
    config = optimizer.get_config()
    rate = expected.pop("learning_rate")
    assert config.pop("learning_rate") == float(np.float32(rate))
    assert config == expected
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()


ORDER = {
    "SGD": "learning_rate momentum nesterov *",
    "Adam": "learning_rate beta_1 beta_2 epsilon amsgrad *",
    "AdamW": "learning_rate weight_decay beta_1 beta_2 epsilon amsgrad *",
    "RMSprop": "learning_rate rho momentum epsilon centered *",
    "Adagrad": "learning_rate initial_accumulator_value epsilon *",
    "Adafactor": "learning_rate beta_2_decay epsilon_1 epsilon_2 clip_threshold relative_step *",
    "Muon": "learning_rate adam_beta_1 adam_beta_2 adam_weight_decay epsilon * exclude_layers exclude_embeddings muon_a "
    "muon_b muon_c adam_lr_ratio momentum ns_steps nesterov rms_rate",
}


@pytest.mark.parametrize("name", list(ORDER))
def test_arguments_stand_in_the_order_of_keras(name):
    own = ORDER[name].split()
    common = [argument for argument in (*COMMON, "name") if argument not in own]
    expected = [x for argument in own for x in (common if argument == "*" else [argument])]
    parameters = list(inspect.signature(getattr(optimizers, name)).parameters.values())
    assert [p.name for p in parameters if p.kind is not p.VAR_KEYWORD] == expected


def test_arguments_by_position():
    optimizer = optimizers.Adam(0.5, 0.8, 0.9, 1e-3, True, 0.1, 2.0)
    config = optimizer.get_config()
    got = [config[key] for key in ("learning_rate", "beta_1", "epsilon", "amsgrad", "weight_decay", "clipnorm")]
    assert got == [0.5, 0.8, 1e-3, True, 0.1, 2.0]
    with pytest.raises(TypeError, match="multiple values"):
        optimizers.Adam(0.5, 0.9, 0.9, 1e-7, False, None, 1.0, clipnorm=1.0)
    with pytest.raises(TypeError, match="at most 15 arguments"):
        optimizers.Adam(*range(16))


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("SGD", {"momentum": 2}, "`momentum` must be a float between"),
        ("SGD", {"momentum": True}, "`momentum` must be a float between"),
        ("SGD", {"momentum": "abc"}, "`momentum` must be a float between"),
        ("Adam", {"name": 3}, "Argument `name` must be a string"),
        ("Adam", {"beta_1": 1.0}, "Argument `beta_1` must be in the range"),
        ("Adamax", {"beta_2": -0.1}, "Argument `beta_2` must be in the range"),
        ("AdamW", {"weight_decay": None}, "Argument `weight_decay` must be a float. Received: weight_decay=None"),
        ("Lion", {"beta_1": 0}, "Argument `beta_1` must be in the \\[0, 1\\] range"),
        ("Lion", {"beta_1": 1.5}, "degenerates to SignSGD. Received: beta_1=1.5"),
        ("Ftrl", {"initial_accumulator_value": -1}, "`initial_accumulator_value` needs to be positive or zero"),
        ("Ftrl", {"learning_rate_power": 1}, "`learning_rate_power` needs to be negative or zero"),
        ("Ftrl", {"l1_regularization_strength": -1}, "`l1_regularization_strength` needs to be positive or zero"),
        ("Adam", {"beta": 1}, "Argument\\(s\\) not recognized: {'beta': 1}"),
        ("Muon", {"nonsense": 1}, "Argument\\(s\\) not recognized: {'nonsense': 1}"),
    ],
)
def test_rule_refuses_bad_arguments(name, kwargs, message):
    with pytest.raises(ValueError, match=message):
        make(name, **kwargs)


def test_ftrl_with_a_rate_of_zero_has_no_numbers():
    variable = Weight([1.0, 2.0], name="v")
    optimizers.Ftrl(0.0).apply([torch.tensor([0.1, 0.2])], [variable])
    assert np.isnan(variable.numpy()).all()  # as in Keras: the rule divides by the rate
