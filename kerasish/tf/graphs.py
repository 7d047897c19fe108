"""``tf.Graph`` and what goes with it: scopes, names and collections. Operations run as they are called, in a graph too."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core.context import local
from kerasish.core.errors import NotServedError
from kerasish.tf.scopes import device as _device
from kerasish.tf.scopes import name_scope as _name_scope

_OF_OPERATIONS = frozenset(
    "create_op gradient_override_map graph_def_versions is_feedable is_fetchable new_operations num_operations "
    "op_def_for_type operations prevent_feeding prevent_fetching version Dismantle get".split()
)


def _no_operations(what: str) -> NotServedError:
    return NotServedError(
        f"'{what}' is part of the real library but is not served by kerasish: operations run as they are called, and a graph "
        "does not hold them. `model.export(path, format='torch')` writes a graph of torch's."
    )


class Operation:
    """A node of a graph. None is ever made here: operations run as they are called.

    Raises:
        NotServedError: always.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise _no_operations("tf.Operation")


class Graph:
    """A place for names, collections and scopes. ``with graph.as_default():`` makes it the current one.

    Operations in such a block run as they are called, as everywhere; the graph does not hold them.
    """

    seed: int | None = None

    def __init__(self) -> None:
        self._collections: dict[Any, list] = {}
        self._names: dict[str, int] = {}
        self._finalized = False

    def __enter__(self) -> Graph:
        _stack.append(self)
        return self

    def __exit__(self, *args: Any) -> None:
        _stack.remove(self)

    @contextlib.contextmanager
    def as_default(self) -> Iterator[Graph]:
        """A block in which this is what ``get_default_graph`` gives; names begin anew in it."""
        before, local.name_scopes = local.name_scopes, ()
        _stack.append(self)
        try:
            yield self
        finally:
            _stack.pop()
            local.name_scopes = before

    # scopes -----------------------------------------------------------------------------------------------------------

    def name_scope(self, name: str | None) -> Any:
        """``tf.name_scope``; ``None`` and "" are the outermost."""
        return _name_scope(name or "")

    def get_name_scope(self) -> str:
        """The names of the open scopes."""
        return "/".join(local.name_scopes)

    def device(self, device_name_or_function: Any) -> Any:
        """``tf.device``."""
        return _device(device_name_or_function)

    @contextlib.contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        """A block that comes after others, as every line does."""
        yield

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """A block; tensors are where the device scope says."""
        yield

    @contextlib.contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """A block; variables have no containers."""
        yield container_name

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """A name that was not given out before: with "_1" and so on at its end if need be."""
        if local.name_scopes:
            name = "/".join((*local.name_scopes, name))
        key = name.lower()
        count = self._names.get(key, 0)
        if mark_as_used:
            self._names[key] = count + 1
        if not count:
            return name
        made = f"{name}_{count}"
        while made.lower() in self._names:
            count += 1
            made = f"{name}_{count}"
        if mark_as_used:
            self._names[made.lower()] = 1
        return made

    # collections ------------------------------------------------------------------------------------------------------

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Note a value under a name."""
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Note a value under several names."""
        for name in {names} if isinstance(names, str) else set(names):
            self.add_to_collection(name, value)

    def get_collection(self, name: Any, scope: str | None = None) -> list:
        """The values of a name; those alone whose own ``name`` matches the pattern ``scope``, if it is given."""
        values = list(self._collections.get(name, ()))
        if scope is None:
            return values
        return [value for value in values if hasattr(value, "name") and re.match(scope, value.name)]

    def get_collection_ref(self, name: Any) -> list:
        """The list itself."""
        return self._collections.setdefault(name, [])

    def get_all_collection_keys(self) -> list:
        return [key for key in self._collections if isinstance(key, str)]

    def clear_collection(self, name: Any) -> None:
        self._collections.pop(name, None)

    @property
    def collections(self) -> list:
        """The names of all collections."""
        return list(self._collections)

    # state ------------------------------------------------------------------------------------------------------------

    building_function = False

    @property
    def finalized(self) -> bool:
        return self._finalized

    def finalize(self) -> None:
        """Let nothing be added any more."""
        self._finalized = True

    def switch_to_thread_local(self) -> None:
        """Nothing: the current graph is the process's."""

    def __getattr__(self, name: str) -> Any:
        if name in _OF_OPERATIONS:
            raise _no_operations(f"tf.Graph.{name}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # what needs operations --------------------------------------------------------------------------------------------

    def _operations(self, what: str) -> Any:
        raise _no_operations(f"tf.Graph.{what}")

    def get_operations(self) -> list:
        """The operations: not served."""
        return self._operations("get_operations")

    def get_operation_by_name(self, name: str) -> Any:
        """An operation: not served."""
        return self._operations("get_operation_by_name")

    def get_tensor_by_name(self, name: str) -> Any:
        """A tensor of the graph: not served."""
        return self._operations("get_tensor_by_name")

    def as_graph_def(
        self, from_version: int | None = None, add_shapes: bool = False, use_pybind11_proto: bool = False
    ) -> Any:
        """The graph as a message: not served."""
        return self._operations("as_graph_def")

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """A tensor or operation of the graph: not served."""
        return self._operations("as_graph_element")


_stack: list[Graph] = [Graph()]


def get_default_graph() -> Graph:
    """The graph of the innermost ``as_default`` block, or one of the process's."""
    return _stack[-1]


def reset_default_graph() -> None:
    """A new graph for the process.

    Raises:
        AssertionError: inside of an ``as_default`` block.
    """
    if len(_stack) > 1:
        raise AssertionError("Do not use tf.reset_default_graph() to clear nested graphs.")
    _stack[0] = Graph()


class FunctionGraph(Graph):
    """What a concrete function says of its trace: names, inputs and outputs.

    Args:
        function: the concrete function.
    """

    building_function = True

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    name = property(lambda self: self._function.name.decode().removeprefix("__inference_").rpartition("_")[0])
    inputs = property(lambda self: self._function.inputs)
    outputs = property(lambda self: self._function.outputs)
    structured_outputs = property(lambda self: self._function.structured_outputs)
    variables = property(lambda self: self._function.variables)
    trainable_variables = property(lambda self: self._function.trainable_variables)
    captures = property(lambda self: list(zip(self._function.captured_inputs, self._inner_captures)))
    external_captures = property(lambda self: self._function.captured_inputs)
    internal_captures = property(lambda self: self._inner_captures)
    _inner_captures = property(lambda self: self.inputs[len(self.inputs) - len(self.variables) :])
    structured_input_signature = property(lambda self: self._function.structured_input_signature)

    def __repr__(self) -> str:
        return f"FuncGraph(name={self.name}, id={id(self)})"


class RegisterGradient:
    """The gradient of a kind of operations of graphs: kept, but there are no such operations.

    Args:
        op_type: the operations' kind.

    Raises:
        TypeError: ``op_type`` is no text.
        KeyError: it has a gradient already.
    """

    _known: dict[str, Callable] = {}  # noqa: RUF012

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Callable) -> Callable:
        """Register the function, which is given back."""
        if self._op_type in self._known:
            raise KeyError(f"Registering two gradient with name '{self._op_type}'!")
        self._known[self._op_type] = f
        return f


def no_gradient(op_type: str) -> None:
    """Say that a kind of operations of graphs has no gradient; see ``RegisterGradient``.

    Raises:
        TypeError: ``op_type`` is no text.
    """
    RegisterGradient(op_type)(lambda op, *gradients: [None] * len(gradients))
