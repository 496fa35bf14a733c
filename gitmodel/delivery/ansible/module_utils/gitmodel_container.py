"""Start a container in the place of this process, once what is left of its name is removed.

``python -m …gitmodel_container PROGRAM run … --name NAME …``: podman has an option for that, docker has not.
A keeper that was killed leaves its container behind, which holds its port. Standard library only.
"""

import os
import subprocess
import sys


def main() -> None:
    """Remove, then become the engine."""
    argv = sys.argv[1:]
    name = argv[argv.index("--name") + 1]
    subprocess.run([argv[0], "rm", "--force", name], check=False, capture_output=True)
    os.execv(argv[0], argv)  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
