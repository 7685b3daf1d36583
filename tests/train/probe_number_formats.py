"""Number formats of the matrix products of a run, its adapter and its merge, as JSON on the last
line: ``probe_number_formats.py WORK_DIR DATA OVERRIDE…`` (in the train environment)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from core import precision

PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "_scaled_dot_product_flash_attention_for_cpu")


class Formats(TorchDispatchMode):
    """Notes the dtype of every matrix product."""

    def __init__(self) -> None:
        super().__init__()
        self.met: dict[str, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func.__name__.split(".")[0] in PRODUCTS:
            tensor = out[0] if isinstance(out, tuple) else out
            name = str(tensor.dtype).removeprefix("torch.")
            self.met[name] = self.met.get(name, 0) + 1
        return out


def main() -> None:
    from train import merge, run

    work_dir, data, overrides = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    found = {"fastest": precision.fastest(), "slower": precision.slower("bfloat16")}
    for name, step in {
        "train": lambda: run.run("smollm2_cpu_qlora.py", work_dir, "gongkao", data, overrides),
        "adapter": lambda: merge.adapter(work_dir),
        "merge": lambda: merge.merge(work_dir),
    }.items():
        with Formats() as formats:
            step()
        found[name] = formats.met
    print(json.dumps(found))


if __name__ == "__main__":
    main()
