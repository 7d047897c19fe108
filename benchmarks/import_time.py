"""What ``import kerasish`` costs beyond ``import torch``: medians over fresh processes.

python benchmarks/import_time.py [--rounds 7]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

MEASURE = """
import time
begin = time.perf_counter()
import torch
middle = time.perf_counter()
import {module}
print(middle - begin, time.perf_counter() - middle)
"""


def times(module: str) -> tuple[float, float]:
    """Seconds for torch, and for the module after it, in a new process that may write bytecode."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", MEASURE.format(module=module)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    torch, ours = map(float, done.stdout.split())
    return torch, ours


def medians(module: str, rounds: int) -> tuple[float, float]:
    """The medians of both."""
    times(module)  # writes the bytecode
    torch, ours = zip(*(times(module) for _ in range(rounds)))
    return statistics.median(torch), statistics.median(ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    for module in ("kerasish", "kerasish.tf"):
        torch, ours = medians(module, rounds)
        print(f"import {module:12s} {ours:.2f} s beyond torch's {torch:.2f} s")


if __name__ == "__main__":
    main()
