"""Tables of buckets. More is in ../recorded/lookup.txt."""

import numpy as np

from kerasish import tf


def test_all_buckets_are_exported():
    table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, 0, -1, initial_num_buckets=8)
    table.insert([1, 9, 2], [3, 4, 5])
    table.erase(tf.constant([2], tf.int64))
    keys, values = (part.numpy()[:, 0] for part in table.export())
    assert len(keys) == 8
    full = keys != 0
    assert dict(zip(keys[full].tolist(), values[full].tolist())) == {1: 3, 9: 4}
    table.insert(np.arange(20, 40), np.arange(20))
    assert table.export()[0].shape == (32, 1)
