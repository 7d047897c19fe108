"""IoU family, F-scores, R²: rules, edges and bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import metrics
from kerasish.core.errors import InvalidArgumentError


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 4), st.integers(0, 10_000))
def test_confusion_matrix_counts_pairs_of_classes(classes, seed):
    rng = np.random.default_rng(seed)
    y, p = rng.integers(-1, classes + 1, (2, 3, 4))  # some of them are no classes
    metric = metrics.MeanIoU(classes)
    metric.update_state(y, p)
    expected = np.zeros((classes, classes), int)
    for t, q in zip(y.ravel(), p.ravel()):
        if 0 <= t < classes and 0 <= q < classes:
            expected[t, q] += 1
    np.testing.assert_array_equal(metric.total_cm, expected)
    hits = np.diag(expected)
    union = expected.sum(0) + expected.sum(1) - hits
    present = union > 0
    iou = (hits[present] / union[present]).mean() if present.any() else 0.0
    np.testing.assert_allclose(metric.result(), iou, rtol=1e-5)


def test_fractional_weights_count():
    metric = metrics.IoU(num_classes=2, target_class_ids=[0])
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    assert metric.total_cm.dtype == "int64"
    metric.reset_state()
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.3, 0.3, 0.3, 0.1])
    np.testing.assert_allclose(metric.total_cm, [[0.3, 0.3], [0.3, 0.1]])
    np.testing.assert_allclose(metric.result(), 0.3 / 0.9, rtol=1e-6)


def test_weights_of_samples_count_for_their_entries():
    metric = metrics.MeanIoU(2)
    metric.update_state([[0, 1], [1, 1]], [[0, 1], [1, 0]], sample_weight=[2, 3])
    assert metric.total_cm.numpy().tolist() == [[2, 0], [3, 5]]


def test_ignored_class_and_dense_inputs():
    metric = metrics.MeanIoU(2, ignore_class=255)
    metric.update_state([0, 255, 1], [0, 0, 1])
    assert metric.total_cm.numpy().tolist() == [[1, 0], [0, 1]]
    metric = metrics.MeanIoU(3, sparse_y_true=False, sparse_y_pred=False, axis=1)
    y, p = np.random.default_rng(0).random((2, 2, 3, 4))
    metric.update_state(y, p)
    assert metric.total_cm.numpy().sum() == 8
    metric = metrics.BinaryIoU(threshold=0.4)
    metric.update_state([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
    assert metric.total_cm.numpy().tolist() == [[1, 1], [1, 1]]


def test_iou_bad_input_is_told():
    with pytest.raises(ValueError, match="`num_classes` must be an integer"):
        metrics.IoU("abc", [0])
    with pytest.raises(ValueError, match=r"Target class id 2 is out of range, which is \[0, 2\)"):
        metrics.IoU(2, [2])
    with pytest.raises(InvalidArgumentError, match=r"Incompatible shapes: \[3\] vs. \[2\]"):
        metrics.MeanIoU(3).update_state([0, 1, 2], [0, 1])
    with pytest.raises(InvalidArgumentError, match="sample_weight"):
        metrics.MeanIoU(3).update_state([0, 1, 2], [0, 1, 2], sample_weight=[1.0, 2.0])


# F-scores -------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6), st.integers(1, 4), st.floats(0.1, 3.0), st.integers(0, 10_000))
def test_f_beta_of_counts(batch, classes, beta, seed):
    rng = np.random.default_rng(seed)
    y, p, w = rng.integers(0, 2, (batch, classes)), rng.random((batch, classes)), rng.random(batch) + 0.1
    metric = metrics.FBetaScore(beta=beta, threshold=0.5, dtype="float64")
    metric.update_state(y, p, sample_weight=w)
    chosen, w = p > 0.5, w[:, None]
    tp, fp, fn = (w * chosen * y).sum(0), (w * chosen * (1 - y)).sum(0), (w * ~chosen * y).sum(0)
    denominator = (1 + beta**2) * tp + beta**2 * fn + fp
    expected = np.divide((1 + beta**2) * tp, denominator, out=np.zeros(classes), where=denominator > 0)
    np.testing.assert_allclose(metric.result(), expected, atol=1e-5)


def test_f1_without_a_threshold_takes_the_largest_and_never_zeros():
    metric = metrics.F1Score()
    assert metric.variables == []
    assert float(metric.result()) == 0.0
    metric.update_state([[1, 0], [0, 1]], [[0.5, 0.5], [0.0, 0.0]])
    assert metric.true_positives.numpy().tolist() == [1.0, 0.0]
    assert metric.false_positives.numpy().tolist() == [0.0, 1.0]
    assert [v.path for v in metric.variables] == [
        f"{metric.name}/{name}"
        for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: metrics.F1Score(average="x"), "Invalid `average` argument value. Expected one of: .* average=x"),
        (lambda: metrics.F1Score(threshold=1), "should be a Python float. Received: threshold=1 of type '<class 'int'>'"),
        (lambda: metrics.F1Score(threshold=1.5), "should verify 0 < threshold <= 1. Received: threshold=1.5"),
        (lambda: metrics.FBetaScore(beta=-1.0), "Invalid `beta` argument value. It should be > 0"),
        (lambda: metrics.R2Score(class_aggregation="x"), "Invalid value for argument `class_aggregation`"),
        (lambda: metrics.R2Score(num_regressors=-1), "Expected a value >= 0. Received: num_regressors=-1"),
        (lambda: metrics.F1Score().update_state([1, 0], [0.5, 0.1]), r"FBetaScore expects 2D inputs .* y_pred.shape=\(2,\)"),
        (lambda: metrics.R2Score().update_state([1.0], [0.5]), "R2Score expects 2D inputs"),
    ],
)  # fmt: skip
def test_scores_bad_arguments_are_told(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_r2_of_a_known_regression():
    y, p = np.array([[1.0], [4.0], [3.0]]), np.array([[2.0], [4.0], [4.0]])
    assert float(metrics.R2Score(dtype="float64")(y, p)) == pytest.approx(4 / 7)
    assert float(metrics.R2Score(num_regressors=1, dtype="float64")(y, p)) == pytest.approx(1 - 3 / 7 * 2)
    assert float(metrics.R2Score()(np.ones((3, 1)), p)) == 0.0  # nothing to explain
    for regressors, words in ((2, "Division by zero"), (5, "More independent predictors than datapoints")):
        with pytest.warns(UserWarning, match=words):
            assert float(metrics.R2Score(num_regressors=regressors, dtype="float64")(y, p)) == pytest.approx(4 / 7)


def test_correlations_of_known_vectors():
    y, p = np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), np.array([[2.0, 4.0, 6.0], [1.0, 2.0, 3.0]])
    np.testing.assert_allclose(metrics.pearson_correlation(y, p), [1.0, np.nan], atol=1e-12)
    # 2·cov / (var + var + distance²) = 2·(4/3) / (2/3 + 8/3 + 4)
    np.testing.assert_allclose(metrics.concordance_correlation(y, p), [(8 / 3) / (22 / 3), 0.0], rtol=1e-6)
    np.testing.assert_allclose(metrics.pearson_correlation(y.T, p.T, axis=0), [1.0, np.nan], atol=1e-12)
