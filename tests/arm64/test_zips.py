"""Executes the zips for AWS: arm64 and CPython 3.13, by emulation."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from cdk.functions import SPECIFICATIONS
from cdk.packaging import ROOT, Arch, build_all
from tests.arm64.conftest import assert_close, environments

MANIFEST = json.loads((ROOT / "samples" / "manifest.json").read_text())
LEFT_OUT = {"vast.png", "deep-field-p3.jpg"}
"""Samples that take too long under emulation."""
SAME_CODE = """
import json, marshal, sys
for pair in json.load(sys.stdin):
    one, other = (open(path, "rb").read() for path in pair)
    assert one[:16] == other[:16] and marshal.loads(one[16:]) == marshal.loads(other[16:]), pair
print("same", end="")
"""
"""Compares compiled files by header and code."""


def test_every_handler_imports_with_the_templates_environment(arm, code, runtime, stage):
    imported = environments(stage("dev"))
    for module, variables in imported.items():
        environment = {
            **variables,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "PYTHONPATH": f"{code(Arch.ARM64, module.split('.')[1])}:{runtime(Arch.ARM64)}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = arm.run(["-c", f"import {module} as m; print(m.lambda_handler)"], environment=environment)
        assert done.returncode == 0, f"{module}: {done.stderr[-1500:]}"
    print(f"{len(imported)} handlers imported")
    assert set(imported) == {each.handler_module for each in SPECIFICATIONS.values()}


def test_the_bytecode_is_the_same_as_cpythons(arm, code, tmp_path):
    jobs = {}
    for function in build_all(Arch.ARM64):
        folder = code(Arch.ARM64, function)
        for compiled in folder.rglob("*.pyc"):
            source = compiled.parent.parent / f"{compiled.name.split('.')[0]}.py"
            jobs[compiled] = (str(source), source.relative_to(folder).as_posix(), str(tmp_path / f"{len(jobs)}.pyc"))

    done = arm.run(
        [str(ROOT / "cdk" / "compiling.py")], environment={"PYTHONHASHSEED": "0"}, stdin=json.dumps([*jobs.values()])
    )

    assert done.returncode == 0, done.stderr[-1500:]
    differing = [(str(name), made) for name, (*_, made) in jobs.items() if name.read_bytes() != Path(made).read_bytes()]
    # Marshal notes which strings are shared, which depends on what else the process has compiled. The code is the same.
    done = arm.run(["-c", SAME_CODE], environment={}, stdin=json.dumps(differing))
    print(f"{len(jobs)} compiled files, {len(jobs) - len(differing)} equal to the byte, {len(differing)} in their code")
    assert jobs
    assert (done.stdout, done.stderr) == ("same", "")


def test_the_engine_gives_the_same_results_on_arm64(arm, code, tmp_path):
    samples = [each for each in MANIFEST if each["file"] not in LEFT_OUT]
    arguments = [str(ROOT / "samples" / "images" / each["file"]) for each in samples]
    kinds = json.dumps([each["content_type"] for each in samples])
    script = str(Path(__file__).with_name("ingest_samples.py"))
    results = {}
    for arch in (Arch.HOST, Arch.ARM64):
        (folder := tmp_path / arch).mkdir()
        environment = {"PYTHONPATH": str(code(arch, "optimize")), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
        began = time.monotonic()
        if arch is Arch.ARM64:
            done = arm.run([script, str(folder), *arguments], environment=environment, stdin=kinds)
        else:
            command = [sys.executable, script, str(folder), *arguments]
            done = subprocess.run(command, env=environment, input=kinds, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-1500:]
        results[arch] = json.loads(done.stdout)
        print(f"{arch}: {len(samples)} samples, {len(results[arch])} results in {time.monotonic() - began:.0f} s")

    here, there = results[Arch.HOST], results[Arch.ARM64]
    assert here.keys() == there.keys()
    differing = [name for name in here if here[name] != there[name]]
    for name in differing:
        assert_close(tmp_path / Arch.HOST / name, tmp_path / Arch.ARM64 / name, name)
    print(f"{len(here) - len(differing)} of {len(here)} results are equal to the byte")
