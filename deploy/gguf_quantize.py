"""llama.cpp's quantiser, by cyllama: ``python -m deploy.gguf_quantize IN.gguf OUT.gguf q4_k_m``.

Always a process of its own: the engine's package (xllamacpp) brings another llama.cpp, without it.
"""

from __future__ import annotations

import sys

from core import cores

# llama.h, enum llama_ftype; the first is what make quantize takes by itself
TYPES = {"q4_k_m": 15, "q4_0": 2, "q5_0": 8, "q5_k_m": 17, "q6_k": 18, "q8_0": 7}


def main() -> None:
    """Write a 16-bit GGUF as one of :data:`TYPES`."""
    from cyllama.llama import llama_cpp

    source, target, name = sys.argv[1:]
    params = llama_cpp.LlamaModelQuantizeParams()
    params.ftype = TYPES[name]
    params.nthread = cores.usable()
    llama_cpp.model_quantize(source, target, params)


if __name__ == "__main__":
    main()
