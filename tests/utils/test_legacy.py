import pytest

import kerasish as keras
from kerasish import activations, initializers, layers, utils
from kerasish.utils import generic_utils, layer_utils, legacy

TABLE = {"Dense": layers.Dense, "relu": activations.relu, "Constant": initializers.Constant}


def test_layers_come_back():
    data = legacy.serialize_keras_object(layers.Dense(3, activation="relu", name="z"))
    assert data["class_name"] == "Dense"
    layer = keras.legacy.saving.deserialize_keras_object(data, TABLE)
    assert isinstance(layer, layers.Dense)
    assert (layer.units, layer.name, layer.activation) == (3, "z", activations.relu)


def test_names_functions_and_nothing():
    assert legacy.serialize_keras_object(activations.relu) == "relu"
    assert legacy.deserialize_keras_object("relu", TABLE) is activations.relu
    assert legacy.deserialize_keras_object("Constant", TABLE).value == 0
    assert legacy.deserialize_keras_object(activations.relu) is activations.relu
    assert legacy.serialize_keras_object(None) is legacy.deserialize_keras_object(None) is None
    made = legacy.deserialize_keras_object(
        {"class_name": "Pair", "config": {"v": 2}}, custom_objects={"Pair": lambda v: v + 1}
    )
    assert made == 3


def test_objects_inside_of_objects():
    class Holder:
        def __init__(self, inner):
            self.inner = inner

        def get_config(self):
            return {"inner": self.inner}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    data = legacy.serialize_keras_object(Holder(initializers.Constant(2.0)))
    assert data["config"]["inner"]["class_name"] == "Constant"
    again = legacy.deserialize_keras_object(data, TABLE, {"Holder": Holder})
    assert again.inner.value == 2.0


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("system", "Unknown object: 'system'"),
        ("os.system", "Unknown object"),
        ({"class_name": "Popen", "config": {"args": "ls"}}, "Unknown object: 'Popen'"),
        ({"class_name": "subprocess.Popen", "module": "subprocess", "config": {"args": "ls"}}, "Unknown object"),
        ({"config": {}}, "Improper config format"),
        (3, "Could not interpret serialized object: 3"),
    ],
)
def test_nothing_else_can_be_named(identifier, words):
    with pytest.raises(ValueError, match=words):
        legacy.deserialize_keras_object(identifier, TABLE)
    with pytest.raises(ValueError, match="doesn't implement"):
        legacy.serialize_keras_object(3)


def test_small_modules_of_keras_2():
    assert utils.np_utils.to_categorical([1], 2).tolist() == [[0, 1]]
    assert utils.vis_utils.plot_model is utils.plot_model
    assert utils.data_utils.get_file is utils.get_file
    assert generic_utils.has_arg(layers.Dense.__init__, "units")
    assert not generic_utils.has_arg(layers.Dense.__init__, "unit")
    assert generic_utils.has_arg(layers.Dense.__init__, "unit", accept_all=True)
    assert generic_utils.to_list(3) == [3]
    layer = layers.Dense(3)
    layer.build((None, 4))
    assert layer_utils.count_params([*layer.weights, *layer.weights]) == 15


def test_source_inputs():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    hidden = layers.Dense(2)(a)
    found = utils.get_source_inputs(layers.Add()([hidden, hidden, b]))
    assert [x.name for x in found] == ["a", "b"]
    assert [x.name for x in utils.get_source_inputs(a)] == ["a"]
    assert utils.get_source_inputs(3) == 3
