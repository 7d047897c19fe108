"""``tf.compat.v1.nn``: functions of ``tf.nn`` under TensorFlow 1's argument names."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import NotServedError, missing_name
from kerasish.core.sparse import SparseTensor
from kerasish.tf import nn as modern
from kerasish.tf.compat.v1 import aliases, renamed, rest
from kerasish.tf.creation import zeros
from kerasish.tf.ctc import ctc_loss_of_sparse_labels
from kerasish.tf.linalg import matmul

ctc_loss, space_to_batch = ctc_loss_of_sparse_labels, rest.space_to_batch
globals().update(renamed.functions(renamed.NN, modern))

_UNCHANGED = frozenset(
    """
    atrous_conv2d atrous_conv2d_transpose avg_pool1d avg_pool3d batch_normalization bias_add compute_average_loss
    conv1d_transpose conv_transpose elu l2_loss l2_normalize leaky_relu local_response_normalization log_poisson_loss lrn
    max_pool1d max_pool2d max_pool3d normalize_moments relu relu6 scale_regularization_loss selu sigmoid
    sigmoid_cross_entropy_with_logits silu softplus softsign sparse_softmax_cross_entropy_with_logits swish tanh top_k
    zero_fraction all_candidate_sampler approx_max_k approx_min_k collapse_repeated compute_accidental_hits
    ctc_greedy_decoder ctc_unique_labels depthwise_conv2d_backprop_filter depthwise_conv2d_backprop_input experimental
    fixed_unigram_candidate_sampler learned_unigram_candidate_sampler with_space_to_batch
    """.split()
)
_OLD = aliases.table(aliases.NN)
_GONE = {
    "bidirectional_dynamic_rnn": "tf.keras.layers.Bidirectional",
    "dynamic_rnn": "tf.keras.layers.RNN",
    "raw_rnn": "tf.keras.layers.RNN",
    "rnn_cell": "tf.keras.layers.LSTMCell, GRUCell and SimpleRNNCell",
    "static_rnn": "tf.keras.layers.RNN(unroll=True)",
}


def dropout(
    x: Any, keep_prob: Any = None, noise_shape: Any = None, seed: Any = None, name: str | None = None, rate: Any = None
) -> Any:
    """Zeros in random places, and the rest scaled up.

    Args:
        keep_prob: the share that is kept, or
        rate: the share that is not.

    Raises:
        ValueError: neither.
    """
    if rate is None and keep_prob is None:
        raise ValueError("`rate` must be specified.")
    return modern.dropout(x, 1 - keep_prob if rate is None else rate, noise_shape, seed)


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """x · weights + biases."""
    return modern.bias_add(matmul(x, weights), biases)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """max(0, x · weights + biases)."""
    return modern.relu(xw_plus_b(x, weights, biases))


def dilation2d(
    input: Any,  # noqa: A002
    filter: Any = None,  # noqa: A002
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The largest of pixels plus filter elements in each window; ``rates`` and ``filter`` are the older names."""
    rates = dilations if rates is None else rates
    return modern.dilation2d(input, filters if filter is None else filter, strides, padding, "NHWC", rates)


def erosion2d(value: Any, kernel: Any, strides: Any, rates: Any, padding: Any, name: str | None = None) -> Any:
    """The smallest of pixels minus filter elements in each window."""
    return modern.erosion2d(value, kernel, strides, padding, "NHWC", rates)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> tuple[Any, Any, Any]:
    """Normalized images, and mean and variance over batch and pixels (or, without training, those that are given).

    Args:
        x: of rank 4 or 5.
        scale, offset: (channels,).
        exponential_avg_factor: the batch's share in the mean and variance that are returned.

    Raises:
        ValueError: ``mean`` or ``variance`` is needed and missing.
    """
    if (not is_training or exponential_avg_factor != 1.0) and (mean is None or variance is None):
        raise ValueError(
            "Both `mean` and `variance` must be a 1D tensor when `is_training` is False or "
            f"`exponential_avg_factor` is not 1.0. Received: {mean!r}, {variance!r}"
        )
    none = zeros([0], "float32")
    result = aliases.today("raw_ops").FusedBatchNormV3(
        x=x,
        scale=scale,
        offset=offset,
        mean=none if mean is None else mean,
        variance=none if variance is None else variance,
        epsilon=max(epsilon, 1.001e-5),  # of cuDNN, on every device
        exponential_avg_factor=exponential_avg_factor,
        data_format=data_format,
        is_training=is_training,
    )
    return result[:3]


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1, merge_repeated: bool = True
) -> tuple[list, Any]:
    """The likeliest sequences; repetitions within them become one if so wanted, as was usual.

    Args:
        inputs: logits (time, batch, classes), the blank class last.
    """
    found = aliases.today("raw_ops").CTCBeamSearchDecoder(
        inputs=inputs,
        sequence_length=sequence_length,
        beam_width=beam_width,
        top_paths=top_paths,
        merge_repeated=merge_repeated,
    )
    parts = zip(found.decoded_indices, found.decoded_values, found.decoded_shape)
    return [SparseTensor(*part) for part in parts], found.log_probability


def __getattr__(name: str) -> Any:
    if name in _UNCHANGED:
        return getattr(modern, name)
    if name in _OLD:
        return aliases.today(_OLD[name])
    if name in _GONE:
        raise NotServedError(f"'tf.compat.v1.nn.{name}' belongs to TensorFlow 1. Use {_GONE[name]} instead.")
    raise missing_name(__name__, name, globals())
