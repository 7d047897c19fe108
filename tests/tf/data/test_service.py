"""The data service within one process: the results of TensorFlow 2.21 with its servers in one process."""

import pytest

from kerasish import tf
from kerasish.core.errors import NotFoundError, NotServedError

service = tf.data.experimental.service
SQUARES = [0, 1, 4, 9, 16, 25]


@pytest.fixture
def dataset():
    return tf.data.Dataset.range(6).map(lambda x: x * x)


@pytest.fixture
def dispatcher():
    made = service.DispatchServer()
    service.WorkerServer(service.WorkerConfig(dispatcher_address=made.target.split("://")[1]))
    yield made
    made._stop()


def another_worker(dispatcher):
    return service.WorkerServer(service.WorkerConfig(dispatcher.target.split("://")[1]))


MODES = ["parallel_epochs", "distributed_epoch", service.ShardingPolicy.OFF, service.ShardingPolicy.DYNAMIC]


@pytest.mark.parametrize("mode", MODES)
def test_one_worker_gives_the_dataset_at_each_pass(dataset, dispatcher, mode):
    made = dataset.apply(service.distribute(mode, dispatcher.target))
    assert made.element_spec == dataset.element_spec
    assert [list(made.as_numpy_iterator()) for _ in range(2)] == [SQUARES, SQUARES]


@pytest.mark.parametrize("mode", MODES)
def test_each_worker_gives_all_or_its_part(dataset, dispatcher, mode):
    worker = another_worker(dispatcher)
    made = sorted(dataset.apply(service.distribute(mode, dispatcher.target)).as_numpy_iterator())
    assert made == (sorted(SQUARES * 2) if mode in ("parallel_epochs", service.ShardingPolicy.OFF) else SQUARES)
    worker._stop()


def test_a_jobs_elements_go_to_one_consumer_each(dataset, dispatcher):
    first, second = (
        dataset.apply(service.distribute("distributed_epoch", dispatcher.target, job_name="j")) for _ in range(2)
    )
    one, two = iter(first), iter(second)
    taken = [int(next(one)), int(next(two)), int(next(one))]
    assert taken + [int(x) for x in two] == SQUARES
    assert not list(one)
    assert list(first.as_numpy_iterator()) == SQUARES


def test_registered_datasets(dataset, dispatcher):
    name = service.register_dataset(dispatcher.target, dataset)
    assert name.dtype == tf.string
    assert list(service.from_dataset_id("parallel_epochs", dispatcher.target, name).as_numpy_iterator()) == SQUARES
    assert service.register_dataset(dispatcher.target, dataset, dataset_id="q").numpy() == b"q"
    with pytest.raises(NotFoundError, match="Dataset id zz not found"):
        service.from_dataset_id("parallel_epochs", dispatcher.target, "zz")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x", "T"), "processing mode should be"),
        (("parallel_epochs", 3), "`service` must be a string"),
        (("parallel_epochs", ""), "`service` must not be empty"),
        (("parallel_epochs", "T", 3), "`job_name` must be a string"),
        (("parallel_epochs", "T", ""), "`job_name` must not be empty"),
    ],
)
def test_wrong_arguments(dispatcher, arguments, words):
    with pytest.raises(ValueError, match=words):
        service.distribute(*(dispatcher.target if argument == "T" else argument for argument in arguments))


def test_what_needs_other_processes_is_refused(dataset, dispatcher):
    with pytest.raises(NotServedError, match="the dispatcher grpc://other:5 is not served: it is not in this process"):
        service.distribute("parallel_epochs", "grpc://other:5")
    with pytest.raises(NotServedError, match="within one process"):
        dispatcher.join()
    with pytest.raises(NotServedError, match="consumer_index"):
        service.distribute("parallel_epochs", dispatcher.target, "j", consumer_index=0, num_consumers=2)
    with pytest.raises(NotServedError, match="no files and shards"):
        service.distribute(service.ShardingPolicy.FILE, dispatcher.target)
    with pytest.raises(ValueError, match="without configuring a work dir"):
        service.DispatchServer(service.DispatcherConfig(fault_tolerant_mode=True))
    empty = service.DispatchServer()
    with pytest.raises(NotServedError, match="start a WorkerServer"):
        list(dataset.apply(service.distribute("parallel_epochs", empty.target)))
