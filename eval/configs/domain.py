# ruff: noqa: F401  (read_base imports are the config)
"""A domain's own suites against deployed servers: make eval."""

from mmengine.config import read_base

with read_base():
    from .base.endpoint import model
    from .base.here import eval, infer
    from .base.questions import dataset
