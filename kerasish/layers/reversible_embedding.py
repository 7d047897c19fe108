"""An embedding that also leads back: from vectors to a score for each index."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dtypes import result_type, to_torch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.configuration import serialize_argument
from kerasish.layers.core import Embedding
from kerasish.layers.quantized_table import table_integers
from kerasish.ops.common import torch_dtype
from kerasish.quantizers.base import AbsMaxQuantizer
from kerasish.quantizers.configs import QuantizationConfig
from kerasish.quantizers.grouped import dequantize_groups
from kerasish.quantizers.packing import unpack_int4


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

    _config_last = ("tie_weights", "reverse_dtype", "logit_soft_cap")

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

    @property
    def variable_serialization_spec(self) -> dict:
        """The names of the variables in files, in their order, for each mode of quantization."""
        back = {None: [""], "int8": ["", "_scale"], "int4": ["", "_scale", "_zero"]}
        return {
            mode: names if self.tie_weights else names + [f"reverse_embeddings{end}" for end in back[mode]]
            for mode, names in super().variable_serialization_spec.items()
        }

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights and self.quantization_mode is None:
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
        logits = self._scores(inputs, own) if self.quantization_mode is None else self._quantized_scores(inputs, own)
        if self.logit_soft_cap is not None:
            logits = torch.tanh(logits / self.logit_soft_cap) * self.logit_soft_cap
        return logits

    def _scores(self, inputs: torch.Tensor, own: torch.dtype) -> torch.Tensor:
        common = (
            to_torch(result_type(inputs.dtype, own)) if self.reverse_dtype is None else torch_dtype(self.reverse_dtype)
        )
        inputs = inputs.to(common)
        if self.tie_weights:
            return F.linear(inputs, self._effective().to(own).to(common))
        return torch.matmul(inputs, self.reverse_embeddings.logical.to(own).to(common))

    def _quantized_scores(self, inputs: torch.Tensor, own: torch.dtype) -> torch.Tensor:
        """The way back with quantized rows, for which adapters and ``reverse_dtype`` do not count."""
        divisor: Any = 1.0
        if self.inputs_quantizer is not None:
            inputs, divisor = self._quantized_inputs(inputs, -1)
        rows, scale = self._reverse_rows()
        if self._block_size is not None:  # groups have zero points: they become floats first
            zero = self.embeddings_zero.logical.t() if self.tie_weights else self.reverse_embeddings_zero.logical
            rows = dequantize_groups(rows.to(own), scale, zero, self.g_idx.logical, axis=0)
            return torch.matmul(inputs.to(rows.dtype), rows) / divisor
        wide = torch.float64 if not inputs.dtype.is_floating_point else inputs.dtype  # sums of integers are exact
        logits = torch.matmul(inputs.to(wide), rows.to(wide)).to(own)
        return logits / (divisor * scale)

    def _reverse_rows(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Integers of shape ``(output_dim, input_dim)`` and their scales: one for each column, or for each of its groups."""
        if self.tie_weights:
            rows, scale = self._stored.logical.t(), self.embeddings_scale.logical.t()
        else:
            rows, scale = self.reverse_embeddings.logical, self.reverse_embeddings_scale.logical
        return (unpack_int4(rows, self.output_dim, axis=0) if self.quantization_mode == "int4" else rows), scale

    # quantization

    def _int8_build(self, shape: tuple, config: Any) -> None:
        super()._int8_build(shape, config)
        self._reverse_build((self.output_dim, self.input_dim), (self.input_dim,), config)

    def _int4_build(self, shape: tuple, config: Any) -> None:
        super()._int4_build(shape, config)
        groups = () if self._block_size is None else (math.ceil(self.output_dim / self._block_size),)
        scales = (*groups, self.input_dim)
        self._reverse_build(((self.output_dim + 1) // 2, self.input_dim), scales, config)
        if groups and not self.tie_weights:
            self._new("reverse_embeddings_zero", scales)

    def _reverse_build(self, shape: tuple, scales: tuple, config: Any) -> None:
        self.inputs_quantizer = QuantizationConfig.activation_quantizer_or_default(config, AbsMaxQuantizer(axis=-1))
        if not self.tie_weights:
            self._new("reverse_embeddings", shape, dtype="int8")
            self._new("reverse_embeddings_scale", scales, "ones")

    def _quantize(self, mode: str, config: Any) -> None:
        if self.tie_weights:
            super()._quantize(mode, config)
            return
        rows = self.reverse_embeddings.logical.detach()
        del self.reverse_embeddings
        super()._quantize(mode, config)
        integers = table_integers(rows, mode, self._block_size, config.weight_quantizer, "reverse_embeddings", axis=0)
        for name, value in integers.items():
            self.__dict__[name].assign(value)

    def _k_compute(self, call: Callable, args: tuple, kwargs: dict) -> Any:
        return call(*args, **kwargs)  # no autocast: the way back has a dtype of its own

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        return None  # which way, the call says

    def _k_set_masks(self, outputs: Any, masks: Any) -> None:
        if masks is not None and len(outputs.shape) == len(masks.shape) + 1:  # not on the way back
            super()._k_set_masks(outputs, masks)

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> tuple:
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> KerasTensor:
        return KerasTensor(self.compute_output_shape(inputs.shape, reverse), dtype=self.compute_dtype)

    def get_config(self) -> dict:
        config = super().get_config()
        return {**config, "quantization_config": serialize_argument(self.quantization_config)}


ReversibleEmbedding._quantizable = ReversibleEmbedding
