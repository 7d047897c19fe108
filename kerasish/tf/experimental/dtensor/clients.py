"""Processes and devices that meshes are made of. Here one process has all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.tf.config.devices import LogicalDeviceConfiguration, list_logical_devices, list_physical_devices
from kerasish.tf.config.devices import set_logical_device_configuration as _split
from kerasish.tf.device_spec import DeviceSpec
from kerasish.tf.experimental.dtensor.layouts import Mesh

_started = False


def job_name() -> str:
    """The name of the job that this process belongs to."""
    return "localhost"


def full_job_name(task_id: int | None = None) -> str:
    """The name of a process."""
    return "localhost/replica:0/task:0"


def jobs() -> list[str]:
    """The addresses of all processes; there are none where one is alone."""
    return []


def num_clients() -> int:
    """The number of processes."""
    return 1


def client_id() -> int:
    """This process's number."""
    return 0


def heartbeat_enabled() -> bool:
    """Whether processes watch each other."""
    return True


def preferred_device_type() -> str:
    """The kind of devices to make meshes of."""
    return next(kind for kind in ("TPU", "GPU", "CPU") if list_logical_devices(kind))


def local_devices(device_type: str, for_client_id: int | None = None) -> list[DeviceSpec]:
    """This process's devices of a kind."""
    count = len(list_logical_devices(device_type))
    return [DeviceSpec("localhost", 0, 0, device_type, i) for i in range(count)]


def num_local_devices(device_type: str) -> int:
    return len(list_logical_devices(device_type))


def num_global_devices(device_type: str) -> int:
    return num_local_devices(device_type)


def initialize_accelerator_system(
    device_type: str | None = None,
    enable_coordination_service: bool = True,
    num_logical_cpu_devices: int | None = None,
    experimental_reset_context: bool = False,
    experimental_enable_megcore: bool = False,
) -> str:
    """Make devices ready, which they are.

    Args:
        num_logical_cpu_devices: how many the CPU counts as.

    Raises:
        ValueError: it has been done, or there is no device of that kind.
    """
    global _started
    if _started and not experimental_reset_context:
        raise ValueError("Accelerator system has already been initialized.")
    kind = (device_type or preferred_device_type()).upper()
    if kind not in ("CPU", "GPU", "TPU"):
        raise ValueError(f"Unknown device_type {device_type}. Must be CPU, GPU or TPU.")
    if num_logical_cpu_devices is not None:
        _split(list_physical_devices("CPU")[0], [LogicalDeviceConfiguration()] * num_logical_cpu_devices)
    if not list_physical_devices(kind):
        raise ValueError(f"DTensor requires {kind} devices, and there are none.")
    _started = True
    return kind


def shutdown_accelerator_system() -> None:
    """Undo ``initialize_accelerator_system``.

    Raises:
        ValueError: it was not called.
    """
    global _started
    if not _started:
        raise ValueError(
            "Accelerator system is not initialized. Call tf.experimental.dtensor.initialize_accelerator_system first."
        )
    _started = False


def barrier(mesh: Mesh, barrier_name: str | None = None, timeout_in_ms: int | None = None) -> None:
    """Wait for all processes: this one."""


def create_mesh(
    mesh_dims: Any = None,
    mesh_name: str = "",
    devices: Sequence[str] | None = None,
    device_type: str | None = None,
    use_xla_spmd: bool = False,
) -> Mesh:
    """A mesh of this process's devices.

    Args:
        mesh_dims: pairs of the axes' names and sizes, or a dict; default: "x" of all devices.
        devices: their names; default: all of the kind.
        device_type: their kind; default: the first device's, else the CPU.

    Raises:
        ValueError: more or fewer devices than the mesh has places.
    """
    if devices is None:
        specs = local_devices((device_type or "CPU").upper())
    else:
        specs = [DeviceSpec.from_string(name if name.startswith("/") else f"/device:{name}") for name in devices]
        kinds = {spec.device_type for spec in specs}
        if device_type is not None and kinds - {device_type.upper()}:
            raise ValueError(f"Conflicting devices {devices} and device_type {device_type}.")
        specs = [DeviceSpec("localhost", 0, 0, spec.device_type, spec.device_index or 0) for spec in specs]
    if mesh_dims is None:
        mesh_dims = [("x", len(specs))]
    pairs = list(mesh_dims.items()) if isinstance(mesh_dims, dict) else [tuple(pair) for pair in mesh_dims]
    sizes = [size for _, size in pairs]
    if len(specs) != math.prod(sizes):
        raise ValueError(f"length of devices ({len(specs)}) must be equal to total size of the mesh of shape {sizes}")
    ids = np.arange(len(specs)).reshape(sizes)
    return Mesh([name for name, _ in pairs], ids, list(range(len(specs))), specs, mesh_name, None, use_xla_spmd)


def create_distributed_mesh(
    mesh_dims: Any,
    mesh_name: str = "",
    local_devices: Sequence[str] | None = None,
    device_type: str | None = None,
    use_xla_spmd: bool = False,
) -> Mesh:
    """A mesh of all processes' devices: this one's.

    Raises:
        ValueError: ``initialize_accelerator_system`` was not called.
    """
    if not _started:
        raise ValueError("Accelerators are uninitialized, please run dtensor.initialize_accelerator_system() first.")
    return create_mesh(mesh_dims, mesh_name, local_devices, device_type, use_xla_spmd)
