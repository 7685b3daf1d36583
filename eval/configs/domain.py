"""A domain's own suites against deployed servers: make eval."""

from mmengine.config import read_base

with read_base():
    pass
