"""Errors of passive authentication and of the trust store, one stable code each."""

from __future__ import annotations

from readers.errors import ReaderError

# --- EF.SOD ------------------------------------------------------------------------------------------------


class SodMalformedError(ReaderError):
    """EF.SOD is not the signed object the standard prescribes; fact `reason`."""

    code = "sod-malformed"


class SodSignatureError(ReaderError):
    """The signature of EF.SOD does not hold; fact `reason`."""

    code = "pa-sod-signature"
    conclusive = True


class CardSecurityMalformedError(ReaderError):
    """EF.CardSecurity is not the signed object the standard prescribes; fact `reason`."""

    code = "card-security-malformed"


class CardSecuritySignatureError(ReaderError):
    """The signature of EF.CardSecurity does not hold; fact `reason`."""

    code = "card-security-signature"
    conclusive = True


class DataGroupHashError(ReaderError):
    """A data group is not the one EF.SOD lists; facts `data_group`, `reason`."""

    code = "pa-dg-hash"
    conclusive = True


class CardAccessMismatchError(ReaderError):
    """EF.CardAccess offers something the signed DG14 does not (9303-11 9.2.8)."""

    code = "card-access-mismatch"
    conclusive = True


class DataGroupWithheldError(ReaderError):
    """The SOD lists a data group that the chip does not give out; fact `data_group`."""

    code = "pa-dg-withheld"


class WeakAlgorithmError(ReaderError):
    """A hash, key or signature too weak to prove anything; facts `what`, `algorithm`."""

    code = "pa-weak-algorithm"
    conclusive = True


class UnsupportedAlgorithmError(ReaderError):
    """An algorithm this reader cannot judge; facts `what`, `algorithm`."""

    code = "pa-unsupported-algorithm"


class CurveParametersError(ReaderError):
    """Explicit curve parameters that are those of no standardised curve, such as a changed generator."""

    code = "pa-curve-parameters"
    conclusive = True


class CertificateMalformedError(ReaderError):
    """A certificate that cannot be read; fact `reason`."""

    code = "pa-certificate-malformed"


# --- chain -------------------------------------------------------------------------------------------------


class NoTrustAnchorError(ReaderError):
    """The trust store has no CSCA for this signer: not evidence against the card."""

    code = "pa-no-trust-anchor"


class ChainError(ReaderError):
    """The signer's certificate was not issued as it claims, or was used when it must not be; fact
    `reason`."""

    code = "pa-chain-invalid"
    conclusive = True


class CountryMismatchError(ReaderError):
    """Issuing state, document signer and CSCA do not name the same country."""

    code = "pa-country-mismatch"
    conclusive = True


class IssuingStateUnknownError(ReaderError):
    """The MRZ names an issuing state that no table gives a country of certificates for."""

    code = "pa-issuing-state-unknown"


class ScopeError(ReaderError):
    """The CSCA or the signer is not meant for this type of document."""

    code = "pa-scope"
    conclusive = True


class SigningTimeUnknownError(ReaderError):
    """EF.SOD carries no signing time and its signer's certificate has since expired."""

    code = "pa-signing-time-unknown"


class ClockSuspectError(ReaderError):
    """EF.SOD was signed in the future: either this machine's clock or the card is wrong."""

    code = "pa-clock-suspect"


class RevokedError(ReaderError):
    """The signer or its CSCA is on a CRL; facts `what`, `list` where an earlier one named it."""

    code = "pa-revoked"
    conclusive = True


class RevocationUnknownError(ReaderError):
    """The chain holds, but no CRL younger than 90 days says whether it is revoked; facts `reason`,
    `age_days`."""

    code = "pa-revocation-unknown"


# --- trust store -------------------------------------------------------------------------------------------


class TrustStoreMissingError(ReaderError):
    """There is no trust store in the directory."""

    code = "trust-store-missing"


class TrustStoreAlteredError(ReaderError):
    """The trust store is not the one that was signed; nothing in it may be used; fact `reason`."""

    code = "trust-store-altered"


class TrainingAnchorError(ReaderError):
    """A training certificate was offered to the store of a real station."""

    code = "training-anchor-refused"


class SecondPersonError(ReaderError):
    """An anchor needs two different persons."""

    code = "trust-second-person"


class CertificateRefusedError(ReaderError):
    """The file is no CSCA certificate this store may pin; fact `reason`."""

    code = "certificate-refused"


class CrlRefusedError(ReaderError):
    """The file is no CRL that one of the pinned CSCAs signed; fact `reason`."""

    code = "crl-refused"


class CrlRolledBackError(ReaderError):
    """The CRL is older than the one in the store: an alarm, not an update; facts `stored_number`,
    `offered_number`."""

    code = "crl-rolled-back"


class MasterListRefusedError(ReaderError):
    """The file is no CSCA master list that its country's authority vouches for; fact `reason`."""

    code = "master-list-refused"


class TrustFileUnknownError(ReaderError):
    """The file is nothing that a trust store takes in; fact `found` says what it looks like."""

    code = "trust-file-unknown"
