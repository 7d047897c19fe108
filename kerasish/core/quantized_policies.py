"""Dtype policies of quantized layers: how weights are stored, and the dtypes of everything else.

The name of such a policy is "int8_from_float32": a mode, and the policy that holds besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

from kerasish.core import dtypes
from kerasish.core.dtypes import POLICY_CLASSES, QUANTIZATION_MODES, DTypePolicy, get_policy
from kerasish.core.errors import fail
from kerasish.core.registry import deserialize_keras_object, serialize_keras_object


class QuantizedDTypePolicy(DTypePolicy):
    """The policy of a layer with quantized weights.

    Args:
        mode: one of "int8", "float8", "int4", "gptq", "awq".
        source_name: name of the policy that holds for the rest; default: the default policy's.

    Raises:
        ValueError: an unknown mode, or "int8" with float16, whose range is too small.
    """

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        source_name = get_policy().name if source_name is None else source_name
        super().__init__(source_name)
        if mode not in QUANTIZATION_MODES:
            raise fail(ValueError, "Invalid quantization mode", f"one of {QUANTIZATION_MODES}", f"mode={mode}")
        if self._compute == "float16" and mode == "int8":
            raise fail(ValueError, f"Quantization mode='{mode}' doesn't work well with compute_dtype='float16'")
        self._name = f"{mode}_from_{source_name}"
        self._source_name = source_name
        self._mode = mode

    quantization_mode = property(lambda self: self._mode)

    def get_config(self) -> dict:
        return {"mode": self._mode, "source_name": self._source_name}

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and other.get_config() == self.get_config()  # type: ignore[attr-defined]

    __hash__ = DTypePolicy.__hash__


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """The policy of a layer that multiplies 8-bit floats.

    Args:
        mode: "float8".
        source_name: as of ``QuantizedDTypePolicy``.
        amax_history_length: how many steps the scale of a tensor looks back.

    Raises:
        TypeError: the length is not an integer.
    """

    default_amax_history_length = 1024

    def __init__(self, mode: str, source_name: str | None = None, amax_history_length: int = 1024) -> None:
        super().__init__(mode=mode, source_name=source_name)
        if not isinstance(amax_history_length, int):
            raise fail(TypeError, "`amax_history_length` must be an integer", received=f"{amax_history_length=}")
        self._amax_history_length = amax_history_length

    amax_history_length = property(lambda self: self._amax_history_length)

    def get_config(self) -> dict:
        return {**super().get_config(), "amax_history_length": self._amax_history_length}


class _WithNumbers(QuantizedDTypePolicy):
    """A mode with numbers behind slashes: "int4/128"."""

    _kind: str
    _numbers: tuple[str, ...]

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        parts = mode.split("/")
        form = "/".join([self._kind, *(f"<{name}>" for name in self._numbers)])
        wrong = f"Invalid mode for {type(self).__name__}. Expected format '{form}', but got '{mode}'."
        if len(parts) != len(self._numbers) + 1 or parts[0] != self._kind:
            raise ValueError(wrong)
        try:
            numbers = [int(part) for part in parts[1:]]
        except ValueError:
            raise ValueError(f"{wrong} They must be integers.") from None
        for name, number in zip(self._numbers, numbers):
            self._check(name, number, mode)
            setattr(self, name, number)
        super().__init__(mode=self._kind, source_name=source_name)
        self.mode = self._kind
        self._name = f"{mode}_from_{source_name}"

    def _check(self, name: str, number: int, mode: str) -> None:
        if name == "weight_bits":
            allowed = (4,) if self._kind == "awq" else (2, 3, 4, 8)
            if number not in allowed:
                raise ValueError(
                    f"Invalid weight_bits in mode. Expected one of {allowed}, but got {number} from '{mode}'."
                )
        elif number < -1 or number == 0:
            raise ValueError(
                f"Invalid {name} in mode. Supported values are -1 or a positive integer, but got {number} from '{mode}'."
            )

    def get_config(self) -> dict:
        numbers = (str(getattr(self, name)) for name in self._numbers)
        return {**super().get_config(), "mode": "/".join([self._kind, *numbers])}


class Int4DTypePolicy(_WithNumbers):
    """The policy of a layer with 4-bit weights.

    Args:
        mode: "int4/128": with how many inputs share a range, -1 for all.
        source_name: as of ``QuantizedDTypePolicy``.

    Raises:
        ValueError: the mode has another form.
    """

    _kind, _numbers = "int4", ("block_size",)


class GPTQDTypePolicy(_WithNumbers):
    """The policy of a layer quantized by GPTQ.

    Args:
        mode: "gptq/4/128": with the bits of a weight, and how many inputs share a range, -1 for all.
        source_name: as of ``QuantizedDTypePolicy``.

    Raises:
        ValueError: the mode has another form.
    """

    _kind, _numbers = "gptq", ("weight_bits", "group_size")


class AWQDTypePolicy(_WithNumbers):
    """The policy of a layer quantized by AWQ.

    Args:
        mode: "awq/4/128": with the bits of a weight, and how many inputs share a range, -1 for all.
        source_name: as of ``QuantizedDTypePolicy``.

    Raises:
        ValueError: the mode has another form.
    """

    _kind, _numbers = "awq", ("weight_bits", "group_size")


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies by the paths of layers; a key may be a regular expression that a whole path matches.

    Args:
        default_policy: for layers that have none of their own; default: the default policy at the time of asking.
        policy_map: paths to policies.

    Raises:
        ValueError: the default is a map itself.
        TypeError: ``policy_map`` is no dictionary.

    >>> policies = DTypePolicyMap("float32", {"encoder/.*": DTypePolicy("mixed_bfloat16")})
    >>> policies["encoder/dense"].compute_dtype, policies["decoder/dense"].compute_dtype
    ('bfloat16', 'float32')
    """

    def __init__(self, default_policy: Any = None, policy_map: dict | None = None) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise fail(
                TypeError, "If specified, `policy_map` must be a dict", received=f"{policy_map} of {type(policy_map)}"
            )
        self._default_policy_arg = default_policy
        self._default_policy = get_policy(default_policy)
        self._policy_map = policy_map or {}

    default_policy = property(lambda self: self._default_policy)
    name = property(lambda self: f"map_{self._default_policy.name}")
    compute_dtype = property(lambda self: self._default_policy.compute_dtype)
    variable_dtype = property(lambda self: self._default_policy.variable_dtype)
    quantization_mode = property(lambda self: self._default_policy.quantization_mode)
    is_mixed = property(lambda self: self._default_policy.is_mixed)

    def __getitem__(self, key: str) -> DTypePolicy:
        """The policy for a path.

        Raises:
            ValueError: several patterns match it.
        """
        if key in self._policy_map:
            return self._policy_map[key]
        matching = [pattern for pattern in self._policy_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple dtype policy specification keys: {matching}. Please make sure each path "
                "only matches at most one dtype policy specification key in the DTypePolicyMap."
            )
        return self._policy_map[matching[0]] if matching else self.default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policy_map:
            raise ValueError(
                f"{key} already exist in the DTypePolicyMap with value {self._policy_map[key]}. Please make sure to not "
                "use duplicated keys."
            )
        try:
            self._policy_map[key] = get_policy(policy)
        except Exception as error:
            raise ValueError(
                "Cannot interpret the assigned value by `keras.dtype_policies.get`. "
                f"Received: {policy} of type {type(policy)}"
            ) from error

    def __delitem__(self, key: str) -> None:
        del self._policy_map[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policy_map

    def __len__(self) -> int:
        return len(self._policy_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policy_map)

    def get_config(self) -> dict:
        default = self._default_policy_arg
        return {
            "default_policy": serialize_keras_object(default),
            "policy_map": serialize_keras_object(self._policy_map),
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        return cls(
            deserialize_keras_object(config["default_policy"], custom_objects),
            deserialize_keras_object(config["policy_map"], custom_objects),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and (self.name, self._policy_map) == (other.name, other._policy_map)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        mapping = [(key, policy.name) for key, policy in self._policy_map.items()]
        return f"<DTypePolicyMap at {hex(id(self))} default_policy={self.default_policy.name}, mapping={mapping}>"


def _read(name: str) -> DTypePolicy:
    """The policy of a name such as "int8_from_float32" or "gptq/4/128_from_mixed_bfloat16".

    Raises:
        ValueError: the name has another form.
    """
    parts = name.split("_from_")
    if len(parts) != 2 or not name.startswith(QUANTIZATION_MODES):
        raise fail(
            ValueError,
            "Cannot convert `policy` into a valid pair (`mode`, `source_name`) to instantiate `QuantizedDTypePolicy`",
            received=f"policy={name}",
        )
    kind = next(mode for mode in QUANTIZATION_MODES if name.startswith(mode))
    classes = {"float8": QuantizedFloat8DTypePolicy, "gptq": GPTQDTypePolicy, "awq": AWQDTypePolicy}
    cls: type = classes.get(kind, Int4DTypePolicy if kind == "int4" and "/" in parts[0] else QuantizedDTypePolicy)
    return cls(*parts)


dtypes.policy_readers.append(_read)
POLICY_CLASSES.update(
    {
        cls.__name__: cls
        for cls in (
            QuantizedDTypePolicy,
            QuantizedFloat8DTypePolicy,
            Int4DTypePolicy,
            GPTQDTypePolicy,
            AWQDTypePolicy,
            DTypePolicyMap,
        )
    }
)
