"""A coordinator and workers in one process: ``Server``, ``ParameterServerStrategy``, ``ClusterCoordinator``."""

import pytest

from kerasish import tf
from kerasish.core.errors import CancelledError, InvalidArgumentError, NotServedError

coordinating = tf.distribute.coordinator
SPEC = tf.train.ClusterSpec({"worker": ["localhost:31", "localhost:32"], "ps": ["localhost:33"]})


def resolver(spec=SPEC):
    return tf.distribute.cluster_resolver.SimpleClusterResolver(spec, rpc_layer="grpc")


@pytest.fixture(scope="module")
def coordinator():
    for job in SPEC.jobs:
        for index in SPEC.task_indices(job):
            tf.distribute.Server(SPEC, job_name=job, task_index=index, protocol="grpc")
    return coordinating.ClusterCoordinator(tf.distribute.ParameterServerStrategy(resolver()))


def test_a_server_knows_its_task():
    server = tf.distribute.Server(SPEC, job_name="worker", task_index=1, start=False)
    assert server.target == "grpc://localhost:32"
    assert server.server_def.job_name == "worker"
    assert tf.distribute.Server(server.server_def, start=False).target == server.target
    assert tf.distribute.Server.create_local_server(start=False).target.startswith("grpc://localhost:")
    with pytest.raises(ValueError, match="explicit job_name"):
        tf.distribute.Server(SPEC)
    with pytest.raises(InvalidArgumentError, match="Task 7 was not defined in job 'worker'"):
        tf.distribute.Server(SPEC, job_name="worker", task_index=7)
    with pytest.raises(NotServedError, match="torchrun"):
        server.join()


def test_a_local_cluster_has_workers_and_servers_that_a_strategy_finds():
    workers, servers = tf.test.create_local_cluster(2, 1)
    assert [len(workers), len(servers)] == [2, 1]
    assert workers[1].server_def.task_index == 1 and servers[0].server_def.job_name == "ps"
    spec = tf.train.ClusterSpec(workers[0].server_def.cluster)
    assert tf.distribute.ParameterServerStrategy(resolver(spec)).num_replicas_in_sync == 1


def test_workers_elsewhere_are_refused():
    away = tf.train.ClusterSpec({"worker": ["10.0.0.1:5"], "ps": ["10.0.0.2:5"]})
    with pytest.raises(NotServedError, match=r"workers at 10\.0\.0\.1:5 are not in this process.*torchrun"):
        tf.distribute.ParameterServerStrategy(resolver(away))
    with pytest.raises(ValueError, match="At least one worker"):
        tf.distribute.ParameterServerStrategy(resolver(tf.train.ClusterSpec({"ps": ["a:1"]})))


def test_functions_run_and_variables_keep_all_updates(coordinator):
    with coordinator.strategy.scope():
        variable = tf.Variable(0.0)

    @tf.function
    def step(x):
        variable.assign_add(x)
        return x * 2

    results = [coordinator.schedule(step, args=(tf.constant(float(i)),)) for i in range(20)]
    coordinator.join()
    assert coordinator.done()
    assert variable.numpy() == 190
    assert coordinator.fetch({"a": results[3], "b": 1}) == {"a": 6, "b": 1}
    assert isinstance(results[0].get(), tf.Tensor)
    assert coordinator.schedule(step, args=(results[1],)).fetch() == 4


def test_each_worker_has_a_dataset_and_an_index(coordinator):
    data = coordinator.create_per_worker_dataset(lambda: tf.data.Dataset.range(100))
    iterator = iter(data)
    assert data.element_spec == iterator.element_spec == tf.TensorSpec((), tf.int64)
    results = [
        coordinator.schedule(
            lambda own: (coordinating.experimental_get_current_worker_index(), int(next(own))), args=(iterator,)
        )
        for _ in range(10)
    ]
    pairs = coordinator.fetch(results)
    for worker in {worker for worker, _ in pairs}:
        own = [number for of, number in pairs if of == worker]
        assert own == list(range(len(own)))
    with pytest.raises(RuntimeError, match="must be called from a function"):
        coordinating.experimental_get_current_worker_index()
    with pytest.raises(NotImplementedError, match="in scheduled functions alone"):
        next(iterator)


def test_an_error_reaches_the_coordinator_once_and_cancels_what_waits(coordinator):
    def fail():
        raise ZeroDivisionError("no")

    failed = coordinator.schedule(fail)
    with pytest.raises(ZeroDivisionError):
        failed.get()
    with pytest.raises(ZeroDivisionError):
        coordinator.join()
    coordinator.join()
    with coordinator._computing:  # nothing is run while the lock is held, so that all of these wait
        first = [coordinator.schedule(fail) for _ in range(6)]
    for result in first:
        with pytest.raises((ZeroDivisionError, CancelledError)):
            result.get()
    with pytest.raises(ZeroDivisionError):
        coordinator.join()
    assert coordinator.schedule(lambda: 3).fetch() == 3


def test_a_strategy_has_one_coordinator(coordinator):
    assert coordinating.ClusterCoordinator(coordinator.strategy) is coordinator
    assert tf.distribute.experimental.coordinator.ClusterCoordinator is coordinating.ClusterCoordinator
    with pytest.raises(ValueError, match="Only `tf.distribute.experimental.ParameterServerStrategy`"):
        coordinating.ClusterCoordinator(tf.distribute.OneDeviceStrategy("/cpu:0"))
    with pytest.raises(TypeError, match="must be a callable"):
        coordinator.schedule(3)
