"""Quantizers, low-rank adapters, quantized layers and models.

Not models that GPTQ and AWQ calibrate: in Keras 3.15 the layers are quantized before they are watched, and then see no data.
"""

from __future__ import annotations

from typing import Any

from case_values import integers, made, normal, uniform
from plan_layers import Draw

EQUATIONS = [  # equation, output shape, bias axes, input shape
    ("ab,bc->ac", [5], "c", [3, 4]),
    ("abc,cd->abd", [None, 6], "d", [2, 3, 4]),
    ("abc,cde->abde", [None, 2, 3], "de", [2, 3, 4]),
    ("abcd,cde->abe", [None, 5], "e", [2, 3, 2, 3]),
    ("abc,cd->abd", [None, 5], None, [2, 3, 6]),
    ("abc,dc->abd", [None, 3], "d", [2, 3, 4]),
]
POLICIES = ["float32", "float32", "float32", "float64", "mixed_bfloat16"]


def _tuple(items: list) -> dict:
    return {"$": "tuple", "items": items}


def functions() -> Any:
    """Calls of functions of ``keras.quantizers``."""
    for i in range(40):
        draw = Draw(f"quantizers{i}")
        dtype = draw.choice(["float32", "float32", "float64", "float16"])
        x = normal(draw.randint(2, 7), draw.randint(2, 6), seed=i, scale=draw.choice([0.1, 1.0, 30.0]), dtype=dtype)
        numpy = draw.maybe()
        kind = draw.choice(["abs_max", "grouped", "grouped", "fake", "fake", "pack", "float8"])
        if kind == "abs_max":
            axis = draw.choice([0, 1, -1, _tuple([0, 1])])
            args = {"axis": axis, "value_range": _tuple(draw.choice([[-127, 127], [-8, 7]])), "to_numpy": numpy}
            yield f"abs_max{i}", "abs_max_quantize", [x], args
        elif kind == "grouped":
            args = {"block_size": draw.randint(1, 8), "to_numpy": numpy}
            x["dtype"] = draw.choice(["float32", "float64"])
            yield f"grouped{i}", "abs_max_quantize_grouped_with_zero_point", [x], args
        elif kind == "fake":
            args = {"num_bits": draw.choice([8, 4, 2, 16]), "narrow_range": draw.maybe()}
            shape = x["shape"]
            axis = draw.choice([None, 0, 1, -1])
            own = [] if axis is None else [shape[axis]]
            if axis is not None:
                args["axis"] = axis
            low, high = (uniform(*own, seed=i + 1, low=-3.0, high=-0.5), uniform(*own, seed=i + 2, low=0.5, high=2.0))
            if draw.maybe(0.2):
                low = uniform(*own, seed=i + 1, low=0.1, high=0.3)
            yield f"fake{i}", "fake_quant_with_min_max_vars", [{**x, "dtype": "float32"}, low, high], args
        elif kind == "pack":
            whole = integers(draw.randint(1, 5), draw.randint(1, 5), low=-8, high=8, seed=i, dtype="int8")
            yield f"pack{i}", "pack_int4", [whole], {"axis": draw.choice([0, 1, -1])}
            packed = {**whole, "low": -128, "high": 128}
            axis = draw.choice([0, 1, -1])
            args = {"orig_len": 2 * whole["shape"][axis] - draw.randint(0, 1), "axis": axis}
            yield f"unpack{i}", "unpack_int4", [packed], {**args, "dtype": draw.choice(["int8", "uint8"])}
        else:
            x["dtype"] = "float32"
            scale = uniform(low=0.01, high=2.0, seed=i)
            kinds = {"quantized_dtype": draw.choice(["float8_e4m3fn", "float8_e5m2"]), "compute_dtype": "float32"}
            yield f"rounded{i}", "quantize_and_dequantize", [x, scale], kinds
            history = uniform(4, low=0.0, high=3.0, seed=i + 1)
            yield f"history{i}", "compute_float8_amax_history", [x, history], {}
            largest = {"$": "array", "values": 448.0, "dtype": "float32"}
            amax = {"$": "array", "values": draw.choice([0.0, 2.5, float("inf")]), "dtype": "float32"}
            yield f"scale{i}", "compute_float8_scale", [amax, scale, largest], {"margin": draw.choice([0, 1])}


def _layer(draw: Draw) -> tuple[str, dict, Any]:
    """A class, its arguments and its input."""
    name = draw.choice(["Dense", "Dense", "EinsumDense", "EinsumDense", "Embedding", "Embedding"])
    seed = draw.randint(0, 99)
    args: dict = {}
    dtype = draw.policy(args, POLICIES)
    if name == "Dense":
        args.update(units=draw.randint(1, 7), use_bias=draw.maybe(0.7), activation=draw.choice([None, "relu", "tanh"]))
        shape = [draw.randint(2, 4) for _ in range(draw.randint(1, 2))] + [draw.randint(2, 9)]
        x = normal(*shape, seed=seed, dtype=dtype)
    elif name == "EinsumDense":
        equation, output_shape, bias_axes, shape = draw.choice(EQUATIONS)
        args.update(equation=equation, output_shape=_tuple(output_shape), bias_axes=bias_axes)
        x = normal(*shape, seed=seed, dtype=dtype)
    else:
        rows = draw.randint(3, 9)
        args.update(input_dim=rows, output_dim=draw.randint(2, 7))
        x = integers(3, 4, high=rows, seed=seed)
    return name, args, x


def _quantization(draw: Draw, name: str) -> list:
    """What ``quantize`` is given."""
    table = name.endswith("Embedding")
    mode = draw.choice(["int8", "int8", "int4", "int4"] + ([] if table else ["float8"]))
    if mode == "int8":
        options = [None, made("quantizers", "Int8QuantizationConfig", activation_quantizer=None)]
    elif mode == "int4":
        sizes = (None, -1, 2, 3, 128)
        options = [None, *(made("quantizers", "Int4QuantizationConfig", block_size=size) for size in sizes)]
    else:
        options = [None]
    return ["quantize", mode, draw.choice(options)]


def layers() -> Any:
    """Layers that are quantized or get adapters, or both in either order."""
    for i in range(110):
        draw = Draw(f"quantized{i}")
        name, args, x = _layer(draw)
        alpha = {} if draw.maybe() else {"lora_alpha": draw.choice([1.0, 4.0])}
        lora = ["lora", {"rank": draw.randint(1, 3), **alpha}]
        quantization = _quantization(draw, name)
        steps = draw.choice([[quantization], [quantization], [lora], [quantization, lora]])
        if quantization[1] == "float8" or args.get("dtype") == "mixed_bfloat16":
            steps = [quantization] if draw.maybe() and len(steps) == 1 else steps[:1]
        yield {"layer": made("layers", name, **args), "input": x, "steps": steps}
    for i in range(16):
        draw = Draw(f"adapted{i}")
        rank = draw.randint(1, 3)
        filters, groups = draw.choice([(4, 1), (4, 2)])
        args = {"filters": filters, "kernel_size": 2, "groups": groups, "padding": draw.choice(["valid", "same"])}
        args["use_bias"] = draw.maybe()
        x = normal(2, *[4] * rank, 4, seed=i)
        yield {"layer": made("layers", f"Conv{rank}D", **args), "input": x, "steps": [["lora", {"rank": 2}]]}


def reversible() -> Any:
    """ReversibleEmbedding, whose way back is quantized too."""
    for i in range(28):
        draw = Draw(f"reversible{i}")
        args: dict = {}
        dtype = draw.policy(args, ["float32", "float32", "float32", "float64"])
        args.update(input_dim=draw.randint(3, 9), output_dim=draw.randint(2, 7), tie_weights=draw.maybe())
        if draw.maybe(0.4):
            args["logit_soft_cap"] = 2.0
        lora = ["lora", {"rank": draw.randint(1, 3)}]
        quantization = _quantization(draw, "ReversibleEmbedding")
        steps = draw.choice([[quantization], [quantization], [quantization], [lora], [quantization, lora]])
        if steps == [lora] and not args["tie_weights"]:
            continue  # Keras 3.15 cannot save these
        x = integers(3, 4, high=args["input_dim"], seed=i)
        vectors = normal(2, 3, args["output_dim"], seed=i, dtype=dtype)
        yield {"layer": made("layers", "ReversibleEmbedding", **args), "input": x, "steps": steps, "vectors": vectors}


def models() -> Any:
    """Models that are quantized, or some of their layers."""
    for mode in ("int8", "int4", "float8"):
        for filters in (None, "first", ["second", "head"]):
            yield {"mode": mode, "filters": filters, "heads": True, "widths": [4, 5, 4], "seed": 1}


def cases() -> Any:
    for name, function, inputs, args in functions():
        yield {"id": name, "function": function, "inputs": inputs, "args": args}
    for i, case in enumerate(layers()):
        yield {"id": f"{case['layer']['class']}{i}", **case}
    for i, case in enumerate(reversible()):
        yield {"id": f"ReversibleEmbedding{i}", **case}
    for i, case in enumerate(models()):
        yield {"id": f"{case['mode']}{i}", **case}
