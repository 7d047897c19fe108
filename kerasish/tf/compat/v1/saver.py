"""``tf.compat.v1.train.Saver`` where operations run as they are called: variables in files by their names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from kerasish.core.errors import InvalidArgumentError, NotFoundError
from kerasish.core.variable import Variable
from kerasish.saving import bundle, by_name, checkpoint_state

_HOUR = 3600.0
_WARNED = (
    "Restoring from checkpoint failed. This is most likely due to {}. Please ensure that you have not altered the graph "
    "expected based on the checkpoint. Original error:\n\n{}"
)


class Saver:
    """Writes variables to checkpoints and reads them back; ``tf.train.Checkpoint`` is today's way.

    Args:
        var_list: variables, or a dictionary from names in the files to variables.
        max_to_keep: so many of the last checkpoints are kept; None or 0: all.
        keep_checkpoint_every_n_hours: besides, one of each so many hours is kept for good.
        pad_step_number: whether the step in a name has eight digits.
        reshape, sharded, name, restore_sequentially, saver_def, builder, defer_build, allow_empty, write_version,
        save_relative_paths, filename: of graphs; paths are noted relative to the folder.

    Raises:
        RuntimeError: no variables are given.
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
        self._var_list = var_list
        self._max_to_keep = max_to_keep
        self._hours = keep_checkpoint_every_n_hours
        self._next_kept = time.time() + keep_checkpoint_every_n_hours * _HOUR
        self._pad_step_number = pad_step_number
        self._last: dict[str, float] = {}  # path → when it was made

    def _variables(self) -> dict[str, Variable]:
        """The variables by the names that they have in files.

        Raises:
            ValueError: two have one name.
            TypeError: something is no variable.
        """
        given = self._var_list
        pairs = given.items() if isinstance(given, Mapping) else [(getattr(v, "path", None), v) for v in given]
        found: dict[str, Variable] = {}
        for name, variable in pairs:
            if not isinstance(variable, Variable):
                raise TypeError(f"Variable to save is not a Variable: {variable}")
            if name in found:
                raise ValueError(f"At least two variables have the same name: {name}")
            found[name] = variable
        return found

    @property
    def last_checkpoints(self) -> list[str]:
        """Paths, oldest first, of the checkpoints that are kept."""
        return list(self._last)

    def set_last_checkpoints(self, last_checkpoints: Iterable[str]) -> None:
        """Let these be the checkpoints that count for ``max_to_keep``."""
        self._last = dict.fromkeys(last_checkpoints, float("inf"))

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Iterable[tuple[str, float]]) -> None:
        """The same, with the times when they were made."""
        self._last = dict(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Iterable[str]) -> None:
        """The same, with the times of the files; those that are not there are left out."""
        there = [path for path in checkpoint_paths if bundle.is_bundle(path)]
        self._last = {path: os.path.getmtime(bundle.index_path(path)) for path in there}

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
        """Write the variables.

        Args:
            sess: None; there are no sessions.
            save_path: begins the files' names.
            global_step: ends the name, after "-": a number or a variable.
            latest_filename: of the file that says which checkpoint is the latest; default: "checkpoint".
            meta_graph_suffix, write_meta_graph, strip_default_attrs, save_debug_info: of graphs.
            write_state: whether that file is written, and old checkpoints are removed.

        Returns:
            The path, which ``restore`` takes.

        Raises:
            ValueError: the folder above that of the files is not there.
        """
        path = os.fspath(save_path)
        if global_step is not None:
            step = int(global_step)
            path = f"{path}-{step:08d}" if self._pad_step_number else f"{path}-{step}"
        folder = os.path.dirname(path)
        if folder and not os.path.isdir(folder) and not os.path.isdir(os.path.dirname(folder) or os.curdir):
            raise ValueError(f"Parent directory of {path} doesn't exist, can't save.")
        bundle.write(path, by_name.tensors(self._variables()))
        if write_state:
            self._note(path)
            checkpoint_state.write(folder, path, self._last or None, filename=latest_filename)
        return path

    def _note(self, path: str) -> None:
        if not self._max_to_keep:
            return
        self._last.pop(path, None)
        self._last[path] = time.time()
        while len(self._last) > self._max_to_keep:
            old = next(iter(self._last))
            made = self._last.pop(old)
            if made > self._next_kept:
                self._next_kept += self._hours * _HOUR
            else:
                bundle.remove(old)

    def restore(self, sess: Any, save_path: Any) -> None:
        """Set the variables from what ``save`` wrote, or ``tf.train.Checkpoint``.

        Args:
            sess: None; there are no sessions.
            save_path: what ``save`` returned.

        Raises:
            ValueError: there is no such checkpoint, or a value has another shape than its variable.
            NotFoundError: the checkpoint lacks a variable.
            InvalidArgumentError: a value has another dtype.
        """
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        path = os.fspath(save_path)
        if not bundle.is_bundle(path):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {path}")
        try:
            by_name.restore(bundle.Bundle(path), self._variables())
        except NotFoundError as error:
            what = "a Variable name or other graph key that is missing from the checkpoint"
            raise NotFoundError(_WARNED.format(what, error.message)) from None
        except InvalidArgumentError as error:
            what = "a mismatch between the current graph and the graph from the checkpoint"
            raise InvalidArgumentError(_WARNED.format(what, error.message)) from None

    def export_meta_graph(self, *args: Any, **kwargs: Any) -> None:
        """Raise: there are no graphs to write."""
        raise RuntimeError(
            "Exporting/importing meta graphs is not supported when eager execution is enabled. No graph exists when eager "
            "execution is enabled."
        )
