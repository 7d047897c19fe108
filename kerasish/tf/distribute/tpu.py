"""TPUs: the strategy, and what programs call before they make one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish.core import device as devices
from kerasish.core.errors import NotFoundError
from kerasish.tf.distribute.cluster_resolver import TPUClusterResolver
from kerasish.tf.distribute.strategies import Strategy, StrategyExtended


def check_present() -> None:
    """Raise unless the machine has a TPU that torch-xla reaches.

    Raises:
        NotFoundError: there is none.
    """
    if not devices.count_of_type("tpu"):
        raise NotFoundError(
            None, None, "TPUs not found in the cluster: torch-xla reaches none from this machine. Use another strategy."
        )


class TPUStrategy(Strategy):
    """A replica for each process, each with one core of a TPU, through torch-xla.

    Args:
        tpu_cluster_resolver: of this machine's TPUs.
        experimental_device_assignment: which core does what; torch-xla decides.
        experimental_spmd_xla_partitioning: cut variables and batches by XLA.

    Raises:
        ValueError: no TPU is named.
        NotFoundError: there is none.
        NotImplementedError: partitioning is asked for.
    """

    def __init__(
        self,
        tpu_cluster_resolver: Any = None,
        experimental_device_assignment: Any = None,
        experimental_spmd_xla_partitioning: bool = False,
    ) -> None:
        super().__init__(StrategyExtended(self))
        self._cluster_resolver = TPUClusterResolver("") if tpu_cluster_resolver is None else tpu_cluster_resolver
        check_present()
        if experimental_spmd_xla_partitioning:
            raise NotImplementedError(
                "experimental_spmd_xla_partitioning is not served; use keras.distribution.ModelParallel."
            )
        self._device = devices.resolve("/TPU:0")

    def run(self, fn: Callable, args: Sequence = (), kwargs: dict | None = None, options: Any = None) -> Any:
        return super().run(fn, args, kwargs, options)

    def experimental_assign_to_logical_device(self, tensor: Any, logical_device_id: int) -> Any:
        """A tensor on one of the replica's cores, of which there is one: the tensor.

        Raises:
            ValueError: another core.
        """
        if logical_device_id != 0:
            raise ValueError(f"A replica has one core: `logical_device_id` must be 0, not {logical_device_id}.")
        return tensor

    def experimental_replicate_to_logical_devices(self, tensor: Any) -> Any:
        """A tensor on all of the replica's cores, of which there is one: the tensor."""
        return tensor

    def experimental_split_to_logical_devices(self, tensor: Any, partition_dimensions: Sequence[int]) -> Any:
        """A tensor cut among the replica's cores, of which there is one: the tensor.

        Raises:
            ValueError: it is to be cut.
        """
        if any(parts != 1 for parts in partition_dimensions):
            raise ValueError(
                f"A replica has one core; `partition_dimensions` must be ones, not {partition_dimensions}."
            )
        return tensor


def initialize_tpu_system(cluster_resolver: Any = None) -> None:
    """Make TPUs ready, which torch-xla does by itself.

    Raises:
        ValueError: no TPU is named. NotFoundError: there is none.
    """
    if cluster_resolver is None:
        TPUClusterResolver("")
    check_present()


def shutdown_tpu_system(cluster_resolver: Any = None) -> None:
    """Let go of TPUs, which happens when the program ends.

    Raises:
        ValueError: no TPU is named. NotFoundError: there is none.
    """
    initialize_tpu_system(cluster_resolver)
