import numpy as np
import pytest
import torch

from kerasish import regularizers
from kerasish.core.autodiff import GradientTape
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

W = np.array([[1.0, -2.0, 0.0], [3.0, 4.0, 0.0]], "float32")


# recorded from Keras 3.15
@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [(L1(0.1), 1.0), (L2(0.1), 3.0), (L1L2(0.1, 0.2), 7.0), (L1L2(), 0.0), (OrthogonalRegularizer(0.1), 0.04472136)],
)
def test_penalties(regularizer, expected):
    for given in (W, Variable(W), torch.from_numpy(W), Tensor(torch.from_numpy(W))):
        penalty = regularizer(given)
        assert type(penalty) is (torch.Tensor if type(given) is torch.Tensor else Tensor)
        assert float(penalty) == pytest.approx(expected, rel=1e-6) and penalty.shape == ()


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_penalties_keep_the_dtype(dtype):
    for regularizer in (L1(0.1), L2(0.1), L1L2(0.1, 0.1), OrthogonalRegularizer()):
        assert regularizer(W.astype(dtype)).dtype == dtype


def test_orthogonal_rows_and_columns():
    q = np.array([[1.0, 1.0], [1.0, -1.0]], "float32")
    assert float(OrthogonalRegularizer(1.0)(q)) == pytest.approx(0, abs=1e-6)
    parallel = np.array([[1.0, 0.0], [5.0, 0.0]], "float32")
    assert float(OrthogonalRegularizer(1.0)(parallel)) == pytest.approx(1)
    assert float(OrthogonalRegularizer(1.0, "columns")(parallel)) == 0
    assert float(OrthogonalRegularizer(1.0)(np.ones((1, 3), "float32"))) == 0


def test_gradients():
    v = Variable(W)
    with GradientTape() as tape:
        penalty = L2(0.1)(v)
    np.testing.assert_allclose(tape.gradient(penalty, v).numpy(), 0.2 * W, rtol=1e-6)


@pytest.mark.parametrize("name", ["l1", "l2", "L1", "L2", "L1L2", "l1l2", "orthogonal_regularizer"])
def test_names_are_found(name):
    assert isinstance(regularizers.get(name), Regularizer)


def test_defaults():
    assert regularizers.get("l2").l2 == 0.01 and L1().l1 == 0.01
    assert regularizers.l2 is L2 and regularizers.l1_l2 is L1L2
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.01, "l2": 0.01}
    assert L1L2().get_config() == {"l1": 0.0, "l2": 0.0}
    assert L1(None).l1 == 0.01


def test_keras_2_spelling():
    assert regularizers.l2(l=0.3).l2 == 0.3 and regularizers.l1(l=0.3).l1 == 0.3
    assert regularizers.l1_l2(l1=0.1, l2=0.2).get_config() == {"l1": 0.1, "l2": 0.2}


@pytest.mark.parametrize("regularizer", [L1(0.3), L2(0.3), L1L2(0.1, 0.2), OrthogonalRegularizer(0.2, "columns")])
def test_serialization(regularizer):
    data = regularizers.serialize(regularizer)
    assert data["module"] == "keras.regularizers" and data["class_name"] == type(regularizer).__name__
    for other in (regularizers.deserialize(data), regularizers.get(data), regularizers.get(regularizer)):
        assert type(other) is type(regularizer) and other.get_config() == regularizer.get_config()


class Mine(Regularizer):
    def __call__(self, x):
        assert type(x) is Tensor
        return x.shape[0] * 1.0

    def get_config(self):
        return {}


def test_raw_gives_library_code_raw_tensors():
    w = torch.from_numpy(W).requires_grad_()
    assert type(regularizers.raw(L2(0.1))(w)) is torch.Tensor
    mine = regularizers.raw(Mine())(w)
    assert type(mine) is torch.Tensor and float(mine) == 2
    penalty = regularizers.raw(lambda x: (x * x).sum() * 0.5)(w)
    penalty.backward()
    np.testing.assert_allclose(w.grad.numpy(), W)


def test_a_user_s_subclass_of_ours_calls_ours():
    class Doubled(L2):
        def __call__(self, x):
            assert type(x) is Tensor
            return 2 * super().__call__(x)

    assert float(regularizers.raw(Doubled(0.1))(torch.from_numpy(W))) == pytest.approx(6)


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (
            ValueError,
            lambda: regularizers.get("l1l3"),
            "Could not interpret regularizer identifier: l1l3. Did you mean 'l",
        ),
        (ValueError, lambda: regularizers.get(3), "Could not interpret regularizer identifier: 3"),
        (ValueError, lambda: L1(-1), "Invalid value for argument l1: expected a non-negative float. Received: l1=-1"),
        (ValueError, lambda: L2("a"), "Invalid value for argument l2"),
        (ValueError, lambda: L2(float("nan")), "Invalid value for argument l2"),
        (ValueError, lambda: L1L2(0.1, float("inf")), "Invalid value for argument l2"),
        (TypeError, lambda: L2(foo=1), "unexpected keyword argument 'foo'"),
        (ValueError, lambda: OrthogonalRegularizer(mode="x"), "Invalid value for argument `mode`"),
        (ValueError, lambda: OrthogonalRegularizer()(W[0]), "must have rank 2. Received: inputs.shape=(3,)"),
        (NotImplementedError, lambda: Regularizer().get_config(), "does not implement get_config()"),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)


def test_the_base_class_adds_nothing():
    assert Regularizer()(W) == 0.0
