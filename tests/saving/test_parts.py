"""States in parts: written by two processes, read by one and by four; whole or not at all."""

import errno
import os
import pickle

import numpy as np
import pytest
import replica_programs
import torch
from forked import forked

from kerasish.saving import archive, parts
from kerasish.saving.archive import CorruptFileError

pytestmark = pytest.mark.filterwarnings("ignore:.*fork")

TENSORS = {"a": torch.arange(12.0).reshape(6, 2), "b": torch.tensor(3), "c": torch.ones(2, dtype=torch.bfloat16)}


def write(folder, number=0, keep=1):
    def more(path):
        with open(os.path.join(path, "more"), "w") as file:
            file.write("here")

    return parts.write(str(folder), {name: t + number for name, t in TENSORS.items()}, more, keep)


def read(path):
    found = {name: torch.zeros_like(t) for name, t in TENSORS.items()}
    parts.read(path, found)
    return found


def check(path, number=0):
    for name, t in read(path).items():
        assert torch.equal(t, TENSORS[name] + number)


def test_states_are_numbered_and_the_last_ones_kept(tmp_path):
    for number in range(4):
        path = write(tmp_path, number, keep=2)
        assert "more" in os.listdir(path)
    assert (
        [os.path.basename(path) for path in parts.states(str(tmp_path))]
        == ["state-2", "state-3"]
        == sorted(os.listdir(tmp_path))
    )
    check(parts.states(str(tmp_path))[0], 2)
    check(path, 3)


def test_a_removed_state_is_no_state_while_it_goes(tmp_path, monkeypatch):
    path = write(tmp_path)
    monkeypatch.setattr(parts.shutil, "rmtree", lambda path, **options: None)
    parts.remove(path)
    assert parts.states(str(tmp_path)) == []


@pytest.mark.parametrize("at", ["sync", "seal", "more"])
def test_a_full_disk_leaves_the_state_before(tmp_path, monkeypatch, at):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write(tmp_path)
    if at == "more":
        with pytest.raises(OSError, match="No space"):
            parts.write(str(tmp_path), TENSORS, full)
    else:
        monkeypatch.setattr(parts, at, full)
        with pytest.raises(OSError, match="No space"):
            write(tmp_path, 1)
    assert os.listdir(tmp_path) == ["state-0"]
    check(parts.states(str(tmp_path))[0])


@pytest.mark.parametrize("way", ["bit", "cut", "gone", "no index", "other"])
def test_damage_is_noticed(tmp_path, way):
    path = write(tmp_path)
    data = os.path.join(path, "__0_0.distcp")
    with open(data, "rb") as file:
        content = bytearray(file.read())
    if way == "bit":
        content[content.find(TENSORS["a"].numpy().tobytes()) + 5] ^= 1
    if way in ("bit", "cut"):
        with open(data, "wb") as file:
            file.write(content[: None if way == "bit" else 700])
    if way == "gone":
        os.remove(data)
    if way == "no index":
        os.remove(os.path.join(path, ".metadata"))
    found = {name: torch.zeros_like(t) for name, t in TENSORS.items()}
    if way == "other":
        found["d"] = torch.zeros(3)
    with pytest.raises(CorruptFileError):
        parts.read(path, found)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("made",)


@pytest.mark.parametrize("what", ["code", "place"])
def test_an_index_runs_no_code_and_leads_nowhere(tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "s")
    index = os.path.join(path, ".metadata")
    with open(index, "rb") as file:
        found = pickle.load(file)
    if what == "code":
        found.planner_data = Evil()
    else:
        place = next(iter(found.storage_data.values()))
        place.relative_path = "../elsewhere"
    with open(index, "wb") as file:
        pickle.dump(found, file)
    with pytest.raises(CorruptFileError, match="mkdir|elsewhere"):
        read(path)
    assert os.listdir(tmp_path) == ["s"]


@pytest.fixture(scope="module")
def divided(tmp_path_factory):
    folder = tmp_path_factory.mktemp("divided")
    forked(replica_programs.write_parts, (str(folder),), 2, folder / "meet")
    return folder


def test_parts_of_two_processes_are_read_by_one(divided):
    (path,) = parts.states(str(divided))
    assert {name for name in os.listdir(path) if name.endswith("distcp")} == {"__0_0.distcp", "__1_0.distcp"}
    found = {"rows": torch.zeros(8, 3), "same": torch.zeros(2)}
    parts.read(path, found)
    np.testing.assert_array_equal(found["rows"], np.arange(24.0).reshape(8, 3))
    np.testing.assert_array_equal(found["same"], [1, 2])
    archive.check_seal(os.path.join(path, "__1_0.distcp"))


def test_parts_of_two_processes_are_read_by_four(divided, tmp_path):
    found = forked(replica_programs.read_parts, (str(divided),), 4, tmp_path / "meet")
    rows = [row for _, part in found for row in part]
    np.testing.assert_array_equal(rows, np.arange(24.0).reshape(8, 3))


def test_a_backup_in_parts_is_gone_on_with_by_one_process(tmp_path):
    whole = replica_programs.backs_up_parts(str(tmp_path / "whole"), 5)
    first = forked(replica_programs.backs_up_parts, (str(tmp_path / "b"), 3), 2, tmp_path / "meet")
    assert first[0][0], first[0][1]
    assert os.listdir(tmp_path / "b") == ["state-2"]
    assert first[0] == first[1]
    rest = replica_programs.backs_up_parts(str(tmp_path / "b"), 5)
    assert rest["epochs"] == [3, 4]
    np.testing.assert_allclose(rest["loss"], whole["loss"][3:], rtol=1e-5)
