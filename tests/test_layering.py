"""Imports go one way: a file imports only from levels below its own, and nothing imports in a circle."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent / "kerasish"

# From below to above; a name covers the module or everything in the package. Within a level: files listed before.
LEVELS = [
    ["about"],
    ["core"],
    ["ops"],
    ["activations", "initializers", "regularizers", "constraints", "quantizers"],
    ["layers"],
    ["losses", "metrics", "optimizers"],
    ["saving"],
    ["distribution"],
    ["training"],
    ["models"],
    ["random", "tree", "config", "backend", "dtype_policies", "callbacks", "utils", "preprocessing", "mixed_precision",
     "export", "distillation", "wrappers", "datasets", "applications", "visualization", "legacy", "src", "dropin"],
    ["kerasish"],  # kerasish/__init__.py
    ["tf"],
    ["checking"],
    ["__main__"],
]  # fmt: skip

# Imports inside functions of our own modules, and why.
LATE = {
    ("kerasish/__init__.py", "kerasish.tf"): "TensorFlow's namespace is imported when it is first asked for",
}


def name_of(path):
    parts = ("kerasish", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py")) if "_child" not in path.parts}


def imports(tree, module, is_package):
    """Names of our modules that a syntax tree imports: (name, inside a function?)."""
    late = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(outer)
    }
    typing = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer.test)
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in FILES else node.module for name in names]
        else:
            continue
        for name in names:
            if name in FILES and name != module:
                yield name, id(node) in late


GRAPH = {
    module: list(imports(ast.parse(path.read_text(encoding="utf-8")), module, path.name == "__init__.py"))
    for module, path in FILES.items()
}


def level(module):
    parts = module.split(".")
    key = parts[1] if len(parts) > 1 else "kerasish"
    for number, names in enumerate(LEVELS):
        if key in names:
            return number
    raise AssertionError(f"{module} is at no level: add it to LEVELS")


def test_every_file_has_a_level():
    for module in FILES:
        level(module)


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_no_import_goes_up(module):
    up = [name for name, _ in GRAPH[module] if level(name) > level(module)]
    allowed = {name for path, name in LATE if name_of(ROOT.parent / path) == module}
    assert set(up) <= allowed


def test_no_circle():
    found, done = [], set()

    def visit(module, path):
        if module in path:
            found.append([*path[path.index(module) :], module])
            return
        if module not in done:
            for name, late in GRAPH[module]:
                if not late:
                    visit(name, [*path, module])
            done.add(module)

    for module in GRAPH:
        visit(module, [])
    assert found == []


def test_own_modules_are_imported_at_the_top():
    late = {(str(FILES[m].relative_to(ROOT.parent)), n) for m, names in GRAPH.items() for n, inside in names if inside}
    assert late <= set(LATE)


def test_neither_tensorflow_nor_keras_is_imported():
    for module, path in FILES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & {"tensorflow", "keras", "tf_keras"}, module


def test_devices_differ_in_few_files_only():
    allowed = {"kerasish.core.device"}
    for module, path in FILES.items():
        code = ast.parse(path.read_text(encoding="utf-8"))
        named = {n.attr for n in ast.walk(code) if isinstance(n, ast.Attribute)} & {"is_cuda", "is_xla", "is_mps"}
        texts = {n.value for n in ast.walk(code) if isinstance(n, ast.Constant) and n.value in ("cuda", "xla", "mps")}
        if named or texts:
            assert module in allowed, f"{module} asks for {sorted(map(str, named | texts))}"
