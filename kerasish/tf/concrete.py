"""Concrete functions of ``tf.function``: one trace, called with tensors of its signature."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from kerasish.core import symbolic, tree
from kerasish.core.accessed import Accessed
from kerasish.core.context import local, scope
from kerasish.core.errors import InvalidArgumentError, OpError, fail
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.tf import samples
from kerasish.tf.declared import declare, open_shape
from kerasish.tf.function_type import Parameter, TracedType, type_of, type_text
from kerasish.tf.graphs import FunctionGraph
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of
from kerasish.tf.tracing import Trace

_NAMES = {"float32": "float", "float64": "double", "float16": "half"}  # as TensorFlow's kernels call them


def outputs_of(function: Callable, args: tuple, kwargs: dict, trace: Trace, finish: Callable) -> Any:
    """Specifications of what a function returns for arguments of which only specifications are known.

    None: that depends on their values.
    """
    names = dict(trace.names)

    def once(*args: Any, **kwargs: Any) -> Any:
        leaves = tree.flatten((list(args), kwargs))
        for i, (spec, value) in enumerate(zip(specs, leaves)):
            if isinstance(spec, TensorSpec):
                leaves[i] = declare(value, open_shape(spec))
                if id(spec) in names:
                    trace.names[id(leaves[i])] = (names[id(spec)][0], spec.shape)
        args, kwargs = tree.pack_as((args, kwargs), leaves)
        values = Accessed(local.overlay or {})
        try:
            with scope(overlay=values):
                result = finish(function(*args, **kwargs))
        finally:
            trace.variables = list(values.variables.values())
        trace.tracing = False  # a second run, for unknown sizes, has no effects
        return result

    specs = tree.flatten((list(args), kwargs))
    if any(isinstance(x, TypeSpec) and not isinstance(x, TensorSpec) for x in specs):
        return samples.outputs_of(once, args, kwargs, specification)
    rankless = any(isinstance(x, TensorSpec) and x.shape.rank is None for x in specs)
    args, kwargs = tree.map_structure(_placeholder, (args, kwargs))
    if not any(isinstance(x, KerasTensor) for x in tree.flatten((args, kwargs))):
        return tree.map_structure(specification, once(*args, **kwargs))
    try:
        found = tree.map_structure(specification, symbolic.infer(once, args, kwargs))
    except (ValueError, OpError):  # of reading a file that has no name, for one
        trace.is_output_known = False
        return None
    return tree.map_structure(_without_shape, found) if rankless else found


def specification(value: Any) -> Any:
    """The specification of a result; None and what is no tensor stay."""
    if isinstance(value, (KerasTensor, Tensor)):
        return TensorSpec(tuple(value.shape), value.dtype)
    return getattr(value, "_type_spec", value)


def _placeholder(value: Any) -> Any:
    if not isinstance(value, TensorSpec):
        return value
    return KerasTensor((None,) if value.shape.rank is None else tuple(value.shape), value.dtype.name)


def _without_shape(value: Any) -> Any:
    return TensorSpec(None, value.dtype) if isinstance(value, TensorSpec) else value


class GraphTensor(TensorSpec):
    """A specification that prints as the tensor of TensorFlow's graph that it stands for.

    Args:
        spec: of the tensor.
        label: the name of its operation, without the number of the output.
    """

    def __init__(self, spec: TensorSpec, label: str) -> None:
        super().__init__(spec.shape, spec.dtype)
        self._label = f"{label}:0"

    name = property(lambda self: self._label)

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self._label}' shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        shape = "" if self.shape.rank is None else f", shape={self.shape}"
        return f'Tensor("{self._label}"{shape}, dtype={self.dtype.name})'


def _numbered(label: str, number: int) -> str:
    return f"{label}_{number}" if number else label


def result_labels(label: str, count: int) -> list[str]:
    """Names of equal operations, as a graph gives them."""
    return [_numbered(label, number) for number in range(count)]


def refused(name: str, index: int, spec: TensorSpec, tensor: Any) -> InvalidArgumentError:
    """What is raised for a tensor of another dtype than a function's trace has."""
    wanted, received = (_NAMES.get(x.dtype.name, x.dtype.name) for x in (spec, tensor))
    return InvalidArgumentError(
        f"cannot compute {name} as input #{index}(zero-based) was expected to be a {wanted} tensor but is a {received} "
        f"tensor [Op:{name}]"
    )


class UsesVariables:
    """A function of a graph that knows its ``variables``: what follows from them."""

    variables: Any

    @property
    def trainable_variables(self) -> tuple:
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def captured_inputs(self) -> list:
        """The handles of the variables; other tensors that the function reads are none of them."""
        return [variable.handle for variable in self.variables]

    def _graph_handles(self) -> list[GraphTensor]:
        """What stands for the variables among a graph's inputs."""
        return [
            GraphTensor(TensorSpec((), "resource"), label) for label in result_labels("unknown", len(self.variables))
        ]


class ConcreteFunction(UsesVariables):
    """One trace of a Function.

    Args:
        function: the Function.
        args, kwargs: the arguments of the trace, specifications in the place of tensors.
    """

    def __init__(
        self, function: Any, trace: Trace, parameters: inspect.Signature | None, args: tuple, kwargs: dict
    ) -> None:
        self._function, self._trace, self._parameters = function, trace, parameters
        self._args, self._kwargs = args, kwargs

    @property
    def name(self) -> bytes:
        return f"__inference_{self._function.name}_{self._trace.number}".encode()

    def add_to_graph(self, g: Any = None, overwrite: bool = False) -> None:
        """Let the function that is running know this one, which may be there to compute in the place of another."""
        if hasattr(self._function, "take_over"):
            self._function.take_over()

    def add_gradient_functions_to_graph(self, g: Any = None) -> None:
        """Nothing is to be done: gradients are those of the operations that were called."""

    @property
    def structured_input_signature(self) -> tuple:
        """The arguments by position and by name, specifications in the place of tensors."""
        names = [p.name for p in self._parameters.parameters.values()] if self._parameters else []
        names += [None] * (len(self._args) - len(names))
        return (
            tuple(_named(value, name) for value, name in zip(self._args, names)),
            {name: _named(value, name) for name, value in self._kwargs.items()},
        )

    @property
    def structured_outputs(self) -> Any:
        """The results' structure, of specifications."""
        numbers = itertools.count()

        def result(spec: Any) -> Any:
            if isinstance(spec, TensorSpec):
                return GraphTensor(spec, _numbered("Identity", next(numbers)))
            if isinstance(spec, TypeSpec) and not type(spec).__module__.startswith(
                "kerasish."
            ):  # a program's composite
                return spec._from_components(tree.map_structure(result, spec._component_specs))
            return spec

        return tree.map_structure(result, self._trace.output)

    @property
    def _specs(self) -> list:
        """Specifications of the tensors among the arguments."""
        return [x for x in tree.flatten((self._args, self._kwargs)) if isinstance(x, TypeSpec)]

    @property
    def inputs(self) -> list:
        """What stands for the tensors among the arguments, and for the variables that the function reads."""
        own = [
            GraphTensor(spec, name) if isinstance(spec, TensorSpec) else spec
            for name, spec in self._named_specs().items()
        ]
        return own + self._graph_handles()

    def _named_specs(self) -> dict[str, TypeSpec]:
        """Specifications of the tensors among the arguments, with the names that a graph's inputs have."""
        found: dict[str, TypeSpec] = {}
        for name, value in self._function._named(self._args, self._kwargs):
            leaves = [x for x in tree.flatten(value) if isinstance(x, TypeSpec)]
            for number, spec in enumerate(leaves):
                label = (getattr(spec, "name", None) or _numbered(name, number)).removesuffix(":0")
                found[label] = TensorSpec(spec.shape, spec.dtype, label) if isinstance(spec, TensorSpec) else spec
        return found

    @property
    def outputs(self) -> list:
        """What stands for the tensors among the results."""
        return [x for x in tree.flatten(self.structured_outputs) if isinstance(x, TypeSpec)]

    @functools.cached_property
    def variables(self) -> tuple:
        """The variables that the function reads or writes, in the order of their first use."""
        if self._trace.variables is None:  # it was traced with values
            before = self._trace.output, self._trace.is_output_known
            self._function._run_on_specs(self._trace, self._args, self._kwargs)
            self._trace.output, self._trace.is_output_known = before
        return tuple(self._trace.variables or ())

    output_shapes = property(lambda self: tree.map_structure(lambda x: x.shape, self._trace.output))
    output_dtypes = property(lambda self: tree.map_structure(lambda x: x.dtype, self._trace.output))

    @property
    def function_type(self) -> TracedType:
        """The parameters' and results' types."""
        kinds = {name: p.kind for name, p in self._parameters.parameters.items()} if self._parameters else {}
        values = [*zip(kinds, self._args), *self._kwargs.items()]
        own = [Parameter(name, kinds[name], False, type_of(value)) for name, value in values]
        return TracedType(own, return_annotation=type_of(self._trace.output))

    @property
    def inference_fn(self) -> ConcreteFunction:
        """The function that computes: this one."""
        return self

    def call_with_captures(self, args: Any, kwargs: Any, captures: Any) -> Any:
        """The results for arguments.

        Args:
            captures: none: what the function reads besides is looked up when it runs.

        Raises:
            ValueError: there are some.
        """
        if len(captures):
            raise fail(ValueError, "A function's captures cannot be replaced", "[]", captures)
        return self(*args, **kwargs)

    @property
    def graph(self) -> FunctionGraph:
        """Names, inputs and outputs of the trace; it holds no operations."""
        return FunctionGraph(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results for tensors of the signature.

        Raises:
            TypeError: the arguments are not those of the signature.
            InvalidArgumentError: a tensor has another dtype.
        """
        given = self._structured(args, kwargs)
        leaves = tree.flatten((self._args, self._kwargs))
        if given is None:
            given = list(args) if not kwargs and len(args) == len(self._specs) else None
        if given is None:
            raise TypeError(
                f"Binding inputs to tf.function failed due to `{self._problem(args, kwargs)}`. Received args: {args} and "
                f"kwargs: {kwargs} for signature: {self._signature()}."
            )
        values = iter(given)
        filled = [self._checked(i, x, next(values)) if isinstance(x, TypeSpec) else x for i, x in enumerate(leaves)]
        args, kwargs = tree.pack_as((self._args, self._kwargs), filled)
        return self._function._run(self._trace, args, kwargs)

    def _filled(self, *tensors: Any) -> Any:
        """The Python function with tensors, and the other arguments of the trace."""
        given = iter(tensors)
        leaves = [next(given) if isinstance(x, TypeSpec) else x for x in tree.flatten((self._args, self._kwargs))]
        args, kwargs = tree.pack_as((self._args, self._kwargs), leaves)
        return self._trace.callable(self._function.python_function)(*args, **kwargs)

    def _structured(self, args: tuple, kwargs: dict) -> list | None:
        """The tensors among arguments given as the function takes them; None if they are not given so."""
        if self._parameters is None:
            return None
        try:
            bound = self._parameters.bind(*args, **kwargs)
        except TypeError:
            return None
        bound.apply_defaults()
        mine = tree.flatten_with_path((self._args, self._kwargs))
        theirs = dict(tree.flatten_with_path((bound.args, bound.kwargs)))
        given = []
        for path, leaf in mine:
            if isinstance(leaf, TypeSpec):
                if path not in theirs:
                    return None
                given.append(theirs[path])
            elif path in theirs and theirs[path] is not leaf and theirs[path] != leaf:
                default = self._default(path)
                if theirs[path] is not default:
                    return None
        return given

    def _problem(self, args: tuple, kwargs: dict) -> str:
        """Why the arguments are not those of the signature."""
        if self._parameters is None:
            return "the arguments do not fit"
        try:
            bound = self._parameters.bind(*args, **kwargs).arguments
        except TypeError as error:
            return str(error)
        own = zip(self._parameters.parameters, self._args)
        for name, value in (*own, *self._kwargs.items()):
            if not isinstance(value, TypeSpec) and name in bound and bound[name] != value:
                return f"Can not cast {bound[name]!r} to {type_text(value)}"
        return "the arguments do not fit"

    def _default(self, path: tuple) -> Any:
        parameters = list(self._parameters.parameters.values()) if self._parameters else []
        return parameters[path[1]].default if path[0] == 0 and path[1] < len(parameters) else None

    def _checked(self, index: int, spec: TypeSpec, value: Any) -> Any:
        if not isinstance(spec, TensorSpec):
            if not spec.is_compatible_with(value):
                raise TypeError(f"Can not cast {spec_of(value)} to {spec}")
            return value
        tensor = value if isinstance(value, Tensor) else convert(value, None if hasattr(value, "dtype") else spec.dtype)
        if tensor.dtype != spec.dtype:
            raise refused(self.name.decode(), index, spec, tensor)
        return tensor

    def _described(self) -> list[tuple[str, str, str]]:
        """Name, kind and type of each parameter."""
        parameters = list(self._parameters.parameters.values()) if self._parameters else []
        kinds = {p.name: p.kind.name for p in parameters}
        plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        rest = next((p.name for p in parameters if p.kind == p.VAR_POSITIONAL), None)
        if rest is not None and len(self._args) > len(plain):  # then none of them can be given by name
            kinds.update(dict.fromkeys(plain, "POSITIONAL_ONLY"))
            further = [f"{rest}_{i}" for i in range(len(self._args) - len(plain))]
            kinds.update(dict.fromkeys(further, "POSITIONAL_ONLY"))
            plain += further
        values = [*zip(plain, self._args), *self._kwargs.items()]
        return [(name, kinds.get(name, "KEYWORD_ONLY"), type_text(value)) for name, value in values]

    def _signature(self) -> str:
        parts, kinds = [], []
        for name, kind, text in self._described():
            if kind == "KEYWORD_ONLY" and kind not in kinds:
                parts.append("*")
            kinds.append(kind)
            parts.append(f"{name}: {text}")
        return f"({', '.join(parts)}) -> {type_text(self._trace.output)}"

    def pretty_printed_signature(self, verbose: bool = True) -> str:
        """The parameters and results as text, in one line or several."""
        return str(self).removeprefix("ConcreteFunction ") if verbose else self._signature()

    def __repr__(self) -> str:
        return f"<ConcreteFunction {self._signature()} at 0x{id(self):X}>"

    def __str__(self) -> str:
        lines = [f"  {name} ({kind}): {text}" for name, kind, text in self._described()]
        parts = ["ConcreteFunction Input Parameters:", *(lines or ["  None"]), "Output Type:"]
        handle = TensorSpec((), "resource")
        captures = [f"  {id(variable)}: {handle!r}" for variable in self.variables] or ["  None"]
        return "\n".join([*parts, f"  {type_text(self._trace.output)}", "Captures:", *captures])


def _named(value: Any, name: str | None) -> Any:
    """A specification with its parameter's name, if it has none of its own."""
    if name is None or not isinstance(value, TensorSpec) or value.name is not None:
        return value
    return TensorSpec(value.shape, value.dtype, name)
