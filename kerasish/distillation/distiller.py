"""Distiller: a model that trains a student on the targets and on what a teacher gives."""

from __future__ import annotations

from typing import Any

from kerasish import ops, tree
from kerasish.core import registry
from kerasish.distillation.losses import as_function, has_graph
from kerasish.metrics import Mean
from kerasish.models import Model


class Distiller(Model):
    """Trains ``student``; its call is the student's.

    Args:
        teacher: a trained model, which is frozen.
        student: has inputs and outputs of the same shapes.
        distillation_losses: one ``DistillationLoss`` or a list.
        distillation_loss_weights: a factor for each; default: 1.
        student_loss_weight: of the loss on the targets, from 0 to 1; the distillation's weight is what is left to 1.
        name, kwargs: as of ``Model``.

    Raises:
        ValueError: models that do not fit each other or a loss, or a weight out of its range.
    """

    def __init__(
        self,
        teacher: Any,
        student: Any,
        distillation_losses: Any,
        distillation_loss_weights: Any = None,
        student_loss_weight: float = 0.5,
        name: str | None = "distiller",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        _check_models(teacher, student)
        if not isinstance(student_loss_weight, (int, float)):
            raise ValueError(f"student_loss_weight must be a number, got {type(student_loss_weight)}")
        if not 0.0 <= student_loss_weight <= 1.0:
            raise ValueError(f"student_loss_weight must be between 0.0 and 1.0, got {student_loss_weight}")
        if distillation_losses is None:
            raise ValueError(
                "'distillation_losses' cannot be `None`. Provide a distillation loss (e.g., LogitsDistillation or "
                "FeatureDistillation) or a list of distillation losses."
            )
        self.teacher = teacher
        self.student = student
        self.student_loss_weight = student_loss_weight
        single = not isinstance(distillation_losses, (list, tuple))
        self.distillation_losses = [distillation_losses] if single else list(distillation_losses)
        weights = None if single else distillation_loss_weights
        self.distillation_loss_weights = [1.0] * len(self.distillation_losses) if weights is None else list(weights)
        if len(self.distillation_loss_weights) != len(self.distillation_losses):
            raise ValueError(
                f"Number of distillation_loss_weights ({len(self.distillation_loss_weights)}) must match number of "
                f"distillation_losses ({len(self.distillation_losses)})"
            )
        for loss in self.distillation_losses:
            loss.validate_model_compatibility(teacher, student)
        self._teacher_feature_extractor = self._extractor(teacher, "teacher_layer_name")
        self._student_feature_extractor = self._extractor(student, "student_layer_name")
        self.teacher.trainable = False
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")

    def _extractor(self, model: Any, attribute: str) -> Any:
        """A model of the outputs of the layers that the losses name, and the final one; None if they name none."""
        names = {getattr(loss, attribute, None): None for loss in self.distillation_losses}
        names.pop(None, None)
        if not names:
            return None
        outputs = {"final_output": model.output, **{name: model.get_layer(name=name).output for name in names}}
        return Model(inputs=model.inputs, outputs=outputs, name=f"{model.name}_multi_feature_extractor")

    def build(self, input_shape: Any = None) -> None:
        for model in (self.teacher, self.student):
            if not model.built:
                model.build(input_shape)
        self.built = True

    def compile(self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any) -> None:
        """Configure the training.

        Args:
            optimizer: of the student.
            loss: on the targets: name or loss, or a structure of them like the outputs.
            metrics: a list.
            kwargs: as of ``Model.compile``.

        Raises:
            ValueError: no loss, or metrics that are no list.
        """
        if loss is None:
            raise ValueError("'loss' cannot be `None`.")
        if metrics is not None and not isinstance(metrics, (list, tuple)):
            raise ValueError(f"metrics must be a list or tuple, got {type(metrics)}")
        self._student_loss_given = loss
        self._student_loss = tree.map_structure(as_function, loss)
        super().compile(optimizer=optimizer, loss=None, metrics=metrics, **kwargs)

    def get_compile_config(self) -> dict:
        config = super().get_compile_config()
        return {**config, "loss": registry.serialize_keras_object(self._student_loss_given)} if config else {}

    def compile_from_config(self, config: dict) -> None:
        config = {key: registry.deserialize_keras_object(value) for key, value in config.items()}
        names = ("loss_weights", "weighted_metrics", "run_eagerly", "steps_per_execution", "jit_compile")
        known = {key: config[key] for key in names if config.get(key) is not None}
        self.compile(config["optimizer"], config["loss"], config.get("metrics"), **known)
        if self.built and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def call(self, inputs: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """The student's outputs."""
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The weighted sum of the student's and the distillation losses; counts for all three running means."""
        y_pred = self(x, training=training) if y_pred is None else y_pred
        student_loss: Any = 0.0
        if self.student_loss_weight > 0.0 and y is not None:
            student_loss = self._loss_on_targets(y, y_pred)
        distillation_loss: Any = 0.0
        if self.student_loss_weight < 1.0:
            distillation_loss = self._distillation_loss(x, y_pred)
        weight = self.student_loss_weight
        total = ops.add(ops.multiply(weight, student_loss), ops.multiply(1.0 - weight, distillation_loss))
        self.student_loss_tracker.update_state(student_loss)
        self.distillation_loss_tracker.update_state(distillation_loss)
        self.total_loss_tracker.update_state(total)
        return total

    def _loss_on_targets(self, y: Any, y_pred: Any) -> Any:
        values = tree.map_structure(lambda function, *batch: function(*batch), self._student_loss, y, y_pred)
        flat = tree.flatten(values)
        value = ops.sum(ops.stack(flat)) if len(flat) > 1 else flat[0]
        return ops.mean(value) if len(value.shape) else value

    def _distillation_loss(self, x: Any, y_pred: Any) -> Any:
        total: Any = 0.0
        teacher, student = self._teacher_feature_extractor, self._student_feature_extractor
        of_teacher = (
            {"final_output": self.teacher(x, training=False)} if teacher is None else teacher(x, training=False)
        )
        of_student = {"final_output": y_pred} if student is None else student(x, training=True)
        for loss, weight in zip(self.distillation_losses, self.distillation_loss_weights):
            teacher_outputs, student_outputs = of_teacher["final_output"], y_pred
            if getattr(loss, "teacher_layer_name", None) is not None:
                teacher_outputs = of_teacher[loss.teacher_layer_name]
                student_outputs = of_student[loss.student_layer_name or "final_output"]
            loss.validate_outputs(teacher_outputs, student_outputs)
            value = loss.compute_loss(teacher_outputs, student_outputs)
            if len(getattr(value, "shape", ())):
                raise ValueError(
                    f"Distillation loss {type(loss).__name__} returned a non-scalar loss with shape {value.shape}. The "
                    "compute_loss method must return a scalar tensor."
                )
            total = ops.add(total, ops.multiply(weight, value))
        return total

    def reset_metrics(self) -> None:
        super().reset_metrics()
        for tracker in (self.student_loss_tracker, self.distillation_loss_tracker, self.total_loss_tracker):
            tracker.reset_state()

    def get_config(self) -> dict:
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": registry.serialize_keras_object(self.dtype_policy),
            "teacher": registry.serialize_keras_object(self.teacher),
            "student": registry.serialize_keras_object(self.student),
            "distillation_losses": [registry.serialize_keras_object(loss) for loss in self.distillation_losses],
            "distillation_loss_weights": list(self.distillation_loss_weights),
            "student_loss_weight": self.student_loss_weight,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Distiller:
        with registry.CustomObjectScope(custom_objects or {}):
            made = {key: registry.deserialize_keras_object(config[key]) for key in ("teacher", "student")}
            losses = [registry.deserialize_keras_object(loss) for loss in config["distillation_losses"]]
        return cls(**{**config, **made, "distillation_losses": losses})


def _check_models(teacher: Any, student: Any) -> None:
    """Raise ``ValueError`` if they are no models, or have inputs or outputs of other shapes or dtypes."""
    for role, model in (("Teacher", teacher), ("Student", student)):
        if not isinstance(model, Model):
            raise ValueError(f"{role} must be a keras.Model, got {type(model)}")
    if not has_graph(teacher) or not has_graph(student):
        return
    for what in ("input", "output"):
        ours, others = getattr(teacher, f"{what}s"), getattr(student, f"{what}s")
        tree.map_structure(lambda a, b, what=what: _check_fit(a, b, what), list(ours), list(others))


def _check_fit(teacher: Any, student: Any, what: str) -> None:
    shapes = f"Teacher: {tuple(teacher.shape)}, Student: {tuple(student.shape)}."
    if len(teacher.shape) != len(student.shape):
        raise ValueError(f"Teacher and student {what} shapes have different dimensions. {shapes}")
    if any(a is not None and b is not None and a != b for a, b in zip(teacher.shape, student.shape)):
        raise ValueError(f"Teacher and student {what} shapes are incompatible. {shapes} All dimensions must match.")
    if teacher.dtype != student.dtype:
        raise ValueError(
            f"Teacher and student {what} dtypes must match. Teacher: {teacher.dtype.name}, Student: {student.dtype.name}."
        )
