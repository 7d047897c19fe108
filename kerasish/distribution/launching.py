"""Several processes of one program on this machine."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.core import device as devices
from kerasish.core.errors import fail
from kerasish.distribution.processes import initialize
from kerasish.distribution.strategies import DataParallel, set_distribution


def launch(
    function: Callable, args: Sequence = (), processes: int | None = None, max_restarts: int = 0, timeout: float = 600
) -> list:
    """Run a function in several processes that compute together, as ``torchrun`` runs a script.

    Each has joined the others, and divides batches with them (``DataParallel``), when the function is called.

    Args:
        function: of a module that the processes can import, or of ``__main__`` in a script.
        args: its arguments, which have to be picklable, as its result has.
        processes: how many; default: one for each accelerator, else one for each CPU core.
        max_restarts: how often all are started again after one of them has failed.
        timeout: seconds after which a process that others wait for counts as lost.

    Returns:
        The processes' results, in their order.

    Raises:
        TypeError: ``function`` cannot be called.
        ValueError: no positive number of processes, or a function that cannot be pickled, such as a lambda.
        ChildFailedError: of ``torch.distributed``; a process failed, with its traceback.
    """
    if not callable(function):
        raise fail(TypeError, "`function` must be a function", received=repr(function))
    if processes is None:
        processes = devices.count_of_type("gpu") or os.cpu_count() or 1
    if not isinstance(processes, int) or processes < 1:
        raise fail(ValueError, "`processes` must be a positive number", received=repr(processes))
    try:
        pickle.dumps((function, tuple(args)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise fail(
            ValueError,
            f"`function` and its arguments must be picklable: {error}",
            hint="Give a function of a module or script, no lambda and none that is defined inside another function.",
        ) from error
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch  # seconds to import

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=max_restarts,
        monitor_interval=0.1,
        run_id="kerasish",
    )
    found = elastic_launch(config, _joined)(function, tuple(args), timeout)
    return [found[i] for i in range(processes)]


def _joined(function: Callable, args: tuple, timeout: float) -> Any:
    """What each process runs."""
    join(timeout)
    return function(*args)


def join(timeout: float | None = None) -> None:
    """Join the processes that a launcher started beside this one, and divide batches with them; alone, do nothing."""
    if timeout is not None:
        os.environ["KERAS_DISTRIBUTION_TIMEOUT"] = str(timeout)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        initialize()
        set_distribution(DataParallel())
