"""The errors of signing a sheet: one stable code each, facts that identify nobody."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from reports.errors import ReportsError


class SigningFileError(ReportsError):
    """A PDF that cannot be signed: damaged, or without the fields that the station made; fact `why`."""

    code = "signing-file"


class SigningFieldError(ReportsError):
    """No such field, or several for one role; facts `field` or `role`, `known` what there is."""

    code = "signing-field"


class SigningFieldTakenError(ReportsError):
    """A field that somebody has signed already."""

    code = "signing-field-taken"


class SigningCertificateError(ReportsError):
    """A certificate that cannot sign a sheet: unreadable, of another key, a weak or unknown kind of key; fact `why`."""

    code = "signing-certificate"


class SigningRefusedError(ReportsError):
    """A certificate that must not sign here and now; fact `status` is a SignatureStatus, `why` its cause."""

    code = "signing-refused"


class SigningKeyError(ReportsError):
    """A signature that the certificate's key did not make: the token gave another key's, or a damaged one."""

    code = "signing-key"


class AuthorityFileError(ReportsError):
    """A file that is no certificate of an authority, or none that may be pinned for this purpose; fact `why`."""

    code = "signing-authority-file"


class CrlFileError(ReportsError):
    """A file that is no revocation list of a pinned authority, or none that can be used now; fact `why`."""

    code = "signing-crl-file"


class CrlRollbackError(ReportsError):
    """A revocation list older than the one that is here; facts `stored_number`, `offered_number`."""

    code = "signing-crl-rollback"
    conclusive = True


UNREADABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What parsers of certificates, lists and answers raise for octets that somebody else chose."""
