"""``tf.nondifferentiable_batch_function``: each call is a batch of its own."""

import threading

import numpy as np
import pytest

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError


def test_calls_from_several_threads_give_their_own_rows():
    @tf.nondifferentiable_batch_function(2, 8, 1000, allowed_batch_sizes=[4, 8])
    def double(x):
        return {"y": x * 2.0, "n": tf.size(x)}

    found = {}

    def call(i):
        found[i] = double(tf.fill([i, 2], float(i)))

    threads = [threading.Thread(target=call, args=(i,)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(1, 5):
        np.testing.assert_array_equal(found[i]["y"].numpy(), np.full((i, 2), 2.0 * i, np.float32))
        assert found[i]["n"] == 2 * i


def test_it_refuses_gradients_and_large_batches():
    @tf.nondifferentiable_batch_function(1, 3, 1000)
    def same(x):
        return x + 1.0

    x = tf.constant([[1.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = same(x)
    with pytest.raises(LookupError):
        tape.gradient(y, x)
    with pytest.raises(InvalidArgumentError, match="Task size 4 is larger than maximum input batch size 3"):
        same(tf.zeros([4, 1]))
    with pytest.raises(AttributeError, match="'float' object has no attribute 'dtype'"):
        same(3.0)


@pytest.mark.parametrize("sizes", [[3, 2], [2], [2, 2, 3]])
def test_allowed_sizes_rise_to_the_largest(sizes):
    with pytest.raises(ValueError, match="must rise to `max_batch_size`"):
        tf.nondifferentiable_batch_function(1, 3, 1000, allowed_batch_sizes=sizes)
