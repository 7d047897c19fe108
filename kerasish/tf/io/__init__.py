"""``tf.io``: files as string tensors, records, messages and what is in them; ``tf.io.gfile``."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.variable import TFVariable
from kerasish.tf.gone import missing as _missing
from kerasish.tf.image.files import decode_and_crop_jpeg as decode_and_crop_jpeg
from kerasish.tf.image.files import decode_bmp as decode_bmp
from kerasish.tf.image.files import decode_gif as decode_gif
from kerasish.tf.image.files import decode_image as decode_image
from kerasish.tf.image.files import decode_jpeg as decode_jpeg
from kerasish.tf.image.files import decode_jxl as decode_jxl
from kerasish.tf.image.files import decode_png as decode_png
from kerasish.tf.image.files import decode_webp as decode_webp
from kerasish.tf.image.files import encode_jpeg as encode_jpeg
from kerasish.tf.image.files import encode_png as encode_png
from kerasish.tf.image.files import extract_jpeg_shape as extract_jpeg_shape
from kerasish.tf.image.files import is_jpeg as is_jpeg
from kerasish.tf.io import gfile as gfile
from kerasish.tf.io import ragged as _ragged  # noqa: F401 - registers what RaggedFeature gives
from kerasish.tf.io.described import decode_proto as decode_proto
from kerasish.tf.io.described import encode_proto as encode_proto
from kerasish.tf.io.features import FixedLenFeature as FixedLenFeature
from kerasish.tf.io.features import FixedLenSequenceFeature as FixedLenSequenceFeature
from kerasish.tf.io.features import RaggedFeature as RaggedFeature
from kerasish.tf.io.features import SparseFeature as SparseFeature
from kerasish.tf.io.features import VarLenFeature as VarLenFeature
from kerasish.tf.io.parsing import parse_example as parse_example
from kerasish.tf.io.parsing import parse_single_example as parse_single_example
from kerasish.tf.io.protos import deserialize_many_sparse as deserialize_many_sparse
from kerasish.tf.io.protos import serialize_many_sparse as serialize_many_sparse
from kerasish.tf.io.protos import serialize_sparse as serialize_sparse
from kerasish.tf.io.records import TFRecordOptions as TFRecordOptions
from kerasish.tf.io.records import TFRecordWriter as TFRecordWriter
from kerasish.tf.io.sequences import parse_sequence_example as parse_sequence_example
from kerasish.tf.io.sequences import parse_single_sequence_example as parse_single_sequence_example
from kerasish.tf.io.tensors import parse_tensor as parse_tensor
from kerasish.tf.io.tensors import serialize_tensor as serialize_tensor
from kerasish.tf.io.texts import decode_base64 as decode_base64
from kerasish.tf.io.texts import decode_compressed as decode_compressed
from kerasish.tf.io.texts import decode_csv as decode_csv
from kerasish.tf.io.texts import decode_json_example as decode_json_example
from kerasish.tf.io.texts import decode_raw as decode_raw
from kerasish.tf.io.texts import encode_base64 as encode_base64


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
    content = _scalar(contents, "Contents")
    with gfile.GFile(path, "wb") as file:
        file.write(content)


def matching_files(pattern: Any, name: str | None = None) -> Any:
    """Paths that match a pattern or several, sorted, as a string tensor (paths,)."""
    given = np.asarray(dispatch.raw(pattern)).reshape(-1)
    return dispatch.wrap(_strings(sorted(os.fsencode(path) for path in gfile.glob([os.fsdecode(p) for p in given]))))


def match_filenames_once(pattern: Any, name: str | None = None) -> Any:
    """``matching_files`` in a variable."""
    return TFVariable(matching_files(pattern), trainable=False, name=name)


def _text(filename: Any) -> str:
    return os.fsdecode(_scalar(filename, "Input filename"))


def _scalar(value: Any, what: str) -> Any:
    given = np.asarray(dispatch.raw(value))
    if given.ndim:
        raise InvalidArgumentError(f"{what} tensor must be scalar, but had shape: {list(given.shape)}")
    return given.item()


def _strings(value: Any) -> np.ndarray:
    result = np.empty(np.shape(value), dtype=object)
    result[...] = value
    return result


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
