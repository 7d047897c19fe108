"""Layers that normalize each sample: by the statistics of some axes, of groups of channels, or by its length.

16-bit floats are summed in float32.
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish import constraints, initializers, regularizers
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.core import known_axis
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops.common import in_float32
from kerasish.ops.normalization import layer_normalization, normalize, rms_normalization


class ScaledNormalization(Layer):
    """What batch, layer and group normalization share: a scale ``gamma`` and an offset ``beta``, either optional."""

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        initializer: tuple[Any, Any],
        regularizer: tuple[Any, Any],
        constraint: tuple[Any, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer, self.gamma_initializer = map(initializers.get, initializer)
        self.beta_regularizer, self.gamma_regularizer = map(regularizers.get, regularizer)
        self.beta_constraint, self.gamma_constraint = map(constraints.get, constraint)
        self.supports_masking = True

    def _add_scale_and_offset(self, shape: tuple, scale: bool, center: bool) -> None:
        self.gamma = self.beta = None
        if scale:
            self.gamma = self.add_weight(
                name="gamma",
                shape=shape,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if center:
            self.beta = self.add_weight(
                name="beta",
                shape=shape,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class LayerNormalization(ScaledNormalization):
    """Normalizes each sample by the mean and variance along some of its axes (Ba et al. 2016).

    ``gamma · (x - mean) / √(variance + epsilon) + beta``

    Args:
        axis: an axis or several; the weights have their sizes.
        epsilon: added to the variance.
        center, scale: whether ``beta`` is added, and whether it is multiplied by ``gamma``.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: names,
            objects or configs.
        rms_scaling: Keras's old misnomer: ``gamma · x / √(variance + epsilon)``; use ``RMSNormalization``.

    Input and output shape: any.
    """

    _config_first = ("axis", "epsilon", "center", "scale", "rms_scaling")

    _settled = ("axis", "epsilon", "gamma", "beta", "rms_scaling")

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        rms_scaling: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer),
            (beta_constraint, gamma_constraint),
            **kwargs,
        )
        _several_axes(axis)
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.rms_scaling = rms_scaling
        if rms_scaling:
            warnings.warn(
                "`rms_scaling=True` is deprecated: it divides by the standard deviation, not by the root mean square. Use "
                "`keras.layers.RMSNormalization` instead.",
                stacklevel=2,
            )

    def build(self, input_shape: Any) -> None:
        self.axis = _several_axes(self.axis)
        # rms_scaling is a scale without an offset, whatever else was asked for
        old = self.rms_scaling
        if not (self.scale or self.center or old):
            check_axes(self.axis, input_shape, self)
            self.gamma = self.beta = None
            return
        shape = _weight_shape(self.axis, input_shape, self)
        self._add_scale_and_offset(shape, self.scale or old, self.center and not old)
        self.input_spec = _spec_for(self.axis, shape)

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        x = inputs if inputs.is_floating_point() else inputs.to(to_torch(self.compute_dtype))
        axes, sizes = _axes_and_sizes(self.axis, x)
        gamma, beta = (parameter(self, name, x.dtype, sizes) for name in ("gamma", "beta"))
        if self.rms_scaling:
            outputs = in_float32(lambda t: _over_deviation(t, axes, self.epsilon), x)
            return outputs if gamma is None else outputs * _spread(gamma, axes, x)
        if axes[0] == x.ndim - len(axes):
            return F.layer_norm(x, sizes, gamma, beta, self.epsilon)
        return layer_normalization.raw(x, gamma, beta, axes, self.epsilon)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        rank, weight = len(inputs.shape), self.gamma if self.gamma is not None else self.beta
        axes = [a % rank for a in self.axis]
        trailing = axes == list(range(rank - len(axes), rank))
        if self.rms_scaling or not trailing or weight is None or inputs.dtype != weight.dtype:
            return None
        weights, sizes, epsilon, function = self._parameters, tuple(weight.shape), self.epsilon, torch.layer_norm
        gamma, beta = ("gamma" if self.gamma is not None else ""), ("beta" if self.beta is not None else "")
        if gamma and beta:
            return (lambda x: function(x, sizes, weights["gamma"], weights["beta"], epsilon),)
        return (lambda x: function(x, sizes, weights.get(gamma), weights.get(beta), epsilon),)


def _over_deviation(x: torch.Tensor, axes: list[int], epsilon: float) -> torch.Tensor:
    return x * torch.rsqrt(torch.var(x, axes, correction=0, keepdim=True) + epsilon)


class GroupNormalization(ScaledNormalization):
    """Normalizes each sample by the mean and variance of groups of channels, over all other axes (Wu and He 2018).

    Args:
        groups: how many; must divide the number of channels. 1 is close to layer normalization, -1 (a group a channel)
            is instance normalization.
        axis: of the channels.
        epsilon: added to the variance.
        center, scale: whether ``beta`` is added, and whether it is multiplied by ``gamma``.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: names,
            objects or configs.

    Input and output shape: ``(batch, ...)``.

    Raises:
        ValueError: the channels cannot be divided into that many groups.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            (beta_initializer, gamma_initializer),
            (beta_regularizer, gamma_regularizer),
            (beta_constraint, gamma_constraint),
            **kwargs,
        )
        if not isinstance(groups, numbers.Real) or (groups <= 0 and groups != -1):
            raise ValueError(
                "Received an invalid value for argument `groups`, expected a positive integer (or `-1` for instance "
                f"normalization). Received: groups={groups}"
            )
        self.groups = groups
        self.axis = single_axis(axis)

    def build(self, input_shape: Any) -> None:
        check_axes([self.axis], input_shape, self)
        rank = len(input_shape)
        if rank < 2 or self.axis % rank == 0:
            raise fail(
                ValueError,
                f"Layer '{self.name}' normalizes each sample: its channels cannot be on the batch axis",
                received=f"axis={self.axis} for inputs of shape {tuple(input_shape)}",
            )
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer received an input with "
                f"shape {tuple(input_shape)}."
            )
        if self.groups == -1:
            self.groups = channels
        if channels < self.groups:
            raise ValueError(
                f"Number of groups ({self.groups}) cannot be more than the number of channels ({channels})."
            )
        if channels % self.groups:
            raise ValueError(f"Number of groups ({self.groups}) must divide the number of channels ({channels}).")
        self._add_scale_and_offset((channels,), self.scale, self.center)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: channels})

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        x = inputs if inputs.is_floating_point() else inputs.to(to_torch(self.compute_dtype))
        gamma, beta = parameter(self, "gamma", x.dtype), parameter(self, "beta", x.dtype)
        if gamma is None and beta is not None:
            gamma = torch.ones_like(beta)  # torch's kernel fails with an offset alone
        # Contiguous: on channels_last data torch's CPU kernel is 1000 times less accurate where the mean is large, and
        # many times slower with many groups.
        channels_second = x.movedim(self.axis, 1).contiguous()
        if (
            math.prod(channels_second.shape[1:]) == self.groups
        ):  # each value is its own mean: exactly zero, not torch's 1e-7
            zero, shape = channels_second - channels_second, (-1, *[1] * (x.ndim - 2))
            zero = zero if gamma is None else zero * gamma.reshape(shape)
            return (zero if beta is None else zero + beta.reshape(shape)).movedim(1, self.axis)
        return torch.group_norm(channels_second, self.groups, gamma, beta, self.epsilon).movedim(1, self.axis)


class RMSNormalization(Layer):
    """Divides each sample by the root mean square along some of its axes (Zhang and Sennrich 2019).

    ``scale · x / √(mean(x²) + epsilon)``

    Args:
        axis: an axis or several; ``scale`` has their sizes.
        epsilon: added to the mean square.

    Input and output shape: any.
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _several_axes(axis)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        self.axis = _several_axes(self.axis)
        shape = _weight_shape(self.axis, input_shape, self)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")
        self.input_spec = _spec_for(self.axis, shape)

    def call(self, x: torch.Tensor) -> torch.Tensor:
        x = x if x.is_floating_point() else x.to(to_torch(self.compute_dtype))
        axes, sizes = _axes_and_sizes(self.axis, x)
        scale = parameter(self, "scale", x.dtype, sizes)
        if axes[0] == x.ndim - len(axes):
            return F.rms_norm(x, sizes, scale, self.epsilon)
        return rms_normalization.raw(x, _spread(scale, axes, x), axes, self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class UnitNormalization(Layer):
    """Divides each sample by its Euclidean norm along some of its axes; zeros stay zeros.

    Args:
        axis: an axis or several.

    Input and output shape: any.
    """

    _stacks_lists = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(
                f"Invalid value for `axis` argument: expected an int or a list/tuple of ints. Received: axis={axis}"
            )
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        x = inputs if inputs.is_floating_point() else inputs.to(to_torch(self.compute_dtype))
        return in_float32(lambda t: normalize.raw(t, self.axis, 2, 1e-12), x)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in (self.axis if isinstance(self.axis, list) else [self.axis])):
            raise ValueError(f"Axis {self.axis} is out of bounds for input shape {tuple(input_shape)}.")
        return TensorShape(input_shape)


# axes and weights -----------------------------------------------------------------------------------------------------


def single_axis(axis: Any) -> int:
    """``axis`` as an int; Keras 2's files hold a list of one.

    Raises:
        TypeError: it is no integer.
    """
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        axis = axis[0]
    if isinstance(axis, (list, tuple, str)) or axis is None or int(axis) != axis:
        raise fail(TypeError, "The argument 'axis' must be an integer", received=f"axis={axis}")
    return int(axis)


def _several_axes(axis: Any) -> list[int]:
    """``axis`` as a sorted list of ints.

    Raises:
        TypeError: it is neither an int nor a list or tuple of ints.
    """
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    if not axes or not all(hasattr(a, "__index__") for a in axes):
        raise TypeError(f"Expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}")
    return sorted(a.__index__() for a in axes)


def check_axes(axes: list[int], input_shape: Any, layer: Layer) -> None:
    rank = len(input_shape)
    found = [a % rank for a in axes if -rank <= a < rank]
    if len(found) < len(axes):
        raise fail(
            IndexError, f"Layer '{layer.name}': axis {axes} is out of range for inputs of shape {tuple(input_shape)}"
        )
    if len(set(found)) < len(found):
        raise fail(ValueError, f"Layer '{layer.name}': axis {axes} names a dimension of {tuple(input_shape)} twice")


def _weight_shape(axes: list[int], input_shape: Any, layer: Layer) -> tuple:
    """The sizes of ``axes``, in the order in which Keras stores them."""
    check_axes(axes, input_shape, layer)
    return tuple(known_axis(input_shape, a, layer) for a in axes)


def _spec_for(axes: list[int], shape: tuple) -> InputSpec:
    rank = max(a + 1 if a >= 0 else -a for a in axes)
    return InputSpec(min_ndim=rank, axes=dict(zip(axes, shape)))


def _axes_and_sizes(axes: list[int], x: torch.Tensor) -> tuple[list[int], list[int]]:
    """``axes`` counted from the front, in order, and the sizes of ``x`` there."""
    indices = sorted(a % x.ndim for a in axes)
    return indices, [x.shape[a] for a in indices]


def parameter(layer: Layer, name: str, dtype: torch.dtype, sizes: list[int] | None = None) -> torch.Tensor | None:
    """A weight of the layer in ``dtype`` and of shape ``sizes``; None if it has no such weight."""
    weight = layer._parameters.get(name)
    if weight is None:
        return None
    if sizes is not None and list(weight.shape) != sizes:  # axes given as [1, -1], which Keras stores in this order
        weight = weight.reshape(sizes)
    return weight if weight.dtype is dtype else weight.to(dtype)


def _spread(weight: torch.Tensor, axes: list[int], x: torch.Tensor) -> torch.Tensor:
    """``weight``, whose axes are ``axes`` of ``x``, shaped to broadcast with ``x``."""
    return weight.reshape([x.shape[i] if i in axes else 1 for i in range(x.ndim)])
