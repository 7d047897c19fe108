"""Files that are replaced as a whole, and zip archives that are read within bounds.

Writing goes to a temporary file in the target's folder, which is then synced and renamed: whoever looks, at any moment and
after any crash, sees the old file or the new one. Reading never unpacks to disk; members are looked up by fixed names.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kerasish.core.errors import fail

MAX_RATIO = 100  # a member may expand to so many times what is stored of it
MAX_MEMBERS = 100_000
FREE_BYTES = 1 << 20  # bytes that a member may expand to whatever is stored of it


class CorruptFileError(ValueError, OSError):
    """A file that is not of its format, is truncated, or asks for what no file may ask. Keras raises either class."""


class MissingFileError(FileNotFoundError, ValueError):
    """There is no such file. Keras 3 raises ValueError for some formats, FileNotFoundError for others."""


def missing_file(path: Any, what: str = "file") -> MissingFileError:
    return MissingFileError(
        errno.ENOENT, f"File not found: filepath={os.fspath(path)}. There is no such {what}", str(path)
    )


# writing --------------------------------------------------------------------------------------------------------------


@contextmanager
def replacing(path: Any) -> Iterator[str]:
    """A temporary path in the folder of ``path``. What the block writes there becomes ``path`` if it ends without error.

    Missing folders are made. A link is followed: the file that it names is replaced, and keeps its permissions.

    Raises:
        IsADirectoryError: ``path`` is a folder.
        OSError: the disk is full, say; then ``path`` is as it was.
    """
    target = os.path.realpath(os.fspath(path))
    if os.path.isdir(target):
        raise IsADirectoryError(
            errno.EISDIR, "A folder of that name exists, so a file cannot be saved there", str(path)
        )
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        if os.path.exists(target):
            shutil.copymode(target, temporary)
        sync(temporary)
        os.replace(temporary, target)
        if os.name == "posix":  # elsewhere a folder cannot be opened
            sync(folder)
    except OSError as error:
        if error.filename in (None, temporary):  # what the user knows of
            error.filename = os.fspath(path)
        raise
    finally:
        with suppress(FileNotFoundError):
            os.remove(temporary)


def sync(path: str) -> None:
    """Have a file, or the names in a folder, on the disk."""
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_SEAL = b"kerasish"  # before a checksum at the end of a file, which readers of its format do not look at


def seal(path: str) -> None:
    """Add a checksum of what a file holds to its end."""
    checksum = _checksum(path, os.path.getsize(path))
    with open(path, "ab") as file:
        file.write(_SEAL + checksum.to_bytes(4, "little"))


def check_seal(path: str) -> None:
    """Compare a file with the checksum at its end, if there is one.

    Raises:
        MissingFileError: there is no file.
        CorruptFileError: it is another file than the one that was sealed.
    """
    if not os.path.isfile(path):
        raise missing_file(path)
    length = os.path.getsize(path) - len(_SEAL) - 4
    with open(path, "rb") as file:
        file.seek(max(length, 0))
        found = file.read()
    if found.startswith(_SEAL) and _checksum(path, length) != int.from_bytes(found[len(_SEAL) :], "little"):
        raise fail(CorruptFileError, f"The file '{path}' cannot be read: its contents do not fit its checksum")


def _checksum(path: str, length: int) -> int:
    found = 0
    with open(path, "rb") as file:
        while length > 0 and (part := file.read(min(length, 1 << 20))):
            found, length = zlib.crc32(part, found), length - len(part)
    return found


def write_archive(path: str, texts: dict[str, str], files: dict[str, str]) -> None:
    """Write a zip archive of stored members: ``texts`` by content, ``files`` by the path of a file to copy."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
        for name, source in files.items():
            archive.write(source, name)


# reading --------------------------------------------------------------------------------------------------------------


class Archive:
    """A zip archive, checked before anything is read from it.

    Args:
        path: of the file, which messages name.

    Raises:
        MissingFileError: there is no file.
        CorruptFileError: it is no zip archive, or one with unusual members: see ``_check``.
    """

    def __init__(self, path: Any) -> None:
        self.path = os.fspath(path)
        try:
            self._zip = zipfile.ZipFile(self.path)
        except FileNotFoundError:
            raise missing_file(path) from None
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise self._corrupt(f"it is not a zip archive ({error})") from error
        try:
            self._check()
        except BaseException:
            self._zip.close()
            raise
        self._members = {info.filename: info for info in self._zip.infolist()}

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def names(self) -> list[str]:
        return list(self._members)

    def _corrupt(self, why: str) -> CorruptFileError:
        return fail(CorruptFileError, f"The file '{self.path}' cannot be read: {why}")  # type: ignore[return-value]

    def _check(self) -> None:
        """No names that leave the archive, no name twice, and no member that expands beyond reason."""
        members = self._zip.infolist()
        stored = os.path.getsize(self.path)
        if len(members) > MAX_MEMBERS:
            raise self._corrupt(f"it has {len(members)} members")
        if len({info.filename for info in members}) != len(members):
            raise self._corrupt("it has two members of one name")
        for info in members:
            if not _is_inside(info.filename):
                raise self._corrupt(f"the name of its member {info.filename!r} leads out of the archive")
            if info.flag_bits & 0x1:
                raise self._corrupt(f"its member '{info.filename}' is encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self._corrupt(f"its member '{info.filename}' is compressed by an unusual method")
            if info.compress_size > stored or info.file_size > max(FREE_BYTES, MAX_RATIO * info.compress_size):
                raise self._corrupt(
                    f"its member '{info.filename}' would expand from {info.compress_size} to {info.file_size} bytes"
                )
        if sum(info.file_size for info in members) > max(FREE_BYTES, MAX_RATIO * stored):
            raise self._corrupt("its members would expand beyond reason")

    def read(self, name: str) -> bytes:
        """The contents of a member, their checksum compared.

        Raises:
            CorruptFileError: there is no such member, or it is damaged.
        """
        if name not in self._members:
            raise self._corrupt(f"it has no member '{name}'; its members are {self.names()[:20]}")
        try:
            return self._zip.read(name)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, zlib.error) as error:
            raise self._corrupt(f"its member '{name}' is damaged ({error})") from error


def _is_inside(name: str) -> bool:
    """Whether a member's name is a plain relative path, on any system."""
    parts = name.rstrip("/").split("/")
    return (
        "\\" not in name and ":" not in name and "\0" not in name and all(part not in ("", ".", "..") for part in parts)
    )
