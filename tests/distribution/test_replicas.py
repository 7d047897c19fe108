"""Training with several processes equals training with one: the programs of ``replica_programs`` by gloo on the CPU."""

import os

import numpy as np
import pytest
import replica_programs
from replica_programs import flat

import kerasish as keras
from kerasish.core.replicas import part
from kerasish.distribution.layouts import DeviceMesh

PROGRAMS = [program.__name__ for program in replica_programs.PROGRAMS]


@pytest.fixture(scope="module")
def alone():
    return replica_programs.run(PROGRAMS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("replicas")


@pytest.fixture(scope="module")
def two(folder):
    return keras.distribution.launch(replica_programs.run_with_files, (str(folder),), processes=2)


@pytest.mark.parametrize("name", PROGRAMS)
def test_two_processes_equal_one(alone, two, name):
    for result in two:
        np.testing.assert_allclose(flat(result[name]), flat(alone[name]), rtol=1e-5, atol=1e-5)


def test_four_processes_equal_one(alone):
    names = ["arrays", "dataset", "masks"]
    for result in keras.distribution.launch(replica_programs.run, (names,), processes=4):
        for name in names:
            np.testing.assert_allclose(flat(result[name]), flat(alone[name]), rtol=1e-5, atol=1e-5, err_msg=name)


def test_compiled_steps_of_two_processes_equal_one(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASISH_CACHE", str(tmp_path))
    alone, _ = replica_programs.captured(False)
    for found, was_captured in keras.distribution.launch(replica_programs.captured, processes=2):
        assert was_captured
        for name, values in found.items():
            np.testing.assert_allclose(flat(values), flat(alone[name]), rtol=1e-5, atol=1e-5, err_msg=name)


def test_sources_that_come_in_parts_are_taken_as_they_are():
    alone, _ = replica_programs.sources_in_parts()
    results = keras.distribution.launch(replica_programs.sources_in_parts, processes=2)
    for state, _ in results:
        np.testing.assert_allclose(flat(state), flat(alone), rtol=1e-5, atol=1e-5)
    for epoch in (0, 1):
        numbers, rows = zip(*(seen[epoch] for _, seen in results))
        assert set(numbers) == {epoch}  # the sampler shuffles anew
        assert sorted(rows[0] + rows[1]) == sorted(replica_programs.X[:100, 0].tolist())
    assert results[0][1][0][1] != results[0][1][1][1]


def test_values_of_the_first_process_go_out_in_one_exchange():
    for same, small, size, last, exchanges, all_exchanges in keras.distribution.launch(
        replica_programs.shares_values, processes=2
    ):
        assert all(same) and small == {"of": 0} and (size, last) == (256_000, 255)
        assert (exchanges, all_exchanges) == (2, 4)


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_gradients_are_exchanged_while_the_backward_pass_makes_others(alone):
    for found, events in keras.distribution.launch(replica_programs.early_sums, processes=2):
        for name, values in found.items():
            np.testing.assert_allclose(flat(values), flat(alone[name]), rtol=1e-5, atol=1e-5, err_msg=name)
        assert events.index("exchange") < events.index("backward") < len(events) - 1, events


def test_processes_have_one_set_of_weights_and_numbers_of_their_own(two):
    first, second = (result["files"] for result in two)
    assert first["weights"] == second["weights"]
    assert set(first["drawn"]).isdisjoint(second["drawn"])


def test_the_first_process_writes(two, folder):
    assert sorted(os.listdir(folder)) == ["backup_0", "best_0.weights.h5", "log_0.csv", "saved_0.weights.h5"]


def test_one_process_that_stops_stops_all(two):
    assert [result["files"]["epochs"] for result in two] == [1, 1]


def test_a_process_that_fails_ends_the_others():
    with pytest.raises(Exception, match="this process fails"):
        keras.distribution.launch(replica_programs.fail, processes=2)


def test_a_killed_process_is_started_again_and_goes_on(tmp_path):
    (tmp_path / "died").touch()
    whole = keras.distribution.launch(replica_programs.goes_on, (str(tmp_path),), processes=2)
    (tmp_path / "died").unlink()
    resumed = keras.distribution.launch(replica_programs.goes_on, (str(tmp_path),), processes=2, max_restarts=1)
    assert (tmp_path / "died").exists()
    assert whole == resumed  # to the bit


def test_one_process_goes_on_within_an_epoch_of_two(tmp_path):
    whole = replica_programs.within_an_epoch(str(tmp_path / "whole"), False)
    assert whole["batches"] == [6.0]
    backup = str(tmp_path / "backup")
    assert keras.distribution.launch(replica_programs.within_an_epoch, (backup, True), processes=2) == [None, None]
    resumed = replica_programs.within_an_epoch(backup, False)
    for name, values in whole.items():
        np.testing.assert_allclose(resumed[name], values, rtol=1e-5, err_msg=name)


def test_launch_wants_a_number_of_processes_and_a_function_that_can_be_sent():
    for processes in (0, "two"):
        with pytest.raises(ValueError, match="`processes` must be a positive number"):
            keras.distribution.launch(print, processes=processes)
    with pytest.raises(ValueError, match="no lambda"):
        keras.distribution.launch(lambda: 1, processes=2)
    with pytest.raises(TypeError, match="`function` must be a function. Received: 'train'"):
        keras.distribution.launch("train", processes=2)


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 10])
@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_parts_are_all_rows_once(rows, processes):
    parts = [part(rows, number, processes) for number in range(processes)]
    assert [row for one in parts for row in one] == list(range(rows))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_devices_without_processes_are_refused():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    mesh = DeviceMesh((2,), ["batch"], ["cpu:0", "cpu:1"])
    with (
        keras.distribution.DataParallel(mesh).scope(),
        pytest.raises(RuntimeError, match="2 devices, but 1 process"),
    ):
        model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)
