"""A notice that the process is to end: a checkpoint at the run after the next one, then the exit; the next start goes on."""

import os
import signal

import pytest

from kerasish import tf

Handler = tf.distribute.experimental.PreemptionCheckpointHandler
Config = tf.distribute.experimental.TerminationConfig


@pytest.fixture(autouse=True)
def _signals():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def handler(folder, config=None):
    v = tf.Variable(0)
    made = Handler(None, tf.train.Checkpoint(v=v), folder, config)
    return v, lambda: made.run(lambda x: int(v.assign_add(x)), 1), made


def test_a_signal_saves_and_exits_and_the_next_start_goes_on(tmp_path):
    v, run, made = handler(tmp_path)
    assert [run(), run()] == [1, 2]
    os.kill(os.getpid(), signal.SIGTERM)
    assert run() == 3
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 42
    assert sorted(os.listdir(tmp_path)) == ["checkpoint", "ckpt-1.data-00000-of-00001", "ckpt-1.index"]
    v, run, made = handler(tmp_path)
    assert int(v) == 3 and made.total_run_calls == 3
    assert run() == 4 and made.total_run_calls == 4


def test_a_watcher_tells_and_another_exit_is_called(tmp_path):
    ended = []
    v, run, _ = handler(tmp_path, Config(lambda: int(v) >= 1, lambda: ended.append(int(v))))
    assert [run() for _ in range(4)] == [1, 2, 3, 4] and ended == [2]


def test_a_grace_period_saves_at_once_and_at_its_end(tmp_path, monkeypatch):
    now, ended = [100.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    v, run, made = handler(tmp_path, Config(lambda: True, lambda: ended.append(int(v)), grace_period=10))
    for _ in range(4):
        run()
    assert tf.train.latest_checkpoint(tmp_path).endswith("ckpt-1") and not ended
    now[0] = 111.0
    run(), run()
    assert tf.train.latest_checkpoint(tmp_path).endswith("ckpt-2") and ended == [5]


def test_a_function_saves_in_place_of_the_manager(tmp_path):
    saved = []
    config = Config(lambda: True, lambda: None, save_fn=lambda *args, **kwargs: saved.append((args, kwargs)))
    _, _, made = handler(tmp_path / "none", config)
    for step in range(3):
        made.save_checkpoint_if_preempted(step, a=1)
    assert saved == [((1,), {"a": 1})] and not os.path.exists(tmp_path / "none")


def test_a_manager_is_used_as_it_is_and_a_scope_saves_at_its_end(tmp_path):
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(1)), tmp_path, max_to_keep=3)
    made = Handler(None, manager, termination_config=Config(lambda: True))
    with pytest.raises(SystemExit), made.watch_preemption_scope():
        made.run(lambda: None)
    assert len(manager.checkpoints) == 1


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match="`checkpoint_dir` must be given"):
        Handler(None, tf.train.Checkpoint())
    with pytest.raises(TypeError, match="A tf.train.Checkpoint or CheckpointManager is needed"):
        Handler(None, 3, tmp_path)
    with pytest.raises(TypeError, match="must be a TerminationConfig"):
        Handler(None, tf.train.Checkpoint(), tmp_path, termination_config=3)
