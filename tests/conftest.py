"""What holds for every test: a busy machine makes no example too slow; pytest's own limit still ends a hang."""

from hypothesis import settings

settings.register_profile("proctor", deadline=None)
settings.load_profile("proctor")
