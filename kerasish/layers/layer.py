"""Layer: the base class of everything that has weights and a ``call``.

A call goes through the same steps for every layer, each a short method below:

    __call__ → _prepare (tensors, dtypes, masks, training) → _check_inputs → _ensure_built → _run → _finish (masks, losses)

Built-in layers compute on raw ``torch.Tensor``s, code that the user wrote gets ``Tensor``s. Which of the two a class's
``call`` is, is settled once, when the class is defined (``__init_subclass__``): ``_raw_call`` always takes raw tensors, and
the public ``call`` takes anything.

A layer states its weights in ``build``, its shape rule in ``compute_output_shape``, its mathematics in ``call``; its
configuration is the attributes named like the arguments of its ``__init__``.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.compiler import is_dynamo_compiling

from kerasish import constraints, initializers, regularizers
from kerasish.core import deferred, dispatch, registry, symbolic, tree
from kerasish.core import device as devices
from kerasish.core.accessed import Accessed
from kerasish.core.autodiff import recording
from kerasish.core.context import (
    asks_for_keras_2,
    automatic_name,
    current_path,
    local,
    real_state,
    scope,
    scoped_name,
    settings,
)
from kerasish.core.dtypes import DType, as_dtype, standardize, to_torch
from kerasish.core.errors import add_context, fail, torch_failure
from kerasish.core.initial_value import Fresh
from kerasish.core.layout import Layout
from kerasish.core.masks import copy_mask, mask_of, raw_with_mask, without_masks, wrap_with_mask
from kerasish.core.ragged import RaggedTensor
from kerasish.core.shape import standardize_shape
from kerasish.core.sparse import SparseTensor
from kerasish.core.storage import has_conversions, registered
from kerasish.core.symbolic import KerasTensor, Node
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable, Weight
from kerasish.layers import tracking
from kerasish.layers.calling import (
    LATE_METHODS,
    CallSpec,
    adapt,
    as_output,
    cast_float,
    describe,
    has_tensors,
    is_number_list,
    is_ours,
    settle_late,
    several_tensors,
    tensor_constant,
    wrap_build,
)
from kerasish.layers.composites import TakesComposites
from kerasish.layers.configuration import (
    captured_arguments,
    in_order,
    init_arguments,
    plain_argument,
    serialize_argument,
    take_base_arguments,
)
from kerasish.layers.functional_calls import rematerialize, rematerialized_call, stateless_call
from kerasish.layers.input_spec import check_input, input_failure, is_no_data, is_tensors, no_tensor
from kerasish.layers.module import Module, converted_dtype
from kerasish.layers.overridable import overridable
from kerasish.layers.penalties import Penalized
from kerasish.layers.quantization import Quantizable, settles_config
from kerasish.layers.route import MISSED, Route
from kerasish.layers.shapes import (
    answers_in_kind,
    keras_tensors,
    plain_shapes,
    shape_from_config,
    shape_tree,
    without_batch,
)
from kerasish.layers.traced_call import build_before_tracing, traced_call
from kerasish.layers.tracing import trace
from kerasish.ops.array import stack

_MODE_ONLY = {"training"}
_DICT_VALUES = type({}.values())
SPARSE = object()  # in place of the truth about who gave the inputs: ours, and some of them are sparse
_NO_SHAPE_RULE = "a `compute_output_shape` method implemented"
KERAS_2_ARGUMENTS = ("input_shape", "batch_input_shape", "batch_shape", "input_dim", "batch_size", "weights")


class Layer(Quantizable, Penalized, TakesComposites, Module):
    """A computation with weights: tensors in, tensors out.

    Args:
        activity_regularizer: penalty on the outputs, added to the loss, divided by the batch size.
        trainable: whether its variables may be updated.
        dtype: name of a dtype or policy, or a ``DTypePolicy``; default: ``keras.config.dtype_policy()``.
        autocast: whether floating-point inputs are cast to the compute dtype.
        name: without "/"; default: from the class's name, numbered.

    Raises:
        ValueError: an unknown argument, or a name that is not a string without "/".
    """

    _call_spec: CallSpec
    _is_base = True  # whether a user's subclass has no configuration but its own arguments
    _convert_input_args = True  # False: call() gets its arguments, and the caller its results, as they are
    _allow_non_tensor_positional_args = False  # kept for classes that set it; strings and the like pass everywhere
    _builds_by_running = False  # whether there is nothing to build but what the sublayers build when they are called
    _user_call = False  # whether ``call`` is the user's and gets Tensors
    _runs_user_code = False  # set by built-in classes that hand their inputs to a user's function
    _follows_policy = True  # whether a mixed policy has a say in what it computes
    _config_first: tuple[str, ...] = ()  # keys that come first in a config, as in Keras's
    _config_last: tuple[str, ...] = ()
    _stacks_lists = False  # True where tensors in a list are one tensor: Keras's ``call`` begins with an operation
    _casts_lists = True  # whether numbers in lists come to ``call`` in the compute dtype, as arrays do
    _compute_bound = False  # whether its kernels take the time, not the calls between them
    _remat_mode: Any = None  # of the RematScope that it was made in
    _raw_call: Callable

    stateless_call = stateless_call
    rematerialized_call = rematerialized_call

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._keras_2_arguments = {key: kwargs.pop(key) for key in KERAS_2_ARGUMENTS if key in kwargs}
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                "Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name} (of type {type(name)})"
            )
        if not isinstance(trainable, bool):
            raise fail(
                ValueError,
                "Expected `trainable` to be a boolean",
                received=f"trainable={trainable} (of type {type(trainable)})",
            )
        self._name = name or automatic_name(type(self))
        self._k_set_policy(dtype)
        self.autocast = autocast
        self._trainable = trainable
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._k_has_begun = True
        if local.remat_scopes:
            rematerialize(self)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._is_base = cls.__dict__.get("_is_base", False)
        cls._prepare_methods(cls.__dict__)

    @classmethod
    def _prepare_methods(cls, given: Any) -> None:
        """Prepare what the class itself defines of the names given: its body's, or methods that were set later."""
        if "call" in given:
            call = cls.__dict__["call"]
            cls._call_spec = CallSpec(call, owner=cls)
            cls._user_call = cls._runs_user_code or not is_ours(call)
            if cls._user_call:
                cls._raw_call = adapt(call)
            else:
                cls._raw_call = call
                cls.call = dispatch.boundary(call)
            late = "_known_methods" in cls.__dict__
            if late or "_lowered" not in cls.__dict__:
                cls._lowered = Layer._lowered  # that of a base class belongs to its ``call``
            if late or "_lowered_join" not in cls.__dict__:
                cls._lowered_join = Layer._lowered_join
        if "compute_output_shape" in given and is_ours(cls.__dict__["compute_output_shape"]):
            cls.compute_output_shape = answers_in_kind(cls.__dict__["compute_output_shape"])
        if "compute_mask" in given:
            if is_ours(cls.__dict__["compute_mask"]):
                cls.compute_mask = dispatch.boundary(cls.__dict__["compute_mask"])
            else:
                cls._makes_mask = True  # a user's may, whatever its inputs had
        if "compute_mask" in given and "supports_masking" not in cls.__dict__:
            cls.supports_masking = True
        if "build" in given:
            cls._builds_by_running = cls.__dict__.get("_builds_by_running", False)
            cls.build = wrap_build(cls.__dict__["build"])
        ordered = registry.is_builtin(cls) and (cls._config_first or cls._config_last)
        if ordered and not {"get_config", "_config_first", "_config_last"}.isdisjoint(given):
            cls.get_config = in_order(cls)
        if "quantize" in given:
            cls.quantize = settles_config(cls.__dict__["quantize"])
        cls._known_methods = {name: cls.__dict__.get(name) for name in LATE_METHODS}

    # what subclasses define

    def build(self, input_shape: Any) -> None:
        """Create the weights, for inputs of this shape (a structure of shapes for several inputs)."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation: inputs to outputs. May take ``training`` and ``mask``."""
        if settle_late(type(self)):  # set after this layer was made
            return self(*args, **kwargs)
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call` method implemented.")

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the outputs for inputs of the given shape, unknown dimensions being ``None``."""
        raise NotImplementedError(
            f"Layer {type(self).__name__} does not have {_NO_SHAPE_RULE}. "
            "Should implement `def compute_output_shape(self, input_shape)`."
        )

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        """The computation for one input without a mask, as functions of a raw tensor to apply one after another.

        They need not look at anything that the arguments or the attributes named in ``_settled`` say. None: there is no
        leaner form than ``call``.

        Args:
            inputs: of the shape and dtype that the functions will be given.
        """
        return None

    def _lowered_join(self, inputs: list[KerasTensor]) -> tuple[Callable, ...] | None:
        """``_lowered`` for a list of inputs, which the first of the functions takes as so many arguments."""
        return None

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The mask of the outputs; by default the mask of the inputs."""
        return previous_mask

    # the call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer to tensors or arrays, or symbolically to KerasTensors."""
        if is_dynamo_compiling():
            return traced_call(self, args, kwargs)
        state = self.__dict__
        short = args if len(args) == 1 and (not kwargs or kwargs.keys() == _MODE_ONLY) else ()
        if short and (route := state.get("_k_route")) is not None and state["built"]:
            outputs = route.follow(self, args[0], kwargs.get("training"))
            if outputs is not MISSED:
                return outputs
        if not state.get("_k_has_begun"):
            raise RuntimeError(_FORGOT_INIT.format(type(self).__name__))
        if not args:
            args, kwargs = self._call_spec.first_by_position(kwargs)
        if args and type(args[0]) is _DICT_VALUES:  # ``inputs.values()`` is a list of inputs, as in Keras 2
            args = ([*args[0]], *args[1:])
        if symbolic.any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        if len(args) > 1 and self._call_spec.takes_training:
            args, kwargs = self._named_training(args, kwargs)
        args, kwargs, wrapped = self._k_prepare(args, kwargs)
        mask = self._take_masks(args, kwargs)
        if self._takes_masks_off:
            without_masks((args, kwargs))
        training = self._take_training(kwargs)
        if self.input_spec is not None:
            check_input(self.input_spec, args[0] if args else None, self.name)
        if not self.built:
            self._ensure_built(args, kwargs)
            if self._k_policies is not None:  # the path was not known before, and with it the dtype
                args, kwargs, _ = self._k_prepare(args, kwargs)
        if type(local.overlay) is Accessed and not self._user_call:  # our calls read weights as they are stored
            local.overlay.note(self.weights)
        outputs = self._k_run(args, kwargs, training, wrapped)
        if self._k_last_shapes is None:
            self._note_shapes(args, kwargs, outputs)
        if mask is not None or self.activity_regularizer is not None or self._makes_mask:
            self._k_finish(args, outputs, mask)
        elif short:
            Route.note(self, short[0])
        return outputs

    _takes_masks_off = False  # True for layers after which their input tensors have no masks any more
    _makes_mask = False  # True for layers that give a mask to outputs whose inputs had none

    def _k_prepare(self, args: tuple, kwargs: dict) -> tuple[tuple, dict, bool]:
        """Inputs as tensors of the compute dtype; says whether any was ours (then so are the outputs)."""
        if not self._convert_input_args:
            return args, kwargs, True
        dtype = self._dtype_policy.compute_dtype if self.autocast else None
        wrapped = torch_given = sparse_given = False

        def as_tensor(x: Any) -> Any:
            nonlocal wrapped, torch_given, sparse_given
            if isinstance(x, torch.Tensor):
                torch_given = True
                t = cast_float(x, dtype)
                if t is not x:
                    copy_mask(x, t)
                return t
            if not isinstance(x, (Tensor, Variable)) and not hasattr(x, "__array__"):
                if isinstance(x, SparseTensor):
                    sparse_given = True
                    return self._sparse_input(x, dtype)
                made = None if self._user_call or not has_conversions() else registered(x)
                if made is None:
                    if not self._user_call and is_no_data(x) and not any(x is value for value in kwargs.values()):
                        raise no_tensor(x, self.name)
                    return x
                x = made
            wrapped = True
            t = x if isinstance(x, Tensor) else dispatch.wrap(dispatch.raw(x))
            if dtype is not None and t.dtype.is_floating and t.dtype != dtype:
                cast = dispatch.wrap(dispatch.live(t).to(to_torch(dtype)))
                copy_mask(t, cast)
                t = cast
            return t

        if args and isinstance(args[0], (list, tuple)):
            if is_number_list(args[0]):
                args = (convert(args[0]), *args[1:])
                dtype = dtype if self._casts_lists else None
            elif self._stacks_lists and all(hasattr(x, "shape") for x in args[0]):
                args = (stack(args[0]), *args[1:])
        if len(args) == 1 and not kwargs and not isinstance(args[0], (list, tuple, dict)):
            args = (as_tensor(args[0]),)
        else:
            args, kwargs = tree.map_structure(as_tensor, (args, kwargs))
        return args, kwargs, SPARSE if sparse_given else wrapped or not torch_given

    def _named_training(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """``layer(x, True)``: a mode given by position, as Keras 2 allowed, becomes a keyword."""
        names = self._call_spec.names
        index = names.index("training") if "training" in names else len(args)
        if index < len(args):
            rest = dict(zip(names[index:], args[index:]))
            return args[:index], {**kwargs, **rest}
        return args, kwargs

    def _take_masks(self, args: tuple, kwargs: dict) -> Any:
        """The inputs' masks, also handed to a ``call`` that takes ``mask`` and was given none."""
        if not args:
            return None
        first = args[0]
        if not isinstance(first, (list, tuple, dict)):
            mask = masks = getattr(first, "_keras_mask", None)
        else:
            masks = tree.map_structure(mask_of, first)
            mask = masks if any(m is not None for m in tree.flatten(masks)) else None
        spec = self._call_spec
        if spec.takes_mask and kwargs.get("mask") is None and len(args) <= spec.names.index("mask"):
            if mask is not None and several_tensors(
                args, kwargs
            ):  # Keras then asks for masks by their arguments' names
                kwargs["mask"] = None
            else:
                # A user's code may index a list of None, as Keras 3 gives it; of Keras 2 it had None instead.
                kwargs["mask"] = masks if self._user_call and not spec.asks_for_mask else mask
        elif kwargs.get("mask") is not None:
            mask = kwargs["mask"]
        for name, of in spec.mask_names.items():
            if kwargs.get(name) is None and len(args) <= spec.names.index(name):
                index = spec.names.index(of)
                kwargs[name] = mask_of(args[index] if index < len(args) else kwargs.get(of))
        return mask

    def _take_training(self, kwargs: dict) -> bool | None:
        """The mode of this call: given, else the enclosing call's, else the signature's default, else ``self.training``."""
        spec = self._call_spec
        training = kwargs.pop("training", None)
        if training is None:
            training = local.training
        if training is None:
            training = spec.training_default
        if training is None and self.training:
            training = True
        if training is not None and not isinstance(training, bool):
            training = bool(training)
        if spec.takes_training:
            kwargs["training"] = training
        return training

    def _k_run(self, args: tuple, kwargs: dict, training: bool | None, wrapped: bool) -> Any:
        """``call`` in its scopes. ``wrapped``: inputs and outputs are ours, TensorFlow's rule of recording holds."""
        if not local.call_layers:
            self._clear_losses()
        if not self._user_call and not self._layers:  # nothing below that could look at the scopes
            try:
                return self._run_raw(args, kwargs, wrapped)
            except Exception as error:
                self._k_explain(error, args, kwargs)
                raise
        with scope(**self._k_scopes(training)):
            try:
                if self._user_call:
                    return self._k_run_user(args, kwargs, wrapped)
                return self._run_raw(args, kwargs, wrapped)
            except Exception as error:
                self._k_explain(error, args, kwargs)
                raise

    def _k_scopes(self, training: bool | None) -> dict[str, Any]:
        """What holds for the layers below during a call."""
        policy = self._dtype_policy
        scopes: dict[str, Any] = {"call_layers": (*local.call_layers, self)}
        if training is not local.training:
            scopes["training"] = training
        if self._user_call and (policy.is_mixed or local.autocast is not None):
            scopes["autocast"] = to_torch(policy.compute_dtype) if policy.is_mixed else None
        return scopes

    def _k_run_user(self, args: tuple, kwargs: dict, wrapped: bool) -> Any:
        if self._k_torch_modules:
            self._set_torch_mode(local.training)
        call = self._forward_with_hooks if self._k_has_hooks() else self.call
        if not self._convert_input_args:
            return call(*args, **kwargs)
        if wrapped:
            return tree.map_structure(as_output, call(*args, **kwargs))
        with recording():
            args, kwargs = tree.map_structure(wrap_with_mask, (args, kwargs))
            return tree.map_structure(raw_with_mask, call(*args, **kwargs))

    def _run_raw(self, args: tuple, kwargs: dict, wrapped: bool) -> Any:
        if args and isinstance(args[0], RaggedTensor):
            return self._call_on_composite(*args, **kwargs)
        call = self._forward_with_hooks if self._k_has_hooks() else self._raw_call
        if local.tapes:
            self._note_access()
        if wrapped:
            if wrapped is SPARSE:
                call = self._sparse_call
            given = args
            args, kwargs = tree.map_structure(raw_with_mask, (args, kwargs))
            with dispatch.recorded_only():
                outputs = self._k_compute(call, args, kwargs)
                outputs = tree.map_structure(wrap_with_mask, outputs) if self._layers else dispatch.wrap(outputs)
            if given and isinstance(given[0], Tensor) and given[0]._is_declared:
                return dispatch.of_declared(self, given[:1], {}, outputs)
            return outputs
        return self._k_compute(call, args, kwargs)

    def _note_access(self) -> None:
        """Tell the open tapes that the variables are read."""
        for variable in self.trainable_variables:
            for tape in local.tapes:
                tape.note_access(variable)

    def _k_program(self, x: torch.Tensor, training: bool | None) -> Callable | None:
        """A lowered program for one tensor like ``x``, as a function of the layer and the tensor; models have one."""
        return None

    _k_delegates = False  # True for layers that compute by other layers alone, whose policies may differ

    def _k_compute(self, call: Callable, args: tuple, kwargs: dict) -> Any:
        """A built-in ``call`` under its dtype policy: mixed ones by torch's autocast, results in the compute dtype."""
        policy = self._dtype_policy
        if not policy.is_mixed:
            return call(*args, **kwargs)
        if self._k_delegates:
            outputs = call(*args, **kwargs)
            return tree.map_structure(lambda x: cast_float(x, policy.compute_dtype), outputs)
        dtype = to_torch(policy.compute_dtype)
        with torch.autocast(devices.current().type, dtype=dtype):
            outputs = call(*args, **kwargs)
        return tree.map_structure(lambda x: cast_float(x, policy.compute_dtype), outputs)

    def _k_finish(self, args: tuple, outputs: Any, mask: Any) -> None:
        """Give the outputs their mask and add the activity penalty."""
        if isinstance(outputs, RaggedTensor):
            return  # rows say by their lengths what a mask would
        if self.activity_regularizer is not None:
            for output in tree.flatten(outputs):
                if has_tensors(output):
                    self.add_loss(self._activity_loss(output))
        if self.supports_masking or self._makes_mask:
            self._k_set_masks(outputs, self.compute_mask(args[0], mask) if args else None)
        elif any(m is not None for m in tree.flatten(mask)):
            warnings.warn(
                f"Layer '{self.name}' (of type {type(self).__name__}) was passed an input with a mask attached to it. "
                "However, this layer does not support masking and will therefore destroy the mask information. "
                "Downstream layers will not see the mask.",
                stacklevel=4,
            )

    def _k_set_masks(self, outputs: Any, masks: Any) -> None:
        if masks is None:
            return
        flat = tree.flatten(outputs)
        found = tree.flatten(masks)
        if len(found) != len(flat):
            found = found[:1] + [None] * (len(flat) - 1)
        for output, mask in zip(flat, found, strict=True):
            if mask is not None and dispatch.is_tensor(output):
                output._keras_mask = mask

    def _activity_loss(self, output: Any) -> Any:
        """The penalty of an output for each sample; a user's sees the object itself, such as a distribution."""
        penalty, values = self.activity_regularizer, dispatch.raw(output)
        batch = float(values.shape[0] if values.ndim else 1)
        if hasattr(type(penalty).__call__, "raw"):
            return regularizers.raw(penalty)(values) / batch
        with recording():
            return dispatch.raw(penalty(wrap_with_mask(output))) / batch

    def _k_has_hooks(self) -> bool:
        return bool(self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks)

    def _forward_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        return nn.Module.__call__(self, *args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Torch's name for the computation; torch's machinery comes here when the layer has hooks."""
        return self.call(*args, **kwargs) if self._user_call else self._raw_call(*args, **kwargs)

    def _follow_dtype(self, fn: Callable) -> None:
        dtype = converted_dtype(self.variable_dtype, fn)
        if dtype is not None:
            self.dtype_policy = dtype

    def _k_explain(self, error: Exception, args: tuple, kwargs: dict) -> None:
        """Tell an error of ``call`` what the arguments were; one of torch's about shapes is raised as TensorFlow's."""
        told = error if self._user_call or self._layers else input_failure(error, args, self.name)
        if told is error:
            told = torch_failure(error)
        if settings.explain_errors:
            self._add_arguments(told, args, kwargs)
        if told is not error:
            raise told from error

    def _add_arguments(self, error: Exception, args: tuple, kwargs: dict) -> None:
        lines = [f"Exception encountered when calling {type(self).__name__}.call() of layer '{self.name}'.", "", ""]
        lines.append("Arguments received:")
        for name, value in (*zip(self._call_spec.names, args), *kwargs.items()):
            lines.append(f"  • {name}={tree.map_structure(describe, value)}")
        add_context(error, "\n".join(line for line in lines if line))

    # symbolic calls

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record the call of this layer on KerasTensors; returns KerasTensors."""
        args, kwargs = tree.map_structure(tensor_constant, (args, kwargs))
        given = {k: v for k, v in kwargs.items() if v is not None or not (k == "training" or k.endswith("mask"))}
        mask = self._take_masks(args, kwargs)
        first = args[0] if args else None
        if self.input_spec is not None:
            check_input(self.input_spec, first, self.name)
        if not self.built:
            self._ensure_built(args, kwargs)
            self._k_build_sublayers(args, kwargs)
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, given, outputs)
        if mask is not None and not self.supports_masking and not self._makes_mask:
            self._k_finish(args, [], mask)
        if (mask is not None and self.supports_masking) or self._makes_mask:
            first = tree.map_structure(symbolic.as_dense, first)
            self._k_set_masks(outputs, symbolic.infer(self.compute_mask, (first, mask), {}))
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs for symbolic inputs, as KerasTensors: by ``compute_output_shape``, else by tracing ``call``."""
        if type(self).compute_output_shape is not Layer.compute_output_shape and self._shape_rule_applies(args, kwargs):
            try:
                shapes = self._shapes_by_rule(self._shape_arguments(args, kwargs))
                return keras_tensors(shapes, self.compute_dtype_of_output(args))
            except NotImplementedError as error:  # a user's rule asks super(), as it may in Keras 2
                if _NO_SHAPE_RULE not in str(error):
                    raise
        return trace(self, args, kwargs)

    def _shapes_by_rule(self, given: list) -> Any:
        """What ``compute_output_shape`` says: a user's takes plain tuples as in Keras 3, or else Keras 2's shapes."""
        if not self._user_call:
            return self.compute_output_shape(*given)
        try:
            return self.compute_output_shape(*plain_shapes(given))
        except AttributeError:  # as_list() and the like
            return self.compute_output_shape(*given)

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return True

    def compute_dtype_of_output(self, args: tuple) -> Any:
        """The dtype of the outputs of a symbolic call; layers that keep their input's dtype say so here."""
        return self.compute_dtype

    def _shape_arguments(self, args: tuple, kwargs: dict) -> list:
        """Shapes for ``compute_output_shape(input_shape)`` or ``(query_shape, value_shape, ...)``."""
        return list(self._k_shapes_by_name(type(self).compute_output_shape, args, kwargs).values())

    # building

    def _has_nothing_to_build(self) -> bool:
        """Whether a layer without weights is ready once it is made: unless a user's subclass has a ``build``."""
        return is_ours(type(self).build)

    def _ensure_built(self, args: tuple, kwargs: dict) -> None:
        """Build for the shapes of these inputs, outside of any tracing or recording."""
        if not self._user_call and type(self).build is not Layer.build and args and not is_tensors(args[0]):
            raise no_tensor(args[0], self.name)
        shapes = self._k_shapes_by_name(type(self).build, args, kwargs)
        with real_state(), scope(call_layers=(*local.call_layers, self)):
            self._settle_path()
            if self._builds_by_running or (type(self).build is Layer.build and registry.is_builtin(type(self))):
                self._note_build(tuple(shapes.values()), {})
            elif len(shapes) > 1:
                self.build(**shapes)
            else:
                self.build(*shapes.values())
            self.built = True
            if deferred.pending:
                deferred.note(self)
            weights = self._keras_2_arguments.pop("weights", None)
            if weights is not None:
                self.set_weights(weights)

    def _k_build_sublayers(self, args: tuple, kwargs: dict) -> None:
        """Let sublayers build themselves, by a run, where neither ``build`` nor working out the output shape does that."""
        builds = type(self).build is not Layer.build and not self._builds_by_running
        if builds or type(self).call is Layer.call or all(layer.built for layer in self._layers):
            return
        kind = type(self)
        if (
            kind.compute_output_shape is Layer.compute_output_shape
            and kind.compute_output_spec is Layer.compute_output_spec
        ):
            return  # the shape comes from such a run
        try:
            trace(self, args, kwargs)
        except Exception as error:
            warnings.warn(
                f"Layer '{self.name}' has sublayers that are not built, and its call() could not be run on symbolic inputs "
                f"to build them ({type(error).__name__}: {error}). Give it a build() that builds them.",
                stacklevel=3,
            )

    @property
    def _initialize_hook(self) -> Callable:
        """What tells torch.compile that a module is to be built (by ``_infer_parameters``) when it is first called."""
        self.__dict__.pop("__call__", None)  # see traced_call._give_own_code: it has been fetched
        if self.built:
            raise AttributeError("The layer is built.")
        return self._infer_parameters

    def _infer_parameters(self, _: Any, args: tuple, kwargs: dict) -> None:
        build_before_tracing(self, args, kwargs)

    def _k_shapes_by_name(self, function: Callable, args: tuple, kwargs: dict) -> dict[str, Any]:
        """The shapes of tensor arguments under the names that ``build`` or ``compute_output_shape`` uses for them."""
        wanted = [
            p.name
            for p in list(inspect.signature(function).parameters.values())[1:]
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        given = dict(zip(self._call_spec.names, args))
        given.update(kwargs)
        tensors = {name: value for name, value in given.items() if has_tensors(value)}
        if len(wanted) <= 1:
            first = next(iter(given.values()), args[0] if args else None)
            return {wanted[0] if wanted else "input_shape": shape_tree(first)}
        found = {f"{name}_shape": shape_tree(value) for name, value in tensors.items() if f"{name}_shape" in wanted}
        if not found and tensors:  # call() of a subclass has another name for what build() takes first
            return {wanted[0]: shape_tree(next(iter(tensors.values())))}
        return found

    def _note_build(self, args: tuple, kwargs: dict) -> None:
        names = [p.name for p in list(inspect.signature(type(self).build).parameters.values())[1:]]
        shapes = {**dict(zip(names, args)), **kwargs}
        object.__setattr__(self, "_build_shapes", shapes)
        self._settle_path()

    def _settle_path(self) -> None:
        """Where the layer gets its first weights is where it belongs."""
        if self._path is None:
            object.__setattr__(self, "_path", current_path(self._name, outside=self))
            self._k_find_policy()

    def get_build_config(self) -> dict | None:
        """What ``build_from_config`` needs to create the weights again."""
        shapes = self._build_shapes
        if not shapes:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": shapes}

    def build_from_config(self, config: dict) -> None:
        """Create the weights for the shapes of ``get_build_config``."""
        if not config:
            return
        if "shapes_dict" in config:
            self.build(**{key: shape_from_config(value) for key, value in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None:
            self.build(shape_from_config(config["input_shape"]))

    # weights

    def add_weight(
        self,
        *args: Any,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
        layout: Layout | None = None,
        **kwargs: Any,
    ) -> Weight:
        """Create a variable of this layer.

        Both orders of positional arguments are taken: Keras 2's ``(name, shape, dtype, initializer)`` and Keras 3's
        ``(shape, initializer, dtype)``.

        Args:
            shape: a tuple of integers; default: a scalar.
            initializer: default: ``glorot_uniform`` for floats, zeros for others.
            dtype: default: the layer's variable dtype.
            trainable: whether optimizers may update it.
            regularizer, constraint: names, objects or configs.
            layout: how the tensor is stored, see ``core.variable.Layout``.
            experimental_autocast, getter: Keras 2's name of ``autocast``, and a function that gives the variable, called with
                ``name``, ``shape``, ``dtype``, ``initializer`` and ``trainable``.
        """
        order = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
        if not args or not (isinstance(args[0], str) or (args[0] is None and not _is_initializer(args[1:2]))):
            order = ("shape", "initializer", "dtype", "trainable", "autocast", "regularizer", "constraint")
        given = dict(zip(order, args))
        if unknown := set(kwargs) - {"use_resource", "synchronization", "experimental_autocast", "getter"}:
            raise fail(TypeError, f"add_weight() got an unexpected keyword argument '{min(unknown)}'")
        shape = standardize_shape(given.get("shape", shape) if given.get("shape", shape) is not None else ())
        dtype = standardize(given.get("dtype", dtype) or self.variable_dtype)
        initializer = given.get("initializer", initializer)
        if initializer is None:
            initializer = "glorot_uniform" if as_dtype(dtype).is_floating else "zeros"
        name = given.get("name", name)
        autocast = given.get("autocast", kwargs.get("experimental_autocast", autocast))
        if (getter := kwargs.get("getter")) is not None:
            trainable = given.get("trainable", trainable)
            made = getter(name=name, shape=shape, dtype=dtype, initializer=initializer, trainable=trainable)
            regularizer, constraint = given.get("regularizer", regularizer), given.get("constraint", constraint)
            if regularizer is not None or constraint is not None:
                made.regularizer, made.constraint = regularizers.get(regularizer), constraints.get(constraint)
            tracking.track(self, made)
            if not (self._trainable and trainable):
                made.trainable = False
            return made
        with real_state():
            value = initializers.make(initializers.get(initializer), shape, dtype)
            variable = Weight(
                Fresh(value),
                dtype=dtype,
                trainable=given.get("trainable", trainable),
                autocast=autocast,
                aggregation=aggregation,
                name=name,
                layout=layout,
            )
        variable.regularizer = regularizers.get(given.get("regularizer", regularizer))
        variable.constraint = constraints.get(given.get("constraint", constraint))
        variable.overwrite_with_gradient = overwrite_with_gradient
        variable._path = f"{self._path or current_path(self._name, outside=self)}/{variable._name}"
        if asks_for_keras_2():
            variable._scoped_name = f"{scoped_name(variable._name)}:0"
        tracking.track(self, variable)
        if not self._trainable:
            variable.trainable = False
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Weight:
        """Old name of ``add_weight``."""
        return self.add_weight(*args, **kwargs)

    # properties

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def path(self) -> str:
        """Names of the layers it was built in, from the outermost, and its own, joined by "/"."""
        return self._path or self._name

    @property
    def dtype(self) -> str:
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        return self._dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        return self._dtype_policy.variable_dtype

    input_dtype = _compute_dtype = compute_dtype

    @property
    def _compute_dtype_object(self) -> DType:  # Keras 2's, which layers of packages read
        return as_dtype(self.compute_dtype)

    @property
    def input(self) -> Any:
        """The symbolic input of this layer's first call on KerasTensors."""
        return self.get_input_at(0)

    @property
    def output(self) -> Any:
        """The symbolic output of this layer's first call on KerasTensors."""
        return self.get_output_at(0)

    def get_input_at(self, node_index: int) -> Any:
        """The symbolic input of one of this layer's calls on KerasTensors.

        Raises:
            AttributeError: there was no such call.
        """
        tensors = self._k_node_at(node_index, "input").input_tensors
        return tensors[0] if len(tensors) == 1 else list(tensors)

    def get_output_at(self, node_index: int) -> Any:
        return self._k_node_at(node_index, "output").structure

    def get_input_shape_at(self, node_index: int) -> Any:
        return tree.map_structure(lambda x: tuple(x.shape), self.get_input_at(node_index))

    def get_output_shape_at(self, node_index: int) -> Any:
        return tree.map_structure(lambda x: tuple(x.shape), self.get_output_at(node_index))

    @overridable
    def inbound_nodes(self) -> list[Node]:
        """The layer's own symbolic calls, as in Keras 2."""
        return self._inbound_nodes

    @overridable
    def outbound_nodes(self) -> list[Node]:
        """The symbolic calls of others that take its results, as in Keras 2."""
        return self._outbound_nodes

    def _k_node_at(self, index: int, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(f"The layer {self.name} has never been called and thus has no defined {what}.")
        if index >= len(self._inbound_nodes):
            raise AttributeError(
                f"Asked to get {what} at node {index}, but the layer {self.name} has only "
                f"{len(self._inbound_nodes)} inbound nodes."
            )
        return self._inbound_nodes[index]

    @overridable
    def input_shape(self) -> Any:
        """Shape of the inputs, the batch dimension being ``None``; known once the layer was called."""
        if self._inbound_nodes:
            return plain_shapes(shape_tree(self.input))
        return plain_shapes(self._k_seen_shapes("input")[0])

    @overridable
    def output_shape(self) -> Any:
        """Shape of the outputs, the batch dimension being ``None``; known once the layer was called."""
        if self._inbound_nodes:
            return plain_shapes(shape_tree(self.output))
        return plain_shapes(self._k_seen_shapes("output")[1])

    def _k_seen_shapes(self, what: str) -> tuple:
        if self._k_last_shapes is None:
            raise AttributeError(f"The layer {self.name} has never been called and thus has no defined {what} shape.")
        return self._k_last_shapes

    def _note_shapes(self, args: tuple, kwargs: dict, outputs: Any) -> None:
        if local.tracing:
            return
        self.__dict__["_k_last_shapes"] = (without_batch(args[0] if args else None), without_batch(outputs))

    # configuration

    def get_config(self) -> dict:
        """The arguments that ``from_config`` makes an equal layer from.

        Raises:
            NotImplementedError: a class of the user's whose arguments cannot be told; it must define ``get_config``.
        """
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": registry.serialize_keras_object(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = registry.serialize_keras_object(self.activity_regularizer)
        builtin = next(cls for cls in type(self).__mro__ if registry.is_builtin(cls))
        for key in init_arguments(builtin) if not builtin._is_base else ():
            config[key] = serialize_argument(getattr(self, key))
        if builtin._is_base and registry.is_builtin(_home(type(self), "get_config")):
            config.update(captured_arguments(self, *self._k_init_arguments))
        return config

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """A new layer for a config of ``get_config``.

        Raises:
            TypeError: the config does not fit ``__init__``.
        """
        config = dict(config)
        base = {}
        if not registry.is_builtin(cls):
            config = {key: plain_argument(value) for key, value in config.items()}
            base = take_base_arguments(cls, config)
        try:
            layer = cls(**config)
        except Exception as error:
            raise TypeError(
                f"Error when deserializing class '{cls.__name__}' using config={config}. Exception encountered: {error}"
            ) from error
        layer._set_base_arguments(base)
        return layer

    def _set_base_arguments(self, values: dict) -> None:
        """What the base class takes, for classes whose ``__init__`` does not pass it on."""
        self._name = values.get("name", self._name)
        if "dtype" in values:
            self._k_set_policy(values["dtype"])
        if values.get("trainable") is False:
            self.trainable = False


Layer._call_spec = CallSpec(Layer.call)
Layer._raw_call = Layer.call
Layer.build = wrap_build(Layer.build)  # type: ignore[method-assign]


def _is_initializer(second: tuple) -> bool:
    """Whether the argument after a shape of None is Keras 3's, not Keras 2's shape after a name of None."""
    return bool(second) and (isinstance(second[0], str) or callable(second[0]))


def _home(cls: type, name: str) -> type:
    """The class whose attribute ``name`` a class has."""
    return next(base for base in cls.__mro__ if name in base.__dict__)


_FORGOT_INIT = (
    "In layer '{0}', you forgot to call `super().__init__()` as the first statement in the `__init__()` method. "
    "Go add it!"
)
