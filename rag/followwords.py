"""The word lists of :mod:`rag.followups`: what a question says without naming a topic."""

from __future__ import annotations

import re


def _words(text: str) -> list[str]:
    return text.split()


ASKING = _words("""
什么时候 什么 怎么样 怎么办 怎么 怎样 如何 哪个 哪些 哪里 哪儿 哪种 哪一 哪位 哪年 哪天 哪 是谁
谁 几 多少钱 多少 多久 多长 多大 多高 多重 多远 多深 多快 多宽 多厚 多贵 多 何时 何地 何处 何
为什么 为何 是否 吗 呢 吧 么 啊 呀 嘛 有没有 是不是 能不能 可不可以 要不要 会不会 行不行 好不好
对不对 可否 能否 行 什么人 哪些人 哪种人 哪类人
""")

FUNCTION = _words("""
的话 的 地 得 了 着 过 在 于 是 有 和 与 跟 及 以及 或 或者 还是 还 也 又 都 就 才 再 很 太 更 最
比较 非常 特别 尤其 大概 大约 一共 总共 到底 究竟 一般 通常 平时 主要 具体 目前 现在 如今 后来
最后 最终 当时 以后 之后 以前 之前 期间 同时 时候 时 从 到 对 对于 把 被 由 让 给 为 以 向 往 按
能够 能 会 可以 可能 可 应该 应当 应 需要 需 要 必须 想 来 去 上 下 里 中 内 外 前 后 一个 一些
一下 一点 一次 一种 一天 每天 每次 每年 每月 每 个 种 条 项 款 次 天 年 月 日 周 星期 小时 分钟
岁 米 元 块 钱 第 一 二 两 三 四 五 六 七 八 九 十 百 不 没 没有 无 请 帮 我们 我 你 您 知道 告诉
说 叫做 叫 称为 称 算 等 之 所 者 只 别 当 比 像 如 则 而 但 却 已 已经 正在 刚 将 将来 通过 关于
根据 然后 此外 首先 其 怎 回 位 名 本 部 大 小 高 低 长 短 快 慢 多 少 好 坏 贵 便宜 难 容易 重要
合适 安全 有效 正常 严重 常见 不同 相同 一样 新 旧 早 晚 饭前 饭后 空腹 睡前 早上 晚上 中午 网上
线上 线下 现场 中国 国内 国外 世界 这样 那样
""")

OWNED = _words("""
价格 价钱 售价 单价 票价 费用 成本 作者 导演 主演 主角 主人公 男主角 女主角 男主 女主 配角 演员
编剧 译者 出版社 首都 省会 首府 面积 人口 语言 货币 国旗 国歌 总统 气候 特产 景点 历史 由来 起源
来历 来源 来头 背景 原因 缘由 结果 结局 过程 经过 影响 意义 价值 目的 作用 功能 功效 疗效 效果
用途 用法 用量 剂量 副作用 不良反应 禁忌症 禁忌 适应症 注意事项 成分 成份 配料 规格 尺寸 大小
重量 质量 体积 容量 颜色 形状 外观 材料 材质 结构 构造 特点 特征 特性 特色 性质 优点 缺点 优势
劣势 优缺点 利弊 好处 坏处 区别 差别 差异 联系 关系 共同点 相同点 不同点 种类 类型 类别 分类 例子
方法 方式 办法 途径 渠道 步骤 流程 程序 手续 条件 前提 要求 标准 依据 规定 规则 内容 要点 重点
定义 概念 含义 意思 名字 名称 全名 全称 简称 别名 别称 俗称 学名 本名 原名 真名 英文名 外号 绰号
字 号 地址 位置 地点 地方 方位 时间 日期 期限 时限 时长 有效期 保质期 保修期 保修 年代 朝代 年份
季节 周期 频率 次数 速度 温度 高度 长度 宽度 深度 厚度 海拔 密度 硬度 浓度 纬度 经度 比例 比率
概率 数量 总数 人数 产量 销量 职业 身份 年龄 岁数 性别 性格 国籍 籍贯 民族 学历 生日 家庭 家人
父亲 母亲 父母 妻子 丈夫 老婆 老公 儿子 女儿 孩子 兄弟 姐妹 老师 弟子 代表作 代表人物 作品 成就
贡献 评价 地位 电话 网址 官网 邮箱 版本 品牌 厂家 厂商 产地 公式 单位 符号 原理 机制 机理 本质
产物 产品 风险 危害 危险 害处 症状 病因 后果 后遗症 处罚 惩罚 罚款 责任 义务 权利 资料 证件 证明
工具 设备 驱动 密码 账号 接口 参数 配置 性能 功率 电压 电池 续航 寿命 工作日 替代品 例外 情况
问题 热量 营养 口感 味道 手续费 利率 利息 收益 税 情节 情形 主题 中心思想 人物 角色 版权 序号
编号 代码 范围 对象 资格 名额 学费 分数 地图 路线 交通 门票 饮食 日常 部分 现存 晚上 白天 省份
城市 房间 孕妇 儿童 小孩 小朋友 老人 老年人 婴儿 婴幼儿 青少年 新手 成人 成年人 女性 男性 女生
男生 患者 病人 哺乳期 人群 后人 全长 总长 源头 发源地 出生地 享年 终年 支流 总部 创始人 发明人 主编
起点 终点 冠军 亚军 季军 比分 工资 保额 摩尔质量
""")

DOING = _words("""
吃 喝 用 服用 使用 食用 饮用 买 购买 卖 办理 办 申请 处理 解决 安装 下载 清洁 清洗 保存 储存 存放
保养 维修 修 换 更换 退 退货 退款 打开 关闭 开 关 设置 操作 选择 选 看 读 学 学习 写 画 唱 演 拍
发现 发明 创造 创作 创立 创办 设计 建造 建立 修建 建成 建 成立 制定 颁布 发布 公布 实施 施行 执行
生效 开始 结束 出生 诞生 去世 逝世 生 死 活 发生 举行 出版 上映 播出 发行 上市 位于 属于 来自
出自 包括 包含 组成 构成 分为 分 分布 适合 适用 支持 规定 准备 注意 避免 预防 治疗 治 治好 恢复
检查 计算 表示 代表 说明 解释 理解 到账 提取 取 提 违反 超过 过量 保修 带 携带 缴纳 缴 交 付 收费
低于 高于 少于 多于 不得
收 报名 参加 登记 预约 取消 停用 停 坚持 维持 持续 见效 起效 过期 失效 变质 推荐 建议 介绍 评价
获得 得到 得 失败 成功 完成 做 干 弄 搞 放 加 拿 送 住 走 坐 存在 存 需要 应用 运用 生产 制造
清除 消除 排除 调节 调整 拆卸 重置 复位 升级 更新 删除 撤销 修改 缓解
制作 形成 产生 出现 引起 导致 造成 喝酒 饮酒 抽烟 吸烟 开车 运动 洗澡
""")

# What follows a one-syllable verb: a question word, a particle, a count; or the end.
AFTER_VERB = re.compile(r"[多几什怎哪谁何了着过好完到得在一两]|$")

# What is no word of its own where one character follows that is none either: 长江, 上海, 天津.
NAMING = set("上中下天日月大小高长南北东西新三五九一和元")

ENGLISH = set(
    _words("""
a an the is are was were be been am do does did done has have had can could will would should may
might must of in on at to for from by with about into over after before between and or but so
then if what when where who whom whose which why how much many long old big far high often there
any some all no not i me my we us you your please tell show give explain describe list say know
think need want get got make made take takes work works use used happen happened come comes go
goes mean means first last next second third most best worst main default usual usually typically
really exactly actually currently now today cost costs start end begin first also still only just
very too good bad written born die died built founded invented discovered located called named
published released
""")
)
ENGLISH_OWNED = set(
    _words("""
price author writer director capital population size area name meaning definition reason result
purpose effect side benefit risk advantage disadvantage difference example type kind step
requirement condition rule fee weight height length width depth age color colour date time year
place address location origin history plot ending character password setting option feature
version model manual warranty dose dosage ingredient symptom cause treatment detail summary limit
deadline penalty exception alternative step part language currency
""")
)
# Nouns that ``the`` does not point back with.
UNIQUE = set(
    _words("""
sky sun moon earth world internet universe ocean sea flu brain heart bible web equator economy
government law environment climate future past rain dark weather cold
""")
)
