"""The short way through a layer's call: how short it is, and that everything that the long way looks at still counts."""

import copy
import pickle

import numpy as np
import pytest
import torch
from call_counts import python_calls

import kerasish as keras
from kerasish import tf
from kerasish.core.context import local
from kerasish.layers import Activation, Dense, Dropout, Flatten, Layer

X = np.random.default_rng(0).random((2, 4), dtype="float32")


def mlp():
    return keras.Sequential([keras.Input((4,)), Dense(8, activation="relu"), Dense(3, activation="tanh")])


class Doubles(Layer):
    def call(self, inputs):
        return inputs * 2.0


class Scale(Layer):
    def call(self, inputs, training=None):
        self.seen = (training, local.training, [layer.name for layer in local.call_layers])
        return inputs * (2.0 if training else 3.0)


# how short ------------------------------------------------------------------------------------------------------------


def test_a_model_called_again_enters_few_functions():
    model, x = mlp(), tf.constant(X)
    model(x)
    assert python_calls(lambda: model(x)) <= 12
    assert python_calls(lambda: model(x, training=False)) <= 12
    assert python_calls(lambda: model(torch.from_numpy(X))) <= 10


def test_each_further_dense_layer_costs_one_function():
    def deep(count):
        inputs = hidden = keras.Input((4,))
        for _ in range(count):
            hidden = Dense(4, activation="relu")(hidden)
        model = keras.Model(inputs, hidden)
        model(X)
        return python_calls(lambda: model(torch.from_numpy(X)))

    assert deep(50) - deep(10) == 40


@pytest.mark.parametrize("layer", [Dense(3), Activation("relu"), Flatten(), Doubles()])
def test_a_layer_called_again_enters_few_functions(layer):
    x = tf.constant(X)
    layer(x)
    assert python_calls(lambda: layer(x)) <= 12


def test_a_batch_of_another_size_goes_the_short_way_after_its_first_time():
    model = mlp()
    sizes = [1, 2, 3]
    for size in sizes:
        model(np.ones((size, 4), "float32"))
    for size in sizes:
        x = tf.ones((size, 4))
        assert python_calls(lambda x=x: model(x)) <= 12


# what still counts ----------------------------------------------------------------------------------------------------


def test_what_comes_out_is_of_the_kind_that_went_in():
    for call in (mlp(), Dense(2), Scale()):
        for _ in range(3):
            assert isinstance(call(tf.constant(X)), tf.Tensor)
            assert isinstance(call(X), tf.Tensor)
            assert type(call(torch.from_numpy(X))) is torch.Tensor


def test_an_array_changed_later_leaves_the_result_alone():
    layer, x = Activation("linear"), X.copy()
    layer(x)
    y = layer(x)
    x[:] = 0
    np.testing.assert_array_equal(y, X)


def test_modes_given_enclosing_and_torchs_are_followed():
    layer = Scale()
    assert [float(layer(tf.ones(1), training=mode)[0]) for mode in (None, True, False, None, 1)] == [3, 2, 3, 3, 2]

    class Outer(Layer):
        def __init__(self):
            super().__init__()
            self.inner = layer

        def call(self, inputs):
            return self.inner(inputs)

    outer = Outer()
    assert [float(outer(tf.ones(1), training=mode)[0]) for mode in (None, True, None, True)] == [3, 2, 3, 2]
    assert layer.seen == (True, True, [outer.name, layer.name])
    outer.train()
    assert float(outer(tf.ones(1))[0]) == float(layer(tf.ones(1))[0]) == 2
    outer.eval()
    assert float(outer(tf.ones(1))[0]) == 3


def test_dropout_follows_the_mode():
    layer = Dropout(0.5)
    x = tf.ones((4, 100))
    for _ in range(2):
        assert np.all(layer(x) == 1) and np.all(layer(x, training=False) == 1)
        assert 0 < np.mean(layer(x, training=True) == 0) < 1


def test_hooks_added_later_run():
    for call in (mlp(), Dense(2), Scale()):
        call(X), call(X)
        seen = []
        handle = call.register_forward_hook(lambda module, inputs, output, seen=seen: seen.append(output.shape))
        call(X)
        assert len(seen) == 1
        handle.remove()
        call(X)
        assert len(seen) == 1


def test_an_exchanged_activation_a_frozen_layer_and_a_penalty_count():
    model = mlp()
    first = np.asarray(model(X))
    model.layers[1].activation = keras.activations.linear
    np.testing.assert_allclose(model(X), np.arctanh(first), rtol=1e-4, atol=1e-5)
    layer = Dense(2)
    layer(X), layer(X)
    layer.use_bias = False
    np.testing.assert_allclose(layer(X), X @ layer.kernel.numpy(), rtol=1e-5, atol=1e-6)
    layer.activity_regularizer = keras.regularizers.L1(1.0)
    layer(X)
    assert len(layer.losses) == 1


def test_new_weights_are_used_at_once():
    model = mlp()
    model(X)
    model.layers[0].kernel.assign(tf.zeros((4, 8)))
    np.testing.assert_array_equal(model(X), np.zeros((2, 3)))
    model.load_state_dict({key: torch.ones_like(value) for key, value in model.state_dict().items()}, assign=True)
    np.testing.assert_allclose(model(X), np.tanh(8 * (1 + X.sum(1, keepdims=True)) + 1) * np.ones((2, 3)), rtol=1e-6)
    swapped = {name: torch.zeros_like(value) for name, value in model.named_parameters()}
    assert not torch.func.functional_call(model, swapped, (torch.from_numpy(X),)).any()
    assert np.asarray(model(X)).all()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_uses_its_own_weights(duplicate):
    for call in (mlp(), Dense(3)):
        before = np.asarray(call(X))
        call(X)
        twin = duplicate(call)
        twin.set_weights([np.zeros(w.shape) for w in call.weights])
        np.testing.assert_array_equal(twin(X), np.zeros_like(before))
        np.testing.assert_array_equal(call(X), before)


def test_inputs_are_still_checked_and_cast():
    layer = Dense(2)
    layer(X), layer(X)
    assert layer(X.astype("float64")).dtype == layer(tf.ones((2, 4), "int32")).dtype == "float32"
    for _ in range(2):
        np.testing.assert_allclose(layer(X.astype("float64")), layer(X), rtol=1e-6)
    assert layer(np.ones((2, 3, 4), "float32")).shape == (2, 3, 2)
    with pytest.raises(ValueError, match="axis -1 of input shape to have value 4"):
        layer(np.ones((2, 5), "float32"))
    model = mlp()
    model(X), model(X)
    with pytest.raises(ValueError, match="incompatible with the layer"):
        model(np.ones((2, 5), "float32"))


def test_masks_still_travel():
    layer = Activation("relu")
    x = keras.layers.Masking()(tf.constant([[[1.0], [0.0]]]))
    layer(tf.constant(x.numpy())), layer(tf.constant(x.numpy()))
    np.testing.assert_array_equal(layer(x)._keras_mask, [[True, False]])

    class Counts(Layer):
        supports_masking = True

        def call(self, inputs, mask):
            return inputs * 0 if mask is None else tf.cast(mask, "float32")

    counts = Counts()
    for _ in range(2):
        assert not np.any(counts(tf.ones((1, 2, 1))))
        np.testing.assert_array_equal(counts(x), [[1, 0]])


def test_gradients_by_tensorflows_rule_and_by_torchs():
    for call in (mlp(), Dense(3)):
        call(X), call(X)
        assert not call(tf.constant(X))._t.requires_grad
        assert call(torch.from_numpy(X)).requires_grad
        for _ in range(2):
            with tf.GradientTape() as tape:
                y = call(tf.constant(X))
            assert len(tape.watched_variables()) == len(call.trainable_variables)
            assert all(g is not None for g in tape.gradient(y, call.trainable_variables))
        assert torch.is_grad_enabled()


def test_a_failing_call_says_where_and_restores_the_scopes():
    class Fails(Layer):
        def call(self, inputs, training=None):
            if training:
                raise KeyError("broken")
            return inputs

    layer = Fails(name="fails")
    layer(X), layer(X)
    with pytest.raises(KeyError, match="broken") as caught:
        layer(X, training=True)
    assert any("Fails.call" in note for note in getattr(caught.value, "__notes__", [str(caught.value)]))
    assert local.call_layers == () and local.training is None and torch.is_grad_enabled()


def test_a_model_compiled_to_run_eagerly_calls_its_layers():
    class Notes(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = Dense(4)

        def call(self, inputs):
            return self.inner(inputs)

    inner = Dense(4, activation=lambda x: seen.append(type(x)) or x)
    seen = []
    model = keras.Sequential([keras.Input((4,)), inner, Notes()])
    model(X), model(X)
    before = len(seen)
    model.compile(run_eagerly=True)
    model(X)
    assert len(seen) == before + 1
    model.run_eagerly = False
    model(X)
    assert len(seen) == before + 2


def test_losses_of_the_last_call_only_are_kept():
    class Penalised(Layer):
        def call(self, inputs):
            self.add_loss(tf.reduce_sum(inputs))
            return inputs

    for call in (Penalised(), keras.Sequential([keras.Input((4,)), Dense(4), Penalised()])):
        for _ in range(3):
            call(X)
            assert len(call.losses) == 1


def test_shapes_of_symbolic_calls_are_worked_out_beside():
    layer = Scale()
    layer(X), layer(X)
    assert layer(keras.Input((4,))).shape == (None, 4)
    assert Dense(2)(keras.Input((4,))).shape == (None, 2)
