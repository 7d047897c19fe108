"""Feed: whatever holds data, as batches; the same training from each kind."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training_checks import HISTORY, PLAIN, X, Y, assert_logs, batches, net, ready

from kerasish import layers, models, tf, utils
from kerasish.training.feed import (
    class_weights,
    is_batch_source,
    make_feed,
    pack_x_y_sample_weight,
    split,
    to_batch,
    unpack_x_y_sample_weight,
)  # fmt: skip


class Items(utils.Sequence):
    """Three batches; counts the ends of epochs."""

    def __init__(self, **options):
        super().__init__(**options)
        self.ends = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[index * 8 : index * 8 + 8], Y[index * 8 : index * 8 + 8]

    def on_epoch_end(self):
        self.ends += 1


def loader(**options):
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return torch.utils.data.DataLoader(data, batch_size=8, **options)


ARRAYS = {
    "numpy": lambda: (X, Y),
    "float64": lambda: (X.astype("float64"), Y.astype("float64")),
    "lists": lambda: (X.tolist(), Y.tolist()),
    "pandas": lambda: (pd.DataFrame(X, columns=list("abc")), pd.Series(Y[:, 0])),
    "object frame": lambda: (pd.DataFrame(X).astype(object), pd.DataFrame(Y)),
    "tensors": lambda: (tf.constant(X), tf.constant(Y)),
    "torch": lambda: (torch.tensor(X), torch.tensor(Y)),
    "read-only": lambda: (np.broadcast_to(X, X.shape), Y),
    "big-endian": lambda: (X.astype(">f4"), Y),
    "backwards": lambda: (X[::-1].copy()[::-1], Y),
    "fortran": lambda: (np.asfortranarray(X), Y),
    "rank 1 targets": lambda: (X, Y[:, 0]),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_every_kind_of_array_trains_alike(kind):
    x, y = ARRAYS[kind]()
    assert_logs(ready().fit(x, y, **PLAIN).history, HISTORY)


SOURCES = {
    "generator of arrays": lambda: (pair for _ in range(2) for pair in batches()),
    "sequence": Items,
    "threads": lambda: Items(workers=2),
    "loader": loader,
    "dataset": lambda: tf.data.Dataset.from_tensor_slices((X, Y)).batch(8),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_of_batches_trains_alike(kind):
    steps = 3 if kind.startswith("generator") else None
    history = ready().fit(SOURCES[kind](), epochs=2, steps_per_epoch=steps, shuffle=False, verbose=0).history
    assert_logs(history, HISTORY)


@pytest.mark.parametrize("kind", ["sequence", "loader", "dataset"])
def test_sources_evaluate_and_predict(kind):
    assert ready().evaluate(SOURCES[kind](), verbose=0) == pytest.approx([1.7178, 1.0379], rel=1e-4)
    np.testing.assert_allclose(net().predict(SOURCES[kind](), verbose=0), net().predict(X, verbose=0), rtol=1e-5)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="processes are forked")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_sequence_may_be_read_by_processes():
    found = list(make_feed(Items(workers=2, use_multiprocessing=True)))
    np.testing.assert_array_equal(np.concatenate([x.numpy() for x, _, _ in found]), X)


def test_on_epoch_end_is_called_before_the_first_epoch_and_once_an_epoch():
    items = Items()
    ready().fit(items, epochs=2, verbose=0)
    assert items.ends == 3  # as in Keras 3.15


def test_weights_from_a_source_count():
    weighted = ((x, y, np.full(len(x), 2.0)) for x, y in batches())
    assert ready().fit(weighted, verbose=0).history["loss"] == pytest.approx([2.8221], rel=0.1)


def test_dicts_of_inputs_go_by_name():
    a, b = layers.Input((2,), name="a"), layers.Input((1,), name="b")
    model = models.Model({"a": a, "b": b}, layers.Dense(1, kernel_initializer="ones")(layers.Concatenate()([a, b])))
    as_dict = model.predict({"b": X[:, 2:], "a": X[:, :2]}, verbose=0)
    np.testing.assert_allclose(as_dict[:, 0], X.sum(1), rtol=1e-4, atol=1e-5)
    by_list = models.Model([a, b], model.outputs).predict([X[:, :2], X[:, 2:]], verbose=0)
    np.testing.assert_allclose(by_list, as_dict, rtol=1e-5)


@given(st.integers(1, 40), st.integers(1, 45), st.sampled_from([False, True, "batch"]))
@settings(deadline=None, max_examples=30)
def test_batches_hold_every_sample_once(count, size, shuffle):
    data = np.arange(count, dtype="int32")
    found = [x for x, _, _ in make_feed(data, data, batch_size=size, shuffle=shuffle)]
    assert len(found) == -(-count // size)
    assert sorted(len(x) for x in found)[1:] == [min(size, count)] * (len(found) - 1)
    together = torch.cat(found).tolist()
    assert sorted(together) == data.tolist()
    assert shuffle or together == data.tolist()


@given(st.integers(2, 50), st.floats(0.05, 0.95))
@settings(deadline=None, max_examples=30)
def test_split_takes_the_last_part(count, fraction):
    data = np.arange(count, dtype="int32")
    at = int(np.floor(count * (1 - fraction)))
    if at == 0:
        return
    (x, _, _), (held, _, _) = split((data, data, None), fraction)
    assert (x.tolist(), held.tolist()) == (data[:at].tolist(), data[at:].tolist())


def test_x_and_y_stay_in_step_when_shuffled():
    for x, y, weight in make_feed(X, Y, np.arange(20.0), batch_size=6, shuffle=True):
        places = weight.long().tolist()
        np.testing.assert_array_equal(x.numpy(), X[places])
        np.testing.assert_array_equal(y.numpy(), Y[places])


@pytest.mark.parametrize(
    ("y", "weights", "expected"),
    [
        ([0, 1, 2], {0: 0.5, 1: 2.0}, [0.5, 2.0, 1.0]),
        ([[0.0], [1.0]], {0: 0.5, 1: 2.0}, [0.5, 2.0]),
        ([[0, 1], [1, 0]], {0: 0.5, 1: 2.0}, [2.0, 0.5]),
        ([-1, 5], {-1: 3.0}, [3.0, 1.0]),
    ],
)
def test_class_weights_go_by_label_or_one_hot_row(y, weights, expected):
    assert class_weights(torch.tensor(y), weights).tolist() == expected


@pytest.mark.parametrize(
    ("y", "weights", "error", "words"),
    [
        (torch.zeros(2, 3, 4), {0: 1.0}, ValueError, "3\\+ dimensional"),
        ([torch.zeros(2)], {0: 1.0}, ValueError, "single output"),
        (torch.zeros(2), [1.0, 2.0], TypeError, "dictionary"),
    ],
)
def test_class_weights_refuse_what_has_no_classes(y, weights, error, words):
    with pytest.raises(error, match=words):
        class_weights(y, weights)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, (1, None, None)),
        ((1,), (1, None, None)),
        ((1, 2), (1, 2, None)),
        ([1, 2], (1, 2, None)),
        ((1, 2, 3), (1, 2, 3)),
        ({"a": 1}, ({"a": 1}, None, None)),
    ],
)
def test_unpack_fills_what_is_missing(value, expected):
    assert unpack_x_y_sample_weight(value) == expected


def test_pack_is_as_short_as_it_can_be():
    assert pack_x_y_sample_weight(1) == 1
    assert pack_x_y_sample_weight([1]) == ([1],)
    assert pack_x_y_sample_weight(1, 2) == (1, 2)
    assert pack_x_y_sample_weight(1, 2, 3) == (1, 2, 3)
    with pytest.raises(ValueError, match="a tuple of 4"):
        to_batch((1, 2, 3, 4))


def test_arrays_become_floatx_and_batches_of_sources_stay_float64():
    x, y, _ = to_batch((np.zeros((2, 3)), np.zeros(2, "int64")))
    assert (x.dtype, y.dtype) == (torch.float64, torch.int64)
    assert next(iter(make_feed(np.zeros((2, 3)))))[0].dtype is torch.float32


def test_steps_and_metrics_of_the_users_see_the_dtype_of_a_dataset():
    seen = []

    class Model(models.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def test_step(self, data):
            seen.append(data[0].dtype)
            return super().test_step(data)

    def distance(y_true, y_pred):
        seen.extend([y_true.dtype, y_pred.dtype])
        return tf.reduce_mean(tf.abs(tf.cast(y_true, y_pred.dtype) - y_pred))

    x, y = np.ones((4, 3)), np.ones((4, 1))
    model = Model()
    model.compile("sgd", "mse", metrics=[distance])
    from_dataset = model.evaluate(tf.data.Dataset.from_tensor_slices((x, y)).batch(4), verbose=0)
    assert seen == ["float64", "float64", "float32"]
    seen.clear()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(from_dataset)
    assert seen == ["float32", "float32", "float32"]


@pytest.mark.parametrize(
    ("value", "is_source"),
    [(X, False), ([1, 2], False), ({"a": X}, False), (batches(), True), (Items(), True), (None, False), ("abc", False)],
)
def test_sources_are_told_from_arrays(value, is_source):
    assert is_batch_source(value) is is_source


def test_a_torch_dataset_is_told_to_be_wrapped():
    with pytest.raises(ValueError, match="torch.utils.data.DataLoader"):
        ready().fit(loader().dataset, verbose=0)


def test_training_does_not_change_the_data():
    x, y = X.copy(), Y.copy()
    ready().fit(x, y, epochs=2, verbose=0)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)
