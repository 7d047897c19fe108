"""The processes and devices that compute together."""

from __future__ import annotations

import atexit
import datetime
import os

import torch

from kerasish.core import device as devices
from kerasish.core.errors import fail
from kerasish.core.random_state import random_state, set_random_state
from kerasish.core.replicas import from_first, in_group
from kerasish.core.replicas import num_processes as num_processes
from kerasish.core.replicas import process_id as process_id

_VARIABLES = "KERAS_DISTRIBUTION_"
_TIMEOUT = 600  # seconds after which a process that others wait for counts as lost


def list_devices(device_type: str | None = None) -> list[str]:
    """The devices, as ``"gpu:0"``; with several processes, those of all.

    Args:
        device_type: "cpu", "gpu" or "tpu"; default: an accelerator if there is one, else the CPU.

    Raises:
        ValueError: another type.
    """
    kind, count = _kind_and_count(device_type)
    return [f"{kind}:{i}" for i in range(count)]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices ``list_devices`` gives."""
    return _kind_and_count(device_type)[1]


def _kind_and_count(device_type: str | None) -> tuple[str, int]:
    known = ("cpu", "gpu", "tpu")
    kind = device_type.lower() if isinstance(device_type, str) else device_type
    if kind is None:
        kind = next((name for name in ("gpu", "tpu") if devices.count_of_type(name)), "cpu")
    if kind not in known:
        raise fail(ValueError, "Unknown `device_type`", f"one of {known}", repr(device_type))
    return kind, devices.count_of_type(kind) * num_processes()


def initialize(
    job_addresses: str | None = None, num_processes: int | None = None, process_id: int | None = None
) -> None:
    """Let several processes compute together, by torch's process group; call it before any computation.

    They begin with the random numbers of the first one: weights and the orders of data then are the same in all. What is
    not given is taken from ``KERAS_DISTRIBUTION_JOB_ADDRESSES`` and so on, else from what ``torchrun`` sets. A
    single process needs none of it.

    Args:
        job_addresses: ``host:port`` of the processes, separated by commas; the first one's is where they meet.
        num_processes: how many there are.
        process_id: the number of this one, from 0.

    Raises:
        ValueError: a number of processes, but not this one's, or no address.
    """
    job_addresses = job_addresses if job_addresses is not None else os.environ.get(f"{_VARIABLES}JOB_ADDRESSES")
    num_processes = _number(num_processes, "NUM_PROCESSES", "WORLD_SIZE")
    process_id = _number(process_id, "PROCESS_ID", "RANK")
    if num_processes in (None, 1) or in_group():
        return
    if process_id is None:
        raise fail(ValueError, "`process_id` is needed with several processes", "0 to num_processes - 1", "None")
    by_launcher = "MASTER_ADDR" in os.environ
    if job_addresses is None and not by_launcher:
        raise fail(ValueError, "`job_addresses` is needed with several processes", "'host:port,...'", "None")
    timeout = datetime.timedelta(seconds=float(os.environ.get(f"{_VARIABLES}TIMEOUT", _TIMEOUT)))
    store, _, _ = next(
        torch.distributed.rendezvous(_meeting_place(job_addresses), process_id, num_processes, timeout=timeout)
    )
    # a launcher's second try finds the addresses of the first one in the store
    store = torch.distributed.PrefixStore(f"try_{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
    torch.distributed.init_process_group(
        devices.process_backend(), store=store, timeout=timeout, world_size=num_processes, rank=process_id
    )
    atexit.register(_leave)
    set_random_state(from_first(random_state([])), [])


def _meeting_place(job_addresses: str | None) -> str:
    return f"tcp://{job_addresses.split(',')[0]}" if job_addresses else "env://"


def _leave() -> None:
    if in_group():
        torch.distributed.destroy_process_group()


def _number(given: int | None, name: str, launcher: str) -> int | None:
    text = os.environ.get(f"{_VARIABLES}{name}", os.environ.get(launcher))
    return given if given is not None or text is None else int(text)
