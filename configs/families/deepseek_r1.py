"""DeepSeek-R1-Distill. Its chat template opens the thinking block; our answers close it at once.
XTuner has no template for it."""

architectures = ["Qwen2ForCausalLM"]
prompt_template = "deepseek_r1"
template = dict(
    SYSTEM="{system}",
    INSTRUCTION="<｜User｜>{input}<｜Assistant｜><think>\n",
    PREFIX="\n</think>\n\n",
    SUFFIX="<｜end▁of▁sentence｜>",
    SUFFIX_AS_EOS=True,
    SEP="",
    STOP_WORDS=["<｜end▁of▁sentence｜>"],
)
llamafactory = "deepseekr1"
shapes = {"DeepSeek-R1-Distill-Qwen-7B": (152064, 3584, 18944, 28, 28, 4, 128, False)}
