"""State that several processes write together, each its part, and any number reads: ``torch.distributed.checkpoint``.

A folder holds numbered states, ``state-7`` and so on. One is written beside the others, under another name, and renamed when
all of it is on the disk; only then earlier ones go. Tensors of a mesh (``DTensor``) are written by the processes that have
the pieces; others by one of them. Checksums end the files of data; the index, which torch pickles, may name no other classes
than those of an index.
"""

from __future__ import annotations

import os
import pickle
import re
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from kerasish.core.errors import fail
from kerasish.core.replicas import from_all, from_first, in_group, num_processes, process_id
from kerasish.saving.archive import CorruptFileError, check_seal, seal, sync

_NAME = re.compile(r"state-(\d{1,18})")
_INDEX = ".metadata"
_METADATA = "torch.distributed.checkpoint.metadata"
_CLASSES = {
    (_METADATA, name)
    for name in (
        "BytesStorageMetadata", "ChunkStorageMetadata", "Metadata", "MetadataIndex", "StorageMeta", "TensorProperties",
        "TensorStorageMetadata", "_MEM_FORMAT_ENCODING",
    )
} | {
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo"), ("torch.serialization", "_get_layout"), ("torch", "Size"),
    ("collections", "OrderedDict"),
}  # fmt: skip


def states(folder: str) -> list[str]:
    """The paths of the complete states in a folder, oldest first."""
    if not os.path.isdir(folder):
        return []
    found = [(int(match[1]), name) for name in os.listdir(folder) if (match := _NAME.fullmatch(name))]
    return [os.path.join(folder, name) for _, name in sorted(found)]


def write(folder: str, tensors: dict[str, torch.Tensor], more: Callable[[str], None], keep: int = 1) -> str:
    """Write a state; all processes have to, each with its own pieces.

    Args:
        tensors: name → tensor, of the same names in all processes.
        more: writes other files into the folder whose path it is given, in the first process.
        keep: how many states stay.

    Returns:
        The path of the state.

    Raises:
        OSError: in all processes, if one of them could not write; the states before are as they were.
    """
    earlier = states(folder)
    number = int(_NAME.fullmatch(os.path.basename(earlier[-1]))[1]) + 1 if earlier else 0  # type: ignore[index]
    target = _of_first(os.path.join(folder, f"state-{number}"))
    unready = _of_first(os.path.join(folder, f".{secrets.token_hex(8)}.tmp"))

    def publish() -> None:
        if process_id() == 0:
            os.replace(unready, target)
            sync(folder)
            for path in states(folder)[:-keep]:
                remove(path)

    try:
        _agree(lambda: _write_parts(unready, tensors, more))
        _agree(publish)
    finally:
        if process_id() == 0:
            shutil.rmtree(unready, ignore_errors=True)
    return target


def remove(path: str) -> None:
    """Remove a state; a process that is killed meanwhile leaves nothing that looks like one."""
    unready = os.path.join(os.path.dirname(path), f".{secrets.token_hex(8)}.tmp")
    os.replace(path, unready)
    shutil.rmtree(unready, ignore_errors=True)


def _write_parts(path: str, tensors: dict[str, torch.Tensor], more: Callable[[str], None]) -> None:
    from torch.distributed import checkpoint  # seconds to import

    try:
        with _alone_or_not():
            checkpoint.save(tensors, storage_writer=checkpoint.FileSystemWriter(path, sync_files=False))
    except checkpoint.CheckpointException as error:  # which is no Exception
        raise OSError(_first_line(error)) from error
    own = [name for name in os.listdir(path) if name.startswith(f"__{process_id()}_")]
    for name in own:
        seal(os.path.join(path, name))
        sync(os.path.join(path, name))
    if process_id() == 0:
        more(path)
        sync(os.path.join(path, _INDEX))
        sync(path)


def read(path: str, tensors: dict[str, torch.Tensor]) -> None:
    """Read a state into tensors, which may be divided otherwise than they were, among other numbers of processes.

    Raises:
        CorruptFileError: in all processes, if a file is damaged or missing, or does not fit.
    """
    from torch.distributed import checkpoint

    def read_own() -> None:
        for name in sorted(os.listdir(path))[process_id() :: num_processes()]:
            if name.endswith(".distcp"):
                check_seal(os.path.join(path, name))

    _agree(read_own)
    try:
        with _alone_or_not():
            checkpoint.load(tensors, storage_reader=_reader(path))
    except (checkpoint.CheckpointException, OSError, ValueError, RuntimeError, pickle.UnpicklingError) as error:
        raise fail(CorruptFileError, f"The state in '{path}' cannot be read: {_first_line(error)}") from error


@contextmanager
def _alone_or_not() -> Iterator[None]:
    """torch tells that one process writes alone, which is meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled, unavailable or uninit")
        yield


def _reader(path: str) -> Any:
    from torch.distributed import checkpoint

    class Reader(checkpoint.FileSystemReader):
        """One that makes nothing of the index but an index, of files in the folder."""

        def read_metadata(self, *args: Any, **kwargs: Any) -> Any:
            with open(os.path.join(path, _INDEX), "rb") as file:
                found = _Unpickler(file).load()
            for place in found.storage_data.values():
                if os.path.basename(place.relative_path) != place.relative_path:
                    raise pickle.UnpicklingError(f"it names a file elsewhere, '{place.relative_path}'")
            return found

    return Reader(path)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        allowed = (module, name) in _CLASSES or (module.split(".")[0] == "pathlib" and name.endswith("Path"))
        if not allowed and not (module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)):
            raise pickle.UnpicklingError(f"its index names '{module}.{name}', which is no part of one")
        return super().find_class(module, name)


# all processes --------------------------------------------------------------------------------------------------------


def _of_first(value: Any) -> Any:
    return from_first(value) if in_group() else value


def _agree(work: Callable[[], None]) -> None:
    """Do something in all processes; what goes wrong in one is an error in all.

    Raises:
        Exception: what went wrong here; an OSError that says what did elsewhere.
    """
    error = None
    try:
        work()
    except Exception as found:
        error = found
    words = None if error is None else (isinstance(error, CorruptFileError), _first_line(error))
    failed = [one for one in (from_all(words) if in_group() else [words]) if one is not None]
    if failed:
        damaged, text = failed[0]
        if error is not None:
            raise error
        raise (CorruptFileError if damaged else OSError)(f"In another process: {text}")


def _first_line(error: BaseException) -> str:
    """What an error says; of one that gathers those of several processes, what the first of them says."""
    inner = next(iter(getattr(error, "failures", {}).values()), None)
    return str(inner[0] if inner else error).splitlines()[0] if str(inner or error) else type(error).__name__
