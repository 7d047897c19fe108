"""Prints what a run of this folder's checks found: date, versions, results.

python report.py PYTEST_OUTPUT BLOCKS_JSON
"""

import datetime
import json
import pathlib
import platform
import re
import sys
from importlib.metadata import version


def main(pytest_output: str, blocks_json: str) -> int:
    print(f"date: {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC")
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    for package in ("torch", "torch_xla", "numpy"):
        print(f"{package} {version(package)}")
    print("\nfit, evaluate, predict, files, loops, examples (test_xla.py, PJRT_DEVICE=CPU)")
    lines = pathlib.Path(pytest_output).read_text(encoding="utf-8").splitlines()
    results = [re.match(r"(PASSED|FAILED|ERROR|SKIPPED) (?:\S*::)?(.+)", line) for line in lines]
    for match in filter(None, results):
        print(f"  {match[1].lower()}: {match[2]}")
    print(f"  {lines[-1].strip('= ')}")
    path = pathlib.Path(blocks_json)
    blocks = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    wrong = {name: found["failure"] for name, found in blocks.items() if found["failure"]}
    print(f"\nthe documents' blocks: {len(blocks) - len(wrong)} of {len(blocks)} ran to their end")
    for name, failure in wrong.items():
        print(f"  {name}: {failure.strip().splitlines()[-1]}")
    return 0 if blocks else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
