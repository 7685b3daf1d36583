"""LMDeploy's PyTorch engine: NVIDIA GPUs, also for architectures that TurboMind does not have."""

from deploy import preflight
from deploy.engines.lmdeploy import Lmdeploy

ENGINE = Lmdeploy("pytorch", formats=("awq", "w8a8"), check=preflight.shape)
