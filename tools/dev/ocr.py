# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demo: three trained OCR models of the package rapidocr-onnxruntime, compiled by Adze, read the text of a picture.

The package's own pipeline runs twice, with adze.InferenceSession in the place of its sessions and with ONNX Runtime. Exit status 0
means that the upright text was read right (spaces aside) and that both read the same in all three pictures."""
import os
import statistics
import sys
import time

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import adze
import onnxruntime
from rapidocr_onnxruntime import RapidOCR
from rapidocr_onnxruntime.utils import infer_engine

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FONTS = os.path.join("/usr/share/fonts/truetype/dejavu", "DejaVuSans{}.ttf")
TEXT = ["Adze reads this picture", "It compiles ONNX models", "into native machine code:", "detect, classify, recognise.",
        "Order 4711, 23 November 2026", "Total: 1,234.56 EUR"]
THREADS = 2
REPEAT = 3


def draw():
    """The picture of TEXT, and where it is: (upright, rotated, smaller)."""
    picture = Image.new("RGB", (900, 90 + 70 * len(TEXT)), "white")
    pen = ImageDraw.Draw(picture)
    for i, line in enumerate(TEXT):
        bold = "-Bold" if i == 0 else ""
        pen.text((60, 50 + 70 * i), line, fill="black", font=ImageFont.truetype(FONTS.format(bold), 40))
    rotated = picture.rotate(7, resample=Image.BICUBIC, expand=True, fillcolor="white")
    smaller = picture.resize((picture.width * 3 // 5, picture.height * 3 // 5), Image.LANCZOS)
    return {"upright": picture, "rotated": rotated, "smaller": smaller}


class Timed:
    """An inference session that counts the time of its runs."""

    def __init__(self, session):
        self.session, self.seconds = session, 0.0

    def run(self, *arguments):
        start = time.perf_counter()
        try:
            return self.session.run(*arguments)
        finally:
            self.seconds += time.perf_counter() - start

    def __getattr__(self, name):
        return getattr(self.session, name)


def make_reader(session_class):
    """The package's pipeline with sessions of this class: (pipeline, sessions by part, seconds to make them)."""
    sessions = []

    def make(*arguments, **named):
        sessions.append(Timed(session_class(*arguments, **named)))
        return sessions[-1]

    infer_engine.InferenceSession = make
    start = time.perf_counter()
    reader = RapidOCR(intra_op_num_threads=THREADS)
    seconds = time.perf_counter() - start
    return reader, dict(zip(("detect", "classify", "recognise"), sessions)), seconds


def read(reader, sessions, picture):
    """(lines, boxes, {part: median milliseconds}) of a picture."""
    image = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
    times = {part: [] for part in sessions}
    for _ in range(REPEAT):
        for session in sessions.values():
            session.seconds = 0.0
        result, _ = reader(image)
        for part, session in sessions.items():
            times[part].append(1000 * session.seconds)
    result = result or []
    return [r[1] for r in result], [r[0] for r in result], {p: statistics.median(t) for p, t in times.items()}


def row(name, times):
    parts = "   ".join(f"{part} {ms:7.1f}" for part, ms in times.items())
    return f"  {name:13}{parts}   sum {sum(times.values()):7.1f} ms"


def main():
    pictures = draw()
    ours = make_reader(adze.InferenceSession)
    judge = make_reader(onnxruntime.InferenceSession)
    print(f"\nThree models ready: Adze {ours[2]:.2f} s (compilation included), ONNX Runtime {judge[2]:.2f} s")
    good = True
    for name, picture in pictures.items():
        lines, boxes, times = read(*ours[:2], picture)
        expected, _, judge_times = read(*judge[:2], picture)
        print(f"\n{name} ({picture.width}x{picture.height}):")
        for line in lines:
            print(f"  | {line}")
        print(f"{row('Adze', times)}\n{row('ONNX Runtime', judge_times)}")
        if lines != expected:
            good = False
            print(f"  NOT what the package reads with ONNX Runtime: {expected}")
        if name == "upright":
            if [line.replace(" ", "") for line in lines] != [line.replace(" ", "") for line in TEXT]:
                good = False
                print(f"  NOT the text of the picture: {TEXT}")
            pen = ImageDraw.Draw(picture)
            for box in boxes:
                pen.polygon([tuple(point) for point in box], outline="red", width=2)
    path = os.path.join("build", "demo", "ocr.png")
    os.makedirs(os.path.dirname(os.path.join(ROOT, path)), exist_ok=True)
    pictures["upright"].save(os.path.join(ROOT, path))
    print(f"\nThe picture with the boxes: {path}")
    print("All read right, and as with ONNX Runtime." if good else "FAILED")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
