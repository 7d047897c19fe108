"""Several processes that compute together, as children of this one: they need not import anything, unlike launched ones."""

import datetime
import multiprocessing
import os
import traceback

import torch

from kerasish import distribution
from kerasish.distribution import DataParallel


def _run(function, args, number, count, folder, pipe):
    try:
        store = torch.distributed.FileStore(os.path.join(folder, "store"), count)
        limit = datetime.timedelta(seconds=60)
        torch.distributed.init_process_group("gloo", store=store, rank=number, world_size=count, timeout=limit)
        distribution.set_distribution(DataParallel())
        pipe.send((True, function(*args)))
    except BaseException:
        pipe.send((False, traceback.format_exc()))
    os._exit(0)


def forked(function, args, processes, folder):
    """What became of each process: a pair of whether it ended well, and its result or the text of its error; None: killed.

    Args:
        folder: an empty one, or one that is to be made, where they meet.
    """
    os.makedirs(folder, exist_ok=True)
    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe(duplex=False) for _ in range(processes)]
    children = [
        context.Process(target=_run, args=(function, args, number, processes, str(folder), pipes[number][1]))
        for number in range(processes)
    ]
    for child in children:
        child.start()
    found = []
    for child, (receiver, sender) in zip(children, pipes):
        sender.close()
        try:
            found.append(receiver.recv())
        except EOFError:
            found.append(None)
        child.join()
        receiver.close()
    return found
