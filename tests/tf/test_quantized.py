"""What refuses tensors of quantized integers, and is told so; ``recorded/quantized_each.txt`` has what they give."""

import pytest

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError

NUMBERS = tf.quantization.quantize([[0.5, -1.0], [0.25, 1.0]], -1.0, 1.0, tf.quint8).output


@pytest.mark.parametrize(
    "operation", [tf.reduce_max, tf.transpose, tf.exp, tf.nn.relu, lambda x: x + x, lambda x: x * 2, lambda x: 1 - x]
)
def test_operations_that_compute_refuse_them(operation):
    with pytest.raises(InvalidArgumentError, match="quint8"):
        operation(NUMBERS)


def test_rows_stay_quantized():
    assert [row.numpy().tolist() for row in NUMBERS] == NUMBERS.numpy().tolist()
    assert all(row.dtype == tf.quint8 for row in NUMBERS)


@pytest.mark.parametrize(
    "values", [[NUMBERS, [1]], [], [NUMBERS, tf.quantization.quantize([[1.0]], 0, 1, tf.qint8).output]]
)
def test_tensors_of_several_kinds_are_not_joined(values):
    with pytest.raises(InvalidArgumentError, match="Quantized tensors of one dtype"):
        tf.quantization.quantized_concat(0, values, [0.0] * len(values), [1.0] * len(values))


def test_bounds_are_scalars_without_an_axis():
    with pytest.raises(InvalidArgumentError, match="Bounds must be scalars"):
        tf.quantization.quantize([1.0, 2.0], [0.0, 0.0], [1.0, 1.0], tf.quint8)
