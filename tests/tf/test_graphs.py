"""tf.Graph: names, collections, scopes; operations in it run as they are called."""

import pytest

from kerasish import tf
from kerasish.core.errors import NotServedError


def test_a_graph_is_the_default_one_in_its_block():
    outer = tf.Graph()
    with outer.as_default() as graph:
        assert graph is outer
        assert float(tf.constant(2.0) * 3.0) == 6.0
        with tf.name_scope("a"):
            assert graph.get_name_scope() == "a"


def test_names_are_unique():
    graph = tf.Graph()
    assert [graph.unique_name("x") for _ in range(3)] == ["x", "x_1", "x_2"]
    assert graph.unique_name("x_1") == "x_1_1"
    assert graph.unique_name("y", mark_as_used=False) == graph.unique_name("y") == "y"


def test_collections_and_finalizing():
    graph = tf.Graph()
    graph.add_to_collections(["a", "b"], 1)
    graph.add_to_collection("a", 2)
    assert graph.get_collection("a") == [1, 2]
    assert sorted(graph.get_all_collection_keys()) == ["a", "b"]
    graph.clear_collection("a")
    assert graph.get_collection("a") == []
    graph.finalize()
    assert graph.finalized
    with pytest.raises(RuntimeError, match="finalized"):
        graph.add_to_collection("a", 3)


def test_it_holds_no_operations():
    with pytest.raises(NotServedError, match=r"tf\.Graph\.as_graph_def"):
        tf.Graph().as_graph_def()
    with pytest.raises(NotServedError, match=r"tf\.Operation"):
        tf.Operation()


def test_gradients_of_kinds_of_operations_are_registered_once():
    tf.RegisterGradient("OfATest")(lambda op, grad: grad)
    with pytest.raises(KeyError, match="two gradient"):
        tf.no_gradient("OfATest")
    with pytest.raises(TypeError, match="must be a string"):
        tf.RegisterGradient(3)
