"""Random sequences of updates of metrics."""

from __future__ import annotations

from case_values import integers, made, normal, uniform
from plan_layers import Draw
from plan_losses import targets

FROM_LOSSES = {
    "MeanSquaredError": {},
    "MeanAbsoluteError": {},
    "MeanAbsolutePercentageError": {},
    "MeanSquaredLogarithmicError": {},
    "RootMeanSquaredError": {},
    "LogCoshError": {},
    "Hinge": {},
    "SquaredHinge": {},
    "CategoricalHinge": {},
    "KLDivergence": {},
    "Poisson": {},
    "CosineSimilarity": {"axis": [-1, 1]},
    "BinaryCrossentropy": {"from_logits": [True, False], "label_smoothing": [0, 0.2]},
    "CategoricalCrossentropy": {"from_logits": [True, False], "label_smoothing": [0, 0.2]},
    "SparseCategoricalCrossentropy": {"from_logits": [True, False]},
    "R2Score": {"class_aggregation": ["uniform_average", "variance_weighted_average", None], "num_regressors": [0, 1]},
    "PearsonCorrelation": {},
    "ConcordanceCorrelation": {},
}
THRESHOLDS = [None, 0.3, [0.2, 0.5, 0.9], [0.5]]
BINARY = {
    "BinaryAccuracy": {"threshold": [0.5, 0.3, 0.8]},
    "Precision": {"thresholds": THRESHOLDS, "top_k": [None, None, 1, 2], "class_id": [None, None, 0, 1]},
    "Recall": {"thresholds": THRESHOLDS, "top_k": [None, None, 1, 2], "class_id": [None, None, 0, 1]},
    "TruePositives": {"thresholds": THRESHOLDS},
    "FalsePositives": {"thresholds": THRESHOLDS},
    "TrueNegatives": {"thresholds": THRESHOLDS},
    "FalseNegatives": {"thresholds": THRESHOLDS},
    "AUC": {
        "curve": ["ROC", "PR", "PRGAIN"],
        "summation_method": ["interpolation", "minoring", "majoring"],
        "num_thresholds": [200, 5, 50],
        "multi_label": [False, False, True],
        "from_logits": [False, False, True],
        "thresholds": [None, None, [0.2, 0.6]],
    },
    "PrecisionAtRecall": {"recall": [0.3, 0.6], "num_thresholds": [200, 7]},
    "RecallAtPrecision": {"precision": [0.3, 0.6], "num_thresholds": [200, 7]},
    "SensitivityAtSpecificity": {"specificity": [0.3, 0.6], "num_thresholds": [200, 7]},
    "SpecificityAtSensitivity": {"sensitivity": [0.3, 0.6], "num_thresholds": [200, 7]},
    "F1Score": {"average": [None, "micro", "macro", "weighted"], "threshold": [None, 0.4]},
    "FBetaScore": {"average": [None, "micro", "macro", "weighted"], "threshold": [None, 0.4], "beta": [0.5, 2.0]},
    "BinaryIoU": {"target_class_ids": [[0], [1], [0, 1]], "threshold": [0.5, 0.3]},
}
LABELS = {
    "Accuracy": {},
    "CategoricalAccuracy": {},
    "SparseCategoricalAccuracy": {},
    "TopKCategoricalAccuracy": {"k": [1, 2, 3]},
    "SparseTopKCategoricalAccuracy": {"k": [1, 2, 3]},
    "IoU": {"num_classes": [4], "target_class_ids": [[0], [1, 2], [0, 1, 2, 3]], "ignore_class": [None, 1]},
    "MeanIoU": {"num_classes": [4], "ignore_class": [None, -1]},
    "OneHotIoU": {"num_classes": [4], "target_class_ids": [[0], [1, 2]], "sparse_y_pred": [True, False]},
    "OneHotMeanIoU": {"num_classes": [4], "sparse_y_pred": [True, False]},
}
NEEDED = ("num_classes", "target_class_ids", "recall", "precision", "specificity", "sensitivity")


def arguments(draw: Draw, table: dict) -> dict:
    return {key: draw.choice(values) for key, values in table.items() if key in NEEDED or draw.maybe(0.6)}


def from_loss(draw: Draw, name: str, args: dict) -> list:
    shape = [draw.randint(2, 4) for _ in range(draw.randint(1, 3))]
    if "ategorical" in name or name in ("R2Score", "CosineSimilarity"):
        shape = [draw.randint(2, 4), draw.randint(2, 4)]
    if args.get("num_regressors"):
        shape[0] = 5
    as_loss = "LogCosh" if name == "LogCoshError" else name
    return [(*targets(draw, as_loss, args, shape, "float32"), shape) for _ in range(3)]


def binary(draw: Draw, name: str, args: dict) -> list:
    columns = 3 if args.get("top_k") or args.get("multi_label") or "Score" in name else draw.randint(2, 3)
    shape = [draw.randint(3, 6), columns]
    flat = not (args.get("top_k") or args.get("class_id") is not None or args.get("multi_label") or "Score" in name)
    shape = shape[:1] if flat and draw.maybe(0.4) else shape
    updates = []
    for _ in range(3):
        true = integers(*shape, high=2, seed=draw.randint(0, 999), dtype=draw.choice(["int32", "float32", "bool"]))
        predicted = uniform(*shape, seed=draw.randint(0, 999))
        if args.get("from_logits"):
            predicted = normal(*shape, seed=draw.randint(0, 999))
        updates.append((true, predicted, shape))
    return updates


def labels(draw: Draw, name: str, args: dict) -> list:
    rows, updates = draw.randint(3, 6), []
    inner = [draw.randint(2, 3)] if draw.maybe(0.3) else []
    for _ in range(3):
        seed = draw.randint(0, 999)
        classes = integers(rows, *inner, high=4, seed=seed, dtype=draw.choice(["int32", "float32", "int64"]))
        scores = normal(rows, *inner, 4, seed=seed + 1)
        one_hot = {**normal(rows, *inner, 4, seed=seed + 2, scale=2.0), "simplex": True}
        if name.startswith("Sparse"):
            true, predicted = classes, scores
        elif name in ("Accuracy", "IoU", "MeanIoU"):
            true, predicted = classes, integers(rows, *inner, high=4, seed=seed + 1)
        elif args.get("sparse_y_pred"):
            true, predicted = one_hot, integers(rows, *inner, high=4, seed=seed + 1)
        else:
            true, predicted = one_hot, scores
        updates.append((true, predicted, [rows, *inner, 4]))
    return updates


def weights(draw: Draw, name: str, shape: list, weighted: bool) -> dict | None:
    if not weighted or name.endswith(("Correlation", "IoU")) or (name == "R2Score" and len(shape) < 2):
        return None
    rank = 1 if "Score" in name or len(shape) < 3 or draw.maybe() else 2
    return uniform(*shape[:rank], seed=draw.randint(0, 99), high=2.0)


def values(draw: Draw, name: str) -> dict:
    """Mean and Sum take values."""
    shape = [draw.randint(1, 4) for _ in range(draw.randint(0, 3))]
    updates = []
    for _ in range(3):
        update = {"true": normal(*shape, seed=draw.randint(0, 99), dtype=draw.choice(["float32", "int32", "float64"]))}
        if draw.maybe():
            update["weight"] = uniform(*shape[: draw.randint(0, len(shape))], seed=draw.randint(0, 99))
        updates.append(update)
    return {"object": made("metrics", name), "updates": updates}


def plan(draw: Draw, name: str) -> dict:
    if name in ("Mean", "Sum"):
        return values(draw, name)
    for table, make in ((FROM_LOSSES, from_loss), (BINARY, binary), (LABELS, labels)):
        if name in table:
            args = arguments(draw, table[name])
            weighted = draw.maybe(0.5)
            rows = make(draw, name, args)
            break
    updates = []
    for true, predicted, shape in rows:
        update = {"true": true, "predicted": predicted}
        weight = weights(draw, name, shape, weighted)
        updates.append({**update, "weight": weight} if weight else update)
    return {"object": made("metrics", name, **args), "updates": updates}


def cases() -> list[dict]:
    """All cases of all metrics, by name."""
    names = ["Mean", "Sum", *FROM_LOSSES, *BINARY, *LABELS]
    many = {"AUC": 16, "Precision": 14, "Recall": 14, "F1Score": 10, "FBetaScore": 10, "R2Score": 10}
    return [
        {"id": f"{name}-{number}", **plan(Draw(f"{name}-{number}"), name)}
        for name in names
        for number in range(many.get(name, 6))
    ]
