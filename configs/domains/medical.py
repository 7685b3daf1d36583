"""医药知识 (drugs and diseases)."""

title = "医药知识助手"
system = "你是医药知识助手，依据说明书简明作答。"
disclaimer = "内容由模型生成，仅供参考，不能代替医生的诊断和处方。"
eval_ratio = 0.1
settings = dict(
    data=dict(
        table=["samples/medical/drugs.csv", "samples/medical/diseases.csv"],
        templates=["medical"],
    )
)
