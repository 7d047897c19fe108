"""``tf.distribute``: strategies over the processes that compute together."""

from __future__ import annotations

from typing import Any

from kerasish.tf.distribute import cluster_resolver as cluster_resolver
from kerasish.tf.distribute import coordinator as coordinator
from kerasish.tf.distribute import experimental as experimental
from kerasish.tf.distribute.inputs import DistributedDataset as DistributedDataset
from kerasish.tf.distribute.inputs import DistributedIterator as DistributedIterator
from kerasish.tf.distribute.inputs import InputContext as InputContext
from kerasish.tf.distribute.inputs import InputOptions as InputOptions
from kerasish.tf.distribute.inputs import InputReplicationMode as InputReplicationMode
from kerasish.tf.distribute.inputs import RunOptions as RunOptions
from kerasish.tf.distribute.reducing import CrossDeviceOps as CrossDeviceOps
from kerasish.tf.distribute.reducing import DistributedValues as DistributedValues
from kerasish.tf.distribute.reducing import HierarchicalCopyAllReduce as HierarchicalCopyAllReduce
from kerasish.tf.distribute.reducing import NcclAllReduce as NcclAllReduce
from kerasish.tf.distribute.reducing import ReduceOp as ReduceOp
from kerasish.tf.distribute.reducing import ReductionToOneDevice as ReductionToOneDevice
from kerasish.tf.distribute.servers import ParameterServerStrategy as ParameterServerStrategy
from kerasish.tf.distribute.servers import Server as Server
from kerasish.tf.distribute.strategies import MirroredStrategy as MirroredStrategy
from kerasish.tf.distribute.strategies import MultiWorkerMirroredStrategy as MultiWorkerMirroredStrategy
from kerasish.tf.distribute.strategies import OneDeviceStrategy as OneDeviceStrategy
from kerasish.tf.distribute.strategies import ReplicaContext as ReplicaContext
from kerasish.tf.distribute.strategies import Strategy as Strategy
from kerasish.tf.distribute.strategies import StrategyExtended as StrategyExtended
from kerasish.tf.distribute.strategies import experimental_set_strategy as experimental_set_strategy
from kerasish.tf.distribute.strategies import get_replica_context as get_replica_context
from kerasish.tf.distribute.strategies import get_strategy as get_strategy
from kerasish.tf.distribute.strategies import has_strategy as has_strategy
from kerasish.tf.distribute.strategies import in_cross_replica_context as in_cross_replica_context
from kerasish.tf.distribute.tpu import TPUStrategy as TPUStrategy
from kerasish.tf.gone import missing as _missing


def __getattr__(name: str) -> Any:
    raise _missing(__name__, name, globals())
