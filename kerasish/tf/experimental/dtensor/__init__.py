"""``tf.experimental.dtensor``: tensors with layouts over a mesh of devices, in one process; see ``tensors.py``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.experimental.dtensor.clients import barrier as barrier
from kerasish.tf.experimental.dtensor.clients import client_id as client_id
from kerasish.tf.experimental.dtensor.clients import create_distributed_mesh as create_distributed_mesh
from kerasish.tf.experimental.dtensor.clients import create_mesh as create_mesh
from kerasish.tf.experimental.dtensor.clients import full_job_name as full_job_name
from kerasish.tf.experimental.dtensor.clients import heartbeat_enabled as heartbeat_enabled
from kerasish.tf.experimental.dtensor.clients import initialize_accelerator_system as initialize_accelerator_system
from kerasish.tf.experimental.dtensor.clients import job_name as job_name
from kerasish.tf.experimental.dtensor.clients import jobs as jobs
from kerasish.tf.experimental.dtensor.clients import local_devices as local_devices
from kerasish.tf.experimental.dtensor.clients import num_clients as num_clients
from kerasish.tf.experimental.dtensor.clients import num_global_devices as num_global_devices
from kerasish.tf.experimental.dtensor.clients import num_local_devices as num_local_devices
from kerasish.tf.experimental.dtensor.clients import preferred_device_type as preferred_device_type
from kerasish.tf.experimental.dtensor.clients import shutdown_accelerator_system as shutdown_accelerator_system
from kerasish.tf.experimental.dtensor.datasets import DTensorCheckpoint as DTensorCheckpoint
from kerasish.tf.experimental.dtensor.datasets import DTensorDataset as DTensorDataset
from kerasish.tf.experimental.dtensor.layouts import MATCH as MATCH
from kerasish.tf.experimental.dtensor.layouts import UNSHARDED as UNSHARDED
from kerasish.tf.experimental.dtensor.layouts import Layout as Layout
from kerasish.tf.experimental.dtensor.layouts import Mesh as Mesh
from kerasish.tf.experimental.dtensor.tensors import DVariable as DVariable
from kerasish.tf.experimental.dtensor.tensors import call_with_layout as call_with_layout
from kerasish.tf.experimental.dtensor.tensors import check_layout as check_layout
from kerasish.tf.experimental.dtensor.tensors import copy_to_mesh as copy_to_mesh
from kerasish.tf.experimental.dtensor.tensors import default_mesh as default_mesh
from kerasish.tf.experimental.dtensor.tensors import device_name as device_name
from kerasish.tf.experimental.dtensor.tensors import fetch_layout as fetch_layout
from kerasish.tf.experimental.dtensor.tensors import get_default_mesh as get_default_mesh
from kerasish.tf.experimental.dtensor.tensors import is_dtensor as is_dtensor
from kerasish.tf.experimental.dtensor.tensors import pack as pack
from kerasish.tf.experimental.dtensor.tensors import relayout as relayout
from kerasish.tf.experimental.dtensor.tensors import relayout_like as relayout_like
from kerasish.tf.experimental.dtensor.tensors import run_on as run_on
from kerasish.tf.experimental.dtensor.tensors import unpack as unpack

initialize_multi_client = initialize_tpu_system = initialize_accelerator_system
shutdown_tpu_system = shutdown_accelerator_system


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
