"""The function `prewarm`: generates variants ahead of requests. The construct Prewarm has the queue that invokes it."""

from typing import Final

from cdk.functions import serve
from cdk.specification import FunctionSpecification, Package, PipelineResources, Size
from functions.shared.options import Delivery


def environment(stage: PipelineResources) -> dict[str, str]:
    """Return the variables of `serve`, and the common variants of the stage, if any."""
    common = stage.config.prewarm
    if not common.widths:
        return serve.environment(stage)
    return serve.environment(stage) | {
        "PREWARM_WIDTHS": ",".join(map(str, common.widths)),
        "PREWARM_FORMATS": ",".join(common.formats),
    }


SPECIFICATION: Final = FunctionSpecification(
    name="prewarm",
    package=Package("prewarm", imports=("imaging", "records", "variants"), lock="functions-imaging.txt", budget_mib=9),
    # For the largest animation that is accepted (docs/adr/0015); a still picture needs a tenth of either.
    size=Size(memory_mb=3008, timeout_seconds=600),
    environment=environment,
    grants=serve.grants,
    writes_files=True,
    has_own_construct=True,
    is_deployed=lambda config: config.delivery is Delivery.V2,  # v1 does not read the generated bucket
)
