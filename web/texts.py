"""Every sentence of the page, in Chinese and English; the reader chooses in the sidebar."""

from __future__ import annotations

import streamlit as st

LANGUAGES = {"zh": "中文", "en": "English"}

TEXTS = {
    "zh": {
        "chat": "问答",
        "language": "语言",
        "ask": "请输入问题",
        "clear": "清空对话",
        "settings": "生成参数",
        "temperature": "温度 (temperature)",
        "temperature_help": "0 表示每次都取最可能的字, 评测用的就是 0; 越大越随机, 也越容易出错。",
        "top_p": "核采样 (top_p)",
        "top_p_help": "只在累计概率达到此值的候选里取字; 温度为 0 时不起作用。",
        "max_tokens": "回答最长 (tokens)",
        "max_tokens_help": "到此长度即截断。汉字约 1–3 个 token。",
        "turns": "带上前几轮对话",
        "turns_help": "模型用单轮问答训练: 0 表示每个问题单独回答, 与训练和评测一致。",
        "model": "模型",
        "engine": "引擎",
        "server": "服务",
        "down": "模型服务没有运行。请在终端运行 `{command}`, 然后点“重新检查”。",
        "loading": "模型服务没有应答, 可能正在加载。稍候再点“重新检查”; "
        "一直如此则运行 `{command}`。",
        "again": "重新检查",
        "broken": "回答中断: {reason}",
        "cut": "(未完)",
        "empty": "模型没有给出回答。",
    },
    "en": {
        "chat": "Chat",
        "language": "Language",
        "ask": "Ask a question",
        "clear": "Clear",
        "settings": "Parameters",
        "temperature": "Temperature",
        "temperature_help": "0 always takes the likeliest token, as the evaluation does; "
        "higher is more random and more often wrong.",
        "top_p": "Top-p",
        "top_p_help": "Chooses among the candidates up to this total probability; no effect at 0.",
        "max_tokens": "Longest answer (tokens)",
        "max_tokens_help": "The answer is cut there. A Chinese character takes 1 to 3 tokens.",
        "turns": "Earlier turns sent along",
        "turns_help": "The model learned from single questions: 0 asks each on its own, "
        "as in training and evaluation.",
        "model": "Model",
        "engine": "Engine",
        "server": "Server",
        "down": "The model server is not running. Run `{command}` in a terminal, then check again.",
        "loading": "The model server does not answer; it may be loading. Check again in a "
        "moment, or run `{command}`.",
        "again": "Check again",
        "broken": "The answer broke off: {reason}",
        "cut": "(unfinished)",
        "empty": "The model gave no answer.",
    },
}


def say(key: str, **values: object) -> str:
    """The sentence ``key`` in the reader's language."""
    return TEXTS[st.session_state.get("language", "zh")][key].format(**values)


def choose() -> None:
    """The language box in the sidebar; ``?lang=en`` in the address keeps it over reloads."""
    if "language" not in st.session_state:
        asked = st.query_params.get("lang", "zh")
        st.session_state.language = asked if asked in LANGUAGES else "zh"
    with st.sidebar:
        st.segmented_control(
            say("language"),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            key="language",
            required=True,
            label_visibility="collapsed",
        )
    if st.session_state.language == "zh":
        st.query_params.pop("lang", None)
    else:
        st.query_params["lang"] = st.session_state.language
