"""Activations as layers: the rectifiers, with a learnt slope too, and softmax with a mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish import activations, constraints, initializers, regularizers
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.core import known_axis
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.layers.reshape import KeepsDtype


class ReLU(KeepsDtype):
    """x from ``threshold`` to ``max_value``, ``max_value`` above, ``negative_slope`` · (x - ``threshold``) below.

    Args:
        max_value: default: no bound.
        negative_slope, threshold: not negative.

    Input and output shape: any.

    Raises:
        ValueError: an argument is negative.
    """

    _stacks_lists = True

    _settled = ("max_value", "negative_slope", "threshold")

    _by_value = True

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0.0:
            raise ValueError(f"max_value of a ReLU layer cannot be a negative value. Received: max_value={max_value}")
        for name, value in {"negative_slope": negative_slope, "threshold": threshold}.items():
            if value is None or value < 0.0:
                raise ValueError(f"{name} of a ReLU layer cannot be None or a negative value. Received: {name}={value}")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.max_value == 6 and not self.negative_slope and not self.threshold:
            return F.relu6(inputs)  # one kernel instead of four
        return activations.relu.raw(inputs, self.negative_slope, self.max_value, self.threshold)

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        return None if self.max_value is not None or self.negative_slope or self.threshold else (torch.relu,)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class LeakyReLU(Layer):
    """x where positive, ``negative_slope`` · x elsewhere.

    Args:
        negative_slope: not negative; Keras 2's name for it, ``alpha``, is taken too.

    Input and output shape: any.

    Raises:
        ValueError: ``negative_slope`` is negative or None.
    """

    _stacks_lists = True

    _by_value = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
                f"Received: negative_slope={negative_slope}"
            )
        self.negative_slope = negative_slope
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    alpha = property(lambda self: self.negative_slope)  # Keras 2's name

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return activations.leaky_relu.raw(inputs, self.negative_slope)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class PReLU(Layer):
    """x where positive, ``alpha`` · x elsewhere, with a learnt ``alpha`` for each element of a sample (He et al. 2015).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: names, objects or configs.
        shared_axes: axes along which ``alpha`` is the same, counted from 1, the first after the batch axis: ``[1, 2]`` for
            one number a channel of ``(batch, height, width, channels)``.

    Input and output shape: ``(batch, ...)``.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else shared_axes
        if isinstance(self.shared_axes, int):
            self.shared_axes = [self.shared_axes]
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        sizes = list(input_shape[1:])
        for axis in self.shared_axes or ():
            if not -len(sizes) <= axis - 1 < len(sizes):
                raise fail(
                    IndexError,
                    f"Layer '{self.name}': `shared_axes` are counted from 1, the first after the batch axis",
                    f"numbers from 1 to {len(sizes)} for inputs of shape {tuple(input_shape)}",
                    f"shared_axes={list(self.shared_axes)}",
                )
            sizes[axis - 1] = 1
        shape = tuple(1 if size == 1 else known_axis(input_shape, i, self) for i, size in enumerate(sizes, 1))
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        self.input_spec = InputSpec(
            ndim=len(input_shape), axes={i: size for i, size in enumerate(shape, 1) if size != 1}
        )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        alpha = self._parameters["alpha"]
        x = inputs if inputs.is_floating_point() else inputs.to(to_torch(self.compute_dtype))
        return torch.relu(x) - alpha.to(x.dtype) * torch.relu(-x)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class ELU(Layer):
    """x where positive, ``alpha`` · (eˣ - 1) elsewhere (Clevert et al. 2016).

    Args:
        alpha: a number.

    Input and output shape: any.
    """

    _stacks_lists = True

    _by_value = True
    _config_first = ("name", "alpha", "trainable", "dtype")

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return activations.elu.raw(inputs, self.alpha)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class Softmax(Layer):
    """eˣ over its sum along an axis or several.

    Args:
        axis: an int, a list or tuple of them, or ``None`` for all.

    Call arguments: ``mask``, of a shape that broadcasts to the inputs': what is False takes no part and becomes 0.

    Input and output shape: any.

    Raises:
        ValueError: the mask does not broadcast to the inputs.
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list) else axis
        self.supports_masking = True
        self.built = self._has_nothing_to_build()

    def call(self, inputs: torch.Tensor, mask: Any = None) -> torch.Tensor:
        if mask is None:
            return activations.softmax.raw(inputs, self.axis)
        shape = inputs.shape[max(inputs.ndim - mask.ndim, 0) :]
        if mask.ndim > inputs.ndim or any(m not in (1, size) for m, size in zip(mask.shape, shape)):
            raise ValueError(
                "The `mask` must be broadcastable to `inputs`. Each mask dimension must be 1 or match the corresponding "
                f"input dimension. Received: inputs.shape={tuple(inputs.shape)}, mask.shape={tuple(mask.shape)}"
            )
        x = inputs if inputs.is_floating_point() else inputs.to(to_torch(self.compute_dtype))
        masked = mask.logical_not()
        outputs = activations.softmax.raw(x.masked_fill(masked, torch.finfo(x.dtype).min), self.axis)
        # also where everything along the axis is masked; in place where backward does not need the outputs as they were
        return outputs.masked_fill(masked, 0.0) if outputs.requires_grad else outputs.masked_fill_(masked, 0.0)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)


class ThresholdedReLU(Layer):
    """x where it is above ``theta``, else 0 (Keras 2's).

    Args:
        theta: number ≥ 0.

    Raises:
        ValueError: ``theta`` is None or negative.
    """

    _by_value = True

    def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if theta is None:
            raise ValueError("Theta of a Thresholded ReLU layer cannot be None, expecting a float. Received: None")
        if theta < 0:
            raise ValueError(f"The theta value of a Thresholded ReLU layer should be >=0. Received: {theta}")
        self.theta = float(theta)
        self.supports_masking = True

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs * (inputs > self.theta)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)
