"""Activation functions (``keras.activations``): by name, as functions, and raw for layers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core import registry
from kerasish.core.autodiff import on_raw_tensors
from kerasish.core.dispatch import Array, op
from kerasish.core.errors import fail, missing_name
from kerasish.core.registry import publish
from kerasish.core.sparse import SparseTensor, not_dense
from kerasish.ops import nn
from kerasish.ops.common import Axis, floating

__all__ = [
    "celu", "deserialize", "elu", "exponential", "gelu", "get", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
    "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu",
    "serialize", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid",
    "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
]  # fmt: skip


# functions ------------------------------------------------------------------------------------------------------------


@op
def linear(x: Array) -> Any:
    """x itself."""
    return x


@op
def relu(x: Array, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x from ``threshold`` to ``max_value``, ``max_value`` above, ``negative_slope`` · (x - ``threshold``) below."""
    if negative_slope == 0 and max_value is None and threshold == 0:
        return torch.relu(x)
    below = negative_slope * (x - threshold) if negative_slope else torch.zeros_like(x)
    above = x if max_value is None else torch.clamp(x, 0, max_value)
    return torch.where(x > threshold, above, below)


@op
def leaky_relu(x: Array, negative_slope: float = 0.2) -> Any:
    """x where positive, ``negative_slope`` · x elsewhere."""
    return nn.leaky_relu.raw(x, negative_slope)


@op
def relu6(x: Array) -> Any:
    """min(max(x, 0), 6)."""
    return nn.relu6.raw(x)


@op
def softmax(x: Array, axis: Axis = -1) -> Any:
    """eˣ over its sum along ``axis``."""
    return nn.softmax.raw(x, axis)


@op
def log_softmax(x: Array, axis: Axis = -1) -> Any:
    """The logarithm of ``softmax(x, axis)``."""
    return nn.log_softmax.raw(x, axis)


@op
def elu(x: Array, alpha: float = 1.0) -> Any:
    """x where positive, ``alpha`` · (eˣ - 1) elsewhere (Clevert et al. 2016)."""
    return nn.elu.raw(x, alpha)


@op
def selu(x: Array) -> Any:
    """1.0507 · elu(x, 1.6733): keeps mean 0 and variance 1 with ``lecun_normal`` weights (Klambauer et al. 2017)."""
    return nn.selu.raw(x)


@op
def celu(x: Array, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(0, ``alpha`` · (exp(x / ``alpha``) - 1)) (Barron 2017)."""
    return nn.celu.raw(x, alpha)


@op
def gelu(x: Array, approximate: bool = False) -> Any:
    """x · Φ(x), with Φ the normal distribution function, or an approximation of it by tanh (Hendrycks and Gimpel 2016)."""
    return nn.gelu.raw(x, approximate)


@op
def glu(x: Array, axis: int = -1) -> Any:
    """a · sigmoid(b) for the halves a and b of ``x`` along ``axis`` (Dauphin et al. 2017)."""
    return nn.glu.raw(x, axis)


@op
def softplus(x: Array) -> Any:
    """log(1 + eˣ)."""
    return nn.softplus.raw(x)


@op
def softsign(x: Array) -> Any:
    """x / (1 + |x|)."""
    return nn.softsign.raw(x)


@op
def squareplus(x: Array, b: float = 4) -> Any:
    """(x + √(x² + b)) / 2 (Barron 2021)."""
    return nn.squareplus.raw(x, b)


@op
def soft_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x moved towards 0 by ``threshold``, 0 where |x| is smaller."""
    return nn.soft_shrink.raw(x, threshold)


@op
def hard_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x where |x| > ``threshold``, 0 elsewhere."""
    return nn.hard_shrink.raw(x, threshold)


@op
def tanh_shrink(x: Array) -> Any:
    """x - tanh(x)."""
    return nn.tanh_shrink.raw(x)


@op
def sparse_plus(x: Array) -> Any:
    """0 below -1, x above 1, (x + 1)² / 4 between."""
    return nn.sparse_plus.raw(x)


@op
def silu(x: Array) -> Any:
    """x · sigmoid(x), also known as swish (Ramachandran et al. 2017)."""
    return nn.silu.raw(x)


swish = silu


@op
def tanh(x: Array) -> Any:
    """The hyperbolic tangent."""
    return torch.tanh(floating(x))


@op
def sigmoid(x: Array) -> Any:
    """1 / (1 + e⁻ˣ)."""
    return nn.sigmoid.raw(x)


@op
def log_sigmoid(x: Array) -> Any:
    """log(1 / (1 + e⁻ˣ))."""
    return nn.log_sigmoid.raw(x)


@op
def sparse_sigmoid(x: Array) -> Any:
    """min(max((x + 1) / 2, 0), 1)."""
    return nn.sparse_sigmoid.raw(x)


@op
def hard_sigmoid(x: Array) -> Any:
    """min(max(x / 6 + 1/2, 0), 1)."""
    return nn.hard_sigmoid.raw(x)


@op
def hard_silu(x: Array) -> Any:
    """x · hard_sigmoid(x), also known as hard swish (Howard et al. 2019)."""
    return nn.hard_silu.raw(x)


hard_swish = hard_silu


@op
def hard_tanh(x: Array) -> Any:
    """min(max(x, -1), 1)."""
    return nn.hard_tanh.raw(x)


@op
def mish(x: Array) -> Any:
    """x · tanh(softplus(x)) (Misra 2020)."""
    return F.mish(floating(x))


@op
def exponential(x: Array) -> Any:
    """eˣ."""
    return torch.exp(floating(x))


@op
def sparsemax(x: Array, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to ``x`` along ``axis`` (Martins and Astudillo 2016)."""
    return nn.sparsemax.raw(x, axis)


@op
def threshold(x: Array, threshold: float, default_value: float) -> Any:
    """x where it is larger than ``threshold``, ``default_value`` elsewhere."""
    return nn.threshold.raw(x, threshold, default_value)


# identifiers ----------------------------------------------------------------------------------------------------------

_OURS: dict[str, Callable] = {
    name: globals()[name] for name in __all__ if name not in ("deserialize", "get", "serialize")
}


def get(identifier: Any) -> Callable:
    """The activation for a name, a config or a callable; ``None`` gives ``linear``.

    Raises:
        ValueError: nothing of that name.
    """
    if identifier is None:
        return linear
    return registry.lookup("activation function", identifier, _OURS)


def serialize(activation: Any) -> Any:
    """The name of one of ours; plain data for a layer or a function of the user's.

    Raises:
        ValueError: not a callable.
    """
    if activation is None:
        return None
    if not callable(activation):
        raise fail(ValueError, f"Cannot serialize the activation {activation!r}", "a function or a layer")
    name = getattr(activation, "__name__", None)
    if name in _OURS and getattr(activation, "__module__", "").startswith("kerasish"):
        return name
    return registry.serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """The activation for what ``serialize`` gave.

    Raises:
        ValueError: nothing of that name.
    """
    with registry.CustomObjectScope(custom_objects or {}):
        return None if config is None else get(config)


def raw(activation: Any) -> Callable[..., torch.Tensor]:
    """``activation`` as a function of raw tensors, for layers.

    Ours have one; layers and torch modules take raw tensors; a function of the user's gets Tensors. None, to which programs
    set a layer's activation to look at its logits, is the linear one.
    """
    if activation is None:
        return linear.raw  # type: ignore[attr-defined]
    if inspect.isfunction(activation):
        ours = getattr(activation, "raw", None)
        return ours if ours is not None else on_raw_tensors(activation)
    return activation if isinstance(activation, torch.nn.Module) else on_raw_tensors(activation)


@SparseTensor.serve(linear)
def _sparse_linear(x: SparseTensor) -> SparseTensor:
    return x


@SparseTensor.serve(tanh)
def _sparse_tanh(x: SparseTensor) -> SparseTensor:
    if x.dtype == "string":
        raise not_dense(x, "tanh")
    return x.with_raw(torch.tanh(floating(x.raw_values)))


_ON_FLOATS: dict[Callable, Callable] = {
    relu: torch.relu, tanh: torch.tanh, exponential: torch.exp, sigmoid: nn.sigmoid.raw, softmax: nn.softmax.raw,
    silu: F.silu, elu: nn.elu.raw, selu: nn.selu.raw, gelu: F.gelu,
}  # fmt: skip


def on_floats(activation: Any) -> tuple[Callable[..., torch.Tensor], ...]:
    """``raw`` in its leanest form, for tensors of floating-point numbers: a function, or none for ``linear``."""
    if activation is linear:
        return ()
    known = _ON_FLOATS.get(activation) if inspect.isfunction(activation) else None
    return (raw(activation) if known is None else known,)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


publish(__name__, globals(), __all__)
