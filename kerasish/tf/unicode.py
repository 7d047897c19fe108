"""``tf.strings.unicode_*``: texts as characters, and characters as texts."""

from __future__ import annotations

import codecs
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError, fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.storage import to_numpy
from kerasish.ops import strings as texts
from kerasish.tf.texts import of_text, rows_as, vector
from kerasish.tf.unicode_scripts import script_of

_OUTPUTS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
_ERRORS = ("replace", "ignore", "strict")


class _Reader:
    """Texts of one encoding as characters and the places where they begin.

    Raises:
        InvalidArgumentError: an encoding that is not known; ``errors`` is none of the three.
    """

    def __init__(self, encoding: str, errors: str, replacement_char: int, controls: bool = False) -> None:
        if errors not in _ERRORS:
            raise InvalidArgumentError(
                f'Value for attr \'errors\' of "{errors}" is not in the list of allowed values: "strict", "replace", "ignore"'
            )
        if not 0 <= replacement_char < 0x110000:
            raise InvalidArgumentError("replacement_char out of unicode codepoint range")
        try:
            self._name = codecs.lookup(encoding).name
        except LookupError:
            raise InvalidArgumentError(f"Could not create converter for input encoding: {encoding}") from None
        self._errors, self._replacement, self._controls = errors, replacement_char, controls

    def read(self, text: bytes) -> list[tuple[int, int]]:
        """Pairs of a character's number and the byte where it begins.

        Raises:
            InvalidArgumentError: the text is malformed, and ``errors`` is "strict".
        """
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(text):
            rest = text[at:]
            try:
                good, wrong = rest.decode(self._name), None
            except UnicodeDecodeError as error:
                good, wrong = rest[: error.start].decode(self._name), (error.start, error.end)
            self._take(good, at, found)
            if wrong is None:
                break
            self._replace(at + wrong[0], found)
            at += max(wrong[1], wrong[0] + 1)
        return found

    def _take(self, good: str, at: int, found: list) -> None:
        for char in good:
            if self._controls and char <= "\x1f":
                self._replace(at, found)
            else:
                found.append((ord(char), at))
            at += len(char.encode(self._name))

    def _replace(self, at: int, found: list) -> None:
        if self._errors == "strict":
            raise InvalidArgumentError("Invalid formatting on input string [Op:UnicodeDecode]")
        if self._errors == "replace":
            found.append((self._replacement, at))

    def write(self, char: int) -> bytes:
        return chr(char).encode(self._name, "surrogatepass")


def _int32(values: list) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int32)


def _int64(values: list) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int64)


def _characters(input: np.ndarray, reader: _Reader, split: bool) -> tuple[Any, Any]:
    """The characters of texts, as texts or as numbers, and where they begin."""
    rows = [reader.read(text) for text in input.reshape(-1)]
    if split:
        chars = rows_as(input, [[reader.write(char) for char, _ in row] for row in rows], vector)
    else:
        chars = rows_as(input, [[char for char, _ in row] for row in rows], _int32)
    return chars, rows_as(input, [[place for _, place in row] for row in rows], _int64)


@of_text
def unicode_split(
    input: Array, input_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> Any:
    """The characters of each text, as texts of one character.

    A single text gives a vector; a tensor of texts gives a ragged tensor of one dimension more.

    Args:
        errors: what becomes of malformed text: "replace", "ignore" or "strict".

    Raises:
        InvalidArgumentError: a text is malformed, and ``errors`` is "strict".
    """
    return _characters(input, _Reader(input_encoding, errors, replacement_char), True)[0]


@of_text
def unicode_split_with_offsets(
    input: Array, input_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> Any:
    """The characters of each text, and the bytes where they begin (int64); see ``unicode_split``."""
    return _characters(input, _Reader(input_encoding, errors, replacement_char), True)


@of_text
def unicode_decode(
    input: Array,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """The numbers (code points, int32) of each text's characters; see ``unicode_split``."""
    return _characters(input, _Reader(input_encoding, errors, replacement_char, replace_control_characters), False)[0]


@of_text
def unicode_decode_with_offsets(
    input: Array,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """The numbers of each text's characters, and the bytes where they begin (int64); see ``unicode_split``."""
    return _characters(input, _Reader(input_encoding, errors, replacement_char, replace_control_characters), False)


def _check_output(encoding: str) -> None:
    if encoding not in _OUTPUTS:
        raise InvalidArgumentError(
            f'Value for attr \'output_encoding\' of "{encoding}" is not in the list of allowed values: "UTF-8", "UTF-16-BE", '
            '"UTF-32-BE"'
        )


@strict_op
def unicode_encode(
    input: Array,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """The texts whose characters have these numbers (code points, int32) along the last axis.

    Raises:
        InvalidArgumentError: a number is no character, and ``errors`` is "strict".
        ValueError: a scalar.
    """
    _check_encoding(input, output_encoding, errors)
    rows = to_numpy(input)
    out = vector([_written(row, output_encoding, errors, replacement_char) for row in rows.reshape(-1, rows.shape[-1])])
    return out.reshape(rows.shape[:-1])


def _check_encoding(input: Any, output_encoding: str, errors: str) -> None:
    _check_output(output_encoding)
    if errors not in _ERRORS:
        raise fail(ValueError, "Unknown `errors`", "'replace', 'ignore' or 'strict'", repr(errors))
    if not input.ndim:
        raise ValueError("input_tensor's rank must be at least 1.")
    kind = dtypes.as_dtype(input.dtype).name
    if kind != "int32":
        raise DTypeMismatchError(
            f"cannot compute UnicodeEncode as input #0(zero-based) was expected to be a int32 tensor but is a {kind} tensor "
            "[Op:UnicodeEncode]"
        )


def _written(row: Any, encoding: str, errors: str, replacement_char: int) -> bytes:
    chars = []
    for number in row.tolist() if hasattr(row, "tolist") else row:
        valid = 0 <= number < 0x110000 and not 0xD800 <= number < 0xE000
        if not valid and errors == "strict":
            raise InvalidArgumentError("Code point is out of range for Unicode, or is a surrogate. [Op:UnicodeEncode]")
        if valid or errors == "replace":
            chars.append(chr(number if valid else replacement_char))
    return "".join(chars).encode(encoding)


@RaggedTensor.serve(unicode_encode)
def _encode_ragged(
    input: Any, output_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> Any:
    """The same of the innermost rows."""
    if isinstance(input.values, RaggedTensor) or input.values.shape.rank > 1:
        return input._remade(unicode_encode(input.values, output_encoding, errors, replacement_char), input._partition)
    _check_encoding(input, output_encoding, errors)
    rows = input.to_list()
    return dispatch.wrap(vector([_written(row, output_encoding, errors, replacement_char) for row in rows]))


@of_text
def unicode_transcode(
    input: Array,
    input_encoding: str,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """The texts in another encoding.

    Raises:
        InvalidArgumentError: a text is malformed, and ``errors`` is "strict"; an encoding that is not known.
    """
    _check_output(output_encoding)
    reader = _Reader(input_encoding, errors, replacement_char, replace_control_characters)

    def one(text: bytes) -> bytes:
        return "".join(chr(char) for char, _ in reader.read(text)).encode(output_encoding)

    return texts.each(one, input)


@strict_op
def unicode_script(input: Array, name: str | None = None) -> Any:
    """The numbers of the scripts that characters (int32 code points) belong to, as ICU counts them."""
    if input.dtype.is_floating_point:
        raise TypeError("Cannot convert floats to EagerTensor of dtype int32: code points are integers")
    flat = [script_of(char) for char in to_numpy(input).reshape(-1).tolist()]
    return torch.tensor(flat, dtype=torch.int32).reshape(input.shape)
