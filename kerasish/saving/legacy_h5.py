"""Legacy ``.h5`` files, of Keras 1 to 3: whole models and weights.

    attributes   model_config, training_config (JSON), keras_version, backend
    model_weights/<layer>              attribute weight_names; one array under each of those names
    optimizer_weights                  the same

A file of weights has what is in ``model_weights`` at its root. Layers are matched by their order, arrays by theirs: the
trainable ones of a layer first. What is written here is in Keras 2's words, which Keras 3 reads as well.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from kerasish.about import KERAS_VERSION
from kerasish.core import registry
from kerasish.core.errors import fail
from kerasish.saving import cudnn_weights, h5
from kerasish.saving.archive import replacing
from kerasish.saving.dialects import KERAS_2_OPTIMIZERS, at_home, is_object, to_keras_2, to_keras_3
from kerasish.saving.keras_file import parse_json
from kerasish.saving.transfer import Transfer, match_optimizer

MODEL, OPTIMIZER, TOP = "model_weights", "optimizer_weights", "top_level_model_weights"

# Keras 2's names of an optimizer's slots, and ours. Names ending in "/m:0" are from before 2.11.
_SLOTS = {
    "m": "momentum", "v": "velocity", "vhat": "velocity_hat", "u": "norm", "average": "average",
    "velocity": "velocity", "momentum": "momentum", "average_gradient": "average_gradient", "rms": "velocity",
    "mg": "average_gradient", "accumulator": "accumulator", "linear": "linear", "accumulated_grad": "accumulated_grad",
    "accumulated_delta_var": "accumulated_delta_var", "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var", "r": "row", "c": "column",
}  # fmt: skip

_OF_MATRICES = ("row", "column")  # Adafactor's


def layer_weights(layer: Any) -> list:
    """A layer's weights in the order of these files."""
    return layer.trainable_weights + layer.non_trainable_weights


def _own_weights(model: Any) -> list:
    return model._trainable_variables + model._non_trainable_variables


# writing --------------------------------------------------------------------------------------------------------------


def save(model: Any, path: Any, config: dict, include_optimizer: bool = True) -> None:
    """Write a whole model.

    Args:
        config: the serialized model.
    """
    training = _training_config(model) if include_optimizer else None
    with replacing(path) as temporary, h5.Writer(temporary) as writer:
        _write_versions(writer, "/")
        writer.attribute("/", "model_config", json.dumps(_model_config(model, config)))
        writer.group(MODEL)
        _write_layers(writer, MODEL, model)
        if training is not None:
            writer.attribute("/", "training_config", json.dumps(training))
            _write_arrays(writer, OPTIMIZER, _optimizer_arrays(model.optimizer))


def save_weights(model: Any, path: Any) -> None:
    """Write a model's weights."""
    with replacing(path) as temporary, h5.Writer(temporary) as writer:
        _write_layers(writer, "/", model)


def _model_config(model: Any, config: dict) -> dict:
    if model._k_network is None and not hasattr(model, "_k_stack"):  # a user's words are nobody else's to translate
        return {"class_name": config.get("registered_name") or config["class_name"], "config": config["config"]}
    data = to_keras_2(config)
    return {"class_name": data["class_name"], "config": data["config"]}


def _training_config(model: Any) -> dict | None:
    """What ``compile`` was given; the optimizer as Keras 2 writes it."""
    compiled = model.get_compile_config()
    if not compiled or "optimizer" not in compiled:  # none, or a user's own
        return None
    data = to_keras_2(compiled)
    optimizer = data.pop("optimizer")
    kind = optimizer["class_name"]
    if kind in KERAS_2_OPTIMIZERS:
        optimizer["class_name"] = f"Custom>{kind}"
        name = optimizer["config"].get("name")
        name = kind if name in (None, kind.lower()) else name  # Keras 2's own names are those of the classes
        optimizer["config"] |= {"name": name, "jit_compile": False, "is_legacy_optimizer": False}
    for key in ("run_eagerly", "steps_per_execution", "jit_compile"):
        data.pop(key, None)
    data["loss"] = _full_names(data["loss"])
    return {**data, "optimizer_config": {key: optimizer[key] for key in ("class_name", "config")}}


_SHORT_NAMES = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
}  # fmt: skip


def _full_names(loss: Any) -> Any:
    """Losses by names that Keras 3 finds in such a file; it does not find "mse"."""
    if isinstance(loss, str):
        return _SHORT_NAMES.get(loss.lower(), loss)
    if is_object(loss):
        return loss
    if isinstance(loss, dict):
        if loss.get("class_name") == "function":
            return loss["config"]
        return {key: _full_names(value) for key, value in loss.items()}
    return [_full_names(value) for value in loss] if isinstance(loss, list) else loss


def _write_versions(writer: h5.Writer, path: str) -> None:
    writer.attribute(path, "keras_version", KERAS_VERSION)
    writer.attribute(path, "backend", "tensorflow")


def _write_layers(writer: h5.Writer, root: str, model: Any) -> None:
    _write_versions(writer, root)
    writer.attribute(root, "layer_names", [layer.name for layer in model.layers])
    for layer in model.layers:
        _write_arrays(writer, f"{root}/{layer.name}", [(_label(w), w.numpy()) for w in layer_weights(layer)])
    _write_arrays(writer, f"{root}/{TOP}", [(_label(w), w.numpy()) for w in _own_weights(model)])


def _label(weight: Any) -> str:
    """The array's name: the weight's own in a program that asks for Keras 2."""
    return getattr(weight, "_scoped_name", None) or f"{weight.path}:0"


def _write_arrays(writer: h5.Writer, path: str, arrays: list[tuple[str, Any]]) -> None:
    names: list[str] = []
    for name, _ in arrays:
        names.append(f"{name}_{len(names)}" if name in names else name)
    writer.group(path)
    writer.attribute(path, "weight_names", names)
    for name, (_, array) in zip(names, arrays):
        writer.array(f"{path}/{name}", array)


def _optimizer_arrays(optimizer: Any) -> list[tuple[str, Any]]:
    """An optimizer's state as Keras 2 has it: no learning rate, and momenta even where SGD has none."""
    kind = type(optimizer).__name__
    if kind not in KERAS_2_OPTIMIZERS:
        return [(v.path, v.numpy()) for v in optimizer.variables]
    names = {id(slot): (name, i) for name, slots in optimizer._k_slots.items() for i, slot in slots.items()}
    theirs = {ours: name for name, ours in reversed(_SLOTS.items())}
    if kind == "RMSprop":
        theirs |= {"velocity": "velocity", "momentum": "momentum"}
    trained = optimizer._trainable_variables
    arrays = [("iteration:0", optimizer.variables[0].numpy())]
    for variable in optimizer.variables:
        if id(variable) in names:
            slot, index = names[id(variable)]
            if slot in _OF_MATRICES and not len(variable.shape):
                continue  # of a vector: it has no values
            arrays.append((f"{kind}/{theirs.get(slot, slot)}/{trained[index].path}:0", variable.numpy()))
    if kind == "SGD" and not optimizer.momentum and optimizer.built:
        arrays += [(f"SGD/m/{v.path}:0", np.zeros(tuple(v.shape), v.dtype.name)) for v in trained]
    return arrays


# reading --------------------------------------------------------------------------------------------------------------


def load(path: str, custom_objects: dict | None, compile: bool, safe_mode: bool) -> Any:
    """The model of a whole-model file.

    Raises:
        ValueError: the file holds weights only, or does not fit together.
    """
    with h5.reading(path) as root:
        text = root.text("model_config")
        if text is None:
            raise fail(
                ValueError,
                f"No model config found in the file '{path}'",
                hint="It seems to hold weights only: build the model in Python and call model.load_weights(...).",
            )
        version = root.text("keras_version")
        config = to_keras_3(parse_json(text, f"{path}:model_config"), version)
        model = registry.deserialize_keras_object(config, custom_objects, safe_mode)
        group = root.group(MODEL)
        if group is None:
            raise root.corrupt(f"has no group '{MODEL}'")
        load_weights(model, group)
        training = root.text("training_config")
        if compile and training is not None:
            arguments = _compile_arguments(to_keras_3(parse_json(training, f"{path}:training_config")), model)
            with registry.CustomObjectScope(custom_objects or {}):
                model.compile_from_config(arguments)
            _load_optimizer(model, root.group(OPTIMIZER), root.file)
    return model


def load_weights(model: Any, group: h5.Group, by_name: bool = False, skip_mismatch: bool = False) -> None:
    """Set a model's weights from a group of layers.

    Raises:
        ValueError: layers or arrays do not fit; nothing is changed then.
    """
    names = group.long_texts("layer_names")
    if names is None:
        raise group.corrupt("has no attribute 'layer_names', so it is no file of weights")
    transfer = Transfer(group.file)
    stored = {name: _arrays(group, name) for name in names}
    if by_name:
        pairs = [(layer, name) for name in names for layer in model.layers if layer.name == name]
    else:
        pairs = _in_order(model, stored)
    for layer, name in pairs:
        transfer.match(name, layer, layer_weights(layer), cudnn_weights.todays(layer, stored[name]), skip_mismatch)
    top = _arrays(group, TOP) if group.group(TOP) is not None else []
    if (top or _own_weights(model)) and not by_name:
        transfer.match(TOP, model, _own_weights(model), top)
    transfer.run(skip_mismatch)


def _in_order(model: Any, stored: dict[str, list]) -> list[tuple[Any, str]]:
    """Layers with weights, and the names of the stored ones with weights."""
    layers = [layer for layer in model.layers if layer_weights(layer)]
    names = [name for name, arrays in stored.items() if arrays]
    if len(layers) != len(names):
        raise ValueError(
            f"Layer count mismatch when loading weights from file. Model expected {len(layers)} layers, found "
            f"{len(names)} saved layers. In the model: {[layer.name for layer in layers]}. In the file: {names}. "
            "by_name=True loads the layers whose names agree."
        )
    return list(zip(layers, names))


def _arrays(group: h5.Group, name: str) -> list[h5.Stored]:
    """The arrays of a layer, in order."""
    inner = group.group(name)
    if inner is None:
        raise group.corrupt(f"names a layer '{name}' that it does not hold")
    arrays = []
    for weight in inner.long_texts("weight_names") or []:
        stored = inner.array(weight)
        if stored is None:
            raise inner.corrupt(f"names an array '{weight}' that it does not hold")
        arrays.append(stored)
    return arrays


# the compiled state ---------------------------------------------------------------------------------------------------


def _compile_arguments(training: dict, model: Any) -> dict:
    """A training config as the arguments of ``compile``, still as plain data."""
    arguments = {
        key: training[key] for key in ("loss", "loss_weights", "metrics", "weighted_metrics") if key in training
    }
    arguments["optimizer"] = training.get("optimizer_config")
    for key in ("run_eagerly", "steps_per_execution"):
        if training.get(key):
            arguments[key] = training[key]
    outputs = model.output_names if model._k_network is not None else []
    for key in ("metrics", "weighted_metrics"):
        if arguments.get(key):
            at_home("keras.metrics", arguments[key])
            arguments[key] = _metrics(arguments[key], outputs)
    return arguments


def _metrics(metrics: Any, outputs: list[str]) -> Any:
    """Keras 2 stores a list for each output, and puts the output's name before the metric's."""
    if not isinstance(metrics, list) or not all(m is None or isinstance(m, list) for m in metrics):
        return metrics
    if len(outputs) == 1 and len(metrics) == 1:
        return metrics[0]
    cleaned = []
    for output, own in zip(outputs, metrics):
        own = [m for m in own or [] if m is not None]
        for metric in own:
            if is_object(metric) and str(metric["config"].get("name")).startswith(f"{output}_"):
                metric["config"]["name"] = metric["config"]["name"].removeprefix(f"{output}_")
        cleaned.append(own)
    return cleaned


def _load_optimizer(model: Any, group: h5.Group | None, file: str) -> None:
    optimizer = model.optimizer
    if group is None or optimizer is None:
        return
    names = group.long_texts("weight_names") or []
    arrays = [group.array(name) for name in names]
    if any(array is None for array in arrays):
        raise group.corrupt("names arrays that it does not hold")
    transfer = Transfer(file)
    slots = _slots(names, arrays) if names and names[0].endswith(":0") else None
    if slots is None:
        match_optimizer(transfer, OPTIMIZER, optimizer, arrays)
    else:
        own = {name: [table[i] for i in sorted(table)] for name, table in optimizer._k_slots.items()}
        transfer.match("iteration", optimizer, [optimizer.variables[0]], arrays[:1])
        for slot, variables in own.items():
            variables = [v for v in variables if len(v.shape) or slot not in _OF_MATRICES]
            transfer.match(f"{OPTIMIZER}/{slot}", optimizer, variables, slots.get(slot, []))
    if transfer.problems:
        problems = "; ".join(transfer.problems)
        warnings.warn(
            "Error in loading the saved optimizer state. As a result, your model is starting with a freshly initialized "
            f"optimizer. {problems}",
            stacklevel=5,
        )
        return
    transfer.run()


def _slots(names: list[str], arrays: list) -> dict[str, list] | None:
    """Our slot's name → Keras 2's arrays of it, in the order of the variables; None where a name is not understood.

    Names are ``Adam/m/dense/kernel:0``, or ``Adam/dense/kernel/m:0`` in files from before 2.11.
    """
    slots: dict[str, list] = {}
    for name, array in zip(names[1:], arrays[1:]):
        parts = name.removesuffix(":0").split("/")
        slot = _SLOTS.get(parts[-1]) if names[0].endswith("/iter:0") else _SLOTS.get(parts[1] if len(parts) > 1 else "")
        if slot is not None:
            slots.setdefault(slot, []).append(array)
    return slots
