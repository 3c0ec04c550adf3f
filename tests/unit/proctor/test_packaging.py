"""Promises of the packaging that a green import would not show."""

from importlib.metadata import distributions


def test_one_distribution_owns_cv2() -> None:
    owners = {
        dist.metadata["Name"]
        for dist in distributions()
        if any(str(file).startswith("cv2/") for file in dist.files or [])
    }
    assert owners == {"opencv-python-headless"}
