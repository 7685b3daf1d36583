"""LMDeploy's TurboMind: NVIDIA GPUs, the architectures that it has kernels for."""

from deploy import preflight
from deploy.engines.lmdeploy import Lmdeploy

ENGINE = Lmdeploy("turbomind", formats=("awq",), check=preflight.turbomind)
