"""Cases of the layers that prepare features: numbers, categories, text, sound, tables. Every argument is drawn."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from case_values import array, integers, made, normal, texts, uniform

WORDS = ["ant", "bee", "cat", "dog", "", "eel fly", "Fox!", "ünï"]
LINES = ["the cat, the dog", "A bee.", "", "dog dog cat", "ünï  code", "the-end"]
SHAPES = [(5,), (4, 1), (3, 4), (2, 3, 2)]


def cases() -> list[dict]:
    found = []
    for kind, (make, count) in PLANS.items():
        for number in range(count):
            draw = random.Random(f"{kind}{number}")
            found.append({"id": f"{kind}-{number}", **make(draw, number)})
    return [*found, *({"id": f"refused-{i}", **case} for i, case in enumerate(refusals()))]


def _pick(draw: random.Random, **options: list) -> dict:
    """One value for each argument; None stands for the default."""
    return {name: value for name, values in options.items() if (value := draw.choice(values)) is not None}


def _layer(name: str, **args: Any) -> dict:
    return made("layers", name, name="layer", **args)


def _way(draw: random.Random) -> str:
    """How ``adapt`` is given its data."""
    return draw.choice(["array", "array", "dataset", "batches", "generator"])


# numbers --------------------------------------------------------------------------------------------------------------


def _normalization(draw: random.Random, seed: int) -> dict:
    shape = draw.choice([(6, 3), (5, 2, 3), (4, 2, 3, 2)])
    args = _pick(draw, axis=[None, -1, [-1], [1], [1, -1], [0]], invert=[None, True], dtype=[None, None, "float64"])
    case = {"inputs": [normal(*shape, seed=seed, shift=1.0, dtype=args.get("dtype", "float32"))]}
    if draw.random() < 0.3 and "axis" not in args:
        args.update(
            draw.choice([{"mean": 1.5, "variance": 2.0}, {"mean": [0.1] * shape[-1], "variance": [3] * shape[-1]}])
        )
    else:
        data = normal(*shape, seed=seed + 50, scale=2.0) if draw.random() < 0.8 else integers(*shape, high=9, seed=seed)
        case["adapt"] = {"data": data, "way": "array" if args.get("axis") == [0] else _way(draw)}
    return {"layer": _layer("Normalization", **args), **case}


def _discretization(draw: random.Random, seed: int) -> dict:
    args = _pick(draw, output_mode=[None, "int", "one_hot", "multi_hot", "count"], dtype=[None, None, "float64"])
    shape = draw.choice(SHAPES)
    x = normal(*shape, seed=seed) if draw.random() < 0.7 else integers(*shape, low=-2, high=4, seed=seed)
    if draw.random() < 0.5:
        boundaries = draw.choice([[0.0, 1.0], [-1.5, -0.5, 0.25, 2.0], [0]])
        return {"layer": _layer("Discretization", bin_boundaries=boundaries, **args), "inputs": [x]}
    args.update(num_bins=draw.randint(2, 6), **_pick(draw, epsilon=[None, 0.1, 0.3]))
    data = normal(draw.choice([9, 60, 300]), 2, seed=seed + 9)
    return {"layer": _layer("Discretization", **args), "inputs": [x], "adapt": {"data": data, "way": _way(draw)}}


def _category(draw: random.Random, seed: int) -> dict:
    args = _pick(draw, output_mode=[None, "one_hot", "multi_hot", "count"], dtype=[None, None, "float64", "int32"])
    shape = draw.choice(SHAPES)
    case = {"inputs": [integers(*shape, high=6, seed=seed, dtype=draw.choice(["int32", "int64", "float32"]))]}
    if args.get("output_mode") == "count" and draw.random() < 0.5:
        case["call"] = {"count_weights": uniform(*shape, seed=seed)}
    return {"layer": _layer("CategoryEncoding", num_tokens=6, **args), **case}


# hashes ---------------------------------------------------------------------------------------------------------------


def _hashing(draw: random.Random, seed: int) -> dict:
    args = _pick(draw, salt=[None, 7, [1, 2]], output_mode=[None, "int", "one_hot", "multi_hot", "count"])
    shape = draw.choice(SHAPES)
    text = draw.random() < 0.5
    x = texts(*shape, words=WORDS, seed=seed) if text else integers(*shape, low=-3, high=9, seed=seed)
    if draw.random() < 0.3:
        args["mask_value"] = "cat" if text else 2
    return {"layer": _layer("Hashing", num_bins=draw.choice([1, 3, 11]), **args), "inputs": [x]}


def _crossing(draw: random.Random, seed: int) -> dict:
    args = _pick(draw, output_mode=[None, "int", "one_hot"])
    shape = draw.choice([(5,), (4, 1)])
    columns = [
        texts(*shape, words=WORDS, seed=seed + i)
        if draw.random() < 0.5
        else integers(*shape, high=99, seed=seed + i, dtype=draw.choice(["int32", "int64"]))
        for i in range(2)
    ]
    return {"layer": _layer("HashedCrossing", num_bins=draw.choice([3, 17]), **args), "inputs": [columns]}


# vocabularies ---------------------------------------------------------------------------------------------------------


def _lookup(draw: random.Random, seed: int, name: str, known: list, column: Callable) -> dict:
    args = _pick(
        draw, output_mode=[None, "int", "one_hot", "multi_hot", "count", "tf_idf"], num_oov_indices=[None, 1, 3]
    )
    if draw.random() < 0.3:
        args["mask_token"] = known[-1]
    shape = draw.choice([(5,), (4, 1), (3, 4)])
    case: dict[str, Any] = {"inputs": [column(shape, seed)]}
    mode = args.get("output_mode", "int")
    if draw.random() < 0.5:
        case["adapt"] = {"data": column((9, 3), seed + 70), "way": _way(draw)}
        args.update(_pick(draw, max_tokens=[None, 6]))
        if "max_tokens" in args:
            args.update(_pick(draw, pad_to_max_tokens=[None, True]))
    else:
        args["vocabulary"] = known[:4]
        if mode == "tf_idf":
            args["idf_weights"] = [0.5, 1.0, 1.5, 2.0]
    if mode == "int" and "vocabulary" in args and draw.random() < 0.4:
        args["invert"] = True
        case["inputs"] = [integers(*shape, low=-1, high=9, seed=seed, dtype="int64")]
    return {"layer": _layer(name, **args), **case}


def _string_lookup(draw: random.Random, seed: int) -> dict:
    return _lookup(draw, seed, "StringLookup", WORDS[:4] + [""], lambda s, i: texts(*s, words=WORDS, seed=i))


def _integer_lookup(draw: random.Random, seed: int) -> dict:
    def column(shape: tuple, number: int) -> dict:
        return integers(*shape, low=-2, high=9, seed=number, dtype="int64")

    return _lookup(draw, seed, "IntegerLookup", [4, -1 - draw.randint(1, 9), 7, 1, 0], column)


def _vectorization(draw: random.Random, seed: int) -> dict:
    args = _pick(
        draw,
        output_mode=[None, None, "multi_hot", "count", "tf_idf"],
        standardize=[None, None, "lower", "strip_punctuation"],
        split=[None, None, "whitespace", "character"],
        ngrams=[None, None, 2, {"$": "tuple", "items": [1, 3]}],
        max_tokens=[None, None, 8],
    )
    if "output_mode" not in args:
        args.update(_pick(draw, output_sequence_length=[None, 3, 9]))
    elif "max_tokens" in args:
        args.update(_pick(draw, pad_to_max_tokens=[None, True]))
    case: dict[str, Any] = {"inputs": [texts(*draw.choice([(4,), (3, 1)]), words=LINES, seed=seed)]}
    if draw.random() < 0.6:
        case["adapt"] = {
            "data": texts(8, words=LINES, seed=seed + 20),
            "way": draw.choice(["array", "dataset", "batches"]),
        }
    else:
        args["vocabulary"] = ["dog", "the", "cat", "t", "e", "dog dog"]
        args.pop("max_tokens", None), args.pop("pad_to_max_tokens", None)
        if args.get("output_mode") == "tf_idf":
            args["idf_weights"] = [0.5, 1.0, 1.5, 2.0, 0.25, 0.75]
    return {"layer": _layer("TextVectorization", **args), **case}


# sound ----------------------------------------------------------------------------------------------------------------


def _stft(draw: random.Random, seed: int) -> dict:
    frame = draw.choice([4, 5, 8, 16])
    args = _pick(
        draw,
        mode=[None, "log", "magnitude", "psd", "real", "imag", "stft", "angle"],
        frame_step=[None, 1, 3, frame],
        fft_length=[None, None, 16, 32],
        window=["hamming", "blackman", "tukey", "parzen", "nuttall", [0.5 + i % 3 for i in range(frame)]],
        periodic=[None, True],
        scaling=[None, "spectrum"],
        padding=[None, "same"],
        expand_dims=[None, True],
        dtype=[None, "float64"],
    )
    if draw.random() < 0.2:
        args["window"] = None
    x = normal(
        draw.randint(1, 2), draw.choice([16, 21]), draw.randint(1, 3), seed=seed, dtype=args.get("dtype", "float32")
    )
    through = {"through": "cos"} if args.get("mode") == "angle" else {}  # π and -π are the same
    return {"layer": _layer("STFTSpectrogram", frame_length=frame, **args), "inputs": [x], "weights": True, **through}


def _mel(draw: random.Random, seed: int) -> dict:
    args = _pick(
        draw,
        fft_length=[32, 64],
        sequence_stride=[8, 16],
        sequence_length=[None, 16],
        window=[None, "hamming"],
        num_mel_bins=[4, 7],
        min_freq=[None, 100.0],
        max_freq=[None, 3000.0],
        power_to_db=[None, False],
        top_db=[None, 20.0],
        mag_exp=[None, 1.0],
        ref_power=[None, 0.5],
    )
    x = normal(*draw.choice([(80,), (2, 64)]), seed=seed)
    return {"layer": _layer("MelSpectrogram", sampling_rate=8000, **args), "inputs": [x], "tolerance": 1e-4}


# tables ---------------------------------------------------------------------------------------------------------------

_COLUMNS = {
    "float": "f", "float_rescaled": "f", "float_normalized": "f", "float_discretized": "f", "integer_categorical": "i",
    "integer_hashed": "i", "string_categorical": "s", "string_hashed": "s",
}  # fmt: skip
_OPTIONS: dict[str, Callable[[random.Random], dict]] = {
    "float_rescaled": lambda draw: {"scale": 0.5, "offset": -1.0},
    "float_discretized": lambda draw: {"num_bins": draw.randint(2, 5)},
    "integer_categorical": lambda draw: _pick(draw, max_tokens=[None, 4], num_oov_indices=[None, 2]),
    "string_categorical": lambda draw: _pick(draw, max_tokens=[None, 4], num_oov_indices=[None, 2]),
    "integer_hashed": lambda draw: {"num_bins": draw.randint(2, 6)},
    "string_hashed": lambda draw: {"num_bins": draw.randint(2, 6)},
}


def _column(kind: str, rows: tuple, seed: int) -> dict:
    if kind == "s":
        return texts(*rows, words=WORDS, seed=seed)
    return normal(*rows, seed=seed) if kind == "f" else integers(*rows, high=9, seed=seed)


def _space(draw: random.Random, seed: int) -> dict:
    names = draw.sample(["a", "b", "c", "d", "z"], draw.randint(1, 4))
    kinds = [draw.choice(list(_COLUMNS)) for _ in names]
    mode = draw.choice(["concat", "concat", "dict"])
    features = {}
    for name, kind in zip(names, kinds):
        options = _OPTIONS.get(kind, lambda draw: {})(draw)
        if mode == "dict" and ("categorical" in kind or "hashed" in kind):
            options.update(_pick(draw, output_mode=[None, "int"]))
        features[name] = {"kind": kind, "args": {**options, "name": name}} if draw.random() < 0.6 else kind
    sorts = [name for name, kind in zip(names, kinds) if _COLUMNS[kind] != "f"]
    crosses = [draw.sample(sorts, 2)] if len(sorts) > 1 and draw.random() < 0.7 else []
    rows, trail = draw.choice([5, 40]), draw.choice([(), (), (1,)])
    return {
        "space": {
            "features": features,
            "crosses": crosses,
            "output_mode": mode,
            **_pick(draw, crossing_dim=[None, 7], hashing_dim=[None, 5]),
            **_pick(draw, num_discretization_bins=[None, 4]),
        },
        "way": draw.choice(["dict", "rows", "batches"]),
        "learned": {n: _column(_COLUMNS[k], (rows, *trail), seed + i) for i, (n, k) in enumerate(zip(names, kinds))},
        "inputs": {n: _column(_COLUMNS[k], (3, *trail), seed + 40 + i) for i, (n, k) in enumerate(zip(names, kinds))},
    }


PLANS: dict[str, tuple[Callable[[random.Random, int], dict], int]] = {
    "normalization": (_normalization, 24),
    "discretization": (_discretization, 24),
    "category": (_category, 24),
    "hashing": (_hashing, 24),
    "crossing": (_crossing, 12),
    "string_lookup": (_string_lookup, 36),
    "integer_lookup": (_integer_lookup, 36),
    "vectorization": (_vectorization, 36),
    "stft": (_stft, 30),
    "mel": (_mel, 16),
    "space": (_space, 24),
}


# refusals -------------------------------------------------------------------------------------------------------------


def refusals() -> Iterator[dict]:
    """Configurations that Keras refuses."""
    one = array([[1.0]])
    for name, args in [
        ("Normalization", {"mean": 1.0}),
        ("Normalization", {"mean": [1.0], "variance": 1.0}),
        ("Discretization", {}),
        ("Discretization", {"bin_boundaries": [1.0], "num_bins": 2}),
        ("Discretization", {"num_bins": 2}),
        ("Discretization", {"bin_boundaries": [1.0], "output_mode": "tf_idf"}),
        ("CategoryEncoding", {}),
        ("CategoryEncoding", {"num_tokens": 0}),
        ("CategoryEncoding", {"num_tokens": 2, "output_mode": "int"}),
        ("Hashing", {"num_bins": 0}),
        ("Hashing", {"num_bins": 3, "salt": "x"}),
        ("Hashing", {"num_bins": 3, "output_mode": "x"}),
        ("Hashing", {"num_bins": 3, "dtype": "float32"}),
        ("HashedCrossing", {"num_bins": 3, "output_mode": "count"}),
        ("StringLookup", {"max_tokens": 1}),
        ("StringLookup", {"pad_to_max_tokens": True}),
        ("StringLookup", {"num_oov_indices": -1}),
        ("StringLookup", {"output_mode": "x"}),
        ("StringLookup", {"vocabulary": ["a", "a"]}),
        ("StringLookup", {"vocabulary": ["a"], "output_mode": "tf_idf"}),
        ("StringLookup", {"vocabulary": ["a", ""], "mask_token": ""}),
        ("StringLookup", {"invert": True, "output_mode": "count"}),
        ("StringLookup", {"vocabulary": ["a", "b"], "max_tokens": 2}),
        ("StringLookup", {"idf_weights": [1.0]}),
        ("IntegerLookup", {"vocabulary_dtype": "float32"}),
        ("IntegerLookup", {"vocabulary": [1, 1]}),
        ("IntegerLookup", {"vocabulary": ["a"]}),
        ("TextVectorization", {"standardize": "x"}),
        ("TextVectorization", {"split": "x"}),
        ("TextVectorization", {"output_mode": "x"}),
        ("TextVectorization", {"ngrams": "x"}),
        ("TextVectorization", {"output_mode": "count", "output_sequence_length": 3}),
        ("STFTSpectrogram", {"mode": "x"}),
        ("STFTSpectrogram", {"window": "x"}),
        ("STFTSpectrogram", {"scaling": "x"}),
        ("STFTSpectrogram", {"padding": "x"}),
        ("STFTSpectrogram", {"frame_length": 4, "frame_step": 5}),
        ("STFTSpectrogram", {"frame_length": 4, "fft_length": 2}),
        ("MelSpectrogram", {"fft_length": 4, "sequence_length": 8}),
    ]:
        yield {"layer": _layer(name, **args), "inputs": [one]}
    for space in [
        {"features": {}},
        {"features": {"a": "number"}},
        {"features": {"a": "float"}, "output_mode": "list"},
        {"features": {"a": "float", "b": "float"}, "crosses": [["a", "c"]]},
        {"features": {"a": "integer_hashed", "b": "integer_hashed"}, "crosses": [["a", "b"]], "crossing_dim": 0},
        {"features": {"a": {"kind": "integer_hashed", "args": {"num_bins": 3, "output_mode": "int"}}}},
        {"features": {"a": {"kind": "integer_hashed", "args": {"num_bins": 3, "output_mode": "count"}}}},
    ]:
        yield {"space": space, "way": "dict", "learned": {"a": one}, "inputs": {"a": one}}
