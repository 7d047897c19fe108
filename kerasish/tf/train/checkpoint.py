"""``tf.train.Checkpoint``: the values of objects, written and read by the names that lead to them."""

from __future__ import annotations

import os
from typing import Any

from kerasish.core.context import real_state
from kerasish.core.errors import NotFoundError
from kerasish.core.variable import TFVariable
from kerasish.saving import bundle, checkpoint_state, object_graph, restoring, trackables
from kerasish.saving.by_name import NamedRestoration
from kerasish.saving.checkpoint_files import write_objects
from kerasish.saving.checkpoint_status import CheckpointLoadStatus, InitializationOnlyStatus, NameBasedSaverStatus
from kerasish.saving.trackables import Value
from kerasish.tf.data.iterators import Iterator
from kerasish.tf.module import Module
from kerasish.tf.random.generator import Generator
from kerasish.tf.train.tracking import AutoTrackable

_SAVED_MODEL_VARIABLES = os.path.join("variables", "variables")


class CheckpointOptions:
    """Wishes about how checkpoints are written.

    Args:
        experimental_io_device: TensorFlow's; files are written by this process.
        experimental_enable_async_checkpoint, enable_async: whether writing may go on in the background. It does not: files
            are there when ``save`` returns.
        experimental_write_callbacks: functions called when a checkpoint has been written, with its path if they take it.
        experimental_skip_slot_variables: TensorFlow's; slots are an optimizer's variables here.
        experimental_sharding_callback: TensorFlow's; there is one data file.
    """

    __slots__ = (
        "enable_async",
        "experimental_enable_async_checkpoint",
        "experimental_io_device",
        "experimental_sharding_callback",
        "experimental_skip_slot_variables",
        "experimental_write_callbacks",
    )

    def __init__(
        self,
        experimental_io_device: str | None = None,
        experimental_enable_async_checkpoint: bool = False,
        experimental_write_callbacks: Any = None,
        enable_async: bool = False,
        experimental_skip_slot_variables: bool = False,
        experimental_sharding_callback: Any = None,
    ) -> None:
        self.experimental_io_device = experimental_io_device
        self.enable_async = experimental_enable_async_checkpoint or enable_async
        self.experimental_enable_async_checkpoint = self.enable_async
        for callback in experimental_write_callbacks or ():
            if not callable(callback):
                raise TypeError(f"`experimental_write_callbacks` are functions. Received: {callback!r}")
        self.experimental_write_callbacks = experimental_write_callbacks
        self.experimental_skip_slot_variables = experimental_skip_slot_variables
        self.experimental_sharding_callback = experimental_sharding_callback


class Checkpoint(AutoTrackable):
    """Objects whose values are written to files and read from them, in TensorFlow's format.

    What counts is how objects are reached: by attributes, and by places in lists and dicts.

    Args:
        root: an object whose own attributes are at the top; default: this checkpoint.
        **kwargs: objects by name: models, layers, optimizers, metrics, variables, ``tf.Module``, iterators …, and lists and
            dicts of them. They become attributes.

    Raises:
        ValueError: an object has no values that checkpoints know.
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        state = self.__dict__
        state["_root"] = None
        state["_save_counter"] = None
        if root is not None:
            _check(root, "root", isinstance(root, (list, tuple, dict)))
            state["_root"] = root
        for name, value in sorted(kwargs.items()):
            setattr(self, name, value)
            _check(getattr(self, name), name)
            if root is not None and getattr(root, name, value) is not value:
                raise ValueError(
                    f"Cannot create a Checkpoint with keyword argument {name} if root.{name} already exists."
                )

    @property
    def save_counter(self) -> TFVariable:
        """How often ``save`` was called, an int64 variable."""
        if self._save_counter is None:
            with real_state():
                counter = TFVariable(0, trainable=False, name="save_counter", dtype="int64")
            self.__dict__["_save_counter"] = counter
        return self._save_counter  # type: ignore[return-value]

    def _own(self) -> dict[str, Any]:
        own = trackables.attributes(self, ("_root", "_save_counter"), empty=True)
        return own if self._save_counter is None else {**own, "save_counter": self._save_counter}

    def _top(self) -> tuple[Any, dict[str, Any]]:
        """The first object of the graph, and the children that it has because of this checkpoint."""
        return (self, {}) if self._root is None else (self._root, self._own())

    # writing

    def write(self, file_prefix: Any, options: CheckpointOptions | None = None) -> str:
        """Write the values.

        Args:
            file_prefix: begins the names of the files; missing folders are made.

        Returns:
            The prefix, which ``read`` takes.
        """
        path = os.fspath(file_prefix)
        root, more = self._top()
        write_objects(path, object_graph.ObjectGraph(root, more=more))
        for callback in getattr(options, "experimental_write_callbacks", None) or ():
            callback(path) if callback.__code__.co_argcount else callback()
        return path

    def save(self, file_prefix: Any, options: CheckpointOptions | None = None) -> str:
        """Write the values and the count of saves, and note in the folder's file ``checkpoint`` that these are the latest.

        Returns:
            The prefix with "-" and the count, which ``restore`` takes.
        """
        prefix = os.fspath(file_prefix)
        self.save_counter.assign_add(1)
        path = self.write(f"{prefix}-{int(self.save_counter.numpy())}", options)
        checkpoint_state.write(os.path.dirname(prefix), path)
        return path

    # reading

    def read(self, save_path: Any, options: CheckpointOptions | None = None) -> Any:
        """Set the values from files that ``write`` wrote, or TensorFlow did.

        Values without an object wait, and are set when it is made.

        Raises:
            NotFoundError: there are no such files.
            DataLossError: they are damaged.
            ValueError, InvalidArgumentError: a value has another shape or dtype than its variable.
        """
        path = os.fspath(save_path)
        saved_model = os.path.join(path, _SAVED_MODEL_VARIABLES)
        if os.path.isdir(path) and bundle.is_bundle(saved_model):
            path = saved_model
        root, more = self._top()
        found = bundle.Bundle(path)
        if object_graph.KEY not in found and found.entries:  # what a Saver wrote, by variables' names
            return NameBasedSaverStatus(NamedRestoration(found, root, more), root)
        return CheckpointLoadStatus(restoring.read(found, root, more), root)

    def restore(self, save_path: Any, options: CheckpointOptions | None = None) -> Any:
        """``read`` of what ``save`` wrote, the count of saves included.

        Args:
            save_path: None does nothing.

        Raises:
            NotFoundError, DataLossError, ValueError, InvalidArgumentError: as of ``read``.
        """
        if save_path is None:
            return InitializationOnlyStatus()
        self.save_counter  # noqa: B018 - makes it, so that it is read
        try:
            status = self.read(save_path)
            if isinstance(status, NameBasedSaverStatus):
                status.add_to_optionally_restored(self.save_counter)
            return status
        except NotFoundError as error:
            raise NotFoundError(
                f"Error when restoring from checkpoint or SavedModel at {os.fspath(save_path)}: {error.message}\nPlease "
                "double-check that the path is correct. You may be missing the checkpoint suffix (e.g. the '-1' in "
                "'path/to/ckpt-1')."
            ) from None

    def sync(self) -> None:
        """Wait until files are written: they are."""


def _check(value: Any, name: str, refused: bool = False) -> None:
    if refused or not trackables.is_trackable(value):
        raise ValueError(
            f"`Checkpoint` was expecting {name} to be a trackable object (an object derived from `Trackable`), got {value}. "
            "If you believe this object should be trackable (i.e. it is part of the TensorFlow Python API and manages "
            "state), please open an issue."
        )


@trackables.children.register
def _(thing: Checkpoint, dialect: str = trackables.KERAS_3) -> dict[str, Any]:
    if thing._root is None:
        return thing._own()
    return {**(trackables.children(thing._root, dialect) or {}), **thing._own()}


@trackables.children.register
def _(thing: Module, dialect: str = trackables.KERAS_3) -> dict[str, Any]:
    return trackables.attributes(thing, thing._TF_MODULE_IGNORED_PROPERTIES)


@trackables.children.register
def _(thing: AutoTrackable, dialect: str = trackables.KERAS_3) -> dict[str, Any]:
    return trackables.attributes(thing, (), empty=True)


@trackables.children.register
def _(thing: Generator, dialect: str = trackables.KERAS_3) -> dict[str, Any]:
    return {"_state_var": thing._state}


@trackables.children.register
def _(thing: Iterator, dialect: str = trackables.KERAS_3) -> dict[str, Any]:
    return {}


@trackables.values.register
def _(thing: Iterator) -> dict[str, Value]:
    # TensorFlow stores the state of every step; here the elements that were given are left out when it is read.
    return {"ITERATOR": Value(lambda: thing.position, thing.go_to, "_STATE")}
