"""Values made of several tensors: what ragged and sparse tensors have in common, and how operations reach them.

An operation that is given one hands the whole call to the class's handler for it, or refuses: no operation looks into a
composite itself. Handlers are registered with ``serve`` by the modules that define operations, above this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from kerasish.core import dispatch, tree
from kerasish.core.errors import fail
from kerasish.core.storage import has_conversions, registered


class Served:
    """A value that operations on tensors leave to handlers of its class."""

    __slots__ = ()
    _handlers: ClassVar[dict[Callable, Callable]] = {}  # each class has its own
    _operators_of_tensors: ClassVar[frozenset[str]] = frozenset()  # "Mul": ``tensor * self`` is left to ``__rmul__``

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._handlers = {}

    @classmethod
    def serve(cls, *operations: Callable) -> Callable[[Callable], Callable]:
        """Below it, a function that is called instead of ``operations`` where one of their tensors is of this class."""

        def register(handler: Callable) -> Callable:
            for operation in operations:
                cls._handlers[operation] = handler
            return handler

        return register

    def _call(self, operation: Callable, args: tuple, kwargs: dict) -> Any:
        """The result of an operation among whose tensors this one is.

        Raises:
            TypeError: the operation is not defined for this kind of value.
        """
        handler = self._handlers.get(operation)
        if handler is None and has_conversions():
            converted = tree.map_structure(_converted, (args, kwargs))
            if any(a is not b for a, b in zip(tree.flatten((args, kwargs)), tree.flatten(converted))):
                return operation(*converted[0], **converted[1])
        if handler is None:
            raise fail(
                TypeError,
                f"{operation.__name__}() is not defined for {type(self).__name__}",
                hint="Convert it to a dense tensor first (`to_tensor()` of a ragged one, `tf.sparse.to_dense`).",
            )
        return handler(*args, **kwargs)


def _converted(value: Any) -> Any:
    """What a program's own conversion makes of a composite; other values as they are."""
    found = registered(value) if isinstance(value, Served) else None
    return value if found is None else found


class CompositeTensor(Served):
    """The base of ``RaggedTensor``, ``SparseTensor``, ``IndexedSlices`` and of programs' own such classes.

    A class states ``_tensors_within`` (its tensors, in a fixed order), ``_with_tensors`` (the same kind of value made of
    others) and ``_type_spec``; or only the latter, if that has ``_to_components`` and ``_from_components``.
    """

    __slots__ = ()
    is_loop_value = True  # loops hand it on
    _is_tensor: ClassVar[bool] = True  # to ``tf.is_tensor``
    _has_rows: ClassVar[bool] = True  # it can be cut along a first axis

    @property
    def _tensors_within(self) -> tuple:
        """The tensors that it is made of."""
        return tuple(tree.flatten(self._type_spec._to_components(self)))

    def _with_tensors(self, components: Sequence[Any]) -> CompositeTensor:
        """The same kind of value of other tensors."""
        spec = self._type_spec
        return spec._from_components(tree.pack_as(spec._to_components(self), components))

    @property
    def _type_spec(self) -> Any:
        """The specification of values of this kind."""
        raise NotImplementedError(f"{type(self).__name__}._type_spec")

    def _shape_invariant_to_type_spec(self, shape: Any) -> Any:
        """The specification of such values of any size of a loop's variable.

        Raises:
            NotImplementedError: the class does not say.
        """
        raise NotImplementedError(f"{type(self).__name__}._shape_invariant_to_type_spec")

    @property
    def _differentiated(self) -> Any:
        """The tensor among them that gradients flow through: the first of floats."""
        parts = self._tensors_within
        return next((part for part in parts if part.dtype.is_floating or part.dtype.is_complex), parts[0])

    def _with_differentiated(self, gradient: Any) -> CompositeTensor:
        """A gradient with respect to it, as the same kind of value."""
        raise NotImplementedError(f"{type(self).__name__}._with_differentiated")


dispatch.register(composite=Served)
