"""The documents' blocks are run once, through ``python -m kerasish``; their results are shared by the cases."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent


TABLE = """\
Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 dense (Dense)               (None, 16)                80
 dense_1 (Dense)             (None, 8)                 136
 dense_2 (Dense)             (None, 1)                 9
=================================================================
Total params: 225
Trainable params: 225
Non-trainable params: 0
_________________________________________________________________"""


@pytest.fixture(scope="session")
def blocks(tmp_path_factory):
    """Name of a block → what it printed and how it failed."""
    folder = tmp_path_factory.mktemp("blocks")
    result = folder / "result.json"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "kerasish", str(HERE / "run_blocks.py"), str(result)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    return json.loads(result.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def table():
    """The documents' summary of the 4-16-8-1 model, less trailing blanks."""
    return TABLE
