"""What a test leaves behind in the process is taken away: the global seed, and the counters behind automatic names."""

from kerasish.core.context import clear_session, settings
from kerasish.core.random import set_seed


def pytest_runtest_teardown(item):  # a hook rather than a fixture, which hypothesis runs once for many examples
    if settings.global_seed is not None:
        set_seed(None)
    clear_session(free_memory=False)
