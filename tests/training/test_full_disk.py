"""Files that cannot be written or read while training goes on: the one before stays, and is told of."""

import contextlib
import errno
import os
import resource
import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, tf
from kerasish.saving import archive, bundle, h5

X = np.random.RandomState(0).randn(24, 4).astype("float32")


def net(units=1):
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units)])
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    return model


def denied(path, *args, **kwargs):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def full(path, *args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def limit(size):
    """No file grows beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class From(keras.callbacks.Callback):
    """Something happens to the disk when an epoch begins."""

    def __init__(self, epoch, happens):
        super().__init__()
        self.epoch, self.happens = epoch, happens

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.happens()


@pytest.mark.parametrize("what", [denied, full], ids=lambda f: f.__name__)
def test_a_backup_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch, what):
    words = r"could not write the state after epoch [34].*state before stays in .*latest\.weights\.h5.*(Permission|No space)"
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    breaks = From(2, lambda: monkeypatch.setattr(archive, "sync", what))
    with pytest.warns(UserWarning, match=words):
        history = net().fit(X, X[:, :1], epochs=4, verbose=0, callbacks=[backup, breaks])
    assert history.epoch == [0, 1, 2, 3]
    monkeypatch.undo()
    again = net().fit(X, X[:, :1], epochs=4, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(tmp_path)])
    assert again.epoch == [2, 3]
    assert again.history["loss"] == history.history["loss"][2:]


def test_a_first_backup_that_cannot_be_written_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "sync", full)
    with pytest.raises(OSError, match=r"No space left.*latest\.weights\.h5"):
        net().fit(X, X[:, :1], verbose=0, callbacks=[keras.callbacks.BackupAndRestore(tmp_path)])


def test_hdf5_that_does_not_fit_is_an_error_and_no_crash(tmp_path):
    def write():
        with h5.Writer(str(tmp_path / "a.h5")) as writer:
            for i in range(300):
                writer.array(f"group/{i}", np.zeros(100))

    with limit(20_000), pytest.raises(OSError, match="too large"):
        write()
    with limit(20_000), pytest.raises(OSError, match=r"too large.*b\.weights\.h5"):
        net(2000).save_weights(tmp_path / "b.weights.h5")
    assert os.listdir(tmp_path) == ["a.h5"]


@pytest.mark.parametrize("name", ["m.keras", "m-{epoch}.weights.h5", "m.ckpt", "m.h5"])
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch, name):
    weights_only = not name.endswith((".keras", "m.h5"))
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / name, "loss", save_best_only=True, save_weights_only=weights_only
    )
    model, written = net(), []
    breaks = From(2, lambda: (written.extend(model.get_weights()), monkeypatch.setattr(archive, "sync", full)))
    mends = From(4, monkeypatch.undo)
    with pytest.warns(UserWarning, match=r"could not write epoch [34].*stays in '.*m.*No space"):
        model.fit(X, X[:, :1], epochs=4, verbose=0, callbacks=[checkpoint, breaks, mends])
    monkeypatch.undo()
    other, path = net(), str(tmp_path / name.format(epoch=2))
    other.optimizer.build(other.trainable_variables)
    other.set_weights([0 * w for w in other.get_weights()])
    if weights_only:
        other.load_weights(path)
    else:
        other = keras.models.load_model(path)
    for a, b in zip(other.get_weights(), written, strict=True):
        np.testing.assert_array_equal(a, b)
    model.fit(
        X, X[:, :1], epochs=5, initial_epoch=4, verbose=0, callbacks=[checkpoint]
    )  # still better than what is written


def test_a_first_checkpoint_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "file" / "m.keras")
    with pytest.raises(OSError, match="file"):
        net().fit(X, X[:, :1], verbose=0, callbacks=[checkpoint])


def damage(path, way):
    data = bytearray(path.read_bytes())
    if way == "cut":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("way", ["cut", "bit"])
def test_a_damaged_backup_is_noticed(tmp_path, way):
    for _ in range(2):
        backup = keras.callbacks.BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False)
        net().fit(X, X[:, :1], epochs=3, verbose=0, callbacks=[backup])
    damage(tmp_path / "latest.weights.h5", way)
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    with pytest.warns(UserWarning, match=r"latest\.weights\.h5\.bkp.*latest\.weights\.h5' cannot be read"):
        assert net().fit(X, X[:, :1], epochs=3, verbose=0, callbacks=[backup]).epoch == [2]


@pytest.mark.parametrize("damaged", ["index", "data-00000-of-00001"])
def test_a_manager_restores_the_checkpoint_before_a_damaged_one(tmp_path, damaged):
    value = tf.Variable([0.0])
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(value=value), tmp_path, max_to_keep=3)
    for number in (1.0, 2.0, 3.0):
        value.assign([number])
        manager.save()
    path = tmp_path / f"ckpt-3.{damaged}"
    path.write_bytes(path.read_bytes()[:3])
    restored = tf.train.CheckpointManager(tf.train.Checkpoint(value=value), tmp_path, max_to_keep=3)
    with pytest.warns(UserWarning, match=r"ckpt-2' is restored in place of a later checkpoint.*ckpt-3"):
        assert restored.restore_or_initialize() == str(tmp_path / "ckpt-2")
    assert value.numpy() == [2.0]


def test_a_managers_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    value = tf.Variable([1.0])
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(value=value), tmp_path, max_to_keep=1)
    manager.save()
    value.assign([2.0])
    monkeypatch.setattr(archive, "sync", full)
    with pytest.raises(OSError, match="No space"):
        manager.save()
    monkeypatch.undo()
    assert manager.restore_or_initialize() == tf.train.latest_checkpoint(tmp_path) == str(tmp_path / "ckpt-1")
    assert value.numpy() == [1.0]
    value.assign([3.0])
    assert manager.save() == str(tmp_path / "ckpt-2")


def test_a_checkpoint_of_one_name_survives_a_full_disk(tmp_path, monkeypatch):
    model = net()
    model.save_weights(tmp_path / "cp.ckpt")
    before = model.get_weights()
    model.set_weights([w + 1 for w in before])
    for owner, name in [(bundle.table, "write"), (bundle, "sync"), (archive, "sync")]:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, full)
            with pytest.raises(OSError, match=r"No space.*cp\.ckpt"):
                model.save_weights(tmp_path / "cp.ckpt")
    model.load_weights(tmp_path / "cp.ckpt")
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "cp.ckpt.data-00000-of-00001", "cp.ckpt.index"]


@pytest.mark.parametrize("background", [False, True])
def test_a_step_that_cannot_be_read_or_written(tmp_path, monkeypatch, background):
    checkpoint = keras.callbacks.OrbaxCheckpoint(tmp_path, max_to_keep=3, save_on_background=background)
    model = net()
    model.fit(X, X[:, :1], epochs=2, verbose=0, callbacks=[checkpoint])
    monkeypatch.setattr(archive, "sync", full)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.fit(X, X[:, :1], epochs=3, initial_epoch=2, verbose=0, callbacks=[checkpoint])
    assert any("could not write step 2; those before stay" in str(one.message) for one in found)
    monkeypatch.undo()
    damage(tmp_path / "1" / "model.keras", "cut")
    with pytest.warns(UserWarning, match=r"0/model\.keras' is read in place of a later checkpoint.*1/model\.keras"):
        keras.models.load_model(tmp_path)
