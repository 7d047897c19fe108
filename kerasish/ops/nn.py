"""Neural-network functions of ``keras.ops``: activations, softmax and its kin, one-hot codes, attention.

``conv``, ``pool``, ``normalization``, ``crossentropy`` and ``ctc`` have the others; their public names are here too, since
``keras.ops.nn`` has them all.

The results of ``sigmoid`` and ``softmax`` carry their raw input as ``_keras_logits``: a crossentropy is computed from that,
where it loses no digits to saturation, as TensorFlow does.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core import dtypes
from kerasish.core.dispatch import Array, op
from kerasish.core.errors import fail
from kerasish.core.logits import note
from kerasish.core.sparse import SparseTensor
from kerasish.ops import coordinates
from kerasish.ops.attention import dot_product_attention as dot_product_attention
from kerasish.ops.common import Axis, alias, axis_index, axis_indices, floating
from kerasish.ops.conv import conv as conv
from kerasish.ops.conv import conv_transpose as conv_transpose
from kerasish.ops.conv import depthwise_conv as depthwise_conv
from kerasish.ops.conv import separable_conv as separable_conv
from kerasish.ops.crossentropy import binary_crossentropy as binary_crossentropy
from kerasish.ops.crossentropy import categorical_crossentropy as categorical_crossentropy
from kerasish.ops.crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.ops.ctc import ctc_decode as ctc_decode
from kerasish.ops.ctc import ctc_loss as ctc_loss
from kerasish.ops.normalization import batch_normalization as batch_normalization
from kerasish.ops.normalization import layer_normalization as layer_normalization
from kerasish.ops.normalization import moments as moments
from kerasish.ops.normalization import normalize as normalize
from kerasish.ops.normalization import rms_normalization as rms_normalization
from kerasish.ops.pool import adaptive_average_pool as adaptive_average_pool
from kerasish.ops.pool import adaptive_max_pool as adaptive_max_pool
from kerasish.ops.pool import average_pool as average_pool
from kerasish.ops.pool import depth_to_space as depth_to_space
from kerasish.ops.pool import fold as fold
from kerasish.ops.pool import max_pool as max_pool
from kerasish.ops.pool import space_to_depth as space_to_depth
from kerasish.ops.pool import unfold as unfold

# activations ----------------------------------------------------------------------------------------------------------


@op
def relu(x: Array) -> Any:
    """max(x, 0)."""
    return torch.relu(x)


@op
def relu6(x: Array) -> Any:
    """min(max(x, 0), 6)."""
    return F.relu6(x)


@op
def sigmoid(x: Array) -> Any:
    """1 / (1 + e⁻ˣ)."""
    x = floating(x)
    return note(torch.sigmoid(x), x)


@op
def softplus(x: Array) -> Any:
    """log(1 + eˣ)."""
    return F.softplus(floating(x), threshold=40.0)  # torch's own 20 is too low for float64


@op
def softsign(x: Array) -> Any:
    """x / (1 + |x|)."""
    return F.softsign(floating(x))


@op
def silu(x: Array) -> Any:
    """x · sigmoid(x), also known as swish (Ramachandran et al. 2017)."""
    return F.silu(floating(x))


swish = alias("swish", silu)


@op
def hard_silu(x: Array) -> Any:
    """x · hard_sigmoid(x), also known as hard swish (Howard et al. 2019)."""
    return F.hardswish(floating(x))


hard_swish = alias("hard_swish", hard_silu)


@op
def log_sigmoid(x: Array) -> Any:
    """log(1 / (1 + e⁻ˣ))."""
    return F.logsigmoid(floating(x))


@op
def leaky_relu(x: Array, negative_slope: float = 0.2) -> Any:
    """x where positive, ``negative_slope`` · x elsewhere."""
    return F.leaky_relu(floating(x), negative_slope)


@op
def hard_sigmoid(x: Array) -> Any:
    """min(max(x / 6 + 1/2, 0), 1)."""
    return F.relu6(floating(x) + 3.0) / 6.0  # the gradient of F.hardsigmoid is rounded to float32


@op
def elu(x: Array, alpha: float = 1.0) -> Any:
    """x where positive, ``alpha`` · (eˣ - 1) elsewhere (Clevert et al. 2016)."""
    return F.elu(floating(x), alpha)


_SELU_SCALE = 1.0507009873554805


@op
def selu(x: Array) -> Any:
    """1.0507 · elu(x, 1.6733) (Klambauer et al. 2017)."""
    x = floating(x)
    return torch.where(x < 0, F.selu(x), _SELU_SCALE * x)  # at 0 torch takes the other branch's gradient, 1.758


@op
def gelu(x: Array, approximate: bool = True) -> Any:
    """x · Φ(x) (Hendrycks and Gimpel 2016); ``approximate``: with a tanh in place of the normal distribution function."""
    return F.gelu(floating(x), approximate="tanh" if approximate else "none")


@op
def celu(x: Array, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(0, ``alpha`` · (exp(x / ``alpha``) - 1)) (Barron 2017)."""
    return F.celu(floating(x), alpha)


@op
def glu(x: Array, axis: int = -1) -> Any:
    """a · sigmoid(b) for the halves a and b of ``x`` (Dauphin et al. 2017).

    Raises:
        ValueError: the axis has an odd length.
    """
    if x.shape[axis_index(axis, x.ndim)] % 2:
        raise fail(
            ValueError, "axis size must be divisible by 2", received=f"x.shape={tuple(x.shape)} with axis={axis}"
        )
    return F.glu(floating(x), axis)


@op
def hard_tanh(x: Array) -> Any:
    """min(max(x, -1), 1)."""
    return torch.clamp(floating(x), -1.0, 1.0)  # not F.hardtanh: at ±1 the gradient is 1


@op
def hard_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x where |x| > ``threshold``, 0 elsewhere."""
    return F.hardshrink(floating(x), threshold)


@op
def soft_shrink(x: Array, threshold: float = 0.5) -> Any:
    """x moved towards 0 by ``threshold``, 0 where |x| is smaller."""
    return F.softshrink(floating(x), threshold)


@op
def tanh_shrink(x: Array) -> Any:
    """x - tanh(x)."""
    return F.tanhshrink(floating(x))


@op
def threshold(x: Array, threshold: float, default_value: float) -> Any:
    """x where it is larger than ``threshold``, ``default_value`` elsewhere."""
    return F.threshold(x, threshold, default_value)


@op
def squareplus(x: Array, b: float = 4) -> Any:
    """(x + √(x² + b)) / 2 (Barron 2021)."""
    x = floating(x)
    return (x + torch.sqrt(x * x + b)) / 2


@op
def sparse_plus(x: Array) -> Any:
    """0 below -1, x above 1, (x + 1)² / 4 between."""
    x = floating(x)
    return torch.where(x >= 1, x, torch.square(torch.clamp(x, -1.0, 1.0) + 1) / 4)


@op
def sparse_sigmoid(x: Array) -> Any:
    """min(max((x + 1) / 2, 0), 1)."""
    return F.hardtanh(floating(x)) * 0.5 + 0.5  # not clamp: at ±1 the gradient is 0


# softmax and its kin --------------------------------------------------------------------------------------------------


@op
def softmax(x: Array, axis: Axis = -1) -> Any:
    """eˣ over its sum along ``axis``: an axis, several, or all with ``None``."""
    x = floating(x)
    if not isinstance(axis, int):
        return _over_axes(torch.softmax, x, axis)
    if x.ndim and x.shape[axis_index(axis, x.ndim)] == 1:
        warnings.warn(
            f"You are using a softmax over axis {axis} of a tensor of shape {tuple(x.shape)}. This axis has size 1: the "
            "softmax will always return the value 1, which is likely not what you intended. Did you mean to use a sigmoid "
            "instead?",
            stacklevel=2,
        )
    result = torch.softmax(x, axis)
    if axis in (-1, x.ndim - 1):
        note(result, x)
    return result


@op
def log_softmax(x: Array, axis: Axis = -1) -> Any:
    """The logarithm of ``softmax(x, axis)``."""
    x = floating(x)
    return torch.log_softmax(x, axis) if isinstance(axis, int) else _over_axes(torch.log_softmax, x, axis)


def _over_axes(function: Any, x: torch.Tensor, axis: Axis) -> torch.Tensor:
    """A softmax over several axes at once: they are made the last one, and put back."""
    axes = axis_indices(axis, x.ndim)
    last = tuple(range(-len(axes), 0))
    moved = torch.movedim(x, axes, last)
    return torch.movedim(function(moved.flatten(-len(axes)), -1).reshape(moved.shape), last, axes)


@op
def sparsemax(x: Array, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to ``x`` along ``axis`` (Martins and Astudillo 2016)."""
    x = floating(x)
    ordered = torch.sort(x, dim=axis, descending=True).values
    shape = [1] * x.ndim
    shape[axis] = -1
    count = torch.arange(1, x.shape[axis] + 1, dtype=x.dtype, device=x.device).reshape(shape)
    sums = torch.cumsum(ordered, axis)
    support = (1 + count * ordered > sums).sum(axis, keepdim=True).clamp(min=1)  # none among NaN and infinities
    limit = (torch.gather(sums, axis, support - 1) - 1) / support.to(x.dtype)
    return torch.clamp(x - limit, min=0)


# codes ----------------------------------------------------------------------------------------------------------------


def _sparse_codes(x: torch.Tensor, num_classes: int, axis: int, dtype: torch.dtype) -> SparseTensor:
    """``one_hot`` as a sparse tensor: a value for each index, 0 for negative ones. Too large ones stay, out of bounds."""
    place = axis_index(axis, x.ndim + 1)
    grid = torch.ones(x.shape, dtype=torch.bool, device=x.device).nonzero() if not x.is_meta else _no_places(x)
    flat = x.reshape(-1).long()[: len(grid)]
    indices = torch.cat([grid[:, :place], flat.clamp(min=0)[:, None], grid[:, place:]], 1)
    shape = list(x.shape)
    shape.insert(place, num_classes)
    return SparseTensor.of_raw(indices, (flat >= 0).to(dtype), shape)


def _no_places(x: torch.Tensor) -> torch.Tensor:
    return torch.empty((0, x.ndim), dtype=torch.int64, device=x.device)


def _codes(x: torch.Tensor, num_classes: int, axis: int) -> torch.Tensor:
    """Whether each index is the class of its place, as booleans, with the classes along a new ``axis``."""
    try:
        num_classes = num_classes.__index__()
    except (AttributeError, TypeError):
        kind = ValueError if num_classes is None else TypeError
        raise fail(kind, "`num_classes` must be an integer", received=repr(num_classes)) from None
    if x.dtype not in (torch.int32, torch.int64):
        x = x.long()  # also bytes, which cannot count all classes
    classes = torch.arange(num_classes, dtype=x.dtype, device=x.device)
    if axis == -1:
        return x.unsqueeze(-1) == classes
    axis = axis_index(axis, x.ndim + 1)
    shape = [1] * (x.ndim + 1)
    shape[axis] = num_classes
    return x.unsqueeze(axis) == classes.reshape(shape)


@op
def one_hot(x: Array, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """1 at the place that ``x`` tells along a new axis, 0 elsewhere; all 0 for indices outside of [0, num_classes)."""
    kind = dtypes.to_torch(dtype) if dtype is not None else dtypes.floatx()
    return _sparse_codes(x, num_classes, axis, kind) if sparse else _codes(x, num_classes, axis).to(kind)


@op
def multi_hot(
    inputs: Array,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """1 at all places that an example's indices tell.

    Args:
        inputs: (batch, indices, ...), or (indices,) for a single example; axis 1 (0) is replaced by the classes.
        axis: where the classes come in the result.

    Raises:
        ValueError: ``num_classes`` is missing.
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise fail(TypeError, f"multi_hot() got an unexpected keyword argument '{next(iter(kwargs))}'")
    if num_classes is None:
        raise ValueError("Argument `num_classes` must be specified.")
    codes = _codes(inputs, num_classes, axis)
    codes = codes.any(1 if inputs.ndim > 1 else 0).to(dtypes.to_torch(dtype) if dtype is not None else dtypes.floatx())
    return coordinates.from_dense(codes) if sparse else codes


# others ---------------------------------------------------------------------------------------------------------------


@op
def psnr(x1: Array, x2: Array, max_val: float) -> Any:
    """Peak signal-to-noise ratio of two images in decibels: 10 · log₁₀(max_val² / mean squared difference).

    Raises:
        ValueError: the shapes differ.
    """
    if x1.shape != x2.shape:
        raise ValueError(f"Input shapes {tuple(x1.shape)} and {tuple(x2.shape)} must match for PSNR calculation.")
    error = torch.mean(torch.square(floating(x1) - floating(x2)))
    return 20 * torch.log10(torch.as_tensor(max_val, dtype=error.dtype, device=error.device)) - 10 * torch.log10(error)


@op
def polar(abs_: Array, angle: Array) -> Any:
    """The complex numbers with these moduli and angles (radians)."""
    return torch.polar(floating(abs_), floating(angle))
