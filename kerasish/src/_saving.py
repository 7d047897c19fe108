"""What packages take from ``keras.src.saving``: models as file objects, weights alone, HDF5 stores, questions of safety."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any

from kerasish import saving
from kerasish.core import registry
from kerasish.core.context import local
from kerasish.core.errors import fail
from kerasish.saving import h5, model_files


def save_model(model: Any, filepath: Any, weights_format: str = "h5", zipped: bool = True) -> None:
    """Write a model as ``.keras``, to a path or a binary file object.

    Raises:
        NotImplementedError: weights in another format than HDF5, or a folder instead of one file.
    """
    if weights_format != "h5" or not zipped:
        raise fail(
            NotImplementedError,
            "Models are written as one .keras file with their weights in HDF5",
            "weights_format='h5', zipped=True",
            f"weights_format={weights_format!r}, zipped={zipped}",
        )
    if not hasattr(filepath, "write"):
        saving.save_model(model, filepath)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        saving.save_model(model, path)
        with open(path, "rb") as file:
            filepath.write(file.read())


def load_model(filepath: Any, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """Read a ``.keras`` model from a path or a binary file object, with all that ``keras.saving.load_model`` refuses."""
    if not hasattr(filepath, "read"):
        return saving.load_model(filepath, custom_objects, compile, safe_mode)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(filepath.read())
        return saving.load_model(path, custom_objects, compile, safe_mode)


def save_weights_only(model: Any, filepath: Any, max_shard_size: Any = None, objects_to_skip: Any = None) -> None:
    """Write a model's weights as ``.weights.h5``, without those of ``objects_to_skip``."""
    model_files.save_weights(model, filepath, max_shard_size=max_shard_size, objects_to_skip=objects_to_skip)


def load_weights_only(model: Any, filepath: Any, skip_mismatch: bool = False, objects_to_skip: Any = None) -> None:
    """Read a model's weights from ``.weights.h5`` or ``.keras``, but for those of ``objects_to_skip``."""
    model_files.load_weights(model, filepath, skip_mismatch=skip_mismatch, objects_to_skip=objects_to_skip)


class H5IOStore:
    """Arrays by path in an HDF5 file: ``store.make("dense")["0"] = kernel``, ``store.get("dense")["0"]``.

    Args:
        path_or_io: path of the file, for mode "r" also its bytes as a file object.
        mode: "r" to read, through the reader that all model files go through, "w" to write.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, path_or_io: Any, mode: str = "r") -> None:
        if mode not in ("r", "w"):
            raise fail(ValueError, "Invalid mode of H5IOStore", "'r' or 'w'", repr(mode))
        self.mode = mode
        source = path_or_io if hasattr(path_or_io, "read") else os.fspath(path_or_io)
        self._file: Any = h5.reading(source) if mode == "r" else h5.Writer(source)
        self._root = self._file.__enter__()

    def make(self, path: str, metadata: dict | None = None) -> _Entry:
        """A place for the arrays of an object; ``metadata`` are texts kept with it."""
        where = f"{path}/vars" if path else "vars"
        self._root.group(where)
        for name, value in (metadata or {}).items():
            self._root.attribute(where, name, value)
        return _Entry(self._root, where)

    def get(self, path: str) -> Mapping:
        """The arrays of an object, by their names; empty if there is no such object."""
        group = self._root.group("/".join([*(part for part in path.split("/") if part), "vars"]))
        return {} if group is None else {name: group.array(name).read() for name in group.names()}

    def close(self) -> None:
        self._file.__exit__(None, None, None)

    def __enter__(self) -> H5IOStore:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class _Entry(dict):
    """Arrays of one object that is being written."""

    def __init__(self, writer: h5.Writer, where: str) -> None:
        super().__init__()
        self._writer, self._where = writer, where

    def __setitem__(self, name: str, value: Any) -> None:
        self._writer.array(f"{self._where}/{name}", value)
        super().__setitem__(name, value)


def in_safe_mode() -> bool | None:
    """Whether an object is being made from a file or a config in safe mode; None outside of that.

    For classes of packages, which ask it in ``from_config`` before they open files. Our own gate does not: there safe mode
    is an argument.
    """
    return local.safe_mode


class ObjectSharingScope:
    """Within it objects of one ``shared_object_id`` are one object."""

    def __enter__(self) -> ObjectSharingScope:
        self._before, local.shared_objects = local.shared_objects, {}
        return self

    def __exit__(self, *exception: Any) -> None:
        local.shared_objects = self._before


def serialize_dict(obj: dict) -> dict:
    """A dictionary with its values as plain data."""
    return {key: registry.serialize_keras_object(value) for key, value in obj.items()}


def get_build_and_compile_config(obj: Any, config: dict) -> None:
    """Add an object's ``build_config`` and ``compile_config`` to its plain data, where it has them."""
    for key, reader in (("build_config", "get_build_config"), ("compile_config", "get_compile_config")):
        found = getattr(obj, reader)() if hasattr(obj, reader) else None
        if found is not None:
            config[key] = registry.serialize_keras_object(found)


__all__ = [
    "H5IOStore", "ObjectSharingScope", "get_build_and_compile_config", "in_safe_mode", "load_model", "load_weights_only",
    "save_model", "save_weights_only", "serialize_dict",
]  # fmt: skip
