"""What ``kerasish.ops`` offers."""

from __future__ import annotations

import inspect

import pytest

import kerasish.ops as ops
from kerasish.core import registry
from kerasish.core.dispatch import OPS
from kerasish.core.errors import NotServedError

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
    with pytest.raises(NotServedError, match=r"'keras.ops.irfft' is part of the real library"):
        ops.irfft  # noqa: B018
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        ops.nonsense  # noqa: B018
