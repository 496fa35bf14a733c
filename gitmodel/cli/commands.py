"""The table of commands: the module of each is imported only when the command is called.

A module is named as its command and holds it as ``command``; the short help here is the first sentence of
the command's own (a test compares them).
"""

SECTIONS: dict[str, dict[str, str]] = {
    "Begin": {
        "init": "Make a models repository, or with --server one to push to.",
        "demo": "Show the whole loop on this machine: push, train, gate, deploy, roll back.",
        "doctor": "Check this machine and this repository, and say what to do.",
        "validate": "Check model.yaml, environments/*.yaml and gitmodel.yaml.",
        "hooks": "Install git hooks, or take them away.",
        "completion": "Print the script that completes words in a shell.",
    },
    "Look": {
        "list": "List the models with their newest versions.",
        "log": "Show the versions of a model, or of all, newest first.",
        "show": "Show all that is known of a version.",
        "card": "Show the model card of a version: what it is, how good, where it fails, and who owns it.",
        "diff": "Show what differs between two versions, or what a change does to the models it touches.",
        "plots": "Draw the plots of a model, of two versions in one picture.",
        "blame": "Show which versions moved a metric, and what changed in them.",
        "checkout": "Check out code and data of a version, exactly as they were trained.",
        "lineage": "Show where a version comes from and what became of it.",
        "status": "Show what should run in each environment beside what runs.",
        "monitor": "Measure what serves in an environment, and judge it by its quality conditions.",
        "runs": "List what pushes have started on this server.",
        "logs": "Show the log of a run.",
        "site": "Write the registry as a site of plain files, or show it here.",
        "notebook": "Write a notebook that looks into a version, a run, or a training that failed.",
    },
    "Make a version": {
        "train": "Train a model at a commit, unless the same inputs were trained before.",
        "register": "Give the result of a training the next version number.",
        "package": "Make a version into a service that can run anywhere.",
        "serve": "Answer predictions with a version on this machine.",
        "predict": "Predict rows of a file with a version.",
        "reproduce": "Train a version again and say whether the same comes out.",
    },
    "Deliver": {
        "promote": "Choose the version that should run in an environment.",
        "rollback": "Put the version before back into an environment, and hold it there.",
        "hold": "Keep automation from promoting a model, or lift that.",
        "withdraw": "Take a model out of an environment.",
        "deploy": "Make an environment run what its branch says.",
        "render": "Print the objects of Kubernetes that an environment is made of.",
        "reconcile": "Compare what runs in an environment with what should, and mend it.",
    },
    "Watch": {
        "schedule": "Train and watch models by the clock of this machine.",
        "trigger": "Watch a model now, or train it anew: here, or on the forge.",
        "feedback": "What was true, or what people did, of predictions.",
    },
    "Exchange": {
        "import": "Bring models of another registry in.",
        "export": "Write models for another registry.",
    },
    "Automation": {
        "ci": "What pipelines call.",
        "gc": "Find files that no kept version needs, and with --delete delete them.",
        "sync": "Bring data and notes of this clone in line with the remote.",
    },
}
COMMANDS = tuple(name for section in SECTIONS.values() for name in section)
# They print, and leave neither files nor processes.
COMMANDS_THAT_READ = frozenset({"list", "log", "show", "lineage"})
