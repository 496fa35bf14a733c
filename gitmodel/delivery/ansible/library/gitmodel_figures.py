"""Ansible module: put what was measured of live models where their services read it."""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils.gitmodel_figures import write_figures  # noqa: TID252 - the one form ansible and Python both read


def main() -> None:
    """Write the files."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "figures": {"type": "dict", "required": True},
        }
    )
    try:
        changed = write_figures(Path(module.params["root"]), module.params["figures"])
    except (OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
