"""A grid search over a classifier, and its pickle."""

import pickle

import kerasish

kerasish.install()
import keras
import numpy as np
from scikeras.wrappers import KerasClassifier
from sklearn.model_selection import GridSearchCV

rng = np.random.default_rng(0)
x = rng.normal(size=(200, 6)).astype("float32")
y = (x @ rng.normal(size=6) > 0).astype(int)


def build(meta, hidden):
    inputs = keras.Input((meta["n_features_in_"],))
    return keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(keras.layers.Dense(hidden, "relu")(inputs)))


model = KerasClassifier(
    build, loss="binary_crossentropy", optimizer="adam", hidden=8, epochs=10, verbose=0, random_state=1
)
search = GridSearchCV(model, {"hidden": [2, 8], "optimizer__learning_rate": [0.001, 0.05]}, cv=2, error_score="raise")
search.fit(x, y)
again = pickle.loads(pickle.dumps(search.best_estimator_))
assert (again.predict(x) == search.predict(x)).all()
assert search.best_score_ > 0.8
print(f"best {search.best_params_}, accuracy {search.best_score_:.2f}")
