"""StringLookup and IntegerLookup: tokens to indices of a vocabulary, and back."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import fail
from kerasish.layers.features.index_lookup import IndexLookup


class StringLookup(IndexLookup):
    """Text to the indices of a vocabulary.

    Index 0 is the mask token's, if there is one and ``output_mode`` is "int"; then come ``num_oov_indices`` for what is not
    in the vocabulary, then the vocabulary's.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included.
        num_oov_indices: how many indices there are for unknown tokens, which hashing chooses from; 0 refuses them.
        mask_token: stands for no token.
        oov_token: stands for unknown ones, with ``invert``.
        vocabulary: a list, array or tensor of tokens, or the path of a text file with one a line; else ``adapt`` learns it.
        idf_weights: for "tf_idf", a weight for each token of ``vocabulary``.
        invert: whether to turn indices into text.
        output_mode: "int", or vectors for each sample: "multi_hot" (does the token occur), "count" (how often), "tf_idf"
            (times its weight); "one_hot" gives one for each token.
        pad_to_max_tokens: whether vectors have ``max_tokens`` entries whatever the size of the vocabulary.
        sparse: whether codes (not integers) are given as sparse tensors.
        encoding: of vocabularies that are tensors.
        salt: as in ``Hashing``, for unknown tokens.

    Input shape: any. Output shape: the same for "int", else see ``CategoryEncoding``.

    Raises:
        ValueError: values that do not go together.

    >>> StringLookup(vocabulary=["a", "b", "c"])([["a", "c", "z"]]).numpy()
    array([[1, 3, 0]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            vocabulary_dtype="string",
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            name=name,
            salt=salt,
            **kwargs,
        )

    def get_config(self) -> dict:
        return {**super().get_config(), "oov_method": self.oov_method}


class IntegerLookup(IndexLookup):
    """Integers to the indices of a vocabulary.

    Args:
        max_tokens: the largest size of the vocabulary, special tokens included. Keras 2 called it ``max_values`` at first.
        num_oov_indices: how many indices there are for unknown integers, which their remainder chooses from; 0 refuses them.
        mask_token: stands for no value.
        oov_token: stands for unknown ones, with ``invert``.
        vocabulary: a list, array or tensor of integers, or the path of a text file with one a line; else ``adapt`` learns it.
        vocabulary_dtype: "int64".
        idf_weights, invert, output_mode, sparse, pad_to_max_tokens: see ``StringLookup``.
        oov_method: "floormod", or "farmhash": how unknown integers are spread.
        salt: as in ``Hashing``, for "farmhash".

    Input shape: any. Output shape: the same for "int", else see ``CategoryEncoding``.

    Raises:
        ValueError: values that do not go together.

    >>> IntegerLookup(vocabulary=[12, 36, 1138, 42])([[12, 1138, 42], [42, 1000, 36]]).numpy()
    array([[1, 3, 4],
           [4, 0, 2]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise fail(ValueError, "Only `vocabulary_dtype='int64'` is supported", received=vocabulary_dtype)
        old = {"mask_value": mask_token, "oov_value": oov_token}  # as Keras 2 had them at first
        mask_token, oov_token = (kwargs.pop(key, value) for key, value in old.items())
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            vocabulary_dtype=vocabulary_dtype,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )
