"""``tf.nn``: activations, normalization, embeddings; ``windows`` and ``crossentropy`` have convolutions and losses."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from kerasish import ops
from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.dispatch import Array, Arrays, Index, strict_op
from kerasish.core.errors import InvalidArgumentError, missing_name
from kerasish.core.tensor import convert
from kerasish.ops.common import Axis, axis_indices, integer_shape, whole
from kerasish.ops.reduce import over
from kerasish.tf import nn_experimental as experimental  # noqa: F401
from kerasish.tf.alias import FLOATS, FLOATS_AND_COMPLEX, INTEGERS, NUMBERS, REALS, check, define
from kerasish.tf.candidates import all_candidate_sampler as all_candidate_sampler
from kerasish.tf.candidates import compute_accidental_hits as compute_accidental_hits
from kerasish.tf.candidates import fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler
from kerasish.tf.candidates import learned_unigram_candidate_sampler as learned_unigram_candidate_sampler
from kerasish.tf.clipping import clipped
from kerasish.tf.crossentropy import compute_average_loss as compute_average_loss
from kerasish.tf.crossentropy import l2_loss as l2_loss
from kerasish.tf.crossentropy import log_poisson_loss as log_poisson_loss
from kerasish.tf.crossentropy import scale_regularization_loss as scale_regularization_loss
from kerasish.tf.crossentropy import sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits
from kerasish.tf.crossentropy import softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits
from kerasish.tf.crossentropy import (
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from kerasish.tf.crossentropy import weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits
from kerasish.tf.ctc import collapse_repeated as collapse_repeated
from kerasish.tf.ctc import ctc_beam_search_decoder as ctc_beam_search_decoder
from kerasish.tf.ctc import ctc_greedy_decoder as ctc_greedy_decoder
from kerasish.tf.ctc import ctc_loss as ctc_loss
from kerasish.tf.ctc import ctc_unique_labels as ctc_unique_labels
from kerasish.tf.dropping import dropout as dropout
from kerasish.tf.math import approx_max_k as approx_max_k
from kerasish.tf.math import approx_min_k as approx_min_k
from kerasish.tf.math import in_top_k as in_top_k
from kerasish.tf.math import l2_normalize as l2_normalize
from kerasish.tf.math import log_sigmoid as log_sigmoid
from kerasish.tf.math import log_softmax as log_softmax
from kerasish.tf.math import sigmoid as sigmoid
from kerasish.tf.math import softmax as softmax
from kerasish.tf.math import softplus as softplus
from kerasish.tf.math import softsign as softsign
from kerasish.tf.math import squared_difference
from kerasish.tf.math import tanh as tanh
from kerasish.tf.math import top_k as top_k
from kerasish.tf.math import zero_fraction as zero_fraction
from kerasish.tf.reductions import reduce_mean
from kerasish.tf.rnn_wrappers import RNNCellDeviceWrapper as RNNCellDeviceWrapper
from kerasish.tf.rnn_wrappers import RNNCellDropoutWrapper as RNNCellDropoutWrapper
from kerasish.tf.rnn_wrappers import RNNCellResidualWrapper as RNNCellResidualWrapper
from kerasish.tf.sampled import nce_loss as nce_loss
from kerasish.tf.sampled import sampled_softmax_loss as sampled_softmax_loss
from kerasish.tf.sparse_embeddings import embedding_lookup_sparse as embedding_lookup_sparse
from kerasish.tf.sparse_embeddings import safe_embedding_lookup_sparse as safe_embedding_lookup_sparse
from kerasish.tf.tiling import space_to_batch as space_to_batch
from kerasish.tf.windows import atrous_conv2d as atrous_conv2d
from kerasish.tf.windows import atrous_conv2d_transpose as atrous_conv2d_transpose
from kerasish.tf.windows import avg_pool as avg_pool
from kerasish.tf.windows import avg_pool1d as avg_pool1d
from kerasish.tf.windows import avg_pool2d as avg_pool2d
from kerasish.tf.windows import avg_pool3d as avg_pool3d
from kerasish.tf.windows import conv1d as conv1d
from kerasish.tf.windows import conv1d_transpose as conv1d_transpose
from kerasish.tf.windows import conv2d as conv2d
from kerasish.tf.windows import conv2d_transpose as conv2d_transpose
from kerasish.tf.windows import conv3d as conv3d
from kerasish.tf.windows import conv3d_transpose as conv3d_transpose
from kerasish.tf.windows import conv_transpose as conv_transpose
from kerasish.tf.windows import convolution as convolution
from kerasish.tf.windows import depth_to_space as depth_to_space
from kerasish.tf.windows import depthwise_conv2d as depthwise_conv2d
from kerasish.tf.windows import max_pool as max_pool
from kerasish.tf.windows import max_pool1d as max_pool1d
from kerasish.tf.windows import max_pool2d as max_pool2d
from kerasish.tf.windows import max_pool3d as max_pool3d
from kerasish.tf.windows import pool as pool
from kerasish.tf.windows import separable_conv2d as separable_conv2d
from kerasish.tf.windows import space_to_depth as space_to_depth
from kerasish.tf.windows_more import depthwise_conv2d_backprop_filter as depthwise_conv2d_backprop_filter
from kerasish.tf.windows_more import depthwise_conv2d_backprop_input as depthwise_conv2d_backprop_input
from kerasish.tf.windows_more import dilation2d as dilation2d
from kerasish.tf.windows_more import erosion2d as erosion2d
from kerasish.tf.windows_more import fractional_avg_pool as fractional_avg_pool
from kerasish.tf.windows_more import fractional_max_pool as fractional_max_pool
from kerasish.tf.windows_more import max_pool_with_argmax as max_pool_with_argmax
from kerasish.tf.windows_more import with_space_to_batch as with_space_to_batch

# activations ----------------------------------------------------------------------------------------------------------


def _relu6(x: torch.Tensor) -> torch.Tensor:
    """min(max(x, 0), 6)."""
    return F.relu6(x)


def _gelu(x: torch.Tensor, approximate: bool = False) -> torch.Tensor:
    """x · Φ(x) (Hendrycks and Gimpel 2016); ``approximate``: with a tanh in place of the normal distribution function."""
    return F.gelu(x, approximate="tanh" if approximate else "none")


def _silu(x: torch.Tensor, beta: Any = 1.0) -> torch.Tensor:
    """x · sigmoid(beta · x), also known as swish (Ramachandran et al. 2017)."""
    return F.silu(x) if type(beta) in (int, float) and beta == 1 else x * torch.sigmoid(x * beta)


def _leaky_relu(x: torch.Tensor, alpha: float = 0.2) -> torch.Tensor:
    """x where positive, ``alpha`` · x elsewhere; integers become float32."""
    return F.leaky_relu(x if x.is_floating_point() else x.float(), float(alpha))


def _crelu(x: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """max(x, 0) and max(-x, 0) side by side along an axis (Shang et al. 2016)."""
    return torch.relu(torch.cat((x, -x), axis))


define(globals(), REALS, {
    "relu(features, name=None)": (torch.relu, "max(x, 0)."),
    "relu6(features: Array, name=None)": _relu6,
    "leaky_relu(features: Array, alpha=0.2, name=None)": _leaky_relu,
    "crelu(features: Array, axis=-1, name=None)": _crelu,
})  # fmt: skip
define(globals(), FLOATS, {
    "elu(features: Array, name=None)": (F.elu, "x where positive, eˣ - 1 elsewhere (Clevert et al. 2016)."),
    "selu(features: Array, name=None)": (ops.selu.raw, "1.0507 · x where positive, 1.7581 · (eˣ - 1) elsewhere."),
    "gelu(features: Array, approximate=False, name=None)": _gelu,
})  # fmt: skip


define(globals(), FLOATS_AND_COMPLEX, {
    "silu(features: Array, beta=1.0)": _silu,
    "swish(features: Array, beta=1.0)": _silu,
})  # fmt: skip


# normalization --------------------------------------------------------------------------------------------------------


@strict_op
def moments(x: Array, axes: Axis, shift: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Mean and (biased) variance along ``axes``.

    Args:
        shift: a number near the mean; TensorFlow does not use it either.
    """
    check(x, NUMBERS, "Mean")
    axes, keepdims = axes if axes is None or isinstance(axes, int) else integer_shape(axes), bool(keepdims)
    if axes is not None and not isinstance(axes, int) and not axes and not keepdims:
        return tuple(part.squeeze() for part in moments.raw(x, axes, shift, True))  # no axes are all of length 1
    if not x.is_floating_point():
        mean = reduce_mean.raw(x, axes, True)
        variance = reduce_mean.raw(squared_difference.raw(x, mean), axes, keepdims)
        return mean.reshape(variance.shape), variance
    plain = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    mean = over(torch.mean, plain, axes, keepdims).to(x.dtype)  # that of torch's var_mean is NaN beside infinity
    variance = ops.moments.raw(plain, axes, keepdims)[1].to(x.dtype)
    if x.requires_grad:  # as there, second derivatives take the mean in the variance for a constant
        wide = x if x.dtype is torch.float64 else x.float()
        centre = over(torch.mean, wide, axes, True).detach()
        variance = over(torch.mean, (wide - centre).square(), axes, keepdims).to(x.dtype)
    return mean, variance


@strict_op
def weighted_moments(
    x: Array, axes: Axis, frequency_weights: Array, keepdims: bool = False, name: str | None = None
) -> Any:
    """Mean and variance along ``axes``, each element counted ``frequency_weights`` times; these broadcast to x."""
    weights = frequency_weights.expand(torch.broadcast_shapes(frequency_weights.shape, x.shape))
    total = over(torch.sum, weights, axes, True)
    share = torch.where(total == 0, 0, 1 / total)
    mean = over(torch.sum, x * weights, axes, True) * share
    variance = over(torch.sum, weights * (x - mean).square(), axes, True) * share
    if keepdims:
        return mean, variance
    named = axis_indices(axes, mean.ndim)
    shape = [n for i, n in enumerate(mean.shape) if (i not in named if named else n != 1)]
    return mean.reshape(shape), variance.reshape(shape)


@strict_op
def _sums(x: Array, axes: Axis, shift: Array | None, keepdims: bool) -> Any:
    named = axis_indices(axes, x.ndim)
    count = torch.tensor(float(torch.Size(x.shape[a] for a in named).numel()), dtype=x.dtype, device=x.device)
    moved = x if shift is None else x - shift
    return count, over(torch.sum, moved, axes, keepdims), over(torch.sum, moved.square(), axes, keepdims)


def sufficient_statistics(
    x: Any, axes: Axis, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple:
    """What ``normalize_moments`` needs: the number of elements, Σ(x - shift), Σ(x - shift)² and ``shift``."""
    shift = None if shift is None else dispatch.wrap(dispatch.raw(shift))
    return (*_sums(x, axes, shift, keepdims), shift)


@strict_op
def normalize_moments(
    counts: Array, mean_ss: Array, variance_ss: Array, shift: Array | None, name: str | None = None
) -> Any:
    """Mean and variance from ``sufficient_statistics``."""
    moved = mean_ss / counts
    mean = moved if shift is None else moved + shift
    return mean, variance_ss / counts - moved.square()


@strict_op
def batch_normalization(
    x: Array,
    mean: Array,
    variance: Array,
    offset: Array | None,
    scale: Array | None,
    variance_epsilon: Any,
    name: str | None = None,
) -> Any:
    """(x - mean) / √(variance + variance_epsilon) · scale + offset; all broadcast with x."""
    factor = torch.rsqrt(variance + float(variance_epsilon))
    factor = factor if scale is None else factor * scale
    return x * factor + (-mean * factor if offset is None else offset - mean * factor)


@strict_op
def batch_norm_with_global_normalization(
    input: Array,
    mean: Array,
    variance: Array,
    beta: Array,
    gamma: Array,
    variance_epsilon: Any,
    scale_after_normalization: bool,
    name: str | None = None,
) -> Any:
    """``batch_normalization`` with the scale ``gamma``, if wanted, and the offset ``beta``."""
    return batch_normalization.raw(
        input, mean, variance, beta, gamma if scale_after_normalization else None, variance_epsilon
    )


@strict_op
def local_response_normalization(
    input: Array, depth_radius: int = 5, bias: float = 1, alpha: float = 1, beta: float = 0.5, name: str | None = None
) -> Any:
    """x / (bias + alpha · Σ x² over the channels within ``depth_radius``)^beta (Krizhevsky et al. 2012).

    Args:
        input: (batch, height, width, channels).
    """
    if input.dtype not in (torch.float32, torch.float16, torch.bfloat16):
        raise dispatch.unsupported_dtype("LRN", input.dtype, "half, bfloat16, float")
    if input.ndim != 4:
        raise InvalidArgumentError(f"in must be 4-dimensional, got shape {list(input.shape)} [Op:LRN]")
    window = 2 * depth_radius + 1
    padded = F.pad(input.square(), (depth_radius, depth_radius))
    return input / (bias + alpha * padded.unfold(-1, window, 1).sum(-1)) ** beta


lrn = local_response_normalization


@strict_op
def bias_add(value: Array, bias: Array, data_format: str | None = None, name: str | None = None) -> Any:
    """``value`` plus a bias for each channel, which are the last axis, or the second with "NC..." formats.

    Raises:
        ValueError: an unknown ``data_format``.
        InvalidArgumentError: the bias is no vector of as many numbers as channels.
    """
    if data_format is not None and not data_format.startswith("N"):
        raise ValueError(f"`data_format` must be of the form `N...C` or `NC...`. Received: data_format={data_format}")
    if value.ndim < 2:
        raise InvalidArgumentError(f"Input tensor must be at least 2D: {list(value.shape)} [Op:BiasAdd]")
    if bias.ndim != 1:
        raise InvalidArgumentError(f"Biases must be 1D: {list(bias.shape)} [Op:BiasAdd]")
    first = data_format is not None and data_format.startswith("NC")
    if len(bias) != value.shape[1 if first else -1]:
        raise InvalidArgumentError(
            f"Must provide as many biases as the {'second' if first else 'last'} dimension of the input tensor: "
            f"{list(bias.shape)} vs. {list(value.shape)} [Op:BiasAdd]"
        )
    return value + (bias.reshape(-1, *[1] * (value.ndim - 2)) if first else bias)


# dropout --------------------------------------------------------------------------------------------------------------


class IsotonicRegression(NamedTuple):
    """Numbers that do not rise, and the number of the run that each belongs to."""

    output: Any
    segments: Any


def isotonic_regression(inputs: Any, decreasing: bool = True, axis: int = -1) -> tuple[Any, Any]:
    """The nearest numbers to ``inputs`` that do not rise (``decreasing``; else: fall) along an axis.

    Returns:
        The numbers, which are means of runs of the inputs, and the number of the run of each; integers give floats.
    """
    x, axis = convert(inputs), whole(axis, "axis")
    runs = dispatch.wrap(_runs(dispatch.raw(x).detach().movedim(axis, -1), decreasing))
    found = _means_of_runs(x, runs, axis), _moved(runs, axis)
    last = axis in (-1, len(x.shape) - 1)
    return IsotonicRegression(*found) if last and decreasing else found


@strict_op
def _moved(runs: Index, axis: int) -> Any:
    return runs.movedim(-1, axis)


def _runs(x: torch.Tensor, decreasing: bool) -> torch.Tensor:
    """Runs of numbers to be pooled: adjacent ones that are out of order, again and again."""
    rows = x.double().reshape(-1, x.shape[-1]).tolist()
    found = torch.zeros(len(rows), x.shape[-1], dtype=torch.int32)
    for i, row in enumerate(rows):
        pools: list[tuple[float, int]] = []  # sum and count
        for value in row:
            total, count = (value if decreasing else -value), 1
            while pools and pools[-1][0] * count < total * pools[-1][1]:
                before = pools.pop()
                total, count = total + before[0], count + before[1]
            pools.append((total, count))
        numbers = torch.arange(len(pools), dtype=torch.int32)
        found[i] = torch.repeat_interleave(numbers, torch.tensor([count for _, count in pools], dtype=torch.int64))
    return found.reshape(x.shape).to(x.device)


_MEANS = {torch.int8: torch.float32, torch.int16: torch.float32}


@strict_op
def _means_of_runs(x: Array, runs: Index, axis: int) -> Any:
    rows = (x if x.is_floating_point() else x.to(_MEANS.get(x.dtype, torch.float64))).movedim(axis, -1)
    places = runs.long()
    sums = torch.zeros_like(rows).scatter_add(-1, places, rows)
    counts = torch.zeros_like(rows).scatter_add(-1, places, torch.ones_like(rows))
    return (sums / counts.clamp(min=1)).gather(-1, places).movedim(-1, axis)


# embeddings -----------------------------------------------------------------------------------------------------------


@strict_op
def embedding_lookup(params: Arrays, ids: Index, max_norm: Any = None, name: str | None = None) -> Any:
    """The rows of ``params`` at ``ids``: ids.shape + params.shape[1:].

    Args:
        params: a tensor, or a list of its parts in order, split along the first axis as evenly as possible.
        max_norm: rows with a larger norm are scaled down to it.

    Raises:
        InvalidArgumentError: an id is out of bounds.
    """
    check(ids, INTEGERS, "GatherV2")
    ids = ids if ids.dtype in (torch.int32, torch.int64) else ids.long()
    table = params if isinstance(params, torch.Tensor) else params[0] if len(params) == 1 else torch.cat(params)
    if ids.device.type == "cpu" and not local.tracing and ids.numel():
        low, high = torch.aminmax(ids)
        if low < 0 or high >= len(table):
            flat = ids.reshape(-1)
            place = int(((flat < 0) | (flat >= len(table))).nonzero()[0])
            raise InvalidArgumentError(
                f"indices[{place}] = {int(flat[place])} is not in [0, {len(table)}) [Op:GatherV2]"
            )
    rows = F.embedding(ids, table) if table.ndim == 2 else table[ids.long()]
    return rows if max_norm is None else clipped(rows, max_norm, list(range(ids.ndim, rows.ndim)))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
