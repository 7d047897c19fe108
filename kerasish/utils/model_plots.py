"""Pictures of models' graphs by Graphviz (``keras.utils.model_to_dot``, ``plot_model``)."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Iterator
from typing import Any

from kerasish.core import tree
from kerasish.core.errors import fail
from kerasish.core.messages import say
from kerasish.core.symbolic import FunctionCall
from kerasish.models.functional import Functional
from kerasish.models.operations import class_name
from kerasish.models.sequential import Sequential

_NO_PYDOT = "You must install pydot (`pip install pydot`) for `{}` to work."
_NO_GRAPHVIZ = "You must install graphviz (see instructions at https://graphviz.gitlab.io/download/) for `{}` to work."


def _pydot() -> Any:
    """The module ``pydot``, or None."""
    try:
        import pydot
    except ImportError:
        return None
    return pydot


def _has_graphviz(pydot: Any) -> bool:
    try:
        pydot.Dot().create()
    except (OSError, AssertionError, pydot.PydotException):
        return False
    return True


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """A model's graph as an object of pydot.

    Args:
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what stands in the boxes.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: whether to draw the graphs of models in it.
        dpi: dots per inch.
        subgraph: whether to make a cluster, for another graph.
        splines: how edges are drawn: "ortho", "curved", "polyline", "spline" or "line".

    Returns:
        ``pydot.Dot``, for ``subgraph`` ``pydot.Cluster``.

    Raises:
        ValueError: a model that is not built, or unknown arguments.
        ImportError: pydot is missing.
    """
    _check(model, kwargs)
    pydot = _pydot()
    if pydot is None:
        raise ImportError(_NO_PYDOT.format("model_to_dot"))
    if subgraph:
        dot = pydot.Cluster(style="dashed", graph_name=model.name)
        settings = {"label": model.name, "labeljust": "l"}
    else:
        dot = pydot.Dot()
        settings = {"rankdir": rankdir, "concentrate": True, "dpi": dpi, "splines": splines}
        dot.set_node_defaults(shape="record")
    for key, value in settings.items():
        dot.set(key, value)
    shown = {
        "shapes": show_shapes, "dtype": show_dtype, "names": show_layer_names, "activations": show_layer_activations,
        "trainable": show_trainable,
    }  # fmt: skip
    if not _is_graph(model):
        dot.add_node(_node(pydot, model, shown))
        return dot
    for operation in _operations(model):
        if expand_nested and _is_graph(operation):
            dot.add_subgraph(
                model_to_dot(
                    operation, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, subgraph=True,
                    show_layer_activations=show_layer_activations, show_trainable=show_trainable,
                )
            )  # fmt: skip
        else:
            dot.add_node(_node(pydot, operation, shown))
    for source, target in _edges(model, expand_nested):
        if not dot.get_edge(str(id(source)), str(id(target))):
            dot.add_edge(pydot.Edge(str(id(source)), str(id(target)), penwidth="2"))
    return dot


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draw a model's graph into a file.

    Args:
        to_file: its path; the ending tells the format, "png" without one.

    The other arguments are those of ``model_to_dot``.

    Returns:
        An image that notebooks show, where IPython is installed and the format is one of these.

    Raises:
        ValueError: a model that is not built, or unknown arguments.
        ImportError: pydot or Graphviz is missing; in a notebook this is printed.
    """
    _check(model, kwargs)
    pydot = _pydot()
    missing = _NO_PYDOT if pydot is None else None if _has_graphviz(pydot) else _NO_GRAPHVIZ
    if missing is not None:
        if "IPython.core.magics.namespace" in sys.modules:
            say(missing.format("plot_model"))
            return None
        raise ImportError(missing.format("plot_model"))
    dot = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi,
        show_layer_activations=show_layer_activations, show_trainable=show_trainable, splines=splines,
    )  # fmt: skip
    to_file = str(to_file)
    extension = os.path.splitext(to_file)[1][1:] or "png"
    dot.write(to_file, format=extension)
    if extension not in ("gif", "jpeg", "jpg", "png", "svg", "webp"):
        return None
    try:
        from IPython import display
    except ImportError:
        return None
    return display.SVG(to_file) if extension == "svg" else display.Image(filename=to_file, format=extension)


def _check(model: Any, kwargs: dict) -> None:
    if not model.built:
        raise fail(
            ValueError,
            "This model has not yet been built",
            hint="Build the model first by calling `build()` or by calling the model on a batch of data.",
        )
    if kwargs.pop("layer_range", None) is not None:
        raise fail(ValueError, "Argument `layer_range` is no longer supported")
    if kwargs:
        raise fail(ValueError, f"Unrecognized keyword arguments: {kwargs}")


# the graph ------------------------------------------------------------------------------------------------------------


def _is_graph(operation: Any) -> bool:
    return isinstance(operation, (Functional, Sequential))


def _operations(model: Any) -> list:
    return model.layers if isinstance(model, Sequential) else model._k_network.graph.operations


def _edges(model: Any, expand_nested: bool) -> Iterator[tuple[Any, Any]]:
    """Pairs of operations: whose result goes where; through nested models if these are drawn."""
    layers = _operations(model)
    sequential = isinstance(model, Sequential)
    if sequential and not expand_nested:
        yield from zip(layers, layers[1:], strict=False)
        return
    nodes = {id(node) for node in model._k_network.graph.nodes}
    for layer in layers[1:] if sequential else layers:  # the first one's input has no box
        for node in layer._inbound_nodes:
            if id(node) not in nodes or node.is_input:
                continue
            for index, x in enumerate(node.input_tensors):
                source, target, history = x._keras_history.operation, layer, x._keras_history
                if source is None:
                    continue
                while expand_nested and _is_graph(source):
                    history = source.outputs[history.tensor_index]._keras_history
                    source = history.operation
                while expand_nested and _is_graph(target):
                    target = _entry(target, index)
                yield source, target


def _entry(model: Any, index: int) -> Any:
    """The operation in a nested model that its ``index``-th input comes to."""
    return model.layers[0] if isinstance(model, Sequential) else model.inputs[index]._keras_history.operation


# the boxes ------------------------------------------------------------------------------------------------------------


def _node(pydot: Any, operation: Any, shown: dict[str, bool]) -> Any:
    return pydot.Node(str(id(operation)), label=_label(operation, shown), fontname="Helvetica", border="0", margin="0")


def _label(operation: Any, shown: dict[str, bool]) -> str:
    kind = html.escape(_kind(operation))
    span = max(1, shown["dtype"] + shown["trainable"] + 2 * shown["shapes"])
    title = f"<b>{html.escape(operation.name)}</b> ({kind})" if shown["names"] else f"<b>{kind}</b>"
    rows = [_cell(title, "black", 16, "white", span)]
    activation = getattr(operation, "activation", None)
    if shown["activations"] and activation is not None:
        rows.append(_cell(f"Activation: <b>{html.escape(_activation_name(activation))}</b>", "white", 14, span=span))
    cells = []
    if shown["shapes"]:
        if kind != "InputLayer":
            cells.append(_cell(f"Input shape: <b>{_shapes(operation, 'input')}</b>", "white"))
        cells.append(_cell(f"Output shape: <b>{_shapes(operation, 'output')}</b>", "white"))
    if shown["dtype"]:
        cells.append(_cell(f"Output dtype: <b>{_of(operation, 'output', 'dtype') or '?'}</b>", "white"))
    if shown["trainable"] and getattr(operation, "weights", None):
        word, color = ("Trainable", "forestgreen") if operation.trainable else ("Non-trainable", "firebrick")
        cells.append(_cell(f"<b>{word}</b>", color, 14, "white"))
    rows.append("".join(cells))
    body = "".join(f"<tr>{row}</tr>" for row in rows if row)
    return f'<<table border="0" cellborder="1" bgcolor="black" cellpadding="10">{body}</table>>'


def _cell(text: str, background: str, size: int = 14, color: str | None = None, span: int = 0) -> str:
    spanning = f' colspan="{span}"' if span else ""
    colored = f' color="{color}"' if color else ""
    return f'<td{spanning} bgcolor="{background}"><font point-size="{size}"{colored}>{text}</font></td>'


def _kind(operation: Any) -> str:
    return class_name(operation) if type(operation) is FunctionCall else type(operation).__name__


def _activation_name(activation: Any) -> str:
    for attribute in ("name", "__name__"):
        if hasattr(activation, attribute):
            return getattr(activation, attribute)
    return str(activation)


def _of(operation: Any, side: str, attribute: str) -> Any:
    """Shapes (as tuples) or dtypes (as text) of an operation's inputs or outputs; None where there are none."""
    nodes = getattr(operation, "_inbound_nodes", None)
    if not nodes:
        return None
    tensors = nodes[0].input_tensors if side == "input" else nodes[0].structure
    if side == "input" and isinstance(tensors, (list, tuple)):
        tensors = tensors[0] if len(tensors) == 1 else list(tensors)
    if attribute == "shape":
        return tree.map_structure(lambda x: _Leaf(tuple(x.shape)), tensors)
    return tree.map_structure(lambda x: x.dtype.name, tensors)


class _Leaf:
    """A value that structures are not taken apart at."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return str(self.value)


def _shapes(operation: Any, side: str) -> str:
    shapes = _of(operation, side, "shape")
    if shapes is None:
        return "?"
    if isinstance(shapes, dict):
        return ", ".join(f"{key}: {shape}" for key, shape in shapes.items())
    return str(shapes).replace("{", "").replace("}", "")
