"""Variables: named references to parameters and buffers that live in modules.

A Variable stores no tensor. It knows its owner and a key, and every read looks the parameter up there, so torch's own
tools (``functional_call``, ``load_state_dict(assign=True)``, ``.to``, ``fully_shard``, ``deepcopy``) may exchange it.

Two promises, kept by ``write``:

- What user code read before (``v.value()``, ``v[0]``, ``tf.convert_to_tensor(v)``) never changes afterwards. Reading marks
  the variable as shared; the next write then leaves the old storage to the reader and takes a new one.
- A gradient uses the value that was read. While a tape that may still be asked for gradients is alive, a write installs a
  fresh leaf and hands the old one to the tape.

Logical and stored layout are two things: users see Keras's (a Conv2D kernel is H×W×I×O), the parameter has the one that
torch's fastest kernel wants. ``Layout`` converts.
"""

from __future__ import annotations

import copy
import operator
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core.context import asks_for_keras_2, current_path, local, scoped_name, settings, unique_name
from kerasish.core.creators import Created, VariableAggregation, VariableSynchronization, replica_rule
from kerasish.core.dtypes import DType, as_dtype, named, standardize
from kerasish.core.eager_only import VariableOfGraphs
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError, fail
from kerasish.core.foreign_calls import torch_function
from kerasish.core.initial_value import first_value
from kerasish.core.layout import Layout
from kerasish.core.naming import Named
from kerasish.core.reference import Reference
from kerasish.core.shape import TensorShape
from kerasish.core.storage import cast_raw, numpy_text, one_number, storage, to_numpy
from kerasish.core.tensor import (
    StringTensor,
    Tensor,
    convert,
    getitem,
    install_operators,
)
from kerasish.core.updates import PartialWrites

live_tapes: weakref.WeakSet = weakref.WeakSet()  # tapes that may still be asked for gradients; see autodiff

_AGGREGATIONS = ("none", "mean", "sum", "only_first_replica")


class Cell:
    """The owner of a variable that belongs to no layer."""

    __slots__ = ("_buffers", "_parameters")

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}
        self._buffers: dict[str, Any] = {}


def _has_gradient(value: torch.Tensor) -> bool:
    return value.is_floating_point() or value.is_complex()


class Variable(metaclass=Named):
    """A mutable tensor with a name (``keras.Variable``).

    Args:
        initializer: the first value, or a callable ``(shape, dtype) -> tensor``.
        shape: needed with a callable.
        dtype: default: the value's own, or ``floatx`` with a callable.
        trainable: whether optimizers update it and tapes watch it.
        autocast: whether a layer with a mixed dtype policy reads it in its compute dtype.
        aggregation, synchronization: how replicas of it are combined in distributed training.
        name: without "/".
        layout: a ``Layout`` for the stored tensor.

    Raises:
        ValueError: ``name`` contains "/", or ``shape`` is missing.
    """

    _shown = "keras.src.backend.Variable"

    __array_priority__ = 100
    SaveSliceInfo = None
    aggregation: Any = "none"
    constraint: Any = None
    overwrite_with_gradient = False  # whether its "gradient" is its new value
    regularizer: Any = None
    synchronization: Any = "auto"

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Layout | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise fail(TypeError, f"Variable got an unexpected keyword argument '{next(iter(kwargs))}'")
        if name is not None and (not isinstance(name, str) or ("/" in name and not asks_for_keras_2())):
            raise fail(ValueError, "Argument 'name' must be a string without '/'", received=repr(name))
        if isinstance(initializer, str):
            initializer = dispatch.initializer(initializer)
        value = first_value(initializer, shape, None if dtype is None else standardize(dtype))
        self._setup(value, trainable, name or unique_name("variable"), layout)
        self._path = current_path(self._name)
        self._autocast = bool(autocast)
        if isinstance(aggregation, str) and aggregation not in _AGGREGATIONS:
            raise fail(
                ValueError, "Invalid value for argument `aggregation`", f"None or one of {_AGGREGATIONS}", aggregation
            )
        self.aggregation = "none" if aggregation is None else aggregation
        self.synchronization = synchronization

    def _setup(self, value: Any, trainable: bool, name: str, layout: Layout | None) -> None:
        if local.function is not None:
            local.function.made_variables = True
        self._name = name
        self._path: str | None = None
        self._layout = layout
        self._trainable, self._autocast = bool(trainable), True
        self._shared = self._shape_may_change = False
        self._owner: Any = Cell()
        self._key = name
        self._ties: tuple[tuple[Any, str], ...] = ()  # other modules that hold the tensor too, with their keys
        self._is_parameter = trainable and isinstance(value, torch.Tensor) and _has_gradient(value)
        self._install(layout.allocate(value) if layout else value)

    # where it is stored

    @property
    def _slots(self) -> dict[str, Any]:
        return self._owner._parameters if self._is_parameter else self._owner._buffers

    def _install(self, stored: Any) -> None:
        if self._is_parameter:
            stored = torch.nn.Parameter(stored, requires_grad=self._trainable)
        elif self._trainable and isinstance(stored, torch.Tensor) and _has_gradient(stored):
            stored.requires_grad_(True)  # made as a statistic, trainable since
        self._slots[self._key] = stored
        self._shared = False
        self.renew_ties()

    def add_tie(self, owner: Any, key: str) -> None:
        """Let another module hold the tensor too, under ``key``."""
        self._ties = (*self._ties, (owner, key))
        self.renew_ties()

    def renew_ties(self) -> None:
        """Hand the tensor, which may be another one now, to the modules that share it."""
        for owner, key in self._ties:
            (owner._parameters if self._is_parameter else owner._buffers)[key] = self.stored

    @property
    def stored(self) -> Any:
        """The parameter or buffer itself, in stored layout: for library code, which may update it in place after
        ``make_writable``."""
        return (self._owner._parameters if self._is_parameter else self._owner._buffers)[self._key]

    @property
    def logical(self) -> torch.Tensor:
        """The parameter in logical layout, attached to whatever torch records: for library code."""
        return self._layout.to_logical(self.stored) if self._layout is not None else self.stored

    def move(self, owner: Any, key: str) -> None:
        """Make ``owner`` (a module) hold the tensor under ``key``."""
        stored = self._slots.pop(self._key)
        self._owner, self._key = owner, key
        self._slots[key] = stored

    @property
    def is_free(self) -> bool:
        """Whether it belongs to no layer yet."""
        return isinstance(self._owner, Cell)

    # reading

    def read(self) -> Any:
        """The raw value for an operation: logical layout, compute dtype, attached to the recording now in progress."""
        t = (self._owner._parameters if self._is_parameter else self._owner._buffers)[self._key]
        if local.overlay is not None:
            t = local.overlay.get(id(self), (self, t))[1]
        if type(t) is np.ndarray:
            return t
        if t.requires_grad:
            if not local.recording:
                t = t.detach()
            else:
                for tape in local.tapes:
                    tape.note_access(self)
        if self._layout is not None:
            t = self._layout.to_logical(t)
        if local.autocast is not None and self._autocast and t.is_floating_point():
            t = t.to(local.autocast)
        return t

    def share(self) -> None:
        """Note that a reader may hold the storage: the next write will leave it alone."""
        self._shared = True

    def snapshot(self) -> Tensor:
        """The value as a Tensor that later writes do not change."""
        t = self.read()
        if type(t) is np.ndarray:
            return StringTensor(t.copy())
        if t.requires_grad or t is self.stored:
            t = t.view_as(t)  # not the stored tensor itself, whose storage a write may exchange
        self.share()
        return dispatch.wrap(t)

    @property
    def value(self) -> Tensor:
        """The value: ``v.value`` as in Keras, ``v.value()`` as in TensorFlow."""
        t = self.snapshot()
        return t if isinstance(t, StringTensor) else Value(t, self)

    def read_value(self) -> Tensor:
        return self.snapshot()

    def numpy(self) -> Any:
        t = self.read()
        array = t if type(t) is np.ndarray else to_numpy(t)
        return array.copy() if array.ndim else array[()]

    def eval(self, session: Any = None) -> Any:
        return self.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype=dtype)

    # writing

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Set the value; returns the variable.

        Raises:
            ValueError: ``value`` has another shape.
        """
        self.write(self._coerce(value))
        devices.end_update(devices.current())
        return self

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        self._demand_numbers("AssignAddVariableOp")
        return self.assign(self._changed(operator.add, delta), read_value=read_value)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        self._demand_numbers("AssignSubVariableOp")
        return self.assign(self._changed(operator.sub, delta), read_value=read_value)

    def _changed(self, function: Callable, delta: Any) -> torch.Tensor:
        pair = [self._held(), self._coerce(delta, broadcast=True)]
        try:
            return function(*pair)
        except NotImplementedError as error:  # uint16 and its kin
            return dispatch.in_int64(function, pair, {}, error)

    def _demand_numbers(self, name: str) -> None:
        if type(self.stored) is np.ndarray:
            raise DTypeMismatchError(
                f"No OpKernel was registered to support Op '{name}' with these attrs: [dtype=DT_STRING]"
            )

    def _held(self) -> torch.Tensor:
        """The raw value in the variable's own dtype, detached: what updates start from."""
        t = self.stored
        if local.overlay is not None:
            t = local.overlay.get(id(self), (self, t))[1]
        if type(t) is np.ndarray:
            return t
        return self._layout.to_logical(t.detach()) if self._layout is not None else t.detach()

    def _coerce(self, value: Any, broadcast: bool = False) -> Any:
        """``value`` as a raw tensor of this variable's dtype and shape."""
        stored = self.stored
        if type(stored) is np.ndarray:
            return storage(value, "string")
        if not dispatch.is_tensor(value) and not isinstance(value, np.ndarray):
            try:
                value = storage(value, stored.dtype)
            except TypeError:
                value = storage(value)  # a float for an integer variable: cast below, as Keras does
                if not isinstance(value, torch.Tensor):
                    raise
        value = dispatch.raw(value)
        if value.requires_grad:
            value = value.detach()
        value = cast_raw(value, stored.dtype).to(stored.device)
        if value.shape != self.shape and not self._shape_may_change and not (broadcast and value.ndim == 0):
            raise self._shape_mismatch(value)
        return value

    def _shape_mismatch(self, value: torch.Tensor) -> ValueError:
        return ValueError(
            f"Cannot assign value to variable ' {self._label()}': Shape mismatch.The variable shape {self.shape}, "
            f"and the assigned value shape {TensorShape(value.shape)} are incompatible."
        )

    def write(self, value: Any) -> None:
        """Set the raw logical value, keeping the two promises of this module."""
        if local.overlay is not None:
            local.overlay[id(self)] = (self, self._layout.to_stored(value) if self._layout else value)
            return
        old = self.stored
        if type(old) is np.ndarray:
            self._install(value)
            return
        new = self._layout.to_stored(value) if self._layout else value
        if new.shape != old.shape:
            self._install(new.clone())
            return
        if self.make_writable(copy=False):
            old = self.stored
        with torch.no_grad():
            old.copy_(new)

    def make_writable(self, copy: bool = True) -> bool:
        """Before a write in place: give readers and live graphs the old storage. True if the storage was exchanged.

        ``copy=False`` leaves the new storage's contents undefined, for callers that overwrite all of it.
        """
        if not self._shared and not live_tapes:
            return False
        old = self.stored
        kept = [tape.keep_leaf(self, old) for tape in list(live_tapes)]
        if not self._shared and not any(kept):
            return False
        fresh = old.detach().clone() if copy else torch.empty_like(old, requires_grad=False)
        if any(kept):
            self._install(fresh)
        else:
            old.data = fresh  # the Parameter object stays, so that torch optimizers keep it
            self._shared = False
        return True

    # what it is

    @property
    def dtype(self) -> DType:
        """The dtype that it is read in: a mixed policy's compute dtype in the ``call`` of a layer with such a policy."""
        return named(self._read_dtype())

    def _read_dtype(self) -> DType:
        t = self.stored
        if type(t) is np.ndarray:
            return as_dtype("string")
        cast = local.autocast is not None and self._autocast and t.is_floating_point()
        return as_dtype(local.autocast if cast else t.dtype)

    @property
    def shape(self) -> TensorShape:
        t = self.stored
        return TensorShape(self._layout.logical_shape(t.shape) if self._layout else t.shape)

    def get_shape(self) -> TensorShape:
        return self.shape

    def set_shape(self, shape: Any) -> None:
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"The shape {self.shape} of the variable is not compatible with {TensorShape(shape)}")

    @property
    def ndim(self) -> int:
        return self.stored.ndim if self._layout is None else len(self.shape)

    @property
    def device(self) -> str:
        return devices.tf_name(self.stored.device)

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        stored = self.stored
        if isinstance(stored, torch.Tensor):
            stored.requires_grad_(self.is_learnt)

    @property
    def is_learnt(self) -> bool:
        """Whether optimizers update it: it is trainable, and of floating-point numbers."""
        return self._trainable and (self._is_parameter or self.dtype.is_floating)

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> str:
        """Names of the layers that it belongs to, from the outermost, and its own: ``"dense/kernel"``."""
        if self._path is not None:
            return self._path
        owner = getattr(self._owner, "path", None)
        return f"{owner}/{self._name}" if owner else self._name

    handle = property(lambda self: self)
    initializer = property(lambda self: None)
    op = property(lambda self: self)

    @property
    def graph(self) -> Any:
        raise AttributeError("Variable.graph is undefined when eager execution is enabled.")

    def is_initialized(self, name: str | None = None) -> bool:
        return True

    def initialized_value(self) -> Tensor:
        return self.snapshot()

    @property
    def grad(self) -> Tensor | None:
        """What torch's ``backward`` left at the parameter, in logical layout."""
        grad = getattr(self.stored, "grad", None)
        if grad is None:
            return None
        return Tensor(self._layout.to_logical(grad) if self._layout else grad)

    def ref(self) -> Reference:
        return Reference(self)

    experimental_ref = ref

    def __hash__(self) -> int:
        raise TypeError(f"Variable is unhashable. Instead, use variable.ref() as the key. (Variable: {self!r})")

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("Scalar tensor has no `len()`")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.snapshot())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __int__(self) -> int:
        return int(one_number(self.numpy()))

    def __float__(self) -> float:
        return float(one_number(self.numpy()))

    def __index__(self) -> int:
        return self.numpy().__index__()

    def __format__(self, spec: str) -> str:
        return self.numpy().__format__(spec) if spec else str(self)

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(self.snapshot(), ndigits)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            f"'{type(self).__name__}' object does not support item assignment. Use v.assign(...) or "
            "tf.Variables also have v[...].assign(...)."
        )

    def __delitem__(self, key: Any) -> None:
        raise TypeError(f"'{type(self).__name__}' object doesn't support item deletion")

    def __deepcopy__(self, memo: dict) -> Variable:
        clone = object.__new__(type(self))
        memo[id(self)] = clone
        for key, value in self.__dict__.items():
            setattr(clone, key, copy.deepcopy(value, memo))
        clone._shared = False
        return clone

    def _label(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={tuple(self.shape)}, dtype={self.dtype.name}, value={self.numpy()}>"

    @classmethod
    def __torch_function__(cls, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return torch_function(function, args, kwargs or {})


install_operators(Variable)
Variable.__getitem__ = getitem  # type: ignore[method-assign]


class TFVariable(PartialWrites, VariableOfGraphs, Variable, metaclass=Created):
    """A mutable tensor (``tf.Variable``).

    Args:
        initial_value: the first value, or a function without arguments that returns it.
        trainable: whether optimizers update it and tapes watch it; default: yes, for floating-point and integer alike.
        name: default "Variable".
        dtype: default: the value's own.
        constraint: called on the new value after an optimizer's update.
        shape: ``tf.TensorShape(None)`` lets later values have any shape.
    """

    _asks_creators = True

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Callable | None = None,
        synchronization: Any = "auto",
        aggregation: Any = "none",
        shape: Any = None,
        experimental_enable_variable_lifting: bool = True,
    ) -> None:
        if initial_value is None:
            raise ValueError(
                "The `initial_value` arg to `tf.Variable` must be specified except when you are not providing a "
                "`variable_def`. You provided neither."
            )
        for argument, value in {"variable_def": variable_def, "import_scope": import_scope}.items():
            if value is not None:
                raise fail(
                    ValueError, f"tf.Variable's '{argument}' belongs to graphs of TensorFlow 1, which are not served"
                )
        if callable(initial_value) and not dispatch.is_tensor(initial_value):
            initial_value = initial_value()
        if dtype is not None and dispatch.is_tensor(initial_value) and as_dtype(initial_value.dtype) != as_dtype(dtype):
            raise ValueError(
                f"initial_value: Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype "
                f"{as_dtype(initial_value.dtype).name}: {initial_value!r}"
            )
        value = first_value(initial_value, None, dtype)
        wanted = TensorShape(value.shape if shape is None else shape)
        if validate_shape and not wanted.is_compatible_with(value.shape):
            raise ValueError(
                f"In this `tf.Variable` creation, the initial value's shape ({TensorShape(value.shape)}) is not compatible "
                f"with the explicitly supplied `shape` argument ({shape})."
            )
        if local.function is not None:
            local.function.make(self)
        if name is not None and not isinstance(name, str):
            raise ValueError(f"name for name_scope must be a string. Received: {name!r}")
        own = name or "Variable"
        own = scoped_name(own) if asks_for_keras_2() else "/".join((*local.name_scopes, own))
        self._setup(value, True if trainable is None else trainable, own, None)
        self._shape_may_change = not wanted.is_fully_defined()
        self._declared_shape = wanted
        self.constraint = constraint
        self.synchronization = replica_rule(VariableSynchronization, synchronization)
        self.aggregation = replica_rule(VariableAggregation, aggregation)

    @property
    def name(self) -> str:
        return f"{self._name}:0"

    dtype = property(Variable._read_dtype)  # TensorFlow's, where Keras's prints as a string

    @property
    def shape(self) -> TensorShape:
        return self._declared_shape if self._shape_may_change else Variable.shape.fget(self)  # type: ignore[attr-defined]

    def is_initialized(self, name: str | None = None) -> Any:
        return Tensor(torch.tensor(True))

    # writing: TensorFlow casts no tensors, and demands equal shapes

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Set the value.

        Returns:
            The variable, by another object that prints as ``UnreadVariable``; None if not ``read_value``.

        Raises:
            ValueError: ``value`` has another shape, or is a tensor of another dtype.
            TypeError: ``value`` cannot be had in this dtype without loss.
        """
        super().assign(value)
        return _unread(self) if read_value else None

    def _coerce(self, value: Any, broadcast: bool = False) -> Any:
        if type(self.stored) is np.ndarray:
            return super()._coerce(value)
        value = dispatch.raw(convert(value, self.stored.dtype)).detach().to(self.stored)
        if self.shape.is_compatible_with(value.shape):
            return value
        if broadcast:
            raise InvalidArgumentError(
                f"Cannot update variable with shape {list(self.stored.shape)} using a Tensor with shape "
                f"{list(value.shape)}, shapes must be equal."
            )
        raise self._shape_mismatch(value)

    # printing

    def _label(self) -> str:
        return self.name

    def __repr__(self) -> str:
        value = "" if local.function is not None and local.function.tracing else f", {self._numpy_text()}"
        return f"<tf.Variable '{self._label()}' shape={self.shape} dtype={self.dtype.name}{value}>"

    def _numpy_text(self) -> str:
        value = self.read()
        return f"numpy={numpy_text(value if type(value) is np.ndarray else to_numpy(value))}"


class _Unread(TFVariable):
    """What a write returns: the same variable, by another object that prints as ``UnreadVariable``."""

    __slots__ = ("_origin",)

    def read(self) -> Any:
        return self._origin.read()

    def write(self, value: Any) -> None:
        self._origin.write(value)

    def _held(self) -> torch.Tensor:
        return self._origin._held()

    def _label(self) -> str:
        return "UnreadVariable"

    def __deepcopy__(self, memo: dict) -> Variable:
        return copy.deepcopy(self._origin, memo)


def _unread(variable: TFVariable) -> _Unread:
    unread = object.__new__(_Unread)
    unread._origin = variable._origin if isinstance(variable, _Unread) else variable
    unread.__dict__ = unread._origin.__dict__
    return unread


class Weight(TFVariable):
    """A variable of a layer: Keras 3's interface, and an instance of ``tf.Variable`` as in Keras 2."""

    _shown = "keras.src.backend.Variable"
    _scoped_name: str | None = None  # in programs that ask for Keras 2
    __init__ = Variable.__init__  # type: ignore[assignment]
    shape = Variable.shape  # type: ignore[assignment]
    dtype = Variable.dtype  # type: ignore[assignment]
    assign = Variable.assign  # type: ignore[method-assign]
    _coerce = Variable._coerce  # type: ignore[method-assign]
    _refuse_in_place = staticmethod(lambda sign, method: NotImplemented)  # ``+=`` gives a new tensor

    name = property(lambda self: self._scoped_name or self._name)

    def _label(self) -> str:
        return self._scoped_name or f"{self.path}:0"

    def __repr__(self) -> str:
        return TFVariable.__repr__(self) if settings.style == "keras2" else Variable.__repr__(self)


class Value(Tensor):
    """What ``v.value`` gives: a Tensor that may also be called, as TensorFlow's method of that name is."""

    __slots__ = ("_variable",)
    __hash__ = Tensor.__hash__

    def __init__(self, tensor: Tensor, variable: Variable) -> None:
        super().__init__(tensor._t)
        self._recording = tensor._recording
        self._variable = variable

    def __call__(self) -> Tensor:
        return dispatch.wrap(dispatch.live(self))

    @property
    def grad(self) -> Tensor | None:
        return self._variable.grad

    def __deepcopy__(self, memo: dict) -> Tensor:
        return Tensor(self._t.detach().clone())


dispatch.register(variable=Variable)

TFVariable.__name__ = _Unread.__name__ = "ResourceVariable"  # what programs find in ``type(v).__name__``
Weight.__name__, Value.__name__ = "Variable", "EagerTensor"
