"""TensorFlow Recommenders: two towers trained for retrieval, and an index of the items."""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import kerasish

kerasish.install()

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs

tf.keras.utils.set_random_seed(0)
users, items = (np.array([f"{kind}{i}" for i in range(6)]) for kind in "ui")
seen = tf.data.Dataset.from_tensor_slices({"user": np.tile(users, 20), "item": np.tile(items, 20)})


def tower(names):
    lookup = tf.keras.layers.StringLookup(vocabulary=names, mask_token=None)
    return tf.keras.Sequential([lookup, tf.keras.layers.Embedding(len(names) + 1, 8)])


class Retrieval(tfrs.Model):
    def __init__(self):
        super().__init__()
        self.users, self.items = tower(users), tower(items)
        self.task = tfrs.tasks.Retrieval()

    def compute_loss(self, features, training=False):
        return self.task(self.users(features["user"]), self.items(features["item"]))


model = Retrieval()
model.compile(optimizer=tf.keras.optimizers.Adagrad(0.5))
losses = model.fit(seen.batch(12), epochs=10, verbose=0).history["loss"]
assert losses[-1] < losses[0], losses
rows = tf.data.Dataset.from_tensor_slices(items).batch(3)
index = tfrs.layers.factorized_top_k.BruteForce(model.users, k=1)
index.index_from_dataset(tf.data.Dataset.zip((rows, rows.map(model.items))))
_, found = index(tf.constant(users))
assert [name.decode() for name in found.numpy()[:, 0]] == items.tolist(), found
print(f"loss {losses[0]:.3f} to {losses[-1]:.3f}, all items found")
