"""Keys of the servers by name: made, listed and revoked by ``make keys``.

``work_dirs/servers/keys.json`` holds each name with the SHA-256 of its key (256 random bits: no
salt is needed), when it was made, and its bounds. A server looks at the file again whenever it
changed, so that a key works, or no longer works, at once. The owner's own key (``api_key``) has no
such bounds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections import deque
from pathlib import Path
from typing import Any

from core import chat
from core.errors import UserError
from core.files import held, read_json, shown, write_json
from core.language import words
from deploy.bounds import Refused

NAMED = re.compile(r"[\w.@-]{1,64}")
PER_MINUTE = 60  # requests of one named key, where nothing else is asked for
WINDOW = 60.0  # seconds
OWNER = ""


def file() -> Path:
    """Where the names and hashes lie."""
    return chat.SERVERS / "keys.json"


def hashed(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def known() -> dict[str, dict[str, Any]]:
    """Every name with its ``hash``, ``made``, ``per_minute`` and ``longest`` (bytes of a request;
    0: as long as the server takes)."""
    found: dict[str, dict[str, Any]] = read_json(file()) if file().is_file() else {}
    return found


def make(name: str, per_minute: int = PER_MINUTE, longest: int = 0) -> str:
    """A new key under ``name``, which is kept nowhere; :class:`UserError` for a name that is taken
    or is none."""
    if not NAMED.fullmatch(name):
        wrong = words("名字只能有文字、数字和 . _ - @", "a name has letters, digits and . _ - @")
        raise UserError(f"NAME={name}: {wrong}")
    key = "tk-" + secrets.token_urlsafe(32)
    with held(file().with_suffix(".lock")):
        found = known()
        if name in found:
            taken = words("已有密钥，先 REVOKE=", "has a key: first REVOKE=")
            raise UserError(f"NAME={name}: {taken}{name}")
        about = {"hash": hashed(key), "made": time.strftime("%Y-%m-%d")}
        found[name] = {**about, "per_minute": per_minute, "longest": longest}
        write_json(file(), found)
    return key


def revoke(name: str) -> None:
    """Let the key of ``name`` open nothing from now on."""
    with held(file().with_suffix(".lock")):
        found = known()
        if name not in found:
            names = ", ".join(found) or "-"
            none = words(f"没有这个名字 (有: {names})", f"no such name (there are: {names})")
            raise UserError(f"REVOKE={name}: {none}")
        del found[name]
        write_json(file(), found)


class Door:
    """Who a key belongs to, and whether they may ask just now."""

    def __init__(self, owner: str) -> None:
        self.owner = owner.encode()
        self.read: tuple[int, int] = (0, 0)
        self.names: dict[str, str] = {}  # hash -> name
        self.about: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, deque[float]] = {}

    def refresh(self) -> None:
        """Read the file where it was changed; one that cannot be read opens nothing."""
        try:
            stat = file().stat()
            now = (stat.st_mtime_ns, stat.st_ino)
        except OSError:
            now = (0, 0)
        if now == self.read:
            return
        try:
            self.about = known() if now != (0, 0) else {}
            self.names = {one["hash"]: name for name, one in self.about.items()}
        except (UserError, OSError, KeyError, TypeError, AttributeError):
            self.about, self.names = {}, {}
        self.read = now

    def whose(self, authorization: str, plain: str) -> str:
        """The name under which the key of these two headers (the second: X-Api-Key) was made, or
        :data:`OWNER`; :class:`Refused` for nobody's."""
        scheme, _, given = authorization.partition(" ")
        key = (given if scheme.lower() == "bearer" else plain).strip()
        if hmac.compare_digest(key.encode(errors="replace"), self.owner):
            return OWNER
        self.refresh()
        name = self.names.get(hashed(key))
        if name is None:
            raise Refused("Invalid API Key", 401)
        return name

    def counted(self, name: str, most: int) -> int:
        """Count a request of ``name``: bytes that it may have, ``most`` for everyone.
        :class:`Refused` where it comes too soon."""
        if name == OWNER:
            return most
        about, now = self.about[name], time.monotonic()
        times = self.asked.setdefault(name, deque())
        while times and now - times[0] > WINDOW:
            times.popleft()
        if len(times) >= int(about.get("per_minute", PER_MINUTE)):
            wait = int(WINDOW - (now - times[0])) + 1 if times else int(WINDOW)
            raise Refused(f"too many requests of this key: again in {wait} s", 429, wait)
        times.append(now)
        return min(int(about.get("longest", 0)) or most, most)


def public() -> dict[str, dict[str, Any]]:
    """:func:`known` without the hashes."""
    return {
        name: {key: value for key, value in about.items() if key != "hash"}
        for name, about in known().items()
    }


def listed() -> str:
    """Every name, a line each."""
    lines = [
        f"{name}  {one['made']}  {one['per_minute']}/min"
        + (f"  ≤ {one['longest']} B" * (one["longest"] > 0))
        for name, one in known().items()
    ]
    none = words("还没有命名的密钥: make keys NAME=…", "no named keys yet: make keys NAME=…")
    return "\n".join(lines) or f"{shown(file())}: {none}"
