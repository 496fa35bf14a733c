"""The program that draws: a process of its own, which cannot read anything and may be ended.

It reads a JSON list of ``{"spec", "form", "scale"}`` and writes a JSON list of ``{"content"}`` (base64) or
``{"error"}``, in that order.
"""

import base64
import json
import resource
import sys
from typing import Any

_CPU = 60  # seconds
_MEMORY = 4 * 1024**3  # bytes; what Vega is held from taking is more than any picture needs


def main() -> None:
    """Draw what is asked for on standard input."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump([_drawn(order) for order in json.load(sys.stdin)], sys.stdout)


def _drawn(order: dict[str, Any]) -> dict[str, str]:
    import vl_convert

    spec = json.dumps(order["spec"])
    is_vega = "/vega/" in str(order["spec"].get("$schema"))
    try:
        if order["form"] == "png":
            draw = vl_convert.vega_to_png if is_vega else vl_convert.vegalite_to_png
            content = draw(spec, scale=order["scale"], allowed_base_urls=[])
        else:
            draw_svg = vl_convert.vega_to_svg if is_vega else vl_convert.vegalite_to_svg
            content = draw_svg(spec, allowed_base_urls=[]).encode()
    except ValueError as error:
        return {"error": str(error)}
    return {"content": base64.b64encode(content).decode("ascii")}


if __name__ == "__main__":
    main()
