"""``tf.autodiff``: automatic differentiation."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch, tree
from kerasish.core.autodiff import GradientTape as GradientTape
from kerasish.core.autodiff import UnconnectedGradients
from kerasish.core.errors import missing_name


class ForwardAccumulator:
    """Jacobian-vector products: how what is computed in its block changes when ``primals`` move along ``tangents``.

    Torch's autograd goes backwards only. A product of the transposed Jacobian with a vector u is linear in u, so its own
    derivative with respect to u, along the tangents, is the product that is wanted.

    Args:
        primals: a tensor or variable, or a structure of them.
        tangents: a tensor for each, of its shape.

    Raises:
        ValueError: the structures differ.
    """

    def __init__(self, primals: Any, tangents: Any) -> None:
        try:
            tree.assert_same_structure(primals, tangents)
        except TypeError as error:
            raise ValueError(str(error)) from None
        self._tape = GradientTape(persistent=True, watch_accessed_variables=False)
        self._primals, self._tangents = tree.flatten(primals), tree.flatten(tangents)
        self._recording = False

    def __enter__(self) -> ForwardAccumulator:
        if self._recording:
            raise ValueError("Accumulator is already recording.")
        self._recording = True
        self._tape.__enter__()
        self._tape.watch(self._primals)
        return self

    def __exit__(self, *exception: Any) -> None:
        self._recording = False
        self._tape.__exit__(*exception)

    def jvp(self, primals: Any, unconnected_gradients: Any = UnconnectedGradients.NONE) -> Any:
        """The products for results computed in the block, in their structure.

        Args:
            unconnected_gradients: "none" or "zero" for results that do not depend on the primals.

        Raises:
            ValueError: the block was not entered yet.
        """
        unconnected = UnconnectedGradients(unconnected_gradients)
        if not self._tape._recording:
            raise ValueError("Called jvp() without first tracing anything.")
        return tree.map_structure(lambda y: self._product(y, unconnected), primals)

    def _product(self, y: Any, unconnected: UnconnectedGradients) -> Any:
        product = self._found(y)
        if product is None and unconnected is UnconnectedGradients.ZERO:
            product = torch.zeros_like(dispatch.raw(y))
        return None if product is None else dispatch.wrap(product)

    def _found(self, y: Any) -> torch.Tensor | None:
        groups = [self._tape._inputs(x) for x in self._primals]
        inputs = [t for group in groups for t in group]
        along = [dispatch.raw(v) for group, v in zip(groups, self._tangents) for _ in group]
        (output,), _ = self._tape._outputs(y, None)
        with torch.enable_grad(), self._tape._differentiating() as (create_graph, _):
            vector = torch.ones_like(output, requires_grad=True)  # not zeros: rules may take its logarithm
            grads = self._tape._run([output], [vector], inputs, True, True)
            found = [(g, v) for g, v in zip(grads, along) if g is not None]
            parts = [(g * v.to(g.dtype).conj()).sum() for g, v in found if g.requires_grad]
            if not parts:
                return torch.zeros_like(output) if found else None
            total = torch.stack(parts).sum()
            weight = torch.ones_like(total)
            (product,) = torch.autograd.grad(
                total, vector, weight, create_graph=create_graph, retain_graph=True, allow_unused=True
            )
        return product


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
