"""Both phases as Slurm jobs (srun): python -m eval run … --runner slurm. A site copies this file,
sets its partition, and gives its path: --runner my_slurm.py"""

from opencompass.partitioners import NaivePartitioner, NumWorkerPartitioner
from opencompass.runners import SlurmRunner
from opencompass.tasks import OpenICLEvalTask, OpenICLInferTask

infer = dict(
    partitioner=dict(type=NumWorkerPartitioner, num_worker=8),
    runner=dict(
        type=SlurmRunner,
        task=dict(type=OpenICLInferTask),
        max_num_workers=8,
        partition=None,
        quotatype=None,
        retry=2,
    ),
)
eval = dict(
    partitioner=dict(type=NaivePartitioner),
    runner=dict(
        type=SlurmRunner,
        task=dict(type=OpenICLEvalTask, dump_details=True),
        max_num_workers=8,
        partition=None,
        quotatype=None,
        retry=2,
    ),
)
