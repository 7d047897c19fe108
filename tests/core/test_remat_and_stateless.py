"""RematScope, remat and StatelessScope: the same numbers, less memory, nothing written."""

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import layers, tf

_random = np.random.RandomState(0)
X = _random.randn(8, 6, 4).astype("float32")
Y = _random.randn(8, 6, 1).astype("float32")
MODES = [
    ("full", {}),
    ("activations", {}),
    ("larger_than", {"output_size_threshold": 500}),
    ("list_of_layers", {"layer_names": ["wide"]}),
]


def net(mode, **options):
    keras.utils.set_random_seed(1)
    with keras.RematScope(mode, **options):
        inputs = keras.Input((6, 4))
        x = layers.Dense(32, activation="gelu", name="wide")(inputs)
        x = layers.Dropout(0.3, seed=4)(layers.Dropout(0.5)(layers.BatchNormalization()(x)))
        x = layers.LSTM(5, return_sequences=True, dropout=0.2)(x)
        model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


def trained(mode, **options):
    """Bytes kept by a forward pass, and the weights after two epochs."""
    model, kept = net(mode, **options), []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.nbytes) or t, lambda t: t):
        model.forward_raw(torch.tensor(X), True)
    torch.manual_seed(0)
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    return sum(kept), model.get_weights()


@pytest.mark.parametrize(("mode", "options"), MODES)
def test_remat_trains_to_the_same_weights_and_keeps_less(mode, options):
    (plain, expected), (kept, weights) = trained(None), trained(mode, **options)
    for a, b in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(a, b)
    assert kept < plain if mode != "activations" else kept <= plain


def test_remat_of_a_function_has_its_gradient():
    function = keras.remat(lambda x: keras.ops.exp(keras.ops.sin(x)))
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    np.testing.assert_allclose(tape.gradient(y, x), np.exp(np.sin([1, 2])) * np.cos([1, 2]), rtol=1e-5)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="Invalid mode 'some'"):
        keras.RematScope("some")


def small():
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, kernel_regularizer="l2"), layers.BatchNormalization()])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def test_stateless_call_uses_the_values_and_changes_nothing():
    model, x = small(), X[:, 0, :3]
    before = [v.numpy() for v in model.variables]
    values = [np.full(v.shape, 0.5, "float32") for v in model.trainable_variables]
    outputs, new, losses = model.stateless_call(
        values, [v.value for v in model.non_trainable_variables], x, training=True, return_losses=True
    )
    hidden = x @ values[0] + 0.5
    expected = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-3) * 0.5 + 0.5
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(new[0], 0.01 * hidden.mean(0), rtol=1e-4)
    np.testing.assert_allclose(losses[0], 0.01 * 6 * 0.25, rtol=1e-5)
    for a, v in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(a, v.numpy())


def test_stateless_call_works_under_torch_func():
    layer = layers.Dense(1)
    layer.build((None, 2))
    x = torch.tensor([[1.0, 2.0]])
    grads = torch.func.grad(lambda w: layer.stateless_call(w, [], x)[0].sum())((torch.ones(2, 1), torch.zeros(1)))
    assert [g.flatten().tolist() for g in grads] == [[1.0, 2.0], [1.0]]


def test_stateless_call_refuses_other_numbers_of_values():
    with pytest.raises(ValueError, match="Received list with length 1, but expected 4"):
        small().stateless_call([np.ones(1)], [], X[:, 0, :3])
    with pytest.raises(ValueError, match="must be built"):
        layers.Dense(1).stateless_call([], [], X)


def test_stateless_compute_loss_gives_the_values_after_it():
    model, x = small(), X[:, 0, :3]
    model.evaluate(x, Y[:, 0], verbose=0)
    lists = [[v.value for v in of] for of in (model.trainable_variables, model.non_trainable_variables)]
    metrics = [v.value for v in model.metrics_variables]
    loss, new = model.stateless_compute_loss(*lists, metrics, x=x, y=Y[:, 0], y_pred=model(x))
    expected = np.mean((model(x).numpy() - Y[:, 0]) ** 2) + 0.01 * np.sum(model.weights[0].numpy() ** 2)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    assert [len(values) for values in new] == [4, 2, len(metrics)]


def test_a_scope_keeps_writes():
    variable, other = keras.Variable([1.0, 2.0]), keras.Variable(5.0)
    with keras.StatelessScope([(variable, np.array([3.0, 4.0]))]) as scope:
        assert variable.numpy().tolist() == [3.0, 4.0]
        other.assign(7.0)
        variable.assign_add([1.0, 1.0])
        assert variable.numpy().tolist() == [4.0, 5.0]
    assert variable.numpy().tolist() == [1.0, 2.0] and other.numpy() == 5.0
    assert scope.get_current_value(variable).numpy().tolist() == [4.0, 5.0]
    assert float(scope.get_current_value(other)) == 7.0
    assert scope.get_current_value(keras.Variable(1.0)) is None


def test_a_scope_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="all keys"):
        keras.StatelessScope([("name", 1.0)])
    with pytest.raises(ValueError, match="shape that matches"):
        keras.StatelessScope([(keras.Variable([1.0, 2.0]), [1.0])])


def test_the_state_tree_goes_both_ways():
    model = small()
    model.fit(X[:, 0, :3], Y[:, 0], verbose=0)
    tree = model.get_state_tree("numpy_array")
    assert list(tree) == ["trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"]
    dense = next(iter(tree["trainable_variables"]["sequential"].values())) if "sequential" in tree else None
    other = keras.models.clone_model(model)
    assert dense is None or set(dense) == {"kernel", "bias"}
    model.set_state_tree(tree)
    with pytest.raises(ValueError, match="Invalid `value_format`"):
        other.get_state_tree("list")
    with pytest.raises(ValueError, match="Unknown variable name"):
        model.set_state_tree({"weights": {}})


class Penalized(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.inner = layers.Dense(2, kernel_initializer="ones", activity_regularizer="l1")

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        self.add_loss(keras.ops.sum(x))
        return self.inner(x)


def test_stateless_calls_leave_the_layers_own_activity_penalty_out():
    x = np.arange(6.0).reshape(2, 3).astype("float32")
    dense = layers.Dense(2, activity_regularizer="l1", kernel_regularizer="l1")
    outer = Penalized(activity_regularizer="l1")
    for layer, expected in ((dense, 1), (outer, 2)):
        layer.build((2, 3))
        result = layer.stateless_call(layer.trainable_variables, layer.non_trainable_variables, x, return_losses=True)
        assert len(result[2]) == expected and layer.activity_regularizer is not None
    np.testing.assert_allclose([float(loss) for loss in result[2]], [15.0, 0.15], rtol=1e-6)
    assert outer.losses == []  # those belonged to the other values
