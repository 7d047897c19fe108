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

_OF_TWO = "x y -data summarize message name"
_OF_ONE = "x -data summarize message name"

ASSERTIONS = f"""
assert_equal {_OF_TWO}
assert_greater {_OF_TWO}
assert_greater_equal {_OF_TWO}
assert_integer x message name
assert_less {_OF_TWO}
assert_less_equal {_OF_TWO}
assert_near x y rtol atol -data summarize message name
assert_negative {_OF_ONE}
assert_non_negative {_OF_ONE}
assert_non_positive {_OF_ONE}
assert_none_equal {_OF_TWO}
assert_positive {_OF_ONE}
assert_rank x rank -data -summarize message name
assert_rank_at_least x rank -data -summarize message name
assert_rank_in x ranks -data -summarize message name
assert_scalar tensor name message
assert_type tensor tf_type message name
""".strip()

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
reverse_sequence input seq_lengths seq_axis batch_axis name seq_dim=seq_axis batch_dim=batch_axis
batch_to_space_nd:batch_to_space input block_shape crops name
bincount arr weights minlength maxlength dtype
count_nonzero input_tensor=input axis keepdims dtype name reduction_indices=axis keep_dims=keepdims input
gradients ys xs grad_ys name -colocate_gradients_with_ops gate_gradients aggregation_method stop_gradients \
unconnected_gradients
hessians ys xs name -colocate_gradients_with_ops gate_gradients aggregation_method
verify_tensor_all_finite:assert_all_finite t=x msg=message name x message
{ASSERTIONS}
"""

STRINGS = """
reduce_join inputs axis keep_dims=keepdims separator name reduction_indices=axis keepdims
string_to_hash_bucket:to_hash_bucket string_tensor=input num_buckets name input
string_to_number:to_number string_tensor=input out_type name input
substr input pos len name unit
"""

IO = """
decode_csv records record_defaults field_delim use_quote_delim name na_value select_cols
decode_raw input_bytes out_type little_endian name bytes=input_bytes
parse_example serialized features name example_names
parse_single_example serialized features name example_names
serialize_many_sparse sp_input name out_type
serialize_sparse sp_input name out_type
"""

_SEGMENTS = "data indices segment_ids name num_segments sparse_gradient"
_SPARSE_REDUCED = "sp_input axis keepdims reduction_axes=axis keep_dims=keepdims"
SPARSE = f"""
add a b threshold thresh=threshold
concat axis sp_inputs name expand_nonconcat_dim=expand_nonconcat_dims concat_dim=axis expand_nonconcat_dims
reduce_max {_SPARSE_REDUCED}
reduce_sum {_SPARSE_REDUCED}
segment_mean {_SEGMENTS}
segment_sqrt_n {_SEGMENTS}
segment_sum {_SEGMENTS}
split -keyword_required sp_input num_split axis name split_dim=axis
"""

_POOLED = "value=input ksize strides padding data_format name input"
_TRANSPOSED = "value=input filter=filters output_shape strides padding data_format name input filters dilations"

_SAMPLED = (
    "weights biases labels inputs num_sampled num_classes num_true sampled_values remove_accidental_hits "
    "-partition_strategy name"
)

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
batch_norm_with_global_normalization t=input m=mean v=variance beta gamma variance_epsilon scale_after_normalization name \
input mean variance
convolution input filter=filters padding strides dilation_rate=dilations name data_format filters dilations
crelu features name axis
depthwise_conv2d_native:depthwise_conv2d input filter strides padding data_format dilations name
embedding_lookup_sparse params sp_ids sp_weights -partition_strategy name combiner max_norm allow_fast_lookup
max_pool_with_argmax input ksize strides padding data_format Targmax=output_dtype name output_dtype include_batch_in_index
nce_loss {_SAMPLED}
pool input window_shape pooling_type padding dilation_rate=dilations strides name data_format dilations
safe_embedding_lookup_sparse embedding_weights sparse_ids sparse_weights combiner default_id name -partition_strategy \
max_norm allow_fast_lookup
sampled_softmax_loss {_SAMPLED} seed
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


def names(table: str) -> list[str]:
    """The names of the functions of a table."""
    return [line.partition(" ")[0].partition(":")[0] for line in table.strip().splitlines()]


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
    theirs = inspect.signature(target).parameters.values()
    needed = {p.name for p in theirs if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD}

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
            if new is not None and (value is not None or new in needed):
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
