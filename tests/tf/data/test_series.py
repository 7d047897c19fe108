"""Windows over arrays and datasets in two parts. Orders are those of Keras 3.15 on TensorFlow."""

import numpy as np
import pytest
import torch

from kerasish import preprocessing, tf, utils
from kerasish.core.errors import InvalidArgumentError, NotServedError

SERIES = np.arange(12)


def windows(**options):
    return utils.timeseries_dataset_from_array(SERIES, None, **options)


@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("rate", [1, 3])
@pytest.mark.parametrize(("start", "end"), [(None, None), (2, 10), (3, None)])
def test_windows_are_those_of_a_loop(stride, rate, start, end):
    part = SERIES[start:end]
    expected = [part[first : first + 2 * rate + 1 : rate].tolist() for first in range(0, len(part) - 2 * rate, stride)]
    dataset = windows(
        sequence_length=3, sequence_stride=stride, sampling_rate=rate, start_index=start, end_index=end, batch_size=None
    )
    assert [window.numpy().tolist() for window in dataset] == expected
    batches = windows(
        sequence_length=3, sequence_stride=stride, sampling_rate=rate, start_index=start, end_index=end, batch_size=2
    )
    assert [w for batch in batches for w in batch.numpy().tolist()] == expected


def test_targets_belong_to_the_windows_begin():
    data = np.random.RandomState(0).randn(20, 3).astype("float32")
    dataset = preprocessing.timeseries_dataset_from_array(data, data[4:, 0], 4, batch_size=5)
    assert repr(dataset.element_spec) == (
        "(TensorSpec(shape=(None, None, 3), dtype=tf.float32, name=None), "
        "TensorSpec(shape=(None,), dtype=tf.float32, name=None))"
    )
    x = np.concatenate([x.numpy() for x, _ in dataset])
    y = np.concatenate([y.numpy() for _, y in dataset])
    assert x.shape == (16, 4, 3)
    assert (x[:-1, -1, 0] == data[3:18, 0]).all()
    assert (y == data[4:, 0]).all()


def test_the_shuffled_order_is_kerass():
    dataset = utils.timeseries_dataset_from_array(SERIES, SERIES, 3, shuffle=True, seed=5, batch_size=4)
    assert [y.numpy().tolist() for _, y in dataset] == [[1, 4, 9, 2], [8, 0, 7, 5], [3, 6]]


def test_series_that_are_too_short():
    assert list(windows(sequence_length=20)) == []
    with pytest.raises(InvalidArgumentError, match=r"is not in \[0, 2\)"):
        list(utils.timeseries_dataset_from_array(SERIES, SERIES[:7], 3, start_index=5))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start_index": -1}, "`start_index` must be 0 or greater"),
        ({"start_index": 12}, "`start_index` must be lower"),
        ({"end_index": 12}, "`end_index` must be lower"),
        ({"end_index": -2}, "`end_index` must be higher than 0"),
        ({"start_index": 5, "end_index": 4}, "`end_index` must be higher than `start_index`"),
        ({"sampling_rate": 0}, "`sampling_rate` must be higher than 0"),
        ({"sampling_rate": 12}, "`sampling_rate` must be lower"),
        ({"sequence_stride": 0}, "`sequence_stride` must be higher than 0"),
        ({"sequence_stride": 12}, "`sequence_stride` must be lower"),
        ({"format": "csv"}, '"tf" or "grain"'),
    ],
)
def test_arguments_of_windows(options, words):
    with pytest.raises(ValueError, match=words):
        windows(sequence_length=3, **options)
    with pytest.raises(NotServedError, match="grain"):
        windows(sequence_length=3, format="grain")


# two parts

X, Y = np.arange(16.0).reshape(8, 2), np.arange(8)


@pytest.mark.parametrize(
    ("sizes", "left", "right"),
    [
        ({"left_size": 0.5}, [0, 1, 2, 3], [4, 5, 6, 7]),
        ({"left_size": 3}, [0, 1, 2], [3, 4, 5, 6, 7]),
        ({"right_size": 0.25}, [0, 1, 2, 3, 4, 5], [6, 7]),
        ({"left_size": 2, "right_size": 0.25}, [0, 1], [6, 7]),
    ],
)
@pytest.mark.parametrize("kind", ["array", "tuple", "list", "dataset", "batches", "dict"])
def test_the_two_parts(kind, sizes, left, right):
    slices = tf.data.Dataset.from_tensor_slices
    dataset = {
        "array": lambda: Y, "tuple": lambda: (X, Y), "list": lambda: [X, Y], "dataset": lambda: slices((X, Y)),
        "batches": lambda: slices((X, Y)).batch(3), "dict": lambda: slices({"x": X, "y": Y}),
    }[kind]()  # fmt: skip
    for part, expected in zip(utils.split_dataset(dataset, **sizes), (left, right), strict=True):
        if kind == "batches":
            part = part.unbatch()
        rows = list(part)
        last = rows if kind == "array" else [row["y"] if kind == "dict" else row[1] for row in rows]
        assert [int(value) for value in last] == expected
        assert last[0].dtype == "int64"


def test_the_shuffled_parts_are_kerass():
    left, right = utils.split_dataset(Y, left_size=5, shuffle=True, seed=3)
    assert [int(value) for value in left] == [0, 5, 7, 2, 1]
    assert [int(value) for value in right] == [6, 4, 3]


def test_torchs_datasets_stay_torchs():
    data = torch.utils.data.TensorDataset(torch.arange(6))
    left, right = utils.split_dataset(data, left_size=4)
    assert isinstance(left, torch.utils.data.Subset)
    assert [int(x) for (x,) in left] + [int(x) for (x,) in right] == list(range(6))
    left, right = utils.split_dataset((X, Y), right_size=0.5, shuffle=True, seed=1, preferred_backend="torch")
    assert sorted([int(y) for _, y in left] + [int(y) for _, y in right]) == list(range(8))


@pytest.mark.parametrize(
    ("dataset", "options", "kind", "words"),
    [
        ("text", {"left_size": 1}, TypeError, "`dataset` argument must be"),
        (Y, {}, ValueError, "At least one of"),
        (Y, {"left_size": "a"}, TypeError, "Invalid `left_size` Type"),
        (Y, {"right_size": [1]}, TypeError, "Invalid `right_size` Type"),
        (Y, {"left_size": 0, "right_size": 0}, ValueError, "are zero"),
        (Y, {"left_size": 8}, ValueError, "`left_size` should be"),
        (Y, {"right_size": 1.0}, ValueError, "`right_size` should be"),
        (Y, {"left_size": 0.6, "right_size": 0.6}, ValueError, "greater than 1"),
        (Y, {"left_size": 6, "right_size": 6}, ValueError, "smaller than the 8"),
        (Y, {"left_size": 0.01}, ValueError, "left side dataset split will be empty"),
        ([], {"left_size": 1}, ValueError, "empty list"),
        ([Y, Y[:3]], {"left_size": 1}, ValueError, "different lengths"),
        ([Y, [1]], {"left_size": 1}, ValueError, "numpy.ndarray"),
        (np.zeros((0, 2)), {"left_size": 1}, ValueError, "empty dataset"),
    ],
)
def test_arguments_of_splits(dataset, options, kind, words):
    with pytest.raises(kind, match=words):
        utils.split_dataset(dataset, **options)
