"""Property tests here draw numbers by the thousand: on a busy machine one may take a while."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
