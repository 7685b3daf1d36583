"""Recognises the text of pictures: JSON lines in, JSON lines out, in the environment of
``requirements/ocr.txt``. Started by :mod:`data_tools.ocr.engine`; imports nothing of the project
and uses no network (rapidocr's models lie inside its wheel).

``{"picture": PATH, "mended": PATH}`` → ``{"width", "height", "turned", "lines": [{"box": [left,
top, right, bottom], "text", "score", "chars": [[text, left, right, score], …]}]}``: pixels of the
picture after it was mended, which is what is kept at ``mended``; ``{"error": [中文, English]}``
where there is none.
"""

from __future__ import annotations

import json
import math
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

LONGEST = 2400  # pixels of a page's longer side: A4 at 200 dpi; more costs time and reads no better
VOTES = 9  # lines that are asked whether the page stands on its head
STRAIGHT = 0.15  # degrees of tilt that are left alone
Box = Any  # four corners, clockwise from the upper left, as an array of floats


class Refused(Exception):
    """A picture that is not read: why, in Chinese and in English."""


@cache
def engine() -> Any:
    """The models, with each character's place and score."""
    from rapidocr import RapidOCR

    threads = int(os.environ.get("OMP_NUM_THREADS", "0")) or -1
    known = {
        "Global.max_side_len": LONGEST,
        "Global.log_level": "error",
        "EngineConfig.onnxruntime.intra_op_num_threads": threads,
    }
    made = RapidOCR(params=known)
    made.return_word_box = made.return_single_char_box = True
    return made


def loaded(path: Path) -> Any:
    """The picture as grey levels in three channels, upright by its EXIF mark, of at most
    :data:`LONGEST` pixels a side."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # data_tools.ocr.pictures has looked at it
    try:
        with Image.open(path) as picture:
            picture.draft("L", (LONGEST, LONGEST))  # a JPEG is decoded smaller at once
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in ("RGBA", "LA", "P"):  # what is transparent is paper
                whole = Image.new("RGBA", upright.size, "white")
                whole.alpha_composite(upright.convert("RGBA"))
                upright = whole
            grey = upright.convert("L")
    except Exception as error:  # PIL's decoders raise whatever they like
        said = str(error)[:80]
        raise Refused(
            f"图片不完整或已损坏 ({said})", f"a truncated or damaged picture ({said})"
        ) from None
    if max(grey.size) > LONGEST:
        grey.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return cv2.cvtColor(np.asarray(grey), cv2.COLOR_GRAY2BGR)


def flattened(image: Any) -> Any:
    """A photographed page drawn straight: the bright four-cornered thing that fills a quarter of
    the picture or more, where its edges are not the picture's own."""
    high, wide = image.shape[:2]
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), max(high, wide) / 300)
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    pad = np.ones((25, 25), np.uint8)  # over the text
    bright = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, pad)
    found, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not found:
        return image
    shape = cv2.convexHull(max(found, key=cv2.contourArea))
    corners = cv2.approxPolyDP(shape, 0.02 * cv2.arcLength(shape, True), True)[:, 0].astype(float)
    share = cv2.contourArea(shape) / (wide * high)
    if len(corners) != 4 or not 0.25 < share < 0.97:
        return image
    corners = clockwise(corners)
    across = max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3]))
    down = max(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1]))
    target = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    size = (round(across), round(down))
    return cv2.warpPerspective(image, matrix, size, borderValue=(255, 255, 255))


def padded(image: Any) -> Any:
    """The picture with paper beside a short side of less than a quarter of the long one, which the
    detector would blow up to 736 pixels, and the long one with it."""
    high, wide = image.shape[:2]
    least = max(high, wide) // 4
    down, across = max(0, least - high), max(0, least - wide)
    return cv2.copyMakeBorder(image, 0, down, 0, across, cv2.BORDER_REPLICATE)


def clockwise(corners: Any) -> Any:
    """Four corners from the upper left."""
    sums, differences = corners.sum(axis=1), np.diff(corners, axis=1)[:, 0]
    order = [np.argmin(sums), np.argmin(differences), np.argmax(sums), np.argmax(differences)]
    return corners[order]


def boxes_of(image: Any) -> list[Box]:
    """Where text stands."""
    found = engine()._load_det_model()(image).boxes
    return [] if found is None else [np.asarray(box, float) for box in found]


def sides(box: Box) -> tuple[float, float]:
    """A box's width and height along its own edges."""
    return (
        float(np.linalg.norm(box[1] - box[0]) + np.linalg.norm(box[2] - box[3])) / 2,
        float(np.linalg.norm(box[3] - box[0]) + np.linalg.norm(box[2] - box[1])) / 2,
    )


def upright(image: Any) -> tuple[Any, list[Box], int]:
    """The picture turned by quarters so that its lines run across and stand on their feet, the
    boxes, and the degrees that it was turned."""
    found, turned = boxes_of(image), 0
    shapes = [sides(box) for box in found]
    tall = sum(high for wide, high in shapes if high > 1.5 * wide)
    wide = sum(wide for wide, high in shapes if wide > 1.5 * high)
    if tall > wide:
        image, turned = cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE), 90
        found = boxes_of(image)
    longest = sorted(found, key=lambda box: -sides(box)[0])[:VOTES]
    if longest:
        crops = engine().crop_text_regions(image, np.array(longest, np.float32))
        told = engine()._load_cls_model()(crops).cls_res
        over = sum(score if label == "180" else -score for label, score in told)
        if over > 0:
            image, turned = cv2.rotate(image, cv2.ROTATE_180), turned + 180
            found = boxes_of(image)
    return image, found, turned


def levelled(image: Any, found: list[Box]) -> tuple[Any, list[Box]]:
    """The picture turned by the usual angle of its lines, and the boxes with it."""
    long = [box for box in found if sides(box)[0] > 4 * sides(box)[1]]
    if not long:
        return image, found
    angles = [math.degrees(math.atan2(*(box[1] - box[0] + box[2] - box[3])[::-1])) for box in long]
    angle = float(np.median(angles))
    if abs(angle) < STRAIGHT:
        return image, found
    high, wide = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), angle, 1.0)
    turned = cv2.warpAffine(image, matrix, (wide, high), flags=cv2.INTER_CUBIC,
                            borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return turned, [box @ matrix[:, :2].T + matrix[:, 2] for box in found]


def widened(image: Any, found: list[Box]) -> list[Box]:
    """The boxes of a level page, wider where ink stands close beside one and in no box: the thin
    一 before 、, an × behind 答案：."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 51, 30)
    for box in found:
        cv2.fillConvexPoly(ink, np.round(box).astype(np.int32), 0)
    made = []
    for box in found:
        left, top, right, foot = (round(v) for v in (*box.min(axis=0), *box.max(axis=0)))
        size = foot - top
        inner = slice(max(0, top + size // 5), max(0, foot - size // 5))
        box = box.copy()
        if size > 1 and marked(ink[inner, max(0, left - size) : max(0, left)], size):
            box[[0, 3], 0] -= 1.2 * size
        if size > 1 and marked(ink[inner, right : right + size], size):
            box[[1, 2], 0] += 1.2 * size
        box[:, 0] = np.clip(box[:, 0], 0, image.shape[1] - 1)
        made.append(box)
    return made


def marked(ink: Any, size: float) -> bool:
    """Whether a patch beside a line of this height holds a mark: ink over half the height's width,
    more than grains and less than a dark border."""
    if not ink.size:
        return False
    columns = np.flatnonzero(ink.any(axis=0))
    wide = len(columns) > 0.3 * size
    return bool(wide and 0.02 < ink.mean() < 0.5)


def recognised(image: Any, found: list[Box]) -> list[dict[str, Any]]:
    """The text of the boxes, character by character."""
    from rapidocr.ch_ppocr_rec import TextRecInput

    if not found:
        return []
    crops = engine().crop_text_regions(image, np.array(found, np.float32))
    read = engine()._load_rec_model()(TextRecInput(img=crops, return_word_box=True))
    read.word_results = tuple(read.word_results)
    words = engine().calc_word_boxes(crops, np.array(found, np.float32), read)
    made = []
    for box, text, score, chars in zip(found, read.txts, read.scores, words, strict=True):
        if not text.strip():
            continue
        (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
        placed = []
        for sign, sure, corners in chars:
            across = np.asarray(corners)[:, 0]
            placed.append([sign, float(across.min()), float(across.max()), float(sure)])
        made.append({"box": [float(left), float(top), float(right), float(bottom)],
                     "text": text, "score": float(score), "chars": placed})  # fmt: skip
    return made


def page(path: Path, mended: Path) -> dict[str, Any]:
    """One page; the mended picture is kept, in grey."""
    image = padded(flattened(loaded(path)))
    image, found, turned = upright(image)
    image, found = levelled(image, found)
    lines = recognised(image, widened(image, found))
    mended.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(mended), cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    high, wide = image.shape[:2]
    return {"width": wide, "height": high, "turned": turned, "lines": lines}


def main() -> None:
    """Answer until stdin ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = page(Path(asked["picture"]), Path(asked["mended"]))
        except Refused as error:
            answer = {"error": error.args}
        except Exception as error:  # one page must not end those behind it without a word
            said = f"{type(error).__name__}: {error}"[:200]
            answer = {"error": [f"识别失败 ({said})", f"recognition failed ({said})"]}
        print(json.dumps(answer, ensure_ascii=False), file=out, flush=True)


if __name__ == "__main__":
    main()
