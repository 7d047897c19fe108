"""TFSMLayer: an exported model as a layer."""

from __future__ import annotations

from typing import Any

from kerasish.core import tree
from kerasish.core.context import local
from kerasish.core.errors import fail
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.layers.exported import Endpoint, Exported
from kerasish.layers.layer import Layer


class TFSMLayer(Layer):
    """What ``model.export(path)`` wrote, as a layer; the code that made the model is not needed.

    Args:
        filepath: the folder that ``model.export`` or ``keras.export.ExportArchive`` wrote.
        call_endpoint: the endpoint that the layer calls.
        call_training_endpoint: the one that it calls in training mode; default: the same.
        trainable, name, dtype: as of every layer.

    Raises:
        ValueError: no such endpoint, or the folder holds something else (a SavedModel of TensorFlow's, for one).
    """

    def __init__(
        self,
        filepath: Any,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        exported = Exported(filepath)
        self.filepath = str(filepath)
        self.call_endpoint = call_endpoint
        self.call_training_endpoint = call_training_endpoint
        functions = {}
        for key, endpoint in (("call", call_endpoint), ("training", call_training_endpoint)):
            if endpoint is not None:
                functions[key] = _endpoint(exported, endpoint)
        self._endpoints: dict[str, Endpoint] = functions
        self._in_python = exported.python is not None
        for key, function in functions.items():
            if not self._in_python or hasattr(exported.python["functions"][function.name], "layer"):  # type: ignore[index]
                setattr(self, f"_{key}_program", exported.module(function.name))
        if not trainable:
            self.trainable = False
        self.built = True

    def call(self, inputs: Any, training: bool = False, **kwargs: Any) -> Any:
        key = "training" if training and self.call_training_endpoint is not None else "call"
        endpoint = self._endpoints[key]
        if self._in_python:
            return tree.map_structure(raw_with_mask, endpoint(tree.map_structure(wrap_with_mask, inputs), **kwargs))
        return self._modules[f"_{key}_program"](*endpoint.raw(endpoint.positional((inputs,), kwargs)))

    def get_config(self) -> dict:
        config = {
            "filepath": self.filepath,
            "call_endpoint": self.call_endpoint,
            "call_training_endpoint": self.call_training_endpoint,
        }
        names = ("name", "trainable", "dtype")
        return {**{key: value for key, value in super().get_config().items() if key in names}, **config}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None, safe_mode: bool | None = None) -> TFSMLayer:
        """A layer for a config.

        Raises:
            ValueError: in safe mode, which is the default: what lies at the path that a file names would be run.
        """
        if (safe_mode if safe_mode is not None else local.safe_mode) is not False:
            raise fail(
                ValueError,
                "The config asks for a TFSMLayer, which would run the program at the path "
                f"{config.get('filepath')!r} that it names",
                hint="If you trust its source, pass `safe_mode=False` to the loading function, or make the layer in Python: "
                "keras.layers.TFSMLayer(path).",
            )
        return cls(**config)


def _endpoint(exported: Exported, name: str) -> Endpoint:
    if name not in exported.signatures:
        raise fail(
            ValueError,
            f"The exported model has no endpoint '{name}'",
            hint=f"Choose another one by the argument `call_endpoint`. It has: {list(exported.signatures)}",
        )
    return exported.signatures[name]  # type: ignore[return-value]
