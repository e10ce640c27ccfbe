"""The policy's part of the settings: categories and limits, as the file has them."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from deskward.core.destinations import Kind
from deskward.core.policy import Category, Copied, Limits, Typed, Way
from deskward.core.proof import ActionClass
from deskward.core.risk import HIGH_FROM, MEDIUM_FROM, TOP

Span = Annotated[float, Field(gt=0, le=100_000)]
STEPS = 'write a list of steps, each a name or a list of alternatives, like [["passkey", "totp"], "questions"]'


class Section(BaseModel):
    """A section of the settings file: its keys and no others."""

    model_config = ConfigDict(
        extra="forbid",
        arbitrary_types_allowed=True,
        frozen=True,
        hide_input_in_errors=True,
    )


def _steps(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        raise ValueError(STEPS)  # noqa: TRY004 - the library turns a ValueError into our words
    return tuple(_alternatives(step) for step in value)


def _alternatives(step: object) -> tuple[str, ...]:
    names = step if isinstance(step, list) else [step]
    if not all(isinstance(name, str) for name in names):
        raise ValueError(STEPS)
    return tuple(names)


class CategorySettings(Section):
    """One category of tickets; the section's name is its name."""

    match: list[str | int] = Field(default_factory=list)
    directory: str
    action: str = ""
    action_class: ActionClass = Field(default=ActionClass.C2, alias="class")
    closes: bool = True
    challenges: Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_steps)] = ()
    typed: Typed = Typed.BY_CLASS
    ways: tuple[Way, ...] = tuple(Way)
    medium_from: float = Field(default=MEDIUM_FROM, ge=0, le=TOP)
    high_from: float = Field(default=HIGH_FROM, ge=0, le=TOP)
    proof_minutes: Span | None = None
    grant_minutes: Span | None = None
    hold_hours: float | None = Field(default=None, ge=0, le=720)
    links_per_day: int | None = Field(default=None, ge=1)

    def category(self, name: str) -> Category:
        """Make the value that the core uses."""
        return Category(
            name,
            tuple(str(m) for m in self.match) or (name,),
            self.directory,
            self.action,
            self.action_class,
            self.closes,
            challenges=self.challenges,
            typed=self.typed,
            ways=self.ways,
            medium_from=self.medium_from,
            high_from=self.high_from,
            proof=_span(minutes=self.proof_minutes),
            grant=_span(minutes=self.grant_minutes),
            hold=_span(hours=self.hold_hours),
            per_day=self.links_per_day,
        )


def _span(**parts: float | None) -> timedelta | None:
    given = {unit: size for unit, size in parts.items() if size is not None}
    return timedelta(**given) if given else None


class LimitSettings(Section):
    """Lifetimes, tries and budgets (SR-134)."""

    link_minutes_email: Span = 15
    link_minutes_sms: Span = 10
    code_minutes: Span = 10
    code_tries: int = Field(default=5, ge=1, le=10)
    proof_minutes: Span = 15
    grant_minutes: float = Field(default=10, gt=0, le=60)
    send_days: float = Field(default=7, gt=0, le=90)
    review_hours: float = Field(default=24, gt=0, le=720)
    second_look_days: int = Field(default=1, ge=1, le=30)
    hold_hours: float = Field(default=4, gt=0, le=720)
    return_hours: float = Field(default=24, gt=0, le=720)
    min_age_days: Span = 14
    links_per_hour: int = Field(default=3, ge=1)
    links_per_day: int = Field(default=5, ge=1)
    wait_minutes: list[Span] = Field(default=[1, 2, 5, 15], min_length=1)
    corrections_per_ticket: int = Field(default=3, ge=0)
    wrong_per_address: int = Field(default=50, ge=5)
    agent_links_per_hour: int = Field(default=60, ge=1)
    country_links_per_hour: int = Field(default=120, ge=1)
    countries: list[str] = Field(default_factory=list)
    copied: Copied = Field(default=Copied.EXCEPTIONS, alias="manager_copies")
    break_glass_minutes: float = Field(default=60, ge=0, le=60)

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
            second_look=self.second_look_days,
            hold=timedelta(hours=self.hold_hours),
            to_return=timedelta(hours=self.return_hours),
            min_age=timedelta(days=self.min_age_days),
            links_per_hour=self.links_per_hour,
            links_per_day=self.links_per_day,
            waits=tuple(timedelta(minutes=m) for m in self.wait_minutes),
            corrections_per_ticket=self.corrections_per_ticket,
            wrong_per_address=self.wrong_per_address,
            agent_links_per_hour=self.agent_links_per_hour,
            country_links_per_hour=self.country_links_per_hour,
            countries=tuple(self.countries),
            copied=self.copied,
            break_glass=timedelta(minutes=self.break_glass_minutes),
        )
