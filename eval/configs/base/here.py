"""Both phases in this process. For Slurm, DLC or several local processes see docs/eval.md."""

from opencompass.partitioners import NaivePartitioner
from opencompass.tasks import OpenICLEvalTask, OpenICLInferTask

from eval.opencompass_classes import HereRunner

infer = dict(
    partitioner=dict(type=NaivePartitioner),
    runner=dict(type=HereRunner, task=dict(type=OpenICLInferTask)),
)
eval = dict(
    partitioner=dict(type=NaivePartitioner),
    runner=dict(type=HereRunner, task=dict(type=OpenICLEvalTask, dump_details=True)),
)
