"""SpectralNormalization: a wrapper that divides a layer's weights by their largest singular value."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish import initializers
from kerasish.core import dispatch
from kerasish.core.tensor import Tensor
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.wrappers import Wrapper


class SpectralNormalization(Wrapper):
    """Keeps the spectral norm of a layer's kernel, or embeddings, near 1 (Miyato et al. 2018).

    Before each call in training the weights are divided by an estimate of their largest singular value, which stays so. The
    weights count as a matrix whose columns are the last axis.

    Args:
        layer: has an attribute ``kernel`` or ``embeddings``.
        power_iterations: how many steps of the power method a call takes; they go on from the last call's.

    Input and output shape: the layer's.

    Raises:
        ValueError: ``power_iterations`` is not positive, or the layer has no such weights.
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(
                f"`power_iterations` should be greater than zero. Received: `power_iterations={power_iterations}`"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        for name in ("kernel", "embeddings"):
            if hasattr(self.layer, name):
                self.kernel = getattr(self.layer, name)
                break
        else:
            raise ValueError(f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'")
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, self.kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            dtype=self.kernel.dtype,
            trainable=False,
        )

    def call(self, inputs: torch.Tensor, training: bool | None = None) -> torch.Tensor:
        if training:
            vector, kernel = self._normalized()
            self.vector_u.write(vector)
            self.kernel.write(kernel)
        outputs = self.layer(inputs, training=training)
        return outputs.to(inputs.dtype) if inputs.is_floating_point() else outputs

    def normalized_weights(self) -> tuple[Tensor, Tensor]:
        """What a step of the power method makes of ``vector_u`` and of the kernel, which stay as they are."""
        vector, kernel = self._normalized()
        return dispatch.wrap(vector), dispatch.wrap(kernel)

    @torch.no_grad()
    def _normalized(self) -> tuple[torch.Tensor, torch.Tensor]:
        kernel, start = self.kernel.logical.detach(), self.vector_u.stored
        matrix = kernel.reshape(-1, kernel.shape[-1])
        right = start
        for _ in range(self.power_iterations):
            left = F.normalize(right @ matrix.T)
            right = F.normalize(left @ matrix)
        norm = left @ matrix @ right.T
        blank = (matrix == 0).all()  # has no direction; stays
        return torch.where(blank, start, right), torch.where(blank, kernel, kernel / norm)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)
