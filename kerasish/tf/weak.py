"""Weak tensors, and the functions and operators that take and give them in the promotion modes "all" and "safe".

Nothing here is asked while no mode is on: ``Promotion.install`` exchanges the operators of tensors and variables and the
public functions of ``tf`` for ones that promote, and ``Changes.undo`` puts back what was there.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes, tree
from kerasish.core.autodiff import GradientTape
from kerasish.core.dtypes import FROM_TORCH
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.storage import storage
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import TFVariable, Variable, Weight
from kerasish.tf.creation import cast
from kerasish.tf.promotion import Kind, NoPromotionError, result_kind
from kerasish.tf.scopes import get_logger

# the class ------------------------------------------------------------------------------------------------------------

_WEAK_DTYPES = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64, dtypes.complex128)


class WeakTensor(Tensor):
    """A tensor whose dtype nobody asked for: it takes that of what it meets. Everything else takes it for a tensor.

    Raises:
        TypeError: a dtype that values without one never have.
    """

    __slots__ = ()
    __hash__ = Tensor.__hash__
    _shown = "tensorflow.python.framework.weak_tensor.EagerWeakTensor"
    is_weak = True
    is_tensor_like = True

    def __init__(self, t: torch.Tensor, recording: int = -1) -> None:
        dtype = FROM_TORCH.get(t.dtype)
        if dtype not in _WEAK_DTYPES:
            raise TypeError(f"{dtype} not allowed as a weak type. The allowed types are {_WEAK_DTYPES}.")
        super().__init__(t, recording)

    @classmethod
    def from_tensor(cls, tensor: Any) -> WeakTensor:
        """A tensor as a weak one.

        Raises:
            InvalidArgumentError: it is no tensor.
        """
        if not isinstance(tensor, Tensor):
            raise InvalidArgumentError(
                f"WeakTensor can only be constructed from tf.Tensor or tf.WeakTensor, but {type(tensor)} was given."
            )
        return WeakTensor(tensor._t, tensor._recording)

    def to_tensor(self) -> Tensor:
        """The same values as an ordinary tensor."""
        return Tensor(self._t, self._recording)

    tensor = property(to_tensor)

    def __str__(self) -> str:
        return super().__str__()[:-1] + ", weak=True)"

    def __repr__(self) -> str:
        return super().__repr__()[:-1] + ", weak=True>"

    def __format__(self, spec: str) -> str:
        return f"{super().__format__(spec)} weakly typed"

    def __iter__(self) -> Iterator[Tensor]:
        return map(WeakTensor.from_tensor, super().__iter__())

    def __round__(self, ndigits: int | None = None) -> Any:
        return WeakTensor.from_tensor(super().__round__(ndigits))

    def __deepcopy__(self, memo: dict) -> WeakTensor:
        return self


WeakTensor.__name__ = "EagerWeakTensor"  # what programs find in ``type(x).__name__``


def strong(value: Any) -> Any:
    """A weak tensor as an ordinary one; anything else as it is."""
    return value.to_tensor() if isinstance(value, WeakTensor) else value


def _of_kind(out: Any, kind: Kind) -> Any:
    """A result, or each of several, as a tensor of a kind: weak or ordinary."""
    if type(out) in (list, tuple):
        return type(out)(_of_kind(x, kind) for x in out)
    return WeakTensor.from_tensor(out) if kind.weak else strong(out)


# what is exchanged while a mode is on ---------------------------------------------------------------------------------

_MISSING = object()


class Changes:
    """Members of classes and modules that were exchanged, and what was there before."""

    def __init__(self) -> None:
        self._before: dict[tuple[int, str], tuple[Any, str, Any]] = {}

    def set(self, owner: Any, name: str, member: Any) -> None:
        self._before.setdefault((id(owner), name), (owner, name, vars(owner).get(name, _MISSING)))
        setattr(owner, name, member)

    def undo(self) -> None:
        for owner, name, member in self._before.values():
            if member is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, member)
        self._before.clear()


# Functions of one tensor, the first argument, that give a weak result for a weak one; of two that meet; and of two that
# meet and give an ordinary result. By module, "" for ``tf``; names of ``tf`` are those of ``tf.compat.v1`` too.
UNARY = {
    "": """abs acos acosh asin asinh atan atanh clip_by_value cos cosh exp expand_dims floor identity negative ones_like
        reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum reshape round sigmoid sign sin sinh sqrt
        square squeeze stop_gradient tan tanh transpose zeros_like""",
    "debugging": "check_numerics",
    "image": "extract_patches",
    "linalg": "diag diag_part matrix_transpose tensor_diag_part trace",
    "math": """abs acos acosh angle asin asinh atan atanh bessel_i0 bessel_i0e bessel_i1 bessel_i1e ceil conj cos cosh
        digamma erf erfc erfinv exp expm1 floor imag lgamma log log1p log_sigmoid log_softmax ndtri negative real
        reciprocal reciprocal_no_nan reduce_euclidean_norm reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod
        reduce_std reduce_sum reduce_variance rint round rsqrt sigmoid sign sin sinh softplus sqrt square tan tanh""",
    "math.special": """bessel_i0 bessel_i0e bessel_i1 bessel_i1e bessel_j0 bessel_j1 bessel_k0 bessel_k0e bessel_k1
        bessel_k1e bessel_y0 bessel_y1 dawsn expint fresnel_cos fresnel_sin spence""",
    "nn": "depth_to_space gelu leaky_relu log_softmax relu6 sigmoid silu softplus space_to_depth swish tanh",
    "experimental.numpy": """abs absolute amax amin angle arange arccos arcsin arcsinh arctan arctanh around array
        asanyarray asarray ascontiguousarray average bitwise_not cbrt ceil conj conjugate copy cos cosh cumprod cumsum
        deg2rad diag diagflat diagonal diff empty_like exp exp2 expand_dims expm1 fabs fix flatten flip fliplr flipud floor
        full_like imag log log10 log1p log2 max mean min moveaxis nanmean negative ones_like positive prod ptp rad2deg ravel
        real reciprocal repeat reshape rot90 round sign sin sinc sinh sort sqrt square squeeze std sum swapaxes tan tanh
        trace transpose triu vander var zeros_like""",
}
BINARY = {
    "": "add divide matmul multiply pow realdiv subtract truediv truncatediv truncatemod",
    "linalg": "matmul",
    "math": """add divide divide_no_nan floordiv floormod mod multiply multiply_no_nan pow subtract truediv""",
    "experimental.numpy": "hypot matmul",
}
COMPARING = {"": "equal maximum minimum", "math": "equal maximum minimum"}
# Functions that are made of those above: their arguments meet as ordinary tensors.
MEETING = {
    "": "assert_equal clip_by_norm",
    "debugging": "assert_equal",
    "linalg": "lstsq matvec",
    "nn": "log_poisson_loss sigmoid_cross_entropy_with_logits",
}
# Functions whose first result is weak if they were given a weak tensor, or nothing but Python's numbers.
OF_WEAK = {"": "concat", "nn": "moments scale_regularization_loss"}
# Functions of any number of tensors that change the shape of each.
EACH = {"experimental.numpy": "atleast_1d atleast_2d atleast_3d broadcast_arrays ix_"}


def _modules(root: ModuleType, path: str) -> list[ModuleType]:
    found = []
    for start in ("", "compat.v1"):
        module: Any = root
        for part in filter(None, f"{start}.{path}".split(".")):
            module = vars(module).get(part)
            if module is None:
                break
        if isinstance(module, ModuleType):
            found.append(module)
    return found


class Promotion:
    """One of the modes "all" and "safe": what promotes the arguments of functions and operators."""

    def __init__(self, safe: bool) -> None:
        self.safe = safe
        self._made: dict[int, tuple[Callable, Callable]] = {}

    def kind(self, *values: Any) -> Kind:
        return result_kind(*values, safe=self.safe)

    def install(self, changes: Changes, tf: ModuleType) -> None:
        """Exchange the functions of ``tf`` and the operators of its tensors and variables."""
        tables = (
            (UNARY, self.unary),
            (BINARY, self.binary),
            (COMPARING, self.comparing),
            (MEETING, self.meeting),
            (OF_WEAK, _weak_if_first),
            (EACH, self.each),
            ({"math": "erfcinv"}, self.in_doubles),
        )
        for table, make in tables:
            for path, names in table.items():
                for module in _modules(tf, path):
                    for name in names.split():
                        if callable(function := vars(module).get(name)):
                            changes.set(module, name, self.once(function, make))
        for module in _modules(tf, ""):
            changes.set(module, "constant", self.once(vars(module)["constant"], self._constant))
            for name in ("cast", "convert_to_tensor"):
                changes.set(module, name, self.once(vars(module)[name], _strengthening))
        self._install_operators(changes)
        functions = sys.modules[f"{tf.__name__}.function"]
        changes.set(functions, "_result", self._returned(vars(functions)["_result"]))
        changes.set(functions, "_fit", _giving_strong(vars(functions)["_fit"]))
        changes.set(GradientTape, "gradient", _weak_gradients(GradientTape.gradient))

    def once(self, function: Callable, make: Callable) -> Callable:
        """What takes the place of a function, the same wherever it stands."""
        if id(function) not in self._made:
            self._made[id(function)] = (function, make(function))
        return self._made[id(function)][1]

    # functions

    def unary(self, function: Callable, argument: str | None = None) -> Callable:
        signature = inspect.signature(function)
        argument = argument or next(iter(signature.parameters))

        @functools.wraps(function)
        def promoting(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            x = bound.arguments.get(argument)
            plain = _is_strong(x) or bound.arguments.get("dtype") is not None
            if plain or argument not in bound.arguments or dispatch.is_symbolic(x):
                return function(*args, **kwargs)
            kind = self._kind_or_none(function, x)
            if kind is None:
                return function(*args, **kwargs)
            bound.arguments[argument] = self.converted(x, kind)
            return _of_kind(function(*bound.args, **bound.kwargs), kind)

        return promoting

    def each(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def promoting(*args: Any, **kwargs: Any) -> Any:
            kinds = [self.kind(x) for x in args]
            out = function(*map(self.converted, args, kinds), **kwargs)
            if isinstance(out, Tensor):
                return _of_kind(out, kinds[0])
            alike = len(args) == 1 or function.__name__ != "broadcast_arrays"  # which repeats to an ordinary tensor
            return type(out)(_of_kind(x, kind) if alike else x for x, kind in zip(out, kinds, strict=True))

        return promoting

    def in_doubles(self, function: Callable) -> Callable:
        """Of a function that multiplies with a float64 of NumPy's on its way."""
        signature = inspect.signature(function)

        @functools.wraps(function)
        def in_doubles(*args: Any, **kwargs: Any) -> Any:
            x, *rest = signature.bind(*args, **kwargs).args
            kind = self.kind(x)
            wide = Kind(dtypes.float64, kind.weak)
            return _of_kind(function(cast(self.converted(x, kind), dtypes.float64), *rest), wide)

        return in_doubles

    def binary(self, function: Callable, compares: bool = False) -> Callable:
        signature = inspect.signature(function)
        first, second = list(signature.parameters)[:2]

        @functools.wraps(function)
        def promoting(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            x, y = bound.arguments[first], bound.arguments[second]
            if dispatch.is_symbolic(x) or dispatch.is_symbolic(y):
                return function(*args, **kwargs)
            kind = self._kind_or_none(function, x, y)
            if kind is None:
                return function(*args, **kwargs)
            bound.arguments[first], bound.arguments[second] = self.converted(x, kind), self.converted(y, kind)
            out = function(*bound.args, **bound.kwargs)
            return out if compares else _of_kind(out, kind)

        return promoting

    def comparing(self, function: Callable) -> Callable:
        return self.binary(function, compares=True)

    def meeting(self, function: Callable) -> Callable:
        """Of a function made of those that promote: its first two arguments meet, as ordinary tensors."""
        signature = inspect.signature(function)
        names = list(signature.parameters)[:2]

        @functools.wraps(function)
        def promoting(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            given = [bound.arguments.get(name) for name in names]
            if any(x is None or dispatch.is_symbolic(x) or isinstance(x, dispatch._types.composite) for x in given):
                return function(*args, **kwargs)
            tensors = [strong(convert(x)) for x in given]
            kind = self._kind_or_none(function, *tensors)
            if kind is not None:
                bound.arguments.update(zip(names, (self.converted(x, kind) for x in tensors), strict=True))
            return function(*bound.args, **bound.kwargs)

        return promoting

    def _kind_or_none(self, function: Callable, *values: Any) -> Kind | None:
        """The kind in which values meet; None, and a warning, of values that the modes have no rule for."""
        try:
            return self.kind(*values)
        except NoPromotionError:
            kinds = ", ".join(str(type(value)) for value in values)
            get_logger().warning(
                f"The new dtype semantics do not support {function.__module__}.{function.__name__}({kinds}). Falling back "
                "to old semantics."
            )
            return None

    @staticmethod
    def converted(value: Any, kind: Kind) -> Any:
        """A value as an ordinary tensor of a kind's dtype."""
        value = strong(value)
        if dispatch.is_tensor(value) or isinstance(value, dispatch._types.composite):
            return value if _is_strong(value) and value.dtype == kind.dtype else cast(value, kind.dtype)
        if type(value) is bool and kind.dtype is dtypes.complex128:
            value = complex(value)
        return convert(value, kind.dtype)

    def _constant(self, constant: Callable) -> Callable:
        signature = inspect.signature(constant)

        @functools.wraps(constant)
        def promoting(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            value, dtype = bound.arguments["value"], bound.arguments.get("dtype")
            kind = self._kind_or_none(constant, value, dtype)
            bound.arguments["value"] = strong(value)
            if kind is None:
                return constant(*bound.args, **bound.kwargs)
            if dtype is None:
                bound.arguments["dtype"] = kind.dtype
                return _of_kind(constant(*bound.args, **bound.kwargs), kind)
            if kind.dtype == dtype and dispatch.is_tensor(value):
                bound.arguments["value"] = self.converted(value, kind)
            return constant(*bound.args, **bound.kwargs)

        return promoting

    def _returned(self, result: Callable) -> Callable:
        """Of what makes results of ``tf.function`` tensors: Python's numbers become weak ones."""

        @functools.wraps(result)
        def returned(value: Any) -> Any:
            if type(value) in (int, float, complex):
                kind = self.kind(value)
                return _of_kind(self.converted(value, kind), kind)
            return result(value)

        return returned

    # operators and variables

    def _install_operators(self, changes: Changes) -> None:
        for cls in (Tensor, Variable):
            for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "eq"):
                slots = (f"__{name}__", f"__r{name}__") if name != "eq" else ("__eq__",)
                for slot in slots:
                    operator = self._operator(vars(cls)[slot], slot.startswith("__r"), name)
                    changes.set(cls, slot, operator)
            changes.set(cls, "__div__", cls.__truediv__)
            changes.set(cls, "__rdiv__", cls.__rtruediv__)
        for slot in ("__neg__", "__abs__", "__invert__"):
            changes.set(WeakTensor, slot, self.unary(vars(Tensor)[slot]))
        for name in ("assign", "assign_add", "assign_sub"):
            changes.set(TFVariable, name, self._writing(getattr(TFVariable, name)))

    def _operator(self, operator: Callable, reflected: bool, name: str) -> Callable:
        compares = name == "eq"

        def method(self_: Any, other: Any) -> Any:
            if type(self_) is Tensor and type(other) is Tensor and self_._t.dtype is other._t.dtype:
                return operator(self_, other)
            if other is None or not isinstance(other, _OPERANDS):
                return operator(self_, other)
            if name == "mul" and (self_.dtype == dtypes.bool_ or (_is_strong(other) and other.dtype == dtypes.bool_)):
                return _product_of_bools(operator, self_, other)
            try:
                kind = self.kind(other, self_) if reflected else self.kind(self_, other)
            except NoPromotionError:
                return operator(self_, other)
            except TypeError:
                reflection = (
                    getattr(other, f"__r{name}__", None) if isinstance(other, (np.ndarray, np.generic)) else None
                )
                if reflected or reflection is None:
                    raise
                return reflection(np.asarray(self_))  # TensorFlow asks the right operand then
            out = operator(self.converted(self_, kind), self.converted(other, kind))
            return out if compares or out is NotImplemented else _of_kind(out, kind)

        return functools.wraps(operator)(method)

    def _writing(self, method: Callable) -> Callable:
        signature = inspect.signature(method)
        argument = list(signature.parameters)[1]

        @functools.wraps(method)
        def writing(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            variable, value = bound.arguments["self"], bound.arguments[argument]
            if isinstance(variable, Weight) or isinstance(value, torch.Tensor):
                return method(*args, **kwargs)
            kind = self._kind_or_none(method, variable, value)
            if kind is None:
                return method(*args, **kwargs)
            if kind.dtype != variable.dtype:
                raise TypeError(
                    f"Variable dtype is immutable. Calling {method.__name__} of Variable (with dtype {variable.dtype!s}) on "
                    f"{value} requires converting {value} to {variable.dtype!s}. This is disabled in the current promotion "
                    f"semantics. Please convert {value} manually before calling {method.__name__}."
                )
            bound.arguments[argument] = self.converted(value, kind)
            return method(*bound.args, **bound.kwargs)

        return writing


_OPERANDS = (bool, int, float, complex, np.ndarray, np.generic, list, tuple, torch.Tensor, Tensor, Variable)


def _is_strong(value: Any) -> bool:
    return isinstance(value, (Tensor, torch.Tensor)) and not isinstance(value, WeakTensor)


def _product_of_bools(operator: Callable, x: Any, y: Any) -> Any:
    """x * y where one is a tensor of bools: of both as integers, as a bool."""
    x, y = (cast(strong(v) if dispatch.is_tensor(v) else dispatch.wrap(storage(v)), dtypes.int32) for v in (x, y))
    return cast(operator(x, y), dtypes.bool_)


def _strengthening(function: Callable) -> Callable:
    """Of a function that gives a tensor it is given: an ordinary one for a weak one."""

    @functools.wraps(function)
    def strengthening(*args: Any, **kwargs: Any) -> Any:
        return function(*map(strong, args), **{name: strong(value) for name, value in kwargs.items()})

    return strengthening


def _giving_strong(function: Callable) -> Callable:
    return functools.wraps(function)(lambda *args: strong(function(*args)))


def _weak_gradients(gradient: Callable) -> Callable:
    """Of a tape's method: gradients with respect to weak tensors are weak."""

    @functools.wraps(gradient)
    def with_weak(self: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        found = gradient(self, target, sources, *args, **kwargs)
        if not any(isinstance(x, WeakTensor) for x in tree.flatten(sources)):
            return found
        kinds = [
            Kind(x.dtype, isinstance(x, WeakTensor)) if isinstance(x, Tensor) else None for x in tree.flatten(sources)
        ]
        grads = tree.flatten(found)
        if len(grads) != len(kinds):  # some are None
            return found
        return tree.pack_as(found, [g if k is None or g is None else _of_kind(g, k) for g, k in zip(grads, kinds)])

    return with_weak


def _weak_if_first(function: Callable) -> Callable:
    """Of a function that hands on what it computes of its first argument, a tensor or a list of one."""

    @functools.wraps(function)
    def passing(*args: Any, **kwargs: Any) -> Any:
        out = function(*args, **kwargs)
        x = args[0] if args else next(iter(kwargs.values()), None)
        x = x[0] if isinstance(x, (list, tuple)) and len(x) == 1 else x
        if not isinstance(x, WeakTensor):
            return out
        if isinstance(out, tuple):
            return type(out)((WeakTensor.from_tensor(out[0]), *out[1:]))
        return WeakTensor.from_tensor(out)

    return passing
