import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from kerasish.datasets.files import read_npz, read_pickle
from kerasish.saving.archive import CorruptFileError


class Hostile:
    def __reduce__(self):
        return (print, ("run",))


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def written(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
        np.float32(3),
        np.zeros((0, 3)),
        np.array(["a", "bcd"]),
        np.array([True, False]),
    ],
)
def test_arrays_are_those_that_numpy_reads(tmp_path, array):
    found = read_npz(written(tmp_path / "a.npz", x=npy(array)))["x"]
    assert found.dtype == np.asarray(array).dtype
    assert found.shape == np.shape(array)
    assert (found == array).all()
    assert found.flags.writeable


def test_lists_are_read_where_they_are_expected(tmp_path):
    lists = np.array([[1, 2], [3], []], dtype=object)
    path = written(tmp_path / "a.npz", x=npy(lists))
    assert list(read_npz(path, objects=True)["x"]) == [[1, 2], [3], []]
    with pytest.raises(CorruptFileError, match="would have to be unpickled"):
        read_npz(path)
    equal = np.empty(2, object)
    equal[0], equal[1] = [1, 2], [3, 4]
    assert list(read_npz(written(tmp_path / "b.npz", x=npy(equal)), objects=True)["x"]) == [[1, 2], [3, 4]]


def test_what_a_pickle_names_is_not_run(tmp_path, capsys):
    objects = np.empty(1, object)
    objects[0] = Hostile()
    with pytest.raises(CorruptFileError, match="builtins.print"):
        read_npz(written(tmp_path / "a.npz", x=npy(objects)), objects=True)
    for value in (Hostile(), {"x": Hostile()}, np.linalg.norm, pickle.loads):
        with pytest.raises(CorruptFileError, match="which no data set does"):
            read_pickle(pickle.dumps(value), "a file")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_pickled_arrays(protocol):
    if protocol in (0, 1, 2):  # written by Python 3 with a name that Python 2 did not need
        with pytest.raises(CorruptFileError, match="_codecs.encode"):
            read_pickle(pickle.dumps(np.arange(3), protocol), "a file")
        return
    for array in (np.arange(6, dtype=">i2").reshape(2, 3), np.arange(6.0).reshape(3, 2).T):
        found = read_pickle(pickle.dumps({b"x": array}, protocol), "a file")[b"x"]
        assert found.dtype == array.dtype
        assert (found == array).all()


def test_a_python_2_pickle():
    data = (b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b"
            b"\x87Rq\x05(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ"
            b"\xff\xff\xff\xffK\x00tb\x89U\x06abcdeftbU\x06labelsq\x08]q\x09(K\x01K\x02eu.")  # fmt: skip
    found = read_pickle(data, "a file")
    assert found[b"labels"] == [1, 2]
    assert found[b"data"].tolist() == [[97, 98, 99], [100, 101, 102]]
    assert found[b"data"].dtype == np.uint8


@pytest.mark.parametrize("damage", ["shape", "header", "short", "magic", "pickle", "text"])
def test_damaged_files(tmp_path, damage):
    data = npy(np.arange(6.0))
    if damage == "shape":
        data = data.replace(b"(6,)", b"(9,)")
    elif damage == "header":
        data = data.replace(b"(6,)", b"((6,")
    elif damage == "short":
        data = data[:-1]
    elif damage == "magic":
        data = b"x" + data
    elif damage == "pickle":
        data = npy(np.array([[1], [2, 3]], dtype=object))[:-4]
    path = written(tmp_path / "a.npz", x=data)
    if damage == "text":
        path.write_text("no archive")
    with pytest.raises(CorruptFileError):
        read_npz(path, objects=True)


def test_a_shape_of_terabytes_takes_no_memory(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(80)
    with pytest.raises(CorruptFileError, match="damaged: shape"):
        read_npz(written(tmp_path / "a.npz", x=data))
