"""Three species of iris from four measurements: a small multi-class classifier.

python -m kerasish examples/iris_classifier.py
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow.keras.layers import Dense, Dropout
from tensorflow.keras.models import Sequential

tf.keras.utils.set_random_seed(7)

X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=7)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)

model = Sequential(
    [
        Dense(16, activation="relu", input_shape=(4,)),
        Dropout(0.1),
        Dense(16, activation="relu"),
        Dense(3, activation="softmax"),
    ]
)
model.summary()
model.compile(
    optimizer=tf.keras.optimizers.Adam(learning_rate=0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
)
history = model.fit(X_train, y_train, epochs=60, batch_size=16, validation_split=0.2, verbose=0)

loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
predicted = np.argmax(model.predict(X_test, verbose=0), axis=1)
print("confusion matrix:")
print(tf.math.confusion_matrix(y_test, predicted).numpy())
print(f"Test Loss: {loss:.4f}, Test Accuracy: {accuracy:.4f}")

plt.plot(history.history["accuracy"], label="train_acc")
plt.plot(history.history["val_accuracy"], label="val_acc")
plt.xlabel("epoch")
plt.legend()
plt.savefig("iris_history.png")
