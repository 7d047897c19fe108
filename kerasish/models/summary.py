"""``model.summary()``: the table of layers, in Keras 2's look or Keras 3's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.core.symbolic import FunctionCall, KerasTensor


class Row:
    """One line of the table before it is laid out: a layer, its name column and how deep it is nested."""

    def __init__(self, layer: Any, depth: int = 0) -> None:
        self.layer = layer
        self.depth = depth

    @property
    def label(self) -> str:
        kind = (
            self.layer.function.__name__.title() if isinstance(self.layer, FunctionCall) else type(self.layer).__name__
        )
        return f"{self.layer.name} ({kind})"

    @property
    def shape(self) -> str:
        try:
            shape = self.layer.output_shape if not isinstance(self.layer, FunctionCall) else _shape(self.layer.output)
        except AttributeError:
            return "multiple" if getattr(self.layer, "_inbound_nodes", None) else "?"
        if type(self.layer).__name__ == "InputLayer" and settings.style == "keras2":
            return f"[{tuple(shape)}]"
        return _shape_text(shape)

    @property
    def params(self) -> str:
        if isinstance(self.layer, FunctionCall):
            return "0"
        if not self.layer.built:
            return "0 (unbuilt)"
        count = self.layer.count_params()
        return str(count) if settings.style == "keras2" else f"{count:,}"


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: list | None = None,
    print_fn: Callable | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print the table; arguments as of ``Model.summary``."""
    if not model.built:
        raise fail(
            ValueError,
            "This model has not yet been built",
            hint="Build the model first by calling `build()` or by calling the model on a batch of data.",
        )
    connected = model._network is not None and not _is_chain(model)
    operations = model._network.operations if connected else _own_layers(model)
    operations = _in_range(operations, layer_range)
    draw = _table_3 if settings.style == "keras3" else _table_2
    lines = draw(model, operations, connected, line_length, positions, expand_nested, show_trainable)
    if print_fn is not None:
        for line in lines:
            print_fn(line)
    else:
        print("\n".join(lines))


def _own_layers(model: Any) -> list:
    """The layers of a chain: a Sequential's without its entry, a functional model's with it."""
    return model.layers


def _is_chain(model: Any) -> bool:
    """Whether each layer takes the one before's output alone, so that "connected to" would say nothing."""
    nodes = [node for node in model._network.graph.nodes if not node.is_input]
    if type(model).__name__ == "Sequential":
        return True
    if len(model._network.inputs) > 1 or len(model._network.outputs) > 1:
        return False
    seen: set[int] = set()
    for node in nodes:
        if len(node.input_tensors) != 1 or len(node.outputs) != 1 or id(node.input_tensors[0]) in seen:
            return False
        seen.add(id(node.input_tensors[0]))
    operations = [id(node.operation) for node in nodes]
    return len(set(operations)) == len(operations)


def _in_range(operations: list, layer_range: Any) -> list:
    if layer_range is None:
        return operations
    if len(layer_range) != 2 or not all(isinstance(name, str) for name in layer_range):
        raise fail(ValueError, "`layer_range` must be a pair of layer names", received=repr(layer_range))
    names = [operation.name for operation in operations]
    first = [i for i, name in enumerate(names) if re.match(layer_range[0], name)]
    last = [i for i, name in enumerate(names) if re.match(layer_range[1], name)]
    if not first or not last:
        raise fail(ValueError, f"Passed layer_range {layer_range} names no layers of the model", names)
    low, high = min(first[0], last[-1]), max(first[0], last[-1])
    return operations[low : high + 1]


def _rows(operations: list, expand: bool, depth: int = 0) -> Iterator[Row]:
    for operation in operations:
        yield Row(operation, depth)
        if expand and getattr(operation, "_network", None) is not None:
            yield from _rows(operation.layers, expand, depth + 1)


def _connections(model: Any, operation: Any) -> list[str]:
    """``dense[0][0]`` for each tensor that an operation takes: name, which of its calls, which result."""
    nodes = {id(node) for node in model._network.graph.nodes}
    found = []
    for node in getattr(operation, "_inbound_nodes", ()):
        if id(node) in nodes:
            for x in node.input_tensors:
                parent, index, i = x._keras_history
                found.append(f"{parent.name}[{index}][{i}]")
    return found


def _shape(value: Any) -> Any:
    return tree.map_structure(lambda x: tuple(x.shape) if isinstance(x, KerasTensor) else None, value)


def _shape_text(shape: Any) -> str:
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{key}: {_shape_text(value)}" for key, value in shape.items()) + "}"
    if isinstance(shape, list):
        return "[" + ", ".join(_shape_text(value) for value in shape) + "]"
    return str(tuple(shape))


def _counts(model: Any) -> tuple[int, int, int]:
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    frozen = sum(int(np.prod(w.shape)) for w in model.non_trainable_weights)
    return trainable + frozen, trainable, frozen


# Keras 2's look -------------------------------------------------------------------------------------------------------


def _table_2(
    model: Any,
    operations: list,
    connected: bool,
    line_length: int | None,
    positions: Any,
    expand: bool,
    trainable: bool,
) -> list[str]:
    line_length = line_length or (98 if connected else 65)
    positions = list(positions or ([0.33, 0.55, 0.67, 1.0] if connected else [0.45, 0.85, 1.0]))
    header = ["Layer (type)", "Output Shape", "Param #"] + (["Connected to"] if connected else [])
    if trainable:
        line_length += 11
        positions = [p * (line_length - 11) / line_length if p <= 1 else p for p in positions] + [line_length]
        header.append("Trainable")
    ends = [int(line_length * p) if p <= 1 else int(p) for p in positions]
    lines = [f'Model: "{model.name}"', "_" * line_length, _line_2(header, ends), "=" * line_length]
    for row in _rows(operations, expand):
        indent = "|" * row.depth + (" " if row.depth else "")
        cells = [[indent + row.label], [row.shape], [row.params]]
        if connected:
            cells.append(_connections(model, row.layer) if row.depth == 0 else [])
        if trainable:
            cells.append(["Y" if getattr(row.layer, "trainable", True) else "N"])
        lines.extend(_wrapped_2(cells, ends))
    total, trained, frozen = _counts(model)
    lines += ["=" * line_length, f"Total params: {total:,}", f"Trainable params: {trained:,}"]
    return [*lines, f"Non-trainable params: {frozen:,}", "_" * line_length]


def _line_2(cells: list[str], ends: list[int]) -> str:
    """Cells side by side after a leading blank; each stops two characters before the next begins."""
    line = " "
    for cell, end in zip(cells, ends):
        line = (line + cell)[: end - 1].ljust(end)
    return line.rstrip()


def _wrapped_2(cells: list[list[str]], ends: list[int]) -> list[str]:
    """A row whose cells may need several lines: long ones are cut where the column ends, lists go one per line."""
    starts = [1, *ends[:-1]]
    columns = []
    for texts, start, end in zip(cells, starts, ends):
        width = end - start - 2
        parts: list[str] = []
        for i, text in enumerate(texts):
            text += "," if i < len(texts) - 1 else ""
            while len(text) > width > 0:
                cut = text.rfind(" ", 1, width + 1)
                cut = cut if cut > 0 else width
                parts.append(text[:cut])
                text = text[cut:].lstrip()
            parts.append(text)
        columns.append(parts or [""])
    height = max(map(len, columns))
    return [_line_2([c[i] if i < len(c) else "" for c in columns], ends) for i in range(height)]


# Keras 3's look -------------------------------------------------------------------------------------------------------


def _table_3(
    model: Any,
    operations: list,
    connected: bool,
    line_length: int | None,
    positions: Any,
    expand: bool,
    trainable: bool,
) -> list[str]:
    header = ["Layer (type)", "Output Shape", "Param #"] + (["Connected to"] if connected else [])
    header += ["Trainable"] if trainable else []
    rows = []
    for row in _rows(operations, expand):
        cells = ["    " * row.depth + ("└ " if row.depth else "") + row.label, row.shape, row.params]
        if connected:
            cells.append(", ".join(_connections(model, row.layer)) or "-")
        if trainable:
            cells.append("Y" if getattr(row.layer, "trainable", True) else "N")
        rows.append(cells)
    widths = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]
    spare = (line_length or 80) - sum(widths) - 3 * len(widths) - 1
    widths[0] += max(spare, 0)

    def line(cells: list[str], bar: str) -> str:
        padded = [c.rjust(w) if i == 2 else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths))]
        return bar + bar.join(f" {c} " for c in padded) + bar

    def rule(left: str, middle: str, right: str, dash: str) -> str:
        return left + middle.join(dash * (w + 2) for w in widths) + right

    lines = [f'Model: "{model.name}"', rule("┏", "┳", "┓", "━"), line(header, "┃"), rule("┡", "╇", "┩", "━")]
    for i, cells in enumerate(rows):
        lines += [rule("├", "┼", "┤", "─")] if i else []
        lines.append(line(cells, "│"))
    total, trained, frozen = _counts(model)
    lines.append(rule("└", "┴", "┘", "─"))
    for name, count in (("Total params", total), ("Trainable params", trained), ("Non-trainable params", frozen)):
        lines.append(f" {name}: {count:,} ({_size(count * 4)})")
    return lines


def _size(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.2f} {unit}"
        size /= 1024
    return ""
