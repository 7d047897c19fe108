"""Tagging with self-attention over a bidirectional LSTM, with masked padding."""

import kerasish

kerasish.install()
import keras
import numpy as np
from keras_self_attention import SeqSelfAttention

x = np.random.default_rng(0).integers(1, 10, (64, 6))
model = keras.Sequential(
    [
        keras.layers.Embedding(10, 8, mask_zero=True),
        keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True)),
        SeqSelfAttention(attention_activation="sigmoid", attention_width=3, attention_regularizer_weight=1e-4),
        keras.layers.Dense(2, activation="softmax"),
    ]
)
model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, (x > 5).astype(int)[..., None], epochs=12, verbose=0).history
assert history["accuracy"][-1] > 0.8 and history["loss"][-1] < history["loss"][0]
accuracy = history["accuracy"][-1]
print(f"accuracy {accuracy:.2f}")
