"""Profiles: the address of a stage and the keys that sign for it.

    ~/.config/image-scaler/profiles.toml        or the file in IMAGE_SCALER_PROFILES

    [prod]
    edge = "https://images.example.com"
    control = { key_pair_id = "K2JCJMDEHXQW5F", private_key_file = "control.pem" }
    viewers = { key_pair_id = "K3EXAMPLE", private_key_file = "viewers.pem" }
    aws = { region = "eu-central-1", stage = "prod" }

Relative paths start from the folder of profiles.toml. The profile ``local`` is the instance that `make up` started; it
is read from ``.local/outputs.json`` in the current folder or a parent.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from image_scaler.signing import Signer, SigningError, image_url

PROFILE_VARIABLE: Final = "IMAGE_SCALER_PROFILE"
FILE_VARIABLE: Final = "IMAGE_SCALER_PROFILES"
LOCAL: Final = "local"
LOCAL_OUTPUTS: Final = Path(".local") / "outputs.json"
_ANY_ID: Final = "0" * 26
_EMULATOR_KEY: Final = "test"
"""The emulator's root user has this access key, and any secret."""


class ProfileError(Exception):
    """The profile does not exist or is incomplete; the message says what to do."""


@dataclass(frozen=True)
class KeyPair:
    """CloudFront's id of a public key, and the file of its private key (PEM)."""

    key_pair_id: str
    private_key_file: Path

    def signer(self) -> Signer:
        """Return a signer. Raises ProfileError if the key cannot be read."""
        try:
            return Signer(self.key_pair_id, self.private_key_file.read_bytes())
        except OSError as error:
            raise ProfileError(f"{self.private_key_file} cannot be read: {error.strerror}") from error
        except SigningError as error:
            raise ProfileError(f"{self.private_key_file}: {error}") from error


@dataclass(frozen=True)
class Aws:
    """Access to the stage with AWS credentials: ``stage`` names its stacks, ``profile`` one of ~/.aws/config.

    The other fields are for the emulator.
    """

    stage: str
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    ca_file: str | None = None
    access_key: str | None = None


@dataclass(frozen=True)
class Profile:
    """One stage. ``viewers`` is None if pictures are public, ``aws`` if no command needs AWS credentials."""

    name: str
    edge: str
    control: KeyPair | None = None
    viewers: KeyPair | None = None
    aws: Aws | None = None

    def control_key(self) -> KeyPair:
        """Return the key that signs API calls. Raises ProfileError if the profile has none."""
        if self.control is None:
            raise ProfileError(f"the profile {self.name} has no control key, which API calls need")
        return self.control


def load_profile(
    name: str | None = None, *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Profile:
    """Return the profile called ``name``, or the default one.

    The default is the profile in IMAGE_SCALER_PROFILE; otherwise ``local`` if `make up` has started an instance in
    ``folder`` (the current one) or a parent; otherwise the profile ``default`` of the file, or its only one. Raises
    ProfileError.
    """
    variables = os.environ if environment is None else environment
    chosen = name or variables.get(PROFILE_VARIABLE) or None
    outputs = local_outputs(folder or Path.cwd())
    if chosen == LOCAL or (chosen is None and outputs):
        if outputs is None:
            raise ProfileError(f"no {LOCAL_OUTPUTS} in this folder or a parent; start an instance with `make up`")
        return _local_profile(outputs)
    return _from_file(profiles_file(variables), chosen)


def profile_names(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> list[str]:
    """Return the names of all profiles; none if the file cannot be read."""
    found = [LOCAL] if local_outputs(folder or Path.cwd()) else []
    try:
        return found + list(_tables(profiles_file(os.environ if environment is None else environment)))
    except ProfileError:
        return found


def profiles_file(environment: Mapping[str, str]) -> Path:
    """Return the path of the profiles file."""
    if named := environment.get(FILE_VARIABLE):
        return Path(named).expanduser()
    config = environment.get("XDG_CONFIG_HOME")
    base = Path(config) if config else Path(environment.get("HOME", "~")).expanduser() / ".config"
    return base / "image-scaler" / "profiles.toml"


def local_outputs(folder: Path) -> Path | None:
    """Return the outputs.json of a running instance in ``folder`` or a parent."""
    return next((each / LOCAL_OUTPUTS for each in (folder, *folder.parents) if (each / LOCAL_OUTPUTS).is_file()), None)


def _local_profile(path: Path) -> Profile:
    try:
        outputs = json.loads(path.read_text())
        viewers = KeyPair(outputs["viewers_key_pair_id"], Path(outputs["viewers_private_key_file"]))
        control = KeyPair(outputs["control_key_pair_id"], Path(outputs["control_private_key_file"]))
        aws = Aws(
            stage=outputs.get("stage", LOCAL),
            region=outputs["region"],
            endpoint_url=outputs["emulator_url"],
            ca_file=outputs["ca_file"],
            access_key=_EMULATOR_KEY,
        )
        return Profile(name=LOCAL, edge=outputs["edge_url"], control=control, viewers=viewers, aws=aws)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProfileError(f"{path} is incomplete ({error}); run `make up` again") from error


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError as error:
        raise ProfileError(
            f"no profile found: {path} does not exist, and no instance is running here (`make up`)"
        ) from error
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path} cannot be read: {error}") from error


def _from_file(path: Path, chosen: str | None) -> Profile:
    tables = _tables(path)
    name = chosen or ("default" if "default" in tables else None) or (next(iter(tables)) if len(tables) == 1 else None)
    if name is None:
        raise ProfileError(f"{path} has several profiles ({', '.join(tables)}); select one, or name one `default`")
    if name not in tables:
        raise ProfileError(f"{path} has no profile {name!r}; it has {', '.join(tables) or 'none'}")
    reader = _Reader(path, name, tables[name])
    edge = reader.text("edge", required=True) or ""
    try:
        image_url(edge, _ANY_ID)
    except SigningError as error:
        raise ProfileError(f"{path}: [{name}] edge: {str(error).removeprefix('base_url: ')}") from error
    profile = Profile(
        name=name, edge=edge.removesuffix("/"), control=_key(reader, "control"), viewers=_key(reader, "viewers"),
        aws=_aws(reader, name),
    )  # fmt: skip
    reader.finish()
    return profile


def _key(reader: "_Reader", member: str) -> KeyPair | None:
    table = reader.table(member)
    if table is None:
        return None
    key = KeyPair(
        table.text("key_pair_id", required=True) or "",
        reader.path.parent / Path(table.text("private_key_file", required=True) or "").expanduser(),
    )
    table.finish()
    return key


def _aws(reader: "_Reader", name: str) -> Aws | None:
    table = reader.table("aws")
    if table is None:
        return None
    access = Aws(
        stage=table.text("stage") or name,
        region=table.text("region"),
        profile=table.text("profile"),
        endpoint_url=table.text("endpoint_url"),
        ca_file=table.text("ca_file"),
    )
    table.finish()
    return access


@dataclass
class _Reader:
    """Reads a table of the file member by member; unread members are errors."""

    path: Path
    where: str
    values: Any
    _read: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Check that it is a table."""
        if not isinstance(self.values, dict):
            raise ProfileError(f"{self.path}: {self.where} must be a table")

    def text(self, member: str, *, required: bool = False) -> str | None:
        self._read.add(member)
        value = self.values.get(member)
        if value is None and not required:
            return None
        if not isinstance(value, str) or not value:
            raise ProfileError(f"{self.path}: [{self.where}] {member} must be a non-empty string")
        return value

    def table(self, member: str) -> "_Reader | None":
        self._read.add(member)
        value = self.values.get(member)
        return None if value is None else _Reader(self.path, f"{self.where}.{member}", value)

    def finish(self) -> None:
        unknown = sorted(set(self.values) - self._read)
        if unknown:
            raise ProfileError(
                f"{self.path}: [{self.where}] has the unknown members {', '.join(unknown)}; "
                f"allowed are {', '.join(sorted(self._read))}"
            )
