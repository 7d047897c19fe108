"""Random configurations of callbacks that are shown made-up logs, and of distillation."""

from __future__ import annotations

import itertools

from plan_layers import Draw

PATHS = ("m-{epoch:02d}.weights.h5", "m-{epoch}-{loss:.2f}.weights.h5", "w{epoch:03d}-{val_loss:.3f}.keras")
BATCH_PATHS = ("b-{epoch}-{batch:03d}.weights.h5", "b-{epoch:02d}-{batch}-{loss:.1f}.keras")


def early_stopping(draw: Draw) -> dict:
    return {
        "monitor": draw.choice(["loss", "val_loss", "mae", "val_accuracy"]),
        "patience": draw.choice([0, 1, 2, 3]),
        "min_delta": draw.choice([0, 0.05, -0.1]),
        "verbose": draw.choice([0, 1]),
        "mode": draw.choice(["auto", "min", "max"]),
        "baseline": draw.choice([None, 0.5]),
        "restore_best_weights": draw.maybe(0.5),
        "start_from_epoch": draw.choice([0, 0, 2]),
    }


def plateau(draw: Draw) -> dict:
    return {
        "monitor": draw.choice(["loss", "val_loss", "val_accuracy"]),
        "factor": draw.choice([0.5, 0.1]),
        "patience": draw.choice([0, 1, 2]),
        "verbose": draw.choice([0, 1]),
        "mode": draw.choice(["auto", "min", "max"]),
        "min_delta": draw.choice([1e-4, 0.1]),
        "cooldown": draw.choice([0, 1, 3]),
        "min_lr": draw.choice([0.0, 0.02]),
    }


def checkpoint(draw: Draw) -> dict:
    by_batch = draw.maybe(0.4)
    path = draw.choice(list(BATCH_PATHS if by_batch else PATHS))
    return {
        "filepath": path,
        "monitor": draw.choice(["loss", "val_loss", "val_accuracy"]) if not by_batch else "loss",
        "save_best_only": draw.maybe(0.5) and not by_batch,
        "save_weights_only": path.endswith(".weights.h5"),
        "mode": draw.choice(["auto", "min", "max"]),
        "save_freq": draw.choice([1, 3, 4]) if by_batch else "epoch",
        "initial_value_threshold": draw.choice([None, 0.6]),
        "verbose": draw.choice([0, 1]),
    }


def schedule(draw: Draw) -> dict:
    return {"of": draw.choice(["epoch", "both"]), "gives": draw.choice(["float", "float", "int"]), "verbose": 1}


def csv(draw: Draw) -> dict:
    return {"separator": draw.choice([",", ";"]), "append": draw.maybe(0.5)}


def distillation(draw: Draw) -> dict:
    features = draw.maybe(0.5)
    losses = ["mse", "mae", "cosine_similarity"] if features else ["KLDivergence", "categorical_crossentropy", "mse"]
    return {
        "features": features,
        "loss": draw.choice(losses),
        "temperature": draw.choice([1.0, 2.0, 4.0]),
        "student_loss_weight": draw.choice([0.0, 0.3, 0.5, 1.0]),
        "weight": draw.choice([None, 0.7]),
    }


KINDS = {
    "early_stopping": (early_stopping, 30), "plateau": (plateau, 24), "checkpoint": (checkpoint, 20), "csv": (csv, 6),
    "schedule": (schedule, 6), "nan": (lambda draw: {"raise_error": draw.maybe(0.5)}, 4),
    "distillation": (distillation, 6), "averages": (lambda draw: {"swap_on_epoch": draw.maybe(0.5)}, 3),
}  # fmt: skip


def cases() -> list[dict]:
    found = []
    for (kind, (plan, count)), base in zip(KINDS.items(), itertools.count(0, 1000)):
        for number in range(count):
            draw = Draw(base + number)
            found.append({"id": f"{kind}-{number}", "kind": kind, "args": plan(draw), "seed": base + number})
    return found
