"""Saving and loading models: which format a path or a file has, and the functions behind ``Model.save`` and its kin.

A file to write has the format of its name, a file to read that of its first bytes.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core import divided, registry
from kerasish.core.context import scope
from kerasish.core.errors import fail
from kerasish.core.replicas import is_first
from kerasish.layers.layer import Layer
from kerasish.saving import bundle, checkpoint_files, folders, h5, keras_file, legacy_h5, shards, steps
from kerasish.saving.archive import Archive, CorruptFileError, missing_file
from kerasish.saving.dialects import to_keras_3

_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_FREE_SIZE = 256 << 20  # bytes that the weights of a model may take whatever the file's size
_SAVED_MODEL_ONLY = ("signatures", "options", "save_traces")


# whole models ---------------------------------------------------------------------------------------------------------


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model: architecture, weights, what ``compile`` was given, and the optimizer's state.

    The file is written anew and then put in the old one's place, so that there is always a whole one.

    Args:
        model: a model; for ``.keras``, any layer.
        filepath: ending in ``.keras`` (Keras 3's format), or in ``.h5`` or ``.hdf5`` (Keras 2's).
        overwrite: whether an existing file is replaced without asking.
        zipped: False: the archive's members are written as files into the folder ``filepath``.
        **kwargs: ``include_optimizer``: whether the compiled state is written. ``save_format``: "keras" or "h5", as in
            Keras 2; then the name need not tell. In programs that ask for Keras 2 and name a folder: ``signatures``,
            functions for ``tf.saved_model.load``; its ``options``; ``save_traces``, which changes nothing.

    Raises:
        ValueError: another extension, or an unknown argument.
        NotImplementedError: a subclassed model as ``.h5``.
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format = kwargs.pop("save_format", None)
    of_folder = {name: value for name in _SAVED_MODEL_ONLY if (value := kwargs.pop(name, None)) is not None}
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {sorted([*kwargs, *of_folder])}")
    _check_layer(model, "save_model")
    path = _path_of(filepath, None if folders.stands_for("", save_format) else save_format)
    folder = zipped is False or (zipped is None and folders.stands_for(path, save_format))
    if of_folder and not folder:
        raise ValueError(f"The following argument(s) are not supported: {sorted(of_folder)}")
    legacy = not folder and (save_format in ("h5", "hdf5") or (save_format is None and path.endswith((".h5", ".hdf5"))))
    if legacy:
        _check_model(model, "save_model")
    if not legacy and not folder and not path.endswith(".keras"):
        raise ValueError(
            "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras format "
            "(recommended) or a `.h5` extension. Use `model.export(filepath)` if you want to export the model for use "
            f"elsewhere. Received: filepath={filepath}."
        )
    with whole(model) as writes:
        if not writes or (not overwrite and not _may_replace(path)):
            return
        if not model.built:
            warnings.warn(
                "You are saving a model that has not yet been built. It might not contain any weights yet. Consider "
                "building the model first by calling it on some data.",
                stacklevel=3,
            )
        config = serialized(model, include_optimizer)
        if folder:
            with tempfile.TemporaryDirectory(prefix="keras_folder_") as temporary:
                archive = os.path.join(temporary, "model.keras")
                keras_file.save(model, archive, config, include_optimizer)
                folders.spread(archive, path)
            folders.add_functions(model, path, of_folder.get("signatures"), of_folder.get("options"))
            return
        (legacy_h5 if legacy else keras_file).save(model, path, config, include_optimizer)


def load_model(filepath: Any, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """Read a model that Keras 2, Keras 3 or kerasish wrote as ``.keras``, ``.h5`` or ``.hdf5``.

    Args:
        filepath: of the file, or of the folder that ``save_model(zipped=False)`` made.
        custom_objects: name → class or function, for those that are not registered.
        compile: whether the model is compiled as it was, its optimizer continuing where it was.
        safe_mode: refuse code in the file (lambda expressions), and weights out of proportion to the file's own size.
            With ``safe_mode=False`` the code runs: pass it for files whose author you trust.

    Raises:
        FileNotFoundError: there is no file.
        ValueError: the file is damaged, is no model, or its parts do not fit together.
        TypeError: it names a class or function that is neither public nor registered.
    """

    def read(path: str) -> Any:
        return _read_model(path, custom_objects, compile, safe_mode)

    path = os.fspath(filepath)
    if folders.is_model(path):
        with folders.gathered(path) as archive:
            return read(archive)
    return steps.newest_intact(path, read)


def _read_model(path: str, custom_objects: dict | None, compile: bool, safe_mode: bool) -> Any:
    kind = _kind_of(path, "load_model")
    with _rebuilding(path, None if safe_mode is False else max(_FREE_SIZE, h5.MAX_RATIO * os.path.getsize(path))):
        if kind == "h5":
            return legacy_h5.load(path, custom_objects, compile, safe_mode)
        with Archive(path) as archive:
            config = to_keras_3(keras_file.read_config(archive), keras_file.read_version(archive))
            if not compile:
                config.pop("compile_config", None)
            model = registry.deserialize_keras_object(_without_empty(config), custom_objects, safe_mode)
            _check_layer(model, f"load_model('{path}')")
            keras_file.load_from_archive(model, archive, whole=True)
    return model


def model_from_json(json_string: str, custom_objects: dict | None = None) -> Any:
    """A model with new weights, for what ``model.to_json()`` of Keras 2, Keras 3 or kerasish gave.

    Raises:
        ValueError: not JSON of a model.
        TypeError: it names a class or function that is neither public nor registered.
    """
    data = keras_file.parse_json(json_string, "json_string")
    version = data.get("keras_version")
    config = to_keras_3(data, version if isinstance(version, str) else None)
    with _rebuilding("json_string"):
        model = registry.deserialize_keras_object(_without_empty(config), custom_objects)
    _check_model(model, "model_from_json")
    return model


def _check_layer(model: Any, what: str) -> None:
    if not isinstance(model, Layer):
        raise fail(
            ValueError, f"{what} needs a model", "a keras.Model or keras.Layer", f"{model!r} of type {type(model)}"
        )


def _check_model(model: Any, what: str) -> None:
    if not isinstance(model, Layer) or not hasattr(model, "compile_from_config"):
        raise fail(ValueError, f"{what} needs a model", "a keras.Model", f"{model!r} of type {type(model)}")


def serialized(model: Any, include_compilation: bool = True) -> dict:
    """A model as plain data, layers that occur in several places being marked."""
    with scope(share_objects=True):
        config = json.loads(json.dumps(registry.serialize_keras_object(model)))
    counts: dict[int, int] = {}
    for data in _with_identity(config):
        counts[data["shared_object_id"]] = counts.get(data["shared_object_id"], 0) + 1
    numbers = {identity: i for i, identity in enumerate(i for i, count in counts.items() if count > 1)}
    for data in _with_identity(config):
        identity = data.pop("shared_object_id")
        if identity in numbers:
            data["shared_object_id"] = numbers[identity]
    if not include_compilation:
        config.pop("compile_config", None)
    return config


def _with_identity(data: Any) -> list[dict]:
    found, pending = [], [data]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("shared_object_id"), int):
                found.append(value)
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return found


def _without_empty(config: dict) -> dict:
    """A compile config without the arguments that are None: Keras 2 writes those that were not given."""
    compiled = config.get("compile_config")
    if isinstance(compiled, dict):
        config["compile_config"] = {key: value for key, value in compiled.items() if value is not None}
    return config


@contextmanager
def _rebuilding(name: str, size: int | None = None) -> Iterator[None]:
    """Layers that the file shares are shared, weights take ``size`` bytes at most, and a malformed config is a ValueError.

    A file that is read while another one is has a reader, and so a safe mode, of its own.
    """
    try:
        with scope(shared_objects={}, weight_budget=None if size is None else [size], safe_mode=None):
            yield
    except (KeyError, IndexError, AttributeError, RecursionError) as error:
        raise fail(
            CorruptFileError, f"The model of '{name}' cannot be built ({type(error).__name__}: {error})"
        ) from error


# weights --------------------------------------------------------------------------------------------------------------


def save_weights(model: Any, filepath: Any, overwrite: bool = True, max_shard_size: Any = None, **kwargs: Any) -> None:
    """Write a model's weights, and its optimizer's state.

    Args:
        model: a built model.
        filepath: ending in ``.weights.h5`` (Keras 3's format); other names in ``.h5`` or ``.hdf5`` get Keras 2's, without
            the optimizer. A name without an extension, or in ``.ckpt``, with "ckpt" or "checkpoint" in it or in its folder's:
            begins the names of a TensorFlow checkpoint, as in Keras 2.
        overwrite: whether an existing file is replaced without asking.
        max_shard_size: in GB: the weights are spread over files of at most this size, beside an index in ``.weights.json``.
        **kwargs: ``save_format`` of Keras 2: "h5" or "tf", its formats, whatever the name;
            ``objects_to_skip``: layers whose weights are left out.

    Raises:
        ValueError: the model is not built, another extension, or an unknown argument.
    """
    save_format = kwargs.pop("save_format", None)
    skip = kwargs.pop("objects_to_skip", None) or ()
    options = kwargs.pop("options", None)
    if kwargs:
        raise fail(TypeError, "save_weights() got an unexpected keyword argument", received=sorted(kwargs))
    _check_model(model, "save_weights")
    if not isinstance(filepath, (str, os.PathLike)):
        raise fail(ValueError, "The filename must end in `.weights.h5`", received=f"filepath={filepath!r}")
    checkpoint = save_format in ("tf", "tensorflow") or (save_format is None and checkpoint_files.is_prefix(filepath))
    if checkpoint and max_shard_size is None:
        _save_checkpoint(model, _path_of(filepath, None), overwrite, skip)
        return
    if options is not None:
        raise fail(TypeError, "save_weights() got an unexpected keyword argument", received="options")
    path = _path_of(filepath, save_format)
    sharded = max_shard_size is not None
    if sharded and save_format is not None:
        raise ValueError(f"`max_shard_size` is for files in Keras 3's format. Received: save_format={save_format}")
    if sharded:
        path = shards.index_path(path)
    legacy = save_format in ("h5", "hdf5") or (path.endswith((".h5", ".hdf5")) and not path.endswith(".weights.h5"))
    if not legacy and not sharded and not path.endswith(".weights.h5"):
        raise ValueError(f"The filename must end in `.weights.h5`. Received: filepath={filepath}")
    _check_built(model)
    if legacy and skip:
        raise ValueError(f"`objects_to_skip` is for files in Keras 3's format. Received: filepath={filepath}")
    with whole(model) as writes:
        if not writes or (not overwrite and not _may_replace(path)):
            return
        if sharded:
            shards.write(path, keras_file.stores(model, skip), max_shard_size)
        elif legacy:
            legacy_h5.save_weights(model, path)
        else:
            keras_file.save_weights(model, path, skip=skip)


def _save_checkpoint(model: Any, path: str, overwrite: bool, skip: Any) -> None:
    _check_built(model)
    if skip:
        raise ValueError(f"`objects_to_skip` is for files in Keras 3's format. Received: filepath={path}")
    with whole(model) as writes:
        if writes and (overwrite or _may_replace(f"{path}.index")):
            checkpoint_files.save_weights(model, path)


@contextmanager
def whole(model: Any, keep: bool = False) -> Iterator[bool]:
    """A block to write a model in, or to load it; says whether this process does, the first of several.

    All processes have to come here: where they store parts of variables, these are whole in the block.

    Args:
        keep: whether what the block sets them to is kept.
    """
    variables = [*model.variables, *getattr(model.optimizer, "variables", ())] if divided.in_use else []
    with divided.wholes(variables, keep=keep):
        yield is_first()


def _has_its_variables(model: Any) -> bool:
    """Whether a model is built, or is one that only trains its parts in ``train_step`` and is never called: those are."""
    parts = model.layers
    return model.built or (bool(parts) and "build" not in vars(type(model)) and all(part.built for part in parts))


def _check_built(model: Any) -> None:
    if not _has_its_variables(model):
        raise ValueError(
            "You are saving a model that has not yet been built. Try building the model first by calling it on some data "
            "or by using `build()`."
        )


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> Any:
    """Set a model's weights from a ``.weights.h5``, ``.keras`` or legacy ``.h5`` file, or a checkpoint of TensorFlow's.

    Everything is compared before anything is set: a file that does not fit leaves the model as it is.

    Args:
        model: a built model of the same architecture.
        filepath: of the file, or the prefix of a checkpoint.
        skip_mismatch: whether what does not fit is left out, with a warning.
        **kwargs: ``by_name``: for legacy files, whether layers are matched by name instead of by order;
            ``objects_to_skip``: layers that the file was written without.

    Returns:
        None; for checkpoints, their ``CheckpointLoadStatus``.

    Raises:
        FileNotFoundError: there is no file.
        ValueError: the model is not built, or the file is damaged or does not fit; the message says which layers, and how.
        DataLossError: a checkpoint is damaged.
    """
    by_name = kwargs.pop("by_name", False)
    skip = kwargs.pop("objects_to_skip", None) or ()
    options = kwargs.pop("options", None)
    checkpoint = isinstance(filepath, (str, os.PathLike)) and bundle.is_bundle(filepath)
    if kwargs or (options is not None and not checkpoint):
        raise ValueError(f"Invalid keyword arguments: {kwargs or 'options'}")
    _check_model(model, "load_weights")
    if checkpoint:
        return checkpoint_files.load_weights(model, os.fspath(filepath), by_name, skip_mismatch)

    def read(path: str) -> None:
        _read_weights(model, path, skip_mismatch, by_name, skip, path == os.fspath(filepath))

    return steps.newest_intact(os.fspath(filepath), read)


def _read_weights(
    model: Any, path: str, skip_mismatch: bool, by_name: bool, skip: Iterable, has_optimizer: bool
) -> None:
    kind = "shards" if path.endswith(shards.INDEX) else _kind_of(path, "load_weights")
    if not _has_its_variables(model):
        raise ValueError(
            "You are loading weights into a model that has not yet been built. Try building the model first by calling "
            "it on some data or by using `build()`."
        )
    if kind == "shards":
        _refuse_by_name(by_name, path)
        _check_local(path)
        with shards.reading(path) as root:
            keras_file.load_weights(model, root, skip_mismatch, skip=skip)
        return
    if kind == "zip":
        _refuse_by_name(by_name, path)
        with Archive(path) as archive:
            keras_file.load_from_archive(model, archive, skip_mismatch)
        return
    with h5.reading(path) as root:
        group = root.group(legacy_h5.MODEL) or root
        if group.long_texts("layer_names") is not None:
            legacy_h5.load_weights(model, group, by_name, skip_mismatch)
        else:
            _refuse_by_name(by_name, path)
            keras_file.load_weights(model, root, skip_mismatch, has_optimizer, skip)


def _refuse_by_name(by_name: bool, path: str) -> None:
    if by_name:
        raise ValueError(f"`by_name` only supports loading legacy '.h5' or '.hdf5' files. Received: {path}")


# paths ----------------------------------------------------------------------------------------------------------------


def _path_of(filepath: Any, save_format: Any) -> str:
    """The path to write to.

    Raises:
        ValueError: not a path, or a format that is not written.
    """
    if save_format not in (None, "keras", "h5", "hdf5"):
        raise ValueError(
            "The `save_format` argument is deprecated in Keras 3. Please remove this argument and pass a file path with "
            f"either `.keras` or `.h5` extension. Received: save_format={save_format}"
        )
    try:
        path = os.fspath(filepath)
    except TypeError:
        raise ValueError(
            "Invalid filepath for saving: a path with a `.keras` or `.h5` extension is needed. "
            f"Received: filepath={filepath!r}."
        ) from None
    _check_local(path)
    return os.fsdecode(path)


def _check_local(path: Any) -> None:
    if "://" in str(path):
        raise fail(ValueError, "Only local files are read and written", received=f"filepath={path}")


def _kind_of(path: str, what: str) -> str:
    """ "zip" or "h5", by the first bytes of a file.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is something else.
    """
    _check_local(path)
    known = path.endswith((".keras", ".h5", ".hdf5"))
    if os.path.isdir(path) or (not known and not os.path.exists(path)):
        raise ValueError(_unsupported(path, what)) if not _is_lost(path) else missing_file(path)
    try:
        with open(path, "rb") as file:
            start = file.read(8)
        if start.startswith(_ZIP):
            return "zip"
        if start == _HDF5:
            return "h5"
    except FileNotFoundError:
        raise missing_file(path) from None
    if known:
        raise fail(CorruptFileError, f"The file '{path}' is neither a `.keras` archive nor an HDF5 file")
    raise ValueError(_unsupported(path, what))


def _is_lost(path: str) -> bool:
    """Whether a path names nothing at all, not even the parts of a TensorFlow checkpoint."""
    return not os.path.exists(path) and not os.path.exists(f"{path}.index")


def _unsupported(path: str, what: str) -> str:
    text = f"File format not supported: filepath={path}. {what} reads `.keras` files and HDF5 files (`.weights.h5`, `.h5`)."
    if os.path.isdir(path):
        text += (
            " Folders, such as TensorFlow's SavedModels, are not read: load the model where it was made, and save it again "
            "as model.save('name.keras')."
        )
    elif os.path.exists(f"{path}.index"):
        text += " This is a checkpoint of TensorFlow's, which model.load_weights() and tf.train.Checkpoint read."
    return text


def _may_replace(path: str) -> bool:
    """Ask, if the file exists, whether it may be replaced."""
    if not os.path.exists(path):
        return True
    answer = ""
    while answer not in ("y", "n"):
        answer = input(f"[WARNING] {path} already exists - overwrite? [y/n]").strip().lower()
    return answer == "y"
