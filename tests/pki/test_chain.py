"""From signer to pinned CSCA: issuer, roles, country, scope, time, revocation."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from readers.emrtd.pki.certificate import read_certificate
from readers.emrtd.pki.chain import (
    Anchor,
    Document,
    require_fit,
    require_in_time,
    require_issuer,
    require_not_revoked,
    scope_of,
)
from readers.emrtd.pki.crl import read_crl
from readers.emrtd.pki.errors import (
    ChainError,
    ClockSuspectError,
    CountryMismatchError,
    IssuingStateUnknownError,
    NoTrustAnchorError,
    RevocationUnknownError,
    RevokedError,
    ScopeError,
    SigningTimeUnknownError,
    WeakAlgorithmError,
)
from readers.emrtd.pki.profile import edition_of
from readers.emrtd.pki.states import STATES
from readers.errors import ReaderError
from tests.support.softcard import NOW
from tests.support.softcard_certificates import authority, issue
from tests.support.trust_files import link

CSCA = authority()
SIGNER = CSCA.signer()
DAY = timedelta(days=1)
CARD = Document(code="ID", issuing_state="VNM", signing_time=NOW - DAY)


def anchor(made=CSCA, scope="identity-card") -> Anchor:
    return Anchor(certificate=read_certificate(made.encoded), scope=scope)


def signer(**changes):
    return read_certificate(CSCA.signer(**changes).encoded)


# --- issuer ------------------------------------------------------------------------------------------------


def test_signer_of_a_pinned_csca() -> None:
    assert require_issuer(read_certificate(SIGNER.encoded), [anchor()]) == anchor()


def test_no_csca_of_that_name() -> None:
    with pytest.raises(NoTrustAnchorError) as caught:
        require_issuer(read_certificate(SIGNER.encoded), [])
    assert caught.value.facts["reason"] == "issuer-name"
    assert not caught.value.conclusive


def test_own_csca_with_the_same_name_and_key_identifier() -> None:
    forged = authority(key_id=CSCA.spec.key_id)
    with pytest.raises(ChainError) as caught:
        require_issuer(read_certificate(forged.signer().encoded), [anchor()])
    assert caught.value.facts["reason"] == "signature"
    assert caught.value.conclusive


def test_new_key_of_a_known_csca_is_unknown_not_forged() -> None:
    with pytest.raises(NoTrustAnchorError) as caught:
        require_issuer(read_certificate(authority().signer().encoded), [anchor()])
    assert caught.value.facts["reason"] == "issuer-key"


def test_rollover_finds_the_right_one_of_two_keys() -> None:
    newer = authority()
    found = require_issuer(read_certificate(newer.signer().encoded), [anchor(), anchor(newer)])
    assert found == anchor(newer)


def test_without_a_pointer_every_key_of_the_name_is_tried() -> None:
    bare = read_certificate(CSCA.signer(authority_key_id=None).encoded)
    assert require_issuer(bare, [anchor(authority()), anchor()]) == anchor()
    stranger = read_certificate(authority().signer(authority_key_id=None).encoded)
    with pytest.raises(NoTrustAnchorError):
        require_issuer(stranger, [anchor()])


def test_pointer_by_serial_number() -> None:
    found = signer(authority_key_id=None, authority_serial=1)
    assert require_issuer(found, [anchor(authority()), anchor()]) == anchor()
    stranger = read_certificate(authority().signer(authority_key_id=None, authority_serial=1).encoded)
    with pytest.raises(ChainError):
        require_issuer(stranger, [anchor()])


@pytest.mark.parametrize(
    "pointer", [{"authority_key_id": b"another"}, {"authority_key_id": None, "authority_serial": 2}]
)
def test_a_wrong_pointer_is_no_obstacle_to_the_key_that_signed(pointer) -> None:
    found = signer(**pointer)
    assert require_issuer(found, [anchor(authority()), anchor()]) == anchor()
    if pointer["authority_key_id"]:
        assert "ds-authority-key-differs" in require_fit(found, anchor(), CARD)[1]
    with pytest.raises(NoTrustAnchorError) as caught:
        require_issuer(found, [anchor(authority())])
    assert caught.value.facts["reason"] == "issuer-key"


@pytest.mark.parametrize("scope", ["identity-card", "passport"])
def test_of_a_key_pinned_for_both_kinds_the_one_for_this_document_is_taken(scope: str) -> None:
    """Whichever came first, and though the other's certificate fits the time better."""
    old = authority(CSCA.key, serial=2, start=NOW - 500 * DAY, end=NOW - 100 * DAY)
    other = {"identity-card": "passport", "passport": "identity-card"}[scope]
    wanted, unwanted = anchor(old, scope), anchor(CSCA, other)
    for order in ([wanted, unwanted], [unwanted, wanted]):
        assert require_issuer(signer(), order, scope) == wanted


def test_the_certificate_of_a_key_that_was_valid_then_is_taken() -> None:
    """One key in an expired and a renewed certificate; and in a link beside its root."""
    renewed = authority(CSCA.key, serial=2, start=NOW - 30 * DAY)
    expired = authority(CSCA.key, serial=3, start=NOW - 500 * DAY, end=NOW - 100 * DAY)
    found = signer()
    for order in ([anchor(expired), anchor(renewed)], [anchor(renewed), anchor(expired)]):
        assert require_issuer(found, order) == anchor(renewed)
    old = authority()
    linked = Anchor(certificate=read_certificate(link(old, CSCA)), scope="identity-card")
    for order in ([linked, anchor()], [anchor(), linked]):
        assert require_issuer(found, order) == anchor()
    assert require_issuer(found, [linked]) == linked


def test_signer_certificate_signed_with_sha1() -> None:
    with pytest.raises(WeakAlgorithmError):
        require_issuer(signer(hash_name="sha1"), [anchor()])


def test_rsa_csca() -> None:
    made = authority(rsa.generate_private_key(65537, 2048), hash_name="sha256")
    found = read_certificate(made.signer(hash_name="sha256").encoded)
    assert require_issuer(found, [anchor(made)]) == anchor(made)


def test_names_compare_without_case_and_spacing() -> None:
    changed = {"country_name": "vn", "organization_name": " TEST ", "common_name": "csca  test"}
    found = read_certificate(CSCA.signer(issuer=changed).encoded)
    assert found.issuer.key == anchor().certificate.subject.key


# --- fit ---------------------------------------------------------------------------------------------------


def test_national_deviations_are_accepted_by_name() -> None:
    profile, found = require_fit(read_certificate(SIGNER.encoded), anchor(), CARD)
    assert profile == "VN-ID"
    assert found == ("csca-no-san", "csca-no-ian", "ds-no-ian", "ds-san-locality", "ds-no-document-type")


@pytest.mark.parametrize(
    "changes",
    [{"is_ca": True}, {"subject": CSCA.spec.subject}, {"key": CSCA.key}],
    ids=["authority", "self-issued", "key of the csca"],
)
def test_signer_that_is_an_authority(changes) -> None:
    with pytest.raises(ChainError) as caught:
        require_fit(signer(**changes), anchor(), CARD)
    assert caught.value.facts["reason"] == "signer-is-authority"


def test_self_signed_signer_has_no_anchor() -> None:
    key = ec.generate_private_key(ec.BrainpoolP384R1())
    spec = CSCA.signer_spec(key, issuer={"country_name": "VN", "common_name": "Signer Test"})
    spec.subject = spec.issuer
    with pytest.raises(NoTrustAnchorError):
        require_issuer(read_certificate(issue(spec, key)), [])


def test_key_usage_and_critical_extensions() -> None:
    with pytest.raises(ChainError) as caught:
        require_fit(signer(usage=frozenset({"key_agreement"})), anchor(), CARD)
    assert caught.value.facts["reason"] == "key-usage"
    with pytest.raises(ChainError) as caught:
        require_fit(signer(critical="2.25.1"), anchor(), CARD)
    assert caught.value.facts["reason"] == "critical-extension"
    assert require_fit(signer(usage=None), anchor(), CARD)


@pytest.mark.parametrize(
    "document",
    [
        Document(code="ID", issuing_state="D", signing_time=NOW),
        Document(code="ID", issuing_state="LAO", signing_time=NOW),
        Document(code="ID", issuing_state="UTO", signing_time=NOW),
    ],
)
def test_issuing_state_of_another_country(document: Document) -> None:
    with pytest.raises(CountryMismatchError):
        require_fit(read_certificate(SIGNER.encoded), anchor(), document)


def test_signer_of_another_country() -> None:
    with pytest.raises(CountryMismatchError):
        require_fit(signer(subject={"country_name": "DE", "common_name": "x"}), anchor(), CARD)


def test_passport_csca_signing_an_identity_card() -> None:
    with pytest.raises(ScopeError) as caught:
        require_fit(read_certificate(SIGNER.encoded), anchor(scope="passport"), CARD)
    assert caught.value.facts["reason"] == "anchor"
    assert caught.value.conclusive


def test_document_types_of_the_signer() -> None:
    assert require_fit(signer(document_types=("ID",)), anchor(), CARD)
    with pytest.raises(ScopeError) as caught:
        require_fit(signer(document_types=("P",)), anchor(), CARD)
    assert caught.value.facts["reason"] == "document-type"


@pytest.mark.parametrize(
    ("code", "scope"), [("ID", "identity-card"), ("I", "identity-card"), ("P", "passport"), ("V", "unknown")]
)
def test_scope_of_document_codes(code: str, scope: str) -> None:
    assert scope_of(code) == scope


@pytest.mark.parametrize("state", ["", "VN", "XYZ", "vnm"])
def test_unknown_issuing_state_is_no_evidence(state: str) -> None:
    with pytest.raises(IssuingStateUnknownError) as caught:
        require_fit(
            read_certificate(SIGNER.encoded),
            anchor(),
            Document(code="ID", issuing_state=state, signing_time=NOW),
        )
    assert not caught.value.conclusive


@pytest.mark.parametrize(
    ("state", "country"),
    [("D", "DE"), ("GBR", "GB"), ("GBN", "GB"), ("UTO", "UT"), ("RKS", "XK"), ("UNO", "UN"), ("CHN", "HK")],
)
def test_issuing_states_and_the_countries_of_their_certificates(state: str, country: str) -> None:
    made = foreign(country)
    found = read_certificate(made.signer(subject={"country_name": country, "common_name": "x"}).encoded)
    document = Document(code="P", issuing_state=state, signing_time=NOW)
    assert require_fit(found, anchor(made, "passport"), document)[0] == "ICAO"


def test_every_country_of_iso_3166_has_a_state() -> None:
    assert len(STATES) > 260
    assert all(1 <= len(state) <= 3 and state.isupper() for state in STATES)
    assert all(len(country) == 2 for countries in STATES.values() for country in countries)
    assert STATES["VNM"] == ("VN",)


def test_a_country_in_small_letters_is_a_recorded_deviation() -> None:
    made = foreign("de")
    found = read_certificate(made.signer(subject={"country_name": "de", "common_name": "x"}).encoded)
    document = Document(code="P", issuing_state="D", signing_time=NOW)
    _profile, names = require_fit(found, anchor(made, "passport"), document)
    assert {"csca-country-case", "ds-country-case"} <= set(names)


# --- profiles ----------------------------------------------------------------------------------------------


def foreign(country: str = "LA"):
    return authority(name={"country_name": country, "common_name": "CSCA"})


def foreign_fit(**changes):
    made = foreign()
    found = made.signer(**{"subject": {"country_name": "LA", "common_name": "x"}, **changes})
    document = Document(code="P", issuing_state="LAO", signing_time=NOW)
    return require_fit(read_certificate(found.encoded), anchor(made, "passport"), document)


def test_a_passport_issued_under_an_older_edition_is_read_with_its_deviations() -> None:
    old = signer(start=NOW.replace(year=2014), end=NOW)
    assert edition_of(old) == "before-7"
    assert edition_of(signer()) == "7"
    profile, names = foreign_fit(locality=None, used_until=None)
    assert profile == "ICAO"
    assert set(names) == {
        *("csca-no-san", "csca-no-ian", "ds-no-san", "ds-no-ian"),
        *("ds-no-document-type", "ds-no-usage-period"),
    }


def test_a_vietnamese_passport_is_read_under_the_profile_of_passports() -> None:
    document = Document(code="P", issuing_state="VNM", signing_time=NOW)
    assert require_fit(signer(), anchor(scope="passport"), document)[0] == "ICAO"
    with pytest.raises(ChainError):
        require_fit(signer(usage=None), anchor(scope="passport"), document)


def test_a_passport_signer_without_key_usage_is_refused() -> None:
    with pytest.raises(ChainError) as caught:
        foreign_fit(usage=None)
    assert (caught.value.facts["reason"], caught.value.facts["deviation"]) == ("profile", "ds-no-key-usage")


def test_document_type_of_one_letter_covers_the_kind() -> None:
    assert require_fit(signer(document_types=("I",)), anchor(), CARD)
    with pytest.raises(ScopeError):
        require_fit(signer(document_types=("IR",)), anchor(), CARD)


# --- time --------------------------------------------------------------------------------------------------


def in_time(certificate, signing_time, at=NOW, made=CSCA) -> None:
    require_in_time(certificate, read_certificate(made.encoded), signing_time, at)


def test_expired_today_but_valid_at_signing() -> None:
    expired = signer(start=NOW - 4000 * DAY, end=NOW - 30 * DAY, used_until=NOW - 3900 * DAY)
    old = authority(start=NOW - 5000 * DAY, end=NOW - 10 * DAY)
    assert not expired.validity.covers(NOW)
    in_time(expired, NOW - 3950 * DAY, made=old)  # raises nothing


def test_signer_made_after_the_cscas_key_went_out_of_use() -> None:
    retired = authority(used_until=NOW - 20 * DAY)
    with pytest.raises(ChainError) as caught:
        in_time(signer(start=NOW - 10 * DAY), NOW, made=retired)
    assert caught.value.facts["reason"] == "issuer-usage-period"
    in_time(signer(start=NOW - 30 * DAY), NOW, made=retired)  # made while it was: raises nothing


@pytest.mark.parametrize("purpose", ["2.23.136.1.1.3", "1.3.6.1.5.5.7.3.1"])
def test_a_certificate_for_another_purpose_signs_no_document(purpose: str) -> None:
    usage = {
        "extn_id": "extended_key_usage",
        "critical": False,
        "extn_value": x509.ExtKeyUsageSyntax([purpose]),
    }
    with pytest.raises(ChainError) as caught:
        require_fit(signer(extra=[usage]), anchor(), CARD)
    assert caught.value.facts["reason"] == "extended-key-usage"


def test_a_signer_without_key_usage_is_a_recorded_deviation() -> None:
    _profile, found = require_fit(signer(usage=None), anchor(), CARD)
    assert "ds-no-key-usage" in found


@pytest.mark.parametrize(
    ("signing_time", "reason"),
    [(NOW - 11 * DAY, "signing-time"), (NOW + 81 * DAY, "usage-period"), (NOW + 3651 * DAY, "signing-time")],
)
def test_signed_outside_the_signers_time(signing_time, reason: str) -> None:
    with pytest.raises(ChainError) as caught:
        in_time(read_certificate(SIGNER.encoded), signing_time, at=NOW + 4000 * DAY)
    assert caught.value.facts["reason"] == reason


def test_signed_in_the_future() -> None:
    with pytest.raises(ClockSuspectError) as caught:
        in_time(read_certificate(SIGNER.encoded), NOW + 3 * DAY)
    assert not caught.value.conclusive
    in_time(read_certificate(SIGNER.encoded), NOW + DAY / 2)


def test_without_a_signing_time() -> None:
    in_time(read_certificate(SIGNER.encoded), None)
    with pytest.raises(SigningTimeUnknownError):
        in_time(read_certificate(SIGNER.encoded), None, at=NOW + 3651 * DAY)


def test_signer_issued_or_used_when_the_csca_was_not_valid() -> None:
    late = authority(start=NOW - 5 * DAY)
    with pytest.raises(ChainError) as caught:
        in_time(read_certificate(SIGNER.encoded), NOW - DAY, made=late)
    assert caught.value.facts["reason"] == "issuer-validity"
    ended = authority(end=NOW - 3 * DAY)
    with pytest.raises(ChainError):
        in_time(read_certificate(SIGNER.encoded), NOW - DAY, made=ended)


@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("signing_time", [NOW, None])
def test_a_time_at_either_end_of_the_calendar_is_only_wrong(at: datetime, signing_time) -> None:
    """The day of reading that a file of evidence names is anybody's to write."""
    with contextlib.suppress(ReaderError):
        in_time(read_certificate(SIGNER.encoded), signing_time, at)
    with pytest.raises(RevocationUnknownError):
        revocation(CSCA.crl(), at)


# --- revocation --------------------------------------------------------------------------------------------


def revocation(crl, at=NOW) -> int:
    return require_not_revoked(
        read_certificate(SIGNER.encoded), read_certificate(CSCA.encoded), crl and read_crl(crl), at
    )


def test_fresh_crl() -> None:
    assert revocation(CSCA.crl(77)) == 0
    assert revocation(CSCA.crl(), at=NOW + 89 * DAY) == 89


@pytest.mark.parametrize(("serial", "what"), [(0x1234, "signer"), (1, "csca")])
def test_revoked(serial: int, what: str) -> None:
    with pytest.raises(RevokedError) as caught:
        revocation(CSCA.crl(5, serial))
    assert caught.value.facts["what"] == what
    assert caught.value.conclusive


def test_revoked_on_a_stale_list_stays_revoked() -> None:
    with pytest.raises(RevokedError):
        revocation(CSCA.crl(0x1234), at=NOW + 400 * DAY)


@pytest.mark.parametrize(
    ("crl", "at", "reason", "age"),
    [
        (None, NOW, "no-crl", None),
        (CSCA.crl(), NOW + 91 * DAY, "crl-stale", 91),
        (CSCA.crl(), NOW - 5 * DAY, "crl-from-future", -5),
    ],
)
def test_revocation_unknown(crl, at, reason: str, age: int | None) -> None:
    with pytest.raises(RevocationUnknownError) as caught:
        revocation(crl, at)
    assert caught.value.facts["reason"] == reason
    assert caught.value.facts.get("age_days") == age
    assert not caught.value.conclusive
