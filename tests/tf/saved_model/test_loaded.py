"""What a loaded SavedModel has besides its functions: variables, signatures, assignments."""

import numpy as np
import pytest

import kerasish as keras
import kerasish.tf as tf


class Scaled(tf.Module):
    def __init__(self):
        super().__init__()
        self.v = tf.Variable(1.0)
        self.inner = tf.Module()
        self.inner.w = tf.Variable([2.0, 3.0], trainable=False)

    @tf.function
    def __call__(self, x):
        return x * self.v

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def mutate(self, new_v):
        self.v.assign(new_v)


@pytest.fixture
def loaded(tmp_path):
    module = Scaled()
    module(tf.constant(0.0))
    tf.saved_model.save(module, tmp_path / "m")
    return tf.saved_model.load(tmp_path / "m")


def test_a_function_that_assigns_changes_what_the_others_read(loaded):
    assert loaded(tf.constant(3.0)).numpy() == 3.0
    assert loaded.mutate(tf.constant(2.0)) is None
    assert loaded.v.numpy() == 2.0
    assert loaded(tf.constant(3.0)).numpy() == 6.0
    loaded.v.assign(5.0)
    assert loaded(tf.constant(3.0)).numpy() == 15.0


def test_variables_are_attributes_and_trained(loaded):
    assert loaded.inner.w.numpy().tolist() == [2.0, 3.0]
    assert not loaded.inner.w.trainable
    optimizer = keras.optimizers.SGD(0.05)
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = (10.0 - loaded(tf.constant(2.0))) ** 2
        variables = tape.watched_variables()
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        losses.append(float(loss))
    # v moves by 0.05 · 2 · 2 · (10 − 2v): 1 → 2.6 → 3.56
    np.testing.assert_allclose(losses, [64.0, 23.04, 8.2944], rtol=1e-5)
    assert [float(v) for v in loaded.trainable_variables] == [pytest.approx(4.136)]


def test_without_signatures_given_one_function_that_gives_tensors_is_the_default(loaded, tmp_path):
    class One(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def f(self, x):
            return x + 1.0

    assert loaded.signatures == {}  # what it has either states no arguments or gives nothing
    tf.saved_model.save(One(), tmp_path / "s")
    again = tf.saved_model.load(tmp_path / "s")
    assert list(again.signatures) == ["serving_default"]
    assert again.signatures["serving_default"](tf.constant(1.0))["output_0"].numpy() == 2.0
    tf.saved_model.save(One(), tmp_path / "t", signatures={"b": One().f, "a": One().f})
    assert list(tf.saved_model.load(tmp_path / "t").signatures) == ["b", "a"]


def test_a_signature_knows_what_it_takes_and_gives(tmp_path):
    class Named(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
        def __call__(self, x):
            print("tracing")
            return {"doubled": x * 2.0}

    module = Named()
    tf.saved_model.save(module, tmp_path / "m", signatures=module.__call__.get_concrete_function())
    infer = tf.saved_model.load(tmp_path / "m").signatures["serving_default"]
    assert infer.structured_outputs == {"doubled": tf.TensorSpec([None, 2], tf.float32, name="doubled")}
    assert infer.structured_input_signature == ((), {"x": tf.TensorSpec([None, 2], tf.float32, name="x")})
    assert infer(x=tf.ones([1, 2]))["doubled"].numpy().tolist() == [[2.0, 2.0]]
    assert infer.output_shapes["doubled"] == [None, 2]


def test_writing_does_not_trace_again(tmp_path, capsys):
    class Printing(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def __call__(self, x):
            print("tracing with", x)
            return x + 1.0

    tf.saved_model.save(Printing(), tmp_path / "m")
    assert capsys.readouterr().out == 'tracing with Tensor("x:0", shape=(), dtype=float32)\n'


def test_custom_gradients_do_not_keep_a_function_from_being_read(tmp_path):
    @tf.custom_gradient
    def clipped(x):
        return x, lambda g: tf.clip_by_norm(g, 0.5)

    class Clipping(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def f(self, x):
            return clipped(x) * 3.0

    tf.saved_model.save(Clipping(), tmp_path / "m")
    assert tf.saved_model.load(tmp_path / "m").f(tf.constant(2.0)).numpy() == 6.0
