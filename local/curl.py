"""Settings for curl, so that examples need no certificate or signature options: ``export CURL_HOME=$PWD/.local``."""

from pathlib import Path

from local.access import viewer_cookies
from local.outputs import Outputs


def write_curl_settings(outputs: Outputs, folder: Path) -> None:
    """Write ``.curlrc`` into ``folder``: the trusted authority, and cookies for the whole edge that last a day."""
    cookies = "; ".join(f"{name}={value}" for name, value in viewer_cookies(outputs).items())
    settings = folder / ".curlrc"
    settings.touch(mode=0o600)
    settings.write_text(f'cacert = "{outputs.ca_file}"\ncookie = "{cookies}"\n')
