# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mutant number i of a seed: the same bytes each time."""
import random
from dataclasses import dataclass

import mutate_bytes
import mutate_fields
import onnx
import plant


@dataclass
class Mutant:
    what: str  #: of which base, by which mutator
    model: bytes
    files: dict  #: external data
    feeds: list  #: inputs of the base
    seed: int  #: for the random values of a run


def model_mutant(bases, seed, index):
    rng = random.Random(f"model {seed} {index}")
    base, other = bases.pick(rng), bases.pick(rng)
    files = dict(base.files)
    kind = rng.choice(["bytes", "fields", "fields", "plant", "plant", "plant"])
    if kind == "bytes":
        data, how = mutate_bytes.mutate(rng, base.model, other.model)
        if files and rng.random() < 0.5:
            data = base.model
            files = {name: mutate_bytes.mutate(rng, content, base.model)[0] for name, content in files.items()}
            how = "external file"
    else:
        model = onnx.ModelProto.FromString(base.model)
        if kind == "fields":
            mutate_fields.mutate(rng, model, onnx.ModelProto.FromString(other.model))
            how = "fields"
        else:
            how = plant.mutate(rng, model, files, base.feeds)
        data = model.SerializeToString()
    return Mutant(f"{base.name}: {how}", data, files, base.feeds, rng.randrange(2**32))
