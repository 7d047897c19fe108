"""A temporal convolution network learns the first value of a series, and is loaded from a file."""

import tempfile

import kerasish

kerasish.install()
import keras
import numpy as np
from tcn import TCN

x = np.random.default_rng(0).normal(size=(128, 10, 1)).astype("float32")
model = keras.Sequential([keras.Input((10, 1)), TCN(8, kernel_size=3, dilations=(1, 2, 4)), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.01), "mse")
losses = model.fit(x, x[:, 0], epochs=10, verbose=0).history["loss"]
assert losses[-1] < 0.6 * losses[0]
path = f"{tempfile.mkdtemp()}/model.keras"
model.save(path)
again = keras.models.load_model(path, custom_objects={"TCN": TCN})
np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
print(f"loss {losses[0]:.3f} to {losses[-1]:.3f}")
