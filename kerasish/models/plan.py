"""From model to program: a functional graph lowered, once per mode, to a flat Python function of raw torch calls.

``Plan(graph, training)`` writes a function such as

    def program(x0):
        v1 = dense(x0)
        v1 = relu(v1)
        v2 = dropout(v1, training=True)
        v3 = dense_1(v2)
        return (v3,)

(with a ``del`` after the last use of each value) and compiles it. ``dropout`` is the layer's ``_raw_call``; ``dense`` and
``relu`` are the leaner functions that a Dense layer has for inputs whose rank and dtype are known (``Layer._lowered``).
Parameters are looked up when they run: a plan holds no weights. Checks, dtypes, masks and scopes are settled here, once; a
step of the program costs a Python call. What is not simple (a user's ``call``, hooks, a mixed policy, an activity penalty)
is lowered to the layer's own ``__call__``.

A plan is stale when ``structure.version`` has moved on; models compare the two numbers at each call.
"""

from __future__ import annotations

import functools
import keyword
import math
import re
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch, tree
from kerasish.core.autodiff import recording
from kerasish.core.dtypes import to_torch
from kerasish.core.masks import mask_of, raw_with_mask, wrap_with_mask
from kerasish.core.symbolic import FunctionCall, KerasTensor, Node
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.layers.calling import is_ours
from kerasish.layers.layer import Layer
from kerasish.layers.tracking import structure
from kerasish.models.graph import Graph

_LOCAL = re.compile(r"\b[vm]\d+\b")  # names of values in a program, see Plan._bind


def lowered(graph: Graph, training: bool | None, known: dict[bool | None, Plan]) -> Plan:
    """The plan of a graph for a mode: the one that is ``known``, or a new one if the structure has changed since."""
    plan = known.get(training)
    if plan is None or plan.version != structure.version:
        plan = known[training] = Plan(graph, training)
    return plan


class Plan:
    """A lowered model.

    Attributes:
        program: raw input tensors (one positional argument each) → tuple of raw output tensors.
        source: its text, for reading.
        version: of the structure that it was made from.
        fitting: shapes and dtypes of single inputs that were found to need neither refusal nor conversion.
        calls_layers: whether it goes through some layer's ``__call__``, which looks at the scopes around it.
    """

    def __init__(self, graph: Graph, training: bool) -> None:
        self.version = structure.version
        self.calls_layers = False
        self.fitting: set[tuple[torch.Size, torch.dtype]] = set()
        self._training = training
        self._names: dict[int, str] = {}  # id of a KerasTensor -> the variable that holds it
        self._masks: dict[int, str] = {}  # id of a KerasTensor -> the variable that holds its mask
        self._scope: dict[str, Any] = {"__name__": __name__}  # what the program's text refers to
        self._lines: list[str] = []
        # ids of the KerasTensors whose shape and dtype rest on a statement of the user's, and of those that may be integers
        # though their layer's dtype is another one
        self._stated: set[int] = set()
        self._doubtful: set[int] = set()
        self._objects: set[int] = set()  # ids of KerasTensors in whose place an object that stands for a tensor may be
        self._sparse = {id(x) for x in graph.inputs if x.sparse}  # and what may be sparse when the program runs
        self._rank: tuple[float, int] = (0, 0)  # of the node that is lowered: when Keras runs it
        self._taken: dict[int, tuple[float, int]] = {}  # id of a KerasTensor -> when an operation takes its mask off
        self._carried: dict[int, str] = {}  # as _masks, without those that were taken off: the masks that losses see
        ranks = self._find_taken(graph)
        for i, x in enumerate(graph.inputs):
            self._names[id(x)] = f"x{i}"
        for node in graph.nodes:
            if not node.is_input and not all(id(x) in self._names for x in node.outputs):
                self._rank = ranks.get(id(node), self._rank)
                self._lower(node)
                if any(id(x) in self._masks for x in node.outputs):
                    self._carry(node)
        self._close(graph)

    def _find_taken(self, graph: Graph) -> dict[int, tuple[float, int]]:
        """Note when masks are taken off; returns when Keras runs each node: far from the outputs first."""
        takers = [(node, taken) for node in graph.nodes if (taken := _unmasked(node))]
        if not takers:
            return {}
        depths, _ = graph.distances()
        ranks = {id(node): (-depths[id(node)], i) for i, node in enumerate(graph.nodes)}
        for node, taken in takers:
            for x in taken:
                self._taken[id(x)] = min(self._taken.get(id(x), _NEVER), ranks[id(node)])
        return ranks

    # lowering

    def _lower(self, node: Node) -> None:
        operation = node.operation
        of_user = not isinstance(operation, FunctionCall) and getattr(operation, "_user_call", False)
        given = {} if of_user else self._convert_objects(node)
        self._lower_operation(node)
        self._names.update(given)
        if not isinstance(operation, FunctionCall) and not is_ours(type(operation).__call__):
            self._objects.update(map(id, node.outputs))

    def _convert_objects(self, node: Node) -> dict[int, str]:
        """Tensors in the place of objects among an operation's inputs; returns the objects' names, for other uses."""
        objects = {id(x): self._names[id(x)] for x in node.input_tensors if id(x) in self._objects}
        for key, name in objects.items():
            raw = self._bind("raw", _tensor_of)
            self._names[key] = self._names[-key] = f"v{len(self._names)}"  # an entry more: a name of its own
            self._lines.append(f"{self._names[key]} = {raw}({name})")
        return objects

    def _lower_operation(self, node: Node) -> None:
        operation = node.operation
        self._doubt(node)
        if (
            any(id(x) in self._sparse for x in node.input_tensors)
            or any(x.sparse for x in node.outputs)
            or getattr(operation, "sparse", None) is True
        ):
            self._lower_sparse(operation, node)
        elif isinstance(operation, FunctionCall):
            function = operation.function
            if _of_text(node):
                function = _raw_outputs(function)
            elif not hasattr(function, "raw"):
                function = _raw_results(function)
            self._emit(node, self._bind(operation.name, function), self._arguments(node))
        elif self._is_simple(operation):
            self._lower_simple(operation, node)
        elif not self._lower_nested(operation, node):
            self._lower_call(operation, node)

    def _lower_sparse(self, operation: Any, node: Node) -> None:
        """An operation on a sparse tensor: by its own call, which finds out what it was given. Masks do not pass it."""
        self.calls_layers = True
        arguments = self._arguments(node)
        if not isinstance(operation, FunctionCall) and "training" not in node.kwargs and self._training is not None:
            arguments.append(f"training={self._training}")
        function = operation.function if isinstance(operation, FunctionCall) else operation
        self._emit(node, self._bind(operation.name, _raw_outputs(function)), arguments)
        if not getattr(operation, "_k_densifies", False):
            self._sparse.update(id(x) for x in node.outputs)

    def _doubt(self, node: Node) -> None:
        """Note outputs that may not be what their KerasTensors say; functions of ``Layer._lowered`` are not for those."""
        operation, inputs = node.operation, {id(x) for x in node.input_tensors}
        if _states_shape(operation) or inputs & self._stated:
            self._stated.update(map(id, node.outputs))
        on_integers = not isinstance(operation, FunctionCall) and any(
            not x.dtype.is_floating for x in node.input_tensors
        )
        if (on_integers or inputs & self._doubtful) and not getattr(operation, "weights", None):  # weights make floats
            self._doubtful.update(map(id, node.outputs))

    def _is_simple(self, layer: Layer) -> bool:
        """Whether the layer's mathematics can be called directly, without the steps of ``Layer.__call__``."""
        if hasattr(layer, "nested_program"):
            return False
        return not any(
            part._user_call
            or part._k_has_hooks()
            or (part._dtype_policy.is_mixed and part._follows_policy)
            or part.activity_regularizer is not None
            or type(part).__call__ is not Layer.__call__
            for part in layer._flatten_layers()
        )

    def _lower_simple(self, layer: Layer, node: Node) -> None:
        cast_to = layer.compute_dtype if layer.autocast else None
        arguments = self._arguments(node, cast_to)
        spec = layer._call_spec
        mask = self._mask_of(node)
        if self._lower_to_functions(layer, node, cast_to, mask):
            return
        given = set(node.kwargs)
        if spec.takes_mask and mask is not None and "mask" not in given:
            arguments.append(f"mask={mask}")
        for name, of in spec.mask_names.items():
            own = self._mask_of_argument(node, spec.names.index(of), of)
            if own and name not in given:
                arguments.append(f"{name}={own}")
        if spec.takes_training and "training" not in given:
            arguments.append(f"training={self._mode(layer)}")
        self._emit(node, self._bind(layer.name, layer._raw_call), arguments)
        self._lower_mask(layer, node, mask)

    def _lower_to_functions(self, layer: Layer, node: Node, cast_to: str | None, mask: str | None) -> bool:
        """A layer of one argument as the bare functions that it names; False if it has none, or a mask takes part."""
        x = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        reads_mask = mask is not None and layer._call_spec.takes_mask
        several = isinstance(x, (list, tuple))
        inputs: list = list(x) if several else [x]
        if not all(isinstance(t, KerasTensor) for t in inputs) or len(node.outputs) != 1 or reads_mask:
            return False
        if any(id(t) in self._stated or id(t) in self._doubtful for t in inputs):
            return False
        cast = [KerasTensor(t.shape, cast_to, name=t.name) if cast_to and t.dtype.is_floating else t for t in inputs]
        functions = layer._lowered_join(cast) if several else layer._lowered(cast[0], self._mode(layer))
        if functions is None:
            return False
        texts = ", ".join(self._text(t, cast_to) for t in inputs)
        self._assign(node, f"{self._bind(layer.name, functions[0])}({texts})" if functions else texts)
        name = self._names[id(node.outputs[0])]
        for function in functions[1:]:  # a line each, so that the input is free before the second
            self._lines.append(f"{name} = {self._bind(getattr(function, '__name__', layer.name), function)}({name})")
        self._lower_mask(layer, node, mask)
        return True

    def _mode(self, layer: Layer) -> bool:
        default = layer._call_spec.training_default
        return (
            self._training if self._training is not None else bool(default if default is not None else layer.training)
        )

    def _lower_mask(self, layer: Layer, node: Node, mask: str | None) -> None:
        """The masks of a layer's outputs, where the symbolic call found that there are any."""
        if not any(_has_mask(x) for x in node.outputs):
            return
        if type(layer).compute_mask is Layer.compute_mask:
            for x in node.outputs:
                if _has_mask(x) and mask is not None:
                    self._masks[id(x)] = mask
            return
        first = self._text(node.args[0] if node.args else next(iter(node.kwargs.values())))
        compute = self._bind(f"{layer.name}_mask", _raw_compute_mask(layer))
        name = f"m{len(self._scope)}"
        self._lines.append(f"{name} = {compute}({first}, {mask})")
        several = len(node.outputs) > 1
        for i, x in enumerate(node.outputs):
            if _has_mask(x):
                self._masks[id(x)] = f"{name}[{i}]" if several else name

    def _lower_nested(self, model: Any, node: Node) -> bool:
        """A functional model inside this one: its own program, called without the model's checks."""
        nested = getattr(model, "nested_program", None)
        masked = any(id(x) in self._masks for x in node.input_tensors) or any(map(_has_mask, node.outputs))
        if nested is None or masked or node.kwargs or len(node.args) != 1:
            return False
        program = nested(self._training)
        if program is None:
            return False
        inputs = tree.flatten(node.args[0])
        if any(x.dtype != own.dtype or id(x) in self._doubtful for x, own in zip(inputs, model.inputs)):
            return False  # its call converts them
        self._emit(node, self._bind(model.name, program), [self._text(x) for x in inputs], results_are_flat=True)
        return True

    def _lower_call(self, layer: Any, node: Node) -> None:
        """A layer through its own ``__call__``; masks travel on the tensors."""
        self.calls_layers = True
        for x in node.input_tensors:
            self._attach(x, self._masks)
        arguments = self._arguments(node)
        if "training" not in node.kwargs and self._training is not None:
            arguments.append(f"training={self._training}")
        function = _raw_outputs(layer) if _of_text(node) else layer
        if len(node.outputs) > 1 and not is_ours(type(layer).__call__):
            function = _padded(function, len(node.outputs))
        self._emit(node, self._bind(layer.name, function), arguments)
        get = None
        for x in node.outputs:
            if _has_mask(x):
                get = get or self._bind("mask_of", mask_of)
                self._masks[id(x)] = f"{get}({self._names[id(x)]})"

    # text

    def _bind(self, name: str, value: Any) -> str:
        """A name in the program for a callable or constant."""
        base = re.sub(r"\W", "_", name, flags=re.ASCII)
        if not base.isidentifier() or keyword.iskeyword(base) or re.fullmatch(r"[xvm]\d+", base):
            base = f"_{base}"
        key = base if base not in self._scope else f"{base}__{len(self._scope)}"
        self._scope[key] = value
        return key

    def _arguments(self, node: Node, cast_to: str | None = None) -> list[str]:
        positional = [self._text(arg, cast_to) for arg in node.args]
        return positional + [f"{key}={self._text(value, cast_to)}" for key, value in node.kwargs.items()]

    def _text(self, value: Any, cast_to: str | None = None) -> str:
        """An argument as the program writes it: tensors by name, structures opened, constants bound."""
        if isinstance(value, KerasTensor):
            name = self._names[id(value)]
            if cast_to is not None and value.dtype.is_floating and value.dtype != cast_to:
                return f"{name}.to({self._bind('dtype', to_torch(cast_to))})"
            return name
        if isinstance(value, (list, tuple)) and any(isinstance(x, KerasTensor) for x in tree.flatten(value)):
            inner = ", ".join(self._text(v, cast_to) for v in value)
            return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
        if isinstance(value, dict) and any(isinstance(x, KerasTensor) for x in tree.flatten(value)):
            return "{" + ", ".join(f"{key!r}: {self._text(v, cast_to)}" for key, v in value.items()) + "}"
        if value is None or type(value) in (int, bool, str):
            return repr(value)
        if isinstance(value, (Tensor, Variable)):
            return (
                f"{self._bind('read', _reader(value))}()"
                if isinstance(value, Variable)
                else self._bind("constant", value._t)
            )
        return self._bind("constant", value)

    def _emit(self, node: Node, function: str, arguments: list[str], results_are_flat: bool = False) -> None:
        self._assign(node, f"{function}({', '.join(arguments)})", results_are_flat)

    def _assign(self, node: Node, call: str, results_are_flat: bool = False) -> None:
        """A line that gives the results of a call, as text, to the node's outputs."""
        names = []
        for x in node.outputs:
            names.append(f"v{len(self._names)}")
            self._names[id(x)] = names[-1]
        if results_are_flat:
            self._lines.append(f"{', '.join(names)}, = {call}")
        elif len(names) == 1 and node.structure is node.outputs[0]:
            self._lines.append(f"{names[0]} = {call}")
        else:
            flatten = self._bind("flatten", tree.flatten)
            self._lines.append(f"{', '.join(names)}, = {flatten}({call})")

    def _mask_of(self, node: Node, masks: dict[int, str] | None = None) -> str | None:
        """The mask of a node's first argument, as text; a list of masks for a list of tensors."""
        masks = self._masks if masks is None else masks
        first = node.args[0] if node.args else next(iter(node.kwargs.values()), None)
        if isinstance(first, KerasTensor):
            return masks.get(id(first))
        flat = [x for x in tree.flatten(first) if isinstance(x, KerasTensor)]
        if not any(id(x) in masks for x in flat):
            return None
        return "[" + ", ".join(masks.get(id(x), "None") for x in flat) + "]"

    def _mask_of_argument(self, node: Node, index: int, name: str) -> str | None:
        value = node.args[index] if index < len(node.args) else node.kwargs.get(name)
        return self._masks.get(id(value)) if isinstance(value, KerasTensor) else None

    def _carry(self, node: Node) -> None:
        """Which masks the outputs carry: those that they are declared to have, unless an input's was taken off before."""
        layer = node.operation
        for x in node.input_tensors:
            if self._taken.get(id(x), _NEVER) < self._rank:
                self._carried.pop(id(x), None)
        declared, carried = self._mask_of(node), self._mask_of(node, self._carried)
        mask = carried
        if declared != carried and carried and type(layer).compute_mask is not Layer.compute_mask:
            first, mask = self._text(node.args[0]), f"c{len(self._lines)}"
            compute = self._bind(f"{layer.name}_mask", _raw_compute_mask(layer))
            self._lines.append(f"{mask} = {compute}({first}, {carried})")
        for x in node.outputs:
            if id(x) in self._masks and (declared == carried or mask):
                self._carried[id(x)] = self._masks[id(x)] if declared == carried else mask  # type: ignore[assignment]

    def _attach(self, x: KerasTensor, masks: dict[int, str]) -> None:
        if id(x) in masks:
            self._lines.append(f"{self._bind('attach_mask', _attach_mask)}({self._names[id(x)]}, {masks[id(x)]})")

    def _close(self, graph: Graph) -> None:
        for x in graph.outputs:
            if self._taken.get(id(x), _NEVER) == _NEVER:  # losses and metrics look for the mask on the prediction
                self._attach(x, self._carried)
        results = "".join(f"{self._names[id(x)]}, " for x in graph.outputs)
        parameters = ", ".join(self._names[id(x)] for x in graph.inputs)
        body = "\n    ".join([*_freeing(self._lines, results), f"return ({results.strip()})"])
        self.source = f"def program({parameters}):\n    {body}\n"
        exec(compile(self.source, "<plan>", "exec"), self._scope)  # text made above, from names and literals only
        self.program: Callable[..., tuple] = self._scope["program"]

    def __call__(self, inputs: list[torch.Tensor]) -> tuple:
        return self.program(*inputs)


def _states_shape(operation: Any) -> bool:
    """Whether the shape and dtype of a layer's outputs are what a user's rule says, rather than found by running it."""
    if not getattr(operation, "_user_call", False):
        return False
    cls = type(operation)
    has_rule = cls.compute_output_shape is not Layer.compute_output_shape and operation._shape_rule_applies((), {})
    return has_rule or not is_ours(cls.compute_output_spec)


def _freeing(lines: list[str], results: str) -> list[str]:
    """The lines, with a ``del`` of what no later one needs: what autograd does not keep is free for what comes next."""
    made = {name for line in lines if " = " in line for name in _LOCAL.findall(line.split(" = ")[0])}
    needed = set(_LOCAL.findall(results))
    freeing = []
    for line in reversed(lines):
        last_uses = sorted(made.intersection(_LOCAL.findall(line)) - needed)
        needed.update(last_uses)
        freeing.append(f"{line}; del {', '.join(last_uses)}" if last_uses else line)
    return freeing[::-1]


_NEVER = (math.inf, 0)


def _unmasked(node: Node) -> list[KerasTensor]:
    """The tensors that an operation takes the masks off: those that reach it as they are, not converted."""
    layer = node.operation
    if not getattr(layer, "_takes_masks_off", False):
        return []
    dtype = layer.compute_dtype if layer.autocast else None
    return [x for x in node.input_tensors if dtype is None or not x.dtype.is_floating or x.dtype == dtype]


def _has_mask(x: Any) -> bool:
    return mask_of(x) is not None


def _attach_mask(x: torch.Tensor, mask: torch.Tensor | None) -> None:
    if mask is not None:
        x._keras_mask = mask  # type: ignore[attr-defined]


def _reader(variable: Variable) -> Callable[[], torch.Tensor]:
    return lambda: variable.logical


def _of_text(node: Node) -> bool:
    """Whether there is raw text among the inputs: an array, which calls take as a user's."""
    return any(x.dtype == "string" for x in node.input_tensors)


def _raw_outputs(layer: Any) -> Callable:
    """A layer's own call (or a public function) for raw inputs some of which are text or sparse."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with recording():
            args, kwargs = tree.map_structure(wrap_with_mask, (args, kwargs))
            return tree.map_structure(raw_with_mask, layer(*args, **kwargs))

    return call


def _tensor_of(x: Any) -> torch.Tensor:
    """What was given for a tensor, such as a distribution, as a raw tensor."""
    return x if isinstance(x, torch.Tensor) else dispatch.raw(x)


def _padded(function: Callable, count: int) -> Callable:
    """The call of a layer whose ``__call__`` is a user's and may return the first outputs only: the others are None."""

    def call(*args: Any, **kwargs: Any) -> list:
        found = tree.flatten(function(*args, **kwargs))
        return found + [None] * (count - len(found))

    return call


def _raw_results(function: Callable) -> Callable:
    """A function that makes Tensors of whatever it is given (``tf.ones`` of raw sizes), for raw tensors."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return tree.map_structure(_raw_if_wrapped, function(*args, **kwargs))

    return call


def _raw_if_wrapped(x: Any) -> Any:
    return raw_with_mask(x) if isinstance(x, Tensor) else x


def _raw_compute_mask(layer: Layer) -> Callable:
    """A layer's ``compute_mask`` on raw tensors: its own, or an adapter around the user's."""
    published = type(layer).compute_mask
    if hasattr(published, "raw"):
        return published.raw.__get__(layer)

    def compute(inputs: Any, mask: Any) -> Any:
        inputs, mask = tree.map_structure(wrap_with_mask, (inputs, mask))
        return tree.map_structure(raw_with_mask, layer.compute_mask(inputs, mask))

    return compute
