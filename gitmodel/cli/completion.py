"""``gitmodel completion``: the script that lets a shell complete words."""

import click

_BASH = r"""# gitmodel: completion for bash.
_gitmodel() {
    local line=${COMP_LINE:0:COMP_POINT} kind word help
    COMPREPLY=()
    while IFS=$'\t' read -r kind word help; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$word") ;;
        esac
    done < <(_GITMODEL_COMPLETE=bash_complete _GITMODEL_LINE=$line gitmodel 2>/dev/null)
    # bash takes what stands before a colon for a word of its own, and replaces only what is behind it.
    word=${line##*[[:space:]]}
    if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
    fi
}
# For git's own completion, which wants the space behind a whole word too.
_git_gitmodel() {
    _gitmodel
    COMPREPLY=("${COMPREPLY[@]/%/ }")
}
complete -o nosort -F _gitmodel gitmodel
"""
_ZSH = r"""#compdef gitmodel git-gitmodel
# gitmodel: completion for zsh.
_gitmodel() {
    local -a found shown
    local kind word help line="gitmodel ${(j: :)words[2,CURRENT-1]} $PREFIX"
    while IFS=$'\t' read -r kind word help; do
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files ;;
            plain) found+=("$word"); shown+=("$word${help:+  -- $help}") ;;
        esac
    done < <(_GITMODEL_COMPLETE=zsh_complete _GITMODEL_LINE=$line gitmodel 2>/dev/null)
    (( $#found )) && compadd -V gitmodel -l -d shown -a found
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _gitmodel "$@"
else
    compdef _gitmodel gitmodel git-gitmodel
fi
"""
_FISH = r"""# gitmodel: completion for fish.
function __gitmodel_complete
    set -l line (commandline -cp)
    for row in (env _GITMODEL_COMPLETE=fish_complete _GITMODEL_LINE="$line" gitmodel 2>/dev/null)
        set -l parts (string split \t -- $row)
        switch $parts[1]
            case dir
                __fish_complete_directories (commandline -ct)
            case file
                __fish_complete_path (commandline -ct)
            case plain
                printf '%s\t%s\n' $parts[2] $parts[3]
        end
    end
end
complete -c gitmodel -f -k -a '(__gitmodel_complete)'
complete -c git -n '__fish_seen_subcommand_from gitmodel' -f -k -a '(__gitmodel_complete)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command(name="completion")
@click.argument("shell", type=click.Choice([*SCRIPTS]))
def command(*, shell: str) -> None:
    r"""Print the script that completes words in a shell.

    Commands and options are completed, and of this repository models, versions, environments, runs and
    branches. The script is to be read at the start of the shell.

    \b
    Examples:
      eval "$(gitmodel completion bash)"
      gitmodel completion fish > ~/.config/fish/completions/gitmodel.fish
    """
    click.echo(SCRIPTS[shell], nl=False)
