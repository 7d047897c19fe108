"""Write the models of models.py with one library, or read what another wrote and compare.

    python round_trip.py write LIBRARY FOLDER     # LIBRARY: keras, tf_keras or kerasish
    python round_trip.py check LIBRARY FOLDER     # predictions, and the loss of a further step of training, as the writer
                                                  # had them

Files of each model: NAME.keras, NAME.h5, NAME.weights.h5 (Keras 2: NAME.weights-only.h5), and NAME.npz with what the writer
computed after two steps of training.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import sys
import warnings
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
from models import KERAS_3_ONLY, MODELS, custom_objects, weighted

# (who reads, file) → why it cannot: neither can it read such a file of its own.
KNOWN = {
    ("keras", "attention.h5"): "in legacy files of Keras 2's form Keras 3 has no tensors among keyword arguments",
    ("keras", "operations.h5"): "Keras 3 has no operations in legacy files",
    ("keras", "preprocessing.h5"): "Keras 3 has no operations in legacy files",
    ("tf_keras", "custom.h5"): "Keras 2 does not read the registered activation that it writes",
}


def inference(net: Any, x: Any) -> list[np.ndarray]:
    """Predictions, of a stateful model from its zero state."""
    reset = getattr(net, "reset_states", None)
    for layer in net.layers:
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
            layer.reset_states()
        elif getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()
    if reset is not None:
        reset()
    out = net(x, training=False)
    parts = out if isinstance(out, (list, tuple)) else [out]
    return [np.asarray(part.detach() if hasattr(part, "detach") else part) for part in parts]


def step(net: Any, x: Any, y: Any) -> float:
    """The loss of one step of training, whose update counts."""
    logs = net.train_on_batch(x, y)
    return float(np.ravel(np.asarray(logs[0] if isinstance(logs, (list, tuple)) else logs))[0])


def without_dropout(net: Any) -> None:
    for layer in net.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0.0


def write(library: str, folder: pathlib.Path) -> None:
    """All models of a library, in every format that it has."""
    keras = importlib.import_module(library)
    is_old = keras.__version__.startswith("2")
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in MODELS.items():
        if is_old and name in KERAS_3_ONLY:
            continue
        net, x, y = build(keras)
        weighted(net)
        without_dropout(net)
        if y is not None:
            for _ in range(2):
                inference(net, x)  # states of recurrent layers start from zero
                step(net, x, y)
        for ending in (".keras", ".h5"):
            if name != "subclassed" or ending == ".keras":
                net.save(folder / f"{name}{ending}" if not is_old else str(folder / f"{name}{ending}"))
        net.save_weights(str(folder / (f"{name}.weights-only.h5" if is_old else f"{name}.weights.h5")))
        found = {f"out{i}": part for i, part in enumerate(inference(net, x))}
        if y is not None:
            found["loss"] = step(net, x, y)
            found |= {f"next{i}": part for i, part in enumerate(inference(net, x))}
        np.savez_compressed(folder / f"{name}.npz", **found)
    (folder / "writer.json").write_text(json.dumps({"library": library, "version": keras.__version__}) + "\n")


def differences(net: Any, x: Any, y: Any, stored: Any, trains: bool) -> str:
    """Empty if a loaded model predicts, and trains on, as its writer did."""
    for i, part in enumerate(inference(net, x)):
        if not np.allclose(part, stored[f"out{i}"], rtol=1e-5, atol=1e-6):
            return f"output {i} differs by {np.abs(part - stored[f'out{i}']).max():.1e}"
    if y is None or not trains:
        return ""
    loss = step(net, x, y)
    if not np.isclose(loss, stored["loss"], rtol=1e-4, atol=1e-6):
        return f"the loss is {loss}, the writer's {float(stored['loss'])}"
    for i, part in enumerate(inference(net, x)):
        if not np.allclose(part, stored[f"next{i}"], rtol=1e-3, atol=1e-5):
            return f"after a step of training output {i} differs by {np.abs(part - stored[f'next{i}']).max():.1e}"
    return ""


def ways(keras: Any, folder: pathlib.Path, name: str) -> dict:
    """File → what reads it; (model, does the optimizer go on?)."""
    build, objects = MODELS[name], custom_objects(keras)

    def whole(path: pathlib.Path) -> tuple:
        net = keras.models.load_model(str(path), custom_objects=objects)
        return net, not (path.suffix == ".h5" and keras.__name__ == "keras")  # Keras 3 leaves optimizers of .h5 behind

    def weights(path: pathlib.Path) -> tuple:
        net = build(keras)[0]
        net.load_weights(str(path))
        return net, False  # the optimizer of a model that was not trained has no state to load

    is_old = keras.__version__.startswith("2")
    readers = {".h5": whole} if is_old else {".keras": whole, ".h5": whole, ".weights.h5": weights}
    if keras.__name__ == "kerasish" or is_old:
        readers[".weights-only.h5"] = weights
    if is_old and (folder / f"{name}.weights-only.h5").exists():
        readers[".keras"] = whole  # Keras 2's own
    return {f"{name}{ending}": reader for ending, reader in readers.items() if (folder / f"{name}{ending}").exists()}


def check(library: str, folder: pathlib.Path) -> list[str]:
    """One line for each file that is not read as it was written."""
    keras = importlib.import_module(library)
    wrong = []
    for name in MODELS:
        if not (folder / f"{name}.npz").exists() or (keras.__version__.startswith("2") and name in KERAS_3_ONLY):
            continue
        stored = np.load(folder / f"{name}.npz")
        for file, reader in ways(keras, folder, name).items():
            _, x, y = MODELS[name](keras)
            try:
                net, trains = reader(folder / file)
                without_dropout(net)
                said = differences(net, x, y, stored, trains)
            except Exception as error:
                said = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
            print(f"{file}: {said or 'equal'}")
            if said and (library, file) not in KNOWN:
                wrong.append(f"{file}: {said}")
    return wrong


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    mode, library, folder = sys.argv[1:]
    if mode == "write":
        write(library, pathlib.Path(folder))
    else:
        sys.exit(1 if check(library, pathlib.Path(folder)) else 0)
