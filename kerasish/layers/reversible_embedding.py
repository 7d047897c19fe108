"""An embedding that also leads back: from vectors to a score for each index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dtypes import result_type, to_torch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.core import Embedding
from kerasish.ops.common import torch_dtype


class ReversibleEmbedding(Embedding):
    """Vectors for integers, and with ``reverse=True`` scores of all integers for vectors: how language models begin and end.

    Args:
        input_dim: number of rows; indices are below it.
        output_dim: length of a vector.
        tie_weights: whether the way back uses the transposed rows; else it has a matrix of its own.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: names, objects or configs.
        mask_zero: whether index 0 is padding: the outputs get a mask that is False there.
        reverse_dtype: in which the way back is computed, and of its result.
        logit_soft_cap: scores are kept between minus this and this, by tanh.

    Input shape: any, integers; for the way back ``(..., output_dim)``. Output shape: the input's with ``output_dim``
    appended; for the way back ``(..., input_dim)``.

    Raises:
        InvalidArgumentError: an index outside ``[0, input_dim)``, or vectors of another length than ``output_dim``.

    >>> layer = ReversibleEmbedding(10, 4)
    >>> layer(layer(np.array([[1, 2, 3]])), reverse=True).shape
    TensorShape([1, 3, 10])
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings",
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
            )

    def call(self, inputs: torch.Tensor, reverse: bool = False) -> torch.Tensor:
        own = to_torch(self.compute_dtype)
        if not reverse:
            return super().call(inputs).to(own)
        if inputs.shape[-1:] != (self.output_dim,):
            raise InvalidArgumentError(
                f"Layer '{self.name}': on the way back the last axis has {self.output_dim} elements. "
                f"Received: inputs of shape {tuple(inputs.shape)}"
            )
        common = (
            to_torch(result_type(inputs.dtype, own)) if self.reverse_dtype is None else torch_dtype(self.reverse_dtype)
        )
        inputs = inputs.to(common)
        if self.tie_weights:
            logits = F.linear(inputs, self._parameters["embeddings"].to(own).to(common))
        else:
            logits = torch.matmul(inputs, self._parameters["reverse_embeddings"].to(own).to(common))
        if self.logit_soft_cap is not None:
            logits = torch.tanh(logits / self.logit_soft_cap) * self.logit_soft_cap
        return logits

    def _compute(self, call: Callable, args: tuple, kwargs: dict) -> Any:
        return call(*args, **kwargs)  # no autocast: the way back has a dtype of its own

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        return None  # which way, the call says

    def _set_masks(self, outputs: Any, masks: Any) -> None:
        if masks is not None and len(outputs.shape) == len(masks.shape) + 1:  # not on the way back
            super()._set_masks(outputs, masks)

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> tuple:
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> KerasTensor:
        return KerasTensor(self.compute_output_shape(inputs.shape, reverse), dtype=self.compute_dtype)

    def get_config(self) -> dict:
        config = super().get_config()
        return {"quantization_config": None, **config}
