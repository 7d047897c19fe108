"""Training with variables divided among processes equals training with one process, by gloo on the CPU."""

import division_programs
import numpy as np
import pytest
from replica_programs import flat

import kerasish as keras
from kerasish.distribution import DeviceMesh, LayoutMap, ModelParallel, division

PROGRAMS = [program.__name__ for program in division_programs.PROGRAMS]


PROGRAMS = [program.__name__ for program in division_programs.PROGRAMS]


@pytest.fixture(scope="module")
def alone():
    return division_programs.run(PROGRAMS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("division")


@pytest.fixture(scope="module")
def two(folder):
    return keras.distribution.launch(division_programs.run_with_files, (str(folder),), processes=2)


@pytest.mark.parametrize("name", PROGRAMS)
def test_two_processes_equal_one(alone, two, name):
    for result in two:
        np.testing.assert_allclose(flat(result[name]), flat(alone[name]), rtol=1e-5, atol=1e-5)


def test_four_processes_on_a_grid_equal_one(alone):
    names = ["constraint", "own_step"]
    for result in keras.distribution.launch(division_programs.run, (names,), processes=4):
        for name in names:
            np.testing.assert_allclose(flat(result[name]), flat(alone[name]), rtol=1e-5, atol=1e-5, err_msg=name)


def test_each_process_stores_a_part_of_a_variable_and_of_its_slots(two):
    first, second = (result["files"] for result in two)
    assert first["shape"] == second["shape"] == (6, 7)
    assert (first["sizes"], second["sizes"]) == ([24] * 3, [18] * 3)  # of 4 and 3 columns: the kernel, Adam's two slots
    assert first["set"] == second["set"] == 42


def test_the_first_process_writes_the_whole(two, folder):
    written = sorted(path.name for path in folder.iterdir())
    assert written == ["best.keras", "end.weights.h5"]
    loaded = keras.models.load_model(folder / "best.keras")
    for result in two:
        np.testing.assert_array_equal(
            flat([v.numpy().tolist() for v in loaded.weights]), flat(result["files"]["weights"])
        )
        np.testing.assert_array_equal(
            flat([v.numpy().tolist() for v in loaded.optimizer.variables]), flat(result["files"]["optimizer"])
        )


def test_the_backward_pass_gathers_again_what_it_needs(two):
    assert all(result["files"]["gathered"] == (2, 1) for result in two)


def test_a_run_goes_on_from_the_first_processs_backup(tmp_path):
    whole = division_programs.goes_on(str(tmp_path / "whole"), 2)
    division_programs.goes_on(str(tmp_path), 1)
    for result in keras.distribution.launch(division_programs.goes_on, (str(tmp_path), 2), processes=2):
        np.testing.assert_allclose(flat(result), flat(whole), rtol=1e-5, atol=1e-5)


def test_a_layout_of_another_rank_is_refused():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    layouts = LayoutMap(DeviceMesh((1, 2), ["batch", "model"], ["cpu:0", "cpu:1"]))
    layouts[".*kernel"] = (None, None, "model")
    with pytest.raises(ValueError, match="has 3 axes; variable '.*kernel' has 2"):
        division.divide(model, ModelParallel(layout_map=layouts))


def test_a_map_that_matches_nothing_is_told_of():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="hidden")])
    layouts = LayoutMap(DeviceMesh((1, 2), ["batch", "model"], ["cpu:0", "cpu:1"]))
    layouts["hiden/kernel"] = (None, "model")
    with pytest.warns(UserWarning, match=r"keys \['hiden/kernel'\] of the LayoutMap match no path.*hidden/kernel"):
        division.divide(model, ModelParallel(layout_map=layouts))


def test_the_batchs_axis_is_one_of_the_mesh():
    layouts = LayoutMap(DeviceMesh((1, 2), ["batch", "model"], ["cpu:0", "cpu:1"]))
    with pytest.raises(ValueError, match="`batch_dim_name` must be an axis of the mesh.*rows"):
        ModelParallel(layout_map=layouts, batch_dim_name="rows")
