"""SwapEMAWeights, OrbaxCheckpoint, RemoteMonitor, TerminateOnNaN, BaseLogger, and the limits of keras.config."""

import os
import sys
import types

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks, layers

X = np.random.RandomState(0).randn(20, 3).astype("float32")
Y = X[:, :1]


def net(optimizer="sgd"):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


def test_prediction_sees_the_averages_and_training_goes_on_without_them():
    model = net(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    model.fit(X, Y, epochs=1, verbose=0)
    own, average = model.get_weights()[0], model.optimizer.averages()[0][1]
    average.assign(own + 1)
    swap = callbacks.SwapEMAWeights()
    swap.set_model(model)
    swap.on_predict_begin()
    np.testing.assert_array_equal(model.get_weights()[0], own + 1)
    swap.on_predict_end()
    np.testing.assert_array_equal(model.get_weights()[0], own)


def test_an_optimizer_without_averages_is_refused():
    with pytest.raises(ValueError, match="`use_ema=True` is set"):
        net().evaluate(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights()])


@pytest.mark.parametrize("background", [True, False])
def test_checkpoints_of_the_last_steps_are_kept_and_read(tmp_path, background):
    model = net("adam")
    options = {"max_to_keep": 2, "save_on_background": background}
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[callbacks.OrbaxCheckpoint(tmp_path, **options)])
    assert sorted(os.listdir(tmp_path)) == ["2", "3"]
    loaded = keras.saving.load_model(tmp_path)
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
    assert int(loaded.optimizer.iterations) == 4


def test_checkpoints_of_weights_by_batches(tmp_path):
    model = net()
    options = {"save_freq": 3, "save_weights_only": True, "max_to_keep": None}
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[callbacks.OrbaxCheckpoint(tmp_path, **options)])
    assert sorted(os.listdir(tmp_path)) == ["3", "6"]
    model.load_weights(tmp_path)


def test_logs_are_posted(monkeypatch):
    posts = []
    exceptions = types.SimpleNamespace(RequestException=OSError)
    fake = types.SimpleNamespace(post=lambda url, **data: posts.append((url, data)), exceptions=exceptions)
    monkeypatch.setitem(sys.modules, "requests", fake)
    net().fit(X, Y, verbose=0, callbacks=[callbacks.RemoteMonitor("http://h:1", send_as_json=True)])
    assert posts[0][0] == "http://h:1/publish/epoch/end/"
    assert posts[0][1]["json"]["epoch"] == 0 and "loss" in posts[0][1]["json"]


def test_a_loss_that_is_nan_ends_training_or_raises():
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch 0"):
        net().fit(X * np.nan, Y, verbose=0, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])


def test_base_logger_gives_means_over_samples():
    logger = callbacks.BaseLogger(stateful_metrics=["acc"])
    logger.set_params({"metrics": ["loss", "acc"]})
    logger.on_epoch_begin(0)
    logger.on_batch_end(0, {"size": 3, "loss": 1.0, "acc": 0.2})
    logger.on_batch_end(1, {"size": 1, "loss": 5.0, "acc": 0.4})
    logs = {}
    logger.on_epoch_end(0, logs)
    assert logs == {"loss": 2.0, "acc": 0.4}


def test_the_limits_hold_in_fit():
    keras.config.set_max_epochs(2)
    keras.config.set_max_steps_per_epoch(3)
    try:
        model = net()
        with pytest.warns(UserWarning, match="Limiting"):
            history = model.fit(X, Y, batch_size=2, epochs=5, verbose=0)
        assert history.epoch == [0, 1] and int(model.optimizer.iterations) == 6
    finally:
        keras.config.set_max_epochs(None)
        keras.config.set_max_steps_per_epoch(None)
    assert keras.config.max_epochs() is None and keras.config.max_steps_per_epoch() is None


def test_unsafe_deserialization_cannot_be_enabled():
    with pytest.warns(UserWarning, match="pass safe_mode=False to load_model"):
        keras.config.enable_unsafe_deserialization()
    config = {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}
    with pytest.raises(TypeError, match="Could not locate"):
        keras.saving.deserialize_keras_object(config, safe_mode=False)


def test_errors_are_left_as_they_are_where_that_is_wanted():
    class Bad(layers.Layer):
        def call(self, x):
            raise RuntimeError("mine")

    keras.config.disable_traceback_filtering()
    try:
        with pytest.raises(RuntimeError) as caught:
            Bad()(X)
        assert str(caught.value) == "mine" and not keras.config.is_traceback_filtering_enabled()
    finally:
        keras.config.enable_traceback_filtering()
    with pytest.raises(RuntimeError, match="Arguments received"):
        Bad()(X)
