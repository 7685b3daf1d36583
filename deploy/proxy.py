"""``make proxy``: one address in front of several servers that ``make deploy`` started.

Two gateways, both others' programs. ``lmdeploy``: ``lmdeploy serve proxy`` with its strategies;
TurboMind servers on other machines join it by themselves (``--proxy-url``), and ``keep`` below
lets ours join, leave when they fall silent and come back. ``nginx``: retries a refused request on
the next server, limits bodies, slow clients and connections, and (with its JavaScript module)
refuses requests of a wrong shape; needs ``apt install nginx-light libnginx-mod-http-js``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from core import chat
from core.errors import UserError
from core.files import ROOT, shown, write_text
from core.language import words
from deploy import environments, health, servers

BEAT = 1.0  # seconds between two looks at the nodes
TEMPLATE = ROOT / "configs" / "deploy" / "nginx.conf"
SHAPES = TEMPLATE.with_name("shapes.js")
# Its parts where nginx has its JavaScript module: by the mark in the template.
SHAPED = {
    "MODULES": 'load_module "{module}";\n',
    "SHAPES": '  js_import shapes from "{script}";\n\n',
    "CHAT": """\
    location ~ ^(/v1)?/chat/completions$ {{
      client_body_buffer_size 256k;   # read whole, and in memory
      client_body_in_single_buffer on;
      js_content shapes.chat;
    }}
""",
}


def nodes(given: list[str]) -> list[chat.Endpoint]:
    """The servers to stand before: ports of ours, addresses, or all of ours."""
    noted = {port: one for port, one in servers.noted().items() if one.backend != "proxy"}
    if not given:
        given = [str(port) for port in sorted(noted)]
    found = []
    for word in given:
        if word.isdigit() and int(word) not in noted:
            none = words(
                f"端口 {word} 上没有我们的服务，请先 make deploy",
                f"no server of ours on port {word}: make deploy first",
            )
            raise UserError(f"NODES: {none}")
        known = noted.get(int(word)) if word.isdigit() else None
        found.append(
            known or chat.Endpoint(url=word.rstrip("/").removesuffix("/v1") + "/v1", model="")
        )
    names = {one.model for one in found if one.model}
    if not names:
        raise UserError(
            words(
                "没有服务可代理：先 make deploy PORT=…，再 NODES=…",
                "no server to stand before: make deploy PORT=… first, then NODES=…",
            )
        )
    if len(names) > 1:
        differ = words("各服务的模型不同", "the servers have different models")
        raise UserError(f"NODES: {differ}: {', '.join(sorted(names))}")
    (name,) = names
    return [chat.Endpoint(**{**vars(one), "model": name}) for one in found]


def start(given: list[str], gateway: str, host: str, port: int, strategy: str) -> str:
    """Start the gateway, supervised and noted like a server; a sentence that says so."""
    found = nodes(given)
    servers.require(host, port, reuse=False)
    chat.SERVERS.mkdir(parents=True, exist_ok=True)
    chat.ensure_key()
    target = chat.Endpoint(
        url=f"http://{host}:{port}/v1",
        model=found[0].model,
        backend="proxy",
        domain=found[0].domain,
    )
    urls = [one.root for one in found]
    line = (
        _nginx(urls, host, port) if gateway == "nginx" else _lmdeploy(urls, target, port, strategy)
    )
    running = servers.start(target, port, line, drain=30, patience=300)
    began = words(f"已启动 {gateway} 代理", f"the {gateway} proxy serves")
    no_key = words(
        "注意：/nodes/* 没有密钥，只对内网开放",
        "mind: /nodes/* has no key, keep it within your own network",
    )
    return (
        f"{began} {running.url} → {', '.join(urls)}\n"
        f"{words('停止', 'stop')}: make stop PORT={port}; "
        f"{words('日志', 'log')}: {shown(chat.SERVERS)}/{port}.log"
        + ("" if gateway == "nginx" else f"\n{no_key}")
    )


def _lmdeploy(urls: list[str], target: chat.Endpoint, port: int, strategy: str) -> list[str]:
    python = str(environments.lmdeploy())
    host = target.root.removeprefix("http://").rpartition(":")[0]
    line = [python, "-m", "deploy.proxy", target.model, *urls, "--", "serve", "proxy"]
    line += ["--server-name", host, "--server-port", str(port), "--routing-strategy", strategy]
    return [*line, "--disable-cache-status", "--log-level", "WARNING"]


def _nginx(urls: list[str], host: str, port: int) -> list[str]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not program:
        install = "apt install nginx-light libnginx-mod-http-js"
        raise UserError(
            words(
                f"没有 nginx：{install}，或 GATEWAY=lmdeploy",
                f"no nginx here: {install}, or GATEWAY=lmdeploy",
            )
        )
    folder = chat.SERVERS / f"{port}.nginx"
    folder.mkdir(exist_ok=True)
    upstream = "\n".join(
        f"    server {url.removeprefix('http://')} max_fails=1 fail_timeout=2s;" for url in urls
    )
    text = TEMPLATE.read_text(encoding="utf-8")
    text = text.replace("@UPSTREAM@", upstream).replace("@LISTEN@", f"{host}:{port}")
    module = scripting(program)
    if not module:
        unchecked = words(
            "注意：nginx 没有 js 模块，不检查消息格式",
            "mind: nginx has no JavaScript module, the shape of messages is not checked",
        )
        print(f"{unchecked}: apt install libnginx-mod-http-js", file=sys.stderr)
    for mark, part in SHAPED.items():
        text = text.replace(
            f"@{mark}@", part.format(module=module, script=SHAPES) if module else ""
        )
    write_text(folder / "nginx.conf", text)
    return [program, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]


def scripting(program: str) -> Path | None:
    """nginx's JavaScript module, where it is installed."""
    built = subprocess.run([program, "-V"], capture_output=True, text=True).stderr
    folder = re.search(r"--modules-path=(\S+)", built)
    module = Path(folder[1], "ngx_http_js_module.so") if folder else None
    return module if module and module.is_file() else None


def keep(manager: Any, status: Any, model: str, urls: list[str]) -> None:
    """Let nodes in while they answer and out while they do not, for ever.

    lmdeploy's proxy looks after its nodes every 90 s only, lets none back in, and answers 200 with
    an error text for one that is gone; it also asks them for their models without a key.
    """
    while True:
        for url in urls:
            there = health.healthy(url + "/health")
            if there and url not in manager.nodes:
                manager.add(url, status(models=[model]))
            elif not there and url in manager.nodes:
                manager.remove(url)
        time.sleep(BEAT)


def main() -> None:
    """Run LMDeploy's proxy in this process, with the key and the nodes."""
    from deploy import shutdown

    place = sys.argv.index("--")
    model, *urls = sys.argv[1:place]
    shutdown.end_with_parent()
    from lmdeploy.cli.entrypoint import run
    from lmdeploy.serve.proxy import proxy

    @proxy.app.get("/health")
    def _ready() -> Any:
        """200 where a node is in, else 503."""
        from fastapi.responses import JSONResponse

        count = len(proxy.node_manager.nodes)
        return JSONResponse({"nodes": count}, status_code=200 if count else 503)

    # On import it takes up the nodes of an earlier proxy, from a file in its package, before it
    # reads --disable-cache-status: dead ones were asked, and answered for with an error text.
    proxy.node_manager.cache_status = False
    proxy.node_manager.nodes.clear()
    arguments = (proxy.node_manager, proxy.Status, model, urls)
    threading.Thread(target=keep, args=arguments, daemon=True).start()
    sys.argv = ["lmdeploy", *sys.argv[place + 1 :], "--api-keys", chat.api_key()]
    run()


if __name__ == "__main__":
    main()
