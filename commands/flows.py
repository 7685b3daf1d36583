"""What each verb starts, in which order: the rooms' commands, and nothing of what they do."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from commands import evaluate as evaluation
from commands.options import Given, one_of
from commands.places import Places, hint
from commands.run import Runner
from core import cores
from core.errors import UserError
from core.files import ROOT
from core.hints import nearest
from core.language import words

QUANTISED = ("q4_0", "q4_k_m", "q5_0", "q5_k_m", "q6_k", "q8_0", "awq", "w8a8")
CARRIED = ("gguf", "ollama", "hf", "llamafactory", "swift")
QUESTIONS = ("xlsx", "docx", "anki", "gift", "moodle", "qti", "aiken")
Flow = Callable[[Runner, Given, Places], None]
DEMO_CONFIG = "smollm2_cpu_qlora.py"


def data(run: Runner, given: Given, place: Places) -> None:
    """Sources to a data set; a text's questions are generated first."""
    about = {"domain": place.domain, "out": place.out}
    novel = given["NOVEL"]
    server = {"base_url": given["BASE_URL"], "model": given["MODEL"]}
    if novel:
        run.room("core", "data_tools", "generate", **about, novel=novel, **server)
    build(run, given, place)
    explains = given["EXPLAIN"] in ("first", "after")
    count = given["WORDINGS"] if given["WORDINGS"] != "0" else ""
    if not given["BASE_URL"] or not (explains or count):
        return
    if explains:
        run.room("core", "data_tools", "explain", out=place.out, **server)
    if count:
        run.room("core", "data_tools", "reword", out=place.out, **server, wordings=count)
    build(run, Given({**given, "FORCE": None}), place)


def build(run: Runner, given: Given, place: Places) -> None:
    """Sources to a data set, as they are."""
    about, engine = {"domain": place.domain, "out": place.out}, given["ENGINE"]
    names = ("bank", "table", "novel", "mix", "against")
    sources = {name: given[name.upper()] for name in names}
    run.room(
        "ray" if engine == "ray" else "core", "data_tools", "build", **about, **sources,
        templates=given["TEMPLATES"], mix_ratio=given["MIX_RATIO"], engine=engine,
        config=place.config, force=given["FORCE"], allow_loss=given["ALLOW_LOSS"],
        learn=given["LEARN"], encoding=given["ENCODING"], hidden=given["HIDDEN"],
        wordings=given["WORDINGS"], explain=given["EXPLAIN"],
    )  # fmt: skip


def review(run: Runner, given: Given, place: Places) -> None:
    """The edited workbook back into the data set."""
    about = {"domain": place.domain, "out": place.out, "config": place.config}
    asked = {name: given[name.upper()] for name in ("allow_loss", "learn")}
    run.room("core", "data_tools", "review", **about, **asked)


def overrides(given: Given) -> list[str]:
    """The recipe's options of a command line."""
    named = {"load_from": given["LOAD_FROM"], "track": given["TRACK"]}
    grounded = ["evidence=True"] if given["EVIDENCE"] else []
    return [*(given["OVERRIDE"] or []), *(f"{k}={v}" for k, v in named.items() if v), *grounded]


def recipe(
    run: Runner, given: Given, place: Places, verb: str, stage: str = "", **more: object
) -> None:
    """A command of train that reads a recipe and its data, in ``stage`` or the recipe's own."""
    about = {"domain": place.domain, "data": place.data, "work_dir": place.run}
    asked = {**about, "override": overrides(given)}
    run.room(stage or place.train_stage(), "train", verb, place.config, **asked, **more)


def grounded(run: Runner, given: Given, place: Places) -> None:
    """EVIDENCE=1: the training questions as retrieval asks them, made first."""
    if given["EVIDENCE"]:
        evidence(run, given, place)


def train(run: Runner, given: Given, place: Places) -> None:
    """Train, then the adapter. Where another machine leads, or Slurm, the adapter is its affair."""
    follows = given["NODE_RANK"] not in ("", "0")
    where = {"gpus": given["GPUS"], "nodes": given["NNODES"], "node_rank": given["NODE_RANK"]}
    where |= {name: given[name.upper()] for name in ("deepspeed", "launcher", "partition", "addr")}
    # Asked before gigabytes are installed.
    recipe(run, given, place, "run", stage="core", ask=True, **where)
    if not follows:
        grounded(run, given, place)
    recipe(run, given, place, "run", resume=given["RESUME"], force=given["FORCE"], **where)
    if not follows and given["LAUNCHER"] != "slurm":
        run.room(place.train_stage(), "train", "adapter", work_dir=place.run)


def sweep(run: Runner, given: Given, place: Places) -> None:
    """A recipe with every combination of SPACE, beside where its one run would be."""
    needed(given, "SPACE")
    if not given["RUN"]:
        place.run += "_sweep"
    recipe(run, given, place, "run", stage="core", ask=True)
    grounded(run, given, place)
    recipe(run, given, place, "sweep", space=given["SPACE"])


def estimate(run: Runner, given: Given, place: Places) -> None:
    """Memory, steps and time before training."""
    grounded(run, given, place)
    recipe(run, given, place, "estimate")


def check(run: Runner, given: Given, place: Places) -> None:
    """Rows, recipe and prompts."""
    grounded(run, given, place)
    recipe(run, given, place, "check")


def recipes(run: Runner, given: Given, place: Places) -> None:
    """The recipes in a table."""
    run.room("core", "train", "recipes", data=place.data)


def download(run: Runner, given: Given, place: Places) -> None:
    """The recipe's base model, by the hub's own command."""
    run.stage("hub")
    tools = Path(run.python("hub")).parent
    run.room("core", "train", "download", place.config, tools=tools, hub=given["HUB"])


def gpu_check(run: Runner, given: Given, place: Places) -> None:
    """Both halves; the environments are made before the clock starts, once it can be measured."""
    out = f"{place.work_dirs}/gpu-check"
    asked = {"minutes": given["MINUTES"], "rehearse": given["REHEARSE"]}
    run.room("core", "train", "gpu-check", out=out, **asked, ask=True)
    run.stage("train", "serve", "lmdeploy" if given["REHEARSE"] else "turbomind")
    run.room("train", "train", "gpu-check", out=out, **asked)
    run.room("serve", "deploy", "gpu-check", out=out)


def merge(run: Runner, given: Given, place: Places) -> None:
    """Adapter and base to one folder."""
    place.trained()
    run.room(place.run_stage(), "train", "merge", work_dir=place.run)


def combine(run: Runner, given: Given, place: Places) -> None:
    """A base that is published as adapters only."""
    needed(given, "BASE", "ADAPTERS", "TO")
    names = {name: given[name.upper()] for name in ("base", "adapters", "to")}
    run.room("train", "train", "combine", **names)


def merged(run: Runner, given: Given, place: Places) -> None:
    """What is trained but not merged yet, or was trained again since, is merged first."""
    if given["MODEL"]:
        return
    place.trained()
    proof = Path(place.run) / "merged" / "handover.json"
    for name in ("adapter/adapter_config.json", "whole/config.json"):
        made = Path(place.run) / name
        if made.is_file() and not (
            proof.is_file() and proof.stat().st_mtime > made.stat().st_mtime
        ):
            merge(run, given, place)


def engine(given: Given, place: Places) -> dict[str, object]:
    """Which run's model, by which engine."""
    return {
        "work_dir": place.run,
        "domain": place.domain,
        "backend": given["BACKEND"] or "auto",
        "role": given["ROLE"],
        "model": given["MODEL"],
    }


def convert(run: Runner, given: Given, place: Places) -> None:
    """What the engine loads."""
    merged(run, given, place)
    run.room("serve", "deploy", "convert", **engine(given, place))


def quantize(run: Runner, given: Given, place: Places) -> None:
    """Fewer bits, measured."""
    if given["GROUP"] not in ("", "128") and given["BACKEND"] != "pytorch":
        only = words(
            "TurboMind 的 4-bit 需要 128，别的只供 BACKEND=pytorch",
            "TurboMind's 4 bits need 128, others are for BACKEND=pytorch only",
        )
        raise UserError(f"GROUP={given['GROUP']}: {only}")
    merged(run, given, place)
    about = {"work_dir": place.run, "domain": place.domain, "backend": given["BACKEND"] or "auto"}
    asked = {
        name: given[name.upper()] for name in ("format", "max_loss", "group", "sample", "data")
    }
    run.room("serve", "deploy", "quantize", **about, **asked)


def export(run: Runner, given: Given, place: Places) -> None:
    """A folder to carry away: the model, (llamafactory, swift) the recipe and its rows, or the
    data set's questions for another tool."""
    form = one_of(*CARRIED, *QUESTIONS, "")("FORMAT", given["FORMAT"])
    if form in QUESTIONS:
        about = {"out": place.data, "domain": place.domain, "format": form, "to": given["TO"]}
        run.room("core", "data_tools", "export", **about)
        return
    if form in ("llamafactory", "swift"):
        grounded(run, given, place)
        to = given["TO"] or f"{place.run}/export/{form}"
        asked = {"template": given["TEMPLATE"], "override": overrides(given)}
        about = {"format": form, "data": place.data, "to": to}
        run.room("core", "train", "export", place.config, **about, **asked)
        return
    merged(run, given, place)
    about = {"work_dir": place.run, "domain": place.domain, "format": form}
    run.room("serve", "deploy", "export", **about, type=given["TYPE"], to=given["TO"])


def upload(run: Runner, given: Given, place: Places) -> None:
    """To a model hub; exported first where no folder is given."""
    needed(given, "REPO")
    run.stage("hub")
    if not given["FOLDER"]:
        export(run, Given({**given, "FORMAT": "hf"}), place)
    about = {"work_dir": place.run, "domain": place.domain}
    asked = {name: given[name.upper()] for name in ("repo", "hub", "folder", "public")}
    tools = Path(run.python("hub")).parent
    run.room("core", "deploy", "upload", **about, **asked, tools=tools)


def deploy(run: Runner, given: Given, place: Places) -> None:
    """Serve on PORT."""
    merged(run, given, place)
    asked = {name: given[name.upper()] for name in ("tp", "kv", "lora", "threads", "foreground")}
    address = {"host": given["HOST"] or "127.0.0.1", "port": place.port}
    run.room("serve", "deploy", "start", **engine(given, place), **address, **asked)


def proxy(run: Runner, given: Given, place: Places) -> None:
    """One address before several servers; what it stands before is asked for first."""
    if not given["NODES"] and not [*Path(place.work_dirs, "servers").glob("*.json")]:
        raise UserError(
            words(
                "没有可代理的服务: 先 make deploy PORT=…，或给出 NODES=…",
                "no server to stand before: make deploy PORT=… first, or give NODES=…",
            )
        )
    asked = {name: given[name.upper()] for name in ("host", "port", "nodes", "gateway", "strategy")}
    run.room("serve", "deploy", "proxy", **asked)


def stop(run: Runner, given: Given, place: Places) -> None:
    """End the server on PORT."""
    run.room("serve", "deploy", "stop", port=place.port, now=given["NOW"])


def chat(run: Runner, given: Given, place: Places) -> None:
    """Talk in the terminal."""
    run.room("core", "deploy", "chat", domain=place.domain, port=place.port)


def index(run: Runner, given: Given, place: Places) -> None:
    """The retrieval index."""
    about = {"domain": place.domain, "data": place.data, "out": given["INDEX"]}
    run.room("core", "rag", "index", **about, embedding=given["EMBEDDING"])


def evidence(run: Runner, given: Given, place: Places) -> None:
    """Training questions with what retrieval brings."""
    index(run, given, place)
    about = {"domain": place.domain, "data": place.data, "index": place.index}
    run.room("core", "rag", "evidence", **about, most=given["EVIDENCE_ROWS"])


def ask(run: Runner, given: Given, place: Places) -> None:
    """One question, its answer and where it came from."""
    needed(given, "Q")
    about = {"domain": place.domain, "data": place.data, "index": given["INDEX"]}
    run.room("core", "rag", "ask", given["Q"], **about, port=place.port)


def answers(run: Runner, given: Given, place: Places) -> None:
    """The same answers as the page's, for programs."""
    about = {"domain": place.domain, "data": place.data, "index": given["INDEX"]}
    run.room("answers", "rag", "serve", **about, port=place.port, listen=given["LISTEN"])


def web(run: Runner, given: Given, place: Places) -> None:
    """The page."""
    run.stage("core")
    command = str(Path(run.python("core")).with_name("streamlit"))
    shown = {"DOMAIN": given["DOMAIN"], "INDEX": given["INDEX"], "DATA": given["DATA"]}
    shown["DATA"] = given["DATA"] or given["OUT"]
    shown["RUN"] = place.run if given["RUN"] or given["CONFIG"] else ""
    about = {
        f"TIKUFORGE_{name}": value if name == "DOMAIN" else str(Path(value).absolute())
        for name, value in shown.items()
        if value
    }
    run.start([command, "run", str(ROOT / "web/app.py")], TIKUFORGE_PORT=place.port, **about)


def evaluate(run: Runner, given: Given, place: Places) -> None:
    """The score card."""
    merged(run, given, place)
    evaluation.evaluate(run, given, place)


def sample(run: Runner, given: Given, place: Places) -> None:
    """Training questions answered several times by the deployed model, judged, and made into rows
    and pairs; what people preferred on the page joins."""
    served = f"{given['BASE_URL']}#{given['MODEL']}" if given["BASE_URL"] else place.port
    asked = {"k": given["K"], "temperature": given["TEMPERATURE"], "most": given["SAMPLE"]}
    run.room("core", "eval", "sample", data=place.data, column=f"sampled={served}", **asked)
    about = {"domain": place.domain, "run": place.run}
    run.room("core", "data_tools", "sampled", out=place.data, **about)


def report(run: Runner, given: Given, place: Places) -> None:
    """The card again."""
    place.trained()
    run.room("core", "eval", "report", work_dir=place.run)


def compare(run: Runner, given: Given, place: Places) -> None:
    """Two runs, or one after another."""
    needed(given, "A", "B")
    run.room("core", "eval", "compare", given["A"], *given["B"])


def verify(run: Runner, given: Given, place: Places) -> None:
    """A shipped folder against its manifest; RUN= also against the run that it was made of."""
    needed(given, "FOLDER")
    run.room("core", "custody", "verify", given["FOLDER"], work_dir=given["RUN"])


def trust(run: Runner, given: Given, place: Places) -> None:
    """A model folder's own code, or a run from elsewhere, as the user's decision."""
    needed(given, "FOLDER")
    run.room("core", "custody", "trust", given["FOLDER"])


def backup(run: Runner, given: Given, place: Places) -> None:
    """A domain, to carry away."""
    about = {"work_dirs": place.work_dirs, "domain": place.domain}
    run.room("core", "custody", "backup", **about, to=given["TO"])


def restore(run: Runner, given: Given, place: Places) -> None:
    """A domain that was carried here."""
    needed(given, "FROM")
    about = {"work_dirs": place.work_dirs, "without_shared": given["SHARED"] is False}
    run.room("core", "custody", "restore", given["FROM"], **about)


def audit(run: Runner, given: Given, place: Places) -> None:
    """Known holes of what the locks name."""
    run.room("core", "custody", "audit")


def sbom(run: Runner, given: Given, place: Places) -> None:
    """What everything is made of."""
    to = given["TO"] or f"{place.work_dirs}/sbom.cdx.json"
    run.room("core", "custody", "sbom", to=to)


def keys(run: Runner, given: Given, place: Places) -> None:
    """Keys of the gateway by name."""
    asked = ("NAME", "REVOKE", "PER_MINUTE", "LONGEST")
    run.room("core", "deploy", "keys", **{name.lower(): given[name] for name in asked})


def doctor(run: Runner, given: Given, place: Places) -> None:
    """This machine."""
    run.room("core", "deploy", "doctor")


def bench(run: Runner, given: Given, place: Places) -> None:
    """A benchmark."""
    run.stage("core", "train", "dev")
    name = given["BENCH"] or "data"
    stage = {"train_step": "train", "data": "dev"}.get(name, "core")
    script = ROOT / "benchmarks" / f"{name}.py"
    run.start([run.python(stage), str(script), *(given["ARGS"] or [])])


def bench_serve(run: Runner, given: Given, place: Places) -> None:
    """The server that runs on PORT."""
    run.stage("core", "serve")
    line = [run.python("core"), str(ROOT / "benchmarks/serve.py"), f"--port={place.port}"]
    line += [f"--{name.lower()}={given[name]}" for name in ("CLIENTS", "SOAK") if given[name]]
    run.start(line)


def lint(run: Runner, given: Given, place: Places) -> None:
    """ruff and mypy."""
    run.stage("dev")
    for line in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        run.start([run.python("dev"), "-m", *line])


def test(run: Runner, given: Given, place: Places) -> None:
    """The tests."""
    run.stage("dev", "core", "train", "serve", "eval", "hub", "answers")
    # One more than the cores: a third of the time is waiting for servers, browsers and clocks.
    # Which tests stay together: tests/conftest.py.
    workers = str(cores.usable() + 1)
    run.start([run.python("dev"), "-m", "pytest", "-n", workers, "--dist", "loadfile"])


# The environments that a room's slow tests run in.
SLOW = {
    "data": ("ray",),
    "train": ("train", "train-448", "serve", "eval", "lmdeploy"),
    "deploy": ("serve", "lmdeploy", "clients", "eval"),
    "eval": ("train", "serve", "eval"),
    "rag": (),
    "web": ("train", "serve", "speech"),
    "faults": (),
}


def test_slow(run: Runner, given: Given, place: Places) -> None:
    """The tests that take minutes, of some rooms or all."""
    rooms = given["ROOMS"] or list(SLOW)
    if unknown := [room for room in rooms if room not in SLOW]:
        raise UserError(
            f"ROOMS={unknown[0]}: {words('可选', 'choose from')} {', '.join(SLOW)}"
            f"{nearest(unknown[0], SLOW)}"
        )
    run.stage("dev", "core", *dict.fromkeys(stage for room in rooms for stage in SLOW[room]))
    run.start([run.python("dev"), "-m", "pytest", "-m", "slow", *(f"tests/{r}" for r in rooms)])


def clean(run: Runner, given: Given, place: Places) -> None:
    """This checkout's environments, caches and demo; nothing that lies elsewhere."""
    for name in (".venvs", "work_dirs/demo", ".pytest_cache", ".ruff_cache", ".mypy_cache"):
        folder = ROOT / name
        if folder.is_dir():
            print(words(f"删除 {folder}", f"removing {folder}"))
            if not run.dry:
                shutil.rmtree(folder)


LONGER = ["max_epochs=12", "lora_layers=" + str(list(range(10, 30))).replace(" ", "")]


def demo(run: Runner, given: Given, place: Places) -> None:
    """The whole path on the sample, each stage's time said at the end."""
    domain = place.domain
    longer = domain in ("medical", "novel")
    folder = f"{place.work_dirs}/demo/{domain}"
    fixed = {
        "CONFIG": DEMO_CONFIG,
        "RUN": f"{folder}/{Path(DEMO_CONFIG).stem}",
        "OUT": f"{folder}/data",
        "RESUME": "auto",
        "EVIDENCE": given.get("EVIDENCE", True),
        # Other wordings and four rounds cost what nine rounds of one wording do, and teach what is
        # meant (docs/benchmarks.md). Longer answers take more rounds and layers; other wordings of
        # theirs were not tried yet.
        "WORDINGS": given["WORDINGS"] or ("0" if longer else "3"),
        "OVERRIDE": [*(LONGER if longer else ["max_epochs=4"]), *(given["OVERRIDE"] or [])],
        # A part of them with evidence: their prompts are the longest, and it is to take minutes.
        "EVIDENCE_ROWS": given["EVIDENCE_ROWS"] or ("40" if longer else "24"),
        "BASE_QUESTIONS": given["BASE_QUESTIONS"] or "10",
    }
    settings = Given({**given, **fixed})
    where = Places(settings)
    where.planned = run.dry
    run.hint(hint(settings))
    took, began = [], time.monotonic()
    run.stage("core")
    stage, served = where.train_stage(), {**engine(settings, where), "role": "base"}
    ahead = {  # made beside the stage, since it leaves a processor idle
        "data": [run.making(stage), run.line(stage, "train", "base", where.config)],
        "merge": [
            run.making("serve", "eval"),
            run.line("serve", "deploy", "convert", **served),
        ],
    }
    # review: here it only counts the rows in tokens, which needs the model that train brings.
    with ExitStack() as beside:
        for number, (name, flow) in enumerate(STAGES.items(), 1):
            started = time.monotonic()
            beside.enter_context(run.ahead(*ahead.get(name, [])))
            print(f"[{number}/{len(STAGES)}] {name}", flush=True)
            flow(run, settings, where)
            took.append(f"{name} {time.monotonic() - started:.0f} s")
    print(
        f"{words('用时', 'took')}: {', '.join(took)}, {words('合计', 'in all')} "
        f"{time.monotonic() - began:.0f} s"
    )
    print(f"{words('打开网页', 'to chat')}: make deploy web DOMAIN={domain} RUN={where.run}")


STAGES: dict[str, Flow] = {
    "data": data,
    "train": train,
    "review": review,
    "merge": merge,
    "index": index,
    "eval": evaluate,
}


def needed(given: Given, *names: str) -> None:
    """Raise :class:`UserError` for what a verb cannot do without."""
    for name in names:
        if not given[name] or not str(given[name]).strip():
            raise UserError(words(f"缺少 {name}=…", f"missing {name}=…"))
