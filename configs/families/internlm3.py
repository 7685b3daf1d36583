"""InternLM3. LMDeploy cannot calibrate it: its code wants another transformers than InternLM2's."""

_base_ = ["_chatml.py"]
architectures = ["InternLM3ForCausalLM"]
prompt_template = "internlm2_chat"
llamafactory = "intern2"
environment = "train-448"
remote_code = True
quantisers = ["gguf"]
shapes = {"internlm3-8b-instruct": (128512, 4096, 10240, 48, 32, 2, 128, False)}
