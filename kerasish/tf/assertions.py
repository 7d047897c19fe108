"""What test cases can ask of plain Python values, beyond ``unittest``: numbers, texts, sequences, sets, structures."""
# ruff: noqa: PT009, PT015, PT017, PT027 - this is unittest's side

from __future__ import annotations

import collections
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np


class Assertions(unittest.TestCase):
    """Assertions on plain values; ``tf.test.TestCase`` adds those on tensors."""

    # numbers

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: str | None = None) -> None:
        """Fail unless ``minv <= value <= maxv``."""
        if not minv <= value <= maxv:
            self.fail(self._formatMessage(msg, f'"{value!r}" unexpectedly not between "{minv!r}" and "{maxv!r}"'))

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: str | None = None) -> None:
        """Fail unless two sequences have one length and their numbers differ by at most ``err``."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for first, second in zip(farray1, farray2, strict=True):
            self.assertTrue(abs(float(first) - float(second)) <= err, msg or f"{first} != {second} +/- {err}")

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: str | None = None) -> None:
        """Fail unless the Euclidean distance of two arrays is less than ``err``."""
        distance = float(np.linalg.norm(np.asarray(ndarray1) - np.asarray(ndarray2)))
        self.assertTrue(distance < err, msg or f"the distance is {distance}, not less than {err}")

    def assertTotallyOrdered(self, *groups: Iterable, **kwargs: Any) -> None:
        """Fail unless values of one group are equal, and less than those of later groups, by all comparisons."""
        values = [(place, value) for place, group in enumerate(groups) for value in group]
        for i, a in values:
            for j, b in values:
                found = (a < b, a <= b, a == b, a != b, a >= b, a > b)
                wanted = (i < j, i <= j, i == j, i != j, i >= j, i > j)
                self.assertEqual(found, wanted, kwargs.get("msg") or f"{a!r} and {b!r}")

    # texts

    def assertStartsWith(self, actual: Any, expected_start: Any, msg: str | None = None) -> None:
        """Fail unless a text begins so."""
        if not actual.startswith(expected_start):
            self.fail(self._formatMessage(msg, f"{actual!r} does not start with {expected_start!r}"))

    def assertNotStartsWith(self, actual: Any, unexpected_start: Any, msg: str | None = None) -> None:
        """Fail if a text begins so."""
        if actual.startswith(unexpected_start):
            self.fail(self._formatMessage(msg, f"{actual!r} does start with {unexpected_start!r}"))

    def assertEndsWith(self, actual: Any, expected_end: Any, msg: str | None = None) -> None:
        """Fail unless a text ends so."""
        if not actual.endswith(expected_end):
            self.fail(self._formatMessage(msg, f"{actual!r} does not end with {expected_end!r}"))

    def assertNotEndsWith(self, actual: Any, unexpected_end: Any, msg: str | None = None) -> None:
        """Fail if a text ends so."""
        if actual.endswith(unexpected_end):
            self.fail(self._formatMessage(msg, f"{actual!r} does end with {unexpected_end!r}"))

    def assertRegexMatch(self, actual_str: str, regexes: Any, message: str | None = None) -> None:
        """Fail unless one of the patterns is found in a text."""
        self.assertNotIsInstance(regexes, (str, bytes), "regexes is a list of patterns")
        if not any(re.search(pattern, actual_str) for pattern in regexes):
            self.fail(message or f"{actual_str!r} contains none of {regexes!r}")

    def assertContainsInOrder(self, strings: Any, target: str, msg: str | None = None) -> None:
        """Fail unless texts are found in another one, each after the one before."""
        place = 0
        for text in [strings] if isinstance(strings, (str, bytes)) else strings:
            found = target.find(text, place)
            if found < 0:
                self.fail(self._formatMessage(msg, f"Did not find {text!r} in {target!r} at or after {place}"))
            place = found + len(text)

    def assertJsonEqual(self, first: str, second: str, msg: str | None = None) -> None:
        """Fail unless two texts of JSON have one content."""
        self.assertEqual(json.loads(first), json.loads(second), msg)

    def assertUrlEqual(self, a: str, b: str, msg: str | None = None) -> None:
        """Fail unless two addresses differ at most in the order of their parameters."""
        first, second = urllib.parse.urlparse(a), urllib.parse.urlparse(b)
        self.assertEqual(first[:3], second[:3], msg)
        self.assertEqual(sorted(first.params.split(";")), sorted(second.params.split(";")), msg)
        mine, theirs = (urllib.parse.parse_qs(part.query, keep_blank_values=True) for part in (first, second))
        self.assertEqual(mine, theirs, msg)
        self.assertEqual(first.fragment, second.fragment, msg)

    # sequences and sets

    def assertSameElements(self, expected_seq: Iterable, actual_seq: Iterable, msg: str | None = None) -> None:
        """Fail unless two sequences have the same elements, however often."""
        first, second = list(expected_seq), list(actual_seq)
        missing, extra = [x for x in first if x not in second], [x for x in second if x not in first]
        if missing or extra:
            self.fail(self._formatMessage(msg, f"missing: {missing!r}, unexpected: {extra!r}"))

    def assertItemsEqual(self, expected_seq: Iterable, actual_seq: Iterable, msg: str | None = None) -> None:
        """``assertCountEqual``."""
        self.assertCountEqual(expected_seq, actual_seq, msg)

    def assertContainsSubset(self, expected_subset: Iterable, actual_set: Any, msg: str | None = None) -> None:
        """Fail unless all elements of the first are in the second."""
        missing = set(expected_subset) - set(actual_set)
        if missing:
            self.fail(self._formatMessage(msg, f"Missing elements {missing}\nActual: {actual_set}"))

    def assertNoCommonElements(self, expected_seq: Iterable, actual_seq: Iterable, msg: str | None = None) -> None:
        """Fail if an element is in both."""
        common = set(expected_seq) & set(actual_seq)
        if common:
            self.fail(self._formatMessage(msg, f"Common elements {common}"))

    def assertContainsSubsequence(self, container: Iterable, subsequence: Iterable, msg: str | None = None) -> None:
        """Fail unless elements are found in a container in their order, perhaps with others between."""
        rest, wanted = iter(container), list(subsequence)
        if not all(item in rest for item in wanted):
            self.fail(self._formatMessage(msg, f"{wanted!r} not a subsequence of {container!r}"))

    def assertContainsExactSubsequence(
        self, container: Iterable, subsequence: Iterable, msg: str | None = None
    ) -> None:
        """Fail unless elements are found in a container one right after the other."""
        whole, wanted = list(container), list(subsequence)
        if not any(whole[i : i + len(wanted)] == wanted for i in range(len(whole) - len(wanted) + 1)):
            self.fail(self._formatMessage(msg, f"{wanted!r} not an exact subsequence of {whole!r}"))

    def assertSequenceStartsWith(self, prefix: Any, whole: Sequence, msg: str | None = None) -> None:
        """Fail unless a sequence begins so; a value that is no sequence stands for itself alone."""
        start = list(prefix) if isinstance(prefix, (list, tuple)) else [prefix]
        if not start and len(whole):
            self.fail("Prefix must not be empty")
        self.assertSequenceEqual(start, list(whole[: len(start)]), msg)

    def assertSequenceAlmostEqual(
        self, expected_seq: Any, actual_seq: Any, places: int | None = None, msg: str | None = None, delta: Any = None
    ) -> None:
        """``assertAlmostEqual`` for each pair of two sequences of one length."""
        self.assertEqual(len(expected_seq), len(actual_seq), msg)
        for first, second in zip(expected_seq, actual_seq, strict=True):
            self.assertAlmostEqual(first, second, places=places, msg=msg, delta=delta)

    # dictionaries, structures, classes

    def assertDictAlmostEqual(
        self, a: dict, b: dict, places: int | None = None, msg: str | None = None, delta: Any = None
    ) -> None:
        """``assertAlmostEqual`` for the values of two dictionaries of the same keys."""
        self.assertEqual(set(a), set(b), msg)
        for key in a:
            self.assertAlmostEqual(a[key], b[key], places=places, msg=msg, delta=delta)

    def assertMappingEqual(self, a: Mapping, b: Mapping, msg: str | None = None) -> None:
        """``assertDictEqual`` for any mappings."""
        self.assertIsInstance(a, Mapping, msg)
        self.assertIsInstance(b, Mapping, msg)
        self.assertDictEqual(dict(a), dict(b), msg)

    def assertDataclassEqual(self, first: Any, second: Any, msg: str | None = None) -> None:
        """Fail unless two objects of one data class are equal."""
        self.assertIs(type(first), type(second), msg)
        self.assertEqual(first, second, msg)

    def assertSameStructure(self, a: Any, b: Any, aname: str = "a", bname: str = "b", msg: str | None = None) -> None:
        """Fail unless two nested structures of lists and dictionaries are equal."""
        different: list[str] = []
        _walk(a, b, aname, bname, different)
        if different:
            self.fail(self._formatMessage(msg, "; ".join(different)))

    def assertIsSubclass(self, cls: type, superclass: Any, msg: str | None = None) -> None:
        """Fail unless a class derives from another."""
        self.assertTrue(issubclass(cls, superclass), msg)

    def assertNotIsSubclass(self, cls: type, superclass: Any, msg: str | None = None) -> None:
        """Fail if a class derives from another."""
        self.assertFalse(issubclass(cls, superclass), msg)

    # exceptions and programs

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: type, expected_err_re_or_predicate: Any) -> Iterator:
        """A block that raises an exception whose text has a pattern, or for which a function is true."""
        with self.assertRaises(exception_type) as caught:
            yield
        wanted, error = expected_err_re_or_predicate, caught.exception
        fits = wanted(error) if callable(wanted) else re.search(wanted, str(error))
        self.assertTrue(fits, f"Exception of type {type(error)}: {error}")

    @contextlib.contextmanager
    def assertRaisesWithLiteralMatch(
        self, expected_exception: Any, expected_exception_message: str, *args: Any, **kwargs: Any
    ) -> Iterator:
        """A block that raises an exception with this text."""
        with self.assertRaises(expected_exception) as caught:
            yield
        self.assertEqual(str(caught.exception), expected_exception_message)

    def assertCommandSucceeds(
        self, command: Any, regexes: Any = (b"",), env: Any = None, close_fds: bool = True, msg: str | None = None
    ) -> None:
        """Fail unless a program ends well and one of the patterns is in what it printed."""
        code, printed = _run(command, env, close_fds)
        self.assertEqual(code, 0, msg or printed)
        self.assertTrue(any(re.search(pattern, printed) for pattern in _patterns(regexes)), msg or printed)

    def assertCommandFails(
        self, command: Any, regexes: Any, env: Any = None, close_fds: bool = True, msg: str | None = None
    ) -> None:
        """Fail unless a program fails and one of the patterns is in what it printed."""
        code, printed = _run(command, env, close_fds)
        self.assertNotEqual(code, 0, msg or printed)
        self.assertTrue(any(re.search(pattern, printed) for pattern in _patterns(regexes)), msg or printed)

    # running

    def fail(self, msg: Any = None, user_msg: Any = None) -> NoReturn:
        """Fail with a text, and perhaps another one."""
        super().fail(" : ".join(str(part) for part in (msg, user_msg) if part) or None)

    def enter_context(self, manager: Any) -> Any:
        """What a context manager gives; it is left when the test ends."""
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        return stack.enter_context(manager)

    def create_tempdir(self, name: str | None = None, cleanup: Any = None) -> Any:
        """A folder of this test, with ``full_path``; removed when it ends."""
        folder = os.path.join(self._folder_of_test(), name) if name else tempfile.mkdtemp(dir=self._folder_of_test())
        os.makedirs(folder, exist_ok=True)
        return _Place(folder)

    def create_tempfile(
        self,
        file_path: str | None = None,
        content: Any = None,
        mode: str = "w",
        encoding: str = "utf8",
        errors: str = "strict",
        cleanup: Any = None,
    ) -> Any:
        """A file of this test, with ``full_path`` and perhaps a content; removed when it ends."""
        path = os.path.join(self._folder_of_test(), file_path or next(tempfile._get_candidate_names()))  # type: ignore[attr-defined]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        binary = isinstance(content, bytes) or "b" in mode
        with open(
            path, "wb" if binary else "w", **({} if binary else {"encoding": encoding, "errors": errors})
        ) as file:
            file.write(content if content is not None else b"" if binary else "")
        return _Place(path)

    def _folder_of_test(self) -> str:
        if not hasattr(self, "_folder"):
            folder = tempfile.TemporaryDirectory()
            self.addCleanup(folder.cleanup)
            self._folder = folder.name
        return self._folder

    @contextlib.contextmanager
    def captureWritesToStream(self, stream: Any) -> Iterator[Any]:
        """A block after which ``contents()`` of what it gives is what was written to standard output or error."""
        name = "stderr" if stream is sys.stderr else "stdout"
        written, before = _Written(), getattr(sys, name)
        setattr(sys, name, written)
        try:
            yield written
        finally:
            setattr(sys, name, before)

    def checkedThread(self, target: Callable, args: Any = None, kwargs: Any = None) -> Any:
        """A thread whose ``join`` raises what its function raised."""
        return _Thread(target, args or (), kwargs or {})

    def record_property(self, property_name: str, property_value: Any) -> None:
        """Keep a remark on this test, for ``get_recorded_properties``."""
        self.get_recorded_properties()[property_name] = property_value

    def get_recorded_properties(self) -> dict:
        """The remarks on this test."""
        if not hasattr(self, "_remarks"):
            self._remarks: dict = collections.OrderedDict()
        return self._remarks


class _Place:
    """A file or folder of a test."""

    def __init__(self, path: str) -> None:
        self.full_path = path

    def __fspath__(self) -> str:
        return self.full_path

    def read_text(self, encoding: str = "utf8", errors: str = "strict") -> str:
        """A file's content."""
        with open(self.full_path, encoding=encoding, errors=errors) as file:
            return file.read()


class _Written(io.StringIO):
    def contents(self) -> str:
        """What was written."""
        return self.getvalue()


class _Thread(threading.Thread):
    def __init__(self, target: Callable, args: Any, kwargs: Any) -> None:
        super().__init__(daemon=True)
        self._call, self._error = (target, args, kwargs), None

    def run(self) -> None:
        target, args, kwargs = self._call
        try:
            target(*args, **kwargs)
        except BaseException as error:
            self._error = error

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self._error is not None:
            raise AssertionError(f"Error in checkedThread: {self._error}") from self._error


def _walk(a: Any, b: Any, first: str, second: str, different: list[str]) -> None:
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in [*a, *(key for key in b if key not in a)]:
            if key in a and key in b:
                _walk(a[key], b[key], f"{first}[{key!r}]", f"{second}[{key!r}]", different)
            else:
                different.append(f"{key!r} is missing in {second if key in a else first}")
    elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and type(a) is type(b):
        if len(a) != len(b):
            different.append(f"{first} has {len(a)} items, {second} has {len(b)}")
        for i, (x, y) in enumerate(zip(a, b)):  # noqa: B905 - what both have
            _walk(x, y, f"{first}[{i}]", f"{second}[{i}]", different)
    elif type(a) is not type(b) and not (isinstance(a, (int, float)) and isinstance(b, (int, float))) or a != b:
        different.append(f"{first} is {a!r} but {second} is {b!r}")


def _run(command: Any, env: Any, close_fds: bool) -> tuple[int, bytes]:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, close_fds=close_fds, check=False
    )
    return done.returncode, done.stdout


def _patterns(regexes: Any) -> list[bytes]:
    given = [regexes] if isinstance(regexes, (str, bytes)) else regexes
    return [pattern.encode() if isinstance(pattern, str) else pattern for pattern in given]
