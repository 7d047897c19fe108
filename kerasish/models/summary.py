"""``model.summary()``: the table of layers, in Keras 2's look or Keras 3's."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.context import settings
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.messages import tell
from kerasish.core.symbolic import FunctionCall, KerasTensor
from kerasish.layers.operation import Operation
from kerasish.models.boxed_table import boxed_table
from kerasish.models.operations import class_name


class Row:
    """One line of the table before it is laid out: a layer, its name column and how deep it is nested."""

    def __init__(self, layer: Any, depth: int = 0) -> None:
        self.layer = layer
        self.depth = depth

    @property
    def label(self) -> str:
        function = isinstance(self.layer, FunctionCall) and not isinstance(self.layer, Operation)
        return f"{self.layer.name} ({class_name(self.layer) if function else type(self.layer).__name__})"

    @property
    def shape(self) -> str:
        return " ".join(line.strip() for line in self.shape_lines)

    @property
    def shape_lines(self) -> list[str]:
        """The output shape; of several outputs, one per line."""
        try:
            shape = _output_shape(self.layer)
        except AttributeError:
            return ["multiple" if getattr(self.layer, "_inbound_nodes", None) else "?"]
        if type(self.layer).__name__ == "InputLayer" and settings.style == "keras2":
            return [f"[{tuple(shape)}]"]
        return _shape_lines(shape)

    @property
    def shape_3(self) -> str:
        """The output shape in Keras 3's words."""
        try:
            shapes = tree.map_shape_structure(_words_3, _output_shape(self.layer))
        except AttributeError:
            return "?"
        flat = tree.flatten(shapes)
        if len(flat) == 1:
            return flat[0]
        called = getattr(self.layer, "_inbound_nodes", None)  # a node keeps its results as one list
        return f"[{', '.join(flat)}]" if called else str(shapes).replace("'", "")

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
    boxed = settings.style == "keras3"
    if not model.built and not boxed:
        model._build_for_known_shape()
    if not model.built and not boxed:
        raise fail(
            ValueError,
            "This model has not yet been built",
            hint="Build the model first by calling `build()` or by calling the model on a batch of data.",
        )
    connected = model._k_network is not None and not _is_chain(model)
    operations = model._k_network.operations if connected else _own_layers(model)
    operations = _in_range(operations, layer_range)
    draw = _table_3 if boxed else _table_2
    lines = draw(model, operations, connected, line_length, positions, expand_nested, show_trainable)
    if print_fn is not None:
        for line in ["\n".join([*lines, ""])] if boxed else lines:  # Keras 3 hands the table over in one piece
            print_fn(line)
    else:
        tell("\n".join(lines))


def _own_layers(model: Any) -> list:
    """The layers of a chain: a Sequential's without its entry, a functional model's with it and with its functions."""
    functional = model._k_network is not None and type(model).__name__ != "Sequential"
    return model._k_network.operations if functional else model.layers


def _is_chain(model: Any) -> bool:
    """Whether each layer takes the one before's output alone, so that "connected to" would say nothing."""
    nodes = [node for node in model._k_network.graph.nodes if not node.is_input]
    if type(model).__name__ == "Sequential":
        return True
    if len(model._k_network.inputs) > 1:
        return False
    seen: set[int] = set()
    for node in nodes:
        if len(node.input_tensors) != 1 or id(node.input_tensors[0]) in seen:
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
        raise fail(ValueError, "`layer_range` does not match the names of the model's layers", names, repr(layer_range))
    low, high = min(first[0], last[-1]), max(first[0], last[-1])
    return operations[low : high + 1]


def _rows(operations: list, expand: bool, depth: int = 0) -> Iterator[Row]:
    for operation in operations:
        yield Row(operation, depth)
        if expand and getattr(operation, "_k_network", None) is not None:
            yield from _rows(operation.layers, expand, depth + 1)


def _connections(model: Any, operation: Any) -> list[str]:
    """``dense[0][0]`` for each tensor that an operation takes: name, which of its calls, which result."""
    nodes = {id(node) for node in model._k_network.graph.nodes}
    found = []
    for node in getattr(operation, "_inbound_nodes", ()):
        if id(node) in nodes:
            for x in node.input_tensors:
                parent, index, i = x._keras_history
                found.append(f"{parent.name}[{index}][{i}]")
    return found


def _shape(value: Any) -> Any:
    return tree.map_structure(lambda x: tuple(x.shape) if isinstance(x, KerasTensor) else None, value)


def _output_shape(layer: Any) -> Any:
    """The shape that a layer gave, or would give for inputs of the shape that it was built for.

    Raises:
        AttributeError: it is not known.
    """
    if isinstance(layer, FunctionCall) or getattr(layer, "_k_network", None) is not None:
        return _shape(layer.output)
    try:
        return layer.output_shape
    except AttributeError:
        shapes = list((layer._build_shapes or {}).values())
        if len(shapes) != 1 or not isinstance(shapes[0], tuple):
            raise
    try:
        return layer.compute_output_shape((None, *shapes[0][1:]))
    except Exception as error:
        raise AttributeError(f"The output shape of '{layer.name}' cannot be computed") from error


def _shape_lines(shape: Any) -> list[str]:
    if isinstance(shape, dict):
        return _bracketed("{", [f"'{key}': {' '.join(_shape_lines(value))}" for key, value in shape.items()], "}")
    if isinstance(shape, list) or any(isinstance(part, (tuple, list, dict)) for part in shape):
        return _bracketed("[", [" ".join(_shape_lines(value)) for value in shape], "]")
    return [str(tuple(shape))]


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
    positions = list(positions or ([0.3, 0.6, 0.7, 1.0] if connected else [0.45, 0.85, 1.0]))
    header = ["Layer (type)", "Output Shape", "Param #"] + (["Connected to"] if connected else [])
    if positions[-1] <= 1:
        positions = [int(line_length * p) for p in positions]
    if trainable:
        line_length += 11
        positions.append(line_length)
        header.append("Trainable")
    lines = [f'Model: "{model.name}"', "_" * line_length]
    lines += [*_wrapped_2([[text] for text in header], positions), "=" * line_length]
    depth = 0
    for row in _rows(operations, expand):
        lines += _edges(depth, row.depth, line_length)
        depth = row.depth
        cells = [[row.label], row.shape_lines, [row.params]]
        if connected:
            cells.append(_listed(_connections(model, row.layer)) if depth == 0 else [])
        if trainable:
            cells.append(["Y" if getattr(row.layer, "trainable", True) else "N"])
        lines.extend(_wrapped_2(cells, positions, depth))
    lines += _edges(depth, 0, line_length)
    total, trained, frozen = _counts(model)
    lines += ["=" * line_length, f"Total params: {total:,}", f"Trainable params: {trained:,}"]
    return [*lines, f"Non-trainable params: {frozen:,}", "_" * line_length]


def _listed(texts: list[str]) -> list[str]:
    """Names as a list's lines: ``['a',`` and ``'b']``."""
    quoted = [f"'{text}'" for text in texts]
    return _bracketed("[", quoted, "]")


def _bracketed(opening: str, parts: list[str], closing: str) -> list[str]:
    """Parts one per line, those after the first below the first."""
    if not parts:
        return [opening + closing]
    lines = [f"{opening if i == 0 else ' '}{part}," for i, part in enumerate(parts)]
    return [*lines[:-1], lines[-1][:-1] + closing]


def _edges(before: int, after: int, width: int) -> list[str]:
    """The upper or lower edges of the boxes around the layers of nested models."""
    if after > before:
        return [_edge(depth, width) for depth in range(before + 1, after + 1)]
    return [_edge(depth - 1, width) for depth in range(before, after, -1)]


def _edge(depth: int, width: int) -> str:
    return "|" * depth + "¯" * (width - 2 * depth) + "|" * depth


def _wrapped_2(cells: list[list[str]], ends: list[int], depth: int = 0) -> list[str]:
    """A row as lines. A cell's lines are cut where its column ends, two characters before the next column begins."""
    starts = [depth + 1, *ends[:-1]]
    columns = []
    for lines, start, end in zip(cells, starts, ends, strict=True):
        width = max(end - start - (depth if end == ends[-1] else 2 if start == starts[0] else 3), 1)
        columns.append([line[at : at + width] for line in lines for at in range(0, max(len(line), 1), width)] or [""])
    height = max(map(len, columns))
    rows = []
    for i in range(height):
        row = "|" * depth + " "
        for column, end in zip(columns, ends, strict=True):
            row = (row + (column[i] if i < len(column) else "")).ljust(end)
        rows.append(row[: len(row) - depth] + "|" * depth if depth else row.rstrip())
    return rows


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
    positions = positions or ([0.3, 0.56, 0.74, 1.0] if connected else [0.45, 0.8, 1.0])
    widest = 108 if connected else 88
    if trainable:
        header, positions, widest = [*header, "Trainable"], [*(0.9 * p for p in positions), 1.0], widest + 12
    line_length = line_length or min(widest, shutil.get_terminal_size().columns - 4)
    ends = [int(p * line_length) for p in positions]
    widths = [end - start for start, end in zip([0, *ends[:-1]], ends)]
    if min(widths) < 4:
        raise ValueError("Insufficient console width to print summary.")
    rows = []
    for row in _rows(operations, expand):
        cells = [("   " * row.depth + "└ " if row.depth else "") + row.label, row.shape_3, row.params]
        if connected:
            cells.append(", ".join(_connections(model, row.layer)) or "-")
        if trainable:
            cells.append(("Y" if row.layer.trainable else "N") if getattr(row.layer, "weights", None) else "-")
        rows.append(cells)
    align = "llr" + "l" * connected + "c" * trainable
    lines = [f'Model: "{model.name}"', *boxed_table(header, rows, widths, align, line_length)]
    counts = {"Trainable": model.trainable_weights, "Non-trainable": model.non_trainable_weights}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        counts["Optimizer"] = optimizer.variables
    sizes = [_count_and_size(weights) for weights in counts.values()]
    totals = [("Total", tuple(map(sum, zip(*sizes)))), *zip(counts, sizes)]
    return lines + [f" {name} params: {count:,} ({_size(size)})" for name, (count, size) in totals]


def _words_3(shape: Any) -> str:
    return f"({', '.join(map(str, shape))})"


def _count_and_size(weights: list) -> tuple[int, float]:
    """How many numbers the weights hold and how many bytes these take."""
    counts = [int(np.prod(w.shape)) for w in weights]
    return sum(counts), sum(n * to_torch(w.dtype).itemsize for n, w in zip(counts, weights))


def _size(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"
