"""TextVectorization: texts to the indices of their words, or to a vector each."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch.nn import functional as F

from kerasish.core import dispatch, dtypes, registry
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.storage import storage
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.features.batches import is_dataset
from kerasish.layers.features.encoding import TextLayer, check_mode
from kerasish.layers.features.index_lookup import MODES, refuse_path
from kerasish.layers.features.lookup import StringLookup
from kerasish.layers.features.rows import Rows
from kerasish.ops import strings

_PUNCTUATION = b"!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"
_STANDARDIZE = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLIT = ("whitespace", "character")


class TextVectorization(TextLayer):
    """Texts are standardized, split into tokens, these joined to n-grams, and looked up in a vocabulary.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of a string tensor.
        split: "whitespace", "character", None, or a function that makes rows of tokens of a string tensor.
        ngrams: n for 1 to n tokens joined by spaces, or a tuple of the lengths that are wanted.
        output_mode: "int", or a vector for each text: "multi_hot", "count" or "tf_idf"; see ``StringLookup``.
        output_sequence_length: for "int": rows are cut, and padded, to this length; default: the longest of the batch.
        pad_to_max_tokens: whether vectors have ``max_tokens`` entries whatever the size of the vocabulary.
        vocabulary: a list, array or tensor of tokens, or the path of a text file with one a line; else ``adapt`` learns it.
        idf_weights: for "tf_idf", a weight for each token of ``vocabulary``.
        sparse: whether codes (not integers) are given as sparse tensors.
        ragged: whether "int" gives rows of different lengths, a ragged tensor, instead of padded ones.
        encoding: of vocabularies that are tensors.

    Input shape: ``(batch,)`` or ``(batch, 1)``. Output shape: ``(batch, tokens)`` or ``(batch, vocabulary size)``.

    Raises:
        ValueError: values that do not go together.

    >>> layer = TextVectorization(output_sequence_length=4, vocabulary=["earth", "wind", "and", "fire"])
    >>> layer(["Earth, wind!", "fire and rain"]).numpy()
    array([[2, 3, 0, 0],
           [5, 4, 1, 0]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        output_mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(output_mode, output_mode)
        _check_choice("standardize", standardize, _STANDARDIZE)
        _check_choice("split", split, _SPLIT)
        check_mode("TextVectorization", output_mode, MODES)
        _check_sizes(ngrams, output_mode, output_sequence_length)
        if ragged and output_mode != "int":
            raise fail(ValueError, "`ragged` must be False if `output_mode` is not 'int'", received=output_mode)
        if sparse and output_mode == "int":
            raise fail(ValueError, "`sparse=True` needs another `output_mode` than 'int'")
        given = kwargs.pop("has_input_vocabulary", vocabulary is not None)
        size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, autocast=False, **kwargs)
        self._has_input_vocabulary = given
        self._standardize = standardize
        self._split = split
        self._ngrams_arg = ngrams
        self._ngrams = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
        self._output_mode = output_mode
        self._output_sequence_length = output_sequence_length
        self._ragged = bool(ragged)
        self._encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            has_input_vocabulary=given,
            encoding=encoding,
            vocabulary_size=size,
        )

    compute_dtype = property(lambda self: "string")
    variable_dtype = property(lambda self: "string")

    # the vocabulary

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary from texts.

        Args:
            data: an array, tensor or list of texts, a ``tf.data.Dataset``, or an iterable of batches.
            batch_size: has no effect.
            steps: how many batches to read; default: all.
        """
        self.reset_state()
        streamed = hasattr(data, "__iter__") and not isinstance(data, (list, tuple, np.ndarray, str))
        if isinstance(data, RaggedTensor):
            self.update_state(data)
        elif is_dataset(data) or (streamed and not dispatch.is_tensor(data) and not hasattr(data, "__array__")):
            for i, batch in enumerate(data):
                if steps is not None and i >= steps:
                    break
                self.update_state(batch)
        else:
            texts = self._lookup_layer._raw(data, "string")
            self.update_state(texts[:, None] if texts.ndim == 1 else texts)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one more batch of texts."""
        if isinstance(data, RaggedTensor):
            self._lookup_layer.update_state(self._tokens_of_rows(data))
            return
        self._lookup_layer.update_state(self._tokens(self._lookup_layer._raw(data, "string")))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens in the order of their indices; see ``StringLookup``."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of tokens, special ones included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens; see ``StringLookup``."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights=idf_weights)

    # computing

    def build(self, input_shape: Any = None) -> None:
        """There are no weights."""

    def call(self, inputs: Any) -> Any:
        return self._found(self._tokens(self._lookup_layer._raw(inputs, "string")))

    def _call_on_composite(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(inputs, RaggedTensor):
            return super()._call_on_composite(inputs)
        return dispatch.wrap(self._found(self._tokens_of_rows(inputs)))

    def _tokens_of_rows(self, inputs: RaggedTensor) -> Rows:
        """The tokens of rows that are split already.

        Raises:
            ValueError: they are to be split, or there are rows of rows.
        """
        if self._split is not None or inputs.shape.rank != 2:
            raise fail(
                ValueError,
                "When using `TextVectorization` to tokenize strings, the input rank must be 1 or the last shape dimension "
                "must be 1",
                received=f"inputs.shape={inputs.shape} with rank={inputs.shape.rank}",
                hint="Rows of tokens need split=None.",
            )
        if callable(self._standardize):
            rows = Rows.from_user(self._standardize(inputs))
        else:
            rows = Rows.from_user(inputs._around(dispatch.wrap(self._standardized(dispatch.raw(inputs.flat_values)))))
        return rows if self._ngrams is None else _ngrams(rows, self._ngrams)

    def _found(self, tokens: Any) -> Any:
        """The indices or vectors of tokens."""
        length = self._output_sequence_length
        if isinstance(tokens, Rows):
            if self._ragged:
                return self._lookup_layer.call_on_rows_as_ragged(tokens, length)
            return self._lookup_layer.call_on_rows(tokens, length)
        found = self._lookup_layer.call(tokens)
        if self._output_mode != "int" or length is None:
            return found
        found = found[..., :length]
        return found if self._ragged else F.pad(found, (0, length - found.shape[-1]))

    def _tokens(self, texts: np.ndarray) -> Any:
        """Raw texts as Rows of tokens, or, where nothing splits them, as an array."""
        texts = self._standardized(texts)
        if self._split is not None:
            texts = self._pieces(texts)
        return texts if self._ngrams is None else _ngrams(texts, self._ngrams)

    def _standardized(self, texts: np.ndarray) -> Any:
        how = self._standardize
        if callable(how):
            return Rows.from_user(how(dispatch.wrap(texts)))
        if how in ("lower", "lower_and_strip_punctuation"):
            texts = strings.lower(texts)
        if how in ("strip_punctuation", "lower_and_strip_punctuation"):
            texts = strings.each(lambda text: text.translate(None, _PUNCTUATION), texts)
        return texts

    def _pieces(self, texts: np.ndarray) -> Any:
        if texts.ndim > 1:
            if texts.shape[-1] != 1:
                raise fail(
                    ValueError,
                    "To tokenize strings with `TextVectorization`, the input rank must be 1 or the last shape dimension "
                    "must be 1",
                    received=f"inputs.shape={tuple(texts.shape)} with rank={texts.ndim}",
                )
            texts = texts[..., 0]
        if callable(self._split):
            return Rows.from_user(self._split(dispatch.wrap(texts)))
        split = bytes.split if self._split == "whitespace" else _characters
        if texts.ndim == 0:
            return _vector(split(texts.item()))
        if texts.ndim > 1:
            raise fail(ValueError, "TextVectorization splits texts of rank 1", received=f"rank {texts.ndim}")
        return Rows.of(split(text) for text in texts)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = tuple(input_shape)
        if self._output_mode == "int":
            return (shape[0], self._output_sequence_length)
        if self._split is not None:
            shape = (*shape, None)
        elif len(shape) <= 1:
            shape = (*shape, 1)
        return tuple(self._lookup_layer.compute_output_shape(shape))

    def compute_output_spec(self, inputs: KerasTensor) -> KerasTensor:
        kind = "int64" if self._output_mode == "int" else as_dtype(dtypes.floatx()).name
        return KerasTensor(self.compute_output_shape(inputs.shape), kind)

    # files

    def get_config(self) -> dict:
        lookup = self._lookup_layer.get_config()
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": registry.serialize_keras_object(self._dtype_policy),
            "max_tokens": self._lookup_layer.max_tokens,
            "standardize": _plain_function(self._standardize),
            "split": _plain_function(self._split),
            "ngrams": self._ngrams_arg,
            "output_mode": self._output_mode,
            "output_sequence_length": self._output_sequence_length,
            "pad_to_max_tokens": self._lookup_layer.pad_to_max_tokens,
            "sparse": self._lookup_layer.sparse,
            "ragged": self._ragged,
            "vocabulary": lookup["vocabulary"],
            "idf_weights": lookup["idf_weights"],
            "encoding": self._encoding,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config: dict) -> Any:
        refuse_path(cls, config)
        config = dict(config)
        for key in ("standardize", "split"):
            if isinstance(config.get(key), dict):
                config[key] = registry.deserialize_keras_object(config[key])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return super().from_config(config)

    def save_own_variables(self, store: Any) -> None:
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary; see ``StringLookup``."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read what ``save_assets`` wrote."""
        self._lookup_layer.load_assets(dir_path)


def _check_choice(name: str, value: Any, options: tuple[str, ...]) -> None:
    if value is not None and not callable(value) and value not in options:
        raise fail(
            ValueError,
            f"Unknown value for `{name}` of TextVectorization",
            f"{options}, None or a function",
            repr(value),
        )


def _check_sizes(ngrams: Any, output_mode: str, length: Any) -> None:
    whole = isinstance(ngrams, tuple) and all(isinstance(n, int) for n in ngrams)
    if not (ngrams is None or isinstance(ngrams, int) or whole):
        raise fail(ValueError, "`ngrams` must be None, an integer, or a tuple of integers", received=f"ngrams={ngrams}")
    if output_mode == "int" and not (isinstance(length, int) or length is None):
        raise fail(ValueError, "`output_sequence_length` must be None or an integer", received=repr(length))
    if output_mode != "int" and length is not None:
        raise fail(
            ValueError, "`output_sequence_length` must not be set if `output_mode` is not 'int'", received=length
        )


def _plain_function(value: Any) -> Any:
    return registry.serialize_keras_object(value) if callable(value) else value


def _characters(text: bytes) -> list[bytes]:
    return [char.encode("utf-8") for char in text.decode("utf-8", "replace")]


def _vector(parts: list[bytes]) -> np.ndarray:
    out = np.empty(len(parts), dtype=object)
    out[:] = parts
    return out


def _ngrams(tokens: Any, widths: tuple[int, ...]) -> Any:
    """Runs of tokens joined by spaces: for each row those of the first width, then those of the next."""

    def joined(row: list[bytes]) -> list[bytes]:
        return [b" ".join(row[i : i + width]) for width in widths for i in range(len(row) - width + 1)]

    if isinstance(tokens, Rows):
        return Rows.of(joined(row) for row in tokens)
    if tokens.ndim == 0:
        raise fail(ValueError, "Data must have rank>0 to make n-grams of it", received="a scalar")
    if tokens.ndim == 1:
        return _vector(joined(tokens.tolist()))
    rows = [joined(row) for row in tokens.reshape(-1, tokens.shape[-1]).tolist()]
    return storage(rows, "string").reshape(*tokens.shape[:-1], -1)
