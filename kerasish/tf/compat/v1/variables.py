"""Variables of ``tf.compat.v1`` where operations run as they are called: each ``get_variable`` makes one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish import initializers
from kerasish.core.context import local
from kerasish.core.creators import VariableAggregation, VariableSynchronization
from kerasish.core.dtypes import as_dtype
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable
from kerasish.tf.creation import zeros
from kerasish.tf.scopes import name_scope
from kerasish.tf.slices import IndexedSlices

AUTO_REUSE = "AUTO_REUSE"


class GraphKeys:
    """Names of the collections that graphs keep; none is kept here."""

    GLOBAL_VARIABLES, LOCAL_VARIABLES, METRIC_VARIABLES = "variables", "local_variables", "metric_variables"
    MODEL_VARIABLES, TRAINABLE_VARIABLES = "model_variables", "trainable_variables"
    MOVING_AVERAGE_VARIABLES, SUMMARIES, QUEUE_RUNNERS = "moving_average_variables", "summaries", "queue_runners"
    TABLE_INITIALIZERS, ASSET_FILEPATHS, BIASES, WEIGHTS = "table_initializer", "asset_filepaths", "biases", "weights"
    ACTIVATIONS, UPDATE_OPS, LOSSES, SAVERS = "activations", "update_ops", "losses", "savers"
    REGULARIZATION_LOSSES, CONCATENATED_VARIABLES = "regularization_losses", "concatenated_variables"
    INIT_OP, LOCAL_INIT_OP, READY_OP, SUMMARY_OP = "init_op", "local_init_op", "ready_op", "summary_op"
    GLOBAL_STEP, TRAIN_OP, COND_CONTEXT, WHILE_CONTEXT = "global_step", "train_op", "cond_context", "while_context"


class VariableScope:
    """The names, initializer and so on that variables of a block get.

    Args:
        reuse: kept for programs that ask.
        name: of the scope, with those around it.
        initializer, regularizer, dtype, constraint: for variables without their own.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        dtype: Any = None,
        constraint: Any = None,
    ) -> None:
        self.name = name
        self.reuse = reuse
        self.caching_device: Any = None
        self.initializer, self.regularizer, self.constraint = initializer, regularizer, constraint
        self.dtype = as_dtype(dtype or "float32")

    original_name_scope = property(lambda self: self.name + "/" if self.name else "")

    def set_caching_device(self, caching_device: Any) -> None:
        """Note where copies of variables are to be; in one process there are none."""
        self.caching_device = caching_device

    def reuse_variables(self) -> None:
        """Note that variables are to be reused."""
        self.reuse = True


_open: list[VariableScope] = [VariableScope(False)]


def get_variable_scope() -> VariableScope:
    """The innermost scope."""
    return _open[-1]


class variable_scope:  # noqa: N801 - TensorFlow's name
    """``with tf.compat.v1.variable_scope("a"): ...`` — names and defaults of the block's variables.

    Args:
        name_or_scope: a name, or a scope to enter again; None: ``default_name``.
        default_name: without uniqueness, as where operations run as they are called.
        initializer, regularizer, dtype, constraint: for variables without their own.
        reuse: True or ``AUTO_REUSE`` are kept; each ``get_variable`` still makes a variable, as in TensorFlow.
        values, caching_device, partitioner, custom_getter, use_resource, auxiliary_name_scope: of graphs.

    Raises:
        ValueError: neither a name nor a default.
    """

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Callable | None = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: Any = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if name_or_scope is None and default_name is None:
            raise ValueError("If default_name is None then name_or_scope is required")
        if custom_getter is not None:
            raise NotImplementedError("variable_scope(custom_getter=...) is not served: call the function yourself.")
        self._given = default_name if name_or_scope is None else name_or_scope
        self._own = dict(initializer=initializer, regularizer=regularizer, constraint=constraint, dtype=dtype)
        self._reuse = reuse

    def __enter__(self) -> VariableScope:
        outer = self._given if isinstance(self._given, VariableScope) else _open[-1]
        name = outer.name
        if isinstance(self._given, str):
            name = f"{outer.name}/{self._given}" if outer.name else self._given
        own = {key: getattr(outer, key) if value is None else value for key, value in self._own.items()}
        _open.append(VariableScope(self._reuse or outer.reuse, name, **own))
        self._names, local.name_scopes = local.name_scopes, tuple(part for part in name.split("/") if part)
        return _open[-1]

    def __exit__(self, *exception: Any) -> None:
        _open.pop()
        local.name_scopes = self._names


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable | None = None,
    constraint: Any = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> TFVariable:
    """A new variable, named within the open scopes.

    Args:
        name: of the variable.
        shape: needed unless ``initializer`` is a value.
        dtype: default: the scope's, float32.
        initializer: a value, or an initializer; default: the scope's, else Glorot's uniform one, zeros for other dtypes.
        trainable, constraint, synchronization, aggregation: as of ``tf.Variable``.
        regularizer, collections, caching_device, partitioner, use_resource: of graphs, without effect.
        custom_getter: called instead, with this function as its first argument.

    Raises:
        ValueError: neither a shape nor a value.
    """
    if custom_getter is not None:
        rest = dict(shape=shape, dtype=dtype, initializer=initializer, trainable=trainable, constraint=constraint)
        return custom_getter(get_variable, name, **rest)
    scope = _open[-1]
    initializer = scope.initializer if initializer is None else initializer
    kind = as_dtype(dtype) if dtype is not None else None
    if callable(initializer) or initializer is None:
        if shape is None:
            raise ValueError(f"Variable {name} did not get an initializer, so its `shape` argument must be specified.")
        value = _first_value(initializer, TensorShape(shape).as_list(), kind or scope.dtype)
    else:
        value = convert(initializer, kind)
    path = f"{scope.name}/{name}" if scope.name else name
    *scopes, last = path.split("/")
    with name_scope("/".join([*scopes, ""])):
        return TFVariable(
            value,
            trainable=trainable,
            name=last,
            validate_shape=validate_shape,
            constraint=scope.constraint if constraint is None else constraint,
            synchronization=synchronization,
            aggregation=aggregation,
        )


def _first_value(initializer: Any, shape: Sequence[int], dtype: Any) -> Any:
    if isinstance(initializer, type):
        initializer = initializer()
    if initializer is None:
        if not dtype.is_floating:
            return zeros(shape, dtype)
        initializer = initializers.GlorotUniform()
    return convert(initializer(shape, dtype=dtype), dtype)


def get_collection(key: str, scope: str | None = None) -> list:
    """What a graph has collected: nothing."""
    return []


get_collection_ref = get_collection


def add_to_collection(name: str, value: Any) -> None:
    """Add to a graph's collection, which there is none of where operations run as they are called."""


def global_variables(scope: str | None = None) -> list:
    """The variables that a graph has: none."""
    return []


trainable_variables = local_variables = model_variables = moving_average_variables = all_variables = global_variables


def global_variables_initializer() -> None:
    """What a session would run first; variables have their values from the beginning."""


local_variables_initializer = tables_initializer = initialize_all_variables = global_variables_initializer
initialize_local_variables = initialize_all_tables = global_variables_initializer


def variables_initializer(var_list: Any, name: str = "init") -> None:
    """What a session would run first; variables have their values from the beginning."""


def assign(ref: Any, value: Any, validate_shape: Any = None, use_locking: Any = None, name: str | None = None) -> Any:
    """Set a variable's value."""
    return ref.assign(value)


def assign_add(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """Add to a variable's value."""
    return ref.assign_add(value)


def assign_sub(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """Subtract from a variable's value."""
    return ref.assign_sub(value)


def scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Any:
    """Set some of a variable's rows."""
    return ref.scatter_update(IndexedSlices(convert(updates, ref.dtype), convert(indices)))


def scatter_add(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Add to some of a variable's rows."""
    return ref.scatter_add(IndexedSlices(convert(updates, ref.dtype), convert(indices)))


def scatter_sub(ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None) -> Any:
    """Subtract from some of a variable's rows."""
    return ref.scatter_sub(IndexedSlices(convert(updates, ref.dtype), convert(indices)))
