"""Traces of ``tf.function``: which calls share one, and what a trace keeps of Python's state.

A function is traced once for each signature of its arguments: tensors count by dtype and shape, Python's values by
equality, other objects by identity. What the traced call finds in global and enclosing names stays what it was for later
calls of the trace, as it does in a graph. See ``rewriting`` for what happens in traced calls only.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import operator
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.core import dispatch, tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.context import local
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable
from kerasish.tf import callees, code_names, creation, rewriting
from kerasish.tf.changes import CONTAINERS, Changes
from kerasish.tf.declared import declare, open_shape
from kerasish.tf.nodes import Graph
from kerasish.tf.reads import FIXED, Reads
from kerasish.tf.spec import spec_of
from kerasish.tf.staged import Staged

_OWN = (*CONTAINERS, np.ndarray)  # what a call makes and changes
_PYTHONS = (list, tuple, dict, set, str, range, enumerate, zip, types.GeneratorType)
_NUMBERS = (bool, int, float, complex)
_SINGLETON = (
    "tf.function only supports singleton tf.Variables created on the first call. Make sure the tf.Variable is only created "
    "once or created outside tf.function. See https://www.tensorflow.org/guide/function#creating_tfvariables for more "
    "information."
)
_numbers = itertools.count()


# traces ---------------------------------------------------------------------------------------------------------------


class _Names(dict):
    """Global names as they were when a trace first read them; those that it assigns itself as they are."""

    __slots__ = ("_changes", "_names", "_read")

    def __init__(self, names: dict, changes: Changes, waits: bool) -> None:
        super().__init__(__builtins__=names["__builtins__"], __name__=names.get("__name__"))
        self._names, self._changes = names, changes
        self._read: dict[str, Any] | None = {} if waits else None  # while it is not known what a traced call assigns

    def __missing__(self, name: str) -> Any:
        value = self._names[name]
        if self._changes.is_assigned(self._names, name):
            return value
        if self._read is None or type(value) not in FIXED:
            self[name] = value
        else:
            self._read.setdefault(name, value)
        return value

    def settle(self) -> None:
        """After the traced call."""
        read, self._read = self._read, None
        for name, value in (read or {}).items():
            if not self._changes.is_assigned(self._names, name):
                self[name] = value


def _outside(function: types.FunctionType) -> list:
    """What the names that a function reads from outside stand for."""
    names = code_names.names_in(function.__code__)
    cells = [cell.cell_contents for cell in function.__closure__ or () if cell != types.CellType()]
    return cells + [value for name in names if (value := _lookup(function.__globals__, name)) is not None]


def _lookup(names: dict, name: str) -> Any:
    try:
        return names[name]
    except KeyError:
        return None


_OF_SHAPES = {"shape", "get_shape", "set_shape", "int_shape", "static_shape", "get_static_value"}


def _code(function: Any) -> types.CodeType | None:
    return getattr(function, "__code__", None)


def _frozen(cell: types.CellType) -> types.CellType:
    """A cell of its own with what this one holds now; the same one while that is not there yet."""
    try:
        return types.CellType(cell.cell_contents)
    except ValueError:
        return cell


class Effects:
    """What rewritten functions ask, under the name ``rewriting.NAME``: is this statement to run in this call?"""

    __slots__ = ("_made", "trace")

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._made: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()  # by identity

    def made(self, kind: type) -> Callable:
        """What is called for a user's class: what a call makes is its own, to be changed by each."""
        start = kind.__init__
        inner = self.trace.function(start) if type(kind) is type and kind.__new__ is object.__new__ else start

        def make(*args: Any, **kwargs: Any) -> Any:
            made = kind(*args, **kwargs) if inner is start else object.__new__(kind)
            with contextlib.suppress(TypeError):  # objects of some classes cannot be referred to weakly
                self._made[id(made)] = made
            if inner is not start:
                inner(made, *args, **kwargs)
            return made

        return make

    def of(self, function: Any, owner: Any = None, within: str | None = None) -> bool:
        """Whether a statement that calls ``function`` runs.

        Args:
            owner: the variable that leads to it, or the first argument of what changes that.
            within: the attribute that the method is one of.
        """
        trace = self.trace
        if trace.tracing:
            trace.changes.note(owner)
            trace.changes.note(getattr(function, "__self__", None))
            return True
        if not callees.is_effect(function) or id(owner) in self._made or self._is_new(owner):
            return True
        return self._is_put_back(getattr(function, "__self__", None), within)

    def _is_put_back(self, held: Any, within: str | None = None) -> bool:
        """Whether what the call in progress does to a container is undone afterwards, or the call made it."""
        trace = self.trace
        return trace.replays and isinstance(held, CONTAINERS) and trace.is_put_back(held, within)

    def _is_new(self, owner: Any) -> bool:
        """Whether it is a container that the traced call did not change: the call in progress made it."""
        return isinstance(owner, _OWN) and id(owner) not in self.trace.changes.containers

    def on(
        self, value: Any, holder: Any, name: str | None = None, owner: Any = None, within: str | None = None
    ) -> bool:
        """Whether a statement that changes an attribute or item which holds ``value`` runs.

        Args:
            holder: whose it is.
            name: the attribute's.
            owner: the variable that leads to it.
            within: the attribute that an item is in.
        """
        trace = self.trace
        if trace.tracing:
            trace.changes.note(owner)
            if name is None:
                trace.changes.note(holder)
            else:
                trace.changes.note_attribute(holder, name, counts=True)
                if isinstance(value, callees.PLAIN):
                    trace.counted.add(name)
            return True
        if not isinstance(value, callees.PLAIN) or id(owner) in self._made or self._is_new(owner):
            return True
        if name is not None:
            return trace.replays and trace.changes.has_attribute(holder, name)
        return self._is_put_back(holder, within)

    def on_name(self, value: Any, name: str) -> bool:
        """Whether a statement that changes a name from outside, which holds ``value``, runs."""
        trace = self.trace
        return trace.tracing or not isinstance(value, callees.PLAIN) or (trace.replays and name in trace.changes.names)

    def changing(self, function: Any) -> Any:
        """What is called for a method that may change its container, for its result."""
        if type(function) is not types.BuiltinMethodType:
            return self.inside(function)
        if self.trace.tracing:
            self.trace.changes.note(function.__self__)
        return function

    def storing(self, holder: Any, name: str | None = None) -> None:
        """In the traced call: an attribute, or an item, will be assigned or deleted."""
        if name is None:
            self.trace.changes.note(holder)
        elif isinstance(holder, type) or id(holder) not in self._made:
            self.trace.changes.note_attribute(holder, name, counts=False)

    def read(self, owner: Any, name: str, place: int) -> Any:
        """An attribute; plain values are those of the traced call."""
        value = getattr(owner, name)
        return value if type(value) not in FIXED else self._value(owner, name, place, value, getattr)

    def item(self, owner: Any, key: Any, place: int) -> Any:
        """An item; plain values in lists and dictionaries are those of the traced call."""
        value = owner[key]
        if type(value) not in FIXED or type(owner) not in (dict, list) or type(key) not in (int, str):
            return value
        return self._value(owner, key, place, value, operator.getitem)

    def _value(self, owner: Any, name: Any, place: int, value: Any, read: Callable) -> Any:
        if isinstance(owner, (Tensor, Variable)):
            return value
        if self.trace.tracing:
            self.trace.reads.note((place, id(owner), name), owner, read, name, value)
            return value
        return self.trace.reads.value((place, id(owner), name), owner, value)

    def drawn(self, function: Callable, place: int) -> Callable:
        """A function of Python's random numbers or clock: later calls find the traced call's results."""
        reads = self.trace.reads
        if self.trace.tracing:
            return lambda *args, **kwargs: reads.note_result((place,), function(*args, **kwargs))
        return reads.result((place,)) or function

    def block(self, manager: Any) -> Any:
        """What a ``with`` enters and leaves: a user's object with its methods rewritten."""
        kind = type(manager)
        methods = [getattr(kind, name, None) for name in ("__enter__", "__exit__")]
        if any(type(method) is not types.FunctionType for method in methods):
            return manager
        inner = [self.trace.function(method) for method in methods]
        return manager if inner == methods else _Block(*(types.MethodType(method, manager) for method in inner))

    @staticmethod
    def may_be(value: Any, negated: bool) -> bool:
        """Whether a branch is traced: a test on a tensor has both."""
        return isinstance(value, (Tensor, Variable)) or bool(value) is not negated

    def is_effect(self, function: Any, owner: Any = None) -> bool:
        """Whether a call concerns Python's own state only; asked for the branch that is not taken, while it is traced."""
        held = getattr(function, "__self__", None)
        if self.trace.replays:
            return self.trace.changes.has(held)
        self.trace.changes.note(owner)
        self.trace.changes.note(held)
        return callees.is_effect(function)

    @staticmethod
    def are_tensors(*values: Any) -> bool:
        """Whether all of them are tensors."""
        return all(isinstance(value, Tensor) for value in values)

    @staticmethod
    def range(*numbers: Any) -> Any:
        """What is called for ``range``: of tensors it gives a tensor."""
        tensors = any(isinstance(x, (Tensor, Variable)) for x in numbers)
        return creation.range(*numbers) if tensors and numbers else range(*numbers)

    def loop(self) -> _Loop:
        """The block of one loop."""
        return _Loop(self.trace)

    def inside(self, function: Any) -> Any:
        """What is called for ``function``: a user's function is rewritten, too."""
        if type(function) is types.FunctionType:
            return self.trace.function(function)
        if type(function) is types.MethodType and type(function.__func__) is types.FunctionType:
            inner = self.trace.function(function.__func__)
            return function if inner is function.__func__ else types.MethodType(inner, function.__self__)
        if type(function) is functools.partial:
            inner = self.inside(function.func)
            return function if inner is function.func else functools.partial(inner, *function.args, **function.keywords)
        return self._of_object(function)

    def handed(self, value: Any) -> Any:
        """An attribute that a call is given: a user's method is rewritten, too."""
        return self.inside(value) if type(value) is types.MethodType else value

    def _of_object(self, called: Any) -> Any:
        """A user's object with a ``__call__``: that method, rewritten; a user's layer: with its ``call`` rewritten."""
        if getattr(type(called), "_user_call", False):
            return self._of_layer(called)
        method = None if isinstance(called, type) else getattr(type(called), "__call__", None)  # noqa: B004 - of the class
        if type(method) is not types.FunctionType:
            return called
        inner = self.trace.function(method)
        return called if inner is method else types.MethodType(inner, called)

    def _of_layer(self, layer: Any) -> Any:
        call, state = type(layer).call, getattr(layer, "__dict__", {})
        inner = self.trace.function(call) if type(call) is types.FunctionType and "call" not in state else call
        if inner is call:
            return layer
        bound = types.MethodType(inner, layer)

        def run(*args: Any, **kwargs: Any) -> Any:
            state["call"] = bound
            try:
                return layer(*args, **kwargs)
            finally:
                state.pop("call", None)

        return run


class _Block:
    """What a ``with`` enters and leaves."""

    __slots__ = ("_enter", "_exit")

    def __init__(self, enter: Callable, leave: Callable) -> None:
        self._enter, self._exit = enter, leave

    def __enter__(self) -> Any:
        return self._enter()

    def __exit__(self, *exception: Any) -> Any:
        return self._exit(*exception)


class _Loop(Staged):
    """A loop in a rewritten function: where it is one on tensors, rounds after the first are not traced.

    Or a condition, whose branches, if it is on a tensor, are graphs of their own; see ``nodes``.
    """

    __slots__ = (
        "_before",
        "_done",
        "_loops",
        "_replays",
        "_rounds",
        "_trace",
        "_values",
        "is_for",
        "limit",
        "repeats",
        "tells",
    )

    def __init__(self, trace: Trace) -> None:
        self.on = self.has_invariants = self.repeats = self.is_for = False  # one is made in each round: no super()
        self._block = self._held = None
        self._trace, self._rounds, self._done = trace, 0, 0
        self.limit: int | None = None  # of the rounds of a loop on tensors
        self.tells = False  # whether the branch that is not taken is traced, too

    def __enter__(self) -> _Loop:
        self._before, self._replays, self._loops = self._trace.tracing, self._trace.replays, local.loops
        self._trace.blocks.append(self)
        return self

    def __exit__(self, kind: Any, *exception: Any) -> None:
        self._trace.tracing, self._trace.replays, local.loops = self._before, self._replays, self._loops
        self._trace.blocks.pop()
        if self._held is not None and self.repeats and kind is None:
            self.check_round(sys._getframe(1))

    def over(self, values: Any, place: int) -> Any:
        """What a ``for`` goes through."""
        self.repeats = self.is_for = True
        if isinstance(values, _PYTHONS):
            return values
        frame = sys._getframe(1)
        self._on_tensors(frame)
        on_tensors = isinstance(values, (Tensor, Variable))
        if (on_tensors or hasattr(type(values), "element_spec")) and not self._trace.in_python:
            self._values = values
            self.begin(rewriting.BLOCKS[place], frame, self._before)
            if self._before and on_tensors and not values.shape.rank:
                raise ValueError(f"len requires a non-scalar tensor, got one of shape {values!r}")
        return self._items(values)

    def first_zeros(self) -> Any:
        """What a round would have been given, zeros; None for what is no tensor's part."""
        if not isinstance(self._values, (Tensor, Variable)):
            return None
        values = dispatch.raw(self._values)
        return (
            convert(np.full(values.shape[1:], b"", object))
            if values.dtype == object
            else dispatch.wrap(values.new_zeros(values.shape[1:]))
        )

    def _on_tensors(self, frame: types.FrameType) -> None:
        if local.loops is self._loops:
            local.loops = (*self._loops, (id(frame.f_code), frame.f_lineno, None))

    def branch(self, value: Any, place: int, around: _Loop | None) -> Any:
        """What an ``if`` asks."""
        if isinstance(value, (Tensor, Variable)):
            self.tells, frame = self._trace.tracing or self._trace.replays, sys._getframe(1)
            if self._trace.in_python:
                value = bool(value)
            elif self._before:
                value = self.decide(value, rewriting.BLOCKS[place], frame, around)
            else:
                self.on, value = True, bool(value)
            local.loops = (*self._loops, (id(frame.f_code), frame.f_lineno, value))
        return value

    def _items(self, values: Any) -> Iterator:
        for value in values:
            if self._ended():
                break
            if self._before:
                self._next(value)
                if self._done == 2 and self.on:
                    self.check_round(sys._getframe(1))
            elif self._replays:
                self._next(value)
            yield value

    def _ended(self) -> bool:
        """Whether a round more would be one too many."""
        self._done += 1
        return self.limit is not None and self._done > self.limit

    def test(self, value: Any, place: int) -> Any:
        """What a ``while`` asks."""
        self.repeats = True
        if isinstance(value, (Tensor, Variable)):
            frame = sys._getframe(1)
            self._on_tensors(frame)
            if not self._trace.in_python:
                if not self.on:
                    self.begin(rewriting.BLOCKS[place], frame, self._before, value, self._rounds)
                elif self._done == 1 and self._before:
                    self.check_round(frame)
            if self._ended():
                return False
        if self._before or self._replays:
            self._next(value)
        return value

    def _next(self, value: Any) -> None:
        self._rounds += 1
        if self._rounds > 1 and any(isinstance(x, (Tensor, Variable)) for x in tree.flatten(value)):
            self._trace.tracing = self._trace.replays = False


class Trace:
    """One traced call's lasting part.

    Args:
        arguments: those of the traced call, by position and by name.
        names: name and shape of the tensors among them, by identity; a shape of None is the tensor's own.
        may_make: whether it may make variables.

    Attributes:
        tracing: the call in progress is the traced one.
        is_open: sizes of arguments are not known.
        asks_for_shapes: a function that the traced call called has traces by them.
        made_variables: a call made variables.
        tells: the traced call has Python's side effects.
        output: specification of what was returned.
        variables: those that a run on specifications read or wrote, in the order of their first use; None: there was none.
        reads: the plain values that the traced call read from objects.
        counted: attributes that traced calls only change.
        changes: what the traced call changed of Python's state.
        replays: the call in progress begins with that as it was, and changes it again.
        constants: there are numbers of Python's among the arguments.
    """

    def __init__(self, arguments: Any, names: dict[int, tuple[str, Any]], may_make: bool) -> None:
        kinds = (Tensor, CompositeTensor)
        self.arguments = tree.map_structure(lambda x: spec_of(x) if isinstance(x, kinds) else x, arguments)
        shapes = list(map(open_shape, tree.flatten(self.arguments)))
        self._open = shapes if any(shape is not None for shape in shapes) else None
        self.is_open = self._open is not None
        self.asks_for_shapes = False
        self.constants = any(type(x) in _NUMBERS for x in tree.flatten(arguments))
        self.names: dict[int, tuple[str, Any]] = names
        self.number = next(_numbers)
        self.graph = Graph()
        self.tracing = self.tells = True
        self.is_output_known = True  # else its structure depends on values
        self.output: Any = None
        self.variables: list | None = None
        self.concrete: Any = None  # the ConcreteFunction, once it was asked for
        self.program: Any = None  # a compiling.Program, of jit_compile
        self.reads = Reads()
        self.counted: set[str] = set()
        self.records = False  # it asks for gradients without a tape
        self.records_all = False  # also by tensors that nothing watches
        self.tape: Any = None  # in the call in progress, if it does
        self.made_variables = False
        self.changes = Changes()
        self.replays = False
        self.in_python = False  # what runs is a function of Python's, given to tf.py_function
        self._may_make = may_make
        self._made: list[weakref.ref] = []
        self._names: list[_Names] = []
        self._keeps = False  # what functions read is kept from the beginning
        self._assigned: frozenset[str] = frozenset()  # attributes
        self.blocks: list[_Loop] = []  # loops and conditions of rewritten functions that run, outermost first
        self._functions: dict[Any, Any] = {}
        self._effects = Effects(self)

    def with_constants(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The arguments of a later call, with the trace's numbers for equal ones: 1 for True."""
        return tree.map_structure(lambda x, mine: mine if type(x) in _NUMBERS else x, (args, kwargs), self.arguments)

    def declared(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """The arguments of a call, of which tensors tell the shapes that the signature states."""
        if self._open is None:
            return args, kwargs
        leaves = tree.flatten((args, kwargs))
        made = [declare(x, shape) for x, shape in zip(leaves, self._open)]
        for old, new in zip(leaves, made):
            if old is not new and self.tracing and id(old) in self.names:
                self.names[id(new)] = self.names[id(old)]
        return tree.pack_as((args, kwargs), [*made, *leaves[len(made) :]])

    def make(self, variable: Any) -> None:
        """Note that the call in progress makes a variable.

        Raises:
            ValueError: it may not.
        """
        self.check_may_make()
        self._made.append(weakref.ref(variable))

    def begin_anew(self) -> None:
        """Forget what the call in progress did so far: it is made once more."""
        self._made.clear()
        self.reads.rewind()

    def check_may_make(self) -> None:
        """Raise ValueError unless the call in progress may make variables: it is the function's first one."""
        if not self.tracing or not self._may_make:
            raise ValueError(_SINGLETON)

    def settle(self, result: Any) -> None:
        """After the traced call: its variables must have found a place.

        Raises:
            ValueError: one is gone.
        """
        if any(reference() is None for reference in self._made):
            raise ValueError(_SINGLETON)
        if (
            self._open is not None
            and not self.asks_for_shapes
            and not any(
                code_names.names_in(code) & _OF_SHAPES
                for code in map(_code, self._functions.values())
                if code is not None
            )
        ):
            self._open = None  # nothing asks for shapes
        codes = [inner.__code__ for inner in self._functions.values() if type(inner) is types.FunctionType]
        self._assigned = frozenset().union(*map(code_names.attributes_set, codes))
        self.reads.settle(self._assigned, self.counted)
        self.changes.settle(self.made_variables)
        for names in self._names:
            names.settle()

    def is_put_back(self, held: Any, within: str | None) -> bool:
        """Whether a container is put back after the call in progress, or made by it for the attribute ``within``."""
        if self.changes.has(held):
            return True
        return id(held) not in self.changes.containers and within in self._assigned and within not in self.counted

    def callable(self, function: Any) -> Any:
        """What the trace runs for the function of ``tf.function``."""
        return self._effects.inside(function)

    def keep(self, function: Any) -> Any:
        """The same, with all that it and the users' functions which it names read from outside as it is now."""
        self._keeps = True
        kept = self.callable(function)
        waiting = list(self._functions.items())
        for original, inner in waiting:
            for value in _outside(inner) if inner is not original else ():
                if type(value) is types.FunctionType and value not in self._functions:
                    waiting.append((value, self.function(value)))
        return kept

    @property
    def has_effects(self) -> bool:
        """Whether a function of the trace may change Python's own state."""
        return any(code_names.has_effects(inner.__code__) for inner in self._functions.values())

    def function(self, function: Any) -> Any:
        """A user's function as it is for this trace; one of others, or made in the call, as it stands."""
        if rewriting.is_within_rewritten(function):
            return function
        found = self._functions.get(function)
        if found is None:
            found = self._functions[function] = self._of_trace(function)
            self._functions[found] = found
        return found

    def _of_trace(self, function: Any) -> Any:
        if callees.is_block(function):
            inner = self.function(function.__wrapped__)
            return function if inner is function.__wrapped__ else contextlib.contextmanager(inner)
        if not callees.is_users(function) or getattr(function, "_keeps_python", False):
            return function
        code = rewriting.rewritten_code(function)
        stored_names, stored = code_names.assigned_outside(code)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
        self.changes.note_cells(cells, stored)
        for cell in cells.values():
            if cell != types.CellType() and type(inner := cell.cell_contents) is types.FunctionType:
                shared = dict(zip(inner.__code__.co_freevars, inner.__closure__ or ()))
                self.changes.note_cells(shared, code_names.assigned_outside(inner.__code__)[1])
        closure = [cell if self.changes.is_assigned(cell) else _frozen(cell) for cell in cells.values()]
        by_name = {**dict(zip(cells, closure)), rewriting.NAME: types.CellType(self._effects)}
        names = function.__globals__
        if stored_names:
            self.changes.note_names(names, stored_names)
        else:
            self._names.append(_Names(names, self.changes, not self._keeps))
        made = types.FunctionType(
            code,
            names if stored_names else self._names[-1],
            function.__name__,
            function.__defaults__,
            tuple(by_name[name] if name in by_name else types.CellType() for name in code.co_freevars),
        )
        made.__kwdefaults__, made.__dict__ = function.__kwdefaults__, dict(function.__dict__)
        return made

    def symbol(self, tensor: Tensor, text: str) -> str:
        """How a tensor prints while it is traced: by name, not by value.

        Args:
            text: with places for name, shape and dtype.
        """
        name, shape = self.names.get(id(tensor), ("Identity", getattr(tensor, "_static", None)))
        if shape is not None and shape.rank is None:
            text = text.replace('Tensor("{name}:0", shape={shape}', 'Tensor("{name}:0"')  # but repr says <unknown>
        return text.format(name=name, shape=tensor.shape if shape is None else shape, dtype=tensor.dtype.name)
