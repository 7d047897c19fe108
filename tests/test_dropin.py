"""``python -m kerasish`` and ``kerasish.install()``: the real libraries' names give kerasish, and nothing else changes."""

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

import kerasish
from kerasish.dropin import target

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def python(*arguments, cwd=None, stdin=None):
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, input=stdin)


def script(folder, text, name="program.py"):
    path = pathlib.Path(folder) / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("tensorflow", "kerasish.tf"),
        ("keras", "kerasish"),
        ("tf_keras", "kerasish"),
        ("tensorflow.keras", "kerasish"),
        ("tensorflow.keras.layers", "kerasish.layers"),
        ("tensorflow.math", "kerasish.tf.math"),
        ("keras.preprocessing.sequence", "kerasish.preprocessing.sequence"),
        ("tensorflow.python.keras.layers", "kerasish.layers"),
        ("keras.src.layers.core.dense", None),
        ("keras.api.models", "kerasish.models"),
        ("keras.layers.core", "kerasish.layers"),
        ("tensorflow.python.keras.layers.recurrent", "kerasish.layers"),
        ("tensorflow.keras.layers.experimental.preprocessing", "kerasish.layers"),
        ("keras.utils.np_utils", "kerasish.utils"),
        ("keras.engine.topology", "kerasish"),
        ("tensorflow.python.keras.optimizer_v2.adam", "kerasish.optimizers"),
        ("tensorflow.compat.v1", "kerasish.tf.compat.v1"),
        ("tensorflow.compat.v1.keras.layers", "kerasish.layers"),
        ("tensorflow.compat.v1.compat.v1.keras", "kerasish"),
        ("tensorflow.compat.v1.compat.v2.nn", "kerasish.tf.nn"),
        ("tensorflow.compat.v1.train", None),  # see test_parts_of_version_1_are_its_own
        ("tensorflow.compat.v2", "kerasish.tf"),
        ("tensorflow.compat.v2.math", "kerasish.tf.math"),
        ("tensorflow.keras.core", None),
        ("keras.training", None),
        ("tensorflow.nothing", None),
    ],
)
def test_names_map_to_our_public_modules(name, ours):
    assert target(name) == ours


def test_script_sees_what_python_would_give_it(tmp_path):
    path = script(
        tmp_path,
        """
        import sys, os
        import helper
        import tensorflow as tf
        from tensorflow import keras
        from tensorflow.keras.layers import Dense
        import keras as k
        from keras import ops
        import tensorflow.keras.models
        assert keras is k is tf.keras and tf.keras.layers.Dense is Dense and ops is k.ops
        assert tensorflow.keras.models.Sequential is k.Sequential
        print(__name__, sys.argv, os.path.basename(__file__), helper.VALUE, sys.path[0] == os.path.dirname(os.path.abspath(__file__)))
        print(keras.__name__, keras.__spec__.name, sys.modules["tensorflow"].__spec__.name, tf.__version__[0], keras.__version__[0])
        import importlib.metadata
        print(importlib.metadata.version("tensorflow")[0], importlib.metadata.version("keras")[0])
        def typed(x: int): ...
        print(typed.__annotations__)  # no text: `from __future__ import annotations` would be the program's to say
        """,
    )
    script(tmp_path, "VALUE = 7", "helper.py")
    done = python("-m", "kerasish", path, "--flag", "x y")
    assert done.returncode == 0, done.stderr
    first, second, third, fourth = done.stdout.splitlines()
    assert fourth == "{'x': <class 'int'>}"
    assert first == f"__main__ {[str(path), '--flag', 'x y']} program.py 7 True"
    assert second == "kerasish kerasish kerasish.tf 2 3"
    assert third == "2 3"


CHAINED = "def f():\n    try:\n        {}['x']\n    except KeyError as error:\n        raise ValueError('boom') from error\nf()\n"


@pytest.mark.parametrize("text", [CHAINED, "def f(:\n", "import absent_module\n"], ids=["chained", "syntax", "import"])
@pytest.mark.parametrize("relative", [False, True])
def test_traceback_and_exit_status_are_pythons(tmp_path, text, relative):
    path = script(tmp_path, text)
    path = path.name if relative else path
    plain, ours = python(path, cwd=tmp_path), python("-m", "kerasish", path, cwd=tmp_path)
    assert ours.returncode == plain.returncode == 1
    assert ours.stderr.strip() == plain.stderr.strip()


def test_the_standard_input_is_a_script_too():
    text = "import sys, keras\nprint(__name__, sys.argv, repr(sys.path[0]), '__file__' in globals())\n1 / 0\n"
    done = python("-m", "kerasish", "-", "a", "-b", stdin=text)
    plain = python("-", "a", "-b", stdin=text.replace(", keras", ""))
    assert (done.stdout, done.stderr, done.returncode) == (plain.stdout, plain.stderr, 1)
    assert done.stdout == "__main__ ['-', 'a', '-b'] '' True\n"


def test_a_module_that_cannot_be_run_is_named_as_python_does(tmp_path):
    (tmp_path / "pack").mkdir()
    script(tmp_path / "pack", "", "__init__.py")
    for name in ("pack", "absent"):
        plain, ours = python("-m", name, cwd=tmp_path), python("-m", "kerasish", "-m", name, cwd=tmp_path)
        assert (ours.returncode, ours.stderr) == (plain.returncode, plain.stderr)


def test_imports_of_old_programs_find_their_names(tmp_path):
    path = script(
        tmp_path,
        """
        import tensorflow.compat.v1 as tf1
        import tensorflow.compat.v2 as tf2
        import tensorflow as tf
        import tensorflow.keras.backend as K
        from keras.utils import np_utils
        from keras.layers.core import Dense, Dropout
        from keras.layers.convolutional import Conv2D
        from keras.engine.topology import Layer
        from tensorflow.keras.layers.experimental import preprocessing
        from tensorflow.python.keras.layers import Dense as Private
        from tensorflow.keras.layers import *
        import importlib.util, pickle
        assert tf2 is tf and tf1.__name__ == "kerasish.tf.compat.v1" and preprocessing is tf.keras.layers
        assert np_utils.to_categorical([1]).tolist() == [[0.0, 1.0]]
        assert Dense is Private is tf.keras.layers.Dense and issubclass(Conv2D, Layer)
        assert importlib.util.find_spec("tensorflow") is not None and importlib.util.find_spec("tensorflow_hub") is None
        assert pickle.loads(pickle.dumps(LSTM)) is LSTM
        print("done")
        """,
    )
    done = python("-m", "kerasish", path)
    assert done.stdout == "done\n", done.stderr


def test_parts_of_version_1_are_its_own(tmp_path):
    path = script(
        tmp_path,
        """
        import tensorflow as tf
        train = tf.compat.v1.train
        import tensorflow.compat.v1.train
        from tensorflow.compat.v1.train import AdamOptimizer
        from tensorflow.compat.v1.compat.v1 import train as again
        from tensorflow.compat.v1.gfile import GFile
        from tensorflow.compat.v1.io import gfile
        from tensorflow.compat.v1.io.gfile import exists
        from tensorflow.compat.v1.logging import INFO
        from tensorflow.compat.v1.nn import moments
        from tensorflow.compat.v1 import keras
        assert tf.compat.v1.train is train is again and AdamOptimizer is train.AdamOptimizer is not None
        assert moments is tf.compat.v1.nn.moments is not tf.nn.moments
        assert GFile is tf.io.gfile.GFile and exists is gfile.exists and keras is tf.keras
        for name in ("train.NoSuch", "nosuch", "gfile.GFile"):
            try:
                __import__("tensorflow.compat.v1." + name)
            except ModuleNotFoundError as error:
                print(error)
        """,
    )
    done = python("-m", "kerasish", path)
    assert done.stdout == "".join(
        f"No module named 'tensorflow.compat.v1.{name}'\n" for name in ("train.NoSuch", "nosuch", "gfile.GFile")
    ), done.stderr


@pytest.mark.parametrize(
    ("line", "status"), [("raise SystemExit(5)", 5), ("import sys; sys.exit('no')", 1), ("pass", 0)]
)
def test_exit_status_is_the_scripts(tmp_path, line, status):
    assert python("-m", "kerasish", script(tmp_path, line)).returncode == status


def test_classes_of_tensors_print_as_tensorflows(tmp_path):
    path = script(
        tmp_path,
        """
        import pickle
        import tensorflow as tf
        x, v = tf.constant([1.0]), tf.Variable(1.0)
        print(type(x), type(x).__name__, type(tf.constant("a")))
        print(type(v), type(v).__name__)
        layer = tf.keras.layers.Dense(1)
        layer.build((None, 2))
        print(type(layer.kernel), type(layer.kernel).__name__)
        tf.function(lambda x: print(type(x)))(x)
        print(pickle.loads(pickle.dumps(x)).numpy(), pickle.loads(pickle.dumps(tf.constant("a"))).numpy())
        from collections.abc import MutableSequence, Sequence
        print([isinstance(v, Sequence) for v in (x.dtype, "", [], {})], isinstance([], MutableSequence))
        """,
    )
    done = python("-m", "kerasish", path)
    assert done.stdout.splitlines() == [
        "<class 'tensorflow.python.framework.ops.EagerTensor'> EagerTensor <class 'tensorflow.python.framework.ops.EagerTensor'>",
        "<class 'tensorflow.python.ops.resource_variable_ops.ResourceVariable'> ResourceVariable",
        "<class 'keras.src.backend.Variable'> Variable",
        "<class 'tensorflow.python.framework.ops.SymbolicTensor'>",
        "[1.] b'a'",
        "[False, True, True, False] True",
    ], done.stderr


def test_modules_and_code_run_too(tmp_path):
    package = tmp_path / "pack"
    package.mkdir()
    script(package, "import sys, tensorflow as tf; print(__name__, sys.argv[1:], tf.__name__)", "__main__.py")
    script(package, "", "__init__.py")
    done = python("-m", "kerasish", "-m", "pack", "a", "-b", cwd=tmp_path)
    assert done.stdout.split("\n")[0] == "__main__ ['a', '-b'] kerasish.tf", done.stderr
    done = python("-m", "kerasish", "-c", "import sys, keras; print(sys.argv, keras.__name__)", "x")
    assert done.stdout.strip() == "['-c', 'x'] kerasish", done.stderr


def test_wrong_usage_is_explained(tmp_path):
    done = python("-m", "kerasish", tmp_path / "absent.py")
    assert done.returncode == 2 and "can't open file" in done.stderr and "absent.py" in done.stderr
    done = python("-m", "kerasish")
    assert done.returncode == 2 and "usage: python -m kerasish" in done.stderr
    done = python("-m", "kerasish", "--nonsense")
    assert done.returncode == 2 and "unknown option" in done.stderr
    assert "kerasish" in python("-m", "kerasish", "--version").stdout


def test_missing_names_are_told_apart(tmp_path):
    done = python(
        "-m",
        "kerasish",
        script(
            tmp_path,
            """
            import tensorflow as tf
            from tensorflow import keras
            def show(action):
                try:
                    action()
                except Exception as error:
                    print(type(error).__mro__[1].__name__ if "Served" in type(error).__name__ else type(error).__name__, "|", error)
            show(lambda: tf.raw_ops.BatchFunction)
            show(lambda: tf.mlir)
            show(lambda: keras.layers.Nonsense)
            show(lambda: __import__("tensorflow.mlir.experimental"))
            def imports(text):
                show(lambda: exec(text))
            imports("from tensorflow.mlir import experimental")
            imports("from tensorflow.keras.layers import Nonsense")
            imports("import tensorflow.nonsense")
            imports("from tensorflow.keras.utils import Nonsense")
            print(hasattr(tf, "mlir"), hasattr(keras.layers, "Dense"))
            """,
        ),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "is part of the real library but is not served" in lines[0] and "BatchFunction" in lines[0]
    assert "'tf.mlir' is not served by kerasish. Use torch.export" in lines[1]
    assert lines[1].startswith("AttributeError")
    assert lines[2] == "AttributeError | module 'kerasish.layers' has no attribute 'Nonsense'"
    assert lines[3].startswith(("ImportError", "ModuleNotFoundError"))
    assert lines[4].startswith("ImportError") and "not served" in lines[4] and "mlir" in lines[4]
    assert lines[5].startswith("ImportError") and "Nonsense" in lines[5] and "not served" not in lines[5]
    assert lines[6].startswith("ModuleNotFoundError | No module named 'tensorflow.nonsense'")
    assert lines[8] == "False True"


def test_nothing_is_aliased_unless_asked():
    code = "import kerasish\ntry:\n    import tensorflow\nexcept ModuleNotFoundError as e:\n    print(e.name)"
    assert python("-c", code).stdout.strip() == "tensorflow"


def test_install_and_uninstall():
    code = """
        import kerasish
        kerasish.install(); kerasish.install()
        import tensorflow as tf
        assert tf.keras is kerasish
        kerasish.uninstall()
        try:
            import tensorflow.keras.layers
        except ModuleNotFoundError:
            print("gone")
    """
    done = python("-c", textwrap.dedent(code))
    assert done.stdout.strip() == "gone", done.stderr


def test_install_refuses_when_the_real_one_is_there():
    code = """
        import sys, types
        sys.modules["tensorflow"] = types.ModuleType("tensorflow")
        import kerasish
        try:
            kerasish.install()
        except RuntimeError as error:
            print(error)
    """
    assert "The real 'tensorflow' is already imported" in python("-c", textwrap.dedent(code)).stdout


def test_install_can_name_another_backend():
    code = "import kerasish; kerasish.install(backend_name='tensorflow'); import keras; print(keras.config.backend())"
    assert python("-c", code).stdout.strip() == "tensorflow"


def test_child_processes_inherit(tmp_path):
    path = script(
        tmp_path,
        """
        import multiprocessing, subprocess, sys
        import tensorflow as tf

        def work(n):
            import keras
            return keras.__name__, tf.constant(n).numpy() + 1

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(work, [1, 2]))
            out = subprocess.run([sys.executable, "-c", "import keras; print(keras.__name__)"], capture_output=True, text=True)
            print(out.stdout.strip(), out.stderr)
        """,
    )
    done = python("-m", "kerasish", path)
    assert done.returncode == 0, done.stderr
    assert "('kerasish', " in done.stdout and done.stdout.strip().endswith("kerasish")


def test_ipython_extension():
    from IPython.testing.globalipapp import start_ipython

    code = """
        from IPython.terminal.interactiveshell import TerminalInteractiveShell
        shell = TerminalInteractiveShell.instance()
        shell.run_line_magic("load_ext", "kerasish")
        shell.run_cell("import tensorflow as tf; print(tf.constant([1]).shape)")
    """
    assert start_ipython is not None
    done = python("-c", textwrap.dedent(code))
    assert "(1,)" in done.stdout, done.stderr


def test_real_names_are_packaged():
    from kerasish.core.errors import real_names

    assert {"keras.layers.Dense", "tf.constant", "tf.math.reduce_sum"} <= real_names()
    assert kerasish.__version__.startswith("3.")


def test_what_lists_installed_packages_sees_tensorflow_and_classes_are_no_modules():
    code = (
        "import importlib.metadata as m; print(sorted({d.metadata['Name'] for d in m.distributions()} & {'keras', 'tensorflow'}))\n"
        "try:\n    import tensorflow.python.keras.engine.input_layer.InputLayer\nexcept ModuleNotFoundError as e:\n    print(e)"
    )
    done = subprocess.run([sys.executable, "-m", "kerasish", "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "['keras', 'tensorflow']"
    assert second == "No module named 'tensorflow.python.keras.engine.input_layer.InputLayer'"


def test_keras_2_by_the_environment_says_its_version(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    assert kerasish.__version__ == kerasish.version() == "2.21.0"
    monkeypatch.delenv("TF_USE_LEGACY_KERAS")
    assert kerasish.__version__ == kerasish.version() == "3.15.1"


def test_private_modules_beside_public_ones(monkeypatch):
    kerasish.install()
    try:
        from tensorflow.python import tf2
        from tensorflow.python.saved_model import nested_structure_coder

        assert tf2.__name__ == "tensorflow.python.tf2"
        assert nested_structure_coder.__name__ == "tensorflow.python.saved_model.nested_structure_coder"
        with pytest.raises(ImportError):
            from tensorflow.python.saved_model import nothing_of_that_name  # noqa: F401
    finally:
        kerasish.uninstall()
