"""Random calls of keras.ops.image and keras.utils.bounding_boxes, and configurations of the layers that resize images."""

from __future__ import annotations

import random
from typing import Any

from case_values import array, integers, uniform
from plan_layers import Draw, case

FLOATS = ["float32", "float32", "float64", "float16", "bfloat16"]
KINDS = ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area"]
FORMATS = "xyxy yxyx xywh center_xywh center_yxhw rel_xyxy rel_yxyx rel_xywh rel_center_xywh".split()


def pair(*items: Any) -> dict:
    return {"$": "tuple", "items": list(items)}


def images(draw: Draw, dtypes: list, channels: Any = (1, 3), low: int = 1, rank: int | None = None) -> tuple:
    """Images, their data format, height and width."""
    dtype, form = draw.choice(dtypes), draw.choice(["channels_last", "channels_first"])
    height, width, depth = draw.randint(low, low + 8), draw.randint(low, low + 8), draw.choice(channels)
    shape = [height, width, depth] if form == "channels_last" else [depth, height, width]
    if (rank or draw.choice([3, 4, 4])) == 4:
        shape = [2, *shape]
    seed = draw.randint(0, 999)
    if "int" in dtype:
        return integers(*shape, high=255 if dtype != "int8" else 127, seed=seed, dtype=dtype), form, height, width
    return uniform(*shape, seed=seed, dtype=dtype), form, height, width


def resize(draw: Draw) -> dict:
    x, form, _, _ = images(draw, [*FLOATS, "uint8", "int32", "int8"])
    kind, mode = draw.choice(KINDS), draw.choice(["", "", "crop_to_aspect_ratio", "pad_to_aspect_ratio"])
    keys = {"interpolation": kind, "antialias": draw.maybe(), "data_format": form}
    if mode:
        keys |= {mode: True, "fill_value": draw.choice([0, 3])}
    size = pair(draw.randint(1, 11), draw.randint(1, 11))
    return {"args": [x, size], "keys": keys, "gradient": kind != "area" and x["dtype"] in ("float32", "float64")}


def grey(draw: Draw) -> dict:
    x, form, _, _ = images(draw, [*FLOATS, "uint8", "int32"])
    return {"args": [x], "keys": {"data_format": form}}


def colours(draw: Draw) -> dict:
    x, form, _, _ = images(draw, FLOATS, (3, 3, 3, 1))
    return {"args": [x], "keys": {"data_format": form}, "gradient": False}


def sides(draw: Draw, names: tuple, size: int, more: bool) -> dict:
    """Two of three: before, after, new size."""
    before, after = draw.randint(0, 3), draw.randint(0, 3)
    target = size + before + after if more else max(size - before - after, 1)
    values = dict(zip(names, (before, after, target)))
    del values[draw.choice(names)]
    if draw.maybe(0.1):
        del values[next(iter(values))]
    return values


def frame(draw: Draw, word: str) -> dict:
    x, form, height, width = images(draw, [*FLOATS, "uint8", "int32"], low=5)
    more = word == "padding"
    keys = sides(draw, (f"top_{word}", f"bottom_{word}", "target_height"), height, more)
    keys |= sides(draw, (f"left_{word}", f"right_{word}", "target_width"), width, more)
    return {"args": [x], "keys": {**keys, "data_format": form}}


def patches(draw: Draw) -> dict:
    x, _, _, _ = images(draw, ["float32", "float64", "float16"], low=3)
    if x["shape"][-1] not in (1, 3) or draw.maybe(0.2):
        x = uniform(2, 4, 5, 2, seed=draw.randint(0, 99))
    keys: dict = {"padding": draw.choice(["valid", "same"]), "data_format": "channels_last"}
    draw.sometimes(keys, "strides", draw.choice([1, 2, pair(1, 2)]), 0.5)
    draw.sometimes(keys, "dilation_rate", 2, 0.2)
    return {"args": [x, draw.choice([1, 2, 3, pair(2, 3), pair(3, 1)])], "keys": keys}


def patches_3d(draw: Draw) -> dict:
    x = uniform(*draw.choice([(2, 4, 5, 3, 2), (4, 5, 3, 2)]), seed=draw.randint(0, 99))
    keys: dict = {"padding": draw.choice(["valid", "same"]), "data_format": "channels_last"}
    draw.sometimes(keys, "strides", draw.choice([1, pair(1, 2, 1)]), 0.5)
    return {"args": [x, draw.choice([1, 2, pair(2, 3, 1)])], "keys": keys}


def blur(draw: Draw) -> dict:
    x, form, _, _ = images(draw, FLOATS)
    size = draw.choice([pair(3, 3), pair(5, 5), pair(3, 5), pair(4, 2)])
    deviations = draw.choice([pair(1.0, 1.0), pair(0.5, 2.0)])
    return {
        "args": [x, size, deviations],
        "keys": {"data_format": form},
        "gradient": x["dtype"] in ("float32", "float64"),
    }


def edges(draw: Draw) -> dict:
    x, form, _, _ = images(draw, FLOATS, low=2, rank=4)
    return {"args": [x], "keys": {"data_format": form}}


def likeness(draw: Draw) -> dict:
    x, form, _, _ = images(draw, ["float32", "float64", "uint8"], low=5)
    y = {**x, "seed": x["seed"] + 1}
    keys = {"filter_size": draw.choice([3, 5]), "max_val": 255 if x["dtype"] == "uint8" else 1.0, "data_format": form}
    draw.sometimes(keys, "filter_sigma", 1.0)
    draw.sometimes(keys, "k1", 0.02)
    return {"args": [x, y], "keys": keys}


def affine(draw: Draw) -> dict:
    x, form, _, _ = images(draw, [*FLOATS, "uint8", "int32"])
    random_ = random.Random(draw.randint(0, 999))
    scales = [0.4, 0.4, 2, 0.4, 0.4, 2, 0.01, 0.01]
    rows = [
        [m + s * random_.uniform(-1, 1) for m, s in zip([1, 0, 0, 0, 1, 0, 0, 0], scales)]
        for _ in range(2 if len(x["shape"]) == 4 and draw.maybe() else 1)
    ]
    keys = {
        "interpolation": draw.choice(["bilinear", "nearest"]),
        "fill_mode": draw.choice(["constant", "nearest", "wrap", "reflect"]),
        "fill_value": draw.choice([0, 3]),
        "data_format": form,
    }
    return {"args": [x, array(rows if len(rows) == 2 else rows[0])], "keys": keys, "gradient": False}


def perspective(draw: Draw) -> dict:
    x, form, height, width = images(draw, [*FLOATS, "uint8"], low=3)
    corners = [[0.3, 0.3], [width - 1, 0], [0, height - 1], [width - 1, height - 1.5]]
    moved = [[a + draw.uniform(-0.8, 0.8) for a in corner] for corner in corners]
    keys = {
        "interpolation": draw.choice(["bilinear", "nearest"]),
        "fill_value": draw.choice([0, 2]),
        "data_format": form,
    }
    return {"args": [x, array(corners), array(moved)], "keys": keys, "gradient": False, "tolerance": 1e-4}


def coordinates(draw: Draw) -> dict:
    rank = draw.randint(1, 3)
    dtype = draw.choice(["float32", "float64", "uint8", "int32", "float16"])
    shape = [draw.randint(1, 6) for _ in range(rank)]
    seed = draw.randint(0, 99)
    x = integers(*shape, high=50, seed=seed, dtype=dtype) if "int" in dtype else uniform(*shape, seed=seed, dtype=dtype)
    places = uniform(rank, *(draw.randint(1, 4) for _ in range(draw.randint(1, 2))), seed=seed, low=-4.0, high=9.0)
    keys = {
        "fill_mode": draw.choice(["constant", "nearest", "wrap", "reflect", "mirror"]),
        "fill_value": draw.choice([0, 2]),
    }
    return {"args": [x, places, draw.choice([0, 1, 1])], "keys": keys}


def elastic(draw: Draw) -> dict:
    x, form, _, _ = images(draw, ["float32", "float64"])
    keys = {
        "alpha": draw.choice([20.0, 3.0]),
        "sigma": draw.choice([5.0, 1.5]),
        "interpolation": draw.choice(["bilinear", "nearest"]),
        "fill_mode": draw.choice(["constant", "nearest", "wrap", "reflect"]),
        "seed": draw.randint(0, 99),
        "data_format": form,
    }
    return {"args": [x], "keys": keys, "tolerance": 1e-4 if x["dtype"] == "float32" else 0.0}


def moved(draw: Draw) -> dict:
    shape = [2, draw.randint(2, 7), draw.randint(2, 7), 2]
    x = uniform(*shape, seed=draw.randint(0, 99), dtype=draw.choice(["float32", "float64", "float16"]))
    new = pair(2, draw.randint(1, 8), draw.randint(1, 8), 2)
    scale, shift = ([draw.uniform(*limits) for _ in range(2)] for limits in ((0.4, 2.5), (-2, 2)))
    method = draw.choice(["linear", "bilinear", "cubic", "lanczos3", "lanczos5", "tricubic", "nearest"])
    keys = {"antialias": draw.maybe()}
    return {
        "args": [x, new, array(scale), array(shift), pair(1, 2), method],
        "keys": keys,
        "gradient": x["dtype"] != "float16",
    }


# boxes ----------------------------------------------------------------------------------------------------------------


def some_boxes(draw: Draw, count: int, batch: bool) -> dict:
    return uniform(*([2] if batch else []), count, 4, seed=draw.randint(0, 999), low=0.5, high=9.5)


def convert(draw: Draw) -> dict:
    keys = {"height": 12, "width": 15} if draw.maybe(0.8) else {}
    args = [some_boxes(draw, 3, draw.maybe()), draw.choice(FORMATS), draw.choice(FORMATS)]
    return {"args": args, "keys": {**keys, "dtype": draw.choice(["float32", "float64"])}, "tolerance": 1e-6}


def common(draw: Draw) -> dict:
    batch = draw.maybe()
    keys: dict = {"use_masking": draw.maybe()}
    draw.sometimes(keys, "image_shape", pair(10, 12, 3), 0.7)
    first, second = some_boxes(draw, 3, batch), some_boxes(draw, 2, batch)
    if draw.maybe(0.4):
        second = {**second, "low": -9.0, "high": -1.0}
    return {"args": [first, second, draw.choice(FORMATS)], "keys": keys, "gradient": False}


def pairwise(draw: Draw) -> dict:
    batch = draw.maybe()
    return {
        "args": [some_boxes(draw, 3, batch), some_boxes(draw, 3, batch), draw.choice(FORMATS[:5])],
        "gradient": False,
    }


def deltas(draw: Draw) -> dict:
    args = [some_boxes(draw, 3, False), some_boxes(draw, 3, draw.maybe()), draw.choice(FORMATS), draw.choice(FORMATS)]
    keys: dict = {"image_shape": pair(10, 12, 3)}
    draw.sometimes(keys, "variance", array([0.1, 0.1, 0.2, 0.2]), 0.5)
    return {"args": [*args, draw.choice(["center_xywh", "center_yxhw"])], "keys": keys, "gradient": False}


def cut(draw: Draw) -> dict:
    return {"args": [some_boxes(draw, 3, draw.maybe()), 2, 3, 6, 5], "gradient": False}


def turned(draw: Draw) -> dict:
    rest = [
        uniform(2, seed=draw.randint(0, 999), low=low, high=high)
        for low, high in ((-90, 90), (-1, 1), (-1, 1), (0.5, 2))
    ]
    shears = [uniform(2, seed=draw.randint(0, 999), low=-30, high=30) for _ in range(2)]
    keys = {"center_x": 0.3, "center_y": 0.6} if draw.maybe() else {}
    return {"args": [some_boxes(draw, 3, True), *rest, *shears, 11, 13], "keys": keys, "gradient": False}


# layers ---------------------------------------------------------------------------------------------------------------


def layer_images(draw: Draw, args: dict) -> tuple[dict, dict]:
    x, form, _, _ = images(draw, ["float32", "float64", "uint8", "int32"], rank=4)
    draw.sometimes(args, "dtype", draw.choice(["float64", "mixed_float16", "float16"]), 0.3)
    return x, {**args, "data_format": form}


def resizing(draw: Draw) -> dict:
    mode = draw.choice(["", "", "crop_to_aspect_ratio", "pad_to_aspect_ratio"])
    args = {"height": draw.randint(1, 9), "width": draw.randint(1, 9), "interpolation": draw.choice(KINDS[:5])}
    x, args = layer_images(draw, {**args, "antialias": draw.maybe(), "fill_value": 2, **({mode: True} if mode else {})})
    return case("Resizing", args, x, tolerance=2e-6)


def center_crop(draw: Draw) -> dict:
    x, args = layer_images(draw, {"height": draw.randint(1, 9), "width": draw.randint(1, 9)})
    return case("CenterCrop", args, x, tolerance=2e-6)


def rescaling(draw: Draw) -> dict:
    x, _ = layer_images(draw, {})
    last = x["shape"][-1]
    args = {
        "scale": draw.choice([1 / 255, 2, [0.25] * last, [0.1 * (i + 1) for i in range(last)]]),
        "offset": draw.choice([0.0, -1, 0.5, [1.0] * last]),
    }
    draw.sometimes(args, "dtype", draw.choice(["float64", "mixed_float16", "float16"]), 0.3)
    return case("Rescaling", args, x)


FUNCTIONS = {
    "resize": (resize, 60),
    "rgb_to_grayscale": (grey, 12),
    "rgb_to_hsv": (colours, 10),
    "hsv_to_rgb": (colours, 10),
    "crop_images": (lambda draw: frame(draw, "cropping"), 16),
    "pad_images": (lambda draw: frame(draw, "padding"), 16),
    "extract_patches": (patches, 20),
    "extract_patches_3d": (patches_3d, 8),
    "gaussian_blur": (blur, 14),
    "sobel_edges": (edges, 10),
    "ssim": (likeness, 12),
    "affine_transform": (affine, 30),
    "perspective_transform": (perspective, 12),
    "map_coordinates": (coordinates, 30),
    "elastic_transform": (elastic, 12),
    "scale_and_translate": (moved, 20),
}
BOXES = {
    "convert_format": (convert, 30),
    "compute_iou": (common, 16),
    "compute_ciou": (pairwise, 8),
    "encode_box_to_deltas": (deltas, 10),
    "decode_deltas_to_boxes": (deltas, 10),
    "crop": (cut, 4),
    "pad": (cut, 4),
    "affine_transform": (turned, 6),
}
LAYERS = {"Resizing": (resizing, 24), "CenterCrop": (center_crop, 16), "Rescaling": (rescaling, 16)}


def cases() -> list[dict]:
    """All cases, by name."""
    made = []
    for module, table in (("ops.image", FUNCTIONS), ("utils.bounding_boxes", BOXES)):
        for name, (plan, count) in table.items():
            for number in range(count):
                one = plan(Draw(f"{module}-{name}-{number}"))
                one.setdefault("tolerance", 2e-6)  # much of this TensorFlow computes in float32, whatever the dtype
                made.append({"id": f"{module}.{name}-{number}", "module": module, "op": name, **one})
    for name, (plan, count) in LAYERS.items():
        made += [{"id": f"{name}-{n}", **plan(Draw(f"{name}-{n}"))} for n in range(count)]
    return made
