"""Zip archives that would leave their place, expand without bound, or hold something else than they should.

GHSA-hqp4-2352-xf5r, keras#23010, #23016, #23101, CVE-2026-12479; pickles: keras#23026, #23034.
"""

import io
import os
import pickle
import resource
import struct
import zipfile

import numpy as np
import pytest

from kerasish.models import load_model
from kerasish.saving.archive import CorruptFileError


@pytest.fixture
def members(model, tmp_path):
    model.save(tmp_path / "good.keras")
    with zipfile.ZipFile(tmp_path / "good.keras") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name",
    ["../escape", "assets/../../escape", "/absolute", "assets/layers/../../../escape", "C:/escape", "assets\\..\\escape",
     "a//b", "./escape"],
)  # fmt: skip
def test_member_names_that_leave_the_archive_are_refused(members, model, tmp_path, nothing_happens, name):
    path = written(tmp_path / "m.keras", {**members, name: b"data"})
    for action in (load_model, model.load_weights):
        with nothing_happens(path), pytest.raises(CorruptFileError, match="leads out of the archive"):
            action(path)
    assert not list(tmp_path.parent.rglob("escape*"))


def test_members_of_other_names_are_not_looked_at(members, tmp_path, nothing_happens):
    path = written(tmp_path / "m.keras", {**members, "hostile.py": b"raise SystemExit", "assets/x/y.txt": b"data"})
    with nothing_happens(path):
        load_model(path)


def test_two_members_of_one_name_are_refused(members, tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", members["config.json"])
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("config.json", members["config.json"])
    with pytest.raises(CorruptFileError, match="two members of one name"):
        load_model(tmp_path / "m.keras")


def test_zip_bombs_cost_no_memory(members, model, tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("config.json", "model.weights.h5", "assets/layers/dense/data"):
        path = written(tmp_path / "m.keras", {**members, name: bytes(200 << 20)}, zipfile.ZIP_DEFLATED)
        made = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(CorruptFileError, match="would expand from"):
            load_model(path)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - made < 50 << 10
    assert before


def test_a_declared_size_is_not_exceeded(members, tmp_path):
    """The sizes that the archive's directory states are the ones that count while a member is expanded."""
    path = written(tmp_path / "m.keras", {**members, "config.json": b"[" * (90 << 10)}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\x01\x02", 0, data.rfind(b"config.json"))
    struct.pack_into("<I", data, place + 24, 100)  # the expanded size in the central directory
    path.write_bytes(data)
    with pytest.raises(CorruptFileError, match="is damaged"):
        load_model(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(members, tmp_path, method):
    path = written(tmp_path / "m.keras", members, method)
    with pytest.raises(CorruptFileError, match="compressed by an unusual method"):
        load_model(path)


@pytest.mark.parametrize("kind", ["pickle", "npz", "npy"])
def test_pickles_are_not_read(members, model, tmp_path, nothing_happens, kind):
    class Hostile:
        def __reduce__(self):
            return os.system, ("echo hostile",)

    data = io.BytesIO()
    if kind == "pickle":
        pickle.dump(Hostile(), data)
    else:
        (np.savez if kind == "npz" else np.save)(data, np.array([Hostile()], dtype=object))
    (tmp_path / "m.keras").write_bytes(data.getvalue())
    path = written(tmp_path / "n.keras", {**members, "model.weights.h5": data.getvalue()})
    for file in (tmp_path / "m.keras", path):
        for action in (load_model, model.load_weights):
            with nothing_happens(file), pytest.raises(ValueError):
                action(file)


def test_a_missing_member_is_named(members, tmp_path):
    for name in ("config.json", "model.weights.h5"):
        path = written(tmp_path / "m.keras", {key: data for key, data in members.items() if key != name})
        with pytest.raises(CorruptFileError, match=f"no member '{name}'"):
            load_model(path)


def test_folders_are_not_read(tmp_path, nothing_happens):
    """A folder may be a SavedModel, or a checkpoint whose keys are paths; neither is read."""
    for name in ("saved_model.pb", "config.json", "_CHECKPOINT_METADATA"):
        (tmp_path / "folder").mkdir(exist_ok=True)
        (tmp_path / "folder" / name).write_text("{}")
    with nothing_happens(), pytest.raises(ValueError, match="File format not supported"):
        load_model(tmp_path / "folder")
