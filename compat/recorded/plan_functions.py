"""Random calls of losses' and metrics' functions, of keras.random, and of the operations that the other lists lack."""

from __future__ import annotations

from case_values import array, integers, mask, normal, uniform
from plan_layers import Draw
from plan_losses import ARGUMENTS, targets
from plan_ops_table import each, i, n, pair

LOSSES = {
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "log_cosh": "LogCosh",
    "huber": "Huber",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
    "kl_divergence": "KLDivergence",
    "poisson": "Poisson",
    "cosine_similarity": "CosineSimilarity",
    "binary_crossentropy": "BinaryCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_generalized_cross_entropy": "CategoricalGeneralizedCrossEntropy",
    "dice": "Dice",
    "tversky": "Tversky",
    "circle": "Circle",
    "ctc": "CTC",
}
SINGLE = ("CTC", "MeanSquaredLogarithmicError")  # the latter gives float32 for float16
BY_AXIS = ("crossentropy", "focal_crossentropy")
ACCURACIES = {
    "binary_accuracy": {"threshold": [0.5, 0.3]},
    "categorical_accuracy": {},
    "sparse_categorical_accuracy": {},
    "top_k_categorical_accuracy": {"k": [1, 2, 5]},
    "sparse_top_k_categorical_accuracy": {"k": [1, 2, 5]},
    "pearson_correlation": {"axis": [-1, 0]},
    "concordance_correlation": {"axis": [-1, 0]},
}


def loss(draw: Draw, name: str) -> dict:
    cls = LOSSES[name]
    table = {key: values for key, values in ARGUMENTS.get(cls, {}).items() if key != "axis" or "ategorical" not in cls}
    args = {key: draw.choice(values) for key, values in table.items() if key == "q" or draw.maybe(0.7)}
    shape = [draw.randint(2, 4) for _ in range(3 if args.get("axis") else draw.randint(2, 3))]
    dtype = draw.choice(["float32", "float64", "float16"] if cls not in SINGLE else ["float32"])
    true, predicted = targets(draw, cls, args, shape, dtype)
    made_case = {"op": name, "module": "losses", "args": [true, predicted], "keys": args, "sources": [1]}
    return (
        {**made_case, "tolerance": 1e-7} if name == "log_cosh" else made_case
    )  # a constant of TensorFlow's is float32


def along_axis(draw: Draw, name: str) -> dict:
    """Crossentropies with classes along another axis than the last."""
    shape = [2, 3, draw.randint(2, 4)]
    one_hot = {**normal(2, shape[2], 3, seed=draw.randint(0, 99)), "simplex": True}
    predicted = uniform(*shape, seed=draw.randint(0, 99), low=0.05)
    keys: dict = {"axis": draw.choice([1, -2])}
    if "binary" not in name and draw.maybe():
        keys["label_smoothing"] = 0.1
    return {
        "op": name,
        "module": "losses",
        "args": [{**one_hot, "shape": shape}, predicted],
        "keys": keys,
        "sources": [1],
    }


def accuracy(draw: Draw, name: str) -> dict:
    rows, inner = draw.randint(2, 5), [draw.randint(2, 3)] if draw.maybe(0.4) else []
    args = {key: draw.choice(values) for key, values in ACCURACIES[name].items() if draw.maybe(0.7)}
    dtype, seed = draw.choice(["float32", "float64", "float16"]), draw.randint(0, 99)
    scores = uniform(rows, *inner, 6, seed=seed, dtype=dtype)
    if name.startswith("sparse"):
        column = [1] if draw.maybe(0.3) else []
        true = integers(rows, *inner, *column, high=6, seed=seed, dtype=draw.choice(["int32", "int64", "float32"]))
    elif name == "binary_accuracy":
        true = integers(rows, *inner, 6, high=2, seed=seed, dtype=draw.choice(["int32", "bool", "float32"]))
    elif "correlation" in name:
        true = normal(rows, *inner, 6, seed=seed, dtype=dtype)
    else:
        true = {**normal(rows, *inner, 6, seed=seed + 1, scale=2.0), "simplex": True}
    return {"op": name, "module": "metrics", "args": [true, scores], "keys": args, "gradient": False}


DRAWN = {
    "normal": {"mean": [0.0, 1.5], "stddev": [1.0, 0.2]},
    "uniform": {"minval": [0.0, -2.0], "maxval": [1.0, 3.0]},
    "truncated_normal": {"mean": [0.0, 1.5], "stddev": [1.0, 0.2]},
    "randint": {},
    "gamma": {},
    "beta": {},
    "binomial": {},
    "categorical": {},
    "shuffle": {},
    "dropout": {},
}


def drawn(draw: Draw, name: str) -> dict:
    """Numbers of an integer seed."""
    shape = draw.choice([[3], [2, 3], [7, 5], [], [1, 130], [2, 3, 4]])
    keys = {key: draw.choice(values) for key, values in DRAWN[name].items() if draw.maybe()}
    keys["seed"] = draw.choice([draw.randint(0, 2**31), draw.randint(0, 99)])
    args: list = [pair(*shape)]
    if name == "randint":
        low = draw.choice([0, -5, 100])
        args += [low, low + draw.choice([2, 10, 1000])]
        keys["dtype"] = draw.choice(["int32", "int64", "uint8" if low == 0 else "int32"])
        if keys["dtype"] == "uint8":
            args[2] = 10
    elif name == "shuffle":
        args = [n(*[6, 4, 3][: draw.randint(1, 3)])]
        if len(args[0]["shape"]) > 1 and draw.maybe():
            keys["axis"] = draw.choice([1, -1])
    elif name == "dropout":
        args = [n(*(shape or [4]), dtype=draw.choice(["float32", "float64", "float16"])), draw.choice([0.2, 0.5, 0.9])]
        if len(shape) > 1 and draw.maybe():
            keys["noise_shape"] = pair(*[shape[0], *[1] * (len(shape) - 1)])
    elif name == "categorical":
        args = [n(draw.randint(1, 3), draw.randint(2, 5)), draw.randint(1, 9)]
        draw.sometimes(keys, "dtype", "int64")
    elif name == "binomial":
        args += [draw.choice([5.0, 40.0, 200.0]), draw.choice([0.1, 0.5, 0.8])]
        if draw.maybe(0.4):
            args = [pair(3, 4), array([0.0, 5.0, 60.0, 200.0]), array([0.3, 0.5, 0.9, 0.02])]
    elif name == "gamma" and draw.maybe(0.3):
        args = [pair(3, 2), array([0.4, 2.0])]
    elif name == "gamma":
        args += [draw.choice([0.5, 2.0, 1.0])]
    elif name == "beta":
        args += [draw.choice([0.5, 2.0]), draw.choice([0.7, 3.0])]
    if name in ("normal", "uniform", "truncated_normal"):
        draw.sometimes(keys, "dtype", draw.choice(["float64", "float16", "bfloat16"]), 0.5)
    return {"op": name, "module": "random", "args": args, "keys": keys, "gradient": False}


NAN, INF = float("nan"), float("inf")
IMAGE = n(2, 7, 5, 3)
WITHOUT_GRADIENT = ("lu_factor", "slice_update", "ctc_decode")  # TensorFlow has none
CALLS: dict[str, list] = {
    "adaptive_average_pool": each("output_size", [3, pair(2, 4)], IMAGE) + each("output_size", [2, 4], n(2, 7, 3)),
    "adaptive_max_pool": each("output_size", [3, pair(2, 4)], IMAGE) + each("output_size", [2, 4], n(2, 7, 3)),
    "ctc_loss": [
        ([i(2, 4, low=1), n(2, 9, 6), array([4, 2], "int32"), array([9, 7], "int32")], {}),
        ([i(1, 3, low=1), n(1, 8, 5), array([3], "int32"), array([8], "int32")], {"mask_index": 0}),
    ],
    "ctc_decode": [
        ([n(2, 6, 5), array([6, 4], "int32")], {"strategy": "greedy"}),
        ([n(2, 6, 5), array([6, 4], "int32")], {"strategy": "greedy", "merge_repeated": False}),
        ([n(2, 5, 4), array([5, 3], "int32")], {"strategy": "beam_search", "beam_width": 8, "top_paths": 2}),
        ([n(2, 6, 5, scale=3.0), array([6, 5], "int32")], {"strategy": "greedy", "mask_index": 0}),
    ],
    "fold": [
        ([n(2, 12, 9), pair(4, 4), pair(2, 2)], {}),
        ([n(1, 8, 4), pair(4, 4), pair(2, 2)], {"stride": 2}),
        ([n(1, 18, 4), pair(4, 5), pair(3, 3)], {"stride": pair(2, 3), "padding": 1}),
        ([n(1, 4, 4), pair(4, 4), pair(2, 2)], {"dilation": 2}),
    ],
    "allclose": [
        ([n(3), n(3)], {}),
        ([n(3), n(3, seed=2)], {}),
        ([array([1.0, NAN]), array([1.0, NAN])], {}),
        ([array([1.0, NAN]), array([1.0, NAN])], {"equal_nan": True}),
        ([array([1.0, 2.0]), array([1.01, 2.01])], {"rtol": 0.02}),
    ],
    "append": [
        ([n(2, 3), n(2)], {}),
        ([n(2, 3), n(1, 3)], {"axis": 0}),
        ([i(2, 2), n(2, 1)], {"axis": -1}),
    ],
    "argpartition": [([array([4.0, 1.0, 3.0]), 1], {}), ([array([[2, 1], [5, 7]], "int32"), 1], {"axis": -1})],
    "bitwise_invert": [([x], {}) for x in (i(4, low=-3), i(4, dtype="uint8"), i(3, dtype="int64"), mask(4))],
    "bitwise_not": [([i(4, low=-3)], {}), ([i(2, 2, dtype="int8")], {})],
    "broadcast_to": [([n(3), pair(2, 3)], {}), ([n(2, 1), pair(2, 4)], {}), ([i(1), pair(3, 2)], {})],
    "fabs": [([n(4)], {}), ([i(4, low=-4)], {}), ([n(3, dtype="float16")], {})],
    "get_item": [([n(3, 4), 1], {}), ([n(3, 4), -1], {})],
    "identity": [([3], {}), ([2], {"dtype": "int32"}), ([2], {"dtype": "float16"})],
    "lu_factor": [([array([[4.0, 1.0], [1.0, 3.0]])], {}), ([n(3, 3)], {}), ([n(2, 3, 3, dtype="float64")], {})],
    "ones": [([pair(2, 3)], {}), ([pair(2)], {"dtype": "int32"}), ([pair()], {"dtype": "bool"})],
    "zeros": [([pair(2, 3)], {}), ([pair(2)], {"dtype": "int64"}), ([pair()], {"dtype": "bfloat16"})],
    "pinv": [([n(3, 4)], {}), ([n(4, 2, dtype="float64")], {}), ([array([[1.0, 2.0], [2.0, 4.0]])], {})],
    "qr": [([n(3, 3)], {}), ([n(4, 2)], {}), ([n(4, 2, dtype="float64")], {"mode": "complete"})],
    "svd": [([array([[3.0, 1.0], [1.0, 2.0]])], {"compute_uv": False}), ([n(3, 2)], {"compute_uv": False})],
    "segment_min": [
        ([n(6), array([0, 0, 1, 1, 3, 3], "int32")], {"num_segments": 4}),
        ([n(4, 2), array([1, 0, 1, 0], "int32")], {"num_segments": 2}),
        ([i(5), array([0, 0, 1, 2, 2], "int32")], {"num_segments": 3}),
    ],
    "segment_prod": [
        ([n(6), array([0, 0, 1, 1, 3, 3], "int32")], {"num_segments": 4}),
        ([n(4, 2), array([1, 0, 1, 0], "int32")], {"num_segments": 2}),
    ],
    "slice_update": [
        ([n(4, 5), array([1, 2], "int32"), n(2, 3)], {}),
        ([n(6), array([2], "int32"), n(2, seed=4)], {}),
    ],
    "view": [([n(4)], {"dtype": "int32"}), ([i(4)], {"dtype": "float32"}), ([n(2, 4)], {"dtype": "uint8"})],
    "stop_gradient": [([n(3)], {})],
}
# numbers that Keras's torch backend had wrong until 2026, by the number of the issue
FIXED_IN_2026: dict[int, list] = {
    22876: [
        ("conv_transpose", [n(1, 5, 4, 2), n(k, k, 3, 2)], {"strides": s, "padding": "same"})
        for k in (3, 5)
        for s in (2, 3)
    ]
    + [("conv_transpose", [n(1, 6, 2), n(3, 4, 2)], {"strides": 2, "padding": "same"})],
    23233: [
        (op, [n(1, size, size + 1, 2), k], {"strides": s, "padding": "same"})
        for op in ("max_pool", "average_pool")
        for size, k, s in ((5, 2, 2), (6, 3, 2), (7, 4, 3), (5, 3, 1))
    ],
    23230: [
        ("pad", [n(3, 4), pair(pair(2, 1), pair(3, 3))], {"mode": "symmetric"}),
        ("pad", [n(2, 3, 2), pair(pair(0, 0), pair(2, 2), pair(1, 1))], {"mode": "symmetric"}),
        ("pad", [i(4), pair(pair(3, 2))], {"mode": "reflect"}),
    ],
    23219: [
        ("cross", [n(3, 4), n(3, 4, seed=2)], {"axis": 0}),
        ("cross", [n(2, 3, 4), n(2, 3, 4, seed=2)], {"axis": 1}),
        ("cross", [n(3, 4), n(4, 3)], {"axisa": 0, "axisb": 1, "axisc": 0}),
        ("cross", [n(2, 4), n(2, 4, seed=2)], {"axisa": 0, "axisb": 0}),
    ],
    23247: [
        ("dot", [n(2, 3, 4), n(4)], {}),
        ("dot", [n(2, 3, 4), n(2, 4, 3)], {}),
        ("dot", [n(4), n(2, 4, 3)], {}),
        ("dot", [i(2, 3), i(3, 2, dtype="int64")], {}),
    ],
    23249: [
        ("average", [n(2, 3, 4)], {"axis": pair(0, 2)}),
        ("average", [i(2, 3)], {"axis": 0, "weights": i(2, low=1)}),
        ("average", [n(2, 3)], {"weights": uniform(2, 3)}),
        ("average", [n(2, 3, 4)], {"axis": 1, "weights": uniform(3)}),
    ],
    23013: [
        ("median", [n(6)], {}),
        ("median", [n(4, 6)], {"axis": 1}),
        ("median", [n(2, 3, 4)], {"axis": pair(0, 2)}),
        ("median", [i(2, 4)], {"axis": 1, "keepdims": True}),
        ("nanmedian", [array([3.0, NAN, 1.0, 2.0, 5.0])], {}),
    ],
    22907: [
        (op, [i(2, 3, 4, high=2, low=0)], {"axis": axis, "keepdims": keep})
        for op in ("all", "any")
        for axis, keep in ((pair(0, 2), False), (pair(1, 2), True), (pair(0, 1, 2), False))
    ]
    + [("prod", [n(2, 3, 4)], {"axis": axis}) for axis in (pair(0, 1), pair(-1, 0), pair(0, 1, 2))],
    23064: [
        ("divide_no_nan", [array([1.0, 0.0, -2.0]), array([0.0, 0.0, 4.0])], {}),
        ("divide_no_nan", [array([1.0, 0.0], "float64"), array([0.0, 3.0], "float64")], {}),
    ],
    23093: [
        ("normalize", [array([[0.0, 0.0], [3.0, 4.0]])], {"axis": 1}),
        ("normalize", [array([[0.0, 0.0], [3.0, 4.0]])], {"order": 1}),
        ("normalize", [array([[1e-20, 0.0], [3.0, -4.0]])], {"order": 2}),
    ],
    23135: [
        (op, [array(values)], {})
        for op in ("cumsum", "cumprod")
        for values in ([1.0, NAN, 2.0], [1.0, INF, 2.0], [INF, -INF, 0.0], [[0.0, INF], [1.0, NAN]])
    ]
    + [("cumsum", [array([[1.0, NAN], [INF, 2.0]])], {"axis": a}) for a in (0, 1)],
    23157: [
        ("hypot", [array([0.0, 3.0, -0.0, INF, 1e-30]), array([0.0, -4.0, 2.0, 1.0, 1e-30])], {}),
        ("hypot", [array([1e200, 3.0], "float64"), array([1e200, 4.0], "float64")], {}),
        ("hypot", [i(3), i(3, seed=2)], {}),
    ],
    22821: [
        (
            op,
            [{"float16": n(3, dtype="float16"), "int32": i(3, low=1), "uint8": i(3, low=1, dtype="uint8")}[d], value],
            {},
        )
        for op in ("add", "multiply", "maximum", "true_divide", "subtract")
        for d, value in (("float16", 2.5), ("float16", 2), ("int32", 1.5), ("uint8", 2), ("int32", True))
    ],
    22137: [
        (op, [n(3, dtype=a), n(3, dtype=b, seed=2)], {})
        for op in ("add", "multiply", "maximum")
        for a, b in (("float16", "bfloat16"), ("bfloat16", "float16"))
    ]
    + [
        ("concatenate", [[n(2, dtype=a), n(2, dtype=b)]], {})
        for a, b in (("float16", "bfloat16"), ("bfloat16", "float16"), ("float16", "int32"), ("bfloat16", "float64"))
    ],
    20804: [("conv", [n(1, 9, 9, 64, scale=30.0), n(3, 3, 64, 2, seed=2)], {"padding": "same"})],
}
SHUFFLES = [("shuffle", [n(3, 5)], {"axis": axis, "seed": seed}) for axis in (-1, 0, 1) for seed in (3, 1337)]


def cases() -> list[dict]:
    """All cases, by name."""
    made_cases = []
    for names, plan, count in ((LOSSES, loss, 8), (ACCURACIES, accuracy, 8), (DRAWN, drawn, 12)):
        for name in names:
            for number in range(count):
                made_cases.append({"id": f"{name}-{number}", **plan(Draw(f"f-{name}-{number}"), name)})
    for name in LOSSES:
        if name.endswith(BY_AXIS) and not name.startswith("sparse"):
            for number in range(3):
                made_cases.append({"id": f"{name}-axis{number}", **along_axis(Draw(f"{name}-axis{number}"), name)})
    for name, calls in CALLS.items():
        for number, (args, keys) in enumerate(calls):
            made_case = {"id": f"{name}-call{number}", "op": name, "args": args, "keys": keys}
            without = name in WITHOUT_GRADIENT or keys.get("mode") == "complete"
            made_cases.append({**made_case, "gradient": False} if without else made_case)
    for issue, calls in FIXED_IN_2026.items():
        for number, (name, args, keys) in enumerate(calls):
            made_cases.append({"id": f"keras{issue}-{name}{number}", "op": name, "args": args, "keys": keys})
    for number, (name, args, keys) in enumerate(SHUFFLES):
        call = {"op": name, "module": "random", "args": args, "keys": keys, "gradient": False}
        made_cases.append({"id": f"keras23119-{name}{number}", **call})
    return made_cases
