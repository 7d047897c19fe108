"""Data of replicas: contexts of the functions that make it, datasets, and options."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from kerasish.core.errors import OutOfRangeError
from kerasish.distribution.processes import num_processes, process_id
from kerasish.distribution.strategies import DataParallel


class InputReplicationMode(enum.Enum):
    """Who makes the data: one function for each worker or one for each replica."""

    PER_WORKER = "PER_WORKER"
    PER_REPLICA = "PER_REPLICA"


class InputContext:
    """Which part of the data a function is to make.

    Args:
        num_input_pipelines: how many such functions run.
        input_pipeline_id: the number of this one.
        num_replicas_in_sync: how many replicas share a global batch.
    """

    def __init__(self, num_input_pipelines: int = 1, input_pipeline_id: int = 0, num_replicas_in_sync: int = 1) -> None:
        self._num_input_pipelines = num_input_pipelines
        self._input_pipeline_id = input_pipeline_id
        self._num_replicas_in_sync = num_replicas_in_sync

    num_input_pipelines = property(lambda self: self._num_input_pipelines)
    input_pipeline_id = property(lambda self: self._input_pipeline_id)
    num_replicas_in_sync = property(lambda self: self._num_replicas_in_sync)

    def get_per_replica_batch_size(self, global_batch_size: int) -> int:
        """How many elements of a global batch are one replica's.

        Raises:
            ValueError: they cannot be divided evenly.
        """
        if global_batch_size % self._num_replicas_in_sync:
            raise ValueError(
                f"The `global_batch_size` {global_batch_size!r} is not divisible by `num_replicas_in_sync` "
                f"{self._num_replicas_in_sync!r} "
            )
        return global_batch_size // self._num_replicas_in_sync

    def __str__(self) -> str:
        return (
            f"tf.distribute.InputContext(input pipeline id {self.input_pipeline_id}, total: {self.num_input_pipelines})"
        )


class ValueContext:
    """Which replica's value a function is to make.

    Args:
        replica_id_in_sync_group: the replica's number.
        num_replicas_in_sync: how many there are.
    """

    def __init__(self, replica_id_in_sync_group: int = 0, num_replicas_in_sync: int = 1) -> None:
        self._replica_id = replica_id_in_sync_group
        self._num_replicas = num_replicas_in_sync

    replica_id_in_sync_group = property(lambda self: self._replica_id)
    num_replicas_in_sync = property(lambda self: self._num_replicas)

    def __str__(self) -> str:
        return (
            f"tf.distribute.ValueContext(replica id {self._replica_id},  total replicas in sync: {self._num_replicas})"
        )


class _InputOptions(NamedTuple):
    experimental_fetch_to_device: Any
    experimental_replication_mode: InputReplicationMode
    experimental_place_dataset_on_device: bool
    experimental_per_replica_buffer_size: int


class InputOptions(_InputOptions):
    """Wishes about where batches are made and kept; data is read ahead as ``tf.data`` says.

    Args:
        experimental_fetch_to_device: whether batches go to the replica's device.
        experimental_replication_mode: an ``InputReplicationMode``.
        experimental_place_dataset_on_device: whether the dataset itself lives there.
        experimental_per_replica_buffer_size: batches that are read ahead.
    """

    def __new__(
        cls,
        experimental_fetch_to_device: bool | None = None,
        experimental_replication_mode: InputReplicationMode = InputReplicationMode.PER_WORKER,
        experimental_place_dataset_on_device: bool = False,
        experimental_per_replica_buffer_size: int = 1,
    ) -> InputOptions:
        fetch = True if experimental_fetch_to_device is None else experimental_fetch_to_device
        return super().__new__(
            cls,
            fetch,
            experimental_replication_mode,
            experimental_place_dataset_on_device,
            experimental_per_replica_buffer_size,
        )


class RunOptions(NamedTuple):
    """Wishes about ``Strategy.run`` on TPUs.

    Args:
        experimental_enable_dynamic_batch_size: whether batches' sizes may differ.
        experimental_bucketizing_dynamic_shape: whether sizes are rounded up.
        experimental_xla_options: of XLA.
    """

    experimental_enable_dynamic_batch_size: bool = True
    experimental_bucketizing_dynamic_shape: bool = False
    experimental_xla_options: Any = None


class DistributedIterator:
    """An iterator over a ``DistributedDataset``: this process's part of each global batch."""

    def __init__(self, dataset: Any) -> None:
        self._iterator = iter(dataset)
        self._element_spec = dataset.element_spec

    element_spec = property(lambda self: self._element_spec)

    def __iter__(self) -> DistributedIterator:
        return self

    def __next__(self) -> Any:
        return next(self._iterator)

    next = __next__

    def get_next(self) -> Any:
        """The next batch.

        Raises:
            OutOfRangeError: there is none.
        """
        try:
            return next(self._iterator)
        except StopIteration:
            raise OutOfRangeError(None, None, "End of sequence") from None

    def get_next_as_optional(self) -> Any:
        """The next batch as an ``Optional``."""
        return self._iterator.get_next_as_optional()


class DistributedDataset:
    """A dataset of which each process reads its part.

    Args:
        dataset: a ``tf.data.Dataset``, of this process's part.
    """

    is_divided = True  # ``fit`` takes its batches as they come

    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    @property
    def element_spec(self) -> Any:
        return self._dataset.element_spec

    @property
    def cardinality(self) -> Any:
        return np.int64(self._dataset.cardinality())

    def reduce(self, initial_state: Any, reduce_func: Callable) -> Any:
        """A state that a function takes from batch to batch; the last one."""
        state = initial_state
        for batch in self:
            state = reduce_func(state, batch)
        return state

    def __iter__(self) -> Iterator:
        return DistributedIterator(self._dataset)


def distributed(dataset: Any) -> DistributedDataset:
    """This process's part of each batch of a dataset; with one process, all of it.

    Raises:
        ValueError: no dataset, or its batches' size does not divide among several processes.
    """
    if not hasattr(dataset, "element_spec"):
        raise ValueError(f"dataset must be a tf.data.Dataset. Received: {dataset!r}")
    if num_processes() > 1:
        places = [f"cpu:{i}" for i in range(num_processes())]
        dataset = DataParallel(devices=places).distribute_dataset(dataset)
    return DistributedDataset(dataset)


def from_function(make: Callable) -> DistributedDataset:
    """What a function makes for this process."""
    return DistributedDataset(make(InputContext(num_processes(), process_id(), num_processes())))
