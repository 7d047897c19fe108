"""Random calls of losses: reductions, sample weights, masks, dtypes, arguments."""

from __future__ import annotations

from case_values import array, integers, made, mask, normal, uniform
from plan_layers import Draw

ARGUMENTS = {
    "BinaryCrossentropy": {"from_logits": [True, False], "label_smoothing": [0.0, 0.1, 0.3], "axis": [-1, 1]},
    "BinaryFocalCrossentropy": {
        "from_logits": [True, False],
        "label_smoothing": [0.0, 0.2],
        "gamma": [1.0, 2.0, 3.5],
        "apply_class_balancing": [True, False],
        "alpha": [0.25, 0.6],
    },
    "CategoricalCrossentropy": {"from_logits": [True, False], "label_smoothing": [0.0, 0.1], "axis": [-1, 1]},
    "CategoricalFocalCrossentropy": {"from_logits": [True, False], "label_smoothing": [0.0, 0.1], "gamma": [2.0, 0.5]},
    "SparseCategoricalCrossentropy": {"from_logits": [True, False], "ignore_class": [None, 0, 1, -1]},
    "CategoricalGeneralizedCrossEntropy": {"q": [0.5, 0.9, 0.1]},
    "Huber": {"delta": [1.0, 0.3, 2.0]},
    "CosineSimilarity": {"axis": [-1, 1]},
    "Dice": {"axis": [None, [1], [1, 2]]},
    "Tversky": {"alpha": [0.5, 0.3], "beta": [0.5, 0.8], "axis": [None, [1]]},
    "Circle": {"gamma": [80.0, 3.0], "margin": [0.4, 0.1], "remove_diagonal": [True, False]},
}
CLASSES = [
    *(
        "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError LogCosh Huber"
    ).split(),
    *("Hinge SquaredHinge CategoricalHinge KLDivergence Poisson CosineSimilarity Dice Tversky Circle CTC").split(),
    *("BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy").split(),
    *("SparseCategoricalCrossentropy CategoricalGeneralizedCrossEntropy").split(),
]
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]
PROBABILITIES = ("Crossentropy", "CrossEntropy", "KLDivergence", "Dice", "Tversky")


def targets(draw: Draw, name: str, args: dict, shape: list, dtype: str) -> tuple[dict, dict]:
    """True and predicted values that suit the loss."""
    seed = draw.randint(0, 99)
    if name == "CTC":
        return integers(2, 3, low=1, high=5, seed=seed), normal(2, 7, 6, seed=seed + 1, dtype=dtype)
    if name == "Circle":
        rows = draw.randint(4, 7)
        return integers(rows, high=3, seed=seed), normal(rows, 3, seed=seed + 1, dtype=dtype)
    if name.startswith(("SparseCategoricalCross", "CategoricalGeneralized")):
        low = -1 if args.get("ignore_class") == -1 else 0
        labels = integers(
            *shape[:-1], low=low, high=shape[-1], seed=seed, dtype=draw.choice(["int32", "int64", "float32"])
        )
    elif "Categorical" in name and name != "CategoricalHinge":
        labels = {**normal(*shape, seed=seed, scale=2.0, dtype=dtype), "simplex": True}
    elif name == "KLDivergence":
        labels = uniform(*shape, seed=seed, dtype=dtype)
    elif name in ("Hinge", "SquaredHinge"):
        labels = integers(*shape, low=draw.choice([0, -1]), high=2, seed=seed, dtype="float32")
    elif name.startswith("Binary") or name in ("Dice", "Tversky", "CategoricalHinge"):
        labels = integers(*shape, high=2, seed=seed, dtype=draw.choice(["float32", "int32", "bool", dtype]))
    elif name in ("Poisson", "MeanSquaredLogarithmicError"):
        labels = {**normal(*shape, seed=seed, dtype=dtype), "positive": True}
    else:
        labels = normal(*shape, seed=seed, dtype=draw.choice([dtype, "float32", "int32"]), scale=2.0)
    if any(word in name for word in PROBABILITIES) and not args.get("from_logits"):
        predicted = uniform(*shape, seed=seed + 1, dtype=dtype, low=0.02, high=0.98)
        if "Categorical" in name and draw.maybe():
            predicted = {**normal(*shape, seed=seed + 1, dtype=dtype), "simplex": True}
    elif name == "Poisson":
        predicted = {**normal(*shape, seed=seed + 1, dtype=dtype), "positive": True}
    else:
        predicted = normal(*shape, seed=seed + 1, dtype=dtype, scale=2.0)
    return labels, predicted


def plan(draw: Draw, name: str) -> dict:
    args = {key: draw.choice(values) for key, values in ARGUMENTS.get(name, {}).items() if draw.maybe(0.7)}
    draw.sometimes(args, "reduction", draw.choice(REDUCTIONS), 0.7)
    draw.sometimes(args, "dtype", draw.choice(["float64", "float16", "bfloat16"]), 0.2 if name != "CTC" else 0)
    shape = [draw.randint(2, 4) for _ in range(draw.randint(1, 4))]
    if args.get("axis") or "ategorical" in name:
        shape = [draw.randint(2, 4) for _ in range(3 if args.get("axis") else draw.randint(2, 3))]
    labels, predicted = targets(draw, name, args, shape, draw.choice(["float32", "float32", "float32", "float64"]))
    made_case = {"object": made("losses", name, **args), "true": labels, "predicted": predicted}
    if name not in ("Circle", "CTC"):
        if (
            draw.maybe(0.2) and len(shape) > 1 and name not in ("Dice", "CategoricalGeneralizedCrossEntropy")
        ):  # a column
            made_case["true"] = {**labels, "shape": [*labels["shape"], 1]}
        extras(draw, made_case, shape)
    return made_case


def extras(draw: Draw, made_case: dict, shape: list) -> None:
    """Sample weights and masks of the losses' rank: where they have fewer dimensions Keras 3 multiplies from the back."""
    if draw.maybe(0.6):
        rank = max(1, len(shape) - 1)
        weights = [*shape[:rank]]
        if draw.maybe(0.2):
            weights += [1]
        made_case["weight"] = draw.choice([uniform(*weights, seed=5), integers(*weights, high=3, seed=5), array(0.7)])
    if draw.maybe(0.25) and len(shape) > 1:
        made_case["mask"] = mask(*shape[:-1], seed=draw.randint(0, 99))


EXTREMES = {
    "BinaryCrossentropy": ([[0.0, 1.0, 0.0, 1.0]], [[0.0, 1.0, 1.0, 0.0]]),
    "CategoricalCrossentropy": ([[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]),
    "KLDivergence": ([[0.0, 1.0]], [[1.0, 0.0]]),
    "LogCosh": ([[0.0, 0.0]], [[200.0, -200.0]]),
    "MeanAbsolutePercentageError": ([[0.0, 1e-9]], [[1.0, 1.0]]),
    "CosineSimilarity": ([[0.0, 0.0], [1.0, 2.0]], [[1.0, 2.0], [0.0, 0.0]]),
    "Poisson": ([[0.0, 2.0]], [[0.0, 1e-9]]),
    "MeanSquaredLogarithmicError": ([[0.0, -2.0]], [[-1.0, 3.0]]),
}


def cases() -> list[dict]:
    """All cases of all losses, by name."""
    made_cases = []
    for name in CLASSES:
        for number in range(18 if name in ARGUMENTS else 10):
            made_cases.append({"id": f"{name}-{number}", **plan(Draw(f"{name}-{number}"), name)})
    for name, (true, predicted) in EXTREMES.items():
        data = {"true": array(true), "predicted": array(predicted)}
        made_cases.append({"id": f"{name}-extreme", "object": made("losses", name, reduction="none"), **data})
    for name, (true, _) in list(EXTREMES.items())[:2]:
        data = {"true": array(true), "predicted": array([[-300.0, 300.0, 90.0, 0.0][: len(true[0])]])}
        args = {"reduction": "none", "from_logits": True}
        made_cases.append({"id": f"{name}-extreme-logits", "object": made("losses", name, **args), **data})
    return made_cases
