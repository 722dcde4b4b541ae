"""The infrastructure of image-scaler: stages, packaging, and the stacks Pipeline and Edge.

jsii, which runs the CDK's TypeScript, prints a banner about Node 20's age on each start. Which Node works is said in
the README and checked by the Makefile, so the banner is switched off before jsii is first imported.
"""

import os

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
