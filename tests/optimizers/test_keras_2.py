"""Optimizers that programs wrote for Keras 2: ``_resource_apply_dense`` with slots; ``update_step`` of Keras 2.11."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


class Momentum(keras.optimizers.Optimizer):
    """velocity = momentum * velocity - rate * gradient; variable += velocity."""

    def __init__(self, learning_rate=0.1, momentum=0.9, name="Momentum", **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", kwargs.get("lr", learning_rate))
        self._set_hyper("decay", self._initial_decay)
        self._set_hyper("momentum", momentum)

    def _create_slots(self, var_list):
        for var in var_list:
            self.add_slot(var, "velocity")

    def _prepare_local(self, var_device, var_dtype, apply_state):
        super()._prepare_local(var_device, var_dtype, apply_state)
        apply_state[(var_device, var_dtype)]["momentum"] = tf.identity(self._get_hyper("momentum", var_dtype))

    def _resource_apply_dense(self, grad, var, apply_state=None):
        place = (var.device, var.dtype.base_dtype)
        numbers = (apply_state or {}).get(place) or self._fallback_apply_state(*place)
        velocity = self.get_slot(var, "velocity")
        velocity.assign(numbers["momentum"] * velocity - numbers["lr_t"] * grad)
        return var.assign_add(velocity)

    def get_config(self):
        names = ("learning_rate", "decay", "momentum")
        return {**super().get_config(), **{name: self._serialize_hyperparameter(name) for name in names[::2]}}


class Plain(keras.optimizers.Optimizer):
    """As Keras 2.11 to 2.15 had it: a name first, and a rule without the learning rate."""

    def __init__(self, learning_rate=0.1, name="Plain", **kwargs):
        super().__init__(name=name, **kwargs)
        self._learning_rate = self._build_learning_rate(learning_rate)

    def build(self, var_list):
        super().build(var_list)
        self.counts = [self.add_variable_from_reference(v, "count") for v in var_list]

    def update_step(self, gradient, variable):
        self.counts[self._index_dict[self._var_key(variable)]].assign_add(tf.ones_like(variable))
        variable.assign_sub(self.learning_rate * gradient)


class Halves(keras.optimizers.Optimizer):
    """Halves the steps of another optimizer."""

    def __init__(self, optimizer, name="Halves", **kwargs):
        super().__init__(name, **kwargs)
        self._optimizer = optimizer
        self._track_trackable(optimizer, "inner")

    def _create_slots(self, var_list):
        self._optimizer._create_slots(var_list)
        for var in var_list:
            self.add_slot(var, "start", initializer=var.read_value())

    def _resource_apply_dense(self, grad, var):
        self._optimizer._resource_apply_dense(grad, var)
        start = self.get_slot(var, "start")
        var.assign((var + start) / 2.0)
        start.assign(var)


X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
Y = X.sum(1, keepdims=True) + 1.0


def model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])


def gradients(kernel, bias, x, y):
    error = 2.0 * (x @ kernel + bias - y) / len(x)
    return x.T @ error, error.sum(0)


def by_hand(rule, epochs=2):
    weights = [np.ones((3, 1)), np.zeros(1)]
    state = [np.zeros((3, 1)), np.zeros(1)]
    for step in range(epochs * 3):
        rows = slice(step % 3 * 4, step % 3 * 4 + 4)
        for i, gradient in enumerate(gradients(*weights, X[rows].astype("float64"), Y[rows])):
            weights[i], state[i] = rule(weights[i], gradient, state[i], step)
    return weights


def trained(optimizer):
    net = model()
    net.compile(optimizer, "mse")
    net.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return net


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_a_rule_with_hyperparameters_and_slots(decay):
    net = trained(Momentum(0.05, decay=decay))

    def rule(weight, gradient, velocity, step):
        velocity = 0.9 * velocity - 0.05 / (1 + decay * step) * gradient
        return weight + velocity, velocity

    for got, expected in zip(net.get_weights(), by_hand(rule)):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert net.optimizer.momentum == 0.9
    assert net.optimizer.get_slot_names() == ["velocity"]
    assert int(net.optimizer.iterations) == 6


def test_a_rule_follows_schedules_clipping_and_apply_gradients():
    optimizer = Momentum(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), momentum=0.0, clipvalue=0.5)
    variable = tf.Variable([1.0, 2.0])
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant([0.4, 9.0]), variable)])
    np.testing.assert_allclose(variable.numpy(), [1 - 0.4 * 0.15, 2 - 0.5 * 0.15], rtol=1e-6)


def test_a_rule_survives_files_and_configurations(tmp_path):
    net = trained(Momentum(0.05))
    net.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras", custom_objects={"Momentum": Momentum})
    assert again.optimizer.get_config() == net.optimizer.get_config()
    for one in (net, again):
        one.train_on_batch(X, Y)
    for got, expected in zip(again.get_weights(), net.get_weights()):
        np.testing.assert_array_equal(got, expected)


def test_update_step_without_the_learning_rate():
    net = trained(Plain(0.05))
    for got, expected in zip(net.get_weights(), by_hand(lambda w, g, s, step: (w - 0.05 * g, s))):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert net.optimizer.counts[0].numpy().tolist() == [[6.0]] * 3


def test_a_wrapper_calls_the_rule_of_another_optimizer_and_keeps_its_state():
    net = trained(Halves(keras.optimizers.SGD(0.1)))
    for got, expected in zip(net.get_weights(), by_hand(lambda w, g, s, step: (w - 0.05 * g, s))):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    adam = Halves(Momentum(0.1))
    adam.build(model().trainable_variables)
    assert sum("velocity" in v.path for v in adam.variables) == 2


class Nameless(keras.optimizers.Optimizer):
    def __init__(self):
        super().__init__()


def test_what_is_missing_is_said():
    with pytest.raises(TypeError, match="without its first argument, 'learning_rate'"):
        Nameless()
    optimizer, variable = Momentum(), tf.Variable([1.0])
    with pytest.raises(AttributeError, match="'Momentum' object has no attribute 'beta'"):
        optimizer.beta  # noqa: B018
    optimizer.build([variable])
    with pytest.raises(KeyError):
        optimizer.get_slot(variable, "m")
    with pytest.raises(NotImplementedError, match="no rule of its own for some rows"):
        optimizer._resource_apply_sparse(None, None, None)
