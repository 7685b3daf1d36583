"""Banks as other tools write them, in the form of their makers."""

from __future__ import annotations

import json

from tests.data.inputs.build import case, jsonl, xlsx, zipped

ABC = {"A": "铜", "B": "铁", "C": "金"}
Q = "哪种金属不生锈？"

# JSON: options and answers in any shape, told by their values
for name, record in {
    "text": {"题目": Q, "选项": ["铜", "铁", "金"], "答案": "金"},
    "zero": {"question": Q, "choices": ["铜", "铁", "金"], "label": 2},
    "mcq_key": {"question": Q, "options": ["A. 铜", "B. 铁", "C. 金"], "correct_answer": "C"},
    "opa": {"question": Q, "opa": "铜", "opb": "铁", "opc": "金", "cop": "C"},
    "option_n": {"stem": Q, "option1": "铜", "option2": "铁", "option3": "金", "correctOption": "option3"},
    "dicts": {"question": Q, "options": [{"key": "A", "value": "铜"}, {"key": "B", "value": "铁"},
              {"key": "C", "value": "金"}], "answer": ["C"]},
    "flagged": {"title": Q, "answers": [{"text": "铜", "correct": False}, {"text": "铁", "correct": False},
                {"text": "金", "correct": True}]},
    "arc": {"question": {"stem": Q, "choices": [{"text": "铜", "label": "A"}, {"text": "铁", "label": "B"},
            {"text": "金", "label": "C"}]}, "answerKey": "C"},
    "hf_arc": {"question": Q, "choices": {"text": ["铜", "铁", "金"], "label": ["A", "B", "C"]}, "answerKey": "C"},
    "lower": {"question": Q, "a": "铜", "b": "铁", "c": "金", "answer": "c"},
    "distractors": {"question": Q, "correct_answer": "金", "incorrect_answers": ["铜", "铁"]},
    "string": {"question": Q, "options": "A.铜 B.铁 C.金", "answer": "C"},
}.items():  # fmt: skip
    want = {"A": "金", "B": "铁", "C": "铜"} if name == "distractors" else ABC
    case(
        f"json_{name}.json",
        json.dumps([record], ensure_ascii=False).encode(),
        [(Q, want, "A" if name == "distractors" else "C")],
    )
case(
    "json_one_based.jsonl",
    jsonl(
        {"question": Q, "options": ["铜", "铁", "金"], "answer": 3},
        {"question": "哪种是气体？", "options": ["氧", "铁"], "answer": 1},
    ),
    [(Q, ABC, "C"), ("哪种是气体？", {"A": "氧", "B": "铁"}, "A")],
)
case(
    "json_zero_based.jsonl",
    jsonl(
        {"question": Q, "options": ["铜", "铁", "金"], "answer": 2},
        {"question": "哪种是气体？", "options": ["氧", "铁"], "answer": 0},
    ),
    [(Q, ABC, "C"), ("哪种是气体？", {"A": "氧", "B": "铁"}, "A")],
)
case(
    "json_several.jsonl",
    jsonl(
        {
            "question": "哪些是金属？",
            "options": {"A": "铜", "B": "木", "C": "金"},
            "answer": ["A", "C"],
        },
        {
            "question": "哪些是木头？",
            "options": {"A": "松", "B": "铜", "C": "柏"},
            "answer": "松;柏",
        },
    ),
    [
        ("哪些是金属？", {"A": "铜", "B": "木", "C": "金"}, "AC"),
        ("哪些是木头？", {"A": "松", "B": "铜", "C": "柏"}, "AC"),
    ],
)
case(
    "json_nested.json",
    json.dumps(
        {
            "exam": "练习",
            "data": {
                "list": [
                    {"content": "一旬有几天？", "rightAnswer": "十天"},
                    {"content": "一打有几个？", "rightAnswer": "十二个"},
                ]
            },
        },
        ensure_ascii=False,
    ).encode(),
    [("一旬有几天？", "十天"), ("一打有几个？", "十二个")],
)
case(
    "json_judge.jsonl",
    jsonl({"question": "雪是黑的。", "answer": False}, {"question": "雪是白的。", "answer": True}),
    [("雪是黑的。", "错误"), ("雪是白的。", "正确")],
)
case(
    "json_unread.jsonl",
    jsonl(
        {"question": "一旬有几天？", "answer": "十天"},
        {"meta": {"a": 1}},
        {"question": Q, "options": ["铜", "铁"], "answer": "Z"},
    ),
    [("一旬有几天？", "十天")],
    ledger=("no-question", "answer-not-an-option"),
)
case(
    "json_html.jsonl",
    jsonl({"question": "<p>10<sup>2</sup>是多少？</p>", "answer": "一百&nbsp;"}),
    [("10²是多少？", "一百")],
)
# dialogues
case(
    "chat_turns.jsonl",
    jsonl(
        {
            "messages": [
                {"role": "user", "content": "最大的洋叫什么？"},
                {"role": "assistant", "content": "太平洋"},
                {"role": "user", "content": "它有多大？"},
                {"role": "assistant", "content": "约1.8亿平方千米"},
            ]
        }
    ),
    [("它有多大？", "约1.8亿平方千米", [("最大的洋叫什么？", "太平洋")])],
)
case(
    "chat_parts.jsonl",
    jsonl(
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "这是"},
                        {"type": "image_url", "image_url": {"url": "file:///x/a.png"}},
                        {"type": "text", "text": "什么？"},
                    ],
                },
                {"role": "assistant", "content": [{"type": "text", "text": "树"}]},
            ]
        }
    ),
    [("这是[图片:a.png]什么？", "树")],
    flags={0: "image"},
)
case(
    "chat_think.jsonl",
    jsonl(
        {"instruction": "一旬有几天？", "output": "<think>十天吧</think>十天"},
        {"instruction": "一打有几个？", "output": "想一想\n</think>\n十二个"},
    ),
    [("一旬有几天？", "十天"), ("一打有几个？", "十二个")],
)
case(
    "chat_tool.jsonl",
    jsonl(
        {
            "messages": [
                {"role": "user", "content": "几点了？"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "一旬有几天？"},
                {"role": "assistant", "content": "十天"},
            ]
        },
    ),
    [("一旬有几天？", "十天")],
    ledger=("no-answer",),
)
case(
    "chat_history.jsonl",
    jsonl(
        {
            "instruction": "它有多深？",
            "input": "",
            "output": "约11千米",
            "history": [["最深的海沟叫什么？", "马里亚纳海沟"]],
        }
    ),
    [("它有多深？", "约11千米", [("最深的海沟叫什么？", "马里亚纳海沟")])],
)
case(
    "dolly.jsonl",
    jsonl(
        {
            "instruction": "这段话说谁？",
            "context": "李白是唐代诗人。",
            "response": "李白",
            "category": "qa",
        }
    ),
    [("这段话说谁？\n李白是唐代诗人。", "李白")],
)

# Moodle GIFT
case(
    "gift_kinds.gift",
    """// 注释 comment
$CATEGORY: tests/metals

::一::[html]<p>哪种金属不生锈？</p>{~铜#不对 ~铁 =金#对}

一旬有几天？ {=十天 =10天}

雪是白的。{TRUE#是}

雪是黑的。{F}

圆周率约是多少？ {#3.14:0.01}

哪些是金属？ {~%50%铜 ~%50%金 ~%-100%木}

中国的首都是{=北京 ~上海}。

转义：a\\=b \\{甲\\} 是什么？ {=集合\\~记号}
""".encode(),
    [
        (Q, ABC, "C"),
        ("一旬有几天？", "十天"),
        ("雪是白的。", "正确"),
        ("雪是黑的。", "错误"),
        ("圆周率约是多少？", "3.14"),
        ("哪些是金属？", {"A": "铜", "B": "金", "C": "木"}, "AB"),
        ("中国的首都是____。", {"A": "北京", "B": "上海"}, "A"),
        ("转义：a=b {甲} 是什么？", "集合~记号"),
    ],
)
case(
    "gift_match.txt",
    """::连线:: 把国家和首都连起来。 {
 =法国 -> 巴黎
 =日本 -> 东京
}

::论述:: 谈谈你的看法。 {}

::范围:: 一年大约多少天？ {#365..366}

::说明:: 以下是第二部分。

Who wrote Hamlet? {=Shakespeare #right =William Shakespeare ####He did.}
""".encode(),
    [
        ("把国家和首都连起来。", "法国 → 巴黎；日本 → 东京"),
        ("一年大约多少天？", "365..366"),
        ("Who wrote Hamlet?", "Shakespeare"),
    ],
    ledger=("no-answer", "no-question"),
)
case(
    "aiken.txt",
    "哪种金属不生锈？\nA. 铜\nB. 铁\nC. 金\nANSWER: C\n\nWhich is a fruit?\nA) Apple\nB) Stone\nANSWER: A\n".encode(),
    [(Q, ABC, "C"), ("Which is a fruit?", {"A": "Apple", "B": "Stone"}, "A")],
)

# Moodle XML
case(
    "moodle.xml",
    """<?xml version="1.0" encoding="UTF-8"?><quiz>
<question type="category"><category><text>$course$/x</text></category></question>
<question type="multichoice"><name><text>一</text></name><questiontext format="html"><text><![CDATA[<p>哪种金属不生锈？</p>]]></text></questiontext>
<generalfeedback format="html"><text>金不生锈。</text></generalfeedback><single>true</single>
<answer fraction="0"><text>铜</text></answer><answer fraction="0"><text>铁</text></answer><answer fraction="100"><text>金</text></answer></question>
<question type="truefalse"><questiontext><text>雪是白的。</text></questiontext><answer fraction="100"><text>true</text></answer>
<answer fraction="0"><text>false</text></answer></question>
<question type="shortanswer"><questiontext><text>一旬有几天？</text></questiontext><answer fraction="100"><text>十天</text></answer></question>
<question type="numerical"><questiontext><text>一打有几个？</text></questiontext><answer fraction="100"><text>12</text><tolerance>0</tolerance></answer></question>
<question type="matching"><questiontext><text>连线。</text></questiontext><subquestion><text>法国</text><answer><text>巴黎</text></answer></subquestion>
<subquestion><text>日本</text><answer><text>东京</text></answer></subquestion></question>
<question type="essay"><questiontext><text>谈谈看法。</text></questiontext></question>
</quiz>""".encode(),
    [
        (Q, ABC, "C"),
        ("雪是白的。", "正确"),
        ("一旬有几天？", "十天"),
        ("一打有几个？", "12"),
        ("连线。", "法国 → 巴黎；日本 → 东京"),
    ],
    ledger=("no-answer",),
)

# QTI
QTI12 = """<?xml version="1.0"?><questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment><section>
<item ident="i1" title="一"><presentation><material><mattext texttype="text/html">&lt;p&gt;哪种金属不生锈？&lt;/p&gt;</mattext></material>
<response_lid ident="r1" rcardinality="Single"><render_choice>
<response_label ident="a"><material><mattext>铜</mattext></material></response_label>
<response_label ident="b"><material><mattext>铁</mattext></material></response_label>
<response_label ident="c"><material><mattext>金</mattext></material></response_label></render_choice></response_lid></presentation>
<resprocessing><outcomes><decvar/></outcomes><respcondition><conditionvar><varequal respident="r1">c</varequal></conditionvar>
<setvar action="Set">100</setvar></respcondition></resprocessing></item>
<item ident="i2"><presentation><material><mattext>一旬有几天？</mattext></material><response_str ident="r"><render_fib/></response_str></presentation>
<resprocessing><respcondition><conditionvar><varequal respident="r">十天</varequal></conditionvar><setvar action="Set">1</setvar></respcondition></resprocessing></item>
</section></assessment></questestinterop>"""
case("qti12.xml", QTI12.encode(), [(Q, ABC, "C"), ("一旬有几天？", "十天")])
QTI21 = """<?xml version="1.0" encoding="UTF-8"?><assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="x" title="t" adaptive="false" timeDependent="false">
<responseDeclaration identifier="RESPONSE" cardinality="{card}" baseType="identifier"><correctResponse>{right}</correctResponse></responseDeclaration>
<itemBody>{before}<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="0"><prompt>{ask}</prompt>
<simpleChoice identifier="X1">铜</simpleChoice><simpleChoice identifier="X2">铁</simpleChoice><simpleChoice identifier="X3">金</simpleChoice></choiceInteraction></itemBody></assessmentItem>"""
case(
    "qti21.xml",
    QTI21.format(card="single", right="<value>X3</value>", before="", ask=Q).encode(),
    [(Q, ABC, "C")],
)
case(
    "qti21_multiple.zip",
    zipped(
        {
            "imsmanifest.xml": "<manifest/>",
            "items/a.xml": QTI21.format(
                card="multiple",
                right="<value>X1</value><value>X3</value>",
                before="<p>看下面。</p>",
                ask="哪些不是铁？",
            ),
        }
    ),
    [("看下面。\n哪些不是铁？", ABC, "AC")],
)
case(
    "qti21_entry.xml",
    b"""<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="e" title="t"><responseDeclaration
identifier="RESPONSE" cardinality="single" baseType="string"><correctResponse><value>York</value></correctResponse><mapping defaultValue="0">
<mapEntry mapKey="York" mappedValue="1"/></mapping></responseDeclaration><itemBody><p>Now is the winter, made glorious by this sun of
<textEntryInteraction responseIdentifier="RESPONSE" expectedLength="15"/>.</p></itemBody></assessmentItem>""",
    [("Now is the winter, made glorious by this sun of ____.", "York")],
)

# Anki, as text
case(
    "anki.txt",
    "#separator:tab\n#html:true\n#tags column:3\n一旬有几天？\t<b>十天</b>\t时间\n水的化学式？\tH<sub>2</sub>O\t化学\n".encode(),
    [("一旬有几天？", "十天"), ("水的化学式？", "H₂O")],
)
case(
    "anki_cloze.txt",
    "#separator:Semicolon\n#html:false\n#notetype column:1\nCloze;{{c1::长江::河}}是中国最长的河;\nBasic;一打有几个？;十二个\n".encode(),
    [("____是中国最长的河", "长江"), ("一打有几个？", "十二个")],
)

# sheets of quiz platforms
case(
    "kahoot.xlsx",
    xlsx(
        [
            ("Quiz template",),
            (None,),
            (
                None,
                "Question - max 120 characters",
                "Answer 1 - max 75 characters",
                "Answer 2 - max 75 characters",
                "Answer 3 - max 75 characters",
                "Answer 4 - max 75 characters",
                "Time limit (sec) – 5, 10, 20, 30, 60, 90, 120, or 240 secs",
                "Correct answer(s) - choose at least one",
            ),
            (1, Q, "铜", "铁", "金", None, 20, "3"),
            (2, "哪些是木头？", "松", "铜", "柏", "铁", 20, "1,3"),
        ]
    ),
    [(Q, ABC, "C"), ("哪些是木头？", {"A": "松", "B": "铜", "C": "柏", "D": "铁"}, "AC")],
)
case(
    "quizizz.xlsx",
    xlsx(
        [
            (
                "Question Text",
                "Question Type",
                "Option 1",
                "Option 2",
                "Option 3",
                "Option 4",
                "Option 5",
                "Correct Answer",
                "Time in seconds",
                "Image Link",
                "Answer explanation",
            ),
            (Q, "Multiple Choice", "铜", "铁", "金", None, None, 3, 30, None, "金稳定"),
            ("哪些是木头？", "Checkbox", "松", "铜", "柏", None, None, "1,3", 30, None, None),
            (
                "一旬有几天？",
                "Fill-in-the-Blank",
                "十天",
                "10天",
                None,
                None,
                None,
                None,
                30,
                None,
                None,
            ),
        ]
    ),
    [(Q, ABC, "C"), ("哪些是木头？", {"A": "松", "B": "铜", "C": "柏"}, "AC")],
    ledger=("no-answer",),
)

case(
    "kaoshixing.xlsx",
    xlsx(
        [
            ("题型", "题干", "正确答案", "解析", "分值", "难度系数", "选项A", "选项B", "选项C"),
            ("单选题", Q, "C", "金稳定", 2, "易", "铜", "铁", "金"),
            ("判断题", "雪是黑的。", "错误", "", 2, "易", None, None, None),
            ("填空题", "一旬有____天。", "十|10", "", 2, "易", None, None, None),
        ]
    ),
    [(Q, ABC, "C"), ("雪是黑的。", "错误"), ("一旬有____天。", "十|10")],
)
case(
    "xuexitong.xlsx",
    xlsx(
        [
            (
                "目录",
                "题目类型",
                "大题题干",
                "小题题型",
                "小题题干",
                "正确答案",
                "答案解析",
                "难易度",
                "知识点",
                "选项数",
                "A",
                "B",
                "C",
            ),
            ("一", "单选题", Q, None, None, "C", None, "易", None, 3, "铜", "铁", "金"),
            ("一", "判断题", "雪是白的。", None, None, "对", None, "易", None, 0, None, None, None),
        ]
    ),
    [(Q, ABC, "C"), ("雪是白的。", "对")],
)
case(
    "yuketang.xlsx",
    xlsx(
        [
            ("题干", "题型", "选项A", "选项B", "选项C", "选项D", "正确答案", "分值", "答案解析"),
            (Q, "单选题", "铜", "铁", "金", None, "C", 1, None),
            ("哪些不是铁？", "多选题", "铜", "铁", "金", None, "A,C", 1, None),
        ]
    ),
    [(Q, ABC, "C"), ("哪些不是铁？", ABC, "AC")],
)
case(
    "wenjuanxing.txt",
    "1. 哪种金属不生锈？[单选题]\nA. 铜\nB. 铁\nC. 金(正确答案)\n\n2. 哪些不是铁？[多选题]\nA. 铜(正确答案)\nB. 铁\nC. 金(正确答案)\n".encode(),
    [(Q, ABC, "C"), ("哪些不是铁？", ABC, "AC")],
)
