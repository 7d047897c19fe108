"""Pipeline: layers one after another, as a layer."""

from __future__ import annotations

from typing import Any

from kerasish.core import registry, tree
from kerasish.core.masks import mask_of
from kerasish.layers.layer import Layer


class Pipeline(Layer):
    """Applies layers one after another; for preprocessing, in a model or in ``Dataset.map``.

    Args:
        layers: a list of layers.
        name: of the layer.

    Input and output shape: those of the first and the last layer.
    """

    def __init__(self, layers: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._pipeline_layers = layers

    @property
    def layers(self) -> list:
        return self._pipeline_layers

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        outputs = inputs
        for layer in self._pipeline_layers:
            given = {}
            if layer._call_spec.takes_mask:
                given["mask"] = mask
            if layer._call_spec.takes_training and training is not None:
                given["training"] = training
            outputs = layer(outputs, **given)
            mask = tree.map_structure(mask_of, outputs)
        return outputs

    def get_config(self) -> dict:
        return {"layers": registry.serialize_keras_object(list(self._pipeline_layers)), "name": self.name}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Pipeline:
        """A pipeline for a config of ``get_config``.

        Raises:
            ValueError: it has no list of layers.
        """
        layers = config.get("layers")
        if not isinstance(layers, (list, tuple)):
            raise ValueError(
                "The config of a `Pipeline` must have a key `layers` with a list of serialized layers. "
                f"Received: layers={layers}"
            )
        made = [registry.deserialize_keras_object(layer, custom_objects=custom_objects) for layer in layers]
        return cls(**{**config, "layers": made})
