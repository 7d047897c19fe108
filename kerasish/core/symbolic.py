"""Symbolic tensors: what a functional model is drawn with.

A KerasTensor has a shape, a dtype and a history: the operation that made it. Calling a layer or a public function on one
makes a Node that remembers the operation and its arguments; ``models/functional.py`` walks the nodes back from the outputs.
Nothing here knows layers: an operation is whatever has a ``name`` and lists ``_inbound_nodes`` and ``_outbound_nodes``.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.context import asks_for_keras_2, local, scope, unique_name
from kerasish.core.dtypes import DType, as_dtype, named, standardize, to_torch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.meta import without_compiler
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import StringTensor

# Unknown dimensions are traced with two sizes; where the results differ, the result's dimension is unknown too. The sizes
# divide by 2, 3, 4, 6, 8 and 16 and are larger than the usual windows.
PROBES = (48, 96)
ROUND_PROBES = (64, 128)  # where halves of halves have to double again to the same size
SMALL_PROBES = (6, 9)  # where those are more than a layer can take
_WHOLE = (torch.int32, torch.int64)
_FEW = 32  # integers that may be a shape


class History(NamedTuple):
    """Which operation made a tensor, in which of its calls, as which of its results."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor:
    """A placeholder with a shape (``None`` for unknown dimensions) and a dtype, and no value."""

    __array_priority__ = 200
    ragged = False
    sparse = False

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if sparse and ragged:
            raise ValueError("KerasTensor cannot have `sparse=True` and `ragged=True` at the same time.")
        try:
            self._shape = TensorShape(shape)
        except TypeError as error:
            raise ValueError(f"Cannot convert '{shape}' to a shape. {error}") from None
        self._dtype = dtype if type(dtype) is DType else as_dtype(standardize(dtype))
        self.sparse = bool(sparse)
        self.ragged = ragged
        self.name = name or unique_name("keras_tensor")
        self.record_history = record_history
        self._keras_history: History = History(None, 0, 0)
        self._keras_mask: Any = None
        self._sizes: dict | None = None  # of a tensor made of sizes: probe -> its numbers

    shape = property(lambda self: self._shape)
    dtype = property(lambda self: named(self._dtype))
    ndim = property(lambda self: len(self._shape))
    ragged_rank = property(lambda self: None)
    row_splits_dtype = property(lambda self: None)
    device = property(lambda self: "symbolic")

    def get_shape(self) -> TensorShape:
        return self._shape

    def set_shape(self, shape: Any) -> None:
        self._shape = self._shape.merge_with(shape)

    def reshape(self, newshape: Any) -> KerasTensor:
        return dispatch.OPS["reshape"](self, newshape)

    def squeeze(self, axis: Any = None) -> KerasTensor:
        return dispatch.OPS["squeeze"](self, axis)

    def __getitem__(self, key: Any) -> KerasTensor:
        return dispatch.OPS["get_item"](self, key)

    def __round__(self, ndigits: int | None = None) -> KerasTensor:
        return dispatch.OPS["round"](self, decimals=ndigits or 0)

    def __len__(self) -> int:
        raise self._no_value("len()", "its length")

    def __iter__(self) -> Any:
        if not asks_for_keras_2():
            raise self._no_value("iteration", "its elements", NotImplementedError)
        if not len(self.shape) or self.shape[0] is None:
            what = "a Tensor with unknown first dimension." if len(self.shape) else "a scalar."
            raise TypeError(f"Cannot iterate over {what}")
        return iter([self[i] for i in range(self.shape[0])])

    def __bool__(self) -> bool:
        raise self._no_value("a condition", "its truth value")

    def __int__(self) -> int:
        raise self._no_value("int()", "its value", ValueError)

    def __float__(self) -> float:
        raise self._no_value("float()", "its value", ValueError)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise fail(
            ValueError,
            f"A KerasTensor is symbolic: it's a placeholder for a shape and a dtype, with no value: {self!r}",
            hint="It cannot become a NumPy array; use keras.ops or tf functions, or a layer, to compute with it.",
        )

    def _no_value(self, use: str, what: str, kind: type[Exception] = TypeError) -> Exception:
        return kind(
            f"A symbolic KerasTensor was used in {use}, but has no value, so {what} is not known: {self!r}. "
            "Use keras.ops (keras.ops.cond, keras.ops.where) or do this inside a layer's call()."
        )

    @classmethod
    def __torch_function__(cls, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return call(function, args, kwargs or {})

    def __repr__(self) -> str:
        return (
            f"<KerasTensor shape={self._shape}, dtype={self._dtype.name}, sparse={self.sparse}, ragged={self.ragged}, "
            f"name={self.name}>"
        )

    __hash__ = object.__hash__


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "mod", "pow": "power", "matmul": "matmul", "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
}  # fmt: skip
_COMPARISONS = {
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
}  # fmt: skip


def _install_operators() -> None:
    def forward(name: str) -> Callable:
        return lambda self, other: dispatch.OPS[name](self, other)

    def backward(name: str) -> Callable:
        return lambda self, other: dispatch.OPS[name](other, self)

    def unary(name: str) -> Callable:
        return lambda self: dispatch.OPS[name](self)

    for operator, name in _OPERATORS.items():
        setattr(KerasTensor, f"__{operator}__", forward(name))
        setattr(KerasTensor, f"__r{operator}__", backward(name))

    def equal(self: KerasTensor, other: Any) -> Any:
        # two symbolic tensors are told apart by identity, as in Keras 3, so that lists can be searched for them
        return self is other if isinstance(other, KerasTensor) else dispatch.OPS["equal"](self, other)

    for operator, name in _COMPARISONS.items():
        setattr(KerasTensor, f"__{operator}__", forward(name))
    KerasTensor.__eq__ = equal  # type: ignore[method-assign,assignment]
    for operator, name in {"neg": "negative", "abs": "absolute", "invert": "logical_not"}.items():
        setattr(KerasTensor, f"__{operator}__", unary(name))
    KerasTensor.__div__ = KerasTensor.__truediv__  # type: ignore[attr-defined]


_install_operators()


class Followers(list):
    """Nodes that take an operation's results. A copy of it is empty: one of a layer is no copy of the models around it."""

    def __deepcopy__(self, memo: dict) -> Followers:
        return Followers()

    def __reduce__(self) -> tuple:
        return Followers, ()


class Node:
    """One symbolic call of an operation.

    Attributes:
        operation: what was called.
        args, kwargs: its arguments, KerasTensors among them.
        input_tensors: those KerasTensors, in order.
        outputs: the results, flat.
    """

    def __init__(self, operation: Any, args: tuple, kwargs: dict, outputs: Any) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.structure = outputs
        self.outputs = tree.flatten(outputs)
        self.input_tensors = [x for x in tree.flatten((args, kwargs)) if isinstance(x, KerasTensor)]
        index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for maker in {id(maker): maker for maker in self._makers() if maker is not None}.values():
            maker._outbound_nodes.append(self)
        for i, output in enumerate(self.outputs):
            if isinstance(output, KerasTensor):
                output._keras_history = History(operation, index, i)

    @property
    def is_input(self) -> bool:
        return not self.input_tensors

    @property
    def parent_nodes(self) -> list[Node]:
        """The nodes that made the inputs."""
        parents = []
        for x in self.input_tensors:
            operation, index, _ = x._keras_history
            if operation is not None:
                parents.append(operation._inbound_nodes[index])
        return parents

    def _makers(self) -> list[Any]:
        """The operations that made the inputs."""
        return [x._keras_history.operation for x in self.input_tensors if x._keras_history is not None]

    @property
    def inbound_layers(self) -> Any:
        """Keras 2's: the layers that made the inputs; one by itself."""
        layers = self._makers()
        return layers[0] if len(layers) == 1 else layers

    @property
    def outbound_layer(self) -> Any:
        """Keras 2's: what was called."""
        return self.operation

    layer = outbound_layer

    @property
    def output_tensors(self) -> list[Any]:
        """The results, flat."""
        return self.outputs

    @property
    def input_shapes(self) -> Any:
        """Keras 2's: the shapes of the inputs; of one by itself."""
        shapes = [x.shape for x in self.input_tensors]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shapes(self) -> Any:
        """Keras 2's: the shapes of the results, in their structure."""
        return tree.map_structure(lambda x: x.shape, self.structure)

    def fill(self, values: dict[int, Any]) -> tuple[tuple, dict]:
        """The arguments with each KerasTensor replaced by ``values[id(tensor)]``."""
        replaced = tree.map_structure(
            lambda x: values[id(x)] if isinstance(x, KerasTensor) else x, [list(self.args), self.kwargs]
        )
        return tuple(replaced[0]), replaced[1]


class FunctionCall:
    """A function of keras.ops, tf or torch that was applied to KerasTensors: the operation of its node."""

    def __init__(self, function: Callable, name: str | None = None) -> None:
        self.function = function
        self.name = name or unique_name(re.sub(r"^_+", "", getattr(function, "__name__", "function")))
        self._inbound_nodes: list[Node] = []
        self._outbound_nodes = Followers()

    @property
    def output(self) -> Any:
        return self._inbound_nodes[0].structure

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, KerasTensor) for x in tree.flatten((args, kwargs))):
            outputs = infer(self.function, args, kwargs)
            Node(self, args, kwargs, outputs)
            return outputs
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"


def call(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Apply a public function to arguments with KerasTensors among them; dispatch comes here."""
    return FunctionCall(function)(*args, **kwargs)


# shapes by tracing ----------------------------------------------------------------------------------------------------


def infer(function: Callable, args: tuple, kwargs: dict) -> Any:
    """The results of ``function`` as KerasTensors: by its own rule (``dispatch.symbolic``), or from runs without storage.

    Results that are sizes (``tf.shape(x)[0]``) remember their values in each run, which later functions may need. If no
    stand-in for the unknown sizes fits, they are taken as known sizes of other arguments: (None, 3) + (2, 3) is (2, 3).

    Raises:
        ValueError: the function needs values, or the shapes do not fit.
    """
    try:
        return _infer(function, args, kwargs)
    except ValueError:
        for filled in islice(with_known_sizes((list(args), kwargs)), _TRIES):
            with suppress(ValueError):
                return _infer(function, *filled)
        raise


_TRIES = 16  # of choices of known sizes for unknown ones
# torch's words where tensors without storage meet what needs values, or tensors that the function has from elsewhere
_OF_META = ("on meta tensors", "not on the expected device meta", "Tensor on device meta is not")


def with_known_sizes(inputs: Any) -> Iterator[Any]:
    """The inputs with symbolic tensors whose unknown sizes are some that other inputs have.

    First the sizes of the axes that broadcasting puts beside each other, then single axes with any known size.
    """
    leaves = [x for x in tree.flatten(inputs) if hasattr(x, "shape")]
    shapes = [tuple(x.shape) for x in leaves]
    unknown = [(x, shape) for x, shape in zip(leaves, shapes) if isinstance(x, KerasTensor) and None in shape]
    unknown = [pair for pair in unknown if pair[0]._sizes is None][:3]
    sizes = dict.fromkeys(size for shape in shapes for size in shape if size is not None and size > 1)
    if len(leaves) < 2 or not unknown or not sizes:
        return
    beside = {}

    def changed(new: dict[int, KerasTensor]) -> Any:
        return tree.map_structure(lambda x: new.get(id(x), x), inputs)

    for x, shape in unknown:
        aligned = list(shape)
        for axis in range(-len(shape), 0):
            found = {other[axis] for other in shapes if len(other) >= -axis} - {None, 1}
            aligned[axis] = found.pop() if shape[axis] is None and len(found) == 1 else shape[axis]
        beside[id(x)] = KerasTensor(aligned, x.dtype, x.sparse, x.ragged)
    yield changed(beside)
    for x, shape in unknown:
        for axis in [axis for axis, size in enumerate(shape) if size is None][:4]:
            for size in list(sizes)[:4]:
                known = (*shape[:axis], size, *shape[axis + 1 :])
                yield changed({id(x): KerasTensor(known, x.dtype, x.sparse, x.ragged)})


def _infer(function: Callable, args: tuple, kwargs: dict) -> Any:
    rule = getattr(function, "symbolic", None)
    if rule is not None and (results := _fitting(rule, args, kwargs)) is not NotImplemented:
        return results
    leaves = [x for x in tree.flatten((list(args), kwargs)) if isinstance(x, KerasTensor)]
    known = any(x._sizes is not None for x in leaves)
    probes = PROBES if known or any(None in x.shape for x in leaves) else PROBES[:1]
    runs = None
    if not known:
        try:
            runs = [_run(function, args, kwargs, probe, "meta") for probe in probes]
        except NotImplementedError:  # it makes a tensor of numbers and reads it
            pass
        except ValueError as error:
            if not any(text in str(error) for text in _OF_META):
                raise _with_shapes(error, leaves) from error.__cause__
    if runs is not None and not any(map(_may_be_size, tree.flatten(runs[0]))):
        return merge(runs)
    args, kwargs = tree.map_structure(_numbers, [list(args), kwargs])
    try:
        with fake_mode():
            runs = [_run(function, args, kwargs, probe, "cpu") for probe in probes]
            sizes = [[_constant(x) for x in tree.flatten(run)] for run in runs]
    except Exception as error:
        if runs is not None:
            return merge(runs)
        raise _needs_values(function, args, error) from error
    merged = merge(runs)
    for i, x in enumerate(tree.flatten(merged)):
        if isinstance(x, KerasTensor) and all(values[i] is not None for values in sizes):
            x._sizes = dict(zip(PROBES, [values[i] for values in sizes] * (1 if len(sizes) > 1 else 2)))
    return merged


def _run(function: Callable, args: tuple, kwargs: dict, probe: int, device: str) -> Any:
    without_compiler()
    filled = tree.map_structure(lambda x: placeholder(x, probe, device), [list(args), kwargs])
    on_fakes = device != "meta"
    with scope(device=torch.device(device), overlay={}, recording=0, tapes=(), tracing=on_fakes), torch.no_grad():
        return _fitting(function, *filled)


def run_without_values(function: Callable, args: tuple, kwargs: dict) -> Any:
    """What a function does besides computing: a run on tensors without storage, like the tensors and arrays given.

    Variables and seeds stay as they are.

    Raises:
        Exception: what the function does needs values.
    """
    with fake_mode():
        return _run(function, args, kwargs, PROBES[0], "cpu")


def _fitting(function: Callable, args: Any, kwargs: dict) -> Any:
    try:
        return function(*args, **kwargs)
    except InvalidArgumentError as error:
        raise ValueError(str(error)) from error  # what does not fit is found while a model is drawn


def has_stand_in(t: torch.Tensor, sizes: Iterable[int] = ()) -> bool:
    """Whether ``t`` is a tensor of a trace where a size, its own or one of ``sizes``, may stand for an unknown one."""
    if t.device.type != "meta" and not local.tracing:
        return False
    return any(size and (size % PROBES[0] == 0 or size in SMALL_PROBES) for size in (*t.shape, *sizes))


class _Numbers:
    """What a small tensor holds, positions or sizes maybe: a tensor made of it keeps its values in ``fake_mode``."""

    def __init__(self, t: torch.Tensor) -> None:
        self.values, self.dtype = t.tolist(), t.dtype


def _numbers(x: Any) -> Any:
    """A small tensor of integers on the host as its values; anything else as it is."""
    if dispatch.is_symbolic(x) or not dispatch.is_tensor(x):
        return x
    t = dispatch.raw(x)
    few = type(t) is torch.Tensor and t.device.type == "cpu" and 0 < t.numel() <= _FEW and t.dtype in _WHOLE
    return _Numbers(t) if few else x


def _may_be_size(x: Any) -> bool:
    """Whether a result may be made of sizes alone: a few integers."""
    t = getattr(x, "_t", None)
    return isinstance(t, torch.Tensor) and t.dtype in _WHOLE and t.numel() <= _FEW


def _constant(x: Any) -> Any:
    """The numbers in a result of a run in ``fake_mode`` which are known there, None if they are not."""
    constant = getattr(getattr(x, "_t", None), "constant", None)
    return constant.tolist() if constant is not None and _may_be_size(x) else None


def _with_shapes(error: ValueError, inputs: list) -> ValueError:
    """An operation's error, which knows the sizes of a run without storage, with those that the user knows."""
    if type(error) is ValueError:
        error.args = (f"{error} Input shapes are: {[tuple(x.shape) for x in inputs]}",)
    return error


def _needs_values(function: Callable, args: tuple, error: Exception) -> Exception:
    name = getattr(function, "__name__", str(function))
    shapes = [x.shape for x in tree.flatten(args) if isinstance(x, KerasTensor)]
    return fail(
        ValueError,
        f"The shape of '{name}' on symbolic inputs of shapes {shapes} depends on their values: "
        f"{str(error).splitlines()[0] if str(error) else type(error).__name__}",
        hint="Do this inside the call() of a layer that has compute_output_shape().",
    )


def placeholder(x: Any, probe: int, device: Any = "meta") -> Any:
    """A tensor without storage for a KerasTensor (unknown dimensions get ``probe``), a tensor or an array."""
    if isinstance(x, KerasTensor):
        if x._sizes is not None and device != "meta" and probe in x._sizes:
            return dispatch.wrap(torch.tensor(x._sizes[probe], dtype=to_torch(x.dtype)))
        if x.sparse:
            return _no_values(x, [probe if d is None else d for d in x.shape], device)
        if x.dtype == "string":
            return StringTensor(np.full([probe if d is None else d for d in x.shape], b"", dtype=object))
        return dispatch.wrap(
            torch.empty([probe if d is None else d for d in x.shape], dtype=to_torch(x.dtype), device=device)
        )
    if isinstance(x, StringTensor):
        return x
    if isinstance(x, _Numbers):
        return dispatch.wrap(torch.tensor(x.values, dtype=x.dtype))
    if dispatch.is_tensor(x) or isinstance(x, np.ndarray):
        return dispatch.wrap(dispatch.raw(x).detach().to(device))
    return x


def _no_values(x: KerasTensor, shape: list[int], device: Any) -> SparseTensor:
    """A sparse tensor that stands for a symbolic one: its shape, and no places."""
    indices = torch.empty((0, len(shape)), dtype=torch.int64, device=device)
    if x.dtype == "string":
        return SparseTensor.of_raw(indices, np.empty(0, dtype=object), shape)
    return SparseTensor.of_raw(indices, torch.empty(0, dtype=to_torch(x.dtype), device=device), shape)


@functools.cache
def _fake_mode_class() -> type:
    # 0.2 s to import: only when a user's code is traced
    from torch._subclasses.fake_tensor import DynamicOutputShapeException, FakeTensorMode

    class Mode(FakeTensorMode):
        found: int | None = None  # how many elements a search is taken to find

        def may_turn_const(self, t: torch.Tensor) -> bool:  # torch's own keeps the values of single numbers only
            return t.numel() <= 1 << 16 and not t.is_sparse and not t.is_meta and not self.is_our_fake(t)

        def dispatch(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            try:
                return super().dispatch(func, types, args, kwargs)
            except DynamicOutputShapeException:
                made = None if self.found is None else _found(str(func), args, self.found)
                if made is None:
                    raise
                return made

    return Mode


def _found(operation: str, args: tuple, count: int) -> torch.Tensor | None:
    """What an operation gives that finds ``count`` elements in a tensor without values."""
    t = args[0]
    if operation == "aten.nonzero.default":
        return torch.zeros((count, t.ndim), dtype=torch.int64, device=t.device)
    if operation == "aten.masked_select.default":
        return t.new_zeros(count)
    return None


@contextmanager
def fake_mode(found: int | None = None) -> Iterator[None]:
    """A block in which new tensors have no storage; of those made from numbers, such as shapes, the values are known.

    So ``tf.range(tf.shape(x)[1])`` in a layer's ``call`` has a shape, and so has what is reshaped with its help.

    Args:
        found: how many elements a mask is taken to select; None for an error where one is used.
    """
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before, logger.disabled = logger.disabled, True  # what does not fit is an exception; torch would print it as well
    mode = _fake_mode_class()(allow_non_fake_inputs=True)
    mode.found = found
    try:
        with mode:
            yield
    finally:
        logger.disabled = before


def merge(runs: list) -> Any:
    """Results of one or two probe runs as KerasTensors: what differs between the runs is unknown."""
    flat = [tree.flatten(run) for run in runs]
    merged = [_merge_one([leaves[i] for leaves in flat]) for i in range(len(flat[0]))]
    return tree.pack_as(runs[0], merged)


def _merge_one(values: list) -> Any:
    first = values[0]
    if not hasattr(first, "shape") or not hasattr(first, "dtype"):
        return first
    shapes = [tuple(v.shape) for v in values]
    if len({len(shape) for shape in shapes}) > 1:
        raise fail(ValueError, "The rank of the result depends on the size of the batch", received=str(shapes))
    dims = [sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes, strict=True)]
    dtype: DType = as_dtype(first.dtype)
    merged = KerasTensor(dims, dtype, sparse=isinstance(first, SparseTensor))
    masks = [getattr(v, "_keras_mask", None) for v in values]
    if all(mask is not None for mask in masks):
        merged._keras_mask = _merge_one(masks)
    return merged


def as_dense(x: Any) -> Any:
    """A symbolic tensor like a sparse one, but dense; anything else as it is."""
    return KerasTensor(x.shape, x.dtype) if isinstance(x, KerasTensor) and x.sparse else x


def is_keras_tensor(x: Any) -> bool:
    return isinstance(x, KerasTensor)


def any_symbolic(args: Any, kwargs: Any = None) -> bool:
    """Whether a KerasTensor is among (possibly nested) arguments."""
    if type(args) is tuple and len(args) == 1 and not kwargs and not isinstance(args[0], (list, tuple, dict)):
        return isinstance(args[0], KerasTensor)
    return any(isinstance(x, KerasTensor) for x in tree.flatten((args, kwargs)))


dispatch.register(symbolic=KerasTensor, symbolic_call=call)
