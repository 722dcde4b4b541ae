"""Deploys a stage's Pipeline stack to the emulator with the AWS CDK's own command line: bootstrap, synth, deploy.

Synthesis takes longer than all other steps together, so an assembly is cached by the digest of its inputs.
"""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from image_scaler.key_files import Group, KeyDirectory
from local.certificates import Certificates
from local.digests import CodeDigests, digest_of
from local.emulator import ACCOUNT, REGION, ROOT_CREDENTIALS
from local.prerequisites import cdk, node
from local.processes import run_logged
from local.rekognition.detectors import LocalDetector
from local.stages import STAGES, Stage
from local.workspace import Workspace

_TEMPLATE_INPUTS = ("cdk", "workflows", "cdk.json", "openapi.yaml", "requirements/dev.txt", ".local/keys")
_CODE_INPUTS = ("functions", "build/zips/host")
_KEPT_ASSEMBLIES = 3
_STAGE_NAMES = ",".join(stage.name for stage in STAGES)


class Deployment:
    """Commands of the CDK against one emulator. Each raises LocalError with the end of the command's log.

    ``detector`` is the one of all local stages.
    """

    def __init__(
        self, workspace: Workspace, *, emulator_url: str, certificates: Certificates, detector: LocalDetector
    ) -> None:
        self._workspace = workspace
        self._detector = detector
        self._command = [node(), cdk(workspace.checkout), "--no-version-reporting", "--no-notices"]
        # Keep the shell's own settings (proxies, mirrors), but not its AWS account.
        shell = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        self._environment = {
            **shell,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{shell.get('PATH', os.defpath)}",
            "TMPDIR": str(workspace.scratch),
            "CI": "true",
            "CDK_HOME": str(workspace.scratch),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": emulator_url,
            "AWS_CA_BUNDLE": str(certificates.authority),
            "NODE_EXTRA_CA_CERTS": str(certificates.authority),
            "AWS_EC2_METADATA_DISABLED": "true",
            **ROOT_CREDENTIALS,
        }

    def package(self) -> None:
        """Build the functions' zips for the local machine, except those that are up to date."""
        self._run("Building the functions' zips", [sys.executable, "-m", "cdk.packaging", "--arch", "host"], "zips.log")

    def create_keys(self) -> None:
        """Create the missing key pairs that sign for the edge: one for both groups, and one for each."""
        keys = KeyDirectory(self._workspace.keys)
        if not any(keys.public_files(group) for group in Group):
            keys.add(list(Group))
        for group in Group:
            if len(keys.public_files(group)) == 1:
                keys.add([group])

    def bootstrap(self) -> None:
        """Bootstrap the emulator's account for the CDK, like a real account."""
        target = f"aws://{ACCOUNT}/{REGION}"
        self._run("cdk bootstrap", [*self._command, "bootstrap", target], "bootstrap.log", folder=self._workspace.home)

    def synthesize(self) -> Path:
        """Return the cloud assembly of all local stages; synthesize it only if an input has changed."""
        assembly = self._workspace.shared / "assemblies" / self._digest_of_inputs()
        if not (assembly / "manifest.json").exists():
            draft = self._workspace.home / "assembly"
            shutil.rmtree(draft, ignore_errors=True)
            context = {
                "stage": _STAGE_NAMES, "keys": self._workspace.keys, "detector": self._detector.name_in_stage,
            }  # fmt: skip
            options = [word for name, value in context.items() for word in ("-c", f"{name}={value}")]
            command = [*self._command, "synth", "--quiet", *options, "--output", str(draft)]
            self._run("cdk synth", command, "synth.log")
            assembly.parent.mkdir(exist_ok=True)
            shutil.rmtree(assembly, ignore_errors=True)
            shutil.move(draft, assembly)
            _forget_old_assemblies(assembly.parent)
        return assembly

    def deploy(self, assembly: Path, stage: Stage, *, webhook_url: str | None = None) -> dict[str, str]:
        """Deploy the stage's Pipeline stack and return its outputs by name.

        ``webhook_url`` is where the stage's webhook sends events; None keeps what is deployed.
        """
        outputs = self._workspace.home / "stack-outputs.json"
        command = [
            *self._command, "deploy", stage.pipeline_stack, "--app", str(assembly), "--require-approval", "never",
            "--outputs-file", str(outputs), "--progress", "events",
        ]  # fmt: skip
        if webhook_url:
            command += ["--parameters", f"{stage.pipeline_stack}:WebhookReceiverUrl={webhook_url}"]
        self._run("cdk deploy", command, "deploy.log")
        stack: dict[str, str] = json.loads(outputs.read_text())[stage.pipeline_stack]
        return stack

    def _run(self, name: str, command: list[str], log: str, folder: Path | None = None) -> None:
        run_logged(
            name, command, log=self._workspace.logs / log, folder=folder or self._workspace.checkout,
            environment=self._environment,
        )  # fmt: skip

    def template_inputs(self, digests: CodeDigests) -> str:
        """Return the digest of the templates' inputs, without the functions' zips."""
        files = self._files(_TEMPLATE_INPUTS) + digests.read_by_templates()
        return f"{digest_of(self._workspace.checkout, files)} {self._detector}"

    def _digest_of_inputs(self) -> str:
        """Return the digest of the assembly's input files, the interpreter, the stages and the detector."""
        files = digest_of(self._workspace.checkout, self._files(_TEMPLATE_INPUTS + _CODE_INPUTS))
        return hashlib.sha256(f"{sys.version} {_STAGE_NAMES} {self._detector} {files}".encode()).hexdigest()[:16]

    def _files(self, names: tuple[str, ...]) -> list[Path]:
        roots = [self._workspace.checkout / name for name in names]
        files = [path for root in roots for path in (root.rglob("*") if root.is_dir() else [root])]
        return [path for path in files if path.is_file() and "__pycache__" not in path.parts]


def _forget_old_assemblies(folder: Path) -> None:
    newest_first = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[_KEPT_ASSEMBLIES:]:
        shutil.rmtree(path, ignore_errors=True)
