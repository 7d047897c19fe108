"""``keras.backend``: Keras 2's functions, with its names of arguments, defaults and dtypes."""

import inspect

import numpy as np
import pytest

from kerasish import backend as K  # noqa: N812 - as everybody calls it
from kerasish import tf
from kerasish.core.variable import TFVariable

A = K.constant([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
B = K.constant([[1.0, 2.0, 3.0], [0.0, 5.0, 7.0]])
CUBE = K.constant(np.arange(24.0).reshape(2, 3, 4))
CLASSES = K.constant([1, 2], dtype="int32")

# recorded with tf_keras 2.21
RECORDED = {
    "clip": (lambda: K.clip(A, min_value=-1, max_value=3), [[1, -1, 3], [3, 3, -1]]),
    "clip without a lower bound": (lambda: K.clip(A, None, 2.0), [[1, -2, 2], [2, 2, -6]]),
    "clip with bounds in the wrong order": (lambda: K.clip(A, 5, 2), [[5, 5, 5], [5, 5, 5]]),
    "reshape": (lambda: K.reshape(A, shape=(3, 2)), [[1, -2], [3, 4], [5, -6]]),
    "tile": (lambda: K.tile(B, n=[1, 2]), [[1, 2, 3, 1, 2, 3], [0, 5, 7, 0, 5, 7]]),
    "pow": (lambda: K.pow(x=A, a=2), [[1, 4, 9], [16, 25, 36]]),
    "equal": (lambda: K.equal(x=A, y=B), [[1, 0, 1], [0, 1, 0]]),
    "not_equal": (lambda: K.not_equal(x=A, y=B), [[0, 1, 0], [1, 0, 1]]),
    "greater": (lambda: K.greater(x=A, y=B), [[0, 0, 0], [1, 0, 0]]),
    "less_equal": (lambda: K.less_equal(x=A, y=B), [[1, 1, 1], [0, 1, 1]]),
    "maximum": (lambda: K.maximum(x=A, y=B), [[1, 2, 3], [4, 5, 7]]),
    "minimum": (lambda: K.minimum(x=A, y=B), [[1, -2, 3], [0, 5, -6]]),
    "cumsum down the first axis": (lambda: K.cumsum(A), [[1, -2, 3], [5, 3, -3]]),
    "cumprod": (lambda: K.cumprod(A, 1), [[1, -2, -6], [4, 20, -120]]),
    "argmax along the last axis": (lambda: K.argmax(A), [2, 1]),
    "argmin along the last axis": (lambda: K.argmin(A), [1, 2]),
    "one_hot": (lambda: K.one_hot(CLASSES, num_classes=3), [[0, 1, 0], [0, 0, 1]]),
    "in_top_k": (lambda: K.in_top_k(predictions=A, targets=CLASSES, k=1), [0, 0]),
    "relu with a slope and a bound": (lambda: K.relu(A, alpha=0.5, max_value=4.0), [[1, -1, 3], [4, 4, -3]]),
    "relu with a threshold": (lambda: K.relu(A, threshold=2.0), [[0, 0, 3], [4, 5, 0]]),
    "shape": (lambda: K.shape(A), [2, 3]),
    "eye": (lambda: K.eye(size=2), [[1, 0], [0, 1]]),
    "transpose": (lambda: K.transpose(B), [[1, 0], [2, 5], [3, 7]]),
    "dot": (lambda: K.dot(A, K.transpose(B)), [[6, 11], [-4, -17]]),
    "batch_dot": (lambda: K.batch_dot(A, B, axes=1), [[6], [-17]]),
    "repeat_elements": (lambda: K.repeat_elements(B, rep=2, axis=0), [[1, 2, 3], [1, 2, 3], [0, 5, 7], [0, 5, 7]]),
    "reverse": (lambda: K.reverse(B, axes=1), [[3, 2, 1], [7, 5, 0]]),
    "switch": (lambda: K.switch(A > 0, A, B), [[1, 2, 3], [4, 5, 7]]),
}  # fmt: skip


@pytest.mark.parametrize(("function", "expected"), RECORDED.values(), ids=RECORDED)
def test_functions_give_what_keras_2_gives(function, expected):
    np.testing.assert_allclose(np.asarray(function()).astype("float64"), expected, rtol=1e-6)


def test_axes_move_by_pattern():
    moved = K.permute_dimensions(CUBE, pattern=(2, 0, 1))
    np.testing.assert_array_equal(np.asarray(moved), np.asarray(CUBE).transpose(2, 0, 1))
    assert K.int_shape(K.expand_dims(CUBE)) == (2, 3, 4, 1)


def test_dtypes_are_those_of_keras_2():
    assert (K.argmax(A).dtype, K.argmin(A).dtype, K.shape(A).dtype) == ("int64", "int64", "int32")
    assert K.constant([1, 2]).dtype == "float32"
    assert K.zeros((2,), dtype="int32").dtype == "int32"


def test_created_values_are_variables():
    for value in (K.zeros((2, 2)), K.ones(shape=(2, 2)), K.eye(2), K.variable([[1, 0], [0, 1]])):
        assert isinstance(value, TFVariable) and value.dtype == "float32"
        K.set_value(value, np.full((2, 2), 3.0))
        np.testing.assert_array_equal(K.get_value(value), np.full((2, 2), 3.0))


def test_an_ignored_class_costs_nothing():
    predictions = K.constant([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    losses = K.sparse_categorical_crossentropy(CLASSES, predictions)
    np.testing.assert_allclose(np.asarray(losses), -np.log([0.5, 0.8]), rtol=1e-6)
    losses = K.sparse_categorical_crossentropy(CLASSES, predictions, ignore_class=2)
    np.testing.assert_allclose(np.asarray(losses), [-np.log(0.5), 0.0], rtol=1e-6)
    outside = K.sparse_categorical_crossentropy(K.constant([1, -1], dtype="int32"), predictions, ignore_class=-1)
    np.testing.assert_allclose(np.asarray(outside), [-np.log(0.5), 0.0], rtol=1e-6)


# tf_keras 2.21: names of the arguments
SIGNATURES = {
    "argmax": "x axis", "clip": "x min_value max_value", "cumsum": "x axis", "dot": "x y", "equal": "x y",
    "expand_dims": "x axis", "eye": "size dtype name", "in_top_k": "predictions targets k", "maximum": "x y",
    "one_hot": "indices num_classes", "ones": "shape dtype name", "permute_dimensions": "x pattern", "pow": "x a",
    "relu": "x alpha max_value threshold", "reshape": "x shape", "tile": "x n", "transpose": "x",
    "sparse_categorical_crossentropy": "target output from_logits axis ignore_class", "repeat": "x n",
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_have_keras_2s_names(name):
    assert list(inspect.signature(getattr(K, name)).parameters) == SIGNATURES[name].split()


@pytest.mark.parametrize("free", [True, False])
def test_clear_session_restarts_automatic_names(free):
    K.clear_session()
    first = K.get_uid("thing")
    K.get_uid("thing")
    K.clear_session(free_memory=free)
    assert K.get_uid("thing") == first == 1


def test_graphs_of_tensorflow_1_are_refused():
    with pytest.raises(NotImplementedError, match="GradientTape"):
        K.gradients(A, [B])  # values, not symbolic tensors


def test_hard_sigmoid_is_keras_2s():
    np.testing.assert_allclose(K.hard_sigmoid(K.constant([-3.0, 0.0, 1.0])), [0, 0.5, 0.7], atol=1e-6)


def test_variables_move_towards_values():
    v = K.variable([1.0, 2.0])
    K.moving_average_update(v, [3.0, 2.0], 0.75)
    np.testing.assert_allclose(v.numpy(), [1.5, 2.0])
    K.set_value(v, [4, 5])
    assert K.batch_get_value([v])[0].tolist() == [4.0, 5.0]
    K.batch_set_value([(v, [6, 7])])
    assert K.get_value(v).tolist() == [6.0, 7.0]


def test_random_variables_and_bernoulli_numbers():
    assert K.random_uniform_variable((200,), 2.0, 3.0).numpy().min() >= 2.0
    assert abs(K.random_normal_variable((2000,), 5.0, 1.0, seed=1).numpy().mean() - 5.0) < 0.2
    share = K.random_bernoulli((4000,), 0.25, seed=3).numpy()
    assert set(share.tolist()) == {0.0, 1.0}
    assert abs(share.mean() - 0.25) < 0.05


def test_batches_of_tensors_multiply_over_the_given_axes():
    x, y = np.random.RandomState(0).standard_normal((2, 2, 3, 4, 5)).reshape(2, 2, 3, 4, 5)[0], np.ones((2, 4, 6))
    np.testing.assert_allclose(K.batch_dot(x, y, (2, 1)), np.einsum("bijk,bjl->bikl", x, y), rtol=1e-6)
    assert K.batch_dot(CUBE, CUBE, 2).shape == (2, 3, 3)


def test_normalized_batches():
    out, mean, variance = K.normalize_batch_in_training(CUBE, None, None, [0, 1])
    np.testing.assert_allclose(mean, np.asarray(CUBE).mean((0, 1)))
    np.testing.assert_allclose(variance, np.asarray(CUBE).var((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(np.asarray(out).mean((0, 1)), 0, atol=1e-5)


def test_integers_keep_their_dtype_in_sums():
    x = K.constant([[1, 2], [3, 5]], dtype="int32")
    assert [K.sum(x).dtype.name, K.mean(x, 0).dtype.name, K.mean(x > 2).dtype.name] == ["int32", "int32", "float32"]


def test_old_switch_takes_functions_and_masks_of_lower_rank():
    then = K.switch(K.constant([[1], [0]], dtype="bool"), lambda: A, lambda: B)
    np.testing.assert_array_equal(then[0], np.asarray(A)[0])
    np.testing.assert_array_equal(then[1], np.asarray(B)[1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: K.batch_dot(A, A, 0), "axis 0"),
        (lambda: K.batch_dot(A[0], A), "rank < 2"),
        (lambda: K.batch_dot(A, CUBE, (1, 2)), "lengths differ"),
        (lambda: K.batch_dot(A, CUBE[:1]), "batch sizes"),
        (lambda: K.batch_dot(A, A, ([1], 1)), "Multiple"),
        (lambda: K.bias_add(CUBE, A[0, 0]), "bias dimensions"),
        (lambda: K.bias_add(CUBE, A[0], "NHWC"), "data_format"),
        (lambda: K.softmax(A[0]), "1D"),
        (lambda: K.repeat(CUBE, 2), "rank 2"),
        (lambda: K.switch(A > 0, A[0], A[0]), "Rank of `condition`"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_renamed_functions_have_the_signatures_of_their_rows():
    assert str(inspect.signature(K.expand_dims)) == "(x, axis=-1)"
    assert str(inspect.signature(K.ones_like)) == "(x, dtype=None, name=None)"
    with pytest.raises(TypeError, match="missing a required argument"):
        K.equal(A)


def test_random_numbers_are_those_of_tf_random_for_the_seed():
    tf.random.set_seed(1)
    first, second = K.random_normal((3,), seed=1), K.random_normal((3,), seed=1)
    np.testing.assert_allclose(first, [0.28183395, 2.3878284, 2.2804048], rtol=1e-6)  # TensorFlow 2.21's
    np.testing.assert_allclose(second, [-0.0217001, -1.0597228, 1.3323139], rtol=1e-6)
    np.testing.assert_allclose(K.random_uniform((3,), seed=1), [0.05554414, 0.01869845, 0.07080972], rtol=1e-6)
    np.testing.assert_allclose(K.truncated_normal((3,), seed=1), [0.28183395, -0.308662, -0.4475815], rtol=1e-6)
    tf.random.set_seed(1)
    np.random.seed(1)
    np.testing.assert_allclose(K.random_normal((3,)), [-1.0882138, 1.1427214, 0.07622423], rtol=1e-6)
