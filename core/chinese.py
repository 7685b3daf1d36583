"""Traditional characters as simplified ones (OpenCC), loaded when first needed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_HAN = re.compile(r"[\u3400-\u9fff]")


@lru_cache(maxsize=1)
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def simplified(text: str) -> str:
    """``text`` with simplified characters."""
    return str(_converter().convert(text)) if _HAN.search(text) else text
