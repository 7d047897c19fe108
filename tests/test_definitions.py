"""Nothing is defined twice in one place: the first would be dead, as merges leave it."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
FOLDERS = sorted(path for path in (ROOT / "kerasish").iterdir() if path.suffix == ".py" or path.is_dir())


def _repeated(tree):
    """Names that a module or class defines a second time without a decorator that builds on the first."""
    for scope in ast.walk(tree):
        if not isinstance(scope, (ast.Module, ast.ClassDef)):
            continue
        seen = set()
        for node in scope.body:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name == "_":
                continue  # "_" is what registrations of single dispatch are called
            decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
            builds_on = decorators & {f"{node.name}.{way}" for way in ("setter", "getter", "deleter")}
            if node.name in seen and not builds_on and not any("overload" in d for d in decorators):
                yield f"{getattr(scope, 'name', 'module')}.{node.name}:{node.lineno}"
            seen.add(node.name)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_no_name_is_defined_twice(folder):
    files = [folder] if folder.suffix == ".py" else sorted(folder.rglob("*.py"))
    found = {str(f.relative_to(ROOT)): list(_repeated(ast.parse(f.read_text(encoding="utf-8")))) for f in files}
    assert not {name: repeated for name, repeated in found.items() if repeated}


def test_repetition_is_seen():
    lines = ["class A:", *(f"    def {name}(self): ..." for name in ("a", "b", "b"))]
    assert list(_repeated(ast.parse("\n".join(lines)))) == ["A.b:4"]
    lines = ["class A:", "    @property", "    def a(self): ...", "    @a.setter", "    def a(self, value): ..."]
    assert not list(_repeated(ast.parse("\n".join(lines))))
