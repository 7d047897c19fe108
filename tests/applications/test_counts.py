"""Every architecture has Keras's number of parameters and layers; counted without allocating any."""

import json
import math
import pathlib

import pytest

import kerasish as keras
from kerasish import applications

COUNTS = json.loads(pathlib.Path(__file__).with_name("counts.json").read_text())
TOPS = ("predictions", "fc1", "fc2", "conv_preds", "conv_2", "logits")  # layers that a model without its top lacks


@pytest.fixture
def sizes(monkeypatch):
    """(layer, number of weights, trainable) as layers ask for them; none is made."""
    noted = []

    def add_weight(layer, shape=None, trainable=True, **_):
        noted.append((layer.name, math.prod(shape or ()), trainable))

    monkeypatch.setattr(keras.layers.Layer, "add_weight", add_weight)
    return noted


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_the_numbers_of_parameters_and_layers_are_those_of_keras(sizes, name):
    expected = COUNTS[name]
    model = getattr(applications, name)(weights=None)
    assert sum(size for _, size, _ in sizes) == expected["total"]
    assert sum(size for _, size, trainable in sizes if trainable) == expected["trainable"]
    assert list(model.input_shape[1:]) == expected["input_shape"]
    assert len(model.layers) == expected["layers"]
    body = [size for layer, size, _ in sizes if layer not in TOPS and not layer.endswith("_head_dense")]
    assert sum(body) == expected["without_top"]
