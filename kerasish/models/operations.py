"""Functions in a functional model's graph, as Keras 3's files hold them.

A file names each function of ``keras.ops`` by a class, and divides its arguments: those of the class's ``call`` stand in the
node, the others are the configuration. ``ops.sum(x, axis=1)`` becomes

    {"module": "keras.src.ops.numpy", "class_name": "Sum", "config": {"name": "sum", "axis": 1, "keepdims": false}, ...}

``operations.txt`` lists function, module and class, and the arguments of ``call``.
"""

from __future__ import annotations

import functools
import inspect
import pathlib
from typing import Any, NamedTuple

import numpy as np

from kerasish.core import dispatch, registry, tree
from kerasish.core.context import settings
from kerasish.core.errors import close_matches, fail
from kerasish.core.symbolic import FunctionCall, KerasTensor, Node


class _Form(NamedTuple):
    """How files write one function."""

    function: str
    module: str
    class_name: str
    call: tuple[str, ...]  # names of the arguments of ``call``; "*xs" stands for any number


@functools.cache
def _forms() -> dict[str, _Form]:
    """Class name → form, and ``"function name"`` → form: the two sorts of names differ in their first letter's case."""
    path = pathlib.Path(__file__).with_name("operations.txt")
    forms = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        function, place, *call = line.split()
        module, _, class_name = place.partition(".")
        form = _Form(function, f"keras.src.ops.{module}", class_name, tuple(call))
        forms[function] = forms[class_name] = form
    return forms


def class_name(operation: FunctionCall) -> str:
    """What summaries call a function's kind: ``GetItem`` for ``get_item``, Keras 2's ``TFOpLambda`` for those of ``tf``."""
    name = getattr(operation.function, "__name__", "function")
    if str(registry.public_name(operation.function)).startswith("tf."):
        return "TFOpLambda"
    form = _forms().get(name)
    return form.class_name if form is not None else "".join(part.title() for part in name.split("_"))


# to files -------------------------------------------------------------------------------------------------------------


def serialize(operation: FunctionCall, node: Node) -> tuple[dict, list, dict]:
    """The entry of a function in a model's config, and the arguments that remain for its node.

    Raises:
        ValueError: not a public function of keras.ops or tf.
    """
    form = _forms().get(getattr(operation.function, "__name__", ""))
    if form is not None and dispatch.OPS.get(form.function) is operation.function:
        bound = inspect.signature(operation.function).bind(*node.args, **node.kwargs)
        arguments = dict(bound.arguments)
        call = [name.lstrip("*") for name in form.call]
        bound.apply_defaults()  # Keras's configurations name every argument
        constants = {name: value for name, value in bound.arguments.items() if name not in call and name != "kwargs"}
        if constants.get("data_format", "") is None:
            constants["data_format"] = settings.image_data_format
        if not _has_tensors(constants) and "kwargs" not in arguments:
            config = {name: registry.serialize_keras_object(value) for name, value in constants.items()}
            data = {
                "module": form.module,
                "class_name": form.class_name,
                "config": {"name": operation.name, **config},
                "registered_name": form.class_name,
            }
            return data, *_call_arguments(form, arguments)
    path = registry.public_name(operation.function)
    if path is None:
        raise fail(
            ValueError,
            f"The function '{operation.name}' of the model's graph is not a public one of keras.ops or tf, so the model "
            "cannot be written to a file",
            hint="Put it into a layer of your own with get_config().",
        )
    module, _, name = path.rpartition(".")
    data = {"module": module, "class_name": "function", "config": name, "registered_name": name}
    return data, list(node.args), dict(node.kwargs)


def _call_arguments(form: _Form, arguments: dict) -> tuple[list, dict]:
    """Values for ``call``: by position as far as all are given, then by name."""
    args: list = []
    kwargs: dict = {}
    complete = True
    for name in form.call:
        if name.startswith("*"):
            args += arguments.get(name[1:], ())
        elif name not in arguments:
            complete = False
        elif complete:
            args.append(_key_to_file(arguments[name]) if name == "key" else arguments[name])
        else:
            kwargs[name] = arguments[name]
    return args, kwargs


def _key_to_file(key: Any) -> Any:
    """An index as files hold it: their lists are tuples, so that a list becomes an array."""
    if isinstance(key, list):
        return np.array(key)
    return tuple(_key_to_file(part) for part in key) if isinstance(key, tuple) else key


def _has_tensors(value: Any) -> bool:
    return any(isinstance(x, KerasTensor) for x in tree.flatten(value))


# from files -----------------------------------------------------------------------------------------------------------


def is_operation(data: dict) -> bool:
    """Whether an entry of a model's config is a function rather than a layer.

    Keras 3's ``.h5`` files leave out the module; there a layer can be told by what every layer's config has.
    """
    if "module" not in data:
        return data["class_name"] in _forms() and "trainable" not in data["config"]
    return data["class_name"] == "function" or str(data["module"]).startswith("keras.src.ops")


class Operation:
    """A function of a file's graph: calling it repeats one of the file's calls.

    Args:
        data: the entry of the config.
        name: of the operation.

    Raises:
        TypeError: there is no such function.
    """

    def __init__(self, data: dict, name: str) -> None:
        self._form = None
        self._constants: dict = {}
        if data["class_name"] == "function":
            function = registry.deserialize_keras_object(data)
        else:
            self._form = _forms().get(data["class_name"])
            function = dispatch.OPS.get(self._form.function) if self._form is not None else None
            if function is None:
                names = [form.class_name for form in _forms().values()]
                raise fail(
                    TypeError,
                    f"Could not locate the operation '{data.get('module')}.{data['class_name']}'",
                    hint=close_matches(str(data["class_name"]), names) or None,
                )
            config = registry.deserialize_keras_object(data["config"])
            self._constants = {key: value for key, value in config.items() if key != "name"}
        self.call = FunctionCall(function, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._form is not None:
            args, kwargs = self._joined(args, kwargs)
        return self.call(*args, **kwargs)

    def _joined(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The node's and the configuration's arguments in the order of the function's own."""
        given: dict[str, Any] = {**self._constants, **kwargs}
        for i, name in enumerate(self._form.call):  # type: ignore[union-attr]
            if name.startswith("*"):
                given[name[1:]] = args[i:]
            elif i < len(args):
                given[name] = tuple(args[i]) if name == "key" and isinstance(args[i], list) else args[i]
        ordered: list = []
        complete = True
        for name, parameter in inspect.signature(self.call.function).parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                ordered += given.pop(name, ())
            elif complete and name in given:
                ordered.append(given.pop(name))
            else:
                complete = False
        return tuple(ordered), given
