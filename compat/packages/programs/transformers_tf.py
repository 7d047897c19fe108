"""Hugging Face's TensorFlow models: a small BERT trained by fit, saved and read; GPT-2 writes."""

import os
import tempfile

os.environ["USE_TORCH"] = "0"

import kerasish

kerasish.install()

import numpy as np
import tensorflow as tf
import transformers

transformers.logging.set_verbosity_error()
tf.keras.utils.set_random_seed(0)
ids = np.random.default_rng(0).integers(3, 50, (32, 8))
labels = (ids[:, 0] > 25).astype("int32")
config = transformers.BertConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
)
model = transformers.TFBertForSequenceClassification(config)
optimizer, _ = transformers.create_optimizer(
    init_lr=1e-2, num_train_steps=80, num_warmup_steps=8, weight_decay_rate=0.01
)
model.compile(optimizer=optimizer)
losses = model.fit({"input_ids": ids, "labels": labels}, epochs=20, batch_size=8, verbose=0).history["loss"]
assert losses[-1] < 0.5 * losses[0], losses
assert model.weights[0].name == "tf_bert_for_sequence_classification/bert/embeddings/word_embeddings/weight:0"
with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    again = transformers.TFBertForSequenceClassification.from_pretrained(folder)
np.testing.assert_allclose(again(ids).logits, model(ids).logits, atol=1e-6)
writer = transformers.TFGPT2LMHeadModel(
    transformers.GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, eos_token_id=2, pad_token_id=2)
)
written = writer.generate(tf.constant(ids[:1, :3]), max_new_tokens=4, num_beams=2).numpy()
assert written.shape == (1, 7) and written[0, :3].tolist() == ids[0, :3].tolist()
print(f"BERT loss {losses[0]:.3f} to {losses[-1]:.3f}; GPT-2 wrote {written[0, 3:].tolist()}")
