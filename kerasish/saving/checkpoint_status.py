"""What ``Checkpoint.restore`` returns: questions about what was found and what was not."""

from __future__ import annotations

from typing import Any

from kerasish.saving.by_name import NamedRestoration
from kerasish.saving.object_graph import Node
from kerasish.saving.restoring import Restoration

_MOST_SHOWN = 10


class CheckpointLoadStatus:
    """The outcome of reading a checkpoint; what has not found its object yet is set when the object is made."""

    def __init__(self, restoration: Restoration, root: Any) -> None:
        self._restoration = restoration
        self._root_object = root

    def assert_consumed(self) -> CheckpointLoadStatus:
        """Every value of the checkpoint has an object, and every object a value.

        Raises:
            AssertionError: that is not so.
        """
        self.assert_existing_objects_matched()
        for number in self._restoration.unfound():
            raise AssertionError(
                f"Unresolved object in checkpoint {self._restoration.path(number)}: "
                f"{_node_text(self._restoration.nodes[number])}"
            )
        return self

    def assert_existing_objects_matched(self) -> CheckpointLoadStatus:
        """Every object that is there has a value from the checkpoint.

        Raises:
            AssertionError: that is not so.
        """
        unset = self._restoration.unset()
        if unset:
            shown = unset[:_MOST_SHOWN]
            raise AssertionError(
                f"Found {len(unset)} Python objects that were not bound to checkpointed values, likely due to changes in "
                f"the Python program. Showing {len(shown)} of {len(unset)} unmatched objects: {shown}"
            )
        return self

    def assert_nontrivial_match(self) -> CheckpointLoadStatus:
        """Something besides the root has a value from the checkpoint.

        Raises:
            AssertionError: nothing has.
        """
        if not self._restoration.set_nodes - {0}:
            if not self._restoration.unset():
                raise AssertionError(f"Nothing to load. No dependencies have been added to {self._root_object} yet.")
            raise AssertionError(
                f"Nothing except the root object matched a checkpointed value. Typically this means that the checkpoint "
                f"does not match the Python program. The following objects have no matching checkpointed value: "
                f"{self._restoration.unset()[:_MOST_SHOWN]}"
            )
        return self

    def expect_partial(self) -> CheckpointLoadStatus:
        """Values without an object are all right."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Nothing: values are set already."""

    def initialize_or_restore(self, session: Any = None) -> None:
        """Nothing: values are set already."""


class NameBasedSaverStatus:
    """The outcome of reading, by variables' names, a checkpoint of a Saver."""

    def __init__(self, restoration: NamedRestoration, root: Any) -> None:
        self._restoration = restoration
        self._root_object = root
        self._optional: list[Any] = []

    def add_to_optionally_restored(self, variable: Any) -> None:
        """Let one variable need no value."""
        self._optional.append(variable)

    def assert_consumed(self) -> NameBasedSaverStatus:
        """Every variable below the root has a value from the checkpoint.

        Raises:
            AssertionError: that is not so.
        """
        unset = [v for v in self._restoration.unset() if all(v is not known for known in self._optional)]
        if unset:
            shown = "\n    ".join(f"{variable!r}" for variable in unset[:_MOST_SHOWN])
            raise AssertionError(f"Some objects had attributes which were not restored: \n    {shown}")
        return self

    assert_existing_objects_matched = assert_nontrivial_match = assert_consumed

    def expect_partial(self) -> NameBasedSaverStatus:
        """Values without a variable are all right."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Nothing: values are set already."""

    def initialize_or_restore(self, session: Any = None) -> None:
        """Nothing: values are set already."""


class InitializationOnlyStatus:
    """The outcome of reading no checkpoint."""

    def assert_consumed(self) -> Any:
        """Raise: nothing was read."""
        raise AssertionError("No checkpoint specified (save_path=None); nothing is being restored.")

    assert_existing_objects_matched = assert_nontrivial_match = assert_consumed

    def expect_partial(self) -> InitializationOnlyStatus:
        """Nothing to do."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Raise: nothing was read."""
        raise AssertionError(
            "No checkpoint specified, so no restore ops are available (save_path=None to Saver.restore)."
        )

    def initialize_or_restore(self, session: Any = None) -> None:
        """Nothing: variables have their values."""


def _node_text(node: Node) -> str:
    lines = []
    for attribute in node.attributes:
        lines.append("attributes {")
        fields = {"name": attribute.name, "full_name": attribute.full_name, "checkpoint_key": attribute.key}
        lines += [f'  {name}: "{text}"' for name, text in fields.items() if text]
        lines.append("}")
    return "\n".join([*lines, "has_checkpoint_values {", "  value: true", "}", ""])
