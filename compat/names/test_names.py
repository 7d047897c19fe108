"""docs/keras_names.md says of every public name of Keras what it was compared with, and that is so."""

from __future__ import annotations

import re

import names
import pytest


@pytest.fixture(scope="module")
def page():
    """Name → its column of recorded cases."""
    found, module = {}, ""
    for line in names.PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## keras"):
            module = line[3:]
        row = re.match(r"\| `(\w+)` \| (.*?) \|", line)
        if row:
            found[f"{module}.{row[1]}"] = row[2].strip()
        absent = re.match(r"- `(keras[\w.]+)`: ", line)
        if absent:
            found[absent[1]] = "absent"
    return found


def test_every_name_has_a_row(page):
    assert sorted(page) == sorted(names.public_names()), "run: python compat/names/names.py"


def test_what_is_not_served_has_a_reason(page):
    assert {name for name, cases in page.items() if cases == "absent"} == set(names.ABSENT)


def test_what_has_no_recorded_cases_has_a_reason(page):
    explained = {part for parts in names.UNRECORDED.values() for part in parts.split()}
    assert {name.rpartition(".")[2] for name, cases in page.items() if not cases} == explained


def test_the_recorded_cases_are_those_of_the_page(page):
    counted = names.recorded()
    for name, cases in page.items():
        same = names.by_object().get(id(names.resolve(name)), {name})
        assert bool(cases and cases != "absent") == any(other in counted for other in same), name
