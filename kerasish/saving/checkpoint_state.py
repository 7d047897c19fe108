"""The file ``checkpoint`` in a folder of checkpoints, which says which are there and which one is the latest."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kerasish.saving import bundle
from kerasish.saving.archive import replacing

STATE = "checkpoint"
_LARGEST = 1 << 26  # bytes
_LINE = re.compile(r"\s*(\w+)\s*:\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"']+)\s*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(repr=False)
class CheckpointState:
    """What the file says: paths of checkpoints without their extensions, and times in seconds since 1970."""

    model_checkpoint_path: str = ""
    all_model_checkpoint_paths: list[str] = field(default_factory=list)
    all_model_checkpoint_timestamps: list[float] = field(default_factory=list)
    last_preserved_timestamp: float = 0.0

    def __str__(self) -> str:
        lines = [f"model_checkpoint_path: {_quoted(self.model_checkpoint_path)}"] if self.model_checkpoint_path else []
        lines += [f"all_model_checkpoint_paths: {_quoted(path)}" for path in self.all_model_checkpoint_paths]
        lines += [f"all_model_checkpoint_timestamps: {time!r}" for time in self.all_model_checkpoint_timestamps]
        if self.last_preserved_timestamp:
            lines.append(f"last_preserved_timestamp: {self.last_preserved_timestamp!r}")
        return "".join(line + "\n" for line in lines)

    __repr__ = __str__


def write(
    folder: Any,
    latest: str,
    paths: Iterable[str] | None = None,
    times: Iterable[float] = (),
    preserved: float = 0.0,
    filename: str | None = None,
    absolute: bool = False,
) -> None:
    """Write the file; paths in or below the folder are noted relative to it.

    Args:
        paths: of all checkpoints that are kept; default: the latest one.
        times: when they were made.
        preserved: when the last one was made that is kept for good.
        filename: default: "checkpoint".
        absolute: whether absolute paths are noted as they are.
    """
    folder = os.fspath(folder)
    everything = [latest] if paths is None else [*paths]
    if latest not in everything:
        everything.append(latest)
    noted = {path: path if absolute and os.path.isabs(path) else _relative(path, folder) for path in everything}
    state = CheckpointState(noted[latest], [noted[path] for path in everything], [*times], preserved)
    with (
        replacing(os.path.join(folder, filename or STATE)) as temporary,
        open(temporary, "w", encoding="utf-8") as file,
    ):
        file.write(str(state))


def read(folder: Any, filename: str | None = None) -> CheckpointState | None:
    """What the file says, with paths that begin with the folder's; None if there is no such file, or it is no such file."""
    folder = os.fspath(folder)
    path = os.path.join(folder, filename or STATE)
    if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
        return None
    state = CheckpointState()
    try:
        with open(path, encoding="utf-8") as file:
            found = _LINE.findall(file.read(_LARGEST))
        for name, text in found:
            if name == "model_checkpoint_path":
                state.model_checkpoint_path = _joined(folder, _unquoted(text))
            elif name == "all_model_checkpoint_paths":
                state.all_model_checkpoint_paths.append(_joined(folder, _unquoted(text)))
            elif name == "all_model_checkpoint_timestamps":
                state.all_model_checkpoint_timestamps.append(float(text))
            elif name == "last_preserved_timestamp":
                state.last_preserved_timestamp = float(text)
    except ValueError:
        return None
    return state if state.model_checkpoint_path else None


def latest(folder: Any, filename: str | None = None) -> str | None:
    """The path of the latest checkpoint, if it is there."""
    state = read(folder, filename)
    return state.model_checkpoint_path if state is not None and bundle.is_bundle(state.model_checkpoint_path) else None


def _relative(path: str, folder: str) -> str:
    return os.path.relpath(path, folder or os.curdir) if os.path.isabs(path) == os.path.isabs(folder) else path


def _joined(folder: str, path: str) -> str:
    return path if os.path.isabs(path) else os.path.join(folder, path)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _unquoted(text: str) -> str:
    if text[:1] not in ("'", '"'):
        raise ValueError(text)
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1])
