"""A Hugging Face folder as an OpenCompass model; eval.run adds path, journal and abbr."""

from eval.parts import Folder

model = dict(type=Folder, run_cfg=dict(num_gpus=0))
