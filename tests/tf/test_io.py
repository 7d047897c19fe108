"""``tf.io``: files and folders through TensorFlow's names; expected values and classes are those of TensorFlow."""

import os
import pathlib

import numpy as np
import pytest

from kerasish import tf

gfile = tf.io.gfile


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("a.txt").write_text("l1\nl2\n\nl4")
    os.makedirs("s/t")
    pathlib.Path("s/b.txt").write_text("x")
    pathlib.Path("s/t/c.txt").write_text("xyz")
    return tmp_path


def test_questions(folder):
    assert gfile.exists("a.txt") and not gfile.exists("zz") and gfile.exists(pathlib.Path("s"))
    assert gfile.isdir("s") and not gfile.isdir("a.txt")
    assert sorted(gfile.listdir("s")) == ["b.txt", "t"]
    assert gfile.glob("*.txt") == ["./a.txt"] and gfile.glob("zz*") == []
    assert gfile.glob(["*.txt", "s/*"]) == ["./a.txt", "s/b.txt", "s/t"]
    assert gfile.stat("s/t/c.txt").length == 3 and gfile.stat("s").is_directory
    assert list(gfile.walk("s")) == [("s", ["t"], ["b.txt"]), ("s/t", [], ["c.txt"])]
    assert [top for top, _, _ in gfile.walk("s", topdown=False)] == ["s/t", "s"]
    assert gfile.join("a", "b", "c") == "a/b/c" and gfile.join("a", "/b") == "/b"
    assert gfile.exists(f"file://{folder}/a.txt") and "file" in gfile.get_registered_schemes()


def test_changes(folder):
    gfile.makedirs("n/m/k")
    gfile.makedirs("n")
    gfile.mkdir("n")
    gfile.copy("a.txt", "b.txt")
    with pytest.raises(tf.errors.AlreadyExistsError):
        gfile.copy("s/b.txt", "b.txt")
    gfile.copy("s/b.txt", "b.txt", overwrite=True)
    assert gfile.GFile("b.txt").read() == "x"
    gfile.rename("b.txt", "c.txt")
    with pytest.raises(tf.errors.AlreadyExistsError):
        gfile.rename("c.txt", "a.txt")
    gfile.remove("c.txt")
    gfile.rmtree("n")
    assert sorted(gfile.listdir(".")) == ["a.txt", "s"]


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (lambda: gfile.listdir("zz"), tf.errors.NotFoundError),
        (lambda: gfile.mkdir("q/r"), tf.errors.NotFoundError),
        (lambda: gfile.remove("zz"), tf.errors.NotFoundError),
        (lambda: gfile.remove("s"), tf.errors.FailedPreconditionError),
        (lambda: gfile.rmtree("zz"), tf.errors.NotFoundError),
        (lambda: gfile.copy("zz", "b"), tf.errors.NotFoundError),
        (lambda: gfile.rename("zz", "b"), tf.errors.NotFoundError),
        (lambda: gfile.stat("zz"), tf.errors.NotFoundError),
        (lambda: gfile.GFile("zz").read(), tf.errors.NotFoundError),
        (lambda: gfile.GFile("nodir/x", "w").write("a"), tf.errors.NotFoundError),
        (lambda: gfile.GFile("a.txt", "q"), tf.errors.InvalidArgumentError),
        (lambda: gfile.GFile("b.txt", "w").read(), tf.errors.PermissionDeniedError),
        (lambda: gfile.GFile("a.txt").write("a"), tf.errors.PermissionDeniedError),
        (lambda: gfile.exists("other://bucket/x"), tf.errors.UnimplementedError),
        (lambda: tf.io.read_file("zz"), tf.errors.NotFoundError),
        (lambda: gfile.GFile("a.txt").seek(), TypeError),
    ],
)
def test_failures_have_tensorflows_classes(folder, action, error):
    with pytest.raises(error):
        action()


def test_files_are_read_as_text_or_bytes(folder):
    assert gfile.GFile("a.txt").read(3) == "l1\n"
    assert gfile.GFile("a.txt", "rb").read() == b"l1\nl2\n\nl4"
    assert gfile.GFile("a.txt").readlines() == list(gfile.GFile("a.txt")) == ["l1\n", "l2\n", "\n", "l4"]
    with gfile.GFile("a.txt") as file:
        file.seek(1)
        assert file.readline() == "1\n" and file.tell() == 3 and file.size() == 9 and file.seekable()
        file.seek(-2, 2)
        assert file.read() == "l4"
    assert (file.name, file.mode) == ("a.txt", "r")


def test_files_are_written(folder):
    with gfile.GFile("o.txt", "w") as file:
        file.write("é")
        file.write(b"x")
        file.flush()
        assert pathlib.Path("o.txt").read_bytes() == b"\xc3\xa9x"
    with gfile.GFile("o.txt", "a") as file:
        file.write("more")
    assert gfile.GFile("o.txt").read() == "éxmore"


def test_string_tensors(folder):
    tf.io.write_file("k/l/m.txt", "hello")
    tf.io.write_file(tf.constant("k/n.txt"), tf.constant(b"\x00\xff"))
    read = tf.io.read_file("k/l/m.txt")
    assert read.dtype == tf.string and read.shape == () and read.numpy() == b"hello"
    assert tf.io.read_file(tf.constant("k/n.txt")).numpy() == b"\x00\xff"
    assert tf.io.matching_files(["*.txt", "s/*.txt"]).numpy().tolist() == [b"./a.txt", b"s/b.txt"]
    assert tf.io.matching_files("zz*").shape == (0,)
    texts = tf.data.Dataset.from_tensor_slices(["a.txt", "s/b.txt"]).map(tf.io.read_file)
    np.testing.assert_array_equal(list(texts.as_numpy_iterator()), [b"l1\nl2\n\nl4", b"x"])
