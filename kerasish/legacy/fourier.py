"""``keras.layers.experimental.RandomFourierFeatures`` of Keras 2: a kernel machine's features, which are random."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish import constraints, initializers
from kerasish.core import device as devices
from kerasish.core import dispatch, registry
from kerasish.core.errors import fail
from kerasish.layers import Layer


class RandomFourierFeatures(Layer):
    """cos(x · kernel / scale + bias) with a random kernel and random biases between 0 and 2π, neither of which is trained.

    A linear layer on them comes near to a machine with a Gaussian or Laplacian kernel, the more of them there are.

    Args:
        output_dim: how many features.
        kernel_initializer: "gaussian", "laplacian", or an initializer.
        scale: the kernel's width; None: √(inputs / 2) for "gaussian", 1 for others.
        trainable: whether the scale is trained.

    Input shape: (batch, inputs). Output shape: (batch, output_dim).

    Raises:
        ValueError: ``output_dim`` or ``scale`` is not positive, another kernel, or inputs of another rank.

    Source: Rahimi and Recht, Random Features for Large-Scale Kernel Machines, 2007.
    """

    def __init__(
        self,
        output_dim: int,
        kernel_initializer: Any = "gaussian",
        scale: float | None = None,
        trainable: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if output_dim <= 0:
            raise ValueError(f"`output_dim` should be a positive integer. Received: {output_dim}")
        if isinstance(kernel_initializer, str) and kernel_initializer.lower() not in ("gaussian", "laplacian"):
            raise fail(
                ValueError,
                "Unsupported `kernel_initializer`",
                "'gaussian', 'laplacian' or an initializer",
                repr(kernel_initializer),
            )
        if scale is not None and scale <= 0.0:
            raise ValueError(f"When provided, `scale` should be a positive float. Received: {scale}")
        super().__init__(trainable=trainable, name=name, **kwargs)
        self.output_dim = output_dim
        self.kernel_initializer = kernel_initializer
        self.scale = scale

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 2:
            raise fail(
                ValueError,
                "The rank of the input tensor should be 2",
                received=f"rank {len(input_shape)}: {input_shape}",
            )
        inputs = input_shape[1]
        if inputs is None:
            raise fail(ValueError, "The last dimension of the inputs should be known", received=tuple(input_shape))
        kernel = self.kernel_initializer
        self.unscaled_kernel = self.add_weight(
            name="unscaled_kernel",
            shape=(inputs, self.output_dim),
            dtype="float32",
            initializer=_kernel_initializer(kernel, (inputs, self.output_dim)),
            trainable=False,
        )
        self.bias = self.add_weight(
            name="bias",
            shape=(self.output_dim,),
            dtype="float32",
            initializer=initializers.RandomUniform(0.0, 2 * np.pi),
            trainable=False,
        )
        gaussian = isinstance(kernel, str) and kernel.lower() == "gaussian"
        default = float(np.sqrt(inputs / 2.0)) if gaussian else 1.0
        self.kernel_scale = self.add_weight(
            name="kernel_scale",
            shape=(1,),
            dtype="float32",
            initializer=initializers.Constant(default if self.scale is None else self.scale),
            trainable=True,
            constraint=constraints.NonNeg(),
        )

    def call(self, inputs: Any) -> Any:
        x = dispatch.raw(inputs).to(torch.float32)
        kernel = dispatch.raw(self.unscaled_kernel) * (1.0 / dispatch.raw(self.kernel_scale))
        return dispatch.wrap(torch.cos(x @ kernel + dispatch.raw(self.bias)))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        if input_shape[-1] is None:
            raise fail(ValueError, "The last dimension of the inputs should be known", received=tuple(input_shape))
        return (*input_shape[:-1], self.output_dim)

    def get_config(self) -> dict:
        kernel = self.kernel_initializer
        if not isinstance(kernel, str):
            kernel = initializers.serialize(initializers.get(kernel))
        own = {"output_dim": self.output_dim, "kernel_initializer": kernel, "scale": self.scale}
        return {**super().get_config(), **own}


def _kernel_initializer(kernel: Any, shape: tuple) -> Any:
    """What the kernel's numbers are drawn from: a normal, a Cauchy or a user's distribution."""
    if not isinstance(kernel, str):
        return initializers.get(kernel)
    if kernel.lower() == "gaussian":
        return initializers.RandomNormal(stddev=1.0)
    uniform = initializers.RandomUniform(0.0, 1.0)

    def cauchy(shape: Any, dtype: Any = None) -> Any:
        return dispatch.wrap(torch.tan(torch.pi * (dispatch.raw(uniform(shape)) - 0.5)).to(devices.current()))

    return cauchy


registry.publish("kerasish.layers.experimental", globals(), ["RandomFourierFeatures"])
