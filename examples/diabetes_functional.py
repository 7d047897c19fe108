"""How far diabetes progresses in a year: a functional model with two inputs, a custom layer and two outputs.

python -m kerasish examples/diabetes_functional.py
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import tensorflow as tf
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(5)


class Gate(layers.Layer):
    """Scales each feature by a learnt factor between 0 and 1, and prefers factors near 0."""

    def __init__(self, penalty=1e-4, **kwargs):
        super().__init__(**kwargs)
        self.penalty = penalty

    def build(self, input_shape):
        self.logits = self.add_weight(name="logits", shape=(input_shape[-1],), initializer="zeros")

    def call(self, inputs):
        gate = tf.sigmoid(self.logits)
        self.add_loss(self.penalty * tf.reduce_sum(gate))
        return inputs * gate

    def get_config(self):
        return {**super().get_config(), "penalty": self.penalty}


X, y = load_diabetes(return_X_y=True)
severe = (y > 200).astype("float32")
target = ((y - y.mean()) / y.std()).astype("float32")
body, blood = X[:, :4].astype("float32"), X[:, 4:].astype("float32")  # age, sex, BMI, pressure | six serum values
split = train_test_split(body * 10, blood * 10, target, severe, test_size=0.2, random_state=5)
body_train, body_test, blood_train, blood_test, y_train, y_test, s_train, s_test = split

body_in = keras.Input(shape=(4,), name="body")
blood_in = keras.Input(shape=(6,), name="blood")
a = layers.Dense(16, activation="relu")(body_in)
b = layers.Dense(16, activation="relu")(Gate(name="gate")(blood_in))
h = layers.Concatenate()([a, b])
shared = layers.Dense(32, activation="relu")
r = layers.Add()([shared(h), layers.Dense(32)(h)])  # a residual connection
progression = layers.Dense(1, name="progression")(r)
risk = layers.Dense(1, activation="sigmoid", name="risk")(r)
model = keras.Model(inputs=[body_in, blood_in], outputs=[progression, risk], name="diabetes")
model.summary()

model.compile(
    optimizer="adam",
    loss={"progression": "mse", "risk": "binary_crossentropy"},
    loss_weights={"progression": 1.0, "risk": 0.5},
    metrics={"progression": ["mae"], "risk": ["accuracy"]},
)
history = model.fit(
    {"body": body_train, "blood": blood_train},
    {"progression": y_train, "risk": s_train},
    epochs=60,
    batch_size=32,
    validation_split=0.1,
    verbose=0,
)
results = model.evaluate([body_test, blood_test], [y_test, s_test], verbose=0, return_dict=True)
print({name: round(value, 3) for name, value in results.items()})

features = keras.Model(model.inputs, r)  # a model on an intermediate result, sharing the weights
print("features:", features.predict([body_test, blood_test], verbose=0).shape)
print("gate:", tf.sigmoid(model.get_layer("gate").logits).numpy().round(2))

plt.plot(history.history["loss"], label="loss")
plt.plot(history.history["val_loss"], label="val_loss")
plt.legend()
plt.savefig("diabetes_history.png")
