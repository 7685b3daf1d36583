"""Banks of parallel items (codes, articles, strengths, years, titles, names), each with questions
on items that are there, in many writings, and on items that are not."""

from __future__ import annotations

from dataclasses import dataclass, field


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


FAULTS = words(
    "风扇转速过低 油泵温度过高 阀门信号丢失 电机压力不足 传感器接触不良 皮带卡滞 轴承老化"
)
_DIGITS = "零一二三四五六七八九十"


@dataclass
class Bank:
    """``rows``: question and answer; ``known``: question → the place of its row; ``unknown``:
    questions on what no row is about."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    known: list[tuple[str, int]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def han(number: int) -> str:
    """1 to 99 in Chinese."""
    ten, one = divmod(number, 10)
    return (
        ("" if ten == 1 else _DIGITS[ten] if ten else "")
        + ("十" if ten else "")
        + (_DIGITS[one] if one else "")
    )


def wide(text: str) -> str:
    """ASCII letters and digits in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def articles() -> Bank:
    bank = Bank()
    topics = words(
        "消防通道 钥匙保管 访客登记 车辆停放 用电安全 垃圾分类 "
        "夜间巡查 设备报废 食堂卫生 值班交接 档案借阅 印章使用"
    )
    for n in range(1, 25):
        about = f"{topics[n % 12]}由{FAULTS[n % 7][:2]}组负责，每{n + 1}天检查一次"
        bank.rows.append((f"《园区管理条例》第{han(n)}条规定了什么？", about))
    for n in range(2, 25, 2):
        bank.known += [
            (f"园区管理条例第{n}条说了什么", n - 1),
            (f"第{han(n)}条的内容是什么", n - 1),
        ]
        bank.known.append((f"条例 第 {n} 条 是怎么规定的？", n - 1))
    for n in range(25, 60, 3):
        bank.unknown += [
            f"园区管理条例第{n}条说了什么",
            f"《园区管理条例》第{han(n)}条规定了什么？",
        ]
    return bank


def strengths() -> Bank:
    bank = Bank()
    names = words("阿莫西林胶囊 布洛芬片 二甲双胍片 氯雷他定片 头孢克肟颗粒 硝苯地平片")
    for at, name in enumerate(names):
        for n, dose in enumerate(("0.25g", "50mg", "100mg")):
            bank.rows.append((f"{name}{dose}规格一次吃几片？", f"{n + at % 3 + 1}片"))
    for at, name in enumerate(names):
        bank.known += [
            (f"{name} 50 mg的一次吃多少", at * 3 + 1),
            (f"{name}（100MG）每次几片", at * 3 + 2),
        ]
        bank.known.append((f"{name}{wide('0.25')}克规格每次吃几片", at * 3))
        bank.unknown += [f"{name}75mg规格一次吃几片？", f"{name} 0.4g 每次吃多少"]
    return bank


def isbns() -> Bank:
    bank = Bank()
    titles = words(
        "潮汐与灯塔 山中修表记 北岸植物志 小城气象史 旧车站笔记 "
        "河工口述 雪线以上 盐田旧事 纸上航线 木匠的春天"
    )
    for at, title in enumerate(titles):
        bank.rows.append((f"ISBN 978-7-5{at}17-{3000 + at * 37}-{at}是哪本书？", f"《{title}》"))
        plain = f"97875{at}17{3000 + at * 37}{at}"
        bank.known += [
            (f"{plain}是什么书", at),
            (f"ISBN{plain}", at),
            (f"书号978-7-5{at}17-{3000 + at * 37}-{at}的书名", at),
        ]
        bank.unknown += [
            f"ISBN 978-7-5{at}18-{3001 + at * 41}-{at}是哪本书？",
            f"97875{at}17{3005 + at * 37}{at}是什么书",
        ]
    return bank


def years() -> Bank:
    bank = Bank()
    people = words("林知秋 顾四海 沈小满 周大同 陆明远 何时雨 于向东 肖时钦 张佳宁 唐柔")
    for at, year in enumerate(range(1980, 2020, 2)):
        bank.rows.append((f"{year}年渡口棋赛的冠军是谁？", people[at % 10]))
        bank.known.append((f"渡口棋赛{year}年谁得了冠军", at))
        bank.unknown.append(f"{year + 1}年渡口棋赛的冠军是谁？")
    bank.known.append(("一九九八年渡口棋赛冠军", 9))
    return bank


def trains() -> Bank:
    bank = Bank()
    towns = words("东滩 西岭 南浦 北埠 青石渡 白沙湾 黑松岗 红枫桥 金鸡墩 银杏坪")
    for at in range(24):
        code = f"{'GDKZ'[at % 4]}{1201 + at * 17}"
        bank.rows.append(
            (f"{code}次列车从哪里开往哪里？", f"{towns[at % 10]}开往{towns[(at * 3 + 1) % 10]}")
        )
        bank.known += [
            (f"{code.lower()}次去哪", at),
            (f"{wide(code)}", at),
            (f"{code[0]} {code[1:]}是到哪的车", at),
        ]
        bank.unknown += [
            f"{code[0]}{1202 + at * 17}次列车从哪里开往哪里？",
            f"坐{code[0]}{1205 + at * 17}能到哪",
        ]
    return bank


def standards() -> Bank:
    bank = Bank()
    topics = words(
        "信息文献引用 电线颜色 轮胎尺寸 玩具安全 灯具接口 "
        "纸张幅面 饮水水质 钢管壁厚 螺纹公差 地图符号"
    )
    for at, topic in enumerate(topics):
        code = f"GB/T {7700 + at * 13}-20{10 + at}"
        bank.rows.append((f"{code}规定的是什么？", f"{topic}的要求"))
        bank.known += [
            (f"国标gbt{7700 + at * 13}-20{10 + at}", at),
            (f"GB/T{7700 + at * 13}—20{10 + at}讲什么", at),
        ]
        bank.unknown += [
            f"GB/T {7705 + at * 13}-20{10 + at}规定的是什么？",
            f"GB {9900 + at}讲什么",
        ]
    return bank


def capitals() -> Bank:
    bank = Bank()
    known = (
        "法国=巴黎 德国=柏林 西班牙=马德里 埃及=开罗 泰国=曼谷 越南=河内 秘鲁=利马 "
        "肯尼亚=内罗毕 希腊=雅典 芬兰=赫尔辛基 古巴=哈瓦那 伊朗=德黑兰 "
    )
    for at, pair in enumerate(known.split()):
        country, city = pair.split("=")
        bank.rows.append((f"{country}的首都是哪座城市？", city))
        bank.known.append((f"{country}首都在哪里", at))
    bank.unknown = [
        f"{one}的首都是哪座城市？"
        for one in words("挪威 波兰 葡萄牙 蒙古 智利 加纳 缅甸 瑞典 老挝 阿根廷 土耳其 冰岛")
    ]
    return bank


def titles() -> Bank:
    bank = Bank()
    books = words(
        "潮汐与灯塔 山中修表记 北岸植物志 小城气象史 旧车站笔记 "
        "河工口述 雪线以上 盐田旧事 纸上航线 木匠的春天"
    )
    people = words("林知秋 顾四海 沈小满 周大同 陆明远 何时雨 于向东 肖时钦 张佳宁 唐柔")
    for at, (title, who) in enumerate(zip(books, people, strict=True)):
        bank.rows.append((f"《{title}》的作者是谁？", who))
        bank.known += [(f"谁写了《{title}》", at), (f"{title}是哪位作者写的", at)]
    bank.unknown = [
        f"《{one}》的作者是谁？"
        for one in words(
            "潮汐与渔船 山中问医记 南岸植物志 小城物价史 旧码头笔记 "
            "矿工口述 雪线以下 盐田新歌 水上航线 铁匠的秋天"
        )
    ]
    return bank


def english() -> Bank:
    bank = Bank()
    for at in range(12):
        bank.rows.append(
            (f"What is the battery life of the Nova S{20 + at * 2}?", f"{8 + at} hours")
        )
        bank.known += [
            (f"battery life nova s{20 + at * 2}", at),
            (f"How long does the Nova S-{20 + at * 2} last?", at),
        ]
        bank.unknown += [
            f"What is the battery life of the Nova S{21 + at * 2}?",
            f"How long does the Nova T{20 + at * 2} last?",
        ]
    return bank


def ports() -> Bank:
    bank = Bank()
    uses = words(
        "网页服务 远程登录 邮件发送 域名解析 文件传输 时间同步 "
        "数据库 消息队列 日志收集 监控 缓存 打印"
    )
    for at, use in enumerate(uses):
        bank.rows.append((f"端口{2100 + at * 111}用于什么？", use))
        bank.known += [(f"{2100 + at * 111}端口是做什么的", at), (f"port {2100 + at * 111}", at)]
        bank.unknown += [f"{2150 + at * 111}端口是做什么的", f"端口{2101 + at * 111}用于什么？"]
    return bank


def pumps() -> Bank:
    bank = Bank()
    for at in range(12):
        bank.rows.append((f"{11 + at * 7}#泵的额定扬程是多少？", f"{30 + at}米"))
        bank.known += [(f"{wide(str(11 + at * 7))}#泵扬程", at), (f"泵#{11 + at * 7}", at)]
        bank.unknown += [f"{14 + at * 7}#泵的额定扬程是多少？", f"{14 + at * 7}#泵"]
    return bank


SEEN = {"articles": articles, "strengths": strengths, "isbns": isbns, "years": years}
UNSEEN = {
    "trains": trains,
    "standards": standards,
    "capitals": capitals,
    "titles": titles,
    "english": english,
    "ports": ports,
    "pumps": pumps,
}
