"""Cases of ``keras.applications``: structures of all architectures, predictions of small ones, preparation of images."""

from __future__ import annotations

import itertools
from typing import Any

from case_values import integers, uniform

ARCHITECTURES = (
    "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge DenseNet121 DenseNet169 DenseNet201 "
    "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6 "
    "EfficientNetB7 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2L EfficientNetV2M "
    "EfficientNetV2S InceptionResNetV2 InceptionV3 MobileNet MobileNetV2 MobileNetV3Large MobileNetV3Small NASNetLarge "
    "NASNetMobile ResNet101 ResNet101V2 ResNet152 ResNet152V2 ResNet50 ResNet50V2 VGG16 VGG19 Xception"
).split()

# Small models, of which predictions are recorded: (architecture, arguments, dtype)
SMALL: list[tuple[str, dict, str]] = [
    ("VGG16", {"include_top": False, "pooling": "max", "input_shape": (33, 40, 3)}, "float32"),
    ("ResNet50", {"classes": 3, "input_shape": (33, 35, 3)}, "float32"),
    ("ResNet50V2", {"include_top": False, "pooling": "avg", "input_shape": (32, 32, 3)}, "float32"),
    ("Xception", {"classes": 3, "classifier_activation": None, "input_shape": (71, 72, 3)}, "float32"),
    ("InceptionV3", {"include_top": False, "pooling": "avg", "input_shape": (75, 75, 3)}, "float32"),
    ("InceptionResNetV2", {"include_top": False, "pooling": "max", "input_shape": (75, 75, 3)}, "float32"),
    ("DenseNet121", {"classes": 3, "input_shape": (32, 50, 3)}, "float64"),
    ("MobileNet", {"alpha": 0.25, "depth_multiplier": 2, "classes": 4, "input_shape": (40, 33, 3)}, "float64"),
    ("MobileNet", {"include_top": False, "input_shape": (32, 32, 1)}, "float32"),
    ("MobileNetV2", {"alpha": 0.35, "classes": 4, "input_shape": (33, 40, 3)}, "float64"),
    ("MobileNetV3Small", {"classes": 4, "input_shape": (33, 40, 3)}, "float64"),
    ("MobileNetV3Small", {"minimalistic": True, "include_preprocessing": False, "classes": 4}, "float32"),
    ("MobileNetV3Large", {"alpha": 0.75, "include_top": False, "pooling": "max"}, "float32"),
    ("NASNetMobile", {"include_top": False, "pooling": "avg", "input_shape": (33, 40, 3)}, "float32"),
    ("EfficientNetB0", {"classes": 4, "input_shape": (33, 40, 3)}, "float64"),
    ("EfficientNetV2B0", {"classes": 4, "input_shape": (33, 40, 3)}, "float64"),
    ("EfficientNetV2B1", {"include_preprocessing": False, "include_top": False, "pooling": "avg"}, "float32"),
    ("ConvNeXtTiny", {"classes": 4, "input_shape": (32, 40, 3)}, "float32"),
    ("ConvNeXtTiny", {"include_top": False, "include_preprocessing": False, "pooling": "max"}, "float32"),
]
VARIANTS: list[tuple[str, dict]] = [
    ("VGG19", {"include_top": False, "pooling": "avg"}),
    ("ResNet101", {"classes": 7, "classifier_activation": None, "name": "other", "input_shape": (65, 97, 1)}),
    ("ResNet50V2", {"include_top": False, "pooling": "max"}),
    ("Xception", {"include_top": False, "pooling": "max"}),
    ("DenseNet121", {"include_top": False, "pooling": "max"}),
    ("MobileNet", {"include_top": False, "pooling": "max"}),
    ("MobileNetV2", {"alpha": 1.3, "classes": 9, "input_shape": (96, 96, 3)}),
    ("MobileNetV3Large", {"alpha": 1.3, "minimalistic": True, "dropout_rate": 0, "classes": 9}),
    ("EfficientNetB1", {"include_top": False, "pooling": "max"}),
    ("EfficientNetV2B2", {"include_top": False, "pooling": "max", "input_shape": (40, 40, 1)}),
    ("ConvNeXtTiny", {"include_top": False, "name": "other", "input_shape": (64, 32, 1)}),
]
FIRST: list[tuple[str, dict]] = [  # with the channels first
    ("VGG16", {"include_top": False, "input_shape": (3, 33, 40)}),
    ("ResNet50", {"classes": 4, "input_shape": (3, 64, 70)}),
    ("ResNet50V2", {"include_top": False}),
    ("Xception", {"classes": 3}),
    ("InceptionV3", {"classes": 3}),
    ("MobileNet", {"classes": 3}),
    ("MobileNetV2", {"classes": 3, "input_shape": (3, 64, 70)}),
    ("MobileNetV3Small", {"classes": 3, "input_shape": (3, 64, 70)}),
    ("EfficientNetB0", {"classes": 3, "input_shape": (3, 64, 70)}),
    ("EfficientNetV2B0", {"classes": 3}),
]
LARGER = """VGG19 ConvNeXtSmall ConvNeXtBase EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetV2B2
EfficientNetV2B3 EfficientNetV2S ResNet101 ResNet101V2 ResNet152 ResNet152V2 DenseNet169 DenseNet201""".split()
REFUSED: list[tuple[str, dict]] = [
    ("VGG16", {"input_shape": (31, 31, 3), "include_top": False}),
    ("VGG16", {"input_shape": (None, None, 3)}),
    ("ResNet50", {"input_shape": (32, 32), "include_top": False}),
    ("ResNet50", {"weights": "noisy-student"}),
    ("ResNet50", {"weights": "imagenet", "classes": 10}),
    ("ResNet50", {"weights": "imagenet", "input_shape": (100, 100, 3)}),
    ("ResNet50", {"weights": "imagenet", "input_shape": (100, 100, 1), "include_top": False}),
    ("Xception", {"input_shape": (70, 90, 3), "include_top": False}),
    ("InceptionV3", {"input_shape": (90, 74, 3), "include_top": False}),
    ("DenseNet121", {"format": "channels_first"}),
    ("NASNetMobile", {"format": "channels_first"}),
    ("ConvNeXtTiny", {"format": "channels_first"}),
    ("MobileNet", {"weights": "imagenet", "alpha": 0.4}),
    ("MobileNet", {"weights": "imagenet", "depth_multiplier": 2}),
    ("MobileNetV2", {"weights": "imagenet", "alpha": 0.4}),
    ("MobileNetV3Small", {"weights": "imagenet", "alpha": 0.5}),
    ("MobileNetV3Large", {"weights": "imagenet", "alpha": 0.75, "minimalistic": True}),
    ("MobileNetV3Small", {"input_shape": (31, 40, 3)}),
    ("NASNetLarge", {"weights": "imagenet", "input_shape": (None, None, 3), "include_top": False}),
]
MODULES = (
    "convnext densenet efficientnet efficientnet_v2 imagenet_utils inception_resnet_v2 inception_v3 mobilenet mobilenet_v2 "
    "mobilenet_v3 nasnet resnet resnet50 resnet_v2 vgg16 vgg19 xception"
).split()


def structures() -> list[dict]:
    rows = [(name, {}, "channels_last") for name in ARCHITECTURES]
    rows += [(name, arguments, "channels_last") for name, arguments in VARIANTS]
    rows += [(name, arguments, "channels_first") for name, arguments in FIRST]
    return [_case("structure", i, name, arguments, format=order) for i, (name, arguments, order) in enumerate(rows)]


def cases() -> list[dict]:
    found = [_case("predictions", i, *row[:2], dtype=row[2]) for i, row in enumerate(SMALL)]
    for i, (name, arguments) in enumerate(REFUSED):
        arguments = dict(arguments)
        order = arguments.pop("format", "channels_last")
        found.append(_case("structure", f"refused{i}", name, arguments, format=order))
    found += [_case("structure", f"larger{i}", name, {}, format="channels_last") for i, name in enumerate(LARGER)]
    return found + _images()


def _case(kind: str, i: Any, name: str, arguments: dict, **more: Any) -> dict:
    arguments = {k: {"$": "tuple", "items": list(v)} if isinstance(v, tuple) else v for k, v in arguments.items()}
    return {"id": f"{kind}-{i}-{name}", "kind": kind, "name": name, "arguments": arguments, **more}


def _images() -> list[dict]:
    found = []
    forms = itertools.product(("array", "tensor", "symbolic"), ("channels_last", "channels_first"), (3, 4))
    for i, (form, order, rank) in enumerate(forms):
        shape = (4, 5, 3) if order == "channels_last" else (3, 4, 5)
        shape = shape if rank == 3 else (2, *shape)
        for mode in ("caffe", "tf", "torch"):
            for dtype in ("float32", "float64", "float16", "uint8", "int32"):
                if (
                    form == "tensor"
                    and dtype in ("uint8", "int32")
                    or form == "symbolic"
                    and (rank == 3 or dtype > "g")
                ):
                    continue
                made = integers if "int" in dtype else uniform
                image = made(*shape, high=255, seed=i, dtype=dtype)
                case = {
                    "id": f"image-{form}-{order}-{rank}-{mode}-{dtype}",
                    "kind": "image",
                    "form": form,
                    "image": image,
                }
                found.append({**case, "module": "imagenet_utils", "arguments": {"data_format": order, "mode": mode}})
    for module in MODULES:
        image = uniform(1, 4, 5, 3, high=255, seed=1)
        found.append(
            {
                "id": f"image-{module}",
                "kind": "image",
                "form": "array",
                "image": image,
                "module": module,
                "arguments": {},
            }
        )
    bad = uniform(2, 2, 3, high=255)
    for key, value in (("data_format", "last"), ("mode", "keras")):
        case = {"id": f"image-bad-{key}", "kind": "image", "form": "array", "image": bad, "module": "imagenet_utils"}
        found.append({**case, "arguments": {key: value}})
    return found
