"""Shapes of structures of tensors, as layers pass them to ``build`` and note them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor


def shape_tree(value: Any) -> Any:
    """The shapes of a structure of tensors: a TensorShape for one tensor, lists and dicts of them for several."""
    return tree.map_structure(lambda x: TensorShape(x.shape) if hasattr(x, "shape") else None, value)


def plain_shapes(value: Any) -> Any:
    """The same structure with tuples for TensorShapes."""
    if isinstance(value, TensorShape):
        return tuple(value)
    if isinstance(value, dict):
        return {key: plain_shapes(v) for key, v in value.items()}
    return type(value)(plain_shapes(v) for v in value) if type(value) in (list, tuple) else value


def answers_in_kind(method: Callable) -> Callable:
    """``compute_output_shape`` that gives a TensorShape for one, as code for Keras 2 expects, and else a tuple."""

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        shape = method(self, *args, **kwargs)
        asked_for = any(type(x) is TensorShape for x in (*args, *kwargs.values()))
        is_one = type(shape) is tuple and all(d is None or isinstance(d, int) for d in shape)
        return TensorShape(shape) if asked_for and is_one else shape

    return wrapped


def without_batch(value: Any) -> Any:
    def shape(x: Any) -> Any:
        if not hasattr(x, "shape"):
            return None
        dims = tuple(x.shape)
        return (None, *dims[1:]) if dims else ()

    return tree.map_structure(shape, value)


def shape_from_config(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape_from_config(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)) and all(v is None or isinstance(v, int) for v in value):
        return tuple(value)
    if isinstance(value, (list, tuple)):
        return [shape_from_config(v) for v in value]
    return value


def keras_tensors(shapes: Any, dtype: Any) -> Any:
    """KerasTensors for a shape or a structure of shapes."""
    if isinstance(shapes, dict):
        return {key: keras_tensors(value, dtype) for key, value in shapes.items()}
    if isinstance(shapes, (TensorShape, torch.Size)) or all(map(_is_size, shapes)):
        return KerasTensor(tuple(int(d) if isinstance(d, float) else d for d in shapes), dtype)
    return type(shapes)(keras_tensors(value, dtype) for value in shapes)


def _is_size(d: Any) -> bool:
    """Whether this is a dimension, as which Keras 2 takes whole floats, too: ``n * (n - 1) / 2``."""
    return d is None or isinstance(d, (int, np.integer)) or (isinstance(d, float) and d.is_integer())
