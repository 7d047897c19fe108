"""Devices in ``tf.config``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from kerasish.core import device as machine
from kerasish.core.errors import fail

_TYPES = ("CPU", "GPU", "TPU")


class PhysicalDevice(NamedTuple):
    """A device that the machine has."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device that is in use."""

    name: str
    device_type: str


class LogicalDeviceConfiguration(NamedTuple):
    """How much memory (in MiB) a program takes of a device."""

    memory_limit: Any = None
    experimental_priority: Any = None
    experimental_device_ordinal: Any = None


# devices --------------------------------------------------------------------------------------------------------------


def _types(device_type: str | None) -> list[str]:
    return [kind for kind in _TYPES if device_type is None or kind == str(device_type).upper()]


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The machine's devices, or those of a type: "CPU", "GPU" or "TPU"."""
    return [
        PhysicalDevice(f"/physical_device:{kind}:{i}", kind)
        for kind in _types(device_type)
        for i in range(machine.present(machine.kind_of(kind)))
    ]


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The devices in use, or those of a type."""
    return [LogicalDevice(f"/device:{kind}:{i}", kind) for kind in _types(device_type) for i in range(_count(kind))]


def _count(kind: str) -> int:
    """The number of logical devices of a type: a CPU counts as as many as it was split into, by name alone."""
    split = _configurations.get(PhysicalDevice("/physical_device:CPU:0", "CPU")) if kind == "CPU" else None
    return len(split) if split else machine.count(machine.kind_of(kind))


def torch_device(device: Any) -> torch.device:
    """The torch device behind a physical one."""
    return torch.device(machine.kind_of(device.device_type), _index(device))


def _index(device: Any) -> int:
    return int(device.name.rpartition(":")[2])


def _check_present(device: Any) -> None:
    if device not in list_physical_devices():
        raise ValueError(f"Unrecognized device: {device!r}")


def get_visible_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The machine's devices that are in use, or those of a type."""
    return [
        PhysicalDevice(f"/physical_device:{kind}:{i}", kind)
        for kind in _types(device_type)
        for i in machine.visible(machine.kind_of(kind))
    ]


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Use only these devices (of a type, if one is given); an empty list hides all of it.

    Raises:
        ValueError: a device does not exist, or is of another type.
    """
    given = list(devices) if isinstance(devices, (list, tuple)) and not hasattr(devices, "name") else [devices]
    for device in given:
        _check_present(device)
        if device_type is not None and device.device_type != device_type:
            raise ValueError(f"Unexpected device type: {device.device_type}; expected {device_type}")
    for kind in _types(device_type):
        if kind == "CPU":
            continue  # the host cannot be hidden
        indices = tuple(_index(device) for device in given if device.device_type == kind)
        machine.set_visible(machine.kind_of(kind), indices)


_BOUNDS = {"memory_limit": "memory limit", "experimental_priority": "experimental_priority"}
_configurations: dict[Any, list[LogicalDeviceConfiguration]] = {}


def set_logical_device_configuration(device: Any, logical_devices: Sequence[LogicalDeviceConfiguration]) -> None:
    """Bound how much of a GPU's memory this process may take, or give the CPU several names.

    Raises:
        ValueError: the device does not exist, or is a CPU, which has no limits.
        NotImplementedError: a GPU is to be split into several.
    """
    _check_present(device)
    if len(logical_devices) > 1 and device.device_type != "CPU":
        raise fail(
            NotImplementedError,
            f"{device.name} cannot be split into {len(logical_devices)} logical devices: torch has no virtual devices",
            hint="Start several processes, for example with torchrun.",
        )
    if device.device_type == "CPU":
        for configuration in logical_devices:
            for field, what in _BOUNDS.items():
                if getattr(configuration, field) is not None:
                    raise ValueError(f"Setting {what} on CPU virtual devices is currently not supported")
    _configurations[device] = list(logical_devices)
    limit = logical_devices[0].memory_limit if logical_devices else None
    if limit is not None:
        machine.limit_memory(torch_device(device), limit * 2**20)


def get_logical_device_configuration(device: Any) -> list[LogicalDeviceConfiguration] | None:
    """What ``set_logical_device_configuration`` was given; ``None`` if nothing.

    Raises:
        ValueError: the device does not exist.
    """
    _check_present(device)
    return _configurations.get(device)


def set_soft_device_placement(enabled: bool) -> None:
    """Whether a device that is not present is replaced by another one, with a warning; otherwise it is an error."""
    machine.soft_placement(bool(enabled))


def get_soft_device_placement() -> bool:
    """Whether a device that is not present is replaced by another one."""
    return machine.soft_placement()
