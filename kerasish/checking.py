"""``python -m kerasish check PATH…``: which TensorFlow and Keras names a program uses that kerasish lacks.

Scripts and notebooks are read, never run. Names are followed through imports and plain assignments (``K =
tf.keras.backend``); what an object of an unknown class is asked for is not looked at.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import inspect
import json
import os
import pathlib
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import kerasish
from kerasish.core.errors import real_names
from kerasish.dropin import ROOTS
from kerasish.layers.layer import KERAS_2_ARGUMENTS, Layer

_USAGE = """\
usage: python -m kerasish check [--quiet] PATH [PATH ...]

Lists the TensorFlow and Keras names and arguments in scripts (.py) and notebooks (.ipynb), or in all of those below a folder,
that kerasish lacks (exit status 1) or treats differently (a note). Nothing is run. --quiet: no notes."""

_SKIPPED = {"__pycache__", "node_modules", "build", "dist", "site-packages"}
# IPython's lines: magics and commands, which a backslash continues, also with their result assigned; and questions
_COMMAND = re.compile(r"^([ \t]*(?:[\w., ]+=[ \t]*)?)[%!?](?:.*\\\n)*.*$|^([ \t]*)[\w.]+\?\??$", re.MULTILINE)
_SUBSTITUTE = re.compile(r"\bUse (.+?) instead\.")  # in the words of a NotServedError

# What works in another way than the real one's, where a program may notice; docs/differences.md tells more.
DIFFERENT = {
    "tf.saved_model.save": "writes a format of kerasish's own, which TensorFlow cannot read",
    "tf.saved_model.load": "reads what kerasish wrote; TensorFlow's graphs cannot be read",
    "tf.distribute.MirroredStrategy": "one process for each device: start the program with torchrun",
    "tf.distribute.MultiWorkerMirroredStrategy": "one process for each worker: start the program with torchrun",
    "tf.compat.v1.Session": "holds options only: graphs and sessions are not served",
    "tf.compat.v1.enable_eager_execution": "has no effect: execution is eager",
    "tf.compat.v1.enable_v2_behavior": "has no effect: execution is eager",
    "tf.config.experimental.set_memory_growth": "has no effect: torch's allocator grows as it needs",
    "tf.py_function": "calls the function directly",
    "tf.numpy_function": "calls the function directly",
}


class Finding(NamedTuple):
    """One line of the report.

    Attributes:
        place: file, cell and line.
        text: what is wrong, or what differs.
        is_note: it is served.
    """

    place: str
    text: str
    is_note: bool = False


class Source(NamedTuple):
    """A piece of code: a file, or a cell of a notebook, whose places begin with ``label``."""

    label: str
    text: str


# files ----------------------------------------------------------------------------------------------------------------


def files(paths: Iterable[str]) -> Iterator[pathlib.Path]:
    """The scripts and notebooks that paths name, or that lie below them.

    Raises:
        FileNotFoundError: there is no such path.
    """
    for path in map(pathlib.Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"No such file or folder: {path}")
        if path.is_file():
            yield path
            continue
        for folder, names, members in os.walk(path):
            names[:] = sorted(name for name in names if name not in _SKIPPED and not name.startswith("."))
            yield from (pathlib.Path(folder, m) for m in sorted(members) if m.endswith((".py", ".ipynb")))


def sources(path: pathlib.Path) -> list[Source]:
    """The code of a script or notebook.

    Raises:
        ValueError: it is no text, or no notebook.
        SyntaxError: the encoding that it states is unknown.
    """
    with tokenize.open(path) as file:  # as Python reads it: with a mark of its encoding, or as UTF-8
        text = file.read()
    if path.suffix != ".ipynb":
        return [Source(str(path), text)]
    cells = json.loads(text).get("cells", [])
    code = ["".join(cell.get("source", [])) if cell.get("cell_type") == "code" else "" for cell in cells]
    found = [Source(f"{path}:cell {i}", part) for i, part in enumerate(code, 1) if part]
    return [part for part in found if not part.text.startswith("%%") or part.text.startswith(("%%time", "%%capture"))]


def _tree(source: Source) -> ast.Module:
    try:
        return ast.parse(source.text)
    except SyntaxError:
        return ast.parse(_COMMAND.sub(_without_command, source.text))


def _without_command(line: re.Match[str]) -> str:
    """The line with nothing done, or nothing assigned; as many lines as before."""
    kept = line[1] or line[2] or ""
    return kept + ("None" if "=" in kept else "pass") + "\n" * line[0].count("\n")


# names ----------------------------------------------------------------------------------------------------------------


class _Names(ast.NodeVisitor):
    """Follows the real libraries' names through a program.

    Attributes:
        known: what the program's own names stand for, as dotted names of the real libraries.
        uses: (line, dotted name) in order.
        calls: (line, dotted name, names of keywords) in order.
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.uses: list[tuple[int, str]] = []
        self.calls: list[tuple[int, str, list[str]]] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            root = alias.name.partition(".")[0]
            if root in ROOTS:
                self.known[alias.asname or root] = alias.name if alias.asname else root
                self.uses.append((node.lineno, alias.name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or (node.module or "").partition(".")[0] not in ROOTS:
            return
        for alias in node.names:
            if alias.name == "*":
                self.uses.append((node.lineno, node.module or ""))
                self.known.update({name: f"{node.module}.{name}" for name in _public(node.module or "")})
                continue
            full = f"{node.module}.{alias.name}"
            self.known[alias.asname or alias.name] = full
            self.uses.append((node.lineno, full))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        full = self._full(node.value)
        for name in node.targets:
            if isinstance(name, ast.Name) and full is not None:
                self.known[name.id] = full
            elif isinstance(name, ast.Name):
                self.known.pop(name.id, None)
            else:
                self.visit(name)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self._full(node)
        if full is None:
            self.generic_visit(node)
        else:
            self.uses.append((node.lineno, full))

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        full = self._full(node.func)
        keywords = [keyword.arg for keyword in node.keywords if keyword.arg is not None]
        if full is not None and keywords:
            self.calls.append((node.lineno, full, keywords))

    def _full(self, node: ast.AST) -> str | None:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.known:
            return None
        return ".".join([self.known[node.id], *reversed(parts)])


def _public(module: str) -> list[str]:
    found = _resolved(module)
    return [name for name in dir(found) if not name.startswith("_")] if inspect.ismodule(found) else []


class _Lacking(Exception):  # noqa: N818 - it is caught, always
    """The first part of a dotted name that is not served: ``name`` of ``owner``, which is ``value``; and what was said."""

    def __init__(self, owner: str, name: str, value: Any, said: str = "") -> None:
        self.owner, self.name, self.value, self.said = owner, name, value, said


def _resolved(full: str) -> Any:
    """What a dotted name of the real libraries is here, as programs get it.

    Raises:
        _Lacking: it is not served.
    """
    parts = full.split(".")
    value: Any = importlib.import_module(parts[0])  # ours: kerasish is installed
    for i, part in enumerate(parts[1:], 1):
        if not (inspect.ismodule(value) or isinstance(value, type)):
            return value  # an object's attribute
        owner = value
        try:
            value = getattr(owner, part)
        except AttributeError as error:
            try:
                value = importlib.import_module(".".join(parts[: i + 1]))
            except ImportError:
                raise _Lacking(".".join(parts[:i]), part, owner, str(error)) from None
        if getattr(value, "__kerasish_stub__", False) is True:
            raise _Lacking(".".join(parts[:i]), part, owner)
    return value


def _short(full: str) -> str:
    """The usual way to write a name: ``tf.nn.relu``, ``keras.layers.Dense``."""
    for long, short in (("tensorflow.keras", "keras"), ("tf_keras", "keras"), ("tensorflow", "tf")):
        if full == long or full.startswith(long + "."):
            return short + full[len(long) :]
    return full


# findings -------------------------------------------------------------------------------------------------------------


def _missing(lack: _Lacking) -> str:
    name = _short(f"{lack.owner}.{lack.name}")
    listed = not name.startswith(
        ("tf.compat.v1.", "tf.python.", "keras.src.", "tf.core.")
    )  # all of whose names we know
    known = not listed or name in real_names() or any(other.startswith(name + ".") for other in real_names())
    reason = "is not served" if known else "is unknown to TensorFlow 2.21 and Keras 3.15, and is not served"
    if instead := _SUBSTITUTE.search(lack.said):
        return f"{name} {reason}; use {instead[1]}"
    names = [other for other in dir(lack.value) if not other.startswith("_")]
    near = difflib.get_close_matches(lack.name, names, n=1, cutoff=0.6)
    nearest = f"; the nearest that is: {_short(lack.owner)}.{near[0]}" if near else ""
    return f"{name} {reason}{nearest}"


def _unknown_arguments(value: Any, keywords: list[str]) -> list[str]:
    try:
        parameters = inspect.signature(value).parameters
    except (TypeError, ValueError):
        return []
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        if not (isinstance(value, type) and issubclass(value, Layer) and value.__module__.startswith("kerasish.")):
            return []
        parameters = {**parameters, **inspect.signature(Layer).parameters, **dict.fromkeys(_passed_on(value))}
    return [name for name in keywords if name not in parameters]


def _passed_on(layer: type) -> set[str]:
    """The names that a layer's constructors look for among their ``**kwargs``."""
    constructors = [base.__init__ for base in layer.__mro__ if inspect.isfunction(base.__dict__.get("__init__"))]
    constants = {c for function in constructors for c in inspect.unwrap(function).__code__.co_consts}
    return {*KERAS_2_ARGUMENTS, *(c for c in constants if isinstance(c, str))}


def check(parts: Iterable[Source]) -> Iterator[Finding]:
    """What pieces of one program use that is missing or differs: each name once for each line."""
    visitor = _Names()
    for part in parts:
        before = len(visitor.uses), len(visitor.calls)
        try:
            visitor.visit(_tree(part))
        except SyntaxError as error:
            yield Finding(f"{part.label}:{error.lineno or 1}", f"cannot be read: {error.msg}")
            continue
        found: dict[tuple[int, str], bool] = {}
        for line, full in visitor.uses[before[0] :]:
            try:
                _resolved(full)
            except _Lacking as lack:
                found[line, _missing(lack)] = False
                continue
            if _short(full) in DIFFERENT:
                found[line, f"{_short(full)} {DIFFERENT[_short(full)]}"] = True
        for line, full, keywords in visitor.calls[before[1] :]:
            try:
                value = _resolved(full)
            except _Lacking:
                continue
            for name in _unknown_arguments(value, keywords):
                found[line, f"{_short(full)} has no argument '{name}'"] = False
        for (line, text), is_note in sorted(found.items()):
            yield Finding(f"{part.label}:{line}", text, is_note)


def main(arguments: list[str]) -> int:
    """Report on the paths of the command line; returns the exit status: 1: something is missing, 2: a file cannot be read."""
    quiet = "--quiet" in arguments
    paths = [argument for argument in arguments if argument != "--quiet"]
    unknown = [path for path in paths if path.startswith("-")]
    if not paths or unknown:
        print(_USAGE, file=sys.stdout if unknown and unknown[0] in ("-h", "--help") else sys.stderr)
        return 0 if unknown and unknown[0] in ("-h", "--help") else 2
    kerasish.install()
    count = missing = notes = unread = 0
    try:
        programs = list(files(paths))
    except FileNotFoundError as error:
        print(f"kerasish check: {error}", file=sys.stderr)
        return 2
    for path in programs:
        try:
            parts = sources(path)
        except (OSError, ValueError, SyntaxError) as error:
            print(f"kerasish check: {path} is no program: {error}", file=sys.stderr)
            unread += 1
            continue
        count += 1
        for finding in check(parts):
            missing += not finding.is_note
            notes += finding.is_note
            if not (finding.is_note and quiet):
                print(f"{finding.place}: {'note: ' if finding.is_note else ''}{finding.text}")
    told = "" if quiet else f", {notes} that differ"
    print(f"{count} file{'s' * (count != 1)}: {missing} name{'s' * (missing != 1)} or arguments missing{told}")
    return 2 if unread else 1 if missing else 0
