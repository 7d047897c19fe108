"""Weights as a checkpoint of TensorFlow's: ``save_weights`` and ``load_weights`` with a prefix, as Keras 2 has them."""

from __future__ import annotations

import os
from typing import Any

from kerasish.core.context import asks_for_keras_2
from kerasish.core.errors import fail
from kerasish.saving import bundle, checkpoint_state, object_graph, restoring
from kerasish.saving.checkpoint_status import CheckpointLoadStatus
from kerasish.saving.trackables import KERAS_2

_WORDS = ("ckpt", "checkpoint")
_SUFFIXES = (".keras", ".h5", ".hdf5", ".txt", ".json", ".weights")


def is_prefix(path: Any) -> bool:
    """Whether a path is meant as the prefix of a checkpoint: it, or its folder, says so, and no extension says otherwise.

    ``model.tf`` says so too: in Keras 2's time that was TensorFlow's format. In programs for Keras 2 any name does that has
    no other format's extension.
    """
    path = os.fspath(path)
    if path.endswith(".tf") or (asks_for_keras_2() and not path.endswith((".keras", ".h5", ".hdf5"))):
        return True
    parts = os.path.normpath(path).split(os.sep)[-2:]
    return not path.endswith(_SUFFIXES) and any(word in part.lower() for part in parts for word in _WORDS)


def write_objects(path: str, graph: object_graph.ObjectGraph) -> None:
    """Write the values of a graph's objects, and the graph."""
    bundle.write(path, {**graph.tensors, object_graph.KEY: lambda: object_graph.to_bytes(graph.nodes)})


def save_weights(model: Any, path: str) -> None:
    """Write a model's weights and its optimizer's state, and note in the folder that these are the latest."""
    write_objects(path, object_graph.ObjectGraph(model, KERAS_2))
    checkpoint_state.write(os.path.dirname(path), path)


def load_weights(model: Any, path: str, by_name: bool, skip_mismatch: bool) -> CheckpointLoadStatus:
    """Set a model's weights; those of layers that are not built yet are set when they are.

    Raises:
        DataLossError: the files are damaged.
        ValueError: a value has another shape than its variable, or nothing fits.
        NotImplementedError: ``by_name`` or ``skip_mismatch``.
    """
    if by_name or skip_mismatch:
        raise fail(
            NotImplementedError,
            "Weights of a checkpoint are matched by the model's structure: `by_name` and `skip_mismatch` are not served for "
            "them",
            received=f"filepath={path}",
        )
    status = CheckpointLoadStatus(restoring.read(bundle.Bundle(path), model), model)
    if model.built and model.weights:
        status.assert_nontrivial_match()
    return status
