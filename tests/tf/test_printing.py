"""``tf.print`` where values are yet to come: in layers of functional models, in exported programs."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


class Shows(keras.layers.Layer):
    def call(self, x):
        tf.print("sum", tf.reduce_sum(x), tf.shape(x))
        return x * 2


def test_a_layer_prints_when_it_runs_not_while_its_shapes_are_worked_out(capsys):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, Shows()(inputs))
    assert capsys.readouterr().err == ""
    model.predict(np.ones((4, 2)), batch_size=2, verbose=0)
    assert capsys.readouterr().err == "sum 4 [2 2]\n" * 2


def test_a_function_of_a_dataset_prints_once_for_each_element(capsys):
    def shows(x):
        tf.print("x", x)
        return x + 1

    dataset = tf.data.Dataset.range(2).map(shows)
    assert dataset.element_spec == tf.TensorSpec((), tf.int64)
    assert capsys.readouterr().err == ""
    assert list(dataset.as_numpy_iterator()) == [1, 2]
    assert capsys.readouterr().err == "x 0\nx 1\n"


def test_a_module_that_prints_can_be_saved(tmp_path, capsys):
    class Counter(tf.Module):
        def __init__(self):
            self.total = tf.Variable(1.0)

        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def add(self, x):
            tf.debugging.assert_positive(x)
            self.total.assign_add(x)
            tf.print(self.total)
            return self.total

    tf.saved_model.save(Counter(), str(tmp_path))
    again = tf.saved_model.load(str(tmp_path))
    assert [float(again.add(tf.constant(5.0))) for _ in range(2)] == [6, 11]
    assert capsys.readouterr().err == "6\n11\n"
    with pytest.raises(tf.errors.InvalidArgumentError):
        again.add(tf.constant(-5.0))
