"""Step: the numbers of one update by hand, no reads of the host between progress lines, nothing kept."""

from __future__ import annotations

import gc
import warnings

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from training_checks import X, Y, net, ready

from kerasish import callbacks, layers, models, optimizers


def test_one_step_follows_the_gradient_of_the_mean():
    x = layers.Input((3,))
    model = models.Model(x, layers.Dense(1)(x))
    kernel, bias = np.float32([[0.5], [-1.0], [2.0]]), np.float32([0.25])
    model.set_weights([kernel, bias])
    model.compile(optimizers.SGD(0.1), "mse")
    error = X @ kernel + bias - Y
    assert model.train_on_batch(X, Y) == pytest.approx(float((error**2).mean()), rel=1e-5)
    new_kernel, new_bias = model.get_weights()
    np.testing.assert_allclose(new_kernel, kernel - 0.1 * 2 * X.T @ error / len(X), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(new_bias, bias - 0.1 * 2 * error.mean(0), rtol=1e-4, atol=1e-6)


def test_a_variable_that_the_loss_does_not_need_is_left_alone():
    class Half(models.Model):
        def __init__(self):
            super().__init__()
            self.used, self.unused = layers.Dense(1), layers.Dense(1)

        def call(self, x):
            self.unused(x)
            return self.used(x)

    model = Half()
    model(X)
    before = model.unused.get_weights()
    used = model.used.get_weights()
    with pytest.warns(UserWarning, match="Gradients do not exist for variables"):
        ready(model).fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.unused.get_weights()[0], before[0])
    assert not np.array_equal(model.used.get_weights()[0], used[0])


def test_a_model_without_weights_warns_and_still_has_a_loss():
    x = layers.Input((1,))
    model = ready(models.Model(x, layers.ReLU()(x)))
    with pytest.warns(UserWarning, match="not have any trainable weights"):
        history = model.fit(Y, Y, verbose=0)
    assert history.history["loss"] == pytest.approx([float((np.maximum(Y, 0) - Y).__pow__(2).mean())], rel=1e-5)


def test_a_loss_that_depends_on_no_weight_is_an_error():
    class Constant(models.Model):
        def compute_loss(self, **_):
            return torch.tensor(1.0)

    with pytest.raises(ValueError, match="No gradients provided"):
        ready(net(Constant)).fit(X, Y, verbose=0)


def test_no_loss_at_all_is_an_error():
    model = net()
    model.compile("sgd")
    with pytest.raises(ValueError, match="No loss to compute"):
        model.fit(X, Y, verbose=0)


# reads of the host ------------------------------------------------------------------------------------------------------


class Reads(TorchDispatchMode):
    """Counts what makes the host wait for a device: ``item`` and ``tolist``, and arrays made of tensors.

    The optimizer's step and rate live on the host: reading them waits for nothing.
    """

    def __init__(self, monkeypatch, optimizer):
        super().__init__()
        self.count = 0
        self.on_host = [v.stored.data_ptr() for v in optimizer.variables if v.name in ("iteration", "learning_rate")]
        for name in ("numpy", "tolist", "cpu", "__array__"):
            original = getattr(torch.Tensor, name)
            monkeypatch.setattr(torch.Tensor, name, self._counted(original))

    def _counted(self, original):
        def method(tensor, *args, **kwargs):
            self.count += 1
            return original(tensor, *args, **kwargs)

        return method

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten._local_scalar_dense.default:
            self.count += args[0].data_ptr() not in self.on_host
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_an_epoch_reads_no_more_for_more_batches(monkeypatch, optimizer, verbose, capsys):
    def reads(batch_size):
        model = net()
        model.compile(optimizer, "mse", metrics=["mae", "mse"])
        model.fit(X, Y, batch_size=batch_size, verbose=0)
        with monkeypatch.context() as patched, Reads(patched, model.optimizer) as counter:
            model.fit(X, Y, batch_size=batch_size, epochs=1, verbose=verbose, validation_data=(X, Y))
        return counter.count

    assert reads(1) == reads(10) <= 4  # of the epoch's logs and of the validation's, each at once


def test_a_batch_hook_that_looks_costs_one_read_and_one_that_does_not_none(monkeypatch):
    def reads(hook, batch_size):
        model = ready()
        model.fit(X, Y, batch_size=batch_size, verbose=0)
        with monkeypatch.context() as patched, Reads(patched, model.optimizer) as counter:
            spy = callbacks.LambdaCallback(on_train_batch_end=hook)
            model.fit(X, Y, batch_size=batch_size, verbose=0, callbacks=[spy])
        return counter.count

    assert reads(lambda batch, logs: None, 1) == reads(lambda batch, logs: None, 20)
    assert reads(lambda batch, logs: logs["loss"], 1) - reads(lambda batch, logs: None, 1) == 20


# nothing kept -----------------------------------------------------------------------------------------------------------


def _alive():
    """How many tensors, and how many objects of any kind."""
    objects = gc.get_objects()
    return sum(issubclass(type(found), torch.Tensor) for found in objects), len(objects)


METHODS = ["fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"]


@pytest.mark.parametrize(("method", "eagerly"), [*((method, False) for method in METHODS), ("fit", True)])
def test_repeated_calls_keep_no_objects(method, eagerly):
    model = ready(run_eagerly=eagerly)
    arguments = (X,) if "predict" in method else (X, Y)
    options = {} if "batch" in method else {"verbose": 0, "batch_size": 8}
    call = getattr(model, method)
    call(*arguments, **options)
    gc.collect()
    gc.freeze()  # the objects of before are not looked at
    gc.disable()
    try:
        call(*arguments, **options)
        tensors, objects = _alive()
        for _ in range(20):
            call(*arguments, **options)
        now = _alive()
        assert now[0] <= tensors
        # the History and the callbacks of a fit refer to the model and each other: a cycle of a few small objects
        assert now[1] - objects <= (20 * 60 if method == "fit" else 20)
    finally:
        gc.enable()
        gc.unfreeze()


def test_training_leaves_no_graph_behind():
    model = ready()
    model.fit(X, Y, verbose=0)
    assert all(v.stored.grad is None for v in model.trainable_variables)
    assert not any(m.stored.requires_grad for metric in model.metrics for m in metric.variables)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not torch.as_tensor(model.predict(X, verbose=0)).requires_grad
