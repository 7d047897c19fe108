"""Devices: TensorFlow's names for them, torch's objects, the best one present, and the ``tf.device`` scope.

A device that is absent is replaced by the best one present with one warning (TensorFlow's soft placement).
The only file of the core that knows how devices differ.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import warnings
from contextlib import contextmanager
from typing import Any

import torch

from kerasish.core.context import local
from kerasish.core.errors import fail

_KINDS = {"cpu": "cpu", "gpu": "cuda", "cuda": "cuda", "tpu": "xla", "xla": "xla", "mps": "mps", "meta": "meta"}
_TF_KINDS = {"cpu": "CPU", "cuda": "GPU", "mps": "GPU", "xla": "TPU", "meta": "META"}


def parse(name: Any) -> torch.device:
    """The torch device that a name asks for, present or not.

    Takes ``"/GPU:0"``, ``"gpu"``, ``"cuda:1"``, ``"/TPU:0"``, ``"cpu"``, TensorFlow's full names
    (``"/job:localhost/replica:0/task:0/device:GPU:0"``) and torch devices.

    Raises:
        ValueError: the name is not one of these.
    """
    if isinstance(name, torch.device):
        return name
    if not isinstance(name, str):
        name = getattr(name, "name", name)  # tf.config.LogicalDevice
    text = str(name).strip().lower()
    match = re.fullmatch(r"(?:/job:[^/]*)?(?:/replica:\d+)?(?:/task:\d+)?/?(?:device:)?([a-z]+)(?::(\d+|\*))?", text)
    if match is None or match[1] not in _KINDS:
        raise fail(ValueError, f"'{name}' does not name a device", "'/CPU:0', '/GPU:0', '/TPU:0', 'cuda:0' or the like")
    kind, index = _KINDS[match[1]], match[2]
    if kind == "cuda" and match[1] == "gpu" and not torch.cuda.is_available() and torch.backends.mps.is_available():
        kind = "mps"  # Apple's GPU answers to TensorFlow's name for one
    return torch.device(kind, int(index) if index not in (None, "*") else 0) if kind != "cpu" else torch.device("cpu")


def count(kind: str) -> int:
    """How many devices of a torch kind (``"cpu"``, ``"cuda"``, ``"mps"``, ``"xla"``) are present."""
    if kind == "cpu":
        return 1
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    if kind == "xla":
        return len(_xla_devices())
    return int(kind == "meta")


@functools.cache
def _xla_devices() -> tuple:
    """XLA's devices; none unless torch_xla is installed and a runtime is named (``PJRT_DEVICE``) or a TPU is there."""
    if importlib.util.find_spec("torch_xla") is None:
        return ()
    if "PJRT_DEVICE" not in os.environ and not os.path.exists("/dev/accel0") and not os.path.exists("/dev/vfio/0"):
        return ()
    import torch_xla.core.xla_model as xla_model

    return tuple(xla_model.get_xla_supported_devices() or ())


@functools.cache
def best() -> torch.device:
    """The device used where none is named: CUDA, else XLA, else Apple's GPU, else the CPU."""
    for kind in ("cuda", "xla", "mps"):
        if count(kind):
            return torch.device(kind, 0)
    return torch.device("cpu")


@functools.cache
def _warn_absent(asked: str, given: str) -> None:
    warnings.warn(f"Device '{asked}' is not present; '{given}' is used instead.", RuntimeWarning, stacklevel=4)


def resolve(name: Any) -> torch.device:
    """The device that ``name`` gets: itself if present, otherwise the best one, with one warning for each name."""
    device = parse(name)
    if (device.index or 0) < count(device.type):
        return device
    _warn_absent(str(name), str(best()))
    return best()


def current() -> torch.device:
    """Where new tensors go."""
    return local.device or best()


@contextmanager
def scope(name: Any) -> Any:
    """``with tf.device("/GPU:0"): ...`` — new tensors go there; ``None`` lifts an outer scope."""
    before = local.device
    local.device = None if name is None else resolve(name)
    try:
        yield
    finally:
        local.device = before


def tf_name(device: torch.device) -> str:
    """TensorFlow's full name of a torch device."""
    return (
        f"/job:localhost/replica:0/task:0/device:{_TF_KINDS.get(device.type, device.type.upper())}:{device.index or 0}"
    )


def wants_one_buffer(device: torch.device) -> bool:
    """Whether the fused recurrent kernels want all their weights in one piece of memory (cuDNN's do)."""
    return device.type == "cuda"


def has_fused_updates(device: torch.device) -> bool:
    """Whether torch has optimizer kernels that update all parameters at once there."""
    return device.type in ("cpu", "cuda")


# XLA records operations into programs and compiles those. What is a Python number there becomes part of the program, so a
# number that changes costs a compilation each time; and a program ends only where somebody says so.


def compiles(device: torch.device) -> bool:
    """Whether operations on this device are recorded into programs, in which Python numbers are constants."""
    return device.type == "xla"


def step_numbers(numbers: tuple, device: torch.device) -> tuple:
    """Numbers that change from step to step, in the form in which a step on ``device`` takes them."""
    if device.type != "xla":
        return numbers
    return tuple(torch.tensor(number, dtype=torch.float32).to(device) for number in numbers)


def end_step(device: torch.device) -> None:
    """The end of a training or evaluation step: on XLA, of its program."""
    if device.type == "xla":
        import torch_xla

        torch_xla.sync()


def synchronize() -> None:
    """Wait until the work queued on the current device is done."""
    device = current()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    elif device.type == "xla":
        import torch_xla

        torch_xla.sync(wait=True)
