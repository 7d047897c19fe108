"""A ragged tensor's case: values, row splits, dtypes, shapes, printed text and gradients of one operation."""

from __future__ import annotations

from typing import Any

import numpy as np
from case_values import as_array
from programs_ragged import OPERATIONS

WORDS = ("a", "bc", "", "Wort", "zwei drei", "é", "日本語", "x,y", "  f ", "end.")


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    draw = Draw(tf, case)
    x = draw.ragged()
    facts: dict = {}
    arrays: dict = {}
    if case["dtype"].startswith("float"):
        with tf.GradientTape() as tape:
            tape.watch(x.flat_values)
            result = OPERATIONS[case["operation"]](keras, tf, x, draw)
            floats = [part for part in _leaves(tf, result) if part.dtype == x.dtype]
            total = sum(tf.reduce_sum(part * part) for part in floats) if floats else None
        if total is not None and np.isfinite(float(total)):
            gradient = tape.gradient(total, x.flat_values)
            facts["differentiable"] = gradient is not None
            if gradient is not None:
                arrays["gradient"] = as_array(tf.convert_to_tensor(gradient))
    else:
        result = OPERATIONS[case["operation"]](keras, tf, x, draw)
    collect(tf, result, "result", arrays, facts)
    return {"facts": facts, "arrays": arrays}


def _leaves(tf: Any, value: Any) -> list:
    """The dense tensors that a result is made of."""
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in _leaves(tf, part)]
    if isinstance(value, tf.RaggedTensor):
        return [value.flat_values]
    return [value] if isinstance(value, tf.Tensor) else []


def collect(tf: Any, value: Any, where: str, arrays: dict, facts: dict) -> None:
    """Numbers to the arrays, all else to the facts."""
    if isinstance(value, (list, tuple)):
        facts[where] = [type(value).__name__, len(value)]
        for i, part in enumerate(value):
            collect(tf, part, f"{where}/{i}", arrays, facts)
    elif isinstance(value, tf.RaggedTensor):
        facts[where] = [str(value.shape), value.dtype.name, value.row_splits.dtype.name]
        for i, splits in enumerate(value.nested_row_splits):
            arrays[f"{where}/splits{i}"] = as_array(splits)
        collect(tf, value.flat_values, f"{where}/values", arrays, facts)
    elif isinstance(value, tf.Tensor):
        if value.dtype == tf.string:
            facts[where] = [str(value.shape), str(np.asarray(value.numpy()).tolist())]
        else:
            arrays[where] = as_array(value)
    elif isinstance(value, np.ndarray):
        facts[where] = [str(value.shape), str(value.tolist())]
    else:
        facts[where] = str(value)


class Draw:
    """What a case draws from: a generator of its own, the same for both libraries."""

    def __init__(self, tf: Any, case: dict) -> None:
        self.tf, self.case = tf, case
        self.random = np.random.default_rng(case["seed"])

    def integer(self, low: int, high: int) -> int:
        """From ``low`` to ``high``, both included."""
        return int(self.random.integers(low, high + 1))

    def choose(self, options: Any) -> Any:
        return options[self.integer(0, len(options) - 1)]

    def lengths(self, count: int) -> list[int]:
        return [int(n) for n in self.random.choice([0, 1, 2, 2, 3, 4], size=count)]

    def values(self, shape: Any, dtype: str | None = None) -> Any:
        """A tensor of that shape."""
        dtype = dtype or self.case["dtype"]
        if dtype == "string":
            flat = [WORDS[i] for i in self.random.integers(len(WORDS), size=int(np.prod(shape)))]
            return self.tf.reshape(self.tf.constant(flat, dtype=self.tf.string), shape)
        if dtype.startswith("int"):
            return self.tf.constant(self.random.integers(-4, 9, size=shape), dtype=dtype)
        return self.tf.constant(np.round(self.random.normal(size=shape), 3), dtype=dtype)

    def ragged(self, dtype: str | None = None, rank: int | None = None, rows: int | None = None) -> Any:
        """A ragged tensor as the case describes it."""
        case, tf = self.case, self.tf
        nested, count = [], self.integer(1, 4) if rows is None else rows
        for level in range(case["ragged_rank"] if rank is None else rank):
            if case["uniform"] and level == 0:
                lengths = [self.integer(1, 2)] * count
            else:
                lengths = self.lengths(count)
            nested.append(lengths)
            count = sum(lengths)
        inner = [self.integer(1, 3) for _ in range(case["inner"])]
        value = self.values([count, *inner], dtype)
        for level, lengths in reversed(list(enumerate(nested))):
            if case["uniform"] and level == 0:
                kind = {"int64": np.int64, "int32": np.int32}[case["splits"]]
                value = tf.RaggedTensor.from_uniform_row_length(value, kind(lengths[0]), nrows=kind(len(lengths)))
            else:
                value = tf.RaggedTensor.from_row_lengths(value, tf.constant(lengths, dtype=case["splits"]))
        return value

    def other(self, x: Any, dtype: str | None = None) -> Any:
        """A ragged tensor with the rows of ``x`` and values of its own."""
        return x.with_flat_values(self.values(list(x.flat_values.shape), dtype))
