"""Categories without a vocabulary: vectors from indices, and indices from hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes
from kerasish.core.dtypes import as_dtype, to_torch
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor
from kerasish.core.storage import storage
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import convert
from kerasish.layers.data_layer import DataLayer
from kerasish.layers.features.encoding import (
    TextLayer,
    as_text,
    check_mode,
    encode,
    encode_rows,
    encode_sparse,
    in_form,
    numbers,
    salt_words,
)
from kerasish.ops.hashing import fingerprint64, fingerprint_pair, siphash


class CategoryEncoding(TextLayer, DataLayer):
    """Integers from 0 to ``num_tokens - 1`` as vectors.

    Args:
        num_tokens: how many categories there are. Keras 2 called it ``max_tokens`` at first.
        output_mode: "one_hot": a vector for each integer; "multi_hot": for each sample, 1 for each category that occurs;
            "count": how often it does.
        sparse: whether codes (not integers) are given as sparse tensors.

    Call arguments: ``count_weights``, of the inputs' shape: what each integer counts in "count".

    Input shape: ``(batch, integers)``, or less. Output shape: ``(batch, num_tokens)``; for "one_hot" the input shape, without
    a last axis of size 1, and ``num_tokens``.

    Raises:
        ValueError: a bad ``output_mode`` or ``num_tokens``.

    >>> CategoryEncoding(num_tokens=4)([[0, 1], [0, 0], [1, 2]]).numpy()
    array([[1., 1., 0., 0.],
           [1., 0., 0., 0.],
           [0., 1., 1., 0.]], dtype=float32)
    """

    _not_in_config = ("sparse",)

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        if num_tokens is None:
            num_tokens = kwargs.pop("max_tokens", None)
        super().__init__(**kwargs)
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        check_mode("CategoryEncoding", output_mode, ("count", "one_hot", "multi_hot"))
        if num_tokens is None:
            raise ValueError(
                "num_tokens must be set to use this layer. If the number of tokens is not known beforehand, use the "
                "IntegerLookup layer instead."
            )
        if num_tokens < 1:
            raise fail(ValueError, "`num_tokens` must be >= 1", received=f"num_tokens={num_tokens}")
        self.num_tokens = num_tokens
        self.output_mode = output_mode
        self.sparse = sparse

    def _call_on_composite(self, inputs: Any, count_weights: Any = None) -> Any:
        if not isinstance(inputs, RaggedTensor):
            return super()._call_on_composite(inputs)
        weights = None if count_weights is None else dispatch.raw(count_weights.flat_values)
        flat = numbers(dispatch.raw(inputs.flat_values), "CategoryEncoding")
        encoded = encode_rows(inputs, flat, self.output_mode, self.num_tokens, to_torch(self.dtype), weights)
        return dispatch.wrap(encoded)

    def call(self, inputs: torch.Tensor, count_weights: Any = None) -> torch.Tensor:
        if count_weights is not None:
            if self.output_mode != "count":
                raise fail(ValueError, "`count_weights` is not used when `output_mode` is not `'count'`")
            count_weights = dispatch.raw(count_weights).to(to_torch(self.compute_dtype))
        inputs = numbers(inputs, "CategoryEncoding")
        dtype, counts = to_torch(self.dtype), None
        codes = encode(inputs, self.output_mode, self.num_tokens, dtype, count_weights)
        if self.sparse and count_weights is not None:  # weights may add up to 0; what occurs has a value all the same
            counts = encode(inputs, self.output_mode, self.num_tokens, dtype)
        return in_form(codes, self.sparse, counts)

    _takes_sparse = True

    def _sparse_call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None and self.output_mode != "count":
            raise fail(ValueError, "`count_weights` is not used when `output_mode` is not `'count'`")
        if not isinstance(inputs, SparseTensor):
            raise fail(ValueError, "Weights of dense indices must be dense", received=count_weights)
        numbers(inputs.raw_values, "CategoryEncoding")
        dtype = to_torch(self.dtype)
        return in_form(encode_sparse(inputs, self.output_mode, self.num_tokens, dtype, count_weights), self.sparse)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = tuple(input_shape)
        if self.output_mode == "one_hot" and (len(shape) == 1 or shape[-1:] != (1,)):
            return (*shape, self.num_tokens)
        return (*shape[:-1], self.num_tokens)

    def compute_output_spec(self, inputs: KerasTensor, count_weights: Any = None) -> KerasTensor:
        return KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype, sparse=self.sparse)


class Hashing(TextLayer):
    """The bin, of ``num_bins``, that the hash of each text or integer falls into.

    Args:
        num_bins: how many bins there are, that of ``mask_value`` included.
        mask_value: what goes into bin 0; nothing else does then.
        salt: an integer or two: hashes by SipHash with that key, instead of FarmHash.
        output_mode: "int"; "one_hot", "multi_hot" and "count" as in ``CategoryEncoding``.
        sparse: whether codes (not integers) are given as sparse tensors.

    Input shape: any. Output shape: the same for "int", else with ``num_bins`` in place of the last axis.

    Raises:
        ValueError: a bad value.

    >>> Hashing(num_bins=3)([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().ravel()
    array([1, 0, 1, 1, 2])
    """

    _config_first = ("num_bins", "salt")

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else as_dtype(dtypes.floatx()).name
        super().__init__(**kwargs, autocast=False)
        if num_bins is None or num_bins <= 0:
            raise fail(ValueError, "`num_bins` of `Hashing` must be a positive number", received=f"num_bins={num_bins}")
        if output_mode == "int" and self._dtype_policy.name not in ("int32", "int64"):
            raise fail(
                ValueError, "The dtype of `Hashing` has to be int32 or int64 if `output_mode='int'`", None, self.dtype
            )
        check_mode("Hashing", output_mode)
        if sparse and output_mode == "int":
            raise fail(ValueError, "`sparse=True` needs another `output_mode` than 'int'")
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = salt_words("Hashing", salt)
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs: Any) -> torch.Tensor:
        if self.output_mode == "one_hot" and inputs.shape[-1:] == (1,):
            inputs = inputs.squeeze(-1)
        bins = self._bins(inputs).to(devices.current())
        return in_form(encode(bins, self.output_mode, self.num_bins, to_torch(self.dtype)), self.sparse)

    _takes_sparse = True

    def _sparse_call(self, inputs: SparseTensor) -> Any:
        bins = inputs.with_raw(self._bins(inputs.raw_values).to(devices.current()))
        codes = encode_sparse(bins, self.output_mode, self.num_bins, to_torch(self.dtype))
        return codes if self.output_mode == "int" else in_form(codes, self.sparse)

    def _call_on_composite(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(inputs, RaggedTensor):
            return super()._call_on_composite(inputs)
        bins = self._bins(dispatch.raw(inputs.flat_values)).to(devices.current())
        return dispatch.wrap(encode_rows(inputs, bins, self.output_mode, self.num_bins, to_torch(self.dtype)))

    def _bins(self, inputs: Any) -> torch.Tensor:
        count, masked = self.num_bins, None
        if self.mask_value is not None and count > 1:
            count -= 1
            masked = _equal(inputs, self.mask_value)
        if isinstance(inputs, torch.Tensor) and inputs.is_floating_point():
            inputs = inputs.long()
        bins = hash_bins(as_text(inputs), count, self.salt)
        return bins if masked is None else torch.where(masked, 0, bins + 1)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = tuple(input_shape)
        return shape if self.output_mode == "int" else (*shape[:-1], self.num_bins)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        return KerasTensor(self.compute_output_shape(inputs.shape), self.dtype)


def _equal(inputs: Any, value: Any) -> torch.Tensor:
    """Where raw inputs are equal to a Python value of their kind."""
    if isinstance(inputs, np.ndarray):
        wanted = storage(value, "string").item()
        return torch.from_numpy(np.array([x == wanted for x in inputs.reshape(-1)], bool).reshape(inputs.shape))
    return (inputs == storage(value, as_dtype(inputs.dtype)).to(inputs.device)).cpu()


def hash_bins(text: np.ndarray, count: int, salt: list[int] | None = None) -> torch.Tensor:
    """The bins of texts: the remainders of their hashes; int64, on the host."""
    function: Callable[[bytes], int] = fingerprint64 if salt is None else lambda t: siphash(t, (salt[0], salt[1]))
    known: dict[bytes, int] = {}
    bins = np.empty(text.size, dtype=np.int64)
    for i, item in enumerate(text.reshape(-1)):
        if (place := known.get(item)) is None:
            place = known[item] = function(item) % count
        bins[i] = place
    return torch.from_numpy(bins.reshape(text.shape))


class HashedCrossing(TextLayer):
    """The bin, of ``num_bins``, for each combination of two or more features.

    Args:
        num_bins: how many bins there are.
        output_mode: "int" or "one_hot".
        sparse: whether codes (not integers) are given as sparse tensors.

    Call arguments: a list of tensors of integers or text, of shape ``()``, ``(batch,)`` or ``(batch, 1)``, all the same.

    Output shape: that of one of them for "int"; ``(batch, num_bins)`` for "one_hot".

    >>> HashedCrossing(num_bins=5)((["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102])).numpy()
    array([1, 4, 1, 1, 3])
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype="int64" if output_mode == "int" and dtype is None else dtype, autocast=False)
        check_mode("HashedCrossing", output_mode, ("int", "one_hot"))
        self.num_bins = num_bins
        self.output_mode = output_mode
        self.sparse = sparse

    def _given(self, inputs: Any) -> Any:
        if not isinstance(inputs, (list, tuple)):
            return inputs
        return [x if dispatch.is_tensor(x) else convert(x) for x in inputs]

    def build(self, input_shape: Any) -> None:
        """There are no weights; any shapes are taken, and looked at in ``call``."""

    def call(self, inputs: Any) -> torch.Tensor:
        if not isinstance(inputs, (list, tuple)):
            raise fail(
                ValueError, "`HashedCrossing` should be called on a list or tuple of inputs", received=type(inputs)
            )
        if len(inputs) < 2:
            raise fail(ValueError, "`HashedCrossing` should be called on at least two inputs", received=len(inputs))
        shape = tuple(inputs[0].shape)
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise fail(ValueError, "Bad input of `HashedCrossing`", "shape (), (batch,) or (batch, 1)", shape)
        if any(tuple(x.shape) != shape for x in inputs):
            shapes = [tuple(x.shape) for x in inputs]
            raise fail(ValueError, "All `HashedCrossing` inputs should have equal shape", received=shapes)
        if any(isinstance(x, torch.Tensor) and (x.is_floating_point() or x.dtype is torch.bool) for x in inputs):
            raise fail(ValueError, "All `HashedCrossing` inputs should have an integer or string dtype")
        words = [_words(x) for x in inputs]
        bins = [_crossed(row) % self.num_bins for row in zip(*words, strict=True)]
        crossed = torch.tensor(bins, dtype=torch.int64).reshape(shape).to(devices.current())
        codes = encode(crossed, self.output_mode, self.num_bins, to_torch(self.compute_dtype))
        return in_form(codes, self.sparse and self.output_mode != "int")

    def compute_output_shape(self, input_shape: Any) -> tuple:
        pair = isinstance(input_shape, (list, tuple)) and len(input_shape) == 2
        if not pair or not all(isinstance(shape, tuple) for shape in input_shape):
            raise fail(
                ValueError, "Expected as input a list or tuple of 2 tensors", received=f"input_shape={input_shape}"
            )
        first, second = map(tuple, input_shape)
        if first[-1] != second[-1]:
            raise fail(ValueError, "Expected the two input tensors to have identical shapes", received=input_shape)
        if self.output_mode == "int":
            return first
        return (*(first[:-1] if first[-1] == 1 else first), self.num_bins)

    def get_config(self) -> dict:
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }


_CROSSING_KEY = 0xDECAFCAFFE  # TensorFlow's


def _words(x: Any) -> list[int]:
    """A feature as words of 64 bits: integers are themselves, text is hashed."""
    if isinstance(x, np.ndarray):
        return [fingerprint64(text) for text in x.reshape(-1)]
    return x.reshape(-1).tolist()


def _crossed(words: tuple[int, ...]) -> int:
    hashed = _CROSSING_KEY
    for word in words:
        hashed = fingerprint_pair(hashed, word)
    return hashed
