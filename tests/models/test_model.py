"""Subclassed models: building, layers, weights, configurations."""

import numpy as np
import pytest

from kerasish.layers import Dense, Input, Layer
from kerasish.models import Model, clone_model, model_from_json

X = np.random.default_rng(0).random((4, 3), dtype="float32")


class Plain(Model):
    def __init__(self, units=2):
        super().__init__()
        self.dense = Dense(units)
        self.last = Dense(1)

    def call(self, x):
        return self.last(self.dense(x))


class Named(Model):
    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.dense = Dense(units)

    def call(self, x):
        return self.dense(x)


def test_build_and_call_make_the_weights():
    for make in (lambda m: m.build((None, 3)), lambda m: m(X)):
        model = Plain()
        model._name = "p"
        assert not model.built and not model.weights and len(model.layers) == 2
        make(model)
        assert model.built and model.count_params() == 11
        assert [w.path.split("/")[0] for w in model.weights] == ["p"] * 4
    assert model.compute_output_shape((None, 3)) == (None, 1)


@pytest.mark.parametrize("attribute", ["inputs", "outputs", "operations"])
def test_a_subclass_has_no_graph(attribute):
    model = Plain()
    model(X)
    with pytest.raises(AttributeError, match=attribute):
        getattr(model, attribute)


def test_a_model_without_call():
    with pytest.raises(NotImplementedError, match="call"):
        Model()(X)
    with pytest.raises(ValueError, match="Input shape"):
        Plain().build()


def test_symbolic_call_of_a_subclass():
    inputs = Input((3,))
    subclass = Plain()
    outer = Model(inputs, subclass(inputs))
    assert outer.output_shape == (None, 1)
    np.testing.assert_allclose(outer(X), subclass(X), rtol=1e-6)


def test_a_subclass_that_passes_inputs_and_outputs():
    class Mine(Model):
        def __init__(self, **kwargs):
            inputs = Input((3,))
            super().__init__(inputs, Dense(2)(inputs), **kwargs)
            self.extra = Dense(1)

    model = Mine(name="mine")
    assert model.name == "mine" and model(X).shape == (4, 2) and model.input_shape == (None, 3)


@pytest.mark.parametrize("cls", [Plain, Named])
def test_a_subclass_without_get_config_remembers_its_arguments(cls):
    model = cls(5)
    assert model.get_config()["units"] == 5
    for copy in (clone_model(model), model_from_json(model.to_json(), custom_objects={cls.__name__: cls})):
        assert type(copy) is cls and copy.dense.units == 5


def test_a_subclass_with_its_own_get_config():
    class Mine(Named):
        def get_config(self):
            return {**super().get_config(), "units": 7}

    assert Mine(3, name="m").get_config()["units"] == 7
    assert clone_model(Mine(3)).dense.units == 7


def test_layers_put_into_containers_later_count():
    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.parts, self.named, self.pair = [], {}, (Dense(1), Dense(2))

    model = Mine()
    model.parts.append(Dense(2))
    model.named["a"] = Dense(3)
    model.parts += [Dense(4)]
    assert len(model.layers) == 5
    model.parts.pop()
    del model.named["a"]
    assert len(model.layers) == 3


def test_losses_of_layers_are_collected():
    class Penalty(Layer):
        def call(self, x):
            self.add_loss(2.0)
            return x

    model = Model(inputs := Input((3,)), Penalty()(Dense(1, kernel_regularizer="l2")(inputs)))
    model(X)
    model(X)
    assert sorted(float(loss) for loss in model.losses)[-1] == 2.0 and len(model.losses) == 2


def test_set_weights_checks_numbers_and_shapes():
    model = Plain()
    model(X)
    with pytest.raises(ValueError, match="length 1, but the layer was expecting 4"):
        model.set_weights([np.ones((3, 2))])
    kept = model.get_weights()
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(9, 9\)"):
        model.set_weights([np.ones((9, 9)), *kept[1:]])
    np.testing.assert_array_equal(model.get_weights()[0], kept[0])


def test_a_subclass_that_was_called_on_symbolic_tensors_has_an_input_and_an_output():
    class Part(Model):
        def __init__(self):
            super().__init__()
            self.dense = Dense(2)

        def call(self, x):
            return self.dense(x)

    part = Part()
    with pytest.raises(AttributeError, match="no defined output"):
        _ = part.output
    inputs = Input((3,))
    outputs = part(inputs)
    assert part.input is inputs and part.output is outputs
    assert Model(inputs, part.output).output_shape == (None, 2)
