"""Random configurations of the layers that compute by position: dense, convolution, pooling, shapes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from case_values import array, integers, made, mask, normal, uniform

ACTIVATIONS = [None, None, "relu", "tanh", "sigmoid", "softplus", "gelu", "elu", "selu", "swish", "softsign"]
POLICIES = ["float32", "float32", "float32", "float64", "mixed_float16"]


class Draw(random.Random):
    """Choices of one case; a case's draws depend on its name alone."""

    def maybe(self, chance: float = 0.5) -> bool:
        return self.random() < chance

    def policy(self, args: dict, policies: list[str] = POLICIES) -> str:
        """Set the layer's policy; returns the dtype of its inputs."""
        policy = self.choice(policies)
        if policy != "float32":
            args["dtype"] = policy
        return "float64" if policy == "float64" else "float32"

    def sizes(self, rank: int, low: int, high: int, same: bool | None = None) -> Any:
        """One number for all dimensions, or a tuple."""
        if rank == 1 or (self.maybe() if same is None else same):
            return self.randint(low, high)
        return {"$": "tuple", "items": [self.randint(low, high) for _ in range(rank)]}

    def sometimes(self, args: dict, key: str, value: Any, chance: float = 0.3) -> None:
        if self.maybe(chance):
            args[key] = value


def case(name: str, args: dict, inputs: Any, /, **more: Any) -> dict:
    return {"layer": made("layers", name, **args), "inputs": [inputs], **more}


def images(draw: Draw, rank: int, channels: int, dtype: str, first: bool, low: int = 5, high: int = 9) -> dict:
    sizes = [draw.randint(low, high) for _ in range(rank)]
    shape = [channels, *sizes] if first else [*sizes, channels]
    return normal(2, *shape, seed=draw.randint(0, 999), dtype=dtype)


def weights_extras(draw: Draw, args: dict, kernel: str = "kernel") -> None:
    """Bias, activation, regularizers, constraints, initializers."""
    draw.sometimes(args, "use_bias", False)
    args["activation"] = draw.choice(ACTIVATIONS)
    draw.sometimes(args, f"{kernel}_regularizer", draw.choice(["l2", made("regularizers", "L1", l1=0.02)]))
    draw.sometimes(args, "bias_regularizer", made("regularizers", "L1L2", l1=0.01, l2=0.03), 0.2)
    draw.sometimes(
        args, f"{kernel}_constraint", draw.choice(["non_neg", made("constraints", "MaxNorm", max_value=1.5)])
    )
    draw.sometimes(args, "bias_initializer", draw.choice(["ones", made("initializers", "Constant", value=0.5)]))


def dense(draw: Draw, name: str) -> dict:
    args: dict = {"units": draw.randint(1, 6)}
    weights_extras(draw, args)
    draw.sometimes(args, "activity_regularizer", made("regularizers", "L2", l2=0.1), 0.2)
    dtype = draw.policy(args)
    shape = [draw.randint(1, 4) for _ in range(draw.randint(1, 3))]
    return case(name, args, normal(3, *shape, seed=draw.randint(0, 99), dtype=dtype))


def embedding(draw: Draw, name: str) -> dict:
    args: dict = {"input_dim": draw.randint(4, 9), "output_dim": draw.randint(1, 5)}
    draw.sometimes(args, "mask_zero", True, 0.5)
    draw.sometimes(args, "embeddings_regularizer", "l2")
    draw.policy(args)
    shape = [draw.randint(1, 5) for _ in range(draw.randint(0, 2))]
    dtype = draw.choice(["int32", "int64", "float32", "uint8"])
    return case(name, args, integers(3, *shape, high=args["input_dim"], seed=draw.randint(0, 99), dtype=dtype))


def conv(rank: int) -> Callable:
    def plan(draw: Draw, name: str) -> dict:
        groups = draw.choice([1, 1, 1, 2, 3])
        args: dict = {"filters": groups * draw.randint(1, 3), "kernel_size": draw.sizes(rank, 1, 4 if rank < 3 else 3)}
        args["padding"] = draw.choice(["valid", "same"] + ["causal"] * (rank == 1))
        if draw.maybe(0.4):
            args["strides"] = draw.sizes(rank, 1, 3)
        elif draw.maybe(0.4):
            args["dilation_rate"] = draw.sizes(rank, 1, 2)
        first = draw.maybe(0.25) and args["padding"] != "causal"
        if first:
            args["data_format"] = "channels_first"
        if groups > 1:
            args["groups"] = groups
        weights_extras(draw, args)
        dtype = draw.policy(args)
        return case(name, args, images(draw, rank, groups * draw.randint(1, 2), dtype, first, 7 - rank, 10 - rank))

    return plan


def conv_transpose(rank: int) -> Callable:
    def plan(draw: Draw, name: str) -> dict:
        args: dict = {"filters": draw.randint(1, 3), "kernel_size": draw.sizes(rank, 1, 4 if rank < 3 else 3)}
        args["padding"] = draw.choice(["valid", "same"])
        args["strides"] = draw.sizes(rank, 1, 3)
        if draw.maybe(0.3) and rank < 3:
            args["strides"] = 1
            args["dilation_rate"] = 2
        elif draw.maybe(0.3):
            args["strides"] = draw.randint(2, 3)
            args["output_padding"] = draw.randint(0, 1)
        first = draw.maybe(0.25)
        if first:
            args["data_format"] = "channels_first"
        weights_extras(draw, args)
        dtype = draw.policy(args)
        return case(name, args, images(draw, rank, draw.randint(1, 3), dtype, first, 3, 7 - rank))

    return plan


def depthwise(rank: int) -> Callable:
    def plan(draw: Draw, name: str) -> dict:
        args: dict = {"kernel_size": draw.sizes(rank, 1, 4), "padding": draw.choice(["valid", "same"])}
        draw.sometimes(args, "depth_multiplier", draw.randint(2, 3), 0.5)
        if draw.maybe(0.4):
            args["strides"] = draw.randint(2, 3)
        elif draw.maybe(0.4):
            args["dilation_rate"] = 2
        first = draw.maybe(0.25)
        if first:
            args["data_format"] = "channels_first"
        weights_extras(draw, args, "depthwise")
        if name.startswith("Separable"):
            args["filters"] = draw.randint(1, 4)
            draw.sometimes(args, "pointwise_regularizer", "l1")
        dtype = draw.policy(args)
        return case(name, args, images(draw, rank, draw.randint(1, 3), dtype, first, 6, 9))

    return plan


def pool(rank: int) -> Callable:
    def plan(draw: Draw, name: str) -> dict:
        args: dict = {"pool_size": draw.sizes(rank, 1, 4 if rank < 3 else 3), "padding": draw.choice(["valid", "same"])}
        if draw.maybe():
            args["strides"] = draw.sizes(rank, 1, 3)
        first = draw.maybe(0.25)
        if first:
            args["data_format"] = "channels_first"
        dtype = draw.policy(args, ["float32", "float32", "float64", "mixed_float16"])
        return case(name, args, images(draw, rank, draw.randint(1, 3), dtype, first, 5, 9 - rank))

    return plan


def global_pool(rank: int) -> Callable:
    def plan(draw: Draw, name: str) -> dict:
        args: dict = {"keepdims": draw.maybe()}
        first = draw.maybe(0.4)
        if first:
            args["data_format"] = "channels_first"
        dtype = draw.policy(args)
        made_case = case(name, args, images(draw, rank, draw.randint(1, 3), dtype, first, 1, 5))
        if name == "GlobalAveragePooling1D" and draw.maybe(0.6):
            shape = made_case["inputs"][0]["shape"]
            made_case["call"] = {"mask": mask(2, shape[2 if first else 1], seed=draw.randint(0, 99))}
        return made_case

    return plan


def adaptive(rank: int) -> Callable:
    def plan(draw: Draw, name: str) -> dict:
        args: dict = {"output_size": draw.sizes(rank, 1, 4)}
        first = draw.maybe(0.3)
        if first:
            args["data_format"] = "channels_first"
        return case(name, args, images(draw, rank, draw.randint(1, 3), draw.policy(args), first, 4, 7))

    return plan


def pairs(draw: Draw, rank: int, high: int) -> Any:
    """One number, one for each dimension, or a pair for each."""
    kind = draw.randint(0, 2)
    if kind == 0:
        return draw.randint(0, high)
    if kind == 1 and rank > 1:
        return {"$": "tuple", "items": [draw.randint(0, high) for _ in range(rank)]}
    both = [{"$": "tuple", "items": [draw.randint(0, high), draw.randint(0, high)]} for _ in range(rank)]
    return both[0] if rank == 1 else {"$": "tuple", "items": both}


def spatial(rank: int, argument: str) -> Callable:
    def plan(draw: Draw, name: str) -> dict:
        args: dict = {argument: draw.sizes(rank, 1, 3) if argument == "size" else pairs(draw, rank, 2)}
        first = draw.maybe(0.3) and not (rank == 1 and argument in ("size", "cropping"))
        if first:
            args["data_format"] = "channels_first"
        if name == "UpSampling2D":
            args["interpolation"] = draw.choice(["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
        made_case = case(name, args, images(draw, rank, draw.randint(1, 3), draw.policy(args), first, 5, 6))
        if args.get("interpolation") == "bicubic":
            made_case["tolerance"] = 1e-3  # TensorFlow takes the kernel from a table
        return made_case

    return plan


def reshape(draw: Draw, name: str) -> dict:
    shape, target = draw.choice(
        [
            ([6], [2, 3]),
            ([2, 3, 4], [-1, 4]),
            ([12], [3, -1, 2]),
            ([3, 4], [12]),
            ([1, 5], [5, 1, 1]),
            ([4], [4]),
            ([2, 6], [-1]),
            ([3, 1], [-1, 3]),
        ]
    )
    args: dict = {"target_shape": {"$": "tuple", "items": target}}
    return case(name, args, normal(3, *shape, dtype=draw.policy(args)))


def permute(draw: Draw, name: str) -> dict:
    rank = draw.randint(1, 4)
    args: dict = {"dims": {"$": "tuple", "items": draw.sample(range(1, rank + 1), rank)}}
    return case(name, args, normal(2, *[draw.randint(1, 4) for _ in range(rank)], dtype=draw.policy(args)))


def flatten(draw: Draw, name: str) -> dict:
    args: dict = {}
    draw.sometimes(args, "data_format", "channels_first", 0.4)
    shape = [draw.randint(1, 4) for _ in range(draw.randint(0, 4))]
    return case(name, args, normal(3, *shape, dtype=draw.policy(args)))


def repeat(draw: Draw, name: str) -> dict:
    args: dict = {"n": draw.randint(1, 4)}
    return case(name, args, normal(3, draw.randint(1, 4), dtype=draw.policy(args)))


def masking(draw: Draw, name: str) -> dict:
    args: dict = {"mask_value": draw.choice([0.0, 0.0, -1.0, 2.0])}
    values = integers(3, 4, 2, low=-1, high=2, seed=draw.randint(0, 99), dtype="float32")
    draw.policy(args)
    return case(name, args, values)


def activation(draw: Draw, name: str) -> dict:
    args: dict = {}
    if name == "Activation":
        args["activation"] = draw.choice(
            ["relu", "softmax", "gelu", "hard_sigmoid", "mish", "log_softmax", "celu", "glu"]
        )
    elif name == "LeakyReLU":
        draw.sometimes(args, "negative_slope", round(draw.random(), 2), 0.7)
    elif name == "ELU":
        draw.sometimes(args, "alpha", round(draw.uniform(0.2, 2), 2), 0.7)
    elif name == "ReLU":
        draw.sometimes(args, "max_value", round(draw.uniform(0.2, 2), 2), 0.5)
        draw.sometimes(args, "negative_slope", round(draw.random(), 2), 0.5)
        draw.sometimes(args, "threshold", round(draw.random(), 2), 0.5)
    elif name == "Softmax":
        args["axis"] = draw.choice([-1, 1, -2, {"$": "tuple", "items": [1, 2]}])
    elif name == "PReLU":
        args["alpha_initializer"] = made("initializers", "Constant", value=0.3)
        draw.sometimes(args, "shared_axes", draw.choice([[1], [1, 2], [2]]), 0.6)
    elif name == "ActivityRegularization":
        args = {"l1": round(draw.random(), 2), "l2": round(draw.random(), 2)}
    made_case = case(name, args, normal(2, 3, 4, seed=draw.randint(0, 99), scale=1.5, dtype=draw.policy(args)))
    if args.get("dtype") == "float64" and (name in ("LeakyReLU", "ReLU") or args.get("activation") == "gelu"):
        made_case["tolerance"] = 1e-7  # TensorFlow holds the constants in float32
    if name == "Softmax" and draw.maybe():
        made_case["call"] = {"mask": mask(2, 3, 4, seed=draw.randint(0, 99))}
    return made_case


def norm(draw: Draw, name: str) -> dict:
    args: dict = {}
    shape = [draw.randint(2, 4) for _ in range(draw.randint(1, 3))]
    if name == "BatchNormalization":
        return batch_norm(draw, name, shape)
    if name == "GroupNormalization":
        groups = draw.choice([1, 2, 3, -1])
        shape[-1] = max(groups, 1) * draw.randint(1, 3)
        args["groups"] = groups
        if draw.maybe(0.3) and len(shape) > 1:
            args["axis"] = 1
            shape[0], shape[-1] = shape[-1], shape[0]
    elif name in ("LayerNormalization", "UnitNormalization"):
        args["axis"] = draw.choice([-1, -1, 1] + ([[1, 2], [-2, -1]] if len(shape) > 1 else []))
    elif name == "RMSNormalization":
        args["axis"] = -1  # on another axis Keras multiplies the scale along the last one
    if name in ("GroupNormalization", "LayerNormalization"):
        draw.sometimes(args, "center", False)
        draw.sometimes(args, "scale", False)
    if name != "UnitNormalization":
        draw.sometimes(args, "epsilon", 0.01)
    dtype = draw.policy(args)
    return case(name, args, normal(3, *shape, seed=draw.randint(0, 99), scale=2.0, shift=0.5, dtype=dtype))


def batch_norm(draw: Draw, name: str, shape: list) -> dict:
    args: dict = {"axis": draw.choice([-1, -1, -1, 1])}
    for key, value in (("momentum", 0.7), ("epsilon", 0.01), ("center", False), ("scale", False)):
        draw.sometimes(args, key, value)
    draw.sometimes(args, "gamma_regularizer", "l2")
    dtype = draw.policy(args)
    data = normal(draw.randint(2, 5), *shape, seed=draw.randint(0, 99), scale=2.0, shift=1.0, dtype=dtype)
    made_case = case(name, args, data, calls=draw.randint(1, 3), call={"training": draw.maybe(0.7)})
    if draw.maybe(0.4) and len(shape) == 2 and args["axis"] == -1:
        made_case["call"]["mask"] = mask(data["shape"][0], shape[0], seed=draw.randint(0, 99))
    return made_case


def spectral(draw: Draw, name: str) -> dict:
    inner = draw.choice([made("layers", "Dense", units=3), made("layers", "Conv2D", filters=2, kernel_size=2)])
    data = normal(2, 4) if inner["class"] == "Dense" else normal(2, 4, 4, 2)
    args = {"layer": inner, "power_iterations": draw.randint(1, 3)}
    return case(name, args, data, calls=2, call={"training": draw.maybe(0.6)})


def identity(draw: Draw, name: str) -> dict:
    args: dict = {}
    data = draw.choice(
        [normal(2, 3), integers(2, 3, high=5), array([[True, False]], "bool"), uniform(4, dtype="float64")]
    )
    draw.policy(args)
    return case(name, args, data)
