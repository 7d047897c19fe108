"""The cluster of a Slurm step, as TensorFlow's resolver tells it."""

import pytest

from kerasish import tf
from kerasish.tf.distribute.slurm import expand_hostlist, expand_tasks_per_node

Resolver = tf.distribute.cluster_resolver.SlurmClusterResolver


@pytest.fixture
def step(monkeypatch):
    values = {"STEP_NUM_TASKS": "4", "STEP_NODELIST": "t02n[13-14]", "STEP_TASKS_PER_NODE": "2(x2)", "PROCID": "1"}
    for name, value in values.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return monkeypatch


def test_tasks_are_workers_in_the_order_of_nodes(step):
    spec = Resolver(gpus_per_node=2, gpus_per_task=1).cluster_spec()
    assert spec.as_dict() == {"worker": ["t02n13:8888", "t02n13:8889", "t02n14:8888", "t02n14:8889"]}


def test_jobs_share_the_tasks(step):
    resolver = Resolver(jobs={"ps": 1, "worker": 3}, port_base=7000, gpus_per_node=2, gpus_per_task=1)
    assert resolver.cluster_spec().as_dict() == {
        "ps": ["t02n13:7000"], "worker": ["t02n13:7001", "t02n14:7000", "t02n14:7001"],
    }  # fmt: skip
    assert resolver.get_task_info() == (resolver.task_type, resolver.task_id) == ("worker", 0)
    assert resolver.master() == "grpc://t02n13:7001"
    assert resolver.master("ps", 0, "x") == "x://t02n13:7000"
    assert resolver.num_accelerators() == {"GPU": 1}


def test_a_process_sees_its_own_gpus(step):
    import os

    Resolver(gpus_per_node=4, gpus_per_task=2).cluster_spec()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2,3"
    step.setenv("CUDA_VISIBLE_DEVICES", "7")
    Resolver(gpus_per_node=4, gpus_per_task=2, auto_set_gpu=False).cluster_spec()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "7"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"jobs": {"worker": 5}}, "Requested 5 tasks but only 4 were assigned"),
        ({"gpus_per_node": 1, "gpus_per_task": 1}, "Requested more GPUs per node than available"),
        ({"tasks_per_node": 3}, "do not make up its tasks"),
    ],
)
def test_what_does_not_fit_is_refused(step, arguments, words):
    with pytest.raises(RuntimeError, match=words):
        Resolver(**arguments)


def test_outside_of_slurm_there_is_no_cluster(step):
    step.delenv("SLURM_PROCID")
    with pytest.raises(RuntimeError, match=r"SLURM_PROCID not found in environment. Not running inside a SLURM step\?"):
        Resolver()


def test_lists_of_hosts_and_tasks():
    assert expand_hostlist("n1,n[3,04-05],m-[2-3]-ib") == ["n1", "n3", "n04", "n05", "m-2-ib", "m-3-ib"]
    assert expand_tasks_per_node("3(x2),4,1") == [3, 3, 4, 1]
    with pytest.raises(ValueError, match="'n14' is no range of numbers"):
        expand_hostlist("n[10-12,n14]")
    with pytest.raises(ValueError, match="Invalid tasks-per-node list"):
        expand_tasks_per_node("3x2")
