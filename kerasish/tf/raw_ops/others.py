"""Rarer raw operations that are more than another name for a public function."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch

from kerasish import tf
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.tf.private.operations import prevent_gradient as prevent_gradient
from kerasish.tf.raw_ops.computed import slope

# arrays ---------------------------------------------------------------------------------------------------------------


@strict_op
def bucketized(input: Array, boundaries: Any) -> Any:  # noqa: A002
    """In which bucket each number is: how many of the sorted boundaries are at most it.

    Raises:
        InvalidArgumentError: the boundaries are not sorted.
    """
    bounds = [float(bound) for bound in boundaries]
    if bounds != sorted(bounds):
        raise InvalidArgumentError("Expected sorted boundaries [Op:Bucketize]")
    edges = torch.tensor(bounds, dtype=torch.float64, device=input.device)
    return torch.bucketize(input.double(), edges, right=True).to(torch.int32)


def concat_offsets(concat_dim: Any, shape: Any) -> list:
    """Where in a concatenation along an axis each part begins: shapes → vectors."""
    sizes = [np.asarray(tf.convert_to_tensor(s)) for s in shape]
    axis, start, out = int(concat_dim), 0, []
    if not -len(sizes[0]) <= axis < len(sizes[0]):
        raise InvalidArgumentError(f"Concat dim is out of range: {axis} vs. {len(sizes[0])} [Op:ConcatOffset]")
    axis %= len(sizes[0])
    for size in sizes:
        other = [i for i in range(len(size)) if i != axis and size[i] != sizes[0][i]]
        if len(size) != len(sizes[0]) or other:
            raise InvalidArgumentError(
                f"All dimensions except {axis} must match. Input has shape {size.tolist()}, the first "
                f"{sizes[0].tolist()} [Op:ConcatOffset]"
            )
        place = np.zeros_like(size)
        place[axis] = start
        start += size[axis]
        out.append(tf.constant(place))
    return out


def axes_mapped(x: Any, src_format: str, dst_format: str) -> Any:
    """Numbers of axes in one layout as those in another."""
    places = [dst_format.index(letter) for letter in src_format]
    x = tf.convert_to_tensor(x)
    return tf.gather(tf.constant(places, x.dtype), tf.math.floormod(x, len(src_format)))


def permuted(x: Any, src_format: str, dst_format: str) -> Any:
    """Sizes (or pairs of them) of axes in the order of another layout; two letters fewer if x has two places fewer."""
    x = tf.convert_to_tensor(x)
    if len(x) == len(src_format) - 2:
        src_format, dst_format = (
            "".join(letter for letter in f if letter not in "NC") for f in (src_format, dst_format)
        )
    if len(x) != len(src_format):
        raise InvalidArgumentError(
            f"1D input must be of size 4 or 2, but got shape {x.shape} [Op:DataFormatVecPermute]"
        )
    return tf.gather(x, [src_format.index(letter) for letter in dst_format])


def mirror_pad_slope(input: Any, paddings: Any, mode: str) -> Any:  # noqa: A002
    """What flows back through ``tf.pad`` with mirrored borders."""
    given, pads = tf.convert_to_tensor(input), np.asarray(tf.convert_to_tensor(paddings))
    inner = [size - int(both) for size, both in zip(given.shape, pads.sum(1))]
    return slope(lambda x: tf.pad(x, paddings, mode), tf.zeros(inner, given.dtype), given)


@strict_op
def nth(input: Array, n: Any, reverse: bool = False) -> Any:  # noqa: A002
    """The n-th smallest, or largest, number of each row.

    Raises:
        InvalidArgumentError: rows are shorter.
    """
    n = int(n)
    if not 0 <= n < input.shape[-1]:
        raise InvalidArgumentError(f"Input must have last dimension > n = {n} [Op:NthElement]")
    return input.sort(-1, descending=reverse).values[..., n]


@strict_op
def nearest(points: Array, centers: Array, k: Any) -> Any:
    """The nearest centers of points, and their squared distances: (points, k) each."""
    distances = ((points[:, None] - centers[None]) ** 2).sum(-1)
    found, places = distances.sort(dim=-1, stable=True)
    return places[:, : int(k)], found[:, : int(k)]


@strict_op
def set_bits(x: Array) -> Any:
    """How many bits of each integer are 1: uint8."""
    ones = torch.tensor([number.bit_count() for number in range(256)], dtype=torch.uint8, device=x.device)
    return ones[x.contiguous().view(torch.uint8).reshape(*x.shape, x.element_size()).long()].sum(-1).to(torch.uint8)


def printed(input: Any, output_stream: str, end: str) -> None:  # noqa: A002
    """Print a text."""
    text = tf.convert_to_tensor(input).numpy().decode()
    tf.print(
        text, output_stream={"stdout": sys.stdout, "stderr": sys.stderr}.get(output_stream, output_stream), end=end
    )


def truth(input: Any) -> Any:  # noqa: A002
    """Whether a number is not 0, a text not empty, a tensor of more than one has elements."""
    given = tf.convert_to_tensor(input)
    if given.shape.rank:
        return tf.constant(given.shape.num_elements() > 0)
    return tf.constant(len(given.numpy()) > 0) if given.dtype == tf.string else tf.cast(given, tf.bool)


def cholesky_slope(l: Any, grad: Any) -> Any:  # noqa: E741 - TensorFlow's name
    """The gradient by a matrix of whose Cholesky factor it is known."""
    l = tf.convert_to_tensor(l)  # noqa: E741
    return slope(tf.linalg.cholesky, tf.matmul(l, l, adjoint_b=True), grad)


# networks -------------------------------------------------------------------------------------------------------------


@strict_op
def _batch_norm_slope(
    y_backprop: Array, x: Array, scale: Index, mean: Index, variance: Index, epsilon: float, data_format: str,
    is_training: bool,
) -> Any:  # fmt: skip
    channel = 3 if data_format == "NHWC" else 1
    others = [axis for axis in range(4) if axis != channel]
    shape = [-1 if axis == channel else 1 for axis in range(4)]
    gradient, wide = y_backprop.to(scale.dtype), x.to(scale.dtype)
    ratio = torch.rsqrt(variance + epsilon)
    centred = wide - mean.reshape(shape)
    by_scale, by_offset = (gradient * centred).sum(others) * ratio, gradient.sum(others)
    by_x = gradient
    if is_training:
        count = x.numel() // max(x.shape[channel], 1)
        shift = (by_scale * ratio / count).reshape(shape)
        by_x = gradient - (by_offset / count).reshape(shape) - centred * shift
    return (by_x * (scale * ratio).reshape(shape)).to(x.dtype), by_scale, by_offset


def batch_norm_slope(y_backprop: Any, x: Any, *rest: Any) -> tuple:
    """Gradients of batch normalization by x, scale and offset, and two zeros."""
    nothing = tf.zeros([])
    return (*_batch_norm_slope(y_backprop, x, *rest), nothing, nothing)


def gru_cell(x: Any, h_prev: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> tuple:
    """One step of a GRU: reset and update gates, candidate, state."""
    gates = tf.sigmoid(tf.matmul(tf.concat([x, h_prev], 1), w_ru) + b_ru)
    r, u = tf.split(gates, 2, 1)
    c = tf.tanh(tf.matmul(tf.concat([x, h_prev * r], 1), w_c) + b_c)
    return r, u, c, u * h_prev + (1 - u) * c


def lstm_cell(
    x: Any, cs_prev: Any, h_prev: Any, w: Any, wci: Any, wcf: Any, wco: Any, b: Any, forget_bias: float,
    cell_clip: float, use_peephole: bool,
) -> tuple:  # fmt: skip
    """One step of an LSTM, whose gates are in the order input, candidate, forget, output.

    Args:
        cell_clip: the cell stays within; not positive: anywhere.
        use_peephole: whether gates see the cell, times ``wci``, ``wcf`` and ``wco``.
    """
    i, ci, f, o = tf.split(tf.matmul(tf.concat([x, h_prev], 1), w) + b, 4, 1)
    if use_peephole:
        i, f = i + cs_prev * wci, f + cs_prev * wcf
    i, f, ci = tf.sigmoid(i), tf.sigmoid(f + forget_bias), tf.tanh(ci)
    cs = ci * i + cs_prev * f
    if cell_clip > 0:
        cs = tf.clip_by_value(cs, -cell_clip, cell_clip)
    o = tf.sigmoid(o + cs * wco if use_peephole else o)
    co = tf.tanh(cs)
    return i, cs, f, o, ci, co, co * o


def isotonic(input: Any, output_dtype: Any) -> tuple:  # noqa: A002
    """The nearest decreasing rows, and which stretch each place belongs to."""
    output, segments = tf.nn.isotonic_regression(tf.cast(input, output_dtype))
    return output, segments


def pooled_at(x: Any, grad: Any, ksize: Any, strides: Any, padding: str, data_format: str) -> Any:
    """The values of ``grad`` where windows of x have their largest numbers."""
    if data_format == "NCHW":
        turned = [[size[0], size[2], size[3], size[1]] for size in (ksize, strides)]
        x, grad = (tf.transpose(part, [0, 2, 3, 1]) for part in (x, grad))
        return tf.transpose(pooled_at(x, grad, *turned, padding, "NHWC"), [0, 3, 1, 2])
    places = tf.nn.max_pool_with_argmax(x, ksize, strides, padding, include_batch_in_index=True).argmax
    return tf.gather(tf.reshape(grad, [-1]), places)


def unpooled(x: Any, grad: Any, argmax: Any, include_batch_in_index: bool) -> Any:
    """A tensor like x of zeros, to which the numbers of ``grad`` are added at their places."""
    x, grad, places = tf.convert_to_tensor(x), tf.convert_to_tensor(grad), tf.cast(argmax, tf.int64)
    if not include_batch_in_index:
        size = x.shape.num_elements() // max(len(x), 1)
        places += tf.reshape(tf.range(len(x), dtype=tf.int64) * size, [-1, 1, 1, 1])
    flat = tf.scatter_nd(tf.reshape(places, [-1, 1]), tf.reshape(grad, [-1]), [x.shape.num_elements()])
    return tf.reshape(flat, x.shape)
