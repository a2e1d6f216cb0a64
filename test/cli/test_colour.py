# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Diagnostics are coloured on terminals, and nowhere else unless one asks for it."""
import os
import pty
import subprocess

import pytest
import small


def on_a_terminal(program, *arguments, cwd, **environment):
    """What the program writes to standard error, which is a terminal, line ends as in a file."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    with subprocess.Popen([program, *arguments], cwd=cwd, stderr=theirs, stdout=subprocess.DEVNULL, env={**kept, **environment}) as child:
        os.close(theirs)
        text = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            text += piece
    os.close(ours)
    assert child.returncode == 1
    return text.decode().replace("\r\n", "\n")


COLOURED, PLAIN = "\033[1;31merror:\033[0m node 'first'", "error: node 'first'"


@pytest.mark.parametrize("arguments, environment, expected", [
    ((), {}, COLOURED), (("--color", "never"), {}, PLAIN), ((), {"NO_COLOR": "1"}, PLAIN), ((), {"NO_COLOR": ""}, COLOURED),
    (("--color=always",), {"NO_COLOR": "1"}, COLOURED), (("--color", "auto"), {"NO_COLOR": "1"}, PLAIN)])
def test_terminals(adze_cli, tmp_path, arguments, environment, expected):
    small.save(small.unknown_nodes(), tmp_path)
    text = on_a_terminal(adze_cli, "check", "model.onnx", *arguments, cwd=tmp_path, **environment)
    assert expected in text and (("\033[1;31m" in text) == (expected is COLOURED))


def test_pipes(adze_cli, tmp_path):
    small.save(small.unknown_nodes(), tmp_path)
    for arguments, expected in ((("check",), PLAIN), (("--color", "always", "check"), COLOURED), (("--color", "auto", "check"), PLAIN)):
        done = subprocess.run([adze_cli, *arguments, "model.onnx"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.startswith(expected), done.stderr
    assert subprocess.run([adze_cli, "check", "model.onnx", "--color", "blue"], cwd=tmp_path, capture_output=True).returncode == 2
