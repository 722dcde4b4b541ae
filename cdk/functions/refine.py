"""The function `refine`: replaces stored variants with smaller files. The construct Refinement has the queue that
invokes it."""

from typing import Final

from cdk.functions import serve
from cdk.specification import FunctionSpecification, Package, Size
from functions.shared.options import Refine

SPECIFICATION: Final = FunctionSpecification(
    name="refine",
    package=Package("refine", imports=("imaging", "records", "variants"), lock="functions-refine.txt", budget_mib=10),
    # A variant of 800 px takes 0.6 s at most. The slowest, 3840 x 3840 px of noise with alpha as WebP, takes 200 s
    # (docs/adr/0037). One vCPU: encoders use one thread.
    size=Size(memory_mb=1769, timeout_seconds=600),
    environment=serve.environment,
    grants=serve.grants,
    writes_files=True,
    has_own_construct=True,
    is_deployed=lambda config: config.refines is not Refine.OFF,
)
