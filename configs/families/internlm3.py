"""InternLM3. LMDeploy cannot calibrate it: its code wants another transformers than InternLM2's."""

architectures = ["InternLM3ForCausalLM"]
prompt_template = "internlm2_chat"
template = dict(
    SYSTEM="<|im_start|>system\n{system}<|im_end|>\n",
    INSTRUCTION="<|im_start|>user\n{input}<|im_end|>\n<|im_start|>assistant\n",
    SUFFIX="<|im_end|>",
    SUFFIX_AS_EOS=True,
    SEP="\n",
    STOP_WORDS=["<|im_end|>"],
)
llamafactory = "intern2"
environment = "train-448"
remote_code = True
quantisers = ["gguf"]
shapes = {"internlm3-8b-instruct": (128512, 4096, 10240, 48, 32, 2, 128, False)}
