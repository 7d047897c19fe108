"""skipgrams, sampling tables and windows of series; recorded numbers are tf_keras's."""

import random

import numpy as np
import pytest

from kerasish.preprocessing.sequence import TimeseriesGenerator, make_sampling_table, skipgrams

SERIES = np.arange(20).reshape(10, 2)


def test_skipgrams_draw_keras_numbers():
    random.seed(3)
    assert skipgrams([1, 2, 0, 3], 5, window_size=1) == ([[1, 2], [2, 2], [2, 1], [1, 3]], [1, 0, 1, 0])
    assert random.random() == pytest.approx(0.16293900354175428)
    random.seed(3)
    options = {"window_size": 1, "categorical": True, "negative_samples": 0.5, "seed": 7}
    couples, labels = skipgrams([1, 2, 3], 4, sampling_table=[0, 0.9, 0.9, 0.9], **options)
    assert couples == [[2, 3], [1, 2], [1, 1], [3, 2], [2, 1], [2, 3]]
    assert labels == [[1, 0], [0, 1], [1, 0], [0, 1], [0, 1], [0, 1]]


def test_sampling_table():
    want = [0.0996828303504002, 0.0996828303504002, 0.1731654611766799, 0.23450072673182673, 0.2886580002554273]
    np.testing.assert_allclose(make_sampling_table(5, 0.01), want, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "batches", "first"),
    [
        ({}, 1, [[0, 2, 4], [2, 4, 6]]),
        ({"sampling_rate": 2}, 1, [[0, 4], [2, 6]]),
        ({"stride": 2, "batch_size": 2}, 2, [[0, 2, 4], [4, 6, 8]]),
        ({"reverse": True}, 1, [[4, 2, 0], [6, 4, 2]]),
        ({"start_index": 2, "end_index": 6}, 1, [[4, 6, 8], [6, 8, 10]]),
    ],
)
def test_windows_of_a_series(options, batches, first):
    windows = TimeseriesGenerator(SERIES, SERIES[:, 1], length=3, **options)
    assert len(windows) == batches
    x, y = windows[0]
    assert x[:2, :, 0].tolist() == first
    assert y[0] == SERIES[options.get("start_index", 0) + 3, 1]


def test_configuration_is_json():
    windows = TimeseriesGenerator(SERIES, SERIES[:, 0], length=3, batch_size=4)
    assert windows.get_config()["start_index"] == 3
    assert '"batch_size": 4' in windows.to_json()
    with pytest.raises(TypeError, match="not JSON Serializable"):
        TimeseriesGenerator([object()] * 5, [0] * 5, length=2).get_config()


@pytest.mark.parametrize(("targets", "length", "words"), [(3, 2, "same length"), (10, 12, "disallowed")])
def test_what_is_refused(targets, length, words):
    with pytest.raises(ValueError, match=words):
        TimeseriesGenerator(SERIES, np.zeros(targets), length=length)
