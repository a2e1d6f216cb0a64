# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cache of compiled models: what hits and what misses, who may use it, how it stays small, and what is left of accidents."""
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time

import adze
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python"))
import small  # noqa: E402

X = (np.arange(3 * 64, dtype=np.float32).reshape(3, 64) % 13 - 6) / 4


@pytest.fixture(autouse=True)
def enabled(monkeypatch):
    monkeypatch.delenv("ADZE_CACHE_SIZE")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def path(tmp_path):
    return small.save(small.product(), tmp_path)


def cached(model, cache, **options):
    """Whether compiling takes it from the cache; the next one must, and gives the same results."""
    first = adze.compile(model, cache=cache, **options)
    second = adze.compile(model, cache=cache, **options)
    assert second.summary["cached"] and first.diagnostics == second.diagnostics == []
    assert {**first.summary, "cached": 0, "seconds": 0} == {**second.summary, "cached": 0, "seconds": 0}
    np.testing.assert_array_equal(first(X), second(X))
    return first.summary["cached"]


def entries(cache):
    return sorted(os.listdir(cache / "entries"))


def assert_tidy(cache, most=None):
    """Nothing but whole entries, and no weights that none of them has."""
    assert os.listdir(cache / "temporary") == []
    links = {}
    for key in entries(cache):
        names = set(os.listdir(cache / "entries" / key))
        assert {"code.so", "info"} <= names <= {"code.so", "info", "weights"}
        if "weights" in names:
            links[os.stat(cache / "entries" / key / "weights").st_ino] = key
    assert {os.stat(cache / "weights" / name).st_ino for name in os.listdir(cache / "weights")} == set(links)
    assert most is None or len(entries(cache)) <= most


def child(code, cache, *arguments, **options):
    """A Python process that compiles sys.argv[1] into the cache as `m`, and goes on with `code`."""
    text = f"import sys, adze, numpy as np\nm = adze.compile(sys.argv[1], cache=sys.argv[2])\n{code}"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), **options.pop("env", {}))
    return subprocess.Popen([sys.executable, "-c", text, arguments[0], str(cache), *arguments[1:]], env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def test_content_decides(path, cache, tmp_path):
    assert not cached(path, cache)
    copy = shutil.copy(path, tmp_path / "copy.onnx")
    assert cached(copy, cache) and cached(open(path, "rb").read(), cache) and cached(onnx.load(path), cache)
    assert not cached(small.product(size=64).SerializeToString() + b"\xfa\x01\x00", cache)  # an unknown field
    assert len(entries(cache)) == 2


def test_same_size_and_time_other_content(path, cache):
    before, bytes_before = os.stat(path), open(path, "rb").read()
    assert not cached(path, cache)
    expected = adze.compile(path, cache=cache)(X)
    model = onnx.load(path)
    model.graph.initializer[1].float_data[0] = 2.0  # in the place of 1.0
    onnx.save(model, path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.stat(path).st_size == before.st_size and os.stat(path).st_mtime_ns == before.st_mtime_ns
    assert not cached(path, cache)
    assert not np.array_equal(adze.compile(path, cache=cache)(X), expected)
    with open(path, "wb") as file:
        file.write(bytes_before)
    assert cached(path, cache)
    np.testing.assert_array_equal(adze.compile(path, cache=cache)(X), expected)


def test_a_digest_is_remembered_while_the_file_stays(path, cache):
    """Once the file is two seconds old: a record whose digest is planted is believed, until the file changes."""
    adze.compile(path, cache=cache)
    assert time.sleep(2.1) or adze.compile(path, cache=cache).summary["cached"]
    before = set(os.listdir(cache / "records"))
    os.utime(path)
    time.sleep(2.1)
    assert adze.compile(path, cache=cache).summary["cached"] and set(os.listdir(cache / "records")) == before


def test_external_data_decides(tmp_path, cache):
    path, data = str(tmp_path / "model.onnx"), tmp_path / "weights.bin"
    model = small.product()
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=1024)
    time.sleep(0.1)  # data that changes as it is compiled is not kept
    assert not cached(path, cache) and cached(path, cache)
    expected, content = adze.compile(path, cache=cache)(X), data.read_bytes()
    data.write_bytes(content[::-1])
    time.sleep(0.1)
    assert not cached(path, cache) and not np.array_equal(adze.compile(path, cache=cache)(X), expected)
    data.write_bytes(content)
    time.sleep(0.1)
    assert cached(path, cache)
    given = open(path, "rb").read()
    assert cached(given, cache, base_dir=tmp_path)
    with pytest.raises(adze.CompileError, match="bytes without a folder"):
        adze.compile(given, cache=cache)
    data.unlink()
    with pytest.raises(adze.CompileError, match="weights.bin"):
        adze.compile(path, cache=cache)


@pytest.mark.parametrize("options", [{"dims": {"n": 3}}, {"opt_level": 0}, {"cpu": "x86-64-v3"}, {"target": ""}],
                         ids=lambda o: "".join(o))
def test_each_option_decides(path, cache, options):
    assert not cached(path, cache) and not cached(path, cache, **options) and cached(path, cache, **options)
    assert len(entries(cache)) == 2


def test_jobs_and_threads_do_not(path, cache):
    assert not cached(path, cache) and cached(path, cache, jobs=1) and cached(path, cache, threads=1)


def test_the_compiler_decides(path, cache, build, tmp_path):
    """A program of other bytes is another compiler, the same one elsewhere is not."""
    adze.compile(path, cache=cache)
    for name, more in [("same", b""), ("other", b"\0")]:
        (tmp_path / name / "bin").mkdir(parents=True)
        with open(shutil.copy(os.path.join(build, "bin", "adze"), tmp_path / name / "bin" / "adze"), "ab") as file:
            file.write(more)
        os.symlink(os.path.join(build, "lib"), tmp_path / name / "lib")
    for name, expected in [("same", "True"), ("other", "False"), ("other", "True")]:
        program = str(tmp_path / name / "bin" / "adze")
        with child("print(m.summary['cached'])", cache, path, env={"ADZE_WORKER": program}) as process:
            assert process.communicate()[0] == expected + "\n"
    assert len(entries(cache)) == 2


ASSEMBLED = """
model = adze.compile(sys.argv[1], cache=sys.argv[2], target="nvptx:sm_80", assemble=sys.argv[3] == "yes")
print(model.summary["cached"], [o["form"] for o in model.metadata["code_objects"]])
"""


def test_the_assembler_decides(path, cache, build, tmp_path):
    """Another program of the vendor's makes other code of the same text. (Here it makes none: the device of the test takes the text.)"""
    assembler = tmp_path / "assembler"
    environment = dict(os.environ, ADZE_PTXAS=str(assembler), ADZE_SIM_DEVICES="sm_90",
                       ADZE_CUDA_DRIVER=os.path.join(build, "lib", "libadze_sim_cuda.so"))

    def compiled(made, assemble="yes"):
        assembler.write_text(f'#!/bin/sh\necho {made} > "$6"\n')
        assembler.chmod(0o755)
        done = subprocess.run([sys.executable, "-c", "import sys, adze\n" + ASSEMBLED, path, cache, assemble], env=environment,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    both = "['cubin', 'ptx']"
    assert compiled("one") == f"False {both}"
    assert compiled("one") == f"True {both}"
    assert compiled("three") == f"False {both}"
    assert compiled("three", "no") == "False ['ptx']"
    assert compiled("three") == f"True {both}"


def test_other_weights_are_not_lost(path, cache, tmp_path):
    """Specialisations share their weights; a saved model has them in it and is what the command line compiles."""
    free, pinned = adze.compile(path, cache=cache), adze.compile(path, cache=cache, dims={"n": 3})
    assert len({os.stat(cache / "entries" / key / "weights").st_ino for key in entries(cache)}) == 1
    assert_tidy(cache)
    for model in (free, pinned):
        model.save(tmp_path / "saved.so")
        np.testing.assert_array_equal(adze.load(tmp_path / "saved.so")(X), model(X))
    adze.compile(path, cache=False, dims={"n": 3}).save(tmp_path / "uncached.so")
    assert (tmp_path / "saved.so").read_bytes() == (tmp_path / "uncached.so").read_bytes()
    code = cache / "entries" / entries(cache)[0] / "code.so"
    with pytest.raises(adze.RunError, match="its weights are in another file, which is not given"):
        adze.load(code)


def test_a_model_outlives_its_entry(path, cache, tmp_path):
    model = adze.compile(path, cache=cache)
    expected = model(X)
    shutil.rmtree(cache)
    np.testing.assert_array_equal(model(X), expected)
    model.save(tmp_path / "saved.so")
    np.testing.assert_array_equal(adze.load(tmp_path / "saved.so")(X), expected)


def test_private(path, cache):
    adze.compile(path, cache=cache)
    for folder in [cache, *filter(os.path.isdir, cache.glob("*")), *(cache / "entries").glob("*")]:
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


@pytest.mark.parametrize("kind", ["link", "writable", "foreign", "file"])
def test_a_folder_of_others_is_not_used(path, cache, tmp_path, kind):
    place = tmp_path / "place"
    place.mkdir(mode=0o700)
    if kind == "link":
        cache.symlink_to(place)
        said = "is no folder, or a link to one"
    elif kind == "file":
        cache.write_text("")
        said = "is no folder, or a link to one"
    else:
        place = cache
        place.mkdir(mode=0o700)
        if kind == "writable":
            place.chmod(0o770)
            said = "others may write into the folder"
        else:
            if os.geteuid() != 0:
                pytest.skip("giving a folder away takes root")
            os.chown(place, 12345, 12345)
            said = "belongs to another user"
    for _ in range(2):
        model = adze.compile(path, cache=cache)
        (warning,) = model.diagnostics
        assert warning.severity == "warning" and warning.message.startswith("the cache is not used: ") and said in warning.message
        assert not model.summary["cached"] and model(X).shape == (3, 64)
    assert os.listdir(place) == []


def test_the_oldest_go_first(tmp_path, cache, monkeypatch):
    """Room for two of three: the one that was not used goes."""
    paths = [small.save(small.product(size), tmp_path, f"{size}.onnx") for size in (128, 160, 192)]
    adze.compile(paths[0], cache=cache)
    adze.compile(paths[1], cache=cache)
    names = [json.loads(listed(cache)[-1])["models"][i]["model"] for i in (0, 1)]
    assert names == [paths[1], paths[0]]
    held = json.loads(listed(cache)[-1])["bytes"]
    monkeypatch.setenv("ADZE_CACHE_SIZE", str(held + 100000))
    assert adze.compile(paths[0], cache=cache).summary["cached"]
    adze.compile(paths[2], cache=cache)
    assert_tidy(cache)
    assert [m["model"] for m in json.loads(listed(cache)[-1])["models"]] == [paths[2], paths[0]]
    assert json.loads(listed(cache)[-1])["bytes"] <= held + 100000
    monkeypatch.setenv("ADZE_CACHE_SIZE", "50K")  # no room for even one
    assert adze.compile(paths[1], cache=cache).diagnostics == []
    assert len(entries(cache)) == 2
    assert_tidy(cache)


def test_no_cache_at_all(path, cache, monkeypatch):
    monkeypatch.setenv("ADZE_CACHE_SIZE", "0")
    assert adze.compile(path, cache=cache).diagnostics == [] and not cache.exists()
    monkeypatch.setenv("ADZE_CACHE_SIZE", "much")
    (warning,) = adze.compile(path, cache=cache).diagnostics
    assert "ADZE_CACHE_SIZE is 'much', expected bytes" in warning.message and not cache.exists()


def listed(cache, *arguments):
    """Status and output of `adze cache list --json`, or of other arguments."""
    program = os.path.join(os.path.dirname(os.path.abspath(adze.__file__)), "bin", "adze")
    done = subprocess.run([program, "cache", *(arguments or ("list", "--json"))], capture_output=True, text=True,
                          env=dict(os.environ, ADZE_CACHE_DIR=str(cache)))
    return done.returncode, done.stderr, done.stdout


def test_several_at_once(path, cache):
    code = f"print(m(np.ones((2, 64), np.float32)).sum(), m.diagnostics)"
    for turn in range(3):
        at_once = [child(code, cache / str(turn), path) for _ in range(3)]
        texts = {process.communicate()[0] for process in at_once}
        assert len(texts) == 1 and texts.pop().endswith(" []\n")
        assert len(entries(cache / str(turn))) == 1
        assert_tidy(cache / str(turn))


def test_killed(tmp_path, cache):
    """Ten times killed at any moment: the next use finds whole entries or none, and leaves nothing of the dead."""
    path = small.save(small.product(1024), tmp_path)
    start = time.time()
    with child("", tmp_path / "other", path) as process:
        assert process.wait() == 0
    whole = time.time() - start
    x = np.ones((2, 1024), np.float32)
    expected = adze.compile(path, cache=False)(x)
    moments = random.Random(4)
    for _ in range(10):
        process = child("", cache, path)
        time.sleep(moments.uniform(0.4, 1.05) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        time.sleep(0.05)  # its worker ends with it
        status, error, text = listed(cache)
        assert status == 0, error
        assert_tidy(cache, most=1)
        if entries(cache) and moments.random() < 0.7:
            shutil.rmtree(cache)  # so that there is something to write again
    model = adze.compile(path, cache=cache)
    np.testing.assert_array_equal(model(x), expected)
    assert model.diagnostics == [] and adze.compile(path, cache=cache).summary["cached"]
    assert_tidy(cache, most=1)


def test_full_disk(tmp_path, path, cache, monkeypatch):
    """Without room the model is compiled without the cache, and nothing is left there."""
    cache.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k,mode=700", "none", cache], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"mounting is not permitted: {mounted.stderr.strip()}")
    try:
        monkeypatch.setenv("ADZE_CACHE_SIZE", "1G")
        assert not cached(path, cache)
        large = small.product(512)
        model = adze.compile(large, cache=cache)
        (remark,) = model.diagnostics
        assert remark.severity == "remark" and remark.message.startswith("compiled without the cache: ")
        assert "No space left on device" in remark.message
        x = np.ones((2, 512), np.float32)
        np.testing.assert_array_equal(model(x), adze.compile(large, cache=False)(x))
        assert_tidy(cache, most=1)
        assert cached(path, cache)
        with open(cache / "filler", "wb", buffering=0) as filler:  # not a byte is left
            with pytest.raises(OSError):
                while True:
                    filler.write(bytes(4096))
        model = adze.compile(path, cache=cache, dims={"n": 3})
        assert "No space left on device" in model.diagnostics[0].message and model(X).shape == (3, 64)
        program = os.path.join(os.path.dirname(os.path.abspath(adze.__file__)), "bin", "adze")
        done = subprocess.run([program, "compile", path, "-o", cache / "out.so"], capture_output=True, text=True)
        assert done.returncode == 1 and "No space left on device" in done.stderr and "process" not in done.stderr
        assert sorted(os.listdir(cache)) == ["entries", "filler", "lock", "records", "temporary", "weights"]
        os.unlink(cache / "filler")
        assert_tidy(cache, most=1)
        assert not cached(path, cache, dims={"n": 3})
    finally:
        subprocess.run(["umount", cache], check=True)


def altered(file, old=None, new=None):
    """Changes a byte in the middle, or replaces bytes, in place."""
    data = bytearray(file.read_bytes())
    if old is None:
        data[len(data) // 2] ^= 1
    else:
        assert data.count(old) == 1
        data = data.replace(old, new)
    with open(file, "r+b") as out:
        out.write(data)


@pytest.mark.parametrize("name", ["code.so", "info", "weights"])
def test_an_entry_that_is_not_whole_is_made_again(path, cache, name):
    expected = adze.compile(path, cache=cache)(X)
    (key,) = entries(cache)
    file = cache / "entries" / key / name
    if name == "info":
        os.truncate(file, os.stat(file).st_size // 2)
    elif name == "weights":
        os.truncate(file, os.stat(file).st_size - 1)
    else:
        altered(file)
    assert not cached(path, cache)
    np.testing.assert_array_equal(adze.compile(path, cache=cache)(X), expected)
    assert_tidy(cache, most=1)


def test_weights_are_checked_after_a_restart(path, cache):
    """What a crash of the system may have lost is noticed: entries of another start are read once."""
    expected = adze.compile(path, cache=cache)(X)
    (key,) = entries(cache)
    boot = open("/proc/sys/kernel/random/boot_id", "rb").read()
    info, weights = cache / "entries" / key / "info", cache / "entries" / key / "weights"
    altered(info, boot, boot[::-1])
    assert adze.compile(path, cache=cache).summary["cached"]
    assert boot in info.read_bytes()
    altered(info, boot, boot[::-1])
    altered(weights)
    assert not cached(path, cache)
    np.testing.assert_array_equal(adze.compile(path, cache=cache)(X), expected)


def test_command_line(path, cache, adze_cli, tmp_path):
    def run(*arguments):
        done = subprocess.run([adze_cli, *map(str, arguments)], capture_output=True, text=True, cwd=tmp_path,
                              env=dict(os.environ, ADZE_CACHE_DIR=str(cache)))
        assert done.returncode == 0, done.stderr
        return done.stdout

    values = tmp_path / "x.npy"
    np.save(values, X)
    run("run", path, "--input", f"x={values}", "--output-dir", "out", "--no-cache")
    run("compile", path, "-o", "a.so")
    assert not cache.exists()
    for command in (["run", path, "--input", f"x={values}", "--output-dir", "out"],
                    ["bench", path, "--dim", "n=3", "--runs", "5"]):
        run(*command)
        run(*command)
    assert len(entries(cache)) == 2
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "y.npy"), adze.compile(path, cache=False)(X))
    lines = run("cache", "list").splitlines()
    assert len(lines) == 4 and lines[1].endswith(f"{path} (n=3)") and lines[2].endswith(path) and "16.4 KB*" in lines[1]
    assert lines[3] == run("cache", "size").strip() and lines[3].startswith("2 models, ") and str(cache) in lines[3]
    size = json.loads(run("cache", "size", "--json"))
    both = json.loads(run("cache", "list", "--json"))
    del size["limit"], both["limit"]  # by the free space of the moment
    assert size == {**both, "models": 2} and [m["dims"] for m in both["models"]] == [{"n": 3}, {}]
    assert size["bytes"] == sum(m["code_bytes"] for m in both["models"]) + 16384
    run("cache", "clear")
    assert entries(cache) == [] and run("cache", "size").startswith("0 models, 0 bytes of ")
    assert_tidy(cache)


@pytest.mark.parametrize("name", ["resnet50", "gpt2"])
def test_quick(full, cache, name, capsys):
    """A large model comes out of the cache in a moment, also in a process that begins. Figures are printed."""
    if not full:
        pytest.skip("with --full")
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models"))
    import zoo
    path = zoo.MODELS[name].path()
    cold = adze.compile(path, cache=cache).summary["seconds"]
    code = ("import time\nstart = time.perf_counter()\nm = adze.compile(sys.argv[1], cache=sys.argv[2])\n"
            "print(time.perf_counter() - start, m.summary['cached'])")
    with child(code, cache, path) as process:
        seconds, hit = process.communicate()[0].split()
    with capsys.disabled():
        print(f"\n{name}: compiled in {cold:.2f} s, from the cache in {float(seconds) * 1000:.1f} ms")
    assert hit == "True" and float(seconds) < 0.3
