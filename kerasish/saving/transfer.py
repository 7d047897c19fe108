"""From a file's arrays into variables: all is compared first and read, then all is assigned.

A file that does not fit, or turns out to be damaged, leaves the model as it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.core.variable import Variable
from kerasish.saving.archive import CorruptFileError
from kerasish.saving.h5 import Group, Stored


class Store(Mapping):
    """What ``load_own_variables`` of a user's layer is given: arrays by the names that ``save_own_variables`` used."""

    def __init__(self, group: Group | None) -> None:
        self._group = group
        self._names = sorted(group.walk()) if group is not None else []

    def __getitem__(self, name: str) -> np.ndarray:
        stored = self._group.array(name) if self._group is not None else None
        if stored is None:
            raise KeyError(f"The file has no array '{name}' here. It has {self._names}")
        return stored.read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Transfer:
    """A plan of assignments, carried out by ``run``.

    Args:
        file: name of the file, for messages.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[str] = []
        self.unused: list[str] = []  # what the file has and the model does not
        self._pairs: list[tuple[Variable, Stored]] = []
        self._owners: list[tuple[Any, list[Variable]]] = []  # layers that are told once they are loaded
        self._custom: list[tuple[str, Any, Store]] = []

    def match(
        self, where: str, owner: Any, variables: list[Variable], arrays: list[Stored], apart: bool = False
    ) -> None:
        """Plan to set an object's variables from the file's arrays, or note why that cannot be.

        Args:
            apart: whether variables that fit are set though others of the same object do not.
        """
        problem = _difference(owner, variables, arrays)
        if problem:
            self.problems.append(f"{where}: {problem}")
            if apart and len(variables) == len(arrays):
                self._pairs += [(v, a) for v, a in zip(variables, arrays) if not _difference(owner, [v], [a])]
        else:
            self._pairs += zip(variables, arrays, strict=True)
            if hasattr(owner, "_after_loading"):
                self._owners.append((owner, variables))

    def hand_over(self, where: str, owner: Any, store: Store) -> None:
        """Plan to call the object's own ``load_own_variables``."""
        self._custom.append((where, owner, store))

    def run(self, skip_mismatch: bool = False) -> None:
        """Do it.

        Raises:
            ValueError: something does not fit; with ``skip_mismatch`` that is a warning and the rest is done.
            CorruptFileError: the file is damaged.
        """
        if self.problems and not skip_mismatch:
            raise ValueError(self._report())
        arrays = [(variable, stored.read()) for variable, stored in self._pairs]
        self._run_custom(skip_mismatch)
        for variable, array in arrays:
            variable.assign(array)
        for owner, variables in self._owners:
            owner._after_loading(variables)
        if self.problems:
            warnings.warn(self._report(), stacklevel=5)

    def _run_custom(self, skip_mismatch: bool) -> None:
        """The users' own loading; what they have set is set back if one of them fails."""
        before: list[tuple[Variable, np.ndarray]] = []
        for where, owner, store in self._custom:
            own = [(variable, variable.numpy()) for variable in owner.variables]
            try:
                owner.load_own_variables(store)
            except Exception as error:
                _restore(own)
                if not skip_mismatch or isinstance(error, CorruptFileError):
                    _restore(before)
                    raise fail(
                        ValueError, f"'{where}' of the file '{self.file}' could not be loaded: {error}"
                    ) from error
                self.problems.append(f"{where}: {error}")
            before += own

    def _report(self) -> str:
        count = len(self.problems)
        lines = [f"A total of {count} objects could not be loaded from the file '{self.file}'."]
        lines += [f"  {problem}" for problem in self.problems[:20]]
        if count > 20:
            lines.append(f"  ... and {count - 20} more")
        if self.unused:
            shown = ", ".join(self.unused[:20]) + (", ..." if len(self.unused) > 20 else "")
            lines.append(f"In the file, but not in the model: {shown}.")
        return "\n".join(lines)


def _restore(values: list[tuple[Variable, np.ndarray]]) -> None:
    for variable, value in values:
        variable.assign(value)


def _difference(owner: Any, variables: list[Variable], arrays: list[Stored]) -> str | None:
    """Why the arrays cannot be the variables' values, in Keras's words; None if they can."""
    kind, name = type(owner).__name__, getattr(owner, "name", "")
    if len(variables) != len(arrays):
        if not variables and not getattr(owner, "built", True):
            return (
                f"Layer '{name}' ({kind}) was never built and thus it doesn't have any variables. However the weights "
                f"file lists {len(arrays)} variables for this layer, of shapes {[a.shape for a in arrays]}. Call the "
                "model on data, or give the layer a `build()` that creates its weights."
            )
        return (
            f"Layer '{name}' ({kind}) expected {len(variables)} variables, but received {len(arrays)} variables during "
            f"loading. Expected: {_shapes(variables)}. In the file: {[a.shape for a in arrays]}"
        )
    wrong = [
        f"'{v.name}' has shape {tuple(v.shape)}, but the file's '{a.path}' has shape {a.shape}"
        for v, a in zip(variables, arrays)
        if tuple(v.shape) != a.shape
    ]
    wrong += [
        f"'{v.name}' has dtype {v.dtype.name}, but the file's '{a.path}' has dtype {a.dtype}"
        for v, a in zip(variables, arrays)
        if not _castable(a.dtype, v)
    ]
    return f"Shape mismatch in layer '{name}' ({kind}): {'; '.join(wrong)}" if wrong else None


def _castable(dtype: np.dtype, variable: Variable) -> bool:
    return dtype.kind != "S" and (dtype.kind != "c" or variable.dtype.name.startswith("complex"))


def _shapes(variables: list[Variable]) -> str:
    return ", ".join(f"'{v.name}' {tuple(v.shape)}" for v in variables)


# optimizers -----------------------------------------------------------------------------------------------------------


def _of_keras_2(own: list[Variable], arrays: list[Stored]) -> tuple[list[Variable], list[Stored]]:
    """The state as Keras 2 stores it: no learning rate, no other numbers but the step, momenta even where SGD has none."""
    without_rate = [v for v in own if v.name != "learning_rate"]
    if len(without_rate) == 1 and [len(a.shape) for a in arrays].count(0) == 1:
        return without_rate, arrays[:1]
    if len(without_rate) == len(arrays):
        return without_rate, arrays
    return [own[0], *(v for v in own[1:] if len(v.shape))], arrays


def match_optimizer(transfer: Transfer, where: str, optimizer: Any, arrays: list[Stored]) -> None:
    """Plan to set an optimizer's state; one of another size is left alone with a warning, as in Keras."""
    own = list(optimizer.variables)
    if len(arrays) <= 2 < len(own):  # it had made no step, so that there is no state
        return
    if len(own) != len(arrays):
        own, arrays = _of_keras_2(own, arrays)
    if len(own) != len(arrays):
        warnings.warn(
            f"Skipping variable loading for optimizer '{optimizer.name}', because it has {len(optimizer.variables)} "
            f"variables whereas the saved optimizer has {len(arrays)} variables.",
            stacklevel=6,
        )
        return
    transfer.match(where, optimizer, own, arrays)
