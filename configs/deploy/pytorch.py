"""LMDeploy's PyTorch engine: for architectures that TurboMind does not have."""

session_len = 4096
max_batch_size = 64
cache_max_entry_count = 0.8
quant_policy = 0
tp = 1
enable_prefix_caching = True
max_concurrent_requests = 512
# Nothing of the folder's generation_config.json but its ends: Qwen2.5's repetition_penalty (1.05) would
# bend greedy answers too, which the hand-over and the score card take for the model's own.
generation_config = "lmdeploy"
max_log_len = 0  # no texts in the log
trust_remote_code = True  # where the folder brings code that was allowed (./tiku trust), else off
drain = 60  # seconds that running answers get to finish; ours, no flag of lmdeploy
