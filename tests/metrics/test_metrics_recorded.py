"""Every metric over three batches, with and without weights: numbers recorded from Keras 3.15."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import metrics

WEIGHT = np.array([1.0, 2.0, 0.0, 0.5], "float32")


def _wave(a, b):
    return (0.5 + 0.5 * np.sin(a * np.arange(12) + b)).reshape(4, 3).astype("float32")


def _classes(i):
    return (np.arange(4) * 5 + i) % 3


BATCHES = {
    "values": lambda i: (_wave(1.7, i) * 2 - 0.5, _wave(2.3, i + 0.5)),
    "binary": lambda i: ((np.arange(12) * (i + 1) % 3 == 0).astype("float32").reshape(4, 3), _wave(1.7, i)),
    "onehot": lambda i: (np.eye(3, dtype="float32")[_classes(i)], _wave(1.1, i) + 0.05),
    "sparse": lambda i: (_classes(i), _wave(1.1, i) + 0.05),
    "classes": lambda i: (_classes(i), (np.arange(4) * 2 + i * i) % 3),
}
RECORDED = [  # metric, batches, arguments, result, result with weights
    ("MeanSquaredError", "values", {}, 0.5749142, 0.760373),
    ("RootMeanSquaredError", "values", {}, 0.758231, 0.8719937),
    ("MeanAbsoluteError", "values", {}, 0.6420856, 0.7625881),
    ("MeanAbsolutePercentageError", "values", {}, 143.8793, 146.7582),
    ("MeanSquaredLogarithmicError", "values", {}, 0.1701606, 0.2338069),
    ("LogCoshError", "values", {}, 0.2459067, 0.318457),
    ("CosineSimilarity", "values", {}, 0.5740597, 0.4446189),
    ("PearsonCorrelation", "values", {}, 0.1141179, -0.2739805),
    ("ConcordanceCorrelation", "values", {}, 0.07505953, -0.2345058),
    ("Hinge", "binary", {}, 1.000202, 0.8736249),
    ("SquaredHinge", "binary", {}, 1.397069, 1.170527),
    ("CategoricalHinge", "onehot", {}, 1.231244, 1.402863),
    ("KLDivergence", "binary", {}, 2.629797, 2.730951),
    ("Poisson", "binary", {}, 1.398077, 1.455907),
    ("BinaryCrossentropy", "binary", {}, 1.666286, 1.699573),
    ("CategoricalCrossentropy", "onehot", {}, 1.317581, 1.545073),
    ("SparseCategoricalCrossentropy", "sparse", {}, 1.31936, 1.543291),
    ("Accuracy", "classes", {}, 0.6666667, 0.5),
    ("BinaryAccuracy", "binary", {}, 0.4444444, 0.468254),
    ("BinaryAccuracy", "binary", {"threshold": 0.3}, 0.4444444, 0.4603175),
    ("CategoricalAccuracy", "onehot", {}, 0.3333333, 0.1666667),
    ("SparseCategoricalAccuracy", "sparse", {}, 0.3333333, 0.1666667),
    ("TopKCategoricalAccuracy", "onehot", {"k": 2}, 0.6666667, 0.6190476),
    ("SparseTopKCategoricalAccuracy", "sparse", {"k": 2}, 0.6666667, 0.6190476),
    ("TruePositives", "binary", {}, 9.0, 20.5),
    ("FalsePositives", "binary", {"thresholds": [0.2, 0.8]}, [12.0, 6.0], [17.5, 8.0]),
    ("TrueNegatives", "binary", {}, 7.0, 9.0),
    ("FalseNegatives", "binary", {"thresholds": [0.2, 0.8]}, [6.0, 15.0], [12.5, 29.5]),
    ("Precision", "binary", {}, 0.5, 0.6307693),
    ("Precision", "binary", {"top_k": 2}, 0.5, 0.6071429),
    ("Precision", "binary", {"class_id": 1, "thresholds": 0.3}, 0.375, 0.4545455),
    ("Recall", "binary", {}, 0.45, 0.4880952),
    ("Recall", "binary", {"thresholds": [0.2, 0.8]}, [0.7, 0.25], [0.702381, 0.297619]),
    ("AUC", "binary", {}, 0.403125, 0.3928571),
    ("AUC", "binary", {"curve": "PR"}, 0.4846173, 0.5798674),
    ("AUC", "binary", {"curve": "PRGAIN", "num_thresholds": 11}, -0.1225818, -0.1258072),
    ("AUC", "binary", {"summation_method": "minoring", "num_thresholds": 5}, 0.290625, 0.3129252),
    (
        "AUC",
        "binary",
        {"curve": "PR", "summation_method": "majoring", "thresholds": [0.1, 0.2, 0.7]},
        0.5089133,
        0.6278729,
    ),
    ("AUC", "binary", {"multi_label": True, "num_labels": 3}, 0.3333333, 0.2222222),
    ("AUC", "binary", {"multi_label": True, "label_weights": [0.2, 0.3, 0.5], "curve": "PR"}, 0.5350373, 0.5601002),
    ("AUC", "values", {"from_logits": True}, 0.6201299, 0.4387755),
    ("SensitivityAtSpecificity", "binary", {"specificity": 0.6}, 0.3, 0.4404762),
    ("SpecificityAtSensitivity", "binary", {"sensitivity": 0.6, "num_thresholds": 5}, 0.25, 0.1666667),
    ("PrecisionAtRecall", "binary", {"recall": 0.6}, 0.5625, 0.6864407),
    ("RecallAtPrecision", "binary", {"precision": 0.4, "num_thresholds": 1}, 0.45, 0.4880952),
    ("F1Score", "onehot", {}, [0.2499999, 0.5714285, 0.2222222], [0.0, 0.3333333, 0.1538461]),
    ("F1Score", "onehot", {"average": "micro"}, 0.3333333, 0.1666666),
    ("FBetaScore", "binary", {"average": "macro", "beta": 2.0, "threshold": 0.5}, 0.4880536, 0.4681368),
    ("F1Score", "binary", {"average": "weighted", "threshold": 0.4}, 0.5666667, 0.6173503),
    ("R2Score", "values", {}, -0.2007051, -0.8779117),
    (
        "R2Score",
        "values",
        {"class_aggregation": None},
        [-0.1585224, -0.2555008, -0.188092],
        [-0.04711473, -1.481888, -1.104733],
    ),
    (
        "R2Score",
        "values",
        {"class_aggregation": "variance_weighted_average", "num_regressors": 2},
        -0.2729571,
        -0.91689,
    ),
    ("IoU", "classes", {"num_classes": 3, "target_class_ids": [0, 2]}, 0.5, None),
    ("MeanIoU", "classes", {"num_classes": 3, "ignore_class": 1}, 0.3833333, None),
    ("BinaryIoU", "binary", {"threshold": 0.6}, 0.2413793, None),
    ("OneHotIoU", "onehot", {"num_classes": 3, "target_class_ids": [1]}, 0.3999999, None),
    ("OneHotMeanIoU", "onehot", {"num_classes": 3}, 0.2226191, None),
]


def run(metric, batches, weighted):
    for i in range(3):
        y_true, y_pred = BATCHES[batches](i)
        if isinstance(metric, metrics.AUC) and batches == "values":
            y_true = (y_true > 0.3).astype("float32")
        metric.update_state(y_true, y_pred, sample_weight=WEIGHT * (i + 1) if weighted else None)
    return metric.result().numpy()


@pytest.mark.parametrize(("name", "batches", "arguments", "plain", "weighted"), RECORDED)
@pytest.mark.parametrize("dtype", [None, "float64"])
def test_result_of_three_batches_is_the_recorded_one(name, batches, arguments, plain, weighted, dtype):
    dtype = {} if dtype is None or name.endswith("IoU") else {"dtype": dtype}
    metric = getattr(metrics, name)(**arguments, **dtype)
    np.testing.assert_allclose(run(metric, batches, False), plain, rtol=2e-6, atol=5e-7)
    metric.reset_state()
    assert all(not np.any(v.numpy()) for v in metric.variables)
    if weighted is not None:
        np.testing.assert_allclose(run(metric, batches, True), weighted, rtol=2e-6, atol=5e-7)


@pytest.mark.parametrize(("name", "arguments"), [(row[0], row[2]) for row in RECORDED])
def test_config_makes_an_equal_metric(name, arguments):
    metric = getattr(metrics, name)(**arguments, name="mine")
    config = metric.get_config()
    assert config["name"] == "mine"
    assert type(metric).from_config(config).get_config() == config
    data = metrics.serialize(metric)
    assert (data["module"], data["class_name"]) == ("keras.metrics", name)
    assert metrics.deserialize(data).get_config() == config


@pytest.mark.parametrize("name", sorted({row[0] for row in RECORDED}))
def test_batch_of_nothing_changes_nothing(name):
    _, batches, arguments, plain, _ = next(row for row in RECORDED if row[0] == name)
    metric = getattr(metrics, name)(**arguments)
    run(metric, batches, False)
    before = [v.numpy() for v in metric.variables]
    y_true, y_pred = BATCHES[batches](0)
    if name in ("CosineSimilarity", "PearsonCorrelation", "R2Score", "F1Score", "Precision"):
        metric.update_state(y_true[:0], y_pred[:0], sample_weight=np.zeros(0, "float32"))
    else:
        metric.update_state(y_true[:0], y_pred[:0])
    for old, variable in zip(before, metric.variables):
        np.testing.assert_array_equal(old, variable.numpy())
