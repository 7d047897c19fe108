"""Which public function computes each raw operation, and how TensorFlow names its arguments.

    Name(arguments) -> function                    takes the same arguments in the same order
    Name(arguments) -> expression                  of the arguments
    Name(arguments) -> a, b = expression           gives a named tuple

All take ``name``, too, which changes nothing. ``tf`` is the public namespace; ``computed``, ``draws`` and the like are this
package's modules. A row may go on in lines that are indented. ``rows_of_…`` have more of the table.
"""

from __future__ import annotations

import re

from kerasish.tf.raw_ops import rows_of_composites, rows_of_others, rows_of_states, rows_of_variables

_TABLE = """
# arithmetic
Abs(x) -> tf.abs
Add(x, y) -> tf.add
AddN(inputs) -> tf.add_n
AddV2(x, y) -> computed.sum_of_numbers
Angle(input, Tout=float32) -> tf.cast(tf.math.angle(input), Tout)
ApproximateEqual(x, y, tolerance=1e-05)
    -> tf.less(tf.abs(tf.subtract(x, y)), tf.cast(tolerance, tf.convert_to_tensor(x).dtype))
Betainc(a, b, x) -> tf.math.betainc
Ceil(x) -> tf.math.ceil
Complex(real, imag, Tout=complex64) -> tf.cast(tf.complex(real, imag), Tout)
ComplexAbs(x, Tout=float32) -> tf.cast(tf.abs(x), Tout)
Conj(input) -> tf.math.conj
Cross(a, b) -> tf.linalg.cross
Div(x, y) -> computed.quotient
DivNoNan(x, y) -> tf.math.divide_no_nan
Exp(x) -> tf.exp
Expm1(x) -> tf.math.expm1
Floor(x) -> tf.floor
FloorDiv(x, y) -> tf.math.floordiv
FloorMod(x, y) -> tf.math.floormod
Imag(input, Tout=float32) -> tf.cast(tf.math.imag(input), Tout)
Inv(x) -> tf.math.reciprocal
IsFinite(x) -> tf.math.is_finite
IsInf(x) -> tf.math.is_inf
IsNan(x) -> tf.math.is_nan
Log(x) -> tf.math.log
Log1p(x) -> tf.math.log1p
Maximum(x, y) -> tf.maximum
Minimum(x, y) -> tf.minimum
Mod(x, y) -> tf.truncatemod
Mul(x, y) -> tf.multiply
MulNoNan(x, y) -> tf.math.multiply_no_nan
Neg(x) -> tf.negative
NextAfter(x1, x2) -> tf.math.nextafter
Pow(x, y) -> tf.pow
Real(input, Tout=float32) -> tf.cast(tf.math.real(input), Tout)
RealDiv(x, y) -> tf.realdiv
Reciprocal(x) -> tf.math.reciprocal
Rint(x) -> tf.math.rint
Round(x) -> tf.round
Rsqrt(x) -> tf.math.rsqrt
Sign(x) -> tf.sign
Sqrt(x) -> tf.sqrt
Square(x) -> tf.square
SquaredDifference(x, y) -> tf.math.squared_difference
Sub(x, y) -> tf.subtract
TruncateDiv(x, y) -> tf.truncatediv
TruncateMod(x, y) -> tf.truncatemod
Xdivy(x, y) -> tf.math.xdivy
Xlog1py(x, y) -> tf.math.xlog1py
Xlogy(x, y) -> tf.math.xlogy

# special functions
Acos(x) -> tf.acos
Acosh(x) -> tf.acosh
Asin(x) -> tf.asin
Asinh(x) -> tf.asinh
Atan(x) -> tf.atan
Atan2(y, x) -> tf.atan2
Atanh(x) -> tf.atanh
BesselI0(x) -> tf.math.special.bessel_i0
BesselI0e(x) -> tf.math.special.bessel_i0e
BesselI1(x) -> tf.math.special.bessel_i1
BesselI1e(x) -> tf.math.special.bessel_i1e
BesselJ0(x) -> tf.math.special.bessel_j0
BesselJ1(x) -> tf.math.special.bessel_j1
BesselK0(x) -> tf.math.special.bessel_k0
BesselK0e(x) -> tf.math.special.bessel_k0e
BesselK1(x) -> tf.math.special.bessel_k1
BesselK1e(x) -> tf.math.special.bessel_k1e
BesselY0(x) -> tf.math.special.bessel_y0
BesselY1(x) -> tf.math.special.bessel_y1
Cos(x) -> tf.cos
Cosh(x) -> tf.cosh
Dawsn(x) -> tf.math.special.dawsn
Digamma(x) -> tf.math.digamma
Erf(x) -> tf.math.erf
Erfc(x) -> tf.math.erfc
Erfinv(x) -> tf.math.erfinv
Expint(x) -> tf.math.special.expint
FresnelCos(x) -> tf.math.special.fresnel_cos
FresnelSin(x) -> tf.math.special.fresnel_sin
Igamma(a, x) -> tf.math.igamma
Igammac(a, x) -> tf.math.igammac
IgammaGradA(a, x) -> computed.slope_by_order
Lgamma(x) -> tf.math.lgamma
RandomGammaGrad(alpha, sample) -> computed.gamma_slope
Ndtri(x) -> tf.math.ndtri
Polygamma(a, x) -> tf.math.polygamma
Sin(x) -> tf.sin
Sinh(x) -> tf.sinh
Spence(x) -> tf.math.special.spence
Tan(x) -> tf.tan
Tanh(x) -> tf.tanh
Zeta(x, q) -> tf.math.zeta

# comparisons, truth values, bits
BitwiseAnd(x, y) -> tf.bitwise.bitwise_and
BitwiseOr(x, y) -> tf.bitwise.bitwise_or
BitwiseXor(x, y) -> tf.bitwise.bitwise_xor
Equal(x, y, incompatible_shape_error=True) -> computed.compared(tf.equal, x, y, incompatible_shape_error)
Greater(x, y) -> tf.greater
GreaterEqual(x, y) -> tf.greater_equal
Invert(x) -> tf.bitwise.invert
LeftShift(x, y) -> tf.bitwise.left_shift
Less(x, y) -> tf.less
LessEqual(x, y) -> tf.less_equal
LogicalAnd(x, y) -> tf.logical_and
LogicalNot(x) -> tf.logical_not
LogicalOr(x, y) -> tf.logical_or
NotEqual(x, y, incompatible_shape_error=True) -> computed.compared(tf.not_equal, x, y, incompatible_shape_error)
RightShift(x, y) -> tf.bitwise.right_shift

# reductions and counts
All(input, axis, keep_dims=False) -> tf.reduce_all
Any(input, axis, keep_dims=False) -> tf.reduce_any
ArgMax(input, dimension, output_type=int64) -> tf.argmax
ArgMin(input, dimension, output_type=int64) -> tf.argmin
Bincount(arr, size, weights) -> computed.counted(arr, size, weights)
Cumprod(x, axis, exclusive=False, reverse=False) -> tf.math.cumprod
Cumsum(x, axis, exclusive=False, reverse=False) -> tf.cumsum
CumulativeLogsumexp(x, axis, exclusive=False, reverse=False) -> tf.math.cumulative_logsumexp
DenseBincount(input, size, weights, binary_output=False) -> computed.counted(input, size, weights, binary_output)
EuclideanNorm(input, axis, keep_dims=False) -> tf.math.reduce_euclidean_norm
HistogramFixedWidth(values, value_range, nbins, dtype=int32) -> tf.histogram_fixed_width
InTopK(predictions, targets, k) -> tf.math.in_top_k(targets, predictions, k)
InTopKV2(predictions, targets, k) -> tf.math.in_top_k(targets, predictions, k)
Max(input, axis, keep_dims=False) -> tf.reduce_max
Mean(input, axis, keep_dims=False) -> tf.reduce_mean
Min(input, axis, keep_dims=False) -> tf.reduce_min
Prod(input, axis, keep_dims=False) -> tf.reduce_prod
SegmentMax(data, segment_ids) -> tf.math.segment_max
SegmentMean(data, segment_ids) -> tf.math.segment_mean
SegmentMin(data, segment_ids) -> tf.math.segment_min
SegmentProd(data, segment_ids) -> tf.math.segment_prod
SegmentSum(data, segment_ids) -> tf.math.segment_sum
Sum(input, axis, keep_dims=False) -> tf.reduce_sum
TopKV2(input, k, sorted=True, index_type=int32) -> values, indices = tf.math.top_k(input, k, sorted, index_type)
UnsortedSegmentMax(data, segment_ids, num_segments) -> tf.math.unsorted_segment_max
UnsortedSegmentMin(data, segment_ids, num_segments) -> tf.math.unsorted_segment_min
UnsortedSegmentProd(data, segment_ids, num_segments) -> tf.math.unsorted_segment_prod
UnsortedSegmentSum(data, segment_ids, num_segments) -> tf.math.unsorted_segment_sum

# making tensors
Bitcast(input, type) -> tf.bitcast
Cast(x, DstT, Truncate=False) -> computed.cast
ClipByValue(t, clip_value_min, clip_value_max) -> tf.clip_by_value
EnsureShape(input, shape) -> tf.ensure_shape
Fill(dims, value) -> tf.fill
Identity(input) -> tf.identity
IdentityN(input) -> tf.identity_n
LinSpace(start, stop, num) -> tf.linspace
OneHot(indices, depth, on_value, off_value, axis=-1) -> tf.one_hot
OnesLike(x) -> tf.ones_like
Range(start, limit, delta) -> tf.range
Snapshot(input) -> tf.identity
StopGradient(input) -> tf.stop_gradient
ZerosLike(x) -> tf.zeros_like

# shapes and places
BatchToSpace(input, crops, block_size) -> tf.batch_to_space(input, [block_size, block_size], crops)
BatchToSpaceND(input, block_shape, crops) -> tf.batch_to_space
BroadcastArgs(s0, s1) -> tf.broadcast_dynamic_shape
BroadcastTo(input, shape) -> tf.broadcast_to
Concat(concat_dim, values) -> tf.concat(values, concat_dim)
ConcatV2(values, axis) -> tf.concat
DepthToSpace(input, block_size, data_format='NHWC') -> tf.nn.depth_to_space
DynamicPartition(data, partitions, num_partitions) -> tf.dynamic_partition
DynamicStitch(indices, data) -> tf.dynamic_stitch
ExpandDims(input, axis) -> tf.expand_dims
Gather(params, indices, validate_indices=True) -> tf.gather(params, indices)
GatherNd(params, indices, bad_indices_policy='') -> tf.gather_nd(params, indices, bad_indices_policy=bad_indices_policy)
GatherV2(params, indices, axis, batch_dims=0) -> tf.gather(params, indices, axis=axis, batch_dims=batch_dims)
InvertPermutation(x) -> tf.math.invert_permutation
ListDiff(x, y, out_idx=int32) -> out, idx = computed.left_over(x, y, out_idx)
LowerBound(sorted_inputs, values, out_type=int32) -> tf.searchsorted(sorted_inputs, values, "left", out_type)
MirrorPad(input, paddings, mode) -> tf.pad
Pack(values, axis=0) -> tf.stack
Pad(input, paddings) -> tf.pad
PadV2(input, paddings, constant_values) -> tf.pad(input, paddings, "CONSTANT", constant_values)
ParallelConcat(values, shape) -> tf.concat(values, 0)
Rank(input) -> tf.rank
Reshape(tensor, shape) -> tf.reshape
Reverse(tensor, dims) -> tf.reverse(tensor, computed.true_places(dims))
ReverseSequence(input, seq_lengths, seq_dim, batch_dim=0) -> tf.reverse_sequence
ReverseV2(tensor, axis) -> tf.reverse
Roll(input, shift, axis) -> tf.roll
ScatterNd(indices, updates, shape, bad_indices_policy='') -> tf.scatter_nd
Select(condition, x, y) -> computed.select
SelectV2(condition, t, e) -> tf.where
Shape(input, out_type=int32) -> tf.shape
ShapeN(input, out_type=int32) -> tf.shape_n
Size(input, out_type=int32) -> tf.size
Slice(input, begin, size) -> tf.slice
SpaceToBatch(input, paddings, block_size) -> tf.space_to_batch(input, [block_size, block_size], paddings)
SpaceToBatchND(input, block_shape, paddings) -> tf.space_to_batch
SpaceToDepth(input, block_size, data_format='NHWC') -> tf.nn.space_to_depth
Split(axis, value, num_split) -> tf.split(value, num_split, axis)
SplitV(value, size_splits, axis, num_split) -> tf.split(value, size_splits, axis)
Squeeze(input, axis=[]) -> tf.squeeze(input, axis or None)
StridedSlice(input, begin, end, strides, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0)
    -> tf.strided_slice
TensorScatterAdd(tensor, indices, updates, bad_indices_policy='') -> tf.tensor_scatter_nd_add
TensorScatterMax(tensor, indices, updates, bad_indices_policy='') -> tf.tensor_scatter_nd_max
TensorScatterMin(tensor, indices, updates, bad_indices_policy='') -> tf.tensor_scatter_nd_min
TensorScatterSub(tensor, indices, updates, bad_indices_policy='') -> tf.tensor_scatter_nd_sub
TensorScatterUpdate(tensor, indices, updates, bad_indices_policy='') -> computed.scattered
Tile(input, multiples) -> tf.tile
Transpose(x, perm) -> tf.transpose
Unique(x, out_idx=int32) -> y, idx = tf.unique(x, out_idx)
BroadcastGradientArgs(s0, s1) -> r0, r1 = computed.broadcast_axes(s0, s1)
UniqueWithCounts(x, out_idx=int32) -> y, idx, count = tf.unique_with_counts(x, out_idx)
UniqueWithCountsV2(x, axis, out_idx=int32) -> y, idx, count = computed.unique_slices(x, axis, out_idx)
Unpack(value, num, axis=0) -> tf.unstack
UnravelIndex(indices, dims) -> tf.unravel_index
UpperBound(sorted_inputs, values, out_type=int32) -> tf.searchsorted(sorted_inputs, values, "right", out_type)
Where(condition) -> tf.where

# matrices
BandedTriangularSolve(matrix, rhs, lower=True, adjoint=False) -> tf.linalg.banded_triangular_solve
BatchMatMul(x, y, adj_x=False, adj_y=False, grad_x=False, grad_y=False)
    -> tf.matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y)
BatchMatMulV2(x, y, adj_x=False, adj_y=False, grad_x=False, grad_y=False)
    -> tf.matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y)
BatchMatMulV3(x, y, Tout, adj_x=False, adj_y=False, grad_x=False, grad_y=False)
    -> tf.matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, output_type=Tout)
Cholesky(input) -> tf.linalg.cholesky
Diag(diagonal) -> tf.linalg.tensor_diag
DiagPart(input) -> tf.linalg.tensor_diag_part
Eig(input, Tout, compute_v=True) -> e, v = computed.eigen(input, compute_v, Tout)
Einsum(inputs, equation) -> tf.einsum(equation, *inputs)
LogMatrixDeterminant(input) -> sign, log_abs_determinant = tf.linalg.slogdet(input)
Lu(input, output_idx_type=int32) -> lu, p = tf.linalg.lu(input, output_idx_type)
MatMul(a, b, transpose_a=False, transpose_b=False, grad_a=False, grad_b=False)
    -> computed.product_of_matrices(a, b, transpose_a, transpose_b)
MatrixBandPart(input, num_lower, num_upper) -> tf.linalg.band_part
MatrixDeterminant(input) -> tf.linalg.det
MatrixDiag(diagonal) -> tf.linalg.diag
MatrixDiagPart(input) -> tf.linalg.diag_part
MatrixDiagPartV2(input, k, padding_value)
    -> tf.linalg.diag_part(input, k=k, padding_value=padding_value, align="LEFT_LEFT")
MatrixDiagPartV3(input, k, padding_value, align='RIGHT_LEFT')
    -> tf.linalg.diag_part(input, k=k, padding_value=padding_value, align=align)
MatrixDiagV2(diagonal, k, num_rows, num_cols, padding_value)
    -> tf.linalg.diag(diagonal, "", k, num_rows, num_cols, padding_value, "LEFT_LEFT")
MatrixDiagV3(diagonal, k, num_rows, num_cols, padding_value, align='RIGHT_LEFT')
    -> tf.linalg.diag(diagonal, "", k, num_rows, num_cols, padding_value, align)
MatrixInverse(input, adjoint=False) -> tf.linalg.inv
MatrixLogarithm(input) -> tf.linalg.logm
MatrixSetDiag(input, diagonal) -> tf.linalg.set_diag
MatrixSetDiagV2(input, diagonal, k) -> tf.linalg.set_diag(input, diagonal, k=k, align="LEFT_LEFT")
MatrixSetDiagV3(input, diagonal, k, align='RIGHT_LEFT') -> tf.linalg.set_diag(input, diagonal, k=k, align=align)
MatrixSolve(matrix, rhs, adjoint=False) -> tf.linalg.solve
MatrixSolveLs(matrix, rhs, l2_regularizer, fast=True) -> tf.linalg.lstsq
MatrixSquareRoot(input) -> tf.linalg.sqrtm
MatrixTriangularSolve(matrix, rhs, lower=True, adjoint=False) -> tf.linalg.triangular_solve
Qr(input, full_matrices=False) -> q, r = tf.linalg.qr(input, full_matrices)
SelfAdjointEigV2(input, compute_v=True) -> e, v = computed.eigen_of_hermitian(input, compute_v)
Svd(input, compute_uv=True, full_matrices=False) -> s, u, v = computed.singular(input, compute_uv, full_matrices)
TridiagonalMatMul(superdiag, maindiag, subdiag, rhs) -> computed.tridiagonal_product

# Fourier transforms
FFT(input) -> tf.signal.fft
FFT2D(input) -> tf.signal.fft2d
FFT3D(input) -> tf.signal.fft3d
IFFT(input) -> tf.signal.ifft
IFFT2D(input) -> tf.signal.ifft2d
IFFT3D(input) -> tf.signal.ifft3d
IRFFT(input, fft_length, Treal=float32)
    -> tf.cast(tf.signal.irfft(computed.long_enough(input, fft_length, True), fft_length), Treal)
IRFFT2D(input, fft_length, Treal=float32)
    -> tf.cast(tf.signal.irfft2d(computed.long_enough(input, fft_length, True), fft_length), Treal)
IRFFT3D(input, fft_length, Treal=float32)
    -> tf.cast(tf.signal.irfft3d(computed.long_enough(input, fft_length, True), fft_length), Treal)
RFFT(input, fft_length, Tcomplex=complex64)
    -> tf.cast(tf.signal.rfft(computed.long_enough(input, fft_length), fft_length), Tcomplex)
RFFT2D(input, fft_length, Tcomplex=complex64)
    -> tf.cast(tf.signal.rfft2d(computed.long_enough(input, fft_length), fft_length), Tcomplex)
RFFT3D(input, fft_length, Tcomplex=complex64)
    -> tf.cast(tf.signal.rfft3d(computed.long_enough(input, fft_length), fft_length), Tcomplex)

# networks
AvgPool(value, ksize, strides, padding, data_format='NHWC') -> tf.nn.avg_pool2d
AvgPool3D(input, ksize, strides, padding, data_format='NDHWC') -> tf.nn.avg_pool3d
AvgPool3DGrad(orig_input_shape, grad, ksize, strides, padding, data_format='NDHWC')
        -> computed.slope(lambda x: tf.nn.avg_pool3d(x, ksize, strides, padding, data_format),
        computed.zeros(orig_input_shape, grad), grad)
AvgPoolGrad(orig_input_shape, grad, ksize, strides, padding, data_format='NHWC')
        -> computed.slope(lambda x: tf.nn.avg_pool2d(x, ksize, strides, padding, data_format),
        computed.zeros(orig_input_shape, grad), grad)
BiasAdd(value, bias, data_format='NHWC') -> tf.nn.bias_add
BiasAddGrad(out_backprop, data_format='NHWC') -> computed.bias_slope
BiasAddV1(value, bias) -> tf.nn.bias_add
Conv2D(input, filter, strides, padding, use_cudnn_on_gpu=True, explicit_paddings=[], data_format='NHWC',
        dilations=[1, 1, 1, 1])
        -> tf.nn.conv2d(input, filter, strides, computed.pads(padding, explicit_paddings), data_format, dilations)
Conv2DBackpropFilter(input, filter_sizes, out_backprop, strides, padding, use_cudnn_on_gpu=True,
        explicit_paddings=[], data_format='NHWC', dilations=[1, 1, 1, 1])
        -> computed.slope(lambda w: tf.nn.conv2d(input, w, strides, computed.pads(padding, explicit_paddings),
        data_format, dilations), computed.zeros(filter_sizes, out_backprop), out_backprop)
Conv2DBackpropInput(input_sizes, filter, out_backprop, strides, padding, use_cudnn_on_gpu=True,
        explicit_paddings=[], data_format='NHWC', dilations=[1, 1, 1, 1])
        -> computed.slope(lambda x: tf.nn.conv2d(x, filter, strides, computed.pads(padding, explicit_paddings),
        data_format, dilations), computed.zeros(input_sizes, out_backprop), out_backprop)
Conv3D(input, filter, strides, padding, data_format='NDHWC', dilations=[1, 1, 1, 1, 1]) -> tf.nn.conv3d
Conv3DBackpropFilterV2(input, filter_sizes, out_backprop, strides, padding, data_format='NDHWC', dilations=[1, 1, 1,
        1, 1])
        -> computed.slope(lambda w: tf.nn.conv3d(input, w, strides, padding, data_format, dilations),
        computed.zeros(filter_sizes, out_backprop), out_backprop)
Conv3DBackpropInputV2(input_sizes, filter, out_backprop, strides, padding, data_format='NDHWC', dilations=[1, 1, 1,
        1, 1])
        -> computed.slope(lambda x: tf.nn.conv3d(x, filter, strides, padding, data_format, dilations),
        computed.zeros(input_sizes, out_backprop), out_backprop)
DepthwiseConv2dNative(input, filter, strides, padding, explicit_paddings=[], data_format='NHWC', dilations=[1, 1, 1, 1])
    -> computed.depthwise(input, filter, strides, computed.pads(padding, explicit_paddings), data_format, dilations)
DepthwiseConv2dNativeBackpropFilter(input, filter_sizes, out_backprop, strides, padding, explicit_paddings=[],
        data_format='NHWC', dilations=[1, 1, 1, 1])
        -> computed.slope(lambda w: computed.depthwise(input, w, strides, computed.pads(padding, explicit_paddings),
        data_format, dilations), computed.zeros(filter_sizes, out_backprop), out_backprop)
DepthwiseConv2dNativeBackpropInput(input_sizes, filter, out_backprop, strides, padding, explicit_paddings=[],
        data_format='NHWC', dilations=[1, 1, 1, 1])
        -> computed.slope(lambda x: computed.depthwise(x, filter, strides, computed.pads(padding,
        explicit_paddings), data_format, dilations), computed.zeros(input_sizes, out_backprop), out_backprop)
Dilation2D(input, filter, strides, rates, padding) -> tf.nn.dilation2d(input, filter, strides, padding, "NHWC", rates)
Elu(features) -> tf.nn.elu
EluGrad(gradients, outputs) -> computed.elu_slope
FusedBatchNorm(x, scale, offset, mean, variance, epsilon=0.0001, exponential_avg_factor=1, data_format='NHWC',
        is_training=True)
        -> y, batch_mean, batch_variance, reserve_space_1, reserve_space_2 = computed.batch_norm(x, scale, offset,
        mean, variance, epsilon, exponential_avg_factor, data_format, is_training)
FusedBatchNormV2(x, scale, offset, mean, variance, epsilon=0.0001, exponential_avg_factor=1, data_format='NHWC',
        is_training=True)
        -> y, batch_mean, batch_variance, reserve_space_1, reserve_space_2 = computed.batch_norm(x, scale, offset,
        mean, variance, epsilon, exponential_avg_factor, data_format, is_training)
FusedBatchNormV3(x, scale, offset, mean, variance, epsilon=0.0001, exponential_avg_factor=1, data_format='NHWC',
        is_training=True)
        -> y, batch_mean, batch_variance, reserve_space_1, reserve_space_2, reserve_space_3 =
        computed.batch_norm_v3(x, scale, offset, mean, variance, epsilon, exponential_avg_factor, data_format,
        is_training)
InvGrad(y, dy) -> computed.reciprocal_slope
L2Loss(t) -> tf.nn.l2_loss
LRN(input, depth_radius=5, bias=1, alpha=1, beta=0.5) -> tf.nn.local_response_normalization
LRNGrad(input_grads, input_image, output_image, depth_radius=5, bias=1, alpha=1, beta=0.5)
        -> computed.slope(lambda x: tf.nn.local_response_normalization(x, depth_radius, bias, alpha, beta),
        input_image, input_grads)
LeakyRelu(features, alpha=0.2) -> tf.nn.leaky_relu
LeakyReluGrad(gradients, features, alpha=0.2) -> computed.leaky_relu_slope
LogSoftmax(logits) -> tf.nn.log_softmax
MaxPool(input, ksize, strides, padding, explicit_paddings=[], data_format='NHWC')
    -> tf.nn.max_pool2d(input, ksize, strides, computed.pads(padding, explicit_paddings), data_format)
MaxPool3D(input, ksize, strides, padding, data_format='NDHWC') -> tf.nn.max_pool3d
MaxPool3DGrad(orig_input, orig_output, grad, ksize, strides, padding, data_format='NDHWC')
    -> computed.slope(lambda x: tf.nn.max_pool3d(x, ksize, strides, padding, data_format), orig_input, grad)
MaxPoolGrad(orig_input, orig_output, grad, ksize, strides, padding, explicit_paddings=[], data_format='NHWC')
        -> computed.slope(lambda x: tf.nn.max_pool2d(x, ksize, strides, computed.pads(padding, explicit_paddings),
        data_format), orig_input, grad)
MaxPoolGradV2(orig_input, orig_output, grad, ksize, strides, padding, data_format='NHWC')
        -> computed.slope(lambda x: tf.nn.max_pool2d(x, computed.sizes(ksize), computed.sizes(strides), padding,
        data_format), orig_input, grad)
MaxPoolV2(input, ksize, strides, padding, data_format='NHWC')
    -> tf.nn.max_pool2d(input, computed.sizes(ksize), computed.sizes(strides), padding, data_format)
MaxPoolWithArgmax(input, ksize, strides, padding, Targmax=int64, include_batch_in_index=False)
        -> output, argmax = tf.nn.max_pool_with_argmax(input, ksize, strides, padding, "NHWC", Targmax,
        include_batch_in_index)
ReciprocalGrad(y, dy) -> computed.reciprocal_slope
Relu(features) -> tf.nn.relu
Relu6(features) -> tf.nn.relu6
Relu6Grad(gradients, features) -> computed.relu6_slope
ReluGrad(gradients, features) -> computed.relu_slope
RsqrtGrad(y, dy) -> computed.rsqrt_slope
Selu(features) -> tf.nn.selu
SeluGrad(gradients, outputs) -> computed.selu_slope
Sigmoid(x) -> tf.sigmoid
SigmoidGrad(y, dy) -> computed.sigmoid_slope
Softmax(logits) -> tf.nn.softmax
SoftmaxCrossEntropyWithLogits(features, labels) -> loss, backprop = computed.crossentropy(features, labels)
Softplus(features) -> tf.math.softplus
SoftplusGrad(gradients, features) -> computed.softplus_slope
Softsign(features) -> tf.nn.softsign
SoftsignGrad(gradients, features) -> computed.softsign_slope
SparseSoftmaxCrossEntropyWithLogits(features, labels) -> loss, backprop = computed.sparse_crossentropy(features, labels)
SqrtGrad(y, dy) -> computed.sqrt_slope
TanhGrad(y, dy) -> computed.tanh_slope

# images
AdjustContrastv2(images, contrast_factor) -> tf.image.adjust_contrast
AdjustHue(images, delta) -> tf.image.adjust_hue
AdjustSaturation(images, scale) -> tf.image.adjust_saturation
CombinedNonMaxSuppression(boxes, scores, max_output_size_per_class, max_total_size, iou_threshold, score_threshold,
        pad_per_class=False, clip_boxes=True)
        -> nmsed_boxes, nmsed_scores, nmsed_classes, valid_detections = tf.image.combined_non_max_suppression(boxes,
        scores, max_output_size_per_class, max_total_size, iou_threshold, score_threshold, pad_per_class,
        clip_boxes)
CropAndResize(image, boxes, box_ind, crop_size, method='bilinear', extrapolation_value=0) -> tf.image.crop_and_resize
CropAndResizeGradImage(grads, boxes, box_ind, image_size, T, method='bilinear')
        -> computed.slope(lambda x: tf.image.crop_and_resize(x, boxes, box_ind, tf.shape(grads)[1:3], method),
        tf.zeros(image_size, T), grads)
DecodeBmp(contents, channels=0) -> tf.io.decode_bmp
DecodeGif(contents) -> tf.io.decode_gif
DecodeImage(contents, channels=0, dtype=uint8, expand_animations=True) -> tf.io.decode_image
DecodeJpeg(contents, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False, acceptable_fraction=1,
        dct_method='')
        -> tf.io.decode_jpeg
DecodePng(contents, channels=0, dtype=uint8) -> tf.io.decode_png
DrawBoundingBoxesV2(images, boxes, colors) -> tf.image.draw_bounding_boxes
EncodeJpeg(image, format='', quality=95, progressive=False, optimize_size=False, chroma_downsampling=True,
        density_unit='in', x_density=300, y_density=300, xmp_metadata='')
        -> tf.io.encode_jpeg
EncodePng(image, compression=-1) -> tf.io.encode_png
ExtractImagePatches(images, ksizes, strides, rates, padding) -> tf.image.extract_patches
ExtractJpegShape(contents, output_type=int32) -> tf.io.extract_jpeg_shape
HSVToRGB(images) -> tf.image.hsv_to_rgb
ImageProjectiveTransformV2(images, transforms, output_shape, interpolation, fill_mode='CONSTANT')
    -> pictures.projected(images, transforms, output_shape, 0.0, interpolation, fill_mode)
ImageProjectiveTransformV3(images, transforms, output_shape, fill_value, interpolation, fill_mode='CONSTANT')
    -> pictures.projected(images, transforms, output_shape, fill_value, interpolation, fill_mode)
NonMaxSuppression(boxes, scores, max_output_size, iou_threshold=0.5) -> tf.image.non_max_suppression
NonMaxSuppressionV2(boxes, scores, max_output_size, iou_threshold) -> tf.image.non_max_suppression
NonMaxSuppressionV3(boxes, scores, max_output_size, iou_threshold, score_threshold) -> tf.image.non_max_suppression
NonMaxSuppressionV4(boxes, scores, max_output_size, iou_threshold, score_threshold, pad_to_max_output_size=False)
        -> selected_indices, valid_outputs = pictures.suppressed(boxes, scores, max_output_size, iou_threshold,
        score_threshold, 0.0, pad_to_max_output_size)[::2]
NonMaxSuppressionV5(boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma,
        pad_to_max_output_size=False)
        -> selected_indices, selected_scores, valid_outputs = pictures.suppressed(boxes, scores, max_output_size,
        iou_threshold, score_threshold, soft_nms_sigma, pad_to_max_output_size)
NonMaxSuppressionWithOverlaps(overlaps, scores, max_output_size, overlap_threshold, score_threshold)
    -> tf.image.non_max_suppression_overlaps
RGBToHSV(images) -> tf.image.rgb_to_hsv
ResizeArea(images, size, align_corners=False) -> pictures.resized_area
ResizeBicubic(images, size, align_corners=False, half_pixel_centers=False) -> pictures.resized_bicubic
ResizeBilinear(images, size, align_corners=False, half_pixel_centers=False) -> pictures.resized_bilinear
ResizeBilinearGrad(grads, original_image, align_corners=False, half_pixel_centers=False)
        -> computed.slope(lambda x: pictures.resized_bilinear(x, tf.shape(grads)[1:3], align_corners,
        half_pixel_centers), original_image, grads)
ResizeNearestNeighbor(images, size, align_corners=False, half_pixel_centers=False) -> pictures.resized_nearest
ResizeNearestNeighborGrad(grads, size, align_corners=False, half_pixel_centers=False)
        -> computed.slope(lambda x: pictures.resized_nearest(x, tf.shape(grads)[1:3], align_corners,
        half_pixel_centers), pictures.of_size(grads, size), grads)

# texts and files
AsString(input, precision=-1, scientific=False, shortest=False, width=-1, fill='') -> tf.strings.as_string
DecodeBase64(input) -> tf.io.decode_base64
DecodeCompressed(bytes, compression_type='') -> tf.io.decode_compressed
DecodeRaw(bytes, out_type, little_endian=True) -> tf.io.decode_raw(bytes, out_type, little_endian)
DecodeWav(contents, desired_channels=-1, desired_samples=-1)
    -> audio, sample_rate = tf.audio.decode_wav(contents, desired_channels, desired_samples)
EncodeBase64(input, pad=False) -> tf.io.encode_base64
EncodeWav(audio, sample_rate) -> tf.audio.encode_wav
MatchingFiles(pattern) -> tf.io.matching_files
ParseTensor(serialized, out_type) -> tf.io.parse_tensor
ReadFile(filename) -> tf.io.read_file
ReduceJoin(inputs, reduction_indices, keep_dims=False, separator='') -> tf.strings.reduce_join
RegexFullMatch(input, pattern) -> tf.strings.regex_full_match
RegexReplace(input, pattern, rewrite, replace_global=True) -> tf.strings.regex_replace
SerializeTensor(tensor) -> tf.io.serialize_tensor
StaticRegexFullMatch(input, pattern) -> tf.strings.regex_full_match
StaticRegexReplace(input, pattern, rewrite, replace_global=True) -> tf.strings.regex_replace
StringFormat(inputs, template='%s', placeholder='%s', summarize=3)
    -> tf.strings.format(template, inputs, placeholder, summarize)
StringJoin(inputs, separator='') -> tf.strings.join
StringLength(input, unit='BYTE') -> tf.strings.length
StringLower(input, encoding='') -> tf.strings.lower
StringSplit(input, delimiter, skip_empty=True)
    -> indices, values, shape = computed.parts_of(tf.compat.v1.string_split(input, delimiter, skip_empty))
StringSplitV2(input, sep, maxsplit=-1)
    -> indices, values, shape = computed.parts_of(tf.strings.split(input, sep, maxsplit).to_sparse())
StringStrip(input) -> tf.strings.strip
StringToHashBucketFast(input, num_buckets) -> tf.strings.to_hash_bucket_fast
StringToHashBucketStrong(input, num_buckets, key) -> tf.strings.to_hash_bucket_strong
StringToNumber(string_tensor, out_type=float32) -> tf.strings.to_number
StringUpper(input, encoding='') -> tf.strings.upper
Substr(input, pos, len, unit='BYTE') -> tf.strings.substr
UnicodeScript(input) -> tf.strings.unicode_script
UnicodeTranscode(input, input_encoding, output_encoding, errors='replace', replacement_char=65533,
        replace_control_characters=False)
        -> tf.strings.unicode_transcode
UnsortedSegmentJoin(inputs, segment_ids, num_segments, separator='') -> tf.strings.unsorted_segment_join
WriteFile(filename, contents) -> tf.io.write_file

# random numbers
Multinomial(logits, num_samples, seed=0, seed2=0, output_dtype=int64) -> draws.multinomial
RandomStandardNormal(shape, dtype, seed=0, seed2=0) -> draws.normal
RandomUniform(shape, dtype, seed=0, seed2=0) -> draws.uniform
RandomUniformInt(shape, minval, maxval, seed=0, seed2=0) -> draws.uniform_integers
StatelessMultinomial(logits, num_samples, seed, output_dtype=int64) -> tf.random.stateless_categorical
StatelessRandomNormal(shape, seed, dtype=float32) -> tf.random.stateless_normal(shape, seed, dtype=dtype)
StatelessRandomUniform(shape, seed, dtype=float32) -> tf.random.stateless_uniform(shape, seed, dtype=dtype)
StatelessRandomUniformInt(shape, seed, minval, maxval)
    -> tf.random.stateless_uniform(shape, seed, minval, maxval, tf.convert_to_tensor(minval).dtype)
StatelessTruncatedNormal(shape, seed, dtype=float32) -> tf.random.stateless_truncated_normal(shape, seed, dtype=dtype)
TruncatedNormal(shape, dtype, seed=0, seed2=0) -> draws.truncated_normal

# others
CheckNumerics(tensor, message) -> tf.debugging.check_numerics
NoOp() -> tf.no_op()
Timestamp() -> tf.timestamp()
"""

# Operations whose Python functions begin with an underscore in TensorFlow, as its errors show.
PRIVATE = frozenset(
    "Abs Assert Complex Pow All Any HistogramFixedWidth Max Min Sum ClipByValue Range Slice FusedBatchNorm".split()
)


def python_name(operation: str) -> str:
    """``MatMul`` → ``mat_mul``, ``Conv2DBackpropInput`` → ``conv2d_backprop_input``, ``FFT2D`` → ``fft2d``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower()


def _rows(text: str) -> dict[str, tuple[str, str]]:
    """Name → signature and expression."""
    rows = re.sub(r"\n +", " ", text).splitlines()
    parts = (row.split(" -> ", 1) for row in rows if row and not row.startswith("#"))
    return {signature.partition("(")[0]: (signature, expression) for signature, expression in parts}


ROWS = _rows(_TABLE + rows_of_variables.ROWS + rows_of_composites.ROWS + rows_of_others.ROWS + rows_of_states.ROWS)
