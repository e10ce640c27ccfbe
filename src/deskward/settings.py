"""One TOML file with overrides from the environment, read once; sections are named like the folders."""

import hashlib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableError

from deskward.core import policy_rules
from deskward.core.errors import SettingsError, in_words
from deskward.core.policy import Policy
from deskward.core.replay import Shadow, Thresholds
from deskward.core.secret import Secret, read_secret
from deskward.policy_settings import CategorySettings, LimitSettings, Section
from deskward.retention_settings import RetentionSettings
from deskward.sign_in_settings import SignInSettings

SecretText = Annotated[Secret, BeforeValidator(read_secret)]


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write a full address such as https://desk.example.com")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("write the address without a path")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("plain http is allowed on loopback only; use https")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine (RFC 6761)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Address = Annotated[str, BeforeValidator(_address)]


class Web(Section):
    """Where the pages are, as browsers see them, and where this process listens."""

    desk_url: Address
    portal_url: Address
    hooks_url: Address
    listen: str = Field(default="127.0.0.1:8080", pattern=r"^.+:\d{1,5}$")
    trusted_hops: int = Field(default=0, ge=0, le=10)
    max_body_kb: int = Field(default=64, ge=16, le=10_240)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        hosts = {urlsplit(u).hostname for u in (self.desk_url, self.portal_url, self.hooks_url)}
        if len(hosts) < len(("desk", "portal", "hooks")):
            raise ValueError("desk_url, portal_url and hooks_url need three different host names (SR-73)")
        return self


class Store(Section):
    """Where the rows are, and the key that tokens and codes are derived from; keep the two apart."""

    url: str = "sqlite:///deskward.db"
    key_file: Path = Path("deskward.key")


class GatewaySettings(Section):
    """Where the gateway listens when it is a process of its own, and the file that only this process reads."""

    socket: Path | None = None
    file: Path | None = None


class ErrandSettings(Section):
    """How many errands run at once."""

    threads: int = Field(default=4, ge=1, le=64)


class ShadowSettings(Section):
    """A second settings file whose thresholds and weights decide in the shadow; they change nothing."""

    file: Path | None = None


class NetworkSettings(Section):
    """The MMDB files that the operator supplies, and which networks are the organisation's own."""

    country: Path | None = None
    asn: Path | None = None
    anonymous: Path | None = None
    stale_days: int = Field(default=45, ge=1, le=3650)
    own: list[str] = Field(default_factory=list)


class DashboardSettings(Section):
    """How agents are counted on the dashboard: in groups, each with the logins of its agents (SR-127)."""

    groups: dict[str, list[str]] = Field(default_factory=dict)


class SignalSettings(BaseModel):
    """One signal: whether it is on, and by which factor its findings count; the rest is its own."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    enabled: bool = True
    weight: float = Field(default=1.0, ge=0, le=10)

    @property
    def own(self) -> dict[str, Any]:
        """Give the keys that are the signal's own."""
        return dict(self.model_extra or {})


class Settings(BaseSettings):
    """Everything an installation decides."""

    model_config = SettingsConfigDict(
        extra="forbid",
        env_prefix="DESKWARD_",
        env_nested_delimiter="__",
        arbitrary_types_allowed=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    organisation: str = Field(min_length=1, max_length=60)
    brand: str = Field(default="imper.ai", min_length=1, max_length=40)
    web: Web
    store: Store = Store()
    gateway: GatewaySettings = GatewaySettings()
    errands: ErrandSettings = ErrandSettings()
    sign_in: SignInSettings = SignInSettings()
    limits: LimitSettings = LimitSettings()
    hooks: dict[str, SecretText] = Field(default_factory=dict)
    connectors: dict[str, dict[str, Any]]
    channels: dict[str, dict[str, Any]]
    directories: dict[str, dict[str, Any]]
    actions: dict[str, dict[str, Any]] = Field(default_factory=dict)
    challenges: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    signals: dict[str, SignalSettings] = Field(default_factory=dict)
    networks: NetworkSettings = NetworkSettings()
    shadow: ShadowSettings = ShadowSettings()
    dashboard: DashboardSettings = DashboardSettings()
    retention: RetentionSettings = RetentionSettings()
    categories: dict[str, CategorySettings]
    file: Path = Path("deskward.toml")

    @property
    def near(self) -> Path:
        """Give the folder that relative paths are taken from."""
        return self.file.parent

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's own signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, category in self.categories.items():
            if category.directory not in self.directories:
                raise ValueError(f"categories.{name}.directory: there is no [directories.{category.directory}]")
            if category.action and category.action not in self.actions:
                raise ValueError(f"categories.{name}.action: there is no [actions.{category.action}]")
        for name, secret in self.hooks.items():
            if name not in self.connectors:
                raise ValueError(f"hooks.{name}: there is no [connectors.{name}]")
            if len(secret.reveal()) < LEAST_PATH_TOKEN:
                raise ValueError(f"hooks.{name}: the path token needs at least {LEAST_PATH_TOKEN} characters")
        return self

    @model_validator(mode="after")
    def _without_credentials(self) -> Self:
        if self.gateway.socket is None:
            return self
        if self.gateway.file is None:
            raise ValueError("gateway.file: with gateway.socket set, name the file with the credentials")
        for name, table in self.directories.items():
            if table:
                text = "leave this section empty; with gateway.socket its keys belong into gateway.file"
                raise ValueError(f"directories.{name}: {text}")
        return self

    def store_address(self, url: str = "") -> str:
        """Give the address of the database, or this one; a relative file stands in the settings' folder."""
        address, prefix = url or self.store.url, "sqlite:///"
        return f"{prefix}{self.near / address.removeprefix(prefix)}" if address.startswith(prefix) else address

    def signal_weights(self) -> Mapping[str, float]:
        """Give the factors by which the findings of signals count, where they are not 1."""
        return {name: one.weight for name, one in self.signals.items() if one.weight != 1}

    def policy(self) -> Policy:
        """Make the policy; its version is a digest of what it says. SettingsError where a standard forbids it."""
        categories = tuple(c.category(name) for name, c in self.categories.items())
        limits = self.limits.limits()
        policy_rules.check(categories, limits)
        policy_rules.check_names(categories, self.challenges)
        for name, given in self.categories.items():
            named = given.ways if "ways" in given.model_fields_set else ()
            policy_rules.check_ways(name, named, self.challenges)
        version = hashlib.sha256(repr((categories, limits)).encode()).hexdigest()[:16]
        return Policy(categories, limits, version)

    def rules(self) -> Shadow:
        """Give the thresholds and weights, to decide again by them."""
        limits = {n: Thresholds(c.medium_from, c.high_from) for n, c in self.categories.items()}
        off = {name: None for name, one in self.signals.items() if not one.enabled}
        weights: dict[str, float | None] = {**self.signal_weights(), **off}
        said = repr((sorted(limits.items()), sorted(weights.items())))
        version = hashlib.sha256(said.encode()).hexdigest()[:16]
        return Shadow(limits, weights, version)


LEAST_PATH_TOKEN = 24


def settings_path(given: Path | None = None) -> Path:
    """Find the settings file: the one named, `DESKWARD_SETTINGS`, or deskward.toml here."""
    return given or Path(os.environ.get("DESKWARD_SETTINGS", "deskward.toml"))


def _refuse_inner(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse what only the library's and our own constructor calls may name."""
    inner = [{"loc": (key,), "type": "extra_forbidden"} for key in content if key == "file" or key.startswith("_")]
    if inner:
        raise SettingsError(f"{path}:\n{in_words(inner)}", "See docs/settings.md for every key.")


def content_of(path: Path) -> Mapping[str, Any]:
    """Read the file as it is; SettingsError says why it cannot be."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"There is no settings file {path}.",
            "Name it with --settings or DESKWARD_SETTINGS; see docs/settings.md.",
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", "Mend the file; it is TOML.") from error


def read(path: Path) -> Settings:
    """Read and check the settings; SettingsError names file, key and what to do."""
    content = content_of(path)
    _refuse_inner(path, content)
    try:
        settings = Settings(**content, file=path.resolve())
        settings.policy()
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
        raise SettingsError(f"{path}:\n{in_words(mistakes)}", "See docs/settings.md for every key.") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}", error.hint) from error
    except UnreadableError as error:
        raise SettingsError(f"{path} or the environment: {error}", "Write JSON, or name one key.") from error
    return settings


def shadow_of(settings: Settings) -> Shadow | None:
    """Read the rules that decide in the shadow; None where no file is named, SettingsError where it is bad."""
    return read(settings.near / settings.shadow.file).rules() if settings.shadow.file else None
