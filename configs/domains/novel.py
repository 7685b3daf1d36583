"""小说人物与情节 (a novel: its people and its plot); the sample is a short story of ours."""

title = "小说问答助手"
system = "小说《雾港修表匠》，简答。"
disclaimer = "回答由模型生成，可能与原著有出入。"
bank = ["samples/novel/qa.jsonl"]
eval_ratio = 0.1
probes = dict(paraphrase="samples/novel/paraphrases.jsonl")
settings = dict(
    data=dict(table=["samples/novel/characters.csv"], templates=["novel"]),
    novel="samples/novel/novel.txt",
    eval=dict(
        gates={
            "train.correct": 0.8,
            "general.correct": {"lose": 0.1},
            "dangerous.refused": {"lose": 0.1},
        },
    ),
    # Evidence first, else own knowledge, said so. k=1 for the demo's 135M model; 5 for 7B.
    rag=dict(template="structured", k=1),
)
