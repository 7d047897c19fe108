"""``tf.function``: a function of tensors, traced once for each signature of its arguments.

The body runs operation by operation each time that it is called. What a trace means to a program holds all the same: Python's
side effects (``print``, appending to a list, counting) happen in the first call of each signature only, and Python's values
that the body reads stay what they were then. See ``tracing`` and ``rewriting``.
"""

from __future__ import annotations

import functools
import inspect
import types
import weakref
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, symbolic, tree
from kerasish.core.autodiff import GradientTape
from kerasish.core.composite import CompositeTensor
from kerasish.core.context import local, settings
from kerasish.core.custom_gradient import differentiated
from kerasish.core.errors import NotServedError, OpError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable
from kerasish.tf import code_names, nodes, signatures, user_code
from kerasish.tf.compiling import Program
from kerasish.tf.concrete import ConcreteFunction, outputs_of, specification
from kerasish.tf.declared import Declared
from kerasish.tf.extension_spec import ExtensionTypeSpec
from kerasish.tf.function_type import FunctionSpec, TracedType
from kerasish.tf.gradients import Everything, Journal, TapeNeededError, watched
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of
from kerasish.tf.tracing import Trace

_NO_KEYWORDS = (dict,)


class _Traces:
    """The traces of one function, or of a method for one instance."""

    __slots__ = ("by_key", "has_open", "more")

    def __init__(self) -> None:
        self.by_key: dict[Any, Trace] = {}
        self.more = 0  # tracings that repeated another one
        self.has_open = False  # whether one is for more shapes than one


class Function:
    """A callable made by ``tf.function``; as an attribute of a class it is a method.

    Args:
        python_function: what it runs.
        input_signature: specifications of its arguments, or None: then it takes anything.
        jit_compile: whether torch compiles the body.
        reduce_retracing: whether calls that differ in sizes share a trace.
        autograph: whether Python's side effects happen in traced calls only.
    """

    def __init__(
        self,
        python_function: Callable,
        input_signature: Sequence | None = None,
        jit_compile: bool = False,
        reduce_retracing: bool = False,
        autograph: bool = True,
    ) -> None:
        attributes = ("__dict__",) if inspect.isroutine(python_function) else ()  # an object's are its own
        functools.update_wrapper(self, python_function, updated=attributes)
        self._python_function = python_function
        self._input_signature = None if input_signature is None else tuple(input_signature)
        wrong = [x for x in tree.flatten(self._input_signature or ()) if not isinstance(x, TypeSpec)]
        if wrong:
            raise TypeError(
                f"input_signature must be a possibly nested sequence of TensorSpec objects, got invalid args {wrong} with "
                f"types {[type(x) for x in wrong]}."
            )
        self._jit_compile, self._reduce_retracing, self._autograph = jit_compile, reduce_retracing, autograph
        self._traces = _Traces()
        self._of_instances: weakref.WeakKeyDictionary[Any, _Traces] = weakref.WeakKeyDictionary()
        self._effects_are_past = False

    def __reduce__(self) -> tuple:
        options = (self._input_signature, self._jit_compile, self._reduce_retracing, self._autograph)
        return Function, (self._python_function, *options)

    def effects_are_past(self) -> None:
        """Let no trace have Python's side effects any more: the function was traced where it was written."""
        self._effects_are_past = True

    @property
    def python_function(self) -> Callable:
        """The function that was given."""
        return self._python_function

    @property
    def input_signature(self) -> tuple | None:
        return self._input_signature

    @property
    def function_spec(self) -> FunctionSpec:
        """The parameters, defaults and input signature of the Python function."""
        return FunctionSpec(self._python_function, self._input_signature, self._jit_compile or None)

    @property
    def function_type(self) -> TracedType:
        """The parameters, with the types of the input signature."""
        return self.function_spec.function_type

    @property
    def name(self) -> str:
        return getattr(self._python_function, "__name__", type(self._python_function).__name__)

    @functools.cached_property
    def _parameters(self) -> inspect.Signature | None:
        try:
            return inspect.signature(self._python_function)
        except (TypeError, ValueError):  # of C
            return None

    @property
    def __signature__(self) -> inspect.Signature:
        if self._parameters is None:
            raise AttributeError("__signature__")
        return self._parameters

    @functools.cached_property
    def _positional(self) -> int:
        """How many arguments, all given by position, are all that there are; -1: there is no such number."""
        parameters = self._parameters.parameters.values() if self._parameters else ()
        plain = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        return len(parameters) if plain and self._parameters else -1

    @functools.cached_property
    def _of_method(self) -> tuple[inspect.Signature | None, int]:
        """The parameters, and how many there are by position, without the instance of a method."""
        if self._parameters is None:
            return None, -1
        rest = list(self._parameters.parameters.values())[1:]
        return self._parameters.replace(parameters=rest), self._positional - 1 if self._positional > 0 else -1

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = self._short_key(args) if not kwargs else None
        if key is None:
            return self._general_call(args, kwargs)
        trace = self._traces.by_key.get(key)
        if trace is None or trace.constants:
            return self._general_call(args, kwargs)
        return self._run(trace, args, kwargs)

    def _short_key(self, args: tuple) -> Any:
        """The key of a call with tensors alone, one for each parameter; None: it needs a closer look."""
        if len(args) != self._positional or self._input_signature is not None:
            return None
        if settings.run_functions_eagerly or local.tracing or local.capturing is not None:
            return None
        keys = []
        for x in args:
            if type(x) is not Tensor or x._t.is_meta:
                return None
            keys.append((x._t.dtype, x._t.shape))
        return (tuple, (tuple, *keys), _NO_KEYWORDS)

    def _general_call(self, args: tuple, kwargs: dict) -> Any:
        if self._input_signature is not None:
            args, kwargs = self._fitted(args, kwargs)
        elif kwargs or len(args) != self._positional:
            args, kwargs = self._bound(args, kwargs)
        args, kwargs = tree.map_structure(_argument, (args, kwargs))
        if local.function is not None and any(type(x) is Declared for x in tree.flatten((args, kwargs))):
            local.function.asks_for_shapes = True  # which of its traces runs depends on them
        if settings.run_functions_eagerly or local.tracing or local.capturing is not None or _symbolic(args, kwargs):
            return _finished(self._python_function(*args, **kwargs))
        key = "signature" if self._input_signature is not None else signatures.key((args, kwargs), [])
        trace = self._traces.by_key.get(key)
        if trace is None and (self._reduce_retracing or self._traces.has_open):
            key = self._general(key)
            trace = self._traces.by_key.get(key)
        if trace is None:
            return self._trace(key, args, kwargs)
        if trace.constants:
            args, kwargs = trace.with_constants(args, kwargs)
        return self._run(trace, args, kwargs)

    @nodes.entry(of_dataset=False)
    def _run(self, trace: Trace, args: tuple, kwargs: dict) -> Any:
        before, local.function = local.function, trace
        if before is None and not local.in_dataset:
            local.draws = None
        try:
            function = trace.callable(self._python_function) if self._autograph else self._python_function
            trace.reads.rewind()
            args, kwargs = trace.declared(args, kwargs)
            if trace.changes and not trace.tracing:
                return self._replayed(trace, function, args, kwargs)
            if trace.records_all:
                return _recorded(trace, function, args, kwargs)
            if self._jit_compile and not trace.tracing and not trace.records:
                if trace.program is None:
                    trace.program = Program(self._python_function, self.name)
                return trace.program(args, kwargs, lambda: _finished(function(*args, **kwargs)))
            return self._try(trace, function, args, kwargs)
        except OpError as error:
            if before is not None or not user_code.is_of_values(error):
                raise
            user_code.while_running(error, f"__inference_{self.name}_{trace.number}")
            raise
        finally:
            local.function = before

    def _replayed(self, trace: Trace, function: Callable, args: tuple, kwargs: dict) -> Any:
        """A later call of a trace that changed Python's state; once more, from that state, as in ``_try``."""
        try:
            return self._replay(trace, function, args, kwargs)
        except TapeNeededError:
            trace.records = trace.records_all = True
            trace.begin_anew()
        return self._replay(trace, function, args, kwargs)

    @staticmethod
    def _replay(trace: Trace, function: Callable, args: tuple, kwargs: dict) -> Any:
        with trace.changes.put_back():
            before, trace.replays = trace.replays, True
            try:
                if trace.records or trace.records_all:
                    return _recorded(trace, function, args, kwargs)
                return _finished(function(*args, **kwargs))
            finally:
                trace.replays = before

    def _try(self, trace: Trace, function: Callable, args: tuple, kwargs: dict) -> Any:
        """A call, once more if it turns out to need gradients that were not recorded."""
        journal = None
        try:
            with Journal() if trace.tracing else nullcontext() as journal:
                if trace.records:
                    return _recorded(trace, function, args, kwargs)
                return _finished(function(*args, **kwargs))
        except TapeNeededError:  # by tensors that nothing watched, or in what it calls in a package
            if journal is not None:
                journal.undo()
            trace.records = trace.records_all = True
            trace.begin_anew()
        # not in the handler: its exception holds the first try's tensors, which programs' caches would find again
        return _recorded(trace, function, args, kwargs)

    def _trace(self, key: Any, args: tuple, kwargs: dict, run: Callable | None = None) -> Any:
        """The first call of a signature.

        Raises:
            ValueError: it makes variables that are no longer there afterwards, or in a later call than the first.
        """
        signature = tree.map_structure(_stated, (args, kwargs))
        args, kwargs = tree.map_structure(lambda x: x.plain() if type(x) is Declared else x, (args, kwargs))
        if self._input_signature is not None:
            signature = (self._input_signature, {})
        elif self._reduce_retracing:
            signature = signatures.general(key, signature)
        trace = Trace(signature, self._names(args, kwargs, signature), may_make=not self._traces.by_key)
        trace.records = code_names.mentions(self._python_function, {"gradients", "hessians"})
        self._traces.by_key[key] = trace
        self._traces.has_open = self._traces.has_open or trace.is_open
        trace.tracing = trace.tells = not self._effects_are_past
        given = signatures.outline((args, kwargs))
        try:
            result = (run or self._run)(trace, args, kwargs)
        except BaseException as error:
            del self._traces.by_key[key]
            told = error if local.function is not None else user_code.while_tracing(error)
            if told is error:
                raise
            raise told from told.__cause__
        finally:
            trace.tracing = False
        if given != signatures.outline((args, kwargs)):
            del self._traces.by_key[key]
            raise fail(ValueError, f"{self.name}() should not modify its Python input arguments", given, (args, kwargs))
        trace.output = tree.map_structure(specification, result)
        trace.settle(result)
        if trace.made_variables and run is None:
            self._trace_again(trace, args, kwargs)
        return result

    def _trace_again(self, trace: Trace, args: tuple, kwargs: dict) -> None:
        """A function that made variables is traced once more, as TensorFlow does: Python's side effects happen twice."""
        self._traces.more += 1
        if not trace.has_effects or not trace.tells:
            return
        names = dict(trace.names)

        def effects(*given: Any, **named: Any) -> Any:
            for old, new in zip(tree.flatten((args, kwargs)), tree.flatten((given, named))):
                if id(old) in names:
                    trace.names[id(new)] = names[id(old)]
            given, named = trace.declared(given, named)
            return trace.callable(self._python_function)(*given, **named)

        before, local.function, trace.tracing = local.function, trace, True
        try:
            symbolic.run_without_values(effects, args, kwargs)
        except Exception:  # it needs values: what it does before that was done
            pass
        finally:
            trace.tracing, local.function = False, before

    def _general(self, key: Any) -> Any:
        """The signature to trace a call for, where traces are to be few: with unknown sizes, after one that differs."""
        for known in self._traces.by_key:
            if signatures.covers(known, key):
                return known
        if not self._reduce_retracing:
            return key
        candidates = (signatures.generalised(known, key) for known in self._traces.by_key)
        return next((general for general in candidates if general is not None), key)

    def _named(self, args: tuple, kwargs: dict) -> list[tuple[str, Any]]:
        """The arguments with their parameters' names; further ones by position have numbers."""
        parameters = list(self._parameters.parameters.values()) if self._parameters else []
        plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        rest = next((p.name for p in parameters if p.kind == p.VAR_POSITIONAL), "args")
        further = [f"{rest}_{i}" for i in range(len(args) - len(plain))]
        return [*zip([*plain, *further], args), *kwargs.items()]

    def _names(self, args: tuple, kwargs: dict, signature: Any) -> dict[int, tuple[str, Any]]:
        """Names and declared shapes of the tensors among the arguments, by their identities."""
        names: dict[int, tuple[str, Any]] = {}
        for name, value in self._named(args, kwargs):
            leaves = tree.flatten(value)
            tensors = [x for x in leaves if isinstance(x, (Tensor, CompositeTensor))]
            numbers = {id(x): i for i, x in reversed(list(enumerate(tensors)))}
            names.update({id(x): (f"{name}_{n}" if (n := numbers.get(id(x), 0)) else name, None) for x in leaves})
        for spec, x in zip(tree.flatten(signature), tree.flatten((args, kwargs))):
            if not isinstance(spec, TypeSpec):
                spec = getattr(x, "_type_spec", None)
            if isinstance(spec, ExtensionTypeSpec):
                parts = x._tensors_within if isinstance(x, CompositeTensor) else ()
                for i, (part, of_part) in enumerate(zip(parts, spec.parts())):
                    names[id(part)] = (names[id(x)][0] + (f"_{i}" if i else ""), getattr(of_part, "shape", None))
            elif isinstance(spec, TypeSpec):
                names[id(x)] = (getattr(spec, "name", None) or names[id(x)][0], getattr(spec, "shape", None))
        return names

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else _Method(self, instance)

    def __repr__(self) -> str:
        return f"<kerasish.tf.function.Function {self.name}>"

    def _bound(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The arguments by position where that can be, with the defaults of those not given."""
        if self._parameters is None:
            return args, kwargs
        try:
            bound = self._parameters.bind(*args, **kwargs)
        except TypeError as error:
            raise self._unbound(error, args, kwargs) from None
        bound.apply_defaults()
        return bound.args, bound.kwargs

    def _fitted(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The arguments by position, converted to what the signature says.

        Raises:
            TypeError: a wrong number of arguments, or one that does not fit.
        """
        signature = self._input_signature or ()
        if kwargs or len(args) != len(signature):
            given, kwargs = self._bound(args, kwargs)
            if kwargs or any(args[i] is not given[i] for i in range(len(args))) or len(given) < len(signature):
                raise self._misfit(given)
            rest = [p.default for p in list(self._parameters.parameters.values())[len(signature) :]]  # type: ignore
            if len(given) - len(signature) != len(rest) or any(
                a is not b for a, b in zip(given[len(signature) :], rest)
            ):
                raise self._misfit(given)
            args = given[: len(signature)]
        try:
            return tuple(_fit(spec, value) for spec, value in zip(signature, args)), {}
        except TypeError as error:
            raise self._unbound(error, args, {}) from None

    def _unbound(self, error: Exception, args: tuple, kwargs: dict) -> TypeError:
        """What is said where arguments are not the function's."""
        specs = iter(self._input_signature or ())
        parts = []
        for p in self._parameters.parameters.values() if self._parameters else ():
            spec = next(specs, None)
            prefix = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
            default = "" if p.default is p.empty else "=<captured_default_value>"
            parts.append(prefix + p.name + ("" if spec is None else f": {spec}") + default)
        return TypeError(
            f"Binding inputs to tf.function failed due to `{error}`. Received args: {args} and kwargs: {kwargs} for "
            f"signature: ({', '.join(parts)})."
        )

    def _misfit(self, given: tuple) -> Exception:
        return fail(
            TypeError,
            f"Binding inputs to tf.function `{self.name}` failed: its input_signature does not fit",
            f"{len(self._input_signature or ())} arguments",
            len(given),
        )

    # traces that are asked for

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The function for one signature: specifications, tensors and Python's values as arguments.

        Raises:
            TypeError: the arguments are not the function's.
        """
        if self._input_signature is not None and not args and not kwargs:
            args = self._input_signature
        args, kwargs = self._bound(args, kwargs)
        args, kwargs = tree.map_structure(_argument, (args, kwargs))
        structure = tree.map_structure(_specified, (args, kwargs))
        key = "signature" if self._input_signature is not None else signatures.key(structure, [])
        trace = self._traces.by_key.get(key)
        if trace is None:
            self._trace(key, *structure, run=self._run_on_specs)
            trace = self._traces.by_key[key]
        if trace.concrete is None:
            if trace.is_open and self._traces.by_key[key].output is not None:
                self._find_outputs(trace, *structure)
            trace.concrete = ConcreteFunction(self, trace, self._parameters, *structure)
        return trace.concrete

    def _find_outputs(self, trace: Trace, args: tuple, kwargs: dict) -> None:
        """After a call with values: the results' specifications, with what is open of them."""
        if self._input_signature is not None:
            args = self._input_signature
        with suppress(Exception):  # it needs values
            found = self._run_on_specs(trace, args, kwargs)
            trace.output = trace.output if found is None else tree.map_structure(specification, found)

    def _run_on_specs(self, trace: Trace, args: tuple, kwargs: dict) -> Any:
        before, local.function = local.function, trace
        try:
            function = trace.callable(self._python_function) if self._autograph else self._python_function
            return outputs_of(function, args, kwargs, trace, _finished)
        finally:
            local.function = before

    def experimental_get_tracing_count(self) -> int:
        """How many signatures it has been traced for."""
        return len(self._traces.by_key) + self._traces.more

    def pretty_printed_concrete_signatures(self, verbose: bool = True) -> str:
        """The signatures that it has been traced for, as text.

        Args:
            verbose: also the results.
        """
        if self._input_signature is not None:
            self.get_concrete_function()
        texts = [
            str(ConcreteFunction(self, trace, self._parameters, *trace.arguments))
            for trace in self._traces.by_key.values()
        ]
        return "\n\n".join(text.removeprefix("ConcreteFunction ") for text in texts)

    @property
    def experimental_get_compiler_ir(self) -> Any:
        raise NotServedError(
            "'tf.function(...).experimental_get_compiler_ir' is part of the real library but is not served by kerasish: "
            "there is no XLA graph. See `torch.export` of the layers."
        )


class _Method(Function):
    """A Function as the method of one instance: its traces are the instance's own."""

    def __init__(self, function: Function, instance: Any) -> None:
        parameters, positional = function._of_method
        self.__dict__.update(function.__dict__, _parameters=parameters, _positional=positional)
        self._python_function = self.__wrapped__ = types.MethodType(function._python_function, instance)
        try:
            traces = function._of_instances.get(instance)
            if traces is None:
                traces = function._of_instances[instance] = _Traces()
        except TypeError:  # it cannot be referred to weakly, or has no hash
            traces = _Traces()
        self._traces = traces

    def __reduce__(self) -> tuple:
        method = self._python_function
        of_class = Function(method.__func__, *super().__reduce__()[1][1:])  # type: ignore[attr-defined]
        return _Method, (of_class, method.__self__)  # type: ignore[attr-defined]


def _argument(value: Any) -> Any:
    return convert(value) if isinstance(value, (np.ndarray, np.generic, torch.Tensor)) else value


def _result(value: Any) -> Any:
    """What a traced function would return: numbers and arrays as Tensors, variables by their value."""
    if isinstance(value, Variable):
        return value.read_value()
    if isinstance(value, Declared):
        return value.plain()
    if isinstance(value, (bool, int, float, complex, str, bytes, np.ndarray, np.generic, torch.Tensor, TensorShape)):
        return convert(value)
    if isinstance(value, (types.GeneratorType, set, frozenset, type)):
        raise TypeError(
            "To be compatible with tf.function, Python functions must return zero or more Tensors or ExtensionTypes or None "
            f"values; found return value of type {type(value).__name__}, which is not a Tensor or ExtensionType."
        )
    return value


def _finished(result: Any) -> Any:
    """What a call returns."""
    return result if type(result) is Tensor else tree.map_structure(_result, result)


def _recorded(trace: Trace, function: Callable, args: tuple, kwargs: dict) -> Any:
    """A call of a function that asks for gradients without a tape (``tf.gradients``)."""
    before = trace.tape
    try:
        with GradientTape(persistent=True) as trace.tape, Everything() if trace.records_all else nullcontext():
            watched(trace.tape, (args, kwargs))
            return _finished(function(*args, **kwargs))
    finally:
        trace.tape = before


def _symbolic(args: tuple, kwargs: dict) -> bool:
    """Whether a symbolic tensor, or one without storage, is among the arguments."""
    leaves = tree.flatten((args, kwargs))
    return any(type(x) is KerasTensor or (type(x) in (Tensor, Declared) and x._t.is_meta) for x in leaves)


def _stated(value: Any) -> Any:
    """A tensor whose shape a signature states as its specification; anything else stays."""
    return TensorSpec(value._static, value.dtype) if type(value) is Declared else value


def _specified(value: Any) -> Any:
    """A tensor's specification; anything else stays."""
    return spec_of(value) if isinstance(value, (Tensor, CompositeTensor)) else value


def _fit(spec: Any, value: Any) -> Any:
    """``value`` as the signature's ``spec`` demands; both may be nested.

    Raises:
        TypeError: it does not fit.
    """
    if not isinstance(spec, TensorSpec):
        if tree.is_nested(spec):
            return tree.map_structure(_fit, spec, value)
        if isinstance(spec, TypeSpec) and not spec.is_compatible_with(value):
            raise _unfit(spec, spec_of(value))
        return value
    if dispatch.is_symbolic(value):
        return value
    try:
        tensor = value if dispatch.is_tensor(value) else convert(value, spec.dtype)
    except (TypeError, ValueError):
        raise _unfit(spec, repr(value)) from None
    if not spec.is_compatible_with(tensor):
        raise _unfit(spec, spec_of(tensor))
    return tensor if isinstance(tensor, Tensor) else convert(tensor)


def _unfit(spec: TypeSpec, what: Any) -> Exception:
    return TypeError(f"Can not cast {what} to {spec}")


_calls: dict[str, tuple] = {}  # of the default implementation in the function that is running: arguments and results


class Implementation(Function):
    """One of the functions that compute the same in different ways: in another function, the device in use decides.

    As in TensorFlow it does not where a tape follows the other function: that one's forward pass is named anew.
    """

    interface: str
    device: str | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        results = super().__call__(*args, **kwargs)
        if local.function is not None and self.device is None:
            _calls.clear()
            _calls[self.interface] = (args, kwargs, results)
        return results

    def take_over(self) -> None:
        """Put this function's results into those of the call of the default one that has just been made."""
        args, kwargs, results = _calls.pop(self.interface, (None, None, None))
        if args is None or differentiated() or f":{self.device}:" not in devices.tf_name(devices.current()):
            return
        for old, new in zip(tree.flatten(results), tree.flatten(self(*args, **kwargs))):
            old._t, old._recording = new._t, new._recording


def function(
    func: Callable | None = None,
    input_signature: Sequence | None = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: dict | None = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """A function of tensors; with or without arguments also a decorator.

    Args:
        func: the Python function.
        input_signature: sequence of ``tf.TensorSpec``, one for each argument: others are refused.
        autograph: whether Python's side effects happen in traced calls only. Conditions and loops on tensors run as Python
            runs them.
        jit_compile, experimental_compile: whether ``torch.compile`` makes one program of the body, once it has been called
            often; where it cannot, the body runs as it is, and a warning says so. See ``compiling``.
        reduce_retracing, experimental_relax_shapes: whether calls that differ in sizes share a trace from the third on.
        experimental_attributes: of functions with "api_implements" and that name in one other function, the one for the
            device in use ("api_preferred_device") gives the results.
        experimental_implements, experimental_autograph_options, experimental_follow_type_hints: concern TensorFlow's
            graphs, of which there are none.

    Raises:
        TypeError: ``func`` cannot be called, or ``input_signature`` is no sequence.
    """
    if input_signature is not None and not isinstance(input_signature, (tuple, list)):
        raise fail(TypeError, "input_signature must be either a tuple or a list", received=type(input_signature))

    def decorate(wrapped: Callable) -> Function:
        if not callable(wrapped):
            raise fail(TypeError, "tf.function takes a function", received=repr(wrapped))
        inner = wrapped.python_function if isinstance(wrapped, Function) else wrapped
        compiles = bool(jit_compile or experimental_compile)
        attributes = experimental_attributes or {}
        made = (Implementation if "api_implements" in attributes else Function)(
            inner, input_signature, compiles, bool(reduce_retracing or experimental_relax_shapes), autograph
        )
        if isinstance(made, Implementation):
            made.interface, made.device = attributes["api_implements"], attributes.get("api_preferred_device")
        return made

    return decorate if func is None else decorate(func)
