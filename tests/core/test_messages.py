import io
import sys

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, utils
from kerasish.core.messages import say


@pytest.fixture
def no_logging():
    utils.disable_interactive_logging()
    yield
    utils.enable_interactive_logging()


def test_messages_go_to_standard_output(capsys):
    say("one")
    say("two", line_break=False)
    assert capsys.readouterr().out == "one\ntwo"


def test_or_to_the_log(no_logging, capsys, caplog):
    assert not utils.is_interactive_logging_enabled()
    with caplog.at_level("INFO", "kerasish"):
        say("one")
        say("\n")
    assert capsys.readouterr().out == ""
    assert [record.getMessage() for record in caplog.records] == ["one"]


def test_progress_and_training_are_silent_then(no_logging, capsys, caplog):
    model = keras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 2), "float32")
    with caplog.at_level("INFO", "kerasish"):
        model.fit(x, x[:, :1])
        utils.Progbar(2).update(2)
    assert capsys.readouterr().out == ""
    assert "2/2" in caplog.text


def test_consoles_without_the_bars_characters(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    say("1/2 ━━ é")
    assert raw.getvalue().replace(b"\r\n", b"\n") == b"1/2 == ?\n"
