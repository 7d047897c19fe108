"""Discretization: numbers as the number of the interval that they lie in."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.context import local
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.sparse import SparseTensor
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.data_layer import DataLayer
from kerasish.layers.features.batches import is_array, is_dataset
from kerasish.layers.features.encoding import check_mode, encode, encode_sparse, in_form, numbers


class Discretization(DataLayer):
    """The interval between ``bin_boundaries`` that each number lies in, counted from 0: ``b[i - 1] <= x < b[i]``.

    Args:
        bin_boundaries: the boundaries, ascending; n of them make n + 1 intervals.
        num_bins: instead of boundaries, how many intervals ``adapt`` is to find, about equally filled.
        epsilon: how exact ``adapt`` is: it keeps about 1 / epsilon values of what it has seen.
        output_mode: "int"; "one_hot" gives each number a vector, "multi_hot" and "count" each sample.
        sparse: whether codes (not integers) are given as sparse tensors.

    Input shape: any. Output shape: the same for "int", else see ``CategoryEncoding``.

    Raises:
        ValueError: both or neither of ``bin_boundaries`` and ``num_bins``, or a bad value.

    >>> Discretization(bin_boundaries=[0.0, 1.0, 2.0])(np.array([-1.5, 1.0, 3.4])).numpy()
    array([0, 2, 3], dtype=int32)
    """

    _stacks_lists = True

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, autocast=False, **kwargs)
        if sparse and output_mode == "int":
            raise fail(ValueError, "`sparse=True` needs another `output_mode` than 'int'")
        check_mode("Discretization", output_mode)
        if num_bins is not None and num_bins < 0:
            raise fail(ValueError, "`num_bins` must be greater than or equal to 0", received=num_bins)
        if num_bins is not None and bin_boundaries is not None:
            raise fail(
                ValueError,
                "Both `num_bins` and `bin_boundaries` should not be set",
                received=f"num_bins={num_bins} and bin_boundaries={bin_boundaries}",
            )
        if num_bins is None and bin_boundaries is None:
            raise ValueError("You need to set either `num_bins` or `bin_boundaries`.")
        self.bin_boundaries = bin_boundaries
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = sparse
        self.summary = None if bin_boundaries else _nothing()

    @property
    def input_dtype(self) -> str:
        return dtypes.as_dtype(dtypes.floatx()).name

    @property
    def output_dtype(self) -> str:
        return self.compute_dtype if self.output_mode != "int" else "int32"

    # learning

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries of ``num_bins`` intervals that hold about as many values of ``data`` each.

        Args:
            data: an array, a ``tf.data.Dataset`` or an iterable of batches.
            steps: how many batches to read; default: all.

        Raises:
            ValueError: the layer was given its boundaries.
        """
        if self.num_bins is None:
            raise ValueError(
                "Cannot adapt a Discretization layer that has been initialized with `bin_boundaries`, use `num_bins` "
                "instead."
            )
        self.reset_state()
        if is_array(data):
            self.update_state(data)
        elif is_dataset(data) or hasattr(data, "__iter__"):
            for i, batch in enumerate(data):
                if steps is not None and i >= steps:
                    break
                self.update_state(batch)
        else:
            self.update_state(data)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take one more batch into account."""
        values = np.array(data).astype(np.float32)
        self.summary = _merged(_summary(values, self.epsilon), self.summary, self.epsilon)

    def finalize_state(self) -> None:
        """Settle the boundaries, from what was seen."""
        if self.num_bins is not None:
            self.bin_boundaries = _compressed(self.summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def reset_state(self) -> None:
        """Forget what was seen."""
        if self.num_bins is not None:
            self.summary = _nothing()

    # computing

    @property
    def _by_value(self) -> bool:  # type: ignore[override]
        return self.output_mode == "int"

    _takes_sparse = True

    def call(self, inputs: torch.Tensor) -> Any:
        codes = encode(self._bins(inputs), self.output_mode, len(self.bin_boundaries) + 1, to_torch(self.output_dtype))
        return in_form(codes, self.sparse)

    def _sparse_call(self, inputs: SparseTensor) -> Any:
        bins = inputs.with_raw(self._bins(inputs.raw_values))
        codes = encode_sparse(bins, self.output_mode, len(self.bin_boundaries) + 1, to_torch(self.output_dtype))
        return codes if self.output_mode == "int" else in_form(codes, self.sparse)

    def _bins(self, inputs: Any) -> torch.Tensor:
        if self.bin_boundaries is None:
            raise ValueError(
                "You need to either pass the `bin_boundaries` argument at construction time or call `adapt(dataset)` "
                "before you can start using the `Discretization` layer."
            )
        inputs = numbers(inputs, "Discretization")
        if local.in_dataset:  # there Keras casts what comes in
            inputs = inputs.to(to_torch(self.compute_dtype))
        values = inputs.to(dtypes.floatx()) if inputs.is_floating_point() else inputs
        wide = values.to(torch.promote_types(values.dtype, torch.float32))
        return torch.bucketize(wide, self._edges(inputs), right=True).int()

    def _edges(self, like: torch.Tensor) -> torch.Tensor:
        edges = [float(edge) for edge in self.bin_boundaries]
        if any(a > b for a, b in zip(edges, edges[1:], strict=False)):
            raise fail(InvalidArgumentError, "Expected sorted boundaries", received=edges)
        kind = torch.float64 if like.dtype is torch.float64 and dtypes.floatx() is torch.float64 else torch.float32
        return torch.tensor(edges, dtype=torch.float32, device=like.device).to(kind)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return shape
        depth = len(self.bin_boundaries) + 1 if self.bin_boundaries is not None else self.num_bins
        if self.output_mode == "one_hot":
            return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
        return (shape[0], *shape[2:], depth) if len(shape) >= 2 else (depth,)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        return KerasTensor(self.compute_output_shape(inputs.shape), self.output_dtype)

    # files

    def save_own_variables(self, store: Any) -> None:
        """Nothing: the boundaries are in the configuration."""

    def load_own_variables(self, store: Any) -> None:
        """Take the summary that older files hold."""
        if len(store) == 1:
            self.summary = np.array(store["0"])

    def get_config(self) -> dict:
        boundaries = self.bin_boundaries
        if boundaries is not None and not isinstance(boundaries, (list, tuple)):
            boundaries = np.asarray(dispatch.wrap(boundaries)).tolist()
        return {
            "bin_boundaries": None if boundaries is None else list(boundaries),
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict) -> Any:
        if config.get("bin_boundaries") is None or config.get("num_bins") is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = config["bin_boundaries"]
        return layer


# a summary of values: (2, n), each of n values and how many it stands for ---------------------------------------------


def _nothing() -> np.ndarray:
    return np.zeros((2, 0), dtype=np.float32)


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """Every k-th value in order, for as many as ``epsilon`` asks for."""
    values = np.sort(values.reshape(-1))
    step = max(values.size * epsilon if not epsilon else values.size / (1.0 / epsilon), 1)
    kept = values[int(step - 1) :: int(step)]
    return np.stack([kept, np.ones_like(kept) * step])


def _merged(first: np.ndarray, second: np.ndarray, epsilon: float) -> np.ndarray:
    both = np.concatenate([first, second], axis=1)
    return _compressed(both[:, np.argsort(both[0])], epsilon)


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """The values at the multiples of ``epsilon`` of the whole weight, if there are more values than that."""
    if summary.shape[1] * epsilon < 1:
        return summary
    wanted = epsilon + np.arange(0.0, 1.0, epsilon)
    weight = summary[1].cumsum()
    share = weight / weight[-1]
    values, reached = np.interp(wanted, share, summary[0]), np.interp(wanted, share, weight)
    return np.stack([values, np.diff(reached, prepend=0)]).astype(np.float32)
