"""Functions of ``tf.compat.v1`` that are none of today's: sparse values as arguments, writes to rows, partitioners."""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from kerasish import initializers
from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import convert
from kerasish.tf import math, reductions, sparse, tiling
from kerasish.tf.compat.v1 import aliases
from kerasish.tf.compat.v1.variables import add_to_collection, get_variable, variable_scope
from kerasish.tf.creation import cast, zeros
from kerasish.tf.distribute.experimental import partitioners
from kerasish.tf.indexing import gather
from kerasish.tf.io import records
from kerasish.tf.linalg import matmul
from kerasish.tf.quantization import quantize
from kerasish.tf.scopes import name_scope
from kerasish.tf.slices import IndexedSlices


def _raw(name: str, **kwargs: Any) -> Any:
    return getattr(aliases.today("raw_ops"), name)(**kwargs)


# dense ----------------------------------------------------------------------------------------------------------------


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Any:
    """Elements along the last axis of ``indices``, of the same sample."""
    indices = convert(indices)
    return gather(params, indices, batch_dims=indices.shape.rank - 1)


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Any:
    """t, made shorter if its norm divided by the number of its elements is above ``clip_norm``."""
    t = convert(t)
    count = float(t.shape.num_elements())
    inverse = math.rsqrt(reductions.reduce_sum(t * t))
    return t * (clip_norm * math.minimum(inverse * count, convert(1.0 / clip_norm, t.dtype)))


def convert_to_tensor_or_sparse_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A sparse tensor as it is, of three parts too; anything else as a tensor.

    Raises:
        RuntimeError: a sparse tensor of another dtype.
    """
    if isinstance(value, SparseTensor) or type(value).__name__ == "SparseTensorValue":
        value = SparseTensor.from_value(value)
        if dtype is not None and value.dtype != dtype:
            raise RuntimeError(f"Sparse dtype mismatch. Requested: {dtype}, Actual: {value.dtype.name}")
        return value
    return convert(value, dtype)


def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """``IndexedSlices`` as they are; anything else as a tensor.

    Raises:
        ValueError: slices of another dtype.
    """
    if isinstance(value, IndexedSlices):
        if dtype is not None and value.dtype != dtype:
            raise ValueError(f"Tensor conversion requested dtype {dtype} for Tensor with dtype {value.dtype.name}")
        return value
    return convert(value, dtype)


def batch_to_space(
    input: Any,  # noqa: A002
    crops: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: int | None = None,
) -> Any:
    """Blocks of images (batch, height, width, channels) from the batch; ``block_size`` is a number."""
    size = block_shape if block_size is None else block_size
    return tiling.batch_to_space(input, [size, size], crops)


def space_to_batch(
    input: Any,  # noqa: A002
    paddings: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: int | None = None,
) -> Any:
    """Blocks of images (batch, height, width, channels) into the batch; ``block_size`` is a number."""
    size = block_shape if block_size is None else block_size
    return tiling.space_to_batch(input, [size, size], paddings)


def sparse_matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of two matrices of tensors, as float32.

    Args:
        a_is_sparse, b_is_sparse: whether there are many zeros: they change nothing but TensorFlow's speed.
    """
    return matmul(cast(a, "float32"), cast(b, "float32"), transpose_a, transpose_b)


def quantize_v2(
    input: Any,  # noqa: A002
    min_range: Any,
    max_range: Any,
    T: Any,  # noqa: N803
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    narrow_range: bool = False,
    axis: int | None = None,
    ensure_minimum_range: float = 0.01,
) -> Any:
    """Numbers as whole numbers of few bits: ``tf.quantization.quantize``."""
    return quantize(input, min_range, max_range, T, mode, round_mode, None, narrow_range, axis, ensure_minimum_range)


def setdiff1d(x: Any, y: Any, index_dtype: Any = "int32", name: str | None = None) -> Any:
    """The elements of x that y lacks (``out``), and where they are in x (``idx``)."""
    x = convert(x)
    return _raw("ListDiff", x=x, y=convert(y, x.dtype), out_idx=index_dtype)


def to_complex64(x: Any, name: str = "ToComplex64") -> Any:
    """x as complex64."""
    return cast(x, "complex64")


def to_complex128(x: Any, name: str = "ToComplex128") -> Any:
    """x as complex128."""
    return cast(x, "complex128")


def Print(  # noqa: N802 - TensorFlow's name
    input_: Any,
    data: Iterable[Any],
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Any:
    """``input_``; prints the message and the first elements of each of ``data`` to the error stream.

    Args:
        first_n: of graphs, whose nodes count how often they printed: each call prints here.
        summarize: how many elements of each; default: 3, negative: all.
    """
    most = 3 if summarize is None else summarize
    print((message or "") + "".join(_some(value, most) for value in data), file=sys.stderr)
    return convert(input_)


def _some(value: Any, most: int) -> str:
    array = convert(value).numpy()
    flat = np.asarray(array).reshape(-1)
    shown = " ".join(
        str(x.decode(errors="replace") if isinstance(x, bytes) else x) for x in flat[: None if most < 0 else most]
    )
    return f"[{shown}{'...' if 0 <= most < flat.size else ''}]"


def add_check_numerics_ops() -> None:
    """Of graphs.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "add_check_numerics_ops() is not compatible with eager execution. To check for Inf's and NaN's under eager "
        "execution, call tf.debugging.enable_check_numerics() once before executing the checked operations."
    )


# sparse ---------------------------------------------------------------------------------------------------------------


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Any:
    """A tensor with values at some places and ``default_value`` at the others.

    Args:
        sparse_indices: a place of a vector, several of them (n,), or (n, rank).
        sparse_values: (n,), or one for all of them.

    Raises:
        InvalidArgumentError: places that do not rise, or lie outside.
    """
    indices, shape = convert(sparse_indices).numpy(), [int(n) for n in convert(output_shape).numpy()]
    indices = np.atleast_1d(indices).reshape(-1, 1) if np.ndim(indices) < 2 else indices
    values = convert(sparse_values)
    if validate_indices:
        _check_places(indices, shape)
    flat = dispatch.raw(values)
    if values.shape.rank == 0:
        flat = np.full(len(indices), flat, dtype=object) if isinstance(flat, np.ndarray) else flat.expand(len(indices))
    default = None if values.dtype == "string" and default_value == 0 else convert(default_value, values.dtype)
    made = SparseTensor(indices.astype(np.int64), dispatch.wrap(flat), shape)
    return sparse.to_dense(made, default, validate_indices=False)


def _check_places(indices: np.ndarray, shape: list[int]) -> None:
    for i, place in enumerate(indices):
        shown = f"indices[{i}] = [{','.join(map(str, place))}]"
        if any(not 0 <= n < size for n, size in zip(place, shape)):
            raise InvalidArgumentError(f"{shown} is out of bounds: need 0 <= index < [{','.join(map(str, shape))}]")
        if i and tuple(place) <= tuple(indices[i - 1]):
            kind = "repeated" if tuple(place) == tuple(indices[i - 1]) else "out of order"
            raise InvalidArgumentError(
                f"{shown} is {kind}. Many sparse ops require sorted indices. Use `tf.sparse.reorder` to create a correctly "
                "ordered copy."
            )


def sparse_merge(
    sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None, already_sorted: bool = False
) -> SparseTensor:
    """Values at the places that ids name: the last dimension of both is replaced by the ids.

    Args:
        sp_ids: a sparse tensor of ids, or a list of several, each of which gives a dimension.
        sp_values: of the same places.
        vocab_size: how many ids there are, one number for each of ``sp_ids``.
        already_sorted: whether the result needs no reordering.

    Raises:
        ValueError: as many numbers as ids are needed.
    """
    ids = list(sp_ids) if isinstance(sp_ids, (list, tuple)) else [sp_ids]
    sizes = list(vocab_size) if isinstance(sp_ids, (list, tuple)) else [vocab_size]
    if len(ids) != len(sizes):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    first = ids[0].indices.numpy()[:, :-1]
    columns = [np.asarray(one.values.numpy()).astype(np.int64).reshape(-1, 1) for one in ids]
    places = np.concatenate([first, *columns], axis=1)
    shape = [*ids[0].dense_shape.numpy()[:-1].tolist(), *(int(n) for n in sizes)]
    made = SparseTensor(places, sp_values.values, shape)
    return made if already_sorted else sparse.reorder(made)


def sparse_reduce_max_sparse(
    sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None, keep_dims: Any = None
) -> SparseTensor:
    """The largest of the values along axes, as a sparse tensor."""
    return sparse.reduce_max(sp_input, *_reduced(axis, keepdims, reduction_axes, keep_dims), output_is_sparse=True)


def sparse_reduce_sum_sparse(
    sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None, keep_dims: Any = None
) -> SparseTensor:
    """The sum of the values along axes, as a sparse tensor."""
    return sparse.reduce_sum(sp_input, *_reduced(axis, keepdims, reduction_axes, keep_dims), output_is_sparse=True)


def _reduced(axis: Any, keepdims: Any, reduction_axes: Any, keep_dims: Any) -> tuple[Any, bool]:
    return (reduction_axes if axis is None else axis), bool(keep_dims if keepdims is None else keepdims)


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> None:
    """Of graphs. Packages name it in annotations.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "tf.placeholder() is not compatible with eager execution. Use the arguments of a function (tf.function), or "
        "tf.keras.Input instead."
    )


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> None:
    """Of graphs.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("`sparse_placeholder` is not compatible with eager execution.")


# first values ---------------------------------------------------------------------------------------------------------


def uniform_unit_scaling_initializer(factor: float = 1.0, seed: int | None = None, dtype: Any = "float32") -> Any:
    """Uniform numbers between ± factor · √(3 / inputs): the scale of activations stays."""
    return initializers.VarianceScaling(factor * factor, "fan_in", "uniform", seed)


# variables ------------------------------------------------------------------------------------------------------------


def _rows(rule: str, first: bool = False) -> Callable:
    def scatter(ref: Any, indices: Any, updates: Any, use_locking: bool = first, name: str | None = None) -> Any:
        return getattr(ref, f"scatter_{rule}")(IndexedSlices(convert(updates, ref.dtype), convert(indices)))

    scatter.__name__ = scatter.__qualname__ = f"scatter_{rule}"
    scatter.__doc__ = f"Apply '{rule}' to some of a variable's rows."
    return scatter


def _places(rule: str, first: bool = False) -> Callable:
    def scatter(ref: Any, indices: Any, updates: Any, use_locking: bool = first, name: str | None = None) -> Any:
        return getattr(ref, f"scatter_nd_{rule}")(convert(indices), convert(updates, ref.dtype))

    scatter.__name__ = scatter.__qualname__ = f"scatter_nd_{rule}"
    scatter.__doc__ = f"Apply '{rule}' to the elements or slices of a variable at ``indices``."
    return scatter


scatter_mul, scatter_div, scatter_min, scatter_max = (_rows(rule) for rule in ("mul", "div", "min", "max"))
scatter_nd_add, scatter_nd_sub, scatter_nd_update = _places("add"), _places("sub"), _places("update", True)


def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Set slices of each sample: ``ref[b, indices[b, i]] = updates[b, i]``."""
    return ref.batch_scatter_update(IndexedSlices(convert(updates, ref.dtype), convert(indices)))


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Any:
    """The value of a scalar variable, which is 1 more afterwards.

    Raises:
        OutOfRangeError: it is ``limit`` already.
    """
    return ref.count_up_to(limit)


def get_local_variable(name: str, shape: Any = None, **kwargs: Any) -> Any:
    """``get_variable`` of one that is not trained."""
    return get_variable(name, shape, **{**kwargs, "trainable": False})


def is_variable_initialized(variable: Any) -> Any:
    """Whether a variable has a value: it has, from the beginning."""
    return convert(True)


def report_uninitialized_variables(var_list: Any = None, name: str = "report_uninitialized_variables") -> Any:
    """The names of variables without a value: none."""
    return zeros([0], "string")


def assert_variables_initialized(var_list: Any = None) -> None:
    """Nothing: variables have their values from the beginning."""


def add_to_collections(names: Any, value: Any) -> None:
    """Add to a graph's collections, which there are none of where operations run as they are called."""
    for name in (names,) if isinstance(names, str) else tuple(names):
        add_to_collection(name, value)


def resource_variables_enabled() -> bool:
    """Whether variables are those of TensorFlow 2: they are."""
    return True


def no_regularizer(_: Any) -> None:
    """A regularizer that adds nothing."""


# partitioners ---------------------------------------------------------------------------------------------------------


def _along(partitioner: Any, default: int) -> Callable:
    return lambda shape, dtype, axis=default: partitioner(shape, dtype, axis)


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Callable:
    """A function of shape and dtype: so many parts along an axis."""
    return _along(partitioners.FixedShardsPartitioner(num_shards), axis)


def variable_axis_size_partitioner(
    max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16, max_shards: int | None = None
) -> Callable:
    """A function of shape and dtype: as few parts along an axis as have at most so many bytes.

    Raises:
        ValueError: a number that is not positive.
    """
    return _along(partitioners.MaxSizePartitioner(max_shard_bytes, max_shards, bytes_per_string_element), axis)


def min_max_variable_partitioner(
    max_partitions: int = 1, axis: int = 0, min_slice_size: int = 256 << 10, bytes_per_string_element: int = 16
) -> Callable:
    """A function of shape and dtype: as many parts along an axis as have at least so many bytes.

    Raises:
        ValueError: a number that is not positive.
    """
    return _along(partitioners.MinSizePartitioner(min_slice_size, max_partitions, bytes_per_string_element), axis)


# scopes ---------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def container(container_name: str) -> Iterator[str]:
    """A block; variables have no containers."""
    yield container_name


def op_scope(values: Any, name: str | None, default_name: str | None = None) -> Any:
    """A block whose operations' names begin with a name; ``name_scope`` with its arguments in another order."""
    return name_scope(default_name if name is None else name)


def variable_op_scope(values: Any, name_or_scope: Any, default_name: str | None = None, **kwargs: Any) -> Any:
    """``variable_scope`` with its arguments in another order."""
    return variable_scope(name_or_scope, default_name, values, **kwargs)


# tests ----------------------------------------------------------------------------------------------------------------


@functools.cache
def get_temp_dir() -> str:
    """A folder for the files of tests, the same at each call; it goes with the process."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# records --------------------------------------------------------------------------------------------------------------

TFRecordCompressionType = records.TFRecordCompressionType


def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a file.

    Args:
        options: a ``TFRecordOptions`` or a compression.

    Raises:
        DataLossError: the file is damaged.
    """
    compression = records.TFRecordOptions.get_compression_type_string(options)
    for record in aliases.today("data.TFRecordDataset")(path, compression):
        yield record.numpy()


def summary_iterator(path: Any) -> Iterator[Any]:
    """The events of a file that ``tf.summary`` wrote, as messages of the package ``tensorboard``.

    Raises:
        ImportError: it is not installed.
        DataLossError, NotFoundError: the file is damaged, or there is none.
    """
    try:
        from tensorboard.compat.proto import event_pb2
    except ImportError as error:
        raise ImportError("tf.compat.v1.train.summary_iterator needs tensorboard: pip install tensorboard") from error
    for record in tf_record_iterator(path):
        yield event_pb2.Event.FromString(record)
