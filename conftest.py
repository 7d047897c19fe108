"""What a test leaves behind is taken away: the global seed, the default policy, determinism, counters of names."""

import torch

from kerasish.core.context import clear_session, local, settings
from kerasish.core.random import set_seed

torch.set_num_threads(1)  # several tests run at once; and children that are forked could not use the threads of OpenMP


def pytest_runtest_teardown(item):  # a hook rather than a fixture, which hypothesis runs once for many examples
    if settings.global_seed is not None:
        set_seed(None)
    local.policy = None
    torch.use_deterministic_algorithms(False)
    clear_session(free_memory=False)
