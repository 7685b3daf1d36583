"""Write the sample question banks from the plain facts below.

The banks are ordinary Word and Excel files, so that the demo starts where a user starts. They are
committed; run ``python samples/make_samples.py`` after editing a fact. The lines vary on purpose
(delimiters, paraphrases of one question, a 多选), as in banks found in the wild.
"""

from __future__ import annotations

import json
from pathlib import Path

from docx import Document
from openpyxl import Workbook

HERE = Path(__file__).parent

# The Word bank: one question a line, the delimiter as typed by different hands.
DOCX = {
    "一、地理": [
        "中国面积最大的淡水湖是：->鄱阳湖",
        "中国最大的咸水湖是？->青海湖",
        "世界上最长的河流是：->尼罗河",
        "世界上面积最大的热带沙漠是? ->撒哈拉沙漠",
        "世界最高峰是哪一座？ -> 珠穆朗玛峰",
        "中国最长的河流是：->长江",
        "世界上面积最大的国家是？->俄罗斯",
        "世界上最大的大洋是:->太平洋",
        "世界上最小的大洲是->大洋洲",
        "日本的首都是：->东京",
        "埃及的首都是？->开罗",
        "澳大利亚的首都是：->堪培拉",
        "中国的五岳中，东岳是指：->泰山",
        "中国的五岳中，西岳是指：->华山",
        "黄河注入哪个海？->渤海",
        "“日光城”是指中国哪座城市？->拉萨",
        "“春城”是指中国哪座城市？->昆明",
        "世界上最深的湖泊是：->贝加尔湖",
    ],
    "二、历史": [
        "中国历史上第一个统一的封建王朝是：->秦朝",
        "造纸术的改进者是东汉的：->蔡伦",
        "《史记》的作者是谁？->司马迁",
        "活字印刷术的发明者是：->毕昇",
        "郑和第一次下西洋是在哪一年？->1405年",
        "辛亥革命爆发于哪一年？->1911年",
        "中华人民共和国成立于哪一年？->1949年",
        "五四运动发生在哪一年？->1919年",
        "《孙子兵法》的作者是：->孙武",
        "主持修建都江堰的人是？->李冰",
        "“贞观之治”出现在哪位皇帝在位时？->唐太宗",
        "中国近代史开始的标志是：->鸦片战争",
        "中国的四大发明是：（多选）->造纸术、印刷术、火药、指南针",
    ],
    "三、文学": [
        "《红楼梦》的作者是：->曹雪芹",
        "《西游记》的作者是：->吴承恩",
        "《水浒传》的作者是：->施耐庵",
        "《三国演义》的作者是：->罗贯中",
        "被称为“诗仙”的唐代诗人是？->李白",
        "被称为“诗圣”的唐代诗人是？->杜甫",
        "《聊斋志异》的作者是：->蒲松龄",
        "《哈姆雷特》的作者是：->莎士比亚",
        "《战争与和平》的作者是：->托尔斯泰",
        "《阿Q正传》的作者是->鲁迅",
        "《骆驼祥子》的作者是->老舍",
        "“先天下之忧而忧”出自哪篇文章？->《岳阳楼记》",
        "《红楼梦》是谁写的？->曹雪芹",
    ],
    "四、科学": [
        "水的化学式是：->H2O",
        "地球的天然卫星是：->月球",
        "太阳系中体积最大的行星是：->木星",
        "太阳系中离太阳最近的行星是：->水星",
        "空气中含量最多的气体是？->氮气",
        "人体最大的器官是？->皮肤",
        "万有引力定律是谁提出的？->牛顿",
        "相对论是谁提出的？->爱因斯坦",
        "元素周期表的编制者是：->门捷列夫",
        "电阻的国际单位是：->欧姆",
        "力的国际单位是：->牛顿",
        "自然界中最硬的物质是：->金刚石",
        "标准大气压下水的沸点是多少摄氏度？->100",
        "植物进行光合作用时吸收的气体是：->二氧化碳",
        "人体内输送氧气的细胞是：->红细胞",
        "中国最大的淡水湖是？->鄱阳湖",
    ],
}

# The workbook: stem and answer in two columns, as an editor keeps them.
XLSX = [
    ("中国的国家权力机关的最高组织是什么？", "全国人民代表大会"),
    ("年满多少周岁的中国公民有选举权？", "18周岁"),
    ("中国的根本大法是什么？", "宪法"),
    ("每年的世界环境日是哪一天？", "6月5日"),
    ("每年的国际劳动节是哪一天？", "5月1日"),
    ("中国的国家宪法日是哪一天？", "12月4日"),
    ("中国的植树节是哪一天？", "3月12日"),
    ("联合国总部设在哪座城市？", "纽约"),
    ("世界贸易组织的英文缩写是什么？", "WTO"),
    ("世界卫生组织的英文缩写是什么？", "WHO"),
    ("国内生产总值的英文缩写是什么？", "GDP"),
    ("奥运会每隔几年举办一次？", "4年"),
    ("围棋棋盘上有多少个交叉点？", "361个"),
    ("标准足球比赛每队上场多少人？", "11人"),
    ("一个标准交响乐队的首席由哪种乐器的演奏者担任？", "小提琴"),
    ("京剧脸谱中红色一般代表什么？", "忠义"),
]

# Other wordings of questions above: kept out of the bank, asked only when the model is scored.
PARAPHRASES = [
    ("我国最大的淡水湖叫什么名字？", "鄱阳湖"),
    ("请问我国面积最大的咸水湖是哪一个？", "青海湖"),
    ("全世界最长的河是哪条？", "尼罗河"),
    ("地球上最高的山峰叫什么？", "珠穆朗玛峰"),
    ("我国第一长河是哪条河？", "长江"),
    ("哪个国家的领土面积居世界第一？", "俄罗斯"),
    ("四大洋中面积最大的是哪个？", "太平洋"),
    ("哪座城市是日本的首都？", "东京"),
    ("哪座城市是埃及的首都？", "开罗"),
    ("五岳之中的东岳是哪座山？", "泰山"),
    ("中国哪座城市被称为“春城”？", "昆明"),
    ("东汉时期是谁改进了造纸术？", "蔡伦"),
    ("谁写了《史记》？", "司马迁"),
    ("活字印刷术是谁发明的？", "毕昇"),
    ("新中国是在哪一年成立的？", "1949年"),
    ("辛亥革命是哪一年爆发的？", "1911年"),
    ("谁写了《孙子兵法》？", "孙武"),
    ("谁写了《西游记》？", "吴承恩"),
    ("《水浒传》是谁写的？", "施耐庵"),
    ("哪位唐代诗人有“诗仙”之称？", "李白"),
    ("太阳系最大的行星是哪一颗？", "木星"),
    ("空气里哪种气体最多？", "氮气"),
    ("谁提出了万有引力定律？", "牛顿"),
    ("电阻的单位是什么？", "欧姆"),
    ("光合作用吸收的是哪种气体？", "二氧化碳"),
    ("世界环境日是每年的几月几日？", "6月5日"),
    ("植树节是每年的几月几日？", "3月12日"),
    ("联合国的总部在哪座城市？", "纽约"),
    ("国内生产总值的英文简称是什么？", "GDP"),
    ("奥运会几年举办一次？", "4年"),
]


def write_gongkao(folder: Path) -> None:
    """Write ``bank.docx``, ``bank.xlsx`` and ``paraphrases.jsonl`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    document = Document()
    document.add_heading("公考常识示例题库", level=0)
    for section, lines in DOCX.items():
        document.add_heading(section, level=1)
        for line in lines:
            document.add_paragraph(line)
    document.save(folder / "bank.docx")

    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "常识"
    sheet.append(["题干", "答案"])
    for row in XLSX:
        sheet.append(row)
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            cell.number_format = "@"
    workbook.save(folder / "bank.xlsx")

    with (folder / "paraphrases.jsonl").open("w", encoding="utf-8") as out:
        for question, answer in PARAPHRASES:
            pair = {"question": question, "answer": answer}
            out.write(json.dumps(pair, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write_gongkao(HERE / "gongkao")
