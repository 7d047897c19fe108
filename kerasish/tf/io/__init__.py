"""``tf.io``: files as string tensors; ``tf.io.gfile``."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from kerasish.core import dispatch
from kerasish.core.errors import missing_name
from kerasish.tf.image.files import decode_bmp as decode_bmp
from kerasish.tf.image.files import decode_gif as decode_gif
from kerasish.tf.image.files import decode_image as decode_image
from kerasish.tf.image.files import decode_jpeg as decode_jpeg
from kerasish.tf.image.files import decode_png as decode_png
from kerasish.tf.image.files import encode_jpeg as encode_jpeg
from kerasish.tf.image.files import encode_png as encode_png
from kerasish.tf.io import gfile as gfile


def read_file(filename: Any, name: str | None = None) -> Any:
    """A file's bytes as a string tensor of rank 0.

    Raises:
        NotFoundError: there is no such file.
    """
    with gfile.GFile(_text(filename), "rb") as file:
        return dispatch.wrap(_strings(file.read()))


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Write a string tensor of rank 0 to a file; folders are made."""
    path = _text(filename)
    folder = os.path.dirname(gfile.local_path(path))
    if folder:
        gfile.makedirs(folder)
    content = np.asarray(dispatch.raw(contents)).item()
    with gfile.GFile(path, "wb") as file:
        file.write(content)


def matching_files(pattern: Any, name: str | None = None) -> Any:
    """Paths that match a pattern or several, sorted, as a string tensor (paths,)."""
    given = np.asarray(dispatch.raw(pattern)).reshape(-1)
    return dispatch.wrap(_strings(sorted(os.fsencode(path) for path in gfile.glob([os.fsdecode(p) for p in given]))))


def _text(filename: Any) -> str:
    return os.fsdecode(np.asarray(dispatch.raw(filename)).item())


def _strings(value: Any) -> np.ndarray:
    result = np.empty(np.shape(value), dtype=object)
    result[...] = value
    return result


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
