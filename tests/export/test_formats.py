"""model.export: programs of torch's and ONNX files give the model's values, for any size of the batch."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
import torch

from kerasish import InputSpec, layers, tf
from kerasish import ops as K
from kerasish.models import Model, Sequential

RNG = np.random.default_rng(0)


def image_model():
    x = layers.Input((6, 6, 2))
    h = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    h = layers.DepthwiseConv2D(2)(layers.BatchNormalization()(layers.MaxPooling2D()(h)))
    return Model(x, layers.Dense(3, activation="softmax")(layers.Flatten()(layers.Dropout(0.5)(h)))), [(6, 6, 2)]


def attention_model():
    x = layers.Input((None, 4))
    h = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
    return Model(x, K.mean(h, axis=1)), [(5, 4)]


def recurrent_model():
    x = layers.Input((3, 2))
    return Model(x, layers.LSTM(3)(layers.GRU(2, return_sequences=True)(x))), [(3, 2)]


MODELS = {"images": image_model, "attention": attention_model, "recurrent": recurrent_model}


class Scaled(Model):
    """A user's class, with functions of tf and a batch size that is read."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, x, training=None):
        return {"a": tf.reshape(self.dense(x), [tf.shape(x)[0], 2, 2]), "b": tf.reduce_sum(x, axis=-1) * x.shape[-1]}


def batch(shapes, size):
    arrays = [RNG.normal(size=(size, *shape)).astype("float32") for shape in shapes]
    return arrays if len(arrays) > 1 else arrays[0]


def close(got, expected):
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", list(MODELS))
def test_torch_programs_of_graphs(tmp_path, name):
    model, shapes = MODELS[name]()
    file = str(tmp_path / "m.pt2")
    assert model.export(file, format="torch", verbose=False) == file
    program = torch.export.load(file)
    assert not any("kerasish" in str(node.target) for node in program.graph.nodes)
    assert set(program.state_dict) >= {f"model.{key}" for key, p in model.named_parameters()}
    for size in (1, 7):
        x = batch(shapes, size)
        close(program.module()(torch.tensor(x)).detach(), model(x))


def test_a_torch_program_is_read_without_the_library(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(2, use_bias=False, kernel_initializer="ones")])
    model.export(tmp_path / "m.pt2", format="torch", verbose=False)
    code = (
        "import sys, torch; m = torch.export.load(sys.argv[1]).module(); "
        "assert m(torch.ones(4, 3)).tolist() == [[3.0, 3.0]] * 4; assert 'kerasish' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "m.pt2")], check=True, timeout=120)


def test_a_users_class_by_the_shape_of_its_call_or_a_signature(tmp_path):
    model = Scaled()
    with pytest.raises(ValueError, match="has not been built"):
        model.export(tmp_path / "m.pt2", format="torch")
    x = batch([(6,)], 5)
    expected = model(x)
    for signature in (
        None,
        [InputSpec(shape=(None, 6), dtype="float32")],
        [tf.TensorSpec((None, 6))],
        [tf.ones((1, 6))],
    ):
        model.export(tmp_path / "m.pt2", format="torch", input_signature=signature, verbose=False)
        outputs = torch.export.load(str(tmp_path / "m.pt2")).module()(torch.tensor(x))
        assert list(outputs) == ["a", "b"]
        close(outputs["a"].detach(), expected["a"])
        close(outputs["b"].detach(), expected["b"])


def test_structures_of_inputs_and_outputs(tmp_path):
    a, b = layers.Input((2,), name="a"), layers.Input((3,), dtype="int32", name="b")
    total = layers.Concatenate()([a, K.cast(b, "float32")])
    lists = Model([a, b], [total, layers.Dense(1)(total)])
    named = Model({"a": a, "b": b}, {"total": total})
    x = [torch.ones(4, 2), torch.ones(4, 3, dtype=torch.int32)]
    lists.export(tmp_path / "l.pt2", format="torch", verbose=False)
    named.export(tmp_path / "n.pt2", format="torch", verbose=False)
    first, second = torch.export.load(str(tmp_path / "l.pt2")).module()(x)
    assert first.shape == (4, 5)
    assert second.shape == (4, 1)
    assert torch.export.load(str(tmp_path / "n.pt2")).module()({"a": x[0], "b": x[1]})["total"].shape == (4, 5)


def test_training_goes_on_as_before_an_export(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(2), layers.Dropout(0.5)])
    assert not model.training
    model.compile("sgd", "mse")
    model.export(tmp_path / "m.pt2", format="torch", verbose=False)
    assert not model.training
    history = model.fit(np.ones((8, 3)), np.ones((8, 2)), epochs=2, verbose=0).history
    assert len(history["loss"]) == 2


def test_formats_and_options_that_are_not_served(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="Unrecognized format=pb. Supported formats are"):
        model.export(tmp_path / "m", format="pb")
    with pytest.raises(NotImplementedError, match="format='openvino'"):
        model.export(tmp_path / "m", format="openvino")
    with pytest.raises(ValueError, match=r"end with '\.tflite'"):
        model.export(tmp_path / "m", format="litert")
    with pytest.raises(ValueError, match='Unsupported arguments for `format="litert"`: opset_version'):
        model.export(tmp_path / "m.tflite", format="litert", opset_version=18)
    with pytest.raises(ValueError, match=r"end with '\.pt2'"):
        model.export(tmp_path / "m", format="torch")
    with pytest.raises(ValueError, match='Unsupported arguments for `format="torch"`: opset_version'):
        model.export(tmp_path / "m.pt2", format="torch", opset_version=18)
    with pytest.raises(TypeError, match="An input signature is made of"):
        model.export(tmp_path / "m.pt2", format="torch", input_signature=[(None, 3)])


def test_what_torch_cannot_leave_free_is_an_error(tmp_path):
    x = layers.Input((None, 2), name="steps")
    model = Model(x, layers.GRU(2)(x))
    with pytest.raises(RuntimeError, match="only for one size of dimension 1 of the input 'steps'"):
        model.export(tmp_path / "m.pt2", format="torch", verbose=False)
    model.export(tmp_path / "m.pt2", format="torch", input_signature=[InputSpec(shape=(None, 4, 2), dtype="float32")])
    text = layers.Input((1,), dtype="string")
    with pytest.raises(ValueError, match="is text"):
        Model(text, layers.StringLookup(vocabulary=["a"])(text)).export(tmp_path / "m.pt2", format="torch")


def test_messages(tmp_path, capsys):
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    model.export(tmp_path / "m.pt2", format="torch")
    assert capsys.readouterr().out == f"Saved PyTorch ExportedProgram at '{tmp_path / 'm.pt2'}'.\n"


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")), reason="needs ONNX"
)
def test_onnx_files(tmp_path):
    import onnx
    import onnxruntime

    a, b = layers.Input((2, 2), name="a"), layers.Input((2,), dtype="int32", name="b")
    c, q = layers.Input((4, 4, 1), name="c"), layers.Input((None, 2), name="q")
    h = [
        layers.GRU(2)(a),
        layers.LSTM(2)(layers.Embedding(5, 2, mask_zero=True)(b)),
        layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3, activation="gelu")(c)),
        K.mean(layers.LayerNormalization()(layers.MultiHeadAttention(1, 2)(q, q)), axis=1),
    ]
    total = layers.BatchNormalization()(layers.Concatenate()(h))
    model = Model(
        [a, b, c, q], [layers.Dense(3, activation="softmax", name="p")(total), layers.Dense(1, name="v")(total)]
    )
    model.export(tmp_path / "m.onnx", format="onnx", opset_version=18, verbose=False)
    assert onnx.load(tmp_path / "m.onnx").opset_import[0].version == 18
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    shapes = {x.name: x.shape for x in session.get_inputs()}
    assert shapes["c"] == ["batch", 4, 4, 1]
    assert shapes["q"] == ["batch", "dim_3_1", 2]
    assert [y.name for y in session.get_outputs()] == ["p", "v"]
    for size in (1, 6):
        x = [*batch([(2, 2), (2,), (4, 4, 1), (size + 2, 2)], size)]
        x[1] = RNG.integers(0, 3, (size, 2)).astype("int32")
        outputs = session.run(None, dict(zip("abcq", x)))
        for got, expected in zip(outputs, model(x), strict=True):
            close(got, expected)


def test_onnx_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    with pytest.raises(ImportError, match="pip install onnx onnxscript"):
        model.export(tmp_path / "m.onnx", format="onnx")
