import pytest

from kerasish import tf


def test_enable_check_numerics_raises_where_results_are_not_finite_until_disabled():
    tf.debugging.enable_check_numerics()
    try:
        tf.constant(float("nan"))
        with pytest.raises(tf.errors.InvalidArgumentError, match="NaN in output 0"):
            tf.math.log(tf.constant([-1.0, 1.0]))
        with pytest.raises(tf.errors.InvalidArgumentError, match="1 infinite"):
            tf.constant([1.0]) / tf.constant([0.0])
    finally:
        tf.debugging.disable_check_numerics()
    assert tf.math.log(tf.constant([0.0])).numpy()[0] == -float("inf")


@pytest.mark.parametrize(
    ("make", "code", "op"),
    [
        (lambda: tf.errors.InvalidArgumentError(None, "o", "m"), 3, "o"),
        (lambda: tf.errors.NotFoundError(None, None, message="m"), 5, None),
        (lambda: tf.errors.OpError(None, None, "m", 7), 7, None),
        (lambda: tf.errors.InternalError("m"), 13, None),
    ],
)
def test_errors_take_tensorflows_arguments(make, code, op):
    error = make()
    assert (error.message, str(error), error.error_code, error.op) == ("m", "m", code, op)


def test_errors_refuse_unknown_arguments():
    with pytest.raises(TypeError, match="nodes"):
        tf.errors.NotFoundError(nodes=1)
