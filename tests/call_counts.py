"""Counting Python's calls: what an operation costs, without a clock."""

import gc
import sys


def python_calls(function):
    """How many Python functions a call enters."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event == "call"

    function()
    collecting = gc.isenabled()
    gc.disable()  # what is collected meanwhile may have finalizers, which would count
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
        if collecting:
            gc.enable()
    return count - 1
