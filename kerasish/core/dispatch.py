"""The one place where public operations meet tensors: unwrap → torch → wrap, and the symbolic branch.

An operation is written once, on raw ``torch.Tensor``s, and made public by a decorator:

    @op                                   # keras.ops: dtypes are promoted
    def maximum(x1: Array, x2: Array) -> Array: ...

    @strict_op                            # tf.*: dtypes must agree
    def maximum(x: Array, y: Array, name=None) -> Array: ...

What goes in comes out: a Tensor, NumPy or Python argument gives a Tensor, a ``torch.Tensor`` gives a ``torch.Tensor``, a
symbolic KerasTensor gives a KerasTensor and records a node. Annotations say which parameters are tensors (they are read as
text, once, when the function is defined):

    Array     a tensor; belongs to the group of arguments that share a dtype
    Operand   the same, but a Python scalar stays one (torch computes with it faster than with a tensor)
    Strong    the same, but a Python number counts with a dtype of its own: 1.5 is float32, whatever the others are
    Arrays    a list or tuple of tensors of that group
    Index     a tensor with a dtype of its own: indices, lengths, shapes, conditions
    (``*xs: Array`` is a tensor at each position.)
    Any other parameter is handed over as it is.

``function.raw`` is the undecorated function, for library code that holds raw tensors anyway.
The types this module serves are defined above it and register themselves (``register``).
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch

from kerasish.core import dtypes, kernels, shortcut, tree
from kerasish.core.context import local
from kerasish.core.errors import (
    AxisError,
    ConversionError,
    DTypeMismatchError,
    InvalidArgumentError,
    OpError,
    fail,
    failed_under_ours,
    name_operation,
)
from kerasish.core.grad_modes import grad_mode as grad_mode
from kerasish.core.grad_modes import recorded_only as recorded_only
from kerasish.core.logits import hand_on

Array: TypeAlias = Any
Operand: TypeAlias = Any
Strong: TypeAlias = Any
Arrays: TypeAlias = Any
Index: TypeAlias = Any
F = TypeVar("F", bound=Callable)

OPS: dict[str, Callable] = {}  # public keras operations by name, for operators of symbolic tensors and for saved models


_NO_KERNEL = re.compile(r"not implemented for ('|complex)|not supported for complex")  # torch, of a dtype


class _Unknown:
    """Stands for a class that is not registered yet."""


class _Types:
    """The classes that dispatch knows, filled in by the modules that define them."""

    tensor: type = _Unknown
    string: type = _Unknown
    variable: type = _Unknown
    symbolic: type = _Unknown
    composite: type = _Unknown
    constant: Callable[..., torch.Tensor]  # Python and NumPy values to raw storage
    symbolic_call: Callable[..., Any]
    initializer: Callable[[str], Any]
    declared: Callable[..., Any]  # results for tensors of a class above, whose shapes are stated


_types = _Types()
# for the text of short ways:
_new, _Torch, _strings, _bool = object.__new__, torch.Tensor, np.ndarray, torch.bool
_FAILURES = (OpError, TypeError, ValueError, AttributeError)
_floats = frozenset(dtype for dtype in dtypes.FROM_TORCH if dtype.is_floating_point)
_SCALARS = (int, float, bool, complex, np.generic)
WIDE_UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)  # torch has hardly any kernels for these


def register(**types: Any) -> None:
    """Called by the modules that define Tensor, Variable and KerasTensor."""
    for name, value in types.items():
        setattr(_types, name, value)


def initializer(name: str) -> Any:
    """The initializer of a name."""
    return _types.initializer(name)


# single values --------------------------------------------------------------------------------------------------------


def live(x: Any) -> torch.Tensor:
    """The storage of a Tensor as the recording now in progress may see it.

    A result of an earlier recording, or of one that is over, is a constant to this one: TensorFlow gives ``None`` as its
    gradient and holds no graph.
    """
    t = x._t
    if t.requires_grad and x._recording != local.recording:
        if x._recording == -1 and local.function is not None and local.function.records_all:
            x._recording = local.recording  # ``tf.gradients`` may be asked about it: see tf.gradients.Everything
            return t
        constant = t.detach()
        hand_on(t, constant, torch.Tensor.detach)
        return constant
    return t


def raw(value: Any, dtype: torch.dtype | None = None) -> Any:
    """Any value as a ``torch.Tensor`` (or the object array behind a string tensor).

    ``dtype`` is for values that have none of their own: Python numbers, lists, NumPy arrays.
    """
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, _types.tensor):
        return value._t if isinstance(value, _types.string) else live(value)
    if isinstance(value, _types.variable):
        return value.read()
    if isinstance(value, _types.symbolic):
        raise fail(
            ValueError,
            f"A symbolic KerasTensor ({value!r}) was used where a value is needed",
            hint="KerasTensors can be passed to layers and to functions of keras.ops and tf; to compute with values, "
            "call the model on data.",
        )
    return _types.constant(value, dtype)


def wrap(value: Any) -> Any:
    """Raw results as Tensors, in tuples, lists and dictionaries too; other objects pass."""
    if isinstance(value, torch.Tensor):
        return _types.tensor(value, local.recording) if value.requires_grad else _types.tensor(value)
    if type(value) is np.ndarray and value.dtype == object:
        return _types.string(value)
    if isinstance(value, (tuple, list)):
        tensor = _types.tensor
        mapped = [tensor(v) if type(v) is _Torch and not v.requires_grad else wrap(v) for v in value]
        if type(value) is list:
            return mapped
        return type(value)(*mapped) if hasattr(value, "_fields") else type(value)(mapped)
    if isinstance(value, dict):
        return {key: wrap(v) for key, v in value.items()}
    return value


def is_tensor(value: Any) -> bool:
    """Whether ``value`` is a tensor or variable of ours, of torch, or a symbolic one."""
    return isinstance(value, (_types.tensor, _types.variable, _types.symbolic, torch.Tensor))


def of_declared(function: Callable, args: tuple, kwargs: dict, out: Any) -> Any:
    """Results for tensors that tell a shape which a signature states; they tell theirs, if it can be known."""
    return _types.declared(function, args, kwargs, out)


def is_symbolic(value: Any) -> bool:
    return isinstance(value, _types.symbolic)


def boundary(method: F) -> F:
    """Publish a method that computes on raw tensors: given Tensors, variables or arrays, it returns Tensors.

    ``method.raw`` is the undecorated one.
    """

    @functools.wraps(method)
    def public(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = tree.flatten((args, kwargs))
        if not any(isinstance(x, (_types.tensor, _types.variable, np.ndarray)) for x in given):
            if any(isinstance(x, _types.symbolic) for x in given):
                return _types.symbolic_call(public.__get__(self), args, kwargs)
            return method(self, *args, **kwargs)
        plain_args, plain_kwargs = tree.map_structure(_raw_or_same, (args, kwargs))
        with recorded_only():
            return wrap(method(self, *plain_args, **plain_kwargs))

    _own_code(public, method)
    public.raw = method  # type: ignore[attr-defined]
    return public  # type: ignore[return-value]


def _own_code(public: Any, function: Callable) -> None:
    """Give a wrapper a code object of its own: torch.compile keeps graphs with the code, and gives up at the ninth."""
    public.__code__ = public.__code__.replace(co_name=function.__name__)


def _raw_or_same(x: Any) -> Any:
    return raw(x) if isinstance(x, (_types.tensor, _types.variable, np.ndarray)) else x


# operations -----------------------------------------------------------------------------------------------------------


def op(function: F) -> F:
    """Publish a Keras operation: arguments of different dtypes are promoted by Keras's rules."""
    public = _publish(function, _promote)
    if function.__module__.startswith("kerasish.ops"):  # keras.activations repeats some of the names
        OPS[function.__name__] = public
    return public


def strict_op(function: F) -> F:
    """Publish a TensorFlow operation: arguments of one group must share a dtype, as ``tf.*`` demands."""
    return _publish(function, _demand_same)


def bool_op(function: F) -> F:
    """Publish a TensorFlow operation of truth values, which refuses Python's numbers as ``tf.logical_and(1, 1)`` does."""
    return _publish(function, _demand_bools)


def strings(implementation: Callable) -> Callable[[F], F]:
    """Below ``@op``: what to call, with NumPy object arrays of bytes, when an argument is a string tensor."""

    def mark(function: F) -> F:
        function.strings = implementation  # type: ignore[attr-defined]
        return function

    return mark


def whole_indices(function: F) -> F:
    """Below ``@strict_op``: an ``Index`` that is no tensor may be floats or truth values in an array, as in TensorFlow."""
    function.convert = _whole  # type: ignore[attr-defined]
    return function


def first_by_itself(function: F) -> F:
    """Below ``@strict_op``: an array or number given first has a dtype of its own, which the others must have.

    Of other operations it takes the dtype of the first tensor.
    """
    function.unify = _demand_firsts  # type: ignore[attr-defined]
    return function


def _whole(value: Any) -> Any:
    """Values that have no dtype of TensorFlow's as integers, unless they are Python's floats."""
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    if array.dtype.kind == "b" or not array.size or (array is value and array.dtype.kind == "f"):
        return raw(array.astype(np.int64))
    return raw(value)


def _no_text(value: Any) -> Any:
    """An ``Index`` of a Keras operation."""
    converted = raw(value)
    if isinstance(converted, np.ndarray):
        raise DTypeMismatchError("Indices and the like are numbers, but text was given.")
    return converted


def symbolic(rule: Callable) -> Callable[[F], F]:
    """Below ``@op``: what gives the results on symbolic tensors where tracing cannot, since sizes depend on values.

    The rule has the operation's signature and returns KerasTensors, or NotImplemented where tracing does.
    """

    def mark(function: F) -> F:
        function.symbolic = rule  # type: ignore[attr-defined]
        return function

    return mark


class _Slot:
    """One tensor parameter of an operation."""

    __slots__ = ("convert", "grouped", "index", "keeps_scalars", "name", "optional", "sequence", "strong", "variadic")

    def __init__(self, index: int, name: str, annotation: str, variadic: bool = False, optional: bool = False) -> None:
        self.index = index
        self.name = name
        self.convert = raw
        self.variadic = variadic
        self.optional = optional
        self.sequence = annotation == "Arrays" or variadic
        self.grouped = annotation != "Index"
        self.keeps_scalars = annotation == "Operand"
        self.strong = annotation == "Strong"

    def places(self, values: list, kwargs: dict) -> list[tuple[Any, Any]]:
        """Where this parameter's tensors are: (container, key) pairs; none if it was not given."""
        if self.variadic:
            return [(values, i) for i in range(self.index, len(values))]
        if self.index < len(values):
            holder, key = values, self.index
        elif self.name in kwargs:
            holder, key = kwargs, self.name
        else:
            return []
        value = holder[key]
        if value is None:
            if self.optional:
                return []
            raise ValueError(
                "Attempt to convert a value (None) with an unsupported type (<class 'NoneType'>) to a Tensor."
            )
        if self.sequence and isinstance(value, (list, tuple)):
            holder[key] = value = list(value)
            return [(value, i) for i in range(len(value))]
        return [(holder, key)]


def _slots(signature: inspect.Signature) -> list[_Slot]:
    slots = []
    for index, parameter in enumerate(signature.parameters.values()):
        annotation = str(parameter.annotation).removesuffix(" | None")
        if annotation in ("Array", "Operand", "Strong", "Arrays", "Index"):
            keyword_only = parameter.kind is inspect.Parameter.KEYWORD_ONLY
            variadic = parameter.kind is inspect.Parameter.VAR_POSITIONAL
            optional = annotation != str(parameter.annotation) or parameter.default is None
            slots.append(_Slot(sys.maxsize if keyword_only else index, parameter.name, annotation, variadic, optional))
    return slots


class _Arguments:
    """The tensor arguments of one call, unwrapped in place, and what was learnt while doing so."""

    __slots__ = ("composite", "declared", "group", "strings", "symbolic", "torch", "variables", "wrapped")

    def __init__(self) -> None:
        self.group: list = []  # (container, key, slot) of the arguments that share a dtype
        self.variables: list = []  # (variable, what was read)
        self.composite: Any = None  # the first ragged or sparse tensor
        self.wrapped = self.torch = self.symbolic = self.strings = self.declared = False

    def take(self, holder: Any, key: Any, slot: _Slot) -> None:
        value = holder[key]
        if isinstance(value, torch.Tensor):
            self.torch = True
        elif isinstance(value, _types.string):
            self.wrapped = self.strings = True
            holder[key] = value._t
        elif isinstance(value, _types.tensor):
            self.wrapped = True
            self.declared = self.declared or type(value) is not _types.tensor
            holder[key] = live(value)
        elif isinstance(value, _types.variable):
            holder[key] = value.read()
            self.variables.append((value, holder[key]))
        elif isinstance(value, _types.symbolic):
            self.symbolic = True
        elif isinstance(value, _types.composite):
            self.composite = value if self.composite is None else self.composite
            return
        elif not slot.grouped:
            holder[key] = slot.convert(value)
            return
        if slot.grouped:
            self.group.append((holder, key, slot))


def _publish(function: F, unify: Callable) -> F:
    signature = inspect.signature(function)
    slots = _slots(signature)
    unify = getattr(function, "unify", unify)
    of_keras = function.__module__.startswith("kerasish.ops") and not hasattr(function, "strings")
    for slot in slots:
        slot.convert = getattr(function, "convert", _no_text if of_keras else raw)
    name = function.__name__
    string_function = getattr(function, "strings", None)
    tell = _of_operation if unify is not _promote else _unchanged

    def general(args: tuple, kwargs: dict | None = None) -> Any:
        """Serve any call; without ``kwargs``, ``args`` are the values of all parameters."""
        values, given, named = list(args), _Arguments(), dict(kwargs or ())
        for slot in slots:
            for holder, key in slot.places(values, named):
                given.take(holder, key, slot)
        if given.composite is not None or given.symbolic:
            args, kwargs = _as_written(signature, args) if kwargs is None else (args, kwargs)
            if given.composite is not None:
                return given.composite._call(public, args, kwargs)
            return _types.symbolic_call(public, args, kwargs)
        target = function
        if given.group:
            unify(given.group, name)
            if given.strings or any(type(holder[key]) is np.ndarray for holder, key, _ in given.group):
                target = string_function or _no_strings(name)
        try:
            out = target(*values, **named)
        except NotImplementedError as error:
            out = in_int64(target, values, named, error)
        if given.variables:
            out = _settle_views(given.variables, out)
        if given.declared:
            args, kwargs = _as_written(signature, args) if kwargs is None else (args, kwargs)
            return _types.declared(public, args, kwargs, wrap(out))
        return out if given.torch and not given.wrapped else wrap(out)

    def any_call(*args: Any, **kwargs: Any) -> Any:
        try:
            return general(args, kwargs)
        except (RuntimeError, IndexError) as error:
            raise _translate(error, name, args) from error
        except _FAILURES as error:
            told = tell(error, name)
            if told is error:
                raise
            raise told from error

    public = functools.wraps(function)(_short_way(function, signature, general, tell) or any_call)
    _own_code(public, function)
    public.raw = function  # type: ignore[attr-defined]
    function.__qualname__ = f"{public.__qualname__}.raw"  # where pickle finds it
    public.__signature__ = signature  # type: ignore[attr-defined]
    return public  # type: ignore[return-value]


def _short_way(function: Callable, signature: inspect.Signature, general: Callable, tell: Callable) -> Callable | None:
    """What serves the frequent calls of an operation and hands others to ``general``; None for unusual signatures."""
    kinds = shortcut.kinds_of(signature)
    if kinds is None:
        return None
    direct = getattr(function, "direct", None) or shortcut.Direct(function, None, ())
    bind = _binder(direct.letters(signature.parameters, kinds), direct.kinds is not None)
    short = bind(direct.function, direct.kinds, general, function.__name__, _types.tensor, tell)
    return shortcut.named_after(short, list(signature.parameters.values()))


@functools.cache
def _binder(kinds: str, checked: bool) -> Callable:
    """What makes the short ways of operations with these kinds of parameters."""
    found: dict[str, Any] = {}
    code = compile(shortcut.text(kinds, checked), f"<operation of {kinds}>", "exec", dont_inherit=True)
    exec(code, globals(), found)
    return found["bind"]


def _as_written(signature: inspect.Signature, values: tuple) -> tuple[tuple, dict]:
    """The values of all parameters as arguments: required ones by position, others by name unless left out."""
    if any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values()):
        return values, {}
    parameters = list(zip(signature.parameters.values(), values, strict=True))
    args = tuple(value for parameter, value in parameters if parameter.default is parameter.empty)
    rest = parameters[len(args) :]
    return args, {parameter.name: value for parameter, value in rest if value is not parameter.default}


def _raw_parts(values: list | tuple) -> list | None:
    """The storage of Tensors of one dtype; None if there is something else among them."""
    tensor = _types.tensor
    if len(values) == 2 and type(values[0]) is type(values[1]) is tensor:  # the usual number
        first, second = values[0]._t, values[1]._t
        if first.dtype is not second.dtype:
            return None
        if not (first.requires_grad or second.requires_grad):
            return [first, second]
    parts, dtype = [], None
    for x in values:
        if type(x) is not tensor:
            return None
        t = x._t
        if t.dtype is not dtype:
            if dtype is not None:
                return None
            dtype = t.dtype
        parts.append(live(x) if t.requires_grad else t)
    return parts


def in_int64(function: Callable, values: list, named: dict, refusal: Exception) -> Any:
    """Compute in int64 what torch has no kernels for in uint16, uint32 and uint64.

    The results' own dtypes are those of a run without storage, which needs no kernels.
    """
    given = (values, named)
    if not any(getattr(x, "dtype", None) in WIDE_UNSIGNED for x in tree.flatten(given)):
        raise refusal

    def on_tensors(change: Callable) -> Callable:
        return lambda x: change(x) if isinstance(x, torch.Tensor) else x

    wide, named = tree.map_structure(on_tensors(lambda t: t.long() if t.dtype in WIDE_UNSIGNED else t), given)
    out = function(*wide, **named)
    like, named = tree.map_structure(on_tensors(lambda t: t.to("meta")), given)
    try:
        expected = function(*like, **named)
    except NotImplementedError:  # the result's shape depends on values: these functions give positions
        return out
    return tree.map_structure(lambda x, e: x.to(e.dtype) if isinstance(x, torch.Tensor) else x, out, expected)


def _no_strings(name: str) -> Callable:
    raise DTypeMismatchError(
        kernels.refusal(name, "string") or f"'{name}' does not take tensors of dtype string. [Op:{name}]"
    )


def _settle_views(variables: list, out: Any) -> Any:
    """Results that are views of a variable's storage must not change with it: the variable copies at its next write.

    A result that is the parameter itself becomes a view, since a write may exchange a parameter's storage.
    """
    results = out if isinstance(out, (tuple, list)) else (out,)
    for result in results:
        same = any(result is t for _, t in variables)
        if same or (isinstance(result, torch.Tensor) and result._is_view()):
            for variable, _ in variables:
                variable.share()
            if same and result is out:
                return out.view_as(out)
    return out


def _unchanged(error: Exception, name: str) -> Exception:
    """What becomes of an error in a function of Keras, which is none of TensorFlow's operations."""
    return error


def _of_operation(error: Exception, name: str) -> Exception:
    """What becomes of an error in one of TensorFlow's operations: its message ends with the operation's name.

    What Python or NumPy could not do with arguments of the wrong kind, while our code computed, is a DTypeMismatchError.
    """
    if isinstance(error, OpError):
        name_operation(error, name)
        return error
    if not failed_under_ours(error):
        return error
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, AttributeError):
        if "'numpy.ndarray' object has no attribute" not in text:
            return error
        text = f"'{name}' does not take tensors of dtype string."
    return DTypeMismatchError(f"{text} [Op:{name}]")


def _translate(error: Exception, name: str, operands: tuple = ()) -> Exception:
    """A torch failure as the exception that TensorFlow users catch."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if text.startswith("The size of tensor a"):
        given = [x for x in operands if hasattr(x, "shape") or isinstance(x, (list, tuple))]
        shapes = [list(x.shape if hasattr(x, "shape") else np.shape(x)) for x in given]
        text = f"Incompatible shapes: {shapes[0]} vs. {shapes[1]}" if len(shapes) > 1 else text
    if isinstance(error, NotImplementedError):
        return DTypeMismatchError(f"{text} [Op:{name}]") if _NO_KERNEL.search(text) else error
    return (AxisError if text.startswith("Dimension out of range") else InvalidArgumentError)(f"{text} [Op:{name}]")


def _promote(group: list, name: str) -> None:
    """Convert the group's untyped members and cast all to Keras's common dtype."""
    first: torch.dtype | None = None
    same = True
    for holder, key, _ in group:
        value = holder[key]
        if isinstance(value, torch.Tensor):
            same = same and (first is None or value.dtype is first)
            first = first or value.dtype
        else:
            same = False
    if same:
        return
    weak: list = []  # Python scalars take the dtype of the others, if that holds their kind
    kinds: set = set()
    for holder, key, slot in group:
        value = holder[key]
        if type(value) in (int, float, bool, complex) and (type(value) is complex or not slot.strong):
            weak.append((holder, key, slot))
            kinds.add(type(value))
            continue
        if not isinstance(value, torch.Tensor) and not (isinstance(value, np.ndarray) and value.dtype.kind == "O"):
            holder[key] = value = raw(value)
        if isinstance(value, torch.Tensor):
            kinds.add(value.dtype)
    if not kinds:
        return
    common = dtypes.to_torch(dtypes.result_type(*kinds))
    for holder, key, _ in group:
        if isinstance(holder[key], torch.Tensor):
            holder[key] = holder[key].to(common)
    alone = len(weak) == len(group)
    for holder, key, slot in weak:
        value = holder[key]
        if alone or not slot.keeps_scalars or type(value) is bool:
            holder[key] = raw(value).to(common) if type(value) is bool else raw(value, common)


def _demand_firsts(group: list, name: str) -> None:
    holder, key, _ = group[0]
    if not isinstance(holder[key], (torch.Tensor, str, bytes)) and not _is_text(holder[key]):
        holder[key] = raw(holder[key])
    _demand_same(group, name)


def _is_text(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def _demand_same(group: list, name: str) -> None:
    """Convert the group's untyped members to the dtype of the first typed one; raise where two typed ones differ."""
    first = None
    for holder, key, _ in group:
        value = holder[key]
        if isinstance(value, torch.Tensor):
            if first is None:
                first = value.dtype
            elif value.dtype is not first:
                raise dtype_mismatch(name, first, value.dtype)
        elif type(value) is np.ndarray and value.dtype == object:
            first = object
    if first is None and group[0][2].sequence and {type(holder[key]) for holder, key, _ in group} == {int, float}:
        first = torch.float32  # a list of Python's numbers, as tf.constant takes it
    for holder, key, slot in group:
        value = holder[key]
        if isinstance(value, torch.Tensor):
            continue
        if first is object:
            holder[key] = _types.constant(value, None)
            continue
        if slot.keeps_scalars and first is not None and _fits(value, first):
            continue
        holder[key] = converted = strict_constant(value, first, name)
        if first is None:
            first = converted.dtype if isinstance(converted, torch.Tensor) else object


def _demand_bools(group: list, name: str) -> None:
    for holder, key, _ in group:
        value = holder[key]
        if isinstance(value, (np.ndarray, np.generic)):  # NumPy's numbers, unlike Python's, are taken for truth values
            holder[key] = value if value.dtype.kind in "OSU" else raw(value.astype(np.bool_))
        elif not isinstance(value, torch.Tensor):
            holder[key] = strict_constant(value, torch.bool, name)
    _demand_same(group, name)


def _fits(value: Any, dtype: torch.dtype) -> bool:
    kind = type(value)
    return (kind is float and (dtype.is_floating_point or dtype.is_complex)) or (
        kind is int and dtype is not torch.bool
    )


def strict_constant(value: Any, dtype: torch.dtype | None, name: str) -> Any:
    """A Python or NumPy value in the dtype that the other operands have.

    Raises:
        ConversionError: it cannot be had without loss: 1.5 as an int32.
    """
    if dtype is None or isinstance(value, np.ndarray) or (isinstance(value, np.generic) and value.dtype.kind in "iufb"):
        out = raw(value, None)
        return out if dtype is None or not isinstance(out, torch.Tensor) else out.to(dtype)
    try:
        return raw(value, dtype)
    except TypeError as error:
        if isinstance(error, ValueError):  # no tensor at all
            raise
        raise ConversionError(_mismatch_of_graphs(name, dtype, raw(value).dtype) or str(error)) from None


def unsupported_dtype(name: str, dtype: torch.dtype, allowed: str) -> DTypeMismatchError:
    """An operation has no kernel for a dtype."""
    own = dtypes.as_dtype(dtype).name
    return DTypeMismatchError(
        f"Value for attr 'T' of {kernels.word(own)} is not in the list of allowed values: {allowed} [Op:{name}]"
    )


def _mismatch_of_graphs(name: str, first: Any, second: Any) -> str | None:
    """What TensorFlow says of two dtypes while it traces a function; None where it does not."""
    if local.function is None or not local.function.tracing:
        return None
    own, other = (dtypes.as_dtype(kind).name if isinstance(kind, torch.dtype) else "string" for kind in (first, second))
    return (
        f"Input 'y' of '{kernels.operation(name)}' Op has type {other} that does not match type {own} of argument 'x'."
    )


def dtype_mismatch(name: str, first: torch.dtype, second: torch.dtype) -> DTypeMismatchError:
    in_graph = _mismatch_of_graphs(name, first, second)
    if in_graph is not None:
        return DTypeMismatchError(in_graph)
    own, other = ("string" if kind is None else dtypes.as_dtype(kind).name for kind in (first, second))
    a, b, name = kernels.word(own), kernels.word(other), kernels.operation(name)
    return DTypeMismatchError(
        f"cannot compute {name} as input #1(zero-based) was expected to be a {a} tensor but is a {b} tensor "
        f"[Op:{name}]. Cast one side, for example tf.cast(x, tf.{own})."
    )
