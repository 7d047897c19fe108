"""What a symbolic tensor comes from."""

from __future__ import annotations

from typing import Any

from kerasish.core import tree


def get_source_inputs(tensor: Any) -> Any:
    """The input tensors that are needed to compute a symbolic tensor, as a list; what is not symbolic itself.

    Args:
        tensor: of a functional model.
    """
    if not hasattr(tensor, "_keras_history"):
        return tensor
    found: dict[int, Any] = {}
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        x = stack.pop()
        operation, index, _ = x._keras_history
        if operation is None or not operation._inbound_nodes:
            found.setdefault(id(x), x)
            continue
        node = operation._inbound_nodes[index]
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.is_input:
            for source in tree.flatten(node.outputs):
                found.setdefault(id(source), source)
        else:
            stack.extend(reversed(node.input_tensors))
    return list(found.values())
