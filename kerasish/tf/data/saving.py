"""Datasets in files: ``save``, ``load``, ``snapshot``. The files are our own: records, and a description of them.

A folder holds ``dataset.json`` and files of records, one message of tensors for each element. It is written beside the place
where it belongs and moved there when it is complete.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import DataLossError, InvalidArgumentError, NotFoundError, fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.tf.data import elements
from kerasish.tf.data.elements import NestedDataset, NestedVariant
from kerasish.tf.data.node import Node, Run
from kerasish.tf.io.records import TFRecordWriter, records
from kerasish.tf.ragged.spec import RaggedTensorSpec
from kerasish.tf.sparse_spec import SparseTensorSpec
from kerasish.tf.spec import NoneTensorSpec, TensorSpec

_DESCRIPTION, _FORMAT = "dataset.json", 1
_COMPRESSIONS = {None: "", "NONE": "", "": "", "GZIP": "GZIP", "AUTO": "", "SNAPPY": ""}


def compression_of(compression: Any) -> str:
    """The name of how files are compressed.

    Raises:
        ValueError: TensorFlow has no such compression.
    """
    if compression not in _COMPRESSIONS:
        raise ValueError(f"Invalid `compression`. Expected None, 'NONE', 'GZIP' or 'AUTO'. Received: {compression}")
    return _COMPRESSIONS[compression]


# specifications as text ----------------------------------------------------------------------------------------------


def _described(spec: Any) -> Any:
    if isinstance(spec, TensorSpec):
        shape = None if spec.shape.rank is None else list(spec.shape)
        return {"dtype": spec.dtype.name, "shape": shape}
    if type(spec) is tuple:
        return {"tuple": [_described(part) for part in spec]}
    if isinstance(spec, dict) and all(isinstance(key, str) for key in spec):
        return {"dict": {key: _described(part) for key, part in spec.items()}}
    if isinstance(spec, RaggedTensorSpec):
        shape = None if spec.shape.rank is None else list(spec.shape)
        return {"ragged": [shape, spec.dtype.name, spec.ragged_rank, spec.row_splits_dtype.name]}
    if isinstance(spec, SparseTensorSpec):
        return {"sparse": [None if spec.shape.rank is None else list(spec.shape), spec.dtype.name]}
    if isinstance(spec, NoneTensorSpec):
        return {"none": True}
    raise InvalidArgumentError(
        f"Elements that are saved are tensors in tuples and in dictionaries of strings. Received: {spec}"
    )


def _specified(text: Any) -> Any:
    if "tuple" in text:
        return tuple(_specified(part) for part in text["tuple"])
    if "dict" in text:
        return {key: _specified(part) for key, part in text["dict"].items()}
    if "ragged" in text:
        return RaggedTensorSpec(*text["ragged"])
    if "sparse" in text:
        return SparseTensorSpec(*text["sparse"])
    if "none" in text:
        return NoneTensorSpec()
    return TensorSpec(text["shape"], as_dtype(text["dtype"]))


# elements as records -------------------------------------------------------------------------------------------------


def _tensors(element: Any) -> Iterator[Tensor | dict]:
    """The tensors of an element; before those of a ragged or sparse one, what they are to become."""
    for leaf in tree.flatten(element):
        if isinstance(leaf, RaggedTensor):
            splits = leaf.nested_row_splits
            yield {"ragged": len(splits)}
            yield from (*splits, leaf.flat_values)
        elif isinstance(leaf, SparseTensor):
            yield {"sparse": True}
            yield from (leaf.indices, leaf.values, leaf.dense_shape)
        elif isinstance(leaf, (NestedDataset, NestedVariant)):
            raise fail(TypeError, "Datasets in elements cannot be written to files", "tensors", leaf)
        else:
            yield {"none": True} if leaf is None else leaf


def _assembled(tensors: Iterator[Tensor | dict]) -> Iterator[Any]:
    """The leaves of an element, from what ``_tensors`` gave."""
    for tensor in tensors:
        if not isinstance(tensor, dict):
            yield tensor
        elif "ragged" in tensor:
            splits = [next(tensors) for _ in range(int(tensor["ragged"]))]
            yield RaggedTensor.from_nested_row_splits(next(tensors), splits)
        elif "sparse" in tensor:
            yield SparseTensor(next(tensors), next(tensors), next(tensors))
        else:
            yield None


def _packed(element: Any) -> bytes:
    """An element's tensors: a line of JSON with shapes and sizes, then their memory."""
    head: list[dict] = []
    parts = []
    for leaf in _tensors(element):
        if isinstance(leaf, dict):
            head.append(leaf)
            continue
        if isinstance(leaf, StringTensor):
            texts = [base64.b64encode(text).decode() for text in leaf._t.reshape(-1).tolist()]
            head.append({"shape": list(leaf._t.shape), "texts": texts})
            continue
        memory = leaf._t.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy().tobytes()
        head.append({"shape": list(leaf._t.shape), "dtype": leaf.dtype.name, "bytes": len(memory)})
        parts.append(memory)
    return b"\n".join([json.dumps(head).encode(), b"".join(parts)])


def _unpacked(record: bytes, spec: Any) -> Any:
    head, _, memory = record.partition(b"\n")
    leaves: list = []
    place = 0
    for part in json.loads(head):
        if "shape" not in part:
            leaves.append(part)
            continue
        if "texts" in part:
            texts = np.empty(len(part["texts"]), dtype=object)
            texts[:] = [base64.b64decode(text) for text in part["texts"]]
            leaves.append(StringTensor(texts.reshape(part["shape"])))
            continue
        size = int(part["bytes"])
        if place + size > len(memory):
            raise DataLossError("A saved element is shorter than it says.")
        raw = torch.frombuffer(bytearray(memory[place : place + size]), dtype=torch.uint8) if size else torch.empty(0)
        dtype = as_dtype(part["dtype"]).torch
        leaves.append(Tensor((raw.view(dtype) if size else raw.to(dtype)).reshape(part["shape"])))
        place += size
    return tree.pack_as(spec, list(_assembled(iter(leaves))))


# folders --------------------------------------------------------------------------------------------------------------


class _Folder:
    """A folder of elements in the making, beside the place where it belongs; it is moved there when it is complete."""

    def __init__(self, path: str, compression: Any) -> None:
        self._target = os.path.abspath(os.fspath(path))
        self._kind = compression_of(compression)
        above = os.path.dirname(self._target)
        os.makedirs(above, exist_ok=True)
        self._made = tempfile.mkdtemp(prefix=os.path.basename(self._target) + ".", dir=above)
        self._writers: dict[int, TFRecordWriter] = {}
        self._count = 0

    def add(self, element: Any, shard: int = 0) -> None:
        """Write one more element to the file of that number."""
        if shard not in self._writers:
            self._writers[shard] = TFRecordWriter(os.path.join(self._made, f"{shard:05d}.records"), self._kind)
        self._writers[shard].write(_packed(element))
        self._count += 1

    def finish(self, spec: Any) -> None:
        """The elements are all there: put the folder at its place."""
        self._close()
        text = {"format": _FORMAT, "compression": self._kind, "count": self._count, "shards": sorted(self._writers)}
        with open(os.path.join(self._made, _DESCRIPTION), "w", encoding="utf-8") as file:
            json.dump({**text, "spec": _described(spec)}, file)
        if os.path.isdir(self._target):
            _remove_own(self._target)
        os.replace(self._made, self._target)

    def discard(self) -> None:
        """Remove what there is of it."""
        self._close()
        shutil.rmtree(self._made, ignore_errors=True)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()


def write(node: Node, path: str, compression: Any, shard_of: Callable[[Any], int] | None) -> None:
    """Write a dataset's elements to a folder, which is there only once it is complete.

    Args:
        shard_of: the number of the file that an element goes to.
    """
    folder = _Folder(path, compression)
    try:
        run = Run()
        with run.scope():
            for element in node.stream(run):
                folder.add(element, shard_of(element) if shard_of is not None else 0)
        folder.finish(node.spec)
    except BaseException:
        folder.discard()
        raise


def _remove_own(folder: str) -> None:
    """Remove an older saved dataset; a folder with anything else in it stays.

    Raises:
        InvalidArgumentError: there is something else.
    """
    names = os.listdir(folder)
    if any(name != _DESCRIPTION and not name.endswith(".records") for name in names):
        raise InvalidArgumentError(f"{folder} holds other files than a saved dataset: nothing was written.")
    shutil.rmtree(folder)


def is_saved(path: str) -> bool:
    """Whether there is a complete saved dataset at a path."""
    return os.path.isfile(os.path.join(path, _DESCRIPTION))


class Saved(Node):
    """The elements of a saved dataset, one of each file in turn.

    Raises:
        NotFoundError: there is none.
        DataLossError: its description is damaged, or of a later version.
    """

    name = "_LoadDataset"

    def __init__(self, path: str, spec: Any = None, only: int | None = None) -> None:
        super().__init__()
        self._path = os.path.abspath(os.fspath(path))
        if not is_saved(self._path):
            raise NotFoundError(f"tf.data snapshot element_spec file not found: {self._path}/{_DESCRIPTION}.")
        try:
            with open(os.path.join(self._path, _DESCRIPTION), encoding="utf-8") as file:
                self._text = json.load(file)
            if self._text["format"] != _FORMAT:
                raise DataLossError(f"{self._path} was saved in format {self._text['format']}; this reads {_FORMAT}.")
            self._spec = _specified(self._text["spec"]) if spec is None else spec
            self.shards = [int(shard) for shard in self._text["shards"]] if only is None else [only]
        except (ValueError, KeyError, TypeError) as error:
            raise DataLossError(f"{self._path}/{_DESCRIPTION} is damaged: {error}") from error
        self._whole = only is None

    def infer_spec(self) -> Any:
        return self._spec

    def cardinality(self) -> int:
        return int(self._text["count"]) if self._whole else -2

    def elements(self, run: Run) -> Iterator:
        waiting = [self._of_file(shard) for shard in self.shards]
        nothing = object()
        while waiting:  # one of each file in turn
            for records_of_file in tuple(waiting):
                element = next(records_of_file, nothing)
                if element is nothing:
                    waiting.remove(records_of_file)
                else:
                    yield element

    def _of_file(self, shard: int) -> Iterator:
        name = os.path.join(self._path, f"{shard:05d}.records")
        with (gzip.open if self._text["compression"] else open)(name, "rb") as file:
            for record in records(file):
                with elements.host_scope():
                    element = _unpacked(record, self._spec)
                yield element


class Snapshot(Node):
    """The elements of a dataset, written at the first pass and read from files at later ones."""

    name = "_MapDataset"

    def __init__(self, node: Node, path: str, compression: Any, shard_of: Any) -> None:
        super().__init__(node)
        compression_of(compression)
        self._path, self._compression, self._shard_of = os.fspath(path), compression, shard_of

    def elements(self, run: Run) -> Iterator:
        if run.probing:
            return self.input.stream(run)
        if not is_saved(self._path):
            write(self.input, self._path, self._compression, self._shard_of)
        return Saved(self._path, self.spec).stream(run)


class FileCache(Node):
    """The elements of the first complete pass, kept in a folder for the later ones, in other programs too."""

    name = "CacheDataset"

    def __init__(self, node: Node, path: Any) -> None:
        super().__init__(node)
        self._path = os.fspath(path)

    def elements(self, run: Run) -> Iterator:
        if run.probing:
            return self.input.stream(run)
        return Saved(self._path, self.spec).stream(run) if is_saved(self._path) else self._keeping(run)

    def _keeping(self, run: Run) -> Iterator:
        folder, size = _Folder(self._path, None), self.input.cardinality()
        finished, count = False, 0
        try:
            for element in self.input.stream(run):
                folder.add(element)
                count += 1
                if count == size:  # a loop that counts its steps never asks for the end
                    folder.finish(self.spec)
                    finished = True
                yield element
            if not finished:
                folder.finish(self.spec)
                finished = True
        finally:
            if not finished:
                folder.discard()


def shard_function(function: Callable | None) -> Callable[[Any], int] | None:
    """A user's function from element to the number of a file."""
    if function is None:
        return None

    def number(element: Any) -> int:
        shard = elements.normalise(elements.call(function, element))
        if not (isinstance(shard, Tensor) and shard.dtype == "int64" and shard.shape.rank == 0):
            raise InvalidArgumentError("`shard_func` must return a scalar int64.")
        return int(shard)

    return number
