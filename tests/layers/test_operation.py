"""Operations and functions of the user's as parts of models."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers


@keras.saving.register_keras_serializable("operations")
class Scale(keras.Operation):
    def __init__(self, factor, name=None):
        super().__init__(name)
        self.factor = factor

    def call(self, x):
        return x * self.factor


X = np.random.RandomState(0).randn(4, 3).astype("float32")


def net():
    inputs = keras.Input((3,))
    return keras.Model(inputs, layers.Dense(2)(Scale(2.0)(inputs)))


def test_an_operation_is_part_of_a_model_and_of_its_file(tmp_path):
    model = net()
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * X @ kernel + bias, rtol=1e-5, atol=1e-6)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert keras.models.clone_model(model).operations[1].factor == 2.0


def test_an_operation_has_values_and_a_config():
    operation = Scale(3.0)
    np.testing.assert_allclose(operation(X), 3 * X, rtol=1e-6)
    assert operation.get_config() == {"name": "scale", "factor": 3.0} or operation.get_config()["factor"] == 3.0
    assert Scale.from_config(operation.get_config()).factor == 3.0
    assert isinstance(layers.Dense(1), keras.Operation) and isinstance(net(), keras.Function)


def test_a_name_with_a_slash_is_refused():
    with pytest.raises(ValueError, match="cannot contain character"):
        Scale(1.0, name="a/b")


def test_a_function_computes_its_graph():
    model = net()
    function = keras.Function(model.inputs[0], model.outputs[0], name="f")
    np.testing.assert_allclose(function(X), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert function.compute_output_shape((None, 3)) == (None, 2)
    assert function(keras.Input((3,))).shape == (None, 2)
    assert [o.name for o in function.operations][1:] == [o.name for o in model.operations][1:]


def test_random_numbers_in_a_layer_that_is_called_symbolically():
    class Noisy(layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = keras.random.SeedGenerator(3)

        def call(self, x):
            return x + keras.random.normal((9,), seed=self.seeds)

    layer = Noisy()
    assert layer(keras.Input((9,))).shape == (None, 9)
    assert layer.seeds.state.numpy().tolist() == [3, 0]
