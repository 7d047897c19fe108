"""Random configurations of recurrent layers, their cells, wrappers and merges, and the list of all layers' cases."""

from __future__ import annotations

from collections.abc import Callable

import plan_layers as plain
from case_values import integers, made, mask, normal
from plan_layers import Draw, case

GATES = {"SimpleRNN": 1, "LSTM": 2, "GRU": 1}
SQUASH = ["tanh", "tanh", "relu", "sigmoid", "softsign", "elu"]


def cell_args(draw: Draw, name: str) -> dict:
    args: dict = {"units": draw.randint(1, 4)}
    draw.sometimes(args, "activation", draw.choice(SQUASH), 0.4)
    draw.sometimes(args, "use_bias", False, 0.25)
    if not name.startswith("SimpleRNN"):
        draw.sometimes(args, "recurrent_activation", draw.choice(["hard_sigmoid", "tanh", "sigmoid"]), 0.4)
    if name.startswith("GRU"):
        draw.sometimes(args, "reset_after", False, 0.4)
    if name.startswith("LSTM"):
        draw.sometimes(args, "unit_forget_bias", False, 0.3)
    draw.sometimes(args, "kernel_regularizer", "l2", 0.2)
    draw.sometimes(args, "recurrent_regularizer", made("regularizers", "L1", l1=0.03), 0.2)
    draw.sometimes(args, "recurrent_constraint", "unit_norm", 0.2)
    return args


def recurrent_options(draw: Draw, args: dict) -> None:
    for key in ("return_sequences", "return_state", "go_backwards"):
        draw.sometimes(args, key, True, 0.45)
    draw.sometimes(args, "unroll", True, 0.25)
    draw.sometimes(args, "zero_output_for_mask", True, 0.2)


def recurrent(draw: Draw, name: str) -> dict:
    args = cell_args(draw, name)
    recurrent_options(draw, args)
    if name == "GRU" and args.get("reset_after") is not False:
        args["reset_after"] = True
    dtype = draw.policy(args)
    time, features = draw.randint(1, 6), draw.randint(1, 4)
    made_case = case(name, args, normal(3, time, features, seed=draw.randint(0, 99), dtype=dtype))
    if draw.maybe(0.3):
        args["stateful"] = True
        made_case |= {"batch": True, "calls": draw.randint(2, 3)}
    if draw.maybe(0.4):
        made_case["call"] = {"mask": mask(3, time, seed=draw.randint(0, 99))}
    if draw.maybe(0.3) and not args.get("stateful"):
        states = [normal(3, args["units"], seed=11 + i, dtype=dtype) for i in range(GATES[name])]
        made_case.setdefault("call", {})["initial_state"] = states if len(states) > 1 else states[0]
    return made_case


def cell(draw: Draw, name: str) -> dict:
    args = cell_args(draw, name)
    dtype = draw.policy(args)
    states = [normal(3, args["units"], seed=5 + i, dtype=dtype) for i in range(2 if name.startswith("LSTM") else 1)]
    made_case = case(name, args, normal(3, draw.randint(1, 4), dtype=dtype))
    made_case["inputs"].append(states if len(states) > 1 else states[0])
    return made_case


def rnn(draw: Draw, name: str) -> dict:
    cells = [draw.choice(["SimpleRNNCell", "LSTMCell", "GRUCell"]) for _ in range(draw.randint(1, 3))]
    specs = [made("layers", c, **cell_args(draw, c)) for c in cells]
    args: dict = {"cell": specs[0] if len(specs) == 1 else specs}
    if draw.maybe(0.3) and len(specs) > 1:
        args["cell"] = made("layers", "StackedRNNCells", cells=specs)
    recurrent_options(draw, args)
    time = draw.randint(1, 5)
    made_case = case(name, args, normal(3, time, draw.randint(1, 4), seed=draw.randint(0, 99)))
    if draw.maybe(0.4):
        made_case["call"] = {"mask": mask(3, time, seed=draw.randint(0, 99))}
    return made_case


def stacked(draw: Draw, name: str) -> dict:
    cells = [draw.choice(["SimpleRNNCell", "LSTMCell", "GRUCell"]) for _ in range(draw.randint(1, 3))]
    specs = [made("layers", c, **cell_args(draw, c)) for c in cells]
    states: list = []
    for index, spec in enumerate(specs):
        sizes = 2 if spec["class"] == "LSTMCell" else 1
        own = [normal(3, spec["args"]["units"], seed=20 + 2 * index + i) for i in range(sizes)]
        states.append(own if sizes > 1 else own[0])
    made_case = case(name, {"cells": specs}, normal(3, draw.randint(1, 4)))
    made_case["inputs"].append(states)
    return made_case


def bidirectional(draw: Draw, name: str) -> dict:
    kind = draw.choice(["SimpleRNN", "LSTM", "GRU", "LSTM"])
    inner = cell_args(draw, kind)
    for key in ("return_sequences", "return_state", "go_backwards"):
        draw.sometimes(inner, key, True, 0.4)
    inner["name"] = "inside"
    args: dict = {"layer": made("layers", kind, **inner)}
    args["merge_mode"] = draw.choice(["concat", "sum", "mul", "ave", None])
    if draw.maybe(0.25):
        same = {key: inner[key] for key in ("return_sequences", "return_state") if key in inner}
        back = {"units": inner["units"], "go_backwards": not inner.get("go_backwards", False), **same}
        args["backward_layer"] = made("layers", draw.choice(["LSTM", "GRU"]) if kind != "LSTM" else "LSTM", **back)
        if args["backward_layer"]["class"] != kind:
            inner.pop("return_state", None)
            back.pop("return_state", None)
    time = draw.randint(1, 5)
    made_case = case(name, args, normal(3, time, draw.randint(1, 4), seed=draw.randint(0, 99)))
    if draw.maybe(0.4):
        made_case["call"] = {"mask": mask(3, time, seed=draw.randint(0, 99))}
    return made_case


def time_distributed(draw: Draw, name: str) -> dict:
    inner, shape = draw.choice(
        [
            (made("layers", "Dense", units=3, activation="tanh"), [4]),
            (made("layers", "Dense", units=2), [3, 4]),
            (made("layers", "Conv2D", filters=2, kernel_size=3, padding="same", activation="relu"), [5, 4, 2]),
            (made("layers", "MaxPooling2D"), [5, 4, 2]),
            (made("layers", "Flatten"), [3, 2]),
            (made("layers", "LSTM", units=2), [3, 2]),
            (made("layers", "BatchNormalization", momentum=0.5), [3]),
            (made("layers", "LayerNormalization"), [3]),
            (made("layers", "Reshape", target_shape={"$": "tuple", "items": [2, 2]}), [4]),
            (made("layers", "Activation", activation="softmax"), [3]),
        ]
    )
    time = draw.randint(1, 4)
    made_case = case(name, {"layer": inner}, normal(3, time, *shape, seed=draw.randint(0, 99)))
    if draw.maybe(0.5):
        made_case["call"] = {"training": draw.maybe()}
    if draw.maybe(0.3) and inner["class"] != "LSTM":
        made_case.setdefault("call", {})["mask"] = mask(3, time, seed=draw.randint(0, 99))
    return made_case


def merge(draw: Draw, name: str) -> dict:
    args: dict = {}
    dtype = draw.policy(args)
    rank = draw.randint(1, 3)
    shape = [draw.randint(2, 4) for _ in range(rank)]
    count = 2 if name == "Subtract" else draw.randint(2, 4)
    shapes = [list(shape) for _ in range(count)]
    if draw.maybe(0.4):  # an operand that is repeated along one dimension, or has fewer of them
        if draw.maybe() or rank == 1:
            shapes[-1][draw.randrange(rank)] = 1
        else:
            shapes[-1] = shapes[-1][1:]
    data = [normal(3, *s, seed=draw.randint(0, 99), dtype=dtype) for s in shapes]
    return case(name, args, data)


def concatenate(draw: Draw, name: str) -> dict:
    args: dict = {"axis": draw.choice([-1, -1, 1])}
    dtype = draw.policy(args)
    shape = [draw.randint(1, 4) for _ in range(draw.randint(1, 3))]
    shapes = [list(shape) for _ in range(draw.randint(2, 3))]
    for s in shapes:
        s[0 if args["axis"] == 1 else -1] = draw.randint(1, 4)
    return case(name, args, [normal(3, *s, seed=draw.randint(0, 99), dtype=dtype) for s in shapes])


def dot(draw: Draw, name: str) -> dict:
    left, right, axes = draw.choice(
        [
            ([4], [4], 1),
            ([4], [4], -1),
            ([3, 4], [2, 4], 2),
            ([3, 4], [3, 2], 1),
            ([3, 4], [2, 4], -1),
            ([4, 3], [2, 4], [1, 2]),
            ([3, 4], [4], [2, 1]),
            ([4], [3, 4], [1, 2]),
            ([2, 3, 4], [4, 5], [3, 1]),
            ([2, 3, 4], [5, 2, 4], [3, 3]),
            ([2, 4, 3], [4, 5], [2, 1]),
            ([4, 2], [2, 4, 3], [1, 2]),
        ]
    )
    args: dict = {"axes": axes if isinstance(axes, int) else {"$": "tuple", "items": axes}}
    draw.sometimes(args, "normalize", True, 0.4)
    dtype = draw.policy(args)
    return case(name, args, [normal(3, *left, seed=1, dtype=dtype), normal(3, *right, seed=2, dtype=dtype)])


def masked_model(draw: Draw, name: str) -> dict:
    """Masking or Embedding in front of a layer: the mask must reach it, and what it hands on is compared."""
    first = draw.choice(
        [
            made("layers", "Embedding", input_dim=5, output_dim=3, mask_zero=True, name="front"),
            made("layers", "Masking", name="front"),
        ]
    )
    kind = draw.choice(
        ["LSTM", "GRU", "SimpleRNN", "Bidirectional", "TimeDistributed", "GlobalAveragePooling1D", "Dense"]
    )
    if kind == "Bidirectional":
        second = made(
            "layers", kind, layer=made("layers", "LSTM", units=2, return_sequences=draw.maybe(), name="inside")
        )
    elif kind == "TimeDistributed":
        second = made("layers", kind, layer=made("layers", "Dense", units=2))
    elif kind == "Dense":
        second = made("layers", kind, units=2)
    else:
        args = {"units": 2, "return_sequences": draw.maybe()} if kind in GATES else {}
        second = made("layers", kind, **args)
    if first["class"] == "Embedding":
        data = integers(3, 5, high=5, seed=draw.randint(0, 99))
    else:
        data = integers(3, 5, 2, high=2, seed=draw.randint(0, 99), dtype="float32")
    return {"layer": made("", "Sequential", layers=[first, second], name="model"), "inputs": [data]}


PLANS: dict[str, Callable] = {
    "Dense": plain.dense,
    "Embedding": plain.embedding,
    "Reshape": plain.reshape,
    "Permute": plain.permute,
    "Flatten": plain.flatten,
    "RepeatVector": plain.repeat,
    "Masking": plain.masking,
    "Identity": plain.identity,
    "SpectralNormalization": plain.spectral,
    "RNN": rnn,
    "StackedRNNCells": stacked,
    "Bidirectional": bidirectional,
    "TimeDistributed": time_distributed,
    "Concatenate": concatenate,
    "Dot": dot,
    **{
        n: plain.activation
        for n in ("Activation", "LeakyReLU", "ELU", "ReLU", "Softmax", "PReLU", "ActivityRegularization")
    },
    **{f"{n}Normalization": plain.norm for n in ("Batch", "Layer", "Group", "Unit", "RMS")},
    **{n: merge for n in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    **{n: recurrent for n in GATES},
    **{f"{n}Cell": cell for n in GATES},
}
for rank in (1, 2, 3):
    PLANS |= {
        f"Conv{rank}D": plain.conv(rank),
        f"Conv{rank}DTranspose": plain.conv_transpose(rank),
        f"MaxPooling{rank}D": plain.pool(rank),
        f"AveragePooling{rank}D": plain.pool(rank),
        f"GlobalMaxPooling{rank}D": plain.global_pool(rank),
        f"GlobalAveragePooling{rank}D": plain.global_pool(rank),
        f"AdaptiveMaxPooling{rank}D": plain.adaptive(rank),
        f"AdaptiveAveragePooling{rank}D": plain.adaptive(rank),
        f"UpSampling{rank}D": plain.spatial(rank, "size"),
        f"ZeroPadding{rank}D": plain.spatial(rank, "padding"),
        f"Cropping{rank}D": plain.spatial(rank, "cropping"),
    }
    if rank < 3:
        PLANS |= {f"DepthwiseConv{rank}D": plain.depthwise(rank), f"SeparableConv{rank}D": plain.depthwise(rank)}
MANY = {"LSTM": 14, "GRU": 14, "SimpleRNN": 12, "Bidirectional": 14, "TimeDistributed": 14, "BatchNormalization": 14}
MANY |= {"Dense": 12, "Conv1D": 12, "Conv2D": 14, "Dot": 14, "RNN": 12, "Conv2DTranspose": 12, "ReLU": 10}


SEQUENCES = (rnn, stacked, bidirectional, time_distributed, recurrent, cell)


def cases(of_sequences: bool = False) -> list[dict]:
    """All cases of the layers, by name: of those that work on sequences, or of the others."""
    made_cases = []
    for name, plan in PLANS.items():
        for number in range(MANY.get(name, 8) if (plan in SEQUENCES) == of_sequences else 0):
            made_cases.append({"id": f"{name}-{number}", **plan(Draw(f"{name}-{number}"), name)})
    for number in range(16 if of_sequences else 0):
        made_cases.append({"id": f"masked-{number}", **masked_model(Draw(f"masked-{number}"), "masked")})
    return made_cases


def sequence_cases() -> list[dict]:
    return cases(of_sequences=True)
