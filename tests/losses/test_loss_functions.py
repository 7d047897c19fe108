"""Loss functions: numbers recorded from Keras 3.15, and the rules about dtypes, ranks and saturated probabilities."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kerasish import losses, ops
from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.losses.probabilistic import _of_labels

_X = np.array([[1.5, -2.0, 0.5], [0.0, 3.0, -1.0], [-0.5, 0.25, 4.0]])
ARRAYS = {
    "T": np.array([[0.2, 0.7, 0.1], [0.0, 1.0, 0.0], [0.5, 0.25, 0.25]]),
    "P": np.array([[0.3, 0.5, 0.2], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1]]),
    "S": np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, -1.0]]),
    "O": np.eye(3)[[1, 0, 2]],
    "X": _X,
    "E": _X / np.linalg.norm(_X, axis=1, keepdims=True),
    "Lb": np.array([1, 0, 2]),
    "Lc": np.array([0, 0, 1]),
    "C": np.array([[1, 2], [2, 0]]),
    "F": (np.arange(24).reshape(2, 4, 3) % 7) / 3.0 - 1.0,
}
RECORDED = [
    ("mean_squared_error", "T", "X", {}, [3.04666667, 1.66666667, 5.02083333]),
    ("mean_absolute_error", "T", "X", {}, [1.46666667, 1.0, 1.58333333]),
    ("mean_absolute_percentage_error", "S", "X", {}, [66.6666667, 233.333333, 241.666667]),
    ("mean_squared_logarithmic_error", "T", "P", {}, [0.00988120904, 0.0425706702, 0.0112245395]),
    ("huber", "T", "X", {}, [1.02666667, 0.666666667, 1.25]),
    ("huber", "T", "X", {"delta": 0.3}, [0.395, 0.27, 0.445]),
    ("log_cosh", "T", "X", {}, [0.922603407, 0.586261191, 1.16372886]),
    ("cosine_similarity", "T", "X", {}, [0.560448538, -0.948683298, -0.328509152]),
    ("cosine_similarity", "T", "X", {"axis": 0}, [-0.058722022, -0.369175352, -0.938913851]),
    ("poisson", "T", "P", {}, [0.628980374, 0.503608486, 0.718780926]),
    ("kl_divergence", "T", "P", {}, [0.085122826, 0.510822751, 0.116622452]),
    ("hinge", "S", "X", {}, [0.166666667, 2.33333333, 2.41666667]),
    ("hinge", "O", "X", {}, [2.33333333, 1.66666667, 0.583333333]),
    ("squared_hinge", "S", "X", {}, [0.0833333333, 7.0, 9.27083333]),
    ("categorical_hinge", "O", "X", {}, [4.5, 4.0, 0.0]),
    ("binary_crossentropy", "O", "P", {}, [0.424321892, 1.19185026, 1.24323382]),
    ("binary_crossentropy", "O", "X", {"from_logits": True}, [1.60080609, 1.35166541, 0.439388777]),
    ("binary_crossentropy", "O", "P", {"label_smoothing": 0.2}, [0.498774966, 1.1333372, 1.18795955]),
    ("binary_crossentropy", "O", "P", {"axis": 0}, [1.28774428, 0.610860488, 0.960801196]),
    ("binary_focal_crossentropy", "O", "P", {}, [0.0714377607, 0.742353111, 0.821322114]),
    (
        "binary_focal_crossentropy",
        "O",
        "X",
        {"from_logits": True, "gamma": 1.0, "apply_class_balancing": True},
        [0.655454843, 0.775944752, 0.160853973],
    ),
    ("categorical_crossentropy", "O", "P", {}, [0.693147181, 2.30258509, 2.30258509]),
    (
        "categorical_crossentropy",
        "O",
        "X",
        {"from_logits": True, "label_smoothing": 0.1},
        [3.6350976, 2.99921724, 0.309040726],
    ),
    ("categorical_crossentropy", "O", "P", {"axis": 0}, [2.39789527, 0.955511445, 1.79175947]),
    ("categorical_focal_crossentropy", "O", "P", {}, [0.0433216988, 0.466273481, 0.466273481]),
    (
        "categorical_focal_crossentropy",
        "O",
        "X",
        {"from_logits": True, "alpha": 0.5, "gamma": 1.0},
        [1.87613122, 1.46148751, 0.000569635122],
    ),
    ("sparse_categorical_crossentropy", "Lb", "P", {}, [0.693147181, 2.30258509, 2.30258509]),
    ("sparse_categorical_crossentropy", "Lb", "X", {"from_logits": True}, [3.8350976, 3.0658839, 0.0340407263]),
    ("sparse_categorical_crossentropy", "Lb", "P", {"ignore_class": 2}, [0.693147181, 2.30258509, 0.0]),
    ("categorical_generalized_cross_entropy", "Lb", "P", {"q": 0.5}, [0.585786438, 1.36754447, 1.36754447]),
    ("dice", "O", "P", {}, [0.766666671]),
    ("dice", "O", "P", {"axis": 1}, [0.500000025, 0.900000005, 0.900000005]),
    ("tversky", "O", "P", {"alpha": 0.3, "beta": 0.7}, [0.766666674]),
    ("tversky", "O", "P", {"axis": 1}, [0.50000005, 0.90000001, 0.90000001]),
    ("circle", "Lc", "E", {}, [235.820527, 240.576201, 0.0]),
    (
        "circle",
        "Lc",
        "E",
        {"gamma": 2.0, "margin": 0.1, "remove_diagonal": False},
        [6.49848542, 6.50786127, 1.08222421],
    ),
    ("ctc", "C", "F", {}, [1.83921468, 2.1989522]),
]
IN_FLOAT32 = ("log_cosh", "ctc")  # Keras takes log 2, and all of CTC, in float32


@pytest.mark.parametrize(("name", "target", "prediction", "options", "expected"), RECORDED)
def test_function_gives_the_recorded_values(name, target, prediction, options, expected):
    function = getattr(losses, name)
    values = np.atleast_1d(function(ARRAYS[target], ARRAYS[prediction], **options).numpy())
    np.testing.assert_allclose(values, expected, rtol=2e-7 if name in IN_FLOAT32 else 2e-8)
    short = function(ARRAYS[target], ARRAYS[prediction].astype("float32"), **options)
    assert short.dtype == "float32"
    np.testing.assert_allclose(np.atleast_1d(short.numpy()), expected, rtol=3e-6)


@pytest.mark.parametrize("name", sorted({row[0] for row in RECORDED}))
def test_gradient_is_that_of_the_values(name):
    _, target, prediction, options, _ = next(row for row in RECORDED if row[0] == name)
    target = torch.from_numpy(ARRAYS[target])
    prediction = torch.from_numpy(ARRAYS[prediction] + 0.01).requires_grad_()
    function = getattr(losses, name).raw
    assert torch.autograd.gradcheck(lambda p: function(target, p, **options), prediction)


def test_torch_tensors_come_back_as_torch_tensors():
    out = losses.mean_squared_error(torch.zeros(2, 3), torch.ones(2, 3))
    assert type(out) is torch.Tensor
    assert isinstance(losses.mean_squared_error([[0.0, 1.0]], [[1.0, 1.0]]), Tensor)


def test_lists_of_integers_are_computed_as_floats():
    assert losses.mean_squared_error([[0, 1], [0, 0]], [[1, 1], [1, 0]]).numpy().tolist() == [0.5, 0.5]


def test_prediction_decides_the_dtype():
    assert losses.mean_absolute_error(np.zeros((1, 2)), np.zeros((1, 2), "float16")).dtype == "float16"
    assert losses.mean_absolute_error(np.zeros((1, 2), "float32"), np.zeros((1, 2))).dtype == "float64"


@given(st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_last_axis_of_one_may_be_missing_on_either_side(batch, steps, on_target):
    rng = np.random.default_rng(batch * 8 + steps)
    t, p = rng.random((2, batch, steps))
    given_t, given_p = (t[..., None], p) if on_target else (t, p[..., None])
    expected = ((t - p) ** 2).mean(-1)
    np.testing.assert_allclose(losses.mean_squared_error(given_t, given_p), expected)


def test_vectors_meet_columns_without_broadcasting():
    t, p = np.array([0.0, 1.0, 1.0]), np.array([[0.5], [0.5], [0.25]])
    expected = -np.log(np.where(t == 1, p[:, 0], 1 - p[:, 0]))
    np.testing.assert_allclose(losses.binary_crossentropy(t, p), expected, rtol=1e-6)
    np.testing.assert_allclose(losses.mean_squared_error(t, p), (t - p[:, 0]) ** 2)


def test_saturated_sigmoid_is_computed_from_its_logits():
    probabilities = ops.sigmoid(convert(np.array([[50.0], [-50.0]], "float32")))
    target = np.array([[0.0], [1.0]])
    np.testing.assert_allclose(losses.binary_crossentropy(target, probabilities), [50.0, 50.0])
    clipped = losses.binary_crossentropy(target, probabilities.numpy())
    np.testing.assert_allclose(clipped, [15.942385, 16.118095], rtol=0.02)


def test_saturated_softmax_is_computed_from_its_logits():
    logits = np.array([[60.0, 0.0, 0.0]], "float32")
    probabilities = ops.softmax(convert(logits))
    assert float(losses.sparse_categorical_crossentropy([1], probabilities)[0]) == 60.0
    assert float(losses.categorical_crossentropy([[0.0, 1.0, 0.0]], probabilities)[0]) == 60.0


def test_hinge_takes_labels_of_zero_and_one_or_minus_one_and_one():
    scores = np.array([[0.5, -2.0]])
    assert losses.hinge([[1.0, 0.0]], scores).numpy() == losses.hinge([[1.0, -1.0]], scores).numpy()
    np.testing.assert_allclose(losses.hinge([[0.5, 1.0]], scores), [(0.75 + 3.0) / 2])


@pytest.mark.parametrize(
    ("loss", "target", "scores", "expected"),
    [
        ("hinge", [1.0, -1.0], [1.0, -1.0], [-0.5, 0.5]),
        ("hinge", [1.0, -1.0], [1.0, 1.0], [-0.5, 0.5]),
        ("categorical_hinge", [1.0, 0.0], [1.0, 0.0], [-1.0, 0.5]),
        ("squared_hinge", [1.0, -1.0], [1.0, -1.0], [0.0, 0.0]),
    ],
)
def test_hinges_have_a_gradient_just_at_the_margin(loss, target, scores, expected):
    scores = convert(np.array(scores))
    with GradientTape() as tape:
        tape.watch(scores)
        value = getattr(losses, loss)(np.array(target), scores)
    np.testing.assert_allclose(tape.gradient(value, scores).numpy(), expected, atol=0)


def test_cosine_similarity_of_a_zero_vector_is_zero():
    assert losses.cosine_similarity([[0.0, 0.0]], [[1.0, 2.0]]).numpy().tolist() == [0.0]


def test_overlap_of_nothing_with_nothing_counts_as_none():
    nothing = np.zeros((1, 4))
    assert float(losses.dice(nothing, nothing)) == float(losses.tversky(nothing, nothing)) == 1.0


def test_circle_loss_without_a_like_or_an_unlike_is_zero_and_has_a_finite_gradient():
    x = torch.nn.functional.normalize(torch.arange(6.0).reshape(3, 2) + 1, dim=1).requires_grad_()
    value = losses.circle(torch.zeros(3), x)
    value.sum().backward()
    assert value.tolist() == [0.0, 0.0, 0.0]
    assert torch.isfinite(x.grad).all()


def test_sparse_labels_of_any_dtype_and_with_a_last_axis_give_the_same():
    expected = losses.sparse_categorical_crossentropy(ARRAYS["Lb"], ARRAYS["P"]).numpy()
    for dtype in ("uint8", "int8", "int32", "float32"):
        labels = ARRAYS["Lb"].astype(dtype)
        np.testing.assert_array_equal(losses.sparse_categorical_crossentropy(labels, ARRAYS["P"]), expected)
        np.testing.assert_array_equal(losses.sparse_categorical_crossentropy(labels[:, None], ARRAYS["P"]), expected)


@pytest.mark.parametrize("label", [3, -1, -100])
def test_label_that_is_no_class_is_named(label):
    with pytest.raises(InvalidArgumentError, match=rf"label value of {label} .* range of \[0, 3\)"):
        losses.sparse_categorical_crossentropy([0, label], np.full((2, 3), 1 / 3))


def test_label_that_is_no_class_gives_nan_where_the_device_does_not_check():
    labels, p = torch.tensor([2, 7, 0]), torch.full((3, 3), 1 / 3).requires_grad_()
    loss = _of_labels(labels, p, False, -1, checked=False)
    assert torch.isnan(loss).tolist() == [False, True, False]
    np.testing.assert_allclose(loss[[0, 2]].detach(), np.log(3), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "target", "prediction", "error", "words"),
    [
        ("mean_squared_error", (4, 3), (4, 2), InvalidArgumentError, r"Incompatible shapes: \[4,3\] vs. \[4,2\]"),
        ("hinge", (4,), (3,), InvalidArgumentError, r"Incompatible shapes: \[4\] vs. \[3\]"),
        (
            "binary_crossentropy",
            (4, 3),
            (4, 2),
            ValueError,
            r"Arguments `target` and `output` must have the same shape. Received: target.shape=\(4, 3\), "
            r"output.shape=\(4, 2\)",
        ),
        ("categorical_crossentropy", (4,), (4, 3), ValueError, r"must have the same rank \(ndim\)"),
        ("sparse_categorical_crossentropy", (4, 3), (4, 3), ValueError, r"must have rank \(ndim\)"),
        ("categorical_generalized_cross_entropy", (4, 3), (4, 3), ValueError, r"`y_true` must be class numbers"),
        ("ctc", (4,), (4, 5, 3), ValueError, r"expected to be a tensor of shape `\(batch_size, max_length\)`"),
        ("ctc", (4, 2), (4, 3), ValueError, r"`\(batch_size, max_length, num_classes\)`"),
    ],
)
def test_shapes_that_do_not_fit_are_told(name, target, prediction, error, words):
    options = {"q": 0.5} if "generalized" in name else {}
    with pytest.raises(error, match=words):
        getattr(losses, name)(np.zeros(target), np.full(prediction, 0.5), **options)


def test_one_class_alone_is_warned_about():
    with pytest.warns(SyntaxWarning, match="Consider using 'binary_crossentropy' if you only have 2 classes"):
        losses.categorical_crossentropy(np.ones((2, 1)), np.ones((2, 1)))
    with pytest.raises(ValueError, match="`axis` must be of type `int`"):
        losses.categorical_crossentropy(np.eye(2), np.eye(2), axis=0.5)


def test_symbolic_tensors_give_a_symbolic_loss():
    y = KerasTensor((None, 3))
    loss = losses.mean_squared_error(y, KerasTensor((None, 3)))
    assert isinstance(loss, KerasTensor)
    assert tuple(loss.shape) == (None,)


def test_second_derivatives_exist():
    x = torch.tensor([[0.5, -1.7]], dtype=torch.float64, requires_grad=True)
    for name in ("mean_squared_error", "huber", "log_cosh"):
        function = getattr(losses, name).raw
        assert torch.autograd.gradgradcheck(lambda p, f=function: f(torch.zeros(1, 2, dtype=torch.float64), p), x)


def test_generalized_crossentropy_takes_probabilities_as_they_are():
    p = convert([[1.0, 0.0], [0.25, 2.0]])
    with GradientTape() as tape:
        tape.watch(p)
        loss = losses.categorical_generalized_cross_entropy([0, 1], p, q=0.5)
    assert np.allclose(loss, [0.0, -0.8284271])
    assert np.allclose(tape.gradient(loss, p), [[-1, 0], [0, -0.70710677]])
