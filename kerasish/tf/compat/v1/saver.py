"""``tf.compat.v1.train.Saver``: variables by name in TensorFlow's checkpoint files, of which the last ones are kept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from kerasish.core import dispatch, tree
from kerasish.core.errors import InvalidArgumentError, NotFoundError, fail
from kerasish.core.variable import Variable
from kerasish.saving import bundle, checkpoint_state, object_graph

_HOUR = 3600.0


class Saver:
    """Writes and reads variables under their names.

    Args:
        var_list: variables (in lists, too), or a dictionary of them by the names to write.
        reshape: whether ``restore`` takes values of another shape with as many elements.
        sharded, restore_sequentially, builder, defer_build, saver_def, filename: of graphs; without effect on the files here.
        max_to_keep: so many of the last checkpoints are kept; None or 0: all, of which only the last is noted.
        keep_checkpoint_every_n_hours: besides, one of each so many hours is kept for good.
        name: of the saver.
        allow_empty: whether there may be no variables; then nothing is written.
        write_version: of the files: 2.
        pad_step_number: whether steps have 8 digits in the files' names.
        save_relative_paths: whether the file ``checkpoint`` has names relative to its folder only.

    Raises:
        RuntimeError: no ``var_list``.
        ValueError: another ``write_version``.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = 2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        if var_list is None:
            raise RuntimeError(
                "When eager execution is enabled, `var_list` must specify a list or dict of variables to save"
            )
        if write_version != 2:
            raise ValueError(f"Checkpoints are written in version 2 only, not write_version={write_version}.")
        self._given, self._allow_empty, self._reshape = var_list, allow_empty, reshape
        self._max_to_keep, self._hours = max_to_keep or 0, keep_checkpoint_every_n_hours
        self._pad, self._relative = pad_step_number, save_relative_paths
        self._times: dict[str, float] = {}  # path → when it was made
        self._next_kept = time.time() + keep_checkpoint_every_n_hours * _HOUR

    @property
    def last_checkpoints(self) -> list[str]:
        """Paths, oldest first, of those that may be removed."""
        return list(self._times)

    def set_last_checkpoints(self, last_checkpoints: Iterable[str]) -> None:
        """Go on as if these had been written, at no known time.

        Raises:
            AssertionError: it is no list.
        """
        assert isinstance(last_checkpoints, list)
        self._times = {path: np.inf for path in last_checkpoints}

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Iterable[tuple[str, float]]) -> None:
        """Go on as if these had been written, each at a time in seconds since 1970.

        Raises:
            AssertionError: it is no list.
        """
        assert isinstance(last_checkpoints_with_time, list)
        self._times = dict(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Iterable[str]) -> None:
        """Go on as if those of these that are there had been written, at their files' times."""
        found = [path for path in checkpoint_paths if bundle.is_bundle(path)]
        self._times = {path: os.path.getmtime(bundle.index_path(path)) for path in found}

    def build(self) -> None:
        """Of graphs.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("Use save/restore instead of build in eager mode.")

    def export_meta_graph(self, *args: Any, **kwargs: Any) -> None:
        """Of graphs.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Exporting/importing meta graphs is not supported when eager execution is enabled. No graph exists when eager "
            "execution is enabled."
        )

    def save(
        self,
        sess: Any,
        save_path: Any,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str:
        """Write the variables, remove checkpoints that are too many, and note which there are.

        Args:
            sess: None; there are no sessions. Nor graphs: the arguments about them have no effect.
            save_path: begins the files' names; their folder is made if it is missing.
            global_step: a number, or a variable with one, that ends them.
            latest_filename: of the file that says which checkpoints there are; default: "checkpoint".
            write_state: whether to write it.

        Returns:
            The path, which ``restore`` takes.

        Raises:
            ValueError: there are no variables, two have one name, one has two, or the folder above the files' is missing.
            TypeError: something is no variable.
        """
        path = os.fspath(save_path)
        if os.sep in (latest_filename or ""):
            raise ValueError("'latest_filename' collides with 'save_path': it is the name of a file, without folders.")
        variables = self._variables()
        if global_step is not None:
            path = f"{path}-{int(global_step):08d}" if self._pad else f"{path}-{int(global_step)}"
        if not variables:
            return path
        above = os.path.dirname(os.path.dirname(path))  # one folder that is missing is made
        if above and not os.path.isdir(above):
            raise ValueError(f"Parent directory of {path} doesn't exist, can't save.")
        bundle.write(path, {name: variable.numpy for name, variable in variables.items()})
        if write_state:
            if self._max_to_keep:
                self._times.pop(path, None)
                self._times[path] = time.time()
            gone = self._too_many()
            checkpoint_state.write(  # a reader of the folder finds the new one before the old ones go
                os.path.dirname(path), path, list(self._times), filename=latest_filename, absolute=not self._relative
            )
            for old in gone:
                remove(old)
        return path

    def _variables(self) -> dict[str, Variable]:
        variables = _by_name(self._given)
        if not variables and not self._allow_empty:
            raise ValueError("No variables to save")
        first: dict[int, str] = {}
        for name, variable in variables.items():
            if first.setdefault(id(variable), name) != name:
                raise ValueError(f"The same saveable will be restored with two names: {name}")
        return variables

    def _too_many(self) -> list[str]:
        """The checkpoints that are to go."""
        gone = []
        while self._max_to_keep and len(self._times) > self._max_to_keep:
            path = next(iter(self._times))
            if self._times.pop(path) > self._next_kept:
                self._next_kept += self._hours * _HOUR
            else:
                gone.append(path)
        return gone

    def restore(self, sess: Any, save_path: Any) -> None:
        """Set the variables from files that ``save`` wrote, or TensorFlow did, or ``tf.train.Checkpoint``.

        Args:
            sess: None; there are no sessions.

        Raises:
            ValueError: no path, there is nothing, or a value has another shape than its variable.
            NotFoundError: a name is missing.
            InvalidArgumentError: a value has another dtype than its variable.
        """
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        if not bundle.is_bundle(save_path):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {os.fspath(save_path)}")
        files, variables = bundle.Bundle(save_path), self._variables()
        keys = {name: name for name in variables}
        if not all(name in files for name in keys) and object_graph.KEY in files:
            keys |= object_graph.keys_by_full_name(bytes(files.read(object_graph.KEY)[()]))
        values = {name: self._fitting(files, name, keys[name], variable) for name, variable in variables.items()}
        for name, variable in variables.items():
            variable.assign(values[name])

    def _fitting(self, files: bundle.Bundle, name: str, key: str, variable: Variable) -> Any:
        if key not in files:
            raise NotFoundError(
                "Restoring from checkpoint failed. This is most likely due to a Variable name or other graph key that is "
                f"missing from the checkpoint: Key {name} not found in checkpoint"
            )
        value, shape = files.read(key), tuple(variable.shape)
        dtype = files.entries[key].dtype
        if dtype != variable.dtype:
            raise InvalidArgumentError(
                "Restoring from checkpoint failed. This is most likely due to a mismatch between the current graph and the "
                f"graph from the checkpoint: tensor_name = {name}; expected dtype {variable.dtype} does not equal original "
                f"dtype {dtype}"
            )
        if self._reshape:
            return value.reshape(shape)
        if value.shape != shape:
            raise fail(
                ValueError,
                f"Received incompatible tensor with shape {value.shape} when attempting to restore variable with shape "
                f"{shape} and name {name}.",
            )
        return value


def _by_name(var_list: Any) -> dict[str, Variable]:
    if isinstance(var_list, dict):
        named = {str(name): variable for name, variable in var_list.items()}
    else:
        named = {}
        for variable in tree.flatten(list(var_list)):
            _check_kind(variable)
            name = getattr(variable, "path", variable.name).removesuffix(":0")
            if named.setdefault(name, variable) is not variable:
                raise ValueError(f"At least two variables have the same name: {name}")
    for variable in named.values():
        _check_kind(variable)
    return named


def _check_kind(variable: Any) -> None:
    if not isinstance(variable, Variable) or not dispatch.is_tensor(variable):
        raise TypeError(f"Variable to save is not a Variable: {variable!r}")


def remove(path: Any) -> None:
    """Remove a checkpoint's files (``tf.compat.v1.train.remove_checkpoint``)."""
    bundle.remove(path)
    with suppress(FileNotFoundError):
        os.remove(f"{os.fspath(path)}.meta")
