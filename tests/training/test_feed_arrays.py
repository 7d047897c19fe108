"""Arrays as batches: what an epoch gathers and cuts, and whose memory the batches are."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from kerasish import Model, tree
from kerasish.training import arrays
from kerasish.training.feed import make_feed


class Counted(TorchDispatchMode):
    """Counts operations, and the bytes of the largest result that is memory of its own."""

    def __init__(self):
        super().__init__()
        self.counts = {}
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        self.counts[name] = self.counts.get(name, 0) + 1
        if name == "index_select":
            self.largest = max(self.largest, out.nbytes)
        return out


@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 3))
@settings(deadline=None, max_examples=30)
def test_the_order_is_that_of_torchs_generator(count, size, seed):
    x = np.arange(3 * count, dtype="float32").reshape(count, 3)
    y = np.arange(count)
    torch.manual_seed(seed)
    order = torch.randperm(count).numpy()
    torch.manual_seed(seed)
    found = list(make_feed(x, y, batch_size=size, shuffle=True))
    assert [len(part) for part, _, _ in found] == [len(order[at : at + size]) for at in range(0, count, size)]
    np.testing.assert_array_equal(torch.cat([part for part, _, _ in found]), x[order])
    np.testing.assert_array_equal(torch.cat([part for _, part, _ in found]), y[order])


def test_an_epoch_gathers_many_batches_at_once():
    feed = make_feed(np.zeros((10_000, 8), "float32"), np.zeros(10_000), batch_size=10, shuffle=True)
    with Counted() as counted:
        assert sum(1 for _ in feed) == 1000
    assert counted.counts["index_select"] == 2  # 360 kB fit in one
    assert counted.counts["split"] == 2


def test_an_epoch_in_order_copies_nothing():
    x = np.zeros((5000, 8), "float32")
    with Counted() as counted:
        found = list(make_feed(x, batch_size=4))
    assert "index_select" not in counted.counts
    assert counted.counts["split"] == 2
    assert {part.untyped_storage().data_ptr() for part, _, _ in found} == {x.ctypes.data}


@pytest.mark.parametrize(("rows", "width", "size"), [(400, 10_000, 32), (40, 100_000, 8), (3000, 1000, 32)])
def test_what_is_gathered_at_once_is_bounded(rows, width, size):
    feed = make_feed(np.zeros((rows, width), "float32"), batch_size=size, shuffle=True)
    with Counted() as counted:
        for _ in feed:
            pass
    assert 0 < counted.largest <= max(512 << 10, size * width * 4)


def test_batches_that_somebody_keeps_stay():
    x = np.arange(50_000, dtype="float32").reshape(-1, 5)
    feed = make_feed(x, batch_size=100, shuffle=True)
    kept = [part for _ in range(2) for part, _, _ in feed]
    whole = torch.cat(kept)[:, 0].view(2, -1)
    for epoch in whole:
        np.testing.assert_array_equal(epoch.sort().values, x[:, 0])


def test_epochs_leave_no_tensors_behind():
    feed = make_feed(np.zeros((1000, 4), "float32"), np.zeros(1000), batch_size=16, shuffle=True)

    def alive():
        for _ in feed:
            pass
        gc.collect()
        return sum(1 for item in gc.get_objects() if type(item) is torch.Tensor)

    first = alive()
    assert [alive() for _ in range(3)] == [first] * 3


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_structures_and_text_and_what_is_missing(shuffle):
    x = {"n": np.arange(7, dtype="int32"), "s": np.array([str(i) for i in range(7)])}
    places = []
    for part, y, weight in make_feed(x, batch_size=3, shuffle=shuffle):
        assert (y, weight) == (None, None)
        assert [int(text) for text in part["s"]] == part["n"].tolist()
        places += part["n"].tolist()
    assert sorted(places) == list(range(7))
    assert shuffle or places == list(range(7))


def test_rows_change_places_within_their_batches():
    torch.manual_seed(1)
    found = [part.tolist() for part, _, _ in make_feed(np.arange(18), batch_size=4, shuffle="batch")]
    assert [sorted(part) for part in found] == [list(range(at, min(at + 4, 18))) for at in range(0, 18, 4)]
    assert sum(found, []) != list(range(18))


# recorded from Keras 3.15 on TensorFlow, after keras.utils.set_random_seed(1)
@pytest.mark.parametrize(
    ("shuffle", "expected"),
    [(True, [2, 4, 0, 8, 9, 1, 5, 6, 3, 7]), ("batch", [0, 1, 2, 3, 7, 6, 4, 5, 8, 9])],
)
def test_a_global_seed_gives_each_epoch_the_real_order(monkeypatch, shuffle, expected):
    monkeypatch.setattr(arrays.settings, "global_seed", 1)
    feed = make_feed(np.arange(10), batch_size=4, shuffle=shuffle)
    for _ in range(2):
        assert torch.cat([part for part, _, _ in feed]).tolist() == expected


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_where_programs_are_compiled_each_batch_is_an_index_operation(monkeypatch, shuffle):
    monkeypatch.setattr(arrays.devices, "gathered_together", lambda device: 0)
    torch.manual_seed(0)
    with Counted() as counted:
        found = torch.cat([part for part, _, _ in make_feed(np.arange(50), batch_size=8, shuffle=shuffle)]).tolist()
    assert sorted(found) == list(range(50))
    assert (found == list(range(50))) == (shuffle is False)
    assert counted.counts["index_select"] == 7


def test_lists_of_arrays_reach_steps_as_tuples():
    kinds = []

    class Seen(Model):
        def train_step(self, data):
            kinds.append(tree.map_structure(lambda t: t.shape[0], data))
            return {"loss": 0.0}

    model, x = Seen(), np.ones((2, 3))
    model.compile("sgd")
    model.fit([x, x], verbose=0)
    model.fit({"a": [x, x]}, [x, x], verbose=0)
    assert kinds == [((2, 2),), ({"a": (2, 2)}, (2, 2))]
