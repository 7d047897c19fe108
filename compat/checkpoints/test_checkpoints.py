"""Checkpoints that the real TensorFlow wrote, with Keras 2 and with Keras 3, read here; and the names that are written."""

import pathlib

import numpy as np
import pytest
from checkpoint_models import models, state, variables

import kerasish as keras
import kerasish.tf as tf

FILES = pathlib.Path(__file__).parent / "files"
NAMES = ["stack", "steps", "pictures", "nested", "subclassed"]


@pytest.fixture(scope="module")
def made():
    return models(keras)


def write_all(folder):
    """What ``record.py read`` compares with the real libraries."""
    for name, model in models(keras).items():
        tf.train.Checkpoint(model=model).write(f"{folder}/{name}")
        np.savez(f"{folder}/{name}.npz", **state(model))
    tf.train.Checkpoint(**variables(tf)).write(f"{folder}/variables")


def assert_restored(model, name):
    expected, own = np.load(FILES / f"{name}.npz"), state(model)
    assert set(expected.files) == set(own)
    for key in expected.files:
        np.testing.assert_array_equal(own[key], expected[key])


def cleared(model):
    model.set_weights([w * 0 for w in model.get_weights()])
    return model


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_of_keras_3_is_read(made, name):
    status = tf.train.Checkpoint(model=cleared(made[name])).read(str(FILES / f"keras3_{name}"))
    status.assert_consumed()
    assert_restored(made[name], f"keras3_{name}")


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_keras_2_are_read(made, name):
    status = cleared(made[name]).load_weights(FILES / f"keras2_{name}")
    status.assert_existing_objects_matched()
    assert_restored(made[name], f"keras2_{name}")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_keras_3(made, name, tmp_path):
    tf.train.Checkpoint(model=made[name]).write(tmp_path / "c")
    assert tf.train.list_variables(tmp_path / "c") == tf.train.list_variables(FILES / f"keras3_{name}")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_keras_2(made, name, tmp_path):
    made[name].save_weights(tmp_path / "ckpt")
    assert tf.train.list_variables(tmp_path / "ckpt") == tf.train.list_variables(FILES / f"keras2_{name}")


def test_variables_of_every_dtype_are_read():
    own = tf.train.Checkpoint(**{name: tf.Variable(tf.zeros_like(v)) for name, v in variables(tf).items()})
    own.read(FILES / "variables").assert_existing_objects_matched()
    for name, expected in variables(tf).items():
        assert getattr(own, name).dtype == expected.dtype
        np.testing.assert_array_equal(getattr(own, name).numpy(), expected.numpy())
