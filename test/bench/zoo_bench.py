#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze.bench over the models of test/models: the table of README.md.

usage: build/venv/bin/python test/bench/zoo_bench.py [OPTIONS OF adze.bench] [NAME ...]"""
import os
import sys

from adze import bench

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models"))
import zoo  # noqa: E402

#: The sizes that are of interest to users; those of the comparisons are small.
SIZES = {
    "resnet50": [{"height": 224, "width": 224}],
    "mobilenet_v2": [{"height": 224, "width": 224}],
    "minilm_l6": [{"batch": 1, "seq": 128}],
    "bert_base": [{"batch": 1, "seq": 128}],
    "bert_base_ts": [{"batch": 1, "seq": 128}],
    "gpt2": [{"batch": 1, "past": 0, "seq": 128}, {"batch": 1, "past": 128, "seq": 1}],
    "ppocr_det": [{"n": 1, "h": 480, "w": 640}],
    "ppocr_cls": [{"n": 6}],
    "ppocr_rec": [{"n": 1, "w": 320}, {"n": 6, "w": 320}],
    "magika": [{"n": 1}],
}


def cases(names):
    """The cases of these models, or of all; a model is written when its turn comes to be listed."""
    for name, model in zoo.MODELS.items():
        if not names or name in names:
            for size in SIZES.get(name, model.sizes[:1]):
                yield bench.Case(str(model.free()), name, feeds=model.inputs(size))


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if word in zoo.MODELS]
    sys.exit(bench.main(sys.argv[1:], list(cases(named))))
