"""Datasets made of arrays and of other datasets (``keras.utils.timeseries_dataset_from_array``, ``split_dataset``).

They are Keras's utilities, and stand here because what they return does; ``kerasish.utils`` finds them in the registry.
"""

from __future__ import annotations

import random
import time
import warnings
from typing import Any

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.errors import InvalidArgumentError, NotServedError, fail
from kerasish.core.registry import publish, publish_alias
from kerasish.core.tensor import StringTensor, Tensor, convert
from kerasish.tf.data.dataset import AUTOTUNE, Dataset
from kerasish.tf.data.grouping import Batch
from kerasish.tf.data.reading import KnownMap
from kerasish.tf.spec import TensorSpec

_LONG = 10  # seconds


# sliding windows ------------------------------------------------------------------------------------------------------


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",  # noqa: A002 - Keras's name
) -> Dataset:
    """A dataset of windows that slide over an array.

    Args:
        data: array whose first axis is time.
        targets: ``targets[i]`` belongs to the window that begins at step i; None for windows alone.
        sequence_length: steps in a window.
        sequence_stride: steps between the beginnings of windows.
        sampling_rate: steps between the steps of a window.
        batch_size: None for single windows.
        shuffle: whether to shuffle the windows.
        start_index, end_index: the part of ``data`` to use.
        format: "tf".

    Returns:
        A ``tf.data.Dataset`` of windows (batch, sequence_length, ...), or pairs of windows and targets.

    Raises:
        ValueError: numbers that do not fit the data.
    """
    _check_series(len(data), sequence_stride, sampling_rate, start_index, end_index)
    if format == "grain":
        raise NotServedError("`format='grain'` is not served by kerasish. Use format='tf'.")
    if format != "tf":
        raise fail(ValueError, '`format` should be either "tf" or "grain"', received=f"format={format}")
    start, end = 0 if start_index is None else start_index, len(data) if end_index is None else end_index
    count = end - start - (sequence_length - 1) * sampling_rate
    count = count if targets is None else min(count, len(targets))
    starts = np.arange(0, count, sequence_stride, dtype="int32" if count < 2**31 - 1 else "int64")
    if shuffle:
        seed = np.random.randint(1e6) if seed is None else seed
        np.random.RandomState(seed).shuffle(starts)
    dataset = Dataset.from_tensor_slices(starts)
    if shuffle:
        dataset = dataset.shuffle(1024 if batch_size is None else 8 * batch_size, seed=seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    offsets = torch.arange(sequence_length) * sampling_rate
    steps = convert(data[start:end])
    values = None if targets is None else convert(targets[start:end])

    def windows(first: Tensor) -> Any:
        index = torch.as_tensor(first._t, dtype=torch.int64).cpu()
        window = _rows(steps, index[..., None] + offsets)
        return window if values is None else (window, _rows(values, index))

    lead = () if batch_size is None else (None,)
    spec: Any = TensorSpec((*lead, None, *steps.shape[1:]), steps.dtype)
    if values is not None:
        spec = (spec, TensorSpec((*lead, *values.shape[1:]), values.dtype))
    return Dataset(KnownMap(dataset._node, windows, spec)).prefetch(AUTOTUNE)


def _rows(x: Tensor, index: torch.Tensor) -> Tensor:
    if index.numel() and int(index.max()) >= len(x):
        raise fail(InvalidArgumentError, f"indices = {int(index.max())} is not in [0, {len(x)})")
    if isinstance(x, StringTensor):
        return StringTensor(x._t[index.numpy()])
    return Tensor(x._t[index.to(x._t.device)])


def _check_series(size: int, stride: int, rate: int, start: int | None, end: int | None) -> None:
    of_length = f"for data of length {size}"
    if start and start < 0:
        raise fail(ValueError, "`start_index` must be 0 or greater", received=f"start_index={start}")
    if start and start >= size:
        raise fail(
            ValueError,
            "`start_index` must be lower than the length of the data",
            received=f"start_index={start}, {of_length}",
        )
    if end and start and end <= start:
        raise fail(
            ValueError,
            "`end_index` must be higher than `start_index`",
            received=f"start_index={start}, and end_index={end}",
        )
    if end and end >= size:
        raise fail(
            ValueError,
            "`end_index` must be lower than the length of the data",
            received=f"end_index={end}, {of_length}",
        )
    if end and end <= 0:
        raise fail(ValueError, "`end_index` must be higher than 0", received=f"end_index={end}")
    for name, value in (("sampling_rate", rate), ("sequence_stride", stride)):
        if value <= 0:
            raise fail(ValueError, f"`{name}` must be higher than 0", received=f"{name}={value}")
        if value >= size:
            raise fail(
                ValueError,
                f"`{name}` must be lower than the length of the data",
                received=f"{name}={value}, {of_length}",
            )


# two parts ------------------------------------------------------------------------------------------------------------


def split_dataset(
    dataset: Any,
    left_size: Any = None,
    right_size: Any = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Divide a dataset that fits into memory in two.

    Args:
        dataset: a ``tf.data.Dataset``, an array, a list or tuple of arrays of equal length, or a dataset of torch's.
        left_size, right_size: numbers of samples, or fractions; one of them may be None.
        shuffle: whether to shuffle before.
        seed: of the shuffle.
        preferred_backend: "torch" for datasets of torch's, "tensorflow" for ``tf.data``; default: torch's for torch's
            own, else ``tf.data``.

    Returns:
        Two datasets.

    Raises:
        TypeError: another kind of dataset or size.
        ValueError: no size, or sizes that do not fit.
    """
    own = isinstance(dataset, torch.utils.data.Dataset)
    if not own and not isinstance(dataset, (Dataset, list, tuple, np.ndarray)):
        raise fail(
            TypeError,
            "The `dataset` argument must be either a `tf.data.Dataset` or `torch.utils.data.Dataset` object, or a "
            "list/tuple of arrays",
            received=f"dataset={dataset} of type {type(dataset)}",
        )
    if left_size is None and right_size is None:
        raise fail(
            ValueError,
            "At least one of the `left_size` or `right_size` must be specified",
            received="left_size=None and right_size=None",
        )
    if (preferred_backend or ("torch" if own else "tensorflow")) == "torch":
        return _split_torch(dataset, left_size, right_size, shuffle, seed)
    samples = _samples(dataset)
    if shuffle:
        random.seed(random.randint(0, 1_000_000) if seed is None else seed)
        random.shuffle(samples)
    left, right = _sizes(left_size, right_size, len(samples))
    parts = [_restored(part, dataset) for part in (samples[:left], samples[-right:])]
    if isinstance(dataset, Dataset) and (size := _batch_size(dataset)) is not None:
        parts = [part.batch(size) for part in parts]
    return parts[0].prefetch(AUTOTUNE), parts[1].prefetch(AUTOTUNE)


def _split_torch(dataset: Any, left_size: Any, right_size: Any, shuffle: bool, seed: int | None) -> tuple[Any, Any]:
    data = torch.utils.data
    if not isinstance(dataset, data.Dataset):
        arrays = [dataset] if isinstance(dataset, np.ndarray) else dataset
        if isinstance(dataset, Dataset):
            arrays = [np.array(column) for column in zip(*_samples(dataset), strict=True)]
        dataset = data.TensorDataset(*(torch.from_numpy(np.asarray(array)) for array in arrays))
    total = len(dataset)
    left, right = _sizes(left_size, right_size, total)
    if not shuffle:
        return data.Subset(dataset, range(left)), data.Subset(dataset, range(total - right, total))
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return tuple(data.random_split(dataset, (left, right), generator=generator))


def _samples(dataset: Any) -> list:
    """The samples: rows of arrays, tuples of rows of several, elements of datasets."""
    if isinstance(dataset, (list, tuple)):
        kind = type(dataset).__name__
        if not dataset:
            raise fail(ValueError, f"Received an empty {kind} dataset", f"a non-empty {kind} of arrays")
        for index, array in enumerate(dataset):
            if not isinstance(array, np.ndarray):
                raise fail(
                    ValueError,
                    f"Expected a {kind} of `numpy.ndarray` objects",
                    received=f"{type(array)} at index {index}",
                )
            if len(array) != len(dataset[0]):
                raise fail(
                    ValueError,
                    f"Received a {kind} of NumPy arrays with different lengths. Mismatch found at index {index}",
                    f"shape={dataset[0].shape}",
                    f"shape={array.shape}",
                )
        source: Any = zip(*dataset, strict=True)
    else:
        source = dataset
        if isinstance(dataset, Dataset) and _batch_size(dataset) is not None:
            source = dataset.unbatch()
    begin, samples = time.time(), []
    for sample in source:
        samples.append(sample)
        if len(samples) % 10 == 0 and begin is not None and time.time() - begin > _LONG:
            warnings.warn(
                "The dataset is taking longer than 10 seconds to iterate over. Keep in mind that `split_dataset` is only "
                "for small in-memory datasets (e.g. < 10,000 samples).",
                ResourceWarning,
                stacklevel=3,
            )
            begin = None
    if not samples:
        raise fail(ValueError, "Received an empty dataset", "samples")
    shapes = [np.shape(sample) for sample in samples if isinstance(sample, (np.ndarray, Tensor, torch.Tensor))]
    for index, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise fail(
                ValueError,
                "All `dataset` samples must have same shape",
                shapes[0],
                f"shape {shape} at index {index - 1}",
            )
    return samples


def _restored(samples: list, dataset: Any) -> Dataset:
    if isinstance(dataset, np.ndarray):
        return Dataset.from_tensor_slices(np.array(samples))
    columns = [_stacked(column) for column in zip(*(tree.flatten(sample) for sample in samples), strict=True)]
    return Dataset.from_tensor_slices(tree.pack_as(samples[0], columns))


def _stacked(column: tuple) -> Any:
    return np.array([entry.numpy() if hasattr(entry, "numpy") else np.asarray(entry) for entry in column])


def _batch_size(dataset: Dataset) -> int | None:
    """The batch size of a dataset whose last step is ``batch``."""
    node = dataset._node
    return node.size if isinstance(node, Batch) else None


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    """Numbers of samples from numbers, fractions or None."""
    for name, size in (("left_size", left), ("right_size", right)):
        if size is not None and type(size) not in (int, float):
            raise fail(TypeError, f"Invalid `{name}` Type", "int or float or None", f"type({name})={type(size)}")
    if left == 0 and right == 0:
        raise fail(ValueError, "Both `left_size` and `right_size` are zero. At least one must be non-zero")
    for name, size in (("left_size", left), ("right_size", right)):
        if size is not None and (size <= 0 or size >= (total if type(size) is int else 1)):
            raise fail(
                ValueError,
                f"`{name}` should be either a positive integer smaller than {total}, or a float within the range "
                "`[0, 1]`",
                received=f"{name}={size}",
            )
    if type(left) is type(right) is float and left + right > 1:
        raise fail(ValueError, "The sum of `left_size` and `right_size` is greater than 1. It must be at most 1")
    left, right = (round(size * total) if type(size) is float else size for size in (left, right))
    left = total - right if left is None else left
    right = total - left if right is None else right
    if left + right > total:
        raise fail(
            ValueError,
            f"The sum of `left_size` and `right_size` should be smaller than the {total}",
            received=f"left_size + right_size = {left + right} and total_length = {total}",
        )
    for side, size in (("left", left), ("right", right)):
        if size == 0:
            raise fail(
                ValueError,
                f"With `dataset` of length={total}, `left_size`={left} and `right_size`={right}. Resulting {side} side "
                "dataset split will be empty. Adjust any of the aforementioned parameters",
            )
    return left, right


_NAMES = ("split_dataset", "timeseries_dataset_from_array")
publish("kerasish.utils", globals(), _NAMES)
publish_alias("keras.preprocessing.timeseries_dataset_from_array", timeseries_dataset_from_array)
