"""Layers and models as torch modules: torch's own tools must work on them."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from kerasish import layers, ops
from kerasish.layers import BatchNormalization, Dense, Dropout, Embedding, Input, Layer, TorchModuleWrapper
from kerasish.models import Model, Sequential
from kerasish.utils import set_random_seed

X = np.random.default_rng(0).random((4, 3), dtype="float32")
XT = torch.tensor(X)


def small():
    return Sequential([Input((3,)), Dense(4, activation="relu"), Dense(2)])


class Blocks(Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Dense(2), Dense(2)]
        self.heads = {"a": Dense(1)}

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](x)


def weights_are_zero(model):
    return all(not np.any(w) for w in model.get_weights())


# names ----------------------------------------------------------------------------------------------------------------


def test_names_of_a_models_children_do_not_depend_on_what_was_made_before():
    names = ["0.kernel", "0.bias", "1.kernel", "1.bias"]
    assert list(small().state_dict()) == list(small().state_dict()) == names
    assert [name for name, _ in small().named_modules()] == ["", "0", "1"]
    inputs = Input((3,))
    functional = Model(inputs, Dense(2)(Dense(4)(inputs)))
    assert list(functional.state_dict()) == ["1.kernel", "1.bias", "2.kernel", "2.bias"]


def test_children_in_lists_and_dicts_are_named_by_their_paths():
    model = Blocks()
    model(X)
    expected = [f"{path}.{name}" for path in ("blocks.0", "blocks.1", "heads.a") for name in ("kernel", "bias")]
    assert list(model.state_dict()) == [name for name, _ in model.named_parameters()] == expected
    assert model.get_submodule("blocks.1") is model.blocks[1]
    assert model.get_parameter("heads.a.kernel").shape == (2, 1)
    with pytest.raises(AttributeError, match="no parameter"):
        model.get_parameter("heads.a.nothing")


def test_names_follow_a_replaced_layer_and_a_popped_one():
    model = Blocks()
    model(X)
    model.blocks[1] = Dense(5, use_bias=False)
    model.heads["a"] = Dense(1)
    model(X)
    assert [n for n in model.state_dict() if n.startswith("blocks.1")] == ["blocks.1.kernel"]
    sequential = small()
    sequential.pop()
    sequential.add(Dense(7))
    assert sequential.state_dict()["1.kernel"].shape == (4, 7)


# functional use -------------------------------------------------------------------------------------------------------


def test_functional_call_computes_with_the_given_weights():
    model = small()
    zeros = {name: torch.zeros_like(t) for name, t in model.state_dict().items()}
    assert not torch.func.functional_call(model, zeros, (XT,)).any()
    assert model(XT).any()


def test_gradients_of_single_samples_by_vmap_agree_with_backward():
    model = small()
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters, x):
        return torch.func.functional_call(model, parameters, (x[None],)).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, XT)
    model(XT).square().sum().backward()
    for name, p in model.named_parameters():
        torch.testing.assert_close(each[name].sum(0), p.grad)


@pytest.mark.parametrize("assign", [True, False])
def test_load_state_dict(assign):
    model, other = small(), small()
    model(XT)
    model.load_state_dict(other.state_dict(), assign=assign)
    torch.testing.assert_close(model(XT), other(XT), rtol=0, atol=0)
    np.testing.assert_array_equal(model.weights[0].numpy(), other.weights[0].numpy())
    with pytest.raises(RuntimeError, match="0.kernel"):
        model.load_state_dict({"x": torch.zeros(1)})


def test_export_and_compile_give_the_same_values():
    model = small()
    expected = model(XT).detach()
    torch.testing.assert_close(torch.export.export(model, (XT,)).module()(XT), expected)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(model, backend="eager")(XT), expected)


def test_checkpointing_and_averaging():
    from torch.utils.checkpoint import checkpoint

    model = small()
    checkpoint(model, XT.clone().requires_grad_(), use_reentrant=False).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    average = torch.optim.swa_utils.AveragedModel(model)
    average.update_parameters(model)
    torch.testing.assert_close(average(XT), model(XT))


# dtype and device -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
def test_to_dtype_changes_the_layers_dtype_too(dtype):
    model = Sequential([Input((3,)), Dense(4), Dropout(0.5), BatchNormalization(), Dense(2)])
    model(XT)
    model.to(getattr(torch, dtype))
    assert {w.dtype for w in model.weights} == {layer.compute_dtype for layer in model.layers} == {dtype}
    assert model(XT.to(getattr(torch, dtype))).dtype is model(XT).dtype is getattr(torch, dtype)
    assert model(X).dtype == dtype


def test_double_keeps_the_inputs_precision():
    model = Sequential([Input((1,)), Dense(1, kernel_initializer="ones")]).double()
    assert model(torch.tensor([[1 + 1e-12]], dtype=torch.float64)).item() == 1 + 1e-12


def test_a_mixed_policy_stays_when_the_weights_dtype_does():
    layer = Dense(2, dtype="mixed_bfloat16")
    layer(X)
    assert layer.to(torch.float32).dtype_policy.name == "mixed_bfloat16"
    assert layer.half().dtype_policy.name == "float16"


def test_meta_and_to_empty():
    model = small().to("meta")
    assert {p.device.type for p in model.parameters()} == {"meta"}
    model.to_empty(device="cpu")
    model.set_weights([np.ones(w.shape) for w in model.weights])
    np.testing.assert_allclose(model(np.ones((1, 3)))[0], [17, 17])  # relu(3 + 1) * 4 + 1


# copies ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [small, Blocks])
def test_a_deep_copy_uses_its_own_weights(make):
    model = make()
    expected = model(XT).detach().clone()
    clone = copy.deepcopy(model)
    torch.testing.assert_close(clone(XT), expected, rtol=0, atol=0)
    clone.set_weights([w * 0 for w in clone.get_weights()])
    assert weights_are_zero(clone) and not clone(XT).any()
    torch.testing.assert_close(model(XT), expected, rtol=0, atol=0)


def test_a_deep_copy_trains_alone():
    model = small()
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    before = model.get_weights()
    clone = copy.deepcopy(model)
    clone.fit(X, X[:, :2] * 5, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    assert not np.array_equal(before[0], clone.get_weights()[0])


def test_pickle():
    model = small()
    expected = model(XT)
    torch.testing.assert_close(pickle.loads(pickle.dumps(model))(XT), expected, rtol=0, atol=0)
    layer = model.layers[0]
    torch.testing.assert_close(pickle.loads(pickle.dumps(layer))(XT), layer(XT), rtol=0, atol=0)


# hooks ----------------------------------------------------------------------------------------------------------------


def test_hooks_run_in_a_lowered_model_and_stop_when_removed():
    model = small()
    model(XT)
    seen = []
    first, second = model.layers
    handles = [
        first.register_forward_hook(lambda module, args, output: seen.append(("forward", tuple(output.shape)))),
        second.register_forward_pre_hook(lambda module, args: seen.append(("pre", len(args)))),
        second.register_full_backward_hook(lambda module, into, out: seen.append(("backward", out[0].shape[0]))),
    ]
    model(XT).sum().backward()
    assert seen == [("forward", (4, 4)), ("pre", 1), ("backward", 4)]
    for handle in handles:
        handle.remove()
    seen.clear()
    model(XT)
    model.predict(X, verbose=0)
    assert not seen


def test_a_hook_may_replace_the_output():
    set_random_seed(0)  # with weights that let something pass the relu
    model = small()
    model(XT)
    model.predict(X, verbose=0)
    handle = model.layers[1].register_forward_hook(lambda module, args, output: output * 0 + 7)
    assert model(XT).unique().tolist() == [7]
    assert np.unique(model.predict(X, verbose=0)).tolist() == [7]
    handle.remove()
    assert len(model(XT).unique()) > 1


def test_hooks_of_layers_count_in_fit():
    model = small()
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    seen = []
    model.layers[0].register_forward_hook(lambda *_: seen.append(1))
    model.fit(X, X[:, :2], batch_size=2, verbose=0)
    assert len(seen) == 2


# training with torch --------------------------------------------------------------------------------------------------


def test_a_torch_optimizer_trains_a_model():
    model = small()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = (model(XT) - XT[:, :2]).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    torch.testing.assert_close(torch.tensor(np.asarray(model(X))), model(XT).detach())


def test_requires_grad_is_trainable():
    model = small().requires_grad_(False)
    assert not model.trainable_weights and not model(XT).requires_grad
    assert not any(layer.trainable for layer in model.layers)
    assert len(model.requires_grad_().trainable_weights) == 4


def test_layers_inside_a_torch_module():
    outer = nn.Sequential(nn.Linear(3, 3), small(), nn.ReLU())
    outer(XT).sum().backward()
    assert all(p.grad is not None for p in outer.parameters())
    assert "1.0.kernel" in outer.state_dict()


def test_a_layer_takes_the_mode_of_its_torch_parent():
    outer = nn.Sequential(nn.Linear(3, 3))
    dropout = Dropout(0.5)
    outer.append(dropout)
    assert dropout.training
    assert (outer(torch.ones(50, 3)) == 0).any()
    assert not (outer.eval()(torch.ones(50, 3)) == 0).any()


# torch modules inside -------------------------------------------------------------------------------------------------


def test_torch_module_wrapper_has_the_modules_weights_and_mode():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    layer = TorchModuleWrapper(module, name="w")
    assert layer(X).shape == (4, 4)
    assert [w.name for w in layer.trainable_weights] == ["weight", "bias", "weight", "bias"]
    assert [w.name for w in layer.non_trainable_weights] == ["running_mean", "running_var", "num_batches_tracked"]
    assert not module[1].running_mean.any()
    layer(X, training=True)
    assert module[1].running_mean.any() and module[1].training
    layer(X)
    assert not module[1].training
    with pytest.raises(ValueError, match="torch.nn.Module"):
        TorchModuleWrapper("no module")
    config = layer.get_config()
    with pytest.raises(ValueError, match="pickled `torch.nn.Module`"):
        TorchModuleWrapper.from_config(config)


def test_a_torch_module_in_a_sequential_model_is_trained(tmp_path):
    linear = nn.Linear(3, 2)
    model = Sequential([Input((3,)), linear, Dense(1)])
    assert model.output_shape == (None, 1) and model.count_params() == 11
    model.compile("sgd", "mse")
    before = linear.weight.detach().clone()
    model.fit(X, X[:, :1], verbose=0)
    assert not torch.equal(before, linear.weight)
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    kept = model.get_weights()
    model.set_weights([w * 0 for w in kept])
    model.load_weights(path)
    np.testing.assert_array_equal(model.get_weights()[0], kept[0])


def test_torch_modules_in_a_users_layer_follow_the_calls_mode():
    class Mine(Layer):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)
            self.drop = nn.Dropout(0.9)
            self.scale = nn.Parameter(torch.ones(2))
            self.register_buffer("shift", torch.ones(2))

        def call(self, x):
            return self.drop(self.linear(x)) * self.scale + self.shift

    layer = Mine()
    assert not (np.asarray(layer(np.ones((50, 3)))) == 1).any()
    assert (np.asarray(layer(np.ones((50, 3)), training=True)) == 1).any()
    assert not (np.asarray(layer(np.ones((50, 3)))) == 1).any()
    assert {w.name for w in layer.trainable_weights} == {"weight", "bias", "scale"}
    assert [w.name for w in layer.non_trainable_weights] == ["shift"]
    assert set(layer.state_dict()) == {"scale", "shift", "linear.weight", "linear.bias"}


def test_a_replaced_torch_module_takes_its_weights_along():
    layer = TorchModuleWrapper(nn.Linear(3, 2))
    layer.module = nn.Linear(3, 5, bias=False)
    assert [tuple(w.shape) for w in layer.weights] == [(5, 3)]
    assert layer(X).shape == (4, 5)


def test_register_parameter_and_buffer_make_weights():
    layer = layers.Layer()
    layer.register_parameter("p", nn.Parameter(torch.ones(2)))
    layer.register_buffer("b", torch.ones(1))
    layer.register_buffer("scratch", torch.ones(1), persistent=False)
    assert [w.name for w in layer.weights] == ["p", "b"]


# tied weights ---------------------------------------------------------------------------------------------------------


def tied():
    first, second = Dense(3, use_bias=False), Dense(3, use_bias=False)
    first.build((None, 3))
    second.build((None, 3))
    second.kernel = first.kernel
    return first, second, Sequential([Input((3,)), first, second])


def test_tied_weights_are_one():
    first, second, model = tied()
    assert len(model.weights) == len(list(model.parameters())) == 1
    first.set_weights([2 * np.eye(3)])
    np.testing.assert_allclose(model(X), 4 * X, rtol=1e-6)


@pytest.mark.parametrize("change", ["fit", "assign under a tape", "to", "load_state_dict", "deepcopy"])
def test_tied_weights_stay_tied(change):
    first, second, model = tied()
    if change == "fit":
        model.compile("sgd", "mse")
        model.fit(X, X, verbose=0)
    elif change == "assign under a tape":
        from kerasish import tf

        with tf.GradientTape() as tape:
            loss = ops.sum(model(X))
            first.kernel.assign(np.ones((3, 3)))
        assert tape.gradient(loss, first.kernel) is not None
    elif change == "to":
        model.to(torch.float64)
    elif change == "load_state_dict":
        model.load_state_dict({name: torch.ones(3, 3) for name in model.state_dict()})
    else:
        model = copy.deepcopy(model)
        first, second = model.layers
    first.kernel.assign(3 * np.eye(3))
    np.testing.assert_allclose(model(X), 9 * X, rtol=1e-6)


def test_weights_that_a_torch_module_shares_are_one():
    module = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Tanh(), nn.Linear(3, 3, bias=False))
    module[2].weight = module[0].weight
    model = Sequential([Input((3,)), module, Dense(1)])
    assert len(model.trainable_weights) == 3
    assert model.count_params() == 9 + 4
    model.compile("sgd", "mse")
    model.fit(X, np.ones((len(X), 1)), verbose=0)
    assert module[2].weight is module[0].weight
    model.layers[0].weights[0].assign(np.eye(3))
    np.testing.assert_array_equal(module[2].weight.detach(), np.eye(3))


def test_tying_needs_equal_shapes():
    first, second = Dense(3), Dense(4)
    first.build((None, 3))
    second.build((None, 3))
    with pytest.raises(ValueError, match=r"\(3, 4\)"):
        second.kernel = first.kernel


def test_an_embedding_read_by_another_layer_is_one_weight():
    class Lm(Model):
        def __init__(self):
            super().__init__()
            self.embedding = Embedding(10, 4)
            self.dense = Dense(4)

        def call(self, x):
            return ops.matmul(self.dense(self.embedding(x)), ops.transpose(self.embedding.embeddings))

    model = Lm()
    assert model(np.array([[1, 2]])).shape == (1, 2, 10)
    assert len(model.weights) == 3
    assert model.double()(np.array([[1, 2]])).dtype == "float64"


# names that torch has as well -------------------------------------------------------------------------------------------

# those that torch's or our own machinery needs, and dunders
_RESERVED = {name for name in dir(nn.Module) if name.startswith("_")} | {"call_super_init", "dump_patches", "training"}


@pytest.mark.parametrize("name", sorted(set(dir(nn.Module)) - _RESERVED))
def test_users_may_name_their_attributes_like_torchs(name):
    class Mine(Layer):
        def __init__(self):
            super().__init__()
            setattr(self, name, Dense(2))

        def call(self, x):
            return getattr(self, name)(x)

    model = Sequential([Input((3,)), Mine()])
    expected = np.asarray(model(X))
    assert len(model.weights) == len(list(model.parameters())) == 2
    assert expected.shape == (4, 2)
    assert len(model.state_dict()) == 2
    model.eval()
    model.to(torch.float64)
    np.testing.assert_allclose(copy.deepcopy(model)(X), expected, rtol=1e-4, atol=1e-6)
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
