"""What packages take from Keras 2's ``hdf5_format``: weights of layers in an open file of h5py's."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np

from kerasish import saving
from kerasish.about import KERAS_VERSION
from kerasish.saving import h5, legacy_h5

_LARGEST = 64512  # bytes that an attribute of HDF5 takes, less its own header


def load_weights_from_hdf5_group(f: Any, layers: Sequence) -> None:
    """Set layers' weights from an h5py group, in order.

    Raises:
        ValueError: layers or arrays do not fit; nothing is changed then.
    """
    with _group(f) as group:
        legacy_h5.load_weights(_model_of(layers), group)


def load_weights_from_hdf5_group_by_name(f: Any, layers: Sequence, skip_mismatch: bool = False) -> None:
    """Set the weights of those layers whose names an h5py group has.

    Raises:
        ValueError: arrays do not fit, unless ``skip_mismatch``; nothing is changed then.
    """
    with _group(f) as group:
        legacy_h5.load_weights(_model_of(layers), group, True, skip_mismatch)


def save_weights_to_hdf5_group(f: Any, layers: Sequence) -> None:
    """Write layers' weights into an h5py group."""
    save_attributes_to_hdf5_group(f, "layer_names", [layer.name.encode() for layer in layers])
    f.attrs["backend"] = b"tensorflow"
    f.attrs["keras_version"] = KERAS_VERSION.encode()
    for layer in sorted(layers, key=lambda layer: layer.name):
        group = f.create_group(layer.name)
        weights = [(legacy_h5._label(weight), weight.numpy()) for weight in legacy_h5.layer_weights(layer)]
        save_attributes_to_hdf5_group(group, "weight_names", [name.encode() for name, _ in weights])
        for name, array in weights:
            group.create_dataset(name, data=array)


def save_attributes_to_hdf5_group(group: Any, name: str, data: Sequence) -> None:
    """Set an attribute of an h5py group; a list too long for one is split over ``name0``, ``name1``, ...

    Raises:
        RuntimeError: one item alone is too long.
    """
    too_long = [item for item in data if len(item) > _LARGEST]
    if too_long:
        raise RuntimeError(f"HDF5 takes attributes of up to {_LARGEST} bytes. Received longer ones: {too_long}")
    parts, count = [np.asarray(data)], 1
    while any(part.nbytes > _LARGEST for part in parts):
        count += 1
        parts = np.array_split(parts[0] if count == 2 else np.asarray(data), count)
    for number, part in enumerate(parts):
        group.attrs[name if count == 1 else f"{name}{number}"] = part


def load_attributes_from_hdf5_group(group: Any, name: str) -> list[str]:
    """The texts of an attribute that ``save_attributes_to_hdf5_group`` set; none without it."""
    if name in group.attrs:
        parts = [group.attrs[name]]
    else:
        parts = []
        while f"{name}{len(parts)}" in group.attrs:
            parts.append(group.attrs[f"{name}{len(parts)}"])
    return [item.decode() if hasattr(item, "decode") else item for part in parts for item in part]


def load_model_from_hdf5(filepath: Any, custom_objects: dict | None = None, compile: bool = True) -> Any:
    """A model from an HDF5 file: ``keras.models.load_model``."""
    return saving.load_model(filepath, custom_objects, compile)


def _model_of(layers: Sequence) -> Any:
    return SimpleNamespace(layers=list(layers), _trainable_variables=[], _non_trainable_variables=[])


@contextmanager
def _group(f: Any) -> Iterator[h5.Group]:
    """An h5py group as this library reads files: from the disk, or from an image where it may not be there yet."""
    file = f.file
    on_disk = file.mode == "r" and os.path.isfile(file.filename)
    if not on_disk:
        file.flush()
    with h5.reading(file.filename if on_disk else io.BytesIO(file.id.get_file_image()), file.filename) as root:
        found = root.group(f.name.strip("/")) if f.name.strip("/") else root
        if found is None:
            raise root.corrupt(f"has no group {f.name!r}")
        yield found


__all__ = [
    "load_attributes_from_hdf5_group", "load_model_from_hdf5", "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name", "save_attributes_to_hdf5_group", "save_weights_to_hdf5_group",
]  # fmt: skip
