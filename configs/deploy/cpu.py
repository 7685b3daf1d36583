"""The CPU engine (llama.cpp): every key is a parameter of deploy/llamacpp.py."""

session_len = 2048  # tokens of prompt + answer that one conversation may hold
slots = 8  # requests answered at once; more wait in line (8 at 8 clients: 1.5 times as fast as 4)
# 0: one core fewer than there are. The engine's threads wait for each other in a loop: on 2 cores
# with a busy neighbour, 100 tokens of SmolLM2-135M took 20 to 58 s with 2 threads and 1.0 s with 1;
# idle, 2 threads are 1.1 (one client) to 1.6 times (four clients) as fast.
threads = 0
kv = 0  # bits of the KV cache: 0 (16-bit), 8 or 4
prefix_cache_mib = 256  # memory for the shared prefixes of finished conversations
max_tokens = 1024  # length of an answer when the request names none
connections = 256  # HTTP connections served at once; the rest wait to be accepted
timeout = 30  # seconds without a byte from or to a client before its connection is closed
drain = 30  # seconds that running answers get to finish when the server is told to stop
adapters = []  # LoRA files (.gguf) that requests may switch on and off: {"lora": [{"id": 0, ...}]}
