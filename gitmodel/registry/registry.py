"""Questions to the registry, each answered from one batch read of git."""

from typing import NamedTuple

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.tags import Tag, read_tags
from gitmodel.git.tracking import default_remote
from gitmodel.registry.names import MODEL, check_model, is_version_number, number_key, split_tag, tag_name
from gitmodel.registry.versions import Version, parse_version


class Latest(NamedTuple):
    """A model and the newest version of it."""

    model: str
    version: str


class Unreadable(NamedTuple):
    """A tag that is named like a version but cannot be read, and why."""

    tag: str
    reason: str


class Registry:
    """The versions of the models of one repository.

    Args:
        repo: The repository; nothing is read before a question is asked.
    """

    def __init__(self, repo: Repository) -> None:
        self.repo = repo

    def latest(self) -> list[Latest]:
        """Return each model with its newest version, by name."""
        newest: dict[str, str] = {}
        for line in self.repo.git("for-each-ref", "--format=%(refname:strip=2)", "refs/tags/").splitlines():
            if parts := split_tag(line):
                model, number = parts
                newest[model] = max(newest.get(model, number), number, key=number_key)
        return [Latest(model, number) for model, number in sorted(newest.items())]

    def versions(self, model: str | None = None) -> list[Version]:
        """Return the versions of a model, or of all, newest first; what cannot be read is left out."""
        return self.read(model)[0]

    def read(
        self, model: str | None = None, *, headings: bool = False
    ) -> tuple[list[Version], list[Unreadable]]:
        """Return the versions, newest first, and the tags that look like versions but cannot be read.

        Args:
            model: Only those of this model.
            headings: Read of the facts of each only subject and body.
        """
        pattern = f"{check_model(model)}@v*" if model else ""
        versions, broken = [], []
        for tag in read_tags(self.repo, pattern):
            try:
                version = parse_version(tag, headings=headings)
            except InvalidFile as error:
                broken.append(Unreadable(tag.name, error.message))
                continue
            if version:
                versions.append(version)
        versions.sort(key=lambda version: number_key(version.version), reverse=True)
        return versions, broken

    def newest(self) -> tuple[list[Version], list[Unreadable]]:
        """Return the newest version of each model that can be read, and the newer tags that cannot."""
        by_model: dict[str, list[tuple[str, Tag]]] = {}
        for tag in read_tags(self.repo):
            if parts := split_tag(tag.name):
                by_model.setdefault(parts[0], []).append((parts[1], tag))
        versions, broken = [], []
        for numbered in by_model.values():
            numbered.sort(key=lambda pair: number_key(pair[0]), reverse=True)
            for _, tag in numbered:
                try:
                    version = parse_version(tag)
                except InvalidFile as error:
                    broken.append(Unreadable(tag.name, error.message))
                    continue
                versions += [version] if version else []
                break
        return versions, broken

    def version(self, ref: str) -> Version:
        """Find a version.

        Args:
            ref: ``credit-risk:4``, ``credit-risk:latest``, ``credit-risk:production`` (what should run in
                that environment), ``credit-risk`` (the latest), a tag, a Model-ID, or a commit: that of
                the result, or the one that was trained.

        Raises:
            UsageError: If there is no such version; the message names those there are.
            InvalidFile: If its tag cannot be read.
        """
        if split_tag(ref):
            return self._tagged(ref)
        model, found, wanted = ref.partition(":")
        if not found and (by_id := self._by_id(ref)):
            return by_id
        if not found and not self._has_versions(model) and (by_commit := self._at(ref)):
            return by_commit
        check_model(model)
        if is_version_number(wanted):
            return self._tagged(tag_name(model, wanted))
        return self._tagged(tag_name(model, self._number(model, wanted or "latest")))

    def _has_versions(self, model: str) -> bool:
        return any(split_tag(tag.name) for tag in read_tags(self.repo, f"{model}@v*", messages=False))

    def _number(self, model: str, wanted: str) -> str:
        """Return the number that a word stands for: ``latest``, or the name of an environment."""
        if wanted == "latest":
            names = (split_tag(tag.name) for tag in read_tags(self.repo, f"{model}@v*", messages=False))
            numbers = [parts[1] for parts in names if parts]
            if numbers:
                return max(numbers, key=number_key)
            raise UsageError(f"there is no version of {model}", hint=self._known_models())
        from gitmodel.registry.environments import env_tip, environments

        if env_tip(self.repo, wanted) is None:
            known = ", ".join(environments(self.repo)) or "none yet"
            raise UsageError(
                f"{model}:{wanted}: no such version or environment",
                hint=f"environments with a branch: {known}",
            )
        from gitmodel.registry.desired import read_desired

        desired = read_desired(self.repo, wanted).get(model)
        if desired is None or desired.version is None:
            raise UsageError(f"no version of {model} was promoted to {wanted}")
        return desired.version

    def _tagged(self, name: str) -> Version:
        found = [tag for tag in read_tags(self.repo, name) if tag.name == name]
        version = parse_version(found[0]) if found else None
        if version is None:
            raise UsageError(f"there is no version {name}", hint=self._known_versions(name))
        return version

    def _by_id(self, text: str) -> Version | None:
        """Find the version whose Model-ID, or whose commit, begins with some hexadecimal digits."""
        if len(text) < 4 or not all(char in "0123456789abcdef" for char in text):  # noqa: PLR2004 - as git
            return None
        tags = [tag for tag in read_tags(self.repo, messages=False) if split_tag(tag.name)]
        found = [tag for tag in tags if tag.object.startswith(text)]
        if len(found) > 1:
            raise UsageError(f"{text} is the beginning of more than one Model-ID", hint="give more digits")
        return self._only(text, found or [tag for tag in tags if tag.target.startswith(text)])

    def _at(self, revision: str) -> Version | None:
        """Find the version of a commit that has another name: a branch, HEAD~2.

        It points there, or was trained there, its result being a commit of its own.
        """
        commit = resolve(self.repo, revision)
        if commit is None:
            return None
        tags = [tag for tag in read_tags(self.repo, messages=False) if split_tag(tag.name)]
        there = [tag for tag in tags if tag.target == commit]
        if not there:
            trained = f"\nRun: {commit} "
            there = [tag for tag in read_tags(self.repo) if trained in tag.message and split_tag(tag.name)]
        if not there and not MODEL.match(revision):
            raise UsageError(
                f"no version is of commit {commit.short} ({revision})", hint=self._known_models()
            )
        return self._only(revision, there)

    def _only(self, text: str, tags: list[Tag]) -> Version | None:
        if len(tags) > 1:
            names = ", ".join(tag.name for tag in tags)
            raise UsageError(f"{text} is more than one version", hint=f"name one of: {names}")
        return self._tagged(tags[0].name) if tags else None

    def _known_models(self) -> str:
        models = [latest.model for latest in self.latest()]
        if models:
            return f"models with versions: {', '.join(models)}"
        if default_remote(self.repo):
            return "nothing is registered here yet; `gitmodel sync` brings what the remote has"
        return "nothing is registered yet"

    def _known_versions(self, tag: str) -> str:
        model = tag.rpartition("@v")[0]
        numbers = [latest.version for latest in self.latest() if latest.model == model]
        return f"the latest version of {model} is {numbers[0]}" if numbers else self._known_models()
