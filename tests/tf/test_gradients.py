"""``tf.gradients`` and ``tf.hessians`` in functions of ``tf.function``, by tensors that nothing watched."""

import numpy as np
import pytest

from kerasish import tf
from kerasish.tf.gradients import Journal


def test_gradients_by_tensors_made_in_the_function():
    @tf.function
    def f():
        x = tf.zeros(3) + 1.0
        y = tf.reduce_sum(x**3)
        return tf.gradients(y * 2.0, [x, y])

    for _ in range(2):
        by_x, by_y = f()
        np.testing.assert_allclose(by_x, [6.0] * 3)
        np.testing.assert_allclose(by_y, 2.0)


def test_gradients_by_casts_random_numbers_and_tensors_from_outside():
    outer = tf.constant([1.0, 2.0])

    @tf.function
    def f():
        z = tf.cast(tf.range(3), tf.float32)
        r = tf.random.stateless_normal((2,), [1, 2])
        y = tf.reduce_sum(tf.stack([z, z * 2.0]) ** 2) + tf.reduce_sum(outer**2) + 3.0 * tf.reduce_sum(r)
        return tf.gradients(y, [z, outer, r, tf.ones(2)], unconnected_gradients="none")

    by_z, by_outer, by_r, nothing = f()
    np.testing.assert_allclose(by_z, [0.0, 10.0, 20.0])
    np.testing.assert_allclose(by_outer, [2.0, 4.0])
    np.testing.assert_allclose(by_r, [3.0, 3.0])
    assert nothing is None
    with tf.GradientTape() as tape:  # the tensor from outside is as it was
        y = outer * 2.0
    assert tape.gradient(y, outer) is None
    assert not outer._t.requires_grad


def test_gradients_by_what_a_loop_carries():
    @tf.function
    def f(n):
        def body(i, x):
            return i + 1, x + tf.gradients(tf.reduce_sum(x**2), x)[0]

        return tf.while_loop(lambda i, x: i < n, body, (0, tf.ones(2)))[1]

    np.testing.assert_allclose(f(tf.constant(3)), [27.0, 27.0])


def test_hessians_by_a_tensor_made_in_the_function():
    @tf.function
    def f():
        x = tf.cast(tf.range(2), tf.float32)
        return tf.hessians(tf.reduce_sum(x**3), x)[0]

    np.testing.assert_allclose(f(), [[0.0, 0.0], [0.0, 6.0]])


def test_values_may_be_read_where_everything_is_recorded():
    @tf.function
    def f():
        x = tf.zeros(2) + 2.0
        y = x * float(tf.get_static_value(x)[0]) * tf.constant(3.0)
        return tf.gradients(y, x)[0]

    np.testing.assert_allclose(f(), [6.0, 6.0])


def test_tensors_that_are_written_to_inside_operations():
    @tf.function
    def f():
        x = tf.ones(3) * 2.0
        y = tf.tensor_scatter_nd_update(tf.zeros(4), [[0], [2], [3]], x)
        return tf.gradients(tf.reduce_sum(y * tf.constant([1.0, 2.0, 3.0, 4.0])), x)[0]

    np.testing.assert_allclose(f(), [1.0, 3.0, 4.0])


@pytest.mark.parametrize("trainable", [True, False])
def test_what_the_call_did_before_it_was_begun_anew_is_undone(trainable):
    v = tf.Variable([1.0, 2.0], trainable=trainable)
    count = tf.Variable(0)

    @tf.function
    def f():
        v.assign(v * 2.0)
        count.assign_add(1)
        made = tf.reduce_sum(v.read_value() ** 2) + tf.random.uniform(())
        return tf.gradients(made**2, made)[0] / made

    np.testing.assert_allclose(f(), 2.0, rtol=1e-6)
    np.testing.assert_allclose(v, [2.0, 4.0])
    assert int(count) == 1
    f()
    np.testing.assert_allclose(v, [4.0, 8.0])
    assert int(count) == 2


def test_random_numbers_are_those_of_a_call_that_was_not_begun_anew():
    def draw(extra):
        tf.random.set_seed(3)

        @tf.function
        def f():
            r = tf.random.uniform((2,))
            if extra:
                made = r * 2.0
                tf.gradients(made, r)
            return r

        return f()

    np.testing.assert_array_equal(draw(False), draw(True))


def test_variables_may_be_made_in_a_call_that_is_begun_anew():
    class Model(tf.Module):
        v = None

        @tf.function
        def __call__(self):
            if self.v is None:
                self.v = tf.Variable(2.0)
            made = self.v * 3.0
            return tf.gradients(made**2, made)[0]

    np.testing.assert_allclose(Model()(), 12.0)


def test_what_is_too_large_to_be_kept_is_not_undone(monkeypatch):
    monkeypatch.setattr(Journal, "_limit", 4)
    v = tf.Variable([1.0, 2.0])

    @tf.function
    def f():
        v.assign(v * 2.0)
        made = tf.zeros(2) + 1.0
        return tf.gradients(made * v, made)

    with pytest.raises(RuntimeError, match=r"Use tf\.GradientTape"):
        f()
