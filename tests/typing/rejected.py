"""What a user's type checker must reject: an ignore that nothing needs is an error, so each line is a test.

Mypy is run on a copy without the next line, and must find an error where pyright does.
"""

# mypy: ignore-errors
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from therapeutic_process.records import Case, Participant, Session

client = Participant(id="c1", role="client")
client.role = "other"  # pyright: ignore[reportAttributeAccessIssue]
client.surname = "x"  # pyright: ignore[reportAttributeAccessIssue]
Participant(id="c1", role="patient")  # pyright: ignore[reportArgumentType]
Participant(role="client")  # pyright: ignore[reportCallIssue]
Participant("c1", "client")  # pyright: ignore[reportCallIssue]
Participant(id="c1", role="client", name="x")  # pyright: ignore[reportCallIssue]
Session(id="s1", number="one", status="held")  # pyright: ignore[reportArgumentType]
Case(id="k1", participants=client)  # pyright: ignore[reportArgumentType]
