"""Ansible module: hand over what a copy of this host's segments lacks, a round a call."""

import json
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils.gitmodel_segments import read_round  # noqa: TID252 - the one form ansible and Python both read


def main() -> None:
    """Read one round."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "known": {"type": "json", "required": True},
            "model": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        known = json.loads(module.params["known"])
        chunks, more = read_round(Path(module.params["root"]) / "state", known, module.params["model"])
    except OSError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, chunks=[chunk.as_json() for chunk in chunks], more=more)


if __name__ == "__main__":
    main()
