"""How errors in functions are told."""

import pytest

from kerasish import tf


class _OwnError(Exception):
    def __init__(self, code, text):
        super().__init__(code, text)
        self.code = code


def test_errors_of_tracing_show_the_users_lines():
    def helper(x):
        raise ValueError("my words")

    @tf.function
    def f(x):
        return helper(x)

    with pytest.raises(ValueError) as caught:
        f(tf.constant(1))
    lines = str(caught.value).splitlines()
    assert lines[0] == "in user code:"
    assert [line.strip() for line in lines if line.startswith("        ")] == [
        "return helper(x)",
        'raise ValueError("my words")',
    ]
    assert "    ValueError: my words" in lines


def test_shapes_that_do_not_fit_are_value_errors():
    f = tf.function(lambda x: tf.matmul(x, x))
    with pytest.raises(ValueError, match="in user code:(.|\n)*ValueError: "):
        f(tf.ones([2, 3]))


def test_dtypes_that_do_not_fit_are_told_as_a_graph_tells_them():
    f = tf.function(lambda x: x + tf.constant(1))
    with pytest.raises(TypeError, match="Input 'y' of 'AddV2' Op has type int32 that does not match type float32"):
        f(tf.ones([2]))


def test_errors_of_values_are_told_by_the_operation():
    f = tf.function(lambda x, i: tf.gather(x, i))
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        f(tf.ones([3]), tf.constant(7))
    assert caught.value.message.startswith("Graph execution error:")
    assert "indices = 7 is not in [0, 3)" in caught.value.message
    assert "[[{{node GatherV2}}]]" in caught.value.message


def test_errors_with_their_own_arguments_stay_as_they_are():
    @tf.function
    def f():
        raise _OwnError(3, "text")

    with pytest.raises(_OwnError) as caught:
        f()
    assert caught.value.code == 3 and caught.value.args == (3, "text")


def test_a_function_within_a_function_is_told_once():
    inner = tf.function(lambda x: tf.reshape(x, [7]))
    outer = tf.function(lambda x: inner(x))
    with pytest.raises(ValueError) as caught:
        outer(tf.ones([2]))
    assert str(caught.value).count("in user code:") == 1
