"""Strategies with one process: models, optimizers and functions work in them as without."""

import os
import subprocess
import sys

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


def strategies():
    return [tf.distribute.MirroredStrategy(["CPU:0"]), tf.distribute.OneDeviceStrategy("/cpu:0")]


@pytest.mark.parametrize("number", [0, 1])
def test_a_model_of_a_scope_trains_as_one_without(number):
    x = np.linspace(-1, 1, 32, dtype="float32").reshape(16, 2)
    y = x.sum(1, keepdims=True)

    def trained(data):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        history = model.fit(data, epochs=2, verbose=0)
        return history.history["loss"], model.get_weights()

    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    plain = trained(data)
    strategy = strategies()[number]
    with strategy.scope():
        within = trained(strategy.experimental_distribute_dataset(data))
    np.testing.assert_allclose(within[0], plain[0], rtol=1e-6)
    for mine, theirs in zip(within[1], plain[1], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_a_loop_of_a_program_trains():
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        v = tf.Variable([1.0, 2.0])
        optimizer = keras.optimizers.SGD(0.5)

    @tf.function
    def step(x):
        def replica(x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(v * x)
            optimizer.apply_gradients([(tape.gradient(loss, v), v)])
            return loss

        return strategy.reduce("SUM", strategy.run(replica, args=(x,)), axis=None)

    assert float(step(tf.constant([3.0, 4.0]))) == 11.0
    np.testing.assert_array_equal(v.numpy(), [-0.5, 0.0])


def test_a_function_over_a_distributed_dataset_is_traced_once():
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    data = strategy.experimental_distribute_dataset(tf.data.Dataset.range(6).batch(2))
    traced = []

    @tf.function
    def total(iterator):
        def replica(x):
            traced.append(1)
            return tf.reduce_sum(x)

        return strategy.run(replica, args=(next(iterator),))

    iterator = iter(data)
    assert [int(total(iterator)) for _ in range(3)] == [1, 5, 9]
    assert len(traced) == 1


def test_several_devices_of_one_process_warn():
    with pytest.warns(RuntimeWarning, match="A process computes with one device"):
        tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


TWO = """
import sys
import kerasish as keras
from kerasish import tf
rank = int(sys.argv[1])
keras.distribution.initialize(sys.argv[2], 2, rank)
strategy = tf.distribute.MultiWorkerMirroredStrategy()
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
    v = tf.Variable([1.0, 2.0])
    optimizer = keras.optimizers.SGD(0.5)
data = strategy.experimental_distribute_dataset(tf.data.Dataset.range(8).batch(4, drop_remainder=True))
def step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(v * tf.cast(x, tf.float32))
    optimizer.apply_gradients([(tape.gradient(loss, v), v)])
    return loss
seen = []
for x in data:
    loss = strategy.run(step, args=(x,))
    seen.append([x.numpy().tolist(), float(strategy.reduce("SUM", loss, axis=None)), v.numpy().tolist()])
assert seen == [[[[0, 1], [2, 3]][rank], 10.0, [0.0, 0.0]], [[[4, 5], [6, 7]][rank], 0.0, [-5.0, -6.0]]], seen
assert strategy.reduce("MEAN", tf.constant([1.0, 2.0 + rank]), axis=0).numpy() == 1.75
assert strategy.gather(tf.fill((rank + 1, 1), float(rank)), axis=0).numpy().ravel().tolist() == [0.0, 1.0, 1.0]
def gradient():
    with tf.GradientTape() as tape:
        y = tf.distribute.get_replica_context().all_reduce("SUM", v * v)
    return tape.gradient(y, v)
assert strategy.run(gradient).numpy().tolist() == [-20.0, -24.0]
with strategy.scope():
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
model.fit(tf.ones((4, 2)), tf.ones((4, 1)), verbose=0)
print(model.get_weights()[0].ravel().tolist())
data = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensors((tf.ones((4, 2)), tf.ones((4, 1)))))
model.fit(data, verbose=0)
print(model.evaluate(data, verbose=0))
rows = tf.data.Dataset.from_tensor_slices(tf.eye(4, 2)).batch(4, drop_remainder=True)
inputs = strategy.experimental_distribute_dataset(rows)
assert model.predict(inputs, verbose=0).shape == (4, 1)
"""


def test_two_processes_compute_together():
    address = f"127.0.0.1:{29000 + os.getpid() % 900}"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, str(rank), address], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for rank in (0, 1)
    ]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, err.decode()[-2000:]
        assert [round(float(x), 6) for x in out.replace(b"[", b"").replace(b"]", b"").replace(b",", b"").split()] == [
            0.02, 0.02, 0.780749
        ]  # fmt: skip
