"""Random ragged tensors, and what is done with them: the cases of ``run_ragged.py``."""

from __future__ import annotations

import zlib

import numpy as np

DTYPES = ("float32", "float64", "int32", "string")
# operation → what it takes: any dtype, numbers, floats, texts; and how many cases there are
OPERATIONS = {
    "index": ("any", 60),
    "parts": ("any", 16),
    "to_tensor": ("any", 30),
    "to_sparse": ("any", 8),
    "merge_dims": ("any", 16),
    "elementwise": ("number", 20),
    "broadcast": ("number", 40),
    "compare": ("number", 12),
    "reduce": ("number", 50),
    "mean": ("float", 24),
    "logical": ("number", 12),
    "softmax": ("float", 10),
    "cumsum": ("number", 16),
    "concat": ("any", 30),
    "stack": ("any", 24),
    "tile": ("any", 16),
    "expand_dims": ("any", 16),
    "squeeze": ("any", 10),
    "reverse": ("any", 12),
    "split": ("any", 10),
    "gather": ("any", 24),
    "gather_batch": ("any", 12),
    "gather_nd": ("any", 12),
    "where": ("number", 12),
    "boolean_mask": ("any", 20),
    "one_hot": ("int32", 8),
    "embedding": ("int32", 8),
    "segments": ("number", 16),
    "map_fn": ("number", 10),
    "map_flat_values": ("number", 8),
    "from_tensor": ("any", 24),
    "constructors": ("any", 24),
    "ranges": ("number", 16),
    "cross": ("string", 10),
    "partitions": ("any", 10),
    "shape": ("any", 10),
    "text": ("string", 30),
    "split_text": ("string", 16),
    "ngrams": ("string", 16),
    "dataset": ("any", 24),
    "lookup": ("string", 10),
    "vectorization": ("string", 10),
    "print": ("any", 20),
    "function": ("number", 6),
}
KINDS = {"any": DTYPES, "number": DTYPES[:3], "float": DTYPES[:2], "string": ("string",), "int32": ("int32",)}

# what TensorFlow contradicts itself in: uniform rows lost on the way, partitions of another dtype, inner dimensions flattened
SETTLED = {
    "mean": {"uniform": False},
    "cumsum": {"uniform": False},
    "concat": {"splits": "int64"},
    "stack": {"splits": "int64"},
    "where": {"splits": "int64"},
    "ngrams": {"inner": 0},
}


def cases() -> list[dict]:
    """A case for each operation and number, its ragged tensor drawn by name."""
    made = []
    for operation, (kinds, count) in OPERATIONS.items():
        for i in range(count):
            name = f"{operation}-{i}"
            draw = np.random.default_rng(zlib.crc32(name.encode()))
            made.append(
                {
                    "id": name,
                    "operation": operation,
                    "seed": int(draw.integers(1 << 30)),
                    "dtype": str(draw.choice(KINDS[kinds])),
                    "ragged_rank": int(draw.choice([1, 1, 1, 2, 2, 3])),
                    "inner": int(draw.choice([0, 0, 0, 1, 2])),
                    "uniform": bool(draw.random() < 0.2),
                    "splits": str(draw.choice(["int64", "int64", "int32"])),
                }
            )
            made[-1].update(SETTLED.get(operation, {}))
    return made
