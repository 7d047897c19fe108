"""Capture: compiled steps in place of eager ones, when they are, and what happens where they cannot be."""

import gc
import json
import os
import shutil
import warnings
import weakref

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish.core import device as devices
from kerasish.training import capture, compile_job
from kerasish.training import graph as graphs
from kerasish.training.capture import Cost

L = keras.layers
rng = np.random.default_rng(4)
X, Y = rng.normal(size=(44, 6)).astype("f"), rng.normal(size=(44, 2)).astype("f")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASISH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Interpreted:
    """A job whose library is the traced graph; ``spoil`` may change its results."""

    swap_at = 0
    spoil = staticmethod(lambda results: results)

    def __init__(self, step, batch, phase, swap_at=0, wait=True, only_kept=False):
        compile_job.check_capturable(step)
        self.graph = graphs.trace(step, batch, phase, len(step.compiled.optimizer.step_values(phase)))
        self.used, self.key, self.swap_at, self.runs = self.graph.used, str(id(self)), swap_at, 0

    def wait(self):
        return self

    def load(self):
        def run(inputs):
            self.runs += 1
            return self.spoil(list(self.graph.module(*inputs)))

        return run


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that are begun, run by torch's interpreter."""
    begun = []

    def start(*args, **kwargs):
        begun.append(Interpreted(*args, **kwargs))
        return begun[-1]

    monkeypatch.setattr(capture, "start", start)
    return begun


def model_of(*layers, jit_compile=True, optimizer="adam", seed=3, **options):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((6,)), *layers, L.Dense(2)])
    model.compile(optimizer, options.pop("loss", "mse"), jit_compile=jit_compile, **options)
    return model


def fit(model, epochs=2, **options):
    keras.utils.set_random_seed(8)
    model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, **options)
    return model.get_weights()


def assert_equal(found, expected, rtol=1e-5, atol=1e-6):
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(f, e, rtol, atol)


def live_objects(model, epochs):
    """How many objects there are after some epochs without the garbage collector's help."""
    gc.collect()
    gc.disable()
    try:
        model.fit(X[:40], Y[:40], batch_size=8, epochs=epochs, verbose=0, callbacks=[])
        model.history = None
        return len(gc.get_objects())
    finally:
        gc.enable()


compiled = pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")

# compiled for real ----------------------------------------------------------------------------------------------------


@compiled
def test_a_compiled_run_equals_an_eager_one_and_is_kept_for_the_next(cache):
    def layers():
        keras.utils.set_random_seed(2)
        return (
            L.Dense(8, "relu", kernel_regularizer="l2"),
            L.Dropout(0.3),
            L.LayerNormalization(),
            L.Dropout(0.2, seed=1),
        )

    def options():
        return {"optimizer": keras.optimizers.AdamW(0.01, global_clipnorm=1.0, use_ema=True), "metrics": ["mae"]}

    expected = fit(model_of(*layers(), jit_compile=False, **options()))
    model = model_of(*layers(), **options())
    assert_equal(fit(model), expected)
    assert model._k_tiers().captured
    made = sorted(cache.glob("*/*/step.so"))
    assert len(made) == 1
    again = model_of(*layers(), **options())  # other names for its layers
    assert_equal(fit(again), expected)
    assert again._k_tiers().captured
    assert sorted(cache.glob("*/*/step.so")) == made
    before = live_objects(again, 20)
    assert live_objects(again, 200) <= before + 5  # nothing is kept from step to step
    os.chmod(made[0], 0o666)  # anybody may have changed it
    with pytest.warns(UserWarning, match="others could have written to"):
        assert_equal(fit(model_of(*layers(), **options())), expected)


@compiled
def test_fused_recurrent_kernels_and_users_code_are_compiled():
    class Last(L.Layer):
        def call(self, x):
            return keras.ops.tanh(x[:, -1]) * 2.0

    def run(jit_compile):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((6, 1)), L.LSTM(4, return_sequences=True), Last(), L.Dense(2)])
        model.compile("adam", "mse", jit_compile=jit_compile)
        weights = fit(model)
        assert model._k_tiers().captured is jit_compile
        return weights

    assert_equal(run(True), run(False))


# when -----------------------------------------------------------------------------------------------------------------


def test_only_a_run_that_pays_for_it_is_captured():
    model = model_of(L.Dense(8), L.Dense(8))
    cost = Cost(model, 8)
    assert cost.swap_at(1000, fixed=False) is None
    begin = cost.swap_at(10_000_000, fixed=False)
    assert begin > 1000
    assert cost.swap_at(20_000_000, fixed=False) == begin
    assert cost.swap_at(10_000_000, fixed=True) == 0
    assert cost.swap_at(100_000, fixed=True) is None


def test_no_run_below_the_least_number_of_steps_pays():
    for units in ([4], [4] * 200):
        cost = Cost(model_of(*(L.Dense(n) for n in units)), 8)
        assert cost.swap_at(Cost.LEAST, fixed=False) is None
        assert cost.swap_at(Cost.LEAST, fixed=True) is None


def test_a_library_that_is_there_is_used_by_runs_without_a_seed(monkeypatch):
    asked = []
    monkeypatch.setattr(capture, "start", lambda *args: asked.append(args[-1]))  # nothing is there
    monkeypatch.setattr(capture, "_WORTH_A_LOOK", 12)
    model = model_of(jit_compile="auto")
    fit(model)
    assert not asked
    monkeypatch.setattr(capture.settings, "global_seed", None)
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    assert asked == [True]
    assert model._k_tiers()._idle


def test_a_run_of_convolutions_or_recurrent_layers_gains_nothing():
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(4, 3), L.Conv2D(4, 3), L.Flatten(), L.Dense(2)])
    assert Cost(model, 8).swap_at(10**9, fixed=False) is None


def test_auto_is_eager_in_short_runs(jobs):
    model = model_of(jit_compile="auto")
    fit(model)
    assert not jobs
    assert model._k_runner("train", 12, 8).__closure__ is not None
    assert model._k_tiers().runner(12, 8) == model._the_step().train


def test_auto_swaps_at_the_step_that_the_policy_names(jobs, monkeypatch):
    monkeypatch.setattr(capture.Cost, "swap_at", lambda self, steps, fixed: 4)
    monkeypatch.setattr(capture.Cost, "LEAST", 0)
    expected = fit(model_of(jit_compile=False))
    model = model_of(jit_compile="auto")
    assert_equal(fit(model), expected)
    (job,) = jobs
    assert job.runs == 2 * 5 - 3  # of 12 steps the first three and the short last one of each epoch are eager


@pytest.mark.parametrize("jit_compile", [False, None])
def test_false_never_captures(jobs, jit_compile):
    fit(model_of(jit_compile=jit_compile))
    assert not jobs


def test_run_eagerly_may_be_said_later(jobs):
    model = model_of()
    fit(model, epochs=1)
    model.run_eagerly = True
    runs = jobs[0].runs
    fit(model, epochs=1)
    assert jobs[0].runs == runs


def test_run_eagerly_calls_the_users_code_each_time(jobs):
    calls = []

    class Noted(L.Layer):
        def call(self, x):
            calls.append(1)
            return x

    model = model_of(Noted(), run_eagerly=True)
    calls.clear()
    fit(model, epochs=1)
    assert len(calls) == 6
    assert not jobs


def test_single_calls_are_captured_where_asked_for(jobs):
    model = model_of()
    for _ in range(3):
        model.train_on_batch(X[:8], Y[:8])
    assert jobs[0].runs == 2
    assert int(model.optimizer.iterations) == 3


# kinds of batches and state -------------------------------------------------------------------------------------------


def test_a_shorter_last_batch_is_made_eagerly(jobs):
    expected = fit(model_of(L.BatchNormalization(), jit_compile=False))
    model = model_of(L.BatchNormalization())
    assert_equal(fit(model), expected)
    assert len(jobs) == 1
    assert jobs[0].runs == 2 * 5 - 1


def test_a_compiled_step_is_given_only_what_it_was_compiled_for(jobs):
    model = model_of()
    batches = [(8, torch.float32), (8, torch.float32), (4, torch.float32), (8, torch.float32)]
    for size, dtype in batches:
        model._k_runner("train")((torch.zeros(size, 6, dtype=dtype), torch.zeros(size, 2), None))
    assert jobs[0].runs == 2
    transposed = torch.zeros(6, 8).T  # the same shape, other strides
    model._k_runner("train")((transposed, torch.zeros(8, 2), None))
    assert jobs[0].runs == 2


def test_weights_assigned_read_or_replaced_between_steps_count(jobs):
    model = model_of(optimizer="sgd")
    reference = model_of(optimizer="sgd", jit_compile=False)
    read = []
    for m in (model, reference):
        for step in range(6):
            m.train_on_batch(X[:8], Y[:8])
            if step == 2:
                m.layers[0].kernel.assign(np.ones((6, 2), "f"))
            if step == 3:
                read.append((m.layers[0].kernel.value, m.layers[0].kernel.numpy()))
            if step == 4:
                state = {k: v.clone() * 2 for k, v in m.state_dict().items()}
                m.load_state_dict(state, assign=True)
    assert_equal(model.get_weights(), reference.get_weights())
    for value, then in read:
        assert np.array_equal(value.numpy(), then)  # later steps do not change what was read
    assert jobs[0].runs == 5


def test_a_layer_that_is_frozen_later_is_another_step(jobs):
    model = model_of(L.Dense(4))
    fit(model, epochs=1)
    kernel = model.layers[0].kernel.numpy()
    model.layers[0].trainable = False
    model.compile("adam", "mse", jit_compile=True)
    fit(model, epochs=1)
    assert len(jobs) == 2
    assert np.array_equal(model.layers[0].kernel.numpy(), kernel)


def test_models_that_are_gone_leave_nothing(jobs):
    model = model_of()
    fit(model)
    jobs.clear()
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


# where it does not work -----------------------------------------------------------------------------------------------


def test_a_step_that_computes_something_else_is_not_used(jobs, monkeypatch):
    monkeypatch.setattr(Interpreted, "spoil", staticmethod(lambda results: [results[0] * 1.1, results[1]]))
    model = model_of()
    with pytest.warns(UserWarning, match="gives another loss or gradients than the eager one") as told:
        fit(model)
    assert len(told) == 1
    assert not model._k_tiers().captured
    assert jobs[0].runs == 1


def test_wrong_gradients_are_noticed(jobs, monkeypatch):
    monkeypatch.setattr(Interpreted, "spoil", staticmethod(lambda results: [results[0], results[1] * 1.1]))
    with pytest.warns(UserWarning, match="gives another loss or gradients"):
        fit(model_of(jit_compile=True))


class UsersOptimizer(keras.optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        variable.assign_sub(gradient * learning_rate)


def with_hook():
    model = model_of()
    model.layers[0].register_forward_hook(lambda *args: None)
    return model


def with_metrics_of_its_own():
    class Model(keras.Model):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            return super().compute_metrics(x, y, y_pred, sample_weight)

    inputs = keras.Input((6,))
    model = Model(inputs, L.Dense(2)(inputs))
    model.compile("sgd", "mse", jit_compile=True)
    return model


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (with_hook, "a layer has hooks"),
        (with_metrics_of_its_own, "compute_metrics\\(\\) is overridden"),
        (
            lambda: model_of(optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())),
            "decides on the host",
        ),
        (lambda: model_of(optimizer=UsersOptimizer(0.1)), "decides on the host"),
    ],
)
def test_what_cannot_be_captured_is_told_once(make, reason):
    model = make()
    with pytest.warns(UserWarning, match=f"training goes on without a compiled step: .*{reason}") as told:
        fit(model)
    assert len(told) == 1
    assert not model._k_tiers().captured


def test_without_weights_there_is_nothing_to_capture():
    model = keras.Sequential([keras.Input((6,)), L.Lambda(lambda x: x[:, :2])])
    model.compile("sgd", "mse", jit_compile=True)
    with (
        pytest.warns(UserWarning, match="does not have any trainable weights"),
        pytest.raises(graphs.CannotCapture, match="there are no weights to train"),
    ):
        compile_job.check_capturable(model._the_step())


def test_without_a_compiler_training_is_eager(monkeypatch):
    monkeypatch.setattr(compile_job.shutil, "which", lambda name: None)
    with pytest.warns(UserWarning, match="there is no C\\+\\+ compiler"):
        fit(model_of())
    monkeypatch.setattr(capture.Cost, "swap_at", lambda self, steps, fixed: 0)
    monkeypatch.setattr(capture.Cost, "LEAST", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model_of(jit_compile="auto"))


def test_a_job_that_runs_is_not_begun_again(monkeypatch):
    begun = []

    class Process:
        def __init__(self, command, **options):
            begun.append(command)

        def poll(self):
            return 0

    monkeypatch.setattr(compile_job.subprocess, "Popen", Process)
    model = model_of()
    model.train_on_batch(X[:8], Y[:8])
    step, batch = model._the_step(), (torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), None)
    phase = model.optimizer._k_phase()
    first = compile_job.start(step, batch, phase, 7, False)
    assert compile_job.start(step, batch, phase, 9, False) is first
    assert (len(begun), first.swap_at) == (1, 9)
    first.stop()
    assert not compile_job._running


def test_a_compiler_that_fails_is_told(monkeypatch):
    monkeypatch.setattr(compile_job, "_SETTINGS", ("no such setting",))
    monkeypatch.setattr(compile_job.settings, "no such setting", 1, raising=False)
    monkeypatch.setattr(compile_job.sys, "executable", "/bin/false")
    with pytest.warns(UserWarning, match="the compiler's process ended early: it said nothing"):
        fit(model_of())


# what is compiled -----------------------------------------------------------------------------------------------------


def key_of(model, batch=8):
    model.train_on_batch(X[:batch], Y[:batch])
    config = compile_job._anonymous(compile_job.configuration(model))
    return compile_job._key(config, graphs.written_state(model))


@pytest.mark.parametrize("meta", ["{", "{}", '{"used": []}'])
def test_a_damaged_library_is_removed(meta):
    job = compile_job.Job("ab12", 0)
    job.result.mkdir(parents=True, mode=0o700)
    for name, text in (("step.so", "no library"), ("meta.json", meta)):
        (job.result / name).write_text(text)
        os.chmod(job.result / name, 0o600)
    os.chmod(job.result, 0o700)
    with pytest.raises(graphs.CannotCapture, match="is damaged, and was removed"):
        job.wait()
    assert not job.result.exists()


def test_training_goes_on_where_nothing_can_be_kept(cache):
    cache.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="training goes on without a compiled step"):
        fit(model_of())


def test_whoever_waits_is_told(monkeypatch, capsys):
    class Process:
        def wait(self, timeout=None):
            if timeout is not None:
                raise compile_job.subprocess.TimeoutExpired("compiler", timeout)

    job = compile_job.Job("ab34", 0)
    job._process = Process()
    job._wait()
    assert capsys.readouterr().err.startswith("Compiling the training step (jit_compile).")
    monkeypatch.setattr(compile_job.settings, "interactive_logging", False)
    job._wait()
    assert not capsys.readouterr().err


def test_equal_models_share_a_library_whatever_their_names_and_rates():
    first = key_of(model_of(L.Dense(4), jit_compile=False, optimizer=keras.optimizers.Adam(0.1)))
    other = key_of(model_of(L.Dense(4), jit_compile=False, optimizer=keras.optimizers.Adam(0.2)))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    scheduled = key_of(model_of(L.Dense(4), jit_compile=False, optimizer=keras.optimizers.Adam(schedule)))
    assert first == other == scheduled
    assert first != key_of(model_of(L.Dense(5), jit_compile=False))
    assert first != key_of(model_of(L.Dense(4, "relu"), jit_compile=False))
    assert first != key_of(model_of(L.Dense(4), jit_compile=False, optimizer=keras.optimizers.Adam(0.1, beta_1=0.5)))
    assert first != key_of(model_of(L.Dense(4), jit_compile=False, loss="mae"))


def test_names_that_mean_something_are_kept():
    config = {"class_name": "A", "config": {"name": "relu", "activation": "relu"}}
    assert compile_job._anonymous(config) == config
    config = {"class_name": "A", "config": {"name": "first", "activation": "relu"}}
    assert json.dumps(compile_job._anonymous(config)) == json.dumps(config).replace("first", "#0")


def test_a_users_code_is_told_from_the_librarys():
    assert compile_job.configuration(model_of(L.Dense(4), L.Dropout(0.1))) is not None
    assert compile_job.configuration(model_of(L.Lambda(lambda x: x))) is None
    assert compile_job.configuration(model_of(L.Dense(4, activation=lambda x: x))) is None
    assert compile_job.configuration(model_of(loss=lambda a, b: keras.ops.mean((a - b) ** 2))) is None


def test_the_cache_keeps_a_bounded_number(cache, monkeypatch):
    monkeypatch.setattr(compile_job, "_KEPT", 2)
    for i in range(4):
        folder = cache / "aa" / str(i)
        folder.mkdir(parents=True)
        (folder / "step.so").write_bytes(b"")
        os.utime(folder / "step.so", (i, i))
    compile_job._prune()
    assert sorted(path.name for path in cache.glob("aa/*")) == ["2", "3"]


# recordings, as CUDA devices have them --------------------------------------------------------------------------------


@pytest.fixture
def recorder(monkeypatch):
    """A CPU that records as CUDA does: the function's tensors are fixed, and nothing runs until it is launched."""
    recorded = []

    def record(function, generators):
        results = [torch.zeros(()), torch.zeros(0)]
        recorded.append(function)

        def launch():
            results[:] = function()

        return launch, results

    monkeypatch.setattr(devices, "records", lambda device: True)
    monkeypatch.setattr(devices, "record", record)
    monkeypatch.setattr(
        capture, "start", lambda *args, **kwargs: (_ for _ in ()).throw(graphs.CannotCapture("no compiler"))
    )
    return recorded


@pytest.mark.parametrize("jit_compile", ["auto", True])
def test_recorded_steps_equal_eager_ones(recorder, jit_compile):
    options = {"optimizer": "nadam", "metrics": ["mae"]}
    expected = fit(model_of(L.Dropout(0.2), jit_compile=False, **options), epochs=8)
    model = model_of(L.Dropout(0.2), jit_compile=jit_compile, **options)
    assert_equal(fit(model, epochs=8), expected)
    assert model._k_tiers().captured
    assert len(recorder) == 1


def test_a_step_is_recorded_anew_when_its_state_has_moved(recorder):
    model, reference = model_of(), model_of(jit_compile=False)
    for m in (model, reference):
        for step in range(6):
            m.train_on_batch(X[:8], Y[:8])
            if step == 3:
                kept = m.layers[0].kernel.value  # the next step leaves the old storage to it
    assert_equal(model.get_weights(), reference.get_weights())
    assert kept.shape == (6, 2)
    assert len(recorder) == 2


def test_short_runs_are_not_recorded(recorder):
    fit(model_of(jit_compile="auto"))
    assert not recorder
