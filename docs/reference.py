"""``python -m docs.reference`` writes what follows from commands, schemas and templates.

Parts of the Markdown files here, and the pipelines of the examples.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bench.markdown import put_between
from gitmodel import resources
from gitmodel.pipelines.rendering import PROVIDERS, render_into

DOCS = Path(__file__).parent
_WIDTH = 96
# Which schema is described where.
SCHEMAS = {
    "model-yaml.md": ("model", "gitmodel"),
    "environments.md": ("environment",),
    "formats.md": ("metrics-record",),
    "exchange.md": ("export",),
}


def parts(file: str) -> dict[str, str]:
    """Return the generated parts of a file, by the name of their markers."""
    if file == "commands.md":
        return {"commands": commands()}
    return {schema: keys(schema) for schema in SCHEMAS[file]}


def files() -> list[str]:
    """Return the names of the files that have generated parts."""
    return ["commands.md", *SCHEMAS]


def render(file: str) -> str:
    """Return the text of a file with its generated parts as they must be."""
    text = (DOCS / file).read_text("utf-8")
    for name, content in parts(file).items():
        text = put_between(text, name, content)
    return text


def commands() -> str:
    """Return the help of every command, by section."""
    from gitmodel.cli.commands import SECTIONS
    from gitmodel.cli.main import program

    blocks = []
    top = click.Context(program, info_name="gitmodel")
    for section, names in SECTIONS.items():
        blocks.append(f"## {section}")
        for name in names:
            command = program.get_command(top, name)
            assert command is not None, name
            blocks += _command(command, f"gitmodel {name}", top)
    return "\n\n".join(blocks)


def _command(command: click.Command, path: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent, terminal_width=_WIDTH)
    context.help_option_names = ["-h", "--help"]
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    text = "\n".join(lines)
    yield f"### {path}\n\n```text\n{text}\n```"
    for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
        yield from _command(inner, f"{path} {name}", context)


def keys(schema: str) -> str:
    """Return the keys that a schema allows, as a Markdown table."""
    document = json.loads((resources.folder("schemas") / f"{schema}.schema.json").read_text("utf-8"))
    rows = [
        f"| `{name}` | {meaning} | {default} |" for name, meaning, default in _keys(document, document, "")
    ]
    return "\n".join(["| key | meaning | default |", "| --- | --- | --- |", *rows])


def _keys(document: dict[str, Any], inside: dict[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, found in inside.get("properties", {}).items():
        schema = {**_referred(document, found), **found}
        yield prefix + name, _meaning(schema, name in inside.get("required", ())), _default(schema)
        yield from _keys(document, schema, f"{prefix}{name}.")
        items = schema.get("items", {})
        yield from _keys(document, {**_referred(document, items), **items}, f"{prefix}{name}[].")


def _referred(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
    return found


def _meaning(schema: dict[str, Any], required: bool) -> str:  # noqa: FBT001 - private
    words = str(schema.get("description", ""))
    choices = schema.get("enum", ()) or schema.get("items", {}).get("enum", ())
    if choices and not all(f"`{choice}`" in words for choice in choices):
        words += " One of: " + ", ".join(f"`{choice}`" for choice in choices) + "."
    return (words + (" **Required.**" if required else "")).replace("|", "\\|")


def _default(schema: dict[str, Any]) -> str:
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else ""


def examples() -> list[Path]:
    """Return the folders of the examples."""
    return sorted(path for path in resources.folder("examples").iterdir() if path.is_dir())


def main() -> None:
    """Write every generated part."""
    for file in files():
        (DOCS / file).write_text(render(file), "utf-8")
        print(f"docs/{file}")
    for folder in examples():
        for provider in PROVIDERS:
            render_into(folder, provider)
        print(f"examples/{folder.name}")


if __name__ == "__main__":
    main()
