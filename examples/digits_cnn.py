"""Handwritten digits, 8×8 pixels: a convolutional network on a tf.data pipeline.

python -m kerasish examples/digits_cnn.py
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tensorflow.keras import layers, models

tf.random.set_seed(3)
np.random.seed(3)

digits = load_digits()
images = (digits.images / 16.0).astype("float32")[..., np.newaxis]
x_train, x_test, y_train, y_test = train_test_split(images, digits.target, test_size=0.2, random_state=3)

train = (
    tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(len(x_train)).batch(32).prefetch(tf.data.AUTOTUNE)
)
test = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(64)

model = models.Sequential()
model.add(layers.Conv2D(16, (3, 3), activation="relu", padding="same", input_shape=(8, 8, 1)))
model.add(layers.BatchNormalization())
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(32, (3, 3), activation="relu", padding="same"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dropout(0.25))
model.add(layers.Dense(10))
model.summary()

model.compile(
    optimizer="adam", loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
)
history = model.fit(train, epochs=12, validation_data=test, verbose=2)
test_loss, test_acc = model.evaluate(test, verbose=0)
print(f"Test accuracy: {test_acc:.4f}")

probabilities = tf.nn.softmax(model.predict(x_test[:8], verbose=0))
figure, axes = plt.subplots(1, 8, figsize=(12, 2))
for axis, image, row in zip(axes, x_test, probabilities.numpy()):
    axis.imshow(image[..., 0], cmap="gray_r")
    axis.set_title(f"{row.argmax()} ({row.max():.0%})", fontsize=8)
    axis.axis("off")
figure.savefig("digits_cnn.png")
