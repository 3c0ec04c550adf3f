"""Which face is meant: the candidate's zone in a live frame, the dominant face in a still."""

from collections.abc import Sequence

from biometrics.detect import Face
from biometrics.errors import NoFaceError, TwoFacesError
from biometrics.quality import Zone


def face_in_zone(faces: Sequence[Face], width: int, zone: Zone) -> Face:
    """Return the one face in the middle of a live frame `width` pixels wide.

    A second face of comparable size there raises TwoFacesError; outside the zone it does not matter. When the
    zone is empty, the only face in the frame counts. Raises NoFaceError.
    """
    inside = [face for face in faces if abs(face.centre[0] / width - 0.5) <= zone.width / 2]
    return _only(inside or list(faces), zone.rival)


def face_of_still(faces: Sequence[Face], width: int, height: int, zone: Zone) -> Face:
    """Return the face a photograph is about: large and central.

    A second face of comparable size that is about as central raises TwoFacesError. Raises NoFaceError.
    """
    if not faces:
        raise NoFaceError
    distance = {id(face): _off_centre(face, width, height) for face in faces}
    main = max(faces, key=lambda face: face.width * (1.0 - distance[id(face)]))
    reach = distance[id(main)] + zone.margin
    return _only([face for face in faces if face is main or distance[id(face)] <= reach], zone.rival)


def _off_centre(face: Face, width: int, height: int) -> float:
    x, y = face.centre
    return float(((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) ** 0.5)


def _only(faces: Sequence[Face], rival: float) -> Face:
    if not faces:
        raise NoFaceError
    main = max(faces, key=lambda face: face.width)
    several = [face for face in faces if face.width >= rival * main.width]
    if len(several) > 1:
        raise TwoFacesError(faces=len(several))
    return main
