"""What Python itself reports while a hostile file is read: nothing may be imported, run, opened or sent."""

import os
import pathlib
import sys
from contextlib import contextmanager

import numpy as np
import pytest

import kerasish
from kerasish import layers
from kerasish.models import Sequential, load_model

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # tests of one folder share what they make

_FORBIDDEN = ("marshal.loads", "pickle.find_class", "exec", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
              "subprocess.Popen", "socket.connect", "socket.getaddrinfo", "urllib.Request", "ctypes.dlopen")  # fmt: skip
_PACKAGE = os.path.dirname(kerasish.__file__)
_LIBRARIES = (os.path.dirname(os.path.dirname(np.__file__)), os.path.dirname(os.__file__))
_events: list | None = None


def _note(event: str, arguments: tuple) -> None:
    if _events is not None and (event in _FORBIDDEN or event in ("import", "open")):
        _events.append((event, arguments))


sys.addaudithook(_note)


@pytest.fixture
def nothing_happens(tmp_path):
    """``with nothing_happens(file):`` fails if anything is run, if hostile modules are imported or other files opened."""
    load_benign(tmp_path)  # so that what is imported lazily is there

    @contextmanager
    def watch(*files):
        global _events
        _events = []
        try:
            yield
        finally:
            events, _events = _events, None
        allowed = {os.path.realpath(file) for file in files}
        for event, arguments in events:
            assert event not in _FORBIDDEN, (event, arguments)
            if event == "import":
                assert "hostile" not in str(arguments[0]), arguments
            else:
                path = arguments[0]
                ours = isinstance(path, str) and path.startswith((_PACKAGE, *_LIBRARIES))  # code and tables
                assert isinstance(path, int) or ours or os.path.realpath(path) in allowed, arguments

    return watch


def load_benign(folder):
    model = benign()
    for name in ("benign.keras", "benign.h5"):
        model.save(folder / name)
        load_model(folder / name)
    model.save_weights(folder / "benign.weights.h5")
    model.load_weights(folder / "benign.weights.h5")


def benign():
    model = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)], name="benign")
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 4), "float32"), np.ones((2, 2), "float32"))
    return model


@pytest.fixture
def model():
    return benign()
