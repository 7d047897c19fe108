"""Quantized rows of ``Embedding`` and of layers made from it.

int8 rows have a scale each; int4 rows are packed, two values in a byte, and have a scale each, or scale and zero point for
groups of their values.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core.dtypes import to_torch
from kerasish.layers.adapters import QuantizedWeight
from kerasish.layers.quantization import block_size_of
from kerasish.quantizers.base import AbsMaxQuantizer
from kerasish.quantizers.grouped import abs_max_quantize_grouped_with_zero_point, dequantize_groups
from kerasish.quantizers.packing import pack_int4, unpack_int4


class QuantizedTable(QuantizedWeight):
    """The modes of quantization of a layer with a table of rows, and its adapters."""

    _large = "embeddings"
    _block_size: int | None = None

    @property
    def variable_serialization_spec(self) -> dict:
        """The names of the variables in files, in their order, for each mode of quantization."""
        return {
            None: ["embeddings"],
            "int8": ["embeddings", "embeddings_scale"],
            "int4": ["embeddings", "embeddings_scale", "embeddings_zero", "g_idx"],
        }

    def _wrong_mode(self, mode: Any) -> NotImplementedError:
        return NotImplementedError(
            f"Invalid quantization mode. Expected one of ('int8', 'int4'). Received: quantization_mode={mode}"
        )

    def _new(self, name: str, shape: tuple, initializer: Any = "zeros", dtype: Any = None) -> None:
        weight = self.add_weight(name=name, shape=shape, initializer=initializer, dtype=dtype, trainable=False)
        setattr(self, name, weight)

    def _int8_build(self, shape: tuple, config: Any) -> None:
        self._new("embeddings", shape, dtype="int8")
        self._new("embeddings_scale", shape[:1], "ones")

    def _int4_build(self, shape: tuple, config: Any) -> None:
        rows, length = shape
        self._new("embeddings", (rows, (length + 1) // 2), dtype="int8")
        self._block_size = size = block_size_of(self, config)
        if size is None:
            self._new("embeddings_scale", (rows,), "ones")
            return
        groups = math.ceil(length / size)
        self._new("embeddings_scale", (rows, groups), "ones")
        self._new("embeddings_zero", (rows, groups), dtype="int8")
        self._new("g_idx", (length,), lambda shape, dtype: torch.arange(length, dtype=torch.float32) // size, "float32")

    def _quantize(self, mode: str, config: Any) -> None:
        self._block_size = block_size_of(self, config) if mode == "int4" else None
        values = self._integers(self._stored.logical.detach(), mode, config.weight_quantizer)
        del self.embeddings
        self.quantized_build((self.input_dim, self.output_dim), mode, config)
        for name, value in values.items():
            self.__dict__[name].assign(value)

    def _integers(self, rows: torch.Tensor, mode: str, quantizer: Any = None) -> dict[str, torch.Tensor]:
        """The values of the quantized variables for float rows."""
        return table_integers(rows, mode, self._block_size, quantizer)

    def _requantized(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        return self._integers(rows, self.quantization_mode)

    def _floats(self, rows: torch.Tensor, index: Any = slice(None)) -> torch.Tensor:
        """The float rows that stored ones stand for.

        Args:
            rows: those at ``index``.
        """
        compute, scale = to_torch(self.compute_dtype), self._value(self.embeddings_scale)[index]
        if self.quantization_mode == "int4":
            rows = unpack_int4(rows, self.output_dim, axis=-1)
        rows = rows.to(compute)
        if self._block_size is None:
            return rows / scale.unsqueeze(-1)
        return dequantize_groups(rows, scale, self.embeddings_zero.logical[index], self.g_idx.logical, axis=-1)

    def _dequantized(self) -> torch.Tensor:
        return self._floats(self._stored.logical)

    def _effective(self) -> torch.Tensor:
        rows = self._value(self._stored)
        if self.quantization_mode == "int4":
            rows = unpack_int4(rows, self.output_dim, axis=-1)
        return self._with_adapters(rows)

    def _large_shape(self) -> tuple:
        return self.input_dim, self.output_dim

    def _adapted_call(self, indices: torch.Tensor) -> torch.Tensor:
        compute = to_torch(self.compute_dtype)
        if self.quantization_mode is None:
            rows = torch.embedding(self._stored.logical, indices)
        else:
            flat = indices.reshape(-1)
            rows = self._floats(self._stored.logical[flat], flat).reshape(*indices.shape, self.output_dim)
        if self.lora_enabled:
            a, b = self._adapters()
            rows = rows + self._lora_scale * (torch.embedding(a, indices) @ b)
        return rows.to(compute)


def table_integers(
    rows: torch.Tensor,
    mode: str,
    block_size: int | None,
    quantizer: Any = None,
    name: str = "embeddings",
    axis: int = -1,
) -> dict[str, torch.Tensor]:
    """The quantized variables ``name``, ``name_scale`` and ``name_zero`` for a matrix of floats.

    Args:
        mode: "int8" or "int4".
        block_size: values along ``axis`` that share a range in mode "int4".
        quantizer: instead of the mode's own.
        axis: along which values share a scale, or lie in groups.
    """
    if mode == "int8" or block_size is None:
        quantizer = quantizer or AbsMaxQuantizer(axis=axis, value_range=(-127, 127) if mode == "int8" else (-8, 7))
        values, scale = quantizer(rows, to_numpy=True)
        found = {name: values, f"{name}_scale": scale.squeeze(axis)}
    else:
        columns = rows.t() if axis == -1 else rows
        parts = abs_max_quantize_grouped_with_zero_point(columns, block_size, to_numpy=True)
        values, scale, zero = (part.t() for part in parts) if axis == -1 else parts
        found = {name: values, f"{name}_scale": scale, f"{name}_zero": zero}
    if mode == "int4":
        found[name] = pack_int4(found[name].contiguous(), axis=axis)[0]
    return found
