"""Which public names of TensorFlow are served, and how many recorded results of the real one use each.

    python compat/names/tensorflow_names.py       # writes docs/tensorflow_names.md

A record is a piece of code with what TensorFlow 2.21 gave for it, in ``tests/tf/recorded``; it counts for each name that it
states. ``tf.keras`` is Keras: see ``names.py``.
"""

from __future__ import annotations

import collections
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT)]

from kerasish import tf  # noqa: E402
from kerasish.core.errors import real_names  # noqa: E402

PAGE = ROOT / "docs" / "tensorflow_names.md"
RAW = "tf.raw_ops"  # most are the runtime's: datasets, tables, quantization, TPUs; counted by themselves
STATED = re.compile(r"\btf(?:\.[A-Za-z_]\w*)+")


@functools.cache
def public_names() -> dict[str, list[str]]:
    """Module → its names that are no modules, of TensorFlow 2.21."""
    names = [name for name in real_names() if name.startswith("tf.")]
    modules = {name.rpartition(".")[0] for name in names}
    found = collections.defaultdict(list)
    for name in sorted(set(names) - modules):
        found[name.rpartition(".")[0]].append(name)
    return dict(found)


_NEWAXIS = object()  # stands for tf.newaxis, which is None


def _has(name: str) -> bool:
    module = functools.reduce(getattr, name.split(".")[1:-1], tf)
    return "newaxis" in vars(module)


def resolve(name: str) -> object:
    """The object of a public name; None if there is none, or one that only raises."""
    if name.endswith(".newaxis"):
        return _NEWAXIS if _has(name) else None
    found: object = tf
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part)
        except (AttributeError, TypeError, ValueError):  # tf.bool has no largest value, tf.string no limits
            return None
    return None if getattr(found, "__kerasish_stub__", False) is True else found


def recorded() -> dict[int, int]:
    """Identity of an object → number of records that state a name of it."""
    counts: collections.Counter = collections.Counter()
    for path in sorted((ROOT / "tests" / "tf" / "recorded").glob("*.txt")):
        for record in path.read_text(encoding="utf-8").split("\n%%\n"):
            code = record.partition("\n=>\n")[0]
            objects = {id(resolve(name)) for name in STATED.findall(code) if resolve(name) is not None}
            counts.update(objects)
    return dict(counts)


def page() -> str:
    """The page's text."""
    counts = recorded()
    modules = public_names()
    objects = {name: resolve(name) for names in modules.values() for name in names}
    counted = {name: thing for name, thing in objects.items() if not name.startswith(f"{RAW}.")}
    served = sum(thing is not None for thing in counted.values())
    compared = sum(thing is not None and id(thing) in counts for thing in counted.values())
    lines = [
        "# TensorFlow's public names",
        "",
        "Made by `python compat/names/tensorflow_names.py` from the recorded results in `tests/tf/recorded`; do not edit.",
        "",
        f"TensorFlow 2.21 has {len(counted)} public names apart from modules, `tf.keras` and `{RAW}`. Served: {served}. "
        f"Stated by records of the real library's results: {compared}. In brackets: how many records.",
    ]
    for module, names in sorted(modules.items()):
        mine = [name for name in names if objects[name] is not None]
        lines += ["", f"## {module}", "", f"{len(mine)} of {len(names)} served.", ""]
        if mine:
            lines.append(", ".join(_entry(name, counts.get(id(objects[name]), 0)) for name in mine))
        if len(mine) < len(names) and module != RAW:
            rest = ", ".join(f"`{name.rpartition('.')[2]}`" for name in names if objects[name] is None)
            lines += [*([""] if mine else []), f"Not served: {rest}"]
    return "\n".join(lines) + "\n"


def _entry(name: str, count: int) -> str:
    short = f"`{name.rpartition('.')[2]}`"
    return f"{short} ({count})" if count else short


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
