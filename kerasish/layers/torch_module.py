"""TorchModuleWrapper: a module of torch's as a layer."""

from __future__ import annotations

from typing import Any

from torch import nn

from kerasish.core import registry
from kerasish.core.errors import fail
from kerasish.core.shape import standardize_shape
from kerasish.layers.layer import Layer


class TorchModuleWrapper(Layer):
    """Any ``torch.nn.Module`` as a layer: its parameters are the layer's weights, its mode follows ``training``.

    A torch module in a ``Sequential`` is wrapped by itself; one that is an attribute of a layer needs no wrapper.

    Args:
        module: the module. It is used, not copied.
        name: of the layer.
        output_shape: the shape of the outputs, batch included; default: found by tracing.

    Raises:
        ValueError: ``module`` is not a torch module.

    >>> layer = TorchModuleWrapper(torch.nn.Linear(3, 2))
    >>> layer(np.ones((4, 3))).shape
    TensorShape([4, 2])
    """

    def __init__(self, module: Any, name: str | None = None, output_shape: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if not isinstance(module, nn.Module):
            raise fail(ValueError, "TorchModuleWrapper needs a `torch.nn.Module`", received=repr(module))
        self.module = module
        self._output_shape = None if output_shape is None else standardize_shape(output_shape)
        self.built = True

    def call(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        self._set_torch_mode(training)
        return self.module(*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._output_shape

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return self._output_shape is not None

    def get_config(self) -> dict:
        raise fail(
            NotImplementedError,
            f"Layer '{self.name}' holds a torch module, which has no configuration",
            hint="Save the weights (model.save_weights, state_dict), or write a layer that makes the module in __init__.",
        )


registry.register_wrapper(nn.Module, TorchModuleWrapper)
