"""Datasets of CSV files. What TensorFlow gives is in ../recorded/io.txt."""

import itertools

import pytest

from kerasish import tf

make = tf.data.experimental.make_csv_dataset


def test_rows_may_go_on_within_quotes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('1,"a\nb"\n2,c\n')
    rows = list(tf.data.experimental.CsvDataset(str(path), [tf.int32, ""]))
    assert [(int(a), b.numpy()) for a, b in rows] == [(1, b"a\nb"), (2, b"c")]


def test_batches_go_on_without_end_and_are_full(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,2\n3,4\n5,6\n")
    batches = list(itertools.islice(make(str(path), 2, label_name="y", shuffle=False), 4))
    assert [label.numpy().tolist() for _, label in batches] == [[2, 4], [6, 2], [4, 6], [2, 4]]
    assert all(list(features) == ["x"] for features, _ in batches)


def test_headers_must_agree(tmp_path):
    for name, header in (("a", "x,y"), ("b", "y,x")):
        (tmp_path / f"{name}.csv").write_text(f"{header}\n1,2\n")
    with pytest.raises(ValueError, match="same column names"):
        make(str(tmp_path / "*.csv"), 2)


def test_a_model_trains_on_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"{i / 10},{i / 5}\n" for i in range(20)))
    dataset = make(str(path), 5, label_name="y", num_epochs=1, shuffle=False)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(dataset.map(lambda features, label: (features["x"][:, None], label)), verbose=0)
    assert model.count_params() == 2
