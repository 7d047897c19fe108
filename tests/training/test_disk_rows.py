"""Arrays in files are read batch by batch."""

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import layers
from kerasish.training import replicas
from kerasish.training.arrays import ArrayFeed, split_arrays
from kerasish.training.disk_rows import DiskRows, is_on_disk

ROWS = 50


class Counting(np.memmap):
    """Notes how many rows are read at once."""

    read: list = []

    def __getitem__(self, part):
        found = super().__getitem__(part)
        if isinstance(found, np.ndarray):
            Counting.read.append(len(found))
        return found

    def __array__(self, *args, **kwargs):
        Counting.read.append(len(self))
        return super().__array__(*args, **kwargs)


@pytest.fixture
def stored(tmp_path):
    """Makes files: an array of random numbers in memory, and the same in a file."""
    count = iter(range(9))

    def make(dtype="float32", mode="r", shape=(ROWS, 4), kind=Counting):
        values = (np.random.RandomState(0).rand(*shape) * 9).astype(dtype)
        path = tmp_path / str(next(count))
        path.write_bytes(values.tobytes())
        Counting.read = []
        return values, kind(path, dtype, mode, shape=shape)

    return make


def trained(x, y, **options):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "relu"), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(x, y, batch_size=8, epochs=2, verbose=0, **options).history
    return history, model.evaluate(x, y, verbose=0), model.predict(x, batch_size=8, verbose=0), model.get_weights()


def same(a, b):
    for one, other in zip(torch.utils._pytree.tree_leaves(a), torch.utils._pytree.tree_leaves(b), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", ">f4"])
@pytest.mark.parametrize("mode", ["r", "r+"])
@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_training_reads_batches_and_gives_what_arrays_give(stored, dtype, mode, shuffle):
    x, on_disk = stored(dtype, mode)
    y = x[:, :1].astype("float32")
    found = trained(on_disk, y, shuffle=shuffle)
    assert Counting.read and max(Counting.read) <= 32
    same(found, trained(x, y, shuffle=shuffle))


def test_targets_weights_and_several_inputs(stored):
    x, on_disk = stored()
    y, targets = stored("int64", shape=(ROWS,))
    w, weights = stored("float64", shape=(ROWS,))

    def run(x, y, w, **options):
        keras.utils.set_random_seed(1)
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        model = keras.Model([a, b], layers.Dense(9, "softmax")(layers.Concatenate()([a, b])))
        model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        return model.fit({"a": x, "b": x}, y, sample_weight=w, verbose=0, batch_size=8, **options).history

    Counting.read = []
    found = run(on_disk, targets, weights, validation_split=0.2)
    assert max(Counting.read) <= 32
    same(found, run(x, y, w, validation_split=0.2))
    same(run(on_disk, targets, None, class_weight={1: 2.0}), run(x, y, None, class_weight={1: 2.0}))


def test_one_batch_is_read_at_once(stored):
    x, on_disk = stored()
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    same(model.predict(on_disk, batch_size=ROWS, verbose=0), model.predict(x, batch_size=ROWS, verbose=0))
    same(model.predict_on_batch(on_disk), model.predict_on_batch(x))
    assert np.isfinite(model.train_on_batch(on_disk, x[:, :1]))


def test_what_lies_in_a_file(stored, tmp_path):
    _, on_disk = stored(kind=np.memmap)
    assert is_on_disk(on_disk) and is_on_disk(on_disk[3:9]) and is_on_disk(np.asarray(on_disk)[::2])
    assert not is_on_disk(on_disk[[1, 2]]) and not is_on_disk(on_disk + 1) and not is_on_disk(np.zeros(3))
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    assert is_on_disk(np.load(tmp_path / "a.npy", mmap_mode="r"))


def test_rows_are_cut_and_ordered(stored):
    x, on_disk = stored()
    rows = DiskRows(on_disk)
    assert (len(rows), rows.shape, rows.ndim, rows.nbytes) == (ROWS, (ROWS, 4), 2, x.nbytes)
    order = torch.tensor([7, 3, 3, 49])
    np.testing.assert_array_equal(rows.take(order).read(), x[order.numpy()])
    np.testing.assert_array_equal(rows[5:40][2:30:3].read(), x[5:40][2:30:3])
    np.testing.assert_array_equal(rows[10:20].take(order[:3])[1:].read(), x[10:20][[3, 3]])
    (_, _, _), (later, _, _) = split_arrays((on_disk, x, None), 0.1)
    np.testing.assert_array_equal(later.read(), x[45:])


def test_each_process_reads_its_own_rows(stored, monkeypatch):
    """As two processes would, one after the other."""
    x, on_disk = stored()
    monkeypatch.setattr("kerasish.training.disk_rows.together", lambda: True)
    monkeypatch.setattr(replicas, "num_processes", lambda: 2)
    seen = []

    class Step(replicas.OwnRows):
        def __init__(self):
            self._is_users, self.divided, self.rows = False, False, []

    feed = ArrayFeed(on_disk, None, None, 8, shuffle=True)
    for process in range(2):
        monkeypatch.setattr(replicas, "process_id", lambda number=process: number)
        keras.utils.set_random_seed(1)
        Counting.read = []
        seen.append([Step()._taken(batch)[1][0] for batch in feed])
        assert Counting.read == [4] * 6 + [1]
    keras.utils.set_random_seed(1)
    together = [batch[0] for batch in ArrayFeed(x, None, None, 8, shuffle=True)]
    for a, b, whole in zip(*seen, together, strict=True):
        np.testing.assert_array_equal(np.concatenate([a, b]), whole)
