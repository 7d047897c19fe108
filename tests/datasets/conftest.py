"""A cache folder with small files in the formats of the real ones."""

import gzip
import io
import json
import pickle
import tarfile

import numpy as np
import pytest

from kerasish.utils import download


def word_lists(rng, count):
    lists = np.empty(count, object)
    for index in range(count):
        lists[index] = [int(word) for word in rng.randint(1, 60, rng.randint(1, 12))]
    return lists


def images(rng, count):
    return rng.randint(0, 256, (count, 28, 28)).astype("uint8")


def batch(rng, count, *labels):
    numbers = {label.encode(): [int(n) for n in rng.randint(0, 10, count)] for label in labels}
    return {b"data": rng.randint(0, 256, (count, 3072)).astype("uint8"), b"batch_label": b"x", **numbers}


def write_tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            data = pickle.dumps(content, 3)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(download, "validate_file", lambda *arguments: True)
    folder = tmp_path / "datasets"
    (folder / "fashion-mnist").mkdir(parents=True)
    rng = np.random.RandomState(0)
    np.savez(folder / "mnist.npz", x_train=images(rng, 4), y_train=np.arange(4, dtype="uint8"),
             x_test=images(rng, 3), y_test=np.arange(3, dtype="uint8"))  # fmt: skip
    np.savez(folder / "boston_housing.npz", x=np.arange(130.0).reshape(10, 13), y=np.arange(10.0))
    table = np.asfortranarray(rng.randn(700, 8).astype("float32"))
    np.savez_compressed(folder / "california_housing.npz", x=table, y=np.arange(700, dtype="float32"))
    np.savez(folder / "imdb.npz", x_train=word_lists(rng, 20), y_train=rng.randint(0, 2, 20),
             x_test=word_lists(rng, 15), y_test=rng.randint(0, 2, 15))  # fmt: skip
    np.savez(folder / "reuters.npz", x=word_lists(rng, 20), y=np.arange(20))
    for name in ("imdb", "reuters"):
        (folder / f"{name}_word_index.json").write_text(json.dumps({"the": 1, "café": 2}))
    for name, count in (("train", 5), ("t10k", 2)):
        labels, pixels = np.arange(count, dtype="uint8"), images(rng, count)
        with gzip.open(folder / "fashion-mnist" / f"{name}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(bytes(8) + labels.tobytes())
        with gzip.open(folder / "fashion-mnist" / f"{name}-images-idx3-ubyte.gz", "wb") as file:
            file.write(bytes(16) + pixels.tobytes())
    names = [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]
    write_tar(
        folder / "cifar-10-batches-py-target_archive",
        {f"cifar-10-batches-py/{name}": batch(rng, 3, "labels") for name in names},
    )
    write_tar(
        folder / "cifar-100-python-target_archive",
        {f"cifar-100-python/{name}": batch(rng, 3, "fine_labels", "coarse_labels") for name in ("train", "test")},
    )
    return folder
