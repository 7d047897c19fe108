"""GPTQ: the weights of one input after another are rounded, and those still to come make up for the error.

After Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers".
"""

from __future__ import annotations

import torch

from kerasish.quantizers.configs import GPTQConfig
from kerasish.quantizers.grouped import dequantize, quantization_parameters, quantize

_BLOCK = 128  # inputs after which the error is handed to all that follow


class Hessian:
    """Twice the mean of the products of the inputs that a layer has seen.

    Args:
        size: number of inputs.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.matrix: torch.Tensor | None = None
        self.count = 0

    def update(self, inputs: torch.Tensor) -> None:
        """Take inputs into account, (..., size)."""
        x = inputs.detach().reshape(-1, self.size).to(torch.float32)
        with torch.autocast(x.device.type, enabled=False):  # a mixed policy's: 16 bits would not do
            gram = x.t() @ x
        gram = (gram + gram.t()) / 2.0
        total = self.count + x.shape[0]
        before = 0.0 if self.matrix is None else self.matrix * (self.count / total)
        self.matrix = before + (2.0 / total) * gram
        self.count = total

    def damped(self, damping: float) -> torch.Tensor:
        """With something on the diagonal, so that it can be inverted."""
        if self.matrix is None:
            raise ValueError("The layer was not called with any data: it cannot be calibrated.")
        diagonal = self.matrix.diagonal()
        diagonal = torch.where(diagonal == 0.0, 1.0, diagonal)
        return self.matrix - torch.diag(self.matrix.diagonal()) + torch.diag(diagonal + damping * diagonal.mean())


def gptq_quantize(weights: torch.Tensor, hessian: Hessian, config: GPTQConfig) -> dict[str, torch.Tensor]:
    """Round a matrix.

    Args:
        weights: (outputs, inputs), floats.

    Returns:
        ``kernel``: whole numbers (outputs, inputs); ``scale`` and ``zero`` (outputs, groups); ``group_of`` (inputs,):
        places in the list of groups, whose whole part counts.
    """
    damped = hessian.damped(config.hessian_damping)
    inverse = torch.linalg.inv(damped)
    inputs = weights.shape[1]
    order = None
    if config.activation_order:
        jitter = torch.arange(inputs, device=weights.device) / inputs * 1e-12
        order = torch.argsort(-(damped.diagonal() + jitter), stable=True)
        weights, inverse = weights[:, order], inverse[order][:, order]
    size = inputs if config.group_size == -1 else config.group_size
    codes, scales, zeros = _rounded(weights, inverse, size, config)
    group_of = torch.arange(inputs, device=weights.device) / size
    if order is not None:
        back = torch.argsort(order)
        codes, group_of = codes[:, back], group_of[back]
    return {"kernel": codes, "scale": torch.cat(scales, 1), "zero": torch.cat(zeros, 1), "group_of": group_of}


def _rounded(weights: torch.Tensor, inverse: torch.Tensor, size: int, config: GPTQConfig) -> tuple:
    """The numbers of all columns, and the scales and zero points of the groups, each set when its first column comes."""
    weights, inputs = weights.clone(), weights.shape[1]
    codes, scales, zeros = torch.empty_like(weights), [], []
    for start in range(0, inputs, _BLOCK):
        end = min(start + _BLOCK, inputs)
        block, errors = weights[:, start:end].clone(), torch.empty_like(weights[:, start:end])
        own = inverse[start:end, start:end]
        for i in range(end - start):
            place = start + i
            if place % size == 0:
                scale, zero, largest = quantization_parameters(
                    weights[:, place : place + size], config.weight_bits, config.symmetric, config.per_channel,
                    config.group_size,
                )  # fmt: skip
                scales.append(scale)
                zeros.append(zero)
            column = quantize(block[:, i : i + 1], scale, zero, largest)
            codes[:, place : place + 1] = column
            error = (block[:, i] - dequantize(column, scale, zero)[:, 0]) / own[i, i]
            errors[:, i] = error
            block[:, i + 1 :] -= torch.outer(error, own[i, i + 1 :])
        weights[:, end:] -= errors @ inverse[start:end, end:]
    return codes, scales, zeros
