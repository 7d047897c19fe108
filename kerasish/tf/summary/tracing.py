"""``tf.summary.trace_on`` and its kin: recordings of torch's profiler; graphs are not recorded."""

from __future__ import annotations

import os
from typing import Any

from kerasish.core.errors import NotServedError
from kerasish.core.messages import say
from kerasish.tf.profiler import experimental as profiler
from kerasish.tf.summary.writer import get_step

_state: dict[str, Any] = {"on": False, "profiler": False, "folder": None}


def trace_on(graph: bool = True, profiler: bool = False, profiler_outdir: str | None = None) -> None:
    """Begin a recording, if none is running.

    Args:
        graph: TensorFlow's graphs do not exist here: they are not recorded.
        profiler: record what runs how long.
        profiler_outdir: the folder for it.
    """
    if _state["on"]:
        say("Trace already enabled")
        return
    if profiler and profiler_outdir is None:
        raise ValueError("The profiler needs profiler_outdir, the folder that it writes to.")
    _state.update(on=True, profiler=profiler, folder=profiler_outdir)
    if profiler:
        _start(profiler_outdir)


def _start(folder: Any) -> None:
    profiler.start(os.fspath(folder))


def trace_export(name: str, step: Any = None, profiler_outdir: str | None = None) -> None:
    """End the recording and write what the profiler has found.

    Args:
        name: a tag for the graph, which is not recorded.
        step: of the summary; default: the default step.

    Raises:
        ValueError: no recording is running, or there is no step.
    """
    if not _state["on"]:
        raise ValueError("Must enable trace before export through tf.summary.trace_on.")
    if step is None and get_step() is None:
        raise ValueError("No step set. Please specify one either through the `step` argument or through set_step().")
    running = _state["profiler"]
    _state.update(on=False, profiler=False)
    if running:
        profiler.stop(save=True)


def trace_off() -> None:
    """End the recording and write nothing."""
    running = _state["profiler"]
    _state.update(on=False, profiler=False)
    if running:
        profiler.stop(save=False)


def graph(graph_data: Any) -> bool:
    """A graph of TensorFlow's as a summary: not served."""
    raise NotServedError(
        "'tf.summary.graph' is part of the real library but is not served by kerasish: there are no graphs of TensorFlow's."
    )


graph.__kerasish_stub__ = True  # type: ignore[attr-defined]
