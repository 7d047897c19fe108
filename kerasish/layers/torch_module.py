"""TorchModuleWrapper: a module of torch's as a layer."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import torch
from torch import nn

from kerasish.core import registry
from kerasish.core.context import local
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
        if isinstance(module, nn.modules.lazy.LazyModuleMixin) and module.has_uninitialized_params():
            raise fail(ValueError, "A lazy module needs its parameters before it is wrapped", received=repr(module))
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

    def save_own_variables(self, store: Any) -> None:
        """Put the module's ``state_dict`` into ``store``, under its names."""
        for key, tensor in self.module.state_dict().items():
            store[key] = tensor.detach().cpu().numpy()

    def load_own_variables(self, store: Any) -> None:
        """Set the module's state from what ``save_own_variables`` stored.

        Raises:
            ValueError: names are missing or unknown, or shapes differ.
        """
        own = self.module.state_dict()
        if set(store) != set(own):
            raise fail(
                ValueError,
                f"The weights of layer '{self.name}' are not those of its torch module",
                str(sorted(own)),
                str(sorted(store)),
            )
        values = {key: torch.as_tensor(np.array(store[key])) for key in own}
        wrong = [key for key, value in values.items() if value.shape != own[key].shape]
        if wrong:
            raise fail(
                ValueError,
                f"Layer '{self.name}': the stored '{wrong[0]}' has another shape",
                str(tuple(own[wrong[0]].shape)),
                str(tuple(values[wrong[0]].shape)),
            )
        for variable in self._trainable_variables + self._non_trainable_variables:
            variable.write(variable.stored.detach().clone())  # what was read before must not change
        self.module.load_state_dict(values)

    def get_config(self) -> dict:
        """The layer's arguments, the module pickled as Keras does it: only a reader who trusts its source can load that."""
        buffer = io.BytesIO()
        torch.save(self.module, buffer)
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": registry.serialize_keras_object(self.dtype_policy),
            "module": base64.b64encode(buffer.getvalue()).decode("ascii"),
            "output_shape": self._output_shape,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None, safe_mode: bool | None = None) -> Any:
        """A layer for a config.

        Raises:
            ValueError: in safe mode, which is the default: a pickled module runs code when it is read.
        """
        module = config.get("module")
        if isinstance(module, nn.Module):
            return cls(**config)
        if (safe_mode if safe_mode is not None else local.safe_mode) is not False:
            raise fail(
                ValueError,
                "The config holds a pickled `torch.nn.Module`, which could run any code when it is read",
                hint="If you trust its source, pass `safe_mode=False` to the loading function. Otherwise build the model in "
                "Python and load its weights.",
            )
        if not isinstance(module, str):
            raise fail(ValueError, "The config of a TorchModuleWrapper holds no module", received=type(module).__name__)
        made = torch.load(io.BytesIO(base64.b64decode(module, validate=True)), weights_only=False)
        return cls(**{**config, "module": made})


registry.register_wrapper(nn.Module, TorchModuleWrapper)
