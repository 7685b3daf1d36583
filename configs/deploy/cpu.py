"""The CPU engine (llama.cpp): every key is a parameter of deploy/llamacpp.py."""

session_len = 2048  # tokens of prompt + answer that one conversation may hold
slots = 8  # requests answered at once; more wait in line (16 or 32 are no faster, but take memory)
# 0: one core fewer than there are (THREADS= of make deploy changes it). The engine's threads wait
# for each other in a loop. On 2 cores alone, 2 threads are 1.06 (one client) to 1.9 times (eight) as
# fast as 1; beside three busy processes they wrote 2.5 tokens/s where 1 thread wrote 38
# (docs/benchmarks.md).
threads = 0
kv = 0  # bits of the KV cache: 0 (16-bit), 8 or 4
prefix_cache_mib = 256  # memory for the shared prefixes of finished conversations
max_tokens = 1024  # length of an answer when the request names none
connections = 256  # HTTP connections served at once; the rest wait to be accepted
timeout = 30  # seconds without a byte from or to a client before its connection is closed
drain = 30  # seconds that running answers get to finish when the server is told to stop
adapters = []  # LoRA files (.gguf) that requests may switch on and off: {"lora": [{"id": 0, ...}]}
