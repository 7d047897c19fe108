"""utils.normalize: arrays by NumPy, tensors by an operation that has gradients and a symbolic form."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import layers, models, ops, tf, utils

ROWS = [[3.0, 4.0], [0.0, 0.0], [-6.0, 8.0]]
UNIT = [[0.6, 0.8], [0.0, 0.0], [-0.6, 0.8]]


@pytest.mark.parametrize("make", [np.array, ops.convert_to_tensor, list])
def test_normalize_divides_rows_by_their_norms(make):
    np.testing.assert_allclose(np.asarray(utils.normalize(make(ROWS))), UNIT, rtol=1e-6)


def test_normalize_of_a_tensor_has_a_gradient():
    x = tf.constant([[3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        first = utils.normalize(x, axis=1)[0, 0]
    np.testing.assert_allclose(tape.gradient(first, x).numpy(), [[16 / 125, -12 / 125]], rtol=1e-5)


def test_normalize_takes_symbolic_tensors():
    x = layers.Input((2,))
    model = models.Model(x, utils.normalize(x, axis=1))
    np.testing.assert_allclose(model.predict(np.float32(ROWS), verbose=0), UNIT, rtol=1e-6)


def test_classes_out_of_range_differ_between_arrays_and_tensors():
    assert utils.to_categorical([-1, 0], 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert utils.to_categorical([1, 0], 0).tolist() == [[0, 1], [1, 0]]
    rows = utils.to_categorical(ops.convert_to_tensor([-1, 5, 1]), 3)
    assert rows.dtype == "float32"
    assert rows.numpy().tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]
    for wrong in ([3], [-4]):
        with pytest.raises(IndexError, match="out of range"):
            utils.to_categorical(wrong, 3)
