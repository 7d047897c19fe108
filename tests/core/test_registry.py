"""Names that files may use, and what they mean here."""

import pytest

import kerasish as keras


@pytest.mark.parametrize(
    ("name", "config"),
    [("Constant", {"value": 0.5}), ("Zeros", {}), ("RandomUniform", {"minval": -0.1, "maxval": 0.1, "seed": None})],
)
def test_initializers_of_tensorflow_in_files_are_keras_s(name, config):
    data = {
        "module": "tensorflow.python.ops.init_ops_v2",
        "class_name": name,
        "config": config,
        "registered_name": name,
    }
    layer = keras.layers.Dense(2, bias_initializer=data)
    assert type(layer.bias_initializer) is getattr(keras.initializers, name)
    assert layer.bias_initializer.get_config() == config
    with pytest.raises((TypeError, ValueError), match="Could not locate class"):
        keras.saving.deserialize_keras_object({**data, "class_name": "Initializer2"})
