"""One TOML file with overrides from the environment, read once; sections are named like the folders."""

import hashlib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableError

from deskward.core.destinations import Kind
from deskward.core.errors import SettingsError, in_words
from deskward.core.policy import Category, Limits, Policy
from deskward.core.proof import ActionClass
from deskward.core.secret import Secret, read_secret

Span = Annotated[float, Field(gt=0, le=100_000)]
SecretText = Annotated[Secret, BeforeValidator(read_secret)]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        arbitrary_types_allowed=True,
        frozen=True,
        hide_input_in_errors=True,
    )


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


class Web(_Section):
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


class Store(_Section):
    """Where the rows are, and the key that tokens and codes are derived from; keep the two apart."""

    url: str = "sqlite:///deskward.db"
    key_file: Path = Path("deskward.key")


class ErrandSettings(_Section):
    """How many errands run at once."""

    threads: int = Field(default=4, ge=1, le=64)


class CategorySettings(_Section):
    """One category of tickets; the section's name is its name."""

    match: list[str | int] = Field(default_factory=list)
    directory: str
    action: str = ""
    action_class: ActionClass = Field(default=ActionClass.C2, alias="class")
    closes: bool = True


class LimitSettings(_Section):
    """Lifetimes, tries and budgets (SR-134)."""

    link_minutes_email: Span = 15
    link_minutes_sms: Span = 10
    code_minutes: Span = 10
    code_tries: int = Field(default=5, ge=1, le=10)
    proof_minutes: Span = 15
    grant_minutes: float = Field(default=10, gt=0, le=60)
    send_days: float = Field(default=7, gt=0, le=90)
    review_hours: float = Field(default=24, gt=0, le=720)
    min_age_days: Span = 14
    links_per_hour: int = Field(default=3, ge=1)
    links_per_day: int = Field(default=5, ge=1)
    wait_minutes: list[Span] = Field(default=[1, 2, 5, 15], min_length=1)
    corrections_per_ticket: int = Field(default=3, ge=0)
    wrong_per_address: int = Field(default=50, ge=5)
    agent_links_per_hour: int = Field(default=60, ge=1)
    country_links_per_hour: int = Field(default=120, ge=1)
    countries: list[str] = Field(default_factory=list)

    def limits(self) -> Limits:
        """Make the value that the core uses; SettingsError where a standard forbids it."""
        return Limits(
            link={
                Kind.EMAIL: timedelta(minutes=self.link_minutes_email),
                Kind.SMS: timedelta(minutes=self.link_minutes_sms),
            },
            code=timedelta(minutes=self.code_minutes),
            code_tries=self.code_tries,
            proof=timedelta(minutes=self.proof_minutes),
            grant=timedelta(minutes=self.grant_minutes),
            to_send=timedelta(days=self.send_days),
            to_review=timedelta(hours=self.review_hours),
            min_age=timedelta(days=self.min_age_days),
            links_per_hour=self.links_per_hour,
            links_per_day=self.links_per_day,
            waits=tuple(timedelta(minutes=m) for m in self.wait_minutes),
            corrections_per_ticket=self.corrections_per_ticket,
            wrong_per_address=self.wrong_per_address,
            agent_links_per_hour=self.agent_links_per_hour,
            country_links_per_hour=self.country_links_per_hour,
            countries=tuple(self.countries),
        )


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
    errands: ErrandSettings = ErrandSettings()
    limits: LimitSettings = LimitSettings()
    hooks: dict[str, SecretText] = Field(default_factory=dict)
    connectors: dict[str, dict[str, Any]]
    channels: dict[str, dict[str, Any]]
    directories: dict[str, dict[str, Any]]
    actions: dict[str, dict[str, Any]] = Field(default_factory=dict)
    challenges: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    categories: dict[str, CategorySettings]
    near: Path = Path()

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

    def policy(self) -> Policy:
        """Make the policy; its version is a digest of what it says."""
        categories = tuple(
            Category(
                name,
                tuple(str(m) for m in c.match) or (name,),
                c.directory,
                c.action,
                c.action_class,
                c.closes,
            )
            for name, c in self.categories.items()
        )
        limits = self.limits.limits()
        version = hashlib.sha256(repr((categories, limits)).encode()).hexdigest()[:16]
        return Policy(categories, limits, version)


LEAST_PATH_TOKEN = 24


def settings_path(given: Path | None = None) -> Path:
    """Find the settings file: the one named, `DESKWARD_SETTINGS`, or deskward.toml here."""
    return given or Path(os.environ.get("DESKWARD_SETTINGS", "deskward.toml"))


def _refuse_inner(path: Path, content: Mapping[str, Any]) -> None:
    """Refuse what only the library's and our own constructor calls may name."""
    inner = [{"loc": (key,), "type": "extra_forbidden"} for key in content if key == "near" or key.startswith("_")]
    if inner:
        raise SettingsError(f"{path}:\n{in_words(inner)}", "See docs/settings.md for every key.")


def read(path: Path) -> Settings:
    """Read and check the settings; SettingsError names file, key and what to do."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"There is no settings file {path}.",
            "Name it with --settings or DESKWARD_SETTINGS; see docs/settings.md.",
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}", "Mend the file; it is TOML.") from error
    _refuse_inner(path, content)
    try:
        settings = Settings(**content, near=path.resolve().parent)
        settings.policy()
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
        raise SettingsError(f"{path}:\n{in_words(mistakes)}", "See docs/settings.md for every key.") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}", error.hint) from error
    except UnreadableError as error:
        raise SettingsError(f"{path} or the environment: {error}", "Write JSON, or name one key.") from error
    return settings
