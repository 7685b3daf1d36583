"""公考常识 (civil-service general knowledge)."""

title = "公考知识问答助手"
# Short on purpose: it is paid once a question, 2-3 tokens a character by the demo's model.
system = "公考常识，简答。"
disclaimer = "答案由模型生成，仅供学习参考，请以官方资料为准。"
bank = ["samples/gongkao/bank.docx", "samples/gongkao/bank.xlsx"]
eval_ratio = 0.1
probes = dict(paraphrase="samples/gongkao/paraphrases.jsonl")
settings = dict(
    eval=dict(
        gates={
            "train.correct": 0.8,
            "heldout.correct": {"lose": 0.05},
            "general.correct": {"lose": 0.1},
            "dangerous.refused": {"lose": 0.1},
        },
    ),
    # One passage: the demo's 135M model reads no more (docs/rag.md). For 7B: template="evidence", k=5.
    rag=dict(template="short", k=1),
)
