"""HDF5 files: what is written, and what reading gives and refuses."""

import h5py
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasish.saving import h5
from kerasish.saving.archive import CorruptFileError, MissingFileError

DTYPES = ("float16", "float32", "float64", "int8", "int64", "uint8", "uint32", "bool", "complex64")


@settings(max_examples=30, deadline=None)
@given(
    array=st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    )
)
def test_arrays_come_back_as_they_were(tmp_path_factory, array):
    path = str(tmp_path_factory.mktemp("h5") / "a.h5")
    with h5.Writer(path) as writer:
        writer.array("group/0", array)
    with h5.reading(path) as root:
        stored = root.array("group/0")
        assert stored.shape == array.shape
        assert stored.dtype == array.dtype
        np.testing.assert_array_equal(stored.read(), array)
        np.testing.assert_array_equal(np.asarray(stored), array)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2])
def test_dtypes_that_hdf5_lacks_are_stored_as_bytes_with_their_name(tmp_path, dtype):
    path = str(tmp_path / "a.h5")
    array = np.array([0.5, -2.0, 1.0], dtype)
    with h5.Writer(path) as writer:
        writer.array("0", array)
    with h5py.File(path) as file:
        assert file["0"].dtype.kind == "V"
        assert file["0"].attrs["dtype"] == np.dtype(dtype).name
    with h5.reading(path) as root:
        read = root.array("0").read()
    assert read.dtype == dtype
    np.testing.assert_array_equal(read.astype("float32"), [0.5, -2.0, 1.0])


def test_texts_come_back_from_fixed_and_variable_length(tmp_path):
    path = str(tmp_path / "a.h5")
    with h5.Writer(path) as writer:
        writer.group("g")
        writer.attribute("g", "one", "größe")
        writer.attribute("g", "many", ["dense", "größe"])
        writer.attribute("g", "none", [])
    with h5py.File(path, "a") as file:
        file["g"].attrs["variable"] = np.array(["a", "", "ccc"], dtype=h5py.string_dtype())
        file["g"].attrs["bytes"] = b"abc"
        file["g"].attrs["empty"] = ""
        file["g"].attrs["keras 2's empty list"] = []
        file["g"].attrs["number"] = 3
    with h5.reading(path) as root:
        group = root.group("g")
        assert group.text("one") == "größe"
        assert group.texts("many") == ["dense", "größe"]
        assert group.texts("none") == []
        assert group.texts("variable") == ["a", "", "ccc"]
        assert group.text("bytes") == "abc"
        assert group.text("empty") == ""
        assert group.texts("keras 2's empty list") == []
        assert group.text("missing") is None
        with pytest.raises(CorruptFileError, match="'many' that is not one text"):
            group.text("many")
        with pytest.raises(CorruptFileError, match="'number' that holds no texts"):
            group.text("number")


def test_lists_too_long_for_one_attribute_are_split_as_keras_splits_them(tmp_path):
    path = str(tmp_path / "a.h5")
    names = [f"layer_with_a_long_name_{i:05d}" for i in range(5000)]
    with h5.Writer(path) as writer:
        writer.attribute("/", "layer_names", names)
    with h5py.File(path) as file:
        assert {"layer_names0", "layer_names1"} <= set(file.attrs)
    with h5.reading(path) as root:
        assert root.texts("layer_names") is None
        assert root.long_texts("layer_names") == names
        assert root.long_texts("other") is None


@pytest.mark.parametrize("version", ["earliest", "v108", "latest"])
def test_attributes_are_found_in_headers_of_any_version(tmp_path, version):
    path = str(tmp_path / "a.h5")
    with h5py.File(path, "w", libver=version) as file:
        for group in (file, file.create_group("g"), file.create_group("ordered", track_order=True)):
            for i in range(8):
                group.attrs[f"a{i}"] = "x" * i * 1000
                group.attrs[f"a{i}"] = np.bytes_("x" * i * 1000 or "-")
        for i in range(100):
            file.create_group(f"g/{i}")  # makes the header continue elsewhere
        file["g"].attrs["a7"] = "y" * 20
    with h5.reading(path) as root:
        for group in (root, root.group("ordered")):
            assert [len(group.text(f"a{i}")) for i in range(1, 8)] == [1000 * i for i in range(1, 8)]
        assert root.group("g").text("a7") == "y" * 20
        assert root.group("g").text("missing") is None


def test_groups_are_walked_and_members_found_by_paths(tmp_path):
    path = str(tmp_path / "a.h5")
    with h5.Writer(path) as writer:
        for name in ("b/0", "a/vars/0", "a/vars/1", "c"):
            writer.array(name, np.zeros(2))
    with h5.reading(path) as root:
        assert sorted(root.names()) == ["a", "b", "c"]
        assert sorted(root.walk()) == ["a/vars/0", "a/vars/1", "b/0", "c"]
        assert sorted(root.group("a").walk()) == ["vars/0", "vars/1"]
        assert root.array("a") is None
        assert root.group("c") is None
        assert root.array("a/vars/2") is None
        assert root.array("c/0") is None


def test_writing_something_that_is_no_array_of_numbers_fails(tmp_path):
    with h5.Writer(str(tmp_path / "a.h5")) as writer, pytest.raises(TypeError, match="an array of numbers"):
        writer.array("0", np.array(["text", None], dtype=object))


@pytest.mark.parametrize("contents", [b"", b"short", b"\x89HDF\r\n\x1a\n" + b"\0" * 200])
def test_other_files_are_refused_by_name(tmp_path, contents):
    path = tmp_path / "a.h5"
    path.write_bytes(contents)
    with pytest.raises(CorruptFileError, match=r"a\.h5' cannot be read"), h5.reading(str(path)):
        pass


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingFileError, match=r"nothing\.h5"), h5.reading(str(tmp_path / "nothing.h5")):
        pass
