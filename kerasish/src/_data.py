"""What packages take from ``keras.src.trainers``: rules of training data."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.training.batch import class_weights
from kerasish.training.compiled import CompiledLoss, CompiledMetrics
from kerasish.training.feed import split


def class_weight_to_sample_weights(y: Any, class_weight: dict) -> np.ndarray:
    """The weight of each target's class, as an array (samples,)."""
    return np.asarray(class_weights(dispatch.raw(y), class_weight))


def train_validation_split(arrays: Any, validation_split: float) -> tuple:
    """Arrays without their last part, and that part.

    Raises:
        ValueError: not arrays, or nothing would be left.
    """
    return split(tuple(arrays), validation_split)


def list_to_tuple(maybe_list: Any) -> Any:
    """A list as a tuple, anything else as it is."""
    return tuple(maybe_list) if isinstance(maybe_list, list) else maybe_list


def is_torch_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


CompileLoss = CompiledLoss
CompileMetrics = CompiledMetrics

__all__ = [
    "CompileLoss", "CompileMetrics", "class_weight_to_sample_weights", "is_torch_tensor", "list_to_tuple",
    "train_validation_split",
]  # fmt: skip
