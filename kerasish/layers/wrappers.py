"""Wrapper, TimeDistributed, Bidirectional: layers that hold a layer."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import registry, tree
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.calling import cast_float
from kerasish.layers.composites import run_padded
from kerasish.layers.layer import Layer
from kerasish.layers.rnn import split_states


class Wrapper(Layer):
    """Base of layers that wrap another one.

    Args:
        layer: the layer.

    Raises:
        ValueError: it is not a layer.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Layer {layer} supplied to Wrapper isn't a supported layer type. Please ensure wrapped layer is a valid "
                "Keras layer."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        return super().from_config(wrapped_layers(config, custom_objects))


class TimeDistributed(Wrapper):
    """Applies a layer to each time step.

    All steps go through the layer at once, as one large batch. Step by step they go where that would matter: in training, if
    the layer has state that its call updates (``BatchNormalization``), and if it is stateful.

    Args:
        layer: takes one step, (batch, ...).

    Input shape: ``(batch, time, ...)``. Output shape: the layer's, with the time after the batch.

    Raises:
        ValueError: ``layer`` is not a layer, or the inputs have less than 3 dimensions.
    """

    _k_delegates = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Please initialize `TimeDistributed` layer with a `keras.layers.Layer` instance. Received: {layer}"
            )
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        super().build(_step_shape(input_shape))

    def call(self, inputs: torch.Tensor, training: bool | None = None, mask: Any = None) -> Any:
        _step_shape(tuple(inputs.shape))
        size = tuple(inputs.shape[:2])
        if mask is not None and tuple(mask.shape[:2]) != size:
            raise ValueError(
                f"The `mask` passed to the `TimeDistributed` layer has a shape {tuple(mask.shape)} that is incompatible "
                f"with the input shape {tuple(inputs.shape)}. The first two dimensions of the mask (batch size and "
                f"timesteps) must match the input's first two dimensions. Expected mask shape prefix: {size}."
            )
        if not self.layer._call_spec.takes_mask:
            mask = None
        if self._steps_matter(training):
            masks = [None] * size[1] if mask is None else mask.unbind(1)
            steps = [self._run_layer(x, m, training) for x, m in zip(inputs.unbind(1), masks, strict=True)]
            return tree.map_structure(lambda *outputs: torch.stack(outputs, 1), *steps)
        outputs = self._run_layer(inputs.flatten(0, 1), None if mask is None else mask.flatten(0, 1), training)
        return tree.map_structure(lambda x: x.unflatten(0, size), outputs)

    def _run_layer(self, inputs: torch.Tensor, mask: Any, training: bool | None) -> Any:
        options = {} if mask is None else {"mask": mask}
        outputs = self.layer(inputs, training=training, **options)
        return tree.map_structure(lambda x: cast_float(x, self.compute_dtype), outputs)

    def _steps_matter(self, training: bool | None) -> bool:
        """Whether one large batch would give other results than step after step."""
        stateful = any(getattr(layer, "stateful", False) for layer in self._flatten_layers(include_self=False))
        return stateful or bool(training and any(not v._is_parameter for v in self.layer.weights))

    def compute_mask(self, inputs: torch.Tensor, mask: Any = None) -> Any:
        """The layer's own mask for each step; if it gives none, a step counts if any part of it does."""
        if mask is None or mask.ndim == 2:
            return mask
        own = self.layer.compute_mask(inputs.flatten(0, 1), mask.flatten(0, 1))
        if own is None:
            return mask.flatten(2).any(-1)
        return own.unflatten(0, mask.shape[:2])

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        time = inputs.shape[1]
        spec = self.layer.compute_output_spec(KerasTensor(_step_shape(inputs.shape), inputs.dtype))

        def of_all_steps(x: KerasTensor) -> KerasTensor:
            return KerasTensor((x.shape[0], time, *x.shape[1:]), self.compute_dtype if x.dtype.is_floating else x.dtype)

        return tree.map_structure(of_all_steps, spec)

    def compute_output_shape(self, input_shape: Any) -> Any:
        _step_shape(input_shape)
        spec = self.compute_output_spec(KerasTensor(input_shape, self.compute_dtype))
        return tree.map_structure(lambda x: tuple(x.shape), spec)


def _step_shape(shape: Any) -> tuple:
    """The shape of one step of inputs of shape (batch, time, ...)."""
    nested = isinstance(shape, dict) or any(isinstance(size, (list, tuple)) for size in shape)
    if nested or len(shape) < 3:
        raise ValueError(
            "`TimeDistributed` Layer should be passed an `input_shape` with at least 3 dimensions, received: "
            f"{shape if nested else tuple(shape)}"
        )
    return (shape[0], *shape[2:])


_MERGE_MODES = ("sum", "mul", "ave", "concat", None)


class Bidirectional(Layer):
    """Runs a recurrent layer forwards and another one like it backwards, and merges their outputs.

    Args:
        layer: a recurrent layer, of which two copies are made: ``forward_…`` and ``backward_…``. It needs ``go_backwards``,
            ``return_sequences``, ``return_state``, ``stateful`` and a config.
        merge_mode: "concat", "sum", "mul", "ave", or None for both outputs, forward first.
        weights: first values of the weights, forward first.
        backward_layer: used for the backward direction, as it is.

    Call arguments: as of ``RNN``; the first half of ``initial_state`` is for the forward layer.

    Output shape: as of the layer, with twice the units for "concat". With ``return_state``, a tuple of the output (or both
    outputs) and of the states, forward first.

    Raises:
        ValueError: the layers do not fit together, or an unknown ``merge_mode``.

    >>> from kerasish.layers.recurrent import LSTM
    >>> Bidirectional(LSTM(4))(np.ones((2, 5, 3))).shape
    TensorShape([2, 8])
    """

    _config_first = ("merge_mode",)

    _k_delegates = True

    _not_in_config = ("weights",)

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Please initialize `Bidirectional` layer with a `keras.layers.Layer` instance. Received: {layer}"
            )
        if not hasattr(layer, "go_backwards"):
            raise fail(
                TypeError,
                f"Bidirectional needs a layer with `go_backwards`, but '{layer.name}' ({type(layer).__name__}) has none",
                "a recurrent layer: LSTM, GRU, SimpleRNN, RNN",
            )
        if backward_layer is not None and not isinstance(backward_layer, Layer):
            raise ValueError(
                "`backward_layer` need to be a `keras.layers.Layer` instance. Received: "
                f"backward_layer={backward_layer}"
            )
        if merge_mode not in _MERGE_MODES:
            raise ValueError(
                f"Invalid merge mode. Received: {merge_mode}. Merge mode should be one of "
                '{"sum", "mul", "ave", "concat", None}'
            )
        if weights is not None:
            kwargs["weights"] = weights
        super().__init__(**kwargs)
        name = layer.name if layer.name.startswith("forward_") else f"forward_{layer.name}"
        self.forward_layer = _copy(layer, name, {})
        if backward_layer is None:
            backward_layer = _copy(layer, f"backward_{layer.name}", {"go_backwards": True})
        self.backward_layer = backward_layer
        _check_pair(self.forward_layer, backward_layer)
        self.merge_mode = merge_mode
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = getattr(layer, "input_spec", None)
        for own in (self.forward_layer, self.backward_layer):
            if hasattr(own, "zero_output_for_mask"):
                # as in Keras: what the two directions would repeat at a masked step comes from different steps
                own.zero_output_for_mask = self.return_sequences

    @property
    def layer(self) -> Any:
        """The forward layer."""
        return self.forward_layer

    @property
    def states(self) -> Any:
        """The state variables of both layers, forward first; None if they are not stateful."""
        both = [getattr(layer, "states", None) for layer in (self.forward_layer, self.backward_layer)]
        return None if None in both else (*both[0], *both[1])

    def reset_state(self) -> None:
        """Set the states of stateful layers to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)

    # the call

    def _call_on_composite(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return run_padded(self, inputs, *args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = split_states(args, kwargs)
        return super().__call__(*args, **kwargs)

    def call(
        self, sequences: torch.Tensor, initial_state: Any = None, mask: Any = None, training: bool | None = None
    ) -> Any:
        states = [{}, {}] if initial_state is None else self._halves(initial_state)
        forward, backward = (
            layer(sequences, mask=mask, training=training, **options)
            for layer, options in zip((self.forward_layer, self.backward_layer), states, strict=True)
        )
        last_states = ()
        if self.return_state:
            last_states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = backward.flip(0 if getattr(self.backward_layer, "time_major", False) else 1)
        dtype = to_torch(self.compute_dtype)
        merged = self._merge(forward.to(dtype), backward.to(dtype))
        if self.merge_mode is None:
            return (*merged, *last_states)
        return (merged, *last_states) if self.return_state else merged

    def _halves(self, states: Any) -> list[dict]:
        """``initial_state`` for each of the two layers."""
        if not isinstance(states, (list, tuple)) or len(states) % 2:
            raise fail(
                ValueError,
                f"`initial_state` of layer '{self.name}' must be a list with the forward layer's states and then as many "
                "of the backward layer",
                received=f"{len(states) if isinstance(states, (list, tuple)) else 1} states",
            )
        half = len(states) // 2
        return [{"initial_state": list(states[:half])}, {"initial_state": list(states[half:])}]

    def _merge(self, forward: torch.Tensor, backward: torch.Tensor) -> Any:
        if self.merge_mode == "concat":
            return torch.cat([forward, backward], -1)
        if self.merge_mode == "sum":
            return forward + backward
        if self.merge_mode == "ave":
            return (forward + backward) / 2
        return forward * backward if self.merge_mode == "mul" else (forward, backward)

    # shapes and masks

    def compute_mask(self, _: Any, mask: Any) -> Any:
        """The mask of the outputs: the inputs' if there is an output for each step; states have none."""
        mask = tree.flatten(mask)[0]
        own = mask if self.return_sequences else None
        outputs = 2 if self.merge_mode is None else 1
        states = len(tree.flatten(self.forward_layer.state_size)) * 2 if self.return_state else 0
        return own if outputs + states == 1 else [*([own] * outputs), *([None] * states)]

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        shape = self.forward_layer.compute_output_shape(sequences_shape)
        output, *states = shape if self.return_state else [shape]
        if self.merge_mode == "concat":
            output = (*output[:-1], output[-1] * 2)
        outputs = (output, output) if self.merge_mode is None else (output,)
        result = (*outputs, *states, *states)
        return result[0] if len(result) == 1 else result

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        return super().from_config(wrapped_layers(config, custom_objects))


def _copy(layer: Layer, name: str, changes: dict) -> Any:
    """Another layer of the same config and class; classes of the user's need not be registered for that."""
    own_classes = {type(part).__name__: type(part) for part in layer._flatten_layers()}
    with registry.CustomObjectScope(own_classes):
        copied = type(layer).from_config({**layer.get_config(), "name": name, **changes})
    if hasattr(layer, "use_cudnn"):
        copied.use_cudnn = layer.use_cudnn  # in no config
    return copied


def _check_pair(forward: Any, backward: Any) -> None:
    if forward.go_backwards == backward.go_backwards:
        raise ValueError(
            "Forward layer and backward layer should have different `go_backwards` value. Received: "
            f"forward_layer.go_backwards {forward.go_backwards}, backward_layer.go_backwards={backward.go_backwards}"
        )
    for name in ("stateful", "return_sequences", "return_state"):
        first, second = getattr(forward, name), getattr(backward, name)
        if first != second:
            raise ValueError(
                "Forward layer and backward layer are expected to have the same value for attribute "
                f'"{name}", got "{first}" for forward layer and "{second}" for backward layer'
            )


def wrapped_layers(config: dict, custom_objects: dict | None) -> dict:
    """A wrapper's config with the layers in it made."""
    config = dict(config)
    with registry.CustomObjectScope(custom_objects or {}):
        for key in ("layer", "backward_layer"):
            if isinstance(config.get(key), dict):
                config[key] = registry.deserialize_inner(config[key])
    return config
