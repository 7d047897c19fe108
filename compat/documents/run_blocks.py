"""Runs the documents' code blocks, as they stand, each in a namespace with the names that it takes for granted.

    python -m kerasish compat/documents/run_blocks.py RESULT.json [BLOCK ...]

Writes for each block what it printed and the exception it ended with, if any.
"""

import contextlib
import io
import json
import pathlib
import sys
import traceback

import matplotlib

matplotlib.use("Agg")
import numpy as np
import tensorflow as tf
from tensorflow.keras import Input, Model, Sequential
from tensorflow.keras.layers import Activation, Dense

BLOCKS = pathlib.Path(__file__).with_name("blocks")


def data():
    rng = np.random.default_rng(0)
    x = rng.random((4000, 4)).astype("float32")
    y = (x.sum(axis=1) > 2).astype("int32")
    return x, y


def three_dense():
    return Sequential(
        [Dense(16, input_shape=(4,), activation="relu"), Dense(8, activation="relu"), Dense(1, activation="sigmoid")]
    )


def compiled():
    model = three_dense()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def prelude(name):
    """The names that the document has introduced before a block, or takes for granted."""
    names = {
        "tf": tf,
        "np": np,
        "Dense": Dense,
        "Activation": Activation,
        "Input": Input,
        "Model": Model,
        "Sequential": Sequential,
    }
    if "_tensors_" in name:
        names["t"] = tf.constant([[1, 2, 3], [4, 5, 6]])
    if "_layers_" in name:
        names["inputs1"], names["inputs2"] = tf.keras.Input((8,)), tf.keras.Input((8,))
    if "_sequential_" in name:
        names["model"] = three_dense() if name.startswith(("26", "27")) else Sequential()
    if "_functional_" in name:
        names["inputs"] = Input(shape=(4,))
        names["outputs"] = Dense(1)(names["inputs"])
        names["layer1"] = names["layer2"] = names["output_layer"] = Dense(4)
    if "_training_" in name or name.startswith(("13", "27")):
        x, y = data()
        names.update(X_train=x, y_train=y, X_val=x[:320], y_val=y[:320], X_test=x[:1024], y_test=y[:1024], X_new=x[:5])
    if "_training_" in name or name.startswith("13"):
        names["model"] = compiled()
    if name.startswith("38"):
        names["model"] = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    if name.startswith("41"):
        names["history"] = compiled().fit(*data(), epochs=1, validation_split=0.2, verbose=0)
    return names


def run(path):
    printed, failure = io.StringIO(), None
    namespace = {"__name__": "__main__", **prelude(path.name)}
    tf.keras.backend.clear_session()  # automatic names begin anew, as at the top of a document's chapter
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
    with contextlib.redirect_stdout(printed):
        try:
            exec(code, namespace)
        except Exception:
            failure = traceback.format_exc()
    return {"printed": printed.getvalue(), "failure": failure}


def main(result, *wanted):
    tf.keras.utils.set_random_seed(0)
    paths = [p for p in sorted(BLOCKS.glob("*.py")) if not wanted or p.name in wanted]
    found = {}
    for path in paths:
        tf.keras.backend.clear_session()
        found[path.name] = run(path)
    pathlib.Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
