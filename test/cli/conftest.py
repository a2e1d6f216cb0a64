# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs build/bin/adze."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python"))


class Done:
    """Exit status and texts of a command that has ended."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr


@pytest.fixture
def adze(adze_cli, tmp_path):
    """adze("compile", path, ...): runs it in tmp_path."""

    def run(*arguments, env=None):
        done = subprocess.run([adze_cli, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True,
                              errors="backslashreplace", timeout=300, env=dict(os.environ, **(env or {})))
        assert done.returncode in (0, 1, 2), done
        assert "\033" not in done.stderr + done.stdout
        return Done(done)

    return run
