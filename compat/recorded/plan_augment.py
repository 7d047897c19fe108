"""Cases of the layers that augment images: random configurations, seeds, kinds of data."""

from __future__ import annotations

from typing import Any

from case_values import array, integers, made, uniform
from plan_layers import Draw

NUMBER = 8  # cases of each class
COLOURS = {"RandomHue", "RandomSaturation", "RandomGrayscale", "RandomColorDegeneration", "RandomColorJitter"}
COLOURS |= {"RandAugment", "AugMix"}  # they need three channels
NO_BOXES = {"CutMix", "RandomElasticTransform"}
# Keras refuses dictionaries, or exchanges rows and columns of boxes and cuts masks where it does not cut images
IMAGES_ONLY = {"RandomGrayscale", "ContrastLimitedAdaptiveHistogramEqualization", "RandomCrop"}


def pair(low: float, high: float) -> dict:
    return {"$": "tuple", "items": [low, high]}


def within(draw: Draw, low: float, high: float) -> Any:
    """One number of the range, or two."""
    numbers = sorted(round(draw.uniform(low, high), 2) for _ in range(2))
    return draw.choice([max(numbers[1], 0.05), numbers, pair(*numbers)])


def scaled(draw: Draw, args: dict, span: Any) -> None:
    if span != [0, 255] or draw.maybe(0.3):
        args["value_range"] = draw.choice([span, pair(*span)])


def seeded(draw: Draw, args: dict) -> None:
    draw.sometimes(args, "seed", draw.randint(0, 2**33), 0.6)


def affine(draw: Draw, args: dict) -> None:
    draw.sometimes(args, "fill_mode", draw.choice(["reflect", "wrap", "constant", "nearest"]), 0.7)
    draw.sometimes(args, "interpolation", draw.choice(["nearest", "bilinear"]), 0.5)
    draw.sometimes(args, "fill_value", round(draw.uniform(0, 1), 2), 0.4)


def arguments(draw: Draw, name: str, span: list) -> dict:
    """The constructor's arguments of a class."""
    args: dict = {}
    if name in TONED:
        scaled(draw, args, span)
    if name in RANGES:
        args.update({key: within(draw, *bounds) for key, bounds in RANGES[name].items()})
    if name in OPTIONS:
        for key, choices in OPTIONS[name].items():
            draw.sometimes(args, key, draw.choice(choices), 0.7)
    if name in ("RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear"):
        affine(draw, args)
    if name not in SEEDLESS:
        seeded(draw, args)
    return args


UNIT, SIGNED = (0.0, 1.0), (-0.9, 0.9)
RANGES: dict[str, dict] = {
    "RandomBrightness": {"factor": SIGNED},
    "RandomContrast": {"factor": UNIT},
    "RandomHue": {"factor": UNIT},
    "RandomSaturation": {"factor": UNIT},
    "RandomColorDegeneration": {"factor": UNIT},
    "RandomSharpness": {"factor": UNIT},
    "RandomInvert": {"factor": UNIT},
    "RandomErasing": {"factor": UNIT, "scale": (0.05, 0.9)},
    "Solarization": {"addition_factor": UNIT, "threshold_factor": UNIT},
    "RandomColorJitter": {"brightness_factor": UNIT, "hue_factor": UNIT, "contrast_factor": UNIT},
    "RandomGaussianBlur": {"factor": UNIT, "sigma": (0.1, 1.0)},
    "RandomPerspective": {"factor": UNIT},
    "RandomRotation": {"factor": SIGNED},
    "RandomZoom": {"height_factor": (-0.6, 0.9)},
    "RandomTranslation": {"height_factor": SIGNED, "width_factor": SIGNED},
    "RandomShear": {"x_factor": UNIT, "y_factor": UNIT},
    "CutMix": {"factor": UNIT},
}
OPTIONS: dict[str, dict] = {
    "RandomFlip": {"mode": ["horizontal", "vertical", "horizontal_and_vertical"]},
    "RandomPosterization": {},
    "RandomGrayscale": {"factor": [0.3, 0.8, 1.0]},
    "RandomErasing": {"fill_value": [0.5, 3, [1.0, 2.0, 3.0]]},
    "RandomColorJitter": {"saturation_factor": [0.4, [0.2, 0.9]]},
    "RandomGaussianBlur": {"kernel_size": [3, 5, [3, 5]]},
    "RandomPerspective": {"scale": [0.3, 0.7], "fill_value": [0.2, 1.0], "interpolation": ["nearest", "bilinear"]},
    "RandomElasticTransform": {
        "factor": [0.5, [0.3, 0.9]],
        "scale": [0.5, [0.3, 0.9]],
        "interpolation": ["nearest", "bilinear"],
        "fill_mode": ["reflect", "wrap", "constant", "nearest", "mirror"],
    },
    "RandomZoom": {"width_factor": [0.3, [-0.2, 0.4]]},
    "Equalization": {"bins": [256, 100, 16]},
    "ContrastLimitedAdaptiveHistogramEqualization": {
        "clip_limit": [0.0, 1.5, 8.0],
        "tile_grid_size": [{"$": "tuple", "items": [2, 3]}, {"$": "tuple", "items": [4, 4]}],
    },
    "MixUp": {"alpha": [0.5, 1.0, 3.0]},
    "AugMix": {"num_chains": [1, 2], "chain_depth": [1, 2], "factor": [0.5], "alpha": [0.5, 2.0], "all_ops": [False]},
    "RandAugment": {"num_ops": [1, 3], "factor": [0.8, [0.1, 0.6]], "interpolation": ["nearest"]},
    "MaxNumBoundingBoxes": {"fill_value": [0, -7]},
}
TONED = {
    "RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation", "RandomColorDegeneration", "RandomSharpness",
    "RandomInvert", "RandomErasing", "Solarization", "RandomColorJitter", "RandomGaussianBlur",
    "RandomElasticTransform", "RandomPosterization", "AutoContrast", "Equalization",
    "ContrastLimitedAdaptiveHistogramEqualization", "AugMix", "RandAugment",
}  # fmt: skip
SEEDLESS = {"AutoContrast", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization", "MaxNumBoundingBoxes"}
POLICIES = ("AugMix", "RandAugment")
NAMES = sorted({*RANGES, *OPTIONS, "AutoContrast", "RandomCrop"})


def parts(draw: Draw, name: str, images: dict, single: bool, args: dict) -> dict:
    """Images with labels, masks and boxes."""
    data: dict = {"images": images}
    shape = images["shape"]
    count = [] if single else [shape[0]]
    first = args.get("data_format") == "channels_first"
    height, width = shape[-2:] if first else shape[-3:-1]
    seed = draw.randint(0, 999)
    if draw.maybe(0.7):
        data["labels"] = uniform(*count, 5, seed=seed)
    if draw.maybe(0.6) and name != "MixUp":
        sizes = [*count, 1, height, width] if first else [*count, height, width, 1]
        data["segmentation_masks"] = integers(*sizes, high=4, seed=seed, dtype="float32")
    if name not in NO_BOXES and name != "MixUp" and (draw.maybe(0.7) or name == "MaxNumBoundingBoxes"):
        turned = name in ("RandomRotation", "RandomPerspective", "RandAugment")
        form = "xyxy" if turned else draw.choice(["xyxy", "yxyx", "xywh", "center_xywh", "rel_xyxy", "rel_xywh"])
        args["bounding_box_format"] = form
        data["bounding_boxes"] = boxes(draw, form, count, height, width)
    return data


def boxes(draw: Draw, form: str, count: list, height: int, width: int) -> dict:
    """Three boxes for each image."""

    def box() -> list:
        x, y = sorted(draw.uniform(0, 1) for _ in range(2)), sorted(draw.uniform(0, 1) for _ in range(2))
        wide, tall = (1, 1) if form.startswith("rel_") else (width, height)
        corners = {"yxyx": [y[0], x[0], y[1], x[1]], "xyxy": [x[0], y[0], x[1], y[1]]}
        spans = {"xywh": [x[0], y[0], x[1] - x[0], y[1] - y[0]]}
        spans["center_xywh"] = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2, *spans["xywh"][2:]]
        numbers = {**corners, **spans}[form.removeprefix("rel_")]
        sides = [tall, wide] * 2 if form == "yxyx" else [wide, tall] * 2
        return [round(n * side, 3) for n, side in zip(numbers, sides)]

    listed = [[box() for _ in range(3)] for _ in range(count[0] if count else 1)]
    labels = integers(*count, 3, high=5, seed=draw.randint(0, 999))
    return {"boxes": array(listed if count else listed[0]), "labels": labels}


def one(draw: Draw, name: str) -> dict:
    span = draw.choice([[0, 255], [0, 1], [0, 255]]) if name in TONED else [0, 1]
    args = arguments(draw, name, span)
    first = draw.maybe(0.25) and name not in (
        "AutoContrast",
        "RandomColorJitter",
        "RandomErasing",
        "AugMix",
        "RandAugment",
    )
    if first:
        args["data_format"] = "channels_first"
    dtype = draw.choice(["float32", "float32", "float64"]) if name != "MixUp" else "float32"
    if dtype == "float64":
        args["dtype"] = "float64"
    single = draw.maybe(0.2) and name not in ("MixUp", "CutMix", "MaxNumBoundingBoxes")
    colours = name in COLOURS or isinstance(args.get("fill_value"), list)
    shape = [draw.randint(4, 7), draw.randint(4, 7)]
    channels = 3 if colours else draw.choice([1, 1, 2])
    shape = [channels, *shape] if first else [*shape, channels]
    if not single:
        shape = [2, *shape]
    images = uniform(*shape, seed=draw.randint(0, 999), dtype=dtype, high=float(span[1]))
    if name == "RandomCrop":
        args.update(height=draw.randint(2, 5), width=draw.randint(2, 5))
    if name == "RandomPosterization":
        args["factor"] = draw.choice([3, 5, 8, [2, 6], [4, 4]])
    if name == "MaxNumBoundingBoxes":
        args["max_number"] = draw.choice([1, 3, 5])
    data: Any = images
    if (draw.maybe(0.6) or name == "MaxNumBoundingBoxes") and name not in IMAGES_ONLY:
        data = parts(draw, name, images, single, args)
    # Keras brings values to (0, 1), or interpolates them, in float32
    single_precision = name in ("RandomHue", "RandomColorJitter", "RandomShear", "RandomPerspective", *POLICIES)
    more = {"tolerance": 1e-5} if single_precision else {}
    return {"layer": made("layers", name, **args), "data": data, "python_seed": draw.randint(0, 999), **more}


def cases() -> list[dict]:
    """All cases of all classes, by name."""
    return [
        {"id": f"{name}-{number}", **one(Draw(f"{name}-{number}"), name)} for name in NAMES for number in range(NUMBER)
    ]
