"""BackupAndRestore: a training run that goes on after its process was killed, as if nothing had happened."""

from __future__ import annotations

import json
import os
import re
import shutil
import warnings
from typing import Any

from kerasish.core.divided import is_divided
from kerasish.core.errors import fail
from kerasish.core.replicas import from_first, is_first, together
from kerasish.core.variable import Variable
from kerasish.saving import h5, keras_file, parts
from kerasish.saving.archive import CorruptFileError, check_seal, replacing
from kerasish.saving.model_files import whole
from kerasish.training import resume
from kerasish.training.callback import Callback
from kerasish.training.monitor import BatchCount
from kerasish.training.replicas import current, set_current, share_variables

_POSITION = "position.h5"  # in the folder of a state in parts
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")  # what a process that was killed leaves of a file


class BackupAndRestore(Callback):
    """Writes the state of training to a folder, and goes on from there when ``fit`` is called again.

    The state is one file, replaced as a whole: weights, optimizer, metrics, random generators (of Python, NumPy, torch and
    the layers), callbacks, epoch and step. Where processes have pieces of variables it is a folder, to which each writes
    its own, and from which any number of processes goes on.
    The run that goes on makes the steps that the other one would have made: the rest of an epoch is made on the rest of its
    batches, in the order drawn for it. Of a generator or iterator, a new process takes the batches of the first run once
    more and leaves them out.

    Args:
        backup_dir: the folder, of one run alone.
        save_freq: "epoch", a number of batches, or False for never.
        double_checkpoint: whether the state before the last is kept too, for when the last cannot be read.
        delete_checkpoint: whether the state is deleted at the end of training.

    Raises:
        ValueError: no folder, or another ``save_freq``; in ``fit``, a model that is not built.
    """

    resumes = True
    _kept = BatchCount.KEPT

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise fail(
                ValueError,
                "Invalid value for argument `save_freq`",
                "'epoch' or an integer value",
                f"save_freq={save_freq}",
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._count = BatchCount(save_freq)
        self._epoch = 0
        self._waits = False  # a save is due, at the end of the epoch
        self._source: str | None = None  # the file that training goes on from
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._prev_weights_path = f"{self._weights_path}.bkp"
        self._prev_training_metadata_path = f"{self._training_metadata_path}.bkp"

    def on_train_begin(self, logs: dict | None = None) -> None:
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, your model must be built before you call `fit()`. "
                f"Model '{self.model.name}' is unbuilt. You can build it beforehand by calling it on a batch of data."
            )
        at = self._found_in_parts()
        if at is None:
            at = self._found() if is_first() else None
            at = from_first(at) if together() else at
            at = at and at._replace(load=self._load)
            if at is not None:
                at.load()
        if at is not None:
            self.model.__dict__["_position"] = at
            self._epoch = at.epoch

    def _found_in_parts(self) -> resume.Position | None:
        """Where the run was whose processes left their parts of the state in the folder, which is read."""
        found = parts.states(self.backup_dir)[::-1]
        found = from_first(found) if together() else found
        for i, path in enumerate(found):
            try:
                with h5.reading(os.path.join(path, _POSITION)) as root:
                    at = resume.read(root)
                self._load_parts(path)
            except OSError as error:
                if i == len(found) - 1:
                    raise
                warnings.warn(
                    f"BackupAndRestore goes on from the state before the last one, '{found[i + 1]}', because the last one "
                    f"cannot be used: {error}",
                    stacklevel=4,
                )
            else:
                return at and at._replace(load=lambda path=path: self._load_parts(path))
        return None

    def _load_parts(self, path: str) -> None:
        self._build()
        variables = self._variables()
        tensors = {name: current(v).clone() for name, v in variables.items()}
        parts.read(path, tensors)
        for name, variable in variables.items():
            set_current(variable, tensors[name])

    def _variables(self) -> dict[str, Variable]:
        optimizer = self.model.optimizer
        return {
            f"{kind}/{i}": variable
            for kind, owner in (("model", self.model), ("optimizer", optimizer))
            for i, variable in enumerate(owner.variables if owner is not None else ())
        }

    def _found(self) -> resume.Position | None:
        """Where the run was that left its state in the folder.

        Raises:
            CorruptFileError: the state is damaged, and there is none before it.
        """
        try:
            return self._position(self._weights_path, self._training_metadata_path)
        except OSError as error:
            if not os.path.exists(self._prev_weights_path):
                raise fail(
                    CorruptFileError,
                    str(error),
                    hint="No state before it was kept (`double_checkpoint=True`). Without the file training begins anew.",
                ) from error
            warnings.warn(
                f"BackupAndRestore goes on from the state before the last one, '{self._prev_weights_path}', because the last "
                f"one cannot be used: {error}",
                stacklevel=4,
            )
            return self._position(self._prev_weights_path, self._prev_training_metadata_path)

    def _position(self, weights: str, metadata: str) -> resume.Position | None:
        at = self._source = None
        if os.path.exists(weights):
            check_seal(weights)
            self._build()
            with h5.reading(weights) as root:
                at = resume.read(root)
                keras_file.load_weights(self.model, root)
            self._source = weights
        if at is None and self._source and os.path.exists(metadata):  # of Keras, which goes on with the epoch's start
            with open(metadata, encoding="utf-8") as file:
                found = keras_file.parse_json(file.read(), metadata)
            if type(found.get("epoch")) is not int:
                raise fail(CorruptFileError, f"'{metadata}' does not say after how many epochs the model was saved")
            at = resume.at_epoch(self.model, found["epoch"])
        return at

    def _build(self) -> None:
        optimizer = self.model.optimizer
        if optimizer is not None and not optimizer.built:
            optimizer.build(self.model.trainable_variables)

    def _load(self) -> None:
        """Read the weights and the optimizer's state of what was found."""
        self._build()
        with whole(self.model, keep=True):
            if self._source is not None:
                with h5.reading(self._source) as root:
                    keras_file.load_weights(self.model, root)
            if together():
                share_variables(self.model)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch + 1
        if self.save_freq == "epoch" or self._waits:
            self._waits = False
            self._save(0, logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self.save_freq != "epoch" and self.save_freq is not False and self._count.is_due(batch):
            # after an epoch's last batch there is none to make metrics from again: the next epoch's start is saved instead
            self._waits = batch + 1 == self.params.get("steps")
            if not self._waits:
                self._save(batch + 1)

    def _save(self, batch: int, logs: dict | None = None) -> None:
        at = self.model.__dict__["_fit_run"].position(self._epoch, batch, self, logs)
        in_parts = together() and any(is_divided(v) for v in self._variables().values())
        if not is_first() and not in_parts:
            return
        has_one = os.path.exists(self._weights_path) or bool(parts.states(self.backup_dir))
        try:
            self._write_parts(at) if in_parts else self._write(at)
        except OSError as error:
            if not has_one:
                raise
            where = f"after batch {batch} of epoch {at.epoch + 1}" if batch else f"after epoch {at.epoch}"
            warnings.warn(
                f"BackupAndRestore could not write the state {where}. Training goes on, the state before "
                f"stays in '{self._weights_path}': {error}",
                stacklevel=6,
            )

    def _write_parts(self, at: resume.Position) -> None:
        """Each process its part of what is divided."""

        def write_position(path: str) -> None:
            with h5.Writer(os.path.join(path, _POSITION)) as writer:
                resume.write(writer, at)

        os.makedirs(self.backup_dir, exist_ok=True)
        tensors = {name: current(v) for name, v in self._variables().items()}
        parts.write(self.backup_dir, tensors, write_position, keep=2 if self.double_checkpoint else 1)

    def _write(self, at: resume.Position) -> None:
        if self.double_checkpoint and self._source != self._prev_weights_path:  # else the last one is damaged
            _keep(self._weights_path, self._prev_weights_path)
            _keep(self._training_metadata_path, self._prev_training_metadata_path)
        keras_file.save_weights(
            self.model, self._weights_path, lambda writer: resume.write(writer, at), sealed=True
        )  # fmt: skip
        with (
            replacing(self._training_metadata_path) as temporary,
            open(temporary, "w", encoding="utf-8") as file,
        ):
            json.dump({"epoch": at.epoch, "batch": at.batch}, file)
        self._source = None

    def on_train_end(self, logs: dict | None = None) -> None:
        if not is_first() or not self.delete_checkpoint or not os.path.isdir(self.backup_dir):
            return
        own = {
            self._weights_path, self._prev_weights_path, self._training_metadata_path, self._prev_training_metadata_path,
        }  # fmt: skip
        for path in parts.states(self.backup_dir):
            parts.remove(path)
        for name in os.listdir(self.backup_dir):
            path = os.path.join(self.backup_dir, name)
            if _TEMPORARY.fullmatch(name) and os.path.isdir(path):
                shutil.rmtree(path)
            elif path in own or _TEMPORARY.fullmatch(name):
                os.remove(path)
        if not os.listdir(self.backup_dir):
            os.rmdir(self.backup_dir)


def _keep(path: str, as_path: str) -> None:
    """Let a file that is about to be replaced stay under another name."""
    if os.path.exists(path):
        with replacing(as_path) as temporary:
            try:
                os.link(path, temporary)
            except OSError:  # a file system without links
                shutil.copyfile(path, temporary)
