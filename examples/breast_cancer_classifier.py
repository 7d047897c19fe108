"""Malignant or benign from thirty measurements of a cell: a binary classifier with callbacks and a saved model.

python -m kerasish examples/breast_cancer_classifier.py
"""

import os
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import tensorflow as tf
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(1)

data = load_breast_cancer(as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, test_size=0.2, random_state=1)
mean, std = X_train.mean(), X_train.std()
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std
assert isinstance(X_train, pd.DataFrame)

model = keras.Sequential(
    [
        keras.Input(shape=(30,)),
        layers.Dense(32, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-3)),
        layers.BatchNormalization(),
        layers.Dense(16, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    optimizer="adam",
    loss="binary_crossentropy",
    metrics=[
        "accuracy",
        keras.metrics.Precision(name="precision"),
        keras.metrics.Recall(name="recall"),
        keras.metrics.AUC(name="auc"),
    ],
)

best = os.path.join(tempfile.mkdtemp(), "best.keras")
history = model.fit(
    X_train,
    y_train,
    epochs=100,
    batch_size=32,
    validation_split=0.2,
    verbose=0,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=4, min_lr=1e-5),
        keras.callbacks.ModelCheckpoint(best, monitor="val_loss", save_best_only=True),
    ],
)
print(f"stopped after {len(history.epoch)} epochs")

loss, accuracy, precision, recall, auc = model.evaluate(X_test, y_test, verbose=0)
print(f"accuracy {accuracy:.3f}  precision {precision:.3f}  recall {recall:.3f}  AUC {auc:.3f}")

restored = keras.models.load_model(best)
difference = tf.reduce_max(tf.abs(restored(X_test.to_numpy()) - model(X_test.to_numpy())))
print(f"saved and loaded again: largest difference {difference.numpy():.1e}")

plt.plot(history.history["loss"], label="loss")
plt.plot(history.history["val_loss"], label="val_loss")
plt.legend()
plt.savefig("breast_cancer_history.png")
