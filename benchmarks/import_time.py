"""What ``import kerasish`` costs beyond ``import torch``: medians over fresh processes, interleaved.

python benchmarks/import_time.py [--rounds 7]
"""

from __future__ import annotations

import argparse
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
    """Seconds for torch, and for the module after it, in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE.format(module=module)], capture_output=True, text=True, check=True
    )
    torch, ours = map(float, done.stdout.split())
    return torch, ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    modules = ("kerasish", "kerasish.tf")
    for module in modules:
        times(module)  # writes the bytecode
    found = {module: [] for module in modules}
    torch = []
    for _ in range(rounds):
        for module in modules:
            base, ours = times(module)
            torch.append(base)
            found[module].append(ours)
    print(f"import torch        {statistics.median(torch):.2f} s")
    for module in modules:
        print(f"import {module:12s} {statistics.median(found[module]):.2f} s more")


if __name__ == "__main__":
    main()
