"""Ask a service by name whether it is who it must be and predicts what it must; a Job of a cluster runs this.

``python -m checking.gitmodel_smoke FILE``: the file is JSON with ``host``, ``port``, ``program``, ``rows``
and ``seconds``. The exit code is 1 where it is the version's fault, 3 where it does not answer. Standard
library only.
"""

import json
import sys
from pathlib import Path

from .gitmodel_layout import VersionError, parse_program
from .gitmodel_probe import is_version, smoke, version_at, wait

AT_FAULT, SILENT = 1, 3


def main() -> int:
    """Check, and print what was found in a line or two."""
    asked = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    host, program = str(asked["host"]), parse_program(asked["program"]).at(int(asked["port"]))

    def answers() -> bool:
        return is_version(version_at(host, program.port), program)

    if not wait(answers, float(asked["seconds"]), pause=0.5):
        found = version_at(host, program.port)
        told = f"it answers {json.dumps(found)}" if found else "nobody answers"
        print(f"{host} is not {program.model} v{program.version}: {told}")  # noqa: T201
        return AT_FAULT if found else SILENT
    try:
        smoke(program, asked["rows"], host=host)
    except VersionError as error:
        print(f"{error.message}\n{error.detail}")  # noqa: T201
        return AT_FAULT
    print(f"{len(asked['rows'])} smoke predictions as expected")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
