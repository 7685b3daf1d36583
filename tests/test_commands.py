"""The one command line, as users type it: what is wrong is said in one line, before any work."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from commands import flows
from commands.main import from_make, known_to, main, taken, typed, usage
from commands.options import Given, read
from commands.places import Places, hint
from commands.run import Runner
from commands.verbs import OPTIONS, VERBS
from core.errors import run_cli
from core.files import ROOT

CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in OPTIONS and not name.startswith(("MAKE", "TIKUFORGE_WORK"))
}


def run(*line: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line, cwd=ROOT, env={**CLEAN, **more}, capture_output=True, text=True, timeout=300
    )


def outputs() -> set[Path]:
    return set((ROOT / "work_dirs").glob("*/*"))


BANK = "samples/gongkao/bank.docx"
WRONG = [
    ("is a file", "data", BANK),
    ("no command", "ask", "世界上最大的宫殿; touch spy"),
    ("no command", "data", "tarin", f"BANK={BANK}"),
    ("is empty", "data", "BANK="),
    ("CONFIG", "demo", "CONFIG=internlm2_qlora.py"),
    ("gguf", "export", "FORMAT=awq"),
    ("q8_0, awq, w8a8, gguf, ollama, hf, llamafactory, swift", "export", "FORMAT=nonsense"),
    ("BANK", "data", f"BNAK={BANK}"),
    ("BANK", "data", f"Bank={BANK}"),
    ("data", "dta"),
    ("train", "trian", "CONFIG=internlm2_qlora.py"),
    ("internlm2_qlora.py", "train", "CONFIG=internlm_qlora.py"),
    ("gongkao", "data", "DOMAIN=gonkao"),
    ("bank.docx", "data", "BANK=samples/gongkao/bnak.docx"),
    ("folder", "data", "BANK=samples/gongkao"),
    ("没有这个文件", "data", f"BANK={BANK} nowhere.xlsx"),
    ("引号不成对", "data", f'BANK="{BANK}'),
    ("没有这次训练", "merge", "RUN=work_dirs/gongkao/nothing"),
    ("没有这次训练", "deploy", "RUN=work_dirs/gongkao/nothing"),
    ("没有这次训练", "eval", "RUN=work_dirs/gongkao/nothing"),
    ("turbomind", "deploy", "BACKEND=turbomnd"),
    ("端口", "deploy", "PORT=99999"),
    ("missing Q", "ask"),
    ("BASE_QUESTIONS", "eval", "BASE_QUESTIONS=0"),
    ("q4_k_m", "quantize", "FORMAT=q4_k_n"),
    ("ADAPTERS", "combine", "BASE=x"),
    ("1 or 0", "data", "FORCE=maybe"),
    ("OVERRIDE", "train", "OVERIDE=lr=1"),
    ("missing B", "compare", "A=x"),
    ("serve", "bench", "BENCH=serv"),
    ("rag", "test-slow", "ROOMS=rga"),
]


@pytest.mark.parametrize(("mend", "verb", "given"), [(m, v, g) for m, v, *g in WRONG])
def test_a_wrong_line_is_one_line_that_names_the_mend(
    mend: str, verb: str, given: list[str]
) -> None:
    before = outputs()
    done = run("make", verb, *given)
    assert done.returncode == 2
    said, *after = done.stderr.strip().splitlines()
    assert "错误 error: " in said and mend in said
    assert all(line.startswith("make: ***") for line in after)
    assert not done.stdout and outputs() == before


@pytest.mark.parametrize("line", [["data", "--bnak", "x"], ["data", "--mix-ratio", "lots"]])
def test_so_does_tiku(line: list[str]) -> None:
    done = run("./tiku", *line)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert not done.stdout


SLIPS = {
    "a verb": ("train?", "trian"),
    "a variable": ("BANK?", "data", f"BNAK={BANK}"),
    "an option": ("BANK?", "data", "--bnak", BANK),
    "one dash": ("--bank", "data", "-bank", BANK),
    "spaces around =": ("BANK=…", "data", "BANK", "=", BANK),
    "another verb's option": ("download, upload", "data", "HUB=modelscope"),
    "a recipe": ("internlm2_qlora.py?", "train", "CONFIG=internlm_qlora.py"),
    "a folder for a recipe": ("make recipes", "train", "CONFIG=configs"),
    "a broken recipe": ("2", "train", "CONFIG={tmp}/broken.py"),
    "a recipe in GBK": ("gbk.py", "train", "CONFIG={tmp}/gbk.py"),
    "a recipe with a NUL": ("nul.py", "train", "CONFIG={tmp}/nul.py"),
    "a domain": ("gongkao?", "data", "DOMAIN=gonkao"),
    "a run": ("make train", "merge", "RUN=work_dirs/gongkao/nothing"),
    "a file": ("bank.docx?", "data", "BANK=samples/gongkao/bnak.docx"),
    "quotes of a text": (f"{BANK}?", "data", f"BANK=“{BANK}”"),
    "an open quote": ("BANK", "data", f'BANK="{BANK}'),
    "nothing": ("BANK=", "data", "BANK="),
    "an empty word": ("BANK=", "data", ""),
    "a folder for a file": ("samples/gongkao/*", "data", "BANK=samples/gongkao"),
    "one of two missing": ("nowhere.xlsx", "data", f"BANK={BANK} nowhere.xlsx"),
    "no value": ("--bank", "data", "--bank"),
    "a word too many": ("extra", "doctor", "extra"),
    "no flag": ("1", "data", "FORCE=maybe"),
    "no port": ("65535", "deploy", "PORT=abc"),
    "no count": ("1", "deploy", "THREADS=0"),
    "a choice": ("turbomind?", "deploy", "BACKEND=turbomnd"),
    "a suite": ("domain?", "eval", "SUITE=domian"),
    "a room": ("rag?", "test-slow", "ROOMS=rga"),
    "no question": ("Q=", "ask"),
    "nothing to stand before": ("make deploy", "proxy", "WORK_DIRS={tmp}"),
}


@pytest.mark.parametrize("language", ["zh", "en", "both"])
@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_one_line_in_the_reader_s_language(
    slip: str,
    language: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "broken.py").write_text("from x import y\nrecipe(\n")
    (tmp_path / "gbk.py").write_bytes('title = "题库"\n'.encode("gbk"))
    (tmp_path / "nul.py").write_bytes(b"a = 1\0\n")
    mend, *line = SLIPS[slip]
    line = [word.replace("{tmp}", str(tmp_path)) for word in line]
    before = outputs()
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TIKU_LANG", "both")  # put back afterwards
    monkeypatch.setattr("sys.argv", ["tiku", "--lang", language, *line])
    with pytest.raises(SystemExit) as ended:
        run_cli(main)
    printed, told = capsys.readouterr()
    assert ended.value.code == 2 and not printed and outputs() == before
    assert told.count("\n") == 1 and mend in told, told
    mark = {"zh": "错误: ", "en": "error: ", "both": "错误 error: "}[language]
    assert told.startswith(mark)
    chinese = re.search(r"[\u4e00-\u9fff]", told)
    assert bool(chinese) == (language != "en"), told
    english = re.search(
        r"\b(no|is|a|in|missing|needs|give|write|should|choose|there) ", re.sub('".*"', "", told)
    )
    assert bool(english) == (language != "zh"), told


def test_a_demo_that_is_only_printed_comes_to_its_end(tmp_path: Path) -> None:
    done = run("./tiku", "demo", "--dry-run", "--work-dirs", str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    assert "[6/6] eval" in done.stdout and "-m train merge" in done.stdout
    assert not (tmp_path / "none").exists()


def test_every_next_line_takes_where_the_data_and_the_index_are() -> None:
    given = taken(VERBS["index"], [("DATA", "my data"), ("INDEX", "i")])
    assert hint(given) == "DATA='my data' INDEX=i"
    for name in ("train", "ask", "deploy", "web", "chat", "merge"):
        assert taken(VERBS[name], [("DATA", "my data"), ("INDEX", "i")]) == given


def test_the_page_opens_in_the_domain_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[dict[str, str]] = []
    monkeypatch.setattr(Runner, "stage", lambda *_: None)
    monkeypatch.setattr(Runner, "start", lambda _, line, **more: begun.append(more))
    for given in (Given(), Given(DOMAIN="medical", PORT="23334")):
        flows.web(Runner(False, {}), given, Places(given))
    assert "TIKUFORGE_DOMAIN" not in begun[0]
    assert begun[1] == {"TIKUFORGE_DOMAIN": "medical", "TIKUFORGE_PORT": "23334"}


@pytest.mark.parametrize("line", [["./tiku", "recipes"], ["python3", "-m", "rag", "ask", "Q"]])
def test_ctrl_c_while_a_command_imports_is_one_line(line: list[str], tmp_path: Path) -> None:
    for module in ("shlex", "mmengine"):  # which of ours import first
        (tmp_path / f"{module}.py").write_text("raise KeyboardInterrupt\n")
    done = run(*line, PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert (done.returncode, done.stderr) == (130, "已中断 interrupted\n")


ODD = [
    "题库 (1).docx",
    "a'b.docx",
    'a"b.docx',
    "a$b.docx",
    "a;b&c.docx",
    "[x]#y!.docx",
    "a`id`.docx",
]


@pytest.mark.parametrize("name", ODD)
def test_a_file_arrives_whole(tmp_path: Path, name: str) -> None:
    bank = tmp_path / name
    shutil.copy(ROOT / BANK, bank)
    for line in (
        ["make", "-n", "data", f"BANK={bank}"],
        ["./tiku", "data", str(bank), "--dry-run"],
    ):
        done = run(*line)
        assert done.returncode == 0, done.stderr
        words = shlex.split(done.stdout.strip().splitlines()[-1])
        assert f"--bank={bank}" in words


def test_several_files_by_quotes_repetition_and_glob(tmp_path: Path) -> None:
    for name in ("a b.docx", "c.docx"):
        shutil.copy(ROOT / BANK, tmp_path / name)
    both = [str(tmp_path / "a b.docx"), str(tmp_path / "c.docx")]
    known = known_to(VERBS["data"])
    for given in (f'"{both[0]}" {both[1]}', f"{tmp_path}/*.docx"):
        assert read("data", known, [("BANK", given)])["BANK"] == both
    assert read("data", known, typed(VERBS["data"], both))["BANK"] == both
    twice = ["--bank", both[0], f"--bank={both[1]}"]
    assert read("data", known, typed(VERBS["data"], twice))["BANK"] == both


@pytest.mark.parametrize("goal", ["`touch {}`", "$(touch {})", "x; touch {}", "x>{}", "a|touch {}"])
def test_a_goal_is_never_a_command(tmp_path: Path, goal: str) -> None:
    """Who forgets Q= types the question as a goal."""
    spy = tmp_path / "spy"
    for verb in ("ask", "env-x"):
        done = run("make", verb, goal.format(spy))
        assert done.returncode == 2 and not spy.exists()


def test_a_question_of_several_words_and_lines() -> None:
    verb = VERBS["ask"]
    assert read("ask", known_to(verb), typed(verb, ["世界上", "最大的", "宫殿"]))["Q"] == (
        "世界上 最大的 宫殿"
    )
    done = run("make", "-n", "ask", "Q=第一行\nDOMAIN=medical PATH")
    assert done.returncode == 0 and "--domain=gongkao" in done.stdout, done.stderr
    assert "第一行\nDOMAIN=medical PATH" in done.stdout
    done = run("./tiku", "compare", "a", "b", "c")
    assert done.returncode == 2 and "c" in done.stderr


def test_options_of_make_are_not_taken_for_a_dry_run() -> None:
    dry = ("n", "ns --no-print-directory", " --dry-run")
    for flags in (*dry, "", " -Oline -- Q=n", " -Iinn", "kw -- A=1"):
        assert from_make(flags)[1] is (flags in dry), flags


def test_clean_takes_nothing_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    done = run("make", "-n", "clean", f"WORK_DIRS={tmp_path}", TIKUFORGE_VENVS=str(tmp_path))
    assert done.returncode == 0 and str(tmp_path) not in done.stdout


def test_a_question_is_never_a_command(tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    for odd in (f"$(shell touch {spy})", f"`touch {spy}`; touch {spy} $$ \\ \"'"):
        done = run("make", "-n", "ask", f"Q={odd}")
        assert done.returncode == 0, done.stderr
        assert not spy.exists()
        assert odd in shlex.split(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("text", ["a b", "tab\there", "$x $$y", "back\\slash", "=e=", "'", "多 字"])
def test_what_make_passes_is_what_was_typed(text: str, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(
        "all:\n\t@python3 -c 'import os; print(ascii(os.environ[\"MAKEFLAGS\"]))'\n"
    )
    done = subprocess.run(
        ["make", "-s", "-C", str(tmp_path), f"Q={text}", "EMPTY="],
        env=CLEAN, capture_output=True, text=True, check=True,
    )  # fmt: skip
    pairs, dry = from_make(eval(done.stdout))
    assert ("Q", text) in pairs and ("EMPTY", "") in pairs and not dry


def test_the_environment_counts_as_make_has_it_but_never_as_an_address() -> None:
    done = run("make", "-n", "index", DOMAIN="medical")
    assert "--domain=medical" in done.stdout
    done = run("make", "-n", "proxy", HOST="somewhere")
    assert "somewhere" not in done.stdout


def test_the_table_of_verbs_is_what_everything_agrees_with() -> None:
    makefile = (ROOT / "Makefile").read_text()
    listed = re.search(r"^VERBS = (.*?)\n\n", makefile, re.S | re.M)
    assert listed and set(listed[1].replace("\\\n", " ").split()) == set(VERBS)
    assert len(makefile.splitlines()) <= 60
    said = run("make").stdout
    assert "--bank" in run("./tiku", "data", "--help").stdout
    for verb in VERBS.values():
        assert f"{verb.name:12} {verb.chinese} {verb.english}" in said
        assert verb.english in usage(verb)


@pytest.mark.parametrize(
    "page", ["README.md", "README.en.md", *map(str, Path("docs").glob("*.md"))]
)
def test_every_line_of_the_docs_is_one_that_works(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for line in re.findall(
        r"\bmake ([a-z][a-z-]*(?: [A-Z_0-9]+=(?:\"[^\"]*\"|[^\s`|)，；]*))*)", text
    ):
        verb, *given = re.findall(r"[A-Z_0-9]+(?==)|^[a-z-]+", line)
        if verb in ("lock", "help") or verb.startswith("env-"):
            continue
        if verb not in VERBS and not given:
            continue  # prose: "make it again"
        assert verb in VERBS, line
        unknown = [name for name in given if name not in known_to(VERBS[verb])]
        assert not unknown, f"{page}: make {line}"


def test_every_option_is_some_verb_s() -> None:
    used = {name for verb in VERBS.values() for name in known_to(verb)}
    assert used == set(OPTIONS)


def test_an_empty_value_is_the_default() -> None:
    assert read("data", known_to(VERBS["data"]), [("OUT", "")]) == Given()
    assert json.dumps(read("train", known_to(VERBS["train"]), [("EVIDENCE", "0")])) == (
        '{"EVIDENCE": false}'
    )


def test_the_walks_of_the_architecture_are_true() -> None:
    """Every function that docs/architecture.md names stands where it says."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:  )?([a-z_]+\.[a-z_.]+) +(\S+(?: \S+)*?)(?:  |$)", text, re.M)
    assert len(lines) > 20
    for module, names in lines:
        path = ROOT / module.replace(".", "/")
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        source = path.read_text(encoding="utf-8")
        for name in re.findall(r"[A-Za-z_]+", names if names[0] != "(" else ""):
            assert re.search(rf"^ *(?:def|class) {name}\b|^{name}\b", source, re.M), (path, name)


def test_a_run_is_merged_where_it_was_trained_whatever_config_says(tmp_path: Path) -> None:
    note = {"settings": {"environment": "train"}}
    (tmp_path / "run.json").write_text(json.dumps(note))
    done = run("./tiku", "merge", "--run", str(tmp_path), "--dry-run")  # internlm2's is train-448
    assert "train/bin/python -m train merge" in done.stdout
