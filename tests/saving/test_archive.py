"""Atomic replacement of files, and zip archives within bounds."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
import zipfile

import pytest

from kerasish.saving.archive import Archive, CorruptFileError, MissingFileError, replacing, write_archive


def test_replacing_puts_the_new_contents_in_place_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "new" / "file.bin"
    for contents in (b"first", b"second"):
        with replacing(target) as temporary:
            assert os.path.dirname(temporary) == str(tmp_path / "new")
            with open(temporary, "wb") as file:
                file.write(contents)
        assert target.read_bytes() == contents
    assert os.listdir(tmp_path / "new") == ["file.bin"]


def test_replacing_keeps_the_old_file_when_the_block_fails(tmp_path):
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")

    def fail_while_writing():
        with replacing(target) as temporary, open(temporary, "wb") as file:
            file.write(b"half")
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        fail_while_writing()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.bin"]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_replacing_keeps_permissions_and_follows_links(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    with replacing(link) as temporary, open(temporary, "wb") as file:
        file.write(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_replacing_refuses_a_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError), replacing(tmp_path / "folder"):
        pass


def test_a_process_killed_while_saving_leaves_the_old_or_the_new_model(tmp_path):
    """Saves two models in turn until it is killed; whatever is there afterwards loads, as one of the two."""
    script = textwrap.dedent("""
        import sys
        import numpy as np
        from kerasish.layers import Dense, Input
        from kerasish.models import Sequential
        model = Sequential([Input((64,)), Dense(256), Dense(256)])
        value = 0.0
        print("ready", flush=True)
        while True:
            value = 1.0 - value
            model.set_weights([np.full(w.shape, value, "float32") for w in model.weights])
            model.save(sys.argv[1])
    """)
    from kerasish.models import load_model

    path = str(tmp_path / "model.keras")
    for delay in (0.05, 0.11, 0.17):
        process = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(delay)
        while not os.path.exists(path):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        process.wait()
        process.stdout.close()
        values = {float(x) for w in load_model(path).get_weights() for x in w.ravel()}
        assert values in ({0.0}, {1.0})


def test_archive_gives_back_what_was_written(tmp_path):
    (tmp_path / "data").write_bytes(b"\0\1\2")
    write_archive(str(tmp_path / "a.zip"), {"config.json": "{}"}, {"data.bin": str(tmp_path / "data")})
    with Archive(tmp_path / "a.zip") as archive:
        assert archive.names() == ["config.json", "data.bin"]
        assert "config.json" in archive
        assert archive.read("config.json") == b"{}"
        assert archive.read("data.bin") == b"\0\1\2"
        with pytest.raises(CorruptFileError, match="no member 'other'"):
            archive.read("other")


def test_archive_reads_compressed_members(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "[1, 2, 3]" * 100)
    with Archive(tmp_path / "a.zip") as archive:
        assert archive.read("config.json") == b"[1, 2, 3]" * 100


def test_archive_names_the_file_that_is_missing_or_none(tmp_path):
    with pytest.raises(MissingFileError, match=r"File not found.*nothing\.keras"):
        Archive(tmp_path / "nothing.keras")
    (tmp_path / "text.keras").write_text("hello")
    with pytest.raises(CorruptFileError, match=r"text\.keras.*not a zip archive"):
        Archive(tmp_path / "text.keras")


def test_both_errors_are_what_keras_2_and_3_raise():
    assert issubclass(MissingFileError, FileNotFoundError)
    assert issubclass(MissingFileError, ValueError)
    assert issubclass(CorruptFileError, ValueError)
    assert issubclass(CorruptFileError, OSError)
