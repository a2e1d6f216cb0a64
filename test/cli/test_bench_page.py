# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze bench --html: the page, opened in headless Chromium."""
import html.parser
import json
import os
import re
import shutil
import subprocess

import numpy as np
import onnx
import pytest
import small

#: Names that would end an element, or be read as HTML, if they were not text.
HOSTILE = ["</script><script>document.title='broken'</script>", "<img src=x onerror=\"document.title='broken'\">", "a&lt b", "<!--<script>"]


class Dom(html.parser.HTMLParser):
    """The elements of a page: (tag, attributes, text of it and of what is in it)."""

    VOID = {"meta", "img", "link", "br", "input"}

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        if tag not in self.VOID:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for element in self._open:
            element[2] += data

    def of_class(self, name):
        return [e for e in self.elements if name in e[1].get("class", "").split()]

    def by_id(self, name):
        (element,) = [e for e in self.elements if e[1].get("id") == name]
        return element


@pytest.fixture
def opened(tmp_path):
    """opened(page): its DOM once its script has run, and what went wrong in it."""
    browser = shutil.which("chromium")
    assert browser, "chromium is not installed: run tools/dev/setup"

    def open_page(page):
        done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                               f"--user-data-dir={tmp_path}/browser", "--enable-logging=stderr", "--dump-dom", f"file://{page}"],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and "</html>" in done.stdout, done.stderr
        return Dom(done.stdout), [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return open_page


def two_nodes(names):
    """A product and a softmax, which are kernels of their own."""
    weight = onnx.numpy_helper.from_array(np.ones((8, 8), np.float32), "w")
    return small.model([small.h.make_node("MatMul", ["x", "w"], ["p"], name=names[0]),
                        small.h.make_node("Softmax", ["p"], ["s"], name=names[1], axis=0),
                        small.h.make_node("Softmax", ["s"], ["y"], name=names[2], axis=0)],
                       [small.tensor("x", ["n", 8])], [small.tensor("y", ["n", 8])], [weight])


def test_the_page_shows_all(adze, opened, tmp_path):
    path = small.save(two_nodes(["product", "first", "second"]), tmp_path)
    done = adze("bench", path, "--dim", "n=16", "--runs", 5, "--html", "page.html", "--json", "-")
    assert done.status == 0, done.err
    kernels = json.loads(done.out)["kernels"]
    assert {tuple(k["operators"]) for k in kernels} == {("MatMul",), ("Softmax",)}
    dom, errors = opened(tmp_path / "page.html")
    assert not errors and dom.by_id("error")[2] == "" and "hidden" in dom.by_id("error")[1]
    assert dom.by_id("title")[2] == path and "x: float32[16,8]" in dom.by_id("inputs")[2]
    operators = [e[2] for e in dom.of_class("operator")]
    assert any(text.startswith("MatMul") for text in operators) and any(text.startswith("Softmax") for text in operators)
    assert operators.count(next(t for t in operators if t.startswith("outside"))) == 1
    bars = dom.of_class("bar")
    assert len(bars) == len(operators) and all(re.search(r"width: [\d.]+%", b[1]["style"]) for b in bars)
    assert any("width: 100%" in b[1]["style"] for b in bars)
    lanes, launches = dom.of_class("lane"), dom.of_class("launch")
    assert len(lanes) == len(operators) - 1 and len(launches) == sum(k["launches"] for k in kernels) >= 3
    places = [tuple(float(re.search(rf"{key}: ([\d.e-]+)%", e[1]["style"]).group(1)) for key in ("left", "width")) for e in launches]
    assert all(0 <= left <= 100 and 0 < width and left + width <= 100.01 for left, width in places)
    begins = sorted(places)
    assert all(a[0] + a[1] <= b[0] + 1e-3 for a, b in zip(begins, begins[1:])), "launches follow each other"
    table = dom.by_id("kernels")[2]
    assert len([e for e in dom.elements if e[0] == "tr"]) == 1 + len(kernels)
    assert all(name in table for name in ("product", "first", "second", "MatMul", "Softmax"))
    assert sorted(f for f in os.listdir(tmp_path) if f != "browser") == ["model.onnx", "page.html"]


def test_names_stay_text(adze, opened, tmp_path):
    model = two_nodes(HOSTILE[:3])
    model.graph.input[0].name = model.graph.node[0].input[0] = HOSTILE[3]
    artifact = tmp_path / "<b>model.so"
    assert adze("compile", small.save(model, tmp_path), "-o", artifact).status == 0
    done = adze("bench", artifact, "--runs", 1, "--html", "page.html")
    assert done.status == 0, done.err
    written = (tmp_path / "page.html").read_text()
    assert all(name not in written for name in HOSTILE if "<" in name)
    dom, errors = opened(tmp_path / "page.html")
    assert not errors and dom.by_id("error")[2] == ""
    (title,) = [e[2] for e in dom.elements if e[0] == "title"]
    assert "broken" not in title and "<b>model.so" in title
    assert not [e for e in dom.elements if e[0] in ("img", "b") and e[1]] and len([e for e in dom.elements if e[0] == "script"]) == 2
    assert all(name in dom.by_id("kernels")[2] for name in HOSTILE[:3])
    assert HOSTILE[3] in dom.by_id("inputs")[2]


def test_a_script_error_is_seen(opened, tmp_path):
    """That the tests above can fail."""
    (tmp_path / "bad.html").write_text("<!DOCTYPE html><html><body><script>nothing.here()</script></body></html>")
    assert any("nothing is not defined" in line for line in opened(tmp_path / "bad.html")[1])


def test_a_page_that_cannot_be_written(adze, tmp_path):
    done = adze("bench", small.save(small.relu(), tmp_path), "--runs", 1, "--html", "none/page.html")
    assert done.status == 1 and "none/page.html" in done.err and "cannot be written" in done.err
    assert os.listdir(tmp_path) == ["model.onnx"]
