"""Weights spread over several HDF5 files, with a ``.weights.json`` that says which group is in which: Keras 3's layout."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.saving import h5
from kerasish.saving.archive import CorruptFileError, missing_file, replacing
from kerasish.saving.keras_file import parse_json

INDEX = ".weights.json"
_MAX_SHARDS = 10_000


def index_path(path: str) -> str:
    """The path of the index that belongs to a path in ``.weights.json`` or ``.weights.h5``.

    Raises:
        ValueError: another ending.
    """
    base, dot, ending = path.rpartition(".weights.")
    if not dot or ending not in ("json", "h5"):
        raise ValueError(
            f"The filename must end in `.weights.json` when `max_shard_size` is specified. Received: filepath={path}"
        )
    return base + INDEX


def write(path: str, stores: Iterable[tuple[str, str, dict]], max_shard_size: float) -> None:
    """Write files of weights, then the index.

    Args:
        path: of the index; the files are beside it.
        stores: path in the files, name, and arrays of each layer and optimizer.
        max_shard_size: of one file's arrays, in GB (2³⁰ bytes).

    Raises:
        ValueError: an array is larger than that.
    """
    limit = float(max_shard_size) * 2**30
    base = path.removesuffix(INDEX)
    total, where = 0, {}
    for number, shard in enumerate(_parts(stores, limit)):
        name = f"{base}_{number:05d}.weights.h5"
        with replacing(name) as temporary, h5.Writer(temporary) as writer:
            for group, label, arrays in shard:
                writer.group(group)
                if label is not None:
                    writer.attribute(group, "name", label)
                for key, array in arrays.items():
                    writer.array(f"{group}/{key}", array)
                    total += array.nbytes
                if arrays:
                    where.setdefault(f"/{group}", []).append(os.path.basename(name))
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump({"metadata": {"total_size": float(total)}, "weight_map": where}, file, indent=4)


def _parts(stores: Iterable[tuple[str, str, dict]], limit: float) -> Iterator[list[tuple[str, str | None, dict]]]:
    """The groups of each file: path, name where it begins, arrays."""
    part: list[tuple[str, str | None, dict]] = []
    size = 0
    for where, label, store in stores:
        group = f"{where}/vars".lstrip("/")
        arrays: dict[str, np.ndarray] = {}
        part.append((group, label, arrays))
        for key, value in store.items():
            array = np.asarray(value)
            if array.nbytes > limit:
                raise ValueError(
                    f"The size of '{group}/{key}' is {array.nbytes} bytes, which exceeds the maximum shard size of "
                    f"{limit:.0f} bytes. You can increase the `max_shard_size` parameter to accommodate the size."
                )
            if size + array.nbytes > limit:
                yield part
                arrays, size = {}, 0
                part = [(group, None, arrays)]
            arrays[key] = array
            size += array.nbytes
    yield part


@contextmanager
def reading(path: str) -> Iterator[Any]:
    """The root group of all files that an index names, as one.

    Raises:
        MissingFileError: there is no index, or a file that it names is missing.
        CorruptFileError: it is damaged, or names a file elsewhere.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            data = parse_json(file.read(), path)
    except FileNotFoundError:
        raise missing_file(path) from None
    found = data.get("weight_map")
    if not isinstance(found, dict):
        raise fail(CorruptFileError, f"'{path}' has no 'weight_map'")
    names = list(dict.fromkeys(itertools.chain.from_iterable(_names(files, path) for files in found.values())))
    if len(names) > _MAX_SHARDS:
        raise fail(CorruptFileError, f"'{path}' names {len(names)} files")
    folder = os.path.dirname(path)
    with ExitStack() as stack:
        yield _Joined([stack.enter_context(h5.reading(os.path.join(folder, name))) for name in names], path)


def _names(files: Any, path: str) -> list[str]:
    files = [files] if isinstance(files, str) else files
    if not isinstance(files, list):
        raise fail(CorruptFileError, f"'{path}' names no files for a group")
    for name in files:
        plain = isinstance(name, str) and name.endswith(".weights.h5") and not set(name) & set("/\\:\0")
        if not plain:
            raise fail(CorruptFileError, f"'{path}' names a file that is not beside it: {str(name)[:200]!r}")
    return files


class _Joined:
    """A group whose members are in several files."""

    def __init__(self, groups: list[h5.Group], file: str) -> None:
        self._groups = groups
        self.file = file

    def names(self) -> list[str]:
        return list(dict.fromkeys(itertools.chain.from_iterable(group.names() for group in self._groups)))

    def group(self, path: str) -> Any:
        found = [group for group in (root.group(path) for root in self._groups) if group is not None]
        return _Joined(found, self.file) if len(found) > 1 else found[0] if found else None

    def array(self, path: str) -> h5.Stored | None:
        return next((array for array in (group.array(path) for group in self._groups) if array is not None), None)

    def walk(self) -> Iterator[str]:
        for group in self._groups:
            yield from group.walk()

    def corrupt(self, why: str) -> CorruptFileError:
        return fail(CorruptFileError, f"The files of '{self.file}' cannot be read: a group {why}")  # type: ignore[return-value]
