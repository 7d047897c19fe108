"""The order of the keys in configurations. ``config_keys.txt`` holds what Keras 3.15 has, class by class."""

import inspect
import pathlib

import pytest

import kerasish as keras

KEYS = dict(line.split(" ", 1) for line in (pathlib.Path(__file__).parent / "config_keys.txt").read_text().splitlines())
NEEDED = {
    "Activation": {"activation": "relu"}, "Bidirectional": {"layer": keras.layers.LSTM(2)},
    "CategoryEncoding": {"num_tokens": 3}, "Discretization": {"bin_boundaries": [0.0]}, "Dot": {"axes": 1},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3},
    "GroupQueryAttention": {"head_dim": 1, "num_query_heads": 2, "num_key_value_heads": 2}, "InputLayer": {"shape": (2,)},
    "IoU": {"num_classes": 2, "target_class_ids": [0]}, "LossScaleOptimizer": {"inner_optimizer": keras.optimizers.SGD()},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]}, "Permute": {"dims": (1,)}, "Pipeline": {"layers": []},
    "RNN": {"cell": keras.layers.LSTMCell(2)}, "Reshape": {"target_shape": (1,)},
    "SpectralNormalization": {"layer": keras.layers.Dense(2)}, "StackedRNNCells": {"cells": [keras.layers.LSTMCell(2)]},
    "TimeDistributed": {"layer": keras.layers.Dense(2)}, "Wrapper": {"layer": keras.layers.Dense(2)},
}  # fmt: skip
USUAL = {
    "factor": 0.2,
    "rate": 0.1,
    "stddev": 0.1,
    "x_factor": 0.2,
    "y_factor": 0.2,
    "height_factor": 0.2,
    "width_factor": 0.2,
    "scale": 2.0,
}


def made(path):
    package, name = path.split(".")
    cls, given = getattr(getattr(keras, package), name), dict(NEEDED.get(name, {}))
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            given.setdefault(parameter.name, USUAL.get(parameter.name, 2))
    return cls(**given)


@pytest.mark.parametrize("path", KEYS)
def test_keys_follow_each_other_as_in_keras(path):
    assert " ".join(made(path).get_config()) == KEYS[path]


def test_a_users_keys_come_after_those_of_the_class():
    class Mine(keras.layers.Dropout):
        def get_config(self):
            return {**super().get_config(), "mine": 1}

    assert " ".join(Mine(0.5).get_config()) == KEYS["layers.Dropout"] + " mine"
