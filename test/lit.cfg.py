# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Configuration of lit, run from the root as: build/venv/bin/lit test (tools/dev/test lit). ADZE_BUILD names another build folder.
With -Droundtrip=1 every adze-opt also prints what it read, reads that again and compares."""
import os
import re
import shutil

import lit.formats

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = os.environ.get("ADZE_BUILD", os.path.join(root, "build"))
llvm = "/usr/lib/llvm-22/bin"

config.name = "adze"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "suite", "models", "compiler"]
config.test_source_root = os.path.join(root, "test")
config.test_exec_root = os.path.join(build, "test", "lit")

config.environment["PATH"] = os.pathsep.join([os.path.join(build, "bin"), llvm, os.environ["PATH"]])
config.environment["FILECHECK_OPTS"] = "--dump-input-filter=error"
config.environment["ADZE_CACHE_DIR"] = os.path.join(build, "test", "cache")
config.environment["ADZE_CACHE_SIZE"] = "0"

adze_opt = os.path.join(build, "bin", "adze-opt")
roundtrip = " --verify-roundtrip" if lit_config.params.get("roundtrip") else ""
config.substitutions.append((r"(?<![\w/.-])adze-opt(?![\w/.-])", adze_opt + roundtrip))
config.substitutions.append(("%python", os.path.join(root, "build", "venv", "bin", "python")))
config.substitutions.append(("%root", root))

# A test that needs a target or a tool says so by REQUIRES: codegen-NAME, adze.
with open(os.path.join(build, "codegen", "Targets.inc")) as f:
    config.available_features.update(f"codegen-{word}" for word in re.findall(r"ADZE_TARGET\((\w+)\)", f.read()))
if shutil.which("adze", path=os.path.join(build, "bin")):
    config.available_features.add("adze")
