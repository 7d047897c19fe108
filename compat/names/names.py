"""Which public names of Keras are served, and what verifies each: recorded results of the real library, and tests.

    python compat/names/names.py            # writes docs/keras_names.md

A name counts as recorded if a case in compat/recorded uses it, as tested if a test file refers to it: by an attribute
(``keras.layers.Dense``, ``layers.Dense``), an import, or a text in a table of a file that uses its package.
"""

from __future__ import annotations

import ast
import collections
import functools
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "compat" / "recorded")]

import case_store  # noqa: E402

import kerasish  # noqa: E402
from kerasish.core.errors import real_names  # noqa: E402

# Names that kerasish does not have, or that only raise, and why.
ABSENT: dict[str, str] = {}

# Why names have no recorded cases.
UNRECORDED: dict[str, str] = {
    "the largest members of families, of which smaller ones are recorded; parameters are counted": """
        ConvNeXtLarge ConvNeXtXLarge EfficientNetB5 EfficientNetB6 EfficientNetB7 EfficientNetV2L EfficientNetV2M
    """,
    "another framework's, which Keras on TensorFlow does not run": "FlaxLayer JaxLayer TorchModuleWrapper",
    "what it reads or writes is the backend's own program": "ExportArchive TFSMLayer",
    "needs packages beside Keras": "OrbaxCheckpoint TensorBoard model_to_dot plot_model",
    "draws a picture with another library": """
        draw_bounding_boxes plot_bounding_box_gallery plot_image_gallery plot_segmentation_mask_gallery
    """,
    "about processes, devices or the backend itself": """
        backend set_backend enable_unsafe_deserialization distribute_tensor get_device_count initialize
    """,
}

# Kinds of cases of the families "callbacks" that are named after their class otherwise.
CALLBACKS = {
    "averages": "keras.callbacks.SwapEMAWeights",
    "csv": "keras.callbacks.CSVLogger",
    "distillation": "keras.distillation.Distiller",
    "early_stopping": "keras.callbacks.EarlyStopping",
    "checkpoint": "keras.callbacks.ModelCheckpoint",
    "plateau": "keras.callbacks.ReduceLROnPlateau",
    "schedule": "keras.callbacks.LearningRateScheduler",
    "nan": "keras.callbacks.TerminateOnNaN",
}

PAGE = ROOT / "docs" / "keras_names.md"


@functools.cache
def public_names() -> tuple[str, ...]:
    """Every public name of Keras 3.15 that is no module."""
    modules = {name.rpartition(".")[0] for name in real_names()}
    legacy = ("keras.backend", "keras.legacy")
    return tuple(
        sorted(
            name
            for name in real_names()
            if name.startswith("keras.") and name not in modules and "__" not in name and not name.startswith(legacy)
        )
    )


def resolve(name: str) -> object:
    """The object of a public name; None if there is none."""
    found: object = kerasish
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            return None
    return found


@functools.cache
def by_object() -> dict[int, set[str]]:
    """Names of one object: ``keras.ops.relu`` is ``keras.ops.nn.relu``."""
    found = collections.defaultdict(set)
    for name in public_names():
        thing = resolve(name)
        if thing is not None:
            found[id(thing)].add(name)
    return found


# what recorded cases use -----------------------------------------------------------------------------------------------


def names_in_case(data: object) -> set[str]:
    """Public names that a case states."""
    found = set()
    if isinstance(data, dict):
        if "class" in data and isinstance(data.get("$"), str):
            found.add(f"keras.{data['$']}.{data['class']}")
        for key in ("op", "function"):
            if isinstance(data.get(key), str):
                found.add(f"keras.{data.get('module', 'ops')}.{data[key]}")
        if data.get("kind") == "predictions":
            found.add(f"keras.applications.{data['name']}")
        if data.get("kind") == "image" and "module" in data:
            found.add(f"keras.applications.{data['module']}.preprocess_input")
        if data.get("kind") in CALLBACKS:
            found.add(CALLBACKS[data["kind"]])
        if "space" in data and "learned" in data:
            found.add("keras.utils.FeatureSpace")
        if data.get("kind") == "structure":
            found.add(f"keras.applications.{data['name']}")
        found.update(data.get("uses", []))  # of a program, which states no calls
        if data.get("kind") == "activation":
            found.add(f"keras.activations.{data['name']}")
        if isinstance(data.get("activation"), str):
            found.add(f"keras.activations.{data['activation']}")
        for key, value in data.items():
            if isinstance(value, str) and key.endswith(("initializer", "regularizer", "constraint")):
                found.add(f"keras.{key.rpartition('_')[2]}s.{value}")
            found |= names_in_case(value)
    elif isinstance(data, list):
        for value in data:
            found |= names_in_case(value)
    return found


def recorded() -> dict[str, collections.Counter]:
    """Name → family → number of cases."""
    found: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for path in sorted(case_store.FOLDER.glob("*.npz")):
        for row in case_store.read(path.stem):
            for name in names_in_case(row["case"]):
                found[name][path.stem] += 1
    return found


# what tests use --------------------------------------------------------------------------------------------------------


class References(ast.NodeVisitor):
    """Public names that a test file refers to."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {"keras": "keras", "kerasish": "keras"}
        self.found: set[str] = set()
        self.texts: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.partition(".")[0] == "kerasish":
                public = alias.name.replace("kerasish", "keras", 1)
                self.known[alias.asname or "kerasish"] = public if alias.asname else "keras"

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if (node.module or "").partition(".")[0] != "kerasish":
            return
        public = (node.module or "").replace("kerasish", "keras", 1)
        for alias in node.names:
            name = f"{public}.{alias.name}"
            self.known[alias.asname or alias.name] = name
            self.found.add(name)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self._path(node)
        if path:
            self.found.add(path)
        self.generic_visit(node)

    def _path(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._path(node.value)
            return f"{owner}.{node.attr}" if owner else None
        return None

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and node.value.replace(".", "").replace("_", "").isalnum():
            self.texts.add(node.value)


def tested() -> dict[str, set[str]]:
    """Name → test files."""
    found = collections.defaultdict(set)
    for path in sorted([*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "compat").rglob("test_*.py")]):
        visitor = References()
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        packages = {name for name in visitor.known.values()} | {name.rpartition(".")[0] for name in visitor.found}
        names = visitor.found | {f"{package}.{text}" for package in packages for text in visitor.texts}
        for table in path.parent.glob("*.json"):  # a test's table beside it
            data = json.loads(table.read_text(encoding="utf-8"))
            names |= {f"keras.{path.parent.name}.{key}" for key in data if isinstance(data, dict)}
        for name in names:
            found[name].add(str(path.relative_to(ROOT)))
    return found


# the page --------------------------------------------------------------------------------------------------------------


def rows() -> dict[str, dict]:
    """Name → what is known of it."""
    cases, files = recorded(), tested()
    table = {}
    for name in public_names():
        thing = resolve(name)
        same = by_object().get(id(thing), {name}) if thing is not None else {name}
        counts: collections.Counter = collections.Counter()
        for other in same:
            counts.update(cases.get(other, {}))
        where = sorted(set().union(*(files.get(other, set()) for other in same)))
        stub = thing is None or getattr(thing, "__kerasish_stub__", False)
        table[name] = {"served": not stub, "cases": counts, "files": where}
    return table


def text() -> str:
    """The page."""
    table = rows()
    served = [name for name, row in table.items() if row["served"]]
    with_cases = [name for name in served if table[name]["cases"]]
    with_tests = [name for name in served if table[name]["files"]]
    either = {*with_cases, *with_tests}
    lines = [
        "# Keras's public names",
        "",
        "Made by `python compat/names/names.py` from the recorded results and the tests; do not edit.",
        "",
        f"Keras 3.15 has {len(table)} public names apart from modules and `keras.backend`'s old functions. Served: "
        f"{len(served)}. Compared with recorded results of the real Keras: {len(with_cases)}. Referred to by tests: "
        f"{len(with_tests)}. By either: {len(either)}.",
        "",
        "Columns: cases in `compat/recorded` (each a random configuration, with values, gradients, dtypes, shapes and "
        "configuration of the real library), and test files.",
    ]
    bare = [name for name in served if not table[name]["cases"]]
    lines += ["", "## Without recorded cases", ""]
    for reason, last_parts in UNRECORDED.items():
        shown = ", ".join(f"`{name}`" for name in bare if name.rpartition(".")[2] in last_parts.split())
        lines.append(f"- {reason[0].upper()}{reason[1:]}: {shown}.")
    absent = [name for name in table if not table[name]["served"]]
    if absent:
        lines += ["", "## Not served", ""]
        lines += [f"- `{name}`: {ABSENT.get(name, 'not yet')}" for name in absent]
    sections = collections.defaultdict(list)
    for name in served:
        sections[name.rpartition(".")[0]].append(name)
    for module in sorted(sections):
        lines += ["", f"## {module}", "", "| name | recorded cases | tests |", "|---|---|---|"]
        for name in sections[module]:
            row = table[name]
            cases = ", ".join(f"{count} {family}" for family, count in sorted(row["cases"].items()))
            files = [file.removeprefix("tests/") for file in row["files"]]
            shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
            lines.append(f"| `{name.rpartition('.')[2]}` | {cases} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
    print(text().split("\n\n")[2])
