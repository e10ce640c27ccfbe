"""The section `[retention]`: how long what is kept is kept (SR-121)."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from deskward.core.retention import Retention
from deskward.policy_settings import Section

Days = Annotated[int, Field(ge=1, le=36_500)]
_DEFAULT = Retention()


class RetentionSettings(Section):
    """Days and months after which the errands delete."""

    raw_days: Days = _DEFAULT.raw.days
    familiarity_months: int = Field(default=_DEFAULT.months, ge=1, le=24)
    results_days: int = Field(default=_DEFAULT.results.days, ge=90, le=36_500)
    audit_days: Days = _DEFAULT.audit.days

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        least = max(self.raw_days, self.retention().visits.days)
        if self.results_days < least:
            text = "results are kept at least as long as raw values and familiarity"
            raise ValueError(f"results_days: {text}; write {least} or more")
        if self.audit_days < self.results_days:
            text = "the audit log is kept at least as long as the results it tells of"
            raise ValueError(f"audit_days: {text}; write {self.results_days} or more")
        return self

    def retention(self) -> Retention:
        """Make the value that the core uses."""
        raw, results, audit = (timedelta(days=n) for n in (self.raw_days, self.results_days, self.audit_days))
        return Retention(raw, self.familiarity_months, results, audit)
