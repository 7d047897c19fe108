"""``tf.data.experimental.service`` and what else needs TensorFlow's own runtime: names that say why they are refused."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple, NoReturn

from kerasish.core.errors import NotServedError, fail, missing_name

_SERVICE = "there is no data service in kerasish: datasets are made in the process that uses them"
_RUNTIME = "datasets are Python objects in kerasish, without a graph or a state that could be handed over"
_HINT = "Dataset.shard(num_shards, index) splits a dataset among processes; Dataset.save and load keep its elements."


def _refuse(name: str, why: str) -> NoReturn:
    raise fail(NotServedError, f"tf.data.experimental.{name} is not served: {why}", hint=_HINT)


class ShardingPolicy(enum.IntEnum):
    """How the service would split a dataset among its workers."""

    OFF = 0
    DYNAMIC = 1
    FILE = 2
    DATA = 3
    FILE_OR_DATA = 4
    HINT = 5


class _Dispatcher(NamedTuple):
    port: int
    protocol: str
    work_dir: str | None
    fault_tolerant_mode: bool
    worker_addresses: Any
    job_gc_check_interval_ms: int
    job_gc_timeout_ms: int
    worker_timeout_ms: int
    worker_max_concurrent_snapshots: int


class DispatcherConfig(_Dispatcher):
    """Settings of a dispatcher of the service; times of None are 0, for the service's own choice."""

    def __new__(
        cls,
        port: int = 0,
        protocol: str | None = None,
        work_dir: str | None = None,
        fault_tolerant_mode: bool = False,
        worker_addresses: Any = None,
        job_gc_check_interval_ms: int | None = None,
        job_gc_timeout_ms: int | None = None,
        worker_timeout_ms: int | None = None,
        worker_max_concurrent_snapshots: int = 0,
    ) -> DispatcherConfig:
        times = (job_gc_check_interval_ms or 0, job_gc_timeout_ms or 0, worker_timeout_ms or 0)
        first = (port, protocol or "grpc", work_dir, fault_tolerant_mode, worker_addresses)
        return super().__new__(cls, *first, *times, worker_max_concurrent_snapshots)


class _Worker(NamedTuple):
    dispatcher_address: str
    worker_address: str
    port: int
    protocol: str
    heartbeat_interval_ms: int
    dispatcher_timeout_ms: int
    data_transfer_protocol: str | None
    data_transfer_address: str | None


class WorkerConfig(_Worker):
    """Settings of a worker of the service; times of None are 0, for the service's own choice."""

    def __new__(
        cls,
        dispatcher_address: str,
        worker_address: str | None = None,
        port: int = 0,
        protocol: str | None = None,
        heartbeat_interval_ms: int | None = None,
        dispatcher_timeout_ms: int | None = None,
        data_transfer_protocol: str | None = None,
        data_transfer_address: str | None = None,
    ) -> WorkerConfig:
        address = worker_address or "localhost:%port%"
        times = (heartbeat_interval_ms or 0, dispatcher_timeout_ms or 0)
        rest = (data_transfer_protocol, data_transfer_address)
        return super().__new__(cls, dispatcher_address, address, port, protocol or "grpc", *times, *rest)


class CrossTrainerCache:
    """Not served."""

    def __init__(self, trainer_id: Any) -> None:
        _refuse("service.CrossTrainerCache", _SERVICE)


class DispatchServer:
    """Not served."""

    def __init__(self, config: Any = None, start: bool = True) -> None:
        _refuse("service.DispatchServer", _SERVICE)


class WorkerServer:
    """Not served."""

    def __init__(self, config: Any, start: bool = True) -> None:
        _refuse("service.WorkerServer", _SERVICE)


def distribute(
    processing_mode: Any,
    service: Any,
    job_name: Any = None,
    consumer_index: Any = None,
    num_consumers: Any = None,
    max_outstanding_requests: Any = None,
    data_transfer_protocol: Any = None,
    compression: str = "AUTO",
    cross_trainer_cache: Any = None,
    target_workers: str = "AUTO",
) -> NoReturn:
    """Not served."""
    _refuse("service.distribute", _SERVICE)


def from_dataset_id(
    processing_mode: Any,
    service: Any,
    dataset_id: Any,
    element_spec: Any = None,
    job_name: Any = None,
    consumer_index: Any = None,
    num_consumers: Any = None,
    max_outstanding_requests: Any = None,
    data_transfer_protocol: Any = None,
    cross_trainer_cache: Any = None,
    target_workers: str = "AUTO",
) -> NoReturn:
    """Not served."""
    _refuse("service.from_dataset_id", _SERVICE)


def register_dataset(service: Any, dataset: Any, compression: str = "AUTO", dataset_id: Any = None) -> NoReturn:
    """Not served."""
    _refuse("service.register_dataset", _SERVICE)


def distributed_save(dataset: Any, path: Any, data_service_address: Any, compression: str = "AUTO") -> NoReturn:
    """Not served."""
    _refuse("distributed_save", _SERVICE)


def to_variant(dataset: Any) -> NoReturn:
    """Not served."""
    _refuse("to_variant", _RUNTIME)


def from_variant(variant: Any, structure: Any) -> NoReturn:
    """Not served."""
    _refuse("from_variant", _RUNTIME)


def get_model_proto(iterator: Any) -> NoReturn:
    """Not served."""
    _refuse("get_model_proto", _RUNTIME)


def make_saveable_from_iterator(iterator: Any, external_state_policy: Any = None) -> NoReturn:
    """Not served."""
    _refuse("make_saveable_from_iterator", _RUNTIME)


for _name in (CrossTrainerCache, DispatchServer, WorkerServer, distribute, from_dataset_id, register_dataset,
              distributed_save, to_variant, from_variant, get_model_proto, make_saveable_from_iterator):  # fmt: skip
    _name.__kerasish_stub__ = True  # type: ignore[union-attr]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
