"""Checkpoints' values by name, without the objects that they are of (``tf.train.load_checkpoint`` and its kin)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.saving import bundle, checkpoint_state
from kerasish.saving.checkpoint_state import CheckpointState

_KINDS = {
    "float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF", "complex64": "COMPLEX64", "complex128": "COMPLEX128",
}  # fmt: skip


class CheckpointReader:
    """A checkpoint's values, by name.

    Args:
        filename: the files' names without ``.index``.

    Raises:
        NotFoundError, DataLossError: there is no such checkpoint, or it is damaged.
    """

    def __init__(self, filename: Any) -> None:
        self._bundle = bundle.Bundle(filename)

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        return {name: list(entry.shape) for name, entry in self._bundle.entries.items()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """Dtypes by name; None where only TensorFlow has it."""
        return {name: entry.dtype for name, entry in self._bundle.entries.items()}

    def has_tensor(self, tensor_str: str) -> bool:
        return tensor_str in self._bundle

    def get_tensor(self, tensor_str: str) -> Any:
        """A value: an array, or a scalar of NumPy's, or bytes.

        Raises:
            NotFoundError: there is none of this name.
            DataLossError: its bytes are damaged.
        """
        return self._bundle.read(tensor_str)[()]

    def debug_string(self) -> bytes:
        """All names with their dtypes and shapes, one a line."""
        lines = [
            f"{name} (DT_{_kind(entry)}) [{','.join(map(str, entry.shape))}]\n"
            for name, entry in self._bundle.entries.items()
        ]
        return "".join(lines).encode()


def _kind(entry: bundle.Entry) -> str:
    name = str(entry.dtype.name) if entry.dtype is not None else "VARIANT"
    return _KINDS.get(name, name.upper())


def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """A reader of a checkpoint, or of the latest one of a folder.

    Raises:
        ValueError: the folder has none.
        NotFoundError, DataLossError: there is no such checkpoint, or it is damaged.
    """
    path = os.fspath(ckpt_dir_or_file)
    if os.path.isdir(path):
        found = latest_checkpoint(path)
        if found is None:
            raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {path}")
        path = found
    return CheckpointReader(path)


def load_variable(ckpt_dir_or_file: Any, name: str) -> Any:
    """A value of a checkpoint.

    Raises:
        NotFoundError, DataLossError: there is no such checkpoint or value, or it is damaged.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """(name, shape) of each value of a checkpoint.

    Raises:
        NotFoundError, DataLossError: there is no such checkpoint, or it is damaged.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """The path of a folder's latest checkpoint; None if there is none."""
    return checkpoint_state.latest(checkpoint_dir, latest_filename)


def get_checkpoint_state(checkpoint_dir: Any, latest_filename: str | None = None) -> CheckpointState | None:
    """What a folder's file ``checkpoint`` says; None if there is none."""
    return checkpoint_state.read(checkpoint_dir, latest_filename)


def checkpoints_iterator(
    checkpoint_dir: Any, min_interval_secs: float = 0, timeout: float | None = None, timeout_fn: Callable | None = None
) -> Iterator[str]:
    """Paths of a folder's checkpoints as they appear.

    Args:
        min_interval_secs: least seconds between two of them.
        timeout: seconds to wait for a new one; None: without end.
        timeout_fn: called after ``timeout``; the end, if it returns true.
    """
    last = None
    while True:
        found = _wait_for_new(checkpoint_dir, last, timeout)
        if found is None:
            if timeout_fn is None or timeout_fn():
                return
            continue
        start, last = time.time(), found
        yield found
        time.sleep(max(0.0, start + min_interval_secs - time.time()))


def _wait_for_new(folder: Any, last: str | None, timeout: float | None) -> str | None:
    stop = None if timeout is None else time.time() + timeout
    while True:
        found = latest_checkpoint(folder)
        if found is not None and found != last:
            return found
        if stop is not None and time.time() + 1.0 > stop:
            return None
        time.sleep(1.0)
