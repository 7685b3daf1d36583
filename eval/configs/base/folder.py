"""A Hugging Face folder as an OpenCompass model; eval.run adds path, journal and abbr."""

from eval.opencompass_classes import Folder

model = dict(type=Folder, run_cfg=dict(num_gpus=0))
