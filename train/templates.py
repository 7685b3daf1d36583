"""Prompt templates in XTuner's form (SYSTEM, INSTRUCTION, SUFFIX …), by the name that recipes use:
those of the families (``configs/families``).

Each renders to what the family's own chat template renders, bos apart (the tokenizer adds it):
tests/train/test_templates.py compares them, ``make check`` on the user's own model folder. XTuner's
built-in templates are right for InternLM2 and Qwen with a system prompt; what differs from them
is said in the family's file.
"""

from __future__ import annotations

from mmengine.config import ConfigDict

from core import families

TEMPLATES = ConfigDict({family.prompt_template: family.template for family in families.all_()})
