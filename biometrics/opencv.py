"""OpenCV's process-wide settings (its environment is set in the package's __init__)."""

import os

import cv2

MOST_THREADS = 4


def prepare() -> None:
    """Keep OpenCV's threads to what a small model can use: more of them only cost hand-over."""
    cv2.setNumThreads(min(MOST_THREADS, os.cpu_count() or 1))
