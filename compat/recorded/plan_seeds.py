"""Models built after ``set_random_seed``, and things that are shuffled after it."""

from __future__ import annotations

from case_values import made

INITIALIZERS = """glorot_normal glorot_uniform he_normal he_uniform lecun_normal lecun_uniform orthogonal random_normal
random_uniform truncated_normal variance_scaling""".split()


def layer(name: str, /, **args) -> dict:
    return made("layers", name, **args)


STACKS = {
    "dense": ([layer("Dense", units=5), layer("Dense", units=3), layer("Dense", units=2)], [4]),
    "conv1d": ([layer("Conv1D", filters=4, kernel_size=3), layer("Conv1DTranspose", filters=2, kernel_size=2)], [9, 3]),
    "conv2d": (
        [
            layer("Conv2D", filters=4, kernel_size=3),
            layer("BatchNormalization"),
            layer("DepthwiseConv2D", kernel_size=2),
            layer("SeparableConv2D", filters=3, kernel_size=2),
            layer("Conv2DTranspose", filters=2, kernel_size=3),
            layer("Flatten"),
            layer("Dense", units=2),
        ],
        [8, 8, 3],
    ),
    "conv3d": (
        [layer("Conv3D", filters=2, kernel_size=2), layer("Conv3DTranspose", filters=2, kernel_size=2)],
        [4, 4, 4, 2],
    ),
    "lstm": ([layer("LSTM", units=3, return_sequences=True), layer("LSTM", units=2)], [5, 4]),
    "gru": ([layer("GRU", units=3, return_sequences=True), layer("SimpleRNN", units=2)], [5, 4]),
    "bidirectional": ([layer("Bidirectional", layer=layer("LSTM", units=3))], [5, 4]),
    "embedding": ([layer("Embedding", input_dim=9, output_dim=4), layer("GRU", units=2)], [5]),
    "normal": ([layer("LayerNormalization"), layer("PReLU"), layer("GroupNormalization", groups=2)], [5, 4]),
    "einsum": ([layer("EinsumDense", equation="abc,cd->abd", output_shape={"$": "tuple", "items": [None, 5]})], [3, 4]),
    "distributed": ([layer("TimeDistributed", layer=layer("Dense", units=3)), layer("Dropout", rate=0.5)], [3, 4]),
    "dropouts": ([layer("Dense", units=3), layer("Dropout", rate=0.5), layer("Dense", units=2)], [4]),
    "noise": ([layer("GaussianNoise", stddev=0.5), layer("Dense", units=3), layer("AlphaDropout", rate=0.1)], [4]),
    "policy": ([layer("Dense", units=3, dtype="float64"), layer("Dense", units=3, dtype="mixed_float16")], [4]),
    "spectral": ([layer("SpectralNormalization", layer=layer("Dense", units=3)), layer("Dense", units=2)], [4]),
    "seeded": (
        [
            layer("Dense", units=3, kernel_initializer=made("initializers", "HeNormal", seed=5)),
            layer("Dense", units=3, bias_initializer="random_normal"),
        ],
        [4],
    ),
}
ORDERS = [
    {"rows": 10, "batch_size": 4, "shuffle": True},
    {"rows": 257, "batch_size": 32, "shuffle": True},
    {"rows": 7, "batch_size": 7, "shuffle": True, "fits": 2},
    {"rows": 20, "batch_size": 3, "shuffle": True, "options": {"validation_split": 0.25}},
    {"rows": 10, "batch_size": 4, "shuffle": "batch"},
    {"rows": 33, "batch_size": 10, "shuffle": "batch"},
    {"rows": 10, "batch_size": 4, "shuffle": False},
]
DATASETS = [
    {"rows": 12, "buffer": 12},
    {"rows": 30, "buffer": 7},
    {"rows": 12, "buffer": 12, "options": {"seed": 5}},
    {"rows": 12, "buffer": 5, "options": {"seed": 5, "reshuffle_each_iteration": False}},
    {"rows": 20, "buffer": 40, "batch": 3},
]
DRAWS = [
    ("normal", {"shape": [2, 3], "mean": [1.0, 2.0, 3.0], "stddev": [[1.0], [2.0]]}),
    ("truncated_normal", {"shape": [2, 3], "mean": -1.0, "stddev": [0.5, 1.0, 2.0]}),
    ("uniform", {"shape": [3], "minval": [[0.25], [0.5]], "maxval": 3.0}),
    ("uniform", {"shape": [], "minval": -2, "maxval": 5, "dtype": "float64"}),
    ("uniform", {"shape": [2, 0, 3]}),
    ("randint", {"shape": [5], "minval": 2**33, "maxval": 2**31 - 1}),
    ("randint", {"shape": [5], "minval": -500, "maxval": 500, "dtype": "int8"}),
    ("randint", {"shape": [5], "minval": -(2**40), "maxval": 2**50, "dtype": "int64"}),
    *(
        ("binomial", {"shape": [6], "counts": count, "probabilities": p, "dtype": dtype})
        for count, p in ((100, 0.9), (1000, 0.99), (1000, 0.01), (33, 0.4), (5, 0.7), (-3, 1.0), (7, 1.0))
        for dtype in ("float32", "float64", "int32")
    ),
    ("gamma", {"shape": [4, 3], "alpha": [0.3, 1.0, 4.0]}),
    ("gamma", {"shape": [5], "alpha": 0.5, "dtype": "float64"}),
    ("beta", {"shape": [2, 3], "alpha": [[0.5], [2.0]], "beta": [1.0, 2.0, 3.0]}),
    ("categorical", {"logits": [[0.0, 1.0, -1.0], [3.0, 0.0, 0.0]], "num_samples": 7}),
    ("shuffle", {"x": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "axis": 1}),
    *(
        ("dropout", {"inputs": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "rate": rate, "noise_shape": noise})
        for rate in (0.25, 1.0)
        for noise in (None, [None, 1], [3, 2], [2], [2, 3, 2])
    ),
]


def cases() -> list[dict]:
    """All cases, by name."""
    made_cases = []
    for name, (layers, shape) in STACKS.items():
        for seed in (0, 1337):
            data = {"kind": "weights", "seed": seed, "layers": layers, "shape": shape}
            made_cases.append({"id": f"weights-{name}-{seed}", **data})
    for name in INITIALIZERS:
        layers = [layer("Dense", units=4, kernel_initializer=name) for _ in range(2)]
        data = {"kind": "weights", "seed": 3, "layers": layers, "shape": [5]}
        made_cases.append({"id": f"weights-{name}", **data})
        made_cases.append({"id": f"model-{name}", "kind": "weights", "seed": 4, "initializer": name})
    for kind, rows in (("order", ORDERS), ("dataset", DATASETS)):
        for number, data in enumerate(rows):
            for seed in (0, 1, 2**31 - 1):
                uses = ["keras.utils.set_random_seed"]
                made_cases.append({"id": f"{kind}-{number}-{seed}", "kind": kind, "seed": seed, "uses": uses, **data})
    for number, (name, args) in enumerate(DRAWS):
        for seed in (5, 2**31 + 3):
            uses = [f"keras.random.{name}"]
            data = {"kind": "draw", "seed": 1, "name": name, "args": args, "draw_seed": seed}
            made_cases.append({"id": f"draw-{number}-{name}-{seed}", "uses": uses, **data})
    for seed in (0, 42):
        made_cases.append({"id": f"indexed-{seed}", "kind": "indexed", "seed": seed, "rows": 6})
        uses = ["keras.random.SeedGenerator"]
        made_cases.append({"id": f"generator-{seed}", "kind": "generator", "seed": seed, "uses": uses})
    return made_cases
