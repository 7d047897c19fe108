"""One trial of a graph of blocks, exported as a model."""

import tempfile

import kerasish

kerasish.install()
import autokeras
import numpy as np

x = np.random.default_rng(0).random((80, 5)).astype("float32")
block = autokeras.DenseBlock(num_layers=1, num_units=16)
node = autokeras.Input()
head = autokeras.RegressionHead()(block(node))
search = autokeras.AutoModel(inputs=node, outputs=head, max_trials=1, directory=tempfile.mkdtemp(), overwrite=True)
search.fit(x, x[:, :1], epochs=20, verbose=0)
error = search.evaluate(x, x[:, :1], verbose=0)[0]
assert error < np.mean(x[:, 0] ** 2)
assert search.export_model().predict(x, verbose=0).shape == (80, 1)
print(f"error {error:.3f}")
