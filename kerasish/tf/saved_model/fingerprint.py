"""Fingerprints of SavedModels: numbers that differ where the saved files do (``fingerprint.pb``)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import Any

from kerasish.core import wire
from kerasish.layers.exported import INDEX

FILE = "fingerprint.pb"
_NAMES = (  # by the numbers of the message's fields
    "saved_model_checksum",
    "graph_def_program_hash",
    "signature_def_hash",
    "saved_object_graph_hash",
    "checkpoint_hash",
)


class Fingerprint:
    """The fingerprint of a SavedModel. Two are equal if all but the version is.

    Args:
        saved_model_checksum: of ``saved_model.pb``.
        graph_def_program_hash: of what computes.
        signature_def_hash: of the signatures.
        saved_object_graph_hash: of the objects.
        checkpoint_hash: of the variables' index.
        version: of this message.
    """

    def __init__(
        self,
        saved_model_checksum: int | None = None,
        graph_def_program_hash: int | None = None,
        signature_def_hash: int | None = None,
        saved_object_graph_hash: int | None = None,
        checkpoint_hash: int | None = None,
        version: int | None = None,
    ) -> None:
        self.saved_model_checksum = saved_model_checksum
        self.graph_def_program_hash = graph_def_program_hash
        self.signature_def_hash = signature_def_hash
        self.saved_object_graph_hash = saved_object_graph_hash
        self.checkpoint_hash = checkpoint_hash
        self.version = version

    def _numbers(self) -> list[int | None]:
        return [getattr(self, name) for name in _NAMES]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self._numbers() == other._numbers()

    def __hash__(self) -> int:
        return hash(tuple(self._numbers()))

    def __str__(self) -> str:
        lines = [f"  {name}: {number}" for name, number in zip(_NAMES, self._numbers())]
        return "\n".join(["SavedModel Fingerprint", *lines])

    def __repr__(self) -> str:
        return f"Fingerprint({', '.join(map(str, self._numbers()))})"

    def singleprint(self) -> str:
        """The numbers but the first as one text.

        Raises:
            ValueError: one is not known.
        """
        numbers = self._numbers()[1:]
        if None in numbers:
            known = ", ".join(f"{name}: {number}" for name, number in zip(_NAMES[1:], numbers))
            raise ValueError(f"A singleprint needs all of the fingerprint's values. Received: {known}")
        return "/".join(map(str, numbers))


def read_fingerprint(export_dir: Any) -> Fingerprint:
    """The fingerprint of a SavedModel, of ours or TensorFlow's.

    Raises:
        FileNotFoundError: there is none.
        RuntimeError: the file is damaged.
    """
    path = os.path.join(os.fspath(export_dir), FILE)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"SavedModel Fingerprint Error: Could not find fingerprint in directory: {export_dir}")
    with open(path, "rb") as file:
        data = file.read()
    try:
        found = {number: value for number, _, value, _ in wire.fields(data, 0, len(data))}
        version = found.get(6)
        producers = {} if version is None else {n: value for n, _, value, _ in wire.fields(data, *version)}
    except (wire.DecodeError, TypeError) as error:
        raise RuntimeError(f"SavedModel Fingerprint Error: '{path}' cannot be read: {error}") from error
    return Fingerprint(*[found.get(i, 0) for i in range(1, len(_NAMES) + 1)], producers.get(1, 0))


def write_fingerprint(export_dir: Any) -> None:
    """Write the fingerprint of a folder's files, each of whose numbers stands for some of them."""
    folder = os.fspath(export_dir)
    programs = sorted(name for name in os.listdir(folder) if name.endswith((".pt2", ".pickle")))
    parts = [["saved_model.pb"], programs, ["saved_model.pb"], [INDEX], [os.path.join("variables", "variables.index")]]
    fields = [wire.write_number(i, _hash(folder, names)) for i, names in enumerate(parts, start=1)]
    with open(os.path.join(folder, FILE), "wb") as out:
        out.write(b"".join(fields) + wire.write_bytes(6, wire.write_number(1, 1)))


def _hash(folder: str, names: Iterable[str]) -> int:
    digest = hashlib.sha256()
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                digest.update(file.read())
    return int.from_bytes(digest.digest()[:8], "little")
