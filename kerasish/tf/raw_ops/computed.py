"""Raw operations that are more than another name for a public function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish import tf
from kerasish.core import dispatch, dtypes
from kerasish.core.dispatch import Array, Index, strict_op, strings
from kerasish.core.errors import InvalidArgumentError, NotServedError
from kerasish.tf import integrals
from kerasish.tf.alias import FLOATS, FLOATS_AND_COMPLEX, NUMBERS, check, define


@strict_op
def slope_by_order(a: Array, x: Array) -> Any:
    """The derivative of P(a, x) by a."""
    return integrals.slope_by_order(a, x)


@strict_op
def gamma_slope(alpha: Array, sample: Array) -> Any:
    """The derivative of a gamma number by the distribution's parameter."""
    return integrals.gamma_slope(alpha, sample)


def broadcast_axes(s0: Any, s1: Any) -> list:
    """The axes to sum gradients along of two arguments of shapes ``s0`` and ``s1`` that broadcast.

    Raises:
        InvalidArgumentError: the shapes do not broadcast.
    """
    kind = tf.convert_to_tensor(s0).dtype
    first, second = (np.asarray(dispatch.raw(s)).astype(np.int64).tolist() for s in (s0, s1))
    rank = max(len(first), len(second))
    first, second = ([1] * (rank - len(s)) + s for s in (first, second))
    if any(a != b and 1 not in (a, b) for a, b in zip(first, second)):
        raise InvalidArgumentError(f"Incompatible shapes: {first} vs. {second}")
    axes = range(0 if first == second else rank)
    return [tf.constant([axis for axis in axes if one[axis] == 1], kind) for one in (first, second)]


def unique_slices(x: Any, axis: Any, out_idx: Any) -> tuple:
    """The different slices along an axis in the order they come in, which of them each is, and how often each occurs.

    Args:
        axis: a vector with the axis; without elements: ``x`` is a vector.
    """
    x = tf.convert_to_tensor(x)
    axes = np.asarray(dispatch.raw(axis)).reshape(-1).tolist()
    values = np.moveaxis(x.numpy(), axes[0] if axes else 0, 0)
    _, first, of, counts = np.unique(values, axis=0, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    kept = np.moveaxis(values[first[order]], 0, axes[0] if axes else 0)
    places = np.argsort(order)[of.reshape(-1)]
    return tf.constant(kept, x.dtype), tf.constant(places, out_idx), tf.constant(counts[order], out_idx)


# arithmetic and truth values ------------------------------------------------------------------------------------------


@strict_op
def sum_of_numbers(x: Array, y: Array) -> Any:
    """x + y, not of texts."""
    check(x, NUMBERS, "AddV2")
    return torch.add(x, y)


@strict_op
def quotient(x: Array, y: Array) -> Any:
    """x / y; of integers without the rest, rounded to 0.

    Raises:
        InvalidArgumentError: an integer is divided by 0.
    """
    if x.is_floating_point() or x.is_complex():
        return torch.div(x, y)
    return tf.truncatediv.raw(x, y)


def compared(function: Callable, x: Any, y: Any, incompatible_shape_error: bool) -> Any:
    """``function(x, y)``; without the error shapes that do not fit give one truth value: whether they are unequal."""
    if not incompatible_shape_error:
        x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
        try:
            tf.broadcast_static_shape(x.shape, y.shape)
        except ValueError:
            return tf.constant(function is tf.not_equal)
    return function(x, y)


def cast(x: Any, DstT: Any, Truncate: bool = False) -> Any:  # noqa: N803 - TensorFlow's names
    """x in another dtype.

    Raises:
        NotServedError: digits are to be cut off, not rounded.
    """
    if Truncate:
        raise NotServedError("'tf.raw_ops.Cast' with Truncate=True is not served by kerasish: numbers are rounded.")
    return tf.cast(x, DstT)


# places and counts ----------------------------------------------------------------------------------------------------


def counted(numbers: Any, size: Any, weights: Any, binary_output: bool = False) -> Any:
    """How often 0, 1, … ``size`` - 1 occur in ``numbers``, in each row of a matrix; or the sums of their ``weights``."""
    numbers, weights, size = tf.convert_to_tensor(numbers), tf.convert_to_tensor(weights), int(size)
    given = weights if weights.shape.num_elements() else None
    axis = -1 if len(numbers.shape) == 2 else None
    return tf.math.bincount(numbers, given, size, size, dtype=weights.dtype, axis=axis, binary_output=binary_output)


def _left_over(x: np.ndarray, y: np.ndarray, out_idx: Any) -> tuple:
    places = np.flatnonzero(~np.isin(x, y))
    return x[places], torch.from_numpy(places).to(dtypes.to_torch(out_idx))


@strict_op
@strings(_left_over)
def left_over(x: Array, y: Array, out_idx: Any = dtypes.int32) -> Any:
    """The elements of a vector that another one lacks, and where they were."""
    places = torch.nonzero(~torch.isin(x, y)).reshape(-1)
    return x[places], places.to(dtypes.to_torch(out_idx))


def true_places(flags: Any) -> list[int]:
    """Which of the flags are set."""
    return [i for i, flag in enumerate(tf.convert_to_tensor(flags).numpy()) if flag]


def select(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y, which have one shape; a vector of conditions chooses rows.

    Raises:
        InvalidArgumentError: the shapes differ.
    """
    condition, x, y = tf.convert_to_tensor(condition), tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    rank = len(x.shape)
    rows = len(condition.shape) == 1 and rank > 1 and condition.shape[0] == x.shape[0]
    if x.shape != y.shape or not (rows or len(condition.shape) == 0 or condition.shape == x.shape):
        raise InvalidArgumentError(
            f"'then' and 'else' must have the same size, and 'cond' theirs or that of their rows. Received: "
            f"{x.shape}, {y.shape} and {condition.shape} [Op:Select]"
        )
    return tf.where(tf.reshape(condition, [-1, *[1] * (rank - 1)]) if rows else condition, x, y)


def scattered(tensor: Any, indices: Any, updates: Any, bad_indices_policy: str = "") -> Any:
    """A tensor with other values at some places.

    Raises:
        NotServedError: indices out of bounds are not to be errors.
    """
    if bad_indices_policy not in ("", "ERROR"):
        raise NotServedError(
            f"bad_indices_policy={bad_indices_policy!r} is not served by kerasish; '' and 'ERROR' are."
        )
    return tf.tensor_scatter_nd_update(tensor, indices, updates)


def parts_of(sparse: Any) -> tuple:
    """Indices, values and shape of a sparse tensor."""
    return sparse.indices, sparse.values, sparse.dense_shape


# matrices -------------------------------------------------------------------------------------------------------------


@strict_op
def product_of_matrices(a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """The product of two matrices.

    Raises:
        InvalidArgumentError: one is no matrix.
    """
    for name, x in (("0", a), ("1", b)):
        if x.ndim != 2:
            raise InvalidArgumentError(f"In[{name}] is not a matrix. Received: rank {x.ndim} [Op:MatMul]")
    return tf.matmul.raw(a, b, transpose_a, transpose_b)


def _with_vectors(values_and_vectors: Callable, values: Callable, x: Any, wanted: bool) -> tuple:
    if wanted:
        return tuple(values_and_vectors(x))
    found = values(x)
    return found, tf.zeros([0], found.dtype)


def eigen(x: Any, compute_v: bool, Tout: Any) -> tuple:  # noqa: N803 - TensorFlow's name
    """Eigenvalues and eigenvectors; nothing for the vectors unless they are wanted."""
    return tuple(tf.cast(part, Tout) for part in _with_vectors(tf.linalg.eig, tf.linalg.eigvals, x, compute_v))


def eigen_of_hermitian(x: Any, compute_v: bool) -> tuple:
    """The same of Hermitian matrices."""
    return _with_vectors(tf.linalg.eigh, tf.linalg.eigvalsh, x, compute_v)


def singular(x: Any, compute_uv: bool, full_matrices: bool) -> tuple:
    """Singular values and vectors; nothing for the vectors unless they are wanted."""
    if compute_uv:
        return tf.linalg.svd(x, full_matrices)
    x = tf.convert_to_tensor(x)
    none = tf.zeros([0], x.dtype)
    return tf.linalg.svd(x, compute_uv=False), none, none


def tridiagonal_product(superdiag: Any, maindiag: Any, subdiag: Any, rhs: Any) -> Any:
    """The product of tridiagonal matrices, whose diagonals are (..., 1, n), with (..., n, columns)."""
    diagonals = tuple(tf.squeeze(diagonal, -2) for diagonal in (superdiag, maindiag, subdiag))
    return tf.linalg.tridiagonal_matmul(diagonals, rhs, "sequence")


def long_enough(x: Any, fft_length: Any, halved: bool = False) -> Any:
    """x, whose last axes a real Fourier transform may cut but does not fill up.

    Args:
        halved: the last axis is half as long, as that of the transform's result.

    Raises:
        InvalidArgumentError: an axis is too short.
    """
    x, lengths = tf.convert_to_tensor(x), sizes(fft_length)
    if halved and lengths:
        lengths[-1] = lengths[-1] // 2 + 1
    own = x.shape[len(x.shape) - len(lengths) :]
    if any(have is not None and have < need for have, need in zip(own, lengths)):
        raise InvalidArgumentError(
            f"Input must have at least {lengths} values along its last axes. Received: {x.shape}"
        )
    return x


# networks -------------------------------------------------------------------------------------------------------------


def slope(function: Callable, x: Any, gradients: Any) -> Any:
    """The gradient of ``sum(function(x) * gradients)`` with respect to x."""
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, tf.convert_to_tensor(gradients), unconnected_gradients="zero")


def zeros(shape: Any, like: Any) -> Any:
    """Zeros of a shape, in the dtype of ``like``."""
    return tf.zeros(shape, tf.convert_to_tensor(like).dtype)


def pads(padding: str, explicit: Any) -> Any:
    """The padding as public functions take it: a word, or pairs for each axis."""
    return [list(explicit[i : i + 2]) for i in range(0, len(explicit), 2)] if padding == "EXPLICIT" else padding


def sizes(x: Any) -> list[int]:
    """Whole numbers in a list or a tensor."""
    return [int(size) for size in tf.convert_to_tensor(x).numpy()]


def depthwise(x: Any, filters: Any, strides: Any, padding: Any, data_format: str, dilations: Any) -> Any:
    """Convolutions of each channel by itself."""
    places = slice(1, 3) if data_format == "NHWC" else slice(2, 4)
    return tf.nn.depthwise_conv2d(x, filters, strides, padding, data_format, list(dilations)[places])


@strict_op
def bias_slope(out_backprop: Array, data_format: str = "NHWC") -> Any:
    """The sums over everything but channels."""
    channel = out_backprop.ndim - 1 if data_format == "NHWC" else 1
    return out_backprop.sum([axis for axis in range(out_backprop.ndim) if axis != channel])


def _normalized(
    x: torch.Tensor, scale: torch.Tensor, offset: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor,
    epsilon: float, factor: float, data_format: str, training: bool,
) -> tuple:  # fmt: skip
    if data_format not in ("NHWC", "NCHW"):
        raise InvalidArgumentError(f"Invalid data format. Received: {data_format!r} [Op:FusedBatchNormV3]")
    if x.ndim != 4:
        raise InvalidArgumentError(f"input must be 4-dimensional. Received: {list(x.shape)} [Op:FusedBatchNormV3]")
    channel = 3 if data_format == "NHWC" else 1
    axes = [axis for axis in range(4) if axis != channel]
    shape = [-1 if axis == channel else 1 for axis in range(4)]
    wide = x.to(scale.dtype)
    out_mean, out_variance = used_mean, used_variance = mean, variance
    if training:
        used_variance, used_mean = torch.var_mean(wide, axes, correction=0)
        count = x.numel() // max(x.shape[channel], 1)
        out_mean, out_variance = used_mean, used_variance * (count / max(count - 1, 1))
        if factor != 1:
            out_mean = (1 - factor) * mean + factor * out_mean
            out_variance = (1 - factor) * variance + factor * out_variance
    ratio = torch.rsqrt(used_variance + epsilon) * scale
    y = (wide - used_mean.reshape(shape)) * ratio.reshape(shape) + offset.reshape(shape)
    return y.to(x.dtype), out_mean, out_variance, used_mean, used_variance


@strict_op
def batch_norm(
    x: Array, scale: Array, offset: Array, mean: Array, variance: Array,
    epsilon: float, factor: float, data_format: str, training: bool,
) -> Any:  # fmt: skip
    """Batch normalization of (batch, height, width, channels).

    Returns:
        y; mean and variance after the step, the latter times n / (n - 1) of n values; mean and variance that were used.
    """
    return _normalized(x, scale, offset, mean, variance, epsilon, factor, data_format, training)


@strict_op
def _mixed(
    x: Array, scale: Index, offset: Index, mean: Index, variance: Index,
    epsilon: float, factor: float, data_format: str, training: bool,
) -> Any:  # fmt: skip
    return _normalized(x, scale, offset, mean, variance, epsilon, factor, data_format, training)


def batch_norm_v3(x: Any, *rest: Any) -> tuple:
    """The same, and an empty sixth result; x may have fewer digits than the statistics."""
    return (*_mixed(x, *rest), tf.zeros([0]))


@strict_op
def crossentropy(features: Array, labels: Array) -> Any:
    """The crossentropies of rows, and their gradients with respect to ``features``."""
    features, labels = torch.broadcast_tensors(features, labels)
    if features.ndim != 2:
        raise InvalidArgumentError(
            f"logits must be 2-dimensional. Received: {list(features.shape)} [Op:SoftmaxCrossEntropyWithLogits]"
        )
    logs = F.log_softmax(features, -1)
    return -(labels * logs).sum(-1), logs.exp() - labels


def sparse_crossentropy(features: Any, labels: Any) -> tuple:
    """The same where ``labels`` are numbers of classes."""
    features = tf.convert_to_tensor(features)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, features)
    return loss, tf.nn.softmax(features) - tf.one_hot(labels, features.shape[-1], dtype=features.dtype)


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

# Gradients of functions of one number. Of complex numbers TensorFlow conjugates y in some of them only.
define(globals(), FLOATS_AND_COMPLEX, {
    "reciprocal_slope(y: Array, dy: Array)": (lambda y, dy: -dy * y.conj() ** 2, "Of 1 / x = y."),
    "rsqrt_slope(y: Array, dy: Array)": (lambda y, dy: -0.5 * dy * y.conj() ** 3, "Of 1 / √x = y."),
    "sigmoid_slope(y: Array, dy: Array)": (lambda y, dy: dy * y * (1 - y), "Of sigmoid(x) = y."),
    "sqrt_slope(y: Array, dy: Array)": (lambda y, dy: 0.5 * dy / y.conj(), "Of √x = y."),
    "tanh_slope(y: Array, dy: Array)": (lambda y, dy: dy * (1 - y * y), "Of tanh(x) = y."),
})  # fmt: skip
define(globals(), FLOATS, {
    "elu_slope(gradients: Array, outputs: Array)": (
        lambda g, y: torch.where(y < 0, g * (y + 1), g), "Of elu(x) = outputs.",
    ),
    "leaky_relu_slope(gradients: Array, features: Array, alpha=0.2)": (
        lambda g, x, alpha: torch.where(x > 0, g, g * alpha), "Of max(x, alpha x).",
    ),
    "relu_slope(gradients: Array, features: Array)": (lambda g, x: torch.where(x > 0, g, 0), "Of max(x, 0)."),
    "relu6_slope(gradients: Array, features: Array)": (
        lambda g, x: torch.where((x > 0) & (x < 6), g, 0), "Of min(max(x, 0), 6).",
    ),
    "selu_slope(gradients: Array, outputs: Array)": (
        lambda g, y: torch.where(y < 0, g * (y + _SELU_SCALE * _SELU_ALPHA), g * _SELU_SCALE), "Of selu(x) = outputs.",
    ),
    "softplus_slope(gradients: Array, features: Array)": (lambda g, x: g * torch.sigmoid(x), "Of log(1 + exp x)."),
    "softsign_slope(gradients: Array, features: Array)": (lambda g, x: g / (1 + x.abs()) ** 2, "Of x / (1 + |x|)."),
})  # fmt: skip
