"""Which files belong to the project."""

import os
import shutil
import subprocess


def tracked_files(root):
    """Paths, relative to `root`, of the files git tracks; where there is no git, of all but build/."""
    # safe.directory: in a container the clone often belongs to another user, and git would refuse to look.
    command = ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"]
    listing = shutil.which("git") and subprocess.run(command, capture_output=True, check=False)
    if listing and listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
    else:
        names = (os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, files in os.walk(root) for name in files)
        names = [name for name in names if not name.startswith(("build/", ".git/"))]
    # A file deleted in the work tree is still tracked until the deletion is committed.
    return sorted(name for name in set(names) if os.path.isfile(os.path.join(root, name)))
