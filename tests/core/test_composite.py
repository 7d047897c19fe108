"""Operations hand calls with composite tensors to the handlers of their class, and refuse without one."""

from __future__ import annotations

import pytest

from kerasish import tf
from kerasish.core.composite import CompositeTensor
from kerasish.core.dispatch import Array, Arrays, Operand, strict_op


@strict_op
def combine(x: Array, y: Operand = 1, name: str | None = None):
    return x + y


@strict_op
def join(values: Arrays, axis: int = 0):
    return values[0]


class Pair(CompositeTensor):
    def __init__(self, first, second):
        self.parts = (first, second)

    @property
    def _tensors_within(self):
        return self.parts


class Other(CompositeTensor):
    pass


@Pair.serve(combine)
def _combine(x, y=1, name=None):
    return ("combined", x, y, name)


def test_a_handler_gets_the_call_as_it_was_written():
    pair = Pair(tf.constant(1), tf.constant(2))
    assert combine(pair, 5, name="n") == ("combined", pair, 5, "n")
    kind, x, y, _ = combine(tf.constant(3), pair)
    assert kind == "combined" and x.numpy() == 3 and y is pair


@pytest.mark.parametrize("call", [lambda p: join([p, p]), lambda p: join([tf.constant(1), p], axis=0)])
def test_a_composite_in_a_list_of_tensors_is_found(call):
    with pytest.raises(TypeError, match=r"join\(\) is not defined for Pair"):
        call(Pair(1, 2))


def test_classes_have_handlers_of_their_own():
    with pytest.raises(TypeError, match=r"combine\(\) is not defined for Other"):
        combine(Other())
