"""Model: a layer that can be trained, evaluated, saved and summarised.

Three ways to make one: ``Model(inputs, outputs)`` from symbolic tensors, ``Sequential`` from a list of layers, or a subclass
with a ``call``. The first two have a ``Network``, which runs as a lowered program.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core import registry, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import local, scope
from kerasish.core.errors import NotServedError, close_matches, fail
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.core.ragged import RaggedTensor
from kerasish.core.symbolic import KerasTensor
from kerasish.layers import tracking
from kerasish.layers.calling import CallSpec
from kerasish.layers.core import InputLayer
from kerasish.layers.layer import Layer
from kerasish.layers.overridable import overridable
from kerasish.layers.penalties import check_metric
from kerasish.layers.shapes import keras_tensors, shape_from_config
from kerasish.layers.tracing import trace
from kerasish.models import state_tree
from kerasish.models.calibration import quantize_model
from kerasish.models.network import Network, adapted, takes_graph
from kerasish.models.penalties import PenalizedNetwork
from kerasish.models.state_tree import set_state_tree as _set_state_tree
from kerasish.models.summary import print_summary
from kerasish.saving import model_files
from kerasish.training.trainer import Trainer


def _todays(kwargs: dict) -> dict:
    """``inputs`` and ``outputs`` for what Keras 1 called ``input`` and ``output``."""
    if "input" in kwargs and "output" in kwargs:
        return {{"input": "inputs", "output": "outputs"}.get(key, key): value for key, value in kwargs.items()}
    return kwargs


def _is_functional(args: tuple, kwargs: dict) -> bool:
    """Whether a model's arguments are symbolic inputs and outputs."""
    return len(args) == 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


class Model(Trainer, Layer):
    """A trainable composition of layers.

    Args:
        inputs, outputs: KerasTensors, possibly nested, of a functional model; none for a subclass with a ``call``.
        name: default: from the class's name, numbered.
        trainable, dtype: as of ``Layer``.
    """

    _is_base = True
    _takes_sparse = True
    _stated_inputs: Any = None  # by ``_set_save_spec``
    _builds_by_running = True  # sublayers build themselves when the model runs

    # Model(inputs, outputs) is a Functional: Keras files and summaries name that class. The one place where a constructor
    # gives another class than it was called on.
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        functional = cls is Model and _is_functional(args, _todays(kwargs))
        model = Layer.__new__(registry.class_named("keras.models.Functional") if functional else cls, *args, **kwargs)
        model.__dict__["_k_network"] = None
        model.__dict__["_k_compiled"] = None
        return model

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs = _todays(kwargs)
        if _is_functional(args, kwargs):
            names = ("inputs", "outputs")
            given = {**dict(zip(names, args)), **kwargs}
            inputs, outputs = given.pop("inputs"), given.pop("outputs")
            super().__init__(**given)
            self._k_set_network(Network(inputs, outputs, self.name))
            self.built = True
            return
        if len(args) == 1 and isinstance(args[0], str):  # a subclass's super().__init__("name"), as Keras 2 allowed
            args, kwargs = (), {"name": args[0], **kwargs}
        if args:
            raise fail(TypeError, "Model takes `inputs` and `outputs`, or keyword arguments only", received=str(args))
        super().__init__(**kwargs)

    def _k_set_network(self, network: Network) -> None:
        """Make the graph's layers this model's."""
        state = self.__dict__
        if self._k_network is not None and self._k_network.entries is not network.entries:
            self._k_forget(self._k_network.entries)
        state["_k_network"] = network
        state["autocast"] = False  # inputs get the dtypes that the Inputs declare
        for i, layer in enumerate([*network.layers, *network.loss_layers]):
            if not any(layer is own for own in self._layers):
                self._layers.append(layer)
            if not isinstance(layer, InputLayer) and not any(layer is module for module in self._modules.values()):
                # torch's names must not depend on automatic ones, which count what else was made before
                self._modules[tracking.free_key(self, str(i))] = layer
        if not self._trainable:
            self.trainable = False
        tracking.structure_changed()

    @property
    def _is_graph_network(self) -> bool:
        """Keras 2's: whether it is made of symbolic tensors."""
        return self._k_network is not None

    @overridable
    def _input_layers(self) -> list:
        """Keras 2's: the layers that stand for a graph's inputs."""
        return [layer for layer in self._layers_of_graph() if isinstance(layer, InputLayer)]

    def _layers_of_graph(self) -> list:
        return [] if self._k_network is None else list(self._k_network.layers)

    def _keras_2_weights(self) -> list:
        """In Keras 2's order: layer by layer, then its own."""
        found = [weight for layer in self._layers for weight in layer.weights]
        found += self._trainable_variables + self._non_trainable_variables
        return list({id(weight): weight for weight in found}.values())

    def _set_save_spec(self, inputs: Any, args: Any = None, kwargs: Any = None) -> None:
        """Keras 2's: state what the model is called with, for files that programs are written to; the first time counts.

        Args:
            inputs: specifications or tensors, possibly nested.
            args, kwargs: further arguments of ``call``, which such programs are not given.
        """
        if self._stated_inputs is None:
            object.__setattr__(self, "_stated_inputs", inputs)

    def add_loss(self, loss: Any) -> None:
        values = tree.flatten(loss)
        symbolic = [x for x in values if isinstance(x, KerasTensor)] if self._k_network is not None else []
        if symbolic:
            object.__setattr__(self, "_given_loss", True)
            self._k_set_network(PenalizedNetwork(self._k_network, self, symbolic, {}))
        super().add_loss([x for x in values if not any(x is own for own in symbolic)])

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = "mean") -> None:
        check_metric(name, aggregation)
        if self._k_network is None or not isinstance(value, KerasTensor):
            super().add_metric(value, name)
        else:
            self._k_set_network(PenalizedNetwork(self._k_network, self, [], {name: value}))

    def _k_forget(self, layers: list) -> None:
        """Take layers out of the model."""
        gone = {id(layer) for layer in layers}
        self._layers[:] = [layer for layer in self._layers if id(layer) not in gone]
        for key in [key for key, module in self._modules.items() if id(module) in gone]:
            del self._modules[key]
        tracking.structure_changed()

    # the call

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The model's outputs; a subclass without inputs and outputs defines this."""
        if self._k_network is None:
            raise NotImplementedError(
                f"Model {type(self).__name__} does not have a `call()` method implemented. "
                "Give the class one, or make the model with keras.Model(inputs, outputs) or keras.Sequential(layers)."
            )
        if mask is not None:
            for x, m in zip(tree.flatten(inputs), tree.flatten(mask), strict=True):
                if m is not None:
                    x._keras_mask = m
        if type(inputs) is not torch.Tensor and any(isinstance(x, RaggedTensor) for x in tree.flatten(inputs)):
            return self._call_on_composite(inputs, training)
        if self._runs_layers():
            with recording():
                outputs = self._k_network.run_layers(tree.map_structure(wrap_with_mask, inputs), training, self)
                return tree.map_structure(raw_with_mask, outputs)
        return self._k_network.run(inputs, training, self)

    def _call_on_composite(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Layer by layer: a program computes on dense tensors."""
        if self._k_network is None:
            return super()._call_on_composite(inputs)
        inputs = tree.map_structure(wrap_with_mask, inputs)
        return self._k_network.run_layers(inputs, local.training if training is None else training, self)

    def _k_program(self, x: torch.Tensor, training: bool | None) -> Callable | None:
        if self._k_network is None or self._user_call or self._runs_layers():
            return None
        return self._k_network.program_for(x, training)

    def _follow_dtype(self, fn: Callable) -> None:
        super()._follow_dtype(fn)
        for entry in self._k_network.entries if self._k_network is not None else ():
            entry._follow_dtype(fn)

    def _k_compute(self, call: Callable, args: tuple, kwargs: dict) -> Any:
        """Each layer follows its own dtype policy."""
        return call(*args, **kwargs)

    def _k_network_for(self, inputs: Any) -> Network | None:
        """Another network, for inputs that do not fit the present one, if the model may have one."""
        return None

    def _runs_layers(self) -> bool:
        """Whether to go through the layers one by one rather than run the lowered program, as torch.compile does too."""
        if is_dynamo_compiling():
            return True
        return self.run_eagerly or self._k_network.has_masked_inputs

    def nested_program(self, training: bool | None) -> Callable[..., tuple] | None:
        """The program of this model for use in another one's; None where it has to be called as a layer."""
        simple = (
            self._k_network is not None
            and not self._user_call
            and not self._k_has_hooks()
            and self.activity_regularizer is None
            and not self.run_eagerly
        )
        if not simple or self._k_network.plan(training).calls_layers:
            return None
        return self._k_network.nested_program(training)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        if self._k_network is not None and not self._user_call:
            inputs = args[0] if args else kwargs["inputs"]
            try:
                return self._k_network.output_spec(inputs)
            except ValueError as error:
                return adapted(self, inputs, error).output_spec(inputs)
        return super().compute_output_spec(*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape, or structure of shapes, of the outputs for inputs of the given shapes."""
        inputs = keras_tensors(input_shape, self.compute_dtype)
        spec = self.compute_output_spec(inputs) if self._k_network is not None else trace(self, (inputs,), {})
        return tree.map_structure(lambda x: tuple(x.shape), spec)

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return type(self).compute_output_shape is not Model.compute_output_shape

    def build(self, input_shape: Any = None) -> None:
        """Create all weights, for inputs of this shape.

        Raises:
            ValueError: no shape was given, or the model cannot be run on symbolic inputs of it.
        """
        if self._k_network is not None:
            return
        if input_shape is None:
            raise fail(ValueError, "Input shape must be defined when calling `build()` on a model")
        if not self._user_call:
            self.call(None)  # raises
        self.built = True  # so that the run does not build once more
        try:
            with scope(call_layers=local.call_layers[:-1]):  # the run notes that it is inside this model
                trace(self, (keras_tensors(shape_from_config(input_shape), "float32"),), {})
        except Exception:
            self.built = False
            raise

    # layers

    @property
    def layers(self) -> list[Layer]:
        """The layers this model was made of, not those inside them."""
        return list(self._k_network.layers if self._k_network is not None else self._layers)

    @overridable
    def operations(self) -> list:
        """The layers and functions of a model's graph, in the order of ``layers``."""
        return list(self._k_the_network("operations").operations)

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError("`Model.layers` attribute is reserved and should not be used. Please use another name.")

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place in ``layers``.

        Raises:
            ValueError: there is none, or both or neither argument was given.
        """
        if (name is None) == (index is None):
            raise fail(
                ValueError, "Provide either a layer name or layer index at `get_layer`", received=f"{name=}, {index=}"
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(
            f"No such layer: {name}. Existing layers are: {names}. {close_matches(str(name), names)}".rstrip()
        )

    @overridable
    def inputs(self) -> list[KerasTensor]:
        return self._k_the_network("inputs").inputs

    @overridable
    def outputs(self) -> list[KerasTensor]:
        return self._k_the_network("outputs").outputs

    @property
    def input(self) -> Any:
        if self._k_network is None and self._inbound_nodes:  # a part of a larger model
            return super().input
        return self._k_the_network("input").inputs_structure

    @property
    def output(self) -> Any:
        if self._k_network is None and self._inbound_nodes:
            return super().output
        return self._k_the_network("output").outputs_structure

    @overridable
    def input_names(self) -> list[str]:
        return list(self._k_the_network("input_names").input_names)

    @overridable
    def output_names(self) -> list[str]:
        return [x._keras_history.operation.name for x in self._k_the_network("output_names").outputs]

    @overridable
    def input_shape(self) -> Any:
        if self._k_network is None and self._user_call:
            return super().input_shape
        return _shapes(self._k_the_network("input").inputs)

    @overridable
    def output_shape(self) -> Any:
        if self._k_network is None and self._user_call:
            return super().output_shape
        return _shapes(self._k_the_network("output").outputs)

    def save_spec(self, dynamic_batch: bool = True) -> Any:
        """What Keras 2's models are called with, as type specifications: a list with that of the inputs, and a dictionary.

        Args:
            dynamic_batch: has no effect: the batch size is the one that the inputs were declared with.

        Returns:
            None for a model that was not called yet.

        Raises:
            NotServedError: a subclass with a ``call`` of its own: what it was called with is not kept.
        """
        if self._k_network is None:
            if self._k_last_shapes is None:
                return None
            raise NotServedError(
                f"Model '{self.name}' is a subclass with a `call()`: save_spec knows models of layers alone."
            )
        spec = registry.above("tf.TensorSpec")
        return [tree.map_structure(lambda x: spec(x.shape, x.dtype, x.name), self._k_network.inputs_structure)], {}

    @overridable
    def state_updates(self) -> list:
        """What Keras 2's graphs had to run after a step: nothing."""
        return []

    def _k_the_network(self, what: str) -> Network:
        if self._k_network is None:
            raise AttributeError(
                f"Model '{self.name}' has no defined {what}: it is a subclass with a `call()`, or not built yet."
            )
        return self._k_network

    def reset_states(self) -> None:
        """Set the states of stateful layers to zero."""
        for layer in self._flatten_layers(include_self=False):
            for name in ("reset_state", "reset_states"):
                reset = getattr(layer, name, None)
                if reset is not None:
                    reset()
                    break

    def _build_for_known_shape(self) -> None:
        """Build a model whose inputs are known without data: of a Sequential, if its first layer was built before."""

    def summary(
        self,
        line_length: int | None = None,
        positions: list | None = None,
        print_fn: Callable | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list | tuple | None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and parameter counts.

        Args:
            line_length: width of the table.
            positions: where the columns end, as fractions of the width or as columns.
            print_fn: called with each line, in Keras 3's look once with all of them; default: ``print``.
            expand_nested: whether the layers of nested models get rows of their own.
            show_trainable: whether a column says if a layer is trainable.
            layer_range: names (or patterns) of the first and the last layer to show.

        Raises:
            ValueError: the model has no weights yet (Keras 3's look shows "?"), or the table is too narrow.
        """
        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    # the state as values

    @property
    def metrics_variables(self) -> list:
        """The variables of all metrics."""
        return state_tree.metric_variables(self)

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, dict]:
        """All variables by kind ("trainable_variables", "optimizer_variables", ...) and by the parts of their paths, nested.

        Args:
            value_format: "backend_tensor" or "numpy_array".

        Raises:
            ValueError: another format, or two variables of one path.
        """
        return state_tree.get_state_tree(self, value_format)

    def set_state_tree(self, state_tree: dict[str, dict]) -> None:
        """Set the variables that such a tree has."""
        _set_state_tree(self, state_tree)

    def stateless_compute_loss(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple:
        """``compute_loss`` with other values of the variables: the loss, and the three lists of values after it."""
        values = {
            "trainable": trainable_variables, "non_trainable": non_trainable_variables, "metrics": metrics_variables,
        }  # fmt: skip
        batch = {"x": x, "y": y, "y_pred": y_pred, "sample_weight": sample_weight, "training": training}
        return state_tree.stateless_loss(self, values, batch)

    # quantization

    def quantize(self, mode: str | None = None, config: Any = None, filters: Any = None, **kwargs: Any) -> None:
        """Quantize the weights of all layers that can be: Dense, EinsumDense, Embedding and the like.

        Args:
            mode: "int8", "int4", "float8", "gptq" or "awq".
            config: a ``keras.quantizers.QuantizationConfig``, instead of or besides the mode; "gptq" and "awq" need one.
            filters: a regular expression for layers' names, a list of them, or a function of a layer.
            kwargs: ``type_check=False`` quantizes subclasses of those layers too.

        Raises:
            ValueError: the model is not built, a layer is quantized already, or the arguments do not go together.
        """
        type_check = kwargs.pop("type_check", True)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        quantize_model(self, config, filters, type_check)

    def get_quantization_layer_structure(self, mode: str | None = None) -> dict | None:
        """What a subclass tells "gptq" and "awq": ``{"pre_block_layers": [...], "sequential_blocks": [...]}``."""
        return None

    # saving

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write the model to a ``.keras``, ``.h5`` or ``.hdf5`` file: architecture, weights, compilation, optimizer state."""
        model_files.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None, **kwargs: Any) -> None:
        """Write the weights to a ``.weights.h5`` file, or a legacy ``.h5`` one."""
        model_files.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> Any:
        """Set the weights from a ``.weights.h5``, ``.keras`` or legacy ``.h5`` file, or a checkpoint of TensorFlow's."""
        return model_files.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Write the forward pass for programs that do not have the model's code.

        Args:
            filepath: a folder for "tf_saved_model", a ``.pt2`` file for "torch", a file for "onnx".
            format: "tf_saved_model": a folder that ``keras.layers.TFSMLayer`` reads (of programs of torch's, not TensorFlow's
                graph); "torch": what ``torch.export.load`` reads; "onnx".
            verbose: whether to say what was written; default: yes.
            input_signature: a list with an ``InputSpec``, ``TensorSpec`` or tensor, or a structure of them, for each argument
                of the call; default: what the model declares or was called with.
            kwargs: ``opset_version`` for "onnx", the options of ``torch.export.export`` for "torch".

        Raises:
            ValueError: no such format, or the model's inputs are not known.
            NotImplementedError: format "openvino" or "litert".
        """
        write = registry.above("keras.src.export.export_model")
        return write(self, filepath, format, verbose, input_signature, kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON; arguments go to ``json.dumps``. ``keras.models.model_from_json`` reads it."""
        return json.dumps(registry.serialize_keras_object(self), **kwargs)

    def to_yaml(self, **kwargs: Any) -> str:
        """Keras 2's, which is gone there too.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Method `model.to_yaml()` has been removed due to security risk of arbitrary code execution. Please use "
            "`model.to_json()` instead."
        )

    def get_config(self) -> dict:
        if self._k_network is not None and takes_graph(type(self)):
            return registry.class_named("keras.models.Functional")._graph_config(self)
        return Layer.get_config(self)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        """A model for a config of ``get_config``; a graph's for a class that can be made from inputs and outputs.

        Raises:
            TypeError: the config does not fit ``__init__``.
        """
        if {"name", "layers", "input_layers", "output_layers"} <= set(config) and takes_graph(cls):
            functional = registry.class_named("keras.models.Functional")
            return functional.from_config.__func__(functional if cls is Model else cls, config, custom_objects)
        with registry.CustomObjectScope(custom_objects or {}):
            return super().from_config(config)

    def build_from_config(self, config: dict) -> None:
        if config and "input_shape" in config and self._k_network is None:
            self.build(shape_from_config(config["input_shape"]))
        elif config:
            super().build_from_config(config)


Model._call_spec = CallSpec(Model.call)


def _shapes(tensors: list) -> Any:
    """The shape of the only tensor, or a list: whatever structure they have, as in Keras."""
    shapes = [tuple(x.shape) for x in tensors]
    return shapes[0] if len(shapes) == 1 else shapes
