"""Random runs of optimizers, learning-rate schedules, initializers, regularizers, constraints and activations."""

from __future__ import annotations

from case_values import array, made, normal
from plan_layers import Draw

OPTIMIZERS = {
    "SGD": {"momentum": [0.0, 0.9], "nesterov": [True, False]},
    "Adam": {"beta_1": [0.8], "beta_2": [0.9], "amsgrad": [True, False], "epsilon": [1e-7, 1e-3]},
    "AdamW": {"beta_1": [0.8], "amsgrad": [True, False], "weight_decay": [0.004, 0.1]},
    "Adamax": {"beta_1": [0.8], "beta_2": [0.95]},
    "Nadam": {"beta_1": [0.8], "beta_2": [0.95], "epsilon": [1e-7, 1e-3]},
    "RMSprop": {"rho": [0.8], "momentum": [0.0, 0.9], "centered": [True, False], "epsilon": [1e-7, 1e-3]},
    "Adagrad": {"initial_accumulator_value": [0.1, 0.5]},
    "Adadelta": {"rho": [0.9], "learning_rate": [1.0]},
    "Adafactor": {"relative_step": [True, False], "clip_threshold": [1.0, 0.5], "beta_2_decay": [-0.8, -0.6]},
    "Ftrl": {
        "l1_regularization_strength": [0.0, 0.02],
        "l2_regularization_strength": [0.0, 0.02],
        "l2_shrinkage_regularization_strength": [0.0, 0.05],
        "beta": [0.0, 0.1],
        "learning_rate_power": [-0.5, -0.3],
    },
    "Lamb": {"beta_1": [0.8]},
    "Lion": {"beta_1": [0.8], "beta_2": [0.95]},
    "Muon": {"nesterov": [True, False], "momentum": [0.9], "ns_steps": [3, 6]},
    "ScheduleFreeAdamW": {"beta_1": [0.8], "warmup_steps": [0, 5]},
}


def schedule(draw: Draw) -> dict:
    name = draw.choice(list(SCHEDULES))
    return made("optimizers.schedules", name, **{key: draw.choice(values) for key, values in SCHEDULES[name].items()})


SCHEDULES = {
    "ExponentialDecay": {
        "initial_learning_rate": [0.1, 0.02],
        "decay_steps": [7, 10],
        "decay_rate": [0.9, 0.5],
        "staircase": [True, False],
    },
    "InverseTimeDecay": {
        "initial_learning_rate": [0.1, 0.02],
        "decay_steps": [7, 10],
        "decay_rate": [0.9, 0.5],
        "staircase": [True, False],
    },
    "PolynomialDecay": {
        "initial_learning_rate": [0.1],
        "decay_steps": [12, 40],
        "end_learning_rate": [0.01, 0.001],
        "power": [1.0, 0.5, 2.0],
        "cycle": [True, False],
    },
    "PiecewiseConstantDecay": {"boundaries": [[5, 15], [3, 4]], "values": [[0.1, 0.05, 0.01]]},
    "CosineDecay": {
        "initial_learning_rate": [0.01],
        "decay_steps": [12, 40],
        "alpha": [0.0, 0.1],
        "warmup_target": [None, 0.2],
        "warmup_steps": [4, 8],
    },
    "CosineDecayRestarts": {
        "initial_learning_rate": [0.1],
        "first_decay_steps": [5, 8],
        "t_mul": [2.0, 1.0],
        "m_mul": [1.0, 0.5],
        "alpha": [0.0, 0.1],
    },
}


def optimizer(draw: Draw, name: str) -> dict:
    args: dict = {"learning_rate": draw.choice([0.1, 0.01, 0.03])}
    args |= {key: draw.choice(values) for key, values in OPTIMIZERS[name].items() if draw.maybe(0.6)}
    if draw.maybe(0.3):
        args["learning_rate"] = schedule(draw)
    if draw.maybe(0.4):
        args[draw.choice(["clipnorm", "clipvalue", "global_clipnorm"])] = draw.choice([0.1, 0.5, 2.0])
    if name not in ("AdamW", "Muon"):
        draw.sometimes(args, "weight_decay", 0.02, 0.25)
    if draw.maybe(0.25):
        args |= {"use_ema": True, "ema_momentum": draw.choice([0.9, 0.5])}
        draw.sometimes(args, "ema_overwrite_frequency", draw.randint(2, 7), 0.6)
    draw.sometimes(args, "gradient_accumulation_steps", draw.randint(2, 4), 0.25)
    draw.sometimes(args, "loss_scale_factor", 8.0, 0.15)
    shapes = [[3, 4], [4], [2, 3, 2], []][: draw.randint(1, 4)]
    return {
        "kind": "optimizer",
        "object": made("optimizers", name, **args),
        "variables": [normal(*s, seed=i) for i, s in enumerate(shapes)],
        "steps": 30,
        "tolerance": 1e-4,
    }


def loss_scale(draw: Draw) -> dict:
    inner = made("optimizers", draw.choice(["SGD", "Adam"]), learning_rate=0.05)
    args = {"inner_optimizer": inner, "initial_scale": 64.0, "dynamic_growth_steps": draw.randint(2, 5)}
    made_case = {"kind": "optimizer", "object": made("optimizers", "LossScaleOptimizer", **args), "steps": 12}
    return made_case | {"variables": [normal(3, 2), normal(2)], "bad": [4, 5], "tolerance": 1e-4}


SHAPES = [[3], [3, 4], [2, 3, 4], [3, 3, 2, 4], [1, 5], [6, 2]]
DRAWN = {
    "GlorotNormal": {},
    "GlorotUniform": {},
    "HeNormal": {},
    "HeUniform": {},
    "LecunNormal": {},
    "LecunUniform": {},
    "Orthogonal": {"gain": [1.0, 2.0]},
    "RandomNormal": {"mean": [0.0, 1.0], "stddev": [0.05, 2.0]},
    "RandomUniform": {"minval": [-0.05, 0.0], "maxval": [0.05, 3.0]},
    "TruncatedNormal": {"mean": [0.0, 1.0], "stddev": [0.05, 2.0]},
    "VarianceScaling": {
        "scale": [1.0, 2.0],
        "mode": ["fan_in", "fan_out", "fan_avg"],
        "distribution": ["normal", "truncated_normal", "untruncated_normal", "uniform"],
    },
}
FIXED = {"Zeros": {}, "Ones": {}, "Constant": {"value": [0.5, -3, True]}, "IdentityInitializer": {"gain": [1.0, 2.5]}}


def initializer(draw: Draw, name: str) -> dict:
    args = {key: draw.choice(values) for key, values in {**DRAWN, **FIXED}[name].items() if draw.maybe(0.7)}
    shape = draw.choice(SHAPES)
    if name in DRAWN:
        args["seed"] = draw.randint(0, 10**6)
    if name == "Orthogonal":
        shape = draw.choice([[3, 4], [4, 3], [2, 3, 4], [5, 5]])
    if name == "IdentityInitializer":
        shape = draw.choice([[3, 3], [2, 4], [4, 2]])
    dtype = draw.choice(["float32", "float32", "float64", "float16", "bfloat16", None])
    return {"kind": "initializer", "object": made("initializers", name, **args), "shape": shape, "dtype": dtype}


def stft(draw: Draw, name: str) -> dict:
    args = {"side": draw.choice(["real", "imag"]), "window": draw.choice(["hann", "hamming", None])}
    args |= {"scaling": draw.choice(["density", "spectrum", None]), "periodic": draw.maybe()}
    return {"kind": "initializer", "object": made("initializers", name, **args), "shape": [8, 1, 5], "dtype": "float32"}


def regularizer(draw: Draw, name: str) -> dict:
    table = {"L1": {"l1": [0.01, 0.5]}, "L2": {"l2": [0.01, 0.5]}, "L1L2": {"l1": [0.01, 0.2], "l2": [0.0, 0.3]}}
    table["OrthogonalRegularizer"] = {"factor": [0.01, 1.0], "mode": ["rows", "columns"]}
    args = {key: draw.choice(values) for key, values in table[name].items() if draw.maybe(0.7)}
    shape = [3, 4] if name == "OrthogonalRegularizer" else draw.choice(SHAPES)
    values = normal(*shape, seed=draw.randint(0, 99), dtype=draw.choice(["float32", "float64"]))
    return {"kind": "function", "object": made("regularizers", name, **args), "value": values}


def constraint(draw: Draw, name: str) -> dict:
    table = {"MaxNorm": {"max_value": [0.5, 2]}, "UnitNorm": {}, "NonNeg": {}}
    table["MinMaxNorm"] = {"min_value": [0.0, 1.0], "max_value": [1.5, 2.0], "rate": [1.0, 0.3]}
    args = {key: draw.choice(values) for key, values in table[name].items() if draw.maybe(0.7)}
    if name != "NonNeg":
        draw.sometimes(args, "axis", draw.choice([0, 1, [0, 1]]), 0.6)
    values = normal(
        *draw.choice([[3, 4], [2, 3, 4]]), seed=draw.randint(0, 99), dtype=draw.choice(["float32", "float64"])
    )
    return {"kind": "function", "object": made("constraints", name, **args), "value": values}


ACTIVATIONS = {
    "celu": {"alpha": [1.0, 0.5]},
    "elu": {"alpha": [1.0, 0.5]},
    "gelu": {"approximate": [True, False]},
    "glu": {"axis": [-1, 0]},
    "hard_shrink": {"threshold": [0.5, 1.0]},
    "leaky_relu": {"negative_slope": [0.2, 0.01]},
    "log_softmax": {"axis": [-1, 0]},
    "relu": {"negative_slope": [0.0, 0.2], "max_value": [None, 1.0, 6.0], "threshold": [0.0, 0.5]},
    "soft_shrink": {"threshold": [0.5, 1.0]},
    "softmax": {"axis": [-1, 0]},
    "squareplus": {"b": [4, 1]},
    "threshold": {"threshold": [0.5, -1.0], "default_value": [0.1]},
    **{
        n: {}
        for n in "exponential hard_sigmoid hard_silu hard_tanh linear log_sigmoid mish relu6 selu sigmoid silu".split()
    },
    **{n: {} for n in "softplus softsign sparse_plus sparse_sigmoid tanh tanh_shrink".split()},
}
# zero and both sides of every kink that an activation has, and numbers at which formulas overflow
POINTS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 6.0, -6.0, 20.0, -20.0, 88.0, -88.0, 200.0, -200.0, 1e4, -1e4]


def activation(draw: Draw, name: str, number: int) -> dict:
    args = {
        k: draw.choice(v)
        for k, v in ACTIVATIONS[name].items()
        if draw.maybe(0.7) or k in ("threshold", "default_value")
    }
    dtype = draw.choice(["float32", "float64", "float16", "bfloat16"]) if number else "float32"
    values = array(POINTS, dtype) if number < 2 else normal(4, 6, seed=draw.randint(0, 99), dtype=dtype)
    made_case = {"kind": "activation", "name": name, "args": args, "value": values}
    if name == "celu" and number < 2:
        values["values"] = POINTS[2:]  # at 0 TensorFlow gives the sum of both branches' gradients
    if name == "leaky_relu" and dtype == "float64":
        made_case["tolerance"] = 1e-7  # TensorFlow holds the slope in float32
    return made_case


def cases() -> list[dict]:
    """All cases, by name."""
    made_cases = []

    def add(name: str, count: int, plan, *more) -> None:
        for number in range(count):
            draw = Draw(f"{name}-{number}")
            made_cases.append({"id": f"{name}-{number}", **plan(draw, name, *[number for _ in more])})

    for name in OPTIMIZERS:
        add(name, 14 if name in ("SGD", "Adam") else 9, optimizer)
    add("LossScale", 4, lambda draw, name: loss_scale(draw))
    add("Schedule", 24, lambda draw, name: {"kind": "schedule", "object": schedule(draw)})
    for name in [*DRAWN, *FIXED]:
        add(name, 8 if name in DRAWN else 4, initializer)
    add("STFT", 6, stft)
    for name in ("L1", "L2", "L1L2", "OrthogonalRegularizer"):
        add(name, 4, regularizer)
    for name in ("MaxNorm", "UnitNorm", "NonNeg", "MinMaxNorm"):
        add(name, 6, constraint)
    for name in ACTIVATIONS:
        add(name, 5, activation, True)
    return made_cases
