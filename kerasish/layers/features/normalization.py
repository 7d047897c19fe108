"""Normalization: features with a known mean and variance, or one learned from data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.context import settings
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.storage import to_numpy
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.data_layer import DataLayer
from kerasish.layers.features.batches import Batches, is_array


class Normalization(DataLayer):
    """Shifts and scales features to mean 0 and variance 1: ``(x - mean) / √variance``.

    The statistics are given, or learned by ``adapt``; they are weights in the second case.

    Args:
        axis: the axis or axes whose every index has a mean and variance of its own; None: one for all.
        mean, variance: the statistics, to be broadcast to the sizes of ``axis``; both or neither.
        invert: whether to do the opposite, ``x · √variance + mean``.

    Input and output shape: any, the sizes along ``axis`` known.

    Raises:
        ValueError: one of ``mean`` and ``variance`` without the other, of another shape, or of more axes than ``axis``.

    >>> layer = Normalization(axis=None)
    >>> layer.adapt(np.array([1.0, 3.0]))
    >>> layer([5.0]).numpy()
    array([3.], dtype=float32)
    """

    _config_first = ("axis", "invert")

    _settled = ("axis", "invert")

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True
        if (mean is None) != (variance is None):
            raise ValueError(
                "When setting values directly, both `mean` and `variance` must be set. "
                f"Received: mean={mean} and variance={variance}"
            )
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ValueError(
                "When setting values directly, `mean` and `variance` must have the same shape. "
                f"Received: mean of shape {np.shape(mean)} and variance of shape {np.shape(variance)}"
            )
        if mean is not None and len(np.shape(mean)) > len(self.axis):
            raise ValueError(
                f"The rank of `mean` must be at most the number of axes ({len(self.axis)}). "
                f"Received: mean of shape {np.shape(mean)} for axis {self.axis}"
            )

    def build(self, input_shape: Any) -> None:
        if input_shape is None:
            return
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"All `axis` values must be in the range [-ndim, ndim). Received: ndim={rank}, axis={self.axis}"
            )
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        for axis in self._kept:
            if input_shape[axis] is None:
                raise ValueError(
                    "All `axis` values to be kept must have a known shape. "
                    f"Received: axis={self.axis}, inputs.shape={tuple(input_shape)}, axis {axis} being unknown"
                )
        self._spread = tuple(input_shape[axis] if axis in self._kept else 1 for axis in range(rank))
        if self.input_mean is not None:
            self.register_buffer("_given_mean", self._given(self.input_mean), persistent=False)
            self.register_buffer("_given_variance", self._given(self.input_variance), persistent=False)
            return
        if len(set(self._kept)) != len(self._kept):
            raise fail(InvalidArgumentError, f"`axis` of layer '{self.name}' names an axis twice", received=self.axis)
        sizes = tuple(input_shape[axis] for axis in self._kept)
        self.adapt_mean = self.add_weight(name="mean", shape=sizes, initializer="zeros", trainable=False)
        self.adapt_variance = self.add_weight(name="variance", shape=sizes, initializer="ones", trainable=False)
        # kept in files, though nothing counts any more
        self.count = self.add_weight(name="count", shape=(), dtype="int64", initializer="zeros", trainable=False)

    def _given(self, values: Any) -> torch.Tensor:
        """A statistic that was passed in, its axes aligned with the last of the kept ones."""
        values = dispatch.raw(values)
        sizes = [1] * len(self._spread)
        for size, axis in zip(reversed(values.shape), reversed(self._kept), strict=False):
            sizes[axis] = size
        if any(size not in (1, whole) for size, whole in zip(sizes, self._spread, strict=True)):
            raise fail(
                InvalidArgumentError,
                f"`mean` and `variance` of layer '{self.name}' do not fit its inputs",
                f"values that broadcast to {self._spread}",
                f"the shape {tuple(values.shape)}",
            )
        return values.reshape(sizes).expand(self._spread).clone()

    def _statistics(self, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance as they broadcast with the inputs."""
        if self.input_mean is not None:
            return self._buffers["_given_mean"].to(dtype), self._buffers["_given_variance"].to(dtype)
        mean, variance = self.adapt_mean.read(), self.adapt_variance.read()
        return mean.reshape(self._spread).to(dtype), variance.reshape(self._spread).to(dtype)

    @property
    def mean(self) -> Any:
        """The mean as it broadcasts with the inputs; None before the layer is built."""
        return dispatch.wrap(self._statistics(to_torch(self.compute_dtype))[0].clone()) if self.built else None

    @property
    def variance(self) -> Any:
        """The variance as it broadcasts with the inputs; None before the layer is built."""
        return dispatch.wrap(self._statistics(to_torch(self.compute_dtype))[1].clone()) if self.built else None

    # learning

    def adapt(self, data: Any) -> None:
        """Set mean and variance to those of ``data``.

        Args:
            data: an array, or batches: a ``tf.data.Dataset`` (batched; single samples of rank 1 are gathered), a
                ``PyDataset``, or an iterable of arrays. Of ``(x, y)`` pairs, ``x`` counts.

        Raises:
            TypeError: it is none of these.
            ValueError: its shape is not the one that the layer was built for, or there is no batch.
            AttributeError: mean and variance were passed in.
        """
        if self.input_mean is not None:
            raise fail(
                AttributeError,
                f"adapt() was called on layer '{self.name}', which was given its mean and variance",
                hint="Leave out `mean` and `variance` to learn them.",
            )
        source = data if is_array(data) else Batches(data)
        shape = tuple(source.shape)
        if not self.built:
            self.build(shape)
        self._check_shape(shape)
        if not isinstance(source, Batches):
            mean, variance = self._of_array(source)
        else:
            mean, variance = self._of_batches(source)
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def _check_shape(self, shape: tuple) -> None:
        if len(shape) != len(self._spread) or any(shape[axis] != self._spread[axis] for axis in self._kept):
            raise ValueError(
                f"The layer was built for inputs that are {self._spread} along the axes {self._kept}, but adapt() was "
                f"given data with an incompatible shape: {shape}"
            )

    def _reduced(self) -> tuple[int, ...]:
        return tuple(axis for axis in range(len(self._spread)) if axis not in self._kept)

    def _of_array(self, data: Any) -> tuple[Any, Any]:
        """Mean and variance of one array: by NumPy for arrays, in float32 at least for tensors."""
        if dispatch.is_tensor(data):
            return _moments(_floating(dispatch.raw(data)), self._reduced())
        data = np.asarray(data)
        return np.mean(data, axis=self._reduced()), np.var(data, axis=self._reduced())

    def _of_batches(self, batches: Batches) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance merged batch by batch, weighted by the batches' sizes."""
        axes, dtype = self._reduced(), to_torch(self.compute_dtype)
        sizes = [self._spread[axis] for axis in self._kept]
        mean, variance, count = torch.zeros(sizes), torch.zeros(sizes), 0
        for batch in batches:
            self._check_shape(tuple(batch.shape))
            own_mean, own_variance = _moments(batch.to(dtype), axes)
            size = math.prod(batch.shape[axis] for axis in axes)
            count += size
            new = size / count
            merged = mean * (1.0 - new) + own_mean * new
            kept_part = (variance.to(merged) + (mean - merged) ** 2) * (1.0 - new)
            variance = kept_part + (own_variance + (own_mean - merged) ** 2) * new
            mean = merged
        return mean, variance

    def finalize_state(self) -> None:
        """Nothing is to be done: the statistics are read when they are used."""

    # computing

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        dtype = to_torch(self.compute_dtype)
        mean, variance = self._statistics(dtype)
        deviation = variance.sqrt().clamp(min=settings.epsilon)
        inputs = inputs.to(dtype)
        return mean + inputs * deviation if self.invert else (inputs - mean) / deviation

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        return (self._raw_call,)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)

    def get_config(self) -> dict:
        config = super().get_config()
        config["mean"], config["variance"] = (_plain(x) for x in (self.input_mean, self.input_variance))
        return config


def _plain(values: Any) -> Any:
    if values is None:
        return None
    values = dispatch.raw(values) if dispatch.is_tensor(values) else values
    return (to_numpy(values) if isinstance(values, torch.Tensor) else np.array(values)).tolist()


def _floating(x: torch.Tensor) -> torch.Tensor:
    return x if x.is_floating_point() and x.dtype.itemsize >= 4 else x.float()


def _moments(x: torch.Tensor, axes: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance along some axes, which may be none."""
    if not axes:
        return x, torch.zeros_like(x)
    variance, mean = torch.var_mean(x, axes, correction=0)
    return mean, variance
