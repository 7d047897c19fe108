"""Messages name TensorFlow's operations and dtypes, for they are what programs look for in them."""

import numpy as np
import pytest

from kerasish import tf
from kerasish.core import kernels

FLOATS = "bfloat16, half, float, double, complex64, complex128"


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("add", "AddV2"), ("reduce_sum", "Sum"), ("fft2d", "FFT2D"), ("log1p", "Log1p"), ("segment_sum", "SegmentSum"),
        ("RealDiv", "RealDiv"), ("triangular_solve", "MatrixTriangularSolve"), ("bessel_i0e", "BesselI0e"),
    ],
)  # fmt: skip
def test_operation_of_a_function(function, name):
    assert kernels.operation(function) == name


def test_refusal_lists_the_dtypes_and_is_silent_where_one_is_allowed():
    assert kernels.refusal("sqrt", "int32") == (
        f"Value for attr 'T' of int32 is not in the list of allowed values: {FLOATS} [Op:Sqrt]"
    )
    assert kernels.refusal("sqrt", "float") is None
    assert kernels.refusal("no_such_operation", "float") is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tf.sqrt("a"), f"Value for attr 'T' of string is not in the list of allowed values: {FLOATS} [Op:Sqrt]"),
        (lambda: tf.signal.fft(tf.constant([1, 2])), "Value for attr 'Tcomplex' of int32"),
        (lambda: tf.reduce_sum("a"), "qint8, quint8, qint32, bfloat16, qint16, quint16"),
        (lambda: tf.constant("a") - tf.constant("b"), "[Op:Sub]"),
        (lambda: tf.reduce_sum([1, 2], axis=2), "Invalid reduction dimension (2 for input with 1 dimension(s)"),
        (lambda: tf.reduce_max([1.0], axis=-3), "[Op:Max]"),
        (lambda: tf.strings.length(tf.constant(3)), "expected to be a string tensor but is a int32 tensor [Op:StringLength]"),
        (lambda: tf.math.segment_sum([1, 2], [1, 0]), "segment ids are not increasing [Op:SegmentSum]"),
        (lambda: tf.cumsum([1], 3), "[Op:Cumsum]"),
    ],
)  # fmt: skip
def test_failed_operations_end_with_their_name(call, words):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        call()
    assert words in caught.value.message


@pytest.mark.parametrize("value", [tf.float32, object(), tf.TensorSpec([2])])
def test_what_is_no_tensor_is_no_argument(value):
    with pytest.raises(ValueError, match="Attempt to convert a value .* with an unsupported type"):
        tf.floor(value)


@pytest.mark.parametrize("kind", [tf.errors.InvalidArgumentError, TypeError, ValueError])
def test_arguments_that_python_cannot_compute_with_are_invalid_arguments(kind):
    with pytest.raises(kind, match="Op:BandPart"):
        tf.linalg.band_part(np.eye(3), [0, 0], 0)


def test_errors_of_a_users_function_stay_what_they_are():
    def fails(x):
        return int("a")

    with pytest.raises(ValueError, match="invalid literal") as caught:
        tf.map_fn(fails, tf.constant([1.0]))
    assert not isinstance(caught.value, tf.errors.InvalidArgumentError)
