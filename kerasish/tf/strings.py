"""``tf.strings``: functions of string tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes, symbolic
from kerasish.core.dispatch import Array, Arrays, Index, strict_op
from kerasish.core.errors import AxisError, InvalidArgumentError, OutOfRangeError, missing_name
from kerasish.core.ragged import RaggedTensor, position
from kerasish.core.storage import to_numpy
from kerasish.ops import strings as texts
from kerasish.ops.common import axis_indices
from kerasish.ops.hashing import fingerprint64, murmur64, siphash
from kerasish.tf import arrays, symbolic_results
from kerasish.tf.printing import text as written_out
from kerasish.tf.texts import of_text, one_text, vector
from kerasish.tf.tokens import bytes_split as bytes_split
from kerasish.tf.tokens import joined_along
from kerasish.tf.tokens import ngrams as ngrams
from kerasish.tf.tokens import split as split
from kerasish.tf.unicode import unicode_decode as unicode_decode
from kerasish.tf.unicode import unicode_decode_with_offsets as unicode_decode_with_offsets
from kerasish.tf.unicode import unicode_encode as unicode_encode
from kerasish.tf.unicode import unicode_script as unicode_script
from kerasish.tf.unicode import unicode_split as unicode_split
from kerasish.tf.unicode import unicode_split_with_offsets as unicode_split_with_offsets
from kerasish.tf.unicode import unicode_transcode as unicode_transcode


def _check_unit(unit: str) -> None:
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise InvalidArgumentError(
            f'Value for attr \'unit\' of "{unit}" is not in the list of allowed values: "BYTE", "UTF8_CHAR"'
        )


def _tensor(array: np.ndarray, dtype: Any) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array)).to(dtypes.to_torch(dtype))


# single texts ---------------------------------------------------------------------------------------------------------


def _check_encoding(encoding: str) -> None:
    if encoding not in ("", "utf-8"):
        raise InvalidArgumentError(f"only utf-8 or '' (no encoding) is supported, received {encoding}")


@of_text
def lower(input: Array, encoding: str = "", name: str | None = None) -> Any:
    """Lower case: of ASCII letters, or of all with ``encoding="utf-8"``."""
    _check_encoding(encoding)
    return texts.lower(input, encoding)


@of_text
def upper(input: Array, encoding: str = "", name: str | None = None) -> Any:
    """Upper case: of ASCII letters, or of all with ``encoding="utf-8"``."""
    _check_encoding(encoding)
    return texts.upper(input, encoding)


@of_text
def strip(input: Array, name: str | None = None) -> Any:
    """The texts without white space at their ends."""
    return texts.each(bytes.strip, input)


@of_text
def length(input: Array, unit: str = "BYTE", name: str | None = None) -> Any:
    """The lengths in bytes, or in characters with ``unit="UTF8_CHAR"``; int32."""
    _check_unit(unit)
    count = len if unit == "BYTE" else lambda text: sum(byte & 0xC0 != 0x80 for byte in text)
    return _tensor(texts.each(count, input, np.int32), "int32")


@of_text
def regex_replace(
    input: Array, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Any:
    """What matches a pattern (in RE2's syntax) replaced by ``rewrite``, in which ``\\1`` is what the first group matched.

    Args:
        replace_global: all matches; otherwise the first one.

    Raises:
        InvalidArgumentError: the pattern is malformed.
    """
    return texts.regex_replace(input, one_text(pattern), one_text(rewrite), replace_global)


@of_text
def regex_full_match(input: Array, pattern: Any, name: str | None = None) -> Any:
    """Whether all of a text matches a pattern (in RE2's syntax).

    Raises:
        InvalidArgumentError: the pattern is malformed.
    """
    return _tensor(texts.regex_full_match(input, one_text(pattern)), "bool")


@of_text
def substr(input: Array, pos: Index, len: Index, unit: str = "BYTE", name: str | None = None) -> Any:
    """The part of each text that begins at ``pos`` (from the end if negative) and is at most ``len`` long.

    Args:
        unit: what is counted, "BYTE" or "UTF8_CHAR".

    Raises:
        InvalidArgumentError: ``pos`` lies outside of a text.
    """
    _check_unit(unit)
    starts, sizes = to_numpy(pos), to_numpy(len)
    if starts.dtype.kind != "i" or sizes.dtype.kind != "i":
        raise InvalidArgumentError(
            f"pos and len must be int32 or int64, not {starts.dtype} and {sizes.dtype} [Op:Substr]"
        )
    if starts.shape != sizes.shape:
        raise InvalidArgumentError(f"pos and len should have the same shape, got: {starts.shape} vs. {sizes.shape}")
    try:
        source, starts, sizes = np.broadcast_arrays(input, starts, sizes)
    except ValueError:
        raise InvalidArgumentError(
            f"pos and len should have the same shape as the input: {list(input.shape)}"
        ) from None
    out = np.empty(source.shape, dtype=object)
    flat = out.reshape(-1)
    for i, (text, start, size) in enumerate(zip(source.reshape(-1), starts.reshape(-1), sizes.reshape(-1))):
        units: Any = text if unit == "BYTE" else _CHARACTER.findall(text)
        count = units.__len__()
        if not -count <= start <= count:
            raise InvalidArgumentError(f"pos {start} out of range for string {text!r} at index {i} [Op:Substr]")
        first = start + count if start < 0 else start
        part = units[first : first + size] if size >= 0 else units[first:]
        flat[i] = part if unit == "BYTE" else b"".join(part)
    return out


_CHARACTER = re.compile(rb"(?s:.)[\x80-\xbf]*")  # a byte, and those that continue it

_INTEGER = re.compile(r"\s*[-+]?\d+\s*")


_HEXADECIMAL = re.compile(r"\s*[-+]?0[xX][0-9a-fA-F.]+(?:[pP][-+]?\d+)?\s*")


def _number(text: bytes, whole: bool) -> Any:
    try:
        decoded = text.decode()
        if whole:
            return int(decoded) if _INTEGER.fullmatch(decoded) else float("_")
        if _HEXADECIMAL.fullmatch(decoded):
            return float.fromhex(decoded)
        return float(decoded if "_" not in decoded else "_")
    except ValueError:
        raise InvalidArgumentError(
            f"StringToNumberOp could not correctly convert string: {text.decode('utf-8', 'replace')} [Op:StringToNumber]"
        ) from None


@of_text
@dispatch.symbolic(symbolic_results.to_number)
def to_number(input: Array, out_type: Any = dtypes.float32, name: str | None = None) -> Any:
    """The numbers that texts write out.

    Raises:
        InvalidArgumentError: a text is no number, or none of ``out_type``.
    """
    kind = dtypes.as_dtype(out_type)
    if kind.name not in ("float32", "float64", "int32", "int64", "uint32", "uint64"):
        raise InvalidArgumentError(f"Value for attr 'out_type' of {kind.name} is not in the list of allowed values")
    numbers = texts.each(lambda text: _number(text, kind.is_integer), input)
    for value in numbers.reshape(-1) if kind.is_integer else ():
        if not kind.min <= value <= kind.max:
            raise InvalidArgumentError(
                f"StringToNumberOp could not correctly convert string: {value} [Op:StringToNumber]"
            )
    return _tensor(numbers.astype(kind.as_numpy_dtype), kind)


def _hashed(input: np.ndarray, buckets: Any, function: Callable[[bytes], int]) -> torch.Tensor:
    count = int(buckets)
    if count < 1:
        raise InvalidArgumentError(f"Value for attr 'num_buckets' of {count} must be at least minimum 1")
    return _tensor(texts.each(lambda text: function(text) % count, input, np.int64), "int64")


@of_text
def to_hash_bucket(input: Array, num_buckets: Any, name: str | None = None) -> Any:
    """A hash of each text modulo ``num_buckets``; TensorFlow advises against it: the two others are better."""
    return _hashed(input, num_buckets, murmur64)


@of_text
def to_hash_bucket_fast(input: Array, num_buckets: Any, name: str | None = None) -> Any:
    """FarmHash's fingerprint of each text modulo ``num_buckets``."""
    return _hashed(input, num_buckets, fingerprint64)


@of_text
def to_hash_bucket_strong(input: Array, num_buckets: Any, key: Sequence[int], name: str | None = None) -> Any:
    """SipHash of each text, with a key of two integers, modulo ``num_buckets``."""
    numbers = [int(k) for k in key]
    if len(numbers) != 2:
        raise InvalidArgumentError("Key must have 2 elements [Op:StringToHashBucketStrong]")
    return _hashed(input, num_buckets, lambda text: siphash(text, (numbers[0], numbers[1])))


# joining and splitting ------------------------------------------------------------------------------------------------


@of_text
def join(inputs: Arrays, separator: str = "", name: str | None = None) -> Any:
    """The texts of several tensors of one shape joined elementwise; scalars are repeated. None at all are an empty text.

    Raises:
        InvalidArgumentError: the shapes differ.
    """
    parts = [inputs] if isinstance(inputs, np.ndarray) else list(inputs)
    if not parts:
        return np.full((), b"", dtype=object)
    shapes = [part.shape for part in parts if part.ndim]
    for other in shapes[1:]:
        if other != shapes[0]:
            raise InvalidArgumentError(
                f"Input shapes do not match: {list(shapes[0])} vs. {list(other)} [Op:StringJoin]"
            )
    between = one_text(separator)
    columns = np.broadcast_arrays(*parts)
    rows = zip(*(column.reshape(-1) for column in columns))
    out = np.empty(columns[0].size, dtype=object)
    out[:] = [between.join(row) for row in rows]
    return out.reshape(columns[0].shape)


@of_text
def reduce_join(
    inputs: Array, axis: Any = None, keepdims: bool = False, separator: str = "", name: str | None = None
) -> Any:
    """The texts joined along axes: first along the one that is named first; all in their order by default."""
    # the axis named first runs fastest
    try:
        axes = list(range(inputs.ndim)) if axis is None else axis_indices(axis, inputs.ndim)[::-1]
    except AxisError as error:
        raise OutOfRangeError(f"Invalid reduction dimension: {error} [Op:ReduceJoin]") from None
    if not axes:
        return inputs
    kept = [a for a in range(inputs.ndim) if a not in axes]
    shape = [inputs.shape[a] for a in kept]
    rows = inputs.transpose(kept + axes).reshape(int(np.prod(shape)), -1)
    between = one_text(separator)
    out = np.empty(len(rows), dtype=object)
    out[:] = [between.join(row) for row in rows]
    return out.reshape([1 if a in axes else n for a, n in enumerate(inputs.shape)] if keepdims else shape)


@RaggedTensor.serve(reduce_join)
def _join_ragged(
    inputs: Any, axis: Any = None, keepdims: bool = False, separator: str = "", name: str | None = None
) -> Any:
    """The same along one axis after another."""
    rank = inputs.shape.rank
    between = one_text(separator)
    if axis is None:
        joined = reduce_join(inputs.flat_values, None, False, separator)
        return dispatch.wrap(dispatch.raw(joined).reshape([1] * rank)) if keepdims else joined
    axes = [position(int(a), rank) for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
    out = inputs
    for a in sorted(axes, reverse=True):
        out = joined_along(out, a, between)
        out = arrays.expand_dims(out, a) if keepdims else out
    return out


@of_text
def unsorted_segment_join(
    inputs: Array, segment_ids: Index, num_segments: Any, separator: str = "", name: str | None = None
) -> Any:
    """The texts with the same id joined in their order; an empty text for an id that nothing has.

    Args:
        segment_ids: of the shape of the first axes of ``inputs``.
        num_segments: the length of the result.

    Raises:
        InvalidArgumentError: an id is out of range, or the shapes do not fit.
    """
    ids, count = to_numpy(segment_ids), int(num_segments)
    if inputs.shape[: ids.ndim] != ids.shape:
        raise InvalidArgumentError(
            "segment_ids must have the shape of the first axes of inputs [Op:UnsortedSegmentJoin]"
        )
    if ids.size and not 0 <= ids.min() <= ids.max() < count:
        raise InvalidArgumentError(
            "segment_ids are not allowed to exceed num_segments or to have negative values. [Op:UnsortedSegmentJoin]"
        )
    rest = inputs.shape[ids.ndim :]
    columns = inputs.reshape(ids.size, -1)
    groups: list[list[list[bytes]]] = [[[] for _ in range(columns.shape[1])] for _ in range(count)]
    for number, row in zip(ids.reshape(-1).tolist(), columns):
        for group, text in zip(groups[number], row):
            group.append(text)
    between = one_text(separator)
    return vector([between.join(group) for row in groups for group in row]).reshape(count, *rest)


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
    if len(fill) > 1:
        raise InvalidArgumentError(f"Fill string must be one or fewer characters, not {fill!r} [Op:AsString]")

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
    if len(fill) > 1:
        raise InvalidArgumentError(f"Fill string must be one or fewer characters, not {fill!r} [Op:AsString]")
    if kind.is_bool:
        if scientific or shortest:
            raise InvalidArgumentError("scientific and shortest format not supported for datatype bool [Op:AsString]")
        if precision >= 0:
            raise InvalidArgumentError("precision not supported for datatype bool [Op:AsString]")
        written = [b"true" if value else b"false" for value in input.reshape(-1).tolist()]
    else:
        form = _format_of(kind, precision, scientific, shortest, width, fill)
        if kind.is_complex:
            form = f"({form},{form})"
            written = [(form % (v.real, v.imag)).encode() for v in input.reshape(-1).tolist()]
        else:
            written = [(form % v).encode() for v in input.reshape(-1).tolist()]
    return vector(written).reshape(tuple(input.shape))


@strict_op
@dispatch.strings(_padded_texts)
@dispatch.symbolic(symbolic_results.as_string)
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
    if symbolic.any_symbolic(given):
        return symbolic.call(format, (template, inputs, placeholder, summarize), {})
    written = [
        written_out(value if isinstance(value, RaggedTensor) else dispatch.wrap(dispatch.raw(value)), summarize)
        for value in given
    ]
    whole = pieces[0] + "".join(value + piece for value, piece in zip(written, pieces[1:]))
    return dispatch.wrap(np.asarray(whole.encode(), dtype=object))


format.symbolic = symbolic_results.format  # type: ignore[attr-defined]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
