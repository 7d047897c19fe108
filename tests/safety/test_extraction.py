"""Archives that would write outside of the folder they are unpacked into, or without bound.

CVE-2025-12060, CVE-2025-12638, CVE-2024-55459, GHSA-hqp4-2352-xf5r, keras#22973, #23010, #23015, #23016, #23108.
"""

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile

import pytest

from kerasish.saving.archive import CorruptFileError
from kerasish.utils import get_file
from kerasish.utils.extraction import extract_archive


def file(name, data=b"data", **changes):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def link(name, to, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info, b""


def hard(name, to):
    return link(name, to, tarfile.LNKTYPE)


def special(name, kind):
    return link(name, "", kind)


def tar(path, *members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return path


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


LONG = "d" * 250

ATTACKS = {
    "parent": [file("../escape")],
    "parent in the middle": [file("a/../../escape")],
    "absolute": [file("/tmp_escape_absolute")],
    "a backslash": [file("..\\escape")],
    "a drive": [file("C:\\escape")],
    "folder": [(tarfile.TarInfo("../escape"), b"")],
    "link to a parent": [link("here", "../..")],
    "link to an absolute path": [link("here", "/etc/passwd")],
    "link with a parent inside": [link("a/b", ".."), link("c", "a/b/../..")],
    "link of links": [file("x/y/file"), link("a", "x/y"), link("b", "a/../../..")],
    "member through a link": [link("here", "."), file("here/file")],
    "member through a link out": [link("here", ".."), file("here/escape")],
    "folder through a link": [file("d/f"), link("here", "d"), (tarfile.TarInfo("here/escape/x"), b"")],
    "link over a folder": [file("d/file"), link("d", "..")],
    "link then file of that name below": [link("d", "e"), file("d/e/f")],
    "hard link out by its target": [hard("here", "../secret")],
    "hard link to an absolute path": [hard("here", "/etc/passwd")],
    "hard link out by its name": [file("a"), hard("../escape", "a")],
    "hard link to a link": [link("a", "b"), hard("c", "a")],
    "hard link to nothing": [hard("c", "a")],
    "device": [special("null", tarfile.CHRTYPE)],
    "block device": [special("disk", tarfile.BLKTYPE)],
    "pipe": [special("pipe", tarfile.FIFOTYPE)],
    "path longer than systems resolve": [file("/".join([LONG] * 17) + "/escape")],
    "chain of long links": [file("/".join([LONG] * 7) + "/file"), link("a", "/".join([LONG] * 7) + "/../../..")],
    "file as a folder": [file("a"), file("a/b")],
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_tar_members_that_leave_the_folder_are_refused(tmp_path, attack, mode):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "work").mkdir()
    path = tar(tmp_path / "attack.tar", file("good"), *ATTACKS[attack], mode=mode)
    before = everything(tmp_path)
    with pytest.raises(CorruptFileError, match="is not unpacked: "):
        extract_archive(path, tmp_path / "work" / "target")
    assert everything(tmp_path) == before
    assert not os.path.exists("/tmp_escape_absolute")


def test_what_an_earlier_run_left_as_links_is_replaced_and_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    target = tmp_path / "target"
    target.mkdir()
    (target / "folder").symlink_to(outside)
    (target / "file").symlink_to(outside / "victim")
    extract_archive(tar(tmp_path / "a.tar", file("folder/x"), file("file")), target)
    assert everything(outside) == []
    assert (target / "folder" / "x").read_bytes() == b"data"
    assert not (target / "file").is_symlink()


def test_ordinary_members_and_links_inside_are_unpacked(tmp_path):
    path = tar(
        tmp_path / "good.tar.gz",
        file("./a/file", b"one", mtime=1000, mode=0o4777),
        file("a/plain", b"two", mode=0o666),
        link("a/again", "file"),
        link("b", "a/./file"),
        link("c/up", "../a/file"),
        hard("d", "a/file"),
        file("a/plain", b"the last counts"),
        mode="w:gz",
    )
    assert extract_archive(path, tmp_path / "target")
    target = tmp_path / "target"
    assert everything(target) == ["a", "a/again", "a/file", "a/plain", "b", "c", "c/up", "d"]
    for name in ("a/file", "a/again", "b", "c/up", "d"):
        assert (target / name).read_bytes() == b"one"
    assert (target / "a/plain").read_bytes() == b"the last counts"
    assert (target / "a/file").stat().st_mtime == 1000
    assert stat.S_IMODE((target / "a/file").stat().st_mode) & 0o7022 == 0
    assert os.access(target / "a/file", os.X_OK)
    assert not stat.S_IMODE((target / "a/plain").stat().st_mode) & 0o111


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_tars_that_expand_without_bound_are_refused(tmp_path, mode):
    path = tar(tmp_path / "bomb.tar", file("zeros", bytes(20 << 20)), mode=mode)
    with pytest.raises(CorruptFileError, match="expand to more than 100 times its size"):
        extract_archive(path, tmp_path / "target")
    assert everything(tmp_path) == ["bomb.tar"]


def test_tars_of_many_moderate_members_count_together(tmp_path):
    path = tar(tmp_path / "bomb.tar", *(file(f"f{n}", bytes(1 << 19)) for n in range(40)), mode="w:gz")
    with pytest.raises(CorruptFileError, match="expand to more than 100 times"):
        extract_archive(path, tmp_path / "target")


def test_a_header_of_megabytes_is_not_read(tmp_path):
    comment = "x" * (5 << 20)
    path = tmp_path / "bomb.tar"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": comment}) as archive:
        archive.addfile(*(lambda info, data: (info, io.BytesIO(data)))(*file("f")))
    with pytest.raises(CorruptFileError, match="headers has"):
        extract_archive(path, tmp_path / "target")


def test_a_tar_that_is_cut_off_leaves_nothing(tmp_path):
    path = tar(tmp_path / "a.tar", file("first"), file("second", b"x" * 5000))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(CorruptFileError, match="damaged"):
        extract_archive(path, tmp_path / "target")
    whole = gzip.compress(b"x" * 3000)
    path = tar(tmp_path / "b.tar", file("first", os.urandom(20000)), mode="w:gz")
    path.write_bytes(path.read_bytes()[: -len(whole) - 2000])
    with pytest.raises(CorruptFileError, match="damaged"):
        extract_archive(path, tmp_path / "target")
    assert everything(tmp_path) == ["a.tar", "b.tar"]


@pytest.mark.parametrize(
    "name", ["../escape", "a/../../escape", "/escape_absolute", "..\\escape", "C:/escape", "a\\..\\..\\escape"]
)
def test_zip_members_that_leave_the_folder_are_refused(tmp_path, name):
    path = tmp_path / "attack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good", "data")
        archive.writestr(name, "data")
    with pytest.raises(CorruptFileError, match="leads out of the folder"):
        extract_archive(path, tmp_path / "target")
    assert everything(tmp_path) == ["attack.zip"]


def test_a_link_in_a_zip_is_a_plain_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc")
    assert extract_archive(tmp_path / "a.zip", tmp_path / "target")
    assert (tmp_path / "target" / "link").read_bytes() == b"/etc"
    assert not (tmp_path / "target" / "link").is_symlink()


def test_zips_that_expand_without_bound_are_refused(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(20 << 20))
    with pytest.raises(CorruptFileError, match="100 times"):
        extract_archive(path, tmp_path / "target")
    data = bytearray(path.read_bytes())  # the same, with sizes that are a lie
    for position in (22, data.index(b"PK\x01\x02") + 24):
        struct.pack_into("<I", data, position, 1000)
    path.write_bytes(data)
    with pytest.raises(CorruptFileError):
        extract_archive(path, tmp_path / "target")
    assert everything(tmp_path) == ["bomb.zip"]


def test_an_encrypted_zip_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "data")
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(CorruptFileError, match="encrypted"):
        extract_archive(path, tmp_path / "target")


def test_get_file_unpacks_by_the_same_rules(tmp_path):
    source = tar(tmp_path / "attack.tar.gz", file("../../escape"), mode="w:gz")
    with pytest.raises(CorruptFileError, match="leads out of the folder"):
        get_file(origin=source.as_uri(), extract=True, cache_dir=tmp_path / "cache", file_hash=None)
    assert not list(tmp_path.rglob("escape"))


def test_other_files_are_no_archives(tmp_path):
    (tmp_path / "text").write_text("hello " * 200)
    assert not extract_archive(tmp_path / "text", tmp_path / "target")
    path = tar(tmp_path / "a.tar", file("f"))
    assert not extract_archive(path, tmp_path / "target", None)
    assert not extract_archive(path, tmp_path / "target", "zip")
    assert extract_archive(path, tmp_path / "target", ["zip", "tar"])
    with pytest.raises(NotImplementedError, match="rar"):
        extract_archive(path, tmp_path / "target", "rar")
