"""Datasets of files' contents: a step that reads what its input names, with a specification known beforehand."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from kerasish.tf.data.dataset import Dataset
from kerasish.tf.data.node import Node
from kerasish.tf.data.transforms import Map

_WORKERS = min(8, os.cpu_count() or 1)  # reading and decoding let other threads run


class Read(Map):
    """Elements whose first part is a file's name, with the file's content in its place.

    Args:
        function: from a path to a tensor.
        spec: of these tensors.
    """

    def __init__(self, node: Node, function: Callable[[str], Any], spec: Any) -> None:
        paired = isinstance(node.spec, tuple)

        def read(path: Any, *rest: Any) -> Any:
            content = function(path.numpy().decode())
            return (content, *rest) if paired else content

        super().__init__(node, read, _WORKERS, parallel=True)
        self._content_spec = (spec, *node.spec[1:]) if paired else spec
        self.static = True

    def infer_spec(self) -> Any:
        return self._content_spec


def contents(
    paths: list[str],
    targets: Any,
    function: Callable[[str], Any],
    spec: Any,
    shuffle_buffer: int | None,
    seed: int | None,
) -> Dataset:
    """What ``function`` gives for the files, with their targets if there are any; shuffled anew in each pass.

    Args:
        shuffle_buffer: files to choose the next one from; None leaves the order.
    """
    dataset = Dataset.from_tensor_slices(paths if targets is None else (paths, targets))
    if shuffle_buffer is not None:
        dataset = dataset.shuffle(shuffle_buffer, seed=seed)
    return Dataset(Read(dataset._node, function, spec))
