"""Sequential: a model that is a list of layers, each taking the one before's output."""

from __future__ import annotations

import contextlib
from typing import Any

from kerasish.core import dispatch, registry
from kerasish.core.context import unique_name
from kerasish.core.dtypes import standardize
from kerasish.core.errors import fail
from kerasish.core.shape import standardize_shape
from kerasish.core.symbolic import KerasTensor
from kerasish.layers import tracking
from kerasish.layers.calling import describe, has_tensors, inside
from kerasish.layers.core import InputLayer
from kerasish.layers.layer import Layer
from kerasish.layers.shapes import shape_from_config
from kerasish.models.model import Model
from kerasish.models.network import Network


class Sequential(Model):
    """A linear stack of layers.

    The weights exist as soon as the shape of the inputs is known: from an ``Input``, from the first layer's
    ``input_shape=``, or from the first data.

    Args:
        layers: layers, in order; or a single one.
        trainable, name: as of ``Layer``.

    Raises:
        ValueError: something that is no layer, or two layers of one name.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        Layer.__init__(self, trainable=trainable, name=name)
        self._k_stack: list[Layer] = []
        self._k_entry: InputLayer | None = None
        for layer in [layers] if isinstance(layers, Layer) else layers or []:
            self._k_append(layer)
        self._k_redraw()

    # Keras 1's words

    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """Keras 1's: the class with the largest output, or 0 and 1 by whether a single one is over 0.5."""
        probabilities = self.predict(x, batch_size, verbose)
        if probabilities.shape[-1] > 1:
            return probabilities.argmax(axis=-1)
        return (probabilities > 0.5).astype("int32")

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """Keras 1's name of ``predict``."""
        return self.predict(x, batch_size, verbose)

    # the stack

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Raises:
            ValueError: not a layer, a name that is taken, or an Input that is not the first.
        """
        self._k_append(layer)
        self._k_redraw(rebuild)

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off and return it.

        Raises:
            IndexError: there are no layers.
        """
        if not self._k_stack:
            raise IndexError("There are no layers in the model.")
        layer = self._k_stack.pop()
        if not any(layer is other for other in self._k_stack):
            self._k_forget([layer])
        self._k_redraw(rebuild)
        return layer

    def _k_redraw(self, rebuild: bool = True) -> None:
        """Let go of the graph of the stack as it was; ``rebuild`` draws that of the stack as it is, from the same entry."""
        entry = self._k_entry
        if self._k_network is not None:
            entry = entry or self._k_network.entries[0]
            self._k_forget(self._k_network.entries)
        self.__dict__["_k_network"] = None
        self.built = False
        if rebuild and entry is not None and self._k_stack:
            with contextlib.suppress(NotImplementedError):  # of a layer without a call
                self._k_draw(entry)

    def _k_draw(self, entry: InputLayer) -> None:
        unique_name("functional")  # Keras makes a model of that kind here, so automatic names count on
        self._k_connect(entry)

    def _k_append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor):
            layer = layer._keras_history.operation
        if isinstance(layer, InputLayer):
            if self._k_stack or self._k_entry is not None:
                raise ValueError(
                    f"Sequential model '{self.name}' has already been configured to use input shape "
                    f"{self._k_entry.batch_shape if self._k_entry else 'of its first layer'}. You cannot add a different "
                    "Input layer to it."
                )
            self._k_entry = layer
            return
        layer = self._as_layer(layer)
        if layer is self:
            raise ValueError(f"Sequential model '{self.name}' cannot be a layer of itself.")
        if any(other.name == layer.name for other in self._k_stack if other is not layer):
            raise ValueError(
                f"All layers added to a Sequential model should have unique names. Name '{layer.name}' is already the "
                f"name of a layer in this model. Update the `name` argument to pass a unique name."
            )
        if not self._k_stack and self._k_entry is None:
            self._k_entry = _declared_input(layer)
        self._k_stack.append(layer)
        if not any(layer is other for other in self._layers):
            self._layers.append(layer)
            self._modules[tracking.free_key(self, str(len(self._k_stack) - 1))] = layer
            tracking.structure_changed()

    def _as_layer(self, layer: Any) -> Layer:
        if isinstance(layer, Layer):
            return layer
        wrap = registry.wrapper_for(layer)  # a torch module, or a plain function
        if wrap is None:
            raise ValueError(
                "Only instances of `keras.Layer` can be added to a Sequential model. "
                f"Received: {layer} (of type {type(layer)})"
            )
        return wrap(layer)

    def _k_connect(self, entry: InputLayer) -> None:
        """Draw the graph from the entry through the stack; builds the layers that are not built."""
        x = entry.output
        with inside(self):
            for layer in self._k_stack:
                x = layer(x)
        self._k_set_network(Network(entry.output, x, self.name))
        self.built = True

    def _connect_several(self, tensors: dict) -> None:
        """Draw the graph for a dictionary of tensors, as a first layer like Keras 2's DenseFeatures takes."""
        x: Any = {
            key: InputLayer(batch_shape=(None, *value.shape[1:]), dtype=standardize(value.dtype), name=key).output
            for key, value in tensors.items()
        }
        entries = dict(x)
        with inside(self):
            for layer in self._k_stack:
                x = layer(x)
        self._k_set_network(Network(entries, x, self.name))
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        """Create the weights for inputs of this shape; does nothing where they exist.

        Raises:
            ValueError: no shape is known, or there are no layers.
        """
        if self._k_network is not None:
            return
        if not self._k_stack:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call `model.add(layer)`."
            )
        if input_shape is None:
            raise fail(ValueError, f"Sequential model '{self.name}' needs the shape of its inputs to be built")
        shape = standardize_shape(shape_from_config(input_shape))
        self._k_draw(self._k_entry or InputLayer(batch_shape=shape, dtype=_first_dtype(self._k_stack[0])))

    def _build_for_known_shape(self) -> None:
        """Build a stack whose first layer was called or adapted before, and so knows what its inputs look like."""
        first = self._k_stack[0] if self._k_stack else None
        shapes = list((first._build_shapes or {}).values()) if first is not None and first.built else []
        if len(shapes) == 1 and isinstance(shapes[0], tuple) and shapes[0]:
            self.build((None, *shapes[0][1:]))

    def _ensure_built(self, args: tuple, kwargs: dict) -> None:
        """On the first data: for its shape, with a batch of any size unless a layer keeps states from batch to batch."""
        if args and isinstance(args[0], dict) and all(map(dispatch.is_tensor, args[0].values())):
            self._connect_several(args[0])
            return
        if not has_tensors(args[:1]) or isinstance(args[0], (list, tuple, dict)):
            raise fail(
                ValueError,
                f"Sequential model '{self.name}' takes one tensor, and can be built on its first data only",
                received=describe(args[0]) if args else None,
            )
        stateful = any(getattr(layer, "stateful", False) for layer in self._flatten_layers(include_self=False))
        self.build((args[0].shape[0] if stateful else None, *args[0].shape[1:]))

    def _k_network_for(self, inputs: Any) -> Network | None:
        """Data of other lengths and widths than the model was built for is taken, if the layers take it."""
        shape = getattr(inputs, "shape", None)
        own = self._k_network.inputs[0]
        if shape is None or own.shape.is_compatible_with((None, *shape[1:])):
            return None
        if self._k_entry is not None:
            return self._k_wider_network(own, tuple(shape))
        name = own._keras_history.operation.name
        exact = InputLayer(batch_shape=(None, *shape[1:]), dtype=own.dtype, name=name)
        self._k_connect(exact)  # a layer may refuse these sizes
        if len(shape) == len(own.shape):
            sizes = [a if a == b else None for a, b in zip(own.shape[1:], shape[1:])]
            self._k_connect(InputLayer(batch_shape=(None, *sizes), dtype=own.dtype, name=name))
        return self._k_network

    def _k_wider_network(self, own: KerasTensor, shape: tuple) -> Network | None:
        """For a declared input: a network beside the model's own, which keeps the declared shape."""
        if len(shape) != len(own.shape):
            return None
        known = self.__dict__.get("_k_wider")
        if known is None or known[0] is not self._k_network or not known[1].inputs[0].shape.is_compatible_with(shape):
            self._k_drawn(shape, own.dtype)  # a layer may refuse these sizes
            sizes = [a if a == b else None for a, b in zip(own.shape[1:], shape[1:])]
            known = self.__dict__["_k_wider"] = (self._k_network, self._k_drawn((None, *sizes), own.dtype))
        return known[1]

    def _k_drawn(self, shape: tuple, dtype: Any) -> Network:
        """A network through the stack for another shape than the model's."""
        x = entry = InputLayer(batch_shape=shape, dtype=dtype, name=self._k_entry.name).output
        with inside(self):
            for layer in self._k_stack:
                x = layer(x)
        return Network(entry, x, self.name)

    # what it is

    def _k_the_network(self, what: str) -> Network:
        if self._k_network is None:
            raise AttributeError(f"Sequential model '{self.name}' has no defined {what} yet.")
        return self._k_network

    @property
    def input_dtype(self) -> str:
        """The dtype of the inputs: the entry's, where there is one."""
        entry = self._k_entry if self._k_network is None else self._k_network.entries[0]
        return self.compute_dtype if entry is None else entry.dtype

    @property
    def layers(self) -> list[Layer]:
        return list(self._k_stack)

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            "`Sequential.layers` attribute is reserved and should not be used. Use `add()` and `pop()`."
        )

    def compute_output_shape(self, input_shape: Any) -> tuple:
        if self._k_network is not None:
            return super().compute_output_shape(input_shape)
        shape = input_shape
        for layer in self._k_stack:
            shape = layer.compute_output_shape(shape)
        return tuple(shape)

    def get_config(self) -> dict:
        layers = ([self._k_entry] if self._k_entry is not None else []) + self._k_stack
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": registry.serialize_keras_object(self.dtype_policy),
            "layers": [registry.serialize_keras_object(layer) for layer in layers],
        }
        if self._k_network is not None:
            config["build_input_shape"] = tuple(self._k_network.inputs[0].shape)
            if self._k_entry is None:
                config["layers"].insert(0, registry.serialize_keras_object(self._k_network.entries[0]))
        return config

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        with registry.understood("The model"), registry.CustomObjectScope(custom_objects or {}):
            model = cls(name=config.get("name"))
            made: dict[str, tuple] = {}
            for data in config["layers"]:
                name = data["config"].get("name")
                if name is None or made.get(name, (None,))[0] != data:  # else the layer stands twice in the model
                    made[name] = data, registry.deserialize_inner(data)
                model._k_append(made[name][1])
            model._k_redraw()
            shape = config.get("build_input_shape")
            if model._k_network is None and model._k_stack and isinstance(shape, (list, tuple)):
                model.build(tuple(shape))
        if not config.get("trainable", True):
            model.trainable = False
        return model

    def get_build_config(self) -> dict | None:
        return None if self._k_network is None else {"input_shape": tuple(self._k_network.inputs[0].shape)}


def _declared_input(layer: Layer) -> InputLayer | None:
    """The entry that a first layer's ``input_shape=`` (or Keras 2's other spellings) declares, or a model's own inputs."""
    declared = layer._keras_2_arguments
    dtype = _first_dtype(layer)
    if isinstance(layer, Model) and layer._k_network is not None and len(layer._k_network.inputs) == 1:
        own = layer._k_network.inputs[0]
        return InputLayer(batch_shape=tuple(own.shape), dtype=own.dtype.name)
    batch_size = declared.get("batch_size")
    for key in ("batch_input_shape", "batch_shape"):
        if declared.get(key) is not None:
            return InputLayer(batch_shape=declared[key], dtype=dtype)
    if declared.get("input_shape") is not None:
        return InputLayer(shape=declared["input_shape"], batch_size=batch_size, dtype=dtype)
    if declared.get("input_dim") is not None:
        return InputLayer(shape=(declared["input_dim"],), batch_size=batch_size, dtype=dtype)
    return None


def _first_dtype(layer: Layer) -> str:
    """The dtype of the inputs that a first layer expects."""
    return "int32" if not layer.autocast and hasattr(layer, "embeddings_initializer") else layer.compute_dtype
