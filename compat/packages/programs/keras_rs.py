"""Feature crosses learn a product; ranking losses, metrics and retrieval give what they should."""

import kerasish

kerasish.install()
import keras
import keras_rs
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(256, 4)).astype("float32")
inputs = keras.Input((4,))
model = keras.Model(inputs, keras.layers.Dense(1)(keras_rs.layers.FeatureCross()(inputs)))
model.compile(keras.optimizers.Adam(0.02), "mse")
losses = model.fit(x, x[:, :1] * x[:, 1:2], epochs=20, verbose=0).history["loss"]
assert losses[-1] < 0.3 * losses[0]
metric = keras_rs.metrics.NDCG()
metric.update_state(np.array([[1.0, 0.0, 2.0]]), np.array([[0.2, 0.1, 0.9]]))
assert abs(float(metric.result()) - 1.0) < 1e-6
candidates = np.eye(4, dtype="float32")
_, found = keras_rs.layers.BruteForceRetrieval(candidates, k=1)(candidates[2:3])
assert np.asarray(found).tolist() == [[2]]
print(f"loss {losses[0]:.3f} to {losses[-1]:.3f}")
