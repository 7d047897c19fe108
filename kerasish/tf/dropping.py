"""``tf.nn.dropout``."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core import random as streams
from kerasish.core.context import settings
from kerasish.core.dispatch import Array, strict_op
from kerasish.ops.common import integer_shape
from kerasish.tf.random.draws import BLOCKS, tracing


@strict_op
def dropout(x: Array, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None) -> Any:
    """x with a fraction ``rate`` of its elements set to 0 and the others scaled by 1 / (1 - rate).

    Args:
        noise_shape: where it has 1, elements along that axis share their fate.
        seed: with one, or after ``tf.random.set_seed``, the very elements that TensorFlow drops; otherwise torch's
            generator chooses them.

    Raises:
        ValueError: ``rate`` is not in [0, 1), or x not a float.
    """
    if not x.is_floating_point():
        raise ValueError(
            f"`x.dtype` must be a floating point tensor as `x` will be scaled. Received: x_dtype={x.dtype}"
        )
    share = float(rate)
    if not 0 <= share < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    if share == 0:
        return x.view_as(x)
    shape = x.shape if noise_shape is None else _noise_shape(x, noise_shape)
    if (seed is None and settings.global_seed is None) or tracing():
        if noise_shape is None:
            return F.dropout(x, share)
        kept = torch.rand(shape, device=x.device) >= share
    else:
        kind = {torch.float32: "float32", torch.float64: "float64", torch.float16: "float16"}.get(x.dtype, "bfloat16")
        stream = streams.op_stream(f"uniform {kind}", seed, torch.Size(shape).numel() * BLOCKS)
        kept = streams.uniform_raw(tuple(shape), stream, dtype=kind).to(x.device) >= share
    return torch.where(kept, x * (1 / (1 - share)), 0)


def _noise_shape(x: torch.Tensor, noise_shape: Any) -> list[int]:
    if isinstance(noise_shape, (list, tuple)):
        noise_shape = [x.shape[i] if n is None else n for i, n in enumerate(noise_shape)]
    return integer_shape(noise_shape)
