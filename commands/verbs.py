"""The table of verbs: the only place where one is described.

``./tiku help``, ``./tiku VERB --help``, the Makefile and README agree with it by a test
(``tests/test_commands.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from commands import flows
from commands.options import (
    Option,
    count,
    counts,
    deepspeed,
    files,
    flag,
    folder,
    four_bit,
    number,
    one_of,
    port,
    settings,
    several,
    share,
    text,
    whole,
)
from core.files import ROOT

# As the deploy room has them: one settings file an engine.
ENGINES = sorted((file.stem for file in (ROOT / "configs" / "deploy").glob("*.py")), reverse=True)

OPTIONS = {
    option.name: option
    for option in (
        Option("DOMAIN", text, "领域，configs/domains/ 里的名字", "a name in configs/domains/"),
        Option("CONFIG", text, "配方，configs/ 里的文件", "a recipe, a file in configs/"),
        Option("WORK_DIRS", folder, "所有输出的目录", "where all outputs go"),
        Option("OUT", folder, "数据集目录", "the data set's folder"),
        Option("DATA", folder, "读哪个数据集（默认 OUT）", "the data set to read (OUT)"),
        Option("RUN", folder, "训练目录", "the training run's folder"),
        Option("JSON", flag, "1：给程序读的 JSON", "1: JSON, for a program to read"),
        Option("PORT", port, "服务端口", "the server's port"),
        Option("LISTEN", port, "答案服务的端口（默认 23380）", "the port of the answers (23380)"),
        Option("EVIDENCE", flag, "1：训练时也看检索到的依据", "1: train with evidence too"),
        Option("BANK", files, "题库文件", "banks of questions"),
        Option("TABLE", files, "表格，与模板相乘", "tables, each row asked by every template"),
        Option("TEMPLATES", several, "模板：名字或文件", "templates: names or files"),
        Option("NOVEL", files, "由模型出题的文本", "texts that a model asks about"),
        Option(
            "BASE_URL",
            text,
            "出题、写解析、换问法的模型的地址 …/v1",
            "address of the model that asks, explains or rewords",
        ),
        Option(
            "MODEL", text, "模型目录、.gguf 或服务里的名字", "a folder, .gguf, or a served name"
        ),
        Option(
            "WORDINGS", whole, "每道训练题另有几种问法", "other wordings of each training question"
        ),
        Option(
            "EXPLAIN",
            one_of("none", "first", "after"),
            "连解析一起作答：解析在前 `first`、在后 `after`",
            "answer with the explanation, first or after the answer",
        ),
        Option("MIX", files, "混入的通用对话", "general conversations to mix in"),
        Option("MIX_RATIO", share, "混入的比例", "share of general conversations"),
        Option("AGAINST", files, "查重的评测集", "benchmarks to compare with"),
        Option("ENGINE", one_of("here", "ray"), "谁来做重活", "who does the heavy steps"),
        Option("FORCE", flag, "1：重做", "1: make it again"),
        Option("ALLOW_LOSS", flag, "1：大半未读出也继续", "1: go on though most was lost"),
        Option(
            "ENCODING",
            text,
            "文本文件的编码（默认自动判断）",
            "encoding of text files (found out by default)",
        ),
        Option(
            "HIDDEN", one_of("read", "skip"), "隐藏的行、列、表", "hidden rows, columns, sheets"
        ),
        Option(
            "LEARN", flag, "1：修改也用于以后的文件", "1: corrections teach later documents too"
        ),
        Option("RESUME", one_of("1", "0", "auto"), "1：接着训练", "1: go on from a checkpoint"),
        Option("OVERRIDE", settings, "配方选项 lr=5e-5 …", "options of the recipe, lr=5e-5 …"),
        Option("SPACE", settings, "要试的选项 lr=5e-4,1e-3 …", "options to try, lr=5e-4,1e-3 …"),
        Option("LOAD_FROM", text, "从这个适配器开始", "an adapter to start from"),
        Option(
            "TRACK",
            text,
            "另记录到 tensorboard、wandb、mlflow、swanlab",
            "also log to tensorboard, wandb, mlflow, swanlab",
        ),
        Option("GPUS", count, "每台机器几张卡", "GPUs a machine"),
        Option("NNODES", count, "几台机器", "machines"),
        Option("NODE_RANK", whole, "第几台（从 0）", "this machine's number, from 0"),
        Option("ADDR", text, "第一台的地址", "the first machine's address"),
        Option("DEEPSPEED", deepspeed, "zero2、zero3 或文件", "zero2, zero3 or a file"),
        Option("LAUNCHER", one_of("pytorch", "slurm"), "由谁启动", "who starts the processes"),
        Option("PARTITION", text, "Slurm 分区", "Slurm's partition"),
        Option("HUB", one_of("modelscope", "huggingface"), "模型库", "the model hub"),
        Option("MINUTES", number, "最多几分钟", "minutes it may take"),
        Option("REHEARSE", flag, "1：在 CPU 上排练", "1: rehearse on the CPU"),
        Option("BASE", text, "基座目录", "the base's folder"),
        Option("ADAPTERS", several, "适配器目录", "the adapters' folders"),
        Option("TO", text, "写到哪个目录", "the folder to write"),
        Option("BACKEND", one_of("auto", *ENGINES), "推理引擎", "the engine"),
        Option("ROLE", one_of("tuned", "base", "int4"), "哪个模型", "which model"),
        Option(
            "FORMAT",
            one_of(*flows.QUANTISED, *flows.CARRIED, *flows.QUESTIONS),
            "格式",
            "the format",
        ),
        Option("MAX_LOSS", number, "最多丢几个百分点", "points that may be lost"),
        Option("GROUP", count, "AWQ 分组大小", "AWQ's group size"),
        Option("SAMPLE", count, "各集问几题", "questions asked of each set"),
        Option("TYPE", text, "GGUF 的精度 q8_0 …", "number format of the GGUF, q8_0 …"),
        Option("TEMPLATE", text, "那边的模板名", "the template's name there"),
        Option("REPO", text, "用户名/模型名", "owner/model"),
        Option(
            "FOLDER",
            folder,
            "目录（导出的、模型的、训练的）",
            "a folder (exported, of a model, of a run)",
        ),
        Option("FROM", folder, "备份的目录", "a backup's folder"),
        Option(
            "SHARED",
            flag,
            "0：不含各领域共用的（网页数据库）",
            "0: without what all domains share (the page's database)",
        ),
        Option("PUBLIC", flag, "1：公开", "1: everyone may read it"),
        Option("HOST", text, "监听地址", "the address to listen on"),
        Option("TP", count, "几张卡分一个模型", "GPUs that share the model"),
        Option("KV", one_of("0", "4", "8"), "KV 缓存位数", "bits of the KV cache"),
        Option("LORA", files, "CPU 引擎的适配器 .gguf", "adapters of the CPU engine, .gguf"),
        Option("THREADS", count, "CPU 引擎线程数", "threads of the CPU engine"),
        Option("FOREGROUND", flag, "1：不退到后台（容器）", "1: stay (containers)"),
        Option("NODES", several, "端口或地址", "ports, or http://host:port"),
        Option("GATEWAY", one_of("lmdeploy", "nginx"), "用哪个网关", "which gateway"),
        Option(
            "STRATEGY",
            one_of("random", "min_expected_latency", "min_observed_latency"),
            "分发策略",
            "how requests are shared",
        ),
        Option("NAME", text, "给谁的密钥", "whose key"),
        Option("REVOKE", text, "撤销谁的密钥", "whose key to revoke"),
        Option("PER_MINUTE", count, "每分钟最多几次（60）", "requests a minute (60)"),
        Option("LONGEST", count, "一次请求最多几字节", "bytes of a request"),
        Option("NOW", flag, "1：不等回答说完", "1: cut running answers off"),
        Option("CLIENTS", counts, "并发数 1,8,32", "clients, 1,8,32"),
        Option("SOAK", count, "持续几秒", "seconds of load"),
        Option("INDEX", folder, "索引目录", "the index's folder"),
        Option(
            "EMBEDDING",
            text,
            "嵌入模型；EMBEDDING=none 只用词面",
            "the embedding; EMBEDDING=none: words alone",
        ),
        Option("EVIDENCE_ROWS", count, "依据题最多几行", "rows with evidence at most"),
        Option("Q", text, "问题", "the question"),
        Option("SUITE", one_of("domain", "general", "all"), "哪些评测集", "which suites"),
        Option("RAG", one_of("open", "closed", "0"), "带检索依据的列", "columns with evidence"),
        Option("INT4", four_bit, "量化列：文件、目录或 0", "4-bit column: file, folder or 0"),
        Option("BASE_QUESTIONS", count, "基座每集最多几题", "questions a suite for the base"),
        Option(
            "TUNED_PORT", port, "评测用端口（微调）", "port of the tuned model in an evaluation"
        ),
        Option("BASE_PORT", port, "评测用端口（基座）", "port of the base in an evaluation"),
        Option(
            "INT4_PORT", port, "评测用端口（4-bit）", "port of the 4-bit model in an evaluation"
        ),
        Option("K", count, "每题抽几个回答", "answers sampled of each question"),
        Option("TEMPERATURE", number, "抽样温度", "temperature of sampling"),
        Option("A", text, "一次训练的目录", "a run's folder"),
        Option("B", several, "另一次训练的目录（可多个）", "another run's folder, or several"),
        Option(
            "BENCH",
            one_of(
                *("data", "data_scale", "readers", "train", "train_step", "serve", "rag", "web"),
                "eval_overhead",
            ),
            "哪个基准",
            "which benchmark",
        ),
        Option("ARGS", several, "基准的参数", "the benchmark's arguments"),
        Option("ROOMS", several, "哪些房间", "which rooms"),
    )
}


@dataclass(frozen=True)
class Verb:
    """``words``: the options that tiku takes without their names, in this order (the last of them
    takes all that follow); ``options``: those it takes beside the places that every verb knows, but
    for those it is ``without``."""

    name: str
    flow: flows.Flow
    chinese: str
    english: str
    words: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


RECIPE = ("OVERRIDE", "LOAD_FROM", "TRACK", "EVIDENCE_ROWS", "EMBEDDING")
SOURCES = ("BANK", "TABLE", "TEMPLATES", "NOVEL", "BASE_URL", "MODEL", "MIX", "MIX_RATIO")
PORTS = ("TUNED_PORT", "BASE_PORT", "INT4_PORT")
EVALUATION = ("BACKEND", "SUITE", "RAG", "INT4", "BASE_QUESTIONS", "MODEL", *PORTS)

VERBS = {
    verb.name: verb
    for verb in (
        Verb("demo", flows.demo, "无 GPU 全流程：题库→训练→部署→评测",
             "the whole path on the sample, in minutes",
             options=("OVERRIDE", "EVIDENCE_ROWS", "WORDINGS", *EVALUATION),
             without=("CONFIG", "RUN", "OUT", "DATA")),
        Verb("data", flows.data, "题库、表格、文本 → 数据集", "banks, tables, texts to a data set",
             ("BANK",), (*SOURCES, "WORDINGS", "EXPLAIN", "AGAINST", "ENGINE", "FORCE", "ALLOW_LOSS", "LEARN", "ENCODING",
              "HIDDEN")),
        Verb("review", flows.review, "读回人工修改过的 review.xlsx", "re-read the edited workbook",
             options=("ALLOW_LOSS", "LEARN")),
        Verb("train", flows.train, "微调", "tune the recipe's base on the data set", ("CONFIG",),
             (*RECIPE, "RESUME", "FORCE", "GPUS", "NNODES", "NODE_RANK", "ADDR", "DEEPSPEED",
              "LAUNCHER", "PARTITION")),
        Verb("sweep", flows.sweep, "一个配方的多组选项，一张表", "a recipe with many options, one table",
             ("SPACE",), RECIPE),
        Verb("recipes", flows.recipes, "配方一览", "the recipes in a table", options=("JSON",)),
        Verb("download", flows.download, "下载基座", "the recipe's base model", ("CONFIG",), ("HUB",)),
        Verb("estimate", flows.estimate, "训练前估算显存、步数、用时",
             "memory, steps and time before training", ("CONFIG",), (*RECIPE, "GPUS")),
        Verb("check", flows.check, "数据、配方与提示一致性", "data, recipe and prompt parity",
             ("CONFIG",), RECIPE),
        Verb("merge", flows.merge, "适配器并入基座", "adapter + base to a Hugging Face folder"),
        Verb("combine", flows.combine, "把只以 LoRA 发布的基座合成一个",
             "a base published as adapters", options=("BASE", "ADAPTERS", "TO")),
        Verb("convert", flows.convert, "可部署格式", "what the engine loads (GGUF, turbomind.json)",
             options=("BACKEND", "ROLE", "MODEL")),
        Verb("quantize", flows.quantize, "量化并测量损失", "fewer bits, measured",
             options=("BACKEND", "FORMAT", "MAX_LOSS", "GROUP", "SAMPLE", "MODEL")),
        Verb("deploy", flows.deploy, "部署 OpenAI 兼容服务", "serve on 127.0.0.1:23333",
             options=("BACKEND", "ROLE", "MODEL", "HOST", "TP", "KV", "LORA", "THREADS",
                      "FOREGROUND")),
        Verb("stop", flows.stop, "停止服务（等回答说完）", "stop the server when its answers are finished",
             options=("NOW",)),
        Verb("keys", flows.keys, "按名字发放、撤销密钥", "keys by name: made, listed, revoked",
             options=("NAME", "REVOKE", "PER_MINUTE", "LONGEST", "JSON")),
        Verb("proxy", flows.proxy, "多个服务一个地址", "several servers, one address", ("NODES",),
             ("HOST", "GATEWAY", "STRATEGY")),
        Verb("chat", flows.chat, "终端对话", "chat with the deployed model in the terminal"),
        Verb("index", flows.index, "检索索引（增量）", "the retrieval index, only what changed",
             options=("EMBEDDING",)),
        Verb("evidence", flows.evidence, "训练题配上检索到的依据", "training questions with evidence",
             options=("EMBEDDING", "EVIDENCE_ROWS")),
        Verb("ask", flows.ask, "一问一答并列出依据", "one answer with its evidence", ("Q",)),
        Verb("answers", flows.answers, "给程序的答案（OpenAI 接口、MCP），附依据",
             "answers with evidence for programs: OpenAI's protocol, MCP", options=("LISTEN",)),
        Verb("web", flows.web, "网页", "the page (= streamlit run web/app.py)"),
        Verb("eval", flows.evaluate, "评测一张表", "base, tuned, +RAG, 4-bit in one card",
             options=EVALUATION),
        Verb("sample", flows.sample, "训练题多答几次、判分，成行成对",
             "training questions answered several times, judged: rows and pairs",
             options=("K", "TEMPERATURE", "SAMPLE", "BASE_URL", "MODEL")),
        Verb("report", flows.report, "重写评测报告", "write the report again", options=("JSON",)),
        Verb("compare", flows.compare, "比较两次评测", "two runs side by side", ("A", "B"), ("JSON",)),
        Verb("export", flows.export, "导出模型或题目", "the model, or the questions, to carry away",
             options=("FORMAT", "TYPE", "TO", "TEMPLATE", "OVERRIDE", "MODEL")),
        Verb("upload", flows.upload, "上传到模型库（默认私有）", "to a model hub, private",
             options=("REPO", "HUB", "FOLDER", "PUBLIC", "TYPE", "TO")),
        Verb("verify", flows.verify, "核对导出的目录", "a shipped folder against its manifest",
             ("FOLDER",), ("JSON",)),
        Verb("trust", flows.trust, "允许模型自带的代码或别处的训练",
             "let a model's own code run, or a run from elsewhere", ("FOLDER",)),
        Verb("backup", flows.backup, "备份一个领域（不必停下什么）", "a domain, while everything runs",
             options=("TO",)),
        Verb("restore", flows.restore, "恢复备份（不覆盖）", "a backup, over nothing that is there",
             ("FROM",), ("SHARED",)),
        Verb("audit", flows.audit, "锁定版本的已知漏洞（要联网）", "known holes of what the locks name",
             options=("JSON",)),
        Verb("sbom", flows.sbom, "部件与许可清单（CycloneDX）", "what it is made of, with licences",
             options=("TO",)),
        Verb("doctor", flows.doctor, "检查环境", "what this machine has and lacks", options=("JSON",)),
        Verb("gpu-check", flows.gpu_check, "GPU 实测（随机权重）", "train, merge, serve: one table",
             options=("MINUTES", "REHEARSE")),
        Verb("bench", flows.bench, "基准", "a benchmark", ("BENCH",), ("ARGS",)),
        Verb("bench-serve", flows.bench_serve, "测 PORT 上的服务", "the server that runs on PORT",
             options=("CLIENTS", "SOAK")),
        Verb("test", flows.test, "全部测试（<10 分钟）", "the tests"),
        Verb("test-slow", flows.test_slow, "较慢的测试", "the tests that take minutes", ("ROOMS",)),
        Verb("lint", flows.lint, "ruff 与类型检查", "ruff and mypy"),
        Verb("clean", flows.clean, "删除环境与演示输出", "remove environments and the demo's outputs"),
    )
}  # fmt: skip
