"""A function of JAX's inside torch: values cross by DLPack, gradients by ``jax.vjp``; jax is imported when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from kerasish.core import dtypes
from kerasish.core.errors import fail


def jax_module(user: str) -> Any:
    """The package jax.

    Raises:
        ImportError: it is not installed.
    """
    try:
        import jax
    except ImportError as error:
        raise fail(
            ImportError, f"{user} runs code of JAX's, which is not installed", hint='Run: pip install "jax[cpu]"'
        ) from error
    return jax


def to_jax(value: torch.Tensor) -> Any:
    """A copy of a raw tensor as an array of JAX's, on the same device where JAX has it."""
    import jax

    value = value.detach().contiguous()
    if value.dtype is torch.bool:
        return jax.numpy.array(value.cpu().numpy())
    try:
        array = jax.dlpack.from_dlpack(value)
    except Exception:  # a device or layout that this build of JAX knows nothing of
        array = value.cpu().numpy()
    # a copy: torch's tensors change in place, while JAX may still be at work
    return jax.numpy.array(array, copy=True)


def to_torch(array: Any, device: torch.device) -> torch.Tensor:
    """A copy of an array of JAX's as a raw tensor."""
    if not hasattr(array, "__dlpack__") or array.dtype == bool:
        return torch.from_numpy(np.array(array)).to(device)
    return torch.from_dlpack(array).clone().to(device)


def _is_inexact(array: Any) -> bool:
    import jax

    return jax.numpy.issubdtype(array.dtype, jax.numpy.inexact)


class Program:
    """A function of JAX arrays, compiled where it can be, with its gradients.

    Args:
        function: from arrays by number to a structure of arrays. It must not depend on anything that changes.
    """

    def __init__(self, function: Callable[[dict], Any]) -> None:
        self.function = function
        self._derivatives: dict[tuple, Program] = {}
        self._compiled: dict[str, Callable] | None = None

    def apply(self, tensors: list[torch.Tensor], device: torch.device) -> Any:
        """Run on raw tensors; a structure of raw tensors, through which torch's gradients flow."""
        import jax

        places: list[Any] = []  # the structure of the outputs, told by the forward run
        flat = _Bridge.apply(self, device, places, *tensors)
        return jax.tree_util.tree_unflatten(places[0], list(flat))

    def run(self, arrays: dict) -> Any:
        return self._call("run", arrays)

    def run_for_gradient(self, wanted: dict, others: dict) -> tuple[Any, Any]:
        """The outputs, and what ``pull`` takes; ``wanted``: the arrays to which gradients are asked."""
        return self._call("run_for_gradient", wanted, others)

    def pull(self, pullback: Any, gradients: dict) -> dict:
        """The gradients of ``wanted`` for those of the outputs by their numbers."""
        return self._call("pull", pullback, gradients)

    def derivative(self, wanted: tuple[int, ...], outputs: tuple[int, ...], inputs: int) -> Program:
        """The gradients as a program of the inputs and the outputs' gradients, for gradients of gradients."""
        key = (wanted, outputs, inputs)
        if key not in self._derivatives:

            def gradients(arrays: dict) -> dict:
                given = {i: arrays[i] for i in range(inputs) if i not in wanted}
                _, pullback = self._for_gradient({i: arrays[i] for i in wanted}, given)
                return _pull(pullback, {out: arrays[inputs + n] for n, out in enumerate(outputs)})

            self._derivatives[key] = Program(gradients)
        return self._derivatives[key]

    def _for_gradient(self, wanted: dict, others: dict) -> tuple[Any, Any]:
        import jax

        def split(wanted: dict) -> tuple[dict, Any]:
            outputs = jax.tree_util.tree_map(jax.numpy.asarray, self.function({**wanted, **others}))
            leaves = jax.tree_util.tree_leaves(outputs)
            return {i: leaf for i, leaf in enumerate(leaves) if _is_inexact(leaf)}, outputs

        _, pullback, outputs = jax.vjp(split, wanted, has_aux=True)
        return outputs, pullback

    def _call(self, what: str, *args: Any) -> Any:
        """Compiled; or step by step, if the function looks at values."""
        import jax

        plain = {"run": self.function, "run_for_gradient": self._for_gradient, "pull": _pull}
        if self._compiled is None:
            self._compiled = {name: jax.jit(function) for name, function in plain.items()}
        if self._compiled:
            try:
                return self._compiled[what](*args)
            except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError):
                self._compiled = {}
        return plain[what](*args)


class Programs(dict):
    """The programs of a layer by what they depend on; a copy of the layer makes its own."""

    def __reduce__(self) -> tuple:
        return Programs, ()


def _pull(pullback: Any, gradients: dict) -> dict:
    return pullback(gradients)[0]


class _Bridge(torch.autograd.Function):
    """``Program.apply`` to torch's autograd. Outputs are flat: autograd knows no structures."""

    @staticmethod
    def forward(ctx: Any, program: Program, device: torch.device, places: list, *tensors: torch.Tensor) -> Any:
        import jax

        ctx.wanted = tuple(i for i, needed in enumerate(ctx.needs_input_grad[3:]) if needed)
        ctx.program = program
        ctx.wide = has_wide(tensors)
        with wide_numbers(ctx.wide):
            arrays = {i: to_jax(t) for i, t in enumerate(tensors)}
            if ctx.wanted:
                wanted = {i: arrays.pop(i) for i in ctx.wanted}
                outputs, ctx.pullback = program.run_for_gradient(wanted, arrays)
            else:
                outputs = program.run(arrays)
            leaves, structure = jax.tree_util.tree_flatten(outputs)
            places.append(structure)
            found = tuple(to_torch(leaf, device) for leaf in leaves)
        ctx.save_for_backward(*tensors)
        ctx.outputs = tuple(i for i, out in enumerate(found) if out.is_floating_point() or out.is_complex())
        ctx.mark_non_differentiable(*(out for i, out in enumerate(found) if i not in ctx.outputs))
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple:
        tensors = ctx.saved_tensors
        given = [gradients[i] for i in ctx.outputs]
        if torch.is_grad_enabled():  # they are to be differentiated again
            program = ctx.program.derivative(ctx.wanted, ctx.outputs, len(tensors))
            found = program.apply([*tensors, *given], tensors[ctx.wanted[0]].device)
        else:
            with wide_numbers(ctx.wide):
                arrays = ctx.program.pull(ctx.pullback, {i: to_jax(g) for i, g in zip(ctx.outputs, given, strict=True)})
                found = {i: to_torch(arrays[i], tensors[i].device) for i in ctx.wanted}
        results = [found[i].to(tensors[i].dtype) if i in found else None for i in range(len(tensors))]
        return None, None, None, *results


def shapes_of(function: Callable[[dict], Any], tensors: list[torch.Tensor]) -> Any:
    """Empty tensors like the outputs of a program of that function; nothing is computed."""
    import jax

    def like(t: torch.Tensor) -> Any:
        return jax.ShapeDtypeStruct(tuple(t.shape), np.dtype(dtypes.as_dtype(t.dtype).as_numpy_dtype))

    with wide_numbers(has_wide(tensors)):
        outputs = jax.eval_shape(function, {i: like(t) for i, t in enumerate(tensors)})
    return jax.tree_util.tree_map(
        lambda x: torch.empty(x.shape, dtype=dtypes.to_torch(dtypes.as_dtype(x.dtype.name))), outputs
    )


def has_wide(tensors: Iterable[torch.Tensor]) -> bool:
    return any(t.dtype in (torch.float64, torch.complex128) for t in tensors)


def wide_numbers(wanted: bool) -> Any:
    """A scope in which JAX computes with 64 bits; as it is set to, where that is not wanted."""
    import jax

    return jax.enable_x64(True) if wanted else nullcontext()
