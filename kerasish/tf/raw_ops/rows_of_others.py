"""Rows of ``table`` for rarer operations: gradients of layers, quantized training, images, random numbers."""

ROWS = """
# arrays
ApproxTopK(input, k, reduction_dimension=-1, recall_target=0.95, is_max_k=True, reduction_input_size_override=-1,
        aggregate_to_topk=True)
        -> values, indices = tf.approx_top_k(input, k, reduction_dimension, recall_target, is_max_k,
        reduction_input_size_override, aggregate_to_topk)
Assert(condition, data, summarize=3) -> tf.Assert
Bucketize(input, boundaries) -> others.bucketized
CheckNumericsV2(tensor, message) -> tf.debugging.check_numerics
CheckPinned(tensor) -> tf.check_pinned
CholeskyGrad(l, grad) -> others.cholesky_slope
ConcatOffset(concat_dim, shape) -> others.concat_offsets
ConjugateTranspose(x, perm) -> tf.transpose(x, perm, conjugate=True)
ControlTrigger() -> tf.no_op()
DataFormatDimMap(x, src_format='NHWC', dst_format='NCHW') -> others.axes_mapped
DataFormatVecPermute(x, src_format='NHWC', dst_format='NCHW') -> others.permuted
DeepCopy(x) -> tf.identity
Empty(shape, dtype, init=False) -> tf.zeros(shape, dtype)
Fingerprint(data, method) -> tf.fingerprint
GuaranteeConst(input) -> tf.guarantee_const
MirrorPadGrad(input, paddings, mode) -> others.mirror_pad_slope
NthElement(input, n, reverse=False) -> others.nth
NearestNeighbors(points, centers, k)
        -> nearest_center_indices, nearest_center_distances = others.nearest(points, centers, k)
ParallelDynamicStitch(indices, data) -> tf.dynamic_stitch
PopulationCount(x) -> others.set_bits
PreventGradient(input, message='') -> others.prevent_gradient(input, message)
PrintV2(input, output_stream='stderr', end='\\n') -> others.printed
SegmentMaxV2(data, segment_ids, num_segments) -> tf.math.unsorted_segment_max
SegmentMinV2(data, segment_ids, num_segments) -> tf.math.unsorted_segment_min
SegmentProdV2(data, segment_ids, num_segments) -> tf.math.unsorted_segment_prod
SegmentSumV2(data, segment_ids, num_segments) -> tf.math.unsorted_segment_sum
SobolSample(dim, num_results, skip, dtype=float32) -> tf.math.sobol_sample
StridedSliceGrad(shape, begin, end, strides, dy, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
        shrink_axis_mask=0)
        -> variables.slice_set(computed.zeros(shape, dy), begin, end, strides, dy, begin_mask, end_mask,
        ellipsis_mask, new_axis_mask, shrink_axis_mask)
StringToHashBucket(string_tensor, num_buckets) -> tf.strings.to_hash_bucket
ToBool(input) -> others.truth
TridiagonalSolve(diagonals, rhs, partial_pivoting=True, perturb_singular=False)
        -> tf.linalg.tridiagonal_solve(diagonals, rhs, "compact", partial_pivoting=partial_pivoting,
        perturb_singular=perturb_singular)
UniqueV2(x, axis, out_idx=int32) -> y, idx = computed.unique_slices(x, axis, out_idx)[:2]

# Fourier transforms
FFTND(input, fft_length, axes) -> tf.signal.fftnd
IFFTND(input, fft_length, axes) -> tf.signal.ifftnd
IRFFTND(input, fft_length, axes, Treal=float32) -> tf.cast(tf.signal.irfftnd(input, fft_length, axes), Treal)
RFFTND(input, fft_length, axes, Tcomplex=complex64) -> tf.cast(tf.signal.rfftnd(input, fft_length, axes), Tcomplex)

# networks
ComputeAccidentalHits(true_classes, sampled_candidates, num_true, seed=0, seed2=0)
        -> indices, ids, weights = tf.nn.compute_accidental_hits(true_classes, sampled_candidates, num_true)
Conv(input, filter, strides, padding, explicit_paddings=[], data_format='CHANNELS_LAST', dilations=[], batch_dims=1,
        groups=1)
        -> tf.conv
Conv2DBackpropFilterV2(input, filter, out_backprop, strides, padding, use_cudnn_on_gpu=True, explicit_paddings=[],
        data_format='NHWC', dilations=[1, 1, 1, 1])
        -> tf.conv2d_backprop_filter_v2
Conv2DBackpropInputV2(input, filter, out_backprop, strides, padding, use_cudnn_on_gpu=True, explicit_paddings=[],
        data_format='NHWC', dilations=[1, 1, 1, 1])
        -> tf.conv2d_backprop_input_v2
Dilation2DBackpropFilter(input, filter, out_backprop, strides, rates, padding)
        -> computed.slope(lambda w: tf.nn.dilation2d(input, w, strides, padding, "NHWC", rates), filter, out_backprop)
Dilation2DBackpropInput(input, filter, out_backprop, strides, rates, padding)
        -> computed.slope(lambda x: tf.nn.dilation2d(x, filter, strides, padding, "NHWC", rates), input, out_backprop)
ExtractVolumePatches(input, ksizes, strides, padding) -> tf.extract_volume_patches
FakeQuantWithMinMaxArgs(inputs, min=-6, max=6, num_bits=8, narrow_range=False)
    -> tf.quantization.fake_quant_with_min_max_args
FakeQuantWithMinMaxArgsGradient(gradients, inputs, min=-6, max=6, num_bits=8, narrow_range=False)
    -> tf.quantization.fake_quant_with_min_max_args_gradient
FakeQuantWithMinMaxVars(inputs, min, max, num_bits=8, narrow_range=False)
    -> tf.quantization.fake_quant_with_min_max_vars
FakeQuantWithMinMaxVarsGradient(gradients, inputs, min, max, num_bits=8, narrow_range=False)
        -> backprops_wrt_input, backprop_wrt_min, backprop_wrt_max =
        tf.quantization.fake_quant_with_min_max_vars_gradient(gradients, inputs, min, max, num_bits, narrow_range)
FakeQuantWithMinMaxVarsPerChannel(inputs, min, max, num_bits=8, narrow_range=False)
    -> tf.quantization.fake_quant_with_min_max_vars_per_channel
FakeQuantWithMinMaxVarsPerChannelGradient(gradients, inputs, min, max, num_bits=8, narrow_range=False)
        -> backprops_wrt_input, backprop_wrt_min, backprop_wrt_max =
        tf.quantization.fake_quant_with_min_max_vars_per_channel_gradient(gradients, inputs, min, max, num_bits,
        narrow_range)
FusedBatchNormGrad(y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon=0.0001, data_format='NHWC',
        is_training=True)
        -> x_backprop, scale_backprop, offset_backprop, reserve_space_3, reserve_space_4 =
        others.batch_norm_slope(y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon, data_format,
        is_training)
FusedBatchNormGradV2(y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon=0.0001, data_format='NHWC',
        is_training=True)
        -> x_backprop, scale_backprop, offset_backprop, reserve_space_3, reserve_space_4 =
        others.batch_norm_slope(y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon, data_format,
        is_training)
FusedBatchNormGradV3(y_backprop, x, scale, reserve_space_1, reserve_space_2, reserve_space_3, epsilon=0.0001,
        data_format='NHWC', is_training=True)
        -> x_backprop, scale_backprop, offset_backprop, reserve_space_4, reserve_space_5 =
        others.batch_norm_slope(y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon, data_format,
        is_training)
GRUBlockCell(x, h_prev, w_ru, w_c, b_ru, b_c) -> r, u, c, h = others.gru_cell(x, h_prev, w_ru, w_c, b_ru, b_c)
IsotonicRegression(input, output_dtype=float32) -> output, segments = others.isotonic(input, output_dtype)
LSTMBlockCell(x, cs_prev, h_prev, w, wci, wcf, wco, b, forget_bias=1, cell_clip=3, use_peephole=False)
        -> i, cs, f, o, ci, co, h = others.lstm_cell(x, cs_prev, h_prev, w, wci, wcf, wco, b, forget_bias, cell_clip,
        use_peephole)
MaxPoolGradGrad(orig_input, orig_output, grad, ksize, strides, padding, data_format='NHWC')
    -> others.pooled_at(orig_input, grad, ksize, strides, padding, data_format)
MaxPoolGradGradV2(orig_input, orig_output, grad, ksize, strides, padding, data_format='NHWC')
    -> others.pooled_at(orig_input, grad, computed.sizes(ksize), computed.sizes(strides), padding, data_format)
MaxPoolGradWithArgmax(input, grad, argmax, ksize, strides, padding, include_batch_in_index=False)
    -> others.unpooled(input, grad, argmax, include_batch_in_index)
QuantizeAndDequantizeV2(input, input_min, input_max, signed_input=True, num_bits=8, range_given=False,
        round_mode='HALF_TO_EVEN', narrow_range=False, axis=-1)
        -> tf.quantization.quantize_and_dequantize_v2(input, input_min, input_max, signed_input, num_bits,
        range_given, round_mode, narrow_range=narrow_range, axis=None if axis == -1 else axis)
QuantizeAndDequantizeV3(input, input_min, input_max, num_bits, signed_input=True, range_given=True, narrow_range=False,
        axis=-1)
        -> tf.quantization.quantize_and_dequantize_v2(input, input_min, input_max, signed_input, int(num_bits),
        range_given, narrow_range=narrow_range, axis=None if axis == -1 else axis)
QuantizeAndDequantizeV4(input, input_min, input_max, signed_input=True, num_bits=8, range_given=False,
        round_mode='HALF_TO_EVEN', narrow_range=False, axis=-1)
        -> tf.quantization.quantize_and_dequantize_v2(input, input_min, input_max, signed_input, num_bits,
        range_given, round_mode, narrow_range=narrow_range, axis=None if axis == -1 else axis)
Dequantize(input, min_range, max_range, mode='MIN_COMBINED', narrow_range=False, axis=-1, dtype=float32)
    -> tf.quantization.dequantize(input, min_range, max_range, mode, None, None if axis == -1 else axis, narrow_range, dtype)
QuantizeV2(input, min_range, max_range, T, mode='MIN_COMBINED', round_mode='HALF_AWAY_FROM_ZERO', narrow_range=False,
        axis=-1, ensure_minimum_range=0.01)
        -> tf.quantization.quantize(input, min_range, max_range, T, mode, round_mode, None, narrow_range,
        None if axis == -1 else axis, ensure_minimum_range)
QuantizedConcat(concat_dim, values, input_mins, input_maxes) -> tf.quantization.quantized_concat

# images and files
DecodeAndCropJpeg(contents, crop_window, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False,
        acceptable_fraction=1, dct_method='')
        -> tf.io.decode_and_crop_jpeg
DecodeCSV(records, record_defaults, field_delim=',', use_quote_delim=True, na_value='', select_cols=[])
    -> tf.io.decode_csv(records, record_defaults, field_delim, use_quote_delim, na_value, list(select_cols) or None)
DecodeProtoV2(bytes, message_type, field_names, output_types, descriptor_source='local://', message_format='binary',
        sanitize=False)
        -> tf.io.decode_proto
EncodeProto(sizes, values, field_names, message_type, descriptor_source='local://') -> tf.io.encode_proto
DecodePaddedRaw(input_bytes, fixed_length, out_type, little_endian=True)
    -> tf.io.decode_raw(input_bytes, out_type, little_endian, int(fixed_length))
DrawBoundingBoxes(images, boxes) -> tf.image.draw_bounding_boxes(images, boxes, None)
ResizeBicubicGrad(grads, original_image, align_corners=False, half_pixel_centers=False)
        -> computed.slope(lambda x: pictures.resized_bicubic(x, tf.shape(grads)[1:3], align_corners,
        half_pixel_centers), original_image, grads)

# random numbers
RandomGamma(shape, alpha, seed=0, seed2=0) -> draws.gamma
RandomIndexShuffle(index, seed, max_index, rounds=4) -> tf.random_index_shuffle
RandomPoissonV2(shape, rate, seed=0, seed2=0, dtype=int64) -> draws.poisson
RandomShuffle(value, seed=0, seed2=0) -> draws.shuffle
StatelessParameterizedTruncatedNormal(shape, seed, means, stddevs, minvals, maxvals)
    -> tf.random.stateless_parameterized_truncated_normal
StatelessRandomBinomial(shape, seed, counts, probs, dtype=int64) -> tf.random.stateless_binomial
StatelessRandomGammaV2(shape, seed, alpha)
    -> tf.random.stateless_gamma(shape, seed, alpha, dtype=tf.convert_to_tensor(alpha).dtype)
StatelessRandomPoisson(shape, seed, lam, dtype) -> tf.random.stateless_poisson
StatelessRandomUniformFullInt(shape, seed, dtype=uint64)
    -> tf.random.stateless_uniform(shape, seed, None, None, dtype)
"""
