"""The file by which programs tell that a folder is an exported model: ``saved_model.pb``, of TensorFlow's format.

Ours says the tag and the signatures, and holds no graph: the functions are the folder's programs of torch's. The fields'
numbers are those of TensorFlow's messages SavedModel, MetaGraphDef, SignatureDef, TensorInfo and TensorShapeProto.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerasish.core.dtypes import as_dtype
from kerasish.core.wire import write_bytes, write_number

FILE = "saved_model.pb"
_SCHEMA_VERSION = 1


def description(index: dict) -> bytes:
    """A SavedModel with the signatures that an index (see ``kerasish/layers/exported.py``) names, else with all endpoints."""
    endpoints = {entry["name"]: entry for entry in index["endpoints"]}
    named = index.get("signatures", {name: name for name in endpoints})
    about = write_bytes(4, b"serve")
    signatures = [_pair(5, name, _signature(name, endpoints[endpoint])) for name, endpoint in named.items()]
    return write_number(1, _SCHEMA_VERSION) + write_bytes(2, write_bytes(1, about) + b"".join(signatures))


def _signature(name: str, entry: dict) -> bytes:
    given, results = _tensors(entry["inputs"], "args"), _tensors(entry.get("outputs"), "output")
    inputs = [_pair(1, key, _tensor(f"{name}_{key}:0", spec)) for key, spec in given.items()]
    outputs = [_pair(2, key, _tensor(f"{name}_{key}:0", spec)) for key, spec in results.items()]
    return b"".join([*inputs, *outputs]) + write_bytes(3, b"tensorflow/serving/predict")


def _tensors(structure: Any, word: str) -> dict[str, dict]:
    """The specifications in a structure by name: a key of its dictionary, their own, or one by number."""
    found = list(_specs(structure, None))
    return {key or spec["name"] or f"{word}_{place}": spec for place, (key, spec) in enumerate(found)}


def _specs(structure: Any, key: str | None) -> Iterator[tuple[str | None, dict]]:
    if isinstance(structure, dict) and isinstance(structure.get("dtype"), str):
        yield key, structure
    elif isinstance(structure, (dict, list)):
        for name, part in structure.items() if isinstance(structure, dict) else ((None, part) for part in structure):
            yield from _specs(part, name)


def _tensor(name: str, spec: dict) -> bytes:
    sizes = [write_bytes(2, write_number(1, -1 if size is None else size)) for size in spec["shape"]]
    dtype = write_number(2, as_dtype(spec["dtype"]).as_datatype_enum)
    return write_bytes(1, name.encode()) + dtype + write_bytes(3, b"".join(sizes))


def _pair(number: int, key: str, value: bytes) -> bytes:
    """An entry of a map."""
    return write_bytes(number, write_bytes(1, key.encode()) + write_bytes(2, value))
