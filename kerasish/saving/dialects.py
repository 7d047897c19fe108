"""Configurations of Keras 2 as Keras 3 words them, and the other way round.

``to_keras_3`` is applied to whatever is read; what Keras 3 wrote passes unchanged. ``to_keras_2`` serves the legacy ``.h5``
format, whose readers are programs of either age: what only Keras 3 knows is left out where it has its default value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from kerasish.core.dispatch import Array, op
from kerasish.core.registry import is_public, publish

_ANY = object()  # whatever the value, leaving it out changes nothing

_RNN = {"time_major": False, "implementation": _ANY}
_SEPARABLE = {"groups": 1, "kernel_initializer": _ANY, "kernel_regularizer": None, "kernel_constraint": None}
_ATTENTION = {"query_shape": _ANY, "key_shape": _ANY, "value_shape": _ANY, "softmax_robust_masking": False}

# Class → arguments that only Keras 2 knows, and the values at which they mean nothing.
_KERAS_2_ONLY: dict[str, dict[str, Any]] = {
    **dict.fromkeys(
        "RNN SimpleRNN LSTM GRU ConvLSTM1D ConvLSTM2D ConvLSTM3D SimpleRNNCell LSTMCell GRUCell".split(), _RNN
    ),
    **dict.fromkeys(
        "Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D DepthwiseConv2D".split(), {"groups": 1}
    ),
    **dict.fromkeys("SeparableConv1D SeparableConv2D".split(), _SEPARABLE),
    **dict.fromkeys("SpatialDropout1D SpatialDropout2D SpatialDropout3D".split(), {"noise_shape": None}),
    **dict.fromkeys(
        "RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom".split(),
        {"rng_type": _ANY},
    ),
    **dict.fromkeys(  # losses, which Keras 2 stores with their own functions
        "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalHinge "
        "CosineSimilarity Hinge Huber KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError "
        "MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge".split(),
        {"fn": _ANY},
    ),
    "MultiHeadAttention": _ATTENTION,
    "BatchNormalization": {"fused": _ANY, "virtual_batch_size": None, "adjustment": None},
}

# Arguments that only Keras 3 knows, with their defaults; no class of Keras 2 has another default for one of them.
_KERAS_3_ONLY: dict[str, Any] = {
    "quantization_config": None, "seed": None, "input_axes": None, "output_axes": None, "synchronized": False,
    "renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99, "zero_output_for_mask": False,
    "rms_scaling": False, "use_gate": False, "sliding_window": None, "flash_attention": None, "oov_method": "floormod",
    "salt": None, "loss_scale_factor": None, "gradient_accumulation_steps": None, "autocast": True, "optional": False,
    "pad_to_aspect_ratio": False, "fill_value": 0.0, "antialias": False,
}  # fmt: skip
_NEW_DATA_FORMAT = frozenset(
    "CenterCrop RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom Resizing "
    "SpatialDropout2D SpatialDropout3D ZeroPadding1D".split()
)
_NESTED_MODELS = ("Functional", "Model", "Sequential")
KERAS_2_OPTIMIZERS = frozenset("Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lion Nadam RMSprop SGD".split())


def is_object(data: Any) -> bool:
    """Whether plain data is a serialized object."""
    return isinstance(data, dict) and isinstance(data.get("class_name"), str) and isinstance(data.get("config"), dict)


def _mapped(data: Any, convert: Callable[[dict], Any]) -> Any:
    """``data`` with ``convert`` applied to the serialized objects in it, inner ones first."""
    if isinstance(data, (list, tuple)):
        return [_mapped(value, convert) for value in data]
    if not isinstance(data, dict):
        return data
    data = {key: _mapped(value, convert) for key, value in data.items()}
    return convert(data) if is_object(data) else data


# Keras 2 → Keras 3 ----------------------------------------------------------------------------------------------------


def to_keras_3(data: Any, keras_version: str | None = None) -> Any:
    """Plain data of serialized objects, in Keras 3's words.

    Args:
        keras_version: of the library that wrote it, where the file says. It decides what "hard_sigmoid" is.
    """
    data = _mapped(data, _object_to_keras_3)
    old = keras_version is not None and keras_version.partition(".")[0] in ("0", "1", "2")
    return _mapped(data, _old_activations) if old else data


@op
def keras_2_hard_sigmoid(x: Array) -> Any:
    """min(max(x / 5 + 1/2, 0), 1): what Keras 1 and 2 call ``hard_sigmoid``; that of Keras 3 has x / 6.

    Old files depend on it: it was what LSTM and GRU had by default.
    """
    return torch.clamp(0.2 * x + 0.5, 0.0, 1.0)


publish("kerasish.activations", globals(), ("keras_2_hard_sigmoid",))  # so that files may name it


def _old_activations(data: dict) -> dict:
    for key in ("activation", "recurrent_activation"):
        given = data["config"].get(key)
        name = given.get("config") if isinstance(given, dict) and given.get("class_name") == "function" else given
        if name == "hard_sigmoid":
            function = {"module": "builtins", "class_name": "function", "config": "keras_2_hard_sigmoid"}
            data["config"][key] = {**function, "registered_name": "function"}
    return data


_CUDNN = {"CuDNNGRU": "GRU", "CuDNNLSTM": "LSTM"}  # their defaults are those of today's classes


def _object_to_keras_3(data: dict) -> Any:
    name, config = data["class_name"], data["config"]
    if ">" in name:  # a registered class of the user's, or an optimizer of Keras 2
        data["registered_name"] = data.get("registered_name") or name
        data["class_name"] = name = name.rpartition(">")[2]
    if name in _CUDNN:
        data["class_name"] = name = _CUDNN[name]
    if name in ("Policy", "PolicyV1"):
        return config.get("name", "float32")
    for key, default in _KERAS_2_ONLY.get(name, {}).items():
        if key in config and (default is _ANY or config[key] == default):
            del config[key]
    if name == "BatchNormalization" and isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    if name == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    if isinstance(config.get("fn"), str):
        config["fn"] = {"module": "builtins", "class_name": "function", "config": config["fn"]}
    if config.get("quantization_config", _ANY) is None:
        del config["quantization_config"]  # of Keras 3; another value is an error of the layer
    for key in ("layers", "layer", "backward_layer"):
        at_home("keras.layers", config.get(key))
    return data


def at_home(package: str, data: Any) -> None:
    """Let the serialized objects in lists and dictionaries say their package, which Keras 2 leaves to their place.

    Several classes share a name: ``Identity`` is a layer and an initializer, ``MeanSquaredError`` a loss and a metric;
    ``Reshape`` among layers may be an operation, whose config has no dtype.
    """
    if is_object(data):
        is_operation = package == "keras.layers" and not {"dtype", "trainable"} & data["config"].keys()
        if not data.get("module") and not is_operation and is_public(f"{package}.{data['class_name']}"):
            data["module"] = package
    elif isinstance(data, (list, dict)):
        for value in data.values() if isinstance(data, dict) else data:
            at_home(package, value)


def functional_to_keras_3(config: dict) -> dict:
    """The config of a functional model whose calls are Keras 2's lists ``[[layer, call, result, kwargs], ...]``.

    Others are returned as they are.
    """
    layers = config["layers"]
    calls = [call for layer in layers for call in layer.get("inbound_nodes") or []]
    if not any(isinstance(call, list) for call in calls):
        return config
    config = _without_slashes(config)
    layers = config["layers"]
    calls = [call for layer in layers for call in layer.get("inbound_nodes") or []]
    names = {_layer_name(layer) for layer in layers}
    places = list(_places([calls, config["input_layers"], config["output_layers"]], names))
    counts = {_layer_name(layer): _counting(layer, places) for layer in layers}
    converted = []
    for layer in layers:
        own = (layer.get("inbound_nodes") or [])[:: counts[_layer_name(layer)][1]]
        layer = {**layer, "inbound_nodes": [_call(call, names, counts) for call in own]}
        converted.append(_operation(layer) if layer["class_name"] in ("TFOpLambda", "SlicingOpLambda") else layer)
    ends = {key: _renumbered(config[key], names, counts) for key in ("input_layers", "output_layers")}
    for key, value in ends.items():
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
            ends[key] = value[0]  # Keras 2 makes a list of one input, too
    return {**config, "layers": converted, **ends}


def _without_slashes(config: dict) -> dict:
    """The config with "_" in layers' names for "/", which Keras 2 allows (its MobileNetV3 has such names) and 3 does not."""
    names = {name for layer in config["layers"] if "/" in (name := _layer_name(layer))}
    if not names:
        return config

    def renamed(data: Any) -> Any:
        if _is_place(data, names):
            return [data[0].replace("/", "_"), *map(renamed, data[1:])]
        if isinstance(data, dict):
            return {key: renamed(value) for key, value in data.items()}
        return [renamed(value) for value in data] if isinstance(data, list) else data

    layers = []
    for layer in config["layers"]:
        own = {"name": _layer_name(layer).replace("/", "_")}
        nodes = renamed(layer.get("inbound_nodes"))
        layers.append({**layer, **own, "config": {**layer["config"], **own}, "inbound_nodes": nodes})
    ends = {key: renamed(config[key]) for key in ("input_layers", "output_layers")}
    return {**config, "layers": layers, **ends}


def _layer_name(layer: dict) -> str:
    return layer.get("name") or layer["config"]["name"]


def _is_place(data: Any, names: set) -> bool:
    """Whether plain data is ``[layer, call, result]``, with or without keyword arguments."""
    return (
        isinstance(data, list)
        and len(data) in (3, 4)
        and isinstance(data[0], str)
        and data[0] in names
        and isinstance(data[1], int)
        and isinstance(data[2], int)
    )


def _places(data: Any, names: set) -> Iterator[list]:
    if _is_place(data, names):
        yield data
        data = data[3:]
    if isinstance(data, (list, dict)):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _places(value, names)


def _counting(layer: dict, places: list) -> tuple[int, int]:
    """The number of a layer's first call and the step to the next.

    Keras 2 counts a nested model's own graph as call 0; step 2 is our own way of writing, see ``_functional_to_keras_2``.
    """
    name, calls = _layer_name(layer), layer.get("inbound_nodes") or []
    used = [place[1] for place in places if place[0] == name]
    if not used or not calls:
        return 0, 1
    nested = layer["class_name"] in _NESTED_MODELS
    if nested and calls[::2] == calls[1::2] and all(number % 2 for number in used):
        return 1, 2
    return int((nested and min(used) >= 1) or max(used) >= len(calls)), 1


def _renumbered(data: Any, names: set, counts: dict) -> Any:
    """Places with call numbers that count from 0."""
    if _is_place(data, names):
        first, step = counts[data[0]]
        return [data[0], (data[1] - first) // step, data[2]]
    if isinstance(data, dict):
        return {key: _renumbered(value, names, counts) for key, value in data.items()}
    return [_renumbered(value, names, counts) for value in data] if isinstance(data, list) else data


def _call(call: Any, names: set, counts: dict) -> Any:
    """One call as ``{"args": ..., "kwargs": ...}``."""
    if not isinstance(call, list):
        return call

    def argument(data: Any) -> Any:
        if _is_place(data, names):
            place = _renumbered(data, names, counts)
            return {"class_name": "__keras_tensor__", "config": {"keras_history": place}}
        if isinstance(data, list) and data and data[0] == "_CONSTANT_VALUE":
            return data[2]
        if isinstance(data, list):
            return [argument(value) for value in data]
        if isinstance(data, dict):
            return {key: argument(value) for key, value in data.items()}
        return data

    places = call if call and isinstance(call[0], list) else [call]
    kwargs: dict[str, Any] = {}
    for place in places:
        if isinstance(place, list) and len(place) > 3 and isinstance(place[3], dict):
            kwargs.update({key: argument(value) for key, value in place[3].items()})
    args = [argument(place) for place in places]
    data: dict[str, Any] = {"args": [args[0] if len(args) == 1 else args], "kwargs": kwargs}
    if kwargs.get("training") is not None:
        data["explicit_training"] = True
    return data


_RENAMED = {"convert_to_tensor": "identity", "floor_div": "math.floordiv", "div": "math.divide", "mod": "math.floormod"}


def _operation(layer: dict) -> dict:
    """A TensorFlow function in a functional model: ``TFOpLambda`` with function "math.add"."""
    function = str(layer["config"].get("function"))
    rest = {"name": _layer_name(layer), "inbound_nodes": layer["inbound_nodes"]}
    if function == "__operators__.getitem":
        calls = []
        for call in layer["inbound_nodes"]:
            key = _slices(call["kwargs"].get("slice_spec", call["args"][1:]))
            calls.append({"args": [call["args"][0], key], "kwargs": {}})
        return {
            "module": "keras.src.ops.numpy",
            "class_name": "GetItem",
            "config": {"name": rest["name"]},
            "name": rest["name"],
            "inbound_nodes": calls,
        }
    for call in layer["inbound_nodes"]:
        call["kwargs"].pop("name", None)
    function = function.removeprefix("compat.v1.")
    if function == "convert_to_tensor":
        for call in layer["inbound_nodes"]:
            call["kwargs"] = {key: value for key, value in call["kwargs"].items() if key == "value"}
    module, _, name = _RENAMED.get(function, function).rpartition(".")
    if module == "__operators__":  # of TensorFlow's own; the others stand in files by the functions' names
        module = "math"
        name = {"eq": "equal", "ne": "not_equal"}.get(name, name)
    package = module if module.partition(".")[0] == "keras" else f"tf.{module}".rstrip(".")
    return {"module": package, "class_name": "function", "config": name, **rest}


def _slices(spec: Any) -> Any:
    """Keras 2's ``{"start": .., "stop": .., "step": ..}`` as slices of Keras 3."""
    if isinstance(spec, list):
        return [_slices(part) for part in spec]
    if isinstance(spec, dict) and set(spec) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": spec}
    if isinstance(spec, dict) and spec.get("class_name") == "__ellipsis__":
        return {"class_name": "__ellipsis__", "config": {}}
    return spec


# Keras 3 → Keras 2 ----------------------------------------------------------------------------------------------------


def to_keras_2(data: Any) -> Any:
    """Plain data of serialized objects, in words that both Keras 2 and 3 understand."""
    return _mapped(data, _object_to_keras_2)


def _object_to_keras_2(data: dict) -> Any:
    name, config = data["class_name"], data["config"]
    if name == "DTypePolicy":
        return config.get("name", "float32")
    for key, default in _KERAS_3_ONLY.items():
        if key in config and config[key] == default:
            del config[key]
    if name in _NEW_DATA_FORMAT and config.get("data_format") == "channels_last":
        del config["data_format"]
    if name == "InputLayer":
        config["batch_input_shape"] = config.pop("batch_shape")
    if name == "LeakyReLU":
        config["alpha"] = config.pop("negative_slope")
    if name == "Functional":
        _functional_to_keras_2(config)
    registered = data.get("registered_name")
    if registered and registered != name:
        data["class_name"] = registered
    for key in ("build_config", "compile_config"):
        data.pop(key, None)
    return data


def _functional_to_keras_2(config: dict) -> None:
    """Calls as lists, where those can express them: not functions, and not calls with further positional arguments.

    Nor calls with tensors among their keyword arguments, which Keras 3 does not read in that form.

    Keras 2 counts the calls of a nested model from 1, Keras 3 from 0, and neither reads the other's files. So each of its
    calls is written twice and referred to by the odd number, which both find to be the right one.
    """
    layers = config["layers"]
    nested = {layer["name"]: layer["class_name"] in _NESTED_MODELS for layer in layers}
    calls = [_calls_to_keras_2(layer, nested) for layer in layers]
    if any(call is None for call in calls):
        return
    for layer, converted in zip(layers, calls):
        layer["inbound_nodes"] = converted
    graphs = {layer["name"] for layer in layers if layer["class_name"] in _NESTED_MODELS[:2]}
    for key in ("input_layers", "output_layers"):
        ends = config[key]
        ends = [ends] if ends and isinstance(ends, list) and isinstance(ends[0], str) else ends
        config[key] = _ends_to_keras_2(ends, nested, graphs)


def _place_to_keras_2(place: list, nested: dict) -> list:
    name, index, result = place
    return [name, 2 * index + 1 if nested[name] else index, result]


def _ends_to_keras_2(data: Any, nested: dict, graphs: set) -> Any:
    """Places of a model's ends, where Keras 3, too, counts the calls of nested functional models from 1."""
    if _is_place(data, set(nested)):
        name, index, result = data
        return _place_to_keras_2([name, index - (name in graphs), result], nested)
    if isinstance(data, dict):
        return {key: _ends_to_keras_2(value, nested, graphs) for key, value in data.items()}
    return [_ends_to_keras_2(value, nested, graphs) for value in data] if isinstance(data, list) else data


def _calls_to_keras_2(layer: dict, nested: dict) -> list | None:
    """The calls of a layer as lists; None if that cannot be."""

    def place(data: Any) -> Any:
        if isinstance(data, dict) and data.get("class_name") == "__keras_tensor__":
            return _place_to_keras_2(data["config"]["keras_history"], nested)
        if isinstance(data, dict):
            return {key: place(value) for key, value in data.items()}
        return [place(value) for value in data] if isinstance(data, list) else data

    if layer["class_name"] == "function" or ".ops" in str(layer.get("module")):
        return None
    calls = []
    for call in layer["inbound_nodes"]:
        inputs, *others = [place(value) for value in call["args"]] or [None]
        places = [inputs] if _is_place(inputs, set(nested)) else inputs
        attends = layer["class_name"] == "MultiHeadAttention"
        if (
            not isinstance(places, list)
            or not all(_is_place(p, set(nested)) for p in places)
            or (others and not attends)
            or (not attends and any(_places(place(call["kwargs"]), set(nested))))
        ):
            return None
        said = call.get("explicit_training")  # what Keras 3 only notes is not written
        given = {
            k: v
            for k, v in call["kwargs"].items()
            if k not in ("mask", "training") or (said or k == "mask") and v is not None
        }
        kwargs = {key: place(value) for key, value in given.items()} | dict(zip(("value", "key"), others))
        call = [[*where, kwargs if i == 0 else {}] for i, where in enumerate(places)]
        calls += [call, call] if nested[layer["name"]] else [call]
    return calls
