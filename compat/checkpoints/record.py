"""Writes ``files/``: checkpoints of the real libraries, and the values in them.

python compat/checkpoints/record.py keras3        with tensorflow and keras 3
python compat/checkpoints/record.py keras2        with tensorflow and tf_keras
python compat/checkpoints/record.py read FOLDER   with tensorflow and keras 3: reads what kerasish wrote there
"""

from __future__ import annotations

import os
import pathlib
import sys

import numpy as np
from checkpoint_models import models, state, variables

HERE = pathlib.Path(__file__).parent / "files"


def main(what: str, folder: str = "") -> None:
    if what == "keras2":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow as tf

    keras = __import__("tf_keras" if what == "keras2" else "keras")
    if what == "read":
        read(tf, keras, folder)
        return
    HERE.mkdir(exist_ok=True)
    for name, model in models(keras).items():
        prefix = str(HERE / f"{what}_{name}")
        if what == "keras2":
            model.save_weights(prefix)
        else:
            tf.train.Checkpoint(model=model).write(prefix)
        np.savez_compressed(f"{prefix}.npz", **state(model))
    if what == "keras3":
        checkpoint = tf.train.Checkpoint(**variables(tf), listed=[tf.Variable(1.0)], mapped={"a": tf.Variable([2.0])})
        checkpoint.write(str(HERE / "variables"))
    (HERE / "checkpoint").unlink(missing_ok=True)


def read(tf: object, keras: object, folder: str) -> None:
    """Compare what kerasish wrote (see ``test_checkpoints.write_all``) with the values beside it."""
    for name, model in models(keras).items():
        expected = np.load(f"{folder}/{name}.npz")
        model.set_weights([w * 0 for w in model.get_weights()])
        tf.train.Checkpoint(model=model).read(f"{folder}/{name}").assert_existing_objects_matched()
        own = state(model)
        assert all(np.array_equal(own[key], expected[key]) for key in expected.files), name
    own = tf.train.Checkpoint(**{k: tf.Variable(tf.zeros_like(v)) for k, v in variables(tf).items()})
    own.read(f"{folder}/variables").assert_existing_objects_matched()
    for name, value in variables(tf).items():
        np.testing.assert_array_equal(getattr(own, name).numpy(), value.numpy())
    print("all is equal")


if __name__ == "__main__":
    main(*sys.argv[1:])
