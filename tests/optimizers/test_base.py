"""Optimizer: what happens around the rule — clipping, averages, accumulation, decay — and the state it keeps."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kerasish import constraints, optimizers
from kerasish.core import dispatch
from kerasish.core.autodiff import GradientTape
from kerasish.core.context import clear_session, settings
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.layout import Layout
from kerasish.core.tensor import Tensor
from kerasish.core.variable import TFVariable, Variable, Weight
from kerasish.optimizers import SGD, Adam, Optimizer, schedules


def pair(a=(1.0, 1.0), b=(1.0, 1.0, 1.0)):
    return [Weight(np.float32(a), name="a"), Weight(np.float32(b), name="b")]


def ones(scale=1.0):
    return [np.full(2, scale, "float32"), np.ones(3, "float32")]


def run(optimizer, variables, *gradients):
    for gradient in gradients:
        optimizer.apply(gradient, variables)
    return [v.numpy().tolist() for v in variables]


# clipping -------------------------------------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("option", "gradient", "a", "b"),
    [  # recorded: variables of ones, the gradient of b is one, the learning rate 1
        ({"clipnorm": 0.5}, [3.0, 4.0], [0.7, 0.6], 0.7113249),
        ({"clipnorm": 0.5}, [INF, 1.0], [NAN, 1.0], 0.7113249),
        ({"clipnorm": 0.5}, [NAN, 1.0], [NAN, NAN], 0.7113249),
        ({"clipnorm": 0.5}, [0.0, 0.0], [1.0, 1.0], 0.7113249),
        ({"clipnorm": 5.0}, [0.3, 0.4], [0.7, 0.6], 0.0),
        ({"global_clipnorm": 0.5}, [3.0, 4.0], [0.7165266, 0.6220355], 0.9055089),
        ({"global_clipnorm": 0.5}, [INF, 1.0], [NAN, NAN], NAN),
        ({"global_clipnorm": 0.5}, [NAN, 1.0], [NAN, NAN], NAN),
        ({"clipvalue": 0.5}, [3.0, 0.25], [0.5, 0.75], 0.5),
        ({"clipvalue": 0.5}, [INF, NAN], [0.5, NAN], 0.5),
        ({"clipnorm": 0.0}, [3.0, 4.0], [-2.0, -3.0], 0.0),
        ({"clipvalue": -1.0}, [3.0, 4.0], [-2.0, -3.0], 0.0),
        ({"global_clipnorm": 0.0}, [3.0, 4.0], [-2.0, -3.0], 0.0),
    ],
)
def test_gradients_are_clipped(option, gradient, a, b):
    got = run(SGD(1.0, **option), pair(), [np.float32(gradient), np.ones(3, "float32")])
    np.testing.assert_allclose(got[0], a, rtol=1e-6)
    np.testing.assert_allclose(got[1], [b] * 3, rtol=1e-6)


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=6), st.floats(0.125, 8.0))
def test_a_clipped_gradient_is_no_longer_than_the_norm(gradient, norm):
    variable = Weight(np.zeros(len(gradient)), dtype="float64")
    SGD(1.0, clipnorm=norm).apply([np.float64(gradient)], [variable])
    length = np.linalg.norm(gradient)
    np.testing.assert_allclose(np.linalg.norm(variable.numpy()), min(norm, length), rtol=1e-6, atol=1e-12)


# accumulation, averages, decay, constraints ---------------------------------------------------------------------------


def test_accumulated_gradients_are_averaged():
    variables, optimizer = pair(), SGD(1.0, gradient_accumulation_steps=3)
    seen = []
    for i in range(7):
        optimizer.apply(ones(i + 1.0), variables)
        seen.append((float(variables[0][0]), int(optimizer.iterations)))
    assert seen == [(1.0, 0), (1.0, 0), (-1.0, 1), (-1.0, 1), (-1.0, 1), (-6.0, 2), (-6.0, 2)]
    assert optimizer.variables[2].numpy().tolist() == [7.0, 7.0]
    assert int(optimizer.variables[0]) == 7


def test_accumulation_drops_what_a_missing_gradient_had_summed_up():
    variables, optimizer = pair(), SGD(1.0, gradient_accumulation_steps=2)
    optimizer.apply(ones(), variables)
    with pytest.warns(UserWarning, match="Gradients do not exist for variables \\['b'\\]"):
        optimizer.apply([np.ones(2), None], variables)
    assert [v.numpy().tolist() for v in variables] == [[0.0, 0.0], [1.0, 1.0, 1.0]]
    assert not any(v.numpy().any() for v in optimizer.variables[2:])


def test_a_schedule_counts_accumulated_steps_too():
    schedule = schedules.PiecewiseConstantDecay([0, 1], [1.0, 10.0, 100.0])
    variables, optimizer = pair(), SGD(schedule, gradient_accumulation_steps=2)
    values = [run(optimizer, variables, ones())[0][0] for _ in range(4)]
    assert values == [1.0, -9.0, -9.0, -109.0]


def test_averages_follow_all_variables_and_replace_them():
    variables = pair()
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    optimizer.build(variables)
    assert optimizer.variables[2].numpy().tolist() == [0.0, 0.0]
    seen = []
    for i in range(5):
        with pytest.warns(UserWarning, match="Gradients do not exist"):
            optimizer.apply([np.full(2, i + 1.0), None], variables)
        seen.append((float(variables[0][0]), float(optimizer.variables[2][0])))
    assert seen == [(0.0, 0.0), (-1.0, -1.0), (-4.0, -2.5), (-5.25, -5.25), (-10.25, -7.75)]  # recorded
    assert optimizer.variables[3].numpy().tolist() == [1.0, 1.0, 1.0]
    optimizer.finalize_variable_values(variables)
    assert variables[0].numpy().tolist() == [-7.75, -7.75]


def test_averages_move_between_accumulated_updates():
    variables = pair()
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5, gradient_accumulation_steps=3)
    averages = []
    for i in range(7):
        optimizer.apply(ones(i + 1.0), variables)
        averages.append(float(optimizer.variables[2][0]))
    assert averages == [1.0, 1.0, -1.0, -1.0, -1.0, -3.5, -4.75]  # recorded


def test_constraints_hold_after_each_update_and_see_the_logical_value():
    seen = []

    def halve(w):
        seen.append(w)
        return w / 2.0

    variable = Weight(np.ones((2, 3), "float32"), layout=Layout((1, 0)))
    variable.constraint = halve
    optimizer = SGD(1.0)
    run(optimizer, [variable], [np.zeros((2, 3))], [np.zeros((2, 3))])
    assert variable.numpy().tolist() == [[0.25] * 3] * 2
    assert isinstance(seen[0], Tensor)
    assert seen[0].shape == (2, 3)
    assert float(seen[0][0, 0]) == 1.0, "what user code was given never changes"


def test_builtin_constraint_and_averages_are_in_the_real_order():
    variables = pair()
    variables[0].constraint = constraints.MaxNorm(0.5)
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5)
    for i in range(3):
        optimizer.apply(ones(i + 1.0), variables)
    np.testing.assert_allclose(variables[0].numpy(), -0.3535534, rtol=1e-6)  # recorded
    np.testing.assert_allclose(optimizer.variables[2].numpy(), -2.1767766, rtol=1e-6)


def test_weight_decay_shrinks_what_is_updated():
    variables = pair()
    optimizer = SGD(1.0, weight_decay=0.1)
    with pytest.warns(UserWarning, match="do not exist"):
        optimizer.apply([None, np.ones(3)], variables)
    np.testing.assert_allclose(variables[0].numpy(), 1.0)
    np.testing.assert_allclose(variables[1].numpy(), -0.1, rtol=1e-5)


@pytest.mark.parametrize(
    ("names", "decayed"),
    [
        (["bias"], "kernel"),
        (["kern.l"], "bias"),
        (["dense"], ""),
        (["^kernel"], "kernel bias"),
        (["BIAS"], "kernel bias"),
    ],
)
def test_variables_can_be_excluded_from_weight_decay_by_pattern(names, decayed):
    variables = [Weight([1.0], name="kernel"), Weight([1.0], name="bias")]
    for v in variables:
        v._path = f"dense/{v.name}"
    optimizer = SGD(1.0, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=names)
    run(optimizer, variables, [np.zeros(1), np.zeros(1)])
    assert " ".join(v.name for v in variables if v.numpy() < 1.0) == decayed


def test_variables_can_be_excluded_from_weight_decay_themselves_and_late():
    variables = pair()
    optimizer = SGD(1.0, weight_decay=0.5)
    optimizer.build(variables)
    optimizer.exclude_from_weight_decay(var_names=["b"])
    optimizer.exclude_from_weight_decay(var_list=[variables[0]])  # takes the place of the first
    assert run(optimizer, variables, [np.zeros(2), np.zeros(3)]) == [[1.0, 1.0], [0.5, 0.5, 0.5]]


def test_loss_scale_factor_is_taken_out_of_gradients():
    optimizer = SGD(1.0, loss_scale_factor=4.0)
    assert optimizer.scale_loss(2.0) == 8.0
    assert float(optimizer.scale_loss(dispatch.wrap(torch.tensor(2.0)))) == 8.0
    assert run(optimizer, pair(), ones()) == [[0.75, 0.75], [0.75, 0.75, 0.75]]


def test_variables_that_are_overwritten_with_their_gradients():
    variables = pair()
    variables[0].overwrite_with_gradient = True
    optimizer = SGD(1.0, clipnorm=0.1, weight_decay=0.5, use_ema=True, momentum=0.5)
    assert run(optimizer, variables, ones(5.0))[0] == [5.0, 5.0]
    assert [v.name for v in optimizer.variables[2:]] == ["b_average", "b_momentum"]


def test_keras_2_decay_lowers_the_rate():
    variables, optimizer = pair(), SGD(lr=1.0, decay=0.5)
    values = [run(optimizer, variables, ones())[0][0] for _ in range(3)]
    np.testing.assert_allclose(values, [0.0, -1 / 1.5, -1 / 1.5 - 0.5], rtol=1e-6)
    assert optimizers.deserialize(optimizers.serialize(optimizer)).decay == 0.5
    assert "decay" not in SGD().get_config()


# gradients and variables ----------------------------------------------------------------------------------------------


def test_gradients_may_be_arrays_tensors_and_other_dtypes():
    for gradient in ([1.0, 1.0], np.ones(2), torch.ones(2), dispatch.wrap(torch.ones(2, dtype=torch.float16))):
        (variable, _) = pair()
        SGD(1.0).apply_gradients([(gradient, variable)])
        assert variable.numpy().tolist() == [0.0, 0.0]


def test_gradients_of_other_strides_are_brought_into_order():
    variable = Weight(np.zeros((3, 4), "float32"))
    gradient = torch.arange(12.0).reshape(4, 3).T
    with torch.no_grad():
        optimizer = Adam(1.0)
        optimizer.build([variable])
        optimizer.raw_apply([gradient], [variable])
    np.testing.assert_allclose(optimizer.variables[2].numpy(), 0.1 * gradient.numpy(), rtol=1e-6)


def test_gradients_stay_as_they_are():
    gradient = torch.full((2,), 3.0)
    optimizer = Adam(0.1, clipvalue=1.0, loss_scale_factor=2.0, weight_decay=0.1)
    run(optimizer, pair(), [gradient, np.ones(3)])
    assert gradient.tolist() == [3.0, 3.0]


def test_apply_gradients_returns_the_iterations():
    optimizer, variables = SGD(), pair()
    result = optimizer.apply_gradients(zip(ones(), variables))
    assert result is optimizer.iterations
    assert int(result) == 1
    assert optimizer.apply(ones(), variables) is None
    assert optimizer.apply([]) is None


def test_a_subset_of_the_variables_can_be_updated():
    optimizer, variables = Adam(), pair()
    optimizer.build(variables)
    optimizer.apply([np.ones(3)], [variables[1]])
    assert variables[0].numpy().tolist() == [1.0, 1.0]
    assert variables[1].numpy()[0] < 1.0


def not_built():
    SGD().apply(ones())


def unknown_in_training():
    optimizer, variables = Adam(), pair()
    optimizer.build(variables[:1])
    with torch.no_grad():
        optimizer.raw_apply([torch.ones(2), torch.ones(3)], variables)


def too_few():
    optimizer, variables = SGD(), pair()
    optimizer.build(variables)
    optimizer.apply([np.ones(3)])


def unknown():
    optimizer = SGD()
    optimizer.build(pair())
    optimizer.apply([np.ones(2)], [pair()[0]])


def wrong_shape():
    SGD().apply([np.ones((5, 3))], [Weight(np.ones((2, 3)))])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (not_built, ValueError, "When passing `grads` without `variables`, the optimizer must already be built"),
        (too_few, ValueError, "must match one to one. Expected 2 gradients. Received: 1"),
        (unknown, ValueError, "Unknown variable: .*can only be called for the variables it was originally built with"),
        (
            wrong_shape,
            InvalidArgumentError,
            "variable with shape \\[2,3\\] using a Tensor with shape \\[5,3\\]",
        ),
        (unknown_in_training, ValueError, "Unknown variable: .*'b"),
        (lambda: SGD().apply([None, None], pair()), ValueError, "No gradients provided for any variable"),
        (lambda: SGD().apply_gradients([]), ValueError, "No gradients provided for any variable"),
        (lambda: SGD(foo=1), ValueError, "Argument\\(s\\) not recognized: {'foo': 1}"),
        (
            lambda: SGD(clipnorm=1.0, clipvalue=2.0),
            ValueError,
            "Only one of `clipnorm`, `clipvalue` and `global_clipnorm`",
        ),
        (lambda: SGD(use_ema=True, ema_momentum=2), ValueError, "`ema_momentum` must be in the range \\[0, 1\\]"),
        (lambda: SGD(use_ema=True, ema_overwrite_frequency=1.5), ValueError, "must be an integer >= 1 or None"),
        (lambda: SGD(gradient_accumulation_steps=1), ValueError, "must be an integer >= 2. Received: gradient_acc"),
        (
            lambda: SGD("foo"),
            ValueError,
            "Argument `learning_rate` should be float.*Received instead: learning_rate=foo",
        ),
        (lambda: SGD(None), ValueError, "Argument `learning_rate` should be float"),
        (lambda: SGD(True), ValueError, "Argument `learning_rate` should be float"),
        (lambda: Optimizer(0.1).apply(ones(), pair()), NotImplementedError, "does not define `update_step`"),
        (lambda: Optimizer(), TypeError, "learning_rate"),
        (lambda: SGD().set_weights([]), ValueError, "`set_weights\\(\\)` on an optimizer that has not yet been built"),
        (lambda: SGD().add_variable((2,), layout="x"), NotImplementedError, "layout"),
        (lambda: SGD().stateless_apply([], [], []), ValueError, "To call `stateless_apply`, SGD must be built"),
        (lambda: SGD().compute_gradients(1.0, pair()), ValueError, "`tape` is required when a `Tensor` loss is passed"),
    ],
)
def test_bad_calls_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# tapes ----------------------------------------------------------------------------------------------------------------


def test_minimize_and_tape_train():
    v = TFVariable([2.0])
    optimizer = SGD(0.25)
    for _ in range(3):
        optimizer.minimize(lambda: v * v, [v])
    assert v.numpy().tolist() == [0.25]
    with GradientTape() as tape:
        loss = v * v
    optimizer.minimize(loss, lambda: [v], tape=tape)
    assert v.numpy().tolist() == [0.125]
    with GradientTape() as tape:
        loss = v * v
    optimizer.apply_gradients(zip(tape.gradient(loss, [v]), [v]))
    assert v.numpy().tolist() == [0.0625]


@pytest.mark.parametrize("optimizer", [SGD(0.5), Adam(0.5), optimizers.Adafactor(0.5)])
def test_a_gradient_after_an_update_uses_the_value_that_was_read(optimizer):
    v = TFVariable([3.0])
    with GradientTape(persistent=True) as tape:
        y = v * v
    optimizer.apply_gradients([(tape.gradient(y, v), v)])
    assert v.numpy()[0] < 3.0
    assert tape.gradient(y, v).numpy().tolist() == [6.0]


def test_what_was_read_before_an_update_never_changes():
    variables, optimizer = pair(), Adam(0.1)
    optimizer.build(variables)
    read = [variables[0].value, variables[0][0], optimizer.variables[2].value, optimizer.iterations.value]
    before = [np.array(x) for x in read]
    run(optimizer, variables, ones(), ones())
    for was, x in zip(before, read):
        assert np.array_equal(was, np.array(x))
    assert int(optimizer.iterations) == 2


def test_an_update_under_an_open_tape_is_not_recorded():
    v = TFVariable([1.0])

    class Own(Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign(variable, variable * 2.0 - gradient)

    with GradientTape() as tape:
        y = v * 3.0
        Own(1.0).apply([np.ones(1)], [v])
        SGD(1.0).apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [0.0]
    assert tape.gradient(y, v).numpy().tolist() == [3.0]


def test_updates_do_not_need_the_parameter_object_to_stay():
    variable, optimizer = Weight([1.0, 2.0]), Adam(0.1)
    optimizer.apply([np.ones(2)], [variable])
    variable._slots[variable._key] = torch.nn.Parameter(
        torch.tensor([5.0, 6.0])
    )  # as load_state_dict(assign=True) does
    optimizer.apply([np.ones(2)], [variable])
    np.testing.assert_allclose(variable.numpy(), [4.9, 5.9], rtol=1e-5)


# the learning rate ----------------------------------------------------------------------------------------------------


def test_learning_rate_reads_and_writes_as_in_both_keras():
    optimizer = Adam()
    assert isinstance(optimizer.learning_rate, Variable)
    assert float(optimizer.lr) == float(optimizer.learning_rate) == pytest.approx(0.001)
    assert optimizer.learning_rate.dtype == "float32"
    for assign, value in (
        (lambda: optimizer.learning_rate.assign(0.5), 0.5),
        (lambda: setattr(optimizer, "learning_rate", 0.25), 0.25),
        (lambda: setattr(optimizer, "lr", 0.125), 0.125),
        (lambda: optimizer.lr.assign(optimizer.lr * 0.5), 0.0625),
        (lambda: setattr(optimizer, "learning_rate", dispatch.wrap(torch.tensor(2.0))), 2.0),
    ):
        assign()
        assert optimizer.lr.numpy() == value
        assert optimizer._k_rate() == value
    with pytest.raises(TypeError, match="Cannot convert"):
        optimizer.learning_rate = "x"


@pytest.mark.parametrize(
    "rate", [1, 1.0, np.float32(1.0), np.float64(1.0), torch.tensor(1.0), dispatch.wrap(torch.tensor(1.0))]
)
def test_learning_rate_may_be_any_number(rate):
    assert SGD(rate)._k_rate() == 1.0
    assert SGD(lr=rate)._k_rate() == 1.0


def test_learning_rate_may_be_a_function():
    rates = iter([1.0, 2.0])
    assert run(SGD(lambda: next(rates)), pair(), ones(), ones())[0] == [-2.0, -2.0]
    assert SGD(lambda: 0.5).learning_rate == 0.5


def test_learning_rate_may_be_a_schedule():
    schedule = schedules.ExponentialDecay(1.0, 1, 0.5)
    variables, optimizer = pair(), SGD(schedule)
    assert [v.path for v in optimizer.variables] == [f"{optimizer.name}/iteration"]
    assert run(optimizer, variables, ones(), ones())[0] == [-0.5, -0.5]
    assert float(optimizer.learning_rate) == 0.25
    with pytest.raises(TypeError, match="created with a `LearningRateSchedule` object.*not settable"):
        optimizer.learning_rate = 0.1
    later = SGD(0.1)
    later.learning_rate = schedule
    assert later._k_rate() == 1.0
    assert len(later.variables) == 1


def test_learning_rate_follows_floatx(monkeypatch):
    monkeypatch.setattr(settings, "floatx", "float64")
    assert SGD(0.1)._k_rate() == 0.1


# state ----------------------------------------------------------------------------------------------------------------


def test_names_are_those_of_keras():
    clear_session()
    names = [cls().name for cls in (SGD, SGD, Adam, optimizers.AdamW, optimizers.RMSprop, optimizers.Adafactor)]
    assert names == ["sgd", "sgd_1", "adam", "adam_w", "rm_sprop", "adafactor"]
    assert Adam(name="it").name == "it"


def test_slots_are_named_after_paths():
    variable = Weight([1.0], name="kernel")
    variable._path = "model/dense/kernel"
    optimizer = Adam(name="adam")
    optimizer.build([variable])
    assert optimizer.variables[2].path == "adam/model_dense_kernel_momentum"


def test_weights_can_be_taken_and_set():
    first, second = Adam(0.1), Adam(0.2)
    run(first, pair(), ones(), ones())
    second.build(pair())
    second.set_weights(first.get_weights())
    for a, b in zip(first.variables, second.variables):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert second._k_this_step == 3
    assert len(second.variables()) == len(second.weights) == 6
    with pytest.raises(
        ValueError, match="/iteration has shape \\(\\) not compatible with provided weight shape \\(7,\\)"
    ):
        second.set_weights([np.ones(7)])


def test_training_goes_on_from_saved_state():
    expected = run(Adam(0.1), pair(), *[ones(i) for i in range(6)])
    variables, first, store = pair(), Adam(0.1), {}
    run(first, variables, *[ones(i) for i in range(3)])
    first.save_own_variables(store)
    assert list(store) == [str(i) for i in range(6)]
    second = Adam()
    second.build(variables)
    second.load_own_variables(store)
    assert run(second, variables, *[ones(i) for i in range(3, 6)]) == expected


def test_state_of_another_size_is_left_alone_with_a_warning():
    optimizer, store = Adam(), {}
    optimizer.build(pair())
    optimizer.save_own_variables(store)
    with pytest.warns(UserWarning, match="because it has 2 variables whereas the saved optimizer has 6 variables"):
        SGD().load_own_variables(store)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: Adam(0.1, weight_decay=0.1, use_ema=True),
        lambda: optimizers.Muon(0.1),
        lambda: SGD(schedules.CosineDecay(0.1, 5), momentum=0.9),
    ],
)
def test_a_copy_goes_on_alone(duplicate, optimizer):
    variables, optimizer = pair(), optimizer()
    optimizer.exclude_from_weight_decay(var_list=[variables[0]])
    run(optimizer, variables, ones(), ones())
    copied_variables, copied = duplicate((variables, optimizer))
    expected = run(optimizer, variables, ones(3.0))
    assert run(copied, copied_variables, ones(3.0)) == expected
    assert int(copied.iterations) == 3


def test_stateless_apply_is_a_function():
    variables, optimizer = pair(), Adam(0.1)
    optimizer.build(variables)
    state = [v.numpy() for v in optimizer.variables]
    values = [v.numpy() for v in variables]
    once = optimizer.stateless_apply(state, ones(), values)
    again = optimizer.stateless_apply(*reversed((once[0], ones(), once[1])))
    assert [v.numpy().tolist() for v in variables] == [[1.0, 1.0], [1.0, 1.0, 1.0]]
    assert int(optimizer.iterations) == 0
    expected = run(optimizer, variables, ones(), ones())
    assert [v.numpy().tolist() for v in again[0]] == expected
    assert [v.numpy().tolist() for v in again[1]] == [v.numpy().tolist() for v in optimizer.variables]
    with pytest.raises(ValueError, match="Argument `trainable_variables`. Expected 2 values. Received: 1 values"):
        optimizer.stateless_apply(state, ones(), values[:1])


# configuration --------------------------------------------------------------------------------------------------------


def test_config_of_keras_2_is_understood():
    config = {
        "name": "Adam", "weight_decay": None, "clipnorm": None, "global_clipnorm": None, "clipvalue": None, "use_ema": False,
        "ema_momentum": 0.99, "ema_overwrite_frequency": None, "jit_compile": False, "is_legacy_optimizer": False,
        "learning_rate": 0.25, "beta_1": 0.5, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": False,
    }  # fmt: skip
    optimizer = Adam.from_config(config)
    assert (optimizer.name, optimizer._k_rate(), optimizer.beta_1) == ("Adam", 0.25, 0.5)
    old = {"class_name": "RMSprop", "config": {"lr": 0.5, "decay": 0.0, "rho": 0.9, "name": "rmsprop"}}
    assert optimizers.deserialize(old)._k_rate() == 0.5


def test_config_holds_schedules():
    optimizer = Adam(schedules.ExponentialDecay(0.1, 10, 0.5), clipnorm=1.0)
    config = optimizer.get_config()
    assert config["learning_rate"]["class_name"] == "ExponentialDecay"
    again = Adam.from_config(config)
    assert again.get_config() == config
    assert again._k_rate() == optimizer._k_rate()


def test_own_optimizer_works_as_in_the_documentation():
    class Heavy(Optimizer):
        def __init__(self, learning_rate=0.5, friction=0.5, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)
            self.friction = friction

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self.velocities = [
                self.add_variable_from_reference(reference_variable=v, name="velocity", initializer="ones")
                for v in variables
            ]
            self.extra = self.add_variable((2,), name="extra", dtype="int32")
            self.count = Variable(0.0, name="count")
            self.pairs = self.add_optimizer_variables(variables, ["x", "y"], initializer=["ones", "zeros"])

        def update_step(self, gradient, variable, learning_rate):
            assert isinstance(gradient, Tensor)
            assert isinstance(variable, Variable)
            assert gradient.shape == variable.shape
            velocity = self.velocities[self._get_variable_index(variable)]
            self.assign(velocity, velocity * self.friction + gradient)
            self.assign_sub(variable, velocity * learning_rate)
            self.count.assign_add(1.0)

        def get_config(self):
            return {**super().get_config(), "friction": self.friction}

    variables = [Weight(np.ones((2, 3), "float32"), name="k", layout=Layout((1, 0))), Weight([1.0], name="b")]
    optimizer = Heavy(name="h", weight_decay=0.0)
    gradients = [np.float32([[1, 2, 3], [4, 5, 6]]), np.float32([1.0])]
    run(optimizer, variables, gradients, gradients)
    np.testing.assert_allclose(variables[0].numpy(), 1.0 - 1.25 * gradients[0] - 0.375)
    assert [v.path for v in optimizer.variables] == [
        "h/iteration", "h/learning_rate", "h/k_velocity", "h/b_velocity", "h/extra", "count", "h/k_x", "h/k_y", "h/b_x",
        "h/b_y",
    ]  # fmt: skip
    assert float(optimizer.count) == 4.0
    assert [len(slots) for slots in optimizer.pairs] == [2, 2]
    assert Heavy.from_config(optimizer.get_config()).friction == 0.5


def test_own_variant_of_a_rule_is_asked_for_each_variable():
    class Clamped(SGD):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient * 2.0, variable, learning_rate)
            self.assign(variable, dispatch.wrap(variable.read().clamp(min=-2.0)))

    optimizer = Clamped(1.0, momentum=0.5)
    assert run(optimizer, pair(), ones(), ones()) == [[-2.0, -2.0], [-2.0, -2.0, -2.0]]
    assert optimizer.variables[2].numpy().tolist() == [-3.0, -3.0]


def test_training_can_tell_who_handles_whole_updates():
    class Centered(Adam):
        def apply_gradients(self, grads_and_vars):
            return super().apply_gradients([(g - g.mean(), v) for g, v in grads_and_vars])

    assert Centered().has_own_apply
    assert not Adam().has_own_apply


def test_averages_of_an_optimizer_that_never_ran():
    variables = pair()
    optimizer = SGD(use_ema=True)
    optimizer.finalize_variable_values(variables)
    assert variables[0].numpy().tolist() == [1.0, 1.0]


def test_own_optimizer_without_name_of_its_slots():
    optimizer = SGD(name="s")
    assert optimizer.add_variable_from_reference(Weight([1.0], name="a")).path == "s/a_var"
    assert optimizer.add_variable((2, 3), initializer="ones").numpy().tolist() == [[1.0] * 3] * 2


def test_slots_made_in_keras_2_style():
    optimizer = SGD(0.1)
    weight = Variable([[1.0, 2.0]], name="w")
    optimizer.build([weight])
    plain = optimizer.add_variable_from_reference(model_variable=weight, variable_name="m")
    assert plain.numpy().tolist() == [[0.0, 0.0]]
    short = optimizer.add_variable_from_reference(model_variable=weight, variable_name="row", shape=(2,))
    assert short.numpy().tolist() == [0.0, 0.0]
    given = optimizer.add_variable_from_reference(weight, "v", initial_value=[[3, 4]])
    assert given.numpy().tolist() == [[3.0, 4.0]]
