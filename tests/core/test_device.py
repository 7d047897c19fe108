"""Names of devices, the one that is used, scopes, soft placement, and what ``tf.config`` says of them."""

import threading
import warnings

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import tf
from kerasish.core import device as devices
from kerasish.core.errors import InvalidArgumentError

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"

no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
needs_cuda = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


@pytest.fixture
def fresh():
    """Nothing warned of yet, everything visible; and as it was before, afterwards."""
    devices._warn_absent.cache_clear()
    devices.best.cache_clear()
    hidden = dict(devices._visible)
    yield
    devices._visible.clear()
    devices._visible.update(hidden)
    devices._warn_absent.cache_clear()
    devices.best.cache_clear()
    devices.soft_placement(True)


@pytest.fixture
def two_gpus(monkeypatch, fresh):
    """A machine with two CUDA devices, as far as the choice of devices can see."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda i=0: (8, 0))
    devices.best.cache_clear()


# names


@pytest.mark.parametrize(
    ("name", "kind", "index"),
    [
        ("/CPU:0", "cpu", None),
        ("cpu", "cpu", None),
        ("CPU:0", "cpu", None),
        ("/device:CPU:0", "cpu", None),
        ("/cpu:1", "cpu", None),
        ("cuda", "cuda", 0),
        ("cuda:1", "cuda", 1),
        ("/TPU:0", "xla", 0),
        ("tpu:3", "xla", 3),
        ("xla", "xla", 0),
        ("/XLA:1", "xla", 1),
        ("/job:localhost/replica:0/task:0/device:CPU:0", "cpu", None),
        ("/job:worker/replica:0/task:2/device:TPU:1", "xla", 1),
        ("/job:localhost/device:TPU:0", "xla", 0),
        (" /tpu:0 ", "xla", 0),
        ("/TPU:*", "xla", 0),
        ("meta", "meta", 0),
        (torch.device("cpu"), "cpu", None),
        (torch.device("cuda", 3), "cuda", 3),
    ],
)
def test_a_name_gives_a_torch_device(name, kind, index):
    assert devices.parse(name) == (torch.device(kind) if index is None else torch.device(kind, index))


@pytest.mark.parametrize(
    "name", ["/GPU:0", "gpu", "GPU:1", "/device:GPU:0", "/job:localhost/replica:0/task:0/device:GPU:0"]
)
def test_gpu_is_cuda_where_that_is_present(name, two_gpus):
    assert devices.parse(name) == torch.device("cuda", 1 if name == "GPU:1" else 0)


def test_gpu_is_apples_where_only_that_is_present(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.parse("/GPU:0") == torch.device("mps", 0)
    assert devices.parse("cuda:0") == torch.device("cuda", 0)


@pytest.mark.parametrize(
    "name", ["", "/", "fpga", "/FPGA:0", "GPU:one", "cpu:0:1", "/device:", "/CPU 0", 5, 1.5, ["cpu"]]
)
def test_other_names_are_errors_that_say_so(name):
    with pytest.raises(ValueError, match="does not name a device"):
        devices.parse(name)
    with pytest.raises(ValueError, match="does not name a device"), tf.device(name):
        pass


def test_logical_devices_are_names_too():
    logical = tf.config.list_logical_devices("CPU")[0]
    assert devices.parse(logical) == torch.device("cpu")
    with tf.device(logical):
        assert tf.constant(1).device == CPU


def test_a_function_is_no_device():
    with pytest.raises(RuntimeError, match="functions"):
        tf.device(lambda op: "/CPU:0")


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (torch.device("cpu"), CPU),
        (torch.device("cuda", 1), "/job:localhost/replica:0/task:0/device:GPU:1"),
        (torch.device("xla", 0), "/job:localhost/replica:0/task:0/device:TPU:0"),
        (torch.device("mps"), "/job:localhost/replica:0/task:0/device:GPU:0"),
    ],
)
def test_torch_devices_have_tensorflows_names(device, name):
    assert devices.tf_name(device) == name


# scopes


def test_what_is_made_in_a_scope_says_its_device():
    with tf.device("/CPU:0"):
        assert tf.constant([1.0]).device == CPU
        assert tf.Variable([1.0]).device == CPU
        assert tf.zeros((2,)).device == tf.range(3).device == tf.random.normal((2,)).device == CPU
        assert keras.layers.Dense(2)(np.ones((1, 2), "float32")).device == CPU
    assert tf.constant("text").device == CPU
    assert (tf.constant(1.0) + 1.0).backing_device == tf.constant(1.0).device


def test_scopes_nest_and_none_lifts_them():
    outer = devices.current()
    with devices.scope("meta"):
        assert devices.current().type == "meta"
        with devices.scope("/CPU:0"):
            assert devices.current() == torch.device("cpu")
            with devices.scope(None):
                assert devices.current() == devices.best()
            assert devices.current() == torch.device("cpu")
        assert devices.current().type == "meta"
    assert devices.current() == outer


def test_a_scope_ends_with_an_exception_too():
    with pytest.raises(KeyError), tf.device("meta"):
        raise KeyError
    assert devices.current() == devices.best()


def test_a_scope_belongs_to_its_thread():
    seen = []
    with devices.scope("meta"):
        thread = threading.Thread(target=lambda: seen.append(devices.current().type))
        thread.start()
        thread.join()
        assert devices.current().type == "meta"
    assert seen == [devices.best().type]


def test_a_bad_name_leaves_the_scope_as_it_was():
    with tf.device("/CPU:0"):
        with pytest.raises(ValueError, match="does not name"), tf.device("nonsense"):
            pass
        assert devices.current() == torch.device("cpu")


# soft placement


@no_cuda
def test_an_absent_device_is_replaced_with_one_warning_for_each_name(fresh):
    with pytest.warns(RuntimeWarning, match=r"'/GPU:0' is not present; 'cpu' is used") as caught, tf.device("/GPU:0"):
        assert tf.constant(1.0).device == CPU
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with tf.device("/GPU:0"):
            assert tf.constant(1.0).device == CPU
    for name in ("/GPU:7", "/gpu:1234"):
        with pytest.warns(RuntimeWarning, match=f"'{name}'"), tf.device(name):
            assert tf.Variable(1.0).device == CPU


@no_cuda
def test_without_soft_placement_an_absent_device_is_an_error(fresh):
    assert tf.config.get_soft_device_placement() is True
    tf.config.set_soft_device_placement(False)
    assert tf.config.get_soft_device_placement() is False
    with pytest.raises(InvalidArgumentError, match="/GPU:0 unknown device"), tf.device("/GPU:0"):
        pass
    with tf.device("/CPU:0"):
        assert tf.constant(1.0).device == CPU


def test_a_device_beyond_the_last_is_absent(two_gpus):
    assert devices.resolve("/GPU:1") == torch.device("cuda", 1)
    with pytest.warns(RuntimeWarning, match="'/GPU:2' is not present; 'cuda:0' is used"):
        assert devices.resolve("/GPU:2") == torch.device("cuda", 0)


# the best one present


def test_cuda_is_preferred(two_gpus):
    assert devices.best() == devices.current() == torch.device("cuda", 0)


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ({"cuda": 1, "xla": 1, "mps": 1}, "cuda:0"),
        ({"xla": 1, "mps": 1}, "xla:0"),
        ({"mps": 1}, "mps:0"),
        ({}, "cpu"),
    ],
)
def test_the_order_of_preference(present, expected, monkeypatch, fresh):
    monkeypatch.setattr(devices, "present", lambda kind: present.get(kind, int(kind == "cpu")))
    assert devices.best() == torch.device(expected)


def test_xla_is_used_only_where_a_runtime_is_named_or_a_tpu_is_there(monkeypatch):
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: object())
    monkeypatch.delenv("PJRT_DEVICE", raising=False)
    monkeypatch.setattr(devices.os.path, "exists", lambda path: False)
    assert devices._xla_devices.__wrapped__() == ()
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PJRT_DEVICE", "CPU")
    assert devices._xla_devices.__wrapped__() == ()


# tf.config


def test_lists_of_devices():
    cpu = tf.config.list_physical_devices("CPU")
    assert [(d.name, d.device_type) for d in cpu] == [("/physical_device:CPU:0", "CPU")]
    assert cpu[0] in tf.config.list_physical_devices()
    assert [d.name for d in tf.config.list_logical_devices("CPU")] == ["/device:CPU:0"]
    assert tf.config.list_physical_devices("FPGA") == []
    assert len(tf.config.list_physical_devices("GPU")) == (
        torch.cuda.device_count() if torch.cuda.is_available() else 0
    )


def test_lists_with_two_gpus(two_gpus):
    assert [d.name for d in tf.config.list_physical_devices("GPU")] == [
        "/physical_device:GPU:0",
        "/physical_device:GPU:1",
    ]
    assert [d.name for d in tf.config.list_logical_devices("GPU")] == ["/device:GPU:0", "/device:GPU:1"]


def test_hidden_devices_are_not_used_and_the_others_are_counted_anew(two_gpus):
    second = tf.config.list_physical_devices("GPU")[1]
    tf.config.set_visible_devices([second], "GPU")
    assert tf.config.get_visible_devices("GPU") == [second]
    assert len(tf.config.list_logical_devices("GPU")) == 1
    assert devices.best() == torch.device("cuda", 1)
    assert devices.resolve("/GPU:0") == torch.device("cuda", 1)
    with pytest.warns(RuntimeWarning, match="'/GPU:1' is not present"):
        assert devices.resolve("/GPU:1") == torch.device("cuda", 1)


def test_without_visible_gpus_the_cpu_is_used(two_gpus, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(devices, "_xla_devices", lambda: ())
    tf.config.set_visible_devices([], "GPU")
    assert tf.config.get_visible_devices("GPU") == []
    assert devices.best() == torch.device("cpu")
    assert tf.constant(1.0).device == CPU


def test_compute_capability(two_gpus):
    assert devices.has_compute_capability((7, 5))
    assert not devices.has_compute_capability((9, 0))


def test_a_model_is_trained_where_its_weights_are():
    with tf.device("/CPU:0"):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    x = np.ones((10, 3), "float32")
    with devices.scope("meta"):  # where nothing can be computed
        history = model.fit(x, x[:, :1], batch_size=4, epochs=2, verbose=0).history
        assert history["loss"][1] < history["loss"][0]
        assert model.evaluate(x, x[:, :1], verbose=0) < history["loss"][1]
        assert model.predict(x, verbose=0).shape == model.predict_on_batch(x).shape == (10, 1)
        before = model.test_on_batch(x, x[:, :1])
        model.train_on_batch(x, x[:, :1])
        assert model.test_on_batch(x, x[:, :1]) < before


# what a step needs


def test_on_a_device_that_compiles_nothing_numbers_and_steps_stay_as_they_are():
    cpu = torch.device("cpu")
    assert not devices.compiles(cpu)
    assert devices.step_numbers((0.1, 2), cpu) == (0.1, 2)

    def step(batch):
        return batch

    with tf.device("/CPU:0"), devices.steps(step) as given:
        assert given is step
    parts = [torch.ones(2), torch.zeros(1)]
    assert devices.joinable(parts) is parts


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.bool])
def test_values_to_begin_with(dtype):
    cpu = torch.device("cpu")
    ones = devices.full((2, 3), 1, dtype, cpu)
    assert ones.dtype is dtype
    assert ones.tolist() == torch.ones(2, 3, dtype=dtype).tolist()
    devices.fill(ones, 0)
    assert not ones.any()
    like = torch.empty(2, 3, 4, 5, dtype=dtype).to(memory_format=torch.channels_last)
    zeros = devices.zeros_like(like)
    assert zeros.stride() == like.stride()
    assert zeros.dtype is dtype
    assert not zeros.any()


def test_seeds_reach_torchs_generator():
    devices.seed(5)
    first = torch.rand(3)
    devices.seed(5)
    assert torch.equal(torch.rand(3), first)


# on CUDA


class TestOnCuda:
    pytestmark = needs_cuda

    def test_it_is_the_default(self):
        assert tf.constant(1.0).device.endswith("GPU:0")
        assert tf.Variable(1.0).device.endswith("GPU:0")

    def test_a_model_trains_there_as_on_the_cpu(self):
        def history(device):
            with tf.device(device):
                keras.utils.set_random_seed(1)
                model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
                model.compile("adam", "mse", metrics=["mae"])
                x = np.random.default_rng(0).random((80, 4)).astype("float32")
                found = model.fit(x, x.sum(1), epochs=3, shuffle=False, verbose=0).history
                return found, {w.device for w in model.weights}

        expected, _ = history("/CPU:0")
        found, used = history("/GPU:0")
        assert used == {"/job:localhost/replica:0/task:0/device:GPU:0"}
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], atol=1e-4)

    def test_memory_is_counted(self):
        before = tf.config.experimental.get_memory_info("GPU:0")["current"]
        held = tf.zeros((1 << 20,))
        assert tf.config.experimental.get_memory_info("GPU:0")["current"] >= before + held.numpy().nbytes
