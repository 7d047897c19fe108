"""Optimizers in Keras 2's style, weight normalization, metrics and a decoder with attention of TensorFlow Addons."""

import kerasish

kerasish.install()
import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa
from tensorflow import keras

rng = np.random.default_rng(0)
x = rng.normal(size=(128, 6)).astype("float32")
y = np.eye(3, dtype="float32")[np.argmax(x[:, :3], 1)]
scores = []
for optimizer in (
    tfa.optimizers.AdamW(1e-4, 0.02),
    tfa.optimizers.LAMB(0.02),
    tfa.optimizers.Lookahead(tfa.optimizers.RectifiedAdam(0.02)),
    tfa.optimizers.SWA(keras.optimizers.Adam(0.02), start_averaging=100, average_period=5),
):
    keras.utils.set_random_seed(1)
    hidden = tfa.layers.WeightNormalization(keras.layers.Dense(16, activation=tfa.activations.mish))
    model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(3, activation="softmax")])
    model.compile(optimizer, tfa.losses.SigmoidFocalCrossEntropy(), metrics=[tfa.metrics.F1Score(3, "macro")])
    scores.append(model.fit(x, y, epochs=15, verbose=0).history["f1_score"][-1])
    assert scores[-1] > 0.7, type(optimizer)

memory = tf.constant(rng.normal(size=(2, 5, 6)), tf.float32)
cell = tfa.seq2seq.AttentionWrapper(
    keras.layers.LSTMCell(6), tfa.seq2seq.LuongAttention(6, memory), attention_layer_size=6
)
decoder = tfa.seq2seq.BasicDecoder(cell, tfa.seq2seq.TrainingSampler(), keras.layers.Dense(7))
start = cell.get_initial_state(batch_size=2, dtype=tf.float32)
outputs, _, lengths = decoder(tf.random.normal((2, 4, 3)), initial_state=start, sequence_length=[4, 3])
assert tuple(outputs.rnn_output.shape) == (2, 4, 7) and lengths.numpy().tolist() == [4, 3]
turned = tfa.image.rotate(tf.constant(rng.uniform(size=(1, 4, 4, 1)), tf.float32), np.pi / 2)
assert tuple(turned.shape) == (1, 4, 4, 1)
print("F1", *(f"{score:.2f}" for score in scores))
