"""Options of datasets (``tf.data.Options``). They are wishes about speed and distribution: no element depends on them."""

from __future__ import annotations

import enum
import operator
from typing import Any


class AutoShardPolicy(enum.IntEnum):
    """How a dataset is split among workers."""

    OFF = -1
    AUTO = 0
    FILE = 1
    DATA = 2
    HINT = 3


class AutotuneAlgorithm(enum.Enum):
    """How buffers and parallelism are chosen."""

    DEFAULT = 0
    HILL_CLIMB = 1
    GRADIENT_DESCENT = 2
    MAX_PARALLELISM = 3
    STAGE_BASED = 4


class ExternalStatePolicy(enum.Enum):
    """What happens to state outside a dataset that is saved."""

    WARN = 0
    IGNORE = 1
    FAIL = 2


class OptionsBase:
    """A group of options. ``_fields`` names each with its type; all start as None, groups as an empty group."""

    _fields: dict[str, type] = {}
    _renamed: dict[str, str] = {}
    _defaults: dict[str, Any] = {}

    def __init_subclass__(cls) -> None:
        for name in cls._fields:
            setattr(cls, name, None)
        for old, new in cls._renamed.items():
            setattr(cls, old, property(operator.attrgetter(new)))

    def __init__(self) -> None:
        for name, kind in self._fields.items():
            object.__setattr__(self, name, kind() if issubclass(kind, OptionsBase) else self._defaults.get(name))

    def __setattr__(self, name: str, value: Any) -> None:
        name = self._renamed.get(name, name)
        kind = self._fields.get(name)
        if kind is None:
            raise AttributeError(f"Cannot set the property {name} on {type(self).__name__}.")
        if value is not None and not isinstance(value, kind) or value is None and issubclass(kind, OptionsBase):
            raise TypeError(f'Property "{name}" must be of type {kind}, got: {value!r} (type: {type(value)})')
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def merge(self, options: Any) -> Any:
        """New options: those of ``options``, and where it has none, these."""
        merged = type(self)()
        for name, kind in self._fields.items():
            ours, theirs = getattr(self, name), getattr(options, name)
            if issubclass(kind, OptionsBase):
                object.__setattr__(merged, name, ours.merge(theirs))
            else:
                object.__setattr__(merged, name, ours if theirs in (None, self._defaults.get(name)) else theirs)
        return merged


class AutotuneOptions(OptionsBase):
    """``options.autotune``."""

    _fields = {
        "autotune_algorithm": AutotuneAlgorithm,
        "cpu_budget": int,
        "enabled": bool,
        "initial_parallelism": int,
        "min_parallelism": int,
        "ram_budget": int,
    }


class DistributeOptions(OptionsBase):
    """``options.experimental_distribute``."""

    _fields = {"auto_shard_policy": AutoShardPolicy, "num_devices": int}
    _defaults = {"auto_shard_policy": AutoShardPolicy.AUTO}


class OptimizationOptions(OptionsBase):
    """``options.experimental_optimization``."""

    _fields = dict.fromkeys(
        """apply_default_optimizations filter_fusion filter_parallelization inject_prefetch map_and_batch_fusion
        map_and_filter_fusion map_fusion map_parallelization noop_elimination parallel_batch seq_interleave_prefetch
        shuffle_and_repeat_fusion""".split(),
        bool,
    )


class ServiceOptions(OptionsBase):
    """``options.experimental_service``."""

    _fields = {"pinned": bool}


class ThreadingOptions(OptionsBase):
    """``options.threading``."""

    _fields = {"max_intra_op_parallelism": int, "private_threadpool_size": int}


class Options(OptionsBase):
    """Options of a dataset, for ``Dataset.with_options``."""

    _fields = {
        "autotune": AutotuneOptions,
        "dataset_name": str,
        "deterministic": bool,
        "experimental_distribute": DistributeOptions,
        "experimental_external_state_policy": ExternalStatePolicy,
        "experimental_optimization": OptimizationOptions,
        "experimental_service": ServiceOptions,
        "experimental_slack": bool,
        "experimental_symbolic_checkpoint": bool,
        "experimental_warm_start": bool,
        "framework_type": list,
        "threading": ThreadingOptions,
    }
    _renamed = {"experimental_deterministic": "deterministic", "experimental_threading": "threading"}
