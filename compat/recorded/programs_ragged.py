"""What is done with a random ragged tensor ``x``; ``draw`` has the numbers and tensors that are needed beside it."""

from __future__ import annotations

from typing import Any


def _key(draw: Any) -> Any:
    kind = draw.integer(0, 6)
    if kind == 0:
        return draw.integer(-3, 3)
    if kind == 1:
        return None
    if kind == 2:
        return ...
    ends = [draw.choose([None, *range(-3, 5)]) for _ in range(2)]
    return slice(*ends, draw.choose([None, 1, 2, -1, -2]))


def index(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    keys = [_key(draw) for _ in range(draw.integer(1, 3))]
    if keys.count(...) > 1:
        keys = [key for key in keys if key is not ...] or [0]
    return x[tuple(keys) if len(keys) > 1 else keys[0]]


def parts(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    axis = draw.integer(-1, x.shape.rank)
    return [
        x.values, x.row_lengths(), x.value_rowids(), x.nrows(), x.row_starts(), x.row_limits(), x.bounding_shape(),
        list(x.nested_row_lengths()), list(x.nested_value_rowids()), x.ragged_rank, str(x.uniform_row_length is None),
        str(x.to_list()), x.row_lengths(axis=axis),
    ]  # fmt: skip


def to_tensor(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    default = draw.choose([None, draw.values([])])
    shape = None
    if draw.integer(0, 1):
        sizes = x.bounding_shape().numpy()
        shape = [draw.choose([None, None, int(n), int(n) + 1, max(int(n) - 1, 0)]) for n in sizes]
    return x.to_tensor(default, shape=shape)


def to_sparse(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    sparse = x.to_sparse()
    return [sparse.indices, sparse.values, sparse.dense_shape]


def merge_dims(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    outer = draw.integer(0, x.shape.rank - 1)
    return x.merge_dims(outer, draw.integer(outer, x.shape.rank - 1))


def elementwise(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    functions = [tf.abs, tf.negative, tf.square, tf.sign, tf.identity, tf.zeros_like, tf.ones_like]
    if x.dtype.is_floating:
        functions += [
            tf.exp,
            tf.tanh,
            tf.sigmoid,
            tf.nn.relu,
            tf.nn.elu,
            tf.nn.gelu,
            tf.math.softplus,
            tf.cos,
            tf.round,
        ]
    return draw.choose(functions)(x)


def broadcast(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    function = draw.choose([tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum, tf.math.squared_difference])
    kind = draw.integer(0, 5)
    if kind == 0:
        y = draw.values([])
    elif kind == 1:
        y = draw.other(x)
    elif kind == 2:
        y = draw.values([1] * draw.integer(1, x.shape.rank))
    elif kind == 3:
        y = draw.values([x.shape[0]] + [1] * (x.shape.rank - 1))
    elif kind == 4 and draw.case["inner"]:
        y = draw.values(list(x.flat_values.shape[1:]))
    else:
        y = draw.ragged()
    return function(x, y) if draw.integer(0, 1) else function(y, x)


def compare(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    y = draw.other(x)
    return [x == y, x != y, x < y, x >= y, x > 0, x <= 1]


def _axis(x: Any, draw: Any) -> Any:
    rank = x.shape.rank
    one = draw.integer(-rank, rank - 1)
    several = sorted({draw.integer(0, rank - 1) for _ in range(2)})
    return draw.choose([None, one, one, one, several])


def reduce(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    function = draw.choose([tf.reduce_sum, tf.reduce_sum, tf.reduce_max, tf.reduce_min, tf.reduce_prod])
    axis = _axis(x, draw)
    return function(x, axis=axis, keepdims=axis is not None and bool(draw.integer(0, 1)))


def mean(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    function = draw.choose([tf.reduce_mean, tf.reduce_mean, tf.math.reduce_variance])
    return function(x, axis=draw.choose([None, draw.integer(-x.shape.rank, x.shape.rank - 1)]))


def logical(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    a, b = x > 0, draw.other(x) > 1
    axis = draw.integer(0, x.shape.rank - 1)
    return [a & b, a | b, a ^ b, ~a, tf.reduce_any(a, axis), tf.reduce_all(a, axis), tf.logical_and(a, b)]


def softmax(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return tf.nn.softmax(x)


def cumsum(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    axis = draw.integer(0, x.shape.rank - 1)
    return tf.cumsum(x, axis, exclusive=bool(draw.integer(0, 1)), reverse=bool(draw.integer(0, 1)))


def _beside(x: Any, draw: Any) -> list:
    """``x`` and one or two more, most of which fit it."""
    return [x, *(draw.choose([draw.other(x), draw.other(x), draw.ragged()]) for _ in range(draw.integer(1, 2)))]


def concat(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return tf.concat(_beside(x, draw), axis=draw.integer(-x.shape.rank, x.shape.rank - 1))


def stack(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return draw.choose([tf.stack, tf.ragged.stack])(_beside(x, draw), axis=draw.integer(0, x.shape.rank))


def tile(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return tf.tile(x, [draw.integer(0, 3) for _ in range(x.shape.rank)])


def expand_dims(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return tf.expand_dims(x, draw.integer(-x.shape.rank - 1, x.shape.rank))


def squeeze(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    axis = draw.integer(0, x.shape.rank)
    return tf.squeeze(tf.expand_dims(x, axis), [axis])


def reverse(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return tf.reverse(x, sorted({draw.integer(0, x.shape.rank - 1) for _ in range(2)}))


def split(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    rows = x.shape[0]
    first = draw.integer(0, rows)
    return tf.split(x, draw.choose([rows, [first, rows - first]]))


def gather(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    rows = x.shape[0]
    numbers = draw.random.integers(rows, size=draw.choose([(3,), (2, 2), ()]))
    if draw.integer(0, 3):
        return tf.gather(x, tf.constant(numbers))
    lengths = draw.lengths(3)
    return tf.gather(x, tf.RaggedTensor.from_row_lengths(draw.random.integers(rows, size=sum(lengths)), lengths))


def gather_batch(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    lengths = x.row_lengths().numpy()
    places = [draw.integer(0, n - 1) for n in lengths for _ in range(2) if n]
    per_row = [2 if n else 0 for n in lengths]
    kind = draw.case["splits"]
    indices = tf.RaggedTensor.from_row_lengths(tf.constant(places, tf.int64), tf.constant(per_row, kind))
    return tf.gather(x, indices, batch_dims=1)


def gather_nd(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    full = [i for i, n in enumerate(x.row_lengths().numpy()) if n]
    if not full or draw.integer(0, 1):
        return tf.gather_nd(x, [[draw.integer(0, x.shape[0] - 1)] for _ in range(3)])
    return tf.gather_nd(x, [[draw.choose(full), 0] for _ in range(3)])


def where(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    condition = draw.other(x) > 0
    return [tf.where(condition), tf.where(condition, x, draw.other(x)), tf.where(condition, x, draw.values([]))]


def boolean_mask(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    if draw.integer(0, 1):
        return tf.ragged.boolean_mask(x, draw.random.random(x.shape[0]) < 0.5)
    depth = draw.integer(1, x.ragged_rank)
    mask = x
    for _ in range(depth - 1):
        mask = mask.values
    flags = tf.constant(draw.random.random(int(mask.row_splits[-1])) < 0.5)
    rows = tf.RaggedTensor.from_nested_row_splits(flags, x.nested_row_splits[:depth])
    return tf.ragged.boolean_mask(x, rows)


def one_hot(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return tf.one_hot(x, 5)


def embedding(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    table = tf.constant(draw.random.normal(size=(9, 2)), tf.float64)
    layer = keras.layers.Embedding(9, 3, embeddings_initializer="ones")
    return [tf.nn.embedding_lookup(table, tf.abs(x)), layer(tf.abs(x))]


def segments(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    ids = draw.random.integers(3, size=x.shape[0])
    names = ["sum", "max", "min", "prod"] + (["mean", "sqrt_n"] if x.dtype.is_floating else [])
    return getattr(tf.math, f"unsorted_segment_{draw.choose(names)}")(x, tf.constant(ids), 3)


def map_fn(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return [
        tf.map_fn(lambda row: row * 2, x),
        tf.map_fn(lambda row: tf.reduce_sum(row), x, fn_output_signature=x.dtype),
    ]


def map_flat_values(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return [
        tf.ragged.map_flat_values(tf.add, x, draw.other(x)),
        tf.ragged.map_flat_values(lambda v: tf.stack([v, v], -1), x),
    ]


def from_tensor(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    dense = draw.values([draw.integer(1, 3) for _ in range(draw.integer(2, 4))])
    rank = len(dense.shape)
    kind = draw.integer(0, 2)
    if kind == 0:
        return tf.RaggedTensor.from_tensor(dense, lengths=[draw.integer(0, 3) for _ in range(dense.shape[0])])
    if kind == 1:
        return tf.RaggedTensor.from_tensor(dense, ragged_rank=draw.integer(1, rank - 1))
    padding = dense[(0,) * (rank - 1)] if rank == 2 else None
    return tf.RaggedTensor.from_tensor(dense, padding=None if padding is None else dense[0, -1])


def constructors(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    count = x.shape[0] if x.ragged_rank == 1 else int(x.values.nrows())
    values = draw.values([count])
    kind = draw.integer(0, 4)
    ends = sorted(draw.integer(0, count) for _ in range(3))
    if kind == 0:
        return tf.RaggedTensor.from_row_splits(values, [0, *ends, draw.choose([count, count, count + 1])])
    if kind == 1:
        return tf.RaggedTensor.from_value_rowids(values, sorted(draw.integer(0, 3) for _ in range(count)), nrows=5)
    if kind == 2:
        return tf.RaggedTensor.from_row_starts(values, [0, *ends])
    if kind == 3:
        return tf.RaggedTensor.from_row_limits(values, [*ends, count])
    return tf.RaggedTensor.from_uniform_row_length(values, draw.choose([1, max(count, 1), 2]))


def ranges(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    count = draw.integer(1, 4)
    starts, limits = draw.values([count]), draw.values([count])
    step = tf.constant(draw.choose([1, 2, -1]), x.dtype)
    return [tf.ragged.range(starts, limits, step), tf.ragged.range(limits)]


def cross(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    rows = 3
    a = tf.RaggedTensor.from_row_lengths(*_row(draw, draw.lengths(rows)))
    b = tf.RaggedTensor.from_row_lengths(*_row(draw, [1, 2, 1]))
    numbers = tf.constant(draw.random.integers(9, size=(rows, 1)))
    return [
        tf.ragged.cross([a, b]), tf.ragged.cross([a, numbers, b]), tf.ragged.cross_hashed([a, b], num_buckets=50),
        tf.ragged.cross_hashed([numbers, a], hash_key=draw.integer(1, 99)),
    ]  # fmt: skip


def _row(draw: Any, lengths: list) -> tuple:
    return draw.values([sum(lengths)], "string"), lengths


def partitions(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    numbers = draw.random.integers(3, size=x.shape[0])
    ids = sorted(draw.random.integers(4, size=6).tolist())
    return [
        tf.ragged.stack_dynamic_partitions(x, numbers, 3), tf.ragged.segment_ids_to_row_splits(ids),
        tf.ragged.row_splits_to_segment_ids(x.row_splits),
    ]  # fmt: skip


def shape(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return [str(tf.shape(x)), tf.size(x), tf.rank(x), str(tf.type_spec_from_value(x)), tf.zeros(tf.shape(x))]


def text(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    axis = draw.choose([None, draw.integer(0, x.shape.rank - 1)])
    functions = [
        tf.strings.length, tf.strings.upper, tf.strings.strip, lambda t: tf.strings.regex_replace(t, "[a-f]", "*"),
        lambda t: tf.strings.join([t, "-", t]), lambda t: tf.strings.substr(t, 0, 1), lambda t: t + "!",
        lambda t: tf.strings.reduce_join(t, axis=axis, separator="+"), lambda t: tf.strings.to_hash_bucket_fast(t, 9),
        lambda t: tf.strings.to_hash_bucket(t, 9), lambda t: tf.strings.unicode_transcode(t, "UTF-8", "UTF-16-BE"),
    ]  # fmt: skip
    return draw.choose(functions)(x)


def split_text(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    texts = draw.choose([x, draw.values([3]), draw.values([2, 2]), draw.values([])])
    functions = [
        tf.strings.split, tf.strings.bytes_split, lambda t: tf.strings.unicode_split(t, "UTF-8"),
        lambda t: tf.strings.unicode_decode(t, "UTF-8"), lambda t: tf.strings.split(t, sep=","),
        lambda t: tf.strings.unicode_decode_with_offsets(t, "UTF-8"),
        lambda t: tf.strings.unicode_encode(tf.strings.unicode_decode(t, "UTF-8"), "UTF-8"),
    ]  # fmt: skip
    return draw.choose(functions)(texts)


def ngrams(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    pads = draw.choose([None, "P", ("L", "R")])
    width = draw.choose([1, 2, 3, [1, 2], [2, 3]])
    return tf.strings.ngrams(
        x,
        width,
        separator="_",
        pad_values=pads,
        padding_width=draw.choose([None, 1]) if pads else None,
        preserve_short_sequences=bool(draw.integer(0, 1)),
    )


def dataset(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    data = tf.data.Dataset.from_tensor_slices((x, tf.range(x.shape[0])))
    kind = draw.integer(0, 3)
    if kind == 0:
        data = data.batch(2)
    elif kind == 1:
        data = data.batch(2).unbatch().batch(3)
    elif kind == 2:
        data = data.map(lambda a, b: (a, b + 1)).take(2)
    else:
        data = tf.data.Dataset.range(4).map(lambda i: tf.ones([i], tf.int32)).ragged_batch(2)
    return [str(data.element_spec), list(data)]


def lookup(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    mode = draw.choose(["int", "int", "multi_hot", "count"]) if x.shape.rank == 2 else "int"
    return keras.layers.StringLookup(vocabulary=["a", "bc", "Wort"], output_mode=mode)(x)


def vectorization(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    layer = keras.layers.TextVectorization(
        ragged=True,
        split=draw.choose(["whitespace", "character"]),
        ngrams=draw.choose([None, 2]),
        output_sequence_length=draw.choose([None, 2]),
        vocabulary=["a", "bc", "wort", "zwei", "drei", "a bc"],
    )
    return layer(draw.values([4]))


def printed(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return [str(x), repr(x)] if draw.case["dtype"] in ("string", "int32") else [str(tf.cast(x, tf.int32))]


def function(keras: Any, tf: Any, x: Any, draw: Any) -> Any:
    return tf.function(lambda y: (y * 2, tf.reduce_sum(y, axis=-1)))(x)


OPERATIONS = {
    name: value
    for name, value in globals().items()
    if callable(value) and not name.startswith("_") and value is not Any
}
OPERATIONS["print"] = OPERATIONS.pop("printed")
