"""Damaged files, cut off or with bytes changed at random: a clear error or a model, never a crash or half a model."""

import random
import time

import numpy as np
import pytest

from kerasish.models import load_model

SECONDS = 1.5  # for each kind of file


def damaged(data, rng):
    data = bytearray(data)
    if rng.random() < 0.2:
        return data[: rng.randrange(len(data))]
    for _ in range(rng.choice([1, 1, 2, 4, 16, 64])):
        place = rng.randrange(len(data))
        data[place] = rng.choice([data[place] ^ (1 << rng.randrange(8)), rng.randrange(256), 0, 255])
    return data


@pytest.mark.filterwarnings("ignore::UserWarning")  # of optimizer states that do not fit
@pytest.mark.parametrize("kind", ["keras", "h5", "weights.h5"])
@pytest.mark.parametrize("seed", [0, 1])
def test_damaged_files_are_value_errors(model, tmp_path, kind, seed):
    path = tmp_path / f"m.{kind}"
    (model.save_weights if kind == "weights.h5" else model.save)(path)
    data = path.read_bytes()
    before = model.get_weights()
    rng = random.Random(seed)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        path.write_bytes(damaged(data, rng))
        try:
            if kind == "weights.h5":
                model.load_weights(path)
                model.set_weights(before)
            else:
                load_model(path)
        except (ValueError, TypeError):  # a TypeError where a damaged config names something unknown
            pass
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)


def test_every_truncation_of_a_small_file_is_refused(model, tmp_path):
    for kind in ("keras", "h5", "weights.h5"):
        path = tmp_path / f"m.{kind}"
        (model.save_weights if kind == "weights.h5" else model.save)(path)
        data = path.read_bytes()
        for size in [*range(0, 200, 7), *range(200, len(data) - 1, len(data) // 100), len(data) - 1]:
            path.write_bytes(data[:size])
            with pytest.raises(ValueError):
                model.load_weights(path)
