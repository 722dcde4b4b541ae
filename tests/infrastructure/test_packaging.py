"""The zips: small, reproducible, for the right architecture, with exactly the required content."""

import _imp
import ast
import importlib.util
import os
import stat
import struct
import subprocess
import sys
import zipfile

import grimp
import pytest

from cdk import packaging
from cdk.bytecode import BytecodeError, bytecode_of, compiler_of
from cdk.functions import SPECIFICATIONS
from cdk.packaging import MIB, PACKAGES, ROOT, Arch, PackagingError, build_all, build_zip, target_python
from tests.fakes.aws import ENVIRONMENT

ELF_MACHINE_AARCH64 = 183
MAGIC_OF_3_13 = (3571).to_bytes(2, "little") + b"\r\n"
UNCHECKED_HASH = 0b01
"""The flags of a compiled file that is not validated against its source (PEP 552)."""
FUNCTIONS = pytest.mark.parametrize("function", PACKAGES)
ONE_OF_EACH_LOCK = {package.lock: name for name, package in PACKAGES.items()}.values()


@pytest.fixture(scope="session")
def arm64():
    """Return the zips for AWS, by function."""
    return build_all(Arch.ARM64)


@pytest.fixture(scope="session")
def host():
    """Return the zips for this machine, by function."""
    return build_all(Arch.HOST)


def names_in(path):
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def imports_of(package):
    """Return the subpackages of ``functions`` that a subpackage imports, itself aside."""
    imported = {
        module.split(".")[1]
        for path in sorted((ROOT / "functions" / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for module in _modules(node)
        if module.startswith("functions.")
    }
    return imported - {package}


def _modules(node):
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return []


@FUNCTIONS
def test_a_zip_for_aws_stays_within_its_budget(arm64, function):
    assert arm64[function].stat().st_size <= PACKAGES[function].budget_mib * MIB


def test_only_functions_that_touch_pixels_may_exceed_three_mib():
    larger = {name: package.budget_mib for name, package in PACKAGES.items() if package.budget_mib > 3}

    assert larger == {"optimize": 16, "blur": 9, "serve": 9, "prewarm": 9, "refine": 10}
    assert all("imaging" in PACKAGES[name].imports for name in larger)


@pytest.mark.parametrize("arch", list(Arch))
def test_two_builds_give_the_same_bytes(tmp_path, arch, arm64, host):
    first = arm64 if arch is Arch.ARM64 else host

    for function in ONE_OF_EACH_LOCK:
        assert build_zip(function, arch, out=tmp_path).read_bytes() == first[function].read_bytes(), function


def test_a_build_without_changes_does_not_write_the_zip(arm64):
    before = arm64["moderate"].stat()

    build_zip("moderate", Arch.ARM64)

    after = arm64["moderate"].stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@FUNCTIONS
def test_native_code_for_aws_is_for_arm_and_python_3_13(arm64, function):
    with zipfile.ZipFile(arm64[function]) as archive:
        native = [name for name in archive.namelist() if ".so" in name.rsplit("/", 1)[-1]]
        for name in native:
            header = archive.read(name)[:20]
            assert header[:4] == b"\x7fELF", name
            assert struct.unpack("<H", header[18:20]) == (ELF_MACHINE_AARCH64,), name
            if "cpython-" in name:
                assert "cpython-313-aarch64" in name

    carries_native_code = PACKAGES[function].lock not in {"functions-base.txt", "functions-webhook.txt"}
    assert bool(native) == carries_native_code


@FUNCTIONS
def test_zips_exclude_packages_of_the_lambda_runtime(arm64, function):
    top = {name.split("/")[0] for name in names_in(arm64[function])}

    assert top.isdisjoint({"boto3", "botocore", "s3transfer", "urllib3", "awslambdaric", "dateutil"})


@FUNCTIONS
@pytest.mark.parametrize("arch", list(Arch))
def test_a_zip_holds_no_caches_tests_or_installers_notes(arm64, host, function, arch):
    names = names_in((arm64 if arch is Arch.ARM64 else host)[function])

    unwanted = [
        name
        for name in names
        if name.endswith((".pyi", "/RECORD", "/INSTALLER", "/direct_url.json")) or "/tests/" in name
    ]

    assert unwanted == []


@FUNCTIONS
def test_the_licence_of_everything_carried_is_in_the_zip(arm64, function):
    names = names_in(arm64[function])
    carried = {name.split("/")[0] for name in names if ".dist-info/" in name}

    licensed = {name.split("/")[0] for name in names if ".dist-info/LICENSE" in name or ".dist-info/licenses/" in name}

    assert carried == licensed


@FUNCTIONS
def test_a_zip_holds_the_packages_that_its_code_imports_and_no_other(arm64, function):
    needed, found = {function}, set()
    while needed:
        package = needed.pop()
        found.add(package)
        needed |= imports_of(package) - found

    assert set(PACKAGES[function].packages) == found
    carried = {name.split("/")[1] for name in names_in(arm64[function]) if name.startswith("functions/")}
    assert carried - {"__pycache__"} == found | {"__init__.py"}


REGISTERED_IF_PRESENT = {"pillow_heif"}
"""functions.imaging.codecs decodes HEIF where the zip has this package: optimize's."""


@pytest.fixture(scope="session")
def imports():
    """Return the graph of imports of the functions, with the packages that they import."""
    return grimp.build_graph("functions", include_external_packages=True, cache_dir=None)


@FUNCTIONS
def test_a_zip_carries_what_its_code_imports_and_the_runtime_does_not_have(imports, arm64, function):
    own = imports.find_descendants(f"functions.{PACKAGES[function].name}")
    reached = own.union(*map(imports.find_upstream_modules, own))

    needed = {module for module in reached if imports.is_module_squashed(module)}

    top = {name.split("/")[0].partition(".")[0] for name in names_in(arm64[function])}  # also of x.cpython-313-….so
    assert needed - set(sys.stdlib_module_names) - {"boto3", "botocore"} - REGISTERED_IF_PRESENT <= top


@pytest.mark.parametrize("specification", SPECIFICATIONS.values(), ids=SPECIFICATIONS)
def test_the_handler_is_where_lambda_looks_for_it(arm64, specification):
    assert f"{specification.handler_module.replace('.', '/')}.py" in names_in(arm64[specification.package.name])


def test_every_function_that_has_code_is_deployed():
    packages = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}

    assert packages == {each.package.name for each in SPECIFICATIONS.values()}
    assert {name: each.name for name, each in SPECIFICATIONS.items()} == {name: name for name in SPECIFICATIONS}


@FUNCTIONS
def test_the_zip_for_this_machine_starts_by_an_executable_bootstrap(host, arm64, function):
    with zipfile.ZipFile(host[function]) as archive:
        mode = archive.getinfo("bootstrap").external_attr >> 16
        script = archive.read("bootstrap").decode()

    assert stat.S_ISREG(mode)
    assert mode & 0o111 == 0o111
    assert script.startswith("#!/bin/sh\n")
    assert "-m awslambdaric" in script
    assert "bootstrap" not in names_in(arm64[function])


def test_native_code_for_this_machine_is_for_this_python(host):
    tag = f"cpython-{sys.version_info.major}{sys.version_info.minor}-"

    native = [name for name in names_in(host["serve"]) if "cpython-" in name and name.endswith(".so")]

    assert native
    assert all(tag in name for name in native)


@pytest.mark.parametrize("arch", list(Arch))
@FUNCTIONS
def test_all_of_our_modules_are_compiled_in_zips_with_bytecode(arm64, host, function, arch):
    names = names_in((arm64 if arch is Arch.ARM64 else host)[function])
    tag = "cpython-313" if arch is Arch.ARM64 else sys.implementation.cache_tag

    ours = [name for name in names if name.startswith("functions/") and name.endswith(".py")]
    compiled = {f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc" for folder, _, file in (x.rpartition("/") for x in ours)}

    assert ours
    assert compiled & set(names) == (compiled if PACKAGES[function].bytecode else set())


@pytest.mark.parametrize("arch", list(Arch))
@pytest.mark.parametrize("function", ["serve", "optimize"])
def test_bytecode_is_the_target_s_of_the_source_beside_it_and_is_never_checked_again(arm64, host, function, arch):
    with zipfile.ZipFile((arm64 if arch is Arch.ARM64 else host)[function]) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".pyc")]
        for name in compiled:
            header = archive.read(name)[:16]
            folder, _, file = name.rpartition("/")
            source = archive.read(f"{folder.removesuffix('__pycache__')}{file.split('.')[0]}.py")

            assert header[:4] == (MAGIC_OF_3_13 if arch is Arch.ARM64 else importlib.util.MAGIC_NUMBER), name
            assert struct.unpack("<I", header[4:8]) == (UNCHECKED_HASH,), name
            assert header[8:] == _imp.source_hash(int.from_bytes(header[:4], "little"), source), name
    assert compiled


def test_serve_compiles_nothing_of_its_zip_at_a_cold_start(host, tmp_path):
    with zipfile.ZipFile(host["serve"]) as archive:
        archive.extractall(tmp_path)
    code = "import sys; sys.addaudithook(lambda event, args: event == 'compile' and args[0] and print(args[1]))"

    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport functions.serve.handler, functions.imaging.variants"],
        env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [path for path in done.stdout.splitlines() if path.startswith(str(tmp_path))] == []


COMPILERS = pytest.mark.parametrize("arch", list(Arch))


@COMPILERS
def test_the_same_files_are_compiled_to_the_same_bytes(tmp_path, arch):
    sources = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "functions" / "shared").glob("*.py")}
    compiler = compiler_of(target_python(arch))

    first, second = (bytecode_of(sources, compiler, cache=tmp_path / name) for name in ("first", "second"))

    assert first
    assert [path.read_bytes() for path in first.values()] == [path.read_bytes() for path in second.values()]


@COMPILERS
def test_a_file_that_is_no_python_is_named(tmp_path, arch):
    broken = tmp_path / "broken.py"
    broken.write_text("def (")

    with pytest.raises(BytecodeError, match=r"broken\.py"):
        bytecode_of({"broken.py": broken}, compiler_of(target_python(arch)), cache=tmp_path / "cache")


def test_without_its_compiler_a_zip_is_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr(packaging, "LAMBDA_PYTHON", "3.99")
    monkeypatch.setattr(packaging, "unpacked_wheels", lambda *_: tmp_path)

    with pytest.raises(PackagingError, match="make setup"):
        build_zip("moderate", Arch.ARM64, out=tmp_path)


def test_a_lock_without_hashes_is_refused(tmp_path, monkeypatch):
    (tmp_path / "functions-base.txt").write_text("jmespath==1.1.0\n")
    monkeypatch.setattr(packaging, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(packaging, "WHEELS", tmp_path / "wheels")

    with pytest.raises(PackagingError, match=r"functions-base\.txt"):
        build_zip("moderate", Arch.ARM64, out=tmp_path / "zips")

    assert [path for path in (tmp_path / "wheels").iterdir() if path.name.startswith("functions-")] == []


@pytest.mark.parametrize("lock", sorted({package.lock for package in PACKAGES.values()}))
def test_locks_pin_versions_and_hashes_and_name_no_host(lock):
    text = (ROOT / "requirements" / lock).read_text()

    assert "://" not in text
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert requirements
    assert all("==" in line for line in requirements)
    assert text.count("--hash=sha256:") >= len(requirements)
