import numpy as np
import pytest
import torch

from kerasish import activations, losses, ops, tf
from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.ops.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)

T = np.array([[0.0, 1.0, 1.0]], "float32")
LABEL = np.array([1])


def numbers(x):
    return x.numpy().ravel().tolist()


# recorded from Keras 3.15 on TensorFlow 2.21
@pytest.mark.parametrize(
    ("output", "binary", "categorical", "sparse"),
    [
        ([0.2, 0.3, 0.5], [0.22314353, 1.20397282, 0.69314718], 1.89712, 1.20397282),
        ([0.2, 0.3, 0.9], [0.22314353, 1.20397282, 0.10536055], 1.98227775, 1.54044509),
        ([0.0, 0.0, 1.0], [1.1920929e-07, 16.1180954, 1.1920929e-07], 16.1180954, 16.1180954),
        ([1.0, 0.0, 0.0], [15.9423847, 16.1180954, 16.1180954], 32.2361908, 16.1180954),
    ],
)
def test_probabilities_are_clipped_as_keras_does(output, binary, categorical, sparse):
    output = np.array([output], "float32")
    np.testing.assert_allclose(numbers(binary_crossentropy(T, output)), binary, rtol=1e-6)
    np.testing.assert_allclose(numbers(categorical_crossentropy(T, output)), [categorical], rtol=1e-6)
    np.testing.assert_allclose(numbers(sparse_categorical_crossentropy(LABEL, output)), [sparse], rtol=1e-6)


@pytest.mark.parametrize(
    ("output", "binary", "categorical", "sparse"),
    [
        ([0.2, 0.3, 0.5], [0.79813886, 0.55435526, 0.47407699], 2.07966208, 1.13983107),
        ([1.0, 0.0, 0.0], [1.31326175, 0.69314718, 0.69314718], 3.10288930, 1.55144465),
    ],
)
def test_logits(output, binary, categorical, sparse):
    output = np.array([output], "float32")
    np.testing.assert_allclose(numbers(binary_crossentropy(T, output, from_logits=True)), binary, rtol=1e-6)
    np.testing.assert_allclose(numbers(categorical_crossentropy(T, output, from_logits=True)), [categorical], rtol=1e-6)
    np.testing.assert_allclose(
        numbers(sparse_categorical_crossentropy(LABEL, output, from_logits=True)), [sparse], rtol=1e-6
    )


LOGITS = np.array([[50.0, -50.0, 3.0]], "float32")


@pytest.mark.parametrize("as_torch", [False, True])
def test_saturated_outputs_use_their_logits(as_torch):
    logits = torch.from_numpy(LOGITS) if as_torch else LOGITS
    sigmoid, softmax = activations.sigmoid(logits), activations.softmax(logits)
    assert type(sigmoid) is (torch.Tensor if as_torch else Tensor)
    np.testing.assert_allclose(numbers(binary_crossentropy(T, sigmoid)), [50, 50, 0.04858735], rtol=1e-6)
    assert numbers(categorical_crossentropy(T, softmax)) == [147.0]
    assert numbers(sparse_categorical_crossentropy(LABEL, softmax)) == [100.0]
    # as TensorFlow, whichever of the two functions it was
    np.testing.assert_allclose(numbers(binary_crossentropy(T, softmax)), [50, 50, 0.04858735], rtol=1e-6)


def test_logits_are_found_in_and_after_a_recording():
    x = convert(LOGITS)
    with GradientTape() as tape:
        tape.watch(x)
        y = activations.sigmoid(x)
        loss = binary_crossentropy(T, y)
    gradient = tape.gradient(loss, x)
    np.testing.assert_allclose(numbers(gradient), [1, -1, -0.04742587], rtol=1e-5)
    assert numbers(binary_crossentropy(T, y))[0] == 50.0  # the tape is closed: y is a constant now


def test_softmax_along_another_axis_has_no_logits():
    y = activations.softmax(np.array([[50.0], [-50.0]], "float32"), axis=0)
    assert not hasattr(y._t, "_keras_logits")
    assert numbers(categorical_crossentropy(np.array([[0.0], [1.0]]), y, axis=0))[0] == pytest.approx(16.1181, rel=1e-5)


def test_from_logits_with_an_activation_s_output_warns_and_uses_the_logits():
    with pytest.warns(UserWarning, match=r"`binary_crossentropy` received `from_logits=True`, but.*Sigmoid activation"):
        loss = binary_crossentropy(T, activations.sigmoid(LOGITS), from_logits=True)
    assert numbers(loss)[0] == 50.0


def test_compiled_code_finds_the_logits():
    @torch.compile(fullgraph=True, backend="eager")
    def loss(x, t):
        return binary_crossentropy.raw(t, activations.sigmoid.raw(x * 1))

    assert loss(torch.tensor([50.0]), torch.tensor([0.0])).tolist() == [50.0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_result_has_the_output_s_dtype_and_no_nan(dtype):
    output = torch.tensor([[1.0, 0.0, 0.0]], dtype=getattr(torch, dtype))
    for target in (T, T.astype("int32"), T.astype("float64"), T.astype(bool)):
        for function in (binary_crossentropy, categorical_crossentropy):
            loss = function(target, output)
            assert loss.dtype == output.dtype and bool(torch.isfinite(loss).all())
    assert sparse_categorical_crossentropy(LABEL, output).dtype == output.dtype


@pytest.mark.parametrize("from_logits", [False, True])
def test_classes_may_lie_along_any_axis(from_logits):
    rng = np.random.default_rng(0)
    output, labels = rng.random((2, 4, 3)), rng.integers(0, 4, (2, 3))
    target = np.moveaxis(np.eye(4)[labels], -1, 1)
    p = np.exp(output) / np.exp(output).sum(1, keepdims=True) if from_logits else output / output.sum(1, keepdims=True)
    expected = -np.log((p * target).sum(1))
    np.testing.assert_allclose(
        categorical_crossentropy(target, output, from_logits, axis=1).numpy(), expected, rtol=1e-6
    )
    sparse = sparse_categorical_crossentropy(labels, output, from_logits, axis=1)
    np.testing.assert_allclose(sparse.numpy(), expected, rtol=1e-6)


def test_sparse_targets_may_have_a_last_axis_of_one_and_be_floats():
    output = np.full((2, 3, 4), 0.25, "float32")
    for target in (np.ones((2, 3)), np.ones((2, 3, 1), "int32"), np.ones((2, 3), "float32")):
        assert sparse_categorical_crossentropy(target, output).shape == (2, 3)
    assert sparse_categorical_crossentropy(1, output[0, 0]).shape == ()


def test_gradients_stop_where_probabilities_are_clipped():
    p = convert(np.array([[0.0, 1.0, 0.5]], "float32"))
    with GradientTape() as tape:
        tape.watch(p)
        loss = binary_crossentropy(T, p)
    assert numbers(tape.gradient(loss, p)) == [0.0, 0.0, -2.0]


def test_symbolic():
    labels, output = KerasTensor((None,), "int32"), KerasTensor((None, 10))
    assert sparse_categorical_crossentropy(labels, output).shape == (None,)
    assert binary_crossentropy(output, output).shape == (None, 10)


@pytest.mark.parametrize("label", [5, -1, -100])
def test_labels_out_of_range_raise(label):
    words = rf"Received a label value of {label} which is outside the valid range of \[0, 3\)"
    with pytest.raises(InvalidArgumentError, match=words):
        sparse_categorical_crossentropy([label], np.full((1, 3), 0.3, "float32"))


P = np.full((2, 3), 0.3, "float32")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: binary_crossentropy(T, P),
            "must have the same shape. Received: target.shape=(1, 3), output.shape=(2, 3)",
        ),
        (lambda: binary_crossentropy(T[0], P), "must have the same rank (ndim)"),
        (lambda: categorical_crossentropy(T, P), "must have the same shape"),
        (lambda: categorical_crossentropy(0.0, 0.2), "must be at least rank 1"),
        (lambda: sparse_categorical_crossentropy([0], P), "must have the same shape up until the last dimension"),
        (lambda: sparse_categorical_crossentropy([[0, 1]], P), "must have the same shape up until|rank"),
        (lambda: sparse_categorical_crossentropy([0, 1], P[..., None]), "rank (ndim)"),
        (lambda: sparse_categorical_crossentropy(0, 0.5), "at least rank 1"),
    ],
)
def test_shapes_that_do_not_fit_raise(call, words):
    with pytest.raises(ValueError) as error:
        call()
    assert any(part in str(error.value) for part in words.split("|"))


# logits and targets; what Keras 3.15 says of tf.nn.softmax and tf.nn.sigmoid: only losses that fit go back to the logits
SCORES = np.array([[9.0, -3.0, 1.0], [-20.0, 4.0, 2.0]], "float32")


@pytest.mark.parametrize(
    ("activation", "loss", "expected"),
    [
        (tf.nn.softmax, losses.binary_crossentropy, [0.00022771, 0.08461872]),
        (tf.nn.softmax, losses.categorical_crossentropy, [0.0003416, 0.12692805]),
        (tf.nn.sigmoid, losses.categorical_crossentropy, [0.57581556, 0.6402365]),
        (tf.nn.sigmoid, losses.binary_crossentropy, [0.45399082, 0.71502596]),
        (ops.softmax, losses.binary_crossentropy, [0.45399082, 0.71502596]),
        (ops.sigmoid, losses.categorical_crossentropy, [0.0003416, 0.12692805]),
    ],
)
def test_tensorflows_activations_are_known_to_the_crossentropies_that_fit_them(activation, loss, expected):
    targets = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], "float32")
    np.testing.assert_allclose(loss(targets, activation(convert(SCORES))), expected, rtol=1e-4)
