# ruff: noqa: F401  (read_base imports are the config)
"""The parts that every evaluation shares; eval.run adds the models (base/endpoint.py,
base/folder.py) and one data set per suite: make eval."""

from mmengine.config import read_base

with read_base():
    from .base.here import eval, infer
    from .base.questions import dataset
