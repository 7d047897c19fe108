"""``.keras`` archives and ``.weights.h5`` files, in the layout of Keras 3.

A ``.keras`` file is a zip archive of ``metadata.json``, ``config.json`` and ``model.weights.h5``, and of ``assets/`` for
layers that keep files. In the HDF5 file every layer has a group ``vars`` with its own variables as ``0``, ``1``, ...; the
path to it is made of attribute names, and inside lists and dicts of class names:

    layers/dense/vars/0        the first Dense in the list ``model.layers``
    layers/dense_1/vars/0      the second one
    encoder/blocks/conv2d_1    the second Conv2D in the list ``self.encoder.blocks``
    optimizer/vars/0
"""

from __future__ import annotations

import datetime
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

from kerasish.about import KERAS_VERSION
from kerasish.core.context import snake_case
from kerasish.core.errors import fail
from kerasish.layers.layer import Layer
from kerasish.layers.module import Module
from kerasish.optimizers.base import Optimizer
from kerasish.saving import h5
from kerasish.saving.archive import Archive, CorruptFileError, replacing, seal, write_archive
from kerasish.saving.transfer import Store, Transfer, match_optimizer

METADATA, CONFIG, WEIGHTS, ASSETS = "metadata.json", "config.json", "model.weights.h5", "assets"
MAX_CONFIG = 256 << 20  # bytes of JSON
MAX_NESTING = 500

# Attributes that are not a user's: what every layer has, and what models have besides ``layers``.
_PUBLIC = frozenset(dir(Layer(name="layer")))
_STATE = frozenset(vars(Layer(name="layer"))) | {"_k_stack", "_k_entry", "_input_layers", "operations"}
_OPTIMIZER = frozenset(dir(Optimizer(0.0, name="optimizer")))


# where things are in the file -----------------------------------------------------------------------------------------


def objects(
    root: Any, layers_first: bool | None = None, private_last: bool = True, skip: Iterable = ()
) -> Iterator[tuple[str, Any]]:
    """The layers and optimizers that ``root`` is made of, itself first, each once, with their paths in the file.

    Args:
        layers_first: whether a model's list of layers comes before its other attributes: in models that are made of such a
            list or graph, or in all (Keras 2), or in none (early versions of Keras 3).
        private_last: whether names with an underscore come after the others; older ones of Keras 3 had them first.
        skip: layers that are left out, with all that only they have.
    """
    seen: dict[int, Any] = {
        id(thing): thing for thing in skip
    }  # holds what it has seen: the id of a list that is gone may be another one's

    def visit(path: str, thing: Any) -> Iterator[tuple[str, Any]]:
        if id(thing) in seen:
            return
        seen[id(thing)] = thing
        yield path, thing
        for name, value in _attributes(thing, layers_first, private_last):
            below = f"{path}/{name}".lstrip("/")
            if _is_object(value):
                yield from visit(below, value)
            elif isinstance(value, (list, tuple, dict)):
                yield from visit_container(below, value)

    def visit_container(path: str, values: Any) -> Iterator[tuple[str, Any]]:
        if id(values) in seen:
            return
        seen[id(values)] = values
        counts: dict[str, int] = {}
        for value in list(values.values()) if isinstance(values, dict) else values:
            container = isinstance(value, (list, tuple, dict))
            if not container and not _is_object(value):
                continue
            name = "container" if container else snake_case(type(value).__name__)
            counts[name] = count = counts.get(name, -1) + 1
            below = f"{path}/{name}_{count}" if count else f"{path}/{name}"
            yield from (visit_container if container else visit)(below, value)

    return visit("", root)


def _is_object(value: Any) -> bool:
    return isinstance(value, (Layer, Optimizer))


def _attributes(thing: Any, layers_first: bool | None, private_last: bool) -> Iterator[tuple[str, Any]]:
    """Attributes in the order of their names, properties of the user's included; those that fail do not count."""
    if isinstance(thing, Optimizer):
        names = set(object.__dir__(thing)) - _OPTIMIZER
    else:
        names = (set(object.__dir__(thing)) - _PUBLIC) | set(vars(thing)) - _STATE
    if layers_first is None:  # a graph's, or a Sequential's
        layers_first = getattr(thing, "_k_network", None) is not None or hasattr(thing, "_k_stack")
    for name in sorted(names, key=lambda n: (not (layers_first and n == "layers"), private_last and n[0] == "_", n)):
        if name.startswith("__") or name in _STATE:
            continue
        try:
            value = getattr(thing, name)
        except Exception:  # noqa: S112 - a property of the user's may raise anything
            continue
        yield name, value


# writing --------------------------------------------------------------------------------------------------------------


def save(model: Any, path: Any, config: dict, include_optimizer: bool = True) -> None:
    """Write a ``.keras`` archive.

    Args:
        config: the serialized model.
        include_optimizer: whether the optimizer's state is written.
    """
    with tempfile.TemporaryDirectory(prefix="keras_assets_") as folder:
        write(path, _stores(model, include_optimizer), config, _collect_assets(model, folder))


def save_weights(
    model: Any, path: Any, also: Callable[[h5.Writer], None] | None = None, skip: Iterable = (), sealed: bool = False
) -> None:
    """Write a ``.weights.h5`` file.

    Args:
        also: writes something more into it.
        skip: layers that are left out.
        sealed: whether a checksum is added.
    """
    with replacing(path) as temporary:
        _write_weights(temporary, _stores(model, True, skip), also)
        if sealed:
            seal(temporary)


def snapshot(model: Any, config: dict | None, folder: str, include_optimizer: bool = True) -> Callable[[Any], None]:
    """A copy of what is to be written now: the function writes it to a path, at any time and in any thread.

    Args:
        config: the serialized model, for a ``.keras`` archive; None: a file of weights.
        folder: for files of layers that keep some, as long as the function may be called.
    """
    stores = list(_stores(model, include_optimizer))
    members = _collect_assets(model, folder) if config is not None else {}
    return lambda path: write(path, stores, config, members)


def write(path: Any, stores: Iterable[tuple[str, str, dict]], config: dict | None, members: dict[str, str]) -> None:
    """Write an archive, or a file of weights if there is no config.

    Args:
        stores: the arrays, as ``_stores`` gives them.
        members: name in the archive → file.
    """
    with replacing(path) as temporary:
        if config is None:
            _write_weights(temporary, stores)
            return
        metadata = {"keras_version": KERAS_VERSION, "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")}
        texts = {METADATA: json.dumps(metadata), CONFIG: json.dumps(config)}
        weights = f"{temporary}.h5"
        try:
            _write_weights(weights, stores)
            write_archive(temporary, texts, {WEIGHTS: weights, **members})
        finally:
            if os.path.exists(weights):
                os.remove(weights)


def _stores(model: Any, include_optimizer: bool, skip: Iterable = ()) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path in the file, name, and arrays of each layer and optimizer."""
    for where, thing in objects(model, skip=skip):
        if isinstance(thing, Optimizer) and not include_optimizer:
            continue
        store: dict[str, Any] = {}
        thing.save_own_variables(store)
        yield where, thing.name, store


def stores(model: Any, skip: Iterable = ()) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path in a file of weights, name, and arrays of each layer and of the optimizer, without the layers of ``skip``."""
    return _stores(model, True, skip)


def _write_weights(
    path: str, stores: Iterable[tuple[str, str, dict]], also: Callable[[h5.Writer], None] | None = None
) -> None:
    with h5.Writer(path) as writer:
        for where, name, store in stores:
            group = f"{where}/vars".lstrip("/")
            writer.group(group)
            writer.attribute(group, "name", name)
            for key, value in store.items():
                writer.array(f"{group}/{key}", value)
        if also is not None:
            also(writer)


def _collect_assets(model: Any, folder: str) -> dict[str, str]:
    """What layers with ``save_assets(folder)`` write: name of the member → path of the file."""
    members = {}
    for where, thing in objects(model):
        if not hasattr(thing, "save_assets"):
            continue
        own = os.path.join(folder, str(len(os.listdir(folder))))
        os.mkdir(own)
        thing.save_assets(own)
        for base, _, files in os.walk(own):
            for name in files:
                path = os.path.join(base, name)
                inner = os.path.relpath(path, own).replace(os.sep, "/")
                members["/".join(part for part in (ASSETS, where, inner) if part)] = path
    return members


# reading --------------------------------------------------------------------------------------------------------------


def read_config(archive: Archive) -> dict:
    """The serialized model of a ``.keras`` archive."""
    return parse_json(archive.read(CONFIG), f"{archive.path}:{CONFIG}")


def read_version(archive: Archive) -> str | None:
    """The version of Keras that wrote a ``.keras`` archive, where it says."""
    if METADATA not in archive:
        return None
    version = parse_json(archive.read(METADATA), f"{archive.path}:{METADATA}").get("keras_version")
    return version if isinstance(version, str) else None


def parse_json(text: bytes | str, name: str) -> dict:
    """A JSON object of bounded size and depth.

    Raises:
        CorruptFileError: it is none.
    """
    if len(text) > MAX_CONFIG:
        raise fail(CorruptFileError, f"'{name}' is too large", f"at most {MAX_CONFIG} characters", len(text))
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise fail(CorruptFileError, f"'{name}' is not JSON ({error})") from error
    if not isinstance(data, dict):
        raise fail(CorruptFileError, f"'{name}' is not a JSON object")
    pending = [(data, 0)]
    while pending:
        value, depth = pending.pop()
        if depth > MAX_NESTING:
            raise fail(CorruptFileError, f"'{name}' is nested too deeply")
        parts = value.values() if isinstance(value, dict) else value
        pending.extend((part, depth + 1) for part in parts if isinstance(part, (dict, list)))
    return data


def load_from_archive(model: Any, archive: Archive, skip_mismatch: bool = False, whole: bool = False) -> None:
    """Set a model's weights, optimizer state and assets from a ``.keras`` archive.

    Args:
        whole: whether the model was made from the archive's configuration, which does not say of all layers within others
            whether they are quantized.
    """
    with h5.reading(BytesIO(archive.read(WEIGHTS)), f"{archive.path}:{WEIGHTS}") as root:
        for where, thing in objects(model) if whole else ():
            if hasattr(thing, "become_as_stored") and not _loads_itself(thing):
                thing.become_as_stored(_numbered(root.group(f"{where}/vars".lstrip("/"))))
        load_weights(model, root, skip_mismatch)
    _load_assets(model, archive)


def load_weights(
    model: Any, root: h5.Group, skip_mismatch: bool = False, has_optimizer: bool = True, skip: Iterable = ()
) -> None:
    """Set a model's weights and optimizer state from a file in this layout.

    Args:
        skip: layers that the file was written without.
        has_optimizer: whether a file without the optimizer's state is one to warn of.

    Raises:
        ValueError: arrays are missing or of other shapes; nothing is changed then.
    """
    transfer = _plan(model, root, has_optimizer, skip)
    for order in _OLD_ORDERS if transfer.problems else ():
        other = _plan(model, root, has_optimizer, skip, **order)
        transfer = other if len(other.problems) < len(transfer.problems) else transfer
    transfer.run(skip_mismatch)


_OLD_ORDERS = (
    {"layers_first": False},
    {"private_last": False},
    {"private_last": False, "layers_first": False},
    {"private_last": False, "layers_first": True},
)


def _plan(model: Any, root: h5.Group, has_optimizer: bool, skip: Iterable, **order: bool) -> Transfer:
    transfer = Transfer(root.file)
    used = set()
    for where, thing in objects(model, skip=skip, **order):
        path = f"{where}/vars".lstrip("/")
        group = root.group(path)
        used.add(path)
        if _loads_itself(thing):
            transfer.hand_over(where or thing.name, thing, Store(group))
            continue
        arrays = _numbered(group)
        if isinstance(thing, Optimizer):
            if arrays or has_optimizer:
                match_optimizer(transfer, where, thing, arrays)
            continue
        transfer.match(where or thing.name, thing, thing._k_variables_for(len(arrays)), arrays)
    if transfer.problems:
        transfer.unused = sorted({p.rpartition("/")[0] for p in root.walk()} - used)
    return transfer


def _loads_itself(thing: Any) -> bool:
    """Whether the class has its own ``load_own_variables``."""
    base = Optimizer if isinstance(thing, Optimizer) else Module
    return type(thing).load_own_variables is not base.load_own_variables


def _numbered(group: h5.Group | None) -> list[h5.Stored]:
    """The arrays ``0``, ``1``, ... of a group."""
    if group is None:
        return []
    arrays = []
    for i in range(len(group.names())):
        stored = group.array(str(i))
        if stored is None:
            raise group.corrupt(f"has no array '{i}', only {group.names()[:20]}")
        arrays.append(stored)
    return arrays


def _load_assets(model: Any, archive: Archive) -> None:
    """Hand layers with ``load_assets(folder)`` their files, in a temporary folder."""
    for where, thing in objects(model):
        if not hasattr(thing, "load_assets"):
            continue
        prefix = "/".join(part for part in (ASSETS, where, "") if part or not where)
        with tempfile.TemporaryDirectory(prefix="keras_assets_") as folder:
            for name in archive.names():
                inner = name.removeprefix(prefix)
                if inner != name and inner and not inner.endswith("/"):
                    _write_asset(os.path.join(folder, *inner.split("/")), archive, name)
            thing.load_assets(folder)


def _write_asset(path: str, archive: Archive, name: str) -> None:
    data = archive.read(name)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "xb") as file:
            file.write(data)
    except (FileExistsError, NotADirectoryError, FileNotFoundError) as error:
        raise _unusable(archive, name, error) from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # a full disk, say, is not the file's fault
            raise
        raise _unusable(archive, name, error) from error


def _unusable(archive: Archive, name: str, error: OSError) -> CorruptFileError:
    reason = f"the member '{name[:200]}' cannot be a file beside the others ({error.strerror})"
    return fail(CorruptFileError, f"The file '{archive.path}' cannot be read: {reason}")  # type: ignore[return-value]
