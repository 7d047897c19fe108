"""``python -m kerasish check``: names and arguments that programs use and kerasish lacks, found without running them."""

import json

import pytest

from kerasish import checking
from kerasish.checking import Source


@pytest.fixture(scope="module", autouse=True)
def _installed():
    import kerasish

    kerasish.install()
    yield
    kerasish.uninstall()


def report(text):
    return [(f.place, f.text) for f in checking.check([Source("p.py", text)])]


@pytest.mark.parametrize(
    "text",
    [
        "import tensorflow as tf\ntf.nn.relu(tf.constant([1.0]))",
        "from tensorflow import keras\nkeras.layers.Dense(2, input_dim=3, kernel_initializer='zeros')",
        "from tensorflow.keras.layers import *\nDense(3)",
        "import tensorflow as tf\nL = tf.keras.layers\nL.Embedding(3, 4, input_length=5)",
        "import keras.backend as K\nK.mean(1)",
        "import numpy as np\nnp.nosuch(tf.nosuch)",
        "def f(model):\n    return model.nosuch(nosuch=1)",
        "import tensorflow as tf\ntf = object()\ntf.nosuch",
    ],
)
def test_programs_that_are_served_give_no_report(text):
    assert report(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import tensorflow as tf\nx = tf.nn.rellu(1)", ("p.py:2", "tf.nn.rellu is unknown to TensorFlow 2.21")),
        (
            "import tensorflow as tf\n\ntf.placeholder(1)",
            ("p.py:3", "and is not served; use the arguments of a function"),
        ),
        (
            "import tensorflow.compat.v1 as tf\ntf.metrics.auc",
            ("p.py:2", "tf.compat.v1.metrics is not served; use tf.keras.metrics"),
        ),
        ("from tensorflow.keras import nosuch", ("p.py:1", "keras.nosuch is unknown")),
        ("import keras\nK = keras\nK.layers.Dens(3)", ("p.py:3", "the nearest that is: keras.layers.Dense")),
        ("import keras\nkeras.layers.Dense(3, unit=2)", ("p.py:2", "keras.layers.Dense has no argument 'unit'")),
        ("import tensorflow as tf\ntf.math.add(x=1, y=2, z=3)", ("p.py:2", "tf.math.add has no argument 'z'")),
        ("import tensorflow as tf\ntf.mlir.experimental.convert_function", ("p.py:2", "is not served")),
        ("import keras\nkeras.(", ("p.py:2", "cannot be read: invalid syntax")),
    ],
)
def test_what_is_missing_is_named_with_its_line(text, expected):
    (finding,) = report(text)
    assert finding[0] == expected[0]
    assert expected[1] in finding[1]


def test_differences_are_notes(tmp_path, capsys):
    program = tmp_path / "p.py"
    program.write_text("import tensorflow as tf\ntf.compat.v1.enable_eager_execution()\n")
    assert checking.main([str(program)]) == 0
    assert ": note: tf.compat.v1.enable_eager_execution has no effect" in capsys.readouterr().out
    assert checking.main(["--quiet", str(program)]) == 0
    assert capsys.readouterr().out == "1 file: 0 names or arguments missing\n"


def test_every_difference_is_a_name_that_is_served_or_real():
    for name in checking.DIFFERENT:
        assert name in checking.real_names() or name.startswith("tf.compat.v1."), name


def test_notebooks_are_read_cell_by_cell(tmp_path, capsys):
    cells = [
        {"cell_type": "markdown", "source": ["tf.nosuch"]},
        {"cell_type": "code", "source": ["%pip install x\n", "!ls\n", "import tensorflow as tf\n", "tf.constant?"]},
        {"cell_type": "code", "source": ["%%bash\n", "rm -rf nothing"]},
        {"cell_type": "code", "source": ["for i in range(3):\n", "    %time tf.nosuch\n", "tf.nosuch(1)"]},
    ]
    book = tmp_path / "book.ipynb"
    book.write_text(json.dumps({"cells": cells}))
    assert checking.main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert f"{book}:cell 4:3: tf.nosuch is unknown" in out
    assert "1 file: 1 name or arguments missing" in out.replace("names", "name")


def test_text_that_looks_like_a_command_is_left_alone():
    assert report("import tensorflow as tf\nx = (7\n% 2)\ny = (tf.nn\n    . relu)\n") == []


@pytest.mark.parametrize("line", ["files = !ls", "!pip install a \\\n  b", "a.b = %who", "%timeit -n 1 x"])
def test_lines_of_notebooks_keep_their_numbers(line):
    ((place, _),) = report(f"import tensorflow as tf\n{line}\ntf.nosuch")
    assert place == f"p.py:{3 + line.count(chr(10))}"


def test_a_name_that_is_not_served_does_not_change_others():
    text = "import tensorflow as tf\ntf.compat.v1.train.NoSuch\ntf.compat.v1.train.AdamOptimizer"
    assert [place for place, _ in report(text)] == ["p.py:2"]


def test_files_that_cannot_be_read_do_not_end_the_report(tmp_path, capsys):
    (tmp_path / "a.py").write_bytes(b"x = '\xff'")
    (tmp_path / "b.py").write_text("import tensorflow as tf\ntf.nosuch")
    assert checking.main([str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "b.py:2: tf.nosuch" in said.out
    assert "a.py is no program" in said.err


def test_nothing_is_run(tmp_path):
    marker = tmp_path / "marker"
    (tmp_path / "p.py").write_text(f"import tensorflow as tf\nopen({str(marker)!r}, 'w')\n")
    assert checking.main([str(tmp_path)]) == 0
    assert not marker.exists()


@pytest.mark.parametrize(
    ("arguments", "status"), [([], 2), (["--what"], 2), (["--help"], 0), (["/nonexistent/path"], 2)]
)
def test_the_command_line(arguments, status, capsys):
    assert checking.main(arguments) == status
    said = capsys.readouterr()
    assert "usage" in said.out + said.err or "No such file" in said.err


def test_a_broken_notebook_is_an_error(tmp_path, capsys):
    (tmp_path / "b.ipynb").write_text("{")
    assert checking.main([str(tmp_path)]) == 2
    assert "kerasish check:" in capsys.readouterr().err
