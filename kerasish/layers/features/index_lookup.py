"""IndexLookup: tokens to indices of a vocabulary, and back; the base of StringLookup and IntegerLookup."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes
from kerasish.core.context import local
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import FailedPreconditionError, InvalidArgumentError, UnimplementedError, fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor
from kerasish.core.storage import storage
from kerasish.core.symbolic import KerasTensor
from kerasish.layers import tracking
from kerasish.layers.features.batches import is_dataset
from kerasish.layers.features.category import hash_bins
from kerasish.layers.features.encoding import (
    TextLayer,
    as_text,
    check_mode,
    encode,
    encode_rows,
    encode_sparse,
    in_form,
    one_hot,
    salt_words,
    tally,
)
from kerasish.layers.features.rows import Rows
from kerasish.layers.features.vocabulary import TokenCounts, Vocabulary, padded_idf, read_lines
from kerasish.ops import coordinates

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_NOWHERE = torch.iinfo(torch.int64).max  # the index of masked tokens where outputs are vectors: it counts for nothing
FILE = "vocabulary.txt"
MAX_UNKNOWN = 10_000_000  # indices for unknown tokens that a file may ask for


class IndexLookup(TextLayer):
    """What StringLookup and IntegerLookup share. The arguments are described there."""

    _config_first = (
        "invert",
        "max_tokens",
        "num_oov_indices",
        "oov_token",
        "mask_token",
        "output_mode",
        "sparse",
        "pad_to_max_tokens",
        "vocabulary_dtype",
        "idf_weights",
        "vocabulary",
        "vocabulary_size",
        "oov_method",
        "salt",
    )

    _not_in_config = ("vocabulary", "idf_weights")

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary_dtype: str,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        max_tokens = kwargs.pop("max_values", None) if max_tokens is None else max_tokens
        frozen_size = kwargs.pop("vocabulary_size", None)
        given = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        for unused in ("trainable", "dtype"):
            kwargs.pop(unused, None)
        super().__init__(name=name, autocast=False, **kwargs)
        self.invert = invert
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self.vocabulary_dtype = as_dtype(vocabulary_dtype).name
        self.oov_method = oov_method
        self.salt = salt
        self._check_arguments(idf_weights)
        self.salt = salt_words(type(self).__name__, salt)
        self._frozen_vocab_size = frozen_size
        self._has_input_vocabulary = given
        # set past the tracking of lists: vocabularies are long
        self.__dict__["input_vocabulary"] = None if isinstance(vocabulary, (str, os.PathLike)) else vocabulary
        self.__dict__["input_idf_weights"] = idf_weights
        self.idf_weights: Any = None
        self._mask = None if mask_token is None else self._key(mask_token)
        self._vocabulary = self._of_keys([])
        self._counts = TokenCounts()
        if self.output_mode == "tf_idf" and given and idf_weights is None:
            raise ValueError(
                "When specifying the `vocabulary` argument, in TF-IDF output mode, the `idf_weights` argument must also be "
                "provided."
            )
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _check_arguments(self, idf_weights: Any) -> None:
        cls, mode = type(self).__name__, self.output_mode
        if self.max_tokens is not None and self.max_tokens <= 1:
            raise fail(
                ValueError, "If set, `max_tokens` must be greater than 1", received=f"max_tokens={self.max_tokens}"
            )
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValueError("If pad_to_max_tokens is True, must set `max_tokens`.")
        if self.num_oov_indices < 0:
            raise fail(
                ValueError, "`num_oov_indices` must be greater than or equal to 0", received=self.num_oov_indices
            )
        if self.oov_method not in ("floormod", "farmhash"):
            raise fail(ValueError, f"Unknown `oov_method` of {cls}", "'floormod' or 'farmhash'", self.oov_method)
        if self.salt is not None and self.vocabulary_dtype != "string" and self.oov_method != "farmhash":
            raise fail(ValueError, "`salt` can only be used when `oov_method='farmhash'`", received=self.oov_method)
        check_mode(cls, mode, MODES)
        if self.invert and mode != "int":
            raise fail(ValueError, "`output_mode` must be 'int' when `invert` is true", received=f"output_mode={mode}")
        if self.invert and self.oov_token is None:
            raise fail(ValueError, f"Layer {cls} needs an `oov_token` where `invert` is true")
        if self.sparse and mode == "int":
            raise fail(ValueError, "`sparse=True` needs another `output_mode` than 'int'")
        if idf_weights is not None and mode != "tf_idf":
            raise fail(ValueError, "`idf_weights` should only be set if `output_mode` is 'tf_idf'", received=mode)

    # tokens, as they are stored: bytes or integers

    def _key(self, token: Any) -> Any:
        """A token of the user's as it is looked up."""
        if self.vocabulary_dtype != "string":
            return int(token)
        return token.encode("utf-8") if isinstance(token, str) else bytes(token)

    def _shown(self, key: Any) -> Any:
        """A stored token as the user sees it."""
        return key.decode("utf-8") if isinstance(key, bytes) else key

    def _raw(self, data: Any, dtype: str) -> Any:
        """Data as a raw tensor of integers or text.

        Raises:
            UnimplementedError: numbers where text is expected.
        """
        if isinstance(data, np.ndarray) and data.dtype == object and dtype == "string":
            return storage(data)
        if isinstance(data, np.ndarray) and data.dtype.kind in "US" and dtype != "string":
            data = data.astype(np.int64)
        if not dispatch.is_tensor(data):
            data = storage(data, None if hasattr(data, "dtype") else dtype)
        data = dispatch.raw(data)
        if isinstance(data, np.ndarray) != (dtype == "string"):
            kind = "string" if isinstance(data, np.ndarray) else as_dtype(data.dtype).name
            raise UnimplementedError(f"Cast {kind} to {dtype} is not supported: layer {self.name} takes {dtype}")
        return data if dtype == "string" else data.to(torch.int64)

    @property
    def _oov_start(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _token_start(self) -> int:
        return self._oov_start + self.num_oov_indices

    @property
    def _special(self) -> list:
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices

    def _of_keys(self, keys: list) -> Vocabulary:
        special = [self._key(token) for token in self._special] if self.invert else [None] * self._token_start
        unknown = self._key(self.oov_token) if self.invert else None
        return Vocabulary(keys, special, unknown, self.vocabulary_dtype == "string")

    # the vocabulary

    def get_vocabulary(self, include_special_tokens: bool = True) -> list:
        """The tokens in the order of their indices.

        Args:
            include_special_tokens: whether the mask token and those for what is unknown come first.
        """
        tokens = [self._shown(key) for key in self._vocabulary.keys]
        if not include_special_tokens:
            return tokens
        return self._special + tokens

    def vocabulary_size(self) -> int:
        """The number of tokens, special ones included."""
        return len(self._vocabulary.keys) + self._token_start

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens.

        Args:
            vocabulary: a list, array or tensor of tokens, with or without the special ones in front; or the path of a text
                file with one token a line, without them.
            idf_weights: for "tf_idf", one number for each of ``vocabulary``.

        Raises:
            ValueError: it is empty, has a token twice or special ones out of place, or is larger than ``max_tokens``.
            RuntimeError: its size is another one than that of vectors that were given out.
        """
        if self.output_mode == "tf_idf" and idf_weights is None:
            raise ValueError("`idf_weights` must be set if output_mode is 'tf_idf'.")
        if self.output_mode != "tf_idf" and idf_weights is not None:
            raise fail(
                ValueError, "`idf_weights` should only be set if `output_mode` is 'tf_idf'", received=self.output_mode
            )
        if isinstance(vocabulary, (str, os.PathLike)):
            self._take(self._of_keys(self._read(os.fspath(vocabulary))))
            return
        tokens = self._listed(vocabulary)
        if not tokens:
            raise fail(ValueError, "Cannot set an empty vocabulary", received=f"vocabulary={vocabulary}")
        special = self._special
        found = tokens[: self._token_start] == special
        own = tokens[self._token_start :] if found else tokens
        self._check_tokens(own, tokens, special)
        self._take(self._of_keys([self._key(token) for token in own]))
        if self.output_mode == "tf_idf":
            self._set_idf(padded_idf(idf_weights, len(tokens), 0 if found else self._token_start, self._padded_size))

    @property
    def _padded_size(self) -> int | None:
        return self.max_tokens if self.pad_to_max_tokens else None

    def _listed(self, vocabulary: Any) -> list:
        if dispatch.is_tensor(vocabulary):
            tokens = dispatch.wrap(dispatch.raw(vocabulary)).numpy().tolist()
        elif isinstance(vocabulary, (list, tuple)):  # an array of texts would lose zeros at their ends
            tokens = [token.item() if isinstance(token, np.generic) else token for token in vocabulary]
        else:
            tokens = np.asarray(vocabulary).tolist()
        if self.vocabulary_dtype != "string":
            return tokens
        encoding = getattr(self, "encoding", "utf-8")
        return [token.decode(encoding) if isinstance(token, bytes) else token for token in tokens]

    def _check_tokens(self, own: list, given: list, special: list) -> None:
        kinds = str if self.vocabulary_dtype == "string" else (int, float)
        if not all(isinstance(token, kinds) for token in own):
            kind = "text" if kinds is str else "integers"
            raise fail(ValueError, f"The tokens of layer {self.name} must be {kind}", received=own[:20])
        repeated = [token for token, count in Counter(own).items() if count > 1]
        if repeated:
            raise fail(
                ValueError,
                "The passed vocabulary has at least one repeated term",
                received=f"repeated terms {repeated}",
            )
        reserved = {"mask": self.mask_token, "OOV": self.oov_token if self.invert else None}
        for name, token in reserved.items():
            if token is not None and token in own:
                place = len(given) - 1 - given[::-1].index(token)
                raise fail(
                    ValueError,
                    f"Found reserved {name} token at unexpected location in `vocabulary`: {token!r} at index {place}",
                    f"none of the special tokens, or in front exactly {special}",
                )
        size = self._token_start + len(own)
        if self.max_tokens is not None and size > self.max_tokens:
            raise fail(
                ValueError,
                "Attempted to set a vocabulary larger than the maximum vocab size",
                f"at most {self.max_tokens} tokens",
                size,
            )

    def _read(self, path: str) -> list:
        """The tokens of a text file, one a line."""
        if not os.path.exists(path):
            raise fail(ValueError, f"Vocabulary file {path} does not exist")
        if os.path.isdir(path):
            raise fail(FailedPreconditionError, f"Vocabulary file {path} is a directory")
        if self.output_mode == "tf_idf":
            raise ValueError("output_mode `'tf_idf'` does not support loading a vocabulary from file.")
        keys = [line if self.vocabulary_dtype == "string" else int(line) for line in read_lines(path)]
        if len(set(keys)) != len(keys):
            raise fail(InvalidArgumentError, f"Vocabulary file {path} has a token twice")
        return keys

    def _take(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        tracking.structure_changed()
        self._record_size()

    def _record_size(self) -> None:
        new, old = self.vocabulary_size(), self._frozen_vocab_size
        fixed = self.output_mode != "int" and not self.pad_to_max_tokens
        if fixed and old is not None and new != old:
            raise RuntimeError(
                f"When using `output_mode={self.output_mode}` and `pad_to_max_tokens=False`, the vocabulary size cannot be "
                f"changed after the layer is called. Old vocab size is {old}, new vocab size is {new}"
            )
        self._frozen_vocab_size = new

    def _set_idf(self, weights: np.ndarray) -> None:
        self.idf_weights = weights.astype(as_dtype(dtypes.floatx()).as_numpy_dtype)
        tracking.structure_changed()

    # learning

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first, the later in order first among equals.

        Args:
            data: an array, tensor or list, a ``tf.data.Dataset``, or an iterable of batches.
            steps: how many batches to read; default: all.

        Raises:
            ValueError: the layer was given its vocabulary.
        """
        self.reset_state()
        streamed = hasattr(data, "__iter__") and not isinstance(data, (list, tuple, np.ndarray, str))
        if is_dataset(data) or (streamed and not dispatch.is_tensor(data) and not hasattr(data, "__array__")):
            for i, batch in enumerate(data):
                if steps is not None and i >= steps:
                    break
                self.update_state(batch)
        else:
            data = self._raw(data, self.vocabulary_dtype)
            self.update_state(data[:, None] if data.ndim == 1 else data)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one more batch, each row being a document."""
        if self._has_input_vocabulary:
            raise ValueError(
                f"Cannot adapt layer '{self.name}' after setting a static vocabulary via `vocabulary` argument or "
                "`set_vocabulary()` method."
            )
        if isinstance(data, RaggedTensor):
            documents: Any = [_flat(row) for row in data.to_list()]
        else:
            if not isinstance(data, Rows):
                data = self._raw(data, self.vocabulary_dtype)
            documents = data if isinstance(data, Rows) else _documents(data)
        self._counts.update(documents)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        counts = self._counts
        if self._has_input_vocabulary or not counts.tokens:
            self._record_size()
            return
        keys = counts.frequent([self._key(token) for token in (self.mask_token, self.oov_token) if token is not None])
        if self.max_tokens:
            keys = keys[: self.max_tokens - self._token_start]
        if self.output_mode == "tf_idf":
            self._set_idf(padded_idf(counts.idf(keys), len(keys), self._token_start, self._padded_size))
        self.reset_state()
        self._take(self._of_keys(keys))

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts = TokenCounts()

    # computing

    def _k_prepare(self, args: tuple, kwargs: dict) -> tuple[tuple, dict, bool]:
        if (
            args
            and self.vocabulary_dtype != "string"
            and isinstance(args[0], np.ndarray)
            and args[0].dtype.kind in "US"
        ):
            args = (args[0].astype(np.int64), *args[1:])  # a ValueError if it is no number
        return super()._k_prepare(args, kwargs)

    def _given(self, inputs: Any) -> Any:
        tensor = super()._given(inputs)
        if self.vocabulary_dtype != "string" and tensor.dtype == "string":
            raise fail(TypeError, f"Layer {self.name} takes integers", received=inputs)
        return tensor

    def call(self, inputs: Any) -> Any:
        self._ensure_known_size()
        if self.invert:
            return self._vocabulary.tokens(self._raw(inputs, "int64"))
        indices = self.indices(inputs)
        if self.output_mode == "int":
            return indices
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return in_form(self._weighted(encode(indices, mode, self._depth, torch.int64)), self.sparse)

    _takes_sparse = True

    def _sparse_call(self, inputs: SparseTensor) -> Any:
        if self.vocabulary_dtype != "string" or self.invert:  # Keras makes these dense first
            return self._raw_call(coordinates.to_dense(coordinates.reorder(inputs)))
        self._ensure_known_size()
        indices = inputs.with_raw(self.indices(inputs.raw_values))
        if self.output_mode == "int":
            return indices
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        codes = coordinates.to_dense(encode_sparse(indices, mode, self._depth, torch.int64))
        return in_form(self._weighted(codes), self.sparse)

    def _call_on_composite(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(inputs, RaggedTensor):
            return super()._call_on_composite(inputs)
        self._ensure_known_size()
        flat = dispatch.raw(inputs.flat_values)
        if self.invert or self.output_mode == "int":
            return inputs._around(dispatch.wrap(self._raw_call(flat)))
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        encoded = encode_rows(inputs, self.indices(flat), mode, self._depth, torch.int64)
        return encoded if mode == "one_hot" else dispatch.wrap(self._weighted(encoded))

    def call_on_rows(self, rows: Rows, width: int | None = None) -> torch.Tensor:
        """The same for text in rows: indices as (rows, width), padded with 0; one-hot vectors as (rows, longest, tokens),
        padded with vectors of 0; or one vector for each row."""
        self._ensure_known_size()
        flat = self.indices(rows.values).cpu()
        if self.output_mode == "int":
            return rows.padded(flat, width).to(devices.current())
        if self.output_mode == "one_hot":
            places = rows.padded(flat, None, fill=_NOWHERE)
            return in_form(one_hot(places, self._depth, torch.int64).to(devices.current()), self.sparse)
        binary = self.output_mode == "multi_hot"
        counts = tally(flat, rows.owners(), len(rows.lengths), self._depth, torch.int64, binary)
        return in_form(self._weighted(counts.to(devices.current())), self.sparse)

    def call_on_rows_as_ragged(self, rows: Rows, width: int | None = None) -> RaggedTensor:
        """Indices in rows as long as those of the texts, or at most of ``width``."""
        self._ensure_known_size()
        ragged = RaggedTensor.from_row_lengths(dispatch.wrap(rows.values), rows.lengths)
        ragged = ragged if width is None else ragged[:, :width]
        found = self.indices(dispatch.raw(ragged.flat_values))
        return ragged._around(dispatch.wrap(found.to(devices.current())))

    def indices(self, inputs: Any) -> torch.Tensor:
        """The index of each token, as int64."""
        inputs = self._raw(inputs, self.vocabulary_dtype)
        found = self._vocabulary.indices(inputs)
        unknown = found < 0
        if self.num_oov_indices == 0:
            if not local.tracing:  # there are no values then
                self._refuse(inputs, unknown)
        elif self.num_oov_indices == 1:
            found = torch.where(unknown, self._oov_start, found)
        else:
            found = torch.where(unknown, self._oov_bins(inputs).to(found.device) + self._oov_start, found)
        if self._mask is not None:
            masked = self._vocabulary.equal(inputs, self._mask).to(found.device)
            found = torch.where(masked, 0 if self.output_mode == "int" else _NOWHERE, found)
        return found

    def _refuse(self, inputs: Any, unknown: torch.Tensor) -> None:
        if self._mask is not None:
            unknown = unknown & ~self._vocabulary.equal(inputs, self._mask).to(unknown.device)
        if unknown.any():
            values = inputs[unknown.cpu().numpy()] if isinstance(inputs, np.ndarray) else inputs[unknown]
            raise fail(
                InvalidArgumentError,
                "When `num_oov_indices=0` all inputs should be in vocabulary",
                received=f"OOV values {values.tolist()[:20]}",
                hint="Consider setting `num_oov_indices=1`.",
            )

    def _oov_bins(self, inputs: Any) -> torch.Tensor:
        if self.vocabulary_dtype != "string" and self.oov_method != "farmhash":
            return torch.remainder(inputs, self.num_oov_indices)
        return hash_bins(as_text(inputs), self.num_oov_indices, self.salt)

    @property
    def _depth(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens else self._frozen_vocab_size

    def _weighted(self, counts: torch.Tensor) -> torch.Tensor:
        if self.output_mode != "tf_idf":
            return counts
        if self.idf_weights is None:
            raise ValueError("When `output_mode` is `'tf_idf'`, `idf_weights` must be provided.")
        weights = torch.from_numpy(self.idf_weights).to(counts.device)
        return counts.to(weights.dtype) * weights

    def _ensure_known_size(self) -> None:
        if self.output_mode != "int" and not self.pad_to_max_tokens and self._frozen_vocab_size is None:
            raise RuntimeError(
                f"When using `output_mode={self.output_mode}` and `pad_to_max_tokens=False`, you must set the layer's "
                "vocabulary before calling it. Either pass a `vocabulary` argument to the layer, or call `adapt` with some "
                "sample data."
            )
        if not self._vocabulary.keys:
            raise fail(
                FailedPreconditionError,
                f"Table not initialized: layer '{self.name}' has no vocabulary",
                hint="Pass `vocabulary` to the layer, or call `adapt` with some sample data.",
            )

    compute_dtype = property(lambda self: self.vocabulary_dtype)
    variable_dtype = property(lambda self: self.vocabulary_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = tuple(input_shape)
        if self.output_mode == "int":
            return shape
        if self.output_mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
            return (*shape, self._depth)
        return (*shape[:-1], self._depth)

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        kind = (
            "int64" if self.output_mode == "int" else as_dtype(dtypes.floatx()).name
        )  # of inverted ones too, as in Keras
        return KerasTensor(self.compute_output_shape(inputs.shape), kind)

    # files

    def get_build_config(self) -> dict:
        return {}

    def build_from_config(self, config: dict) -> None:
        self.build(None)

    def get_config(self) -> dict:
        config = super().get_config()
        config.update(
            vocabulary=_listed(self.input_vocabulary),
            idf_weights=_listed(self.input_idf_weights),
            vocabulary_size=self._frozen_vocab_size,
        )
        return config

    @classmethod
    def from_config(cls, config: dict) -> Any:
        refuse_path(cls, config)
        unknown = config.get("num_oov_indices")
        if isinstance(unknown, (int, float)) and unknown > MAX_UNKNOWN:  # each takes memory
            raise fail(
                ValueError,
                "A configuration's `num_oov_indices` is too large",
                f"at most {MAX_UNKNOWN}",
                received=unknown,
            )
        return super().from_config(config)

    def save_own_variables(self, store: Any) -> None:
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store: Any) -> None:
        if self.output_mode == "tf_idf":
            self._set_idf(np.asarray(store["idf_weights"]))

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary, special tokens included, unless the configuration has it."""
        if self.input_vocabulary is None:
            with open(os.path.join(dir_path, FILE), "w", encoding="utf-8", newline="\n") as file:
                file.write("\n".join(str(token) for token in self.get_vocabulary()))

    def load_assets(self, dir_path: str) -> None:
        """Read what ``save_assets`` wrote."""
        if self.input_vocabulary is not None:
            return
        lines = [line.decode("utf-8") for line in read_lines(os.path.join(dir_path, FILE))]
        while lines and lines[-1] == "":
            lines.pop()
        tokens = lines if self.vocabulary_dtype == "string" else [int(line) for line in lines]
        # the file's weights are filled up with zeros where `pad_to_max_tokens` asks for it, its tokens are not
        self.set_vocabulary(tokens, self.idf_weights[: len(tokens)] if self.output_mode == "tf_idf" else None)


def _flat(row: list) -> list:
    """The items of nested lists."""
    return [item for part in row for item in _flat(part)] if row and isinstance(row[0], list) else row


def _documents(data: Any) -> list[list]:
    """The rows of raw data, flat."""
    if data.ndim < 2:
        return [data.reshape(-1).tolist()]
    return [row.reshape(-1).tolist() for row in data]


def refuse_path(cls: type, config: dict) -> None:
    """Raises ValueError where a configuration names a vocabulary file: what comes from a file must not read others."""
    if isinstance(config.get("vocabulary"), (str, bytes, os.PathLike)):
        raise fail(
            ValueError,
            f"The configuration of a {cls.__name__} layer names a vocabulary file: {config['vocabulary']!r}",
            "a list of tokens, or None: vocabularies are read from the model's own archive only",
            hint="Make the layer without a vocabulary and call set_vocabulary(path) on it, if you trust that file.",
        )


def _listed(values: Any) -> Any:
    if dispatch.is_tensor(values):
        values = dispatch.wrap(dispatch.raw(values)).numpy()
    if isinstance(values, np.ndarray):
        return values.tolist()
    return list(values) if isinstance(values, (list, tuple)) else values
