"""The REST API: one server, several faces, each a sub-application.

A sub-application is a `Face`: where it is mounted, its `Operation`s, how it reads an API key from
a request and how it writes an error. `ivr.api.faces.FACES` lists them: a line there mounts it.
Each operation's function takes a `Visit` and returns a `msgspec.Struct` or None:

    async def show_phrases(visit: Visit) -> Phrases:
        return Phrases(...visit.part("locale")...)

    FACE = Face("/speaker-recognition", OPERATIONS, credential_in_header, render_azure_error)

Before the function is called the program was authenticated, within its rate, and had the scope that
the operation names. `visit.program.tenant` is whose data it may see; `visit.office` holds the
stores and the engine, every one of them to be called with that tenant. `await visit.json(T)`,
`visit.query(T)` and `await visit.recordings()` read the request, within the limits, in memory, the
audio decoded in a thread. What is wrong is raised as an `ApiError` of `ivr.api.errors`; so are
unknown paths, refused audio (`RefusedAudioError`) and an absent database (`UnavailableError`).
"""
