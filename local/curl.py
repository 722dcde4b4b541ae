"""Settings for curl, so that examples stay free of certificates and signatures: ``export CURL_HOME=$PWD/.local``.

The cookies open the whole edge for a day, as the application's back end would hand them to a browser.
"""

from pathlib import Path

from local.client import signed_cookies
from local.outputs import Outputs


def write_curl_settings(outputs: Outputs, folder: Path) -> None:
    """Write ``.curlrc`` into ``folder``: whom to trust, and the signed cookies."""
    cookies = "; ".join(f"{name}={value}" for name, value in signed_cookies(outputs).items())
    settings = folder / ".curlrc"
    settings.touch(mode=0o600)
    settings.write_text(f'cacert = "{outputs.ca_file}"\ncookie = "{cookies}"\n')
