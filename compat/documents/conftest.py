"""The documents' blocks are run once, through ``python -m kerasish``; their results are shared by the cases."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent


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
