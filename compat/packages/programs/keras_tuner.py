"""Three tuners on a small model, and their results read again."""

import tempfile

import kerasish

kerasish.install()
import keras
import keras_tuner
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(128, 6)).astype("float32")
y = (x[:, 0] > 0).astype("float32")


def build(hp):
    layers = [keras.layers.Dense(hp.Choice("units", [4, 8]), "relu") for _ in range(hp.Int("depth", 1, 2))]
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(1, "sigmoid")])
    rate = hp.Float("rate", 1e-3, 1e-1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


for kind, limits in (
    (keras_tuner.RandomSearch, {"max_trials": 3}),
    (keras_tuner.Hyperband, {"max_epochs": 4}),
    (keras_tuner.BayesianOptimization, {"max_trials": 3}),
):
    options = {"objective": "val_accuracy", "directory": tempfile.mkdtemp(), "seed": 3, **limits}
    tuner = kind(build, **options)
    tuner.search(x, y, validation_data=(x, y), epochs=4, verbose=0)
    best = tuner.get_best_models()[0].predict(x, verbose=0)
    other = kind(build, overwrite=False, **options)
    other.reload()
    np.testing.assert_allclose(other.get_best_models()[0].predict(x, verbose=0), best, rtol=1e-6)
    assert ((best[:, 0] > 0.5) == y).mean() > 0.7
print(tuner.get_best_hyperparameters()[0].values)
