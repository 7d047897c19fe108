"""Endpoints that are no programs of torch's, written as functions of Python: with the code, classes and values that they use.

What the program's own files and ``__main__`` define goes along, with its source text; installed packages are imported where
the functions are read.
"""

from __future__ import annotations

import collections
import hashlib
import io
import linecache
import marshal
import os
import platform
import site
import sys
import sysconfig
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core.errors import fail
from kerasish.layers import exported_python
from kerasish.layers.layer import Layer

_INSTALLED = tuple(
    {*(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")), *site.getsitepackages()}
)


class LayerCall:
    """A layer's call in inference, as an endpoint.

    Args:
        layer: what is called.
    """

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __call__(self, *args: Any) -> Any:
        spec = self.layer._call_spec
        return self.layer(*args, **({"training": False} if spec.takes_training else {}))


def dumped(content: dict[str, Any], reason: str) -> bytes:
    """What ``layers.exported_python`` reads.

    Args:
        content: "functions" by name, and what else belongs to them.
        reason: why it has to be Python.

    Raises:
        ImportError: cloudpickle is not installed.
        ValueError: something that the functions use cannot be written.
    """
    try:
        import cloudpickle
    except ImportError:
        raise fail(
            ImportError, f"{reason}. As functions of Python they need cloudpickle", hint="pip install cloudpickle"
        ) from None
    refusals = []
    for own in (_own_modules(), []):  # the second: where one of them holds something that cannot be written
        with _by_value(cloudpickle, own):
            try:
                return _pickled(cloudpickle, content)
            except Exception as error:  # whatever an object of the program's raises when it is to be written
                refusals.append(error)
    raise fail(
        ValueError, f"{reason.rstrip('.')}; and as functions of Python they cannot be written: {refusals[-1]}"
    ) from refusals[-1]


def _pickled(cloudpickle: Any, content: Any) -> bytes:
    sources: dict[str, str] = {}

    def reduced(code: types.CodeType) -> tuple:
        lines = linecache.getlines(code.co_filename)
        if lines:
            text = "".join(lines)
            mark = hashlib.sha256(text.encode()).hexdigest()[:8]  # the file may be another one by the time of reading
            name = f"<{os.path.basename(code.co_filename).strip('<>')} as saved {mark}>"
            sources[name] = text
            code = _renamed(code, name)
        return exported_python.code, (marshal.dumps(code),)

    class Pickler(cloudpickle.Pickler):
        dispatch_table = collections.ChainMap({types.CodeType: reduced}, cloudpickle.Pickler.dispatch_table)

    file = io.BytesIO()
    Pickler(file).dump(content)
    cloudpickle.dump(sources, file)
    return file.getvalue()


def _renamed(code: types.CodeType, name: str) -> types.CodeType:
    parts = tuple(_renamed(part, name) if isinstance(part, types.CodeType) else part for part in code.co_consts)
    return code.replace(co_filename=name, co_consts=parts)


def version() -> str:
    """Of Python: bytecode is not the next version's."""
    return platform.python_version()


@contextmanager
def _by_value(cloudpickle: Any, modules: list[types.ModuleType]) -> Iterator[None]:
    """A block in which what modules define is written by value, as what ``__main__`` defines is."""
    before = cloudpickle.list_registry_pickle_by_value()
    new = [module for module in modules if module.__name__ not in before]
    for module in new:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in new:
            cloudpickle.unregister_pickle_by_value(module)


def _own_modules() -> list[types.ModuleType]:
    """The modules that the program brings: neither installed nor of this library."""
    return [module for name, module in list(sys.modules.items()) if _is_own(name, module)]


def _is_own(name: str, module: types.ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return (
        isinstance(file, str)
        and name != "__main__"
        and name == module.__name__
        and name.partition(".")[0] != __name__.partition(".")[0]
        and not file.startswith(_INSTALLED)
    )
