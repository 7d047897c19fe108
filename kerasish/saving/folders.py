"""The folder that ``save_model(zipped=False)`` makes: the members of a ``.keras`` archive as files.

A program that asks for Keras 2 (by ``TF_USE_LEGACY_KERAS``, or ``import tf_keras``) gets it in a SavedModel's place: for a
name without an extension, and for ``save_format="tf"``.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kerasish.core import registry
from kerasish.core.context import asks_for_keras_2
from kerasish.core.errors import fail
from kerasish.layers.exported import INDEX
from kerasish.saving.archive import CorruptFileError, write_archive
from kerasish.saving.keras_file import ASSETS, CONFIG, METADATA, WEIGHTS


def stands_for(path: str, save_format: str | None = None) -> bool:
    """Whether the program asks for Keras 2, and for a SavedModel of that name."""
    if not asks_for_keras_2():
        return False
    return not path.endswith((".keras", ".h5", ".hdf5")) if save_format is None else save_format in ("tf", "tensorflow")


def is_model(path: str) -> bool:
    """Whether a path is a folder with a model."""
    return all(os.path.isfile(os.path.join(path, name)) for name in (METADATA, CONFIG, WEIGHTS))


def spread(archive: str, folder: str) -> None:
    """Write the members of an archive of ours as files into a folder, which is made if need be."""
    os.makedirs(os.path.join(folder, ASSETS), exist_ok=True)
    with zipfile.ZipFile(archive) as members:
        members.extractall(folder)


def add_functions(model: Any, folder: str, signatures: Any, options: Any) -> None:
    """Write what ``tf.saved_model.load`` reads beside a model's files.

    Args:
        signatures: functions by name, or one; None: ``load`` makes them of the model when it is asked.
    """
    if signatures is not None:
        registry.above("tensorflow.saved_model.save")(model, folder, signatures, options)
        return
    with suppress(FileNotFoundError):  # of a model that was here before
        os.remove(os.path.join(folder, INDEX))


@contextmanager
def gathered(folder: str) -> Iterator[str]:
    """The path of an archive with what lies in a model's folder.

    Raises:
        CorruptFileError: a file is a link, which may lead anywhere.
    """
    files = {name: os.path.join(folder, name) for name in (METADATA, CONFIG, WEIGHTS)}
    for place, _, names in os.walk(os.path.join(folder, ASSETS)):
        paths = [os.path.join(place, name) for name in names]
        files |= {os.path.relpath(path, folder).replace(os.sep, "/"): path for path in paths}
    files = {name: path for name, path in files.items() if os.path.lexists(path)}
    links = [name for name, path in files.items() if os.path.islink(path)]
    if links:
        raise fail(CorruptFileError, f"The folder '{folder}' cannot be read: its file '{links[0]}' is a link")
    with tempfile.TemporaryDirectory(prefix="keras_folder_") as temporary:
        archive = os.path.join(temporary, "model.keras")
        write_archive(archive, {}, files)
        yield archive
