"""Small models that are trained for a few epochs; ``run_histories`` has what the names stand for."""

from __future__ import annotations

# "distinct": an embedding's token that occurs twice in a batch counts with the sum of its gradients; Keras on TensorFlow
# squares each by itself.
MODELS = {
    "mlp": [{}, {"optimizer": "adam"}, {"shuffle": True}, {"validation_split": 0.25}, {"policy": "float64"}],
    "classes": [{}, {"class_weight": True}, {"sample_weight": True, "weighted_metrics": True}, {"jit": True}],
    "binary": [{}, {"class_weight": True}, {"optimizer": "adamw", "shuffle": True}],
    "cnn": [{}, {"optimizer": "adam", "shuffle": True}],
    "rnn": [{}, {"optimizer": "rmsprop"}],
    "masked": [{}, {"optimizer": "adam", "distinct": True, "padded": True}],
    "attention": [{}, {"optimizer": "adam", "distinct": True}],
    "several": [{}, {"loss_weights": True}, {"sample_weight": True}],
    "nested": [{}, {"optimizer": "adam"}],
    "shared": [{}],
    "regular": [{}, {"optimizer": "adam"}],
    "custom": [{}, {"optimizer": "adam"}],
    "embedding": [{}, {"optimizer": "rmsprop", "distinct": True}],
    "batchnorm": [{}, {"validation_split": 0.25}],
    "schedule": [{}],
    "frozen": [{}],
    "batches": [{}],
    "steps": [{}, {"per_execution": 3}],
}
TOLERANCE = {"float64": 1e-6}


def cases() -> list[dict]:
    """All cases, by name."""
    made_cases = []
    for name, variants in MODELS.items():
        for number, options in enumerate(variants):
            data = {"model": name, "options": options, "tolerance": 1e-4}
            made_cases.append({"id": f"{name}-{number}", **data, "uses": ["keras.Model", "keras.Sequential"]})
    return made_cases
