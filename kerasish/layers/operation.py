"""Operation: the user's own functions as parts of models, with a name and a configuration."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch, remat, symbolic, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import automatic_name
from kerasish.core.errors import add_context, fail
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.core.symbolic import Followers, FunctionCall, Node
from kerasish.layers.configuration import captured_arguments
from kerasish.layers.layer import Layer


class Operation(FunctionCall, metaclass=ABCMeta):
    """Base class: a subclass defines ``call``, and ``compute_output_spec`` where tracing ``call`` does not tell the shapes.

    Called on symbolic tensors it becomes part of a model. Layers are operations too: ``isinstance`` says so.

    Args:
        name: without "/"; default: from the class's name, numbered.

    Raises:
        ValueError: a name that is none.
    """

    _k_init_arguments: tuple = ((), {})

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        operation = object.__new__(cls)
        operation._k_init_arguments = (args, kwargs)
        return operation

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                "Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name} (of type {type(name)})"
            )
        self.name = name or automatic_name(type(self))
        self._inbound_nodes: list[Node] = []
        self._outbound_nodes = Followers()
        self._remat_mode = remat.current_mode()

    @property
    def function(self) -> Callable:  # type: ignore[override]
        """What a model's program calls, with raw tensors."""
        return self._of_raw

    def _of_raw(self, *args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(x, torch.Tensor) for x in tree.flatten((list(args), kwargs))):
            return self._k_compute(*args, **kwargs)
        with recording():
            args, kwargs = tree.map_structure(wrap_with_mask, (args, kwargs))
            out = self._k_compute(*args, **kwargs)
            return tree.map_structure(lambda x: raw_with_mask(x) if dispatch.is_tensor(x) else x, out)

    def _k_compute(self, *args: Any, **kwargs: Any) -> Any:
        return self.rematerialized_call(self.call, *args, **kwargs)(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if symbolic.any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self._k_compute(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic tensors."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation."""
        raise NotImplementedError(f"Operation {type(self).__name__} does not have a `call` method implemented.")

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation where the operation is quantized, which it defines itself."""
        raise NotImplementedError(
            f"Operation {type(self).__name__} does not have a `quantized_call` method implemented."
        )

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The results for symbolic tensors, as symbolic tensors."""
        try:
            return symbolic.infer(self.call, args, kwargs)
        except Exception as error:
            add_context(
                error,
                f"Could not automatically infer the output shape / dtype of '{self.name}' (of type {type(self).__name__}). "
                f"Either its call() is incorrect, or it needs a compute_output_spec().",
            )
            raise

    def rematerialized_call(self, fn: Callable, *args: Any, **kwargs: Any) -> Callable:
        """``fn`` as the ``RematScope`` wants it in which the operation was made."""
        mode = self._remat_mode
        return remat.remat(fn) if mode is not None and mode.mode == "full" else fn

    def get_config(self) -> dict:
        """The name and the constructor's arguments.

        Raises:
            NotImplementedError: arguments that are not plain data.
        """
        return {"name": self.name, **captured_arguments(self, *self._k_init_arguments)}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """A new operation for a config of ``get_config``.

        Raises:
            TypeError: the config does not fit ``__init__``.
        """
        config, name = dict(config), config.get("name")
        takes_name = "name" in _parameters(cls)
        if not takes_name:
            config.pop("name", None)
        try:
            operation = cls(**config)
        except Exception as error:
            raise TypeError(
                f"Error when deserializing class '{cls.__name__}' using config={config}. Exception encountered: {error}"
            ) from error
        operation.name = name or operation.name
        return operation

    @property
    def input(self) -> Any:
        """The symbolic input of the first call."""
        tensors = self._first_node("input").input_tensors
        return tensors[0] if len(tensors) == 1 else list(tensors)

    @property
    def output(self) -> Any:
        """The symbolic output of the first call."""
        return self._first_node("output").structure

    def _first_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise fail(AttributeError, f"The layer {self.name} has never been called and thus has no defined {what}")
        return self._inbound_nodes[0]


def _parameters(cls: type) -> tuple:
    code = cls.__init__.__code__  # type: ignore[misc]
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return (*named, "name") if code.co_flags & 0x08 else named  # with **kwargs


Operation.register(Layer)
