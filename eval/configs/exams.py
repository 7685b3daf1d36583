"""C-Eval, CMMLU and CMB (its validation part: the test answers are not public) against a server of
make deploy, for machines that reach a hub: .venvs/eval/bin/opencompass eval/configs/exams.py"""

from mmengine.config import read_base

with read_base():
    from opencompass.configs.datasets.ceval.ceval_gen import ceval_datasets
    from opencompass.configs.datasets.cmb.cmb_gen import cmb_datasets
    from opencompass.configs.datasets.cmmlu.cmmlu_gen import cmmlu_datasets

    from .base.endpoint import model

# Test answers are not public: C-Eval's and CMB's validation parts.
datasets = [
    *[one for one in ceval_datasets if "-test-" not in one["abbr"]],
    *cmmlu_datasets,
    *[one for one in cmb_datasets if one["abbr"] != "cmb_test"],
]
models = [
    dict(
        **model,
        abbr="deployed",
        path="default",
        openai_api_base="http://127.0.0.1:23333/v1",
        journal="work_dirs/exams/answers/deployed.jsonl",
        max_out_len=64,
    )
]
work_dir = "work_dirs/exams"
