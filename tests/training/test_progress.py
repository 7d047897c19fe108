"""The progress line: the seeds' look, live on a terminal and whole lines elsewhere."""

from __future__ import annotations

import contextlib
import re

import pytest
from training_checks import X, Y, batches, net, ready

from kerasish import config, utils
from kerasish.training.progress import Progbar, _duration, _eta, _number

TIMING = r"\d+s \d+(?:s|ms|us)/step"
VALUE = r"\d\.\d{4}"
FULL = r"\[={30}\]"


class Terminal:
    """Standard output that says it is one."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_fit_prints_a_heading_and_a_line_per_epoch(capsys):
    ready(metrics=["mae"]).fit(X, Y, batch_size=5, epochs=2, validation_data=(X, Y))
    out = capsys.readouterr().out
    line = rf"4/4 {FULL} - {TIMING} - loss: {VALUE} - mae: {VALUE} - val_loss: {VALUE} - val_mae: {VALUE}\n"
    assert re.fullmatch(rf"Epoch 1/2\n{line}Epoch 2/2\n{line}", out)


def test_a_single_epoch_has_a_heading_too(capsys):
    ready(metrics=None).fit(X, Y, verbose=1)
    assert re.fullmatch(rf"(Epoch 1/1\n)?1/1 {FULL} - {TIMING} - loss: {VALUE}\n", capsys.readouterr().out)


def test_verbose_2_prints_a_line_without_a_bar(capsys):
    ready(metrics=None).fit(X, Y, batch_size=5, epochs=2, verbose=2)
    line = rf"4/4 - \d+s - loss: {VALUE} - \d+(?:s|ms)/epoch - \d+(?:s|ms|us)/step\n"
    assert re.fullmatch(rf"Epoch 1/2\n{line}Epoch 2/2\n{line}", capsys.readouterr().out)


def test_verbose_0_prints_nothing(capsys):
    model = ready()
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert capsys.readouterr().out == ""


def test_evaluate_and_predict_print_one_line(capsys):
    model = ready()
    model.evaluate(X, Y, batch_size=2)
    assert re.fullmatch(rf"10/10 {FULL} - {TIMING} - loss: {VALUE} - mae: {VALUE}\n", capsys.readouterr().out)
    model.predict(X, batch_size=2)
    assert re.fullmatch(rf"10/10 {FULL} - {TIMING}\n", capsys.readouterr().out)


def test_an_unknown_number_of_steps_is_known_at_the_end(capsys):
    ready(metrics=None).fit(batches())
    assert re.search(rf"\n?3/3 {FULL} - {TIMING} - loss: {VALUE}\n$", capsys.readouterr().out)


def test_on_a_terminal_the_bar_is_redrawn_in_place():
    with contextlib.redirect_stdout(Terminal()) as terminal:
        ready(metrics=None).fit(X, Y, batch_size=1, epochs=1)
    *redraws, last = terminal.text.split("\r")[1:]
    assert re.fullmatch(rf"20/20 {FULL} - {TIMING} - loss: {VALUE} *\n", last)
    assert redraws
    assert re.match(r" 1/20 \[>\.{29}\] - ETA: \d+s - loss: \d\.\d{4}", redraws[0])


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets: a list with the time."""
    now = [100.0]
    monkeypatch.setattr("kerasish.training.progress.time.time", lambda: now[0])
    return now


def test_redraws_are_rare_and_only_they_read_values(clock):
    read = []

    def values():
        read.append(clock[0])
        return {"loss": 1.0}

    with contextlib.redirect_stdout(Terminal()) as terminal:
        bar = Progbar(100, interval=0.2)
        for step in range(1, 101):
            clock[0] += 0.01
            bar.draw(step, values, step == 100)
    assert len(read) == pytest.approx(6, abs=1)  # at once, every 0.2 s of 1 s, and at the end
    assert terminal.text.count("\n") == 1


def test_a_shorter_line_covers_the_longer_one():
    with contextlib.redirect_stdout(Terminal()) as terminal:
        bar = Progbar(2, interval=0)
        bar.draw(1, lambda: {"a_long_name": 1.0}, False)
        first = len(terminal.text.lstrip("\r"))
        bar.draw(2, dict, True)
    assert len(terminal.text.split("\r")[-1].rstrip("\n")) >= first


def test_the_bar_grows_with_an_arrow():
    bar = Progbar(10)
    bars = [re.search(r"\[(.*)\]", bar._line(n, bar._start + 1, {}, False)).group(1) for n in (0, 1, 5, 9, 10)]
    assert bars == [">" + "." * 29, "==>" + "." * 27, "=" * 14 + ">" + "." * 15, "=" * 26 + ">" + "." * 3, "=" * 30]


def test_keras_3_look_is_had_by_the_style(capsys):
    config.set_style("keras3")
    try:
        ready(metrics=["mae"]).fit(X, Y, batch_size=5, verbose=1)
    finally:
        config.set_style("keras2")
    assert re.search(rf"4/4 ━{{20}} {TIMING} - loss: {VALUE} - mae: {VALUE}\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.68, "0.6800"), (0.0, "0.0000"), (1e-5, "1.0000e-05"), (-2.5, "-2.5000"), (float("nan"), "nan")],
)
def test_values_have_four_decimals(value, text):
    assert _number(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.006, "6ms"), (3.4, "3s"), (0.00002, "20us"), (0, "0s")])
def test_durations_have_a_unit(seconds, text):
    assert _duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(5, "5s"), (75, "1:15"), (3700, "1:01:40")])
def test_time_left_is_readable(seconds, text):
    assert _eta(seconds) == text


def test_progbar_averages_values_over_steps(capsys):
    bar = utils.Progbar(3, stateful_metrics=["last"])
    for step, value in ((1, 1.0), (2, 2.0), (3, 6.0)):
        bar.update(step, [("mean", value), ("last", value)])
    assert re.fullmatch(rf"3/3 {FULL} - {TIMING} - mean: 3.0000 - last: 6.0000\n", capsys.readouterr().out)
    bar = utils.Progbar(2)
    bar.add(1, [("x", 1.0)])
    bar.add(1, [("x", 3.0)])
    assert "x: 2.0000" in capsys.readouterr().out


def test_an_uncompiled_model_predicts_with_a_bar(capsys):
    net().predict(X, verbose=1)
    assert capsys.readouterr().out.startswith("1/1 [====")
    net().predict(X, batch_size=len(X) - 1)
    assert capsys.readouterr().out.startswith("2/2 [====")


def test_one_batch_is_predicted_in_silence(capsys):
    net().predict(X)
    net().predict(X.tolist())
    assert not capsys.readouterr().out


def test_keras_3_takes_the_last_values_as_those_of_the_whole(capsys):
    def last(style):
        config.set_style(style)
        try:
            bar = Progbar(4, verbose=2)
            for step, value in ((1, 1.0), (2, 3.0), (4, 7.0)):
                bar.update(step, [("a", value)])
        finally:
            config.set_style("keras2")
        return re.search(r"a: (\d\.\d+)", capsys.readouterr().out)[1]

    assert (last("keras2"), last("keras3")) == ("4.5000", "7.0000")
