"""TensorFlow Model Optimization: half of a model's weights pruned away while it is trained."""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import kerasish

kerasish.install()

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot

tf.keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
y = (x[:, 0] > 0).astype("int32")
model = tf.keras.Sequential([tf.keras.layers.Dense(16, "relu", input_shape=(6,)), tf.keras.layers.Dense(2, "softmax")])
schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, 0.5, begin_step=0, end_step=60, frequency=10)
pruned = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)
pruned.compile("adam", "sparse_categorical_crossentropy")
steps = [tfmot.sparsity.keras.UpdatePruningStep()]
losses = pruned.fit(x, y, batch_size=8, epochs=20, callbacks=steps, verbose=0).history["loss"]
stripped = tfmot.sparsity.keras.strip_pruning(pruned)
zeros = float((stripped.get_weights()[0] == 0).mean())
assert losses[-1] < losses[0] and abs(zeros - 0.5) < 0.02, (losses, zeros)
print(f"loss {losses[0]:.3f} to {losses[-1]:.3f}, {zeros:.2f} of the first kernel is zero")
