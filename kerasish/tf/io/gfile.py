"""``tf.io.gfile``: files and folders of this machine. Failures are of TensorFlow's classes."""

from __future__ import annotations

import contextlib
import errno
import glob as patterns
import os
import shutil
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

from kerasish.core.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
    missing_name,
)

_KINDS: dict[int | None, type[OpError]] = {
    errno.ENOENT: NotFoundError,
    errno.ENOTDIR: FailedPreconditionError,
    errno.EISDIR: FailedPreconditionError,
    errno.ENOTEMPTY: FailedPreconditionError,
    errno.EEXIST: AlreadyExistsError,
    errno.EACCES: PermissionDeniedError,
    errno.EPERM: PermissionDeniedError,
    errno.EROFS: PermissionDeniedError,
    errno.EINVAL: InvalidArgumentError,
    errno.ENOSPC: ResourceExhaustedError,
}
_SCHEMES = ("", "file")


class FileStatistics(NamedTuple):
    """What ``stat`` tells: bytes, time of the last change in nanoseconds, whether it is a folder."""

    length: int
    mtime_nsec: int
    is_directory: bool


@contextlib.contextmanager
def _failures(path: str) -> Iterator[None]:
    """Raise the operating system's errors as TensorFlow's."""
    try:
        yield
    except OSError as error:
        raise _KINDS.get(error.errno, UnknownError)(f"{path}; {error.strerror}") from None


def local_path(path: Any) -> str:
    """A path as text, without ``file://``; refuses those of other machines.

    Raises:
        UnimplementedError: another scheme.
    """
    text = os.fsdecode(path)
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme.isalnum():
        return text
    if scheme != "file":
        raise missing_scheme(scheme)
    return rest


def opened(path: Any, mode: str, buffering: int = -1) -> IO[bytes]:
    """A file of this machine, open; failures are of TensorFlow's classes."""
    place = local_path(path)
    with _failures(place):
        return open(place, mode, buffering=buffering)


def missing_scheme(scheme: str) -> OpError:
    """The error for a path of a file system that is not there."""
    from_here = ", ".join(repr(known) for known in _SCHEMES)
    return UnimplementedError(f"File system scheme '{scheme}' not implemented; schemes that are: {from_here}")


class GFile:
    """A file, opened when it is first read from or written to.

    Args:
        name: its path.
        mode: "r", "w", "a", "r+", "w+" or "a+", with "b" for bytes instead of text.

    Raises:
        InvalidArgumentError: another mode.
    """

    _file: IO[bytes] | None = None

    def __init__(self, name: Any, mode: str = "r") -> None:
        if mode.replace("b", "") not in ("r", "r+", "w", "w+", "a", "a+"):
            raise InvalidArgumentError("mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'")
        self._name, self._mode = name, mode
        self._is_binary = "b" in mode

    name = property(lambda self: self._name)
    mode = property(lambda self: self._mode)

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            path = local_path(self._name)
            with _failures(path):
                self._file = open(path, self._mode.replace("b", "") + "b")
        return self._file

    def _for(self, allowed: bool, what: str) -> IO[bytes]:
        if not allowed:
            raise PermissionDeniedError(f"File isn't open for {what}")
        return self._opened()

    def _to_read(self) -> IO[bytes]:
        return self._for("r" in self._mode or "+" in self._mode, "reading")

    def _text(self, content: bytes) -> Any:
        return content if self._is_binary else content.decode("utf-8")

    def read(self, n: int = -1) -> Any:
        """The next ``n`` bytes, or all that is left."""
        return self._text(self._to_read().read(n))

    def readline(self) -> Any:
        """The next line with its end; empty at the end of the file."""
        return self._text(self._to_read().readline())

    def readlines(self) -> list:
        return [self._text(line) for line in self._to_read().readlines()]

    def __iter__(self) -> Iterator:
        return iter(self.readline, self._text(b""))

    def next(self) -> Any:
        """The next line.

        Raises:
            StopIteration: there are no more.
        """
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    __next__ = next

    def write(self, file_content: Any) -> None:
        file = self._for(self._mode[0] in "wa" or "+" in self._mode, "writing")
        file.write(file_content.encode("utf-8") if isinstance(file_content, str) else file_content)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to a place: from the start, from here (``whence=1``) or from the end (``whence=2``).

        Raises:
            TypeError: neither ``offset`` nor ``position``.
        """
        place = position if offset is None else offset
        if place is None:
            raise TypeError("seek(): offset argument required")
        if whence not in (0, 1, 2):
            raise InvalidArgumentError(f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2.")
        self._to_read().seek(place, whence)

    def tell(self) -> int:
        return self._opened().tell()

    def seekable(self) -> bool:
        return True

    def size(self) -> int:
        """Bytes on the disk."""
        return stat(self._name).length

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def exists(path: Any) -> bool:
    return os.path.exists(local_path(path))


def isdir(path: Any) -> bool:
    return os.path.isdir(local_path(path))


def listdir(path: Any) -> list[str]:
    """Names in a folder.

    Raises:
        NotFoundError: there is no such folder.
    """
    folder = local_path(path)
    if not os.path.isdir(folder):
        raise NotFoundError(f"Could not find directory {path}")
    return os.listdir(folder)


def glob(pattern: Any) -> list[str]:
    """Paths that match a pattern, or one of a list of patterns; names alone as ``./name``."""
    if isinstance(pattern, (list, tuple)):
        return [path for each in pattern for path in glob(each)]
    text = local_path(pattern)
    return sorted(patterns.glob(text if os.path.dirname(text) else os.path.join(".", text), include_hidden=True))


def mkdir(path: Any) -> None:
    """Make a folder, if it is not there.

    Raises:
        NotFoundError: its parent is missing.
    """
    folder = local_path(path)
    if not os.path.isdir(folder):
        with _failures(folder):
            os.mkdir(folder)


def makedirs(path: Any) -> None:
    """Make a folder and its parents, where they are not there."""
    folder = local_path(path)
    if os.path.isfile(folder):
        raise FailedPreconditionError(f"{folder} is not a directory")
    with _failures(folder):
        os.makedirs(folder, exist_ok=True)


def remove(path: Any) -> None:
    """Delete a file."""
    file = local_path(path)
    with _failures(file):
        os.remove(file)


def rmtree(path: Any) -> None:
    """Delete a folder and all in it."""
    folder = local_path(path)
    if not os.path.lexists(folder):
        raise NotFoundError(f"{path} not found")
    with _failures(folder):
        shutil.rmtree(folder) if os.path.isdir(folder) and not os.path.islink(folder) else os.remove(folder)


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file.

    Raises:
        AlreadyExistsError: ``dst`` is there and not to be replaced.
    """
    _transfer(shutil.copyfile, src, dst, overwrite)


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Move a file or a folder.

    Raises:
        AlreadyExistsError: ``dst`` is there and not to be replaced.
    """
    _transfer(os.replace, src, dst, overwrite)


def _transfer(how: Callable, src: Any, dst: Any, overwrite: bool) -> None:
    source, target = local_path(src), local_path(dst)
    if not os.path.exists(source):
        raise NotFoundError(f"{source}; No such file or directory")
    if os.path.exists(target) and not overwrite:
        raise AlreadyExistsError("file already exists")
    with _failures(source):
        how(source, target)


def stat(path: Any) -> FileStatistics:
    file = local_path(path)
    with _failures(file):
        found = os.stat(file)
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(file))


def walk(top: Any, topdown: bool = True, onerror: Callable | None = None) -> Iterator[tuple[str, list[str], list[str]]]:
    """``(folder, names of folders in it, names of files in it)`` for a folder and all below it."""
    return os.walk(local_path(top), topdown, onerror)


def join(path: str, *paths: str) -> str:
    return os.path.join(path, *paths)


def get_registered_schemes() -> list[str]:
    """What may stand before ``://`` in a path."""
    return list(_SCHEMES)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
