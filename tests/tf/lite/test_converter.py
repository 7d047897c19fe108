"""tf.lite.TFLiteConverter; what needs litert-torch is run where that is installed."""

import importlib.util

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf

MISSING = any(
    importlib.util.find_spec(name) is None for name in ("litert_torch", "ai_edge_litert", "ai_edge_quantizer")
)
needs_litert = pytest.mark.skipif(MISSING, reason="needs LiteRT")


def model():
    return keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(2, activation="relu")])


def test_words_print_as_tensorflows():
    assert [str(word) for word in tf.lite.Optimize] == [
        "DEFAULT",
        "OPTIMIZE_FOR_SIZE",
        "OPTIMIZE_FOR_LATENCY",
        "EXPERIMENTAL_SPARSITY",
    ]
    assert repr(tf.lite.OpsSet.SELECT_TF_OPS) == "<OpsSet.SELECT_TF_OPS: 'SELECT_TF_OPS'>"
    assert tf.lite.TargetSpec().supported_ops == {tf.lite.OpsSet.TFLITE_BUILTINS}


@pytest.mark.skipif(importlib.util.find_spec("litert_torch") is not None, reason="it is installed")
def test_an_error_says_what_to_install():
    with pytest.raises(ImportError, match="pip install litert-torch"):
        tf.lite.TFLiteConverter.from_keras_model(model()).convert()


@pytest.mark.skipif(importlib.util.find_spec("ai_edge_litert") is not None, reason="it is installed")
def test_the_interpreter_says_what_to_install():
    with pytest.raises(ImportError, match="pip install ai-edge-litert"):
        tf.lite.Interpreter(model_content=b"")


def test_misuse():
    with pytest.raises(ValueError, match="must be specified"):
        tf.lite.Interpreter()
    with pytest.raises(ValueError, match="at the same time"):
        tf.lite.Interpreter("a", b"b")
    with pytest.raises(ValueError, match="takes concrete functions"):
        tf.lite.TFLiteConverter([lambda x: x])
    converter = tf.lite.TFLiteConverter.from_keras_model(model())
    converter.inference_input_type = tf.int8
    with pytest.raises(ValueError, match=r"must be tf\.float32, or both tf\.int8"):
        converter.convert()


@needs_litert
def test_a_file_gives_the_models_results():
    net, x = model(), np.ones((1, 3), "float32")
    interpreter = tf.lite.Interpreter(model_content=tf.lite.TFLiteConverter.from_keras_model(net).convert())
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(result, net(x).numpy(), rtol=1e-5)
    assert interpreter.get_signature_list() == {"serving_default": {"inputs": ["x"], "outputs": ["output_0"]}}


@needs_litert
def test_a_file_of_eight_bits():
    net = model()
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.ones((1, 3), "float32") * i] for i in range(3))
    converter.inference_input_type = converter.inference_output_type = tf.int8
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    assert interpreter.get_input_details()[0]["dtype"] == np.int8
