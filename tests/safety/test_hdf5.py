"""HDF5 files that lead elsewhere, or that declare more than they hold.

CVE-2026-0897, CVE-2026-1669, CVE-2026-12570, GHSA-27f4-p4xq-cxg8, keras#22899, #22976, #23303; code of h5py's filters.
"""

import os
import resource
import zipfile

import h5py
import numpy as np
import pytest

from kerasish.models import load_model
from kerasish.saving import h5
from kerasish.saving.archive import CorruptFileError

SECRET = np.arange(12, dtype="float32").reshape(4, 3)


@pytest.fixture
def weights(model, tmp_path):
    model.save_weights(tmp_path / "w.weights.h5")
    return tmp_path / "w.weights.h5"


def replaced(path, name, make):
    """The file with ``make(file, name)`` in the place of an object."""
    with h5py.File(path, "a") as file:
        del file[name]
        make(file, name)


def external_link(file, name):
    with h5py.File(os.path.join(os.path.dirname(file.filename), "secret.h5"), "w") as other:
        other[name] = SECRET
    file[name] = h5py.ExternalLink("secret.h5", name)


def soft_link(file, name):
    file["elsewhere"] = SECRET
    file[name] = h5py.SoftLink("/elsewhere")


def external_storage(file, name):
    path = os.path.join(os.path.dirname(file.filename), "secret.bin")
    SECRET.tofile(path)
    file.create_dataset(name, shape=SECRET.shape, dtype="float32", external=[(path, 0, SECRET.nbytes)])


def virtual(file, name):
    path = os.path.join(os.path.dirname(file.filename), "secret.h5")
    with h5py.File(path, "w") as other:
        other["data"] = SECRET
    layout = h5py.VirtualLayout(shape=SECRET.shape, dtype="float32")
    layout[:] = h5py.VirtualSource(path, "data", shape=SECRET.shape)
    file.create_virtual_dataset(name, layout)


def objects(file, name):
    file.create_dataset(name, data=np.array([["text"] * 3] * 4, dtype=object), dtype=h5py.string_dtype())


def references(file, name):
    file.create_dataset(name, shape=(4, 3), dtype=h5py.ref_dtype)


def compound(file, name):
    file.create_dataset(name, shape=(4, 3), dtype=[("a", "f4"), ("b", "f4")])


def plugin_filter(file, name):
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4, 3))
    plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (1,))  # a filter that HDF5 would load from a folder of plugins
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4, 3)), dcpl=plan)


LEADING_ELSEWHERE = [external_link, soft_link, external_storage, virtual, objects, references, compound, plugin_filter]


@pytest.mark.parametrize("make", LEADING_ELSEWHERE, ids=lambda make: make.__name__)
def test_arrays_that_are_not_the_files_own_numbers_are_refused(model, weights, tmp_path, nothing_happens, make):
    before = model.get_weights()
    replaced(weights, "layers/dense/vars/0", make)
    with nothing_happens(weights), pytest.raises(CorruptFileError, match=r"layers/dense/vars"):
        model.load_weights(weights)
    with pytest.raises(CorruptFileError), h5.reading(str(weights)) as root:
        list(root.walk())
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        texts = {name: archive.read(name) for name in ("metadata.json", "config.json")}
    with zipfile.ZipFile(tmp_path / "n.keras", "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        archive.write(weights, "model.weights.h5")
    with nothing_happens(tmp_path / "n.keras"), pytest.raises(CorruptFileError):
        load_model(tmp_path / "n.keras")


@pytest.mark.parametrize("make", LEADING_ELSEWHERE[:4], ids=lambda make: make.__name__)
def test_the_same_in_legacy_files(model, tmp_path, nothing_happens, make):
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        layer = next(name for name in file["model_weights"] if name.startswith("dense"))
        (name,) = [n for n in file[f"model_weights/{layer}"].attrs["weight_names"] if b"kernel" in n]
    replaced(tmp_path / "m.h5", f"model_weights/{layer}/{name.decode()}", make)
    for action in (load_model, model.load_weights):
        with nothing_happens(tmp_path / "m.h5"), pytest.raises(CorruptFileError):
            action(tmp_path / "m.h5")


@pytest.mark.parametrize("group", ["model_weights", "optimizer_weights"])
@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/model_weights"), h5py.SoftLink("/other")])
def test_ghsa_27f4_whole_groups_that_are_links_are_refused(model, tmp_path, group, link):
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file, h5py.File(tmp_path / "other.h5", "w") as other:
        file.copy(group, other, "model_weights")
        file.move(group, "other")
        file[group] = link
    with pytest.raises(CorruptFileError, match=f"'{group}' that is a link"):
        load_model(tmp_path / "m.h5")


# sizes ------------------------------------------------------------------------------------------------------------------


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # MiB on Linux


@pytest.mark.parametrize("shape", [(1 << 20, 1 << 12), (1 << 40, 16), (1 << 16, 1 << 16, 1 << 16)])
@pytest.mark.parametrize("chunks", [None, "chunked"])
def test_shape_bombs_cost_no_memory(model, weights, shape, chunks):
    """CVE-2026-0897, CVE-2026-12570: a dataset that declares a huge shape and stores nothing."""

    def bomb(file, name):
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        if chunks:
            plan.set_chunk((1,) * (len(shape) - 1) + (16,))
        h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple(shape), dcpl=plan)

    before = peak()
    for name in ("layers/dense/vars/0", "optimizer/vars/2"):
        replaced(weights, name, bomb)
        with pytest.raises(CorruptFileError, match="declares .* bytes .* but stores 0"):
            model.load_weights(weights)
    assert peak() - before < 200


def test_compressed_bombs_cost_no_memory(model, weights):
    before = peak()
    replaced(
        weights, "layers/dense/vars/0",
        lambda file, name: file.create_dataset(
            name, shape=(1 << 16, 1 << 12), dtype="f4", chunks=(1 << 10, 1 << 12), compression="gzip", fillvalue=0)
    )  # fmt: skip
    with pytest.raises(ValueError, match="declares|Shape mismatch"):
        model.load_weights(weights)
    assert peak() - before < 200


def test_chunks_are_bounded_like_arrays(model, weights):
    """A small array may declare chunks of 4 GiB, which HDF5 would allocate."""

    def bomb(file, name):
        file.create_dataset(name, shape=(4, 3), maxshape=(None, None), chunks=(1 << 14, 1 << 14), dtype="f4")

    replaced(weights, "layers/dense/vars/0", bomb)
    with pytest.raises(CorruptFileError, match="declares 1073741824 bytes"):
        model.load_weights(weights)


def test_what_the_layer_does_not_expect_is_not_read(model, weights):
    """Below the general bound an array is still not read unless its shape is the variable's."""
    replaced(weights, "layers/dense/vars/0", lambda file, name: file.create_dataset(name, shape=(1 << 22,), dtype="f4"))
    before = peak()
    with pytest.raises(ValueError, match="Shape mismatch"):
        model.load_weights(weights)
    assert peak() - before < 10


def test_deep_and_circular_groups_end(model, weights):
    with h5py.File(weights, "a") as file:
        file["layers/dense/loop"] = file["layers"]  # hard links may form circles
        file["layers/dense/loop2"] = file["layers"]
        del file["layers/dense_1"]
    with pytest.raises(CorruptFileError, match="groups without end"):
        model.load_weights(weights)


def test_texts_are_bounded(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["list"] = np.array(["x" * 100] * 500, dtype=h5py.string_dtype())
    data = bytearray((tmp_path / "a.h5").read_bytes())
    first = data.find(b"\x64\x00\x00\x00", data.find(b"list\0"))  # the first text's length, 100
    data[first : first + 4] = (1 << 30).to_bytes(4, "little")
    (tmp_path / "a.h5").write_bytes(data)
    with h5.reading(str(tmp_path / "a.h5")) as root, pytest.raises(CorruptFileError, match="beyond the file's size"):
        root.texts("list")


def test_a_heap_that_hdf5_walks_for_ever_is_refused(tmp_path):
    """Seen with HDF5 1.14 and 2.0: an entry of size 0 in a heap of texts."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["text"] = "x" * 100
    data = bytearray((tmp_path / "a.h5").read_bytes())
    heap = data.find(b"GCOL")
    data[heap + 16 : heap + 32] = bytes(16)
    (tmp_path / "a.h5").write_bytes(data)
    with (
        h5.reading(str(tmp_path / "a.h5")) as root,
        pytest.raises(CorruptFileError, match="exceeds its place in a heap"),
    ):
        root.text("text")
