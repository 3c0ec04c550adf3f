"""The face: camera, image decoding, detection, template, comparison. Terms: ISO/IEC 2382-37.

Nothing heavy is loaded on import. Start at `engine.FaceEngine` and `camera.open_camera`.
"""

import os

# OpenCV reads these once, when it is loaded: no messages of its inner engine on the terminal, and no longer
# than 3 s inside the driver of a camera that stopped answering.
for _name, _value in (
    ("OPENCV_LOG_LEVEL", "ERROR"),
    ("OPENCV_FFMPEG_LOGLEVEL", "-8"),
    ("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3"),
):
    os.environ.setdefault(_name, _value)
