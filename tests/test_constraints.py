import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import constraints
from kerasish.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable

W = np.array([[1.0, -2.0, 0.0], [3.0, 4.0, 0.0]], "float32")


# recorded from Keras 3.15
@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (MaxNorm(2), [[0.63245553, -0.89442718, 0.0], [1.89736652, 1.78885436, 0.0]]),
        (MaxNorm(2, axis=1), [[0.89442718, -1.78885436, 0.0], [1.20000005, 1.60000002, 0.0]]),
        (MaxNorm(2, axis=[0, 1]), [[0.36514837, -0.73029673, 0.0], [1.09544511, 1.46059346, 0.0]]),
        (NonNeg(), [[1.0, 0.0, 0.0], [3.0, 4.0, 0.0]]),
        (UnitNorm(), [[0.31622776, -0.44721359, 0.0], [0.94868326, 0.89442718, 0.0]]),
        (UnitNorm(axis=1), [[0.44721359, -0.89442718, 0.0], [0.60000002, 0.80000001, 0.0]]),
        (UnitNorm(axis=None), [[0.18257418, -0.36514837, 0.0], [0.54772252, 0.7302967, 0.0]]),
        (MinMaxNorm(), [[0.31622776, -0.44721359, 0.0], [0.94868326, 0.89442718, 0.0]]),
        (MinMaxNorm(0.5, 1.5, 0.7, axis=1), [[0.76957428, -1.53914857, 0.0], [1.52999997, 2.03999996, 0.0]]),
    ],
)
def test_values(constraint, expected):
    for given_w in (W, Variable(W), torch.from_numpy(W), Tensor(torch.from_numpy(W))):
        result = constraint(given_w)
        assert type(result) is (torch.Tensor if type(given_w) is torch.Tensor else Tensor)
        np.testing.assert_allclose(np.asarray(result), expected, rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.sampled_from(["float16", "float32", "float64"]),
    st.floats(0, 1e4),
    st.data(),
)
def test_norms_are_bounded_and_nothing_becomes_nan(shape, dtype, size, data):
    axis = data.draw(st.one_of(st.none(), st.integers(-len(shape), len(shape) - 1)))
    w = (np.random.default_rng(0).standard_normal(shape) * size).astype(dtype)
    w[..., 0] = 0
    for constraint, low, high in (
        (MaxNorm(1.5, axis), 0, 1.5),
        (UnitNorm(axis), 0, 1),
        (MinMaxNorm(0, 1, 1, axis), 0, 1),
    ):
        result = constraint(w)
        assert result.dtype == dtype
        values = result.numpy().astype("float64")
        assert np.isfinite(values).all()
        assert (np.sqrt((values**2).sum(axis)) <= high * 1.01 + 1e-6).all() and low == 0


def test_constraints_have_gradients_at_zero():
    w = torch.zeros(2, 2, requires_grad=True)
    MaxNorm()(w).sum().backward()
    assert bool(torch.isfinite(w.grad).all())


@pytest.mark.parametrize(
    "name",
    ["max_norm", "MaxNorm", "maxnorm", "non_neg", "NonNeg", "unit_norm", "UnitNorm", "min_max_norm", "MinMaxNorm"],
)
def test_names_are_found(name):
    assert isinstance(constraints.get(name), Constraint)


@pytest.mark.parametrize("constraint", [MaxNorm(3, axis=(0, 1)), NonNeg(), UnitNorm(1), MinMaxNorm(0.1, 2.0, 0.5, 1)])
def test_serialization(constraint):
    data = constraints.serialize(constraint)
    assert data["module"] == "keras.constraints" and data["class_name"] == type(constraint).__name__
    for other in (constraints.deserialize(data), constraints.get(data), constraints.get(constraint)):
        assert type(other) is type(constraint) and other.get_config() == constraint.get_config()


def test_defaults_and_aliases():
    assert MaxNorm().get_config() == {"max_value": 2, "axis": 0}
    assert MinMaxNorm().get_config() == {"min_value": 0.0, "max_value": 1.0, "rate": 1.0, "axis": 0}
    assert constraints.max_norm is MaxNorm and constraints.get(UnitNorm).axis == 0
    assert constraints.get(None) is None


class Halved(Constraint):
    def __call__(self, w):
        assert type(w) is Tensor
        return w * 0.5


def test_raw_gives_library_code_raw_tensors():
    w = torch.from_numpy(W)
    for constraint in (MaxNorm(), Halved(), lambda w: w * 0.5):
        assert type(constraints.raw(constraint)(w)) is torch.Tensor
    assert constraints.raw(Halved())(w).tolist() == (W / 2).tolist()


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (
            ValueError,
            lambda: constraints.get("maxnrm"),
            "Could not interpret constraint identifier: maxnrm. Did you mean",
        ),
        (ValueError, lambda: constraints.get(3), "Could not interpret constraint identifier: 3"),
        (InvalidArgumentError, lambda: MaxNorm(2, axis=5)(W), "Invalid reduction dimension (5"),
        (
            TypeError,
            lambda: constraints.deserialize({"class_name": "Foo", "config": {}}),
            "Could not locate class 'Foo'",
        ),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)


def test_the_base_class_changes_nothing():
    assert Constraint()(W) is W and Constraint().get_config() == {}


def test_lower_limit_counts_where_limits_cross():
    w = np.array([[3.0], [4.0]], "float32")
    np.testing.assert_allclose(MinMaxNorm(0.5, 0.1)(w), [[0.3], [0.4]], rtol=1e-6)
    np.testing.assert_allclose(MaxNorm(-1.0)(w), [[0.0], [0.0]])
    assert type(constraints.get("Constraint")) is Constraint
