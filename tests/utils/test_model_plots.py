import os

import pytest

import kerasish as keras
from kerasish import layers, utils

pydot = pytest.importorskip("pydot")


@pytest.fixture
def model():
    keras.utils.clear_session(free_memory=False)  # functions are named by how many were made before
    x = keras.Input((4,), name="in")
    y = layers.Dense(3, activation="relu", name="first")(x)
    inner = keras.Sequential(
        [keras.Input((3,)), layers.Dense(3, name="inside"), layers.Dropout(0.5, name="drop")], name="seq"
    )
    return keras.Model(x, layers.Add(name="sum")([y, inner(y)]) * 2.0, name="whole")


def boxes(dot):
    """Edges as pairs of titles."""
    nodes, graphs = {}, [dot]
    while graphs:
        graph = graphs.pop()
        graphs.extend(graph.get_subgraphs())
        for node in graph.get_nodes():
            label = node.get("label") or ""
            if "<b>" in label:
                nodes[node.get_name()] = label.split("<b>")[1].split("</b>")[0]
    found = []
    graphs = [dot]
    while graphs:
        graph = graphs.pop()
        graphs.extend(graph.get_subgraphs())
        found.extend((nodes[edge.get_source()], nodes[edge.get_destination()]) for edge in graph.get_edges())
    return sorted(found)


def test_edges_follow_the_graph(model):
    flat = [("first", "seq"), ("first", "sum"), ("in", "first"), ("seq", "sum"), ("sum", "multiply")]
    assert boxes(utils.model_to_dot(model)) == flat
    nested = boxes(utils.model_to_dot(model, expand_nested=True))
    assert nested == [
        ("drop", "sum"), ("first", "inside"), ("first", "sum"), ("in", "first"), ("inside", "drop"), ("sum", "multiply"),
    ]  # fmt: skip


def test_shared_layers_and_chains():
    x = keras.Input((4,), name="x")
    shared = layers.Dense(4, name="shared")
    assert boxes(utils.model_to_dot(keras.Model(x, shared(shared(x))))) == [("shared", "shared"), ("x", "shared")]
    chain = keras.Sequential([keras.Input((2,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")])
    for expand in (False, True):
        assert boxes(utils.model_to_dot(chain, expand_nested=expand)) == [("a", "b")]


def test_what_boxes_show(model):
    model.get_layer("first").trainable = False
    text = utils.model_to_dot(
        model, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True, rankdir="LR", dpi=90
    ).to_string()
    for part in (
        "<b>first</b> (Dense)", "Activation: <b>relu</b>", "Input shape: <b>(None, 4)</b>", "Output shape: <b>(None, 3)</b>",
        "Input shape: <b>[(None, 3), (None, 3)]</b>", "Output dtype: <b>float32</b>", "<b>Non-trainable</b>",
        "<b>Trainable</b>", "rankdir=LR", "dpi=90", "splines=ortho",
    ):  # fmt: skip
        assert part in text
    assert "<b>first</b>" not in utils.model_to_dot(model, show_layer_names=False).to_string()
    assert isinstance(utils.model_to_dot(model, subgraph=True), pydot.Cluster)


def test_models_of_users_are_one_box():
    class Mine(keras.Model):
        def call(self, x):
            return x

    mine = Mine(name="mine")
    mine(keras.ops.ones((1, 2)))
    assert utils.model_to_dot(mine, show_shapes=True).to_string().count("<table") == 1


def test_arguments_that_do_not_fit(model):
    for plot in (utils.model_to_dot, utils.plot_model):
        with pytest.raises(ValueError, match="has not yet been built"):
            plot(keras.Sequential([layers.Dense(2)]))
    with pytest.raises(ValueError, match="`layer_range` is no longer supported"):
        utils.model_to_dot(model, layer_range=["a", "b"])
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        utils.model_to_dot(model, colour="red")


def test_missing_programs_are_named(model, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "IPython.core.magics.namespace", raising=False)
    with pytest.raises(ImportError, match="You must install graphviz"):
        utils.plot_model(model)
    monkeypatch.setitem(__import__("sys").modules, "IPython.core.magics.namespace", None)
    assert utils.plot_model(model) is None
    assert "You must install graphviz" in capsys.readouterr().out
    monkeypatch.setitem(__import__("sys").modules, "pydot", None)
    with pytest.raises(ImportError, match="pip install pydot"):
        utils.model_to_dot(model)


def has_dot():
    try:
        pydot.Dot().create()
    except (OSError, AssertionError):
        return False
    return True


@pytest.mark.skipif(not has_dot(), reason="the program `dot` of Graphviz is absent")
@pytest.mark.parametrize(
    ("name", "start"), [("m.png", b"\x89PNG"), ("m", b"\x89PNG"), ("m.svg", b"<?xml"), ("m.pdf", b"%PDF")]
)
def test_files(model, tmp_path, name, start):
    utils.plot_model(model, tmp_path / name, show_shapes=True, dpi=40)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [name]
