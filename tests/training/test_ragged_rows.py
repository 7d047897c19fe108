"""Ragged tensors as data of training."""

import numpy as np
import pytest
import torch

from kerasish import tf
from kerasish.training.ragged_rows import ragged_rows

X = tf.ragged.constant([[1, 2], [3], [], [4, 5, 6]])


def test_rows_are_sliced_gathered_and_cut():
    rows = ragged_rows(X)
    assert (len(rows), rows.ndim, rows.nbytes) == (4, 2, 24)
    assert rows[1:3].batch().to_list() == [[3], []]
    assert rows[::2].batch().to_list() == [[1, 2], []]
    assert rows[3:1].batch().to_list() == []
    assert rows.take(torch.tensor([3, 0])).batch().to_list() == [[4, 5, 6], [1, 2]]
    assert [part.to_list() for part in rows.batches(3)] == [[[1, 2], [3], []], [[4, 5, 6]]]


def test_floats_become_floatx_and_text_stays():
    assert ragged_rows(tf.ragged.constant([[1.0]], dtype=tf.float64)).dtype == "float32"
    assert ragged_rows(tf.ragged.constant([["a"], []])).batch().to_list() == [[b"a"], []]


def test_training_visits_every_row_in_any_order():
    seen = []

    class Net(tf.keras.Model):
        def call(self, x):
            seen.extend(x.row_lengths().numpy().tolist())
            return tf.cast(x.row_lengths(), tf.float32)[:, None]

    net = Net()
    net.compile(loss="mse", optimizer="sgd")
    found = net.evaluate(X, np.zeros((4, 1)), batch_size=3, verbose=0)
    assert found == pytest.approx((4 + 1 + 0 + 9) / 4)
    assert seen[-4:] == [2, 1, 0, 3]
    assert net.predict(X, batch_size=2, verbose=0).ravel().tolist() == [2, 1, 0, 3]


def test_numbers_of_samples_have_to_agree():
    net = tf.keras.Sequential([tf.keras.layers.Embedding(9, 2), tf.keras.layers.LSTM(2)])
    net.compile(loss="mse", optimizer="sgd")
    with pytest.raises(ValueError, match="Data cardinality is ambiguous"):
        net.fit(X, np.zeros((3, 2)), verbose=0)
