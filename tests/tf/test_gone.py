"""Names of TensorFlow 1, and of its compiler and servers, raise an error that names what to use."""

import importlib

import pytest

from kerasish import tf
from kerasish.tf.gone import INSTEAD


@pytest.mark.parametrize("path", sorted(INSTEAD))
def test_a_name_of_tensorflow_1_says_what_to_use(path):
    module, _, name = path.rpartition(".")
    home = importlib.import_module(module.replace("tf", "kerasish.tf", 1))
    assert not hasattr(home, name)
    with pytest.raises(NotImplementedError) as error:
        getattr(home, name)
    assert INSTEAD[path] in str(error.value)


def test_only_clusters_of_processes_are_refused():
    tf.config.experimental_connect_to_cluster(tf.train.ClusterSpec({}))
    with pytest.raises(NotImplementedError, match="torchrun"):
        tf.config.experimental_connect_to_cluster(tf.train.ClusterSpec({"worker": ["a:1"]}))


def test_what_of_tensorflow_1_is_somebody_elses_or_means_something_today():
    v1 = tf.compat.v1
    flags = pytest.importorskip("absl.flags")
    assert v1.flags is flags and v1.app.run.__module__ == "absl.app"
    assert int(v1.py_func(lambda x: x + 1, [tf.constant(1)], tf.int32)) == 2
    for function in (v1.confusion_matrix, v1.math.confusion_matrix):
        assert function(labels=[0, 1, 1], predictions=[0, 1, 0]).numpy().tolist() == [[1, 0], [1, 1]]
