"""``tf.profiler.experimental``: torch's profiler under TensorFlow's names.

Recordings are Chrome traces in ``LOGDIR/plugins/profile/TIME``: Perfetto and ``chrome://tracing`` open them.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any, NamedTuple

import torch

from kerasish.core.errors import AlreadyExistsError, UnavailableError
from kerasish.tf.gone import missing as _missing


class ProfilerOptions(NamedTuple):
    """TensorFlow's options.

    Args:
        host_tracer_level: 0 leaves the host's operations out.
        python_tracer_level: 1 records Python's calls too.
        device_tracer_level: 0 leaves the accelerator out.
        delay_ms: of TensorFlow's servers; of no use here.
    """

    host_tracer_level: int = 2
    python_tracer_level: int = 0
    device_tracer_level: int = 1
    delay_ms: int | None = None


_running: list[tuple[Any, str]] = []


def start(logdir: str, options: ProfilerOptions | None = None) -> None:
    """Begin a recording.

    Raises:
        AlreadyExistsError: one is running.
    """
    if _running:
        raise AlreadyExistsError("Another profiler is running.")
    options = options or ProfilerOptions()
    wanted = torch.profiler.supported_activities()
    host = torch.profiler.ProfilerActivity.CPU
    chosen = [a for a in wanted if (options.host_tracer_level if a is host else options.device_tracer_level)]
    profiler = torch.profiler.profile(activities=chosen or [host], with_stack=bool(options.python_tracer_level))
    profiler.start()
    _running.append((profiler, os.fspath(logdir)))


def stop(save: bool = True) -> None:
    """End the recording, and write it unless ``save`` is False.

    Raises:
        UnavailableError: none is running.
    """
    if not _running:
        raise UnavailableError("Cannot export profiling results. No profiler is running.")
    profiler, logdir = _running.pop()
    profiler.stop()
    if save:
        folder = os.path.join(logdir, "plugins", "profile", time.strftime("%Y_%m_%d_%H_%M_%S"))
        os.makedirs(folder, exist_ok=True)
        profiler.export_chrome_trace(os.path.join(folder, f"{socket.gethostname()}.pt.trace.json"))


class Profile:
    """A block that is recorded."""

    def __init__(self, logdir: str, options: ProfilerOptions | None = None) -> None:
        self._logdir, self._options = logdir, options

    def __enter__(self) -> None:
        start(self._logdir, self._options)

    def __exit__(self, typ: Any, value: Any, tb: Any) -> None:
        stop()


class Trace:
    """A block that the recording shows under a name, with its arguments (``step_num=3, _r=1``) behind it."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        shown = ",".join(f"{key}={value}" for key, value in kwargs.items())
        self._scope = torch.profiler.record_function(f"{name}#{shown}#" if shown else name)
        self._metadata = dict(kwargs)

    def __enter__(self) -> Trace:
        self._scope.__enter__()
        return self

    def set_metadata(self, **kwargs: Any) -> None:
        """Note values under the block's name; torch's events are named when they begin, so these are kept here only."""
        self._metadata.update(kwargs)

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        self._scope.__exit__(exc_type, exc_val, exc_tb)


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
