"""DeepFM and DIN of DeepCTR learn clicks from features of categories, numbers and sequences."""

import kerasish

kerasish.install()
import numpy as np
from deepctr.feature_column import DenseFeat, SparseFeat, VarLenSparseFeat, get_feature_names
from deepctr.models import DIN, DeepFM

rng = np.random.default_rng(0)
user, item, price = rng.integers(0, 10, 256), rng.integers(1, 6, 256), rng.normal(size=256).astype("float32")
clicks = (item > 3).astype("float32")
columns = [SparseFeat("user", 10, embedding_dim=4), SparseFeat("item", 6, embedding_dim=4), DenseFeat("price", 1)]

model = DeepFM(columns, columns, task="binary", dnn_hidden_units=(8,))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
data = {"user": user, "item": item, "price": price}
history = model.fit([data[name] for name in get_feature_names(columns)], clicks, epochs=30, verbose=0).history
assert history["accuracy"][-1] > 0.9

past = VarLenSparseFeat(
    SparseFeat("hist_item", 6, embedding_dim=4, embedding_name="item"), maxlen=4, length_name="seen"
)
data |= {"hist_item": rng.integers(1, 6, (256, 4)), "seen": rng.integers(1, 5, 256)}
net = DIN([*columns, past], ["item"], dnn_hidden_units=(8,))
net.compile("adam", "binary_crossentropy")
losses = net.fit(data, clicks, epochs=10, verbose=0).history["loss"]
assert losses[-1] < 0.8 * losses[0]
print(f"DeepFM accuracy {history['accuracy'][-1]:.2f}, DIN loss {losses[0]:.3f} to {losses[-1]:.3f}")
