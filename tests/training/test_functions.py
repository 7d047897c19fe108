"""``train_function`` and its like: the library's, and what users put in their place."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from training_checks import PLAIN, X, Y, assert_logs, net, ready

from kerasish import Model, layers, ops, tf


def compiled(cls):
    """A model of a user's class with the weights of ``net``."""
    inputs = layers.Input((3,))
    model = cls(inputs, net()(inputs))
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def test_functions_are_none_until_made_and_after_compile():
    model = ready()
    assert (model.train_function, model.test_function, model.predict_function) == (None, None, None)
    made = model.make_test_function()
    assert model.test_function is made
    assert model.make_test_function() is made
    assert model.make_test_function(force=True) is not made
    model.compile("sgd", "mse")
    assert model.test_function is None


def test_the_library_s_functions_take_an_iterator():
    model = ready()
    model.make_train_function()
    model.make_test_function()
    model.make_predict_function()
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(len(X))
    assert float(model.test_function(iter(data))["loss"]) == pytest.approx(1.7178, rel=1e-4)
    model.reset_metrics()
    assert float(model.train_function(iter(data))["loss"]) == pytest.approx(1.7178, rel=1e-4)
    assert model.predict_function(iter([(X,)])).shape == (20, 1)


def test_making_functions_leaves_fit_as_it_is():
    model = ready()
    model.make_train_function()
    assert_logs(model.fit(X, Y, **PLAIN).history, ready().fit(X, Y, **PLAIN).history)


def test_a_copy_of_a_model_makes_its_own():
    model = ready()
    model.make_train_function()
    assert copy.deepcopy(model).train_function is None


def test_overridden_makers_are_called_when_keras_calls_them():
    called = []

    class Noting(Model):
        def make_train_function(self, force=False):
            called.append("train")
            return super().make_train_function(force)

        def make_test_function(self, force=False):
            called.append("test")
            return super().make_test_function(force)

        def make_predict_function(self, force=False):
            called.append("predict")
            return super().make_predict_function(force)

    model = compiled(Noting)
    model.fit(X, Y, verbose=0, epochs=2, validation_data=(X, Y))
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    model.train_on_batch(X, Y)
    model.predict_on_batch(X)
    assert called == ["train", "test", "test", "test", "predict", "train", "predict"]


def test_a_users_functions_are_used():
    class Own(Model):
        def make_train_function(self, force=False):
            def function(iterator):
                seen = [float(ops.sum(x)) for x, _ in iterator]
                return {"loss": ops.convert_to_tensor(7.0), "seen": ops.convert_to_tensor(seen[0])}

            self.train_function = function

        def make_test_function(self, force=False):
            self.test_function = lambda iterator: {"rows": next(iterator)[0].shape[0]}

        def make_predict_function(self, force=False):
            self.predict_function = lambda data: self(data[0][0], training=False) * 2

    model = compiled(Own)
    history = model.fit(X, Y, batch_size=20, shuffle=False, verbose=0).history
    assert history == {"loss": [7.0], "seen": [pytest.approx(float(X.sum()), rel=1e-5)]}
    assert model.evaluate(X, Y, batch_size=20, verbose=0, return_dict=True) == {"rows": 20.0}
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * net().predict(X, verbose=0), rtol=1e-6)


def test_a_function_that_is_set_wraps_the_library_s():
    model, steps = ready(), []
    own = model.make_train_function()

    def counted(iterator):
        steps.append(1)
        return own(iterator)

    model.train_function = counted
    assert_logs(model.fit(X, Y, **PLAIN).history, ready().fit(X, Y, **PLAIN).history)
    assert steps
    model.train_function = None  # as after a change of what is trainable
    steps.clear()
    model.fit(X, Y, **PLAIN)
    assert not steps


def test_a_function_without_results_is_named():
    model = ready()
    model.train_function = lambda iterator: 3
    with pytest.raises(TypeError, match=r"train_function\(\) must return a dictionary"):
        model.fit(X, Y, verbose=0)
