"""Ansible module: read objects of several kinds at once, as ``kubernetes.core.k8s_info`` reads one.

Each start of a module that speaks to a cluster costs a second, most of it to load the client.
"""

from ansible_collections.kubernetes.core.plugins.module_utils.ansiblemodule import (  # type: ignore[import-not-found]
    AnsibleModule,
)
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import (  # type: ignore[import-not-found]
    AUTH_ARG_SPEC,
)
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import (  # type: ignore[import-not-found]
    get_api_client,
)
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import (  # type: ignore[import-not-found]
    AnsibleK8SModule,
)
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import (  # type: ignore[import-not-found]
    CoreException,
)
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.service import (  # type: ignore[import-not-found]
    K8sService,
)


def main() -> None:
    """Ask for each kind in turn."""
    told = {"namespace": {"type": "str"}, "kinds": {"type": "list", "elements": "dict", "required": True}}
    module = AnsibleK8SModule(
        module_class=AnsibleModule, argument_spec={**AUTH_ARG_SPEC, **told}, supports_check_mode=True
    )
    found = []
    try:
        service = K8sService(get_api_client(module), module)
        for asked in module.params["kinds"]:
            answer = service.find(
                asked["kind"],
                asked["api_version"],
                namespace=module.params["namespace"],
                label_selectors=asked["labels"],
            )
            found += answer["resources"]
    except CoreException as error:
        module.fail_from_exception(error)
    module.exit_json(changed=False, resources=found)


if __name__ == "__main__":
    main()
