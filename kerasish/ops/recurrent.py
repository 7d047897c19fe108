"""Recurrent networks on raw tensors: torch's fused kernels, single steps, and a scan over time with masks.

Weights have torch's layout: the kernel is (gates·units, features), the recurrent kernel (gates·units, units). The gates of an
LSTM are i, f, c, o, those of a GRU r, z, n. Sequences are (batch, time, features), masks (batch, time), True where a step
counts. A step that does not count leaves the states as they are and repeats the output before it (zeros before the first).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional as F

from kerasish.core.context import local
from kerasish.core.device import wants_one_buffer

Activation = Callable[[torch.Tensor], torch.Tensor]
Masks = Sequence[torch.Tensor] | None  # dropout masks, one for each gate

_SATURATED = 1e4  # sigmoid(±1e4) is exactly 1 or 0 in every dtype, and float16 holds it


# fused kernels --------------------------------------------------------------------------------------------------------


def fused(
    kind: str, inputs: torch.Tensor, states: list, weights: list, mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, list]:
    """All steps in one call of torch's kernel.

    Args:
        kind: "lstm", "gru", "rnn_tanh" or "rnn_relu".
        states: tensors (batch, units); two for an LSTM.
        weights: kernel and recurrent kernel, then the two biases if there are any.

    Returns:
        The outputs (batch, time, units) and the last states.
    """
    if mask is None:
        return _fused(kind, inputs, states, weights)
    return _fused_masked(kind, inputs, states, weights, mask)


def _fused(kind: str, inputs: torch.Tensor, states: list, weights: list) -> tuple[torch.Tensor, list]:
    if local.capturing is not None:
        return local.capturing.recurrent(kind, inputs, states, weights)
    return fused_kernel(kind, inputs, states, weights)


def fused_kernel(kind: str, inputs: torch.Tensor, states: list, weights: list) -> tuple[torch.Tensor, list]:
    """torch's kernel; arguments and results as of ``fused``."""
    hidden = [s.contiguous().unsqueeze(0) for s in states]
    if wants_one_buffer(inputs.device):
        weights = _in_one_chunk(weights)
    # cuDNN keeps what backward needs only in training mode; without dropout between layers that changes nothing else.
    outputs, *final = getattr(torch._VF, kind)(
        inputs,
        hidden if kind == "lstm" else hidden[0],
        weights,
        len(weights) == 4,
        1,
        0.0,
        torch.is_grad_enabled(),
        False,
        True,
    )
    return outputs, [s.squeeze(0) for s in final]


def _in_one_chunk(weights: list) -> list:
    """The same weights as views of one buffer, which cuDNN asks for; it would warn and copy them itself otherwise."""
    buffer = torch.cat([w.reshape(-1) for w in weights])
    return [part.view_as(w) for part, w in zip(buffer.split([w.numel() for w in weights]), weights)]


def _fused_masked(
    kind: str, inputs: torch.Tensor, states: list, weights: list, mask: torch.Tensor
) -> tuple[torch.Tensor, list]:
    """The steps that count are moved to the front and run in one call; then the outputs go back to their places.

    Nothing here waits for values on the host, as packed sequences would. Forward and backward (LSTM, batch 32, 100 steps, 64
    units, lengths at random, one CPU core): 15 ms; packed 47 ms, step by step 24 ms.
    """
    lengths = mask.sum(1, keepdim=True)
    real = torch.arange(mask.shape[1], device=mask.device) < lengths
    order = (~mask).to(torch.uint8).argsort(dim=1, stable=True)
    inputs = torch.where(real.unsqueeze(-1), _pick(inputs, order), 0)
    if kind == "lstm":
        inputs, weights = _held(inputs, weights, real)
    outputs, final = _fused(kind, inputs, states, weights)
    hidden = torch.where(lengths > 0, _pick(outputs, (lengths - 1).clamp(min=0)).squeeze(1), states[0])
    place = mask.cumsum(1, dtype=torch.int64) - 1  # of the last step that counts, up to each step; -1 before the first
    outputs = torch.where((place >= 0).unsqueeze(-1), _pick(outputs, place.clamp(min=0)), 0)
    return outputs, [hidden, *final[1:]]


def _pick(x: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Steps of a sequence by their numbers (batch, n)."""
    return x.gather(1, steps.unsqueeze(-1).expand(-1, -1, x.shape[-1]))


def _held(inputs: torch.Tensor, weights: list, real: torch.Tensor) -> tuple[torch.Tensor, list]:
    """Inputs and kernel of an LSTM that keeps its cell state once a sequence has ended.

    One more feature is 1 there; its weights close the input gate and open the forget gate. (The hidden state can be read
    off the outputs, the cell state only here.)
    """
    kernel, *rest = weights
    units = kernel.shape[0] // 4
    ended = (~real).unsqueeze(-1).to(inputs.dtype)
    hold = torch.cat(
        [
            kernel.new_full((units, 1), -_SATURATED),
            kernel.new_full((units, 1), _SATURATED),
            kernel.new_zeros((2 * units, 1)),
        ]
    )
    return torch.cat([inputs, ended], -1), [torch.cat([kernel, hold], 1), *rest]


# steps ----------------------------------------------------------------------------------------------------------------


def gatewise(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, masks: Masks) -> torch.Tensor:
    """``x @ weight.T + bias``; with masks, ``x`` is multiplied by each gate's own before that gate's rows."""
    if masks is None:
        return F.linear(x, weight, bias)
    parts = [F.linear(x * mask, rows) for mask, rows in zip(masks, weight.chunk(len(masks)), strict=True)]
    out = torch.cat(parts, -1)
    return out if bias is None else out + bias


def rnn_step(
    projected: torch.Tensor, hidden: torch.Tensor, recurrent: torch.Tensor, activation: Activation, masks: Masks = None
) -> list:
    """act(x + U h); ``projected`` is x, the inputs' part with the bias."""
    return [activation(_add_recurrent(projected, hidden, recurrent, masks))]


def lstm_step(
    projected: torch.Tensor,
    states: list,
    recurrent: torch.Tensor,
    activation: Activation,
    recurrent_activation: Activation,
    masks: Masks = None,
) -> list:
    """c' = σ(f)·c + σ(i)·act(g), h' = σ(o)·act(c') (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000)."""
    hidden, cell = states
    i, f, g, o = _add_recurrent(projected, hidden, recurrent, masks).chunk(4, -1)
    cell = recurrent_activation(f) * cell + recurrent_activation(i) * activation(g)
    return [recurrent_activation(o) * activation(cell), cell]


def gru_step(
    projected: torch.Tensor,
    hidden: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None,
    activation: Activation,
    recurrent_activation: Activation,
    reset_after: bool,
    masks: Masks = None,
) -> list:
    """h' = z·h + (1 - z)·n with n = act(x + r·(U h + b)), or act(x + U (r·h)) if not ``reset_after`` (Cho et al. 2014)."""
    xr, xz, xn = projected.chunk(3, -1)
    if reset_after:
        hr, hz, hn = gatewise(hidden, recurrent, bias, masks).chunk(3, -1)
        candidate = hn * recurrent_activation(xr + hr)
    else:
        gates, rows = recurrent.split([recurrent.shape[0] // 3 * 2, recurrent.shape[0] // 3])
        hr, hz = gatewise(hidden, gates, None, masks[:2] if masks is not None else None).chunk(2, -1)
        reset = recurrent_activation(xr + hr) * hidden
        candidate = F.linear(reset if masks is None else reset * masks[2], rows)
    new = activation(xn + candidate)
    return [new + recurrent_activation(xz + hz) * (hidden - new)]


def _add_recurrent(
    projected: torch.Tensor, hidden: torch.Tensor, recurrent: torch.Tensor, masks: Masks
) -> torch.Tensor:
    if masks is None:
        return torch.addmm(projected, hidden, recurrent.t())
    return projected + gatewise(hidden, recurrent, None, masks)


# over time ------------------------------------------------------------------------------------------------------------


def scan(
    step: Callable[[torch.Tensor, list], tuple[torch.Tensor, list]],
    sequence: Sequence[torch.Tensor],
    states: list,
    mask: torch.Tensor | None = None,
) -> tuple[torch.Tensor, list]:
    """Apply ``step(x, states) -> (output, new states)`` to each element of ``sequence``.

    Returns:
        The outputs (batch, time, ...) and the last states.
    """
    counts = [None] * len(sequence) if mask is None else mask.unbind(1)
    outputs: list[torch.Tensor] = []
    for x, valid in zip(sequence, counts, strict=True):
        output, new = step(x, states)
        if valid is not None:
            output = where(valid, output, outputs[-1] if outputs else torch.zeros_like(output))
            new = [where(valid, after, before) for after, before in zip(new, states, strict=True)]
        outputs.append(output)
        states = new
    return torch.stack(outputs, 1), states


def where(mask: torch.Tensor, yes: torch.Tensor, no: torch.Tensor | float) -> torch.Tensor:
    """``torch.where`` with a mask of the leading axes."""
    return torch.where(mask.reshape(*mask.shape, *(1 for _ in range(yes.ndim - mask.ndim))), yes, no)
