"""A character-level language model of Python's own documentation: an LSTM that continues a sentence.

python -m kerasish examples/char_lstm.py
"""

from pydoc_data import topics  # the text of Python's language reference, in the standard library

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import LSTM, Dense, Embedding
from tensorflow.keras.models import Sequential

tf.keras.utils.set_random_seed(11)

text = " ".join("".join(topics.topics[name] for name in ("for", "while", "if", "with", "function", "class")).split())
chars = sorted(set(text))
index = {c: i for i, c in enumerate(chars)}
encoded = np.array([index[c] for c in text], dtype="int32")
print(f"{len(text)} characters, {len(chars)} different ones")

length = 40
starts = np.arange(0, len(encoded) - length - 1, 3)
x = np.stack([encoded[i : i + length] for i in starts])
y = encoded[starts + length]

model = Sequential(
    [
        Embedding(len(chars), 24, input_length=length),
        LSTM(96),
        Dense(len(chars), activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer=tf.keras.optimizers.RMSprop(learning_rate=0.01))
history = model.fit(x, y, batch_size=128, epochs=6, verbose=2)
print(f"loss went from {history.history['loss'][0]:.2f} to {history.history['loss'][-1]:.2f}")


def sample(probabilities, temperature):
    """Draw one index; low temperatures prefer likely characters."""
    logits = np.log(np.asarray(probabilities, "float64") + 1e-9) / temperature
    scaled = np.exp(logits - logits.max())
    return np.random.choice(len(scaled), p=scaled / scaled.sum())


window = list(encoded[:length])
written = []
for _ in range(160):
    probabilities = model(np.array([window]), training=False)[0]
    window = window[1:] + [sample(probabilities, 0.5)]
    written.append(chars[window[-1]])
print(f"{text[:length]!r} goes on:")
print("".join(written))
