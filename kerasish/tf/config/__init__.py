"""``tf.config``: devices, threads, and how functions run."""

from __future__ import annotations

from typing import Any

from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.tf.config import experimental as experimental
from kerasish.tf.config import optimizer as optimizer
from kerasish.tf.config import threading as threading
from kerasish.tf.config.devices import LogicalDevice as LogicalDevice
from kerasish.tf.config.devices import LogicalDeviceConfiguration as LogicalDeviceConfiguration
from kerasish.tf.config.devices import PhysicalDevice as PhysicalDevice
from kerasish.tf.config.devices import get_logical_device_configuration as get_logical_device_configuration
from kerasish.tf.config.devices import get_soft_device_placement as get_soft_device_placement
from kerasish.tf.config.devices import get_visible_devices as get_visible_devices
from kerasish.tf.config.devices import list_logical_devices as list_logical_devices
from kerasish.tf.config.devices import list_physical_devices as list_physical_devices
from kerasish.tf.config.devices import set_logical_device_configuration as set_logical_device_configuration
from kerasish.tf.config.devices import set_soft_device_placement as set_soft_device_placement
from kerasish.tf.config.devices import set_visible_devices as set_visible_devices
from kerasish.tf.gone import missing as _missing

# functions ------------------------------------------------------------------------------------------------------------


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether functions made by ``tf.function`` run as plain Python."""
    settings.run_functions_eagerly = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether functions made by ``tf.function`` run as plain Python."""
    return settings.run_functions_eagerly


def experimental_connect_to_cluster(
    cluster_spec_or_resolver: Any,
    job_name: str = "localhost",
    task_index: int = 0,
    protocol: str | None = None,
    make_master_device_default: bool = True,
    cluster_device_filters: Any = None,
) -> None:
    """Join a cluster: one without processes, or this machine's TPUs, needs nothing.

    Raises:
        ValueError: it is neither.
        NotImplementedError: the cluster has processes, which torch's process group connects.
    """
    ask = getattr(cluster_spec_or_resolver, "cluster_spec", None)
    spec = ask() if callable(ask) else cluster_spec_or_resolver
    if not callable(ask) and not hasattr(spec, "jobs"):
        raise ValueError("`cluster_spec_or_resolver` must be a `ClusterSpec` or a `ClusterResolver`.")
    if getattr(spec, "jobs", ()):
        raise fail(
            NotImplementedError,
            f"TensorFlow's clusters are not served: {spec}",
            hint="Start one process for each device (torchrun) and call keras.distribution.initialize().",
        )


experimental_run_functions_eagerly = run_functions_eagerly
experimental_functions_run_eagerly = functions_run_eagerly


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
