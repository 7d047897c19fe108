"""Layers and ragged or sparse tensors: which they take, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor, not_dense
from kerasish.layers.calling import cast_float


class TakesComposites:
    """The part of a layer that is called with ragged and sparse tensors.

    Attributes:
        _takes_sparse: sparse tensors may be among the inputs; ``_sparse_call`` is then called in place of ``call``.
        _k_densifies: the outputs for such are dense.
        _by_value: each value is treated by itself, so that ragged tensors are taken.
    """

    name: str
    autocast: bool
    _dtype_policy: Any
    _user_call: bool
    _raw_call: Callable
    _k_compute: Callable
    _note_access: Callable
    _takes_sparse = False
    _k_densifies = False
    _by_value = False

    def _sparse_input(self, x: SparseTensor, dtype: Any) -> SparseTensor:
        """A sparse input in the compute dtype.

        Raises:
            ValueError: the layer takes dense tensors only.
        """
        if not self._takes_sparse and not self._user_call:
            raise not_dense(x, type(self).__name__)
        if dtype is None or not x.dtype.is_floating or x.dtype == dtype:
            return x
        return x.with_raw(x.raw_values.to(to_torch(dtype)))

    def _sparse_call(self, *args: Any, **kwargs: Any) -> Any:
        """``call`` for inputs of which some are sparse, the others raw tensors."""
        return self._raw_call(*args, **kwargs)

    def _call_on_composite(self, inputs: RaggedTensor, *args: Any, **kwargs: Any) -> Any:
        """The outputs for a ragged or sparse tensor.

        Raises:
            ValueError: the layer takes dense tensors only.
        """
        if not (self._by_value and isinstance(inputs, RaggedTensor)):
            raise fail(
                ValueError,
                f"Layer '{self.name}' ({type(self).__name__}) takes no {type(inputs).__name__}",
                hint="Make it dense first (`to_tensor()` of a ragged one, `tf.sparse.to_dense`).",
            )
        if local.tapes:
            self._note_access()
        flat = cast_float(dispatch.raw(inputs.flat_values), self._dtype_policy.compute_dtype if self.autocast else None)
        with dispatch.recorded_only():
            return inputs._around(dispatch.wrap(self._k_compute(self._raw_call, (flat, *args), kwargs)))


def run_padded(layer: Any, inputs: RaggedTensor, *args: Any, **kwargs: Any) -> Any:
    """A recurrent layer on sequences of different lengths: filled up, masked, and its outputs for each step cut again.

    Raises:
        ValueError: more than the time is ragged.
    """
    if inputs.ragged_rank != 1:
        raise fail(
            ValueError, f"Layer '{layer.name}' takes sequences that are ragged in time only", received=inputs.shape
        )
    lengths = inputs.row_lengths()
    dense = inputs.to_tensor()
    steps = torch.arange(dense.shape[1], device=dispatch.raw(dense).device)
    kwargs["mask"] = dispatch.wrap(steps < dispatch.raw(lengths).to(steps.device)[:, None])
    outputs = layer(dense, *args, **kwargs)
    if not layer.return_sequences:
        return outputs
    several = isinstance(outputs, (list, tuple))
    first, *states = outputs if several else (outputs,)
    backwards = getattr(layer, "go_backwards", False)
    cut = RaggedTensor.from_tensor(first[:, ::-1] if backwards else first, lengths)
    cut = cut[:, ::-1] if backwards else cut
    return type(outputs)((cut, *states)) if several else cut
