import threading

import pytest

from kerasish import tf


def test_join_raises_what_a_thread_raised():
    coordinator = tf.train.Coordinator()

    def work():
        with coordinator.stop_on_exception():
            raise KeyError("k")

    thread = threading.Thread(target=work)
    thread.start()
    with pytest.raises(KeyError):
        coordinator.join([thread])
    assert coordinator.should_stop()
    coordinator.clear_stop()
    assert not coordinator.should_stop()


def test_the_end_of_data_is_a_regular_end():
    coordinator = tf.train.Coordinator()
    coordinator.request_stop(tf.errors.OutOfRangeError(None, None, "end"))
    coordinator.join()
    assert coordinator.joined


def test_join_does_not_wait_longer_than_the_grace_period():
    coordinator, done = tf.train.Coordinator(), threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    coordinator.request_stop()
    with pytest.raises(RuntimeError, match="still running"):
        coordinator.join([thread], stop_grace_period_secs=0.05)
    coordinator.join([thread], stop_grace_period_secs=0.05, ignore_live_threads=True)
    done.set()
    thread.join()
