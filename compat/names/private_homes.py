"""Where the public names of TensorFlow's private modules are: writes ``kerasish/src/homes.txt``.

    python compat/names/private_homes.py real names.json     # where the real TensorFlow is installed
    python compat/names/private_homes.py write names.json    # where kerasish is

``tensorflow.python.ops.random_ops.random_uniform`` is ``tf.random.uniform``: the same function. The table has
what ``kerasish.src`` would not find by its rule, which takes the nearest object of the private name. Of two public names
the one of today counts, then that of ``tf.compat.v1``, if it is served.
"""

from __future__ import annotations

import collections
import importlib
import json
import pathlib
import sys
from types import ModuleType
from typing import Any

ROOT = pathlib.Path(__file__).parent.parent.parent
TABLE = ROOT / "kerasish" / "src" / "homes.txt"
PRIVATE = "tensorflow.python"
_NOT_WALKED = ("app", "compat", "contrib", "estimator", "keras", "raw_ops")


def private_modules() -> list[str]:
    text = (ROOT / "kerasish" / "src" / "modules.txt").read_text(encoding="utf-8")
    names = [line for line in text.splitlines() if line.startswith(PRIVATE + ".")]
    return [name for name in names if ".keras" not in name and not name.rpartition(".")[2].startswith("gen_")]


def _walk(module: ModuleType, prefix: str, found: dict[int, tuple[Any, list[str]]], seen: set[int]) -> None:
    if id(module) in seen:
        return
    seen.add(id(module))
    for name in dir(module):
        value = None if name.startswith("_") or name in _NOT_WALKED else getattr(module, name, None)
        if isinstance(value, ModuleType):
            if value.__dict__.get("__name__", "").startswith("tensorflow"):
                _walk(value, f"{prefix}{name}.", found, seen)
        elif callable(value):
            found.setdefault(id(value), (value, []))[1].append(prefix + name)


def real() -> dict[str, list[str]]:
    """Private name → public ones of the same object, shortest first; of what the module defines or takes from another."""
    import tensorflow

    found: dict[int, tuple[Any, list[str]]] = {}
    _walk(tensorflow, "", found, set())
    _walk(tensorflow.compat.v1, "compat.v1.", found, set())
    names = {}
    for path in private_modules():
        try:
            module = importlib.import_module(path)
        except Exception:  # noqa: BLE001 - some need compiled parts of other builds
            continue
        for name, value in vars(module).items():
            if not name.startswith("__") and callable(value) and id(value) in found:
                public = sorted(
                    found[id(value)][1], key=lambda full: (full.startswith("compat.v1."), full.count("."), full)
                )
                names[f"{path.removeprefix(PRIVATE + '.')}:{name}"] = public
    return names


def write(names: dict[str, list[str]]) -> None:
    """The table, of what is served and not found by the rule."""
    from kerasish import src, tf

    def served(path: str) -> Any:
        value: Any = tf
        for part in path.split("."):
            value = getattr(value, part)
        return value

    src.homes = dict  # type: ignore[assignment]  # the rule alone
    lines = collections.defaultdict(list)
    for private, public in names.items():
        path, name = private.split(":")
        for full in public:
            try:
                wanted = served(full)
            except (AttributeError, ImportError):
                continue
            if src.find(PRIVATE, path, name) is not wanted:
                lines[path].append(f"{name}={full}")
            break
    head = "# Private module: name=public name, where the rule of __init__.py finds another: compat/names/private_homes.py\n"
    TABLE.write_text(
        head + "".join(f"{path}: {' '.join(sorted(lines[path]))}\n" for path in sorted(lines)), encoding="utf-8"
    )
    print(f"{sum(map(len, lines.values()))} names of {len(lines)} modules, of {len(names)}")


if __name__ == "__main__":
    mode, file = sys.argv[1:]
    sys.path[:0] = [str(ROOT)]
    if mode == "real":
        pathlib.Path(file).write_text(json.dumps(real()), encoding="utf-8")
    else:
        write(json.loads(pathlib.Path(file).read_text(encoding="utf-8")))
