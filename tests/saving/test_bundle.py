"""Checkpoint files: tensors by name."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.errors import DataLossError, NotFoundError, OpError
from kerasish.saving import bundle

TENSORS = {
    "a/b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "s": np.array([b"x", b"", b"y" * 300], object),
    "e": np.zeros((0, 3), np.int8),
    "n": np.float64(2.5),
}


def written(folder, tensors=TENSORS):
    bundle.write(folder / "c", {name: (lambda value=value: value) for name, value in tensors.items()})
    return folder / "c"


def test_tensors_come_back_as_they_were(tmp_path):
    found = bundle.Bundle(written(tmp_path))
    assert sorted(found.entries) == sorted(TENSORS)
    for name, value in TENSORS.items():
        read = found.read(name)
        assert read.dtype == np.asarray(value).dtype
        np.testing.assert_array_equal(read, value)
    assert sorted(os.listdir(tmp_path)) == ["c.data-00000-of-00001", "c.index"]


def test_missing_names_and_files_are_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="Failed to find any matching files for .*nothing"):
        bundle.Bundle(tmp_path / "nothing")
    found = bundle.Bundle(written(tmp_path))
    with pytest.raises(NotFoundError, match="Key zzz not found in checkpoint"):
        found.read("zzz")
    os.remove(tmp_path / "c.data-00000-of-00001")
    with pytest.raises(NotFoundError, match="No such file"):
        found.read("n")


def test_a_changed_value_is_data_loss(tmp_path):
    path = written(tmp_path)
    data = tmp_path / "c.data-00000-of-00001"
    changed = bytearray(data.read_bytes())
    changed[3] ^= 1
    data.write_bytes(changed)
    with pytest.raises(DataLossError, match="Checksum does not match"):
        bundle.Bundle(path).read("a/b")
    data.write_bytes(changed[:-100])
    with pytest.raises(DataLossError, match="Read less bytes"):
        bundle.Bundle(path).read("s")


@given(st.booleans(), st.integers(0, 10**6), st.integers(1, 255), st.booleans())
@settings(deadline=None, max_examples=30)
def test_damage_is_an_error_of_ours_or_changes_nothing(tmp_path_factory, index, place, change, cut):
    folder = tmp_path_factory.mktemp("b")
    path = written(folder)
    file = folder / ("c.index" if index else "c.data-00000-of-00001")
    data = bytearray(file.read_bytes())
    if cut:
        del data[place % len(data) :]
    else:
        data[place % len(data)] ^= change
    file.write_bytes(data)
    try:
        found = bundle.Bundle(path)
        for name, value in TENSORS.items():
            np.testing.assert_array_equal(found.read(name), value)
    except OpError:
        pass


@pytest.mark.parametrize(("shape", "size"), [((1 << 40,), 1 << 42), ((1 << 40,), 24), ((2, 3), 1 << 50)])
def test_sizes_that_the_files_do_not_have_are_refused(tmp_path, monkeypatch, shape, size):
    entry = bundle._entry_bytes
    monkeypatch.setattr(
        bundle, "_entry_bytes", lambda dtype, _, offset, __, crc: entry(dtype, shape, offset, size, crc)
    )
    path = written(tmp_path, {"a": TENSORS["a/b"]})
    with pytest.raises(DataLossError):
        bundle.Bundle(path).read("a")
