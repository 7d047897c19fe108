"""Random configurations of ConvLSTM1D, ConvLSTM2D and ConvLSTM3D."""

from __future__ import annotations

from case_values import mask, normal
from plan_layers import Draw, case
from plan_sequences import SQUASH, cell_args, recurrent_options


def layer(draw: Draw, name: str) -> dict:
    rank = int(name[-2])
    args = cell_args(draw, "LSTM")
    args["filters"] = args.pop("units")
    args["kernel_size"] = draw.sizes(rank, 1, 3)
    draw.sometimes(args, "padding", "same", 0.5)
    draw.sometimes(args, draw.choice(["strides", "dilation_rate"]), 2, 0.4)
    draw.sometimes(args, "activation", draw.choice(SQUASH), 0.3)
    draw.sometimes(args, "activity_regularizer", "l2", 0.15)
    draw.sometimes(args, "data_format", "channels_last", 0.3)
    recurrent_options(draw, args)
    dtype = draw.policy(args, ["float32", "float32", "float64", "mixed_float16"])
    time, channels = draw.randint(1, 4), draw.randint(1, 3)
    sizes = [draw.randint(5, 6) for _ in range(rank)]
    made = case(name, args, normal(2, time, *sizes, channels, seed=draw.randint(0, 99), dtype=dtype))
    if args.get("dtype") == "mixed_float16":
        made["tolerance"] = 3e-2  # sums of 16-bit products, added in different orders
    if draw.maybe(0.3):
        args["stateful"] = True
        made |= {"batch": True, "calls": draw.randint(2, 3)}
    if draw.maybe(0.4):
        made["call"] = {"mask": mask(2, time, seed=draw.randint(0, 99))}
    if draw.maybe(0.3) and args.get("padding") == "same" and "strides" not in args and not args.get("stateful"):
        states = [normal(2, *sizes, args["filters"], seed=11 + i, dtype=dtype) for i in range(2)]
        made.setdefault("call", {})["initial_state"] = states
    return made


def cases() -> list:
    counts = {"ConvLSTM1D": 24, "ConvLSTM2D": 24, "ConvLSTM3D": 10}
    return [
        {"id": f"{name}-{i}", **layer(Draw(f"{name} {i}"), name)}
        for name, count in counts.items()
        for i in range(count)
    ]
