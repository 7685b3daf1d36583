"""A deployed server as an OpenCompass model; eval.run adds path, address, journal and abbr."""

from eval.opencompass_classes import Endpoint

model = dict(
    type=Endpoint, temperature=0.0, max_workers=4, retry=5, timeout=600, run_cfg=dict(num_gpus=0)
)
