"""Counts at thresholds, precision, recall, AUC and the rates at a rate: rules, edges and bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import metrics
from kerasish.core.errors import InvalidArgumentError
from kerasish.metrics.confusion import COUNTS, count_all, count_each


def oracle(labels, p, weight, thresholds):
    positive = p[None] > np.asarray(thresholds, "float32")[:, None]
    true = labels[None].astype(bool)
    cells = (positive & true, positive & ~true, ~positive & ~true, ~positive & true)
    return [(cell * weight).sum(1) for cell in cells]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 30), st.integers(2, 12), st.booleans(), st.booleans(), st.integers(0, 10_000))
def test_counts_by_buckets_equal_counts_by_comparison(n, thresholds, evenly, weighted, seed):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) > 0.5
    p = (rng.random(n) if seed % 2 else np.round(rng.random(n) * 4) / 4).astype("float32")
    weight = rng.random(n) if weighted else np.ones(n)
    inner = np.arange(1, thresholds - 1) / (thresholds - 1) if evenly else np.sort(rng.random(thresholds - 2))
    values = np.array([-1e-7, *inner, 1 + 1e-7])
    tensors = torch.from_numpy(labels), torch.from_numpy(p), torch.from_numpy(weight) if weighted else None
    device_thresholds = torch.from_numpy(values).float()
    by_buckets = count_all(*tensors, device_thresholds, evenly)
    by_comparison = count_each(*tensors, device_thresholds, COUNTS)
    for bucketed, compared, expected in zip(by_buckets, by_comparison, oracle(labels, p, weight, values)):
        np.testing.assert_allclose(compared, expected, rtol=1e-9)
        np.testing.assert_allclose(bucketed, expected, rtol=1e-6, atol=1e-9)


def test_predictions_outside_of_the_unit_interval_count_as_its_ends():
    metric = metrics.AUC(num_thresholds=5)
    metric.update_state([0, 1, 0, 0], [-1.0, 0.25, 0.5, 1.5], sample_weight=[1, 2, 3, 4])
    assert metric.false_positives.numpy().tolist() == [8, 7, 4, 4, 0]
    assert metric.true_positives.numpy().tolist() == [2, 0, 0, 0, 0]


def test_prediction_of_zero_is_above_no_threshold_that_starts_at_zero():
    metric = metrics.SensitivityAtSpecificity(0.5, num_thresholds=3)
    metric.update_state([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    assert metric.false_positives.numpy().tolist() == [2, 1, 0]
    assert metric.true_negatives.numpy().tolist() == [1, 2, 3]
    assert float(metric.result()) == 0.5


def test_nan_predictions_do_no_harm():
    metric = metrics.AUC(num_thresholds=5)
    metric.update_state([0, 1], [float("nan"), 0.5])
    assert sum(float(getattr(metric, count).numpy()[0]) for count in COUNTS) == 2.0


def test_any_label_but_zero_is_a_positive():
    for metric in (metrics.TruePositives(), metrics.AUC(num_thresholds=3)):
        metric.update_state([0.3, 1.0, 0.0], [0.9, 0.9, 0.9])
        assert metric.variables[0].numpy()[0] == 2.0


def test_several_thresholds_give_several_results():
    metric = metrics.Precision(thresholds=[0.2, 0.7])
    metric.update_state([1, 0, 1, 0], [0.9, 0.5, 0.3, 0.1])
    np.testing.assert_allclose(metric.result(), [2 / 3, 1.0])
    assert metrics.Recall().result().numpy() == 0.0
    assert metrics.FalsePositives(thresholds=[0.1, 0.2]).result().numpy().tolist() == [0.0, 0.0]


def test_top_k_takes_the_first_of_equal_predictions():
    metric = metrics.Precision(top_k=1)
    metric.update_state([[0, 1, 1], [1, 0, 1]], [[0.6, 0.7, 0.7], [0.2, 0.5, 0.4]])
    assert float(metric.result()) == 0.5
    assert metric.thresholds == [-1e10]
    metric = metrics.Recall(top_k=9, thresholds=0.5)  # more than there are
    metric.update_state([[0, 1]], [[0.6, 0.4]])
    assert float(metric.result()) == 0.0


def test_class_id_chooses_one_column_of_targets_predictions_and_weights():
    y, p = np.array([[0, 1], [1, 1], [0, 0]]), np.array([[0.9, 0.8], [0.1, 0.2], [0.3, 0.6]])
    w = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    metric = metrics.Precision(class_id=1)
    metric.update_state(y, p)
    assert float(metric.result()) == 0.5
    metric.reset_state()
    metric.update_state(y, p, sample_weight=w)
    assert float(metric.result()) == 2 / 8
    with pytest.raises(InvalidArgumentError, match="slice index 5 of dimension 1 out of bounds"):
        metrics.Recall(class_id=5).update_state(y, p)


@pytest.mark.parametrize("weight", [[1.0, 2.0], [[1.0], [2.0]], [[1.0, 1.0], [2.0, 2.0]]])
def test_weights_belong_to_samples_or_to_entries(weight):
    metric = metrics.TruePositives()
    metric.update_state([[1, 1], [1, 0]], [[0.9, 0.9], [0.9, 0.9]], sample_weight=weight)
    assert float(metric.result()) == 4.0


@pytest.mark.parametrize("weight", [[1.0, 2.0], [[1.0], [2.0]]])
def test_weights_of_vectors_may_be_columns(weight):
    metric = metrics.TruePositives()
    metric.update_state([1, 1], [0.9, 0.9], sample_weight=weight)
    assert float(metric.result()) == 3.0


# AUC ------------------------------------------------------------------------------------------------------------------


def test_area_of_a_known_ranking():
    metric = metrics.AUC(num_thresholds=3)
    metric.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    assert float(metric.result()) == 0.75
    metric.reset_state()
    metric.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9], sample_weight=[1, 0, 0, 1])
    assert float(metric.result()) == 1.0
    assert float(metrics.AUC().result()) == 0.0


def test_thresholds_given_evenly_are_recognized():
    metric = metrics.AUC(thresholds=[0.5, 0.25, 0.75])
    assert metric._evenly
    assert metric.thresholds == [-1e-7, 0.25, 0.5, 0.75, 1 + 1e-7]
    assert metric.get_config()["thresholds"] == [0.25, 0.5, 0.75]
    assert metric.get_config()["num_thresholds"] == 5
    assert not metrics.AUC(thresholds=[0.5, 0.6])._evenly


def test_labels_have_areas_of_their_own():
    y = np.array([[0, 1], [1, 1], [1, 0], [0, 0]])
    p = np.array([[0.1, 0.9], [0.9, 0.8], [0.8, 0.2], [0.3, 0.1]])
    metric = metrics.AUC(multi_label=True)
    assert metric.variables == []
    assert float(metric.result()) == 0.0
    metric.update_state(y, p)
    assert [tuple(v.shape) for v in metric.variables] == [(200, 2)] * 4
    singles = [metrics.AUC()(y[:, i], p[:, i]) for i in range(2)]
    np.testing.assert_allclose(metric.result(), np.mean(singles), rtol=1e-6)
    weighted = metrics.AUC(multi_label=True, num_labels=2, label_weights=[1.0, 3.0])
    np.testing.assert_allclose(weighted(y, p), np.average(singles, weights=[1, 3]), rtol=1e-6)
    with pytest.raises(ValueError, match="`y_pred` must have rank 2 when `multi_label=True`. Found rank 1"):
        weighted.update_state(y[:, 0], p[:, 0])
    with pytest.raises(ValueError, match="made for 2 labels"):
        weighted.update_state(np.ones((2, 3)), np.ones((2, 3)))


def test_label_weights_without_multi_label_weigh_predictions():
    y, p = np.array([[0, 1], [1, 1]]), np.array([[0.1, 0.9], [0.9, 0.8]])
    metric = metrics.AUC(label_weights=[0.25, 0.75], num_thresholds=3)
    metric.update_state(y, p)
    assert metric.true_positives.numpy()[0] == 0.25 + 0.75 + 0.75


def test_logits_are_squashed():
    y, logits = [0, 1, 1, 0], np.array([-2.0, 3.0, 0.5, 0.7], "float32")
    probabilities = 1 / (1 + np.exp(-logits))
    assert float(metrics.AUC(from_logits=True)(y, logits)) == float(metrics.AUC()(y, probabilities))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: metrics.Precision(thresholds=1.5), r"Threshold values must be in \[0, 1\]. Received: \[1.5\]"),
        (lambda: metrics.TruePositives(thresholds=[0.1, -1]), r"Received: \[-1\]"),
        (lambda: metrics.AUC(num_thresholds=1), "`num_thresholds` must be an integer > 1. Received: num_thresholds=1"),
        (
            lambda: metrics.AUC(curve="x"),
            r'Invalid AUC curve value: "x". Expected values are \["PR", "ROC", "PRGAIN"\]',
        ),
        (lambda: metrics.AUC(summation_method="x"), 'Invalid AUC summation method value: "x"'),
        (lambda: metrics.AUC(num_labels=3), "`num_labels` is needed only when `multi_label` is True"),
        (lambda: metrics.AUC(label_weights=[1.0, -1.0]), "must be non-negative"),
        (lambda: metrics.PrecisionAtRecall(2), r"Argument `recall` must be in the range \[0, 1\]. Received: recall=2"),
        (lambda: metrics.SensitivityAtSpecificity(-1), "`specificity` must be in the range"),
        (lambda: metrics.SpecificityAtSensitivity(2), "`sensitivity` must be in the range"),
        (lambda: metrics.RecallAtPrecision(0.5, num_thresholds=0), "`num_thresholds` must be an integer > 0"),
    ],
)
def test_bad_arguments_are_told(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("metric", [metrics.AUC, metrics.Precision, metrics.FalseNegatives])
def test_shapes_that_do_not_fit_are_told(metric):
    with pytest.raises(InvalidArgumentError, match=r"Incompatible shapes: \[2,3\] vs. \[2,2\]"):
        metric().update_state(np.ones((2, 3)), np.ones((2, 2)))
    with pytest.raises(InvalidArgumentError, match="values and `sample_weight`"):
        metric().update_state(np.ones((2, 3)), np.ones((2, 3)), sample_weight=np.ones(5))
