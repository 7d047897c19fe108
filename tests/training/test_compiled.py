"""Losses and metrics bound to outputs: names, structures, what "accuracy" means."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training_checks import PLAIN, X, Y, assert_logs

import kerasish as keras
from kerasish import layers, losses, metrics, models, ops, utils
from kerasish.training.compiled import CompiledLoss, CompiledMetrics, Outputs, as_metric

# targets' shape, predictions' shape, the class that "accuracy" is (Keras 3.15)
SHAPES = [
    ((4,), (4, 1), "BinaryAccuracy"),
    ((4, 1), (4, 1), "BinaryAccuracy"),
    ((4,), (4,), "BinaryAccuracy"),
    ((4,), (4, 3), "SparseCategoricalAccuracy"),
    ((4, 1), (4, 3), "SparseCategoricalAccuracy"),
    ((4, 3), (4, 3), "CategoricalAccuracy"),
    ((4, 5), (4, 5, 3), "SparseCategoricalAccuracy"),
    ((4, 5, 1), (4, 5, 3), "SparseCategoricalAccuracy"),
    ((4, 5, 3), (4, 5, 3), "CategoricalAccuracy"),
    ((4, 5, 1), (4, 5, 1), "BinaryAccuracy"),
]


@pytest.mark.parametrize(("target", "prediction", "kind"), SHAPES)
@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_goes_by_the_shapes_and_keeps_its_name(target, prediction, kind, name):
    metric = as_metric(name, torch.zeros(target), torch.zeros(prediction))
    assert (type(metric).__name__, metric.name) == (kind, name)


def test_names_in_logs_are_as_written():
    def mine(y_true, y_pred):
        return y_true

    found = [
        as_metric(m, torch.zeros(2), torch.zeros(2)).name for m in ("mse", "AUC", mine, metrics.MeanSquaredError())
    ]
    assert found == ["mse", "AUC", "mine", "mean_squared_error"]


def bound(specs, weighted=None, names=("a", "b"), count=2):
    compiled = CompiledMetrics(specs, weighted, lambda: list(names) if names else None)
    parts = [torch.zeros(2, 1)] * count
    compiled.raw_update(parts if count > 1 else parts[0], parts if count > 1 else parts[0])
    return [name for name, _ in compiled.named()]


@pytest.mark.parametrize(
    ("specs", "weighted", "names", "expected"),
    [
        ([["mae"], ["mse"]], None, ("a", "b"), ["a_mae", "b_mse"]),
        (["mae", "mse"], None, ("a", "b"), ["a_mae", "b_mse"]),
        (["mae"], None, ("a", "b"), ["a_mae", "b_mae"]),
        ("mae", None, ("a", "b"), ["a_mae", "b_mae"]),
        ({"b": "mae"}, None, ("a", "b"), ["b_mae"]),
        ([None, ["mae"]], None, ("a", "b"), ["b_mae"]),
        ([["mse", "mae"], []], None, ("a", "b"), ["a_mae", "a_mse"]),
        ({"a": ["mae"]}, {"a": ["mae"], "b": ["mae"]}, ("a", "b"), ["a_mae", "a_weighted_mae", "b_mae"]),
        ([["mae"], ["mae"]], None, None, ["mae", "mae_1"]),
    ],
)
def test_metrics_of_several_outputs_have_keras_names(specs, weighted, names, expected):
    assert bound(specs, weighted, names) == expected


@pytest.mark.parametrize(
    ("specs", "weighted", "expected"),
    [
        (["mse", "mae"], None, ["mse", "mae"]),
        (["mae", "mae"], None, ["mae", "mae_1"]),
        (["mae"], ["mae"], ["mae", "weighted_mae"]),
        ([["mae", "mse"]], None, ["mae", "mse"]),
        ({"a": ["mae"]}, None, ["mae"]),
        ([], None, []),
    ],
)
def test_metrics_of_one_output_have_no_prefix(specs, weighted, expected):
    assert bound(specs, weighted, ("a",), 1) == expected


@pytest.mark.parametrize(
    ("loss", "weights", "error"),
    [
        ({"c": "mse"}, None, "names an output that the model does not have: 'c'"),
        (["mse"] * 3, None, "does not fit the model's outputs"),
        (["mse"] * 2, [1.0], "2 losses and 1 weights"),
        (["mse"] * 2, {"z": 1.0}, "names an output that the model does not have: 'z'"),
    ],
)
def test_losses_that_do_not_fit_the_outputs_are_errors(loss, weights, error):
    compiled = CompiledLoss(loss, weights, lambda: ["a", "b"])
    with pytest.raises(ValueError, match=error):
        compiled.total([torch.zeros(2, 1)] * 2, [torch.zeros(2, 1)] * 2, None)


def test_a_loss_without_its_target_is_an_error():
    compiled = CompiledLoss(["mse", "mse"], None, lambda: ["a", "b"])
    with pytest.raises(ValueError, match="Output 'b' has a loss but was given no target"):
        compiled.total({"a": torch.zeros(2, 1)}, [torch.zeros(2, 1)] * 2, None)


@given(st.lists(st.floats(0, 5), min_size=2, max_size=4), st.integers(0, 2**31))
@settings(deadline=None, max_examples=20)
def test_the_total_is_the_weighted_sum(weights, seed):
    torch.manual_seed(seed)
    targets = [torch.randn(5, 2) for _ in weights]
    outputs = [torch.randn(5, 2) for _ in weights]
    compiled = CompiledLoss("mse", weights, lambda: None)
    expected = sum(w * float(((t - p) ** 2).mean()) for w, t, p in zip(weights, targets, outputs))
    assert float(compiled.total(targets, outputs, None)) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    each = [float(((t - p) ** 2).mean()) for t, p in zip(targets, outputs)]
    assert [float(m.raw_result()) for m in compiled.trackers] == pytest.approx(each, rel=1e-4)


def test_outputs_spread_by_name_alias_and_place():
    outputs = Outputs({"k1": 1, "k0": 2}, ["first", "second"])
    assert outputs.names == ["k1", "k0"]
    assert outputs.spread({"k0": "x"}, "y") == [None, "x"]
    assert outputs.spread({"first": "x"}, "y") == ["x", None]
    assert outputs.spread(["x", "z"], "y") == ["x", "z"]
    assert outputs.spread("x", "loss", broadcast=True) == ["x", "x"]
    with pytest.raises(ValueError, match="one entry for each of"):
        outputs.spread("x", "y")


class Two(models.Model):
    """A subclass with several outputs, which have no names."""

    def __init__(self, kind):
        super().__init__()
        self.a = layers.Dense(1, kernel_initializer="ones")
        self.b = layers.Dense(2, kernel_initializer="ones")
        self.kind = kind

    def call(self, x):
        return {"z": self.a(x), "c": self.b(x)} if self.kind == "dict" else (self.a(x), self.b(x))


def test_a_subclass_with_a_dict_of_outputs():
    model = Two("dict")
    y = {"z": Y, "c": X[:, :2]}
    model.compile("sgd", {"z": "mse", "c": "mae"}, metrics={"z": ["mae"]})
    expected = {
        "c_loss": [1.18139, 1.16939],
        "loss": [7.088, 6.3596],
        "z_loss": [5.36694, 4.70928],
        "z_mae": [2.1136, 1.981],
    }
    assert_logs(model.fit(X, y, **PLAIN).history, expected)
    assert model.evaluate(X, y, verbose=0) == pytest.approx([5.853, 4.6486, 1.2044, 1.8852], rel=1e-4)


def test_a_subclass_with_a_tuple_of_outputs_names_losses_by_themselves():
    model = Two("tuple")
    model.compile("sgd", ["mse", "mae"], metrics=[["mae"], ["mse"]])
    expected = {
        "loss": [7.088, 6.3596],
        "mae": [2.1136, 1.981],
        "mae_loss": [1.18139, 1.16939],
        "mse": [2.2641, 2.2228],
        "mse_loss": [5.36694, 4.70928],
    }
    assert_logs(model.fit(X, (Y, X[:, :2]), **PLAIN).history, expected)
    assert isinstance(model.predict(X, verbose=0), tuple)


def test_masks_reach_losses_and_weighted_metrics_alone():
    prediction = torch.tensor([[[1.0], [3.0]]])
    prediction._keras_mask = torch.tensor([[True, False]])
    target = torch.zeros(1, 2, 1)
    for reduction in ("sum", "sum_over_batch_size"):  # the mean is over the steps that count
        compiled = CompiledLoss(losses.MeanSquaredError(reduction=reduction), None, lambda: None)
        assert float(compiled.total(target, prediction, None)) == 1.0


def test_a_model_s_metrics_are_the_loss_and_one_for_all():
    x = layers.Input((3,))
    model = models.Model(x, layers.Dense(1)(x))
    model.compile("sgd", "mse", metrics=["mae"])
    assert [m.name for m in model.metrics] == ["loss", "compile_metrics"]
    assert np.isscalar(model.evaluate(X, Y, verbose=0)[1])


class Contrastive(losses.Loss):
    """A loss that is its ``__call__``, as some of Keras's own examples are."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        rows = utils.normalize(y_pred, axis=1, order=2)
        return ops.mean(ops.square(ops.matmul(rows, ops.transpose(rows)) - 0.5))


def test_a_loss_s_own_call_is_what_training_uses():
    x = layers.Input((3,))
    model = models.Model(x, layers.Dense(2, kernel_initializer="identity")(x))
    loss = Contrastive()
    model.compile("sgd", loss)
    before = float(loss(None, model(X)))
    assert float(model.train_on_batch(X, Y)) == pytest.approx(before, rel=1e-5)
    assert float(loss(None, model(X))) < before


@pytest.mark.parametrize(
    ("loss", "y", "metrics"),
    [
        (["mse", None], np.ones((8, 2)), None),
        (["mse", None], [np.ones((8, 2))], ["mae", None]),
        ({"a": "mse"}, np.ones((8, 2)), {"a": "mae"}),
    ],
)
def test_outputs_without_a_loss_need_no_targets(loss, y, metrics):
    inputs = keras.Input((4,))
    a = keras.layers.Dense(2, name="a", kernel_initializer="zeros")(inputs)
    model = keras.Model(inputs, [a, keras.layers.Dense(3, name="b", trainable=False)(a)])
    model.compile(keras.optimizers.SGD(0.0), loss=loss, metrics=metrics)
    logs = model.fit(np.ones((8, 4)), y, verbose=0).history
    assert logs["loss"] == [1.0]
    assert metrics is None or logs["a_mae"] == [1.0]
    scores = model.evaluate(np.ones((8, 4)), y, verbose=0, return_dict=True)
    assert scores["loss"] == 1.0


def test_targets_for_some_of_several_losses_are_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [keras.layers.Dense(2)(inputs), keras.layers.Dense(2)(inputs)])
    model.compile("sgd", loss=["mse", "mse"])
    with pytest.raises(ValueError, match="does not fit"):
        model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)


@pytest.mark.parametrize("metric", ["sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"])
def test_targets_that_a_metric_cannot_take_are_a_value_error(metric):
    model = models.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("sgd", lambda y_true, y_pred: ops.mean(y_pred), metrics=[metric])
    with pytest.raises(ValueError, match="size|dimension"):
        model.fit(np.ones((8, 4)), np.zeros((8, 2)), verbose=0)
