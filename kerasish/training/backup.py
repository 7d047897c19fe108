"""BackupAndRestore: a training run that goes on after its process was killed, as if nothing had happened."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import Any

from kerasish.core.errors import fail
from kerasish.core.replicas import is_first
from kerasish.saving import h5, keras_file
from kerasish.saving.archive import CorruptFileError, replacing
from kerasish.saving.model_files import whole
from kerasish.training import resume
from kerasish.training.callback import Callback
from kerasish.training.monitor import BatchCount

_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")  # what a process that was killed leaves of a file


class BackupAndRestore(Callback):
    """Writes the state of training to a folder, and goes on from there when ``fit`` is called again.

    The state is one file, replaced as a whole: weights, optimizer, metrics, random generators (of Python, NumPy, torch and
    the layers), epoch and step. The run that goes on makes the steps that the other one would have made: the rest of an
    epoch is made on the rest of its batches, in the order drawn for it. Of a generator or iterator, a new process takes
    the batches of the first run once more and leaves them out.

    Args:
        backup_dir: the folder, of one run alone.
        save_freq: "epoch", a number of batches, or False for never.
        double_checkpoint: whether the state before the last is kept too, for when the last cannot be read.
        delete_checkpoint: whether the state is deleted at the end of training.

    Raises:
        ValueError: no folder, or another ``save_freq``; in ``fit``, a model that is not built.
    """

    resumes = True

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
        try:
            self._restore(self._weights_path, self._training_metadata_path)
        except OSError:
            if not os.path.exists(self._prev_weights_path):
                raise
            self._restore(self._prev_weights_path, self._prev_training_metadata_path)

    def _restore(self, weights: str, metadata: str) -> None:
        at = None
        if os.path.exists(weights):
            model = self.model
            if model.optimizer is not None and not model.optimizer.built:
                model.optimizer.build(model.trainable_variables)
            with h5.reading(weights) as root:
                at = resume.read(root)
                keras_file.load_weights(model, root)
        if at is None and os.path.exists(metadata):  # of Keras, which goes on with the epoch's start
            with open(metadata, encoding="utf-8") as file:
                found = keras_file.parse_json(file.read(), metadata)
            if type(found.get("epoch")) is not int:
                raise fail(CorruptFileError, f"'{metadata}' does not say after how many epochs the model was saved")
            at = resume.at_epoch(self.model, found["epoch"])
        if at is not None:
            self.model.__dict__["_position"] = at
            self._epoch = at.epoch

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch = epoch + 1
        if self.save_freq == "epoch" or self._waits:
            self._waits = False
            self._save(0)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if self.save_freq != "epoch" and self.save_freq is not False and self._count.is_due(batch):
            # after an epoch's last batch there is none to make metrics from again: the next epoch's start is saved instead
            self._waits = batch + 1 == self.params.get("steps")
            if not self._waits:
                self._save(batch + 1)

    def _save(self, batch: int) -> None:
        with whole(self.model) as writes:
            if writes:
                self._write(batch)

    def _write(self, batch: int) -> None:
        if self.double_checkpoint:
            _copy(self._weights_path, self._prev_weights_path)
            _copy(self._training_metadata_path, self._prev_training_metadata_path)
        at = resume.position(self.model, self._epoch, batch)
        keras_file.save_weights(self.model, self._weights_path, lambda writer: resume.write(writer, at))
        with (
            replacing(self._training_metadata_path) as temporary,
            open(temporary, "w", encoding="utf-8") as file,
        ):
            json.dump({"epoch": at.epoch, "batch": at.batch}, file)

    def on_train_end(self, logs: dict | None = None) -> None:
        if not is_first() or not self.delete_checkpoint or not os.path.isdir(self.backup_dir):
            return
        own = {
            self._weights_path, self._prev_weights_path, self._training_metadata_path, self._prev_training_metadata_path,
        }  # fmt: skip
        for name in os.listdir(self.backup_dir):
            path = os.path.join(self.backup_dir, name)
            if path in own or _TEMPORARY.fullmatch(name):
                os.remove(path)
        if not os.listdir(self.backup_dir):
            os.rmdir(self.backup_dir)


def _copy(path: str, to: str) -> None:
    if os.path.exists(path):
        with replacing(to) as temporary:
            shutil.copyfile(path, temporary)
