"""predict on one batch in memory: nothing between the data and the step, and the same results as the general way."""

import numpy as np
import pytest
import torch
from call_counts import python_calls
from training_checks import X, Y, net, ready

from kerasish import callbacks, layers, models, tf
from kerasish.core import dispatch


def test_predict_on_one_batch_adds_few_functions_to_the_models_call():
    model = net()
    assert python_calls(lambda: model.predict(X)) - python_calls(lambda: model(X)) <= 30
    assert python_calls(lambda: model.predict_on_batch(X)) - python_calls(lambda: model(X)) <= 45


def test_a_batch_of_evaluation_adds_few_functions_to_the_models_call():
    model = ready(net())

    def whole(batches):
        return python_calls(lambda: model.evaluate(np.tile(X[:4], (batches, 1)), np.tile(Y[:4], (batches, 1)), 4, 0))

    whole(2)  # binds names
    assert (whole(12) - whole(2)) / 10 <= 76


@pytest.mark.parametrize("batch_size", [None, 20, 32, 19, 7])
@pytest.mark.parametrize(
    "convert",
    [np.asarray, tf.constant, torch.from_numpy, np.asfortranarray, lambda x: x.astype("float64"), np.ndarray.tolist],
)
def test_predictions_do_not_depend_on_the_way(convert, batch_size):
    model = net()
    expected = np.asarray(model(X))
    for _ in range(2):
        found = model.predict(convert(X), batch_size=batch_size, verbose=0)
        assert type(found) is np.ndarray and found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_predictions_are_arrays_of_their_own():
    same = models.Sequential([layers.Input((3,)), layers.Dropout(0.5)])
    data = X.copy()
    first = same.predict(data)
    data[:] = 0
    np.testing.assert_array_equal(first, X)
    first[:] = 1
    assert not data.any()


def test_structures_of_inputs_and_outputs():
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    model = models.Model({"a": a, "b": b}, {"sum": layers.Add()([a, b]), "first": layers.Activation("relu")(a)})
    found = model.predict({"b": X, "a": 2 * X})
    np.testing.assert_allclose(found["sum"], 3 * X, rtol=1e-6)
    np.testing.assert_allclose(found["first"], np.maximum(2 * X, 0), rtol=1e-6)
    with pytest.raises(ValueError, match="same number of samples"):
        model.predict({"a": X, "b": X[:5]})


def test_callbacks_steps_and_a_users_step_are_served():
    seen = []
    model = net()
    counted = callbacks.LambdaCallback(on_train_begin=None)
    counted.on_predict_batch_end = lambda batch, logs=None: seen.append(logs["outputs"].shape)
    model.predict(X, callbacks=[counted], verbose=0)
    assert seen == [(20, 1)]

    class Doubled(models.Model):
        def predict_step(self, data):
            assert isinstance(data, tf.Tensor)
            return 2 * super().predict_step(data)

    doubled = net(Doubled)
    np.testing.assert_allclose(doubled.predict(X), 2 * np.asarray(doubled(X)), rtol=1e-6)
    np.testing.assert_allclose(doubled.predict_on_batch(X), 2 * np.asarray(doubled(X)), rtol=1e-6)
    assert model.predict(X, steps=2, verbose=0).shape == (20, 1)


@pytest.mark.parametrize("data", [X[:0], np.float32(1.0), np.zeros((2, 5), "float32")])
def test_what_cannot_be_predicted_is_refused(data):
    with pytest.raises(ValueError):
        net().predict(data, verbose=0)


@pytest.mark.parametrize(("batch_size", "error"), [(-1, ValueError), (2.5, TypeError), ("many", TypeError)])
def test_a_batch_size_that_is_none_is_refused(batch_size, error):
    with pytest.raises(error, match="batch_size"):
        net().predict(X, batch_size=batch_size)


def test_what_torch_records_is_restored():
    model = ready(net())
    for enabled in (True, False):
        with torch.set_grad_enabled(enabled):
            model.predict(X), model.evaluate(X, Y, verbose=0), model.train_on_batch(X, Y)
            assert torch.is_grad_enabled() is enabled
    with pytest.raises(KeyError), dispatch.grad_mode(False):
        raise KeyError
    assert torch.is_grad_enabled()


def test_layers_and_penalties_added_later_count():
    class Holds(models.Model):
        def __init__(self):
            super().__init__()
            self.stages = []

        def call(self, inputs):
            for stage in self.stages:
                inputs = stage(inputs)
            return inputs

    model = Holds()
    model(X)
    assert not model.losses and not model.weights
    model.stages.append(layers.Dense(2, kernel_regularizer="l2"))
    model(X)
    assert len(model.losses) == 1 and len(model.weights) == 2
    model.stages.append(layers.Dense(2))
    model(X)
    assert len(model.weights) == 4
    model.stages.pop()
    assert len(model.weights) == 2
