"""The round trip of whole files for keras.applications: each library reads what the others wrote and predicts the same.

    python compat/files/applications.py write LIBRARY FOLDER [ARCHITECTURE…]    # LIBRARY: keras, tf_keras or kerasish
    python compat/files/applications.py check LIBRARY FOLDER [ARCHITECTURE…]

Weights are the initial ones, each moved a little so that none is the constant that it began as. Without architectures: one
of each family. Files of each: NAME.keras, NAME.h5, NAME.weights.h5 (Keras 2: NAME.weights-only.h5) and NAME.npz with the
writer's predictions.
"""

from __future__ import annotations

import importlib
import os
import pathlib
import sys
import warnings
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np

FAMILIES = (
    "ConvNeXtTiny DenseNet121 EfficientNetB0 EfficientNetV2B0 InceptionResNetV2 InceptionV3 MobileNet MobileNetV2 "
    "MobileNetV3Small NASNetMobile ResNet50 ResNet50V2 VGG16 Xception"
).split()


def build(keras: Any, name: str) -> Any:
    net = getattr(keras.applications, name)(weights=None, classes=3, input_shape=(96, 96, 3))
    net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def moved(net: Any) -> None:
    rng = np.random.default_rng(5)
    values = []
    for value in net.get_weights():
        noise = rng.uniform(-1, 1, np.shape(value))
        values.append((value * (1 + 0.1 * noise) + 0.01 * noise).astype(value.dtype))
    net.set_weights(values)


def images() -> np.ndarray:
    return np.random.default_rng(3).uniform(0, 255, (2, 96, 96, 3)).astype("float32")


def write(library: str, folder: pathlib.Path, names: list[str]) -> None:
    keras = importlib.import_module(library)
    is_old = keras.__version__.startswith("2")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        net = build(keras, name)
        moved(net)
        net.save(str(folder / f"{name}.keras"))
        net.save(str(folder / f"{name}.h5"))
        net.save_weights(str(folder / (f"{name}.weights-only.h5" if is_old else f"{name}.weights.h5")))
        np.savez(folder / f"{name}.npz", out=net.predict(images(), verbose=0))
        keras.backend.clear_session()


def check(library: str, folder: pathlib.Path, names: list[str]) -> bool:
    """Print a line for each file; whether all were read as they were written."""
    keras = importlib.import_module(library)
    is_old = keras.__version__.startswith("2")
    good = True
    for name in names:
        stored = np.load(folder / f"{name}.npz")["out"]
        of_keras_2 = (folder / f"{name}.weights-only.h5").exists()
        endings = [".keras", ".h5", ".weights-only.h5" if of_keras_2 else ".weights.h5"]
        if is_old and not of_keras_2:
            endings = [".h5"]
        for ending in endings:
            try:
                if "weights" in ending:
                    net = build(keras, name)
                    net.load_weights(str(folder / f"{name}{ending}"))
                else:
                    net = keras.models.load_model(str(folder / f"{name}{ending}"))
                found = net.predict(images(), verbose=0)
                # networks of some hundred layers, one sum after another in float32
                is_equal = np.allclose(found, stored, rtol=1e-3, atol=1e-4)
                said = "equal" if is_equal else f"differs by {np.abs(found - stored).max():.1e}"
            except Exception as error:
                said = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
            print(f"{name}{ending}: {said}", flush=True)
            good = good and said == "equal"
            keras.backend.clear_session()
    return good


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    mode, library, folder, *names = sys.argv[1:]
    if mode == "write":
        write(library, pathlib.Path(folder), names or FAMILIES)
    else:
        sys.exit(0 if check(library, pathlib.Path(folder), names or FAMILIES) else 1)
