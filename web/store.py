"""The page's own memory (SQLite): conversations, the wrong-question notebook, votes.

Every row belongs to an owner (a browser, or a person who logged in), and every function asks for
the owner, so that nobody reads or changes another's. Each call opens the file anew: sessions are
threads, and share nothing else.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import UserError
from core.files import WORK_DIRS, shown
from core.language import words

FILE = WORK_DIRS / "web" / "page.db"
TITLE = 24  # characters of the first question that name a conversation
CUT = "cut"  # the problem of an answer that was not waited for, or not finished
MASTERED = 2  # right answers in a row that take a question out of the notebook

VERSION = 3  # of the tables below (user_version); 0: before it was noted
SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations(
  id INTEGER PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, updated REAL NOT NULL);
CREATE INDEX IF NOT EXISTS of_owner ON conversations(owner, updated);
CREATE TABLE IF NOT EXISTS messages(
  id INTEGER PRIMARY KEY,
  conversation INTEGER NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  role TEXT NOT NULL, content TEXT NOT NULL, problem TEXT NOT NULL, extra TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS of_conversation ON messages(conversation);
CREATE TABLE IF NOT EXISTS wrong(
  owner TEXT NOT NULL, bank TEXT NOT NULL, question TEXT NOT NULL, times INTEGER NOT NULL,
  streak INTEGER NOT NULL, updated REAL NOT NULL, PRIMARY KEY(owner, bank, question));
CREATE TABLE IF NOT EXISTS tries(
  owner TEXT NOT NULL, bank TEXT NOT NULL, question TEXT NOT NULL, correct INTEGER NOT NULL,
  rating INTEGER NOT NULL DEFAULT 0, at REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS exams(
  id INTEGER PRIMARY KEY, owner TEXT NOT NULL, bank TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS of_exams ON exams(owner, bank);
CREATE INDEX IF NOT EXISTS of_tries ON tries(owner, bank);
CREATE TABLE IF NOT EXISTS places(
  owner TEXT NOT NULL, bank TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY(owner, bank));
CREATE TABLE IF NOT EXISTS votes(
  owner TEXT NOT NULL, question TEXT NOT NULL, first TEXT NOT NULL, second TEXT NOT NULL,
  winner TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS options(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS asked(
  message INTEGER PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE, who TEXT NOT NULL,
  domain TEXT NOT NULL, bank TEXT NOT NULL, question TEXT NOT NULL, evidence TEXT NOT NULL,
  refused INTEGER NOT NULL, thumb TEXT NOT NULL, seconds REAL NOT NULL, model TEXT NOT NULL,
  at REAL NOT NULL, taken INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS of_asked ON asked(domain, at);
"""


@contextmanager
def opened() -> Iterator[sqlite3.Connection]:
    """The database; what is written in the block is kept whole or not at all."""
    FILE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = not FILE.is_file()
    base = sqlite3.connect(FILE, timeout=10)
    base.row_factory = sqlite3.Row
    try:
        if fresh:
            base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute("PRAGMA foreign_keys=ON")
        _migrate(base)
        with base:
            yield base
    finally:
        base.close()


def _migrate(base: sqlite3.Connection) -> None:
    """Bring the tables of an earlier version to :data:`VERSION`; :class:`UserError` for a later."""
    (found,) = base.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        newer = words(
            "由更新的版本写成，请更新代码", "was written by a later version: update the code"
        )
        told = f"{shown(FILE)} (schema {found} > {VERSION}) {newer}: git pull"
        raise UserError(told, "files.newer")
    if found < VERSION:
        base.executescript(SCHEMA)
        if "at" not in {column[1] for column in base.execute("PRAGMA table_info(tries)")}:
            for name, kind in (("rating", "INTEGER"), ("at", "REAL")):  # version 1 kept no time
                base.execute(f"ALTER TABLE tries ADD COLUMN {name} {kind} NOT NULL DEFAULT 0")
        base.execute(f"PRAGMA user_version={VERSION}")


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    if "extra" in found:
        found["extra"] = json.loads(found["extra"])
    return found


def conversations(owner: str, most: int = 50) -> list[dict[str, Any]]:
    """The owner's conversations, the last used first: ``id``, ``title``, ``updated``."""
    with opened() as base:
        rows = base.execute(
            "SELECT id, title, updated FROM conversations WHERE owner=? "
            "ORDER BY updated DESC LIMIT ?",
            (owner, most),
        )
        return [_plain(row) for row in rows]


def owns(owner: str, conversation: int) -> bool:
    """Whether ``conversation`` is the owner's."""
    with opened() as base:
        return _owns(base, owner, conversation)


def _owns(base: sqlite3.Connection, owner: str, conversation: int) -> bool:
    asked = "SELECT 1 FROM conversations WHERE id=? AND owner=?"
    return base.execute(asked, (conversation, owner)).fetchone() is not None


def messages(owner: str, conversation: int) -> list[dict[str, Any]]:
    """A conversation from its beginning; [] where it is not the owner's.

    Each has ``id``, ``role``, ``content``, ``problem`` (why it broke off) and ``extra``."""
    with opened() as base:
        rows = base.execute(
            "SELECT m.id, role, content, problem, extra FROM messages m JOIN conversations c "
            "ON c.id = m.conversation WHERE c.id=? AND c.owner=? ORDER BY m.id",
            (conversation, owner),
        )
        return [_plain(row) for row in rows]


def begin(owner: str, question: str) -> int:
    """A new conversation, named by its first question."""
    title = " ".join(question.split())
    title = title if len(title) <= TITLE else title[: TITLE - 1] + "…"
    with opened() as base:
        made = base.execute(
            "INSERT INTO conversations(owner, title, updated) VALUES(?, ?, ?)",
            (owner, title, time.time()),
        )
        return int(made.lastrowid or 0)


def add_turn(owner: str, conversation: int, question: str) -> None:
    """A question and the place of its answer at the end of a conversation, if it is the owner's."""
    with opened() as base:
        if not _owns(base, owner, conversation):
            return
        for role, content, problem in (("user", question, ""), ("assistant", "", CUT)):
            base.execute(
                "INSERT INTO messages(conversation, role, content, problem, extra) "
                "VALUES(?, ?, ?, ?, '{}')",
                (conversation, role, content, problem),
            )
        base.execute("UPDATE conversations SET updated=? WHERE id=?", (time.time(), conversation))


def save(owner: str, message: dict[str, Any]) -> None:
    """Write ``content``, ``problem`` and ``extra`` of a message of the owner."""
    with opened() as base:
        base.execute(
            "UPDATE messages SET content=?, problem=?, extra=? WHERE id=? AND conversation IN "
            "(SELECT id FROM conversations WHERE owner=?)",
            (
                message["content"],
                message["problem"],
                json.dumps(message["extra"], ensure_ascii=False),
                message["id"],
                owner,
            ),
        )


def rename(owner: str, conversation: int, title: str) -> None:
    """Give a conversation of the owner another title (60 characters at most, not empty)."""
    title = " ".join(title.split())[:60]
    if title:
        with opened() as base:
            base.execute(
                "UPDATE conversations SET title=? WHERE id=? AND owner=?",
                (title, conversation, owner),
            )


def delete(owner: str, conversation: int) -> None:
    """Remove a conversation of the owner with all its messages."""
    with opened() as base:
        base.execute("DELETE FROM conversations WHERE id=? AND owner=?", (conversation, owner))


def tried(owner: str, bank: str, question: str, correct: bool, rating: int, at: float = 0) -> float:
    """Note an answer in the quiz, for good (nothing of this history is ever changed), and return
    its time (seconds since 1970, ``at`` where given): a wrong one enters the notebook, and leaves
    it after :data:`MASTERED` right ones in a row. ``rating`` is :mod:`web.learning`'s."""
    with opened() as base:
        at, key = at or time.time(), (owner, bank, question)
        base.execute("INSERT INTO tries VALUES(?, ?, ?, ?, ?, ?)", (*key, correct, rating, at))
        if correct:
            base.execute(
                "UPDATE wrong SET streak=streak+1, updated=? WHERE owner=? AND bank=? AND "
                "question=?",
                (time.time(), *key),
            )
            base.execute(
                "DELETE FROM wrong WHERE owner=? AND bank=? AND question=? AND streak>=?",
                (*key, MASTERED),
            )
        else:
            base.execute(
                "INSERT INTO wrong VALUES(?, ?, ?, 1, 0, ?) ON CONFLICT DO UPDATE SET "
                "times=times+1, streak=0, updated=excluded.updated",
                (*key, time.time()),
            )
    return at


def rated(owner: str, bank: str, question: str, rating: int, at: float) -> None:
    """Note another rating of the answer that was given ``at`` that time: the later line counts."""
    with opened() as base:
        told = (owner, bank, question, True, rating, at)
        base.execute("INSERT INTO tries VALUES(?, ?, ?, ?, ?, ?)", told)


def reviews(owner: str, bank: str, question: str = "") -> list[tuple[str, int, float]]:
    """The owner's answers in a bank (to ``question``), the oldest first: question, rating, time.
    Those of the page's first version have no time and are left out."""
    with opened() as base:
        rows = base.execute(
            "SELECT question, rating, at FROM tries WHERE owner=? AND bank=? AND at > 0 "
            "AND ? IN ('', question) ORDER BY at, rowid",
            (owner, bank, question),
        )
        return [(row["question"], row["rating"], row["at"]) for row in rows]


def exam(owner: str, bank: str) -> tuple[int, dict[str, Any]] | None:
    """The owner's last exam in a bank: its number and state; None before the first."""
    with opened() as base:
        asked = "SELECT id, state FROM exams WHERE owner=? AND bank=? ORDER BY id DESC LIMIT 1"
        row = base.execute(asked, (owner, bank)).fetchone()
        return (row["id"], dict(json.loads(row["state"]))) if row else None


def begin_exam(owner: str, bank: str, state: dict[str, Any]) -> int:
    """A new exam; its number."""
    with opened() as base:
        told = (owner, bank, json.dumps(state, ensure_ascii=False))
        made = base.execute("INSERT INTO exams(owner, bank, state) VALUES(?, ?, ?)", told)
        return int(made.lastrowid or 0)


def keep_exam(owner: str, exam: int, state: dict[str, Any]) -> None:
    """Write the state of an exam of the owner."""
    with opened() as base:
        said = json.dumps(state, ensure_ascii=False)
        base.execute("UPDATE exams SET state=? WHERE id=? AND owner=?", (said, exam, owner))


def forget_wrong(owner: str, bank: str, question: str) -> None:
    """Take a question out of the notebook."""
    with opened() as base:
        base.execute(
            "DELETE FROM wrong WHERE owner=? AND bank=? AND question=?", (owner, bank, question)
        )


def notebook(owner: str, bank: str) -> list[dict[str, Any]]:
    """The owner's wrong questions of a bank, the last first: ``question`` (its id), ``times``."""
    with opened() as base:
        rows = base.execute(
            "SELECT question, times, streak FROM wrong WHERE owner=? AND bank=? "
            "ORDER BY updated DESC",
            (owner, bank),
        )
        return [_plain(row) for row in rows]


def place(owner: str, bank: str) -> dict[str, Any]:
    """Where the owner is in the quiz of a bank, as :func:`keep_place` was told."""
    with opened() as base:
        asked = "SELECT state FROM places WHERE owner=? AND bank=?"
        row = base.execute(asked, (owner, bank)).fetchone()
        return dict(json.loads(row["state"])) if row else {}


def keep_place(owner: str, bank: str, state: dict[str, Any]) -> None:
    """Keep where the owner is in the quiz of a bank."""
    with opened() as base:
        said = json.dumps(state, ensure_ascii=False)
        base.execute("INSERT OR REPLACE INTO places VALUES(?, ?, ?)", (owner, bank, said))


def score(owner: str, bank: str) -> tuple[int, int]:
    """How many answers the owner gave in this bank, and how many of them were right."""
    with opened() as base:
        row = base.execute(
            "SELECT count(*), coalesce(sum(correct), 0) FROM (SELECT DISTINCT question, correct, "
            "CASE at WHEN 0 THEN -rowid ELSE at END FROM tries WHERE owner=? AND bank=?)",
            (owner, bank),
        ).fetchone()
        return int(row[0]), int(row[1])


def vote(owner: str, question: str, first: str, second: str, winner: str) -> None:
    """Note which of two endpoints (``first``, ``second``) answered a question better, or tie."""
    with opened() as base:
        base.execute(
            "INSERT INTO votes VALUES(?, ?, ?, ?, ?, ?)",
            (owner, question, first, second, winner, time.time()),
        )


def option(name: str) -> str:
    """A choice that holds for everybody; empty where none was made."""
    with opened() as base:
        row = base.execute("SELECT value FROM options WHERE name=?", (name,)).fetchone()
        return str(row[0]) if row else ""


def put_option(name: str, value: str) -> None:
    """Make a choice for everybody."""
    with opened() as base:
        base.execute("INSERT OR REPLACE INTO options VALUES(?, ?)", (name, value))


def tally() -> list[dict[str, Any]]:
    """All votes by pair: ``a``, ``b``, ``a_won``, ``b_won``, ``tied``."""
    with opened() as base:
        rows = base.execute(
            "SELECT min(first, second) a, max(first, second) b, "
            "sum(winner = min(first, second)) a_won, sum(winner = max(first, second)) b_won, "
            "sum(winner = 'tie') tied FROM votes GROUP BY a, b ORDER BY count(*) DESC"
        )
        return [_plain(row) for row in rows]
