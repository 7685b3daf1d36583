"""``make export``: the tuned model as a folder to carry to another machine.

``gguf``: the file for llama.cpp and its relatives. ``ollama``: the same with a Modelfile that has
the model's own template and the domain's system prompt. ``hf``: the merged folder for transformers,
vLLM and the like. Each has a README that says how it was trained to be asked.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from core import families, shipped, trust
from core.domain import Domain
from core.errors import UserError
from core.files import read_json, shown, write_text
from core.language import words
from deploy import gguf, models, quantize

ASKED = ("系统提示（训练时用的）", "System prompt (as in training)")  # in README.md, which is kept
PROBE = [{"role": "system", "content": "\0S"}, {"role": "user", "content": "\0U"}]


def run(merged: Path, form: str, kind: str, to: Path | None, domain: Domain, name: str) -> str:
    """Write the folder; a sentence that says what was written and how to use it."""
    if not (merged / "config.json").is_file():
        raise UserError(models.no_merged(merged))
    out = to or merged.parent / "export" / form
    if out.exists() and any(out.iterdir()) and not (out / ".tikuforge").is_file():
        what = words(
            "不是空目录，也不是导出的目录，请换一个：TO=…",
            "is not empty and was not exported by us, choose another: TO=…",
        )
        raise UserError(f"{shown(out)}: {what}")
    out.mkdir(parents=True, exist_ok=True)
    (out / ".tikuforge").touch()
    if form == "hf":
        for file in models.files(merged):
            shutil.copy2(file, out)
        use = f"transformers: AutoModelForCausalLM.from_pretrained('{shown(out)}')"
    else:
        file = out / f"{name}-{kind}.gguf"
        shutil.copy2(weights(merged, kind), file)
        use = f"llama-server -m {shown(file)} --jinja"
        if form == "ollama":
            write_text(out / "Modelfile", modelfile(merged, file.name, domain.system))
            use = f"cd {shown(out)} && ollama create {name} -f Modelfile && ollama run {name}"
    write_text(out / "README.md", readme(name, domain, use))
    made = shipped.write(out, merged.parent)
    return (
        f"{words('已导出', 'exported')} {shown(out)}; {words('使用', 'use')}: {use}\n"
        f"{words('清单', 'manifest')} {made[:16]}: make verify FOLDER={shown(out)}"
    )


def weights(merged: Path, kind: str) -> Path:
    """The GGUF of ``kind``: Q8_0 and bf16 are made here, smaller ones must have been measured."""
    if kind == "q8_0":
        return gguf.ensure(merged)
    if kind in ("bf16", "f16"):
        file = gguf.target(merged).with_name(f"{merged.name}-{kind}.gguf")
        file.parent.mkdir(parents=True, exist_ok=True)
        gguf.preflight(merged)
        gguf.convert(merged, file, kind)
        return file
    file = quantize.target(merged, kind)
    record = quantize.note(file)
    cache = file.parent / "quantized.source.json"
    known = read_json(record) if record.is_file() and file.is_file() else {}
    if not known or known["source"] != models.version(merged, cache):
        what = words("没有量化过，或量化后模型又变了", "not quantised, or merged/ changed since")
        first = words("请先", "first run")
        raise UserError(f"{shown(file)}: {what}: {first} make quantize FORMAT={kind}")
    return file


def modelfile(merged: Path, file: str, system: str) -> str:
    """Ollama's Modelfile, whose template is read off the model's own by rendering it.

    Ollama's templates are Go's, so the Jinja one is rendered with marks for the texts and cut at
    them. Where a later question is opened as the first one is (ChatML and its like), whole
    conversations can be written; other templates get Ollama's form for one exchange.
    """
    before, between, after, past, follow = parts(merged)
    if between == follow:
        opened = (
            after if after == past else "{{ if $last }}" + after + "{{ else }}" + past + "{{ end }}"
        )
        template = (  # no {{- behind a text: it would cut the text's last line end off
            "{{- range $i, $_ := .Messages }}{{- $last := eq (len (slice $.Messages $i)) 1 }}"
            '{{ if eq .Role "system" }}'
            + before
            + '{{ .Content }}{{ else if eq .Role "user" }}'
            + between
            + "{{ .Content }}"
            + opened
            + "{{ else }}{{ .Content }}{{ end }}{{ end }}"
        )
    else:
        template = before + "{{ .System }}" + between + "{{ .Prompt }}" + after + "{{ .Response }}"
    stops = [stop for stop in families.stop_words() if stop in before + between + after + follow]
    lines = [f"FROM ./{file}", f'TEMPLATE """{template}"""', f'SYSTEM """{system}"""']
    lines += ["PARAMETER temperature 0", *(f'PARAMETER stop "{stop}"' for stop in stops)]
    return "\n".join(lines) + "\n"


def parts(merged: Path) -> tuple[str, str, str, str, str]:
    """What the template writes before the system text, from there to the question, from there to
    the answer (to be written, and one of earlier), and from an answer to the next question."""
    import jinja2
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(merged, trust_remote_code=trust.remote_code(merged))
    turns = [*PROBE, {"role": "assistant", "content": "\0A"}, {"role": "user", "content": "\0V"}]
    try:  # transformers renders it in a sandbox
        first, whole = (
            str(tokenizer.apply_chat_template(one, tokenize=False, add_generation_prompt=True))
            for one in (PROBE, turns)
        )
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        reason = str(error).splitlines()[0][:150] if str(error) else type(error).__name__
        refused = words("对话模板不能用", "the chat template cannot be used")
        raise UserError(f"{shown(merged)}: {refused}: {reason}") from None
    before, found, rest = first.partition("\0S")
    between, _, after = rest.partition("\0U")
    if not found:
        what = words(
            "对话模板没有系统提示的位置", "the chat template has no place for a system prompt"
        )
        raise UserError(f"{shown(merged)}: {what}")
    past, _, follow = whole.partition("\0U")[2].partition("\0A")
    return before, between, after, past, follow.partition("\0V")[0]


def readme(name: str, domain: Domain, use: str) -> str:
    """How this model was trained to be asked."""
    return (
        f"# {name}\n\n{domain.title}\n\n```\n{use}\n```\n\n"
        f"{' '.join(ASKED)}: "
        f"{json.dumps(domain.system, ensure_ascii=False)}\n\n{domain.disclaimer}\n"
    )
