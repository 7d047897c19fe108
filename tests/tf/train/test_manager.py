"""tf.train.CheckpointManager and the file that says which checkpoints are there."""

import pytest

import kerasish.tf as tf


def test_old_checkpoints_are_removed(tmp_path):
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(1.0)), tmp_path, max_to_keep=2)
    assert manager.latest_checkpoint is None
    for _ in range(3):
        manager.save()
    assert manager.save(checkpoint_number=9) == str(tmp_path / "ckpt-9") == manager.latest_checkpoint
    assert manager.checkpoints == [str(tmp_path / "ckpt-3"), str(tmp_path / "ckpt-9")]
    assert sorted(path.name for path in tmp_path.glob("*.index")) == ["ckpt-3.index", "ckpt-9.index"]
    state = tf.train.get_checkpoint_state(tmp_path)
    assert len(state.all_model_checkpoint_timestamps) == 2
    again = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(0.0)), tmp_path, max_to_keep=None)
    assert again.checkpoints == manager.checkpoints
    assert again.restore_or_initialize() == manager.latest_checkpoint
    assert again.checkpoint.v.numpy() == 1.0


def test_one_checkpoint_of_each_interval_is_kept_for_good(tmp_path):
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(), tmp_path, max_to_keep=1, keep_checkpoint_every_n_hours=1e-9
    )
    for _ in range(3):
        manager.save()
    assert manager.checkpoints == [str(tmp_path / "ckpt-3")]
    assert len(list(tmp_path.glob("*.index"))) == 3


def test_the_interval_of_steps_is_waited_for(tmp_path):
    step = tf.Variable(0, dtype="int64")
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(), tmp_path, max_to_keep=3, step_counter=step, checkpoint_interval=2, checkpoint_name="m"
    )
    assert manager.save() == str(tmp_path / "m-1")
    step.assign(1)
    assert manager.save() is None
    assert manager.save(check_interval=False) == str(tmp_path / "m-2")
    assert manager.save(check_interval=False) is None  # of the same step


def test_without_a_checkpoint_the_function_is_called(tmp_path):
    called = []
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(), tmp_path, 3, init_fn=lambda: called.append(1))
    assert manager.restore_or_initialize() is None
    assert called == [1]


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"max_to_keep": 0}, "Expected a positive integer or `None`"),
        ({"max_to_keep": 1, "checkpoint_interval": 2}, "step_c"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, kwargs, words):
    with pytest.raises(ValueError, match=words):
        tf.train.CheckpointManager(tf.train.Checkpoint(), tmp_path, **kwargs)


def test_a_state_file_is_read_as_far_as_it_can_be(tmp_path):
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/a\\"b"\nall_model_checkpoint_paths: "x-1"\n')
    state = tf.train.get_checkpoint_state(tmp_path)
    assert state.model_checkpoint_path == '/a"b'
    assert state.all_model_checkpoint_paths == [str(tmp_path / "x-1")]
    assert tf.train.latest_checkpoint(tmp_path) is None
    (tmp_path / "checkpoint").write_bytes(b"\xff\xfe\x00junk")
    assert tf.train.get_checkpoint_state(tmp_path) is None


def test_checkpoints_iterator_ends_after_its_time(tmp_path):
    tf.train.Checkpoint(v=tf.Variable(1.0)).save(tmp_path / "c")
    assert list(tf.train.checkpoints_iterator(tmp_path, timeout=0)) == [str(tmp_path / "c-1")]
