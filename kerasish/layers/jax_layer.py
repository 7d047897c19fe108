"""JaxLayer and FlaxLayer: models of JAX's and Flax's as layers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes, registry, symbolic, tree
from kerasish.core.context import local
from kerasish.core.errors import fail
from kerasish.core.random import SeedGenerator, draw_seed
from kerasish.core.shape import TensorShape
from kerasish.core.variable import Variable
from kerasish.layers.jax_program import Program, Programs, jax_module, shapes_of, to_jax
from kerasish.layers.layer import Layer

_CALL_ARGUMENTS = ("params", "state", "rng", "inputs", "training")
_INIT_ARGUMENTS = ("rng", "inputs", "training")


class JaxLayer(Layer):
    """A function of JAX's as a layer: its parameters are the layer's weights, its gradients are JAX's.

    ``call_fn`` is compiled by JAX, once per shape, so it must depend on its arguments only. It is given those of the
    following arguments that it has: ``params``, ``state`` (structures of arrays; a function that has ``state`` returns
    ``(outputs, new_state)``), ``rng`` (a key in training, else None), ``inputs`` (a structure of arrays), ``training``.

    Args:
        call_fn: the function.
        init_fn: makes ``params``, or ``(params, state)``, from ``rng``, ``inputs`` (ones, unknown sizes being 1) and
            ``training`` (True), where it has them.
        params, state: initial values, in the place of ``init_fn``. What is no array or number in them is handed over.
        seed: of ``rng``.
        native_serialization_platforms: kept for files; Keras has a use for it with TensorFlow.

    Raises:
        ValueError: functions of other arguments, or nothing to take the parameters from.
        ImportError: jax is not installed.
    """

    _follows_policy = True

    def __init__(
        self,
        call_fn: Callable,
        init_fn: Callable | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.call_fn = call_fn
        self.init_fn = init_fn
        self.native_serialization_platforms = native_serialization_platforms
        self.call_fn_arguments = _arguments(call_fn, "call_fn", _CALL_ARGUMENTS)
        self.init_fn_arguments = _arguments(init_fn, "init_fn", _INIT_ARGUMENTS) if init_fn else []
        self.call_fn_has_params = "params" in self.call_fn_arguments
        self.call_fn_has_state = "state" in self.call_fn_arguments
        needs_values = self.call_fn_has_params or self.call_fn_has_state
        if init_fn is None and params is None and state is None and needs_values:
            raise ValueError(
                "`init_fn`, `params` and `state` cannot all be `None` when `call_fn` takes a `params` or a `state` argument."
            )
        jax_module(type(self).__name__)
        self.seed_generator = SeedGenerator(seed) if "rng" in self.call_fn_arguments else None
        self.__dict__["_programs"] = Programs()
        self._set_values(params, state)
        self.built = params is not None or state is not None

    def _set_values(self, params: Any, state: Any) -> None:
        # not as attributes: tracked lists and dicts are other types than those that call_fn expects
        self.__dict__["params"] = self._variables(params, trainable=True)
        self.__dict__["state"] = self._variables(state, trainable=False)

    def _variables(self, values: Any, trainable: bool) -> Any:
        """The structure, with variables for arrays and numbers."""
        jax = jax_module(type(self).__name__)

        def variable(value: Any) -> Any:
            if isinstance(value, (bool, int, float)):
                value = np.asarray(
                    value, type(value) if not isinstance(value, int) or isinstance(value, bool) else "int32"
                )
            elif not (isinstance(value, (np.ndarray, np.generic, jax.Array)) or dispatch.is_tensor(value)):
                return value
            floating = dtypes.as_dtype(str(value.dtype).removeprefix("torch.")).is_floating
            tensor = dispatch.raw(dispatch.wrap(value) if dispatch.is_tensor(value) else np.asarray(value, copy=True))
            return self.add_weight(
                tuple(tensor.shape),
                initializer=lambda shape, dtype: tensor.to(dtypes.to_torch(dtype)),
                dtype=None if floating else dtypes.as_dtype(tensor.dtype).name,
                trainable=trainable,
            )

        return jax.tree_util.tree_map(variable, values)

    # random numbers

    def _get_init_seed(self) -> Any:
        return _key(draw_seed(None))

    def _get_init_rng(self) -> Any:
        """The keys that ``init_fn`` gets: one, or a structure of what ``_get_init_seed`` gives."""
        return self._get_init_seed()

    def _get_call_seed(self) -> Any:
        return _key(self.seed_generator.draw())

    def _get_call_rng(self, training: bool) -> Any:
        """The keys that ``call_fn`` gets: one in training, or a structure of what ``_get_call_seed`` gives."""
        return self._get_call_seed() if training else None

    # building

    def build(self, input_shape: Any) -> None:
        if self.params is not None or self.state is not None:
            return
        if not (self.call_fn_has_params or self.call_fn_has_state):
            return
        import jax

        keys = jax.tree_util.tree_map(to_jax, self._get_init_rng()) if "rng" in self.init_fn_arguments else None
        inputs = _map_shapes(lambda shape: jax.numpy.ones([1 if d is None else d for d in shape]), input_shape)
        given = {"rng": keys, "inputs": inputs, "training": True}
        values = self.init_fn(*(given[name] for name in self.init_fn_arguments))
        params, state = values if self.call_fn_has_state else (values, None)
        self._set_values(params, state)

    # calling

    def call(self, inputs: Any, training: bool = False) -> Any:
        if local.capturing is not None:
            raise NotImplementedError("code of JAX's cannot be part of a captured step")
        import jax

        training = bool(training)
        given = {"params": self._values(self.params), "state": self._values(self.state), "inputs": inputs}
        if "rng" in self.call_fn_arguments:
            given["rng"] = self._get_call_rng(training)
        leaves, structure = jax.tree_util.tree_flatten(given)
        places = tuple(i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor))
        tensors = [leaves[i] for i in places]
        fixed = tuple(None if i in places else leaf for i, leaf in enumerate(leaves))
        function = functools.partial(self._outputs, structure, places, fixed, training)
        if local.tracing:
            outputs = shapes_of(function, tensors)
        else:
            key = (structure, places, training, repr(fixed))
            program = self._programs.setdefault(key, Program(function))
            outputs = program.apply(tensors, next((t.device for t in tree.flatten(inputs)), torch.device("cpu")))
        if not self.call_fn_has_state:
            return outputs
        outputs, state = outputs
        self._set_state(state)
        return outputs

    def _outputs(self, structure: Any, places: tuple, fixed: tuple, training: bool, arrays: dict) -> Any:
        """What ``call_fn`` gives for arrays by number: those of the leaves of its arguments at ``places``."""
        import jax

        leaves = list(fixed)
        for n, place in enumerate(places):
            leaves[place] = arrays[n]
        given = jax.tree_util.tree_unflatten(structure, leaves)
        given["training"] = training
        return self.call_fn(*(given[name] for name in self.call_fn_arguments))

    def _values(self, variables: Any) -> Any:
        """A structure of variables as one of raw tensors, in the compute dtype."""
        import jax

        wanted = dtypes.to_torch(self.compute_dtype)

        def value(variable: Any) -> Any:
            if not isinstance(variable, Variable):
                return variable
            tensor = _raw_value(variable)
            return tensor.to(wanted) if tensor.is_floating_point() else tensor

        return jax.tree_util.tree_map(value, variables)

    def _set_state(self, state: Any) -> None:
        import jax

        values, new = jax.tree_util.tree_flatten(state)
        variables, old = jax.tree_util.tree_flatten(self.state)
        if new != old or not all(isinstance(variable, Variable) for variable in variables):
            raise ValueError(
                "Structure mismatch: the structure of the state returned by `call` does not match the structure of the state "
                f"at initialization time. Expected {old}. Received: {new}."
            )
        if not local.tracing:
            for variable, value in zip(variables, values, strict=True):
                variable.write(value.detach().to(dtypes.to_torch(variable.dtype)))

    def _k_compute(self, call: Callable, args: tuple, kwargs: dict) -> Any:
        return call(*args, **kwargs)  # what is computed in which dtype is JAX's affair

    def compute_output_shape(self, input_shape: Any) -> Any:
        inputs = _map_shapes(lambda shape: symbolic.KerasTensor(shape, dtype=self.compute_dtype), input_shape)
        return tree.map_structure(lambda x: TensorShape(x.shape), self.compute_output_spec(inputs))

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return False  # the dtypes of the outputs are not known from the shapes

    # configuration

    def get_config(self) -> dict:
        return {
            **self._base_config(),
            "call_fn": registry.serialize_keras_object(self.call_fn),
            "init_fn": registry.serialize_keras_object(self.init_fn),
            "native_serialization_platforms": self.native_serialization_platforms,
        }

    def _base_config(self) -> dict:
        config = {"name": self.name, "trainable": self.trainable}
        config["dtype"] = registry.serialize_keras_object(self.dtype_policy)
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = registry.serialize_keras_object(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict) -> Any:
        functions = {key: registry.deserialize_inner(config[key]) for key in ("call_fn", "init_fn")}
        return super().from_config({**config, **functions})


class FlaxLayer(JaxLayer):
    """A ``flax.linen.Module`` as a layer: its "params" are trainable weights, its other collections are state.

    Args:
        module: the module. Its method takes ``inputs``, one structure of arrays, and may take ``training``.
        method: the method, its name, or a function of ``(module, inputs, ...)``; default: ``__call__``.
        variables: initial values, as ``module.init`` gives them; default: made when the layer is built.

    Raises:
        ImportError: jax or flax is not installed.
    """

    def __init__(self, module: Any, method: Any = None, variables: Any = None, **kwargs: Any) -> None:
        apply, init = _flax_functions(module, method)
        params, state = _params_and_state(variables)
        super().__init__(call_fn=apply, init_fn=init, params=params, state=state, **kwargs)
        self.__dict__["module"] = module
        self.method = method

    def _get_init_rng(self) -> Any:
        return {"params": self._get_init_seed(), "dropout": self._get_init_seed()}

    def _get_call_rng(self, training: bool) -> Any:
        return {"dropout": self._get_call_seed()} if training else {}

    def get_config(self) -> dict:
        own = getattr(self.method, "__self__", None) is self.module
        return {
            **self._base_config(),
            "native_serialization_platforms": self.native_serialization_platforms,
            "module": registry.serialize_keras_object(self.module),
            "method": registry.serialize_keras_object(self.method.__name__ if own else self.method),
        }

    @classmethod
    def from_config(cls, config: dict) -> Any:
        module, method = (registry.deserialize_inner(config[key]) for key in ("module", "method"))
        if isinstance(config["method"], str):
            method = getattr(module, config["method"])
        return Layer.from_config.__func__(cls, {**config, "module": module, "method": method})


def _flax_functions(module: Any, method: Any) -> tuple[Callable, Callable]:
    """A Flax module's ``apply`` and ``init`` in the form that JaxLayer takes."""
    jax_module("FlaxLayer")
    try:
        from flax.linen import DenyList
    except ImportError as error:
        raise fail(
            ImportError, "FlaxLayer runs modules of Flax's, which is not installed", hint="Run: pip install flax"
        ) from error
    function = getattr(module, method) if isinstance(method, str) else method or module.__call__
    options = {"method": method, "mutable": DenyList(["params"])}

    def joined(params: Any, state: Any) -> Any:
        return {**params, **state} if params and state else params or state or {}

    def apply(params: Any, state: Any, rng: Any, inputs: Any) -> Any:
        return module.apply(joined(params, state), inputs, rngs=rng, **options)

    def apply_in_mode(params: Any, state: Any, rng: Any, inputs: Any, training: bool) -> Any:
        return module.apply(joined(params, state), inputs, rngs=rng, training=training, **options)

    def init(rng: Any, inputs: Any) -> Any:
        return _params_and_state(module.init(rng, inputs, method=method))

    def init_in_mode(rng: Any, inputs: Any, training: bool) -> Any:
        return _params_and_state(module.init(rng, inputs, method=method, training=training))

    has_mode = "training" in inspect.signature(function).parameters
    return (apply_in_mode, init_in_mode) if has_mode else (apply, init)


def _params_and_state(variables: Any) -> tuple[Any, Any]:
    """Flax's collections, the trainable one apart from the others."""
    if variables is None:
        return None, None
    params = {"params": variables["params"]} if "params" in variables else {}
    return params, {name: value for name, value in variables.items() if name != "params"}


def _arguments(function: Callable, name: str, allowed: tuple[str, ...]) -> list[str]:
    """The names of a function's arguments.

    Raises:
        ValueError: it lacks ``inputs``, or has one that it would not be given.
    """
    found = list(inspect.signature(function).parameters)
    if "inputs" not in found:
        raise fail(ValueError, f"Missing required argument in `{name}`: `inputs`")
    for argument in found:
        if argument not in allowed:
            raise fail(
                ValueError,
                f"Unsupported argument in `{name}`: `{argument}`, supported arguments are `{'`, `'.join(allowed)}`",
            )
    return found


def _raw_value(variable: Variable) -> torch.Tensor:
    """A variable's tensor as built-in layers see it: attached, whatever recording is in progress."""
    value = variable.logical
    return value if local.overlay is None else local.overlay.get(id(variable), (variable, value))[1]


def _key(seed: tuple[int, int]) -> torch.Tensor:
    return torch.tensor(seed, dtype=torch.uint32)


def _map_shapes(function: Callable, shapes: Any) -> Any:
    """``function`` of every shape in a structure of shapes."""
    if isinstance(shapes, dict):
        return {key: _map_shapes(function, shape) for key, shape in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return function(tuple(shapes))
    return type(shapes)(_map_shapes(function, shape) for shape in shapes)
