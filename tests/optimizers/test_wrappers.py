"""LossScaleOptimizer, MultiOptimizer and OptimizerMap."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from kerasish import optimizers
from kerasish.core.variable import Weight
from kerasish.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap, schedules


def pair():
    return [Weight(np.ones(2, "float32"), name="a"), Weight(np.ones(3, "float32"), name="b")]


def gradients(value):
    return [np.full(2, value, "float32"), np.ones(3, "float32")]


# LossScaleOptimizer ---------------------------------------------------------------------------------------------------


def test_scale_grows_and_shrinks_and_bad_updates_are_left_out():
    variables = pair()
    optimizer = LossScaleOptimizer(SGD(1.0), initial_scale=8.0, dynamic_growth_steps=2)
    optimizer.build(variables)
    assert optimizer.scale_loss(2.0) == 16.0
    seen = []
    for g in (1.0, 1.0, np.inf, 1.0, np.nan, 1.0, 1.0, 1.0):
        optimizer.apply(gradients(g), variables)
        state = (optimizer.step_counter, optimizer.dynamic_scale, optimizer.iterations)
        seen.append((float(variables[0][0]), *map(float, state)))
    assert seen == [  # recorded
        (0.875, 1, 8, 1), (0.75, 0, 16, 2), (0.75, 0, 8, 2), (0.625, 1, 8, 3), (0.625, 0, 4, 3), (0.375, 1, 4, 4),
        (0.125, 0, 8, 5), (0.0, 1, 8, 6),
    ]  # fmt: skip


def test_loss_scale_optimizer_keeps_both_states():
    optimizer = LossScaleOptimizer(SGD(1.0, momentum=0.5, name="s"), name="l")
    optimizer.build(pair())
    assert [v.path for v in optimizer.variables] == [
        "l/iteration", "l/learning_rate", "l/step_counter", "l/dynamic_scale", "s/iteration", "s/learning_rate",
        "s/a_momentum", "s/b_momentum",
    ]  # fmt: skip
    other = LossScaleOptimizer(SGD(momentum=0.5), initial_scale=4.0)
    other.build(pair())
    other.set_weights(optimizer.get_weights())
    assert other.scale() == 2.0**15
    assert other.inner_optimizer._k_rate() == 1.0


def test_loss_scale_optimizer_passes_on_to_the_inner_one():
    inner = SGD(1.0, weight_decay=0.5, use_ema=True, ema_momentum=0.5)
    optimizer, variables = LossScaleOptimizer(inner, initial_scale=1.0), pair()
    optimizer.exclude_from_weight_decay(var_names=["a"])
    result = optimizer.apply_gradients(zip(gradients(1.0), variables))
    assert int(result) == int(inner.iterations) == 1
    assert [v.numpy()[0] for v in variables] == [0.0, -0.5]
    optimizer.learning_rate = 0.0
    assert inner._k_rate() == float(optimizer.learning_rate) == 0.0
    optimizer.finalize_variable_values(variables)
    assert [v.numpy()[0] for v in variables] == [0.0, -0.5]
    optimizer.minimize(lambda: variables[0] * 1.0, variables[:1])
    assert int(optimizer.iterations) == 2


def test_loss_scale_optimizer_with_accumulation_and_an_inner_factor():
    variables = pair()
    optimizer = LossScaleOptimizer(SGD(1.0, gradient_accumulation_steps=2, loss_scale_factor=2.0), initial_scale=4.0)
    assert optimizer.scale_loss(1.0) == 8.0
    for _ in range(2):
        optimizer.apply([g * 8.0 for g in gradients(1.0)], variables)
    assert variables[0].numpy().tolist() == [0.0, 0.0]
    assert int(optimizer.iterations) == 1


def test_finiteness_can_be_asked():
    optimizer = LossScaleOptimizer(SGD())
    assert optimizer.check_finite([np.ones(2, "float32"), None])
    assert not optimizer.check_finite([np.ones(2, "float32"), np.float32([np.inf, 1.0])])
    assert not optimizer.check_finite([np.float32([np.nan])])


def test_loss_scale_optimizer_survives_serialization_and_copies():
    optimizer = LossScaleOptimizer(Adam(schedules.CosineDecay(0.1, 5)), initial_scale=4.0, dynamic_growth_steps=7)
    again = optimizers.get(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    assert isinstance(again.inner_optimizer, Adam)
    variables = pair()
    optimizer.apply(gradients(1.0), variables)
    copied_variables, copied = copy.deepcopy((variables, optimizer))
    for o, v in ((optimizer, variables), (copied, copied_variables)):
        o.apply(gradients(2.0), v)
    assert copied_variables[0].numpy().tolist() == variables[0].numpy().tolist()
    assert int(copied.step_counter) == 2


@pytest.mark.parametrize(
    ("args", "kwargs", "kind", "message"),
    [
        (
            (SGD(),),
            {"use_ema": True},
            ValueError,
            "does not support `use_ema`. Instead, set `use_ema` on the `inner_opt",
        ),
        ((SGD(),), {"clipnorm": 1.0}, ValueError, "does not support `clipnorm`"),
        ((SGD(),), {"learning_rate": 1.0}, ValueError, "does not support arguments: `learning_rate`"),
        ((SGD(),), {"dynamic": False}, ValueError, "no longer supports `dynamic=False`"),
        (("sgd",), {}, TypeError, "`inner_optimizer` must be an optimizer. Received: 'sgd'"),
    ],
)
def test_loss_scale_optimizer_refuses_bad_arguments(args, kwargs, kind, message):
    with pytest.raises(kind, match=message):
        LossScaleOptimizer(*args, **kwargs)


# MultiOptimizer -------------------------------------------------------------------------------------------------------


def layers():
    variables = [Weight(np.ones((2, 2), "float32"), name=name) for name in ("kernel", "bias", "kernel", "bias")]
    for variable, layer in zip(variables, ("dense", "dense", "dense_2", "dense_2")):
        variable._path = f"{layer}/{variable.name}"
    return variables


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["dense/kernel"], "dense/kernel D D D"),
        (["dense/.*"], "dense/.* dense/.* D D"),
        ([".*kernel"], ".*kernel D .*kernel D"),
        (["kernel"], "D D D D"),
        (["^dense"], "D D D D"),
        (["dense/kernel", "dense/.*"], "dense/kernel dense/.* D D"),
    ],
)
def test_map_matches_whole_paths(keys, expected):
    chosen = OptimizerMap(SGD(name="D"), {key: SGD(name=key) for key in keys})
    assert " ".join(chosen(v).name for v in layers()) == expected


def test_map_is_a_mapping():
    first, second = SGD(name="first"), SGD(name="second")
    mapping = OptimizerMap(SGD(name="D"), {"dense.*": first})
    assert mapping.default_optimizer.name == "D"
    mapping["other"] = second
    assert list(mapping) == ["dense.*", "other"]
    assert [o.name for o in mapping.values()] == ["first", "second"]
    assert mapping["dense/bias"] is first
    assert mapping.pop("other") is second
    assert len(mapping) == 1
    with pytest.raises(KeyError):
        del mapping["nothing"]
    with pytest.raises(ValueError, match="'dense.\\*' already exists in the OptimizerMap"):
        mapping["dense.*"] = second
    with pytest.raises(ValueError, match="optimizer must be a Keras Optimizer instance. Received: sgd"):
        mapping["x"] = "sgd"
    with pytest.raises(TypeError, match="default_optimizer must be a Keras Optimizer instance. Received: sgd"):
        OptimizerMap("sgd")
    mapping[".*bias"] = second
    with pytest.raises(ValueError, match="Multiple optimizers assigned to variable dense/bias"):
        mapping["dense/bias"]


def test_multi_optimizer_updates_each_variable_by_its_own_rule():
    variables = layers()
    rules = OptimizerMap(SGD(0.1, name="D"), {"dense/.*": SGD(1.0, momentum=0.5, name="A"), "zz": Adam(name="zz")})
    optimizer = MultiOptimizer(rules, loss_scale_factor=2.0, name="m")
    assert [o.name for o in optimizer.optimizers] == ["A", "zz", "D"]
    optimizer.build(variables)
    assert [v.path for v in optimizer.variables] == [
        "m/iteration", "m/learning_rate", "A/iteration", "A/learning_rate", "A/dense_kernel_momentum",
        "A/dense_bias_momentum", "zz/iteration", "zz/learning_rate", "D/iteration", "D/learning_rate",
    ]  # fmt: skip
    assert optimizer.scale_loss(3.0) == 6.0
    for _ in range(2):
        optimizer.apply([np.full((2, 2), 2.0)] * 4, variables)
    np.testing.assert_allclose([v.numpy()[0, 0] for v in variables], [-1.5, -1.5, 0.8, 0.8], rtol=1e-6)
    assert int(optimizer.iterations) == 2
    optimizer.set_weights(optimizer.get_weights())
    optimizer.finalize_variable_values(variables)


def test_multi_optimizer_takes_a_function():
    of_kernels, of_others = SGD(1.0), SGD(0.5)
    variables = layers()
    optimizer = MultiOptimizer(lambda v: of_kernels if "kernel" in v.path else of_others)
    optimizer.apply([np.ones((2, 2))] * 4, variables)
    assert [v.numpy()[0, 0] for v in variables] == [0.0, 0.5, 0.0, 0.5]
    assert optimizer.optimizers == [of_kernels, of_others]
    with pytest.raises(ValueError, match="(?s)Optimizer for variable .* is not an Optimizer instance"):
        MultiOptimizer(lambda v: None).build(variables)


def test_multi_optimizer_has_no_learning_rate():
    optimizer = MultiOptimizer(OptimizerMap(SGD()))
    with pytest.raises(AttributeError, match="cannot be accessed on a MultiOptimizer"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="cannot be set on a MultiOptimizer"):
        optimizer.learning_rate = 0.5


def test_multi_optimizer_survives_serialization():
    optimizer = MultiOptimizer(OptimizerMap(SGD(), {"a": Adam(0.5)}), loss_scale_factor=4.0)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    assert again.optimizers[0]._k_rate() == 0.5
