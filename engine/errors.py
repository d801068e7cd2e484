"""Errors of the engine: one root, and a type that says whose fault it is."""


class EngineError(Exception):
    """Root of everything the engine raises on purpose."""


class AudioError(EngineError):
    """The audio handed in is not what the function takes (the caller's fault)."""


class ModelError(EngineError):
    """A voice model or its card is absent, corrupt or unfit (the operator's to mend)."""


class ModelMismatchError(EngineError):
    """Two embeddings of different voice models were compared (the program's fault)."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"embeddings of model {left!r} and of model {right!r} cannot be compared")
        self.left = left
        self.right = right


class NoVoiceprintError(EngineError):
    """A comparison needs at least one voiceprint and got none (the program's fault)."""

    def __init__(self) -> None:
        super().__init__("there is no voiceprint to compare with: enroll the person first")
