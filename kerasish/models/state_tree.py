"""A model's state as values: nested by paths, or in lists for functions that change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasish.core.errors import fail
from kerasish.core.stateless import StatelessScope

_FORMATS = ("backend_tensor", "numpy_array")


def metric_variables(model: Any) -> list:
    """The variables of all metrics, those that ``compile`` was given included."""
    parts = [list(getattr(metric, "metrics", ())) or [metric] for metric in model.metrics]
    return [variable for metrics in parts for metric in metrics for variable in metric.variables]


def _kinds(model: Any) -> dict[str, list]:
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": list(model.optimizer.variables) if model.optimizer is not None else [],
        "metrics_variables": metric_variables(model),
    }


def get_state_tree(model: Any, value_format: str) -> dict[str, dict]:
    """Kind of variable → the parts of their paths, nested → value.

    Raises:
        ValueError: another format, or two variables of one path.
    """
    if value_format not in _FORMATS:
        raise ValueError(f"Invalid `value_format` argument. Expected one of {_FORMATS}. Received: {value_format}")
    as_array = value_format == "numpy_array"
    return {
        kind: _nested((v.path, v.numpy() if as_array else v.value) for v in variables)
        for kind, variables in _kinds(model).items()
    }


def _nested(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    seen = set()
    for path, value in values:
        if path in seen:
            raise ValueError(
                f"The following variable path is found twice in the model: '{path}'. `get_state_tree()` can only be called "
                "when all variable paths are unique. Make sure to give unique names to your layers (and other objects)."
            )
        seen.add(path)
        *outer, name = path.split("/")
        inner = tree
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[name] = value
    return tree


def set_state_tree(model: Any, state_tree: dict[str, dict]) -> None:
    """Set the variables that a tree of ``get_state_tree`` has.

    Raises:
        ValueError: a kind that there is not, or a path of no variable.
    """
    kinds = _kinds(model)
    for kind, tree in state_tree.items():
        if kind not in kinds:
            raise fail(ValueError, f"Unknown variable name: {kind}", f"one of {list(kinds)}")
        by_path = {variable.path: variable for variable in kinds[kind]}
        for path, value in _flat(tree, ""):
            if path not in by_path:
                raise fail(ValueError, f"Variable '{path}' is not among the model's {kind}")
            by_path[path].assign(value)


def _flat(tree: dict, prefix: str) -> Iterable[tuple[str, Any]]:
    for name, value in tree.items():
        path = f"{prefix}/{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(value, path)
        else:
            yield path, value


def stateless_loss(model: Any, values: dict[str, list], batch: dict[str, Any]) -> tuple:
    """The loss of a batch for other values of the variables, and the values after it.

    Args:
        values: "trainable", "non_trainable" and "metrics" → values in the order of the variables.
        batch: arguments of ``compute_loss``.
    """
    others = [*model.non_trainable_variables], metric_variables(model)
    pairs = [
        *zip(model.trainable_variables, values["trainable"]),
        *zip(others[0], values["non_trainable"]),
        *zip(others[1], values["metrics"]),
    ]
    with StatelessScope(pairs) as scope:
        loss = model.compute_loss(**batch)
        new = tuple([scope.get_current_value(variable) for variable in variables] for variables in others)
    return loss, (values["trainable"], *new)
