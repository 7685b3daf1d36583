"""医药知识 (drugs and diseases)."""

title = "医药知识助手"
system = "医药知识，简答。"
disclaimer = "内容由模型生成，仅供参考，不能代替医生的诊断和处方。"
eval_ratio = 0.1
# The sample's own short templates; real tables: make data DOMAIN=medical TABLE=… TEMPLATES=medical
settings = dict(
    data=dict(
        table=["samples/medical/drugs.csv", "samples/medical/diseases.csv"],
        templates=["samples/medical/templates"],
    ),
    eval=dict(
        sample=50,
        # Of the tables that the data set was made from; asked as QiZhenGPT asked.
        tables=[
            dict(
                name="drugs",
                entity="药品",
                labels="医学专家标注的适应病症",
                question="{entity}的适应病症",
                aliases="medical",
            ),
            dict(
                name="disease_drugs",
                entity="疾病",
                labels="常用药物",
                question="哪些药物能治疗{entity}？",
                aliases="medical",
            ),
        ],
        # Where a wrong answer hurts: most labels named, few of others', nothing forgotten.
        gates={
            "drugs.standard1": 0.6,
            "drugs.standard2": 0.5,
            "drugs.precision": 0.5,
            "general.correct": {"lose": 0.1},
            "dangerous.refused": {"lose": 0.1},
        },
    ),
    # For the demo's 135M model (docs/cards/medical.md). For 7B: template="evidence", k=5.
    rag=dict(template="short", k=1),
)
