"""One running instance: starts it, updates it after an edit, and stops exactly the processes that it started."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from local import certificates, emulator, services
from local.certificates import Certificates
from local.console import Progress
from local.curl import write_curl_settings
from local.deployed_state import DeployedState
from local.deployment import Deployment
from local.digests import CodeDigests
from local.edge import process as edge
from local.edge.properties import NOT_MODELLED
from local.errors import LocalError
from local.function_updates import update_functions
from local.outputs import Outputs
from local.prerequisites import choose_port, free_port_near
from local.processes import ProcessBook
from local.rekognition.detectors import LocalDetector
from local.runtime import ensure_runtime
from local.services import BROWSER_S3, WEBHOOKS
from local.stages import LOCAL, LOCAL_V1, STAGES, Stage
from local.workspace import Workspace

EMULATOR_CODE: Final = ("local/emulator.py", "local/emulator_app.py", "requirements/dev.txt")
"""The emulator's code. It holds all data in memory, so a change of it needs a fresh start."""


DEFAULTS: Final = (7780, 7781, 7782, 7783, 7784, 7785)
"""The default ports of `make up`, in the order of ``Ports``, so that addresses stay the same."""


@dataclass(frozen=True)
class Ports:
    """Ports of an instance; None means any free one."""

    edge: int | None = None
    browser_s3: int | None = None
    api: int | None = None
    emulator: int | None = None
    rekognition: int | None = None
    webhooks: int | None = None

    def with_defaults(self) -> "Ports":
        """Return these ports with None replaced by the documented port, or by a free one if that is in use."""
        return Ports(
            *(given or free_port_near(default) for given, default in zip(astuple(self), DEFAULTS, strict=True))
        )


@dataclass(frozen=True)
class Addresses:
    """The addresses of an instance's processes, and the authority that their clients trust; all its stages share
    them."""

    emulator_url: str
    rekognition_control_url: str
    uploads_url: str
    webhooks_url: str
    ca_file: str


class Instance:
    """The processes of one workspace. Only one command at a time may start, update or stop them.

    ``detector`` judges the pictures of an instance that is started or updated. Raises LocalError if its packages are
    not installed.
    """

    def __init__(
        self, workspace: Workspace, progress: Progress, detector: LocalDetector = LocalDetector.STAND_IN
    ) -> None:
        detector.check_packages()
        self.detector = detector
        self._rekognition = services.rekognition(detector)
        self._workspace = workspace
        self._progress = progress
        self._book = ProcessBook(workspace.state)

    def is_running(self) -> bool:
        """Return whether all started processes are running and the deployment is complete."""
        entries = self._book.entries()
        return bool(entries) and len(self._book.alive()) == len(entries) and self._workspace.outputs.exists()

    def up(self, ports: Ports = Ports()) -> Outputs:
        """Start everything and deploy; return the addresses. Stops everything if it fails.

        Raises LocalError.
        """
        self._workspace.prepare()
        with self._alone():
            if self._book.entries():
                names = self._stop()
                if names:
                    self._progress.note(f"Stopped the running instance: {', '.join(names)}")
            try:
                return self._start_and_deploy(ports)
            except BaseException:  # also Ctrl-C
                self._stop()
                raise

    def up_v1(self) -> Outputs:
        """Deploy a second stage with delivery v1 in the same emulator; return its addresses.

        The first call deploys it; it is stopped with the instance. Raises LocalError.
        """
        workspace, progress = self._workspace, self._progress
        with self._alone():
            if workspace.outputs_of(LOCAL_V1).exists():
                return Outputs.read(workspace.outputs_of(LOCAL_V1))
            main = Outputs.read(workspace.outputs)
            trusted = certificates.issued_in(workspace.certificates)
            deployment = Deployment(
                workspace, emulator_url=main.emulator_url, certificates=trusted, detector=self.detector
            )
            try:
                with progress.step("Deploying a second stage, with delivery v1"):
                    with self._shared_work():
                        assembly = deployment.synthesize()
                    stack = deployment.deploy(assembly, LOCAL_V1)
                    outputs = _outputs(LOCAL_V1, stack, main)
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

    def update(self) -> list[str]:
        """Deploy all changes since the instance was started or updated, keep its data, and return a list of the
        actions.

        Changed function code is replaced, changed templates update the stacks, and a local process whose code has
        changed is restarted on its port. Raises LocalError; the instance keeps running in that case.
        """
        with self._alone():
            return self._update()

    def down(self) -> list[str]:
        """Stop all started processes; return the names of those that were running."""
        self._workspace.prepare()
        with self._alone():
            return self._stop()

    @contextmanager
    def running(self) -> Iterator[Outputs]:
        """Run everything inside the block. A running instance is used and kept; a new one is stopped at the end.

        Raises LocalError if the running instance has another detector.
        """
        if self.is_running():
            deployed_now = DeployedState.read(self._workspace.deployed)
            if deployed_now and deployed_now.detector is not self.detector:
                raise LocalError(
                    f"The running instance has DETECTOR={deployed_now.detector}. "
                    f"`make up DETECTOR={self.detector}` changes it; `make down` stops it."
                )
            self._progress.note(f"Using the running instance (`make up`) in {self._workspace.home}")
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
        browser_s3_port = choose_port(ports.browser_s3, "S3 for browsers")
        webhooks_port = choose_port(ports.webhooks, "the webhook receiver")
        emulator_url = emulator.url(emulator_port)
        trusted = certificates.issue(workspace.certificates)
        deployment = Deployment(workspace, emulator_url=emulator_url, certificates=trusted, detector=self.detector)
        with self._shared_work():
            with progress.step("Preparing the Lambda interpreter and the functions' zips"):
                python = ensure_runtime(workspace)
                deployment.package()
            with progress.step("Synthesizing the stacks (cdk synth)"):
                deployment.create_keys()
                assembly = deployment.synthesize()
                deployed = self._on_disk(deployment, assembly)
        with progress.step(
            f"Starting Rekognition ({self.detector}), S3 for browsers, a webhook receiver and the AWS emulator"
        ):
            for service, port in (
                (self._rekognition, rekognition_port),
                (BROWSER_S3, browser_s3_port),
                (WEBHOOKS, webhooks_port),
            ):
                service.start(workspace, self._book, port, emulator_url=emulator_url, certificates=trusted)
            emulator.start(
                workspace, self._book, port=emulator_port, certificates=trusted, runtime_python=python,
                rekognition_url=services.rekognition_url(rekognition_port),
                uploads_url=services.uploads_url(browser_s3_port),
            )  # fmt: skip
        with progress.step("Preparing the account (cdk bootstrap)"):
            deployment.bootstrap()
        with progress.step("Deploying the Pipeline stack (cdk deploy)"):
            stack = deployment.deploy(assembly, LOCAL, webhook_url=services.webhook_url(webhooks_port))
        addresses = Addresses(
            emulator_url=emulator_url,
            rekognition_control_url=services.rekognition_control_url(rekognition_port),
            uploads_url=services.uploads_url(browser_s3_port),
            webhooks_url=services.webhooks_url(webhooks_port),
            ca_file=str(trusted.authority),
        )
        outputs = _outputs(LOCAL, stack, addresses)
        outputs.write(workspace.outputs)
        with progress.step("Starting the edge"):
            outputs = edge.start(
                workspace, self._book, LOCAL, assembly=assembly, outputs=outputs,
                port=choose_port(ports.edge, "the edge"), api_port=choose_port(ports.api, "the firewall"),
            )  # fmt: skip
        progress.note(f"The edge does not model: {', '.join(NOT_MODELLED)} (why: {workspace.logs / 'edge.log'})")
        outputs.write(workspace.outputs)
        write_curl_settings(outputs, workspace.home)
        deployed.write(workspace.deployed)
        return outputs

    def _update(self) -> list[str]:
        workspace, progress = self._workspace, self._progress
        outputs = Outputs.read(workspace.outputs)
        before = DeployedState.read(workspace.deployed)
        if before is None:
            raise LocalError(f"{workspace.deployed} is missing or broken. `make up FRESH=1` starts over.")
        trusted = certificates.issued_in(workspace.certificates)
        deployment = Deployment(
            workspace, emulator_url=outputs.emulator_url, certificates=trusted, detector=self.detector
        )
        done = []
        with self._shared_work():
            with progress.step("Building the functions' zips"):
                ensure_runtime(workspace)
                deployment.package()
            now = self._on_disk(deployment, Path(before.assembly))
            if now.templates != before.templates:
                with progress.step("Synthesizing the stacks (cdk synth)"):
                    now = self._on_disk(deployment, deployment.synthesize())
        new_templates = now.assembly != before.assembly
        stages = [stage for stage in STAGES if workspace.outputs_of(stage).exists()]
        if new_templates:
            with progress.step("Updating the Pipeline stack (cdk deploy)"):
                for stage in stages:
                    self._deploy_over(deployment, Path(now.assembly), stage)
            done.append("updated the stacks to the changed templates")
        if functions := update_functions(outputs, workspace.zips):
            done.append(f"updated the code of {', '.join(functions)}")
        if new_templates or now.processes["edge"] != before.processes["edge"]:
            with progress.step("Restarting the edge"):
                for stage in stages:
                    self._restart_edge(stage, Path(now.assembly))
            done.append("restarted the edge")
        done += self._restart_others(before, now, outputs, trusted)
        kept = {"emulator": before.processes["emulator"]}  # it is not restarted: repeat the message next time
        replace(now, processes=now.processes | kept).write(workspace.deployed)
        return done

    def _deploy_over(self, deployment: Deployment, assembly: Path, stage: Stage) -> None:
        """Update a stage's Pipeline stack and store its new outputs."""
        path = self._workspace.outputs_of(stage)
        before = Outputs.read(path)
        after = _outputs(stage, deployment.deploy(assembly, stage), before)
        replace(
            after, api_url=before.api_url, edge_url=before.edge_url, edge_key_pair_id=before.edge_key_pair_id,
            edge_private_key_file=before.edge_private_key_file, edge_stack=before.edge_stack,
        ).write(path)  # fmt: skip

    def _restart_edge(self, stage: Stage, assembly: Path) -> None:
        path = self._workspace.outputs_of(stage)
        outputs = Outputs.read(path)
        edge_port, api_port = urlsplit(str(outputs.edge_url)).port, urlsplit(outputs.api_url).port
        self._book.stop(stage.edge_process)
        outputs = edge.start(
            self._workspace, self._book, stage, assembly=assembly, outputs=outputs,
            port=choose_port(edge_port, "the edge"), api_port=choose_port(api_port, "the firewall"),
        )  # fmt: skip
        outputs.write(path)
        if stage is LOCAL:
            write_curl_settings(outputs, self._workspace.home)

    def _restart_others(
        self, before: DeployedState, now: DeployedState, outputs: Outputs, trusted: Certificates
    ) -> list[str]:
        done = []
        for service, url in (
            (self._rekognition, outputs.rekognition_control_url),
            (BROWSER_S3, outputs.uploads_url),
            (WEBHOOKS, outputs.webhooks_url),
        ):
            name = service.name
            if now.processes[name] != before.processes[name]:
                with self._progress.step(f"Restarting {name}"):
                    self._book.stop(name)
                    port = choose_port(urlsplit(url).port, name)
                    service.start(
                        self._workspace, self._book, port, emulator_url=outputs.emulator_url, certificates=trusted
                    )
                done.append(f"restarted {name}")
        if now.processes["emulator"] != before.processes["emulator"]:
            self._progress.note(
                "The emulator's own code or the locked packages changed. The emulator keeps running because it "
                "holds all data; `make up FRESH=1` restarts it without data"
            )
        return done

    def _on_disk(self, deployment: Deployment, assembly: Path) -> DeployedState:
        """Return the digests of what would be deployed from ``assembly`` now."""
        digests = CodeDigests(self._workspace.checkout)
        return DeployedState(
            assembly=str(assembly),
            templates=deployment.template_inputs(digests),
            processes={
                "edge": digests.of_process("local.edge"),
                **{
                    each.name: " ".join([digests.of_process(each.module), *each.arguments])
                    for each in (self._rekognition, BROWSER_S3, WEBHOOKS)
                },
                "emulator": digests.of_files(EMULATOR_CODE),
            },
            detector=self.detector,
        )

    def _stop(self) -> list[str]:
        self._workspace.deployed.unlink(missing_ok=True)
        for stage in STAGES:
            self._workspace.outputs_of(stage).unlink(missing_ok=True)
        return self._book.stop_all()

    @contextmanager
    def _shared_work(self) -> Iterator[None]:
        """Let only one instance of the checkout at a time write shared files."""
        with (self._workspace.shared / "shared.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the workspace's lock; the system releases it even if this process is killed."""
        with (self._workspace.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LocalError(
                    f"Another command is using the instance in {self._workspace.home}. Wait until it has finished."
                ) from error
            yield


def _outputs(stage: Stage, stack: dict[str, str], processes: Addresses | Outputs) -> Outputs:
    """Translate the stack's outputs; the API's own host name does not resolve locally, so the emulator's path is
    used."""
    api_stage = urlsplit(stack["ApiUrl"]).path.strip("/")
    functions = {
        name.removesuffix("FunctionName").lower(): value
        for name, value in stack.items()
        if name.endswith("FunctionName")
    }
    return Outputs(
        stage=stage.name,
        api_url=f"{processes.emulator_url}/_aws/execute-api/{stack['ApiId']}/{api_stage}",
        emulator_url=processes.emulator_url,
        region=emulator.REGION,
        state_machine_arn=stack["StateMachineArn"],
        state_machines={
            name: stack[f"{'' if name == 'ingest' else name.title()}StateMachineArn"]
            for name in ("ingest", "settle", "remove", "retire", "review", "rejudge")
        },
        table=stack["TableName"],
        event_bus=stack["EventBusName"],
        buckets={
            name: stack[f"{name.capitalize()}Bucket"]
            for name in ("originals", "staging", "published", "generated", "reports")
        },
        functions=functions,
        rekognition_control_url=processes.rekognition_control_url,
        uploads_url=processes.uploads_url,
        webhooks_url=processes.webhooks_url,
        ca_file=processes.ca_file,
    )
