"""``tf.data.Dataset``: pipelines of elements. Methods make nodes (node.py); nodes do the work.

Elements are nested structures of Tensors, handed to functions as TensorFlow does: the components of a tuple are arguments.
Functions are run as they are, one element after another and in order; only their results are converted. What is made of
whole arrays (``from_tensor_slices``, ``range``, a complete ``cache``) is shuffled, batched, repeated ... by row numbers,
without touching single elements. A function that stands before ``batch`` ends that, unless it does nothing but tensor
operations (plain.py): then it runs on many rows at once (mapped.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.core import dispatch, tree
from kerasish.core.dtypes import int64
from kerasish.core.errors import InvalidArgumentError, NotServedError, OutOfRangeError, fail
from kerasish.core.tensor import Tensor, convert
from kerasish.tf.data import combining, files, grouping, memory, resampling, saving, sources, transforms
from kerasish.tf.data.elements import DatasetSpec, NestedDataset
from kerasish.tf.data.iterators import Iterator, NumpyIterator
from kerasish.tf.data.node import INFINITE, UNKNOWN, Node
from kerasish.tf.data.options import Options
from kerasish.tf.data.threads import Prefetch
from kerasish.tf.spec import TensorSpec

AUTOTUNE = -1
INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN
SHARD_HINT = -1
_AHEAD = 2  # elements that prefetch(AUTOTUNE) makes ahead of time


def integer(value: Any, name: str) -> int:
    """An argument that is an integer: a Python or NumPy one, or a scalar int64 tensor.

    Raises:
        TypeError, ValueError: something else.
    """
    if type(value) is int:
        return value
    try:
        return int(convert(int(value) if isinstance(value, np.integer) else value, int64))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


class Dataset(NestedDataset):
    """A sequence of elements, made when they are asked for. Made by the static methods, changed by the others.

    ``len``, iteration and ``element_spec`` are TensorFlow's. The specification of what functions return is found when it is
    asked for, by running them on tensors without storage, or, if they need values, on the first two elements.
    Names of nodes (``name=``) and wishes about speed (``deterministic=``, ``num_parallel_calls=`` of ``batch`` and
    ``interleave``) are accepted and change no element.
    """

    def __init__(self, variant_tensor: Node) -> None:
        if not isinstance(variant_tensor, Node):
            raise fail(
                TypeError, "Datasets are made by the static methods of tf.data.Dataset", received=repr(variant_tensor)
            )
        self._node = variant_tensor

    # what it is

    @property
    def element_spec(self) -> Any:
        """The structure of specifications of an element."""
        return self._node.spec

    def cardinality(self) -> Tensor:
        """The number of elements, ``tf.data.INFINITE_CARDINALITY`` or ``tf.data.UNKNOWN_CARDINALITY``; an int64."""
        return convert(self._node.cardinality(), int64)

    def __len__(self) -> int:
        size = self._node.cardinality()
        if size == INFINITE:
            raise TypeError("The dataset is infinite.")
        if size == UNKNOWN:
            raise TypeError("The dataset length is unknown.")
        return size

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator:
        return Iterator(self._node)

    def as_numpy_iterator(self) -> NumpyIterator:
        """One pass over the elements, with NumPy values in place of tensors."""
        return NumpyIterator(self)

    def get_single_element(self, name: str | None = None) -> Any:
        """The one element of this dataset.

        Raises:
            InvalidArgumentError: there is none, or there are more.
        """
        iterator = iter(self)
        try:
            element = iterator.get_next()
        except OutOfRangeError:
            raise InvalidArgumentError("Dataset was empty.") from None
        if iterator.get_next_as_optional().has_value():
            raise InvalidArgumentError("Dataset had more than one element.")
        return element

    def options(self) -> Options:
        """The options that were set, of this dataset and its inputs."""
        found, stack = Options(), [self._node]
        while stack:
            node = stack.pop()
            if isinstance(node, memory.WithOptions):
                found = node.options.merge(found)
            stack.extend(node.inputs)
        return found

    def __repr__(self) -> str:
        try:
            spec = repr(self._node.spec)
        except Exception:
            spec = "<unknown>"
        return f"<{self._node.name} element_spec={spec}>"

    def __getattr__(self, name: str) -> Any:
        # nothing on the class: notebooks list dir(Dataset) and ask for each name's documentation
        if name == "fingerprint":
            raise NotServedError(
                "'tf.data.Dataset.fingerprint' is part of TensorFlow but is not served by kerasish yet."
            )
        kind = getattr(vars(self).get("_node"), "name", "Dataset")
        raise AttributeError(f"'{kind}' object has no attribute '{name}'")

    # sources

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """The rows of tensors (or arrays) in a structure; all have the same number.

        Raises:
            ValueError: a scalar, or different numbers of rows.
        """
        return Dataset(sources.Slices(tensors))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """One element."""
        return Dataset(sources.Single(tensors))

    @staticmethod
    def from_generator(
        generator: Callable,
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple | None = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """What ``generator(*args)`` gives, called anew for each pass.

        Args:
            output_signature: structure of ``tf.TensorSpec``; values are converted to it.
            output_types, output_shapes: the older way to say the same.
            args: handed over as NumPy values.

        Raises:
            TypeError: nothing is announced, or twice.
            InvalidArgumentError: while iterating: a value does not fit.
        """
        spec = sources.announced(output_types, output_shapes, output_signature)
        return Dataset(sources.Generator(generator, spec, tuple(args or ())))

    @staticmethod
    def range(*args: Any, output_type: Any = int64, name: str | None = None) -> Dataset:
        """``range(stop)``, ``range(start, stop)`` or ``range(start, stop, step)``."""
        if not 1 <= len(args) <= 3:
            raise ValueError(f"Invalid `args`. The length of `args` should be between 1 and 3 but was {len(args)}.")
        names = (("stop",), ("start", "stop"), ("start", "stop", "step"))[len(args) - 1]
        given = {key: integer(value, key) for key, value in zip(names, args)}
        return Dataset(sources.numbers(given.get("start", 0), given["stop"], given.get("step", 1), output_type))

    @staticmethod
    def counter(start: Any = 0, step: Any = 1, dtype: Any = int64, name: str | None = None) -> Dataset:
        """start, start + step, ... without end."""
        kind = TensorSpec([], dtype).dtype
        first, by = (start, step) if kind.is_floating else (integer(start, "start"), integer(step, "step"))
        return Dataset(sources.Numbers(first, by, None, kind, "_ScanDataset"))

    @staticmethod
    def random(
        seed: int | None = None, rerandomize_each_iteration: bool | None = None, name: str | None = None
    ) -> Dataset:
        """Pseudorandom int64 in [0, 2³²), without end."""
        return Dataset(sources.Random(seed, bool(rerandomize_each_iteration)))

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: int | None = None, name: str | None = None
    ) -> Dataset:
        """The names of the files that match a pattern, or several; in another order each pass unless ``shuffle=False``.

        Raises:
            InvalidArgumentError: there are none.
        """
        names = Dataset.from_tensor_slices(files.matching_files(file_pattern))
        return names if shuffle is False else names.shuffle(len(names), seed)

    # functions on elements

    def map(
        self,
        map_func: Callable,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        synchronous: bool | None = None,
        use_unbounded_threadpool: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """The results of ``map_func`` on the elements, in their order.

        Args:
            num_parallel_calls: a number of threads that run the function; ``tf.data.AUTOTUNE`` leaves it to one, since
                Python's functions seldom run faster in several.
        """
        parallel = num_parallel_calls is not None
        workers = integer(num_parallel_calls, "num_parallel_calls") if parallel else 1
        if workers < 1 and workers != AUTOTUNE:
            raise InvalidArgumentError("num_parallel_calls must be greater than zero.")
        return Dataset(transforms.Map(self._node, map_func, workers, parallel))

    def filter(self, predicate: Callable, name: str | None = None) -> Dataset:
        """The elements for which ``predicate`` gives a true boolean scalar."""
        return Dataset(transforms.Filter(self._node, predicate))

    def take_while(self, predicate: Callable, name: str | None = None) -> Dataset:
        """The elements before the first one for which ``predicate`` is false."""
        return Dataset(transforms.TakeWhile(self._node, predicate))

    def scan(self, initial_state: Any, scan_func: Callable, name: str | None = None) -> Dataset:
        """The outputs of ``scan_func(state, element) -> (new state, output)``."""
        return Dataset(transforms.Scan(self._node, initial_state, scan_func))

    def reduce(self, initial_state: Any, reduce_func: Callable, name: str | None = None) -> Any:
        """The last state that ``reduce_func(state, element)`` returns."""
        return transforms.reduce(self._node, initial_state, reduce_func)

    def flat_map(self, map_func: Callable, name: str | None = None) -> Dataset:
        """The elements of the datasets that ``map_func`` returns, one dataset after another."""
        return Dataset(combining.FlatMap(self._node, map_func))

    def interleave(
        self,
        map_func: Callable,
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements of the datasets that ``map_func`` returns: of ``cycle_length`` datasets (default: the number of
        processors) in turn, ``block_length`` (1) elements from each."""
        cycle = AUTOTUNE if cycle_length is None else integer(cycle_length, "cycle_length")
        block = 1 if block_length is None else integer(block_length, "block_length")
        cycle = os.cpu_count() or 1 if cycle == AUTOTUNE else cycle
        return Dataset(combining.Interleave(self._node, map_func, cycle, block, num_parallel_calls is not None))

    def apply(self, transformation_func: Callable) -> Dataset:
        """What a function from dataset to dataset gives.

        Raises:
            TypeError: something else.
        """
        dataset = transformation_func(self)
        if not isinstance(dataset, Dataset):
            raise TypeError(f"`transformation_func` must return a `tf.data.Dataset` object. Got {type(dataset)}.")
        return dataset

    # order, choice, repetition

    def shuffle(
        self, buffer_size: Any, seed: int | None = None, reshuffle_each_iteration: bool = True, name: str | None = None
    ) -> Dataset:
        """The elements in random order, drawn from a buffer of the next ``buffer_size`` ones.

        With a buffer as large as the dataset the order is a uniform permutation. It depends on ``tf.random.set_seed`` and
        ``seed`` only; each pass has another one unless ``reshuffle_each_iteration`` is False.
        """
        size = integer(buffer_size, "buffer_size")
        if size < 1 and size != UNKNOWN:
            raise InvalidArgumentError("buffer_size must be greater than zero or UNKNOWN_CARDINALITY")
        reshuffle = reshuffle_each_iteration is not False
        return Dataset(transforms.Shuffle(self._node, None if size == UNKNOWN else size, seed, reshuffle))

    def repeat(self, count: Any = None, name: str | None = None) -> Dataset:
        """The elements ``count`` times over; without end if it is None or -1."""
        return Dataset(transforms.Repeat(self._node, -1 if count is None else integer(count, "count")))

    def take(self, count: Any, name: str | None = None) -> Dataset:
        """The first ``count`` elements; all, if it is -1."""
        return Dataset(transforms.Take(self._node, integer(count, "count")))

    def skip(self, count: Any, name: str | None = None) -> Dataset:
        """The elements after the first ``count`` ones; none, if it is -1."""
        return Dataset(transforms.Skip(self._node, integer(count, "count")))

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Dataset:
        """Every ``num_shards``-th element, from the one numbered ``index`` on."""
        return Dataset(transforms.Shard(self._node, integer(num_shards, "num_shards"), integer(index, "index")))

    def unique(self, name: str | None = None) -> Dataset:
        """Each value (int32, int64 or string) at its first appearance."""
        return Dataset(transforms.Unique(self._node))

    def enumerate(self, start: Any = 0, name: str | None = None) -> Dataset:
        """Pairs of an int64, counting from ``start``, and the element."""
        numbers = sources.Numbers(integer(start, "start"), 1, None, int64, "_RangeDataset")
        return Dataset(transforms.Enumerate(self._node, numbers))

    # several datasets

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Elements of several datasets side by side, in the structure in which the datasets are given.

        Raises:
            TypeError: something in it is no dataset.
        """
        if not args and datasets is None:
            raise TypeError("Must pass at least one dataset to `zip`.")
        if args and datasets is not None:
            raise TypeError("Both `*args` and `datasets` cannot be set.")
        structure = datasets if datasets is not None else args[0] if len(args) == 1 else args
        if isinstance(structure, list):
            raise TypeError(
                "Invalid input to `zip`. Inputs are expected to be (nested) structures of `tf.data.Dataset` objects. Python "
                "`list` is not supported and you should use `tuple` instead."
            )
        for leaf in tree.flatten(structure):
            if not isinstance(leaf, NestedDataset):
                raise TypeError(
                    "Invalid input to `zip`. Inputs are expected to be (nested) structures of `tf.data.Dataset` objects but "
                    f"encountered object of type {type(leaf)}."
                )
        return Dataset(combining.Zip(tree.map_structure(lambda leaf: leaf._node, structure)))

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """These elements, then those of ``dataset``."""
        return Dataset(combining.Concatenate(self._node, dataset._node))

    @staticmethod
    def choose_from_datasets(
        datasets: Sequence[Dataset], choice_dataset: Dataset, stop_on_empty_dataset: bool = True
    ) -> Dataset:
        """Elements of several datasets, each from the one whose number ``choice_dataset`` gives next.

        Raises:
            ValueError: no datasets.
            TypeError: choices are not scalar int64.
        """
        if not datasets:
            raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
        if choice_dataset._node.static and choice_dataset.element_spec != TensorSpec([], int64):
            raise TypeError(
                "Invalid `choice_dataset`. Elements of `choice_dataset` must be scalar `tf.int64` tensors but are "
                f"{choice_dataset.element_spec}."
            )
        nodes = [dataset._node for dataset in datasets]
        return Dataset(combining.Directed(choice_dataset._node, nodes, bool(stop_on_empty_dataset)))

    @staticmethod
    def sample_from_datasets(
        datasets: Sequence[Dataset],
        weights: Any = None,
        seed: int | None = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> Dataset:
        """Elements of several datasets, chosen at random with ``weights`` (default: equal), a vector or a dataset of them.

        Raises:
            ValueError: no datasets, or another number of weights.
            TypeError: weights that are not floats.
        """
        if not datasets:
            raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
        nodes = [dataset._node for dataset in datasets]
        if isinstance(weights, NestedDataset):
            choices: Any = weights._node
        else:
            nodes, choices = combining.weighted(nodes, weights)
            if len(nodes) == 1:
                return Dataset(nodes[0])
        selector = combining.Choices(choices, seed, bool(rerandomize_each_iteration))
        return Dataset(combining.Directed(selector, nodes, stop_on_empty_dataset))

    # batches, windows, groups

    def batch(
        self,
        batch_size: Any,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Each ``batch_size`` elements as one, with a new first axis; the last has fewer, or is dropped."""
        size, drop = integer(batch_size, "batch_size"), bool(drop_remainder)
        return Dataset(grouping.Batch(self._node, size, drop, num_parallel_calls is not None))

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Each ``batch_size`` elements as one, filled up to a common shape.

        Args:
            padded_shapes: structure of shapes; None in one (or -1): as large as the batch needs. None: so for all
                dimensions.
            padding_values: structure of scalars; None: zero, or the empty string.
        """
        size = integer(batch_size, "batch_size")
        return Dataset(grouping.PaddedBatch(self._node, size, padded_shapes, padding_values, bool(drop_remainder)))

    def ragged_batch(
        self, batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = int64, name: str | None = None
    ) -> Dataset:
        """Each ``batch_size`` elements as one; tensors that differ in size become rows of ragged tensors."""
        size = integer(batch_size, "batch_size")
        return Dataset(grouping.RaggedBatch(self._node, size, bool(drop_remainder), row_splits_dtype))

    def unbatch(self, name: str | None = None) -> Dataset:
        """The rows of the elements."""
        return Dataset(grouping.Unbatch(self._node))

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: str | None = None) -> Dataset:
        """The rows of batches in batches of other sizes; of several sizes in turn, if it is a list."""
        given = batch_size.numpy().tolist() if isinstance(batch_size, Tensor) else batch_size
        sizes = given if isinstance(given, (list, tuple)) else [given]
        return Dataset(grouping.Rebatch(self._node, [integer(s, "batch_size") for s in sizes], bool(drop_remainder)))

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False, name: str | None = None
    ) -> Dataset:
        """Datasets of ``size`` elements, ``stride`` apart, which start ``shift`` (default: ``size``) apart.

        An element with several components becomes as many datasets, in its structure.
        """
        apart = None if shift is None else integer(shift, "shift")
        node = grouping.Window(
            self._node, integer(size, "size"), apart, integer(stride, "stride"), bool(drop_remainder), Dataset
        )
        return Dataset(node)

    def group_by_window(
        self,
        key_func: Callable,
        reduce_func: Callable,
        window_size: Any = None,
        window_size_func: Callable | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Elements gathered by ``key_func(element)``; of each ``window_size`` with one key, ``reduce_func(key, dataset)``.

        Args:
            key_func: returns an int64 scalar.
            window_size: the same for all keys; or ``window_size_func``, from key to int64.
        """
        if (window_size is None) == (window_size_func is None):
            problem = "must be specified" if window_size is None else "can be specified, not both"
            raise ValueError(f"Either the `window_size` argument or the `window_size_func` argument {problem}.")
        if window_size is not None:
            size = convert(integer(window_size, "window_size"), int64)

            def window_size_func(key: Any) -> Any:
                return size

        return Dataset(grouping.GroupByWindow(self._node, key_func, reduce_func, window_size_func, Dataset))

    def bucket_by_sequence_length(
        self,
        element_length_func: Callable,
        bucket_boundaries: Sequence[int],
        bucket_batch_sizes: Sequence[int],
        padded_shapes: Any = None,
        padding_values: Any = None,
        pad_to_bucket_boundary: bool = False,
        no_padding: bool = False,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Padded batches of elements of similar length.

        Args:
            element_length_func: from element to int32, its length.
            bucket_boundaries: upper ends of the buckets, exclusive; there is one bucket more.
            bucket_batch_sizes: elements of a batch, for each bucket.
            pad_to_bucket_boundary: fill up to one less than the bucket's end, not to the longest element.
            no_padding: the elements of a bucket are all of one shape.
        """
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ValueError(
                "`len(bucket_batch_sizes)` must equal `len(bucket_boundaries) + 1` but "
                f"`len(bucket_batch_sizes)={len(bucket_batch_sizes)}` and `len(bucket_boundaries)={len(bucket_boundaries)}`."
            )
        buckets = grouping.Buckets(element_length_func, bucket_boundaries, bucket_batch_sizes)

        def batch(key: Any, members: Dataset) -> Dataset:
            size = buckets.sizes[int(key)]
            if no_padding:
                return members.batch(size, drop_remainder)
            shapes = padded_shapes
            if pad_to_bucket_boundary:
                shapes = buckets.shapes(int(key), self.element_spec, padded_shapes)
            return members.padded_batch(size, shapes, padding_values, drop_remainder)

        whole = self.batch(1) if no_padding else self.padded_batch(1, padded_shapes, padding_values)
        return Dataset(
            grouping.GroupByWindow(self._node, buckets.number, batch, buckets.size, Dataset, lambda: whole.element_spec)
        )

    # memory, errors, options

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """The elements of the first complete pass, kept for the later ones: in memory, or in a folder.

        Args:
            filename: the folder's path; it keeps the elements for other programs, too.
        """
        path = convert(filename).numpy().decode() if dispatch.is_tensor(filename) else os.fspath(filename)
        return Dataset(saving.FileCache(self._node, path) if path else memory.Cache(self._node))

    def prefetch(self, buffer_size: Any, name: str | None = None) -> Dataset:
        """The same elements; where users' functions make them, ``buffer_size`` of them are made ahead, in a thread."""
        size = integer(buffer_size, "buffer_size")
        if size < 0 and size != AUTOTUNE:
            raise InvalidArgumentError("buffer_size must be >= 0 or set buffer_size to be -1 for auto-tuning")
        return Dataset(Prefetch(self._node, _AHEAD if size == AUTOTUNE else size))

    def ignore_errors(self, log_warning: bool = False, name: str | None = None) -> Dataset:
        """The elements that could be made, without those whose making raised an exception."""
        return Dataset(memory.IgnoreErrors(self._node, log_warning))

    def with_options(self, options: Options, name: str | None = None) -> Dataset:
        """The same elements, with options."""
        if not isinstance(options, Options):
            raise fail(TypeError, "`options` must be tf.data.Options", received=repr(options))
        return Dataset(memory.WithOptions(self._node, options))

    # files

    def save(
        self,
        path: str,
        compression: str | None = None,
        shard_func: Callable | None = None,
        checkpoint_args: Any = None,
    ) -> None:
        """Write the elements to a folder, for ``load``; an older one there is replaced when the new one is complete.

        Args:
            compression: None, "NONE" or "GZIP".
            shard_func: from element to the number of the file that it goes to.
            checkpoint_args: for writing that is interrupted; files are written at once here, so it is refused.
        """
        if checkpoint_args is not None:
            raise fail(NotServedError, "Dataset.save(checkpoint_args=...) is not served: files are written at once")
        saving.write(self._node, path, compression, saving.shard_function(shard_func))

    @staticmethod
    def load(
        path: str,
        element_spec: Any = None,
        compression: str | None = None,
        reader_func: Callable | None = None,
        wait: bool = False,
    ) -> Dataset:
        """The elements that ``save`` wrote.

        Args:
            element_spec, compression: known from the files.
            reader_func: from a dataset of datasets, one for each file, to a dataset.
            wait: whether to wait until there is one; refused.

        Raises:
            NotFoundError: there is none.
        """
        if wait:
            raise fail(NotServedError, "Dataset.load(wait=True) is not served", "wait=False", wait)
        node = saving.Saved(path, element_spec)
        if reader_func is None:
            return Dataset(node)
        parts = [Dataset(saving.Saved(path, element_spec, shard)) for shard in node.shards]
        return reader_func(Dataset(sources.Given(parts, DatasetSpec(node.spec))))

    def snapshot(
        self,
        path: str,
        compression: str = "AUTO",
        reader_func: Callable | None = None,
        shard_func: Callable | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The same elements, written to a folder at the first pass and read from it later, in other programs too.

        Args:
            reader_func: is for the order in which files are read; refused.
        """
        if reader_func is not None:
            raise fail(NotServedError, "Dataset.snapshot(reader_func=...) is not served", "None", reader_func)
        return Dataset(saving.Snapshot(self._node, path, compression, saving.shard_function(shard_func)))

    # classes and sparse batches

    def rejection_resample(
        self,
        class_func: Callable,
        target_dist: Any,
        initial_dist: Any = None,
        seed: int | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Pairs of class and element, some left out at random so that classes are distributed as wanted.

        Args:
            class_func: from element to int32, its class.
            target_dist: the wanted share of each class.
            initial_dist: their share now; None: as seen so far.
        """
        return Dataset(resampling.Resampled(self._node, class_func, target_dist, initial_dist, seed))

    def sparse_batch(self, batch_size: Any, row_shape: Any, name: str | None = None) -> Dataset:
        """Each ``batch_size`` tensors as one SparseTensor, whose rows have the shape ``row_shape`` (None: the largest)."""
        return Dataset(resampling.SparseBatch(self._node, integer(batch_size, "batch_size"), row_shape))
