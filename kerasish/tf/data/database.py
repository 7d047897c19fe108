"""Rows of a database as elements."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from typing import Any

from kerasish.core import tree
from kerasish.core.errors import InvalidArgumentError, UnknownError
from kerasish.core.tensor import convert
from kerasish.tf.data import elements
from kerasish.tf.data.node import UNKNOWN, Node, Run
from kerasish.tf.spec import TensorSpec

_TYPES = ("string", "int8", "int16", "int32", "int64", "uint8", "uint16", "bool", "float64")


class Rows(Node):
    """The rows of a query; see ``tf.data.experimental.SqlDataset``."""

    name = "SqlDatasetV2"

    def __init__(self, driver: str, source: str, query: str, output_types: Any) -> None:
        super().__init__()
        if driver != "sqlite":
            raise InvalidArgumentError(
                f"The database type, {driver}, is not supported by SqlDataset. The set of supported databases is: "
                "{'sqlite'}."
            )
        self._spec = tree.map_structure(lambda dtype: TensorSpec([], dtype), output_types)
        for spec in tree.flatten(self._spec):
            if spec.dtype.name not in _TYPES:
                raise InvalidArgumentError(f"Each element of `output_types_` must be one of: {', '.join(_TYPES)}")
        self._source, self._query = os.path.abspath(os.fspath(source)), query

    def infer_spec(self) -> Any:
        return self._spec

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        specs = tree.flatten(self._spec)
        try:
            connection = sqlite3.connect(f"file:{self._source}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise UnknownError(f"Failed to open {self._source}: {error}") from error
        try:
            for row in connection.execute(self._query):
                if len(row) != len(specs):
                    raise InvalidArgumentError(
                        f"The number of columns in query ({len(row)}) must match the number of elements in output_types "
                        f"({len(specs)})."
                    )
                with elements.host_scope():
                    values = [_value(value, spec) for value, spec in zip(row, specs)]
                yield tree.pack_as(self._spec, values)
        except sqlite3.Error as error:
            raise UnknownError(f"Prepare() failed: {error}: {self._query}") from error
        finally:
            connection.close()


def _value(value: Any, spec: TensorSpec) -> Any:
    if spec.dtype == "string":
        return convert("" if value is None else str(value) if not isinstance(value, (str, bytes)) else value)
    return convert(0 if value is None else value, spec.dtype)
