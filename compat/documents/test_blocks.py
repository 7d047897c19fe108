"""Every code block of the documents runs as written and prints what the documents state.

The second document repeats the first's parts on tensors, models and layers word for word.
"""

import pathlib
import re

import pytest

NAMES = sorted(path.name for path in (pathlib.Path(__file__).parent / "blocks").glob("*.py"))

STATED = {
    "01": "tf.Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)\n",
    "02": "tf.Tensor([1 2 3], shape=(3,), dtype=int32)\ntf.Tensor([11 12 13], shape=(3,), dtype=int32)\n",
    "03": "tf.Tensor(\n[[2. 4.]\n [6. 8.]], shape=(2, 2), dtype=float32)\n",
    "04": "(2, 3)\n",
    "05": "0\n1\n2\n3\n",
    "07": "6\n",
    "08": "(4,)\ntf.Tensor(1, shape=(), dtype=int32)\n",
    "09": "<dtype: 'float32'>\n",
    "10": (
        "tf.Tensor([11 22 33], shape=(3,), dtype=int32)\n"
        "tf.Tensor([10 40 90], shape=(3,), dtype=int32)\n"
        "tf.Tensor([[8]], shape=(1, 1), dtype=int32)\n"
    ),
}


def test_there_are_45_blocks():
    assert len(NAMES) == 45


@pytest.mark.parametrize("name", NAMES)
def test_block_runs(blocks, name):
    assert blocks[name]["failure"] is None


@pytest.mark.parametrize("number", sorted(STATED))
def test_block_prints_what_is_stated(blocks, number):
    (name,) = [n for n in NAMES if n.startswith(number)]
    assert blocks[name]["printed"] == STATED[number]


@pytest.mark.parametrize("number", ["11", "26", "28"])
def test_sequential_summary_is_the_documents_table(blocks, number, table):
    (name,) = [n for n in NAMES if n.startswith(number)]
    lines = [line.rstrip() for line in blocks[name]["printed"].strip("\n").split("\n")]
    assert lines == table.split("\n")


@pytest.mark.parametrize("number", ["12", "31"])
def test_functional_summary_has_the_same_layers_after_an_input(blocks, number, table):
    (name,) = [n for n in NAMES if n.startswith(number)]
    lines = [line.rstrip() for line in blocks[name]["printed"].strip("\n").split("\n")]
    assert lines[0].startswith('Model: "')
    assert "(InputLayer)" in lines[4] and "(None, 4)" in lines[4] and lines[4].endswith(" 0")
    assert lines[5:] == table.split("\n")[4:]


def test_layer_attributes_are_as_the_comments_say(blocks):
    (name,) = [n for n in NAMES if n.startswith("17")]
    printed = blocks[name]["printed"]
    assert printed.startswith("True\n[") and printed.endswith("(None, 10)\n")
    weights = printed.split("\n", 1)[1]
    assert weights.count("shape=(8, 10)") == 2 and weights.count("shape=(10,)") == 2  # listed twice
    assert "dense1/kernel" in weights and "dense1/bias" in weights


EPOCH = re.compile(
    r"(\d+)/(\d+) \[={30}\] - \d+s \d+(ms|us|s)/step - loss: \d+\.\d{4} - accuracy: \d\.\d{4}"
    r"( - val_loss: \d+\.\d{4} - val_accuracy: \d\.\d{4})?"
)


@pytest.mark.parametrize(
    ("number", "epochs", "steps", "validated"), [("39", 10, 125, True), ("40", 20, 100, True), ("27", 10, 125, False)]
)
def test_progress_lines_have_the_documents_form(blocks, number, epochs, steps, validated):
    (name,) = [n for n in NAMES if n.startswith(number)]
    lines = blocks[name]["printed"].strip("\n").split("\n")
    assert lines[::2] == [f"Epoch {i + 1}/{epochs}" for i in range(epochs)]
    for line in lines[1::2]:
        match = EPOCH.fullmatch(line)
        assert match, line
        assert match[1] == match[2] == str(steps) and (match[4] is not None) == validated


def test_evaluate_prints_its_line(blocks):
    (name,) = [n for n in NAMES if n.startswith("42")]
    line = blocks[name]["printed"].strip("\n")
    assert EPOCH.fullmatch(line) and line.startswith("32/32 [")


def test_putting_it_together_ends_with_loss_and_accuracy(blocks):
    (name,) = [n for n in NAMES if n.startswith("44")]
    assert re.search(r"\nTest Loss: \d\.\d{4}, Test Accuracy: \d\.\d{4}\n$", blocks[name]["printed"])
