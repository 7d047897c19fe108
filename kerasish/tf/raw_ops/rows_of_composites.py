"""Rows of ``table`` for operations on sparse and ragged tensors in parts, on sets and checkpoints."""

ROWS = """
# sparse tensors
DenseToDenseSetOperation(set1, set2, set_operation, validate_indices=True)
        -> result_indices, result_values, result_shape = composites.set_operation(set_operation, set1, set2,
        validate_indices)
DenseToSparseSetOperation(set1, set2_indices, set2_values, set2_shape, set_operation, validate_indices=True)
        -> result_indices, result_values, result_shape = composites.set_operation(set_operation, set1,
        composites.sparse(set2_indices, set2_values, set2_shape), validate_indices)
SparseToSparseSetOperation(set1_indices, set1_values, set1_shape, set2_indices, set2_values, set2_shape, set_operation,
        validate_indices=True)
        -> result_indices, result_values, result_shape = composites.set_operation(set_operation,
        composites.sparse(set1_indices, set1_values, set1_shape), composites.sparse(set2_indices, set2_values,
        set2_shape), validate_indices)
SetSize(set_indices, set_values, set_shape, validate_indices=True)
    -> tf.sets.size(composites.sparse(set_indices, set_values, set_shape), validate_indices)
DeserializeManySparse(serialized_sparse, dtype)
        -> sparse_indices, sparse_values, sparse_shape = composites.parts(tf.io.deserialize_many_sparse(
        serialized_sparse, dtype))
SerializeManySparse(sparse_indices, sparse_values, sparse_shape, out_type=string)
    -> tf.io.serialize_many_sparse(composites.sparse(sparse_indices, sparse_values, sparse_shape), out_type)
SerializeSparse(sparse_indices, sparse_values, sparse_shape, out_type=string)
    -> tf.io.serialize_sparse(composites.sparse(sparse_indices, sparse_values, sparse_shape), out_type)
EditDistance(hypothesis_indices, hypothesis_values, hypothesis_shape, truth_indices, truth_values, truth_shape,
        normalize=True)
        -> tf.edit_distance(composites.sparse(hypothesis_indices, hypothesis_values, hypothesis_shape),
        composites.sparse(truth_indices, truth_values, truth_shape), normalize)
SparseAdd(a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh)
        -> sum_indices, sum_values, sum_shape = composites.parts(tf.sparse.add(composites.sparse(a_indices, a_values,
        a_shape), composites.sparse(b_indices, b_values, b_shape), thresh))
SparseConcat(indices, values, shapes, concat_dim)
        -> output_indices, output_values, output_shape = composites.parts(tf.sparse.concat(concat_dim,
        composites.all_sparse(indices, values, shapes)))
SparseDenseCwiseAdd(sp_indices, sp_values, sp_shape, dense)
    -> composites.dense_values(tf.add, composites.sparse(sp_indices, sp_values, sp_shape), dense)
SparseDenseCwiseDiv(sp_indices, sp_values, sp_shape, dense)
    -> composites.dense_values(computed.quotient, composites.sparse(sp_indices, sp_values, sp_shape), dense)
SparseDenseCwiseMul(sp_indices, sp_values, sp_shape, dense)
    -> composites.dense_values(tf.multiply, composites.sparse(sp_indices, sp_values, sp_shape), dense)
SparseFillEmptyRows(indices, values, dense_shape, default_value)
        -> output_indices, output_values, empty_row_indicator, reverse_index_map = composites.filled(indices, values,
        dense_shape, default_value)
SparseMatMul(a, b, transpose_a=False, transpose_b=False, a_is_sparse=False, b_is_sparse=False)
    -> computed.product_of_matrices(a, b, transpose_a, transpose_b)
SparseReduceMax(input_indices, input_values, input_shape, reduction_axes, keep_dims=False)
        -> composites.sparse_reduced(tf.sparse.reduce_max, composites.sparse(input_indices, input_values,
        input_shape), reduction_axes, keep_dims)
SparseReduceMaxSparse(input_indices, input_values, input_shape, reduction_axes, keep_dims=False)
        -> output_indices, output_values, output_shape = composites.sparse_reduced_parts(tf.sparse.reduce_max,
        composites.sparse(input_indices, input_values, input_shape), reduction_axes, keep_dims)
SparseReduceSum(input_indices, input_values, input_shape, reduction_axes, keep_dims=False)
        -> composites.sparse_reduced(tf.sparse.reduce_sum, composites.sparse(input_indices, input_values,
        input_shape), reduction_axes, keep_dims)
SparseReduceSumSparse(input_indices, input_values, input_shape, reduction_axes, keep_dims=False)
        -> output_indices, output_values, output_shape = composites.sparse_reduced_parts(tf.sparse.reduce_sum,
        composites.sparse(input_indices, input_values, input_shape), reduction_axes, keep_dims)
SparseReorder(input_indices, input_values, input_shape)
        -> output_indices, output_values = composites.parts(tf.sparse.reorder(composites.sparse(input_indices,
        input_values, input_shape)))[:2]
SparseReshape(input_indices, input_shape, new_shape)
        -> output_indices, output_shape = composites.parts(tf.sparse.reshape(composites.sparse(input_indices,
        tf.zeros([len(input_indices)]), input_shape), new_shape))[::2]
SparseSegmentMean(data, indices, segment_ids, sparse_gradient=False)
    -> composites.combined(tf.sparse.segment_mean, data, indices, segment_ids)
SparseSegmentMeanGrad(grad, indices, segment_ids, output_dim0)
    -> composites.spread(tf.sparse.segment_mean, grad, indices, segment_ids, output_dim0)
SparseSegmentMeanWithNumSegments(data, indices, segment_ids, num_segments, sparse_gradient=False)
    -> composites.combined(tf.sparse.segment_mean, data, indices, segment_ids, num_segments)
SparseSegmentSqrtN(data, indices, segment_ids, sparse_gradient=False)
    -> composites.combined(tf.sparse.segment_sqrt_n, data, indices, segment_ids)
SparseSegmentSqrtNGrad(grad, indices, segment_ids, output_dim0)
    -> composites.spread(tf.sparse.segment_sqrt_n, grad, indices, segment_ids, output_dim0)
SparseSegmentSqrtNWithNumSegments(data, indices, segment_ids, num_segments, sparse_gradient=False)
    -> composites.combined(tf.sparse.segment_sqrt_n, data, indices, segment_ids, num_segments)
SparseSegmentSum(data, indices, segment_ids, sparse_gradient=False)
    -> composites.combined(tf.sparse.segment_sum, data, indices, segment_ids)
SparseSegmentSumGrad(grad, indices, segment_ids, output_dim0)
    -> composites.spread(tf.sparse.segment_sum, grad, indices, segment_ids, output_dim0)
SparseSegmentSumWithNumSegments(data, indices, segment_ids, num_segments, sparse_gradient=False)
    -> composites.combined(tf.sparse.segment_sum, data, indices, segment_ids, num_segments)
SparseSlice(indices, values, shape, start, size)
        -> output_indices, output_values, output_shape = composites.parts(tf.sparse.slice(composites.sparse(indices,
        values, shape), start, size))
SparseSoftmax(sp_indices, sp_values, sp_shape)
    -> composites.parts(tf.sparse.softmax(composites.sparse(sp_indices, sp_values, sp_shape)))[1]
SparseSparseMaximum(a_indices, a_values, a_shape, b_indices, b_values, b_shape)
        -> output_indices, output_values = composites.parts(tf.sparse.maximum(composites.sparse(a_indices, a_values,
        a_shape), composites.sparse(b_indices, b_values, b_shape)))[:2]
SparseSparseMinimum(a_indices, a_values, a_shape, b_indices, b_values, b_shape)
        -> output_indices, output_values = composites.parts(tf.sparse.minimum(composites.sparse(a_indices, a_values,
        a_shape), composites.sparse(b_indices, b_values, b_shape)))[:2]
SparseSplit(split_dim, indices, values, shape, num_split)
        -> output_indices, output_values, output_shape = composites.lists(tf.sparse.split(composites.sparse(indices,
        values, shape), num_split, split_dim))
SparseTensorDenseAdd(a_indices, a_values, a_shape, b)
    -> tf.sparse.add(composites.sparse(a_indices, a_values, a_shape), b)
SparseTensorDenseMatMul(a_indices, a_values, a_shape, b, adjoint_a=False, adjoint_b=False)
    -> tf.sparse.sparse_dense_matmul(composites.sparse(a_indices, a_values, a_shape), b, adjoint_a, adjoint_b)

# ragged tensors and texts
RaggedFillEmptyRows(value_rowids, values, nrows, default_value) -> tf.ragged_fill_empty_rows
RaggedFillEmptyRowsGrad(reverse_index_map, grad_values) -> tf.ragged_fill_empty_rows_grad
RaggedGather(params_nested_splits, params_dense_values, indices, OUTPUT_RAGGED_RANK)
        -> output_nested_splits, output_dense_values = composites.gathered(params_nested_splits, params_dense_values,
        indices)
RaggedRange(starts, limits, deltas, Tsplits=int64)
        -> rt_nested_splits, rt_dense_values = composites.in_rows(tf.ragged.range(starts, limits, deltas,
        row_splits_dtype=Tsplits))
RaggedTensorToSparse(rt_nested_splits, rt_dense_values)
        -> sparse_indices, sparse_values, sparse_dense_shape = composites.parts(composites.ragged(rt_nested_splits,
        rt_dense_values).to_sparse())
StringNGrams(data, data_splits, separator, ngram_widths, left_pad, right_pad, pad_width, preserve_short_sequences)
        -> ngrams, ngrams_splits = composites.ngrams(data, data_splits, separator, ngram_widths, left_pad, right_pad,
        pad_width, preserve_short_sequences)
UnicodeDecode(input, input_encoding, errors='replace', replacement_char=65533, replace_control_characters=False,
        Tsplits=int64)
        -> row_splits, char_values = composites.decoded(input, input_encoding, errors, replacement_char,
        replace_control_characters)
UnicodeDecodeWithOffsets(input, input_encoding, errors='replace', replacement_char=65533,
        replace_control_characters=False, Tsplits=int64)
        -> row_splits, char_values, char_to_byte_starts = composites.decoded_with_offsets(input, input_encoding,
        errors, replacement_char, replace_control_characters)
UnicodeEncode(input_values, input_splits, output_encoding, errors='replace', replacement_char=65533)
    -> composites.encoded(input_values, input_splits, output_encoding, errors, replacement_char)

# connectionist temporal classification
CTCBeamSearchDecoder(inputs, sequence_length, beam_width, top_paths, merge_repeated=True)
        -> decoded_indices, decoded_values, decoded_shape, log_probability = composites.beams(inputs,
        sequence_length, beam_width, top_paths, merge_repeated)
CTCGreedyDecoder(inputs, sequence_length, merge_repeated=False, blank_index=-1)
        -> decoded_indices, decoded_values, decoded_shape, log_probability = composites.greedy(inputs,
        sequence_length, merge_repeated, blank_index)
CTCLoss(inputs, labels_indices, labels_values, sequence_length, preprocess_collapse_repeated=False,
        ctc_merge_repeated=True, ignore_longer_outputs_than_inputs=False)
        -> loss, gradient = composites.ctc_loss(inputs, labels_indices, labels_values, sequence_length,
        preprocess_collapse_repeated, ctc_merge_repeated, ignore_longer_outputs_than_inputs)

# checkpoints
RestoreV2(prefix, tensor_names, shape_and_slices, dtypes) -> composites.restore
SaveV2(prefix, tensor_names, shape_and_slices, tensors) -> composites.save
ShardedFilename(basename, shard, num_shards) -> composites.sharded_name
ShardedFilespec(basename, num_shards) -> composites.sharded_pattern
"""
