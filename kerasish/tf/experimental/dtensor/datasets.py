"""Datasets and checkpoints of DTensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerasish.core import tree
from kerasish.core.errors import fail
from kerasish.tf.data.dataset import Dataset
from kerasish.tf.experimental.dtensor.layouts import Layout, Mesh
from kerasish.tf.experimental.dtensor.tensors import with_layout
from kerasish.tf.train.checkpoint import Checkpoint


class DTensorDataset(Dataset):
    """A dataset whose batches carry layouts.

    Args:
        dataset: of single elements, or of batches where ``dataset_already_batched``.
        mesh: the devices.
        layouts: a structure of layouts, as the elements' is, for batches.
        global_batch_size: of a batch.
        dataset_already_batched: whether the elements are batches.
        batch_dim: the mesh's axis along which batches are cut.
        prefetch: batches to have ready.
        tf_data_service_config: services are not served.

    Raises:
        ValueError: the batch cannot be cut evenly.
        NotImplementedError: a service is asked for.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        mesh: Mesh,
        layouts: Any,
        global_batch_size: int,
        dataset_already_batched: bool = False,
        batch_dim: str | None = None,
        prefetch: int | None = None,
        tf_data_service_config: Any = None,
    ) -> None:
        if tf_data_service_config is not None:
            raise fail(NotImplementedError, "kerasish has no tf.data services", "tf_data_service_config=None")
        shards = mesh.dim_size(batch_dim) if batch_dim else 1
        if global_batch_size % shards:
            raise ValueError(f"global_batch_size ({global_batch_size}) must be divisible by {shards} shards.")
        if dataset_already_batched:
            dataset = dataset.unbatch()
        batches = dataset.batch(global_batch_size, drop_remainder=True)
        super().__init__((batches.prefetch(prefetch) if prefetch is not None else batches)._node)
        self._layouts, self._mesh = layouts, mesh

    def __iter__(self) -> Iterator:
        for batch in super().__iter__():
            flat = tree.flatten(self._layouts) if not isinstance(self._layouts, Layout) else [self._layouts]
            parts = [with_layout(x, layout) for x, layout in zip(tree.flatten(batch), flat, strict=True)]
            yield tree.pack_as(batch, parts)


class DTensorCheckpoint(Checkpoint):
    """``tf.train.Checkpoint`` of variables with layouts.

    Args:
        mesh: the devices.
        root: an object to save.
    """

    def __init__(self, mesh: Mesh, root: Any = None, **kwargs: Any) -> None:
        super().__init__(root, **kwargs)
