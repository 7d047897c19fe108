"""Losses, metrics and targets for outputs in any structure; names in logs are those that Keras 3.15 gave."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.training.outputs import Outputs

RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=(12, 3)).astype("float32")
A, B, C = (RANDOM.rand(12, n).astype("float32") for n in (1, 3, 2))


def _model(pack):
    inputs = keras.Input((3,))
    parts = [keras.layers.Dense(n, kernel_initializer="ones", name=f"o{i}") for i, n in enumerate((1, 3, 2), 1)]
    return keras.Model(inputs, pack(*[part(inputs) for part in parts]))


def _losses(model, y, **spec):
    model.compile("sgd", **spec)
    return model.evaluate(X, y, verbose=0, return_dict=True)


def _mean(y, power):
    error = np.abs(np.sum(X, -1, keepdims=True) - y)
    return float(np.mean(error**power))


DEEP = {
    "list in dict": (lambda a, b, c: {"k": [a, b], "a": c}, ["a_loss", "k/o1_loss", "k/o2_loss"]),
    "dict in dict": (lambda a, b, c: {"x": {"u": a, "v": b}, "w": c}, ["w_loss", "x/u_loss", "x/v_loss"]),
    "list in list": (lambda a, b, c: [[a, b], c], ["0/o1_loss", "0/o2_loss", "o3_loss"]),
    "dict in list": (lambda a, b, c: [a, {"b": b, "c": c}], ["1/b_loss", "1/c_loss", "o1_loss"]),
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("one", [True, False])
def test_losses_follow_structures_within_structures(name, one):
    pack, names = DEEP[name]
    logs = _losses(_model(pack), pack(A, B, C), loss="mse" if one else pack("mse", "mse", "mse"), metrics=None)
    assert sorted(logs) == sorted([*names, "loss"])
    assert logs["loss"] == pytest.approx(_mean(A, 2) + _mean(B, 2) + _mean(C, 2), rel=1e-5)


def test_metrics_and_weights_follow_structures_within_structures():
    pack = DEEP["list in dict"][0]
    weights = pack(0.5, 2.0, 1.0)
    logs = _losses(_model(pack), pack(A, B, C), loss="mse", loss_weights=weights, metrics=pack("mae", None, ["mae"]))
    assert logs["loss"] == pytest.approx(0.5 * _mean(A, 2) + 2 * _mean(B, 2) + _mean(C, 2), rel=1e-5)
    assert logs["o1_mae"] == pytest.approx(_mean(A, 1), rel=1e-5)
    assert logs["o3_mae"] == pytest.approx(_mean(C, 1), rel=1e-5)


def test_an_output_may_have_several_losses():
    logs = _losses(_model(lambda a, b, c: [a, b]), [A, B], loss=[["mse", "mae"], "mse"], loss_weights=[1.0, 0.5, 2.0])
    assert logs["loss"] == pytest.approx(_mean(A, 2) + 0.5 * _mean(A, 1) + 2 * _mean(B, 2), rel=1e-5)


def test_one_output_has_one_loss():
    with pytest.raises(ValueError, match="one loss"):
        _losses(_model(lambda a, b, c: a), A, loss=["mse", "mae"])


def test_targets_may_be_given_for_outputs_with_a_loss_alone():
    logs = _losses(_model(lambda a, b, c: [a, b, c]), [B], loss=[None, "mse", None], metrics=[[], ["mae"], []])
    assert logs["loss"] == pytest.approx(_mean(B, 2), rel=1e-5)
    assert logs["o2_mae"] == pytest.approx(_mean(B, 1), rel=1e-5)


def test_metrics_of_one_output_may_have_any_keys():
    logs = _losses(_model(lambda a, b, c: a), A, loss="mse", metrics={"whatever": ["mae"]})
    assert sorted(logs) == ["loss", "mae"]


@pytest.mark.parametrize(
    ("shape", "kind"), [((6, 1), "Binary"), ((6,), "SparseCategorical"), ((6, 3), "Categorical")], ids=str
)
@pytest.mark.parametrize("name", ["crossentropy", "CE"])
def test_crossentropy_is_chosen_by_the_shapes(name, shape, kind):
    width = 1 if kind == "Binary" else 3
    model = keras.Sequential([keras.layers.Dense(width, "softmax" if width > 1 else "sigmoid")])
    labels = np.array([0, 1, 1, 0, 1, 0])
    y = np.eye(3, dtype="float32")[labels] if shape == (6, 3) else labels.reshape(shape)
    model.compile("sgd", loss=name)
    found = model.evaluate(X[:6], y, verbose=0)
    expected = getattr(keras.losses, f"{kind}Crossentropy")()(y, model(X[:6]))
    assert found == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("value", [{"nope": 1}, [1, 2, 3, 4], {"k": [1, 2, 3]}], ids=str)
def test_what_does_not_have_the_structure_is_refused(value):
    outputs = Outputs({"k": [1, 2], "a": 3}, ["o3", "o1", "o2"])
    with pytest.raises(ValueError, match="does not have the structure of the model's outputs"):
        outputs.spread(value, "loss", broadcast=True)


def test_deep_outputs_go_by_name_place_and_one_for_all():
    outputs = Outputs({"k": [1, 2], "a": 3}, ["o3", "o1", "o2"])
    assert outputs.spread({"o1": "x"}, "loss") == [None, "x", None]
    assert outputs.spread(["x", "y", "z"], "loss") == ["x", "y", "z"]
    assert outputs.spread({"k": "x"}, "loss", broadcast=True) == [None, "x", "x"]


def test_losses_that_are_functions_are_named_as_these():
    class Two(keras.Model):
        def __init__(self):
            super().__init__("two")
            self.first, self.second = keras.layers.Dense(1), keras.layers.Dense(1)

        def call(self, x):
            return self.first(x), self.second(x)

    def myLoss(y_true, y_pred):  # noqa: N802
        return (y_true - y_pred) ** 2

    model = Two()
    assert model.name == "two"
    model.compile("sgd", [myLoss, lambda y_true, y_pred: y_true - y_pred])
    history = model.fit(np.ones((4, 2)), [np.ones((4, 1))] * 2, verbose=0).history
    assert sorted(history) == ["lambda_loss", "loss", "my_loss_loss"]
