"""``tf.DeviceSpec``: a device's name in parts."""

from __future__ import annotations

from typing import Any

_FIELDS = ("job", "replica", "task", "device_type", "device_index")


class DeviceSpec:
    """A device's name, perhaps only partly known.

    Args:
        job: a name.
        replica, task: numbers.
        device_type: "CPU", "GPU" and so on.
        device_index: its number.
    """

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        self._job = None if job is None else str(job)
        self._replica = None if replica is None else int(replica)
        self._task = None if task is None else int(task)
        self._device_type = None if device_type is None else str(device_type).upper()
        self._device_index = None if device_index is None else int(device_index)

    job = property(lambda self: self._job)
    replica = property(lambda self: self._replica)
    task = property(lambda self: self._task)
    device_type = property(lambda self: self._device_type)
    device_index = property(lambda self: self._device_index)

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """The parts of a name such as "/job:worker/replica:0/task:1/device:CPU:0".

        Raises:
            ValueError: the name has a part that no device has.
        """
        found: dict[str, Any] = {}
        for part in filter(None, (spec or "").split("/")):
            words = part.split(":")
            if words[0] in ("job", "replica", "task") and len(words) == 2:
                found[words[0]] = words[1]
            elif words[0] == "device" and len(words) in (2, 3):
                found["device_type"] = words[1]
                if len(words) == 3 and words[2] != "*":
                    found["device_index"] = words[2]
            elif words[0].upper() in ("CPU", "GPU", "TPU", "XLA_CPU", "XLA_GPU", "CUSTOM") and len(words) == 2:
                found["device_type"] = words[0]
                if words[1] != "*":
                    found["device_index"] = words[1]
            elif words[0] not in ("job", "replica", "task", "device"):
                raise ValueError(
                    f"Unknown attribute '{words[0]}' is encountered while parsing the device spec: '{spec}'."
                )
        return cls(**found)

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """The parts of a name; see ``from_string``."""
        return self.from_string(spec)

    def to_string(self) -> str:
        """The name; without a number the type has "*"."""
        named = [f"/{field}:{getattr(self, field)}" for field in _FIELDS[:3] if getattr(self, field) is not None]
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            named.append(f"/device:{self.device_type}:{index}")
        return "".join(named)

    def replace(self, **kwargs: Any) -> DeviceSpec:
        """One with other parts."""
        return DeviceSpec(**{**self._parts(), **kwargs})

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """One with the parts that ``dev`` has, and this one's others."""
        return self.replace(**{key: value for key, value in dev._parts().items() if value is not None})

    def _parts(self) -> dict[str, Any]:
        return {field: getattr(self, field) for field in _FIELDS}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(tuple(self._parts().values()))

    def __repr__(self) -> str:
        return f"<DeviceSpec({', '.join(f'{key}={value}' for key, value in self._parts().items())})>"
