"""BERT classifies texts, GPT-2 generates; presets are saved and loaded; LoRA trains its own weights alone."""

import tempfile

import kerasish

kerasish.install()
import keras_hub
import numpy as np

words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "good", "bad", "dog", "cat", "##s"]
texts, labels = ["the good dog", "bad cats", "good dogs", "the bad cat"] * 8, np.array([1, 0, 1, 0] * 8)
preprocessor = keras_hub.models.BertTextClassifierPreprocessor(
    keras_hub.models.BertTokenizer(vocabulary=words), sequence_length=8
)
sizes = {"num_layers": 2, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32, "max_sequence_length": 8}
bert = keras_hub.models.BertBackbone(vocabulary_size=len(words), dropout=0.0, **sizes)
model = keras_hub.models.BertTextClassifier(backbone=bert, preprocessor=preprocessor, num_classes=2, dropout=0.0)
model.compile("adam", kerasish.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
losses = model.fit(texts, labels, batch_size=8, epochs=15, verbose=0).history["loss"]
assert losses[-1] < 0.7 * losses[0]
folder = tempfile.mkdtemp()
model.save_to_preset(folder)
again = keras_hub.models.TextClassifier.from_preset(folder)
np.testing.assert_allclose(again.predict(texts, verbose=0), model.predict(texts, verbose=0), atol=1e-5)

backbone = keras_hub.models.GPT2Backbone(vocabulary_size=12, **sizes)
backbone.enable_lora(2)
frozen = [np.array(w) for w in backbone.non_trainable_weights]
writer = keras_hub.models.GPT2CausalLM(backbone=backbone, preprocessor=None)
rows = np.tile(np.arange(1, 9), (16, 1))
data = {"token_ids": rows, "padding_mask": np.ones_like(rows)}
writer.fit(data, rows, epochs=2, verbose=0)
for before, after in zip(frozen, backbone.non_trainable_weights):
    np.testing.assert_array_equal(before, after)
prompt = {"token_ids": np.array([[1, 2, 0, 0]]), "padding_mask": np.array([[1, 1, 0, 0]])}
written = np.asarray(writer.generate(prompt, stop_token_ids=None)["token_ids"])
assert written.shape == (1, 4) and written[0, :2].tolist() == [1, 2]
print(f"BERT loss {losses[0]:.3f} to {losses[-1]:.3f}; GPT-2 wrote {written[0].tolist()}")
