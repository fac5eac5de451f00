"""How a test's child process tells its peak memory.

Not by ``ru_maxrss``: a child keeps there what its parent held when it was started, so that beside a
large parent a test of it fails for nothing, or cannot fail.
"""

from __future__ import annotations

PEAK = '''
def peak():
    """The most memory that this process ever held, in kB."""
    with open("/proc/self/status") as status:
        return int(status.read().partition("VmHWM:")[2].split()[0])
'''
"""To stand before a child's code, which then has ``peak()``."""
