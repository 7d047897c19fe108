"""tf.saved_model: functions and models as programs."""

import numpy as np
import pytest

import kerasish as keras
import kerasish.tf as tf


class Linear(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable([[1.0], [2.0]])

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def __call__(self, x):
        return x @ self.w

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32, name="x")])
    def twice(self, x):
        return {"y": x * 2.0}


def test_functions_of_a_module_come_back(tmp_path):
    module = Linear()
    tf.saved_model.save(module, tmp_path / "m", options=tf.saved_model.SaveOptions())
    module.w.assign([[0.0], [0.0]])
    loaded = tf.saved_model.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded(np.ones((3, 2), "float32")), np.full((3, 1), 3.0))
    assert loaded.twice(tf.constant([1.0, 2.0]))["y"].numpy().tolist() == [2.0, 4.0]
    again = Linear()
    tf.train.Checkpoint(again).read(tmp_path / "m" / "variables" / "variables").assert_consumed()


def test_functions_without_a_signature_are_written_for_what_they_were_called_with(tmp_path):
    class Doubling(tf.Module):
        @tf.function
        def __call__(self, x):
            return tf.multiply(x, 2.0)

    module = Doubling()
    module(tf.ones([1, 3]))
    module([[[1.0, 2.0]]])
    tf.saved_model.save(module, tmp_path / "m")
    loaded = tf.saved_model.load(tmp_path / "m")
    assert loaded(tf.constant([[1.0, 2.0, 3.0]])).numpy().tolist() == [[2.0, 4.0, 6.0]]
    assert loaded([[[1.0, 2.0]]]).numpy().tolist() == [[[2.0, 4.0]]]


def test_a_concrete_function_is_a_signature(tmp_path):
    @tf.function
    def scaled(x, by):
        return {"y": x * by}

    concrete = scaled.get_concrete_function(tf.TensorSpec([None], tf.float32), by=3.0)
    tf.saved_model.save(tf.Module(), tmp_path / "m", signatures=concrete)
    loaded = tf.saved_model.load(tmp_path / "m")
    assert loaded.signatures["serving_default"](tf.constant([1.0, 2.0]))["y"].numpy().tolist() == [3.0, 6.0]


def test_a_model_has_a_default_signature_that_gives_a_dict(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    tf.saved_model.save(model, tmp_path / "k")
    assert tf.saved_model.contains_saved_model(tmp_path / "k")
    loaded = tf.saved_model.load(tmp_path / "k")
    x = np.ones((3, 2), "float32")
    np.testing.assert_allclose(loaded.signatures["serving_default"](x)["output_0"], model(x), rtol=1e-6)


def test_a_models_own_call_may_be_a_function(tmp_path):
    class Doubling(keras.Model):
        @tf.function
        def call(self, x, training=False):
            return x * 3.0 if training else x * 2.0

    model = Doubling()
    model(np.ones((1, 2), "float32"), training=True)
    tf.saved_model.save(model, tmp_path)
    assert (tmp_path / "endpoint_0.pt2").exists()
    assert tf.saved_model.load(tmp_path)(tf.constant([[1.0, 2.0]])).numpy().tolist() == [[2.0, 4.0]]


def test_what_cannot_be_written_or_read_says_why(tmp_path):
    with pytest.raises(ValueError, match="Expected a TensorFlow function for which to generate a signature"):
        tf.saved_model.save(Linear(), tmp_path / "m", signatures={"f": lambda x: x})
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "saved_model.pb").write_bytes(b"")
    assert tf.saved_model.contains_saved_model(tmp_path / "t")
    with pytest.raises(ValueError, match="a graph that only TensorFlow can run"):
        tf.saved_model.load(tmp_path / "t")


def test_sizes_that_are_not_the_signatures_are_refused(tmp_path):
    tf.saved_model.save(Linear(), tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    with pytest.raises(TypeError, match="Binding inputs to tf.function failed"):
        loaded(tf.ones((2, 3)))
