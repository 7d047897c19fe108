"""The same program on each device: CUDA, where there is one, gives the numbers of the CPU."""

import warnings

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import tf

layers = keras.layers

GPU = pytest.param(
    "/GPU:0",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
    ],
)
DEVICES = ["/CPU:0", GPU]

_rng = np.random.default_rng(0)
ROWS = _rng.normal(size=(70, 6)).astype("float32")
IMAGES = _rng.normal(size=(70, 8, 8, 3)).astype("float32")
WORDS = _rng.integers(0, 9, (70, 7))
CLASSES = _rng.integers(0, 3, 70)


def mlp():
    return ROWS, [layers.Dense(8, "relu"), layers.Dropout(0.2, seed=1), layers.Dense(3)]


def cnn():
    return IMAGES, [
        layers.Conv2D(4, 3, padding="same"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.DepthwiseConv2D(3),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3),
    ]


def lstm():
    return WORDS, [layers.Embedding(9, 4, mask_zero=True), layers.LSTM(5), layers.Dense(3)]


def gru():
    return WORDS, [layers.Embedding(9, 4), layers.Bidirectional(layers.GRU(5)), layers.Dense(3)]


class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.attention, self.norm = layers.MultiHeadAttention(2, 4), layers.LayerNormalization()

    def call(self, x):
        return self.norm(x + self.attention(x, x, use_causal_mask=True))


def transformer():
    return WORDS, [layers.Embedding(9, 4), Block(), layers.GlobalAveragePooling1D(), layers.Dense(3)]


MODELS = [mlp, cnn, lstm, gru, transformer]


def compiled(make, optimizer="adam", jit_compile=False):
    keras.utils.set_random_seed(0)
    x, parts = make()
    model = keras.Sequential([keras.Input(x.shape[1:], dtype=x.dtype.name), *parts])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=jit_compile)
    return model, x


def trained(make, **options):
    model, x = compiled(make, **options)
    history = model.fit(x, CLASSES, batch_size=16, epochs=3, shuffle=False, verbose=0).history
    weights = [v.numpy() for v in model.weights]
    return history, model.evaluate(x, CLASSES, verbose=0), model.predict(x, verbose=0), weights


@pytest.fixture(scope="module", params=MODELS, ids=lambda make: make.__name__)
def model_and_results(request):
    with tf.device("/CPU:0"):
        return request.param, trained(request.param)


@pytest.fixture
def without_tf32():
    """Products in float32, as the CPU has them."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    yield
    tf.config.experimental.enable_tensor_float_32_execution(before)


def assert_close(one, other, tolerance=1e-4):
    for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("device", DEVICES)
def test_training_has_the_history_of_the_cpu(device, model_and_results, without_tf32):
    make, expected = model_and_results
    with tf.device(device):
        assert_close(trained(make), expected)


@pytest.mark.parametrize("device", [GPU])
def test_a_step_recorded_on_the_device_is_the_eager_one(device, model_and_results, without_tf32):
    make, expected = model_and_results
    with tf.device(device):
        assert_close(trained(make, jit_compile=True), expected)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains_near_float32(device, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        with tf.device(device):
            history, _, _, weights = trained(mlp)
    finally:
        keras.config.set_dtype_policy(before)
    with tf.device("/CPU:0"):
        expected = trained(mlp)[0]
    assert all(w.dtype == "float32" for w in weights)
    assert_close(history["loss"], expected["loss"], 3e-2)


@pytest.mark.parametrize("device", [GPU])
@pytest.mark.parametrize("make", MODELS)
def test_a_step_does_not_wait_for_the_device(device, make):
    with tf.device(device):
        model, x = compiled(make)
        model.fit(x, CLASSES, batch_size=16, verbose=0)  # what is made in the first steps
        step, batch = model._the_step(), (torch.as_tensor(x[:16]).cuda(), torch.as_tensor(CLASSES[:16]).cuda(), None)
        step.train(*batch)
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
        try:
            for _ in range(3):
                step.train(*batch)
        finally:
            torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_files_go_from_one_device_to_another(device, name, tmp_path):
    with tf.device(device):
        model, x = compiled(cnn)
        model.fit(x, CLASSES, verbose=0)
        expected = model.predict(x, verbose=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # .h5 is called old
            (model.save_weights if "weights" in name else model.save)(tmp_path / name)
    with tf.device("/CPU:0"):
        if "weights" in name:
            loaded, _ = compiled(cnn)
            loaded.optimizer.build(loaded.trainable_variables)
            loaded.load_weights(tmp_path / name)
        else:
            loaded = keras.models.load_model(tmp_path / name)
        assert "CPU" in loaded.weights[0].device
        assert_close(loaded.predict(x, verbose=0), expected)


@pytest.mark.parametrize("device", DEVICES)
def test_a_loop_with_a_tape_keeps_to_the_device(device):
    with tf.device(device):
        model, x = compiled(mlp, "sgd")
        optimizer = keras.optimizers.Adam(0.01)
        data = tf.data.Dataset.from_tensor_slices((x, CLASSES)).batch(16).prefetch(2)
        losses = []
        for _ in range(3):
            for rows, classes in data:
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(
                        tf.nn.sparse_softmax_cross_entropy_with_logits(classes, model(rows, training=True))
                    )
                optimizer.apply_gradients(
                    zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
                )
                losses.append(loss)
        kind = device.strip("/").partition(":")[0]
        assert all(kind in loss.device for loss in losses) and kind in optimizer.variables[-1].device
        assert float(losses[-1]) < float(losses[0])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_gpu_is_the_default_and_is_listed():
    assert tf.config.list_physical_devices("GPU")
    assert "GPU:0" in tf.constant(1.0).device
    assert "GPU:0" in layers.Dense(2)(np.ones((1, 2), "float32")).device
    info = tf.config.experimental.get_memory_info("GPU:0")
    assert info["peak"] >= info["current"] > 0
