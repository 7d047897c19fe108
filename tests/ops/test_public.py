"""What ``kerasish.ops`` offers."""

from __future__ import annotations

import inspect

import pytest

import kerasish.ops as ops
from kerasish.core import registry
from kerasish.core.dispatch import OPS
from kerasish.core.errors import real_names

OPERATORS = """add subtract multiply true_divide floor_divide mod power matmul logical_and logical_or logical_xor equal
not_equal less less_equal greater greater_equal negative absolute logical_not get_item round reshape squeeze
stop_gradient""".split()


def test_names_are_sorted_and_importable():
    assert ops.__all__ == sorted(set(ops.__all__))
    for name in ops.__all__:
        assert inspect.isfunction(getattr(ops, name))


def test_names_are_published():
    assert registry.public_name(ops.matmul) == "keras.ops.matmul"
    assert ops.matmul.__module__ == "kerasish.ops"


def test_operators_of_symbolic_tensors_find_their_functions():
    assert set(OPERATORS) <= set(OPS)


def test_signatures_survive_the_decorator():
    assert str(inspect.signature(ops.max)).startswith(
        "(x: 'Array', axis: 'Axis' = None, keepdims: 'bool' = False, initial"
    )


def test_every_function_has_a_docstring():
    for name in ops.__all__:
        assert getattr(ops, name).__doc__


def test_missing_names_say_so():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        ops.nonsense  # noqa: B018


def test_the_numpy_namespace_has_the_same_functions():
    names = [name for name in ops.numpy.__all__ if getattr(ops.numpy, name) is not getattr(ops, name)]
    assert names == []
    assert {f"keras.ops.numpy.{name}" for name in ops.numpy.__all__} == {
        name for name in real_names() if name.startswith("keras.ops.numpy.")
    }
    assert dir(ops.numpy) == ops.numpy.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        ops.numpy.nonsense  # noqa: B018


@pytest.mark.parametrize("space", ["nn", "linalg", "numpy"])
def test_a_namespace_has_every_public_function_of_the_real_one(space):
    names = [n.rpartition(".")[2] for n in real_names() if n.startswith(f"keras.ops.{space}.")]
    assert names
    for name in names:
        assert getattr(getattr(ops, space), name) is getattr(ops, name), name


def test_functions_are_saved_by_the_first_of_their_names():
    assert registry.public_name(ops.numpy.add) == "keras.ops.add"
    config = registry.serialize_keras_object(ops.numpy.add)
    assert registry.deserialize_keras_object(config) is ops.add
