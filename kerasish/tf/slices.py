"""``tf.IndexedSlices``: some slices of a larger tensor, for the ``scatter_*`` methods of variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core.dtypes import DType
from kerasish.core.tensor import Tensor, convert


class IndexedSlices:
    """Slices ``values[i]`` of a larger tensor, at ``indices[i]`` along its first axis.

    Gradients are never of this class here: they are dense.

    Args:
        dense_shape: the larger tensor's; needed to convert to a tensor.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self.values: Tensor = convert(values)
        self.indices: Tensor = convert(indices)
        self.dense_shape: Tensor | None = None if dense_shape is None else convert(dense_shape)

    @property
    def dtype(self) -> DType:
        return self.values.dtype

    @property
    def device(self) -> str:
        return self.values.device

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The larger tensor: slices with the same index are added, the others are zeros.

        Raises:
            ValueError: ``dense_shape`` is unknown.
        """
        if self.dense_shape is None:
            raise ValueError("Tensor conversion requested for IndexedSlices without dense_shape")
        dense = np.zeros(tuple(self.dense_shape.numpy()), dtype or self.values.numpy().dtype)
        np.add.at(dense, self.indices.numpy(), self.values.numpy())
        return dense
