"""Files from the network, kept in Keras's cache folder (``keras.utils.get_file``)."""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
from contextlib import suppress
from typing import Any

from kerasish.core.errors import fail
from kerasish.core.messages import say
from kerasish.saving.archive import replacing
from kerasish.training.progress import Progbar
from kerasish.utils.extraction import extract_archive

_CHUNK = 1 << 16
_PATIENCE = 60.0  # seconds without any byte


class DownloadError(OSError):
    """A file could not be fetched. Says from where, and where to put it by hand."""


class HashError(ValueError):
    """A file is not the one that its hash stands for."""


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """The path of a file in the cache, downloaded if it is not there.

    A download goes to a temporary file, which takes its place once it is complete and its hash is right. Archives are
    unpacked as ``kerasish/utils/extraction.py`` says: nothing leaves the target folder, nothing expands without bound.

    Args:
        fname: name in the cache, without folders; default: the last part of ``origin``. For archives, the folder to
            unpack into if it has no dot.
        origin: URL (http, https, ftp or file).
        untar: the same as ``extract`` with the format "tar".
        md5_hash: older name of ``file_hash`` with the algorithm "md5".
        file_hash: hash that the file must have, hexadecimal.
        cache_subdir: folder in the cache folder, or an absolute path.
        hash_algorithm: "sha256", "md5", or "auto": by the length of the hash.
        extract: whether to unpack an archive.
        archive_format: "auto", "tar", "zip", a list of these or None.
        cache_dir: default ``$KERAS_HOME``, else ``~/.keras``.
        force_download: fetch it even if it is there.

    Returns:
        The path of the file; of the folder, if it was to be unpacked.

    Raises:
        ValueError: no ``origin``, a name with folders, or a hash that does not fit.
        DownloadError: (an OSError) the file cannot be fetched.
        CorruptFileError: (a ValueError and OSError) an archive that is damaged or refused.
    """
    if origin is None:
        raise fail(ValueError, 'Please specify the "origin" argument (URL of the file to download)')
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = os.path.join(cache_folder(cache_dir), os.fspath(cache_subdir))
    os.makedirs(folder, exist_ok=True)
    name = _file_name(fname, origin)
    target, unpacked = os.path.join(folder, name), ""
    if extract or untar:
        if fname and "." in name:
            unpacked = os.path.join(folder, f"{name[: name.find('.')]}_extracted")
        else:
            target, unpacked = os.path.join(folder, f"{name}_archive"), target
    if force_download or not _is_cached(target, file_hash, hash_algorithm):
        say(f"Downloading data from {origin}")
        _download(origin, target, file_hash, hash_algorithm)
    if not unpacked:
        return target
    if not extract_archive(target, unpacked, "tar" if untar else archive_format):
        warnings.warn(f"Could not extract archive: '{target}' is of none of the formats.", stacklevel=2)
    return unpacked


def cache_folder(cache_dir: Any = None) -> str:
    """``cache_dir``, ``$KERAS_HOME`` or ``~/.keras``; a temporary folder where that cannot be written."""
    home = os.fspath(cache_dir) if cache_dir is not None else os.environ.get("KERAS_HOME") or "~/.keras"
    folder = os.path.expanduser(home)
    with suppress(OSError):
        os.makedirs(folder, exist_ok=True)
    if os.access(folder, os.W_OK):
        return folder
    folder = os.path.join("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir(), ".keras")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and (os.path.islink(folder) or os.lstat(folder).st_uid != os.getuid()):
        return tempfile.mkdtemp(prefix="keras-")  # somebody else's: its files could be anything
    return folder


def _file_name(fname: Any, origin: str) -> str:
    name = os.fspath(fname) if fname else ""
    if not name:
        name = os.path.basename(urllib.parse.urlsplit(origin).path)
        if not name or name in (".", ".."):
            raise fail(
                ValueError,
                f"Can't parse the file name from the origin provided: '{origin}'",
                hint="Please specify the `fname` argument.",
            )
    if os.sep in name or "/" in name or "\\" in name or "\0" in name or name in (".", ".."):
        raise fail(
            ValueError,
            "Paths are no longer accepted as the `fname` argument",
            received=f"fname={name}",
            hint="To specify the file's parent directory, use the `cache_dir` argument.",
        )
    return name


# hashes ---------------------------------------------------------------------------------------------------------------


def hash_file(path: Any, algorithm: str = "sha256", chunk_size: int = 65535) -> str:
    """The hexadecimal hash of a file's content."""
    hasher = hashlib.sha256() if algorithm == "sha256" else hashlib.md5()
    with open(path, "rb") as file:
        while chunk := file.read(chunk_size):
            hasher.update(chunk)
    return hasher.hexdigest()


def validate_file(path: Any, file_hash: str, algorithm: str = "auto", chunk_size: int = 65535) -> bool:
    """Whether a file has that hash; "auto" tells SHA-256 from MD5 by the length of the hash."""
    if algorithm == "auto":
        algorithm = "sha256" if len(str(file_hash)) == 64 else "md5"
    return hash_file(path, algorithm, chunk_size) == str(file_hash)


def _is_cached(target: str, file_hash: str | None, algorithm: str) -> bool:
    if not os.path.exists(target):
        return False
    if file_hash is None or validate_file(target, file_hash, algorithm):
        return True
    say(
        f"A local file was found, but it seems to be incomplete or outdated because the {algorithm} file hash does not "
        f"match the original value of {file_hash} so we will re-download the data."
    )
    return False


# the network ----------------------------------------------------------------------------------------------------------


def _download(origin: str, target: str, file_hash: str | None, algorithm: str) -> None:
    try:
        with replacing(target) as temporary:
            with urllib.request.urlopen(origin, timeout=_PATIENCE) as source, open(temporary, "wb") as out:
                _copy(source, out)
            if file_hash is not None and not validate_file(temporary, file_hash, algorithm):
                raise fail(
                    HashError,
                    f"Incomplete or corrupted file detected. The {algorithm} file hash does not match the provided "
                    f"value of {file_hash}",
                    hint=f"What came from {origin} was thrown away.",
                )
    except urllib.error.HTTPError as error:
        error.close()
        raise _unreachable(origin, target, error.code, error.msg) from error
    except urllib.error.URLError as error:
        raise _unreachable(origin, target, error.errno, error.reason) from error
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _unreachable(origin, target, getattr(error, "errno", None), error) from error


def _unreachable(origin: str, target: str, code: Any, reason: Any) -> Exception:
    return fail(
        DownloadError,
        f"URL fetch failure on {origin}: {code} -- {reason}",
        hint=f"If this machine has no network, fetch the file elsewhere and put it at '{target}'; it is used from there.",
    )


def _copy(source: Any, out: Any) -> None:
    """Copy a response, drawing the progress.

    Raises:
        URLError: the connection ended before all of it was there.
    """
    length = source.headers.get("Content-Length")
    total = int(length) if length and length.isdigit() else None
    bar, done = Progbar(total) if total != 0 else None, 0
    while chunk := source.read(_CHUNK):
        out.write(chunk)
        done += len(chunk)
        if bar is not None and done != total:
            bar.update(done)
    if total is not None and done < total:
        raise urllib.error.ContentTooShortError(f"got only {done} out of {total} bytes", b"")
    if bar is not None:
        bar.update(done, finalize=True)
