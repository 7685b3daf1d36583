"""Both phases as jobs of Alibaba Cloud's DLC: python -m eval run … --runner my_dlc.py, where
my_dlc.py is a copy of this file with the cluster's own names."""

from opencompass.partitioners import NaivePartitioner, NumWorkerPartitioner
from opencompass.runners import DLCRunner
from opencompass.tasks import OpenICLEvalTask, OpenICLInferTask

cluster = dict(
    bashrc_path="/path/of/bashrc",
    conda_env_name="tikuforge-eval",
    dlc_config_path="/path/of/dlc.config",
    workspace_id="workspace",
    worker_image="image",
    resource_id="resource",
)
infer = dict(
    partitioner=dict(type=NumWorkerPartitioner, num_worker=8),
    runner=dict(
        type=DLCRunner,
        task=dict(type=OpenICLInferTask),
        aliyun_cfg=cluster,
        max_num_workers=8,
        retry=2,
    ),
)
eval = dict(
    partitioner=dict(type=NaivePartitioner),
    runner=dict(
        type=DLCRunner,
        task=dict(type=OpenICLEvalTask, dump_details=True),
        aliyun_cfg=cluster,
        max_num_workers=8,
        retry=2,
    ),
)
del cluster
