"""``tf.distribute.experimental``: older names of strategies, and wishes about the exchange of tensors."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.distribute import strategies, tpu
from kerasish.tf.distribute.experimental import coordinator as coordinator
from kerasish.tf.distribute.experimental import partitioners as partitioners
from kerasish.tf.distribute.inputs import ValueContext as ValueContext
from kerasish.tf.distribute.preemption import PreemptionCheckpointHandler as PreemptionCheckpointHandler
from kerasish.tf.distribute.preemption import TerminationConfig as TerminationConfig
from kerasish.tf.distribute.reducing import CollectiveHints as CollectiveHints
from kerasish.tf.distribute.reducing import CommunicationImplementation as CommunicationImplementation
from kerasish.tf.distribute.reducing import CommunicationOptions as CommunicationOptions
from kerasish.tf.distribute.servers import ParameterServerStrategy as ParameterServerStrategy
from kerasish.tf.distribute.strategies import CentralStorageStrategy as CentralStorageStrategy

CollectiveCommunication = CommunicationImplementation


class MultiWorkerMirroredStrategy(strategies.MultiWorkerMirroredStrategy):
    """``tf.distribute.MultiWorkerMirroredStrategy`` with its first form's arguments.

    Args:
        communication: a ``CommunicationImplementation``.
        cluster_resolver: says who this process is.
    """

    def __init__(
        self,
        communication: CommunicationImplementation = CommunicationImplementation.AUTO,
        cluster_resolver: Any = None,
    ) -> None:
        super().__init__(cluster_resolver, CommunicationOptions(implementation=communication))


class TPUStrategy(tpu.TPUStrategy):
    """``tf.distribute.TPUStrategy`` with its first form's arguments.

    Args:
        tpu_cluster_resolver: of this machine's TPUs.
        device_assignment: which core does what; torch-xla decides.
    """

    def __init__(self, tpu_cluster_resolver: Any = None, device_assignment: Any = None) -> None:
        super().__init__(tpu_cluster_resolver, device_assignment)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
