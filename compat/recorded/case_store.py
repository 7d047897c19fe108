"""The file of one family of cases: the cases and their facts as JSON, all numbers in one array for each dtype."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

FOLDER = pathlib.Path(__file__).parent / "results"


def write(family: str, rows: list[dict]) -> int:
    """Write a family's file of rows as ``read`` gives them, arrays with or without their dtype; returns its size in bytes."""
    pools: dict[str, list] = {}
    lengths: dict[str, int] = {}
    stored_rows = []
    for row in rows:
        arrays = {}
        for name, array in row["arrays"].items():
            array, read_dtype = array if isinstance(array, tuple) else (np.asarray(array), None)
            if array.dtype.name not in _PLAIN:  # bfloat16 and float8 are no NumPy types
                stored, dtype = array.astype("float32"), array.dtype.name
            else:
                stored, dtype = array, array.dtype.name
            pool = stored.dtype.name
            arrays[name] = [pool, lengths.get(pool, 0), list(array.shape), read_dtype or dtype]
            pools.setdefault(pool, []).append(stored.ravel())
            lengths[pool] = lengths.get(pool, 0) + stored.size
        stored_rows.append({**row, "arrays": arrays})
    FOLDER.mkdir(exist_ok=True)
    text = np.frombuffer(json.dumps(stored_rows, separators=(",", ":")).encode(), np.uint8)
    path = FOLDER / f"{family}.npz"
    np.savez_compressed(path, rows=text, **{f"of_{name}": np.concatenate(parts) for name, parts in pools.items()})
    return path.stat().st_size


def read(family: str) -> list[dict]:
    """The rows of a family: ``case``, ``facts`` or ``raises``, and ``arrays`` by name."""
    with np.load(FOLDER / f"{family}.npz", allow_pickle=False) as file:
        pools = {name[3:]: file[name] for name in file.files if name != "rows"}
        rows = json.loads(file["rows"].tobytes().decode())
    for row in rows:
        row["arrays"] = {name: _take(pools, *place) for name, place in row["arrays"].items()}
    return rows


def _take(pools: dict, pool: str, start: int, shape: list, dtype: str) -> Any:
    size = int(np.prod(shape, dtype=int))
    return pools[pool][start : start + size].reshape(shape), dtype


_PLAIN = {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32"}
_PLAIN |= {"float64", "complex64", "complex128"}
