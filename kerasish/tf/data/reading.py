"""Datasets of files' contents, whose specification is known before any of them is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from kerasish.tf.data.dataset import Dataset
from kerasish.tf.data.node import Node
from kerasish.tf.data.transforms import Map

_WORKERS = min(8, os.cpu_count() or 1)  # reading and decoding let other threads run


class KnownMap(Map):
    """A function's results on the elements, where their specification is known without running it.

    Args:
        spec: structure of the results' specifications.
        workers: threads that run the function.
    """

    def __init__(self, node: Node, function: Callable, spec: Any, workers: int = 1) -> None:
        super().__init__(node, function, workers, parallel=True)
        self._known_spec = spec
        self.static = True

    def infer_spec(self) -> Any:
        return self._known_spec


def contents(
    paths: list[str],
    targets: Any,
    function: Callable[[str], Any],
    spec: Any,
    shuffle_buffer: int | None,
    seed: int | None,
) -> Dataset:
    """What ``function`` (from a path to a tensor) gives for the files, with their targets if there are any.

    Args:
        spec: of these tensors.
        shuffle_buffer: files to choose the next one from, anew in each pass; None leaves the order.
    """
    dataset = Dataset.from_tensor_slices(paths if targets is None else (paths, targets))
    if shuffle_buffer is not None:
        dataset = dataset.shuffle(shuffle_buffer, seed=seed)

    def read(path: Any, *target: Any) -> Any:
        content = function(path.numpy().decode())
        return (content, *target) if target else content

    whole = spec if targets is None else (spec, dataset.element_spec[1])
    return Dataset(KnownMap(dataset._node, read, whole, _WORKERS))
