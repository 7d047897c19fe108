"""Unpacking of tar and zip archives from anywhere, within bounds and never outside of the target folder.

An archive is unpacked into a new folder beside the target, member by member, and moved into place when all of it has been
accepted; a refused archive leaves nothing behind. What is refused, whatever version of Python runs:

- absolute names, names with ``..`` or a drive letter;
- links that lead out of the archive, and members whose path goes through a link;
- hard links to anything but a file that this archive has brought already;
- devices, pipes and encrypted members;
- more bytes than 100 times those of the archive (at least 1 MiB may come out), headers of megabytes.

Symbolic links are made after everything else, and where they lead is read off their text alone: ``..`` may stand at the
beginning only, as what follows a name depends on whether that name is a link.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from kerasish.core.errors import fail
from kerasish.saving.archive import FREE_BYTES, MAX_RATIO, CorruptFileError

MAX_FILES = 10_000_000
_CHUNK = 1 << 18
_LONGEST_HEADER = 1 << 20
_LONGEST_PATH = 2000  # characters; operating systems stop resolving beyond 4096
_COMPRESSED = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\x00": lzma.LZMAFile}
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    UnicodeError,
)


def extract_archive(file_path: Any, path: Any = ".", archive_format: Any = "auto") -> bool:
    """Unpack an archive into the folder ``path``, over what is there.

    Args:
        archive_format: "tar" (also compressed by gzip, bzip2 or xz), "zip", a list of them, "auto" for both, or None.

    Returns:
        Whether the file was of one of the formats.

    Raises:
        CorruptFileError: an archive that is damaged, or that this module refuses.
        NotImplementedError: another format.
    """
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format
    for kind in [formats] if isinstance(formats, str) else formats or ():
        if kind not in ("tar", "zip"):
            raise fail(NotImplementedError, "Unknown archive format", "'tar', 'zip', 'auto' or None", repr(kind))
        if (_is_tar if kind == "tar" else zipfile.is_zipfile)(file_path):
            _extract(os.fspath(file_path), os.fspath(path), kind)
            return True
    return False


def _extract(file_path: str, path: str, kind: str) -> None:
    parent = os.path.dirname(os.path.abspath(path))
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".extracting-", dir=parent) as folder:
        target = _Target(file_path, os.path.join(folder, "content"))
        try:
            (_walk_tar if kind == "tar" else _walk_zip)(file_path, target)
        except _DAMAGED as error:
            raise target.refuse(f"it is damaged ({error})") from error
        except (OSError, RuntimeError) as error:
            if isinstance(error, CorruptFileError) or isinstance(error, OSError) and error.errno is not None:
                raise
            raise target.refuse(f"it is damaged ({error})") from error
        target.make_links()
        _move(target.root, path)


class _Target:
    """The folder that an archive is unpacked into, and what has come so far."""

    def __init__(self, archive: str, root: str) -> None:
        self.archive = archive
        self.root = root
        self.left = max(FREE_BYTES, MAX_RATIO * os.path.getsize(archive))  # bytes
        self._files: set[tuple[str, ...]] = set()
        self._folders: set[tuple[str, ...]] = {()}
        self._links: dict[tuple[str, ...], str] = {}
        self._count = 0
        os.mkdir(root)

    def refuse(self, why: str) -> CorruptFileError:
        return fail(  # type: ignore[return-value]
            CorruptFileError,
            f"The archive '{self.archive}' is not unpacked: {why}",
            hint="Nothing of it has been written to the target folder.",
        )

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise self.refuse(f"it would expand to more than {MAX_RATIO} times its size")

    def place(self, name: str) -> tuple[str, ...]:
        """The parts of a member's path, its parent folders made."""
        self._count += 1
        if self._count > MAX_FILES:
            raise self.refuse(f"it has more than {MAX_FILES} members")
        if "\0" in name or len(name) > _LONGEST_PATH:
            raise self.refuse(f"the name {name[:60]!r}... is no path")
        parts = tuple(re.split(r"[\\/]", name))
        if parts[0] == "" and len(parts) > 1 or re.match("[A-Za-z]:", name) or (os.name == "nt" and ":" in name):
            raise self.refuse(f"the name {name!r} is absolute and leads out of the folder")
        if ".." in parts:
            raise self.refuse(f"the name {name!r} leads out of the folder")
        parts = tuple(part for part in parts if part not in ("", "."))
        for end in range(1, len(parts)):
            if parts[:end] in self._links:
                raise self.refuse(f"the path {name!r} goes through the link {'/'.join(parts[:end])!r}")
        self.folder(parts[:-1])
        return parts

    def folder(self, parts: tuple[str, ...]) -> None:
        if parts in self._folders:
            return
        if parts in self._files or parts in self._links:
            raise self.refuse(f"'{'/'.join(parts)}' is a file and a folder in it")
        self.folder(parts[:-1])
        os.mkdir(self.path(parts))
        self._folders.add(parts)

    def path(self, parts: tuple[str, ...]) -> str:
        return os.path.join(self.root, *parts)

    def free(self, parts: tuple[str, ...]) -> None:
        """Of several members of one name the last counts."""
        if not parts or parts in self._folders:
            raise self.refuse(f"'{'/'.join(parts)}' is a file and a folder in it")
        self._links.pop(parts, None)
        if parts in self._files:
            self._files.remove(parts)
            os.remove(self.path(parts))

    def file(self, name: str, source: Any, mode: int = 0o644, modified: float | None = None) -> None:
        parts = self.place(name)
        self.free(parts)
        handle = os.open(self.path(parts), os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with open(handle, "wb") as out:
            while chunk := source.read(_CHUNK):
                self.spend(len(chunk))
                out.write(chunk)
        if modified is not None and 0 <= modified < 1 << 33:
            os.utime(self.path(parts), (modified, modified))
        self._files.add(parts)

    def hard_link(self, name: str, to: str) -> None:
        parts, source = self.place(name), self.place(to)
        if source not in self._files:
            raise self.refuse(f"{name!r} is a hard link to {to!r}, which is no earlier file of the archive")
        if parts == source:
            return
        self.free(parts)
        try:
            os.link(self.path(source), self.path(parts))
        except OSError:  # a file system without hard links
            self.spend(os.path.getsize(self.path(source)))
            shutil.copyfile(self.path(source), self.path(parts))
        self._files.add(parts)

    def symbolic_link(self, name: str, to: str) -> None:
        parts = self.place(name)
        steps = [step for step in re.split(r"[\\/]", to) if step != "."]
        if not to or "\0" in to or len(to) > _LONGEST_PATH or steps[:1] == [""] or re.match("[A-Za-z]:", to):
            raise self.refuse(f"{name!r} is a link to {to!r}, which leads out of the folder")
        ups = next((index for index, step in enumerate(steps) if step != ".."), len(steps))
        if ups > len(parts) - 1 or ".." in steps[ups:]:
            raise self.refuse(f"{name!r} is a link to {to!r}, which leads out of the folder")
        self.free(parts)
        self._links[parts] = "/".join(step for step in steps if step)

    def make_links(self) -> None:
        root = os.path.realpath(self.root)
        for parts, to in self._links.items():
            os.symlink(to, self.path(parts))
        for parts in self._links:
            if os.path.commonpath([root, os.path.realpath(self.path(parts))]) != root:
                raise self.refuse(f"the link {'/'.join(parts)!r} leads out of the folder")


def _move(source: str, target: str) -> None:
    """Move a folder's content over another's; links that stand in the way are replaced, not followed."""
    if not os.path.isdir(target) or os.path.islink(target) and not os.path.exists(target):
        if os.path.lexists(target):
            os.remove(target)
        os.replace(source, target)
        return
    for entry in list(os.scandir(source)):
        place = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if os.path.islink(place):
                os.remove(place)
            _move(entry.path, place)
        else:
            if os.path.isdir(place) and not os.path.islink(place):
                shutil.rmtree(place)
            os.replace(entry.path, place)


# zip ------------------------------------------------------------------------------------------------------------------


def _walk_zip(file_path: str, target: _Target) -> None:
    with zipfile.ZipFile(file_path) as archive:
        for info in archive.infolist():
            if info.flag_bits & 0x1:
                raise target.refuse(f"its member {info.filename!r} is encrypted")
            if info.is_dir():
                target.folder(target.place(info.filename))
            elif info.file_size > target.left:
                target.spend(info.file_size)
            else:
                with archive.open(info) as source:
                    target.file(info.filename, source)


# tar ------------------------------------------------------------------------------------------------------------------


class _Bounded:
    """The unpacked bytes of a tar archive, for ``tarfile``: neither far beyond the bound nor much at once."""

    def __init__(self, file: Any, target: _Target) -> None:
        self._file, self._target, self._end = file, target, 2 * target.left

    def read(self, size: int) -> bytes:
        if size > _LONGEST_HEADER:
            raise self._target.refuse(f"one of its headers has {size} bytes")
        return self._file.read(size)

    def seek(self, position: int) -> None:
        if position > self._end:
            raise self._target.refuse(f"it would expand to more than {MAX_RATIO} times its size")
        self._file.seek(position)

    def tell(self) -> int:
        return self._file.tell()


def _opener(file_path: Any) -> Any:
    with open(file_path, "rb") as file:
        start = file.read(6)
    return next((kind for magic, kind in _COMPRESSED.items() if start.startswith(magic)), open)


def _is_tar(file_path: Any) -> bool:
    try:
        with _opener(file_path)(file_path, mode="rb") as file:
            tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
    except tarfile.EOFHeaderError:
        return True
    except (*_DAMAGED, OSError):
        return False
    return True


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := archive.next()) is not None:
        archive.members.clear()  # which would grow with the archive
        yield info


def _walk_tar(file_path: str, target: _Target) -> None:
    with (
        _opener(file_path)(file_path, mode="rb") as file,
        tarfile.open(fileobj=_Bounded(file, target), mode="r:", errorlevel=2) as archive,
    ):
        for info in _members(archive):
            if info.isdir():
                target.folder(target.place(info.name))
            elif info.issym():
                target.symbolic_link(info.name, info.linkname)
            elif info.islnk():
                target.hard_link(info.name, info.linkname)
            elif info.isreg():
                if info.size > target.left:
                    target.spend(info.size)
                source = archive.extractfile(info)
                target.file(info.name, source, 0o755 if info.mode & 0o100 else 0o644, info.mtime)
            else:
                raise target.refuse(f"its member {info.name!r} is neither a file, a folder nor a link")
