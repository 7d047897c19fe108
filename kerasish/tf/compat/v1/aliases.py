"""Names of ``tf.compat.v1`` that are today's objects: a table of names, and of where today's are.

``name`` alone is ``tf.name``; ``old:path`` is ``tf.path``.
"""

from __future__ import annotations

import functools
from typing import Any

import kerasish

TOP = """
AggregationMethod Assert CriticalSection DType IndexedSlicesSpec NoneTensorSpec Operation OptionalSpec RaggedTensor
RaggedTensorSpec RegisterGradient SparseTensorSpec TensorArraySpec TypeSpec VariableAggregation VariableSynchronization
approx_top_k as_dtype as_string check_pinned clip_by_global_norm clip_by_norm clip_by_value conv conv2d_backprop_filter_v2
conv2d_backprop_input_v2 DeviceSpec edit_distance extract_volume_patches fftnd fingerprint grad_pass_through guarantee_const
ifftnd irfftnd make_ndarray make_tensor_proto matrix_square_root no_gradient nondifferentiable_batch_function print
ragged_fill_empty_rows ragged_fill_empty_rows_grad random_index_shuffle recompute_grad register_tensor_conversion_function
rfftnd type_spec_from_value variable_creator_scope xla
FIFOQueue:queue.FIFOQueue PaddingFIFOQueue:queue.PaddingFIFOQueue PriorityQueue:queue.PriorityQueue
QueueBase:queue.QueueBase RandomShuffleQueue:queue.RandomShuffleQueue
FixedLenFeature:io.FixedLenFeature FixedLenSequenceFeature:io.FixedLenSequenceFeature SparseFeature:io.SparseFeature
VarLenFeature:io.VarLenFeature NoGradient:no_gradient NotDifferentiable:no_gradient OpError:errors.OpError
QUANTIZED_DTYPES:dtypes.QUANTIZED_DTYPES VERSION:version.VERSION GIT_VERSION:version.GIT_VERSION
COMPILER_VERSION:version.COMPILER_VERSION GRAPH_DEF_VERSION:version.GRAPH_DEF_VERSION
GRAPH_DEF_VERSION_MIN_CONSUMER:version.GRAPH_DEF_VERSION_MIN_CONSUMER
GRAPH_DEF_VERSION_MIN_PRODUCER:version.GRAPH_DEF_VERSION_MIN_PRODUCER
CXX11_ABI_FLAG:sysconfig.CXX11_ABI_FLAG CXX_VERSION:sysconfig.CXX_VERSION MONOLITHIC_BUILD:sysconfig.MONOLITHIC_BUILD
accumulate_n:math.accumulate_n angle:math.angle betainc:math.betainc div_no_nan:math.divide_no_nan
is_non_decreasing:math.is_non_decreasing is_strictly_increasing:math.is_strictly_increasing mod:math.mod
segment_max:math.segment_max segment_mean:math.segment_mean segment_min:math.segment_min segment_prod:math.segment_prod
segment_sum:math.segment_sum unsorted_segment_max:math.unsorted_segment_max
unsorted_segment_mean:math.unsorted_segment_mean unsorted_segment_min:math.unsorted_segment_min
unsorted_segment_prod:math.unsorted_segment_prod unsorted_segment_sqrt_n:math.unsorted_segment_sqrt_n
unsorted_segment_sum:math.unsorted_segment_sum
assert_proper_iterable:debugging.assert_proper_iterable assert_same_float_dtype:debugging.assert_same_float_dtype
check_numerics:debugging.check_numerics is_numeric_tensor:debugging.is_numeric_tensor
cholesky:linalg.cholesky cholesky_solve:linalg.cholesky_solve cross:linalg.cross diag_part:linalg.tensor_diag_part
global_norm:linalg.global_norm lin_space:linspace matrix_band_part:linalg.band_part matrix_determinant:linalg.det
matrix_diag:linalg.diag matrix_diag_part:linalg.diag_part matrix_inverse:linalg.inv matrix_solve:linalg.solve
matrix_solve_ls:linalg.lstsq matrix_transpose:linalg.matrix_transpose matrix_triangular_solve:linalg.triangular_solve
qr:linalg.qr self_adjoint_eig:linalg.eigh self_adjoint_eigvals:linalg.eigvalsh svd:linalg.svd trace:linalg.trace
decode_base64:io.decode_base64 decode_compressed:io.decode_compressed decode_json_example:io.decode_json_example
deserialize_many_sparse:io.deserialize_many_sparse encode_base64:io.encode_base64 matching_files:io.matching_files
parse_single_sequence_example:io.parse_single_sequence_example parse_tensor:io.parse_tensor read_file:io.read_file
serialize_tensor:io.serialize_tensor write_file:io.write_file
dequantize:quantization.dequantize quantize:quantization.quantize quantized_concat:quantization.quantized_concat
fake_quant_with_min_max_args:quantization.fake_quant_with_min_max_args
fake_quant_with_min_max_args_gradient:quantization.fake_quant_with_min_max_args_gradient
fake_quant_with_min_max_vars:quantization.fake_quant_with_min_max_vars
fake_quant_with_min_max_vars_gradient:quantization.fake_quant_with_min_max_vars_gradient
fake_quant_with_min_max_vars_per_channel:quantization.fake_quant_with_min_max_vars_per_channel
fake_quant_with_min_max_vars_per_channel_gradient:quantization.fake_quant_with_min_max_vars_per_channel_gradient
fft:signal.fft fft2d:signal.fft2d fft3d:signal.fft3d ifft:signal.ifft ifft2d:signal.ifft2d ifft3d:signal.ifft3d
random_crop:image.random_crop random_gamma:random.gamma reverse_v2:reverse where_v2:where
regex_replace:strings.regex_replace string_join:strings.join string_strip:strings.strip
string_to_hash_bucket_fast:strings.to_hash_bucket_fast string_to_hash_bucket_strong:strings.to_hash_bucket_strong
sparse_fill_empty_rows:sparse.fill_empty_rows sparse_mask:sparse.mask sparse_maximum:sparse.maximum
sparse_minimum:sparse.minimum sparse_reorder:sparse.reorder sparse_reset_shape:sparse.reset_shape
sparse_reshape:sparse.reshape sparse_retain:sparse.retain sparse_slice:sparse.slice sparse_softmax:sparse.softmax
sparse_tensor_dense_matmul:sparse.sparse_dense_matmul sparse_tensor_to_dense:sparse.to_dense
sparse_to_indicator:sparse.to_indicator sparse_transpose:sparse.transpose
tensor_scatter_add:tensor_scatter_nd_add tensor_scatter_sub:tensor_scatter_nd_sub
tensor_scatter_update:tensor_scatter_nd_update dimension_at_index:compat.dimension_at_index
dimension_value:compat.dimension_value
"""

DEBUGGING = """
is_finite:math.is_finite is_inf:math.is_inf is_nan:math.is_nan is_non_decreasing:math.is_non_decreasing
is_strictly_increasing:math.is_strictly_increasing
"""
IMAGE = "resize_image_with_crop_or_pad:image.resize_with_crop_or_pad transpose_image:image.transpose"
IO = """
PaddingFIFOQueue:queue.PaddingFIFOQueue PriorityQueue:queue.PriorityQueue QueueBase:queue.QueueBase
RandomShuffleQueue:queue.RandomShuffleQueue
"""
LITE_CONSTANTS = """
FLOAT:float32 FLOAT16:float16 INT16:int16 INT32:int32 INT64:int64 INT8:int8 QUANTIZED_UINT8:uint8 STRING:string
"""
MANIP = """
batch_to_space_nd:compat.v1.batch_to_space_nd gather_nd:compat.v1.gather_nd reshape reverse roll scatter_nd
space_to_batch_nd tile
"""
NN = """
avg_pool_v2:nn.avg_pool
ctc_beam_search_decoder_v2:nn.ctc_beam_search_decoder ctc_loss_v2:nn.ctc_loss
depthwise_conv2d_native_backprop_filter:nn.depthwise_conv2d_backprop_filter
depthwise_conv2d_native_backprop_input:nn.depthwise_conv2d_backprop_input
log_uniform_candidate_sampler:random.log_uniform_candidate_sampler max_pool_v2:nn.max_pool
uniform_candidate_sampler:random.uniform_candidate_sampler
"""
PYTHON_IO = "TFRecordOptions:io.TFRecordOptions TFRecordWriter:io.TFRecordWriter"
RANDOM = "get_seed:compat.v1.get_seed set_random_seed:compat.v1.set_random_seed multinomial:compat.v1.multinomial"
SAVED_MODEL = "load_v2:saved_model.load"
SETS = "set_difference:sets.difference set_intersection:sets.intersection set_size:sets.size set_union:sets.union"
SPECTRAL = """
dct:signal.dct fft:signal.fft fft2d:signal.fft2d fft3d:signal.fft3d idct:signal.idct ifft:signal.ifft ifft2d:signal.ifft2d
ifft3d:signal.ifft3d irfft:signal.irfft irfft2d:signal.irfft2d irfft3d:signal.irfft3d rfft:signal.rfft rfft2d:signal.rfft2d
rfft3d:signal.rfft3d
"""
TRAIN = "Coordinator:train.Coordinator Server:distribute.Server match_filenames_once:io.match_filenames_once"


def table(text: str) -> dict[str, str]:
    """Today's paths by name."""
    return {old: path or old for old, _, path in (word.partition(":") for word in text.split())}


def today(path: str) -> Any:
    """The object ``tf.path``."""
    return functools.reduce(getattr, path.split("."), kerasish.tf)
