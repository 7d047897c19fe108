"""Conditions and loops on tensors in ``tf.function``: what tracing refuses, found while they run."""

import pytest

from kerasish import tf


def _undefined(x):
    if x > 0:
        y = x
    return y


def _undefined_by_elif(x):
    if x > 0:
        y = 1
    elif x < -5:
        y = 2
    return y


def _none(x):
    y = None
    if x > 0:
        y = x
    return y


def _dtypes_of_constants(x):
    y = 0
    if x > 0:
        y = "text"
    return y


def _dtypes_of_operations(x):
    if x > 0:
        y = tf.constant(1)
    else:
        y = tf.cast(x, tf.float32) * 2.0
    return y


def _structures(x):
    if x > 0:
        y = (x, x)
    else:
        y = x
    return y


def _no_return(x):  # noqa: RET503 - that is what it is for
    if x > 0:
        return x


def _returns_none(x):
    if x > 0:
        return x
    else:
        return None


def _returned_dtypes(x):
    if x > 0:
        return 1
    return 2.0


def _raises(x):
    if x > 0:
        raise KeyError("positive")
    return x


def _no_truth(x):
    if x:
        return x
    return -x


def _loop_dtype(x):
    y = 0
    while x > 0:
        x -= 1
        y = tf.cast(x, tf.float32)
    return y


def _loop_shape(x):
    y = tf.zeros([1])
    while tf.shape(y)[0] < 3:
        y = tf.concat([y, y], 0)
    return y


def _loop_structure(x):
    y = (x, x)
    for _ in tf.range(2):
        y = (x, x, x)
    return y


def _loop_returns(x):
    for i in tf.range(3):
        if i > 1:
            return i
    return x


def _python_loop_ends(x):
    for i in range(3):
        if x > i:
            break
    return x


def _python_loop_becomes_one_on_tensors(x):
    n = 10
    while n > 1:
        n = n - x
    return n


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (_undefined, ValueError, "'y' must also be initialized in the else branch"),
        (_undefined_by_elif, ValueError, "'y' must also be initialized in the else branch"),
        (_none, ValueError, "'y' is None at the end of the else branch"),
        (
            _dtypes_of_constants,
            TypeError,
            "'y' has dtype string in the main branch, but dtype int32 in the else branch",
        ),
        (
            _dtypes_of_operations,
            TypeError,
            "'y' has dtype int32 in the main branch, but dtype float32 in the else branch",
        ),
        (_structures, TypeError, "'y' must have the same nested structure in the main and else branches"),
        (_no_return, ValueError, "the else branch must also have a return statement"),
        (_returns_none, ValueError, "'retval_' is None at the end of the else branch"),
        (
            _returned_dtypes,
            TypeError,
            "'retval_' has dtype int32 in the main branch, but dtype float32 in the else branch",
        ),
        (_no_truth, ValueError, "condition of if statement expected to be `tf.bool` scalar"),
        (_loop_dtype, TypeError, "'y' has dtype int32 before the loop, but dtype float32 after one iteration"),
        (_loop_shape, ValueError, r"'y' has shape \(1,\) before the loop, but shape \(2,\) after one iteration"),
        (_loop_structure, TypeError, "'y' does not have the same nested structure after one iteration"),
        (_loop_returns, NotImplementedError, "a return statement cannot be placed inside this TensorFlow loop"),
        (_python_loop_ends, NotImplementedError, "not supported in Python for loops"),
        (_python_loop_becomes_one_on_tensors, NotImplementedError, "started as non-Tensor, then changed to Tensor"),
    ],
)
def test_tracing_refuses(function, kind, words):
    with pytest.raises(kind, match=words):
        tf.function(function)(tf.constant(2))


def test_a_branch_that_raises_does_so_whichever_is_taken():
    with pytest.raises(KeyError, match="positive"):
        tf.function(_raises)(tf.constant(-1))


def test_what_is_not_used_afterwards_may_differ():
    @tf.function
    def f(x):
        if x > 0:
            only_here = x * 2
            y = only_here
        else:
            y = x
        return y

    assert int(f(tf.constant(3))) == 6
    assert int(f(tf.constant(-3))) == -3


def test_what_follows_a_branch_that_returns_belongs_to_the_other_one():
    @tf.function
    def f(x):
        if x > 0:
            return x
        y = x * 2
        return y + 0

    assert int(f(tf.constant(-3))) == -6


def test_numbers_that_conditions_and_loops_hand_on_are_tensors():
    kinds = []

    @tf.function
    def f(x):
        y, total = 1, 0
        if x > 0:
            y = 2
        for i in tf.range(3):
            total += i
        kinds.extend([type(y).__name__, type(total).__name__])
        return y / 2

    assert f(tf.constant(1)).dtype == "float64"  # as int32 tensors are divided
    assert kinds == ["EagerTensor", "EagerTensor"] or kinds == ["SymbolicTensor", "SymbolicTensor"]


def test_python_conditions_stay_free():
    @tf.function
    def f(x, flag):
        if flag:
            y = 1
        for i in range(3):
            if flag and i > 1:
                break
        return y + i + x

    assert int(f(tf.constant(1), True)) == 4


def test_a_loop_without_a_round():
    @tf.function
    def f(n):
        for i in tf.range(n):
            y = i * 2
        return y

    @tf.function
    def last(n):
        for i in tf.range(n):
            n = i
        return i

    assert int(f(tf.constant(3))) == 4
    with pytest.raises(tf.errors.InvalidArgumentError, match="loop must iterate at least once to initialize y"):
        f(tf.constant(0))
    assert int(last(tf.constant(0))) == 0


def test_stated_shapes_may_vary():
    @tf.function
    def f():
        y = tf.zeros([1])
        for _ in tf.range(2):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(y, tf.TensorShape([None]))])
            y = tf.concat([y, y], 0)
        return y

    assert f().shape == [4]


def test_range_of_a_tensor_is_a_loop_on_tensors(capsys):
    @tf.function
    def f(n):
        total = 0
        for i in range(n):
            print("round")
            total += i
        return total

    assert int(f(tf.constant(3))) == 3
    assert capsys.readouterr().out == "round\n"


def test_datasets_loops_may_end_early():
    @tf.function
    def f():
        total = tf.constant(0, tf.int64)
        for x in tf.data.Dataset.range(5):
            if x > 2:
                break
            total += x
        return total

    assert int(f()) == 3


def test_cond_refuses_branches_of_different_dtypes_and_tells_of_both(capsys):
    def true():
        print("true")
        return 1

    def false():
        print("false")
        return 2

    f = tf.function(lambda x: tf.cond(x > 0, true, false))
    assert int(f(tf.constant(-1))) == 2
    assert capsys.readouterr().out == "true\nfalse\n"
    with pytest.raises(TypeError, match="must have the same number, type, and overall structure"):
        tf.function(lambda x: tf.cond(x > 0, lambda: 1, lambda: 2.0))(tf.constant(1))
    with pytest.raises(tf.errors.InvalidArgumentError, match="int32 expected bool"):
        tf.function(lambda x: tf.cond(x, lambda: 1, lambda: 2))(tf.constant(1))


def test_rounds_of_a_while_loop_have_effects_once(capsys):
    def body(i):
        print("body")
        return (i + 1,)

    result = tf.function(lambda: tf.while_loop(lambda i: i < 3, body, [tf.constant(0)]))()
    assert isinstance(result, list)
    assert capsys.readouterr().out == "body\n"
