"""HDF5 files: the only user of h5py, which is imported when a file is opened.

Reading is by a strict subset of the format. A file of weights consists of groups, attributes and arrays of numbers that it
holds itself. Whatever would make HDF5 look elsewhere (soft and external links, external storage, virtual datasets, filters
that are loaded as plugins) or allocate without bound (a declared size out of all proportion to what is stored) is refused.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from kerasish.core.errors import fail
from kerasish.saving.archive import CorruptFileError, missing_file
from kerasish.saving.h5_texts import Texts

FREE_SIZE = 64 << 20  # bytes that an array may declare whatever is stored of it
MAX_RATIO = 1000  # beyond that, how many times what is stored; deflate itself gives at most 1032
MAX_NAMES = 100_000  # elements of an attribute, members of a group
MAX_DEPTH = 100
_ATTRIBUTE_SIZE = 64_000  # HDF5 keeps an attribute in a header of 64 KiB; Keras splits longer lists too
_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # those that HDF5 and h5py bring along
_EXTENSION_DTYPES = ("bfloat16", "float8_e4m3fn", "float8_e5m2")  # not in HDF5: Keras stores bytes and the name


# writing --------------------------------------------------------------------------------------------------------------


class _Sink:
    """A new file for HDF5, whose library ends the process where it cannot write: it is told that all went well.

    Args:
        path: of the file to make.

    Attributes:
        error: what went wrong, after which nothing more is written.
    """

    def __init__(self, path: str) -> None:
        self._file = open(path, "w+b", buffering=0)
        self.seek, self.tell, self.close = self._file.seek, self._file.tell, self._file.close
        self.read, self.readinto, self.flush = self._file.read, self._file.readinto, self._file.flush
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and self.error is None:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int) -> int:
        try:
            return self._file.truncate(size) if self.error is None else size
        except OSError as error:
            self.error = error
            return size


class Writer:
    """A new HDF5 file; use it in a ``with`` block.

    Args:
        path: of the file to make.

    Raises:
        OSError: it cannot be written; at the end of the block at the latest.
    """

    def __init__(self, path: str) -> None:
        import h5py

        self._sink = _Sink(path)
        self._file = h5py.File(self._sink, "w")

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *exception: Any) -> None:
        try:
            self._file.close()
        finally:
            self._sink.close()
        if exception[0] is None:
            self._check()

    def _check(self) -> None:
        if self._sink.error is not None:
            raise self._sink.error

    def group(self, path: str) -> None:
        self._file.require_group(path)

    def array(self, path: str, value: Any) -> None:
        """Store an array.

        Raises:
            TypeError: not numbers.
        """
        self._check()
        array = np.asarray(value)
        if array.dtype.name in _EXTENSION_DTYPES:
            dataset = self._file.create_dataset(path, data=array.view(f"V{array.itemsize}"))
            dataset.attrs["dtype"] = array.dtype.name
            return
        if array.dtype.kind not in "biufcS":
            raise fail(TypeError, f"'{path}' cannot be stored in HDF5", "an array of numbers", f"dtype {array.dtype}")
        self._file.create_dataset(path, data=array)

    def attribute(self, path: str, name: str, value: str | list[str]) -> None:
        """Set an attribute of a group; a list too long for one attribute is split over ``name0``, ``name1``, ..."""
        attributes = self._file[path].attrs
        if isinstance(value, str):
            attributes[name] = value
            return
        texts = np.array([text.encode("utf-8") for text in value], dtype="S" if value else "S1")
        parts = -(-texts.nbytes // _ATTRIBUTE_SIZE)
        if parts <= 1:
            attributes[name] = texts
        else:
            for i, part in enumerate(np.array_split(texts, parts)):
                attributes[f"{name}{i}"] = part


# reading --------------------------------------------------------------------------------------------------------------


@contextmanager
def reading(source: Any, name: str | None = None) -> Iterator[Group]:
    """The root group of an HDF5 file.

    Args:
        source: a path, or a ``BytesIO``.
        name: of the file, for messages; default: the path.

    Raises:
        MissingFileError: there is no file.
        CorruptFileError: it is not HDF5, or truncated.
    """
    import h5py

    name = name or str(source)
    with ExitStack() as stack:
        try:
            if isinstance(source, str):
                raw = stack.enter_context(open(source, "rb"))
                data = stack.enter_context(mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ))
                file = stack.enter_context(h5py.File(source, "r", locking="best-effort"))
            else:
                data = stack.enter_context(source.getbuffer())
                file = stack.enter_context(h5py.File(source, "r"))
            texts = Texts(data)
        except FileNotFoundError:
            raise missing_file(name) from None
        except (OSError, RuntimeError, ValueError, LookupError, SystemError) as error:
            raise _corrupt(name, f"it is not an intact HDF5 file ({error})") from error
        yield Group(file, _File(name, texts), "")


class _File(NamedTuple):
    name: str
    texts: Texts


def _corrupt(file: str, why: str) -> CorruptFileError:
    return fail(CorruptFileError, f"The file '{file}' cannot be read: {why}")  # type: ignore[return-value]


class _Node:
    """An object of an open file: what it is, where it is, and the words for what is wrong with it."""

    def __init__(self, handle: Any, file: _File, path: str) -> None:
        self._handle = handle
        self._file = file
        self.path = path

    @property
    def file(self) -> str:
        """The name of the file."""
        return self._file.name

    def corrupt(self, why: str) -> CorruptFileError:
        return _corrupt(self.file, f"'{self.path or '/'}' {why}")

    def texts(self, name: str) -> list[str] | None:
        """An attribute that is a list of texts; None if there is none."""
        import h5py

        with self._intact():
            return self._file.texts.read(h5py.h5o.get_info(self._handle.id).addr, name)

    @contextmanager
    def _intact(self) -> Iterator[None]:
        """Whatever h5py raises on damaged contents, as one class."""
        try:
            yield
        except CorruptFileError:
            raise
        except (OSError, RuntimeError, LookupError, TypeError, ValueError, ArithmeticError, SystemError) as error:
            raise self.corrupt(f"is damaged ({error})") from error


class Group(_Node):
    """A group of an open file."""

    def names(self) -> list[str]:
        """Names of the members.

        Raises:
            CorruptFileError: there are unreasonably many.
        """
        with self._intact():
            if len(self._handle) > MAX_NAMES:
                raise self.corrupt(f"has {len(self._handle)} members")
            names = list(self._handle)
        if not all(isinstance(name, str) for name in names):
            raise self.corrupt("has a member whose name is no text")
        return names

    def group(self, path: str) -> Group | None:
        """The group at a path of names joined by "/"; None if there is none."""
        found = self._find(path)
        return found if isinstance(found, Group) else None

    def array(self, path: str) -> Stored | None:
        """The array at a path of names joined by "/"; None if there is none."""
        found = self._find(path)
        return found if isinstance(found, Stored) else None

    def _find(self, path: str) -> Group | Stored | None:
        import h5py

        node: Any = self
        for name in path.split("/"):
            if not isinstance(node, Group):
                return None
            handle = node._member(name)
            if handle is None:
                return None
            kind = Group if isinstance(handle, h5py.Group) else Stored
            if kind is Stored and not isinstance(handle, h5py.Dataset):
                raise node.corrupt(f"has a member '{name}' that is neither a group nor an array")
            node = kind(handle, self._file, f"{node.path}/{name}".lstrip("/"))
        return node

    def _member(self, name: str) -> Any:
        """A member's handle, reached by a hard link: other links lead elsewhere."""
        import h5py

        with self._intact():
            if name in ("", ".", ".."):
                raise self.corrupt(f"is asked for a member '{name}'")
            key = name.encode("utf-8")
            if not self._handle.id.links.exists(key):
                return None
            if self._handle.id.links.get_info(key).type != h5py.h5l.TYPE_HARD:
                raise self.corrupt(
                    f"has a member '{name}' that is a link to somewhere else; kerasish follows no links in files"
                )
            return self._handle[name]

    def text(self, name: str) -> str | None:
        """An attribute that is one text; None if there is none."""
        found = self.texts(name)
        if found is not None and len(found) != 1:
            raise self.corrupt(f"has an attribute '{name}' that is not one text")
        return found[0] if found else None

    def long_texts(self, name: str) -> list[str] | None:
        """An attribute that is a list of texts, or the parts ``name0``, ``name1``, ... of one; None if there is none."""
        whole = self.texts(name)
        if whole is not None:
            return whole
        found: list[str] = []
        for i in range(MAX_NAMES):
            part = self.texts(f"{name}{i}")
            if part is None:
                return found if i else None
            found += part
            if len(found) > MAX_NAMES:
                break
        raise self.corrupt(f"has an attribute '{name}' of too many parts")

    def walk(self) -> Iterator[str]:
        """The paths of all arrays below, relative to this group.

        Raises:
            CorruptFileError: groups nested too deeply, or in a circle.
        """
        start = len(self.path) + 1 if self.path else 0
        pending = [(self, 0)]
        count = 0
        while pending:
            group, depth = pending.pop()
            for name in group.names():
                count += 1
                if depth > MAX_DEPTH or count > MAX_NAMES:
                    raise self.corrupt("holds groups without end")
                found = group._find(name)
                if isinstance(found, Group):
                    pending.append((found, depth + 1))
                elif found is not None:
                    yield found.path[start:]


class Stored(_Node):
    """An array of an open file: its shape and dtype at once, its contents on demand.

    Raises:
        CorruptFileError: it is not an array of numbers that the file itself holds, or of no reasonable size.
    """

    def __init__(self, handle: Any, file: _File, path: str) -> None:
        super().__init__(handle, file, path)
        with self._intact():
            self._check_storage()
            self.dtype = self._check_dtype()
            if handle.shape is None:
                raise self.corrupt("has no shape")
            self.shape: tuple[int, ...] = tuple(handle.shape)
            self._check_size()

    def _check_storage(self) -> None:
        plan = self._handle.id.get_create_plist()
        if plan.get_external_count():
            raise self.corrupt("takes its contents from another file")
        if self._handle.is_virtual:
            raise self.corrupt("is a virtual dataset, which takes its contents from elsewhere")
        filters = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
        if any(f not in _FILTERS for f in filters) or len(set(filters)) != len(filters):
            raise self.corrupt(
                f"is stored through filters other than {sorted(_FILTERS.values())}, or through one twice"
            )

    def _check_dtype(self) -> np.dtype:
        dtype = self._handle.dtype
        if dtype.kind in "biufcS" and dtype.subdtype is None:
            return dtype
        names = self.texts("dtype") if dtype.kind == "V" and dtype.fields is None else None
        if names and names[0] in _EXTENSION_DTYPES:
            extension = np.dtype(getattr(ml_dtypes, names[0]))
            if extension.itemsize == dtype.itemsize:
                return extension
        raise self.corrupt(f"is no array of numbers (its dtype is {dtype})")

    def _check_size(self) -> None:
        """What is declared must be in proportion to what is stored: of the array, and of each chunk."""
        size = self._handle.dtype.itemsize
        bound = max(FREE_SIZE, MAX_RATIO * self._handle.id.get_storage_size())
        for shape in (self.shape, self._handle.chunks or ()):
            declared = int(np.prod(shape, dtype=object)) * size
            if declared > bound:
                raise self.corrupt(
                    f"declares {declared} bytes (shape {shape}) but stores {self._handle.id.get_storage_size()}"
                )

    def read(self) -> np.ndarray:
        """The contents."""
        with self._intact():
            array = np.asarray(self._handle[()])
            return array if array.dtype == self.dtype else array.view(self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.read(), dtype=dtype)
