"""Shapes that a signature leaves open, as the body of a function sees them."""

import pytest

from kerasish import tf


def _shapes(function, signature, *args):
    seen = []
    tf.function(lambda *xs: seen.append(function(*xs)), input_signature=signature)(*args)
    return seen[0]


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: x, [None, 3]),
        (lambda x: x + 1, [None, 3]),
        (lambda x: 2 - x, [None, 3]),
        (lambda x: x > 0, [None, 3]),
        (lambda x: x[0], [3]),
        (lambda x: x[:2], [None, 3]),
        (lambda x: x[:, 0], [None]),
        (lambda x: x[..., tf.newaxis], [None, 3, 1]),
        (lambda x: tf.reshape(x, [-1]), [None]),
        (lambda x: tf.reshape(x, [tf.shape(x)[0], 3, 1]), [None, 3, 1]),
        (lambda x: tf.matmul(x, tf.ones([3, 4])), [None, 4]),
        (lambda x: tf.concat([x, x], 1), [None, 6]),
        (lambda x: tf.reduce_mean(x, 0), [3]),
        (lambda x: tf.stack([x, x]), [2, None, 3]),
        (lambda x: tf.transpose(x), [3, None]),
        (lambda x: tf.shape(x), [2]),
    ],
)
def test_results_of_operations_know_what_a_graph_knows(function, shape):
    seen = _shapes(lambda x: function(x).shape.as_list(), [tf.TensorSpec([None, 3])], tf.ones([4, 3]))
    assert seen == shape


def test_programs_that_ask_for_sizes_take_the_dynamic_ones():
    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def f(x):
        size = x.shape[0]
        if size is None:
            size = tf.shape(x)[0]
        return tf.zeros([size, 2])

    assert f(tf.ones([4, 3])).shape == [4, 2]
    assert f(tf.ones([5, 3])).shape == [5, 2]


def test_sizes_that_are_not_known_cannot_be_used():
    @tf.function(input_signature=[tf.TensorSpec([None])])
    def f(x):
        return list(range(x.shape[0]))

    with pytest.raises(TypeError, match="NoneType"):
        f(tf.ones([4]))
    with pytest.raises(ValueError, match="partially known TensorShape"):
        tf.function(lambda x: tf.zeros(x.shape), input_signature=[tf.TensorSpec([None])])(tf.ones([4]))


def test_an_unknown_rank():
    assert _shapes(lambda x: x.shape.rank, [tf.TensorSpec(None)], tf.ones([2, 3])) is None


def test_layers_and_models_hand_on_what_is_open():
    dense, rnn = tf.keras.layers.Dense(2), tf.keras.layers.LSTM(4)
    x = tf.ones([5, 6, 3])
    dense(x), rnn(x)
    spec = [tf.TensorSpec([None, None, 3])]
    assert _shapes(lambda x: dense(x).shape.as_list(), spec, x) == [None, None, 2]
    assert _shapes(lambda x: rnn(x).shape.as_list(), spec, x) == [None, 4]


def test_results_outside_have_their_shapes():
    f = tf.function(lambda x: (x, x * 2), input_signature=[tf.TensorSpec([None])])
    same, double = f(tf.ones([3]))
    assert same.shape == [3] and double.shape == [3]


def test_relaxed_traces_and_functions_within():
    seen = []

    @tf.function
    def inner(x):
        seen.append(x.shape.as_list())
        return x + 1

    @tf.function(reduce_retracing=True)
    def outer(x):
        return inner(x)

    for size in (1, 2, 3, 4):
        outer(tf.ones([size]))
    assert seen == [[1], [None]]


def test_a_trace_for_open_sizes_serves_calls_with_any():
    f = tf.function(lambda x: x)
    f.get_concrete_function(tf.TensorSpec([None, 2]))
    f(tf.ones([3, 2]))
    assert f.experimental_get_tracing_count() == 1
    f(tf.ones([3, 3]))
    assert f.experimental_get_tracing_count() == 2


def test_gradients_pass():
    @tf.function(input_signature=[tf.TensorSpec([None])])
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        return tape.gradient(y, x)

    assert f(tf.constant([1.0, 2.0])).numpy().tolist() == [2.0, 4.0]
