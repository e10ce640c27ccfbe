"""Tokens and codes are derived, bound to one link, and never stored."""

import base64
import re

from deskward.core.links import Keyring, digest, digits_of, new_id, new_nonce

RING = Keyring(b"k" * 32)


def test_sr_01_tokens_are_256_bits_derived_from_256_bit_nonces_and_all_differ() -> None:
    nonces = {new_nonce() for _ in range(2000)}
    tokens = {RING.token("DW-1", n).reveal() for n in nonces}
    assert len(nonces) == len(tokens) == 2000
    assert {len(bytes.fromhex(n)) for n in nonces} == {32}
    assert {len(base64.urlsafe_b64decode(t + "=")) for t in tokens} == {32}


def test_sr_02_a_digest_says_nothing_of_the_token() -> None:
    token = RING.token("DW-1", "n").reveal()
    assert token not in digest(token)
    assert re.fullmatch(r"[0-9a-f]{64}", digest(token))


def test_sr_12_the_fallback_code_has_8_digits_and_is_kept_under_the_key_only() -> None:
    codes = {RING.fallback("DW-1", str(n)).reveal() for n in range(500)}
    assert all(re.fullmatch(r"\d{8}", c) for c in codes)
    code = codes.pop()
    assert RING.fallback_digest(code) != digest(code)
    assert RING.fallback_digest(code) != Keyring(b"x" * 32).fallback_digest(code)


def test_sr_13_tokens_and_codes_belong_to_one_nonce_of_one_verification_under_one_key() -> None:
    made = [
        getattr(ring, kind)(v, n).reveal()
        for ring in (RING, Keyring(b"x" * 32))
        for kind in ("token", "fallback", "code")
        for v in ("DW-1", "DW-2")
        for n in ("n1", "n2")
    ]
    assert len(set(made)) == len(made)


def test_a_retry_derives_the_same() -> None:
    assert RING.token("DW-1", "n") == RING.token("DW-1", "n")
    assert RING.page_nonce("pin", 3) == RING.page_nonce("pin", 3) != RING.page_nonce("pin", 4)
    assert RING.private("address", "a") != RING.private("subject", "a")


def test_sr_08_the_call_code_has_6_digits_and_matches_itself_only() -> None:
    code = RING.code("DW-1", "n").reveal()
    assert re.fullmatch(r"\d{6}", code)
    assert RING.code_matches("DW-1", "n", code)
    assert not RING.code_matches("DW-1", "n", f"{(int(code) + 1) % 10**6:06}")
    assert not RING.code_matches("DW-1", "n", "١٢٣٤٥٦")


def test_typed_groups_are_welcome_and_foreign_digits_are_not() -> None:
    assert digits_of(" 123-456 ") == "123456"
    assert digits_of("١٢٣") == ""


def test_ids_are_readable_and_the_key_does_not_show() -> None:
    assert re.fullmatch(r"DW-[2-9A-HJKMNP-TV-Z]{10}", new_id("DW"))
    assert "kkk" not in repr(RING)
