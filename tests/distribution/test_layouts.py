"""Meshes, layouts and strategies: their rules, and what one device can do."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import distribution as d
from kerasish import layers

CPUS = [f"cpu:{i}" for i in range(8)]


def test_devices_are_listed():
    assert d.list_devices("cpu") == ["cpu:0"] and d.get_device_count("cpu") == 1
    with pytest.raises(ValueError, match="Unknown `device_type`"):
        d.list_devices("npu")


def test_a_map_is_looked_up_by_whole_matches():
    layouts = d.LayoutMap(d.DeviceMesh((4, 2), ["data", "model"], CPUS))
    layouts[".*dense.*kernel"] = (None, "model")
    layouts["dense/bias"] = ("model",)
    layouts[".*bias"] = (None,)
    assert layouts["a/dense_1/kernel"].axes == (None, "model")
    assert layouts["dense/bias"].axes == ("model",) and layouts["x/bias"].axes == (None,)
    assert layouts["conv/kernel"] is None and len(layouts) == 3
    layouts["x/.*"] = (None,)
    with pytest.raises(ValueError, match="matches multiple layout specification keys"):
        layouts["x/bias"]
    with pytest.raises(ValueError, match="already exist in the LayoutMap"):
        layouts["x/.*"] = (None,)
    with pytest.raises(ValueError, match="should be a TensorLayout type"):
        layouts["y"] = "model"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: d.DeviceMesh((), [], CPUS), "cannot be empty"),
        (lambda: d.DeviceMesh((8,), ["a", "b"], CPUS), "same size"),
        (lambda: d.DeviceMesh((3,), ["a"], CPUS), "does not match the number of devices"),
        (lambda: d.TensorLayout(["b"], d.DeviceMesh((8,), ["a"], CPUS)), "Invalid axis names"),
        (lambda: d.ModelParallel(), "specify a layout_map"),
        (lambda: d.DataParallel(device_mesh="mesh"), "Expect `mesh`"),
    ],
)
def test_what_does_not_fit_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_strategies_give_layouts():
    parallel = d.DataParallel(devices=CPUS)
    assert parallel.get_data_layout((2, 3)).axes == ("batch", None) and parallel.num_model_replicas == 8
    layouts = d.LayoutMap(d.DeviceMesh((4, 2), ["data", "model"], CPUS))
    layouts["kernel"] = (None, "model")
    strategy = d.ModelParallel(layout_map=layouts)
    assert strategy.num_model_replicas == 4 and strategy.batch_dim_name == "data"
    assert strategy.get_tensor_layout("kernel").axes == (None, "model")
    assert strategy.get_variable_layout(keras.Variable(np.ones((2, 3)), name="other")).axes == (None, None)


def test_one_device_trains_as_usual_and_several_are_refused():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 2), "float32")
    with d.DataParallel().scope():
        assert d.distribution() is not None
        model.fit(x, x[:, :1], verbose=0)
    with d.DataParallel(devices=CPUS).scope(), pytest.raises(RuntimeError, match="8 devices"):
        model.fit(x, x[:, :1], verbose=0)
    assert d.distribution() is None


def test_a_tensor_on_one_device_stays_what_it_is():
    mesh = d.DeviceMesh((1,), ["model"], ["cpu:0"])
    x = keras.ops.ones((2, 2))
    assert d.distribute_tensor(x, d.TensorLayout(("model", None), mesh)) is x
    with pytest.raises(RuntimeError, match="8 devices"):
        d.distribute_tensor(x, d.TensorLayout(("a", None), d.DeviceMesh((8,), ["a"], CPUS)))
