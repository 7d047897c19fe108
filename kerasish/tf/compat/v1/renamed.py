"""Functions of TensorFlow 1 that are one of today's under other argument names or in another order: tables of signatures.

    "argmax input axis name dimension=axis output_type"

is a function with these parameters, all but the first optional, of which ``dimension`` is passed on as ``axis``. ``-x`` is
accepted and has no effect. The target is today's function of that name unless the line says ``old:new``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

_REDUCED = "input_tensor axis keepdims name reduction_indices=axis keep_dims=keepdims"

TOP = f"""
reduce_all {_REDUCED}
reduce_any {_REDUCED}
reduce_logsumexp {_REDUCED}
reduce_max {_REDUCED}
reduce_mean {_REDUCED}
reduce_min {_REDUCED}
reduce_prod {_REDUCED}
reduce_sum {_REDUCED}
argmax input axis name dimension=axis output_type
argmin input axis name dimension=axis output_type
confusion_matrix labels predictions num_classes dtype name weights
boolean_mask tensor mask name axis
cond pred true_fn false_fn -strict name fn1=true_fn fn2=false_fn
constant value dtype shape name -verify_shape
convert_to_tensor value dtype name preferred_dtype=dtype_hint dtype_hint
expand_dims input axis name dim=axis
batch_to_space input crops block_size=block_shape name block_shape
gather params indices -validate_indices name axis batch_dims
gather_nd params indices name batch_dims bad_indices_policy
norm tensor ord axis keepdims name keep_dims=keepdims
ones_like tensor=input dtype name -optimize
zeros_like tensor=input dtype name -optimize
pad tensor paddings mode name constant_values
shape input name out_type
size input name out_type
squeeze input axis name squeeze_dims=axis
transpose a perm name conjugate
assert_equal x y -data summarize message name
assert_greater x y -data summarize message name
assert_less x y -data summarize message name
reverse_sequence input seq_lengths seq_axis batch_axis name seq_dim=seq_axis batch_dim=batch_axis
"""

_POOLED = "value=input ksize strides padding data_format name input"
_TRANSPOSED = "value=input filter=filters output_shape strides padding data_format name input filters dilations"

NN = f"""
avg_pool {_POOLED}
avg_pool2d:avg_pool2d {_POOLED}
max_pool {_POOLED}
conv1d value=input filters stride padding -use_cudnn_on_gpu data_format name input dilations
conv2d input filter=filters strides padding -use_cudnn_on_gpu data_format dilations name filters
conv2d_transpose {_TRANSPOSED}
conv3d input filter=filters strides padding data_format dilations name filters
conv3d_transpose {_TRANSPOSED}
depth_to_space input block_size name data_format
depthwise_conv2d input filter strides padding rate=dilations name data_format dilations
embedding_lookup params ids -partition_strategy name -validate_indices max_norm
in_top_k predictions targets k name
log_softmax logits axis name dim=axis
moments x axes shift name keep_dims=keepdims keepdims
separable_conv2d input depthwise_filter pointwise_filter strides padding rate=dilations name data_format dilations
softmax logits axis name dim=axis
softmax_cross_entropy_with_logits labels logits dim=axis name axis
softmax_cross_entropy_with_logits_v2:softmax_cross_entropy_with_logits labels logits axis name dim=axis
space_to_depth input block_size name data_format
sufficient_statistics x axes shift keep_dims=keepdims name keepdims
weighted_cross_entropy_with_logits labels logits pos_weight name targets=labels
weighted_moments x axes frequency_weights name keep_dims=keepdims keepdims
"""

MATH = f"""
{TOP.partition("argmax")[0].strip()}
argmax input axis name dimension=axis output_type
argmin input axis name dimension=axis output_type
confusion_matrix labels predictions num_classes dtype name weights
count_nonzero input_tensor=input axis keepdims dtype name reduction_indices=axis keep_dims=keepdims input
in_top_k predictions targets k name
log_softmax logits axis name dim=axis
softmax logits axis name dim=axis
"""


def functions(table: str, modern: Any) -> dict[str, Callable]:
    """The functions of a table by name; ``modern`` is the module with today's."""
    made = {}
    for line in table.strip().splitlines():
        head, *words = line.split()
        name, _, target = head.partition(":")
        made[name] = _made(name, getattr(modern, target or name), words)
    return made


def _made(name: str, target: Callable, words: list[str]) -> Callable:
    into = {}
    for word in words:
        old, _, new = word.partition("=")
        into[old.lstrip("-")] = None if old.startswith("-") else (new or old)
    order = list(into)

    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(order):
            raise TypeError(f"{name}() takes {len(order)} positional arguments but {len(args)} were given")
        given = dict(zip(order, args))
        for key, value in kwargs.items():
            if key in given or key not in into:
                raise TypeError(f"{name}() got an unexpected keyword argument '{key}', or one given twice")
            given[key] = value
        passed: dict[str, Any] = {}
        for key, value in given.items():
            new = into[key]
            if value is not None and new is not None:
                if new in passed:
                    raise ValueError(f"Cannot specify both '{key}' and '{new}'.")
                passed[new] = value
        if name == "expand_dims" and "axis" not in passed:
            raise ValueError("Must specify an axis argument to tf.expand_dims()")
        return target(**passed)

    parameter = inspect.Parameter
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter(key, parameter.POSITIONAL_OR_KEYWORD, default=None) for key in order]
    )
    function.__name__ = function.__qualname__ = name
    function.__doc__ = target.__doc__
    return function
