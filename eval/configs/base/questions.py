"""A question file as an OpenCompass dataset; eval.run adds path, abbr and max_out_len."""

from opencompass.openicl.icl_inferencer import GenInferencer
from opencompass.openicl.icl_raw_prompt_template import RawPromptTemplate
from opencompass.openicl.icl_retriever import ZeroRetriever

from eval.opencompass_classes import Judge, Questions

dataset = dict(
    type=Questions,
    reader_cfg=dict(input_columns=["messages"], output_column="answer"),
    infer_cfg=dict(
        # The messages go out as they stand in the file: no template may touch a { in a question.
        prompt_template=dict(type=RawPromptTemplate, messages=[dict(expand_column="messages")]),
        retriever=dict(type=ZeroRetriever),
        # One batch: the model keeps its own journal, answer by answer.
        inferencer=dict(type=GenInferencer, batch_size=1_000_000),
    ),
    eval_cfg=dict(evaluator=dict(type=Judge)),
)
