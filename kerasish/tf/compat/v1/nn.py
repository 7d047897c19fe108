"""``tf.compat.v1.nn``: functions of ``tf.nn`` under TensorFlow 1's argument names."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import NotServedError, missing_name
from kerasish.tf import nn as modern
from kerasish.tf.compat.v1 import renamed
from kerasish.tf.ctc import ctc_loss_of_sparse_labels
from kerasish.tf.linalg import matmul

ctc_loss = ctc_loss_of_sparse_labels
globals().update(renamed.functions(renamed.NN, modern))

_UNCHANGED = frozenset(
    """
    atrous_conv2d atrous_conv2d_transpose avg_pool1d avg_pool3d batch_normalization bias_add compute_average_loss
    conv1d_transpose conv_transpose elu l2_loss l2_normalize leaky_relu local_response_normalization log_poisson_loss lrn
    max_pool1d max_pool2d max_pool3d normalize_moments relu relu6 scale_regularization_loss selu sigmoid
    sigmoid_cross_entropy_with_logits silu softplus softsign sparse_softmax_cross_entropy_with_logits swish tanh top_k
    zero_fraction
    """.split()
)
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


def __getattr__(name: str) -> Any:
    if name in _UNCHANGED:
        return getattr(modern, name)
    if name in _GONE:
        raise NotServedError(f"'tf.compat.v1.nn.{name}' belongs to TensorFlow 1. Use {_GONE[name]} instead.")
    raise missing_name(__name__, name, globals())
