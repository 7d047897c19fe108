"""Variables keep their two promises, and torch's tools may exchange their parameters."""

import copy
import pickle
import weakref

import numpy as np
import pytest
import torch

from kerasish import tf
from kerasish.core import variable as variables
from kerasish.core.autodiff import GradientTape
from kerasish.core.layout import Layout
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import TFVariable, Variable, Weight


def test_what_was_read_before_never_changes():
    v = TFVariable([1.0, 2.0])
    read = [v.value(), v.read_value(), v.numpy(), convert(v), v[0], v.value, next(iter(v))]
    before = [np.array(x) for x in read]
    v.assign_add([1.0, 1.0])
    for was, x in zip(before, read):
        assert np.array_equal(was, np.array(x))
    assert v.numpy().tolist() == [2.0, 3.0]


def test_value_is_a_tensor_and_a_method():
    v = TFVariable([1.0, 2.0])
    assert isinstance(v.value, Tensor) and isinstance(v.value(), Tensor)
    assert (v.value + 1.0).numpy().tolist() == [2.0, 3.0]


def test_assignment_in_place_keeps_the_parameter(monkeypatch):
    monkeypatch.setattr(variables, "live_tapes", weakref.WeakSet())  # other tests' persistent tapes may still be alive
    v = Weight(np.ones(3, "float32"), name="v")
    parameter = v.stored
    v.assign([1.0, 2.0, 3.0])
    v.numpy()
    v.assign([4.0, 5.0, 6.0])
    assert v.stored is parameter
    _ = v.value
    v.assign([7.0, 8.0, 9.0])
    assert v.stored is parameter, "torch optimizers hold the Parameter object"


@pytest.mark.parametrize("given", [[3.0, 4.0], np.array([3, 4]), torch.tensor([3.0, 4.0]), (3, 4)])
def test_assign_takes_anything_of_the_shape(given):
    v = TFVariable([1.0, 2.0])
    v.assign(given)
    assert v.numpy().tolist() == [3.0, 4.0]
    assert v.dtype == "float32"


def test_assign_refuses_another_shape():
    v = TFVariable([1.0, 2.0], name="w")
    with pytest.raises(ValueError, match=r"variable shape \(2,\).* assigned value shape \(3,\)"):
        v.assign([1.0, 2.0, 3.0])


def test_unknown_shape_may_change():
    from kerasish.core.shape import TensorShape

    v = TFVariable([1.0, 2.0], shape=TensorShape(None))
    v.assign([[1.0, 2.0, 3.0]])
    assert v.shape.rank is None and v.numpy().shape == (1, 3)


def test_layout_shows_keras_order_and_stores_torchs():
    layout = Layout((2, 3, 1, 0), torch.channels_last)
    value = np.arange(2 * 3 * 4 * 5, dtype="float32").reshape(2, 3, 4, 5)  # H, W, I, O
    v = Weight(value, name="kernel", layout=layout)
    assert v.shape == (2, 3, 4, 5)
    assert v.stored.shape == (5, 4, 2, 3) and v.stored.is_contiguous(memory_format=torch.channels_last)
    assert np.array_equal(v.numpy(), value)
    v.assign(value * 2)
    assert np.array_equal(v.numpy(), value * 2)
    assert v.stored.is_contiguous(memory_format=torch.channels_last)
    with GradientTape() as tape:
        y = v * v
    assert np.array_equal(tape.gradient(y, v).numpy(), value * 4)


def test_repr_and_names():
    assert repr(TFVariable(1.0)) == "<tf.Variable 'Variable:0' shape=() dtype=float32, numpy=1.0>"
    assert TFVariable([1], name="foo").name == "foo:0"
    assert repr(Variable([1.0], name="k")) == "<Variable path=k, shape=(1,), dtype=float32, value=[1.]>"
    with pytest.raises(ValueError, match="string without '/'"):
        Variable([1.0], name="a/b")


def test_variables_are_unhashable_but_have_references():
    v, w = TFVariable(1.0), TFVariable(1.0)
    with pytest.raises(TypeError, match=r"Variable is unhashable. Instead, use variable.ref\(\)"):
        hash(v)
    assert {v.ref(): 1}[v.ref()] == 1
    assert v.ref() != w.ref() and v.ref().deref() is v


def test_kinds_are_told_apart():
    weight = Weight([1.0], name="w")
    assert isinstance(weight, Variable) and isinstance(weight, TFVariable)
    assert not isinstance(Variable([1.0]), TFVariable)
    assert not isinstance(weight, Tensor)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_have_storage_of_their_own(make):
    v = Weight([1.0, 2.0], name="w")
    other = make(v)
    v.assign([5.0, 6.0])
    assert other.numpy().tolist() == [1.0, 2.0]


def test_string_and_integer_variables():
    s = TFVariable("a")
    s.assign("b")
    assert s.numpy() == b"b" and s.dtype == "string"
    i = TFVariable(1)
    i.assign_add(2)
    assert i.numpy() == 3 and i.dtype == "int32"


def test_initializer_functions_need_a_shape():
    v = Variable(lambda shape, dtype: np.ones(shape, dtype), shape=(2,))
    assert v.numpy().tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="the `shape` argument should be specified"):
        Variable(lambda shape, dtype: np.ones(shape, dtype))


def test_torch_functions_take_variables():
    v = Weight(np.ones((2, 2), "float32"), name="w")
    assert isinstance(torch.matmul(v, torch.ones(2, 2)), Tensor)


def test_arithmetic_of_variables_gives_tensors():
    v = TFVariable([1.0, 2.0])
    for result in (v + 1.0, 1.0 - v, v * v, v / 2.0, -v, v[0], v == v, v < 2.0):
        assert isinstance(result, Tensor)


def test_names_begin_with_the_open_name_scopes():
    with tf.name_scope("outer"), tf.name_scope("inner"):
        v = tf.Variable(1.0, name="v")
    assert v.name == "outer/inner/v:0"
    assert v.assign(2.0).numpy() == 2.0

    class Block(tf.Module):
        @tf.Module.with_name_scope
        def __call__(self):
            self.w = tf.Variable(1.0, name="w")

    block = Block(name="block")
    block()
    assert block.w.name == "block/w:0"


def test_complex_variables_have_gradients():
    z = tf.Variable(1 + 2j)
    with tf.GradientTape() as tape:
        y = tf.abs(z) ** 2
    assert tape.gradient(y, z).numpy() == 2 + 4j


def test_updates_under_a_mixed_policy_start_from_the_full_value():
    from kerasish.core.context import scope

    v = TFVariable([1.0 + 2**-20])
    with scope(autocast=torch.bfloat16):
        v.assign_add([2.0])
    assert v.numpy()[0] == np.float32(3.0 + 2**-20)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_wide_unsigned_variables_are_added_to(dtype):
    v = TFVariable([3, 2], dtype=dtype)
    v.assign_add([1, 2])
    v.assign_sub([2, 1])
    np.testing.assert_array_equal(v.numpy(), np.array([2, 3], dtype))
