"""Module: a ``torch.nn.Module`` with Keras's bookkeeping — what attributes hold, and the variables that this makes up.

The base of ``Layer``; it knows nothing of calls.
"""

from __future__ import annotations

import inspect
import types
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.compiler import is_dynamo_compiling

from kerasish.core import deferred, dispatch
from kerasish.core.context import asks_for_keras_2, local, scope
from kerasish.core.dtypes import as_dtype, to_torch
from kerasish.core.errors import no_attribute
from kerasish.core.registry import is_builtin
from kerasish.core.symbolic import Followers
from kerasish.core.variable import Cell, Variable
from kerasish.layers import tracking
from kerasish.layers.calling import CallSpec, adapt, settle_late
from kerasish.layers.tracking import TrackedDict, TrackedList, structure

# Attributes that hold bookkeeping, and those whose change makes a lowered model's program stale.
_UNTRACKED = frozenset(
    (
        "_k_init_arguments",
        "_build_shapes",
        "_k_last_shapes",
        "_keras_2_arguments",
        "_inbound_nodes",
        "_outbound_nodes",
        "_k_stack",
        "_k_entry",
    )
)
_HOOK_TABLES = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_LOWERED = frozenset(("supports_masking", "activity_regularizer", "_dtype_policy", "autocast", "input_spec"))


class Module(nn.Module):
    """Attributes, variables and torch's side of a layer."""

    _keras_layer = True
    autocast = True
    input_spec: Any = None
    supports_masking = False
    _settled: tuple[str, ...] = ()  # attributes that ``_lowered`` looks at: a change makes programs stale

    # Both are done here rather than in __init__: attributes may be set before super().__init__() is called, and the
    # arguments of the most derived class are its configuration if it has no get_config.
    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        settle_late(cls)
        layer = object.__new__(cls)
        nn.Module.__init__(layer)
        state = layer.__dict__
        state.update({name: _Hooks() for name in _HOOK_TABLES})
        state["training"] = False
        state["_k_init_arguments"] = ((), {}) if is_builtin(cls) else (args, kwargs)
        for name in ("_layers", "_metrics", "_seed_generators", "_trainable_variables", "_non_trainable_variables"):
            state[name] = []
        state["_losses"] = []
        state["_k_parts_then"] = None
        state["_k_torch_modules"] = []
        state["_k_replaced"] = {}  # attribute -> the variable in whose place a tensor stands
        state["_inbound_nodes"] = []
        state["_outbound_nodes"] = Followers()
        state["_k_building"] = False
        state["_build_shapes"] = None
        state["_k_last_shapes"] = None
        state["built"] = False
        state["_trainable"] = True
        state["_path"] = None
        return layer

    # variables

    def _flatten_layers(self, include_self: bool = True) -> Iterator[Module]:
        """This layer and all below it, each once, parents first."""
        seen: set[int] = set()
        stack: list[Module] = [self] if include_self else list(self._layers)
        while stack:
            layer = stack.pop(0)
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                stack[:0] = layer._layers

    def _k_parts(self) -> list[Module]:
        """This layer and all below it, each once: from a list that is made anew when the structure has changed."""
        if is_dynamo_compiling():  # its graphs are not for one version of the structure
            return list(self._flatten_layers())
        return [self, *self._k_known_parts().below]

    def _k_known_parts(self) -> _KnownParts:
        known = self._k_parts_then
        if known is None or known.version != structure.version:
            known = self.__dict__["_k_parts_then"] = _KnownParts(self)
        return known

    def _k_collect(self, own: Callable[[Module], list]) -> list:
        """Variables of this layer, then of its sublayers, each once."""
        seen: set[int] = set()
        found = []
        for layer in self._k_parts():
            for variable in own(layer):
                if id(variable) not in seen:
                    seen.add(id(variable))
                    found.append(variable)
        return found

    @property
    def weights(self) -> list[Variable]:
        """All variables but the states of random generators and metrics.

        In programs that ask for Keras 2: the trainable ones first.
        """
        if asks_for_keras_2():
            return self._keras_2_weights()
        return self._k_collect(lambda layer: layer._trainable_variables + layer._non_trainable_variables)

    def _keras_2_weights(self) -> list[Variable]:
        """In Keras 2's order: the trainable ones first, wherever they are below."""
        found = self._k_collect(lambda layer: layer._trainable_variables + layer._non_trainable_variables)
        return sorted(found, key=lambda variable: not variable.is_learnt)

    @property
    def variables(self) -> list[Variable]:
        """All variables, the states of random generators included; those of metrics are in ``metrics_variables``."""

        def own(layer: Module) -> list:
            generators = [generator.state for generator in layer._seed_generators]
            return layer._trainable_variables + layer._non_trainable_variables + generators

        return self._k_collect(own)

    @property
    def trainable_variables(self) -> list[Variable]:
        """Those that optimizers update: of floating-point numbers, ``trainable``, in a trainable layer."""
        return [v for v in self.variables if v.is_learnt] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return [v for v in self.variables if not v.is_learnt] if self.trainable else self.variables

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if v.is_learnt] if self.trainable else []

    @trainable_weights.setter
    def trainable_weights(self, value: list) -> None:
        """As layers of Keras 1 name their variables: the others are frozen, and those that no attribute holds are held."""
        for own in self.weights:
            if own.is_learnt and not any(v is own for v in value):
                own.trainable = False
        if any(not any(v is own for own in self.weights) for v in value):
            self._named_weights = list(value)

    @property
    def _trainable_weights(self) -> list[Variable]:
        """Keras 2's: this layer's own, which wrappers add others' to."""
        return self._trainable_variables

    @property
    def _non_trainable_weights(self) -> list[Variable]:
        return self._non_trainable_variables

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if not v.is_learnt] if self.trainable else self.weights

    @property
    def metrics(self) -> list:
        """Metric objects held by this layer and its sublayers."""
        return self._k_collect(lambda layer: layer._metrics)

    @property
    def metrics_variables(self) -> list[Variable]:
        return [v for metric in self.metrics for v in metric.variables]

    def get_weights(self) -> list[np.ndarray]:
        """The weights' values as NumPy arrays."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, weights: list) -> None:
        """Set the weights from arrays, in the order of ``weights``.

        Raises:
            ValueError: a wrong number of arrays, or an array of the wrong shape.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length {len(weights)}, "
                f"but the layer was expecting {len(own)} weights."
            )
        for variable, value in zip(own, weights, strict=True):
            shape = tuple(np.shape(value)) if not dispatch.is_tensor(value) else tuple(value.shape)
            if tuple(variable.shape) != shape:
                raise ValueError(
                    f"Layer {self.name} weight shape {tuple(variable.shape)} is not compatible with provided weight "
                    f"shape {shape}."
                )
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """How many scalars the weights are made of.

        Raises:
            ValueError: the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. You can build it "
                "manually via: `layer.build(input_shape)`."
            )
        return sum(int(np.prod(w.shape)) for w in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Put the values of this layer's own variables into ``store``, a dict-like of arrays."""
        for i, variable in enumerate(self._file_variables()):
            store[str(i)] = variable.numpy()

    def _file_variables(self) -> list[Variable]:
        """This layer's own variables in the order in which files hold them."""
        return self._trainable_variables + self._non_trainable_variables

    def _k_variables_for(self, count: int) -> list[Variable]:
        """The variables that a file with ``count`` arrays means: Keras leaves out what subclasses of some layers add."""
        own, known = self._file_variables(), self._own_file_variables()
        if count == len(own) or count != len(known) or not known:
            return own
        warnings.warn(
            f"The file has no values for {[v.name for v in own[count:]]} of layer '{self.name}', which keep theirs: Keras "
            f"saves the variables of {type(self).__name__} that the class it is made from knows.",
            stacklevel=3,
        )
        return known

    def _own_file_variables(self) -> list[Variable]:
        """Those that a built-in layer knows by name."""
        return []

    def _after_loading(self, loaded: list[Variable]) -> None:
        """Called once these variables were set from a file."""

    def load_own_variables(self, store: Any) -> None:
        """Set this layer's own variables from what ``save_own_variables`` stored.

        Raises:
            ValueError: the store has another number of variables, or the layer is not built.
        """
        own = self._k_variables_for(len(store))
        if len(store) != len(own):
            if not own and not self.built:
                raise ValueError(
                    f"Layer '{self.name}' was never built and thus it doesn't have any variables. However the weights "
                    f"file lists {len(store)} variables for this layer. In most cases, this error indicates that the "
                    "layer lacks a `build()` method that creates its sublayers' weights, or that it is not called."
                )
            raise ValueError(
                f"Layer '{self.name}' expected {len(own)} variables, but received {len(store)} variables during loading. "
                f"Expected: {[v.name for v in own]}"
            )
        for i, variable in enumerate(own):
            variable.assign(store[str(i)])
        self._after_loading(own)

    @property
    def trainable(self) -> bool:
        """Whether the variables of this layer and its sublayers may be updated; setting it sets theirs too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._set_own_trainable(bool(value))

    def _set_own_trainable(self, value: bool) -> None:
        """Whether this layer's own variables may be updated; those of its sublayers are theirs."""
        object.__setattr__(self, "_trainable", value)
        for variable in self._trainable_variables:
            variable.trainable = value
        tracking.trainable_changed()

    def _set_torch_mode(self, training: bool | None) -> None:
        """Let the modules of torch's that the layer holds follow the mode of a call."""
        mode = bool(training)
        for module in self._k_torch_modules:
            if module.training is not mode:
                module.train(mode)

    # attributes

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__
        if "_modules" not in state:  # not made by __new__: nn.Module's own set-up
            object.__setattr__(self, name, value)
            return
        if isinstance(value, torch.Tensor):
            self._k_set_tensor(name, value)
            return
        if type(value) is tracking.NoDependency:
            with scope(tracking=False):
                setattr(self, name, value.value)
            return
        old = state.get(name)
        is_value = isinstance(value, np.ndarray) or (dispatch.is_tensor(value) and not isinstance(value, Variable))
        if name in self._k_replaced and not is_value:
            old = tracking.put_back(self, name)
        if tracking.is_tracked(old) and old is not value:
            object.__setattr__(self, name, None)
            tracking.untrack(self, old)
        if is_value:
            tracking.replace(self, name, old, value)
        if not tracking.is_plain(value) and name not in _UNTRACKED and local.tracking:
            value = tracking.track(self, value)
            if isinstance(value, nn.Module):
                self._modules[name] = value
                if self.built:
                    tracking.structure_changed()
            elif isinstance(value, Variable) and value._owner is self:
                if isinstance(old, Variable) and old._owner is self:
                    tracking.take_place(self, name, old, value)
                tracking.rename(value, name)
            elif isinstance(value, Variable) and isinstance(old, Variable) and old._owner is self:
                tracking.tie(old, value)
        if name in self._modules and not isinstance(value, nn.Module):
            del self._modules[name]
        object.__setattr__(self, name, value)
        if deferred.pending and not tracking.is_plain(value):
            deferred.note(self)
        if (name in _LOWERED or name in self._settled) and self.built:
            tracking.structure_changed()
        if name == "call":
            self._override_call()

    def _k_set_tensor(self, name: str, value: torch.Tensor) -> None:
        """A parameter or tensor assigned to an attribute: torch exchanging one of ours, or the user's own."""
        if name in self._parameters:
            self._parameters[name] = value
        elif name in self._buffers:
            self._buffers[name] = value
        elif isinstance(value, nn.Parameter):
            self._parameters[name] = value
            self._trainable_variables.append(tracking.reference(self, name, True))
        else:
            object.__setattr__(self, name, value)

    def _track_trackable(self, trackable: Any, name: str, overwrite: bool = False) -> Any:
        """Hold something as an attribute (TensorFlow's)."""
        if overwrite or not hasattr(self, name):
            setattr(self, name, trackable)
        return trackable

    def _override_call(self) -> None:
        """A ``call`` assigned to the instance counts as the user's."""
        state = self.__dict__
        state["_user_call"] = True
        state["_call_spec"] = CallSpec(state["call"], bound=True, owner=type(self))
        state["_raw_call"] = types.MethodType(adapt(_call_of_instance), self)
        tracking.structure_changed()

    def __getattr__(self, name: str) -> Any:
        found = inspect.getattr_static(type(self), name, None)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)  # a property that failed: let it say why itself
        for table in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(table, ()):
                return self.__dict__[table][name]
        raise no_attribute(self, name)

    def __delattr__(self, name: str) -> None:
        value = self.__dict__.get(name)
        if isinstance(value, Variable) and value._owner is self:
            value.move(Cell(), value._key)
        self._modules.pop(name, None)
        if name in self.__dict__:
            object.__delattr__(self, name)
            tracking.untrack(self, value)
        elif name in self._parameters:
            del self._parameters[name]
        else:
            del self._buffers[name]

    def add_module(self, name: str, module: nn.Module | None) -> None:
        setattr(self, name, module)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._parameters, *self._buffers, *self._modules})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.__dict__.get('_name')}, built={self.built}>"

    # torch's recursion goes through class attributes, so that users may name their attributes as they like

    def named_modules(self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True) -> Iterator:
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from type(module).named_modules(module, memo, path, remove_duplicate)

    def train(self, mode: bool = True) -> Module:
        """Torch's switch: what ``training=None`` means from here on, for this layer and those below."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        object.__setattr__(self, "training", mode)
        for module in self._modules.values():
            if module is not None:
                type(module).train(module, mode)
        return self

    def eval(self) -> Module:
        return Module.train(self, False)

    def apply(self, fn: Callable[[nn.Module], None]) -> Module:
        for module in self._modules.values():
            if module is not None:
                type(module).apply(module, fn)
        fn(self)
        return self

    def _apply(self, fn: Callable, recurse: bool = True) -> Module:
        children = self._modules
        if recurse:
            for module in children.values():
                if module is not None:
                    type(module)._apply(module, fn)
        nn.Module._apply(self, fn, recurse=False)
        self._follow_dtype(fn)
        for variable in self._trainable_variables + self._non_trainable_variables:
            variable.renew_ties()
        return self

    def _follow_dtype(self, fn: Callable) -> None:
        """After ``.to(dtype)``, ``.half()`` and the like: the layer's dtype is that of its weights."""

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Torch's way to freeze; the same as setting ``trainable``."""
        nn.Module.requires_grad_(self, requires_grad)
        self.trainable = requires_grad
        return self

    def get_parameter(self, target: str) -> nn.Parameter:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if name not in owner._parameters:
            raise AttributeError(f"'{target}' is no parameter of {self!r}")
        return owner._parameters[name]  # the attribute may hold a Variable

    def get_buffer(self, target: str) -> torch.Tensor:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if name not in owner._buffers:
            raise AttributeError(f"'{target}' is no buffer of {self!r}")
        return owner._buffers[name]

    def register_parameter(self, name: str, param: nn.Parameter | None) -> None:
        nn.Module.register_parameter(self, name, param)
        if param is not None:
            self._trainable_variables.append(tracking.reference(self, name, True))

    def register_buffer(self, name: str, tensor: torch.Tensor | None, persistent: bool = True) -> None:
        nn.Module.register_buffer(self, name, tensor, persistent)
        if tensor is not None and persistent:
            self._non_trainable_variables.append(tracking.reference(self, name, False))

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Torch's view of the weights: stored layout, names from attributes."""
        if destination is None:
            destination = {}
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                type(module).state_dict(module, destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return destination


def converted_dtype(dtype: str, fn: Callable) -> Any:
    """The dtype that torch's conversion ``fn`` (of ``Module._apply``) gives tensors of ``dtype``; None for the same."""
    before = to_torch(dtype)
    if not before.is_floating_point:
        return None
    after = fn(torch.empty(0, dtype=before)).dtype
    return as_dtype(after) if after is not before and after.is_floating_point else None


class _KnownParts:
    """The layers below a layer, as of some version of the structure; copies of the layer look for theirs."""

    __slots__ = ("below", "variables", "version", "with_losses")

    def __init__(self, layer: Module) -> None:
        self.version = structure.version
        self.below = list(layer._flatten_layers(include_self=False))
        self.with_losses = [part for part in self.below if part._may_hold_losses]
        self.variables = [
            variable for part in self.below for variable in part._trainable_variables + part._non_trainable_variables
        ]

    def __reduce__(self) -> tuple:
        return type(None), ()


class _Hooks(OrderedDict):
    """Torch's table of a module's hooks. A lowered model calls layers with hooks in another way, so changes count."""

    def __setitem__(self, key: int, hook: Any) -> None:
        super().__setitem__(key, hook)
        tracking.structure_changed()

    def __delitem__(self, key: int) -> None:
        super().__delitem__(key)
        tracking.structure_changed()


def _call_of_instance(self: Module, *args: Any, **kwargs: Any) -> Any:
    return self.__dict__["call"](*args, **kwargs)


def _set_mode_of_parent(parent: nn.Module, name: str, child: Any) -> None:
    """A layer attached under a module of torch's takes that module's mode."""
    foreign = not isinstance(parent, (Module, TrackedList, TrackedDict))
    mode = parent.__dict__.get("training")  # absent from wrappers such as torch.compile's
    if foreign and isinstance(child, Module) and mode is not None and child.training != mode:
        Module.train(child, mode)


nn.modules.module.register_module_module_registration_hook(_set_mode_of_parent)
