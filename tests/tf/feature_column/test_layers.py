"""DenseFeatures in models, and its configuration. The numbers of all columns are in ../recorded/feature_columns.txt."""

import json

import numpy as np
import pytest

from kerasish import tf

fc, keras = tf.feature_column, tf.keras
N = fc.numeric_column("n", normalizer_fn=tf.math.square)
S = fc.categorical_column_with_vocabulary_list("s", ["a", "b", "c"])
DATA = {"n": np.array([[0.5], [1.0], [5.0]], "float32"), "s": np.array([["a"], ["zz"], ["c"]])}


def tensors():
    return {key: tf.constant(value) for key, value in DATA.items()}


def test_weights_are_named_after_columns():
    layer = keras.layers.DenseFeatures([fc.embedding_column(S, 2), N], name="dense_features")
    layer(tensors())
    assert [weight.path for weight in layer.weights] == ["dense_features/s_embedding/embedding_weights"]


def test_models_train():
    columns = [fc.numeric_column("n"), fc.indicator_column(S), fc.embedding_column(S, 2)]
    model = keras.Sequential([keras.layers.DenseFeatures(columns), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    before = [model.fit(DATA, np.ones(3), epochs=1, verbose=0).history["loss"][0] for _ in range(5)]
    assert before[-1] < before[0]
    assert model.predict(DATA, verbose=0).shape == (3, 1)
    dataset = tf.data.Dataset.from_tensor_slices((DATA, np.ones(3))).batch(2)
    assert model.evaluate(dataset, verbose=0) < before[0]


def test_a_functional_model_knows_its_width():
    inputs = {"n": keras.Input((1,), name="n"), "s": keras.Input((1,), name="s", dtype="string")}
    outputs = keras.layers.DenseFeatures([N, fc.indicator_column(S)])(inputs)
    assert outputs.shape == (None, 4)
    model = keras.Model(inputs, outputs)
    assert model(tensors()).numpy().tolist() == [[0.25, 1, 0, 0], [1, 0, 0, 0], [25, 0, 0, 1]]


def test_a_configuration_gives_an_equal_layer():
    crossed = fc.crossed_column(["s", fc.bucketized_column(fc.numeric_column("n"), [1.0, 2.0])], 7)
    layer = keras.layers.DenseFeatures(
        [fc.indicator_column(crossed), fc.embedding_column(S, 2, initializer=keras.initializers.Ones())]
    )
    config = json.loads(json.dumps(layer.get_config()))
    again = keras.layers.DenseFeatures.from_config(config)
    np.testing.assert_array_equal(again(tensors()), layer(tensors()))


def test_a_configuration_reads_no_files(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a\n")
    column = fc.indicator_column(fc.categorical_column_with_vocabulary_file("s", str(path)))
    config = keras.layers.DenseFeatures([column]).get_config()
    with pytest.raises(ValueError, match="names a vocabulary file"):
        keras.layers.DenseFeatures.from_config(config)


def test_features_may_be_lists_of_text_and_numbers():
    layer = keras.layers.DenseFeatures([fc.indicator_column(S), fc.numeric_column("n")])
    out = layer({"n": [1.0, 2.0], "s": ["b", "zz"]})
    np.testing.assert_array_equal(out.numpy(), [[1, 0, 1, 0], [2, 0, 0, 0]])


def test_each_columns_part_is_told():
    parts, n = {}, fc.numeric_column("n")
    keras.layers.DenseFeatures([n])({"n": [[1.0], [2.0]]}, cols_to_output_tensors=parts)
    assert parts[n].numpy().tolist() == [[1], [2]]


def test_input_layer_is_dense_features_as_a_function():
    v1 = tf.compat.v1.feature_column
    parts, variables = {}, {}
    columns = [v1.numeric_column("n"), v1.embedding_column(S, 2, initializer=keras.initializers.Ones())]
    out = v1.input_layer({"n": [[1.0], [3.0]], "s": ["a", "b"]}, columns, None, True, variables, parts)
    np.testing.assert_array_equal(out.numpy(), [[1, 1, 1], [3, 1, 1]])
    assert parts[columns[0]].numpy().tolist() == [[1], [3]] and variables == {columns[0]: [], columns[1]: []}


def test_input_layer_without_columns_and_a_linear_model_are_refused():
    with pytest.raises(ValueError, match="must not be empty"):
        tf.compat.v1.feature_column.input_layer({"n": [1.0]}, [])
    with pytest.raises(NotImplementedError, match="DenseFeatures"):
        tf.compat.v1.feature_column.linear_model  # noqa: B018 - asking for it raises
