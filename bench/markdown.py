"""Write a generated part into a Markdown file."""


def put_between(text: str, name: str, content: str) -> str:
    """Replace what stands between the markers of that name in a Markdown text.

    Raises:
        ValueError: If the text lacks them.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the markers {begin} and {end} are missing")
    return f"{before}{begin}\n{content}\n{end}{after}"
