"""Runs that are killed again and again end as one that is left alone: the programs of ``killed_programs``."""

import json
import pathlib
import subprocess
import sys

import killed_programs
import pytest

KILLS = {kind: 20 if kind == "arrays" else 3 for kind in killed_programs.DATA}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = pathlib.Path(killed_programs.__file__)
    arguments = [f"{kind}:{kills}" for kind, kills in KILLS.items()]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(path), str(tmp_path_factory.mktemp("killed")), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", KILLS)
def test_killed_runs_end_as_one_that_was_left_alone(results, kind):
    found = results[kind]
    assert found["last"] == found["whole"]
    assert sum(found["places"].values()) == KILLS[kind]
    assert len(found["whole"]["lines"]) > 3
    assert found["left"] == ["log.csv"]


def test_processes_are_killed_while_they_save(results):
    places = results["arrays"]["places"]
    assert sum(places.get(name, 0) for name in ("array", "fsync", "replace")) >= 5
