"""Random calls of Keras 2's functions on tensors, keras.backend."""

from __future__ import annotations

from case_values import integers, normal, uniform
from plan_layers import Draw
from plan_ops_table import pair

UNARY = """abs cos exp round sigmoid sign sin softplus softsign square tanh sqrt hard_sigmoid elu relu batch_flatten flatten
transpose l2_normalize zeros_like ones_like shape""".split()
BINARY = "equal greater greater_equal less less_equal maximum minimum not_equal".split()
REDUCTIONS = "max min mean std var sum prod argmax argmin".split()


def some(draw: Draw, *shape: int, dtype: str = "float64", **more: float) -> dict:
    return normal(*shape, seed=draw.randint(0, 999), dtype=dtype, **more)


def unary(draw: Draw, name: str) -> tuple:
    keys = {}
    if name == "relu":
        keys = {
            "alpha": draw.choice([0.0, 0.2]),
            "max_value": draw.choice([None, 6, 1.5]),
            "threshold": draw.choice([0.0, 0.4]),
        }
    return [some(draw, *(draw.randint(1, 4) for _ in range(draw.randint(2, 3))), scale=2.0)], keys


def binary(draw: Draw, name: str) -> tuple:
    return [some(draw, 3, 4), some(draw, *draw.choice([(3, 4), (4,), (3, 1)]))], {}


def reduction(draw: Draw, name: str) -> tuple:
    integral = name in ("max", "min", "mean", "sum", "prod") and draw.maybe(0.3)
    data = (
        integers(2, 3, 4, low=-4, high=5, seed=draw.randint(0, 99), dtype="int32") if integral else some(draw, 2, 3, 4)
    )
    if name.startswith("arg"):
        return [data], {"axis": draw.choice([-1, 0, 1])}
    return [data], {"axis": draw.choice([None, 0, -1, [0, 2]]), "keepdims": draw.maybe()}


def batch_dot(draw: Draw, name: str) -> tuple:
    x, y = ([2, *(draw.randint(1, 4) for _ in range(draw.randint(1, 3)))] for _ in range(2))
    axes = [draw.randint(1, len(x) - 1), draw.randint(1, len(y) - 1)]
    y[axes[1]] = x[axes[0]]
    return [some(draw, *x), some(draw, *y)], {"axes": axes}


def window(draw: Draw, name: str) -> tuple:
    rank = 1 if name == "conv1d" else 3 if name.endswith("3d") else 2
    sizes, k = [draw.randint(5, 7) for _ in range(rank)], [draw.randint(1, 3) for _ in range(rank)]
    stride = draw.randint(1, 2)
    keys: dict = {"padding": draw.choice(["same", "valid", *(["causal"] if name == "conv1d" else [])])}
    keys["strides"] = stride if rank == 1 else pair(*(stride for _ in range(rank)))
    x = some(draw, 2, *sizes, 2, dtype="float32" if name == "pool3d" else "float64")
    if name.startswith("pool"):
        return [x, pair(*k)], {**keys, "pool_mode": draw.choice(["max", "avg"])}
    if name.startswith("depthwise"):
        return [x, some(draw, *k, 2, 2)], keys
    if name.startswith("separable"):
        return [x, some(draw, *k, 2, 2), some(draw, 1, 1, 4, 3)], keys
    return [x, some(draw, *k, 2, 3)], keys


def transposed(draw: Draw, name: str) -> tuple:
    k, s, o = ([draw.randint(low, high) for _ in range(2)] for low, high in ((1, 3), (1, 3), (4, 8)))
    same = draw.maybe()
    sizes = [-(-o[i] // s[i]) if same else -(-(o[i] - k[i] + 1) // s[i]) for i in range(2)]
    keys = {"strides": pair(*s), "padding": "same" if same else "valid"}
    return [some(draw, 2, *sizes, 3), some(draw, *k, 2, 3), pair(2, *o, 2)], keys


def losses(draw: Draw, name: str) -> tuple:
    logits = draw.maybe()
    output = some(draw, 3, 4, dtype="float32") if logits else uniform(3, 4, dtype="float32", low=0.05, high=0.9)
    if name.startswith("sparse"):
        target = integers(*draw.choice([(3,), (3, 1)]), low=0, high=4, seed=draw.randint(0, 99))
        keys = {"ignore_class": draw.choice([None, 0])}
    else:
        target = uniform(3, 4, dtype="float32", low=0.25, high=0.25)
        keys = {"gamma": 1.5, "alpha": 0.3} if "focal" in name else {}
    return [target, output], {**keys, "from_logits": logits}


def others(draw: Draw, name: str) -> tuple:
    cases = {
        "bias_add": ([some(draw, 2, 3, 4, 5), some(draw, *draw.choice([(5,), (3, 4, 5)]))], {}),
        "batch_normalization": ([some(draw, 3, 4), some(draw, 4), uniform(4, low=0.5, high=2.0, dtype="float64"),
                                 some(draw, 4), some(draw, 4)], {"epsilon": 0.01}),
        "dot": ([some(draw, *draw.choice([(2, 3), (2, 4, 3)])), some(draw, *draw.choice([(3, 2), (2, 3, 4)]))], {}),
        "temporal_padding": ([some(draw, 2, 3, 2)], {"padding": pair(1, draw.randint(0, 2))}),
        "spatial_2d_padding": ([some(draw, 2, 3, 2, 2)], {"data_format": draw.choice(["channels_first", "channels_last"])}),
        "resize_images": ([some(draw, 2, 3, 4, 2, dtype="float32"), draw.randint(1, 3), 2, "channels_last",
                           draw.choice(["nearest", "bilinear", "lanczos3", "mitchellcubic"])], {}),
        "resize_volumes": ([some(draw, 1, 2, 3, 2, 2), 2, draw.randint(1, 3), 1, "channels_last"], {}),
        "repeat": ([some(draw, 2, 3), 3], {}),
        "cumsum": ([some(draw, 2, 3)], {"axis": draw.randint(0, 1)}),
        "softmax": ([some(draw, 2, 3, 4)], {"axis": draw.choice([-1, 1])}),
        "ctc_batch_cost": ([integers(2, 2, high=3), uniform(2, 6, 4, low=0.1, high=0.9), integers(2, 1, low=5, high=7),
                            integers(2, 1, low=1, high=3)], {}),
    }  # fmt: skip
    return cases[name]


FAMILIES = [
    (UNARY, unary, 2), (BINARY, binary, 2), (REDUCTIONS, reduction, 4), (["batch_dot"], batch_dot, 16),
    ("conv1d conv2d conv3d depthwise_conv2d separable_conv2d pool2d pool3d".split(), window, 6),
    (["conv2d_transpose"], transposed, 10),
    ("""binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy
        sparse_categorical_crossentropy""".split(), losses, 4),
    ("""bias_add batch_normalization dot temporal_padding spatial_2d_padding resize_images resize_volumes repeat cumsum
        softmax ctc_batch_cost""".split(), others, 3),
]  # fmt: skip


def cases() -> list:
    made = []
    for names, plan, count in FAMILIES:
        for name in names:
            for i in range(count):
                args, keys = plan(Draw(f"backend {name} {i}"), name)
                made.append({"id": f"{name}-{i}", "op": name, "backend": True, "args": args, "keys": keys})
    return made
