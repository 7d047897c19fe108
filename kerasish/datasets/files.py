"""The files of the data sets: where they are, and how they are read.

Each is fetched by its hash. Reading runs no code: arrays of numbers are taken from their bytes, and where a set's authors
used pickles (lists of words, CIFAR's batches), the pickle may name NumPy's array and dtype only, for which classes of this
module stand in.
"""

from __future__ import annotations

import io
import json
import math
import pickle
import tokenize
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.saving.archive import Archive, CorruptFileError
from kerasish.utils.download import get_file

_HOST = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_LONGEST_HEADER = 10_000


def fetch(name: str, path: str, file_hash: str | None, **options: Any) -> str:
    """The local path of one of the files that Keras keeps; ``path`` is its name in the cache."""
    return get_file(path, origin=_HOST + name, file_hash=file_hash, **options)


def read_json(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_npz(path: str, objects: bool = False) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name.

    Args:
        objects: whether arrays may hold lists of numbers.

    Raises:
        CorruptFileError: it is no such file, is damaged, or holds something else.
    """
    with Archive(path) as archive:
        names = [name for name in archive.names() if name.endswith(".npy")]
        return {name[: -len(".npy")]: _read_npy(archive.read(name), f"{path}: {name}", objects) for name in names}


def _read_npy(data: bytes, where: str, objects: bool) -> np.ndarray:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream, max_header_size=_LONGEST_HEADER)
    except (ValueError, SyntaxError, tokenize.TokenError) as error:
        raise fail(CorruptFileError, f"'{where}' is no NumPy array ({error})") from error
    rest = data[stream.tell() :]
    if dtype.hasobject:
        if not objects:
            raise fail(CorruptFileError, f"'{where}' holds Python objects, which would have to be unpickled")
        return read_pickle(rest, where).reshape(shape)
    return _array(shape, dtype, fortran, rest, where)


def _array(shape: Any, dtype: np.dtype, fortran: Any, data: bytes, where: str) -> np.ndarray:
    if any(not isinstance(n, int) or n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != len(data):
        raise fail(CorruptFileError, f"'{where}' is damaged: shape {shape} of {dtype} in {len(data)} bytes")
    flat = np.frombuffer(data, dtype) if dtype.itemsize else np.empty(math.prod(shape), dtype)
    return (flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)).copy(order="K")


# pickles --------------------------------------------------------------------------------------------------------------


def _text(value: Any) -> Any:
    return value.decode("ascii") if isinstance(value, bytes) else value


class _PickledType:
    """Stands for ``numpy.dtype``: numbers or objects, of the byte order in its state."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.dtype = np.dtype(object if _text(name) in ("O8", "O4", "O") else _text(name))
        if self.dtype.kind not in "biufcO":
            raise pickle.UnpicklingError(f"arrays of {self.dtype} are not read")

    def __setstate__(self, state: Any) -> None:
        order = _text(state[1])
        self.dtype = self.dtype.newbyteorder(order) if order in ("<", ">") else self.dtype


class _PickledArray:
    """Stands for ``numpy.ndarray``; becomes ``value`` once its state has come."""

    def __init__(self, *_: Any) -> None:
        self.value: Any = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, data = state
        if kind.dtype.hasobject:
            self.value = np.empty(len(data), object)
            for index, entry in enumerate(data):
                self.value[index] = finished(entry)
            self.value = self.value.reshape(shape, order="F" if fortran else "C")
        else:
            self.value = _array(shape, kind.dtype, fortran, data, "a pickled array")


def finished(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: finished(entry) for key, entry in value.items()}
    return value.value if isinstance(value, _PickledArray) else value


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _PickledArray
        if module == "numpy" and name in ("ndarray", "dtype"):
            return _PickledType if name == "dtype" else _PickledArray
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no data set does")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside of the file")


def read_pickle(data: bytes, where: str) -> Any:
    """What a data set's pickle holds: arrays, lists, dictionaries, numbers and (as bytes) texts.

    Raises:
        CorruptFileError: anything else is in it.
    """
    try:
        return finished(_Reader(io.BytesIO(data), encoding="bytes").load())
    except CorruptFileError:
        raise
    except Exception as error:  # whatever a damaged pickle does to the reader
        raise fail(CorruptFileError, f"'{where}' is not read: {error}") from error


# splits ---------------------------------------------------------------------------------------------------------------

Pair = tuple[np.ndarray, np.ndarray]


def check_split(test_split: float) -> None:
    if not 0 <= test_split < 1:
        raise fail(ValueError, "Invalid `test_split` argument", "a number in [0, 1)", test_split)


def shuffled_split(x: np.ndarray, y: np.ndarray, test_split: float, seed: Any) -> tuple[Pair, Pair]:
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y, cut = x[order], y[order], int(len(x) * (1 - test_split))
    return (x[:cut].copy(), y[:cut].copy()), (x[cut:].copy(), y[cut:].copy())
