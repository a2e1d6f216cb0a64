# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command where each write outside of one folder is seen: every file system is covered by an overlay, so that what is written,
removed or renamed anywhere lands in a layer of its own, which is empty as long as nothing happens. Nothing real changes.

usage: sandbox.py BOX COMMAND...   (as root, in a mount namespace of its own: see command())

The command finds the folder that it may write to in FUZZ_BOX and the layers in FUZZ_LAYERS."""
import os
import subprocess
import sys

#: File systems with nothing of the user's in them.
PSEUDO = {"proc", "sysfs", "cgroup", "cgroup2", "devtmpfs", "devpts", "mqueue", "debugfs", "tracefs", "securityfs", "pstore", "bpf", "fusectl",
          "configfs", "hugetlbfs", "binfmt_misc", "autofs", "nsfs", "rpc_pipefs", "efivarfs"}


def command(box, inner):
    """The command line that runs `inner` watched, or None with the reason why that is not possible here."""
    prefix = ["unshare", "--mount", "--propagation", "private", sys.executable, os.path.abspath(__file__), box]
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    except OSError as error:
        return None, str(error)
    return ([*prefix, *inner], "") if tried.returncode == 0 else (None, tried.stderr.strip().splitlines()[-1])


def written(layers):
    """Paths that were written, removed or renamed outside of the box."""
    found = []
    for layer in sorted(os.listdir(layers)):
        upper = os.path.join(layers, layer, "upper")
        for folder, folders, files in os.walk(upper):
            where = os.path.relpath(folder, upper)
            found += [os.path.join(where, f) for f in files]
            found += [os.path.join(where, f) for f in folders if not os.listdir(os.path.join(folder, f))]
    return found


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def mounts():
    """(place, file system) of each mount, those further up first."""
    with open("/proc/self/mountinfo") as f:
        lines = [line.split() for line in f]
    found = {}
    for fields in lines:
        found[fields[4].encode().decode("unicode_escape")] = fields[fields.index("-") + 1]
    return sorted(found.items())


def cover(box, places):
    """Makes BOX/root: all of `places` under overlays whose upper layers are in BOX/layers."""
    root = os.path.join(box, "root")
    os.mkdir(root)
    for number, (place, kind) in enumerate(places):
        target = root + (place if place != "/" else "")
        if not os.path.isdir(place) or not os.path.isdir(target):
            continue
        if kind in PSEUDO:
            mount("--bind", place, target)
            continue
        layer = os.path.join(box, "layers", str(number))
        for name in ("upper", "work"):
            os.makedirs(os.path.join(layer, name))
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={place},upperdir={layer}/upper,workdir={layer}/work", target)
    return root


def main():
    box, inner = sys.argv[1], sys.argv[2:]
    places = mounts()
    folder = os.getcwd()
    mount("-t", "tmpfs", "adze-fuzz", box)
    for name in ("layers", "box"):
        os.mkdir(os.path.join(box, name))
    root = cover(box, places)
    mount("--rbind", box, root + box)
    os.chroot(root)
    os.chdir(folder)
    os.environ.update(FUZZ_BOX=os.path.join(box, "box"), FUZZ_LAYERS=os.path.join(box, "layers"))
    os.execvp(inner[0], inner)


if __name__ == "__main__":
    main()
