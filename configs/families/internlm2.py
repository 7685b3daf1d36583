"""InternLM2 and InternLM2.5: SentencePiece and Python of their own in the folder."""

_base_ = ["_chatml.py"]
architectures = ["InternLM2ForCausalLM"]
prompt_template = "internlm2_chat"  # 2, 2.5 and 3 share one chat template
llamafactory = "intern2"
environment = "train-448"  # their generate fails from transformers 4.50 on
remote_code = True
fused = True
shapes = {
    "internlm2-chat-1_8b": (92544, 2048, 8192, 24, 16, 8, 128, False),
    "internlm2-chat-7b": (92544, 4096, 14336, 32, 32, 8, 128, False),
    "internlm2-chat-20b": (92544, 6144, 16384, 48, 48, 8, 128, False),
    "internlm2_5-1_8b-chat": (92544, 2048, 8192, 24, 16, 8, 128, False),
    "internlm2_5-7b-chat": (92544, 4096, 14336, 32, 32, 8, 128, False),
}
