"""``tf.strings``: functions of string tensors."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.dispatch import Array, Arrays, Index, strict_op
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError, fail, missing_name
from kerasish.core.storage import to_numpy
from kerasish.ops import strings as texts
from kerasish.ops.common import axis_indices
from kerasish.ops.hashing import fingerprint64, siphash
from kerasish.tf.printing import array_of, summary

F = TypeVar("F", bound=Callable)


def _of_text(function: F) -> F:
    """Publish a function of arrays of bytes; tensors of numbers are refused."""

    @functools.wraps(function)
    def refuse(*args: Any, **kwargs: Any) -> Any:
        given = next((v for v in itertools.chain(args, kwargs.values()) if isinstance(v, torch.Tensor)), None)
        kind = "number" if given is None else dtypes.as_dtype(given.dtype).name
        raise DTypeMismatchError(f"tf.strings.{function.__name__} expected a string tensor but got a {kind} tensor")

    refuse.strings = function  # type: ignore[attr-defined]
    return strict_op(refuse)  # type: ignore[return-value]


def _bytes(text: Any) -> bytes:
    """A single text, as Python value or tensor."""
    return np.asarray(dispatch.raw(text)).item()


def _check_unit(unit: str) -> None:
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise InvalidArgumentError(
            f'Value for attr \'unit\' of "{unit}" is not in the list of allowed values: "BYTE", "UTF8_CHAR"'
        )


def _tensor(array: np.ndarray, dtype: Any) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array)).to(dtypes.to_torch(dtype))


# single texts ---------------------------------------------------------------------------------------------------------


@_of_text
def lower(input: Array, encoding: str = "", name: str | None = None) -> Any:
    """Lower case: of ASCII letters, or of all with ``encoding="utf-8"``."""
    return texts.lower(input, encoding)


@_of_text
def upper(input: Array, encoding: str = "", name: str | None = None) -> Any:
    """Upper case: of ASCII letters, or of all with ``encoding="utf-8"``."""
    return texts.upper(input, encoding)


@_of_text
def strip(input: Array, name: str | None = None) -> Any:
    """The texts without white space at their ends."""
    return texts.each(bytes.strip, input)


@_of_text
def length(input: Array, unit: str = "BYTE", name: str | None = None) -> Any:
    """The lengths in bytes, or in characters with ``unit="UTF8_CHAR"``; int32."""
    _check_unit(unit)
    count = len if unit == "BYTE" else lambda text: sum(byte & 0xC0 != 0x80 for byte in text)
    return _tensor(texts.each(count, input, np.int32), "int32")


@_of_text
def regex_replace(
    input: Array, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Any:
    """What matches a pattern (in RE2's syntax) replaced by ``rewrite``, in which ``\\1`` is what the first group matched.

    Args:
        replace_global: all matches; otherwise the first one.

    Raises:
        InvalidArgumentError: the pattern is malformed.
    """
    return texts.regex_replace(input, _bytes(pattern), _bytes(rewrite), replace_global)


@_of_text
def regex_full_match(input: Array, pattern: Any, name: str | None = None) -> Any:
    """Whether all of a text matches a pattern (in RE2's syntax).

    Raises:
        InvalidArgumentError: the pattern is malformed.
    """
    return _tensor(texts.regex_full_match(input, _bytes(pattern)), "bool")


@_of_text
def substr(input: Array, pos: Index, len: Index, unit: str = "BYTE", name: str | None = None) -> Any:
    """The part of each text that begins at ``pos`` (from the end if negative) and is at most ``len`` long.

    Args:
        unit: what is counted, "BYTE" or "UTF8_CHAR".

    Raises:
        InvalidArgumentError: ``pos`` lies outside of a text.
    """
    _check_unit(unit)
    try:
        source, starts, sizes = np.broadcast_arrays(input, to_numpy(pos), to_numpy(len))
    except ValueError:
        raise InvalidArgumentError(
            f"pos and len should have the same shape as the input: {list(input.shape)}"
        ) from None
    out = np.empty(source.shape, dtype=object)
    flat = out.reshape(-1)
    for i, (text, start, size) in enumerate(zip(source.reshape(-1), starts.reshape(-1), sizes.reshape(-1))):
        units: Any = text if unit == "BYTE" else text.decode("utf-8", "replace")
        count = units.__len__()
        if not -count <= start <= count:
            raise InvalidArgumentError(f"pos {start} out of range for string {text!r} at index {i} [Op:Substr]")
        first = start + count if start < 0 else start
        part = units[first : first + size]
        flat[i] = part if unit == "BYTE" else part.encode("utf-8")
    return out


_INTEGER = re.compile(r"\s*[-+]?\d+\s*")


def _number(text: bytes, whole: bool) -> Any:
    try:
        decoded = text.decode()
        if whole:
            return int(decoded) if _INTEGER.fullmatch(decoded) else float("_")
        return float(decoded if "_" not in decoded else "_")
    except ValueError:
        raise InvalidArgumentError(
            f"StringToNumberOp could not correctly convert string: {text.decode('utf-8', 'replace')} [Op:StringToNumber]"
        ) from None


@_of_text
def to_number(input: Array, out_type: Any = dtypes.float32, name: str | None = None) -> Any:
    """The numbers that texts write out.

    Raises:
        InvalidArgumentError: a text is no number, or none of ``out_type``.
    """
    kind = dtypes.as_dtype(out_type)
    numbers = texts.each(lambda text: _number(text, kind.is_integer), input)
    for value in numbers.reshape(-1) if kind.is_integer else ():
        if not kind.min <= value <= kind.max:
            raise InvalidArgumentError(
                f"StringToNumberOp could not correctly convert string: {value} [Op:StringToNumber]"
            )
    return _tensor(numbers.astype(kind.as_numpy_dtype), kind)


def _hashed(input: np.ndarray, buckets: Any, function: Callable[[bytes], int]) -> torch.Tensor:
    return _tensor(texts.each(lambda text: function(text) % int(buckets), input, np.int64), "int64")


@_of_text
def to_hash_bucket_fast(input: Array, num_buckets: Any, name: str | None = None) -> Any:
    """FarmHash's fingerprint of each text modulo ``num_buckets``."""
    return _hashed(input, num_buckets, fingerprint64)


@_of_text
def to_hash_bucket_strong(input: Array, num_buckets: Any, key: Sequence[int], name: str | None = None) -> Any:
    """SipHash of each text, with a key of two integers, modulo ``num_buckets``."""
    first, second = (int(k) for k in key)
    return _hashed(input, num_buckets, lambda text: siphash(text, (first, second)))


# joining and splitting ------------------------------------------------------------------------------------------------


@_of_text
def join(inputs: Arrays, separator: str = "", name: str | None = None) -> Any:
    """The texts of several tensors of one shape joined elementwise; scalars are repeated.

    Raises:
        InvalidArgumentError: the shapes differ.
    """
    parts = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    shapes = [part.shape for part in parts if part.ndim]
    for other in shapes[1:]:
        if other != shapes[0]:
            raise InvalidArgumentError(
                f"Input shapes do not match: {list(shapes[0])} vs. {list(other)} [Op:StringJoin]"
            )
    between = _bytes(separator)
    columns = np.broadcast_arrays(*parts)
    rows = zip(*(column.reshape(-1) for column in columns))
    out = np.empty(columns[0].size, dtype=object)
    out[:] = [between.join(row) for row in rows]
    return out.reshape(columns[0].shape)


@_of_text
def reduce_join(
    inputs: Array, axis: Any = None, keepdims: bool = False, separator: str = "", name: str | None = None
) -> Any:
    """The texts joined along axes: first along the one that is named first; all in their order by default."""
    # the axis named first runs fastest
    axes = list(range(inputs.ndim)) if axis is None else axis_indices(axis, inputs.ndim)[::-1]
    if not axes:
        return inputs
    kept = [a for a in range(inputs.ndim) if a not in axes]
    shape = [inputs.shape[a] for a in kept]
    rows = inputs.transpose(kept + axes).reshape(int(np.prod(shape)), -1)
    between = _bytes(separator)
    out = np.empty(len(rows), dtype=object)
    out[:] = [between.join(row) for row in rows]
    return out.reshape([1 if a in axes else n for a, n in enumerate(inputs.shape)] if keepdims else shape)


def _only_scalars(x: np.ndarray, name: str) -> bytes:
    if x.ndim:
        raise fail(
            NotImplementedError,
            f"tf.strings.{name} of a tensor with dimensions gives a ragged tensor, and these are not served yet",
            "a scalar",
            f"shape {x.shape}",
            hint="Split the elements one by one, for example in a loop or in tf.data's map.",
        )
    return x.item()


def _vector(parts: Sequence) -> np.ndarray:
    out = np.empty(len(parts), dtype=object)
    out[:] = list(parts)
    return out


@_of_text
def split(input: Array, sep: Any = None, maxsplit: int = -1, name: str | None = None) -> Any:
    """The parts of a text between separators (without one: between runs of white space), as a vector.

    Raises:
        NotImplementedError: ``input`` is not a scalar.
    """
    return _vector(texts.split(_only_scalars(input, "split"), b"" if sep is None else _bytes(sep), maxsplit))


@_of_text
def bytes_split(input: Array, name: str | None = None) -> Any:
    """The bytes of a text, as a vector of texts of one byte.

    Raises:
        NotImplementedError: ``input`` is not a scalar.
    """
    return _vector([bytes([byte]) for byte in _only_scalars(input, "bytes_split")])


# characters -----------------------------------------------------------------------------------------------------------

_ERRORS = {"replace": "replace", "ignore": "ignore", "strict": "strict"}


def _decoded(text: bytes, encoding: str, errors: str, replacement_char: int) -> str:
    """A text as characters.

    Raises:
        InvalidArgumentError: it is not of that encoding, and ``errors`` is "strict".
    """
    if errors not in _ERRORS:
        raise fail(ValueError, "Unknown `errors`", "'replace', 'ignore' or 'strict'", repr(errors))
    try:
        return text.decode(encoding, errors).replace("\ufffd", chr(replacement_char))
    except UnicodeDecodeError:
        raise InvalidArgumentError("Invalid formatting on input string") from None


@_of_text
def unicode_split(
    input: Array, input_encoding: str, errors: str = "replace", replacement_char: int = 65533, name: str | None = None
) -> Any:
    """The characters of a text, as a vector of texts of one character.

    Raises:
        NotImplementedError: ``input`` is not a scalar.
    """
    text = _decoded(_only_scalars(input, "unicode_split"), input_encoding, errors, replacement_char)
    return _vector([char.encode(input_encoding) for char in text])


@_of_text
def unicode_decode(
    input: Array,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """The numbers (code points, int32) of a text's characters.

    Raises:
        NotImplementedError: ``input`` is not a scalar.
    """
    text = _decoded(_only_scalars(input, "unicode_decode"), input_encoding, errors, replacement_char)
    text = _without_controls(text, replacement_char) if replace_control_characters else text
    return torch.tensor([ord(char) for char in text], dtype=torch.int32)


def _without_controls(text: str, replacement_char: int) -> str:
    return re.sub(r"[\x00-\x1f]", lambda match: chr(replacement_char), text)


@strict_op
def unicode_encode(
    input: Array,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """The texts whose characters have these numbers (code points) along the last axis.

    Raises:
        InvalidArgumentError: a number is no character, and ``errors`` is "strict".
    """
    rows = to_numpy(input)

    def one(row: np.ndarray) -> bytes:
        chars = []
        for number in row.tolist():
            valid = 0 <= number < 0x110000 and not 0xD800 <= number < 0xE000
            if not valid and errors == "strict":
                raise InvalidArgumentError("Code point is out of range for Unicode, or a noncharacter.")
            if valid or errors == "replace":
                chars.append(chr(number if valid else replacement_char))
        return "".join(chars).encode(output_encoding)

    out = _vector([one(row) for row in rows.reshape(-1, rows.shape[-1])])
    return out.reshape(rows.shape[:-1])


@_of_text
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
        InvalidArgumentError: a text is not of ``input_encoding``, and ``errors`` is "strict".
    """

    def one(text: bytes) -> bytes:
        decoded = _decoded(text, input_encoding, errors, replacement_char)
        decoded = _without_controls(decoded, replacement_char) if replace_control_characters else decoded
        return decoded.encode(output_encoding)

    return texts.each(one, input)


# numbers as text ------------------------------------------------------------------------------------------------------


def _format_of(kind: dtypes.DType, precision: int, scientific: bool, shortest: bool, width: int, fill: str) -> str:
    """C's format for a number."""
    if len(fill) > 1 or fill not in ("", " ", "-", "0", "+"):
        raise InvalidArgumentError(f'Fill argument not supported: "{fill}" [Op:AsString]')
    floats = kind.kind in ("float", "complex")
    if scientific and shortest:
        raise InvalidArgumentError("Cannot select both scientific and shortest notation [Op:AsString]")
    for given, word in ((precision >= 0, "precision"), (scientific or shortest, "scientific and shortest")):
        if given and not floats:
            raise InvalidArgumentError(f"{word} not supported for datatype {kind.name} [Op:AsString]")
    head = f"%{fill}" + (str(width) if width > -1 else "")
    if not floats:
        return head + "d"
    return head + (f".{precision}" if precision > -1 else "") + ("e" if scientific else "g" if shortest else "f")


def _padded_texts(
    input: np.ndarray,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> np.ndarray:
    """Texts as they are, cut to ``precision`` and filled up to ``width`` bytes."""

    def one(text: bytes) -> bytes:
        text = text[:precision] if precision >= 0 else text
        return text.ljust(width) if fill == "-" else text.rjust(width)

    return texts.each(one, input) if precision >= 0 or width >= 0 else input


def _as_string(
    input: torch.Tensor,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> np.ndarray:
    kind = dtypes.as_dtype(input.dtype)
    if kind.is_bool:
        written = [b"true" if value else b"false" for value in input.reshape(-1).tolist()]
    else:
        form = _format_of(kind, precision, scientific, shortest, width, fill)
        if kind.is_complex:
            form = f"({form},{form})"
            written = [(form % (v.real, v.imag)).encode() for v in input.reshape(-1).tolist()]
        else:
            written = [(form % v).encode() for v in input.reshape(-1).tolist()]
    return _vector(written).reshape(tuple(input.shape))


@strict_op
@dispatch.strings(_padded_texts)
def as_string(
    input: Array,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Any:
    """Numbers written out as text, like C's ``printf`` does.

    Args:
        precision: digits after the point; default: 6.
        scientific, shortest: with an exponent, or the shorter of both ways; of floats only.
        width, fill: the least length, and what fills it up: " ", "0", or "-" to fill up on the right.

    Raises:
        InvalidArgumentError: arguments that the dtype does not have.
    """
    return _as_string(input, precision, scientific, shortest, width, fill)


def format(template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None) -> Any:
    """``template`` with its placeholders replaced by the contents of tensors, summarized as ``tf.print`` does.

    Raises:
        ValueError: there are as many placeholders as tensors.
    """
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    pieces = template.split(placeholder)
    if len(pieces) - 1 != len(given):
        raise ValueError(
            f"The template expects {len(pieces) - 1} tensors, but the inputs only has {len(given)}. Please ensure the "
            "number of placeholders in template matches inputs length."
        )
    written = [summary(array_of(value), summarize) for value in given]
    text = pieces[0] + "".join(value + piece for value, piece in zip(written, pieces[1:]))
    return dispatch.wrap(np.asarray(text.encode(), dtype=object))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
