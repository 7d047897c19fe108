"""Pipeline; the values are those of Keras 3.15."""

import numpy as np

from kerasish import layers


def test_a_pipeline_applies_its_layers_in_turn():
    pipeline = layers.Pipeline([layers.Rescaling(2.0), layers.Rescaling(1.0, offset=1)], name="p")
    np.testing.assert_array_equal(pipeline(np.ones((1, 2, 2, 1))), np.full((1, 2, 2, 1), 3.0))
    assert len(pipeline.layers) == 2


def test_its_config_has_its_layers_and_its_name():
    pipeline = layers.Pipeline([layers.Rescaling(2.0), layers.CenterCrop(1, 1)], name="p")
    config = pipeline.get_config()
    assert set(config) == {"layers", "name"}
    again = layers.Pipeline.from_config(config)
    assert again.name == "p" and [type(layer) for layer in again.layers] == [layers.Rescaling, layers.CenterCrop]
    images = np.arange(18.0).reshape(2, 3, 3, 1)
    np.testing.assert_array_equal(again(images), pipeline(images))


def test_it_tells_its_layers_whether_they_train():
    pipeline = layers.Pipeline([layers.RandomFlip("horizontal", seed=1), layers.Rescaling(2.0)])
    images = np.arange(6.0).reshape(1, 2, 3, 1)
    np.testing.assert_array_equal(pipeline(images, training=False), images * 2)
