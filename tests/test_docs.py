"""Documentation cannot rot: the Python blocks of README and docs/ run, and so does every ``>>>`` in a docstring.

The blocks of one page share a namespace, top to bottom, as a reader would type them. A block is left out if the line
before it is ``<!-- not run: REASON -->``; shell sessions are fenced as ``console`` or ``bash`` and do not run here.
"""

import ast
import doctest
import importlib
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

import kerasish

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?P<mark><!-- not run: [^>]+ -->\n)?^(?P<indent> *)```python\n(?P<code>.*?)^ *```", re.M | re.S)


def blocks(page):
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [re.sub(f"(?m)^{m['indent']}", "", m["code"]) for m in found if not m["mark"]]


WITH_CODE = [page for page in PAGES if blocks(page)]


# What a page's blocks print, where a reader would compare.
PRINTED = {
    "getting_started.md": """\
tf.Tensor(
[[1 2]
 [3 4]], shape=(2, 2), dtype=int32)
['accuracy', 'loss', 'val_accuracy', 'val_loss']
(3, 1)
6.0
Tensor ['kernel', 'bias']
""",
}


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_order(page, tmp_path):
    script = tmp_path / "page.py"
    script.write_text("\n\n".join(blocks(page)), encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    if page.name in PRINTED:
        assert done.stdout == PRINTED[page.name]


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_files_that_the_readme_names_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:examples|docs|benchmarks|kerasish)/[\w./]*|[\w]+\.txt)`", text):
        assert (ROOT / name).exists(), name


def with_examples():
    for path in sorted(pathlib.Path(kerasish.__file__).parent.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if any(">>>" in (ast.get_docstring(node) or "") for node in ast.walk(ast.parse(text)) if _documented(node)):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _documented(node):
    return isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))


@pytest.mark.parametrize("name", sorted(with_examples()))
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    names = {"np": np, "torch": torch, "kerasish": kerasish, "keras": kerasish, "tf": kerasish.tf, **vars(module)}
    # Functions behind decorators are not found by doctest's own search, so the source's docstrings are read.
    tree = ast.parse(pathlib.Path(module.__file__).read_text(encoding="utf-8"))
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    report = []
    for node in ast.walk(tree):
        text = ast.get_docstring(node) if _documented(node) else None
        if text and ">>>" in text:
            title = f"{name}.{getattr(node, 'name', '')}"
            runner.run(
                doctest.DocTestParser().get_doctest(text, dict(names), title, module.__file__, 0), out=report.append
            )
    assert runner.tries > 0
    assert runner.failures == 0, "".join(report)
