import pytest

from kerasish import tf


def test_tasks_by_list_and_by_number():
    spec = tf.train.ClusterSpec({"worker": ["a:1", "b:2"], "ps": {1: "c:3"}})
    assert repr(spec) == "ClusterSpec({'ps': {1: 'c:3'}, 'worker': ['a:1', 'b:2']})"
    assert spec.jobs == ["worker", "ps"]
    assert spec.job_tasks("ps") == [None, "c:3"]
    assert (spec.num_tasks("ps"), spec.task_indices("ps"), spec.task_address("worker", 1)) == (1, [1], "b:2")
    assert spec == tf.train.ClusterSpec(spec.as_dict())
    assert spec != tf.train.ClusterSpec({})
    assert not tf.train.ClusterSpec({})


@pytest.mark.parametrize(
    ("cluster", "kind"),
    [(3, TypeError), ({"w": 3}, TypeError), ({"w": [3]}, TypeError), ({"w": {"a": "b"}}, ValueError)],
)
def test_misuse(cluster, kind):
    with pytest.raises(kind):
        tf.train.ClusterSpec(cluster)


def test_unknown_jobs_and_tasks():
    spec = tf.train.ClusterSpec({"w": ["a"]})
    with pytest.raises(ValueError, match="No such job"):
        spec.num_tasks("v")
    with pytest.raises(ValueError, match="No task with index 3"):
        spec.task_address("w", 3)
