"""AWQ: weights of inputs that are often large are scaled up before they are rounded to 4 bits, and down afterwards.

After Lin et al. 2023, "AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration". On raw tensors.
"""

from __future__ import annotations

import torch

from kerasish.quantizers.configs import AWQConfig
from kerasish.quantizers.grouped import dequantize, of_groups, quantization_parameters, quantize


class Magnitudes:
    """The largest magnitude that each input of a layer has had.

    Args:
        size: number of inputs.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.values: torch.Tensor | None = None

    def update(self, inputs: torch.Tensor) -> None:
        """Take inputs into account, (..., size)."""
        largest = inputs.detach().reshape(-1, self.size).to(torch.float32).abs().amax(0)
        self.values = largest if self.values is None else torch.maximum(self.values, largest)


def awq_quantize(weights: torch.Tensor, seen: Magnitudes, config: AWQConfig) -> dict[str, torch.Tensor]:
    """Round a matrix.

    Args:
        weights: (outputs, inputs), floats.

    Returns:
        ``kernel``: whole numbers (outputs, inputs); ``scale`` and ``zero`` (outputs, groups); ``group_of`` (inputs,);
        ``factors`` (inputs,), by which the weights were multiplied.
    """
    if seen.values is None:
        raise ValueError("The layer was not called with any data: it cannot be calibrated.")
    size = config.group_size
    places = torch.arange(weights.shape[1], device=weights.device)
    group_of = torch.zeros_like(places) if size == -1 else places // size
    factors = _best_factors(weights, seen.values, config, group_of)
    codes, scale, zero = _rounded(weights * factors, size, group_of)
    return {"kernel": codes, "scale": scale, "zero": zero, "group_of": group_of.to(torch.float32), "factors": factors}


def _rounded(weights: torch.Tensor, size: int, group_of: torch.Tensor) -> tuple[torch.Tensor, ...]:
    scale, zero, largest = quantization_parameters(weights, 4, per_channel=True, group_size=size)
    codes = quantize(weights, of_groups(scale, group_of), of_groups(zero, group_of), largest)
    return codes, scale, zero


def _best_factors(
    weights: torch.Tensor, magnitudes: torch.Tensor, config: AWQConfig, group_of: torch.Tensor
) -> torch.Tensor:
    """Of the powers of the magnitudes, that with the least error, weighted by the magnitudes."""
    seen = torch.where(magnitudes < 1e-8, 1.0, magnitudes)
    best, least = torch.ones_like(seen), None
    for i in range(config.num_grid_points + 1):
        factors = (seen ** (i / config.num_grid_points)).clamp_min(1e-4)
        factors = factors / (factors.max() * factors.min()).sqrt().clamp_min(1e-8)
        codes, scale, zero = _rounded(weights * factors, config.group_size, group_of)
        restored = dequantize(codes, of_groups(scale, group_of), of_groups(zero, group_of)) / factors
        loss = float(((weights - restored).square() * seen.square()).mean())
        if least is None or loss < least:
            best, least = factors, loss
    return best
