"""Both phases in processes of their own here: python -m eval run … --runner local. Worth it for
models that are folders; a server is kept busy by --workers."""

from opencompass.partitioners import NaivePartitioner
from opencompass.runners import LocalRunner
from opencompass.tasks import OpenICLEvalTask, OpenICLInferTask

infer = dict(
    partitioner=dict(type=NaivePartitioner),
    runner=dict(type=LocalRunner, task=dict(type=OpenICLInferTask), max_num_workers=2),
)
eval = dict(
    partitioner=dict(type=NaivePartitioner),
    runner=dict(
        type=LocalRunner, task=dict(type=OpenICLEvalTask, dump_details=True), max_num_workers=2
    ),
)
