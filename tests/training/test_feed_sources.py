"""Sources read ahead, as where the device is not the CPU: in a thread that ends with the epoch."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from test_feed import SOURCES, Items
from training_checks import HISTORY, X, Y, assert_logs, batches, ready

import kerasish as keras
from kerasish.core.context import local
from kerasish.training import sources
from kerasish.training.feed import make_feed


def running():
    return [thread for thread in threading.enumerate() if thread.name == "kerasish feed"]


def ended():
    for thread in running():
        thread.join(5)
    return not running()


@pytest.fixture
def ahead(monkeypatch):
    """As if the CPU were a device that batches have to be brought to."""
    monkeypatch.setattr(sources.devices, "reads_ahead", lambda device: True)


@pytest.mark.usefixtures("ahead")
@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_trains_alike_when_read_ahead(kind):
    steps = 3 if kind.startswith("generator") else None
    history = ready().fit(SOURCES[kind](), epochs=2, steps_per_epoch=steps, shuffle=False, verbose=0).history
    assert_logs(history, HISTORY)
    assert ended()


@pytest.mark.usefixtures("ahead")
def test_a_loader_that_shuffles_has_the_order_of_its_seed(monkeypatch):
    def orders():
        torch.manual_seed(5)
        data = torch.utils.data.TensorDataset(torch.arange(20))
        loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)
        feed = make_feed(loader)
        found = [[x.tolist() for x, _, _ in feed] for _ in range(2)]
        return found, torch.rand(()).item()

    found = orders()
    monkeypatch.setattr(sources.devices, "reads_ahead", lambda device: False)
    assert orders() == found


@pytest.mark.usefixtures("ahead")
def test_few_batches_are_fetched_ahead():
    fetched = []

    def numbered():
        for i in range(1000):
            fetched.append(i)
            yield np.full((2, 3), i)

    iterator = iter(make_feed(numbered()))
    assert int(next(iterator)[0][0, 0]) == 0
    assert fetched == [0]
    assert int(next(iterator)[0][0, 0]) == 1
    (thread,) = running()
    thread.join(0.05)
    assert 2 <= len(fetched) <= 2 + sources._AHEAD + 1
    del iterator
    assert thread.is_alive()  # the feed goes on with a generator where it stopped


@pytest.mark.usefixtures("ahead")
@pytest.mark.parametrize("first_bad", [0, 1, 2])
def test_exceptions_come_in_their_place_with_their_traceback(first_bad):
    def broken():
        for i, batch in enumerate(batches()):
            if i == first_bad:
                raise ZeroDivisionError("in the source")
            yield batch

    iterator = iter(make_feed(broken()))
    for _ in range(first_bad):
        next(iterator)
    with pytest.raises(ZeroDivisionError, match="in the source") as caught:
        next(iterator)
    assert "broken" in [frame.name for frame in caught.traceback]
    assert next(iterator, None) is None
    assert ended()


class Stops(keras.callbacks.Callback):
    """Ends the first epoch after two batches, by an exception or by asking."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1 and self.error is not None:
            raise self.error
        self.model.stop_training = batch == 1


def endless():
    while True:
        yield X[:4], Y[:4]


@pytest.mark.usefixtures("ahead")
@pytest.mark.parametrize("source", [endless, Items], ids=["generator", "sequence"])
def test_the_thread_ends_when_training_does(source):
    with pytest.raises(KeyboardInterrupt) as kept:  # its traceback holds the frames, as a notebook's does
        ready().fit(source(), steps_per_epoch=3, verbose=0, callbacks=[Stops(KeyboardInterrupt())])
    assert ended()
    assert kept.value is not None
    ready().fit(source(), steps_per_epoch=3, epochs=2, verbose=0, callbacks=[Stops(None)])
    assert ended()
    ready().evaluate(source(), steps=2, verbose=0)
    ready().predict(source(), steps=2, verbose=0)
    assert ended()


@pytest.mark.usefixtures("ahead")
def test_the_thread_sees_the_scopes_of_its_starter():
    seen = []

    def source():
        for _ in range(3):
            seen.append((threading.current_thread().name, local.device))
            yield X[:4]

    with keras.tf.device("cpu"):
        assert len(list(make_feed(source()))) == 3
    assert [device for _, device in seen] == [torch.device("cpu")] * 3
    assert [name == "kerasish feed" for name, _ in seen] == [False, True, True]


def test_on_the_cpu_there_is_no_thread():
    before = threading.active_count()
    for make in (Items, endless):
        iterator = iter(make_feed(make()))
        next(iterator)
        next(iterator)
        assert threading.active_count() == before


def test_class_weights_of_a_source_that_is_left():
    feed = make_feed(endless(), class_weight={0: 1.0})
    feed.abandon()
    assert next(iter(feed))[2].tolist() == [1.0] * 4


class Noted(keras.utils.PyDataset):
    def __init__(self, log, name=""):
        super().__init__()
        self.log, self.name = log, name

    def __len__(self):
        return 2

    def __getitem__(self, i):
        self.log.append(f"{self.name}{i}")
        return np.ones((2, 3), "float32"), np.ones((2, 1), "float32")

    def on_epoch_begin(self):
        self.log.append(f"{self.name}begin")

    def on_epoch_end(self):
        self.log.append(f"{self.name}end")


def test_data_sets_are_told_of_an_end_before_the_first_epoch():
    """As Keras 3 does it: a data set that shuffles at an epoch's end is shuffled in the first epoch."""
    log, model = [], keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    epoch = ["begin", "0", "1", "end"]
    model.fit(Noted(log), epochs=2, shuffle=False, verbose=0)
    assert log == ["end", *epoch, *epoch]
    log.clear()
    model.evaluate(Noted(log), verbose=0)
    assert log == ["end", *epoch]
    log.clear()
    model.predict(Noted(log), verbose=0)
    assert log == epoch
    log.clear()
    model.fit(Noted([]), validation_data=Noted(log), epochs=2, verbose=0)
    assert log == 2 * ["end", *epoch]
