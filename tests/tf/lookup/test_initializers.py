"""What fills tables. More is in ../recorded/lookup.txt."""

import pathlib

import pytest

from kerasish import tf

L = tf.lookup


def test_a_file_may_be_given_in_any_form(tmp_path):
    path = tmp_path / "v.csv"
    path.write_text("1,emerson\n2,lake\n3,palmer\n")
    for name in (str(path), pathlib.Path(path), tf.constant(str(path))):
        table = L.StaticHashTable(L.TextFileInitializer(name, "string", 1, "int64", 0, delimiter=","), 0)
        assert table.lookup(tf.constant(["lake", "lakeemerson"])).numpy().tolist() == [2, 0]


def test_other_dtypes_than_the_tables_are_refused():
    table = L.StaticHashTable(L.KeyValueTensorInitializer(["a"], [1]), 0)
    with pytest.raises(TypeError, match="Invalid value dtype"):
        L.KeyValueTensorInitializer(["a"], [1.0]).initialize(table)
