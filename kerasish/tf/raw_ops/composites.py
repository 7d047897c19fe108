"""Raw operations whose sparse and ragged arguments and results are given in parts; operations on tables and checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError
from kerasish.saving import bundle


def sparse(indices: Any, values: Any, shape: Any) -> Any:
    """The sparse tensor of three parts."""
    return tf.SparseTensor(tf.cast(indices, tf.int64), values, tf.cast(shape, tf.int64))


def parts(of: Any) -> tuple:
    """Indices, values and shape of a sparse tensor."""
    return of.indices, of.values, of.dense_shape


def lists(of: Any) -> tuple:
    """The same of several: lists of indices, of values, of shapes."""
    return tuple(list(part) for part in zip(*map(parts, of)))


def all_sparse(indices: Any, values: Any, shapes: Any) -> list:
    """Sparse tensors of lists of parts."""
    return [sparse(*three) for three in zip(indices, values, shapes)]


def axes(of: Any) -> list[int]:
    """Whole numbers of a tensor of any rank."""
    return np.asarray(tf.convert_to_tensor(of)).reshape(-1).tolist()


def set_operation(how: str, a: Any, b: Any, validate_indices: bool) -> tuple:
    """ "a-b", "b-a", "intersection" or "union" of the last axes of two tensors of sets.

    Raises:
        InvalidArgumentError: another operation.
    """
    known: dict[str, Callable] = {
        "a-b": lambda: tf.sets.difference(a, b, True, validate_indices),
        "b-a": lambda: tf.sets.difference(a, b, False, validate_indices),
        "intersection": lambda: tf.sets.intersection(a, b, validate_indices),
        "union": lambda: tf.sets.union(a, b, validate_indices),
    }
    if how not in known:
        raise InvalidArgumentError(f"Invalid set_operation {how}. Expected one of {', '.join(known)}.")
    return parts(known[how]())


def filled(indices: Any, values: Any, shape: Any, default: Any) -> tuple:
    """A sparse tensor whose empty rows have a value: its indices and values, which rows were empty, where values went."""
    given = sparse(indices, values, shape)
    made, empty = tf.sparse.fill_empty_rows(given, default)
    rows = np.asarray(made.indices)[:, 0]
    kept = ~np.asarray(empty)[rows] if len(rows) else np.zeros(0, bool)
    return made.indices, made.values, empty, tf.constant(np.flatnonzero(kept), tf.int64)


def sparse_reduced(function: Callable, given: Any, axis: Any, keep_dims: bool) -> Any:
    """Sums or largest values along axes."""
    return function(given, axes(axis) or None, keep_dims)


def sparse_reduced_parts(function: Callable, given: Any, axis: Any, keep_dims: bool) -> tuple:
    """The same as a sparse tensor's parts."""
    return parts(function(given, axes(axis) or None, keep_dims, True))


def dense_values(function: Callable, given: Any, dense: Any) -> Any:
    """``function(values, dense)`` at the places of a sparse tensor, to whose shape ``dense`` is broadcast."""
    wide = tf.broadcast_to(dense, given.dense_shape)
    return function(given.values, tf.gather_nd(wide, given.indices))


def combined(function: Callable, data: Any, indices: Any, segment_ids: Any, num_segments: Any = None) -> Any:
    """Sums or means of chosen rows."""
    return function(data, indices, segment_ids, num_segments)


def spread(function: Callable, grad: Any, indices: Any, segment_ids: Any, rows: Any) -> Any:
    """The gradient of ``combined`` with respect to ``data``, which has ``rows`` rows."""
    grad = tf.convert_to_tensor(grad)
    data = tf.zeros([int(rows), *grad.shape[1:]], grad.dtype)
    with tf.GradientTape() as tape:
        tape.watch(data)
        made = function(data, indices, segment_ids, len(grad))
    return tf.convert_to_tensor(tape.gradient(made, data, grad, unconnected_gradients="zero"))


def ragged(splits: Any, values: Any) -> Any:
    """The ragged tensor of lists of row splits, the outermost first."""
    return tf.RaggedTensor.from_nested_row_splits(values, [tf.convert_to_tensor(part) for part in splits])


def nested(of: Any) -> tuple:
    """The row splits and flat values of a ragged tensor."""
    return list(of.nested_row_splits), of.flat_values


def gathered(splits: Any, values: Any, indices: Any) -> tuple:
    """Rows of a ragged tensor, as splits and values."""
    return nested(tf.gather(ragged(splits, values), indices))


def in_rows(made: Any) -> tuple:
    """Row splits and values of a ragged vector of vectors."""
    return made.row_splits, made.values


def decoded(texts: Any, *rest: Any) -> Any:
    """``tf.strings.unicode_decode``, of a vector."""
    return in_rows(tf.strings.unicode_decode(tf.reshape(texts, [-1]), *rest))


def decoded_with_offsets(texts: Any, *rest: Any) -> tuple:
    """The same, and where in the bytes each character begins."""
    characters, offsets = tf.strings.unicode_decode_with_offsets(tf.reshape(texts, [-1]), *rest)
    return (*in_rows(characters), offsets.values)


def encoded(values: Any, splits: Any, *rest: Any) -> Any:
    """Texts of code points."""
    return tf.strings.unicode_encode(tf.RaggedTensor.from_row_splits(values, splits), *rest)


def ngrams(
    data: Any, splits: Any, separator: str, widths: Any, left: str, right: str, pad_width: int, preserve: bool
) -> tuple:
    """Runs of ``widths`` words of each row, joined; and their row splits.

    Args:
        pad_width: how many ``left`` and ``right`` words a row gets at its ends; negative: one less than the width.
        preserve: whether a row too short for any run is one of its own.
    """
    rows = tf.RaggedTensor.from_row_splits(data, splits)
    made = tf.strings.ngrams(
        rows,
        [int(width) for width in widths],
        separator,
        (left, right) if pad_width else None,
        None if pad_width < 0 or not pad_width else pad_width,
        preserve,
    )
    return made.values, tf.cast(made.row_splits, tf.convert_to_tensor(splits).dtype)


# connectionist temporal classification -----------------------------------------------------------------------------------


def greedy(inputs: Any, sequence_length: Any, merge_repeated: bool, blank_index: int) -> tuple:
    """The likeliest class of each step: a sparse tensor's parts, and the negative sums of logits."""
    blank = blank_index if blank_index >= 0 else tf.convert_to_tensor(inputs).shape[-1] + blank_index
    found, score = tf.nn.ctc_greedy_decoder(inputs, sequence_length, merge_repeated, blank)
    return (*parts(found[0]), score)


def beams(inputs: Any, sequence_length: Any, beam_width: int, top_paths: int, merge_repeated: bool) -> tuple:
    """The likeliest labels by a beam search; labels that are repeated in the result become one if so wanted."""
    found, scores = tf.nn.ctc_beam_search_decoder(inputs, sequence_length, beam_width, top_paths)
    return (*lists([_merged(one) for one in found] if merge_repeated else found), scores)


def _merged(labels: Any) -> Any:
    """Rows of labels (batch, time) without those that equal the one before."""
    rows = [[] for _ in range(int(labels.dense_shape[0]))]  # type: list[list[int]]
    for (row, _), label in zip(labels.indices.numpy(), labels.values.numpy()):
        if not rows[row] or rows[row][-1] != label:
            rows[row].append(label)
    return tf.RaggedTensor.from_row_lengths(
        tf.constant([label for row in rows for label in row], tf.int64), [len(row) for row in rows]
    ).to_sparse()


def ctc_loss(inputs: Any, indices: Any, values: Any, sequence_length: Any, *switches: bool) -> tuple:
    """Losses of label sequences, and their gradients by the logits (time, batch, classes)."""
    inputs, lengths = tf.convert_to_tensor(inputs), tf.convert_to_tensor(sequence_length)
    labels = sparse(indices, values, [len(lengths), max(int(tf.reduce_max(lengths)), 1)])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.compat.v1.nn.ctc_loss(labels, inputs, lengths, *switches)
    return loss, tape.gradient(loss, inputs, unconnected_gradients="zero")


# checkpoints and tables -----------------------------------------------------------------------------------------------


def _texts(x: Any) -> list[str]:
    return [text.decode() for text in np.asarray(tf.convert_to_tensor(x, tf.string)).reshape(-1)]


def _whole(slices: list[str]) -> None:
    if any(slices):
        raise NotImplementedError("Slices of tensors in checkpoints are not served by kerasish; '' is the whole.")


def save(prefix: Any, names: Any, slices: Any, tensors: Any) -> None:
    """Write a checkpoint.

    Raises:
        NotImplementedError: parts of tensors.
    """
    _whole(_texts(slices))
    pairs = zip(_texts(names), tensors)
    bundle.write(_texts(prefix)[0], {name: tf.convert_to_tensor(x).numpy for name, x in pairs})


def restore(prefix: Any, names: Any, slices: Any, kinds: Any) -> list:
    """Tensors of a checkpoint.

    Raises:
        NotFoundError: there is no such file, or no tensor of a name.
        InvalidArgumentError: one has another dtype.
        NotImplementedError: parts of tensors.
    """
    _whole(_texts(slices))
    reader, out = tf.train.load_checkpoint(_texts(prefix)[0]), []
    for name, kind in zip(_texts(names), kinds):
        value = tf.convert_to_tensor(reader.get_tensor(name))
        if value.dtype != tf.as_dtype(kind):
            raise InvalidArgumentError(
                f"tensor_name = {name}; expected dtype {tf.as_dtype(kind).name} does not equal original dtype "
                f"{value.dtype.name} [Op:RestoreV2]"
            )
        out.append(value)
    return out


def sharded_name(basename: Any, shard: Any, num_shards: Any) -> Any:
    """``base-00000-of-00002``."""
    text = f"{_texts(basename)[0]}-{int(shard):05d}-of-{int(num_shards):05d}"
    return tf.constant(text)


def sharded_pattern(basename: Any, num_shards: Any) -> Any:
    """``base-?????-of-00002``."""
    return tf.constant(f"{_texts(basename)[0]}-?????-of-{int(num_shards):05d}")
