"""LMDeploy's TurboMind (NVIDIA GPU): every key is a flag of `lmdeploy serve api_server`.

tests/deploy/test_lmdeploy.py proves each flag against the installed parser.
"""

session_len = 4096  # tokens of prompt + answer
max_batch_size = 128  # requests answered at once
cache_max_entry_count = 0.8  # share of the free GPU memory for the KV cache
quant_policy = 0  # bits of the KV cache: 0 (16-bit), 8 or 4
tp = 1  # GPUs that share one model
enable_prefix_caching = True  # the domain's system prompt is computed once
max_concurrent_requests = 512
# Nothing of the folder's generation_config.json but its ends: Qwen2.5's repetition_penalty (1.05) would
# bend greedy answers too, which the hand-over and the score card take for the model's own.
generation_config = "lmdeploy"
max_log_len = 0  # no texts in the log
trust_remote_code = True  # where the folder brings code that was allowed (./tiku trust), else off
drain = 60  # seconds that running answers get to finish; ours, no flag of lmdeploy
