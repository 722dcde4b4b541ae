"""The infrastructure of image-scaler: stages, packaging, and the stacks Pipeline and Edge.

jsii, which runs the CDK's TypeScript, prints a banner about Node 20's age on each start. The README names the supported
versions of Node and the Makefile checks them, so the banner is disabled before jsii is first imported.
"""

import os

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
