"""Activations, softmax, codes and attention of keras.ops against their formulas."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish.ops as ops
from kerasish.core.autodiff import GradientTape
from kerasish.core.dispatch import OPS
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.ops import nn

X = np.concatenate([np.linspace(-8, 8, 41), [-1.0, 1.0, 0.5, -0.5, 3.0, -3.0, 6.0, 30.0, -30.0]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    return np.vectorize(math.erf)(x)


SELU = 1.0507009873554805, 1.6732632423543772
FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": sigmoid,
    "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: x / (1 + abs(x)),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "log_sigmoid": lambda x: -np.logaddexp(-x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: SELU[0] * np.where(x > 0, x, SELU[1] * np.expm1(x)),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "celu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_shrink": lambda x: np.where(abs(x) > 0.5, x, 0),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", FORMULAS)
def test_activations_follow_their_formulas(name, dtype):
    x = X.astype(dtype)
    result = getattr(nn, name)(x)
    assert type(result) is Tensor and result.dtype == dtype
    tolerance = {"float64": 1e-11, "float32": 2e-6, "float16": 2e-3}[dtype]
    np.testing.assert_allclose(result.numpy(), FORMULAS[name](x.astype("float64")), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", FORMULAS)
def test_activations_take_every_kind_of_argument(name):
    function = getattr(nn, name)
    assert OPS[name] is function
    assert type(function(torch.from_numpy(X))) is torch.Tensor
    assert function(torch.tensor(X).bfloat16()).dtype is torch.bfloat16
    assert function([1.0, -2.0]).dtype == "float32"
    assert function(np.array([1, -2])).dtype == ("int64" if name in ("relu", "relu6") else "float32")
    assert function(KerasTensor((None, 3))).shape == (None, 3)
    x = torch.linspace(-3.03, 3.1, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, (x,))


@pytest.mark.parametrize(
    ("result", "formula"),
    [
        (lambda x: nn.leaky_relu(x, 0.1), lambda x: np.where(x > 0, x, 0.1 * x)),
        (lambda x: nn.elu(x, alpha=2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
        (lambda x: nn.celu(x, alpha=2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2))),
        (lambda x: nn.gelu(x, approximate=False), lambda x: x / 2 * (1 + erf(x / math.sqrt(2)))),
        (lambda x: nn.hard_shrink(x, threshold=2.0), lambda x: np.where(abs(x) > 2, x, 0)),
        (lambda x: nn.soft_shrink(x, 2.0), lambda x: np.sign(x) * np.maximum(abs(x) - 2, 0)),
        (lambda x: nn.squareplus(x, b=1), lambda x: (x + np.sqrt(x * x + 1)) / 2),
        (lambda x: nn.threshold(x, 1.0, 9.0), lambda x: np.where(x > 1, x, 9)),
    ],
)
def test_activations_with_arguments(result, formula):
    np.testing.assert_allclose(result(X).numpy(), formula(X), atol=1e-11)


def test_sigmoid_and_softmax_carry_their_logits():
    x = convert(np.array([[1.0, 2.0]], "float32"))
    assert nn.sigmoid(x)._t._keras_logits is x._t
    assert nn.softmax(x)._t._keras_logits is x._t
    assert nn.softmax(x, axis=1)._t._keras_logits is x._t
    assert not hasattr(nn.softmax(x, axis=(0, 1))._t, "_keras_logits")


@st.composite
def arrays_and_axes(draw):
    shape = draw(st.lists(st.integers(2, 4), min_size=1, max_size=4))
    axes = draw(st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, unique_by=lambda a: a % len(shape)))
    return np.random.default_rng(0).standard_normal(shape) * 3, draw(st.sampled_from([axes[0], tuple(axes), None]))


@settings(max_examples=60, deadline=None)
@given(arrays_and_axes())
def test_softmax_along_any_axes(case):
    x, axis = case
    expected = np.exp(x) / np.exp(x).sum(axis, keepdims=True)
    np.testing.assert_allclose(nn.softmax(x, axis=axis).numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(nn.log_softmax(x, axis=axis).numpy(), np.log(expected), atol=1e-12)


def test_softmax_along_an_axis_of_one_warns():
    with pytest.warns(UserWarning, match=r"softmax over axis -1 of a tensor of shape \(2, 1\)"):
        assert nn.softmax(np.ones((2, 1))).numpy().tolist() == [[1], [1]]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.data())
def test_sparsemax_is_the_projection_onto_the_simplex(shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = np.random.default_rng(1).standard_normal(shape) * 2
    p = nn.sparsemax(x, axis=axis).numpy()
    np.testing.assert_allclose(p.sum(axis), 1, atol=1e-12)
    # optimality: x - p is constant where p > 0, and not larger elsewhere
    gap = np.where(p > 0, x - p, np.inf).min(axis, keepdims=True)
    assert (np.where(p > 0, abs(x - p - gap), 0) < 1e-9).all() and (np.where(p > 0, 0, x - gap) < 1e-9).all()


def test_glu():
    x = np.arange(12.0).reshape(2, 6)
    np.testing.assert_allclose(nn.glu(x).numpy(), x[:, :3] * sigmoid(x[:, 3:]))
    np.testing.assert_allclose(nn.glu(x, axis=0).numpy(), x[:1] * sigmoid(x[1:]))
    with pytest.raises(ValueError, match=r"axis size must be divisible by 2. Received: x.shape=\(2, 3\) with axis=-1"):
        nn.glu(np.ones((2, 3)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 3), max_size=3), st.sampled_from([None, "int32", "bool", "float16"]), st.data())
def test_one_hot(shape, dtype, data):
    axis = data.draw(st.integers(-1, len(shape)))
    x = np.random.default_rng(0).integers(-1, 6, shape)
    expected = np.moveaxis(x[..., None] == np.arange(5), -1, axis)
    codes = nn.one_hot(x, 5, axis=axis, dtype=dtype)
    assert codes.dtype == (dtype or "float32")
    assert np.array_equal(codes.numpy(), expected)


def test_multi_hot_joins_the_codes_of_an_example():
    assert nn.multi_hot([0, 2], 3).numpy().tolist() == [1, 0, 1]
    assert nn.multi_hot([[0, 2], [1, 1]], 3).numpy().tolist() == [[1, 0, 1], [0, 1, 0]]
    assert nn.multi_hot([[0, 2], [1, 1]], 3, axis=0).numpy().tolist() == [[1, 0], [1, 1], [0, 1]]
    assert nn.multi_hot([[[0, 2], [1, 1]]], 3, axis=1).numpy().tolist() == [[[1, 1], [1, 1]]]
    assert nn.multi_hot([[0, 7, -1]], num_tokens=3, dtype="int32").numpy().tolist() == [[1, 0, 0]]


def test_psnr_and_polar():
    x = np.array([[1.0, -2.0], [0.0, 4.0]], "float32")
    assert float(nn.psnr(x, x + 1, 4.0)) == pytest.approx(20 * math.log10(4))
    assert float(nn.psnr(x, x, 4.0)) == math.inf
    z = nn.polar(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    assert z.dtype == "complex128"
    np.testing.assert_allclose(z.numpy(), [1, 2 * np.exp(1j)])


# attention ------------------------------------------------------------------------------------------------------------


def attention(q, k, v, bias=None, mask=None, scale=None, is_causal=False, cap=None):
    groups = q.shape[2] // k.shape[2]
    k, v = np.repeat(k, groups, 2), np.repeat(v, groups, 2)
    logits = np.einsum("btnh,bsnh->bnts", q, k) * (scale or 1 / math.sqrt(q.shape[-1]))
    logits = logits if cap is None else cap * np.tanh(logits / cap)
    logits = logits if bias is None else logits + bias
    seen = np.ones(logits.shape, bool) if mask is None else np.broadcast_to(mask, logits.shape)
    if is_causal:
        seen = seen & np.tri(*logits.shape[-2:], dtype=bool)
    logits = np.where(seen, logits, -1e30)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return np.einsum("bnts,bsnh->btnh", weights / weights.sum(-1, keepdims=True), v)


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(*[st.integers(1, 4)] * 5),
    st.sampled_from([1, 2]),
    st.booleans(),
    st.sampled_from([None, "full", "shared"]),
    st.booleans(),
    st.sampled_from([None, 0.3]),
    st.sampled_from([None, 2.0]),
)
def test_attention_follows_its_formula(sizes, groups, biased, masked, is_causal, scale, cap):
    b, t, s, n, h = sizes
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((b, length, heads, h)) for length, heads in ((t, n * groups), (s, n), (s, n)))
    bias = rng.standard_normal((b, n * groups, t, s)) if biased else None
    mask = {None: None, "full": rng.random((b, n * groups, t, s)) > 0.5, "shared": rng.random((t, s)) > 0.5}[masked]
    y = nn.dot_product_attention(q, k, v, bias, mask, scale, is_causal, attn_logits_soft_cap=cap)
    np.testing.assert_allclose(y.numpy(), attention(q, k, v, bias, mask, scale, is_causal, cap), atol=1e-9)


def test_attention_without_anything_to_see_is_the_mean():
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((1, 3, 2, 4)).astype("float32") for _ in range(3))
    y = nn.dot_product_attention(q, k, v, mask=np.zeros((3, 3), bool))
    np.testing.assert_allclose(y.numpy()[0, 0], v[0].mean(0), rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"mask": np.tri(3, dtype=bool)}, {"is_causal": True}])
def test_attention_has_a_second_derivative(options):
    x = convert(np.random.default_rng(0).standard_normal((1, 3, 2, 4)))

    def bend(attend):
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = ops.sum(ops.sin(attend(x)))
            slope = inner.gradient(y, x)
            norm = ops.sum(slope * slope)
        return outer.gradient(norm, x).numpy()

    seen = np.ones((3, 3), bool) if not options else np.tri(3, dtype=bool)

    def by_hand(x):
        logits = ops.where(seen, ops.einsum("btnh,bsnh->bnts", x, x) / 2, -1e9)
        return ops.einsum("bnts,bsnh->btnh", ops.softmax(logits), x)

    np.testing.assert_allclose(bend(lambda x: nn.dot_product_attention(x, x, x, **options)), bend(by_hand), rtol=1e-8)


def test_attention_options():
    q = torch.randn(1, 4, 2, 8)
    expected = nn.dot_product_attention(q, q, q)
    for flash in (True, False):
        torch.testing.assert_close(nn.dot_product_attention(q, q, q, flash_attention=flash), expected)
    assert nn.dot_product_attention(q.half(), q.half(), q.half()).dtype is torch.float16
    assert nn.dot_product_attention(q.half(), q, q).dtype is torch.float32
    assert nn.dot_product_attention(q, q, q, bias=torch.zeros(4)).shape == q.shape
    x = convert(np.ones((1, 2, 1, 3), "float32"))
    with GradientTape() as tape:
        tape.watch(x)
        y = nn.dot_product_attention(x, x, x, is_causal=True)
    assert tape.gradient(y, x).shape == x.shape


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (TypeError, lambda: nn.one_hot([1], "3"), "`num_classes` must be an integer"),
        (InvalidArgumentError, lambda: nn.one_hot([1], 3, axis=2), "axis 2 is out of bounds"),
        (ValueError, lambda: nn.multi_hot([1]), "Argument `num_classes` must be specified."),
        (TypeError, lambda: nn.multi_hot([1], 3, foo=1), "unexpected keyword argument 'foo'"),
        (ValueError, lambda: nn.psnr(np.ones(2), np.ones(3), 1.0), "must match for PSNR calculation"),
        (InvalidArgumentError, lambda: nn.softmax(np.ones(2), axis=3), "axis 3"),
        (ValueError, lambda: nn.dot_product_attention(*[np.ones((2, 3, 4))] * 3), "only supports 4D inputs"),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)


def test_sparsemax_of_infinities_does_not_fail():
    assert nn.sparsemax(np.array([[np.inf, 1.0], [np.nan, 1.0]], "float32")).shape == (2, 2)


@pytest.mark.parametrize("classes", [300, np.int64(300), np.array(300)])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int64", "float32"])
def test_one_hot_counts_more_classes_than_the_indices_can(classes, dtype):
    codes = np.asarray(ops.one_hot(np.array([1, 100], dtype), classes))
    assert codes.shape == (2, 300) and codes.sum() == 2 and codes[0, 1] == codes[1, 100] == 1


def test_one_hot_without_a_number_of_classes_fails():
    with pytest.raises(ValueError, match="num_classes"):
        ops.one_hot([1], None)
    with pytest.raises(TypeError, match="num_classes"):
        ops.one_hot([1], 2.0)
