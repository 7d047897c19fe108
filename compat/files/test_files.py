"""Files of Keras 3.15 (on TensorFlow and on torch) and Keras 2: same predictions, and training goes on as it did there."""

from __future__ import annotations

import pathlib
import warnings

import numpy as np
import pytest
import round_trip
from models import MODELS

import kerasish

FILES = pathlib.Path(__file__).parent / "files"
CASES = [
    pytest.param(folder, name, file, id=f"{folder.name}-{file}")
    for folder in sorted(FILES.iterdir())
    for name in MODELS
    if (folder / f"{name}.npz").exists()
    for file in round_trip.ways(kerasish, folder, name)
]


@pytest.mark.parametrize(("folder", "name", "file"), CASES)
def test_a_file_of_the_real_library_is_read_as_it_was_written(folder, name, file):
    stored = np.load(folder / f"{name}.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net, trains = round_trip.ways(kerasish, folder, name)[file](folder / file)
        round_trip.without_dropout(net)
        _, x, y = MODELS[name](kerasish)
        assert round_trip.differences(net, x, y, stored, trains) == ""


@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
def test_by_name_takes_the_layers_that_the_model_has():
    for folder, ending in (("keras", ".weights.h5"), ("tf_keras", ".weights-only.h5"), ("tf_keras", ".h5")):
        layers = kerasish.layers
        net = kerasish.Sequential([layers.Input((5,)), layers.Dense(8, name="first"), layers.Dense(2, name="other")])
        whole = MODELS["mlp"](kerasish)[0]
        whole.load_weights(str(FILES / folder / f"mlp{ending}"))
        if ending == ".weights.h5":
            with pytest.raises(ValueError, match="by_name"):
                net.load_weights(str(FILES / folder / f"mlp{ending}"), by_name=True)
            continue
        net.load_weights(str(FILES / folder / f"mlp{ending}"), by_name=True)
        np.testing.assert_array_equal(net.layers[0].get_weights()[0], whole.layers[0].get_weights()[0])


def test_every_writer_is_there():
    assert {folder.name for folder in FILES.iterdir()} == {"keras", "keras_torch", "tf_keras"}
    assert len(CASES) > 50
