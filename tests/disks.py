"""Whether a test may mount a small disk of its own, to fill it."""

import shutil
import subprocess


def can_mount() -> bool:
    """Whether this machine lets a process make private mounts."""
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode == 0
