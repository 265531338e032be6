"""`python -m tests.clients`: real clients against a served sandbox. Exit 0 when all did as they should, else 1."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.clients.clients import Clients, names_for
from tests.clients.scenario import Step, Verdict, filled, judge, judge_task, load, unanswered
from tests.clients.served import served

HERE = Path(__file__).parent
SCENARIOS = ("az.yaml", "both.yaml", "ansible.yaml")


def run(step: Step, clients: Clients) -> Iterator[Verdict]:
    """One verdict a command, one a task."""
    if step.client == "ansible":
        for task, result in zip(step.play, clients.ansible(step.play), strict=True):
            yield judge_task(task, result, clients.names)
        return
    command = filled(step.command, clients.names)
    answer = clients.az(command) if step.client == "az" else clients.azbackup(command)
    yield Verdict(f"{step.client} {command}"[:150], judge(step, answer, clients.names))


def main(chosen: list[str]) -> int:
    verdicts: list[Verdict] = []
    with (
        tempfile.TemporaryDirectory(prefix="azbackup-clients-") as folder,
        served(Path(folder), HERE / "files" / "estate.yaml") as sandbox,
    ):
        clients = Clients(sandbox, names_for(sandbox))
        for name in chosen or SCENARIOS:
            print(f"\n{name}", flush=True)
            for step in load(HERE / "scenarios" / name):
                for verdict in run(step, clients):
                    verdicts.append(verdict)
                    print(f"  {'FAILED' if verdict.problem else 'ok'}  {verdict.name}", flush=True)
                    if verdict.problem:
                        print(f"          {verdict.problem}", flush=True)
        for line in unanswered(sandbox.requests()):
            verdicts.append(Verdict(line, "the sandbox has no answer"))
            print(f"  FAILED  no answer: {line}", flush=True)
    failed = sum(bool(verdict.problem) for verdict in verdicts)
    print(f"\n{len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
