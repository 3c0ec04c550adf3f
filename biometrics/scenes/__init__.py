"""Rendered scenes: a person or an attack before a camera, who sees the candidate's screen and does as it says.

For training and tests. Shares no code and no parameter with `biometrics.pad`, which must not know how they are made.
"""
