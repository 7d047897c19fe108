"""A graph convolution network of Spektral learns the classes of a graph's nodes."""

import kerasish

kerasish.install()
import numpy as np
import tensorflow as tf
from spektral.data import Dataset, Graph
from spektral.data.loaders import SingleLoader
from spektral.layers import GATConv, GCNConv
from spektral.transforms import GCNFilter

rng = np.random.default_rng(0)


class Blocks(Dataset):
    """Two groups of nodes with edges mostly within them."""

    def read(self):
        labels = np.arange(60) % 2
        edges = rng.uniform(size=(60, 60)) < np.where(labels[:, None] == labels, 0.3, 0.02)
        edges = np.triu(edges, 1)
        features = rng.normal(size=(60, 8)) + 0.3 * labels[:, None]
        return [Graph(x=features.astype("float32"), a=(edges | edges.T).astype("float32"), y=np.eye(2)[labels])]


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.attention, self.last = GCNConv(8, "relu"), GATConv(8), GCNConv(2, "softmax")

    def call(self, inputs):
        x, a = inputs
        return self.last([self.attention([self.first([x, a]), a]), a])


model = Net()
model.compile(tf.keras.optimizers.Adam(0.02), "categorical_crossentropy", weighted_metrics=["accuracy"])
loader = SingleLoader(Blocks(transforms=GCNFilter()), epochs=40)
history = model.fit(loader.load(), steps_per_epoch=loader.steps_per_epoch, epochs=40, verbose=0).history
assert history["accuracy"][-1] > 0.9
print(f"loss {history['loss'][0]:.3f} to {history['loss'][-1]:.3f}, accuracy {history['accuracy'][-1]:.2f}")
