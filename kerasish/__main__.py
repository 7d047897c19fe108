"""``python -m kerasish script.py args…``: run an unmodified TensorFlow or Keras program on torch.

Also ``python -m kerasish -m package.module args…`` and ``python -m kerasish -c "code" args…``. ``python -m kerasish check
PATH…`` reads programs and tells what they use that is missing (see ``checking``).
"""

from __future__ import annotations

import io
import os
import runpy
import sys
import types
from collections.abc import Callable
from types import TracebackType

import kerasish
from kerasish import checking
from kerasish.about import KERAS_VERSION, TENSORFLOW_VERSION, VERSION
from kerasish.distribution import launching

_USAGE = """\
usage: python -m kerasish [--help] [--version] SCRIPT [ARG ...]     (SCRIPT may be -, the standard input)
       python -m kerasish -m MODULE [ARG ...]
       python -m kerasish -c CODE [ARG ...]
       python -m kerasish check PATH [PATH ...]                     (reads programs, runs nothing: what would be missing?)

Runs a TensorFlow or Keras program on PyTorch: `import tensorflow` and `import keras` give kerasish.
With several processes: torchrun --nproc-per-node 2 -m kerasish SCRIPT [ARG ...]"""


def main(argv: list[str] | None = None) -> int:
    """Run what the command line names; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        print(f"kerasish {VERSION} (Keras {KERAS_VERSION}, TensorFlow {TENSORFLOW_VERSION})")
        return 0
    if arguments[0] in ("-m", "-c") and len(arguments) < 2:
        print(f"Argument expected for the {arguments[0]} option\n{_USAGE}", file=sys.stderr)
        return 2
    if arguments[0] == "check" and not os.path.exists("check"):
        return checking.main(arguments[1:])
    kerasish.install()
    launching.join()
    if arguments[0] == "-m":
        return _guarded(lambda: _run_module(arguments[1], arguments[2:]))
    if arguments[0] == "-c":
        return _guarded(lambda: _run_code(arguments[1], arguments[2:]))
    if arguments[0].startswith("-") and arguments[0] != "-":
        print(f"unknown option {arguments[0]}\n{_USAGE}", file=sys.stderr)
        return 2
    return _guarded(lambda: _run_script(arguments[0], arguments[1:]))


def _run_script(path: str, arguments: list[str]) -> None:
    sys.argv = [path, *arguments]
    if path == "-":
        sys.path[0] = ""
        module = _new_main()
        module.__file__ = "<stdin>"
        exec(_compiled(sys.stdin.buffer.read(), "<stdin>"), vars(module))
        return
    if os.path.isdir(path) or path.endswith((".zip", ".pyz")):
        sys.path[0] = path
        runpy.run_path(path, run_name="__main__")
        return
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        print(f"{sys.executable}: can't open file '{os.path.abspath(path)}': {error.strerror}", file=sys.stderr)
        raise SystemExit(2) from None
    path = os.path.abspath(path)
    sys.path[0] = os.path.dirname(path)
    module = _new_main()
    module.__file__ = path
    exec(_compiled(source, path), vars(module))  # the user's own script: what this command is for


def _run_module(name: str, arguments: list[str]) -> None:
    sys.argv = [name, *arguments]
    sys.path[0] = os.getcwd()
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_code(code: str, arguments: list[str]) -> None:
    sys.argv = ["-c", *arguments]
    sys.path[0] = ""
    exec(_compiled(code, "<string>"), vars(_new_main()))


def _compiled(source: str | bytes, path: str) -> types.CodeType:
    """A program's code; this module's ``from __future__`` is not the program's."""
    return compile(source, path, "exec", dont_inherit=True)


def _new_main() -> types.ModuleType:
    """A fresh ``__main__``, as Python makes one for a script."""
    module = types.ModuleType("__main__")
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    sys.modules["__main__"] = module
    return module


def _guarded(run: Callable[[], None]) -> int:
    """Run, and report an exception as Python would: without frames of ours."""
    try:
        run()
    except SystemExit:
        raise
    except BaseException as error:
        if isinstance(error, ImportError) and _own_frames_off(error.__traceback__) is None:
            print(f"{sys.executable}: {error}", file=sys.stderr)  # -m names no module, or none that can be run
            return 1
        shown = error.with_traceback(_own_frames_off(error.__traceback__))
        sys.excepthook(type(shown), shown, shown.__traceback__)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _own_frames_off(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_frame.f_code.co_filename in (
        __file__,
        runpy.__file__,
        "<frozen runpy>",
    ):
        traceback = traceback.tb_next
    return traceback


if __name__ == "__main__":
    sys.exit(main())
