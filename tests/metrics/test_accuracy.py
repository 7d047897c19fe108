"""Accuracies: functions and metrics, ties, ranks and dtypes."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import metrics


@pytest.mark.parametrize(
    ("name", "y", "p", "options", "expected"),
    [
        ("binary_accuracy", [1, 0, 1], [0.6, 0.6, 0.5], {}, [1, 0, 0]),
        ("binary_accuracy", [[1], [0]], [0.6, 0.6], {}, [[1], [0]]),
        ("binary_accuracy", [[1, 0], [1, 1]], [[0.6, 0.5], [0.2, 0.9]], {"threshold": 0.1}, [[1, 0], [1, 1]]),
        ("categorical_accuracy", [[1, 0], [0, 1]], [[0.6, 0.5], [0.2, 0.9]], {}, [1, 1]),
        ("categorical_accuracy", [[[1, 0], [0, 1]]], [[[0.6, 0.5], [0.2, 0.1]]], {}, [[1, 0]]),
        ("sparse_categorical_accuracy", [0, 1], [[0.6, 0.5], [0.2, 0.9]], {}, [1, 1]),
        ("sparse_categorical_accuracy", [[0], [1]], [[0.6, 0.5], [0.9, 0.9]], {}, [1, 0]),
        ("sparse_categorical_accuracy", [[[0], [1]]], [[[0.6, 0.5], [0.2, 0.1]]], {}, [[1, 0]]),
        ("top_k_categorical_accuracy", [[0, 0, 1]], [[0.5, 0.5, 0.5]], {"k": 1}, [1]),  # ties count
        ("top_k_categorical_accuracy", [[0, 0, 1]], [[0.5, 0.6, 0.4]], {"k": 2}, [0]),
        ("sparse_top_k_categorical_accuracy", [2, 0], [[0.5, 0.6, 0.4], [0.1, 0.2, 0.3]], {"k": 2}, [0, 0]),
        ("sparse_top_k_categorical_accuracy", [[[2], [0]]], [[[1, 2, 3], [3, 2, 1.0]]], {"k": 1}, [[[1], [1]]]),
        (
            "sparse_top_k_categorical_accuracy",
            [2, 0],
            [[1, 2, 0], [1, 2, 0]],
            {"k": 2, "from_sorted_ids": True},
            [1, 0],
        ),
    ],
)
def test_accuracy_of_each_prediction(name, y, p, options, expected):
    values = getattr(metrics, name)(np.array(y), np.array(p), **options)
    assert values.dtype == "float32"
    assert values.numpy().tolist() == expected


def test_accuracy_compares_whole_numbers_exactly():
    big = np.array([2**24 + 1])
    assert float(metrics.Accuracy()(big, big - 1)) == 0.0
    assert float(metrics.Accuracy()([[1], [2], [3]], [1, 2, 4])) == pytest.approx(2 / 3)


def test_accuracy_of_rows_is_averaged_before_it_is_weighted():
    metric = metrics.BinaryAccuracy()
    metric.update_state([[1, 0], [1, 1]], [[0.6, 0.6], [0.9, 0.9]], sample_weight=[3, 1])
    assert float(metric.result()) == (3 * 0.5 + 1) / 4


def test_no_threshold_is_one_half():
    assert metrics.BinaryAccuracy(threshold=None).get_config()["threshold"] == 0.5
    assert metrics.SparseTopKCategoricalAccuracy(k=2).get_config() == {
        "name": "sparse_top_k_categorical_accuracy", "dtype": "float32", "k": 2,
    }  # fmt: skip
    assert metrics.SparseTopKCategoricalAccuracy(from_sorted_ids=True).get_config()["from_sorted_ids"] is True


def test_one_hot_targets_may_be_booleans():
    y = np.array([[True, False], [False, True]])
    p = np.array([[0.3, 0.7], [0.2, 0.8]], "float32")
    for metric, expected in (
        (keras.metrics.CategoricalAccuracy(), 0.5),
        (keras.metrics.TopKCategoricalAccuracy(k=1), 0.5),
        (keras.metrics.OneHotMeanIoU(2), 0.25),
    ):
        metric.update_state(y, p)
        assert float(metric.result()) == expected
