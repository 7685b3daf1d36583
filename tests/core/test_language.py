"""A message is said in the reader's language, and in both where nobody chose."""

import threading

import pytest

from core import language


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({}, "both"),
        ({"LANG": "C.UTF-8"}, "both"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "both"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_TW.Big5"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "TIKU_LANG": "en"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "TIKU_LANG": "klingon"}, "zh"),
    ],
)
def test_who_asked_for_what(environment: dict[str, str], expected: str) -> None:
    assert language.of(environment) == expected


def test_each_thread_has_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKU_LANG", "both")
    heard = {}

    def reader(chosen: str) -> None:
        language.choose(chosen)
        heard[chosen] = language.words("没有这个文件", "no such file")

    threads = [threading.Thread(target=reader, args=(name,)) for name in ("zh", "en")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"zh": "没有这个文件", "en": "no such file"}
    assert language.words("没有这个文件", "no such file") == "没有这个文件 no such file"
    with pytest.raises(ValueError):
        language.choose("klingon")
