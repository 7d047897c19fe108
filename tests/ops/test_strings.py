"""Regular expressions in RE2's dialect: results recorded from TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.core.errors import InvalidArgumentError
from kerasish.ops import strings

REPLACED = [
    ("a1b22", r"\d", "#", "a#b##"),
    ("a1b22", r"\d+", r"<\0>", "a<1>b<22>"),
    ("a1b22", r"([a-z])(\d)", r"\2\1", "1a2b2"),
    ("foo", "", "-", "-f-o-o-"),
    ("aaa", "a*", "-", "-"),
    ("x$y", "x*?", "~", "~x~$~y~"),
    ("x$y", "$", "E", "x$yE"),
    ("a\nb\n", "b$", "M", "a\nb\n"),
    ("foo.bar!", "[[:punct:]]", "", "foobar"),
    ("a]b[c", "[]a]", "X", "XXb[c"),
    ("a]b", "[^]a]", "X", "a]X"),
    ("A B\tC\n", r"\s+", " ", "A B C "),
    ("aaa", "a{2}", "D", "Da"),
    ("xbx", "(c)?b", r"(\1)", "x()x"),
    ("aba", "a", "\\\\", "\\b\\"),
    ("aba", "a", r"\9", "aba"),
    ("abc", "(b)", r"a\x", "aac"),
    ("été", "é", "e", "ete"),
    ("a&b", "[&&a]", "+", "++b"),
    ("aZb", "(?i)z", "", "ab"),
    ("[z]", r"\[z\]\z", "ok", "ok"),
]


@pytest.mark.parametrize(("text", "pattern", "rewrite", "expected"), REPLACED)
def test_regex_replace_follows_re2(text, pattern, rewrite, expected):
    x = np.array([text.encode()], dtype=object)
    assert strings.regex_replace(x, pattern.encode(), rewrite.encode()).tolist() == [expected.encode()]


def test_regex_replace_first_only():
    x = np.array([[b"aaa", b""]], dtype=object)
    assert strings.regex_replace(x, b"a", b"b", every=False).tolist() == [[b"baa", b""]]


def test_regex_replace_keeps_bytes_that_are_no_text():
    x = np.array([b"\xff1\xfe"], dtype=object)
    assert strings.regex_replace(x, rb"\d", b"").tolist() == [b"\xff\xfe"]


@pytest.mark.parametrize(
    "pattern",
    ["(a", "a**", "a+*", "a++", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)b", "(?>a)", r"(a)\1", "(?P<n>a)(?P=n)", "(?#c)b",
     r"\pL", r"\Qa\E", "[[:foo:]]", "[b-a]", "a{2,1}", r"\Z"],
)  # fmt: skip
def test_patterns_that_re2_or_python_has_not_are_refused(pattern):
    with pytest.raises(InvalidArgumentError, match="Invalid pattern"):
        strings.pattern(pattern.encode())


def test_regex_full_match_takes_the_whole_text():
    x = np.array([b"ab", b"abc", b"b\n"], dtype=object)
    assert strings.regex_full_match(x, b"ab?").tolist() == [True, False, False]
    assert strings.regex_full_match(x, b"(?s).+").tolist() == [True, True, True]


def test_case_of_ascii_and_of_unicode():
    x = np.array("Éa".encode(), dtype=object)
    assert strings.lower(x).item() == "Éa".encode()
    assert strings.lower(x, "utf-8").item() == "éa".encode()
    assert strings.upper(x, "utf-8").item() == "ÉA".encode()
    assert strings.upper(np.array(["é".encode()], dtype=object)).tolist() == ["é".encode()]


def test_split_by_separator_or_white_space():
    assert strings.split(b" a  b\tc ") == [b"a", b"b", b"c"]
    assert strings.split(b"a,,b", b",") == [b"a", b"", b"b"]
    assert strings.split(b"a,b,c", b",", 1) == [b"a", b"b,c"]
