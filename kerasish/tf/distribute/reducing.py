"""How values of replicas become one: the operations, the values, and TensorFlow's wishes about the exchange."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch, tree
from kerasish.core.creators import VariableAggregation
from kerasish.core.errors import fail
from kerasish.core.replicas import AllSum, num_processes, process_id
from kerasish.core.tensor import convert


class ReduceOp(enum.Enum):
    """How values are put together."""

    SUM = "SUM"
    MEAN = "MEAN"

    @staticmethod
    def from_variable_aggregation(aggregation: VariableAggregation) -> ReduceOp:
        """The operation of a variable's aggregation.

        Raises:
            ValueError: it has none.
        """
        found = {VariableAggregation.SUM: ReduceOp.SUM, VariableAggregation.MEAN: ReduceOp.MEAN}.get(aggregation)
        if found is None:
            raise ValueError(
                f"Could not convert from `tf.VariableAggregation` {aggregation} to`tf.distribute.ReduceOp` type"
            )
        return found


def operation(value: Any) -> ReduceOp:
    """A ``ReduceOp``, which may be given by its name.

    Raises:
        ValueError: another one.
    """
    return ReduceOp(value.upper()) if isinstance(value, str) else ReduceOp(value)


class DistributedValues:
    """A value of each replica; here of the one that this process computes."""

    def __init__(self) -> None:
        self._value: Any = None


class PerReplica(DistributedValues):
    """Values that differ from replica to replica."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}:{{\n  0: {self._value!r}\n}}"


class Mirrored(PerReplica):
    """Values that all replicas have alike."""


def per_replica(value: Any) -> PerReplica:
    """This process's value as that of its replica."""
    made = PerReplica()
    made._value = value
    return made


def local(value: Any) -> Any:
    """A structure with the values of this process in the place of distributed ones."""
    return tree.map_structure(lambda x: x._value if isinstance(x, DistributedValues) else x, value)


# between processes ----------------------------------------------------------------------------------------------------


def summed(value: Any, replicas: int) -> Any:
    """A tensor's sum over the processes that compute together; with one replica, the tensor."""
    tensor = convert(value)
    if replicas == 1:
        return tensor
    return dispatch.wrap(AllSum.apply(dispatch.raw(tensor)))


def reduced(op: ReduceOp, value: Any, replicas: int) -> Any:
    """A tensor's sum or mean over the processes."""
    total = summed(value, replicas)
    return total if op is ReduceOp.SUM or replicas == 1 else total / replicas


def gathered(value: Any, axis: int, replicas: int) -> Any:
    """The processes' tensors one after the other along an axis, where their sizes may differ."""
    tensor = convert(value)
    if replicas == 1:
        return tensor
    raw = dispatch.raw(tensor).detach().contiguous()
    if not raw.ndim:
        raise fail(ValueError, "Tensors without axes cannot be gathered", "at least one axis", tensor)
    sizes = [torch.zeros(1, dtype=torch.int64, device=raw.device) for _ in range(replicas)]
    torch.distributed.all_gather(sizes, torch.tensor([raw.shape[axis]], device=raw.device))
    axis %= raw.ndim
    parts = [raw.new_empty(*raw.shape[:axis], int(size), *raw.shape[axis + 1 :]) for size in sizes]
    for source, part in enumerate(parts):
        if source == process_id():
            part.copy_(raw)
        torch.distributed.broadcast(part, source)
    return dispatch.wrap(torch.cat(parts, axis))


# TensorFlow's wishes about the exchange --------------------------------------------------------------------------------


class CommunicationImplementation(enum.Enum):
    """Which library exchanges tensors; torch's process group has one already."""

    AUTO = "AUTO"
    RING = "RING"
    NCCL = "NCCL"


class CommunicationOptions:
    """Wishes about the exchange, kept for programs that read them: torch's process group does not take them.

    Args:
        bytes_per_pack: of gradients that are exchanged together; 0: chosen.
        timeout_seconds: after which an exchange has failed.
        implementation: a ``CommunicationImplementation``.

    Raises:
        ValueError: a negative size, or another implementation.
    """

    def __init__(
        self,
        bytes_per_pack: int = 0,
        timeout_seconds: float | None = None,
        implementation: CommunicationImplementation = CommunicationImplementation.AUTO,
    ) -> None:
        if bytes_per_pack < 0:
            raise ValueError(f"Argument `bytes_per_pack` must be >=0, Received {bytes_per_pack}.")
        if isinstance(implementation, str):
            implementation = CommunicationImplementation(implementation.upper())
        if not isinstance(implementation, CommunicationImplementation):
            raise ValueError("`implementation` should be a `tf.distribute.experimental.CommunicationImplementation`")
        self.bytes_per_pack = bytes_per_pack
        self.timeout_seconds = timeout_seconds
        self.implementation = implementation


class CollectiveHints(CommunicationOptions):
    """An older form of ``CommunicationOptions``."""

    def __init__(self, bytes_per_pack: int = 0, timeout_seconds: float | None = None) -> None:
        super().__init__(bytes_per_pack, timeout_seconds)


class CrossDeviceOps:
    """How values are reduced; torch's process group does it, whichever of these is asked for."""

    def reduce(self, reduce_op: Any, per_replica_value: Any, destinations: Any, options: Any = None) -> Any:
        """The sum or mean of the replicas' values."""
        return self.reduce_implementation(operation(reduce_op), per_replica_value, destinations, options)

    def batch_reduce(self, reduce_op: Any, value_destination_pairs: Any, options: Any = None) -> list:
        """``reduce`` for several pairs of value and destination."""
        return self.batch_reduce_implementation(operation(reduce_op), value_destination_pairs, options)

    def broadcast(self, tensor: Any, destinations: Any) -> Any:
        """The value where it is wanted."""
        return self.broadcast_implementation(tensor, destinations)

    def reduce_implementation(self, reduce_op: Any, per_replica_value: Any, destinations: Any, options: Any) -> Any:
        """The computation of ``reduce``."""
        return reduced(reduce_op, local(per_replica_value), num_processes())

    def batch_reduce_implementation(self, reduce_op: Any, value_destination_pairs: Any, options: Any) -> list:
        """The computation of ``batch_reduce``."""
        return [self.reduce_implementation(reduce_op, v, d, options) for v, d in value_destination_pairs]

    def broadcast_implementation(self, tensor: Any, destinations: Any) -> Any:
        """The computation of ``broadcast``."""
        return convert(tensor)


class _Packed(CrossDeviceOps):
    def __init__(self, num_packs: int = 1) -> None:
        if num_packs < 0:
            raise ValueError(f"NCCL all-reduce requires num_packs >= 0, but {num_packs} is specified")
        self.num_packs = num_packs


class NcclAllReduce(_Packed):
    """The wish that NVIDIA's library exchange values: torch's process group uses it on such GPUs."""


class HierarchicalCopyAllReduce(_Packed):
    """The wish that values be copied in stages."""


class ReductionToOneDevice(CrossDeviceOps):
    """The wish that values be added on one device.

    Args:
        reduce_to_device: which.
        accumulation_fn: adds a list of tensors; default: ``tf.add_n``.
    """

    def __init__(self, reduce_to_device: str | None = None, accumulation_fn: Callable | None = None) -> None:
        self.reduce_to_device = reduce_to_device
        self.accumulation_fn = accumulation_fn
