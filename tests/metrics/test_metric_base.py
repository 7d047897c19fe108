"""Metric, Mean and the wrappers: accumulators, weights, masks, user subclasses, names."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import losses, metrics, ops
from kerasish.core.context import clear_session
from kerasish.core.dtypes import set_default_policy
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor, convert


def masked(values, mask):
    tensor = convert(np.asarray(values))
    tensor._keras_mask = convert(np.asarray(mask))
    return tensor


def state(metric):
    return [v.numpy().tolist() for v in metric.variables]


X = np.array([[1.0, 2.0, 3.0], [5.0, 6.0, 10.0]], "float32")


@pytest.mark.parametrize(
    ("values", "weight", "total", "count"),
    [
        (3.0, None, 3.0, 1.0),
        ([1, 2, 3], None, 6.0, 3.0),
        ([True, False], None, 1.0, 2.0),
        (X, None, 9.0, 2.0),  # a sample's values are averaged first
        (X, [1.0, 2.0], 16.0, 3.0),
        (X, [[1.0], [2.0]], 16.0, 3.0),
        (X, [[1.0, 0.0, 0.0], [0.0, 0.0, 3.0]], 31 / 3, 4 / 3),
        (X, 2.0, 9.0, 2.0),
        (X[..., None], [1.0, 2.0], 16.0, 3.0),
        (X[0], [[1.0], [0.0], [2.0]], 7.0, 3.0),
        (X, [0.0, 0.0], 0.0, 0.0),
        (X[:0], None, 0.0, 0.0),
        (3.0, 2.0, 6.0, 2.0),
        (3.0, [2.0], 6.0, 2.0),
    ],
)
def test_mean_accumulates_weighted_sample_means(values, weight, total, count):
    metric = metrics.Mean()
    metric.update_state(values, sample_weight=weight)
    np.testing.assert_allclose(state(metric), [total, count], rtol=1e-6)
    np.testing.assert_allclose(metric.result(), total / count if count else 0.0, rtol=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=4), st.booleans())
def test_mean_and_sum_over_batches_equal_one_pass(shapes, weighted):
    rng = np.random.default_rng(len(shapes))
    batches = [rng.normal(size=shape) for shape in shapes]
    weights = [rng.random(len(b)) if weighted else np.ones(len(b)) for b in batches]
    mean, total = metrics.Mean(dtype="float64"), metrics.Sum(dtype="float64")
    for values, weight in zip(batches, weights):
        mean.update_state(values, sample_weight=weight if weighted else None)
        total.update_state(values, sample_weight=weight if weighted else None)
    sums = sum((b.mean(1) * w).sum() for b, w in zip(batches, weights))
    np.testing.assert_allclose(mean.result(), sums / sum(w.sum() for w in weights), rtol=1e-10, atol=1e-12)
    everything = sum((b * w[:, None]).sum() for b, w in zip(batches, weights))
    np.testing.assert_allclose(total.result(), everything, rtol=1e-10, atol=1e-12)


def test_masks_multiply_weights():
    t, p = np.zeros((2, 3, 1), "float32"), np.arange(6, dtype="float32").reshape(2, 3, 1)
    mask = [[True, True, False], [True, False, False]]
    metric = metrics.MeanAbsoluteError()
    assert float(metric(t, masked(p, mask))) == pytest.approx((0 + 1 + 3) / 3)
    metric.reset_state()
    assert float(metric(t, masked(p, mask), [1.0, 2.0])) == pytest.approx((0 + 1 + 6) / 4)
    assert float(metrics.Mean()(masked(X, [True, False]))) == 2.0


def test_ignored_class_is_left_out_of_the_metric():
    p = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=-1)
    expected = -(np.log(0.2) + np.log(0.8)) / 2
    assert float(metric(np.array([0, -1, 2]), p)) == pytest.approx(expected)


def test_predictions_of_16_bits_are_widened():
    t, p = np.zeros((1, 1), "float32"), np.full((1, 1), 300.0, "float16")
    assert float(metrics.MeanSquaredError()(t, p)) == 90000.0


def test_saturated_sigmoid_is_computed_from_its_logits():
    p = ops.sigmoid(convert(np.array([[50.0]], "float32")))
    assert float(metrics.BinaryCrossentropy()(np.array([[0.0]]), p)) == 50.0


def test_dtype_is_floatx_whatever_the_policy():
    try:
        set_default_policy("mixed_float16")
        metric = metrics.Mean()
        assert metric.dtype == metric.total.dtype == "float32"
    finally:
        set_default_policy(None)
    assert metrics.Mean(dtype="float64").total.dtype == "float64"


def test_python_numbers_keep_their_precision_in_float64():
    metric = metrics.Mean(dtype="float64")
    metric.update_state(0.1, sample_weight=0.3)
    assert metric.total.numpy() == 0.1 * 0.3


def test_results_and_values_read_before_do_not_change():
    metric = metrics.Sum()
    metric.update_state([1.0])
    result, value = metric.result(), metric.total.value
    metric.update_state([5.0])
    assert (float(result), float(value), float(metric.result())) == (1.0, 1.0, 6.0)


def test_update_records_no_graph():
    x = torch.ones(3, requires_grad=True)
    metric = metrics.Mean()
    metric.update_state(x)
    metric.raw_update(x)
    assert not metric.total.stored.requires_grad


def test_update_reads_nothing_back_to_the_host():
    from torch._subclasses.fake_tensor import FakeTensorMode  # its tensors have no values: reading one fails

    with FakeTensorMode(allow_non_fake_inputs=True):
        y, p, labels = torch.zeros(4, 3), torch.rand(4, 3), torch.zeros(4, dtype=torch.int64)
        for name in (
            "MeanSquaredError", "BinaryAccuracy", "CategoricalAccuracy", "TopKCategoricalAccuracy", "Precision", "Recall",
            "AUC", "F1Score", "R2Score", "OneHotMeanIoU", "Hinge", "PrecisionAtRecall", "BinaryIoU",
        ):  # fmt: skip
            arguments = {"PrecisionAtRecall": (0.5,), "OneHotMeanIoU": (3,)}.get(name, ())
            getattr(metrics, name)(*arguments).raw_update(y, p)
        for name in ("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SparseCategoricalCrossentropy"):
            getattr(metrics, name)().raw_update(labels, p)


# names ----------------------------------------------------------------------------------------------------------------


def test_variables_have_keras_names_and_paths():
    clear_session()
    metric = metrics.AUC(num_thresholds=3)
    assert [v.path for v in metric.variables] == [
        "auc/true_positives", "auc/false_positives", "auc/true_negatives", "auc/false_negatives",
    ]  # fmt: skip
    assert metrics.AUC().name == "auc_1"
    assert metrics.BinaryIoU().name == "binary_io_u"
    assert [v.aggregation for v in metric.variables] == ["sum"] * 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mse", "MeanSquaredError"), ("MSE", "MeanSquaredError"), ("mae", "MeanAbsoluteError"), ("auc", "AUC"),
        ("AUC", "AUC"), ("precision", "Precision"), ("Recall", "Recall"), ("recall", "Recall"), ("bce", "BinaryCrossentropy"),
        ("f1_score", "F1Score"), ("root_mean_squared_error", "RootMeanSquaredError"), ("true_positives", "TruePositives"),
        ("accuracy", "Accuracy"), ("logcosh", "LogCoshError"), ("kullback_leibler_divergence", "KLDivergence"),
        ("cosine_similarity", "CosineSimilarity"), ("r2_score", "R2Score"), ("mean", "Mean"),
        ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"), ("binary_io_u", "BinaryIoU"),
        ("sparse_top_k_categorical_accuracy", "SparseTopKCategoricalAccuracy"),
    ],
)  # fmt: skip
def test_names_mean_metrics(name, expected):
    assert type(metrics.get(name)).__name__ == expected


def test_get_takes_classes_configs_functions_and_none():
    assert isinstance(metrics.get(metrics.AUC), metrics.AUC)
    assert metrics.get({"class_name": "AUC", "config": {"num_thresholds": 7}}).num_thresholds == 7
    assert metrics.get(metrics.mse) is metrics.mean_squared_error
    assert metrics.get("huber") is losses.huber
    assert metrics.get(None) is None
    for wrong in ("precison", 3):
        with pytest.raises(ValueError, match="Could not interpret metric identifier"):
            metrics.get(wrong)
    with pytest.raises(TypeError, match="num_classes"):
        metrics.get("MeanIoU")


def test_wrapper_config_names_its_function():
    metric = metrics.MeanMetricWrapper(losses.huber, name="h", delta=3.0)
    config = metric.get_config()
    assert config["fn"] == {
        "module": "builtins", "class_name": "function", "config": "huber", "registered_name": "function",
    }  # fmt: skip
    again = metrics.MeanMetricWrapper.from_config(config)
    assert float(again(np.zeros((1, 1)), np.full((1, 1), 5.0))) == 3.0 * 5 - 4.5
    assert metrics.CosineSimilarity().get_config() == {"name": "cosine_similarity", "dtype": "float32"}
    assert metrics.CosineSimilarity(axis=0).get_config()["axis"] == 0


# user code ------------------------------------------------------------------------------------------------------------


class BinaryTruePositives(metrics.Metric):
    def __init__(self, name="binary_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_weight(name="tp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        assert isinstance(y_true, Tensor)
        values = ops.cast(ops.logical_and(ops.equal(y_true, 1), ops.equal(y_pred, 1)), self.dtype)
        if sample_weight is not None:
            values = ops.multiply(values, ops.cast(sample_weight, self.dtype))
        self.true_positives.assign(self.true_positives + ops.sum(values))

    def result(self):
        return self.true_positives


def test_user_metric_works_from_tensors_and_from_raw_training_code():
    metric = BinaryTruePositives()
    metric.update_state(convert([0, 1, 1]), convert([0, 1, 1]), convert([1.0, 2.0, 0.5]))
    assert float(metric.result()) == 2.5
    metric.raw_update(torch.tensor([1, 1]), torch.tensor([1, 0]))
    result = metric.raw_result()
    assert type(result) is torch.Tensor
    metric.raw_update(torch.tensor([1]), torch.tensor([1]))
    assert (float(result), float(metric.raw_result())) == (3.5, 4.5)
    metric.reset_states()
    assert float(metric.result()) == 0.0
    assert metric.get_config() == {"name": "binary_true_positives", "dtype": "float32"}
    assert [v.path for v in metric.variables] == ["binary_true_positives/tp"]


class RootAbsolute(metrics.Mean):
    def update_state(self, y_true, y_pred, sample_weight=None):
        assert isinstance(y_true, Tensor)
        return super().update_state(ops.abs(y_true - y_pred), sample_weight=sample_weight)

    def result(self):
        return ops.sqrt(super().result())


def test_subclass_of_a_built_in_metric_reaches_it_by_super():
    metric = RootAbsolute()
    metric.update_state(convert([1.0, 2.0]), convert([2.0, 5.0]))
    assert float(metric.result()) == pytest.approx(2**0.5)
    metric.raw_update(torch.ones(2), torch.zeros(2))
    assert float(metric.raw_result()) == pytest.approx(1.5**0.5)


def test_subclass_of_a_user_metric_may_change_one_half():
    class Doubled(BinaryTruePositives):
        def result(self):
            return 2 * super().result()

    metric = Doubled()
    metric.raw_update(torch.tensor([1]), torch.tensor([1]))
    assert float(metric.raw_result()) == 2.0


def test_metrics_and_variables_in_attributes_are_tracked():
    class Pair(metrics.Metric):
        def __init__(self):
            super().__init__(name="pair")
            self.parts = [metrics.Mean(name="a"), metrics.Sum(name="b")]
            self.own = self.add_variable((2,), "ones", name="own")

        def update_state(self, values):
            for part in self.parts:
                part.update_state(values)

        def result(self):
            return {part.name: part.result() for part in self.parts}

    metric = Pair()
    metric.raw_update(torch.tensor([1.0, 3.0]))
    assert {k: float(v) for k, v in metric.raw_result().items()} == {"a": 2.0, "b": 4.0}
    assert [v.path for v in metric.variables] == ["pair/own", "a/total", "a/count", "b/total"]
    metric.reset_state()
    assert state(metric) == [[0.0, 0.0], 0.0, 0.0, 0.0]


def test_function_of_the_users_gets_tensors_as_they_came():
    seen = []

    def difference(y_true, y_pred):
        seen.append((type(y_true), y_true.dtype.name, y_pred._keras_mask is not None))
        return ops.abs(ops.cast(y_true, "float32") - y_pred)

    metric = metrics.MeanMetricWrapper(difference, name="d")
    metric.update_state(np.array([1, 2]), masked(np.array([1.0, 5.0], "float32"), [False, True]))
    assert seen == [(Tensor, "int64", True)]
    assert float(metric.result()) == 3.0


@pytest.mark.parametrize("arguments", [("w", (2,)), ((2,),)])
def test_add_weight_takes_the_name_or_the_shape_first(arguments):
    metric = metrics.Metric(name="m")
    weight = metric.add_weight(*arguments, initializer="ones")
    assert weight.numpy().tolist() == [1.0, 1.0]
    with pytest.raises(TypeError, match="unexpected keyword argument 'shap'"):
        metric.add_weight(name="x", shap=(2,))


def test_metric_without_methods_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="does not define `update_state`"):
        metrics.Metric(name="m").update_state(1)
    with pytest.raises(NotImplementedError, match="does not define `result`"):
        metrics.Metric(name="m").result()


# copies and stateless use ---------------------------------------------------------------------------------------------


def test_copies_have_their_own_accumulators():
    metric = metrics.Sum()
    metric.update_state([1.0])
    for clone in (copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        clone.update_state([2.0])
        assert clone.variables[0] is clone.total
        assert (float(clone.result()), float(metric.result())) == (3.0, 1.0)


@pytest.mark.parametrize("cls", [metrics.Mean, RootAbsolute])
def test_stateless_use_leaves_the_metric_alone(cls):
    metric = cls()
    arguments = (convert([4.0, 16.0]), convert([0.0, 0.0]))[: 1 if cls is metrics.Mean else 2]
    variables = metric.stateless_update_state(metric.stateless_reset_state(), *arguments)
    assert [float(v) for v in variables] == [20.0, 2.0]
    assert float(metric.stateless_result(variables)) == pytest.approx(10.0 if cls is metrics.Mean else 10**0.5)
    assert state(metric) == [0.0, 0.0]
    with pytest.raises(ValueError, match="metric_variables"):
        metric.stateless_result(variables[:1])


def test_merge_adds_other_metrics_up():
    first, second = metrics.Mean(), metrics.Mean()
    first.update_state([1.0])
    second.update_state([4.0, 4.0])
    first.merge_state([second])
    assert float(first.result()) == 3.0
    with pytest.raises(ValueError, match="not compatible"):
        first.merge_state([metrics.Sum()])


# Keras 2's ------------------------------------------------------------------------------------------------------------


def test_mean_tensor_is_elementwise():
    metric = metrics.MeanTensor()
    metric.update_state([0.0, 1.0, 2.0])
    metric.update_state([4.0, 5.0, 6.0], sample_weight=[1.0, 0.0, 3.0])
    np.testing.assert_allclose(metric.result(), [2.0, 1.0, 5.0])
    with pytest.raises(ValueError, match="must always have the same shape"):
        metric.update_state([1.0])
    with pytest.raises(ValueError, match="does not have any value yet"):
        metrics.MeanTensor().result()


def test_mean_relative_error_divides_by_the_normalizer():
    metric = metrics.MeanRelativeError(normalizer=[1.0, 3.0, 0.0])
    metric.update_state([[1.0, 3.0, 2.0]], [[2.0, 6.0, 9.0]])
    assert float(metric.result()) == pytest.approx((1 + 1 + 0) / 3)
    assert metrics.MeanRelativeError.from_config(metric.get_config()).get_config() == metric.get_config()


@pytest.mark.parametrize(
    ("update", "words"),
    [
        (lambda: metrics.Mean().update_state(X, np.ones(3)), r"Incompatible shapes: \[2,3\] vs. \[3,1\]"),
        (lambda: metrics.MeanSquaredError().update_state(X, X, np.ones((2, 3))), r"\[2\] vs. \[2,3\]"),
        (lambda: metrics.MeanSquaredError().update_state(X, X[:, :2]), r"`y_true` and `y_pred`"),
        (lambda: metrics.BinaryAccuracy().update_state(X, X[:, :2]), r"`y_true` and `y_pred`"),
    ],
)
def test_shapes_that_do_not_fit_are_told(update, words):
    with pytest.raises(InvalidArgumentError, match=words):
        update()


@pytest.mark.parametrize("update", [lambda: metrics.Mean()("a"), lambda: metrics.MeanSquaredError()(["a"], ["b"])])
def test_text_is_no_number(update):
    with pytest.raises(ValueError, match="Text was given where numbers are needed"):
        update()
