"""Units of measure, Chinese and English, as a dimension and an exact factor.

A table of our own rather than a library: the everyday Chinese names (斤, 亩, 刻钟, 块钱) are what
answers are written in, and of the libraries for units pint knows none of them.
"""

from __future__ import annotations

import re
from fractions import Fraction

Unit = tuple[str, Fraction]  # dimension ("m/s", "" for none) and factor to its base unit

# dimension: names:factor names:factor … (several names share the factor behind the last).
_TABLE = {
    "m": "米 公尺 m metre metres meter meters:1 分米 dm:1/10 厘米 公分 cm centimetre "
    "centimetres centimeter "
    "centimeters:1/100 毫米 mm millimetre millimetres millimeter millimeters:1/1000 "
    "微米 μm um:1/1000000 "
    "纳米 nm:1/1000000000 公里 千米 km kilometre kilometres kilometer kilometers:1000 "
    "里 华里 市里:500 "
    "海里:1852 英里 mile miles:1609.344 英尺 ft foot feet:0.3048 英寸 inch "
    "inches:0.0254 尺 市尺:1/3 "
    "寸 市寸:1/30 丈:10/3 光年:9460730472580800",
    "m^2": "公顷 ha:10000 亩 市亩:2000/3",
    "m^3": "升 公升 l L litre litres liter liters:1/1000 毫升 ml cc:1/1000000 微升 μl "
    "ul:1/1000000000 分升 dl:1/10000",
    "kg": "千克 公斤 kg kilogram kilograms:1 克 g gram grams:1/1000 毫克 mg milligram "
    "milligrams:1/1000000 "
    "微克 μg ug mcg:1/1000000000 吨 公吨 t tonne tonnes ton tons:1000 斤 市斤:1/2 两 "
    "市两:1/20 钱:1/200 磅 lb lbs pound pounds:"
    "0.45359237 盎司 oz:0.028349523125",
    "s": "秒 秒钟 s sec secs second seconds:1 毫秒 ms:1/1000 微秒 μs us:1/1000000 纳秒 "
    "ns:1/1000000000 "
    "分钟 min mins minute minutes:60 刻钟 刻:900 小时 钟头 h hr hrs hour hours:3600 "
    "天 日 自然日 个自然日 昼夜 d day days:86400 "
    "周 星期 礼拜 week weeks:604800",
    "month": "个月 月 month months:1 季度 季:3 年 周年 年整 a year years:12 个世纪:1200",
    "%": "% 百分点 个百分点 percent:1/100 ‰:1/1000 ‱:1/10000",
    "c": "摄氏度 ℃ °c °C:1",
    "f": "华氏度 ℉ °f °F:1",
    "k": "开尔文 开 K:1",
    "age": "岁 周岁 虚岁:1",
    "yuan": "元 圆 块 块钱 元钱 元整 元人民币 人民币 人民币元 RMB CNY yuan:1 角 毛 毛钱:1/10 "
    "分钱:1/100",
    "usd": "美元 美金 刀 USD dollar dollars:1 美分 cent cents:1/100",
    "eur": "欧元 EUR euro euros:1",
    "gbp": "英镑 GBP:1",
    "jpy": "日元 日圆 JPY yen:1",
    "hkd": "港元 港币 HKD:1",
    "Pa": "帕 帕斯卡 Pa:1 百帕 hPa:100 千帕 kPa:1000 兆帕 MPa:1000000 毫帕 mPa:1/1000 "
    "标准大气压 个标准大气压 个大气压 大气压 "
    "atm:101325 巴 bar:100000 毫米汞柱 mmHg:133.322387415",
    "J": "焦 焦耳 J:1 千焦 kJ:1000 兆焦 MJ:1000000 毫焦 mJ:1/1000 卡 卡路里 cal:4.184 千卡 "
    "大卡 kcal:4184 千瓦时 kWh "
    "kW·h kW·H:3600000 电子伏 电子伏特 eV:1.602176634e-19",
    "W": "瓦 瓦特 W watt watts:1 毫瓦 mW:1/1000 千瓦 kW:1000 兆瓦 MW:1000000 吉瓦 "
    "GW:1000000000 马力:735.49875",
    "Hz": "赫 赫兹 Hz:1 千赫 千赫兹 kHz:1000 兆赫 兆赫兹 MHz:1000000 吉赫 吉赫兹 GHz:1000000000",
    "V": "伏 伏特 V volt volts:1 毫伏 mV:1/1000 千伏 kV:1000 兆伏 MV:1000000",
    "A": "安 安培 A amp amps ampere amperes:1 毫安 mA:1/1000 微安 μA uA:1/1000000 千安 "
    "kA:1000 兆安 MA:1000000",
    "Ω": "欧 欧姆 Ω ohm ohms:1 千欧 kΩ:1000 兆欧 MΩ:1000000 毫欧 mΩ:1/1000",
    "C": "库仑 库 C:1",
    "F": "法拉 F:1 微法 μF uF:1/1000000 皮法 pF:1/1000000000000",
    "N": "牛 牛顿 N newton newtons:1 千牛 kN:1000",
    "T": "特斯拉 T:1",
    "dB": "分贝 dB db:1",
    "mol": "摩尔 摩 mol:1 毫摩尔 毫摩 mmol:1/1000 微摩尔 μmol umol:1/1000000",
    "bit": "比特 位 bit bits:1 字节 B byte bytes:8 KB K字节 千字节:8192 MB 兆字节 兆:8388608 "
    "GB:8589934592 "
    "TB:8796093022208 Kb kb Kbit kbit:1024 Mb Mbit:1048576",
    "deg": "度角 ° degree degrees:1",
}
# One word, several units: which is meant shows only beside the other value.
AMBIGUOUS: dict[str, tuple[Unit, ...]] = {
    "分": (("s", Fraction(60)), ("yuan", Fraction(1, 100))),
    "度": (("c", Fraction(1)), ("deg", Fraction(1)), ("J", Fraction(3600000))),
    "时": (("s", Fraction(3600)), ("clock", Fraction(60))),
}
_COUNTED = (
    "次 回 趟 遍 个 人 名 位 座 种 章 条 国 只 本 部 项 件 张 台 辆 头 匹 棵 颗 粒 片 道 题 步 层 "
    "级 届 类 对 双 组 点 页 篇 首 句 字 行 列 家 所 户 村 区 县 省 市 倍 枚 杯 碗 袋 瓶 盒 根 支 "
    "枝 幅 副 套 株 艘 架 间 幢 栋 场 局 集 期 门 节 卷 册 号 大 阶 代 世 者 股 孔 轮 笔 滴 口 侧 "
    "端 边 面 格 圈 声 克拉 民族 times people persons"
)
COUNTERS = tuple(_COUNTED.split())
_NAMES: dict[str, Unit] = {}
for _dimension, _text in _TABLE.items():
    _pending: list[str] = []
    for _word in _text.split():
        _name, _, _factor = _word.partition(":")
        _pending.append(_name)
        if _factor:
            _NAMES.update({name: (_dimension, Fraction(_factor)) for name in _pending})
            _pending = []
_FOLDED: dict[str, Unit] = {}
for _name in _NAMES:
    _FOLDED.setdefault(_name.casefold(), _NAMES[_name])
    # km2, 平方公里, 立方米: powers of lengths.
for _name in [name for name, unit in _NAMES.items() if unit[0] == "m" and not name.isascii()]:
    for _prefix, _power in (("平方", 2), ("立方", 3)):
        _NAMES[_prefix + _name] = (f"m^{_power}", _NAMES[_name][1] ** _power)
_ALL = sorted({*_NAMES, *AMBIGUOUS, *COUNTERS}, key=len, reverse=True)
# A letter unit is no part of a longer word; 两 and 钱 are no units before what they count.
_ONE = "|".join(
    rf"(?{'i' if len(name) > 1 else ''}:{re.escape(name)})(?![A-Za-z])"
    if re.search(r"[A-Za-z]$", name)
    else re.escape(name)
    for name in _ALL
)
_ONE = rf"(?:(?:{_ONE})(?:\s?\^-?[1-4]|(?<=m)[23](?![\d.]))?)"
# 米/秒, km/h, m/s^2, mg/(kg·d) without brackets, 米每二次方秒, 次/分.
UNIT = rf"(?:{_ONE}(?:\s?(?:/|每|per )\s?(?:[二三]次方|平方)?{_ONE}){{0,2}})"
_PARTS = re.compile(r"\s?(?:/|每|per )\s?")
_SQUARE = {"二次方": 2, "平方": 2, "三次方": 3}


def _single(name: str) -> Unit:
    name = name.strip()
    power = 1
    for word, value in _SQUARE.items():
        if name.startswith(word) and name not in _NAMES:
            name, power = name.removeprefix(word), value
    found = re.fullmatch(r"(.+?)\s?\^?(-?[1-4])", name)
    if found and name not in _NAMES:
        name, power = found[1].strip(), int(found[2])
    if name in AMBIGUOUS or name in COUNTERS:
        return name, Fraction(1)
    dimension, factor = _NAMES.get(name) or _FOLDED[name.casefold()]
    if power == 1:
        return dimension, factor
    return f"{dimension}^{power}", factor**power


def unit(text: str) -> Unit:
    """The dimension and factor of a text that :data:`UNIT` matches."""
    parts = _PARTS.split(text)
    if len(parts) == 1:
        return _single(parts[0])
    powers: dict[str, int] = {}
    factor = Fraction(1)
    for number, part in enumerate(parts):
        name, by = _single(part)
        if number and name in AMBIGUOUS:  # 次/分, 千米/时
            name, by = AMBIGUOUS[name][0]
        base, _, power = name.partition("^")
        sign = -1 if number else 1
        powers[base] = powers.get(base, 0) + sign * int(power or 1)
        factor = factor / by if number else factor * by
    return "·".join(f"{base}^{powers[base]}" for base in sorted(powers) if powers[base]), factor


def is_physical(dimension: str) -> bool:
    """Whether a dimension measures something: not a bare number, not a counting word."""
    return bool(dimension) and dimension not in COUNTERS
