import itertools

import numpy as np
import pytest
import torch

from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.ops.ctc import ctc_decode, ctc_loss


def collapse(path, blank):
    return tuple(label for i, label in enumerate(path) if label != blank and (i == 0 or path[i - 1] != label))


def probabilities(logits, blank):
    """The probability of every label sequence of one example, by adding up all alignments."""
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    found = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        key = collapse(path, blank)
        found[key] = found.get(key, 0) + np.prod([p[t, c] for t, c in enumerate(path)])
    return found


@pytest.mark.parametrize("blank", [0, 2])
def test_loss_and_beam_search_add_up_all_alignments(blank):
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((2, 5, 3)).astype("float32")
    lengths = [5, 4]
    labels = [c for c in range(3) if c != blank]
    target = np.array([[labels[0], labels[1], labels[1]], [labels[1], labels[0], 0]])
    loss = ctc_loss(target, logits, [3, 2], lengths, mask_index=blank).numpy()
    decoded, scores = ctc_decode(logits, lengths, "beam_search", top_paths=3, mask_index=blank)
    for i, length in enumerate(lengths):
        exact = probabilities(logits[i, :length], blank)
        assert loss[i] == pytest.approx(-np.log(exact[tuple(target[i, : [3, 2][i]])]), rel=1e-5)
        best = sorted(exact.items(), key=lambda item: -item[1])[:3]
        for j, (sequence, p) in enumerate(best):
            assert tuple(decoded.numpy()[j, i, : len(sequence)]) == sequence
            assert (decoded.numpy()[j, i, len(sequence) :] == -1).all()
            assert scores.numpy()[i, j] == pytest.approx(np.log(p), rel=1e-5)


def test_greedy_decoding():
    best = np.array([[1, 1, 0, 1, 2, 2], [0, 2, 0, 0, 1, 1]])
    logits = np.eye(3, dtype="float32")[best] * 2
    decoded, scores = ctc_decode(logits, [6, 5])
    assert decoded.dtype == "int32" and decoded.shape == (1, 2, 6)
    assert decoded.numpy()[0].tolist() == [[1, 1, 2, -1, -1, -1], [2, 1, -1, -1, -1, -1]]
    assert scores.numpy().tolist() == [[-12.0], [-10.0]]
    decoded, _ = ctc_decode(logits, [6, 5], merge_repeated=False)
    assert decoded.numpy()[0].tolist() == [[1, 1, 1, 2, 2, -1], [2, 1, -1, -1, -1, -1]]


def rule(*shape):
    return np.sin(np.arange(1, 1 + np.prod(shape)) * 1.7).reshape(shape).astype("float32")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("labels", "label_length", "frames", "scale", "blank", "losses", "gradients"),
    [
        ([[1, 1, 1], [2, 3, 1]], [3, 3], [3, 2], 1, 0, [709.1508, 707.9442], [0.06947, 0.09957]),
        ([[1, 1, 1], [2, 2, 0]], [3, 2], [3, 2], 1, 3, [708.9582, 707.4186], [0.11758, 0.01477]),
        ([[1, 2, 3], [2, 3, 0]], [3, 2], [3, 3], 500, 0, [1038.7571, 732.5610], [0.0, -1.36355]),
        ([[1, 0, 0], [2, 3, -1]], [0, 2], [1, 1], 2, -1, [1.38297, 707.00763], [1.44433, 0.14851]),
    ],
)
def test_labels_that_do_not_fit_or_hardly(dtype, labels, label_length, frames, scale, blank, losses, gradients):
    """Values and gradients (times a cosine, summed) that TensorFlow gives."""
    logits = torch.tensor((rule(2, 3, 4) * scale).astype(dtype), requires_grad=True)
    loss = ctc_loss(torch.tensor(labels), logits, torch.tensor(label_length), torch.tensor(frames), mask_index=blank)
    loss.sum().backward()
    assert loss.dtype is logits.dtype
    np.testing.assert_allclose(loss.detach().numpy(), losses, rtol=2e-6)
    weights = np.cos(np.arange(24)).reshape(2, 3, 4)
    np.testing.assert_allclose((logits.grad.numpy() * weights).sum((1, 2)), gradients, atol=3e-4)


def test_long_probable_sequences_cost_what_their_alignments_say():
    """A large loss alone is no reason to let the ends be free."""
    logits = torch.zeros(1, 900, 5)
    loss = ctc_loss(torch.tensor([[1]]), logits, torch.tensor([1]), torch.tensor([900]))
    paths = 900 * 901 / 2  # one label: where its run begins and ends
    assert loss.item() == pytest.approx(900 * np.log(5) - np.log(paths), rel=1e-5)


def test_symbolic_and_halves():
    lengths = KerasTensor((None,), "int32")
    assert ctc_loss(KerasTensor((None, 3), "int32"), KerasTensor((None, 6, 5)), lengths, lengths).shape == (None,)
    assert ctc_loss([[1]], np.zeros((1, 2, 3), "float16"), [1], [2]).dtype == "float32"


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (InvalidArgumentError, lambda: ctc_loss([[1, 7]], np.zeros((1, 4, 3), "float32"), [2], [4]), "range of [0, 3)"),
        (ValueError, lambda: ctc_loss([1], np.zeros((1, 4, 3), "float32"), [1], [4]), "rank 2"),
        (ValueError, lambda: ctc_decode(np.zeros((4, 3), "float32"), [4]), "rank 3"),
        (ValueError, lambda: ctc_decode(np.zeros((1, 4, 3), "float32"), [4], "x"), "'greedy' and 'beam_search'"),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
