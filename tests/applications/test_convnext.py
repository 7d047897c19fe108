"""ConvNeXt's own layers, and InceptionResNetV2's."""

import numpy as np
import torch

import kerasish as keras
from kerasish.applications.convnext import LayerScale, StochasticDepth
from kerasish.applications.inception_resnet_v2 import CustomScaleLayer


def test_stochastic_depth_drops_whole_samples_and_keeps_the_mean():
    layer, x = StochasticDepth(0.25), torch.ones(4000, 2, 3)
    assert layer(x) is x or torch.equal(layer(x), x)
    torch.manual_seed(0)
    y = layer(x, training=True)
    assert set(y.unique().tolist()) <= {0.0, float(torch.tensor(1.0) / 0.75)}
    assert (y == y[:, :1, :1]).all()
    assert abs(float(y.mean()) - 1) < 0.03


def test_layer_scale_multiplies_channels():
    layer = LayerScale(0.5, 3)
    np.testing.assert_array_equal(layer(np.full((1, 2, 3), 4.0)), np.full((1, 2, 3), 2.0))
    assert [w.path for w in layer.weights] == [f"{layer.name}/variable"]


def test_custom_scale_layer_adds_a_multiple():
    assert float(CustomScaleLayer(0.5)([np.float32(1.0), np.float32(4.0)])) == 3.0


def test_their_layers_can_be_saved_and_named_by_files(tmp_path):
    entry = keras.Input((2, 3))
    x = CustomScaleLayer(0.1)([entry, LayerScale(0.5, 3)(entry)])
    model = keras.Model(entry, StochasticDepth(0.2)(x))
    named = {layer["class_name"]: layer["module"] for layer in model.get_config()["layers"]}
    assert named["LayerScale"] == named["StochasticDepth"] == "keras.src.applications.convnext"
    assert named["CustomScaleLayer"] == "keras.src.applications.inception_resnet_v2"
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.RandomState(0).standard_normal((2, 2, 3)).astype("float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))
