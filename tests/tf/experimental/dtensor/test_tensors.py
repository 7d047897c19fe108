"""DTensors in one process: layouts, parts, whole values."""

import numpy as np
import pytest

from kerasish import tf
from kerasish.tf.experimental.dtensor import tensors

dtensor = tf.experimental.dtensor
DEVICES = [f"CPU:{i}" for i in range(8)]


@pytest.fixture(autouse=True)
def _no_mesh_before_or_after(monkeypatch):
    monkeypatch.setattr(tensors, "_meshes", [])


@pytest.fixture
def mesh():
    return dtensor.create_mesh([("x", 4), ("y", 2)], devices=DEVICES)


def test_a_mesh_as_text(mesh):
    ids, names = "0,1,2,3,4,5,6,7", ",".join(f"/job:localhost/replica:0/task:0/device:CPU:{i}" for i in range(8))
    assert mesh.to_string() == f"|x=4,y=2|{ids}|{ids}|{names}"
    assert dtensor.Mesh.from_string(mesh.to_string()) == mesh
    assert mesh["x"] == ("x", 4)
    assert mesh.strides == [2, 1]
    assert mesh.unravel_index()[3] == {"x": 1, "y": 1}


def test_layouts(mesh):
    layout = dtensor.Layout(["x", dtensor.UNSHARDED], mesh)
    assert dtensor.Layout.from_string(layout.to_string()) == layout
    assert layout == dtensor.Layout.batch_sharded(mesh, "x", rank=2)
    assert layout.num_shards(0) == 4
    assert layout.delete([0]).is_fully_replicated()
    assert layout.offset_to_shard() == [(i // 2, 0) for i in range(8)]
    assert layout.local_shape_from_global_shape([4, 4]) == (1, 4)
    with pytest.raises(ValueError, match="valid mesh dimension"):
        dtensor.Layout(["z"], mesh)
    with pytest.raises(ValueError, match="was repeated"):
        dtensor.Layout(["x", "x"], mesh)


def test_packing_and_unpacking(mesh):
    layout = dtensor.Layout(["x", "y"], mesh)
    packed = dtensor.pack([tf.constant([[float(i)]]) for i in range(8)], layout)
    assert packed.shape == (4, 2)
    np.testing.assert_array_equal(dtensor.unpack(packed)[3], [[3.0]])
    assert 'value={"CPU:0": [[0]], "CPU:1": [[1]]' in repr(packed)
    with pytest.raises(tf.errors.UnimplementedError, match="non-replicated"):
        packed.numpy()
    np.testing.assert_array_equal(tf.reduce_sum(packed, axis=0), [12.0, 16.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected 8 inputs"):
        dtensor.pack([tf.constant(1.0)], layout)


def test_relayout_cuts_the_same_values_otherwise(mesh):
    whole = dtensor.copy_to_mesh(tf.reshape(tf.range(8.0), (4, 2)), dtensor.Layout.replicated(mesh, rank=2))
    rows = dtensor.relayout(whole, dtensor.Layout(["x", dtensor.UNSHARDED], mesh))
    np.testing.assert_array_equal(dtensor.unpack(rows)[2], [[2.0, 3.0]])
    dtensor.check_layout(rows, dtensor.Layout(["x", dtensor.UNSHARDED], mesh))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not divisible"):
        dtensor.relayout(whole, dtensor.Layout(["y", "x"], mesh))


def test_variables_train(mesh):
    layout = dtensor.Layout(["x", dtensor.UNSHARDED], mesh)
    variable = dtensor.DVariable(dtensor.call_with_layout(tf.ones, layout, shape=(4, 2)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(variable * variable)
    variable.assign_sub(0.5 * tape.gradient(loss, variable))
    assert variable.layout == layout
    assert dtensor.fetch_layout(variable) == layout
    np.testing.assert_array_equal(tf.identity(variable), np.zeros((4, 2)))


def test_datasets_give_batches_with_layouts():
    mesh = dtensor.create_mesh([("b", 8)], devices=DEVICES)
    layout = dtensor.Layout(["b"], mesh)
    data = dtensor.DTensorDataset(
        tf.data.Dataset.range(16), mesh=mesh, layouts=layout, global_batch_size=8, batch_dim="b"
    )
    batches = list(data)
    assert [dtensor.fetch_layout(batch) for batch in batches] == [layout, layout]
    assert [int(part[0]) for part in dtensor.unpack(batches[1])] == list(range(8, 16))
    with pytest.raises(ValueError, match="divisible by 8"):
        dtensor.DTensorDataset(tf.data.Dataset.range(16), mesh=mesh, layouts=layout, global_batch_size=4, batch_dim="b")


def test_sizes_of_meshes():
    with pytest.raises(ValueError, match=r"length of devices \(8\) must be equal"):
        dtensor.create_mesh([("x", 3)], devices=DEVICES)
