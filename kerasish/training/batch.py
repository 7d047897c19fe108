"""Batches as training takes them: ``(x, y, sample_weight)`` of raw tensors on the device; the last two may be None."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, tree
from kerasish.core.dtypes import floatx
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.storage import cast_raw, storage
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.training.ragged_rows import ragged_rows
from kerasish.training.sparse_rows import is_sparse_data, sparse_rows

Batch = tuple[Any, Any, Any]


class Feed:
    """An iterable of batches, once per epoch.

    Attributes:
        batches: how many an epoch has; None if that is not known.
        batch_size: samples of a batch; None if the source decides.
    """

    batches: int | None = None
    batch_size: int | None = None
    restarts = True  # whether a second epoch begins anew
    divided = False  # whether a batch is this process's part of one, where several compute together

    def __iter__(self) -> Iterator[Batch]:
        raise NotImplementedError

    def begin_epoch(self) -> None:
        """Called before each epoch."""

    def end_epoch(self) -> None:
        """Called after each epoch."""

    def spare_pass(self) -> None:
        """Called at the end of an epoch that was all of a pass: Keras begins another pass there, which nobody takes."""

    def skip_pass(self) -> None:
        """Called for each pass that another run took: what begins passes differently each time has to begin one."""

    def abandon(self) -> None:
        """Called where an epoch is left before its end: what was begun to be fetched is not wanted."""


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """``(x, y, sample_weight)`` from ``x``, ``(x, y)`` or all three; None for what is missing.

    Raises:
        ValueError: more than three parts.
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3:
        raise ValueError(
            "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, found: "
            f"a tuple of {len(data)}"
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """``x``, ``(x, y)`` or all three: as short as the parts given allow. A list or tuple ``x`` alone becomes ``(x,)``.

    Weights without ``y`` are dropped, as in Keras.
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def to_batch(element: Any) -> Batch:
    """What a source yields as ``(x, y, sample_weight)`` of raw tensors on the device.

    Raises:
        ValueError: more than three parts.
    """
    return on_device(prepared(element))


def prepared(element: Any) -> Batch:
    """The same, where it is: what a source yields from memory of its own is still on the host."""
    if isinstance(element, list) and (not element or np.isscalar(element[0])):
        element = (element,)  # numbers: a batch of x, not parts
    x, y, sample_weight = unpack_x_y_sample_weight(element)
    return _part(x), _part(y), _part(sample_weight)


def _part(part: Any) -> Any:
    if part is None:
        return None
    if type(part) is Tensor:
        t: Any = dispatch.live(part)
    elif isinstance(part, torch.Tensor):
        t = part
    elif isinstance(part, (dict, tuple)) or (isinstance(part, list) and part and hasattr(part[0], "shape")):
        return tree.map_structure(_part, part)
    elif isinstance(part, StringTensor):
        return part._t
    elif isinstance(part, RaggedTensor):
        return ragged_rows(part).batch()
    elif type(part) is not np.ndarray and is_sparse_data(part):
        return sparse_rows(part, "data").batch()
    else:
        t = dispatch.raw(part) if dispatch.is_tensor(part) else storage(part)
    return t


def on_device(batch: Batch) -> Batch:
    """A batch whose tensors are on the current device; copies from staged memory are not waited for."""
    x, y, sample_weight = batch
    device = devices.current()
    return moved(x, device), moved(y, device), moved(sample_weight, device)


def moved(part: Any, device: torch.device) -> Any:
    """A structure of tensors (others pass) on a device."""
    if isinstance(part, torch.Tensor):
        if part.device == device:
            return part
        if part.dtype is torch.float64 and devices.lacks_float64(device):
            part = part.to(floatx())
        return part.to(device, non_blocking=device.type != "cpu")
    return tree.map_structure(lambda t: moved(t, device), part) if tree.is_nested(part) else part


def _is_class(label: Any) -> bool:
    return isinstance(label, (int, float, np.number)) and label == int(label)


def class_weights(y: Any, class_weight: dict) -> torch.Tensor:
    """The weight of each sample, from its class: labels (rounded), or one-hot rows; classes not named weigh 1.

    Raises:
        TypeError: the weights are no dictionary.
        ValueError: several targets, or targets of three or more dimensions.
    """
    if not isinstance(class_weight, dict):
        raise fail(TypeError, "`class_weight` must be a dictionary from class to weight", received=repr(class_weight))
    if not isinstance(y, torch.Tensor):
        raise fail(
            ValueError, "`class_weight` is only supported for models with a single output", received=f"y={type(y)}"
        )
    if y.ndim > 2:
        raise fail(
            ValueError,
            "`class_weight` not supported for 3+ dimensional targets",
            received=f"y of shape {tuple(y.shape)}",
        )
    if y.ndim == 2 and y.shape[1] > 1:
        labels = y.argmax(-1)
    else:
        labels = cast_raw(y.reshape(-1).round() if y.is_floating_point() else y.reshape(-1), torch.int64)
    weights = {int(label): float(weight) for label, weight in class_weight.items() if _is_class(label)}
    if not weights:  # as in Keras, what is no number stands for no class
        return torch.ones(len(labels), dtype=torch.float32, device=y.device)
    lowest = min(weights)
    table = [weights.get(label, 1.0) for label in range(lowest, max(weights) + 1)] + [1.0]  # the last: any other class
    place = (labels - lowest).masked_fill((labels < lowest) | (labels > max(weights)), len(table) - 1)
    return torch.tensor(table, dtype=torch.float32, device=y.device)[place]
