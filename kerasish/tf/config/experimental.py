"""``tf.config.experimental``: memory of GPUs, precision, determinism, and older names of ``tf.config``."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import device as machine
from kerasish.core.errors import fail
from kerasish.tf.config import devices
from kerasish.tf.config.devices import get_visible_devices as get_visible_devices
from kerasish.tf.config.devices import list_logical_devices as list_logical_devices
from kerasish.tf.config.devices import list_physical_devices as list_physical_devices
from kerasish.tf.config.devices import set_visible_devices as set_visible_devices
from kerasish.tf.gone import missing as _missing

VirtualDeviceConfiguration = devices.LogicalDeviceConfiguration
get_virtual_device_configuration = devices.get_logical_device_configuration
set_virtual_device_configuration = devices.set_logical_device_configuration

# memory ---------------------------------------------------------------------------------------------------------------

_growth: dict[Any, bool] = {}


def set_memory_growth(device: Any, enable: bool) -> None:
    """Whether a GPU's memory is taken as it is needed; torch always does so, whatever is asked for.

    Raises:
        ValueError: the device does not exist, or is no GPU.
    """
    if device not in list_physical_devices():
        raise ValueError(f"Unrecognized device: {device!r}")
    if device.device_type != "GPU":
        raise ValueError("Cannot set memory growth on non-GPU and non-Pluggable devices")
    _growth[device] = bool(enable)


def get_memory_growth(device: Any) -> bool:
    """What ``set_memory_growth`` was given for a GPU.

    Raises:
        ValueError: it is no GPU of this machine.
    """
    if device not in list_physical_devices("GPU"):
        raise ValueError(f"Unrecognized device: {device!r}")
    return _growth.get(device, False)


def _device(name: Any) -> torch.device:
    device = machine.parse(name)
    if (device.index or 0) >= machine.count(device.type):
        raise ValueError(f"No matching devices found for '{name}'")
    return device


def _counted(name: Any, refusal: str) -> torch.device:
    device = _device(name)
    if device.type == "cpu":
        raise ValueError(f"{refusal} '{name}'")
    return device


def get_memory_info(device: Any) -> dict[str, int]:
    """The bytes that tensors take on a device now, and have taken at most.

    Raises:
        ValueError: no such device, or the CPU, of which torch does not count them.
    """
    return machine.memory(_counted(device, "Allocator stats not available for device"))


def get_memory_usage(device: Any) -> int:
    """The bytes that tensors take on a device now; see ``get_memory_info``."""
    return get_memory_info(device)["current"]


def reset_memory_stats(device: Any) -> None:
    """Forget how much memory tensors have taken at most."""
    machine.forget_peak_memory(_counted(device, "Cannot reset memory stats for device"))


def get_device_details(device: Any) -> dict[str, Any]:
    """A GPU's name and compute capability; nothing for other devices."""
    if not isinstance(device, devices.PhysicalDevice):
        raise ValueError(f"device must be a tf.config.PhysicalDevice, but got: {device}")
    return machine.details(devices.torch_device(device))


# how operations run ---------------------------------------------------------------------------------------------------


def enable_op_determinism() -> None:
    """Let operations give the same bits each time; some then run slower, and those that cannot raise an error."""
    torch.use_deterministic_algorithms(True)


def enable_tensor_float_32_execution(enabled: bool) -> None:
    """Whether GPUs may round the factors of float32 products to 10 bits, which is faster."""
    torch.backends.cuda.matmul.allow_tf32 = bool(enabled)
    torch.backends.cudnn.allow_tf32 = bool(enabled)


def tensor_float_32_execution_enabled() -> bool:
    """Whether GPUs may round the factors of float32 products to 10 bits."""
    return torch.backends.cuda.matmul.allow_tf32


def get_synchronous_execution() -> bool:
    """Whether operations on the CPU have ended when they return."""
    return True


def set_synchronous_execution(enable: bool | None) -> None:
    """Let operations on the CPU end before they return, as they do.

    Raises:
        NotImplementedError: they are not to.
    """
    if enable is False:
        raise fail(NotImplementedError, "torch runs operations on the CPU synchronously; this cannot be changed")


def get_device_policy() -> str:
    """What happens to operands on another device than an operation's: they are copied in silence."""
    return "silent"


def set_device_policy(device_policy: str | None) -> None:
    """Let operands be copied in silence, as they are.

    Raises:
        ValueError: no such policy.
        NotImplementedError: another one.
    """
    if device_policy not in (None, "explicit", "warn", "silent", "silent_for_int32"):
        raise ValueError(f"Not a valid device policy: {device_policy!r}")
    if device_policy not in (None, "silent"):
        raise fail(NotImplementedError, "Operands on another device are copied in silence", "device_policy='silent'")


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
