"""Loss classes: reductions, weights, masks, configuration, names, and what user code is given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import losses, ops, tf
from kerasish.core import registry
from kerasish.core.autodiff import GradientTape
from kerasish.core.context import settings as ambient
from kerasish.core.dtypes import set_default_policy
from kerasish.core.errors import InvalidArgumentError, NotServedError
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable
from kerasish.losses.means import MEANS, OF_CLASSES, SUM

T = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0], [3.0, 2.0]])
P = np.array([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0], [3.0, 5.0]])
VALUES = ((T - P) ** 2).mean(-1)  # 0.5, 2, 1, 4.5
CLASSES = [
    cls for cls in vars(losses).values()
    if isinstance(cls, type) and issubclass(cls, losses.LossFunctionWrapper) and cls is not losses.LossFunctionWrapper
]  # fmt: skip


def masked(values, mask):
    tensor = convert(np.asarray(values))
    tensor._keras_mask = convert(np.asarray(mask))
    return tensor


@pytest.mark.parametrize(
    ("reduction", "weight", "mask", "expected"),
    [
        ("sum_over_batch_size", None, None, 2.0),
        ("mean", None, None, 2.0),
        ("auto", None, None, 2.0),
        ("sum", None, None, 8.0),
        ("mean_with_sample_weight", None, None, 2.0),
        ("none", None, None, VALUES),
        (None, None, None, VALUES),
        ("sum_over_batch_size", [1, 2, 0, 1], None, 9 / 4),
        ("sum", [1, 2, 0, 1], None, 9.0),
        ("mean_with_sample_weight", [1, 2, 0, 1], None, 9 / 4),
        ("mean_with_sample_weight", [2, 2, 0, 0], None, 5 / 4),
        ("none", [1, 2, 0, 1], None, [0.5, 4, 0, 4.5]),
        ("none", [[1], [2], [0], [1]], None, [[0.5], [4], [0], [4.5]]),
        ("sum_over_batch_size", 2.0, None, 4.0),
        ("mean_with_sample_weight", 2.0, None, 8.0),
        ("sum_over_batch_size", [0, 0, 0, 0], None, 0.0),
        ("mean_with_sample_weight", [0, 0, 0, 0], None, 0.0),
        ("sum_over_batch_size", None, [True, False, True, True], 2.0),
        ("sum", None, [True, False, True, True], 6.0),
        ("none", None, [True, False, True, True], [0.5, 0, 1, 4.5]),
        ("sum_over_batch_size", [1, 2, 0, 1], [True, False, True, True], 5 / 3),
        ("mean_with_sample_weight", [1, 2, 0, 1], [True, False, True, True], 5 / 2),
        ("sum_over_batch_size", None, [False] * 4, 0.0),
    ],
)
def test_reduction_of_weighted_and_masked_values(reduction, weight, mask, expected):
    loss = losses.MeanSquaredError(reduction=reduction, dtype="float64")
    prediction = P if mask is None else masked(P, mask)
    scaled = np.asarray(expected)
    if reduction in (None, "none") and mask is not None:
        scaled = np.asarray(expected, dtype=float)
    np.testing.assert_allclose(loss(T, prediction, weight), scaled, rtol=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3), st.integers(1, 4), st.sampled_from(["batch", "column", "steps", "steps1", "one"]))
def test_weights_of_each_rank_multiply_the_values_they_belong_to(batch, steps, kind):
    rng = np.random.default_rng(batch * 16 + steps)
    t, p = rng.random((2, batch, steps, 3))
    full = rng.random((batch, steps))
    weight, whole = {
        "batch": (full[:, 0], np.repeat(full[:, :1], steps, 1)),
        "column": (full[:, :1], np.repeat(full[:, :1], steps, 1)),
        "steps": (full, full),
        "steps1": (full[..., None], full),
        "one": (0.5, np.full((batch, steps), 0.5)),
    }[kind]
    loss = losses.MeanAbsoluteError(reduction="none", dtype="float64")
    np.testing.assert_allclose(loss(t, p, weight), np.abs(t - p).mean(-1) * whole, rtol=1e-9)


def test_weights_of_the_last_axis_broadcast():
    t, p = np.zeros((2, 3, 4)), np.ones((2, 3, 4))
    out = losses.MeanSquaredError(reduction="none")(t, p, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(out, [[1, 2, 3], [1, 2, 3]])


def test_mask_of_sequences_counts_only_valid_steps():
    t, p = np.zeros((2, 3, 1)), np.arange(6.0).reshape(2, 3, 1)
    mask = [[True, True, False], [True, False, False]]
    assert float(losses.MeanAbsoluteError()(t, masked(p, mask))) == pytest.approx((0 + 1 + 3) / 3)
    weighted = losses.MeanAbsoluteError()(t, masked(p, mask), [1.0, 2.0])
    assert float(weighted) == pytest.approx((0 + 1 + 2 * 3) / 3)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
def test_empty_batch_gives_no_values(reduction):
    out = losses.MeanSquaredError(reduction=reduction)(np.zeros((0, 3)), np.zeros((0, 3)))
    assert tuple(out.shape) == (0,)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_class_agrees_with_its_function(cls):
    loss = cls(reduction="none")
    t, p = np.eye(3)[[0, 2]], np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    if cls.__name__ in ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"):
        t = np.array([0, 2])
    if cls.__name__ == "CTC":
        t, p = np.array([[1, 2]]), np.ones((1, 4, 3))
    options = {key: value for key, value in loss._fn_kwargs.items()}
    expected = np.asarray(loss.fn(t, p.astype("float32"), **options))
    np.testing.assert_allclose(loss(t, p), expected, rtol=1e-6)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_config_makes_an_equal_loss(cls):
    loss = cls(reduction="sum", name="mine")
    config = loss.get_config()
    assert config["reduction"] == "sum"
    assert config["name"] == "mine"
    assert cls.from_config(config).get_config() == config
    data = losses.serialize(loss)
    assert (data["module"], data["class_name"]) == ("keras.losses", cls.__name__)
    assert losses.deserialize(data).get_config() == config


def test_config_has_keras_keys_and_what_keras_drops_only_where_needed():
    assert losses.Huber().get_config() == {"name": "huber_loss", "reduction": "sum_over_batch_size"}
    config = losses.Huber(delta=3.0, dtype="float64").get_config()
    assert config == {"name": "huber_loss", "reduction": "sum_over_batch_size", "delta": 3.0, "dtype": "float64"}
    assert losses.Huber.from_config(config)._fn_kwargs == {"delta": 3.0}
    assert list(losses.BinaryCrossentropy().get_config()) == [
        "name", "reduction", "from_logits", "label_smoothing", "axis",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mse", "mean_squared_error"), ("MSE", "mean_squared_error"), ("mae", "mean_absolute_error"),
        ("mape", "mean_absolute_percentage_error"), ("msle", "mean_squared_logarithmic_error"),
        ("bce", "binary_crossentropy"), ("kld", "kl_divergence"), ("KLD", "kl_divergence"),
        ("kullback_leibler_divergence", "kl_divergence"), ("logcosh", "log_cosh"), ("huber_loss", "huber"),
        ("cosine_similarity", "cosine_similarity"), ("dice", "dice"),
    ],
)  # fmt: skip
def test_short_names_mean_functions(name, expected):
    assert losses.get(name).__name__ == expected


def test_get_takes_names_classes_configs_functions_and_none():
    assert isinstance(losses.get("Huber"), losses.Huber)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert isinstance(losses.get({"class_name": "Huber", "config": {"delta": 2.0}}), losses.Huber)
    assert losses.get(losses.serialize(losses.mean_squared_error)) is losses.mean_squared_error
    assert losses.get(losses.mean_squared_error) is losses.mean_squared_error
    assert losses.get(None) is None
    assert losses.mse is losses.MSE is losses.mean_squared_error


def test_functions_are_written_to_files_as_keras_writes_them():
    expected = {"module": "builtins", "class_name": "function", "config": "mean_squared_error"}
    assert losses.serialize(losses.mse) == {**expected, "registered_name": "function"}


def test_registered_function_is_found_again():
    @registry.register_keras_serializable("tests_losses")
    def absolute(y_true, y_pred):
        return ops.abs(y_true - y_pred)

    data = losses.serialize(absolute)
    assert data["config"] == "tests_losses>absolute"
    assert losses.deserialize(data) is absolute


@pytest.mark.parametrize(
    ("identifier", "words"),
    [("hubber", "Could not interpret loss identifier: hubber. Did you mean 'huber'"), (3, "identifier: 3")],
)
def test_unknown_loss_is_told_with_close_matches(identifier, words):
    with pytest.raises(ValueError, match=words):
        losses.get(identifier)


def test_bad_arguments_are_told():
    with pytest.raises(ValueError, match="Invalid value for argument `reduction`. Expected one of .* reduction='foo'"):
        losses.Huber(reduction="foo")
    with pytest.raises(ValueError, match=r"q must be in the interval \(0, 1\)"):
        losses.CategoricalGeneralizedCrossEntropy(q=1.0)
    with pytest.raises(
        InvalidArgumentError, match=r"Incompatible shapes: \[4\] vs. \[3\] \(values and `sample_weight`"
    ):
        losses.MeanSquaredError()(T, P, np.ones(3))
    with pytest.raises(ValueError, match="takes one target and one prediction"):
        losses.MeanSquaredError()({"a": T}, {"a": P})
    with pytest.raises(NotImplementedError):
        losses.Loss()(T, P)
    with pytest.raises(AttributeError) as caught:
        _ = losses.no_such_loss
    assert not isinstance(caught.value, NotServedError)


def test_keras_2_reduction_names():
    assert losses.Reduction.SUM == "sum"
    assert losses.Huber(reduction=losses.Reduction.AUTO).reduction == "sum_over_batch_size"
    losses.Reduction.validate("none")
    with pytest.raises(ValueError, match="Invalid Reduction Key: mean"):
        losses.Reduction.validate("mean")


def test_dtype_is_floatx_whatever_the_policy():
    try:
        set_default_policy("mixed_float16")
        assert losses.Huber().dtype == "float32"
        assert losses.Huber()(T.astype("float16"), P.astype("float16")).dtype == "float32"
    finally:
        set_default_policy(None)
    ambient.floatx = "float64"
    try:
        assert losses.Huber()(T, P).dtype == "float64"
    finally:
        ambient.floatx = "float32"


def test_class_numbers_keep_their_precision_in_16_bits():
    p = np.zeros((1, 4000), "float32")
    p[0, 2049] = 1.0
    assert float(losses.SparseCategoricalCrossentropy(dtype="float16")([2049], p)) == pytest.approx(0.0, abs=1e-3)


def test_ignored_class_counts_neither_in_the_sum_nor_in_the_mean():
    p = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1, dtype="float64")
    expected = -(np.log(0.2) + np.log(0.8)) / 2
    assert float(loss([0, -1, 2], p)) == pytest.approx(expected)
    assert float(loss([0, -1, 2], masked(p, [True, True, False]))) == pytest.approx(-np.log(0.2))
    assert float(loss([0, -1, 2], p, [1.0, 5.0, 3.0])) == pytest.approx(-(np.log(0.2) + 3 * np.log(0.8)) / 2)


def test_circle_leaves_out_embeddings_without_a_pair():
    x = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    values = losses.circle([0, 0, 1], x).numpy()
    assert float(losses.Circle(dtype="float64")([0, 0, 1], x)) == pytest.approx(values[:2].mean())


def test_saturated_sigmoid_in_any_rank():
    logits = np.full((2, 3, 1), 50.0, "float32")
    probabilities = ops.sigmoid(convert(logits))
    assert float(losses.BinaryCrossentropy()(np.zeros((2, 3, 1)), probabilities)) == 50.0
    assert float(losses.BinaryCrossentropy()(np.zeros((2, 3)), probabilities)) == 50.0
    assert float(losses.BinaryCrossentropy()(np.zeros((2, 3, 1)), probabilities.numpy())) < 17


# the fused means ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", list(MEANS), ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fused_mean_is_the_mean_of_the_values(function, dtype):
    rng = np.random.default_rng(3)
    p = torch.from_numpy(rng.normal(size=(5, 4)).astype(dtype)).requires_grad_()
    t = torch.from_numpy(np.eye(4)[rng.integers(0, 4, 5)])
    options = {}
    if function.__name__.endswith("crossentropy"):
        options = {"from_logits": True}
    if function.__name__.startswith("sparse"):
        t = t.argmax(-1)
    fused = MEANS[function](t, p, **options)
    plain = function.raw(t, p, **options).mean()
    torch.testing.assert_close(fused, plain)
    both = [torch.autograd.grad(value, p)[0] for value in (fused, plain)]
    torch.testing.assert_close(*both)
    torch.testing.assert_close(MEANS[function](t, p, SUM, **options), plain * (5 if function in OF_CLASSES else 20))


@pytest.mark.parametrize("loss", [losses.MeanSquaredError(), losses.Huber(), losses.CategoricalCrossentropy(True),
                                  losses.BinaryCrossentropy(True)], ids=lambda loss: loss.name)  # fmt: skip
def test_sum_over_number_is_the_loss(loss):
    p, t = torch.randn(6, 4), torch.nn.functional.one_hot(torch.arange(6) % 4, 4).float()
    total, number = loss.raw_sum(t, p)
    torch.testing.assert_close(total / number, loss.raw_loss(t, p))


@pytest.mark.parametrize(
    ("name", "y", "p", "options"),
    [
        ("mean_squared_error", (4, 3), (4, 1), {}),
        ("mean_squared_error", (0, 3), (0, 3), {}),
        ("binary_crossentropy", (4, 3), (4, 3), {}),
        ("binary_crossentropy", (4, 3), (4, 3), {"from_logits": True, "label_smoothing": 0.1}),
        ("categorical_crossentropy", (4, 2, 3), (4, 2, 3), {"from_logits": True}),
        ("sparse_categorical_crossentropy", (4,), (4, 3), {"from_logits": True, "ignore_class": 0}),
    ],
)
def test_fused_mean_leaves_the_rest_to_the_function(name, y, p, options):
    assert MEANS[getattr(losses, name)](torch.zeros(y), torch.zeros(p), **options) is None


def test_fused_mean_takes_targets_without_the_last_axis():
    loss = losses.MeanSquaredError(dtype="float64")
    assert float(loss(T[:, 0], P[:, :1])) == pytest.approx(((T[:, 0] - P[:, 0]) ** 2).mean())
    assert float(loss(T[:, :1], P[:, 0])) == pytest.approx(((T[:, 0] - P[:, 0]) ** 2).mean())


def test_label_that_is_no_class_is_named_by_the_class_too():
    with pytest.raises(InvalidArgumentError, match=r"label value of 3 which is outside the valid range of \[0, 3\)"):
        losses.SparseCategoricalCrossentropy(from_logits=True)([0, 3], np.zeros((2, 3)))


# user code ------------------------------------------------------------------------------------------------------------


def squares(y_true, y_pred, factor=1.0):
    assert isinstance(y_true, Tensor)
    assert y_true.dtype == y_pred.dtype == "float32"
    assert y_true.shape == y_pred.shape
    return factor * ops.mean(ops.square(y_true - y_pred), axis=-1)


def test_function_of_the_users_gets_tensors_of_one_rank():
    loss = losses.LossFunctionWrapper(squares, name="mine", factor=2.0)
    assert float(loss(np.array([1, 2]), np.array([[1.0], [3.0]]))) == 1.0
    assert loss.get_config()["factor"] == 2.0
    assert repr(loss).startswith("<LossFunctionWrapper(")


def test_gradient_goes_through_user_code_for_torch_and_for_tapes():
    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.square(y_true - y_pred), axis=-1)

    for loss in (Mine(), losses.LossFunctionWrapper(squares), losses.MeanSquaredError()):
        x = torch.tensor([[1.0, 2.0]], requires_grad=True)
        loss.raw_loss(torch.zeros(1, 2), x).backward()
        assert x.grad.tolist() == [[1.0, 2.0]]
        v = Variable(np.array([[1.0, 2.0]], "float32"))
        with GradientTape() as tape:
            value = loss(np.zeros((1, 2), "float32"), v * 2.0)
        assert tape.gradient(value, v).numpy().tolist() == [[4.0, 8.0]]


def test_torch_user_gets_a_torch_loss():
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    loss = losses.MeanSquaredError()(torch.zeros(1, 2), x)
    assert type(loss) is torch.Tensor
    loss.backward()
    assert x.grad.tolist() == [[1.0, 2.0]]


def test_user_loss_sees_masks_and_structures():
    seen = {}

    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            seen["mask"] = y_pred["a"]._keras_mask
            return ops.sum(y_pred["a"], axis=-1)

    value = Mine()({"a": np.zeros((2, 1))}, {"a": masked([[1.0], [3.0]], [True, False])})
    assert isinstance(seen["mask"], Tensor)
    assert float(value) == 1.0


def test_scalar_of_user_code_is_weighted_with_the_mean_weight():
    loss = losses.LossFunctionWrapper(lambda t, p: ops.mean(ops.square(t - p)))
    assert float(loss(np.array([1.0, 2.0]), np.array([1.0, 3.0]), [1.0, 3.0])) == 1.0


def test_lists_of_tensors_are_structures_and_lists_of_numbers_are_tensors():
    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.square(y_true[0] - y_pred[0]), axis=-1)

    assert float(Mine()([np.ones((2, 2))], [np.zeros((2, 2))])) == 1.0
    assert float(losses.MeanSquaredError()([[0.0, 1.0], [0, 0]], [[1.0, 1.0], [1, 0]])) == 0.5
    assert float(losses.SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]])) == pytest.approx(
        1.1769392
    )


def test_the_gradient_for_logits_is_softmax_minus_labels_whatever_their_sum():
    """As in TensorFlow: rows of zeros, which pad sequences, pull at the logits."""
    logits = torch.tensor([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]], requires_grad=True)
    labels = torch.tensor([[0.0, 0.0, 0.0], [0.2, 0.9, 0.4]])
    loss = losses.CategoricalCrossentropy(from_logits=True, reduction="sum")(labels, logits)
    torch.testing.assert_close(torch.autograd.grad(loss, logits)[0], torch.softmax(logits, -1).detach() - labels)
    torch.testing.assert_close(loss.detach(), -(labels * torch.log_softmax(logits, -1)).sum().detach())


def test_the_gradient_for_logits_is_the_same_in_transforms_and_of_second_order():
    loss = losses.CategoricalCrossentropy(from_logits=True, reduction="sum")
    logits, labels = torch.randn(3, 4, dtype=torch.float64), torch.rand(3, 4, dtype=torch.float64)

    def value(x, t):
        return ops.crossentropy.soft_label_loss(x, t)

    each = torch.func.vmap(torch.func.grad(value))(logits, labels)
    torch.testing.assert_close(each, torch.softmax(logits, -1) - labels)
    x = logits.clone().requires_grad_()
    (first,) = torch.autograd.grad(loss(labels, x), x, create_graph=True)
    (second,) = torch.autograd.grad(first[0, 0], x)
    p = torch.softmax(logits[0], -1)
    torch.testing.assert_close(second[0], p[0] * (torch.eye(4, dtype=torch.float64)[0] - p))
    assert not second[1:].any()


@pytest.mark.parametrize("kind", [ValueError, InvalidArgumentError])
def test_text_and_axes_that_are_none_are_both_errors(kind):
    with pytest.raises(kind, match="Text was given where numbers are needed"):
        losses.MeanSquaredError()([[1.0]], "a")
    with pytest.raises(kind, match="Dimension out of range"):
        losses.Dice(axis=9)(np.ones((1, 3)), np.ones((1, 3)))


def test_integer_targets_that_a_users_loss_refuses_as_floats_stay_integers():
    class Picks(losses.Loss):
        def call(self, y_true, y_pred):
            seen.append(y_true.dtype.name)
            return tf.gather(y_pred, y_true, axis=1, batch_dims=1)

    seen = []
    assert float(Picks()(np.array([1, 0]), np.array([[1.0, 2.0], [3.0, 4.0]]))) == 2.5
    assert seen == ["float32", "int64"]
    with pytest.raises(InvalidArgumentError):
        Picks()(np.array([1.0, 0.0]), np.array([[1.0, 2.0], [3.0, 4.0]]))
