"""Devices: TensorFlow's names for them, torch's objects, the best one present, and the ``tf.device`` scope.

A device that is absent is replaced by the best one present with one warning (TensorFlow's soft placement).
The only file of the core that knows how devices differ.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core.context import local
from kerasish.core.errors import InvalidArgumentError, fail

_KINDS = {"cpu": "cpu", "gpu": "cuda", "cuda": "cuda", "tpu": "xla", "xla": "xla", "mps": "mps", "meta": "meta"}
_TF_KINDS = {"cpu": "CPU", "cuda": "GPU", "mps": "GPU", "xla": "TPU", "meta": "META"}
_LAST = 127  # torch keeps a device's number in eight bits; there are never so many, so that larger ones are absent too


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
    if kind == "cpu":
        return torch.device("cpu")
    return torch.device(kind, min(int(index), _LAST) if index not in (None, "*") else 0)


_visible: dict[str, tuple[int, ...]] = {}  # what is left of a kind's devices where a program hides some


def set_visible(kind: str, indices: tuple[int, ...]) -> None:
    """Hide all devices of a torch kind but these (``tf.config.set_visible_devices``)."""
    _visible[kind] = indices
    best.cache_clear()


def visible(kind: str) -> tuple[int, ...]:
    """The numbers of a kind's devices that are in use; ``"/GPU:0"`` names the first of them."""
    return _visible.get(kind, tuple(range(present(kind))))


def count(kind: str) -> int:
    """How many devices of a torch kind are in use."""
    return len(_visible[kind]) if kind in _visible else present(kind)


def count_of_type(name: str) -> int:
    """How many devices of Keras's types "cpu", "gpu" and "tpu" are in use."""
    if name == "gpu":
        return count("cuda") or count("mps")
    return count(_KINDS[name])


def process_backend() -> str:
    """What processes exchange tensors with: a backend of ``torch.distributed``, by the current device."""
    return {"cuda": "nccl", "xla": "xla"}.get(current().type, "gloo")


def present(kind: str) -> int:
    """How many devices of a torch kind (``"cpu"``, ``"cuda"``, ``"mps"``, ``"xla"``) the machine has."""
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
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`tensorflow` can conflict")  # it is this library that answers to the name
        import torch_xla.core.xla_model as xla_model

    return tuple(xla_model.get_xla_supported_devices() or ())


@functools.cache
def best() -> torch.device:
    """The device used where none is named: CUDA, else XLA, else Apple's GPU, else the CPU."""
    for kind in ("cuda", "xla", "mps"):
        if count(kind):
            return torch.device(kind, visible(kind)[0])
    return torch.device("cpu")


@functools.cache
def _warn_absent(asked: str, given: str) -> None:
    warnings.warn(f"Device '{asked}' is not present; '{given}' is used instead.", RuntimeWarning, stacklevel=4)


def resolve(name: Any) -> torch.device:
    """The device that ``name`` gets: itself if present, otherwise the best one, with one warning for each name.

    Raises:
        InvalidArgumentError: it is absent, and ``soft_placement`` is off.
    """
    device = parse(name)
    index = device.index or 0
    if index < count(device.type):
        return torch.device(device.type, visible(device.type)[index]) if device.type in _visible else device
    if not soft_placement():
        raise InvalidArgumentError(f"{name} unknown device: it is not present, and soft device placement is off.")
    _warn_absent(str(name), str(best()))
    return best()


def kind_of(device_type: str) -> str:
    """The torch kind that stands for TensorFlow's "CPU", "GPU" or "TPU" on this machine."""
    kinds = [kind for kind, name in _TF_KINDS.items() if name == device_type]
    return next((kind for kind in kinds if present(kind)), kinds[0])


def has_compute_capability(wanted: tuple[int, int]) -> bool:
    """Whether a CUDA device of at least this compute capability is in use."""
    return any(torch.cuda.get_device_capability(i) >= wanted for i in visible("cuda"))


def details(device: torch.device) -> dict[str, Any]:
    """Name and compute capability of a CUDA device; nothing of others."""
    if device.type != "cuda":
        return {}
    return {
        "device_name": torch.cuda.get_device_name(device),
        "compute_capability": torch.cuda.get_device_capability(device),
    }


def memory(device: torch.device) -> dict[str, int]:
    """The bytes that tensors take on a device now, and have taken at most; 0 where torch does not count them."""
    if device.type != "cuda":
        return {"current": 0, "peak": 0}
    return {"current": torch.cuda.memory_allocated(device), "peak": torch.cuda.max_memory_allocated(device)}


def forget_peak_memory(device: torch.device) -> None:
    """Count from here on how much memory tensors take at most."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def limit_memory(device: torch.device, size: int) -> None:
    """Let this process take at most so many bytes of a CUDA device; others have no such bound."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(size / total, 1.0), device)


_switches = {"soft placement": True}


def soft_placement(enabled: bool | None = None) -> bool:
    """Whether an absent device is replaced by another one; sets it if ``enabled`` is given."""
    if enabled is not None:
        _switches["soft placement"] = bool(enabled)
    return _switches["soft placement"]


def current() -> torch.device:
    """Where new tensors go."""
    return local.device or (_best_as_constant() if is_dynamo_compiling() else best())


def _best_as_constant() -> torch.device:
    return best()


_best_as_constant._dynamo_marked_constant = True  # torch.compile runs it; looking for devices is not for its graphs


@contextmanager
def scope(device_name: Any) -> Any:
    """``with tf.device("/GPU:0"): ...`` — new tensors go there; ``None`` lifts an outer scope."""
    before = local.device
    local.device = None if device_name is None else resolve(device_name)
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


def reads_ahead(device: torch.device) -> bool:
    """Whether batches of the host are best fetched while the device computes; on the CPU that takes time from training."""
    return device.type not in ("cpu", "meta")


def staged(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the host where a copy to ``device`` need not wait for it: for CUDA in memory that is not paged."""
    return tensor.pin_memory() if device.type == "cuda" and tensor.device.type == "cpu" else tensor


def lacks_float64(device: torch.device) -> bool:
    """Whether there are no tensors of float64 on a device: Apple's GPU knows none."""
    return device.type == "mps"


def gathered_together(device: torch.device) -> int:
    """Bytes of rows that are best gathered in one operation, to be cut into batches; 0: each batch on its own.

    On the CPU as much as its cache holds; a cut at another place would be another program where programs are compiled.
    """
    return {"cpu": 512 << 10, "xla": 0}.get(device.type, 16 << 20)


# XLA records operations into programs and compiles those. What is a Python number there becomes part of the program, so a
# number that changes costs a compilation each time, and so does a tensor that is made there: its making is recorded too.
# What begins as data from the host is an argument of the program instead. A program ends only where somebody says so.


def compiles(device: torch.device) -> bool:
    """Whether operations on this device are recorded into programs, in which Python numbers are constants."""
    return device.type == "xla"


def place(tensors: Sequence[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Tensors of the host on a device, in one transfer where that counts."""
    if device.type != "xla" or local.tracing:
        return [t.to(device) for t in tensors]
    return _xla_library()._xla_tensors_from_aten(list(tensors), [str(device)] * len(tensors), None)


def full(shape: Any, value: Any, dtype: torch.dtype, device: torch.device | None = None) -> torch.Tensor:
    """A tensor of one value, to begin something with that later steps change."""
    device = device or current()
    if device.type != "xla" or local.tracing:
        return torch.full(shape, value, dtype=dtype, device=device)
    return place([torch.full(shape, value, dtype=dtype)], device)[0]


def zeros_like(tensor: torch.Tensor) -> torch.Tensor:
    """Zeros with the shape, dtype and strides of another tensor, for the same purpose."""
    if tensor.device.type != "xla" or local.tracing:
        return torch.zeros_like(tensor, requires_grad=False)
    return full(tensor.shape, 0, tensor.dtype, tensor.device)


def fill(tensor: torch.Tensor, value: Any) -> None:
    """Set all elements to a number, in place."""
    if tensor.device.type == "xla" and not local.tracing:
        tensor.data = full(tensor.shape, value, tensor.dtype, tensor.device)  # copied, it would be a step's to make
    elif type(value) is int and not value:
        tensor.zero_()
    else:
        tensor.fill_(value)


def joinable(tensors: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    """Tensors that shall become one on the host, where they are best put together: on XLA each number of them would need a
    program."""
    if tensors[0].device.type != "xla":
        return tensors
    return _xla_library()._xla_get_cpu_tensors(list(tensors))


def step_numbers(numbers: tuple, device: torch.device) -> tuple:
    """Numbers that change from step to step, in the form in which a step on ``device`` takes them."""
    if device.type != "xla":
        return numbers
    return tuple(place([torch.tensor(number, dtype=torch.float32) for number in numbers], device))


@contextmanager
def steps(step: Callable) -> Iterator[Callable]:
    """The function for a pass over batches on the current device: ``step``, on XLA with the end of a program after it.

    Meanwhile ``end_update`` leaves the ends of programs to the pass.
    """
    if current().type != "xla":
        yield step
        return

    def program(*args: Any) -> Any:
        result = step(*args)
        _end_program()
        return result

    before, local.in_steps = local.in_steps, True
    _end_program()  # what is pending belongs to no step
    try:
        yield program
    finally:
        local.in_steps = before


def gradients(outputs: Any, inputs: Sequence[torch.Tensor], weights: Any = None, **options: Any) -> Any:
    """``torch.autograd.grad``; on XLA in this thread.

    Autograd's own thread may hold the gradients for a moment longer, and what is held at the end of a program is a result
    of it: there would be a second program now and then.
    """
    if inputs[0].device.type != "xla":
        return torch.autograd.grad(outputs, inputs, weights, **options)
    with torch.autograd.set_multithreading_enabled(False):
        return torch.autograd.grad(outputs, inputs, weights, **options)


def end_update(device: torch.device) -> None:
    """The end of an update in a program's own loop: on XLA, of what is recorded since the last one."""
    if device.type == "xla" and not local.in_steps and not local.tracing:
        _end_program()


def seed(number: int) -> None:
    """Seed torch's generators on all devices."""
    torch.manual_seed(number)
    if present("xla"):
        _xla_library()._xla_set_rng_seed(number % 2**63, "")


def records(device: torch.device) -> bool:
    """Whether kernels launched on this device can be recorded, and then be launched together."""
    return device.type == "cuda"


def record(function: Callable, generators: Sequence[torch.Generator]) -> tuple[Callable, Any]:
    """Record the kernels that ``function`` launches, without running them.

    Args:
        generators: that the kernels draw from, beside the global ones.

    Returns:
        What launches them, and the function's results, which every launch fills anew.
    """
    graph = torch.cuda.CUDAGraph()
    for source in generators:
        graph.register_generator_state(source)
    torch.cuda.synchronize()
    # threads that fetch data may pin memory meanwhile
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        results = function()
    return graph.replay, results


def is_pinned(tensor: torch.Tensor) -> bool:
    """Whether the tensor lies in the host's memory, and a GPU can reach it there."""
    return tensor.device.type == "cpu" and bool(present("cuda")) and tensor.is_pinned()


def wait_for_all() -> None:
    """Wait until the accelerators in use have computed what was asked of them."""
    if present("cuda"):
        torch.cuda.synchronize()
    if present("mps"):
        torch.mps.synchronize()
    if present("xla"):
        sys.modules["torch_xla"].sync(wait=True)


def library_runner(library: str, device: torch.device) -> Callable[[list], list]:
    """What a library that AOTInductor made computes, as a function of a list of tensors."""
    if device.type == "cuda":
        return torch._C._aoti.AOTIModelContainerRunnerCuda(library, 1, str(device)).run
    return torch._C._aoti.AOTIModelContainerRunnerCpu(library, 1).run


def random_state(state: list | None = None) -> list:
    """The states of torch's global generators; sets them if ``state`` is given."""
    if state is not None:
        torch.set_rng_state(state[0])
        if len(state) > 1:
            torch.cuda.set_rng_state_all(state[1])
        return state
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state_all()] if present("cuda") else [])]


def generator(device: torch.device) -> torch.Generator:
    """A generator for random numbers on a device; it may be the host's, and the numbers have to be moved."""
    return torch.Generator("cpu" if device.type == "xla" else device)


def _xla_library() -> Any:
    return sys.modules["torch_xla"]._XLAC


def _end_program() -> None:
    sys.modules["torch_xla"].sync()
