"""Layers and operations of Keras on ragged tensors."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf

WORDS = tf.ragged.constant([["a", "b"], [], ["c"]])
NUMBERS = tf.ragged.constant([[1.0, 2.0], [], [3.0]])


def test_text_is_vectorized_into_rows():
    layer = keras.layers.TextVectorization(ragged=True, vocabulary=["a", "b"])
    assert layer(["a b c", "b", ""]).to_list() == [[2, 3, 1], [3], []]
    again = keras.layers.TextVectorization.from_config(layer.get_config())
    assert again.get_config()["ragged"] and again(["b"]).to_list() == [[3]]


def test_vocabularies_are_learnt_from_rows():
    layer = keras.layers.StringLookup()
    layer.adapt(tf.data.Dataset.from_tensor_slices(WORDS).batch(2))
    assert sorted(layer.get_vocabulary()) == ["[UNK]", "a", "b", "c"]


def test_lookups_keep_rows_and_count_per_row():
    assert keras.layers.StringLookup(vocabulary=["a", "b"])(WORDS).to_list() == [[1, 2], [], [0]]
    counts = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="count")(WORDS)
    assert counts.numpy().tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]]


def test_a_model_with_a_ragged_input_embeds_rows():
    inputs = keras.Input((None,), dtype="int32", ragged=True)
    embedded = keras.layers.Embedding(5, 2, embeddings_initializer="ones")(inputs)
    assert inputs.ragged and embedded.ragged
    out = keras.Model(inputs, embedded)(tf.ragged.constant([[1, 2], [3]]))
    assert out.to_list() == [[[1.0, 1.0], [1.0, 1.0]], [[1.0, 1.0]]]


def test_a_layer_for_dense_tensors_says_so():
    with pytest.raises(ValueError, match="takes no RaggedTensor"):
        keras.layers.Conv1D(2, 1)(tf.ragged.constant([[[1.0, 2.0]]], ragged_rank=1))


def test_operations_of_keras():
    assert keras.ops.add(NUMBERS, 1.0).to_list() == [[2.0, 3.0], [], [4.0]]
    np.testing.assert_allclose(keras.ops.sum(NUMBERS, axis=1), [3.0, 0.0, 3.0])
    assert keras.ops.convert_to_tensor(NUMBERS, ragged=False).shape == (3, 2)
    assert keras.ops.convert_to_numpy(NUMBERS).shape == (3, 2)
