"""Tables in layers, functions and datasets. What they give is in ../recorded/lookup.txt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish import tf
from kerasish.ops.hashing import fingerprint64

L = tf.lookup


def letters():
    return L.StaticHashTable(L.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)


class Numbers(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.table = letters()

    def call(self, x):
        return tf.cast(self.table.lookup(x), "float32")


def test_a_layer_looks_up():
    inputs = keras.Input((1,), dtype="string")
    model = keras.Model(inputs, Numbers()(inputs))
    assert model.output.shape == (None, 1)
    assert model(tf.constant([["a"], ["q"]])).numpy().tolist() == [[1], [-1]]
    lambdas = keras.Sequential([keras.Input((1,), dtype="string"), keras.layers.Lambda(letters().lookup)])
    assert lambdas.predict(np.array([["b"]]), verbose=0).tolist() == [[2]]


def test_integers_are_looked_up_in_models():
    table = L.StaticHashTable(L.KeyValueTensorInitializer(tf.constant([10, 20], tf.int64), [0.5, 1.5]), 0.0)
    inputs = keras.Input((2,), dtype="int64")
    model = keras.Model(inputs, keras.layers.Lambda(table.lookup)(inputs))
    assert model(tf.constant([[20, 7]], tf.int64)).numpy().tolist() == [[1.5, 0.0]]


def test_a_changing_table_counts_in_a_function():
    table = L.experimental.MutableHashTable(tf.string, tf.int64, 0)

    @tf.function
    def count(word):
        table.insert(word, table.lookup(word) + 1)

    for word in "abcabbab":
        count(tf.constant(word))
    assert dict(zip(*(part.numpy().tolist() for part in table.export()))) == {b"a": 3, b"b": 4, b"c": 1}
    table.remove(tf.constant(["b"]))
    table.insert(["z"], [9])
    assert (int(table.size()), table.lookup(["b", "z"]).numpy().tolist()) == (3, [0, 9])


def test_a_mapped_dataset_looks_up():
    table = L.StaticVocabularyTable(L.KeyValueTensorInitializer(["a"], tf.constant([0], tf.int64)), 2)
    dataset = tf.data.Dataset.from_tensor_slices([["a", "x"], ["y", "a"]]).map(table.lookup)
    assert dataset.element_spec == tf.TensorSpec((2,), tf.int64)
    unknown = {word: 1 + fingerprint64(word) % 2 for word in (b"x", b"y")}
    assert [row.tolist() for row in dataset.as_numpy_iterator()] == [[0, unknown[b"x"]], [unknown[b"y"], 0]]


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.integers(-(2**40), 2**40), st.integers(-5, 5), min_size=1), st.lists(st.integers(-9, 9)))
def test_static_tables_are_dictionaries(pairs, asked):
    keys, values = (np.array(list(part), np.int64) for part in (pairs, pairs.values()))
    table = L.StaticHashTable(L.KeyValueTensorInitializer(keys, values), 77)
    asked = np.array([*asked, *pairs], np.int64)
    assert table.lookup(tf.constant(asked)).numpy().tolist() == [pairs.get(key, 77) for key in asked.tolist()]


def test_vectors_are_values():
    table = L.experimental.MutableHashTable("int64", "float32", [0.0, 1.0])
    assert table.lookup(tf.zeros((0,), tf.int64)).shape == (0, 2)
    table.insert(range(40), np.ones((40, 2), "float32"))
    assert table.lookup([[3], [99]]).numpy().tolist() == [[[1, 1]], [[0, 1]]]


def test_symbolic_keys_give_symbolic_values():
    inputs = keras.Input((3,), dtype="string")
    assert letters().lookup(inputs).shape == (None, 3)


def test_what_is_no_tensor_is_no_key():
    with pytest.raises(AttributeError, match="keys are tensors"):
        letters().lookup(["a"])
