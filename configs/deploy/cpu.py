"""The CPU engine (llama.cpp): every key is a parameter of deploy/llamacpp.py."""

session_len = 2048  # tokens of prompt + answer that one conversation may hold
slots = 4  # requests answered at once; more wait in line
threads = 0  # 0: as many as there are cores
kv = 0  # bits of the KV cache: 0 (16-bit), 8 or 4
prefix_cache_mib = 256  # memory for the shared prefixes of finished conversations
max_tokens = 1024  # length of an answer when the request names none
