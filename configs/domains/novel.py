"""小说人物与情节 (a novel: its people and its plot); the sample is a short story of ours."""

title = "小说问答助手"
system = "你熟读小说《雾港修表匠》，简明回答与它有关的问题。"
disclaimer = "回答由模型生成，可能与原著有出入。"
bank = ["samples/novel/qa.jsonl"]
eval_ratio = 0.1
settings = dict(
    data=dict(table=["samples/novel/characters.csv"], templates=["novel"]),
    novel="samples/novel/novel.txt",
)
