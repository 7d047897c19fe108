"""What a student is told by its teacher: its outputs' distribution, or its layers' features."""

from __future__ import annotations

from typing import Any

from kerasish import losses, ops, tree
from kerasish.core import registry


class DistillationLoss:
    """Base class: a subclass defines ``compute_loss``, which gives a scalar."""

    teacher_layer_name: str | None = None
    student_layer_name: str | None = None

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """The loss of a batch, a scalar Tensor, for outputs in the models' structure."""
        raise NotImplementedError("Subclasses must implement compute_loss")

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Raise ``ValueError`` if the outputs cannot be compared."""
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise ``ValueError`` if the loss is not for these models."""


def as_function(loss: Any) -> Any:
    """A loss by name as a function or object; None stays."""
    return losses.get(loss) if isinstance(loss, str) else loss


def _applied(apply: Any, loss: Any, teacher_outputs: Any, student_outputs: Any) -> Any:
    """The sum of the losses of all outputs."""
    values = tree.map_structure(apply, loss, teacher_outputs, student_outputs)
    return ops.sum(ops.stack([ops.convert_to_tensor(value) for value in tree.flatten(values)]))


class LogitsDistillation(DistillationLoss):
    """Compares the models' final outputs, logits, divided by a temperature.

    Args:
        temperature: above 1 the teacher's distribution is softer; usually 3 to 5.
        loss: name or loss, or a structure of them like the outputs, with None for those that are left out. With the
            Kullback-Leibler divergence logits become probabilities first, and the loss is multiplied by temperature².

    Raises:
        ValueError: no loss at all, or a temperature that is not positive.
    """

    def __init__(self, temperature: float = 3.0, loss: Any = "kl_divergence") -> None:
        self.temperature = temperature
        self.loss = tree.map_structure(as_function, loss)
        if all(function is None for function in tree.flatten(self.loss)):
            raise ValueError("At least one loss must be non-`None`.")
        if not isinstance(temperature, (int, float)):
            raise ValueError(f"temperature must be a number, got {type(temperature)}")
        if temperature <= 0.0:
            raise ValueError("temperature must be positive.")

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        teacher, student = tree.map_structure(
            lambda x: ops.divide(x, self.temperature), (teacher_outputs, student_outputs)
        )

        def apply(function: Any, teacher_logits: Any, student_logits: Any) -> Any:
            if function is None:
                return 0.0
            if isinstance(function, losses.KLDivergence) or function is losses.kl_divergence:
                teacher_logits, student_logits = ops.softmax(teacher_logits), ops.softmax(student_logits)
                return ops.mean(function(teacher_logits, student_logits)) * self.temperature**2
            return ops.mean(function(teacher_logits, student_logits))

        return _applied(apply, self.loss, teacher, student)

    def get_config(self) -> dict:
        return {"temperature": self.temperature, "loss": registry.serialize_keras_object(self.loss)}

    @classmethod
    def from_config(cls, config: dict) -> LogitsDistillation:
        return cls(**{**config, "loss": registry.deserialize_keras_object(config["loss"])})


class FeatureDistillation(DistillationLoss):
    """Compares the outputs of a layer of each model.

    Args:
        loss: name or loss, or a structure of them like the layers' outputs, with None for those that are left out.
        teacher_layer_name, student_layer_name: of the layers; default: the models' final outputs.

    Raises:
        ValueError: no loss at all.
    """

    def __init__(
        self, loss: Any = "mse", teacher_layer_name: str | None = None, student_layer_name: str | None = None
    ) -> None:
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name
        self.loss = tree.map_structure(as_function, loss)
        if all(function is None for function in tree.flatten(self.loss)):
            raise ValueError("The `loss` argument in `FeatureDistillation` must contain at least one non-`None` value.")

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        models = {"teacher": (teacher, self.teacher_layer_name), "student": (student, self.student_layer_name)}
        if any(name is not None for _, name in models.values()):
            without = " and ".join(role for role, (model, _) in models.items() if not has_graph(model))
            if without:
                raise ValueError(
                    f"FeatureDistillation with specific layer names requires Functional or Sequential models. The {without} "
                    "model(s) appear to be subclassed (no symbolic inputs/outputs). Use it without layer names, or use "
                    "LogitsDistillation instead."
                )
        for role, (model, name) in models.items():
            if name is not None:
                try:
                    model.get_layer(name=name)
                except ValueError as error:
                    raise ValueError(f"In {role} model: {error}") from None

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        super().validate_outputs(teacher_outputs, student_outputs)
        try:
            tree.assert_same_structure(self.loss, teacher_outputs)
        except ValueError as error:
            raise ValueError(
                f"Loss structure mismatch. Expected a loss for each output. Received: {self.loss}. {error}"
            ) from None

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        def apply(function: Any, teacher_features: Any, student_features: Any) -> Any:
            return 0.0 if function is None else ops.mean(function(teacher_features, student_features))

        return _applied(apply, self.loss, teacher_outputs, student_outputs)

    def get_config(self) -> dict:
        return {
            "loss": registry.serialize_keras_object(self.loss),
            "teacher_layer_name": self.teacher_layer_name,
            "student_layer_name": self.student_layer_name,
        }

    @classmethod
    def from_config(cls, config: dict) -> FeatureDistillation:
        return cls(**{**config, "loss": registry.deserialize_keras_object(config["loss"])})


def has_graph(model: Any) -> bool:
    """Whether a model is one of symbolic inputs and outputs."""
    return getattr(model, "_k_network", None) is not None
