"""What packages rely on: sublayers without a build, raw arguments, classes as attributes, the layout of files."""

import inspect

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, tf
from kerasish.src._backend import compute_output_spec


class Outer(layers.Layer):
    """Its sublayer has its weights only once it has been called; the shape is known without a call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(3)

    def call(self, x):
        return self.dense(x)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 3)


def test_sublayers_of_a_symbolic_call_are_built():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, Outer()(inputs))
    assert [tuple(w.shape) for w in model.weights] == [(4, 3), (3,)]


def test_a_call_that_needs_values_of_the_data_leaves_them_unbuilt_with_a_warning():
    class NeedsValues(Outer):
        def call(self, x):
            assert float(x[0, 0]) > 100
            return self.dense(x)

    with pytest.warns(UserWarning, match="not built"):
        NeedsValues()(keras.Input((4,)))


def test_a_class_is_no_sublayer():
    layer = Outer()
    layer.norm_class = layers.LayerNormalization
    assert layer._layers == [layer.dense] and layer.norm_class is layers.LayerNormalization


class Raw(layers.Layer):
    def __init__(self):
        super().__init__()
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    def call(self, texts, number=None):
        return [text.upper() for text in texts], number


def test_arguments_and_results_may_stay_as_they_are():
    array = np.ones(2, "float64")
    texts, number = Raw()(["a", "bc"], number=array)
    assert texts == ["A", "BC"] and number is array


class Graph(keras.Model):
    """Attributes whose names come before "layers" do not name the file's places."""

    def __init__(self):
        self.blocks = [layers.Dense(2), layers.Dense(3)]
        inputs = x = keras.Input((2,))
        for block in self.blocks:
            x = block(x)
        super().__init__(inputs, x)


def test_a_graphs_weights_lie_under_its_layers(tmp_path):
    h5py = pytest.importorskip("h5py")
    model = Graph()
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5") as file:
        assert {"layers/dense/vars/0", "layers/dense_1/vars/1"} <= set(_names(file))
        assert "blocks" not in file


def _names(file):
    names = []
    file.visit(names.append)
    return names


def test_files_with_the_attributes_first_load_too(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        for path, shape in (("blocks/dense", (2, 2)), ("blocks/dense_1", (2, 3))):
            file[f"{path}/vars/0"] = np.full(shape, 2.0)
            file[f"{path}/vars/1"] = np.full(shape[1:], 2.0)
    model = Graph()
    model.load_weights(tmp_path / "m.weights.h5")
    assert all((w == 2.0).all() for w in model.get_weights())


def test_weights_of_some_layers_are_left_out(tmp_path):
    model = Graph()
    path = tmp_path / "m.weights.h5"
    keras.saving.save_weights(model, path, objects_to_skip=[model.blocks[0]])
    old = model.get_weights()
    model.set_weights([np.zeros_like(w) for w in old])
    keras.saving.load_weights(model, path, objects_to_skip=[model.blocks[0]])
    for before, after, is_kept in zip(old, model.get_weights(), (False, False, True, True)):
        np.testing.assert_array_equal(after, before if is_kept else 0 * before)
    with pytest.raises(ValueError, match="dense"):
        Graph().load_weights(path)


def test_lambdas_work_out_their_output_shape():
    layer = layers.Lambda(lambda x: x[:, :2])
    assert tuple(layer.compute_output_shape((None, 5, 3))) == (None, 2, 3)


def test_the_output_of_a_layer_is_worked_out_by_the_private_function():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    spec = compute_output_spec(model, keras.KerasTensor((None, 4)))
    assert tuple(spec.shape) == (None, 3) and spec.dtype == "float32"


def test_signatures_of_fit_show_keras_3s_arguments():
    for method in (keras.Model.fit, keras.Model.evaluate, keras.Model.predict):
        kinds = {p.kind for p in inspect.signature(method).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds or method is keras.Model.evaluate


def test_tensors_move_to_devices_by_tensorflows_names():
    x = tf.constant([1.0])
    assert x.to(x.device).numpy().tolist() == [1.0]
    assert x.to("cpu").dtype == tf.float32


def test_tensors_are_neither_ragged_nor_sparse():
    assert not isinstance(tf.constant([1.0]), (tf.RaggedTensor, tf.SparseTensor))
    assert isinstance(tf.RaggedTensor.from_row_splits([1], [0, 1]), tf.RaggedTensor)


def test_star_imports_give_the_packages():
    namespace = {}
    exec("from kerasish import *", namespace)
    assert namespace["applications"] is keras.applications and namespace["datasets"] is keras.datasets


def test_lambda_takes_a_list_as_its_output_shape():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(tf.abs, output_shape=[4])])
    assert model.output_shape == (None, 4) and model.layers[0].get_config()["output_shape"] == [4]
    np.testing.assert_array_equal(model(-np.ones((1, 4))), [[1.0] * 4])
