"""Rows of ``table`` for lists of tensors, tables, generators' states and parsed examples."""

_LISTS = """
# lists of tensors
EmptyTensorList(element_shape, max_num_elements, element_dtype) -> states.empty
TensorListConcat(input_handle, element_dtype, element_shape=None)
        -> tensor, lengths = states.joined(input_handle, element_dtype)
TensorListConcatLists(input_a, input_b, element_dtype) -> states.both
TensorListConcatV2(input_handle, element_shape, leading_dims, element_dtype)
        -> tensor, lengths = states.joined(input_handle, element_dtype)
TensorListElementShape(input_handle, shape_type) -> states.element_shape
TensorListFromTensor(tensor, element_shape) -> states.from_tensor
TensorListGather(input_handle, indices, element_shape, element_dtype) -> states.gathered
TensorListGetItem(input_handle, index, element_shape, element_dtype) -> states.get
TensorListLength(input_handle) -> tf.constant(len(input_handle.items))
TensorListPopBack(input_handle, element_shape, element_dtype)
        -> output_handle, tensor = states.pop(input_handle, element_shape, element_dtype)
TensorListPushBack(input_handle, tensor) -> states.push
TensorListReserve(element_shape, num_elements, element_dtype) -> states.reserve
TensorListResize(input_handle, size) -> states.resized
TensorListScatter(tensor, indices, element_shape) -> states.scattered
TensorListScatterIntoExistingList(input_handle, tensor, indices) -> states.scattered_into
TensorListScatterV2(tensor, indices, element_shape, num_elements) -> states.scattered
TensorListSetItem(input_handle, index, item, resize_if_index_out_of_bounds=False) -> states.put
TensorListSplit(tensor, element_shape, lengths) -> states.split
TensorListStack(input_handle, element_shape, element_dtype, num_elements=-1) -> states.stacked
"""

_TABLES = """
# tables
AnonymousHashTable(key_dtype, value_dtype) -> states.table(key_dtype, value_dtype, is_static=True)
AnonymousMutableHashTable(key_dtype, value_dtype) -> states.table
AnonymousMutableHashTableOfTensors(key_dtype, value_dtype, value_shape=[])
        -> states.table(key_dtype, value_dtype, '', value_shape)
HashTableV2(key_dtype, value_dtype, container='', shared_name='', use_node_name_sharing=False)
        -> states.table(key_dtype, value_dtype, shared_name, is_static=True)
InitializeTableV2(table_handle, keys, values) -> states.initialize
LookupTableExportV2(table_handle, Tkeys, Tvalues) -> keys, values = states.exported(table_handle)
LookupTableFindV2(table_handle, keys, default_value) -> states.find
LookupTableImportV2(table_handle, keys, values) -> states.insert(table_handle, keys, values, True)
LookupTableInsertV2(table_handle, keys, values) -> states.insert
LookupTableRemoveV2(table_handle, keys) -> states.remove
LookupTableSizeV2(table_handle) -> states.size
MutableHashTableOfTensorsV2(key_dtype, value_dtype, container='', shared_name='', use_node_name_sharing=False,
        value_shape=[])
        -> states.table(key_dtype, value_dtype, shared_name, value_shape)
MutableHashTableV2(key_dtype, value_dtype, container='', shared_name='', use_node_name_sharing=False)
        -> states.table(key_dtype, value_dtype, shared_name)
"""

_RANDOM = """
# random numbers of states, and of keys and counters
NonDeterministicInts(shape, dtype=int64) -> states.from_the_system
RngReadAndSkip(resource, alg, delta) -> states.skip
RngSkip(resource, algorithm, delta) -> tf.group(states.skip(resource, algorithm, delta))
StatefulStandardNormalV2(resource, algorithm, shape, dtype=float32)
        -> states.drawn('normal', resource, algorithm, shape, dtype)
StatefulTruncatedNormal(resource, algorithm, shape, dtype=float32)
        -> states.drawn('truncated_normal', resource, algorithm, shape, dtype)
StatefulUniform(resource, algorithm, shape, dtype=float32)
        -> states.drawn('uniform', resource, algorithm, shape, dtype)
StatefulUniformFullInt(resource, algorithm, shape, dtype=uint64) -> states.full_integers
StatefulUniformInt(resource, algorithm, shape, minval, maxval) -> states.integers
StatelessRandomGetAlg() -> tf.constant(1)
StatelessRandomGetKeyCounter(seed) -> key, counter = states.key_and_counter(seed)
StatelessRandomGetKeyCounterAlg(seed) -> key, counter, alg = [*states.key_and_counter(seed), tf.constant(1)]
StatelessRandomNormalV2(shape, key, counter, alg, dtype=float32)
        -> states.keyed('normal', shape, key, counter, alg, 0.0, 1.0, dtype)
StatelessRandomUniformFullIntV2(shape, key, counter, alg, dtype=uint64)
        -> states.keyed('full_integers', shape, key, counter, alg, dtype)
StatelessRandomUniformIntV2(shape, key, counter, alg, minval, maxval)
        -> states.keyed('uniform', shape, key, counter, alg, minval, maxval, tf.convert_to_tensor(minval).dtype)
StatelessRandomUniformV2(shape, key, counter, alg, dtype=float32)
        -> states.keyed('uniform', shape, key, counter, alg, 0, 1.0, dtype)
StatelessTruncatedNormalV2(shape, key, counter, alg, dtype=float32)
        -> states.keyed('truncated_normal', shape, key, counter, alg, 0.0, 1.0, dtype)
"""

_OTHERS = """
# examples
ParseExample(serialized, names, sparse_keys, dense_keys, dense_defaults, sparse_types, dense_shapes)
        -> sparse_indices, sparse_values, sparse_shapes, dense_values = states.parsed(serialized, sparse_keys,
        dense_keys, [], dense_defaults, sparse_types, [], [], dense_shapes)[:4]
ParseExampleV2(serialized, names, sparse_keys, dense_keys, ragged_keys, dense_defaults, num_sparse, sparse_types,
        ragged_value_types, ragged_split_types, dense_shapes)
        -> sparse_indices, sparse_values, sparse_shapes, dense_values, ragged_values, ragged_row_splits = states.parsed(
        serialized, sparse_keys, dense_keys, ragged_keys, dense_defaults, sparse_types, ragged_value_types,
        ragged_split_types, dense_shapes)
ParseSingleExample(serialized, dense_defaults, num_sparse, sparse_keys, dense_keys, sparse_types, dense_shapes)
        -> sparse_indices, sparse_values, sparse_shapes, dense_values = states.parsed(serialized, sparse_keys,
        dense_keys, [], dense_defaults, sparse_types, [], [], dense_shapes, True)[:4]
DecodeJSONExample(json_examples) -> tf.io.decode_json_example

# places changed in copies
InplaceAdd(x, i, v) -> states.changed(x, i, v, tf.tensor_scatter_nd_add)
InplaceSub(x, i, v) -> states.changed(x, i, v, tf.tensor_scatter_nd_sub)
InplaceUpdate(x, i, v) -> states.changed(x, i, v, tf.tensor_scatter_nd_update)
SparseToDense(sparse_indices, output_shape, sparse_values, default_value, validate_indices=True) -> states.dense_of

# others
DecodeWebP(contents, channels=0, dtype=uint8) -> tf.image.decode_webp
OptionalFromValue(components) -> tf.experimental.Optional.from_value(tuple(components))
OptionalGetValue(optional, output_types, output_shapes) -> list(optional.get_value())
OptionalHasValue(optional) -> optional.has_value()
"""

ROWS = _LISTS + _TABLES + _RANDOM + _OTHERS
