"""What holds for every test: a busy machine makes no example too slow; pytest's own limit still ends a hang.

Sixty generated examples where a test says no other number: `make fuzz` tries many more.
"""

from hypothesis import settings

settings.register_profile("proctor", deadline=None, max_examples=40)
settings.load_profile("proctor")
