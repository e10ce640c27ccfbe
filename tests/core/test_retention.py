"""How long a visit is remembered follows the months of familiarity."""

import pytest

from deskward.core.retention import Retention


@pytest.mark.parametrize(("months", "days"), [(1, 30), (6, 183), (12, 366)])
def test_a_visit_is_remembered_as_long_as_the_months_of_familiarity(months: int, days: int) -> None:
    assert Retention(months=months).visits.days == days
