"""Gradients follow TensorFlow's rules; each pattern that plain autograd breaks is a test here."""

import math

import numpy as np
import pytest
import torch

from kerasish import tf
from kerasish.core import autodiff, dispatch
from kerasish.core.autodiff import GradientTape, recording
from kerasish.core.custom_gradient import custom_gradient, stop_gradient
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable, Weight


def constant(value):
    return convert(np.asarray(value, dtype="float32"))


def value(x):
    return None if x is None else x.numpy().tolist()


def test_gradient_uses_the_value_that_was_read():
    v = TFVariable(3.0)
    with GradientTape() as tape:
        y = v * v
    v.assign(4.0)
    assert value(tape.gradient(y, v)) == 6.0
    assert value(v) == 4.0


def test_gradient_sums_over_the_values_a_variable_had_while_recording():
    v = TFVariable(3.0)
    with GradientTape() as tape:
        y = v * v
        v.assign(4.0)
        y = y + v * v
    assert value(tape.gradient(y, v)) == 2 * 3 + 2 * 4


def test_two_tapes_share_one_forward_pass():
    v = TFVariable(3.0)
    with GradientTape() as first, GradientTape() as second:
        h = v * 2.0
        a, b = h * h, h * 3.0
    assert value(first.gradient(a, v)) == 24.0
    assert value(second.gradient(b, v)) == 6.0


def test_update_between_the_gradients_of_two_tapes_changes_nothing():
    v = TFVariable(3.0)
    with GradientTape() as first, GradientTape() as second:
        a, b = v * v, v * v * v
    v.assign_sub(first.gradient(a, v))
    assert value(second.gradient(b, v)) == 27.0


def test_persistent_tape_survives_an_update():
    v = TFVariable(3.0)
    with GradientTape(persistent=True) as tape:
        y = v * v
        z = y * v
    assert value(tape.gradient(z, v)) == 27.0
    v.assign(10.0)
    assert value(tape.gradient(y, v)) == 6.0


def test_second_use_of_a_tape_that_is_not_persistent_raises():
    v = TFVariable(3.0)
    with GradientTape() as tape:
        y = v * v
    tape.gradient(y, v)
    with pytest.raises(RuntimeError, match="non-persistent GradientTape can only be used to compute one set"):
        tape.gradient(y, v)


def test_value_computed_before_the_tape_has_no_gradient():
    v = TFVariable(3.0)
    y = v * v
    with GradientTape() as tape:
        z = y * 2.0
    assert tape.gradient(z, v) is None


def test_result_of_an_earlier_tape_is_a_constant_to_a_later_one():
    v = TFVariable(3.0)
    with GradientTape() as first:
        y = v * v
    assert value(first.gradient(y, v)) == 6.0
    with GradientTape() as second:
        z = y * v
    assert value(second.gradient(z, v)) == 9.0


def test_nothing_is_recorded_outside_a_tape():
    v = TFVariable(3.0)
    total = convert(0.0)
    for _ in range(3):
        with GradientTape() as tape:
            loss = v * v
        total = total + loss
        tape.gradient(loss, v)
    assert not total._t.requires_grad
    assert not (v * 2.0)._t.requires_grad


def test_nested_tapes_give_second_derivatives():
    x = constant(3.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    assert value(first) == 27.0
    assert value(outer.gradient(first, x)) == 18.0


def test_inner_tape_does_not_see_what_came_before_it():
    x = constant([1.0, 2.0])
    with GradientTape() as outer:
        outer.watch(x)
        y = x * x
        with GradientTape() as inner:
            inner.watch(x)
            z = y * x
        partial = inner.gradient(z, x)
        w = z * 1.0
    assert value(partial) == [1.0, 4.0]  # y counts as a constant
    assert value(outer.gradient(w, x)) == [3.0, 12.0]


def test_tensor_watched_by_the_outer_tape_only_has_no_gradient_on_the_inner_one():
    x = constant(2.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            y = x * x
        assert inner.gradient(y, x) is None
    assert value(outer.gradient(y, x)) == 4.0


def test_gradient_with_respect_to_an_intermediate_result():
    x = constant(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert value(tape.gradient(z, y)) == 18.0


def test_gradient_penalty_pattern():
    w = TFVariable([[1.0], [2.0]])
    x = constant([[1.0, 1.0]])
    with GradientTape() as outer:
        mixed = x * 0.5
        with GradientTape() as inner:
            inner.watch(mixed)
            score = (mixed @ w) * (mixed @ w)
        slope = inner.gradient(score, mixed)
        penalty = slope * slope
    assert value(slope) == [[3.0, 6.0]]
    assert outer.gradient(penalty, w).shape == (2, 1)


def test_stop_recording_hides_a_block():
    x = constant([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            k = x * 10.0
        z = y + k
    assert value(tape.gradient(z, x)) == [2.0, 4.0]


def test_stop_recording_hides_a_block_from_one_of_two_tapes():
    x = constant(2.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x * x
            with inner.stop_recording():
                k = x * 10.0
            z = y + k
        assert value(inner.gradient(z, x)) == 4.0
    assert value(outer.gradient(z, x)) == 14.0


def test_unconnected_gradients_are_none_or_zero():
    a, b = TFVariable([1.0, 2.0]), TFVariable([3.0, 4.0])
    with GradientTape(persistent=True) as tape:
        y = a * 2.0
    assert tape.gradient(y, b) is None
    assert value(tape.gradient(y, b, unconnected_gradients="zero")) == [0.0, 0.0]
    with pytest.raises(ValueError, match="Unknown value for unconnected_gradients"):
        tape.gradient(y, b, unconnected_gradients="maybe")


def test_variables_that_are_not_watched_have_no_gradient():
    a, b = TFVariable(2.0), TFVariable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    assert value(tape.gradient(y, [a, b])[0]) == 3.0
    assert tape.watched_variables() == (a,) or [v is a for v in tape.watched_variables()] == [True]


def test_untrainable_variable_can_be_watched():
    v = TFVariable(2.0, trainable=False)
    with GradientTape() as tape:
        tape.watch(v)
        y = v * v
    assert value(tape.gradient(y, v)) == 4.0
    with GradientTape() as tape:
        y = v * v
    assert tape.gradient(y, v) is None


def test_structures_of_sources_and_targets():
    a, b = TFVariable(2.0), TFVariable(3.0)
    with GradientTape() as tape:
        y, z = a * b, a * a
    found = tape.gradient([y, z], {"a": a, "b": [b]})
    assert value(found["a"]) == 3.0 + 4.0
    assert value(found["b"][0]) == 2.0


def test_output_gradients_weight_the_target():
    x = constant([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert value(tape.gradient(y, x, output_gradients=constant([1.0, 10.0]))) == [2.0, 40.0]


def test_jacobian_of_a_vector_function():
    x = constant([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert value(tape.jacobian(y, x)) == [[2.0, 0.0], [0.0, 4.0]]


def test_batch_jacobian_keeps_samples_apart():
    x = constant([[1.0, 2.0], [3.0, 4.0]])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert value(tape.batch_jacobian(y, x)) == [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]]
    with GradientTape() as tape:
        tape.watch(x)
        y = x[0] * 2.0
    with pytest.raises(ValueError, match=r"Shape \(2,\) must have rank at least 2"):
        tape.batch_jacobian(y, x)
    with GradientTape() as tape:
        tape.watch(x)
        y = x[:1] * 2.0
    with pytest.raises(
        ValueError, match=r"Need first dimension of target shape \(.*\) and source shape \(.*\) to match"
    ):
        tape.batch_jacobian(y, x)


def test_a_gradient_through_a_singular_matrix_is_an_invalid_argument():
    x = constant([[1.0, 1.0], [1.0, 1.0]])
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as tape:
            tape.watch(x)
            y = tf.linalg.slogdet(x)[1]
        with pytest.raises(tf.errors.InvalidArgumentError, match="Input is not invertible"):
            outer.gradient(tape.gradient(y, x), x)


def test_reset_forgets():
    x = constant(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.reset()
        tape.watch(x)
        z = x * 2.0
    assert value(tape.gradient(z, x)) == 2.0
    assert y is not None


def test_gradient_inside_its_own_block():
    x = constant(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
        found = tape.gradient(y, x)
    assert value(found) == 6.0


def test_watching_something_else_raises():
    with GradientTape() as tape, pytest.raises(ValueError, match="Passed in object x of type 'str'"):
        tape.watch("x")


def test_integers_are_not_watched_but_warned_about(caplog):
    autodiff._warned.clear()
    with caplog.at_level("WARNING", logger="tensorflow"), GradientTape() as tape:
        tape.watch(convert([1, 2]))
    assert "must be floating" in caplog.text


def test_stop_gradient_makes_a_constant():
    x = constant(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * stop_gradient(x)
    assert value(tape.gradient(y, x)) == 3.0


def test_custom_gradient_replaces_the_derivative():
    @custom_gradient
    def doubled(x):
        return x * x, lambda dy: dy * 100.0

    x = constant(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = doubled(x)
    assert value(y) == 9.0
    assert value(tape.gradient(y, x)) == 100.0


def test_custom_gradient_hands_over_variables():
    v = TFVariable(2.0)

    @custom_gradient
    def scaled(x):
        def grad(dy, variables=None):
            assert [w is v for w in variables] == [True]
            return dy * 5.0, [dy * 7.0]

        return x * v, grad

    x = constant(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = scaled(x)
    gx, gv = tape.gradient(y, [x, v])
    assert (value(gx), value(gv)) == (5.0, 7.0)


def test_torch_tensors_follow_torchs_rule():
    w = torch.ones(2, requires_grad=True)
    y = (dispatch.raw(w) * 3).sum()
    y.backward()
    assert w.grad.tolist() == [3.0, 3.0]


def test_recording_lets_tensors_be_differentiated_by_torch():
    v = Weight(np.float32(3.0), name="v")
    with recording():
        y = v * v
        y.backward()
    assert value(v.grad) == 6.0


def test_graph_is_released_with_the_gradient():
    x = constant(np.ones(4))
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y._t.sum(), x._t)


def test_tapes_left_open_elsewhere_do_not_keep_old_leaves_for_ever():
    v = TFVariable(1.0)
    with GradientTape() as forgotten:
        _ = v * v
    for _ in range(5):
        v.assign_add(1.0)
    assert len(forgotten._leaves[id(v)]) == 1


def test_a_tape_may_be_entered_again():
    x = tf.Variable(1.0)
    tape = tf.GradientTape()
    with tape:
        y = x * x
    with tape:
        z = y * x
    assert tape.gradient(z, x).numpy() == 3.0


def test_the_gradient_of_a_custom_gradient_sees_what_the_function_computed():
    @tf.custom_gradient
    def f(x):
        e = tf.exp(x)

        def grad(dy):
            return dy * (1 - 1 / (1 + e))

        return tf.math.log(1 + e), grad

    x = tf.constant(0.5)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        first = inner.gradient(y, x)
    sigmoid = 1 / (1 + math.exp(-0.5))
    assert first.numpy() == pytest.approx(sigmoid)
    assert outer.gradient(first, x).numpy() == pytest.approx(sigmoid * (1 - sigmoid))
