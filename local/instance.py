"""One running instance of everything: starts it, deploys, and stops exactly what was started."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from local import certificates, emulator
from local.certificates import Certificates
from local.console import Progress
from local.curl import write_curl_settings
from local.deployment import Deployment
from local.edge import process as edge
from local.edge.properties import NOT_MODELLED
from local.errors import LocalError
from local.outputs import Outputs
from local.prerequisites import choose_port
from local.processes import ProcessBook
from local.rekognition import process as rekognition
from local.runtime import ensure_runtime
from local.stages import LOCAL, LOCAL_V1, STAGES
from local.workspace import Workspace


@dataclass(frozen=True)
class Ports:
    """Ports that a person asked for; None means any free one."""

    emulator: int | None = None
    rekognition: int | None = None
    edge: int | None = None


class Instance:
    """What runs in one workspace. Only one command at a time may start or stop it."""

    def __init__(self, workspace: Workspace, progress: Progress) -> None:
        self._workspace = workspace
        self._progress = progress
        self._book = ProcessBook(workspace.state)

    def is_running(self) -> bool:
        """Tell whether everything that was started still runs and was deployed."""
        entries = self._book.entries()
        return bool(entries) and len(self._book.alive()) == len(entries) and self._workspace.outputs.exists()

    def up(self, ports: Ports = Ports()) -> Outputs:
        """Start everything and deploy; return the addresses. Leaves nothing running when it fails.

        Raises LocalError.
        """
        self._workspace.prepare()
        with self._alone():
            if self._book.entries():
                names = self._stop()
                if names:
                    self._progress.note(f"Stopped what an earlier run left behind: {', '.join(names)}")
            try:
                return self._start_and_deploy(ports)
            except BaseException:  # also Ctrl-C
                self._stop()
                raise

    def up_v1(self) -> Outputs:
        """Have delivery v1 running beside the rest, a stage of its own in the same emulator; return its addresses.

        The first call deploys it; it is stopped with the rest. Raises LocalError.
        """
        workspace, progress = self._workspace, self._progress
        with self._alone():
            if workspace.outputs_of(LOCAL_V1).exists():
                return Outputs.read(workspace.outputs_of(LOCAL_V1))
            main = Outputs.read(workspace.outputs)
            trusted = certificates.issued_in(workspace.certificates)
            deployment = Deployment(workspace, emulator_url=main.emulator_url, certificates=trusted)
            try:
                with progress.step("Deploying a second stage beside it, with delivery v1"):
                    with self._shared_work():
                        assembly = deployment.synthesize()
                    stack = deployment.deploy(assembly, LOCAL_V1)
                    outputs = _outputs(stack, main.emulator_url, main.rekognition_control_url, trusted)
                    outputs.write(workspace.outputs_of(LOCAL_V1))
                    outputs = edge.start(
                        workspace, self._book, LOCAL_V1, assembly=assembly, outputs=outputs,
                        port=choose_port(None, "the edge"), api_port=choose_port(None, "the firewall"),
                    )  # fmt: skip
            except BaseException:  # also Ctrl-C
                workspace.outputs_of(LOCAL_V1).unlink(missing_ok=True)
                raise
            outputs.write(workspace.outputs_of(LOCAL_V1))
            return outputs

    def down(self) -> list[str]:
        """Stop what was started; return the names of what was running."""
        self._workspace.prepare()
        with self._alone():
            return self._stop()

    @contextmanager
    def running(self) -> Iterator[Outputs]:
        """Have everything running inside the block. What ran before stays; what was started for it is stopped."""
        if self.is_running():
            self._progress.note(f"Using what runs already (`make up`) in {self._workspace.home}")
            yield Outputs.read(self._workspace.outputs)
            return
        outputs = self.up()
        try:
            yield outputs
        finally:
            with self._progress.step("Stopping everything"):
                self.down()

    def _start_and_deploy(self, ports: Ports) -> Outputs:
        workspace, progress = self._workspace, self._progress
        shutil.rmtree(workspace.scratch)
        workspace.prepare()
        emulator_port = choose_port(ports.emulator, "the emulator")
        rekognition_port = choose_port(ports.rekognition, "the Rekognition stand-in")
        emulator_url = emulator.url(emulator_port)
        trusted = certificates.issue(workspace.certificates)
        deployment = Deployment(workspace, emulator_url=emulator_url, certificates=trusted)
        with self._shared_work():
            with progress.step("Preparing the Lambda interpreter and the functions' zips"):
                python = ensure_runtime(workspace)
                deployment.package()
            with progress.step("Synthesizing the stacks (cdk synth)"):
                deployment.create_keys()
                assembly = deployment.synthesize()
        with progress.step("Starting the Rekognition stand-in and the AWS emulator"):
            rekognition.start(workspace, self._book, rekognition_port, emulator_url, trusted)
            emulator.start(
                workspace, self._book, port=emulator_port, certificates=trusted, runtime_python=python,
                rekognition_url=rekognition.url(rekognition_port),
            )  # fmt: skip
        with progress.step("Preparing the account (cdk bootstrap)"):
            deployment.bootstrap()
        with progress.step("Deploying the Pipeline stack (cdk deploy)"):
            stack = deployment.deploy(assembly, LOCAL)
        outputs = _outputs(stack, emulator_url, rekognition.control_url(rekognition_port), trusted)
        outputs.write(workspace.outputs)
        with progress.step("Starting the edge"):
            outputs = edge.start(
                workspace, self._book, LOCAL, assembly=assembly, outputs=outputs,
                port=choose_port(ports.edge, "the edge"), api_port=choose_port(None, "the firewall"),
            )  # fmt: skip
        progress.note(f"The edge does not model: {', '.join(NOT_MODELLED)} (why: {workspace.logs / 'edge.log'})")
        outputs.write(workspace.outputs)
        write_curl_settings(outputs, workspace.home)
        return outputs

    def _stop(self) -> list[str]:
        for stage in STAGES:
            self._workspace.outputs_of(stage).unlink(missing_ok=True)
        return self._book.stop_all()

    @contextmanager
    def _shared_work(self) -> Iterator[None]:
        """Let one instance of the checkout at a time make what all of them share."""
        with (self._workspace.shared / "shared.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the workspace's lock; the system releases it even when this process is killed."""
        with (self._workspace.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LocalError(
                    f"Another command is starting or stopping what lies in {self._workspace.home}; wait for its end."
                ) from error
            yield


def _outputs(stack: dict[str, str], emulator_url: str, control_url: str, trusted: Certificates) -> Outputs:
    """Translate the stack's outputs; the API's own host name leads nowhere here, the emulator has a path for it."""
    api_stage = urlsplit(stack["ApiUrl"]).path.strip("/")
    functions = {
        name.removesuffix("FunctionName").lower(): value
        for name, value in stack.items()
        if name.endswith("FunctionName")
    }
    return Outputs(
        api_url=f"{emulator_url}/_aws/execute-api/{stack['ApiId']}/{api_stage}",
        emulator_url=emulator_url,
        region=emulator.REGION,
        state_machine_arn=stack["StateMachineArn"],
        state_machines={
            name: stack[f"{'' if name == 'ingest' else name.title()}StateMachineArn"]
            for name in ("ingest", "settle", "remove", "retire")
        },
        table=stack["TableName"],
        event_bus=stack["EventBusName"],
        buckets={
            name: stack[f"{name.capitalize()}Bucket"] for name in ("originals", "staging", "published", "generated")
        },
        functions=functions,
        rekognition_control_url=control_url,
        ca_file=str(trusted.authority),
    )
