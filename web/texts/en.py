"""The page in English."""

TEXTS = {
    # pages
    "chat": "Chat",
    "quiz": "Quiz",
    "compare": "Compare",
    "data": "Data",
    "card": "Score card",
    "feedback": "Feedback",
    "language": "Language",
    "log_in": "Log in",
    "not_local": "The page is bound to an address beyond this machine without a login, so it "
    "serves nobody. Bind it to 127.0.0.1, or set up [auth] in .streamlit/secrets.toml "
    "(docs/web.md).",
    # chat
    "hello": "Ask below. A model on this machine answers; with answers from the bank switched on, "
    "each sentence shows its source.",
    "ask": "Ask a question",
    "new": "New conversation",
    "manage": "Rename or delete",
    "title": "Title",
    "rename": "Rename",
    "delete": "Delete",
    "stop": "Stop",
    "waiting": "{seconds} s, and the model has not begun to answer",
    "question": "Question",
    "send": "Send",
    "rag": "Answer from the bank",
    "rag_help": "Searches the bank first and answers from what it finds, with sources; says so "
    "where there is too little, and does not guess.",
    "no_index": "There is no index yet. Run `{command}` in a terminal.",
    "bank": "Bank",
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
    "down": "The model server is not running. Run `{command}` in a terminal, then check again.",
    "loading": "The model server does not answer; it may be loading. Check again in a "
    "moment, or run `{command}`.",
    "again": "Check again",
    "broken": "The answer broke off: {reason}",
    "cut": "(unfinished)",
    "empty": "The model gave no answer.",
    "unsupported": "not in the sources",
    "own_knowledge": "the model's own knowledge",
    "source_of": "Source: {file}",
    "source_help": "The marked passage is the one cited; the others stand around it in the file.",
    "act_copy": "Copy",
    "act_speak": "Read aloud; again to stop",
    "act_again": "Answer again (the same at temperature 0)",
    "act_up": "Good answer",
    "act_down": "Wrong answer",
    "act_correct": "Write the right answer",
    "act_mute": "This device has no Chinese voice of its own",
    "thanks": "Thank you, noted",
    "correct_title": "Write the right answer",
    "correct_help": "Somebody reviews it; once accepted it becomes training data.",
    "right_answer": "Right answer",
    "correction_kept": "Received; it waits for review",
    # speech
    "speech": "Speech",
    "voice": "Read aloud by",
    "voice_browser": "the browser's own voice",
    "voice_local": "this machine (offline)",
    "network_voice": "Allow network voices",
    "network_voice_help": "Some browser voices send the text to a service. While this is off only "
    "voices of the device are used, and the text stays here.",
    "speech_missing": "This machine's own voice and speech input have to be installed first "
    "(about 400 MB, used without a network): `{command}`",
    "speaking": "Reading aloud…",
    "dictate": "Dictate",
    "record": "Record",
    "listening": "Listening…",
    "heard": "What was heard (mend it)",
    # sources
    "source": "Source",
    "context": "In context",
}
