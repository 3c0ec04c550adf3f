"""The errors of the record: one stable code each, facts that identify nobody."""

from __future__ import annotations

from typing import ClassVar


class SessionsError(Exception):
    """Base of every error of this package.

    `code` is stable and has a text in every language; `conclusive` says that the error is evidence against
    what was examined (without it, nothing could be decided). `facts` hold no name, number, image or key.
    """

    code: ClassVar[str] = "sessions-error"
    conclusive: ClassVar[bool] = False

    def __init__(self, **facts: str | int) -> None:
        self.facts: dict[str, str | int] = dict(facts)
        details = ", ".join(f"{key}={value}" for key, value in facts.items())
        super().__init__(f"{self.code} ({details})" if details else self.code)


# -- stored forms ----------------------------------------------------------------------------------


class CanonicalFormError(SessionsError):
    """Bytes or values that are not the one canonical form of a body."""

    code = "body-not-canonical"
    conclusive = True


class ProofError(SessionsError):
    """A Merkle proof that does not lead to the given root."""

    code = "log-proof-invalid"
    conclusive = True


class NoteFormatError(SessionsError):
    """Text that is no signed note, checkpoint or verifier key."""

    code = "note-malformed"


class NoteSignatureError(SessionsError):
    """A note without a valid signature of the expected key."""

    code = "note-signature-invalid"
    conclusive = True


class UnknownStationError(SessionsError):
    """A note signed by a station that this machine has no pinned key for."""

    code = "unknown-station"


class StationKeyMismatchError(SessionsError):
    """The pinned key of this origin is another one."""

    code = "station-key-mismatch"
    conclusive = True


# -- keys and people -------------------------------------------------------------------------------


class KeysMissingError(SessionsError):
    """The data root has no keys yet: its first user was never added."""

    code = "keys-missing"


class KeysDamagedError(SessionsError):
    """A key file cannot be read or does not open under the right master key."""

    code = "keys-damaged"


class WrongSecretError(SessionsError):
    """User unknown or password wrong; the two are not told apart."""

    code = "login-failed"


class SecretTooShortError(SessionsError):
    """A password below the minimum length."""

    code = "secret-too-short"


class UserExistsError(SessionsError):
    """The user id is taken, or the first user was added before."""

    code = "user-exists"


class UserIdError(SessionsError):
    """A user id outside a-z, 0-9, '-', '.', '_' or longer than 32."""

    code = "user-id-invalid"


class UnknownRoleError(SessionsError):
    """A role that roles.toml does not know."""

    code = "role-unknown"


class RoleForbiddenError(SessionsError):
    """The operator's role may not do this."""

    code = "role-forbidden"


# -- data root -------------------------------------------------------------------------------------


class RootMissingError(SessionsError):
    """There is no data root at this path."""

    code = "root-missing"


class RootExistsError(SessionsError):
    """There is already a data root, or another thing, at this path."""

    code = "root-exists"


class RootKindError(SessionsError):
    """A training root where a real one is needed, or the other way round."""

    code = "root-kind-mismatch"
    conclusive = True


class RootDamagedError(SessionsError):
    """root.toml is missing a field, has an unknown one, or another schema."""

    code = "root-damaged"


class RootBusyError(SessionsError):
    """Another process holds the data root."""

    code = "root-busy"


# -- store -----------------------------------------------------------------------------------------


class StoreError(SessionsError):
    """Base of everything the database can do to us."""

    code = "store-error"


class StoreBusyError(StoreError):
    """Another writer held the database longer than we wait."""

    code = "store-busy"


class StoreFullError(StoreError):
    """No room left on the disk."""

    code = "store-full"


class StoreReadOnlyError(StoreError):
    """The database or its directory cannot be written."""

    code = "store-read-only"


class StoreIoError(StoreError):
    """The disk answered with an error."""

    code = "store-io"


class StoreUnreadableError(StoreError):
    """The database cannot be opened: no file, another key, or no database at all."""

    code = "store-cannot-open"


class StoreAlteredError(StoreError):
    """The database opens, and is not what this station wrote."""

    code = "store-altered"
    conclusive = True


class StoreSchemaError(StoreError):
    """The database was written by another version of the program."""

    code = "store-schema-unknown"


class SqliteTooOldError(StoreError):
    """The SQLite library has the WAL-reset bug (before 3.51.3)."""

    code = "sqlite-too-old"


class AttemptIdReusedError(StoreError):
    """An attempt id is already in the log with other contents."""

    code = "attempt-id-reused"


class EvidenceMissingError(StoreError):
    """No such evidence, or it was erased."""

    code = "evidence-missing"


class EvidenceErasedError(EvidenceMissingError):
    """The evidence was erased by a shred entry; there is no key any more."""

    code = "evidence-erased"


class EventFormError(StoreError):
    """An entry of no known kind, or without what its kind must have; a caller's fault, never a user's."""

    code = "event-form"


class KeyFileError(StoreError):
    """The file of evidence keys is missing, too short, or of another station."""

    code = "evidence-keys-damaged"


class StoreOnNetworkError(StoreError):
    """The log lies on a network drive, whose locks and syncs cannot be trusted."""

    code = "store-on-network"


class StoreMissingError(StoreError):
    """There was a log here and it is gone: no new one is made in its place."""

    code = "store-missing"


class InstanceChangedError(StoreError):
    """The database is a copy, was put back, or lies on another machine: a new epoch must be begun."""

    code = "store-instance-changed"


# -- rules, rosters, sessions ----------------------------------------------------------------------


class RulesError(SessionsError):
    """A rules file with a missing, unknown or impossible value."""

    code = "rules-invalid"


class UnknownRulesError(SessionsError):
    """There is no rules file of this id."""

    code = "rules-unknown"


class RosterUnreadableError(SessionsError):
    """The roster file cannot be read as a table with the needed columns."""

    code = "roster-unreadable"


class RosterPhotosError(SessionsError):
    """The photos of a roster cannot be read; fact `why`: missing, zip, too-many."""

    code = "roster-photos"


class RosterEmptyError(SessionsError):
    """The roster has no usable row."""

    code = "roster-empty"


class UnknownComponentError(SessionsError):
    """The rules know no such component."""

    code = "component-unknown"


class UnknownSessionError(SessionsError):
    """The log has no session of this id."""

    code = "session-unknown"


class RulesExpiredError(SessionsError):
    """The rules are not in force on the day of the session."""

    code = "rules-not-in-force"


class SessionClosedError(SessionsError):
    """The session was closed: nobody is checked in any more."""

    code = "session-closed"


class NotOnRosterError(SessionsError):
    """No row of the session's roster has this person."""

    code = "not-on-roster"


class ComponentNotListedError(SessionsError):
    """The candidate is on the roster, though not for this component."""

    code = "component-not-listed"


class ComponentNotHeldError(SessionsError):
    """The session does not hold this component; facts `component`, `held`: those that it holds."""

    code = "component-not-held"


class AlreadyAdmittedError(SessionsError):
    """The candidate was admitted in this session before."""

    code = "already-checked-in"


# -- department key, rotation, backup, restore --------------------------------------------------------


class DepartmentKeyError(SessionsError):
    """A file that is no department key, or a private one that lies bare outside training."""

    code = "department-key-invalid"


class DepartmentMismatchError(SessionsError):
    """This is another department's key than the one that is asked for."""

    code = "department-key-mismatch"


class DepartmentWrapError(SessionsError):
    """Something does not open under the department's key: wrapped for another one, altered, or of another use."""

    code = "department-wrap-invalid"


class DepartmentNotPinnedError(SessionsError):
    """The station knows no department key yet."""

    code = "department-not-pinned"


class DepartmentAlteredError(SessionsError):
    """The department key in the data root is not the one that the log names."""

    code = "department-altered"
    conclusive = True


# -- erasure, retention, holds -----------------------------------------------------------------------


class RosterDocumentError(SessionsError):
    """A stored roster that is none, or of which no single row can be erased (form 1)."""

    code = "roster-document-invalid"


class ErasureError(SessionsError):
    """Base of what stops an erasure before anything is written."""

    code = "erasure-refused"


class ErasureTargetError(ErasureError):
    """A piece that is not there, was erased before, belongs to another session, or can only be erased whole."""

    code = "erasure-target-invalid"


class ErasureHeldError(ErasureError):
    """Somebody placed a hold on what was to be erased: a dispute is open."""

    code = "erasure-held"


class ErasureNothingError(ErasureError):
    """There is nothing to erase: all of it is gone, or was never there."""

    code = "erasure-nothing"


class ErasureUnfinishedError(ErasureError):
    """The entry is durable and the keys are destroyed; older pages are left while another program holds the file."""

    code = "erasure-not-merged"


class SecondPersonError(ErasureError):
    """The entry needs two persons, and there is one."""

    code = "second-person-needed"


class HoldError(SessionsError):
    """A hold that is placed already, or none that could be released."""

    code = "hold-invalid"


class RetentionError(SessionsError):
    """Retention terms that cannot be: an unknown kind of data, no days, no source."""

    code = "retention-invalid"


# -- packs -----------------------------------------------------------------------------------------


class PackError(SessionsError):
    """Base of what a pack can be instead of a pack."""

    code = "pack-error"


class PackFormatError(PackError):
    """Bytes that are no pack, or one that was cut, edited or put together by somebody else."""

    code = "pack-malformed"
    conclusive = True


class PackVersionError(PackError):
    """A pack of a form that this program does not know."""

    code = "pack-version-unknown"


class PackUnreadableError(PackError):
    """No file, or one that cannot be read."""

    code = "pack-unreadable"


class PackAlteredError(PackError):
    """A pack that does not verify; nothing of it is written."""

    code = "pack-altered"
    conclusive = True


class PackRecipientError(PackError):
    """The pack was sealed to another department key."""

    code = "pack-other-recipient"


class PackSheetError(PackError):
    """A file among the sheets that no print entry of the session names."""

    code = "pack-sheet-unknown"


class PackFolderError(PackError):
    """The folder a pack is opened into has something in it."""

    code = "pack-folder-used"


class TokenLibraryError(SessionsError):
    """The PKCS#11 library, or the package that speaks to it, cannot be loaded."""

    code = "token-library"


class TokenPinError(SessionsError):
    """The token refuses the PIN, or is locked."""

    code = "token-pin"


class TokenKeyError(SessionsError):
    """The token has no such Ed25519 key, another one, several of the label, or cannot do Ed25519."""

    code = "token-key"


class TokenLostError(StoreError):
    """The token is absent or stopped answering."""

    code = "token-lost"


class TokenNeededError(StoreError):
    """Something must be signed, and the token with the station's key is not open."""

    code = "token-needed"


class KeysTrainingError(SessionsError):
    """A training root's keys lie bare and are not rotated."""

    code = "keys-training"


class RotationRefusedError(SessionsError):
    """A rotation cannot begin: attempts wait, no room, or a key that is in use already."""

    code = "rotation-refused"


class UnknownUserError(SessionsError):
    """The log has no user of this id."""

    code = "user-unknown"


# -- witnesses ---------------------------------------------------------------------------------------


class WitnessRefusedError(SessionsError):
    """A witness does not do what it was asked; `status` is the HTTP status of C2SP tlog-witness, `why` a word."""

    code = "witness-refused"


class WitnessFolderError(SessionsError):
    """A witness's folder is missing something, holds something else, or is one already."""

    code = "witness-folder-invalid"


class WitnessSettingsError(SessionsError):
    """The list of witnesses is not what the log's entries say it is: changed, cut, added to, or gone."""

    code = "witnesses-altered"
    conclusive = True


class WitnessNameError(SessionsError):
    """A witness that is not on the list, or is on it already."""

    code = "witness-not-listed"


class BackupFormError(SessionsError):
    """A file that is no backup, or of a form this version does not read."""

    code = "backup-invalid"


class BackupAlteredError(SessionsError):
    """A backup that is not what its manifest says, or whose parts do not belong together."""

    code = "backup-altered"
    conclusive = True


class BackupTargetError(SessionsError):
    """The place of a backup is absent, no folder, or went away."""

    code = "backup-target"


class BackupFullError(SessionsError):
    """No room for a backup."""

    code = "backup-full"


class BackupReadOnlyError(SessionsError):
    """The place of a backup cannot be written."""

    code = "backup-read-only"


class BackupIoError(SessionsError):
    """The disk or stick of a backup answered with an error."""

    code = "backup-io"


class BackupPlaceError(SessionsError):
    """Keys and data of a backup are to lie in one place, or in the data root itself."""

    code = "backup-same-place"


class BackupUnverifiedError(SessionsError):
    """What was written does not read back as what it should be."""

    code = "backup-unverified"


class RestoreTargetError(SessionsError):
    """The folder of a restore exists already."""

    code = "restore-target"


class RestoreLogError(SessionsError):
    """The log in a backup does not verify."""

    code = "restore-log"
    conclusive = True


class RestoreAnchorError(SessionsError):
    """What was given as an anchor is none of this station's, or contradicts the log in the backup."""

    code = "restore-anchor"


class RestoreKeysError(SessionsError):
    """The keys part does not fit the data part, or lacks keys that it must have."""

    code = "restore-keys"


# -- another key for a known station -----------------------------------------------------------------


class StationPinDiffersError(StationKeyMismatchError):
    """A key to pin is another one than the origin is pinned with, and nobody said that it takes its place."""

    code = "station-pin-differs"


class StationPinReplaceError(SessionsError):
    """The fingerprint of the key to be replaced is not that of the pinned one, or none is pinned."""

    code = "station-pin-replace"


class EnrolRefusedError(SessionsError):
    """A user who is to get a new password from two others is one of the two."""

    code = "enrol-refused"
