"""Which face is meant: the candidate's zone in a live frame, the dominant face in a still."""

from collections.abc import Sequence

from biometrics.detect import Face
from biometrics.errors import NoFaceError, TwoFacesError
from biometrics.quality import Zone
from biometrics.quality_errors import FaceOutsideError

Rectangle = tuple[float, float, float, float]


def zone_rectangle(zone: Zone) -> Rectangle:
    """Return the candidate's zone as (left, top, right, bottom) in shares of the frame, 0 to 1, for a preview to
    draw. It is the same in a mirrored preview."""
    return 0.5 - zone.width / 2, 0.5 - zone.height / 2, 0.5 + zone.width / 2, 0.5 + zone.height / 2


def in_zone(face: Face, width: float, height: float, zone: Zone) -> bool:
    """Say whether a face's centre lies in the zone of a frame of `width` × `height` pixels."""
    x, y = face.centre
    left, top, right, bottom = zone_rectangle(zone)
    return left <= x / width <= right and top <= y / height <= bottom


def live_face(faces: Sequence[Face], width: float, height: float, zone: Zone) -> Face:
    """Return the one face in the candidate's zone of a live frame of `width` × `height` pixels.

    A second face of comparable size there raises TwoFacesError; outside the zone it does not matter. Raises
    FaceOutsideError when there are faces, but none in the zone, and NoFaceError when there are none.
    """
    inside = [face for face in faces if in_zone(face, width, height, zone)]
    if faces and not inside:
        raise FaceOutsideError(faces=len(faces))
    return _only(inside, zone.rival)


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
