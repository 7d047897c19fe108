"""KerasFileEditor: look into a file of weights, change it, and write it again; without the model that it belongs to."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.saving import h5, keras_file
from kerasish.saving.archive import MAX_RATIO, Archive, replacing

_RULE = "─" * 21


class KerasFileEditor:
    """Inspect, edit and write again a ``.keras`` or ``.weights.h5`` file.

    An object (a layer, an optimizer) is a dict of its weights (``"0"``, ``"1"``, ...) and of the objects within it.

    Args:
        filepath: of the file. It is read at once, within the bounds of loading, and not changed.

    Attributes:
        weights_dict: the contents: nested dicts of arrays.
        object_metadata: path of an object (``"/layers/dense"``) → ``{"name": its name}``.
        config, metadata: those of a ``.keras`` file, as plain data; else None.

    Raises:
        ValueError: the file is of another kind, or damaged, or takes contents from elsewhere.
        FileNotFoundError: there is none.

    Example:
        editor = KerasFileEditor("my_model.weights.h5")
        editor.summary()
        editor.rename_object("layers/dense_2", "dense_3")
        editor.save("edited.weights.h5")
    """

    def __init__(self, filepath: Any) -> None:
        self.filepath = os.fspath(filepath)
        self.config: dict | None = None
        self.metadata: dict | None = None
        self.model = None
        self.object_metadata: dict[str, dict] = {}
        if self.filepath.endswith(".keras"):
            with Archive(self.filepath) as archive:
                self.config = keras_file.read_config(archive)
                self.metadata = keras_file.parse_json(archive.read(keras_file.METADATA), keras_file.METADATA)
                source: Any = BytesIO(archive.read(keras_file.WEIGHTS))
        elif self.filepath.endswith(".weights.h5"):
            source = self.filepath
        else:
            raise fail(
                ValueError, "Invalid filename", "a `.keras` or `.weights.h5` extension", f"filepath={self.filepath}"
            )
        with h5.reading(source, self.filepath) as root:
            reader = _Reader(len(source.getvalue()) if isinstance(source, BytesIO) else os.path.getsize(source))
            self.weights_dict: dict[str, Any] = reader.read(root)
        self.object_metadata = reader.names
        print(f"Keras model file '{self.filepath}'")
        if self.metadata is not None:
            version, date = self.metadata.get("keras_version"), self.metadata.get("date_saved")
            print(f"Saved with Keras {version} - date: {date}")

    # looking

    def summary(self) -> None:
        """Print the objects and weights of the file."""
        print("Weights structure")
        _print_tree(self.weights_dict, "  ", first=True)

    def compare(self, reference_model: Any) -> dict:
        """Print where the file does not fit a model.

        Args:
            reference_model: a built model.

        Returns:
            ``status`` (``"success"`` or ``"error"``), ``error_count`` (of mismatches), ``match_count`` (of weights that fit).
        """
        print("Running comparison")
        result = _Comparison()
        reference = _shapes_of(reference_model)
        result.forward(reference, self.weights_dict, "")
        result.backward(self.weights_dict, reference, "")
        errors, matches = result.errors, result.matches
        print(_RULE)
        if errors:
            print(f"Found {_counted(errors, 'error')}: saved file is not compatible with the reference model")
        else:
            print("Comparison successful: saved file is compatible with the reference model")
            print(f"    Found {_counted(matches, 'matching weight')}")
        return {"status": "error" if errors else "success", "error_count": errors, "match_count": matches}

    # changing

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name, in the place where it is.

        Args:
            object_name: a path (``"layers/dense_2"``), or a name that occurs once (``"dense_2"``).
            new_name: a name, no path. What has it is replaced.

        Raises:
            ValueError: no such object, or several; or ``new_name`` is a path.
        """
        if "/" in new_name:
            raise fail(
                ValueError,
                "Argument `target_name` should be a leaf name, not a full path name",
                received=f"target_name='{new_name}'",
            )
        holder, name = self._place(object_name)
        holder[new_name] = holder.pop(name)

    def delete_object(self, object_name: str) -> None:
        """Remove an object, given by a path or by a name that occurs once.

        Raises:
            ValueError: no such object, or several.
        """
        holder, name = self._place(object_name)
        del holder[name]

    def add_object(self, object_path: str, weights: dict) -> None:
        """Add an object.

        Args:
            object_path: where: ``"layers/dense_2"``.
            weights: names of weights (``"0"``, ``"1"``, ...) → arrays.

        Raises:
            ValueError: ``weights`` is no dict, or what the object shall be part of is not there.
        """
        _check_weights(weights)
        *above, name = object_path.split("/")
        holder = self.weights_dict
        for part in above:
            holder = holder.get(part)  # type: ignore[assignment]
            if not isinstance(holder, dict):
                raise fail(ValueError, f"Path '{'/'.join(above)}' not found in model")
        holder[name] = weights

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove a weight of an object, given by a path or by a name that occurs once.

        Raises:
            ValueError: no such object or weight, or several objects.
        """
        weights = self._object(object_name)
        if weight_name not in weights:
            raise fail(
                ValueError,
                f"Weight {weight_name} not found in object {object_name}",
                hint=f"Weights found: {list(weights)}",
            )
        del weights[weight_name]

    def add_weights(self, object_name: str, weights: dict) -> None:
        """Add weights to an object, given by a path or by a name that occurs once.

        Args:
            weights: names of weights (``"0"``, ``"1"``, ...) → arrays.

        Raises:
            ValueError: ``weights`` is no dict; no such object, or several.
        """
        _check_weights(weights)
        self._object(object_name).update(weights)

    def _object(self, object_name: str) -> dict:
        holder, name = self._place(object_name)
        if not isinstance(holder[name], dict):
            raise fail(ValueError, f"'{object_name}' is a weight", "an object that has weights")
        return holder[name]

    def _place(self, object_name: str) -> tuple[dict, str]:
        """The dict in which an object is, and its name there."""
        *above, name = object_name.split("/")
        if above:
            holder: Any = self.weights_dict
            for part in above:
                holder = holder.get(part) if isinstance(holder, dict) else None
            if not isinstance(holder, dict) or name not in holder:
                raise fail(ValueError, f"Path '{object_name}' not found in model")
            return holder, name
        found = _holders(self.weights_dict, name)
        if not found:
            raise fail(
                ValueError,
                f"Source name '{object_name}' does not appear in the model",
                hint="Use `editor.summary()` to list all objects.",
            )
        if len(found) > 1:
            raise fail(
                ValueError,
                f"Name '{object_name}' occurs more than once in the model",
                hint="Try passing a complete path.",
            )
        return found[0], name

    # writing

    def save(self, filepath: Any) -> None:
        """Write the weights as they are now.

        Args:
            filepath: of a ``.weights.h5`` file, which models load with ``load_weights``.

        Raises:
            ValueError: the name ends otherwise, or an object's or weight's name cannot stand in a file.
        """
        path = str(filepath)
        if not path.endswith(".weights.h5"):
            raise fail(
                ValueError, "Invalid `filepath` argument", "a `.weights.h5` extension", received=f"filepath={path}"
            )
        with replacing(path) as temporary, h5.Writer(temporary) as writer:
            _write(writer, self.weights_dict, "")

    def resave_weights(self, filepath: Any) -> None:
        """The same as ``save``."""
        self.save(filepath)


# reading --------------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads the arrays of a file into dicts. In the file, an object's own arrays lie in a group ``vars`` of it.

    Args:
        size: of the file, bytes. Many names for one array must not make it many arrays without end.
    """

    def __init__(self, size: int) -> None:
        self.left = max(h5.FREE_SIZE, MAX_RATIO * size)
        self.count = 0
        self.names: dict[str, dict] = {}

    def read(self, group: h5.Group, path: str = "", depth: int = 0) -> dict:
        found: dict[str, Any] = OrderedDict()
        own = group.group("vars") if "vars" in group.names() else None
        if own is not None:
            name = own.text("name")
            found.update(
                self._members(own, path, depth, lambda child: child not in own.names() or not _is_group(own, child))
            )
            if found and name is not None:
                self.names[path] = {"name": name}
            within = self._members(own, f"{path}/vars", depth + 1, lambda child: _is_group(own, child))
            if within:
                found["vars"] = within
        others = self._members(group, path, depth, lambda child: own is None or child != "vars")
        if both := set(found) & set(others):
            raise group.corrupt(f"has a weight and an object of one name, '{min(both)}'")
        found.update(others)
        return found

    def _members(self, group: h5.Group, path: str, depth: int, wanted: Callable[[str], bool]) -> dict:
        found: dict[str, Any] = OrderedDict()
        for name in group.names():
            if not wanted(name):
                continue
            self.count += 1
            if depth > h5.MAX_DEPTH or self.count > h5.MAX_NAMES:
                raise group.corrupt("holds groups without end")
            child = group.group(name)
            if child is not None:
                inner = self.read(child, f"{path}/{name}", depth + 1)
                if inner:
                    found[name] = inner
            else:
                found[name] = self._array(group, name)
        return found

    def _array(self, group: h5.Group, name: str) -> np.ndarray:
        stored = group.array(name)
        if stored is None:
            raise group.corrupt(f"has a member '{name}' that is not there")
        self.left -= int(np.prod(stored.shape, dtype=object)) * stored.dtype.itemsize
        if self.left < 0:
            raise group.corrupt("belongs to a file whose arrays are together out of all proportion to it")
        return stored.read()


def _is_group(group: h5.Group, name: str) -> bool:
    return group.group(name) is not None


def _write(writer: h5.Writer, weights: dict, path: str) -> None:
    for name, value in weights.items():
        if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or "\0" in name:
            raise fail(
                ValueError, "A name in a file of weights is a text without '/'", received=f"{name!r} in '{path}'"
            )
        if isinstance(value, dict):
            _write(writer, value, f"{path}/{name}".lstrip("/"))
        else:
            writer.array(f"{path}/vars/{name}".lstrip("/"), value)


# comparing and printing -----------------------------------------------------------------------------------------------


def _shapes_of(model: Any) -> dict:
    """What a file of the model's weights would hold, with shapes for arrays."""
    spec: dict[str, Any] = {}
    for where, thing in keras_file.objects(model):
        store: dict[str, Any] = {}
        thing.save_own_variables(store)
        if store:
            holder = spec
            for part in where.split("/") if where else ():
                holder = holder.setdefault(part, {})
            holder.update({name: tuple(np.shape(value)) for name, value in store.items()})
    return spec


class _Comparison:
    """Counts and prints what differs between a file (nested dicts of arrays) and a model (of shapes)."""

    def __init__(self) -> None:
        self.errors = self.matches = 0

    def forward(self, reference: dict, saved: dict, path: str) -> None:
        """What the model has."""
        for name, expected in reference.items():
            below = f"{path}/{name}"
            if name not in saved or isinstance(expected, dict) != isinstance(saved[name], dict):
                self._missing(below, expected, "reference model", "saved file")
            elif isinstance(expected, dict):
                self.forward(expected, saved[name], below)
            elif np.shape(saved[name]) == expected:
                self.matches += 1
            else:
                self.errors += 1
                print(f"...Weight shape mismatch for {below}")
                print(f"    In reference model: shape={expected}")
                print(f"    In saved file: shape={np.shape(saved[name])}")

    def backward(self, saved: dict, reference: dict, path: str) -> None:
        """What only the file has."""
        for name, value in saved.items():
            below = f"{path}/{name}"
            if name not in reference:
                self._missing(below, value, "saved file", "reference model")
            elif isinstance(value, dict) and isinstance(reference[name], dict):
                self.backward(value, reference[name], below)

    def _missing(self, path: str, thing: Any, present: str, missing: str) -> None:
        self.errors += 1
        kind = "Object" if isinstance(thing, dict) else "Weight"
        print(f"...{kind} {path} present in {present}, missing from {missing}")
        if kind == "Object":
            print(f"    In {present}, {path} contains the following keys: {list(thing)}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _print_tree(weights: dict, prefix: str, first: bool = False) -> None:
    for i, (name, value) in enumerate(weights.items()):
        last = i == len(weights) - 1
        connector = "> " if first and not i else "└─ " if last else "├─ "
        if isinstance(value, dict):
            print(f"{prefix}{connector}{name}")
            _print_tree(value, prefix + ("    " if last else "│   "))
        elif hasattr(value, "shape"):
            print(f"{prefix}{connector}{name}: shape={tuple(value.shape)}, dtype={value.dtype}")
        else:
            print(f"{prefix}{connector}{name}: {value}")


def _holders(weights: dict, name: str) -> list[dict]:
    """The dicts, at any depth, that have a member of that name."""
    found = [weights] if name in weights else []
    for value in weights.values():
        if isinstance(value, dict):
            found += _holders(value, name)
    return found


def _check_weights(weights: Any) -> None:
    if not isinstance(weights, dict):
        raise fail(
            ValueError,
            "Argument `weights` should be a dict where keys are weight names (usually '0', '1', etc.) and values are NumPy "
            "arrays",
            received=f"type(weights)={type(weights)}",
        )
