"""Every layer is one graph to torch.compile: no graph breaks, the same numbers, nothing compiled again."""

import copy

import pytest
import torch
from torch._dynamo.testing import CompileCounter, CompileCounterWithBackend

from kerasish import Input, Model, Sequential, layers, losses, metrics, mixed_precision, ops, tf, tree

# Layer → ways to make it, each with the shape of a batch: one shape, or several for a list of inputs.
LAYERS = {
    "Activation": [(lambda L: L("gelu"), (2, 3))],
    "ActivityRegularization": [(lambda L: L(0.1, 0.2), (2, 3))],
    "AdaptiveAveragePooling1D": [(lambda L: L(2), (2, 5, 3))],
    "AdaptiveAveragePooling2D": [(lambda L: L(2), (2, 5, 4, 3))],
    "AdaptiveAveragePooling3D": [(lambda L: L(2), (2, 4, 3, 4, 2))],
    "AdaptiveMaxPooling1D": [(lambda L: L(2), (2, 5, 3))],
    "AdaptiveMaxPooling2D": [(lambda L: L(2), (2, 5, 4, 3))],
    "AdaptiveMaxPooling3D": [(lambda L: L(2), (2, 4, 3, 4, 2))],
    "Add": [(lambda L: L(), [(2, 3), (2, 3)])],
    "AlphaDropout": [(lambda L: L(0.5), (2, 3))],
    "Average": [(lambda L: L(), [(2, 3), (2, 3)])],
    "AveragePooling1D": [(lambda L: L(2, padding="same"), (2, 5, 3))],
    "AveragePooling2D": [(lambda L: L(2, padding="same"), (2, 5, 4, 3))],
    "AveragePooling3D": [(lambda L: L(2), (2, 4, 3, 4, 2))],
    "BatchNormalization": [(lambda L: L(), (4, 3, 3, 2)), (lambda L: L(renorm=True), (4, 3))],
    "Attention": [(lambda L: L(use_scale=True, dropout=0.3), [(2, 4, 3), (2, 5, 3)])],
    "AdditiveAttention": [(lambda L: L(), [(2, 4, 3), (2, 5, 3)])],
    "Bidirectional": [(lambda L: L(layers.GRU(2, return_sequences=True)), (2, 4, 3))],
    "Concatenate": [(lambda L: L(), [(2, 3), (2, 4)])],
    "Conv1D": [(lambda L: L(2, 3, padding="causal", activation="relu"), (2, 6, 3))],
    "Conv1DTranspose": [(lambda L: L(2, 3, strides=2, padding="same"), (2, 4, 3))],
    "Conv2D": [(lambda L: L(2, 3, strides=2, padding="same", kernel_regularizer="l2"), (2, 6, 5, 3))],
    "Conv2DTranspose": [(lambda L: L(2, 3, strides=2, padding="same"), (2, 4, 3, 3))],
    "Conv3D": [(lambda L: L(2, 2), (2, 3, 3, 4, 2))],
    "Conv3DTranspose": [(lambda L: L(2, 2), (2, 3, 3, 4, 2))],
    "Cropping1D": [(lambda L: L(1), (2, 5, 3))],
    "Cropping2D": [(lambda L: L(1), (2, 5, 4, 3))],
    "Cropping3D": [(lambda L: L(1), (2, 4, 3, 4, 2))],
    "Dense": [(lambda L: L(3, "relu", activity_regularizer="l2"), (2, 4)), (lambda L: L(3), (2, 5, 4))],
    "DepthwiseConv1D": [(lambda L: L(3), (2, 6, 3))],
    "DepthwiseConv2D": [(lambda L: L(3, padding="same"), (2, 6, 5, 3))],
    "Dot": [(lambda L: L(1, normalize=True), [(2, 3), (2, 3)])],
    "Dropout": [(lambda L: L(0.5), (2, 3)), (lambda L: L(0.5, noise_shape=(None, 1), seed=3), (4, 3))],
    "ELU": [(lambda L: L(), (2, 3))],
    "EinsumDense": [
        (lambda L: L("abc,cde->abde", (None, 2, 3), bias_axes="de", activation="relu"), (2, 4, 3)),
        (lambda L: L("abc,bd->adc", (5, 3), bias_axes="d"), (2, 4, 3)),
    ],
    "Embedding": [(lambda L: L(4, 3), "indices"), (lambda L: L(4, 3, mask_zero=True), "indices")],
    "Flatten": [(lambda L: L(), (2, 3, 4))],
    "GRU": [(lambda L: L(2), (2, 4, 3)), (lambda L: L(2, reset_after=False, recurrent_dropout=0.3), (2, 4, 3))],
    "GRUCell": [(lambda L: L(2), "step")],
    "GaussianDropout": [(lambda L: L(0.3), (2, 3))],
    "GaussianNoise": [(lambda L: L(0.3, seed=2), (2, 3))],
    "GlobalAveragePooling1D": [(lambda L: L(), (2, 5, 3))],
    "GlobalAveragePooling2D": [(lambda L: L(keepdims=True), (2, 5, 4, 3))],
    "GlobalAveragePooling3D": [(lambda L: L(), (2, 4, 3, 4, 2))],
    "GlobalMaxPooling1D": [(lambda L: L(), (2, 5, 3))],
    "GlobalMaxPooling2D": [(lambda L: L(), (2, 5, 4, 3))],
    "GlobalMaxPooling3D": [(lambda L: L(), (2, 4, 3, 4, 2))],
    "GroupNormalization": [(lambda L: L(2), (2, 3, 4))],
    "GroupedQueryAttention": [(lambda L: L(3, 4, 2, use_gate=True), "sequences")],
    "Identity": [(lambda L: L(), (2, 3))],
    "LSTM": [
        (lambda L: L(2, return_sequences=True, return_state=True, go_backwards=True), (2, 4, 3)),
        (lambda L: L(2, stateful=True, dropout=0.4, seed=1), (2, 4, 3)),
    ],
    "LSTMCell": [(lambda L: L(2), "steps")],
    "Lambda": [(lambda L: L(lambda x: ops.mean(x, axis=-1) + tf.reduce_sum(x, -1)), (2, 3))],
    "LayerNormalization": [(lambda L: L(axis=[1, 2]), (2, 3, 4))],
    "LeakyReLU": [(lambda L: L(), (2, 3))],
    "Masking": [(lambda L: L(), (2, 3, 4))],
    "MaxPooling1D": [(lambda L: L(2, padding="same"), (2, 5, 3))],
    "MaxPooling2D": [(lambda L: L(2), (2, 5, 4, 3))],
    "MaxPooling3D": [(lambda L: L(2), (2, 4, 3, 4, 2))],
    "Maximum": [(lambda L: L(), [(2, 3), (2, 3)])],
    "Minimum": [(lambda L: L(), [(2, 3), (2, 3)])],
    "MultiHeadAttention": [
        (lambda L: L(2, 3), "sequences"),
        (lambda L: L(2, 3, dropout=0.3, sliding_window=2, activity_regularizer="l2"), "sequences"),
    ],
    "Multiply": [(lambda L: L(), [(2, 3), (2, 1)])],
    "PReLU": [(lambda L: L(shared_axes=[1]), (2, 3, 4))],
    "Permute": [(lambda L: L((2, 1)), (2, 3, 4))],
    "RMSNormalization": [(lambda L: L(), (2, 3))],
    "RNN": [(lambda L: L([layers.LSTMCell(2), layers.GRUCell(3)], return_sequences=True), (2, 4, 3))],
    "ReLU": [(lambda L: L(6.0, negative_slope=0.1), (2, 3))],
    "RepeatVector": [(lambda L: L(3), (2, 3))],
    "Reshape": [(lambda L: L((4, -1)), (2, 3, 4))],
    "SeparableConv1D": [(lambda L: L(2, 3), (2, 6, 3))],
    "SeparableConv2D": [(lambda L: L(2, 3), (2, 6, 5, 3))],
    "SimpleRNN": [(lambda L: L(2, unroll=True), (2, 4, 3))],
    "SimpleRNNCell": [(lambda L: L(2), "step")],
    "Softmax": [(lambda L: L(axis=[1, 2]), (2, 3, 4))],
    "SpatialDropout1D": [(lambda L: L(0.5), (2, 5, 3))],
    "SpatialDropout2D": [(lambda L: L(0.5), (2, 5, 4, 3))],
    "SpatialDropout3D": [(lambda L: L(0.5), (2, 4, 3, 4, 2))],
    "SpectralNormalization": [(lambda L: L(layers.Dense(3)), (2, 4))],
    "StackedRNNCells": [(lambda L: L([layers.LSTMCell(2), layers.SimpleRNNCell(3)]), "stack")],
    "Subtract": [(lambda L: L(), [(2, 3), (2, 3)])],
    "TimeDistributed": [
        (lambda L: L(layers.Dense(3)), (2, 3, 4)),
        (lambda L: L(layers.BatchNormalization()), (2, 3, 4)),
    ],
    "TorchModuleWrapper": [(lambda L: L(torch.nn.Linear(3, 4)), (2, 3))],
    "UnitNormalization": [(lambda L: L(), (2, 3))],
    "UpSampling1D": [(lambda L: L(2), (2, 5, 3))],
    "UpSampling2D": [(lambda L: L(2, interpolation="bilinear"), (2, 5, 4, 3))],
    "UpSampling3D": [(lambda L: L(2), (2, 2, 3, 2, 2))],
    "ZeroPadding1D": [(lambda L: L(1), (2, 5, 3))],
    "ZeroPadding2D": [(lambda L: L(1), (2, 5, 4, 3))],
    "ZeroPadding3D": [(lambda L: L(1), (2, 2, 3, 2, 2))],
}
LAYERS |= {
    "CenterCrop": [(lambda L: L(2, 3), (2, 5, 6, 3))],
    "ConvLSTM1D": [(lambda L: L(2, 2, return_sequences=True), (2, 3, 5, 2))],
    "ConvLSTM2D": [(lambda L: L(2, 2, padding="same"), (2, 3, 4, 4, 2))],
    "ConvLSTM3D": [(lambda L: L(2, 2), (2, 2, 3, 3, 3, 1))],
    "CategoryEncoding": [(lambda L: L(5, "multi_hot"), "indices")],
    "Discretization": [(lambda L: L([-0.5, 0.5], output_mode="one_hot"), (2, 1))],
    "LocallyConnected1D": [(lambda L: L(2, 3), (2, 5, 3))],
    "LocallyConnected2D": [(lambda L: L(2, 3), (2, 5, 4, 3))],
    "Normalization": [(lambda L: L(mean=[1.0, 2.0], variance=[4.0, 9.0]), (3, 2))],
    "ReversibleEmbedding": [(lambda L: L(4, 3), "indices")],
    "STFTSpectrogram": [(lambda L: L("log", 32, 8), (2, 100, 1))],
    "Rescaling": [(lambda L: L(0.5, offset=1.0), (2, 3))],
    "Resizing": [(lambda L: L(4, 5), (2, 5, 6, 3))],
    "ThresholdedReLU": [(lambda L: L(0.3), (2, 3))],
}
ABSTRACT = {"InputLayer", "Layer", "Wrapper"}  # compute nothing
# No single graph: vocabularies are looked up, and augmentation draws, on the host; MelSpectrogram and Solarization read
# numbers of tensors that they make; JAX's and exported programs are not ours.
SEVERAL_GRAPHS = {
    "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix", "Equalization", "FlaxLayer",
    "HashedCrossing", "Hashing", "IntegerLookup", "JaxLayer", "MaxNumBoundingBoxes", "MelSpectrogram", "MixUp",
    "Pipeline", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
    "RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
    "RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation",
    "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomWidth", "RandomZoom",
    "Solarization", "StringLookup", "TFSMLayer", "TextVectorization",
}  # fmt: skip
ROWS = [pytest.param(name, *row, id=f"{name}-{i}") for name, rows in LAYERS.items() for i, row in enumerate(rows)]
STATES = {"step": [(2, 2)], "steps": [(2, 2), (2, 2)], "stack": [[(2, 2), (2, 2)], [(2, 3)]]}


@pytest.fixture(autouse=True)
def _fresh_cache():
    torch._dynamo.reset()


def batch(shape):
    """The arguments of a call; ``indices`` for an Embedding, a step and its states for cells."""
    torch.manual_seed(0)
    if shape == "indices":
        return (torch.tensor([[1, 3, 0], [2, 0, 0]]),)
    if shape == "sequences":
        return torch.randn(2, 4, 3), torch.randn(2, 5, 3)
    if isinstance(shape, str):
        return torch.randn(2, 3), draw(STATES[shape])
    return (draw(shape),)


def draw(shape):
    return [draw(s) for s in shape] if isinstance(shape, list) else torch.randn(*shape)


def results(function, layer, args, **options):
    """Outputs, losses, masks, gradients and state of two calls in a row."""
    torch.manual_seed(1)
    found = []
    for _ in range(2):
        leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in tree.flatten(args)]
        outputs = tree.flatten(function(*tree.pack_sequence_as(args, leaves), **options))
        losses = layer.raw_losses()
        loss = sum([x.sin().sum() for x in outputs if x.is_floating_point()] + losses, torch.zeros(()))
        sources = [x for x in leaves + list(layer.parameters()) if x.requires_grad]
        grads = torch.autograd.grad(loss, sources, allow_unused=True) if loss.requires_grad else []
        masks = [getattr(x, "_keras_mask", None) for x in outputs]
        found += [*outputs, *losses, *masks, *grads, *(b.clone() for b in layer.buffers())]
    return found


def check(layer, args, **options):
    """A compiled copy does what the layer does, in one graph that is made once."""
    with torch.no_grad():
        layer(*args, **options)
    layer, twin = copy.deepcopy(layer), copy.deepcopy(layer)  # both with random generators that begin anew
    counter = CompileCounter()
    expected = results(layer, layer, args, **options)
    actual = results(torch.compile(twin, backend=counter, fullgraph=True), twin, args, **options)
    assert counter.frame_count <= 1, "compiled again"  # 0: there is nothing to compute
    assert len(actual) == len(expected)
    for got, want in zip(actual, expected, strict=True):
        assert (got is None) == (want is None)
        if want is not None:
            torch.testing.assert_close(got, want)


def public_layers():
    classes = {getattr(layers, name) for name in layers.__all__}
    return {c.__name__ for c in classes if isinstance(c, type) and issubclass(c, layers.Layer)}


def test_each_layer_is_in_the_table():
    assert public_layers() - ABSTRACT - SEVERAL_GRAPHS == set(LAYERS)


@pytest.mark.parametrize(("name", "make", "shape"), ROWS)
def test_layer_in_training_is_one_graph(name, make, shape):
    layer, args = make(getattr(layers, name)), batch(shape)
    check(layer, args, **({"training": True} if layer._call_spec.takes_training else {}))


@pytest.mark.parametrize(
    ("name", "make", "shape"),
    [
        row
        for row in ROWS
        if row.id in {"BatchNormalization-0", "Dropout-0", "LSTM-0", "GRU-1", "SpectralNormalization-0"}
    ],
)
def test_layer_in_inference_is_one_graph(name, make, shape):
    check(make(getattr(layers, name)), batch(shape), training=False)


# models


def convolutional():
    return Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )


def masked():
    inputs = Input((4,), dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=True)(inputs)
    x = layers.LSTM(3, return_sequences=True)(x)
    return Model(inputs, layers.Bidirectional(layers.GRU(2))(x))


def nested():
    inner_in = Input((3,))
    inner = Model(inner_in, layers.Dense(3, activation="tanh", activity_regularizer="l2")(inner_in))
    a, b = Input((3,), name="a"), Input((3,), name="b")
    x = layers.add([inner(a), inner(b)])
    return Model({"a": a, "b": b}, [ops.relu(x) * 2 + a, Sequential([layers.Dense(2)])(x)])


class Residual(Model):
    """A user's model: lists and dicts of layers, variables, ops, add_loss."""

    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(4, activation="relu") for _ in range(3)]
        self.heads = {"first": layers.Dense(2), "second": layers.Dropout(0.5)}
        self.norm = layers.LayerNormalization()

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(4,), initializer="ones", name="scale")

    def call(self, x, training=None):
        for i, block in enumerate(self.blocks):
            x = block(x) * self.scale + (x if i else 0)
        x = self.norm(x) if x.dtype == "float32" and x.shape[-1] == 4 else x
        self.add_loss(tf.reduce_mean(x**2) * 0.1)
        if training:
            x = self.heads["second"](x)
        return {name: head(x) for name, head in self.heads.items()}


MODELS = {
    "sequential": (convolutional, (2, 8, 8, 1)),
    "masked": (masked, "indices"),
    "nested": (nested, {"a": (2, 3), "b": (2, 3)}),
    "subclass": (Residual, (2, 4)),
}


def inputs_of(shape):
    if isinstance(shape, dict):
        return ({name: torch.randn(*size) for name, size in shape.items()},)
    return (torch.tensor([[1, 3, 2, 0], [2, 0, 0, 0]], dtype=torch.int32),) if shape == "indices" else batch(shape)


@pytest.mark.parametrize(("name", "training"), [*((name, True) for name in MODELS), ("subclass", False)])
def test_model_is_one_graph(name, training):
    make, shape = MODELS[name]
    model = make()
    args = inputs_of(shape)
    model(*args)
    check(model, args, training=training)


def test_model_follows_torchs_train_and_eval():
    model = layers.Dropout(0.5)
    x = torch.randn(4, 3)
    model(x)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    model.train()
    torch.manual_seed(0)
    training = compiled(x)
    torch.manual_seed(0)
    torch.testing.assert_close(training, copy.deepcopy(model)(x, training=True))
    model.eval()
    torch.testing.assert_close(compiled(x), model(x, training=False))


@pytest.mark.parametrize("make", [lambda: Sequential([layers.Dense(3)]), Residual], ids=["sequential", "subclass"])
def test_a_model_without_weights_is_built_when_it_is_first_called(make):
    model, x = make(), torch.randn(2, 4)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    first = tree.flatten(compiled(x))
    for got, want in zip(first, tree.flatten(model(x)), strict=True):
        torch.testing.assert_close(got, want)


def test_an_unbuilt_layer_inside_a_compiled_function_says_what_to_do():
    layer = layers.Dense(3, name="head")
    with pytest.raises(Exception, match="'head', which has no weights yet"):
        torch.compile(lambda x: layer(x), backend="eager", fullgraph=True)(torch.ones(2, 4))


def test_more_models_than_torch_allows_versions_of_a_function():
    x = torch.randn(2, 3)
    for units in range(1, 11):
        counter = CompileCounter()
        model = layers.Dense(units)
        model(x)
        compiled = torch.compile(model, backend=counter, fullgraph=True)
        torch.testing.assert_close(compiled(x), model(x))
        assert counter.frame_count == 1


def test_other_models_and_scopes_do_not_compile_a_model_again():
    x = torch.randn(2, 4)
    model, counter = Residual(), CompileCounter()
    model(x)
    compiled = torch.compile(model, backend=counter, fullgraph=True)
    compiled(x)
    other = Sequential([layers.Dense(2, activity_regularizer="l2"), layers.Dropout(0.5)])
    other(torch.randn(2, 3), training=True)
    with tf.GradientTape():
        other(tf.ones((1, 3)))
    model(x, training=True)
    compiled(x)
    assert counter.frame_count == 1


def test_losses_of_compiled_calls_are_those_of_the_last_one():
    x = torch.randn(2, 4)
    model = layers.Dense(3, activity_regularizer="l2")
    model(x)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    for scale in (1.0, 2.0):
        compiled(x * scale)
        found = [float(loss) for loss in model.losses]
        model(x * scale)
        assert found == pytest.approx([float(loss) for loss in model.losses])
        assert len(found) == 1


def test_a_changed_layer_is_compiled_again():
    x = torch.randn(2, 4)
    model = Sequential([layers.Dense(3)])
    model(x)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    before = compiled(x)
    model.layers[0].activation = torch.relu
    torch.testing.assert_close(compiled(x), before.relu())
    model.layers[0].kernel.assign(model.layers[0].kernel * 0)
    torch.testing.assert_close(compiled(x), torch.zeros(2, 3))


def test_mixed_precision_is_one_graph():
    layer = layers.Dense(3, dtype="mixed_bfloat16")
    check(layer, batch((2, 4)))
    mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        check(layers.Lambda(lambda x: x * 2), batch((2, 4)))
    finally:
        mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize(
    ("name", "make", "shape"), [row for row in ROWS if row.id in {"Dropout-1", "BatchNormalization-0"}]
)
def test_training_state_through_aot_autograd(name, make, shape):
    layer, args = make(getattr(layers, name)), batch(shape)
    layer(*args)
    layer, twin, counter = copy.deepcopy(layer), copy.deepcopy(layer), CompileCounterWithBackend("aot_eager")
    expected = results(layer, layer, args, training=True)
    actual = results(torch.compile(twin, backend=counter, fullgraph=True), twin, args, training=True)
    assert counter.frame_count == 1
    for got, want in zip(actual, expected, strict=True):
        if want is not None:
            torch.testing.assert_close(got, want)


# losses, metrics and operations on torch tensors


@pytest.mark.parametrize(
    "make",
    [
        losses.MeanSquaredError,
        losses.BinaryCrossentropy,
        losses.CategoricalCrossentropy,
        losses.Huber,
        losses.KLDivergence,
    ],
)
def test_loss_is_one_graph(make):
    torch.manual_seed(0)
    y, p = torch.softmax(torch.randn(4, 3), -1), torch.softmax(torch.randn(4, 3), -1)
    loss = make()
    compiled = torch.compile(lambda y, p: loss(y, p), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(y, p), loss(y, p))


@pytest.mark.parametrize("make", [metrics.BinaryAccuracy, metrics.MeanSquaredError, metrics.Precision])
def test_metric_update_is_one_graph(make):
    torch.manual_seed(0)
    y, p = (torch.rand(6, 1) > 0.5).float(), torch.rand(6, 1)
    metric, twin = make(), make()
    metric.raw_update(y, p)
    twin.raw_update(y, p)
    counter = CompileCounter()
    compiled = torch.compile(lambda y, p: twin.raw_update(y, p), backend=counter, fullgraph=True)
    for _ in range(2):
        metric.raw_update(y, p)
        compiled(y, p)
    assert counter.frame_count == 1
    assert float(twin.result()) == pytest.approx(float(metric.result()))


OPERATIONS = {
    "arithmetic": lambda x: ops.sum(ops.relu(x - 0.5) * 2 + ops.cast(x > 0.3, "float32"), axis=-1),
    "shapes": lambda x: ops.concatenate([ops.reshape(x, (2, -1)), ops.zeros((2, 1))], axis=-1)[:, 1:],
    "indices": lambda x: ops.one_hot(ops.argmax(x, axis=-1), 8) + ops.take(x, 1, axis=0),
    "tf": lambda x: tf.reduce_max(tf.nn.softmax(tf.matmul(x, x, transpose_b=True)), axis=1),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_on_torch_tensors_are_one_graph(name):
    torch.manual_seed(0)
    x = torch.rand(4, 8)
    torch.testing.assert_close(torch.compile(OPERATIONS[name], backend="eager", fullgraph=True)(x), OPERATIONS[name](x))


@pytest.mark.parametrize(
    "name", ["abs", "exp", "log", "mean", "sum", "square", "sigmoid", "tanh", "transpose", "ravel"]
)
def test_each_operation_has_graphs_of_its_own(name):
    x = torch.rand(2, 3)
    function = getattr(ops, name)
    torch.testing.assert_close(torch.compile(function, backend="eager", fullgraph=True)(x), function(x))
