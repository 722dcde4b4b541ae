"""``python -m local.edge``: deploy the Edge template to the emulator and serve it until stopped."""

import asyncio
import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from starlette.types import ASGIApp

from local.edge.cache import Cache
from local.edge.deployment import PSEUDO_PARAMETERS, deploy, imports_of
from local.edge.firewall import Firewall
from local.edge.intrinsics import Resolver
from local.edge.javascript import FunctionRunner
from local.edge.live import LiveEdge
from local.edge.model import ApiOrigin
from local.edge.origins import Origins, ProtectedApi
from local.edge.properties import NOT_MODELLED, UnmodelledError
from local.edge.server import EdgeServer, ProtectedApiServer
from local.edge.template import Template, read_distribution
from local.errors import LocalError
from local.outputs import Outputs
from local.prerequisites import LOOPBACK


def serve(
    template: Annotated[Path, typer.Option(exists=True, help="The synthesized Edge template.")],
    outputs: Annotated[
        Path, typer.Option(exists=True, help="The instance's outputs.json, with the emulator's address.")
    ],
    port: Annotated[int, typer.Option(help="The edge's port.")],
    api_port: Annotated[int, typer.Option(help="The port of the API behind its firewall.")],
    announce: Annotated[Path, typer.Option(help="File for the deployment's results, written when the edge is ready.")],
) -> None:
    """Serve the distribution of a synthesized template locally."""
    asyncio.run(_serve(template, Outputs.read(outputs), port, api_port, announce))


async def _serve(template_file: Path, outputs: Outputs, port: int, api_port: int, announce: Path) -> None:
    template = Template(json.loads(template_file.read_text()))
    resolver = Resolver(references=PSEUDO_PARAMETERS, imports=imports_of(outputs))
    distribution = read_distribution(template, resolver)
    firewall = Firewall(*template.single("AWS::WAFv2::WebACL"))
    print("Not modelled here:")
    for what, why in NOT_MODELLED.items():
        print(f"  {what}: {why}")
    node = shutil.which("node")
    if node is None:
        raise LocalError("node is not on the PATH. The edge needs it to run CloudFront Functions")
    apis = {origin.api_id for origin in distribution.origins.values() if isinstance(origin, ApiOrigin)}
    if len(apis) != 1:
        raise UnmodelledError("the local edge models one API")
    deployed = deploy(template_file, outputs)
    origins = Origins(outputs)
    cache = Cache()
    live = LiveEdge(deployed, outputs, invalidate=cache.invalidate)
    api = ProtectedApi(firewall, origins, apis.pop(), may_invoke=template.lets_api_gateway_invoke())
    functions = FunctionRunner(node, distribution.functions)
    await functions.start()
    edge = EdgeServer(distribution, live=live, cache=cache, functions=functions, origins=origins, api=api)
    servers = [_server(edge, port), _server(ProtectedApiServer(api, live), api_port)]
    document = {"key_pair_ids": deployed.key_pair_ids, "stack": dict(deployed.outputs)}
    announce.write_text(json.dumps(document, indent=2) + "\n")
    try:
        await asyncio.gather(*(server.serve() for server in servers))
    finally:
        await functions.stop()
        await origins.close()


def _server(application: ASGIApp, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        application, host=LOOPBACK, port=port, lifespan="off", access_log=False, log_level="warning",
        server_header=False, date_header=True, timeout_keep_alive=75, h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    return uvicorn.Server(config)


def main() -> None:
    """Run the command; print a message that says what to do instead of a traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        typer.run(serve)
    except LocalError as error:
        sys.exit(f"image-scaler edge: {error}")


if __name__ == "__main__":
    main()
