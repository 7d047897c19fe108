"""Sorted-string tables."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.errors import OpError
from kerasish.saving import table

ENTRIES = [(f"layer/{i:04}/kernel".encode(), bytes([i % 256]) * (i % 50)) for i in range(400)]


@pytest.mark.parametrize("entries", [[], [(b"", b"")], ENTRIES, [(bytes([i]), b"v" * 100_000) for i in range(9)]])
def test_a_table_gives_back_what_was_written(tmp_path, entries):
    (tmp_path / "t").write_bytes(table.write(entries))
    assert list(table.read(str(tmp_path / "t")).items()) == entries


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(deadline=None, max_examples=30)
def test_a_changed_byte_is_an_error_or_changes_nothing(tmp_path_factory, place, change):
    data = bytearray(table.write(ENTRIES[:40]))
    data[place % len(data)] ^= change
    path = tmp_path_factory.mktemp("t") / "t"
    path.write_bytes(data)
    with contextlib.suppress(OpError):
        assert list(table.read(str(path)).items()) == ENTRIES[:40]


@pytest.mark.parametrize("size", [0, 7, 47, 48, 200, -1])
def test_a_truncated_table_is_an_error(tmp_path, size):
    (tmp_path / "t").write_bytes(table.write(ENTRIES)[:size])
    with pytest.raises(OpError, match="not an sstable"):
        table.read(str(tmp_path / "t"))


def test_keys_that_expand_beyond_reason_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "_KEYS", 1000)
    monkeypatch.setattr(table, "_RATIO", 0)
    (tmp_path / "t").write_bytes(table.write(ENTRIES))
    with pytest.raises(OpError, match="beyond reason"):
        table.read(str(tmp_path / "t"))
