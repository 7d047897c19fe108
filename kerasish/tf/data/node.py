"""Node: one step of a dataset's pipeline. Datasets are thin: everything they do is done by nodes.

A node tells its elements' specification and number, and yields the elements. Where its input is a table of whole arrays
(rows.py), it works on row numbers instead.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.core import symbolic, tree
from kerasish.core.context import local, scope, settings
from kerasish.core.random import OpSeeds
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.tf.data import composites, elements
from kerasish.tf.data.rows import Block, Table
from kerasish.tf.spec import TensorSpec

INFINITE, UNKNOWN = -1, -2
_TEXTS = (b"", b"a b,c;d\te|f:g/h.i-j_k\nl")  # where they give different shapes, a text's content decides


class Run:
    """One pass over a dataset: what its steps share.

    Attributes:
        seeds: what random operations in users' functions draw from. If a global seed is set, every pass draws the same
            numbers and the program outside draws none fewer, as in TensorFlow.
        probing: whether only a few elements are wanted, for their specification: steps that keep elements back, or
            remember them, let them through.
    """

    def __init__(self, probing: bool = False) -> None:
        self.probing = probing
        self.seeds = OpSeeds(settings.global_seed)

    def in_thread(self) -> Run:
        """The same for steps that run in a thread of their own, so that their numbers do not depend on its speed."""
        part = Run(self.probing)
        part.seeds = OpSeeds(self.seeds.source.getrandbits(64))
        return part

    def scope(self) -> Any:
        """A block in which users' functions run: apart from tapes, layers and modes of the code that asks for data."""
        return scope(
            in_dataset=True, op_seeds=self.seeds, recording=0, tapes=(), training=None, call_layers=(), losses=None,
            loops=(), draws=None,
        )  # fmt: skip


class Pull(Iterator):
    """An iterator from a function that gives one element, or raises StopIteration.

    Unlike a generator it goes on after an exception: ``ignore_errors`` relies on that.
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function

    def __next__(self) -> Any:
        return self._function()


class Node:
    """Base of the steps.

    Attributes:
        name: of TensorFlow's class for such a dataset, for ``repr``.
        inputs: the steps whose elements it takes.
        static: whether the specification is known without running a user's function.
    """

    name = "Dataset"

    def __init__(self, *inputs: Node) -> None:
        self.inputs = inputs
        self.static = all(node.static for node in inputs)

    @property
    def input(self) -> Node:
        return self.inputs[0]

    @property
    def runs_python(self) -> bool:
        """Whether a user's code runs when elements are asked for, of which more is unknown than its results."""
        return any(node.runs_python for node in self.inputs)

    @functools.cached_property
    def spec(self) -> Any:
        """The structure of specifications of an element."""
        return self.infer_spec()

    def infer_spec(self) -> Any:
        return self.input.spec

    def cardinality(self) -> int:
        """The number of elements, INFINITE or UNKNOWN."""
        return self.input.cardinality()

    def table(self) -> Table | None:
        """The arrays that the elements are rows of, if they are."""
        return None

    def rows(self, run: Run) -> Iterator[Block]:
        """The elements as rows of the table."""
        raise NotImplementedError(type(self).__name__)

    def elements(self, run: Run) -> Iterator:
        """The elements one by one, where there is no table."""
        raise NotImplementedError(type(self).__name__)

    def stream(self, run: Run) -> Iterator:
        """The elements one by one."""
        table = self.table()
        return self.elements(run) if table is None else table.elements(self.rows(run))


class RowStep(Node):
    """A step that only chooses or reorders elements, by a rule that is the same for rows."""

    def table(self) -> Table | None:
        return self.input.table()

    def rows(self, run: Run) -> Iterator[Block]:
        raise NotImplementedError(type(self).__name__)


# specifications of what users' functions return -----------------------------------------------------------------------


def result_spec(function: Callable, node: Node) -> Any:
    """The specification of ``function``'s results on the elements of ``node``.

    The function is run on tensors without storage, with two sizes for each unknown dimension and two texts. If it needs
    values, it is run on the first elements, cut to another size where dimensions are unknown.
    """
    if composites.any_in(node.spec):
        return _merged(_on_examples(function, node.spec) or _on_first_elements(function, node))
    try:
        count = 2 if _has_unknown(node.spec) or _has_text(node.spec) else 1
        runs = [_on_fakes(function, node.spec, probe) for probe in range(count)]
    except Exception:  # whatever it is that the function cannot do without values
        runs = _on_examples(function, node.spec) if _has_text(node.spec) else []
        runs = runs or _on_first_elements(function, node)
    return _merged(runs)


def run_without_values(function: Callable, node: Node) -> None:
    """Run a function once on tensors like the node's elements, for what it does besides.

    Not if it needs their values; nor if a size is unknown, as the function may tell it to the user.
    """
    with contextlib.suppress(Exception):  # what goes wrong does so again where elements are asked for
        if not composites.any_in(node.spec) and not _has_unknown(node.spec):
            _on_fakes(function, node.spec, 0)


def spec_without_values(function: Callable, node: Node) -> Any:
    """The specification of a function's results where no element is needed to tell it; None where one is."""
    with contextlib.suppress(Exception):  # whatever goes wrong does so again where elements are asked for
        if composites.any_in(node.spec):
            return next(iter(_on_examples(function, node.spec)), None)
        return _on_fakes(function, node.spec, 0)
    return None


def _merged(runs: list) -> Any:
    if not runs:
        raise ValueError(
            "The element_spec of this dataset is found by running its function, which needs values, and there is no "
            "element to run it on."
        )
    merged = runs[0]
    for other in runs[1:]:
        merged = elements.merge_specs(merged, other)
        if merged is None:
            raise ValueError(f"The function returns different structures or dtypes: {runs[0]} and {other}")
    return merged


def _on_examples(function: Callable, spec: Any) -> list:
    """The results' specifications for made-up elements with ragged or sparse tensors; none if it cannot do with them."""

    def one(probe: int) -> Any:
        made = [
            None if leaf.value_type is type(None) else composites.example(leaf, probe, _TEXTS[probe])
            for leaf in tree.flatten(spec)
        ]
        return _spec_of(elements.normalise_result(function(tree.pack_as(spec, made))))

    try:
        with elements.host_scope(), Run(probing=True).scope(), scope(overlay={}, op_seeds=_trial_seeds(), shapeless={}):
            return [one(0), one(1)]
    except Exception:  # it may ask for values that only the data have
        return []


def _has_unknown(spec: Any) -> bool:
    return any(not leaf.shape.is_fully_defined() for leaf in tree.flatten(spec) if isinstance(leaf, TensorSpec))


def _has_text(spec: Any) -> bool:
    return any(leaf.dtype == "string" for leaf in tree.flatten(spec) if isinstance(leaf, TensorSpec))


def _on_fakes(function: Callable, spec: Any, probe: int) -> Any:
    def fake(leaf: Any) -> Any:
        if isinstance(leaf, TensorSpec) and leaf.dtype == "string":
            sizes = [symbolic.PROBES[probe] if size is None else size for size in leaf.shape]
            return StringTensor(np.full(sizes, _TEXTS[probe], dtype=object))
        if isinstance(leaf, TensorSpec):
            return symbolic.placeholder(KerasTensor(leaf.shape.as_list(), leaf.dtype), symbolic.PROBES[probe], "cpu")
        return None if leaf.value_type is type(None) else _no_values()

    with (
        symbolic.fake_mode(),
        elements.host_scope(),
        Run(probing=True).scope(),
        scope(overlay={}, tracing=True, op_seeds=_trial_seeds(), shapeless={}),
    ):
        return _spec_of(elements.normalise_result(function(tree.map_structure(fake, spec))))


def _spec_of(result: Any) -> Any:
    """The specification of what a function returned in a trial; results of Python functions have the shapes it states."""
    specs = elements.spec(result)
    if not local.shapeless:
        return specs
    known = [
        TensorSpec(local.shapeless[id(leaf)][1], spec.dtype)
        if isinstance(spec, TensorSpec) and id(leaf) in local.shapeless
        else spec
        for leaf, spec in zip(tree.flatten(result), tree.flatten(specs), strict=True)
    ]
    return tree.pack_as(specs, known)


def _no_values() -> Any:
    raise ValueError("A dataset in an element has no stand-in.")


def _trial_seeds() -> OpSeeds:
    return OpSeeds(0)


def _on_first_elements(function: Callable, node: Node) -> list:
    run = Run(probing=True)
    with run.scope(), scope(overlay={}, op_seeds=_trial_seeds(), shapeless={}):
        firsts = list(itertools.islice(node.stream(run), 2))
        specs = []
        for first in firsts:
            local.shapeless.update(_of_unknown_rank(first, node.spec))
            try:
                specs.append(_spec_of(elements.normalise_result(function(first))))
            except Exception:  # one element may be a bad one; ``ignore_errors`` may leave it out
                if first is firsts[-1] and not specs:
                    raise
        if firsts and _has_unknown(node.spec):
            specs += _of_smaller(function, firsts[0], node.spec)
    return specs


def _of_unknown_rank(element: Any, spec: Any) -> dict:
    """For ``local.shapeless``: the element's tensors whose shapes are not known at all."""
    leaves = zip(tree.flatten(element), tree.flatten(spec))
    return {id(x): (x, None) for x, s in leaves if isinstance(s, TensorSpec) and s.shape.rank is None}


def _of_smaller(function: Callable, element: Any, spec: Any) -> list:
    """The results' specifications for cut elements: in all dimensions, or where that fails in one after the other."""
    leaves = [leaf for leaf in tree.flatten(spec) if isinstance(leaf, TensorSpec)]
    axes = {
        axis
        for leaf in leaves
        for axis, size in enumerate(() if leaf.shape.rank is None else leaf.shape)
        if size is None
    }
    found = []
    for chosen in (axes, *([{axis} for axis in sorted(axes)] if len(axes) > 1 else ())):
        with contextlib.suppress(Exception):  # the function needs elements of this size
            found.append(_spec_of(elements.normalise_result(function(_cut(element, spec, chosen)))))
            if chosen is axes:
                break
    return found


def _cut(element: Any, spec: Any, axes: set[int]) -> Any:
    """The element with about half of those of ``axes`` that its specification leaves open; equal sizes stay equal."""

    def smaller(leaf: Any, known: Any) -> Any:
        if not isinstance(leaf, Tensor) or known.shape.rank is None:
            return leaf
        keys = [
            slice(None) if dim is not None or axis not in axes else slice(0, (size + 1) // 2)
            for axis, (dim, size) in enumerate(zip(known.shape, leaf.shape))
        ]
        return leaf[tuple(keys)] if keys else leaf

    return tree.map_structure(smaller, element, spec)
