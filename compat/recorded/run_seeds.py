"""What a global seed gives: the initial weights of models, and the order in which ``fit`` and datasets shuffle."""

from __future__ import annotations

from typing import Any

import numpy as np
from case_values import as_array, build

NUMBERS = 4  # of each weight that are stored, with its sum and its sum of squares


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(case["seed"])
    return KINDS[case["kind"]](keras, tf, case)


def weights(keras: Any, tf: Any, case: dict) -> dict:
    """The first numbers of each weight, and sums over it."""
    model = sequential(keras, case) if "layers" in case else functional(keras, case)
    arrays = {}
    for weight in model.weights:
        values = as_array(weight)
        flat = values.astype("float64").ravel()
        arrays[weight.path] = values.ravel()[:NUMBERS]
        arrays[f"{weight.path}/sums"] = np.array([flat.sum(), (flat * flat).sum()], "float32")
    return {"facts": {"weights": [[w.path, list(w.shape)] for w in model.weights]}, "arrays": arrays}


def sequential(keras: Any, case: dict) -> Any:
    model = keras.Sequential([build(layer, keras) for layer in case["layers"]])
    model.build(tuple([None, *case["shape"]]))
    return model


def functional(keras: Any, case: dict) -> Any:
    """Two towers with a shared layer, attention, and a model inside."""
    layers = keras.layers
    left, right = keras.Input((4, 3)), keras.Input((5, 3))
    shared = layers.Dense(4, kernel_initializer=case["initializer"], name="shared")
    attended = layers.MultiHeadAttention(2, 3, name="heads")(shared(left), shared(right))
    within = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)], name="within")
    out = layers.Dense(1)(layers.Flatten()(within(attended)))
    return keras.Model([left, right], out)


def order(keras: Any, tf: Any, case: dict) -> dict:
    """The rows in the order in which ``fit`` sees them."""
    seen = []

    class Watching(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> dict:
            seen.append(as_array(data[0]).ravel().astype("int32"))
            return {"loss": tf.constant(0.0)}

    model = Watching()
    model.compile("sgd", "mse", run_eagerly=True)
    rows = np.arange(case["rows"], dtype="float32")[:, None]
    options = {"verbose": 0, "batch_size": case["batch_size"], "epochs": 2, "shuffle": case["shuffle"]}
    for _ in range(case.get("fits", 1)):
        model.fit(rows, rows, **options, **case.get("options", {}))
    return {"facts": {"sizes": [len(batch) for batch in seen]}, "arrays": {"order": np.concatenate(seen)}}


def indexed(keras: Any, tf: Any, case: dict) -> dict:
    """The order in which ``fit`` asks a PyDataset for its batches."""
    asked: list[int] = []

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return case["rows"]

        def __getitem__(self, index: int) -> tuple:
            return np.full((1, 1), index, "float32"), np.zeros((1, 1), "float32")

    class Watching(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> dict:
            asked.append(int(as_array(data[0])[0, 0]))
            return {"loss": tf.constant(0.0)}

    model = Watching()
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(Batches(), epochs=2, shuffle=True, verbose=0)
    return {"arrays": {"order": np.array(asked, "int32")}}


def dataset(keras: Any, tf: Any, case: dict) -> dict:
    """A dataset's elements in two passes."""
    made = tf.data.Dataset.range(case["rows"]).shuffle(case["buffer"], **case.get("options", {}))
    if case.get("batch"):
        made = made.batch(case["batch"]).unbatch()
    passes = [[int(x) for x in made.as_numpy_iterator()] for _ in range(2)]
    return {"arrays": {"order": np.array(passes, "int32")}}


def generator(keras: Any, tf: Any, case: dict) -> dict:
    """Numbers of a SeedGenerator, of the global generator, and of initializers without a seed, one after another."""
    seeds = keras.random.SeedGenerator(case["seed"])
    arrays = {}
    for turn in range(3):
        arrays[f"given{turn}"] = as_array(keras.random.normal((3,), seed=seeds))
        arrays[f"global{turn}"] = as_array(keras.random.uniform((3,)))
        arrays[f"int{turn}"] = as_array(keras.random.randint((4,), 0, 100, seed=seeds))
        arrays[f"initial{turn}"] = as_array(keras.initializers.HeNormal()((2, 2)))
    arrays["state"] = as_array(seeds.state.value)
    own = keras.random.SeedGenerator()
    arrays["own"] = as_array(keras.random.normal((3,), seed=own))
    return {"facts": {"config": seeds.get_config()}, "arrays": arrays}


def draw(keras: Any, tf: Any, case: dict) -> dict:
    """What a function of ``keras.random`` gives for an integer seed."""
    return {"arrays": {"drawn": as_array(getattr(keras.random, case["name"])(**case["args"], seed=case["draw_seed"]))}}


KINDS = {
    "draw": draw,
    "weights": weights,
    "order": order,
    "indexed": indexed,
    "dataset": dataset,
    "generator": generator,
}
