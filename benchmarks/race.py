"""kerasish against a hand-written torch loop, and, where given, the real Keras.

    python benchmarks/race.py [--rounds 7] [--threads 1] [--only NAME,NAME] [--sides SIDE,SIDE]
                              [--keras-python [torch:|tensorflow:]PATH ...] [--device cuda] [--clock cpu] [--markdown]

Each side is a process that lives as long as the race. In a round every side does the same number of steps of one workload,
one side at a time, in an order that rotates. A figure is the median over rounds of (side ÷ torch).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import import_time
from workloads import CAUSES, EXTRA, MEAN, ON_GPU, ROWS, Row

HERE = Path(__file__).parent
ON_CPU = ("torch", "torch-fused", "eager", "captured")
SIDES = {"cpu": ON_CPU, "cuda": ("torch", "torch-compiled", "torch-reduce-overhead", "eager", "captured")}
IMPORTS = {"import_kerasish": "kerasish", "import_tf": "kerasish.tf"}


class Skipped(Exception):
    """A side does not take part."""


class Process:
    """A worker and the pipes to it."""

    def __init__(self, side: str, python: str, threads: int, device: str, clock: str) -> None:
        self.given = (side, python, threads, device, clock)
        backend = side.partition("-")[2] if side.startswith("keras-") else "torch"
        environment = os.environ | {
            "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
        } | ({} if device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""})  # fmt: skip
        self.process = subprocess.Popen(
            [python, str(HERE / "worker.py"), side, str(threads), device, clock],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip

    def ask(self, what: str, argument: Any = True) -> Any:
        """The answer to a request.

        Raises:
            Skipped: the side cannot do it, or the process is gone.
        """
        if self.process.poll() is not None:
            raise Skipped("the worker has ended")
        self.process.stdin.write(json.dumps({what: argument}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"skip": "the worker has ended"}
        if "skip" in answer:
            raise Skipped(answer["skip"])
        return answer["answer"]

    def again(self) -> Process:
        """The same side in a fresh process."""
        return Process(*self.given)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def race(row: Row, sides: dict[str, Process], rounds: int) -> tuple[dict[str, list[float]], dict[str, str]]:
    """What each side took in each round, and why others did not take part."""
    found: dict[str, list[float]] = {}
    skipped: dict[str, str] = {}
    for name, process in sides.items():
        try:
            if not row.memory:
                process.ask("prepare", row.name)
            found[name] = []
        except Skipped as reason:
            skipped[name] = str(reason)
    for number in range(rounds):
        order = list(found)
        shift = number % max(len(order), 1)
        for name in order[shift:] + order[:shift]:
            try:
                found[name].append(peak(sides[name], row.name) if row.memory else sides[name].ask("run"))
            except Skipped as reason:
                found.pop(name)
                skipped[name] = str(reason)
    return found, skipped


def peak(process: Process, name: str) -> float:
    """How much memory a row takes in a fresh process, in bytes."""
    fresh = process.again()
    try:
        return fresh.ask("memory", name)
    finally:
        fresh.close()


class Table:
    """The lines as they come, then the geometric means."""

    def __init__(self, sides: list[str], markdown: bool) -> None:
        self.sides, self.markdown = sides, markdown
        self.ratios: dict[str, list[float]] = {side: [] for side in sides}
        self.line("row", "torch", [s for s in sides if s != "torch"], "goal", "what")
        if markdown:
            print("|---|---|" + "---|" * (len(sides) + 1), flush=True)

    def line(self, name: str, base: str, cells: list[str], goal: str, about: str) -> None:
        if self.markdown:
            print("| " + " | ".join([name, base, *cells, goal, about]) + " |", flush=True)
        else:
            width = [max(9, len(s) + 1) for s in self.sides if s != "torch"]
            middle = "".join(f"{c:>{w}s}" for c, w in zip(cells, width))
            print(f"{name:18s}{base:>10s}{middle}{goal:>7s}  {about}", flush=True)

    def row(self, row: Row, found: dict[str, list[float]], skipped: dict[str, str], counts: bool) -> None:
        """One workload's medians; ``counts`` says whether it is one of the mean's."""
        cells, notes = (
            [],
            [f"{side}: {why}" for side, why in skipped.items() if not (row.unit and side.startswith("torch"))],
        )
        base = found.get("torch")
        for side in self.sides:
            if side == "torch":
                continue
            if side not in found:
                cells.append("–")
            elif row.unit or base is None:
                cells.append(quantity(row, found[side]))
            else:
                ratio = statistics.median(ours / theirs for ours, theirs in zip(found[side], base))
                cells.append(f"{ratio:.2f}")
                if counts:
                    self.ratios[side].append(ratio)
        goal = "" if row.goal is None else f"{row.goal:g}"
        about = row.about + (f" ({'; '.join(notes)})" if notes else "")
        self.line(row.name, quantity(row, base) if base else "–", cells, goal, about)

    def mean(self) -> None:
        """The geometric means; of a side that missed rows, with the number of those that it took part in."""
        found = [self.ratios[side] for side in self.sides if side != "torch"]
        number = max(map(len, found), default=0)
        if number:
            cells = [_geometric(ratios) + (f" ({len(ratios)})" if len(ratios) < number else "") for ratios in found]
            self.line("geometric mean", "", cells, "0.85", f"of the {number} rows above")


def _geometric(ratios: list[float]) -> str:
    return f"{statistics.geometric_mean(ratios):.2f}" if ratios else "–"


def quantity(row: Row, values: list[float]) -> str:
    """The median of a row's times, bytes or values, with its unit."""
    middle = statistics.median(values)
    if row.unit:
        return f"{middle:.0f} {row.unit}"
    return f"{middle / 2**20:.0f} MB" if row.memory else f"{middle / row.steps * 1e6:.1f} µs"


def imports(table: Table, rounds: int, only: list[str]) -> None:
    """What importing costs beyond ``import torch``."""
    for name, module in IMPORTS.items():
        if not only or name in only:
            base, ours = import_time.medians(module, rounds)
            cells = [f"{ours:.2f} s" if side == "eager" else "–" for side in table.sides if side != "torch"]
            table.line(
                name,
                f"{base:.2f} s",
                cells,
                "0.15" if module == "kerasish" else "",
                f"seconds beyond torch's for {module}",
            )


def interpreters(given: list[str]) -> dict[str, str]:
    """The sides that ``--keras-python`` adds, and the interpreter of each; without a prefix the back end that it has."""
    sides = {}
    for path in given:
        backend, colon, rest = path.partition(":")
        if not colon:
            code = "import importlib.util as u; print('tensorflow' if u.find_spec('tensorflow') else 'torch')"
            backend = subprocess.run([path, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
            rest = path
        sides[f"keras-{backend}"] = rest
    return sides


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*ROWS, *IMPORTS]
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="rows, or mean, extra, causes: " + ", ".join(names))
    parser.add_argument("--sides", default="", help="of " + ", ".join(dict.fromkeys(sum(SIDES.values(), ()))))
    parser.add_argument(
        "--keras-python", nargs="*", default=[], metavar="PATH", help="interpreters with the real Keras"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu: processor time, on a busy machine"
    )
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    groups = {"mean": MEAN, "extra": EXTRA, "causes": CAUSES}
    default = ",".join(ON_GPU) if given.device == "cuda" else ",".join(names)
    only = (given.only or default).split(",")
    given.only = [name for part in only for name in ([row.name for row in groups[part]] if part in groups else [part])]
    given.sides = given.sides.split(",") if given.sides else list(SIDES[given.device])
    unknown = [n for n in given.only if n not in names] + [s for s in given.sides if s not in sum(SIDES.values(), ())]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    return given


def main() -> None:
    given = arguments()
    pythons = dict.fromkeys(given.sides, sys.executable) | interpreters(given.keras_python)
    sides = {side: Process(side, python, given.threads, given.device, given.clock) for side, python in pythons.items()}
    table = Table(list(sides), given.markdown)
    for group in (MEAN, EXTRA, CAUSES):
        for row in group:
            if row.name in given.only:
                table.row(
                    row,
                    *race(row, sides, min(given.rounds, 3) if row.memory else given.rounds * row.often),
                    group is MEAN,
                )
        if group is MEAN:
            table.mean()
    imports(table, given.rounds, given.only)
    for process in sides.values():
        process.close()


if __name__ == "__main__":
    main()
