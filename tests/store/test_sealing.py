"""What has to be read again is encrypted under a key that is not in the database."""

import pytest

from deskward.core.errors import SettingsError
from deskward.core.secret import Secret
from deskward.store.sealing import Sealer

SEALER = Sealer(b"k" * 32)


@pytest.mark.parametrize("text", ["JBSWY3DPEHPK3PXP", "é – 秘密", "x" * 10_000])
def test_what_is_sealed_is_opened_again(text: str) -> None:
    sealed = SEALER.sealed(Secret(text), "a-1")
    assert text not in sealed.reveal()
    assert SEALER.opened(sealed, "a-1") == Secret(text)


def test_the_same_secret_is_sealed_otherwise_each_time() -> None:
    assert SEALER.sealed(Secret("x"), "a-1") != SEALER.sealed(Secret("x"), "a-1")


def test_an_empty_secret_stays_empty() -> None:
    assert SEALER.sealed(Secret(""), "a-1") == Secret("")
    assert SEALER.opened(Secret(""), "a-1") == Secret("")


def test_another_key_does_not_open_it() -> None:
    sealed = SEALER.sealed(Secret("x"), "a-1")
    with pytest.raises(SettingsError, match="cannot be opened"):
        Sealer(b"o" * 32).opened(sealed, "a-1")


def test_a_secret_moved_to_another_row_is_not_opened() -> None:
    sealed = SEALER.sealed(Secret("x"), "a-1")
    with pytest.raises(SettingsError, match="cannot be opened"):
        SEALER.opened(sealed, "a-2")


@pytest.mark.parametrize("broken", ["x", "é", "AAAA", "A" * 40, "no base 64!"])
def test_what_is_no_sealed_text_is_not_opened(broken: str) -> None:
    with pytest.raises(SettingsError, match="cannot be opened"):
        SEALER.opened(Secret(broken), "a-1")


def test_a_changed_sign_is_noticed() -> None:
    sealed = SEALER.sealed(Secret("secret"), "a-1").reveal()
    turned = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    with pytest.raises(SettingsError, match="cannot be opened"):
        SEALER.opened(Secret(turned), "a-1")
