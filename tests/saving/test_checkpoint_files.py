"""Weights as checkpoints of TensorFlow's."""

import numpy as np
import pytest

import kerasish as keras
import kerasish.tf as tf
from kerasish.saving import checkpoint_files


def dense(units=2):
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])


@pytest.mark.parametrize(
    "name", ["training_1/cp.ckpt", "checkpoints/my_checkpoint", "ckpt-{epoch}", "my_ckpt/w", "yolov3_{epoch}.tf"]
)
def test_names_of_checkpoints_are_known(name):
    assert checkpoint_files.is_prefix(name)


@pytest.mark.parametrize(
    "name", ["ww", "ckpt/w.weights.h5", "checkpoint.keras", "foo.txt", "ckpt/old/w", "checkpoint.h5"]
)
def test_other_names_are_not(name):
    assert not checkpoint_files.is_prefix(name)


@pytest.mark.parametrize(("name", "kwargs"), [("cp.ckpt", {}), ("w", {"save_format": "tf"})])
def test_weights_are_saved_and_loaded(tmp_path, name, kwargs):
    model, other = dense(), dense()
    model.save_weights(tmp_path / name, **kwargs)
    assert tf.train.latest_checkpoint(tmp_path) == str(tmp_path / name)
    other.load_weights(tf.train.latest_checkpoint(tmp_path)).assert_consumed()
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_a_callback_writes_checkpoints(tmp_path):
    model = dense()
    model.compile("adam", "mse")
    callback = keras.callbacks.ModelCheckpoint(str(tmp_path / "cp-{epoch:02d}.ckpt"), save_weights_only=True)
    model.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=2, verbose=0, callbacks=[callback])
    assert tf.train.latest_checkpoint(tmp_path) == str(tmp_path / "cp-02.ckpt")
    other = dense()
    other.compile("adam", "mse")
    other.load_weights(tmp_path / "cp-02.ckpt").expect_partial()
    other.optimizer.build(other.trainable_variables)  # its state waited for this
    np.testing.assert_array_equal(other.optimizer.variables[3].numpy(), model.optimizer.variables[3].numpy())
    assert int(other.optimizer.iterations) == 2


def test_weights_of_a_model_that_is_not_built_wait(tmp_path):
    model, other = dense(), keras.Sequential([keras.layers.Dense(2)])
    model.save_weights(tmp_path / "ckpt")
    other.load_weights(tmp_path / "ckpt")
    x = np.ones((1, 3), "float32")
    np.testing.assert_array_equal(other(x), model(x))


def test_what_does_not_fit_leaves_the_model_alone(tmp_path):
    dense(4).save_weights(tmp_path / "ckpt")
    model = dense()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"Received incompatible tensor with shape \(3, 4\)"):
        model.load_weights(tmp_path / "ckpt")
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    with pytest.raises(NotImplementedError, match="by_name"):
        model.load_weights(tmp_path / "ckpt", by_name=True)
    (tmp_path / "ckpt.index").write_bytes(b"junk" * 100)
    with pytest.raises(tf.errors.DataLossError, match="not an sstable"):
        model.load_weights(tmp_path / "ckpt")


def test_states_of_batches_of_another_size_are_left_as_they_are(tmp_path):
    def made(batch_size):
        inputs = keras.Input(batch_shape=(batch_size, 3, 2))
        return keras.Model(inputs, keras.layers.LSTM(2, stateful=True)(inputs))

    trained, single = made(4), made(1)
    trained(np.ones((4, 3, 2), "float32"))
    trained.save_weights(str(tmp_path / "ckpt"))
    single.load_weights(str(tmp_path / "ckpt"))
    np.testing.assert_array_equal(single.get_weights()[0], trained.get_weights()[0])
    assert not np.any(single.layers[1].states[0])
    again = made(4)
    again.load_weights(str(tmp_path / "ckpt"))
    np.testing.assert_array_equal(again.layers[1].states[0], trained.layers[1].states[0])


def test_programs_for_keras_2_write_weights_of_any_name_as_a_checkpoint(tmp_path, monkeypatch):
    model, other, path = dense(), dense(), str(tmp_path / "mlp.params")
    with pytest.raises(ValueError, match="weights.h5"):
        model.save_weights(path)
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    model.save_weights(path)
    other.load_weights(path)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
