"""Random calls of keras.ops: shapes, dtypes of operands and results, arguments."""

from __future__ import annotations

from typing import Any

from case_values import array, integers, mask, normal, uniform
from plan_layers import Draw
from plan_ops_table import CALLS

FLOATS = ["float32", "float32", "float64", "float16", "bfloat16"]
DTYPES = [*FLOATS, "int32", "int64", "uint8", "int8", "int16", "bool", "float32"]
UNARY = """absolute arctan arcsinh cbrt ceil conj conjugate cos cosh deg2rad exp exp2 expm1 floor imag isfinite isinf isnan
isneginf isposinf isreal negative rad2deg real relu relu6 round sign sigmoid silu sin sinc sinh softplus softsign sqrt square
tan tanh trunc nan_to_num gelu elu selu hard_sigmoid hard_silu hard_tanh log_sigmoid squareplus celu sparse_sigmoid
tanh_shrink erf erfc i0 logical_not signbit reciprocal rsqrt ones_like zeros_like
copy angle leaky_relu soft_shrink hard_shrink""".split()
POSITIVE = "log log10 log1p log2 arccosh".split()
UNIT = "arccos arcsin arctanh erfinv".split()
BINARY = """add subtract multiply divide true_divide floor_divide mod power maximum minimum fmax fmin equal not_equal greater
greater_equal less less_equal logical_and logical_or logical_xor arctan2 logaddexp logaddexp2 hypot divide_no_nan nextafter
heaviside isclose fmod ldexp""".split()
BITS = (
    "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift left_shift right_shift gcd lcm".split()
)
# where Keras's own two rules for Python numbers differ: symbolic calls give the dtype that it documents, eager ones another
STRONG = {"nextafter", "ldexp", "mod", "fmod", "arctan2", "logaddexp", "logaddexp2", "hypot"}
REDUCTIONS = """sum mean prod max min std var any all amax amin argmax argmin count_nonzero median nansum nanmean nanmax
nanmin nanprod nanstd nanvar nanmedian nanargmax nanargmin logsumexp ptp cumsum cumprod nancumsum nancumprod
sort argsort""".split()
NO_KEEPDIMS = {
    "cumsum",
    "cumprod",
    "nancumsum",
    "nancumprod",
    "sort",
    "argsort",
    "count_nonzero",
    "nanargmax",
    "nanargmin",
}
ONE_AXIS = NO_KEEPDIMS - {"count_nonzero"} | {"argmax", "argmin"}


def of(draw: Draw, shape: list, dtype: str, **more: Any) -> dict:
    """Random values of any dtype."""
    seed = draw.randint(0, 999)
    if dtype == "bool":
        return mask(*shape, seed=seed)
    if "int" in dtype:
        low = 0 if dtype.startswith("u") or more.get("positive") else -4
        return integers(*shape, low=low + (1 if more.get("positive") else 0), high=6, seed=seed, dtype=dtype)
    return normal(*shape, seed=seed, dtype=dtype, **{"scale": 1.5, **more})


def shape_of(draw: Draw, low: int = 0, high: int = 3) -> list:
    return [draw.randint(1, 4) for _ in range(draw.randint(low, high))]


def unary(draw: Draw, name: str) -> dict:
    dtype, shape = draw.choice(DTYPES), shape_of(draw)
    if name in POSITIVE:
        data = of(draw, shape, dtype, positive=True, shift=1.0 if name == "arccosh" else 0.0)
        if name == "arccosh" and "float" in dtype:
            data = uniform(*shape, dtype=dtype, low=1.1, high=4.0)
    elif name in UNIT:
        data = uniform(*shape, dtype=dtype if "float" in dtype else "float32", low=-0.9, high=0.9)
    elif name in ("sqrt", "rsqrt", "reciprocal"):
        data = of(draw, shape, dtype, positive=True)
    else:
        data = of(draw, shape, dtype)
        if name in ("isfinite", "isinf", "isnan", "isneginf", "isposinf", "nan_to_num", "signbit") and "float" in dtype:
            data = array([1.0, float("nan"), float("inf"), -float("inf"), -0.0], dtype)
    return {"op": name, "args": [data]}


def broadcast(draw: Draw, shape: list) -> list:
    """A shape that broadcasts with this one."""
    cut = shape[draw.randint(0, len(shape)) :] if draw.maybe(0.3) else shape
    return [1 if draw.maybe(0.2) else n for n in cut]


def binary(draw: Draw, name: str) -> dict:
    shape = shape_of(draw)
    dtypes = ["int32", "int64", "uint8", "int8"] if name in BITS else DTYPES
    left, right = draw.choice(dtypes), draw.choice(dtypes)
    positive = {"positive": True} if name in ("floor_divide", "mod", "power", "divide", "fmod", "divide_no_nan") else {}
    if "shift" in name:
        positive = {"positive": True}
    args: list = [of(draw, shape, left, **positive), of(draw, broadcast(draw, shape), right, **positive)]
    if name not in BITS and name not in STRONG and draw.maybe(0.25):
        args[draw.randint(0, 1)] = draw.choice([2, 1.5, 3])
    if name == "ldexp":
        args[1] = of(draw, shape, "int32")
    if name == "nextafter":
        args = [of(draw, shape, d) for d in ("float32", "float32")]
    return {"op": name, "args": args, **({"tolerance": 1e-7} if name == "logaddexp2" else {})}


def reduction(draw: Draw, name: str) -> dict:
    shape = shape_of(draw, 1, 3)
    dtype = draw.choice(DTYPES)
    data = of(draw, shape, dtype)
    if name.startswith("nan") and "float" in dtype and len(shape) == 1 and "arg" not in name:
        data = array([1.0, float("nan"), 2.5, -3.0], dtype)
    keys: dict = {}
    axes = list(range(-len(shape), len(shape)))
    if name in ONE_AXIS:
        if draw.maybe(0.7):
            keys["axis"] = draw.choice(axes)
    elif draw.maybe(0.75):
        keys["axis"] = draw.choice([draw.choice(axes), draw.sample(range(len(shape)), draw.randint(1, len(shape)))])
    if name not in NO_KEEPDIMS:
        draw.sometimes(keys, "keepdims", True, 0.4)
    if name in ("cumsum", "cumprod"):
        draw.sometimes(keys, "dtype", draw.choice(["float32", "int64"]), 0.2)
    return {"op": name, "args": [data], "keys": keys}


def cases() -> list[dict]:
    """All cases of all operations, by name."""
    made_cases = []
    for names, plan, count in (
        (UNARY + POSITIVE + UNIT, unary, 6),
        (BINARY + BITS, binary, 12),
        (REDUCTIONS, reduction, 9),
    ):
        for name in names:
            for number in range(count):
                made_cases.append({"id": f"{name}-{number}", **plan(Draw(f"{name}-{number}"), name)})
    for name, calls in CALLS.items():
        for number, (args, keys) in enumerate(calls):
            made_cases.append({"id": f"{name}-call{number}", "op": name, "args": args, "keys": keys})
    return made_cases
