"""Datasets as the data of models."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from data_checks import Dataset, numbers

import kerasish as keras
from kerasish import tf

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
Y = X.sum(1, keepdims=True)
W = np.arange(8, dtype=np.float32) / 4


def model(lr=0.1):
    inputs = keras.Input((3,))
    made = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(inputs))
    made.compile(keras.optimizers.SGD(lr), "mse", metrics=["mae"])
    return made


def slices(*arrays):
    return Dataset.from_tensor_slices(arrays)


def history(data, **kwargs):
    return {name: np.round(v, 5).tolist() for name, v in model().fit(data, verbose=0, **kwargs).history.items()}


@pytest.mark.parametrize(
    "make",
    [
        lambda: slices(X, Y).batch(4),
        lambda: slices(X, Y).batch(4).prefetch(tf.data.AUTOTUNE),
        lambda: slices(X, Y).map(lambda x, y: (x, y)).batch(4),
        lambda: slices(X, Y).cache().batch(4, drop_remainder=True),
        lambda: Dataset.from_generator(
            lambda: zip(X, Y), output_signature=(tf.TensorSpec([3], tf.float32), tf.TensorSpec([1], tf.float32))
        ).batch(4),
        lambda: slices(X.astype("float64"), Y.astype("float64")).batch(4),
    ],
)
def test_fit_is_the_same_as_on_arrays(make):
    expected = model().fit(X, Y, batch_size=4, shuffle=False, epochs=3, verbose=0).history
    found = model().fit(make(), epochs=3, verbose=0).history
    for name, numbers_ in expected.items():
        np.testing.assert_allclose(found[name], numbers_, rtol=1e-5)


def test_weights_in_triples():
    expected = model().fit(X, Y, sample_weight=W, batch_size=4, shuffle=False, verbose=0).history["loss"]
    found = model().fit(slices(X, Y, W).batch(4), verbose=0).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(
        model().evaluate(slices(X, Y, W).batch(4), verbose=0)[0],
        model().evaluate(X, Y, sample_weight=W, batch_size=4, verbose=0)[0],
        rtol=1e-5,
    )


def test_validation_data_as_dataset():
    found = history(slices(X, Y).batch(4), validation_data=slices(X, Y).batch(8), epochs=2)
    assert found["val_loss"] == history(slices(X, Y).batch(4), validation_data=(X, Y), epochs=2)["val_loss"]


def test_steps_per_epoch_of_an_endless_dataset_go_on():
    whole = history(slices(X, Y).batch(2), epochs=1)["loss"]
    parts = history(slices(X, Y).batch(2).repeat(), steps_per_epoch=2, epochs=2)["loss"]
    assert np.mean(parts) == pytest.approx(whole[0], abs=1e-5)


def test_data_that_ends_too_early_warns():
    with pytest.warns(UserWarning, match="ran out of data"):
        model().fit(slices(X, Y).batch(4), steps_per_epoch=5, verbose=0)


def test_inputs_by_name():
    a, b = keras.Input((1,), name="a"), keras.Input((2,), name="b")
    made = keras.Model({"a": a, "b": b}, keras.layers.Dense(1)(keras.layers.Concatenate()([a, b])))
    made.compile("sgd", "mse")
    data = Dataset.from_tensor_slices(({"b": X[:, 1:], "a": X[:, :1]}, Y)).batch(3)
    np.testing.assert_allclose(
        made.predict(data, verbose=0), made.predict({"a": X[:, :1], "b": X[:, 1:]}, verbose=0), rtol=1e-5
    )
    assert np.isfinite(made.fit(data, verbose=0).history["loss"]).all()


def test_predict_takes_x_alone_or_the_first_part():
    made = model()
    expected = made.predict(X, verbose=0)
    np.testing.assert_allclose(made.predict(Dataset.from_tensor_slices(X).batch(3), verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(made.predict(slices(X, Y).batch(3), verbose=0), expected, rtol=1e-5)
    assert made.predict(slices(X, Y).batch(2).repeat(), steps=3, verbose=0).shape == (6, 1)


def test_targets_beside_a_dataset_are_refused():
    with pytest.raises(ValueError, match="`y` should not be passed"):
        model().fit(slices(X, Y).batch(2), Y)
    with pytest.raises(ValueError, match="validation_split"):
        model().fit(slices(X, Y).batch(2), validation_split=0.5)


def seen_by_training(**kwargs):
    """Which numbers training saw, of 0 … 7 in an order that a seed gives."""
    seen = []
    data = numbers(8).shuffle(8, seed=1).map(lambda i: seen.append(int(i)) or (tf.fill([3], 1.0), tf.fill([1], 1.0)))
    made = model()
    made.fit(data.batch(2), verbose=0, **kwargs)
    return seen, made, data.batch(2)


def test_epochs_have_kerass_orders():
    """Recorded from Keras on TensorFlow, which begins a pass more at the end of each epoch."""
    seen, made, data = seen_by_training(epochs=2)
    assert seen == [0, 1, 3, 6, 5, 2, 7, 4, 7, 3, 1, 5, 6, 0, 2, 4]
    seen.clear()
    made.fit(data, epochs=2, verbose=0)
    assert seen == [6, 1, 0, 3, 4, 2, 7, 5, 0, 5, 4, 2, 1, 7, 3, 6]
    seen.clear()
    made.evaluate(data, verbose=0)
    made.predict(data, verbose=0)
    assert seen == [0, 2, 3, 5, 6, 7, 4, 1, 2, 1, 0, 5, 7, 6, 3, 4]


def test_epochs_of_some_steps_go_on_in_the_order():
    seen, *_ = seen_by_training(epochs=2, steps_per_epoch=2)
    assert seen == [0, 1, 3, 6, 5, 2, 7, 4]


def test_fit_runs_a_dataset_with_functions_on_text():
    data = Dataset.from_tensor_slices((["a b", "b c", "c"], [0.0, 1.0, 1.0]))
    data = data.map(lambda s, y: (tf.cast(tf.strings.length(s), tf.float32)[tf.newaxis] * tf.ones([3]), y)).batch(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(model(0.001).fit(data, verbose=0).history["loss"]).all()


def test_custom_loops_over_a_dataset():
    made = model()
    optimizer = keras.optimizers.SGD(0.1)
    losses = []
    for _ in range(3):
        for x, y in slices(X, Y).shuffle(8, seed=1).batch(4):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((made(x, training=True) - y - 1.0) ** 2)
            optimizer.apply_gradients(zip(tape.gradient(loss, made.trainable_variables), made.trainable_variables))
            losses.append(float(loss))
    assert losses[-1] < losses[0] / 2
