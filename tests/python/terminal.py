"""Types at the program on a terminal: `add` for every kind, with completion by Tab; Ctrl-C at every question; a narrow window; no colour.

    python terminal.py PROGRAM

PROGRAM is the program as it is shipped. The terminal is a pseudo-terminal (pexpect), and what it shows is what an emulator makes of the
bytes (pyte). The last line printed is what was done. Exits 1 at the first thing that is not as it should be, with the screen.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte

CTRL_C = "\x03"
TAB = "\t"
QUESTION = re.compile(r"(\?|\)|\[y/N\]) *$")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
WAIT = 0.02

# What to type after which question; the first whose words are in the question. Tab completes what is there so far.
ANSWERS = {
    "What do you want to record": None,
    "what is it called": "A thing",
    "in one short sentence": "It was said in public",
    "document called": "Minutes of a meeting",
    "figure called": "Plans in time",
    "body called": "A new body",
    "What is it? (such as": "improvement notice",
    "how is it computed": "the share in time",
    "% or a noun": "%",
    "which way is better": "high" + TAB,
    "which body is followed": "council of anyshire" + TAB,
    "by which body": "second council" + TAB,
    "who says so": "reco" + TAB,
    "where is that written": "later paper" + TAB,
    "where in it": "para 3",
    "towards which commitment": "school places" + TAB,
    "which commitment": "school places" + TAB,
    "which figure": "share of plans" + TAB,
    "on which commitment": "school places" + TAB,
    "how binding": "pled" + TAB,
    "how much, or what": "a new school",
    "by when": "June 2030",
    "how was it decided": "uphe" + TAB,
    "how much was delivered": "74 places",
    "how much is it": "48%",
    "how much": "£500",
    "all so far": "in-t" + TAB,
    "what was done": "star" + TAB,
    "what does it settle": "a complaint",
    "what kind of statement": "spee" + TAB,
    "was it answered": "decl" + TAB,
    "what did the inspection conclude": "failing",
    "who published it": "council of anyshire" + TAB,
    "what changed": "system-l" + TAB,
    "what was decided": "defer" + TAB,
    "what is the verdict": "met",
    "which scale": "met, not met",
    "for which day": "2024",
    "at which address": "",
    "who or what is it now": "",
    "from which day": "1 April 2026",
    "when": "2 May 2024",
    "against whom": "second council" + TAB,
    "whom": "second council" + TAB,
    "whose": "council of anyshire" + TAB,
    "record it?": "y",
}
KINDS = {"party": {"What is it?": "school"}, "publication": {"What is it?": "plan", "who published it": "council of anyshire" + TAB}}
BODIES = re.compile(r"^(who (owes|pays|decided|said|asked|issued|inspected|published|recommends|judged)|about whom|to whom)", re.I)

FACTS = """
[[party]]
id = "anyshire"
name = "Council of Anyshire"
kind = "council"

[[party]]
id = "second-council"
name = "Second Council"
kind = "council"

[[source]]
id = "a-paper"
title = "A paper about places"
publisher = "A Gazette"
published = "2023-01-01"

[[source]]
id = "a-later-paper"
title = "A later paper"
publisher = "A Gazette"
published = "2025-04-02"

[[metric]]
id = "plans-share"
name = "Share of plans in time"
definition = "the share in time"
unit = "%"

[[pledge]]
id = "120-places"
text = "Create 120 more school places"
by = "anyshire"
force = "pledge"
voice = "self"
target = { amount = "120 places" }
due = { mode = "by", date = "2024-12-31" }
cites = [{ source = "a-paper", at = "para 1" }]
"""


class Terminal:
    """The program on a terminal of a certain width."""

    def __init__(self, program, arguments, folder, columns=80, **variables):
        environment = {"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "PAGER": "cat", **variables}
        self.child = pexpect.spawn(str(program), arguments, cwd=folder, env=environment, dimensions=(50, columns), timeout=20, encoding="utf-8")
        self.screen = pyte.Screen(columns, 50)
        self.stream = pyte.Stream(self.screen)
        self.raw = ""
        self.is_done = False

    def read(self):
        """Reads until the program waits for an answer or has ended; returns the question, or None."""
        quiet = 0
        while quiet < 500:
            try:
                some = self.child.read_nonblocking(65536, timeout=WAIT)
                self.raw += some
                self.stream.feed(some)
                quiet = 0
            except pexpect.EOF:
                self.child.close()
                self.is_done = True
                return None
            except pexpect.TIMEOUT:
                quiet += 1
                question = self.question()
                if question and quiet > 1:
                    return question
        raise SystemExit(f"the program neither asked nor ended:\n{self.shown()}")

    def question(self):
        """Returns what was written last, if that looks like a question: what follows the last line end, or the last line that was cleared."""
        last = re.split(r"\n|\x1b\[K", self.raw)[-1]
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last).replace("\r", "").strip()
        return text if QUESTION.search(text) else None

    def type(self, keys):
        self.child.send(keys)

    def shown(self):
        return "\n".join(line.rstrip() for line in self.screen.display if line.strip())


def answer(kind, question):
    """Returns the keys that answer a question."""
    words = " ".join(question.split()).lower()
    for key, keys in {**KINDS.get(kind, {}), **ANSWERS}.items():
        if key.lower() in words and keys is not None:
            if key == "when" and BODIES.match(words):
                continue
            return keys
    if BODIES.match(words):
        return "second council" + TAB
    raise SystemExit(f"{kind}: no answer to `{question}`")


def digest(folder):
    """Returns a digest of every file of a folder."""
    found = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()


def add(program, folder, kind, stop_at=None, columns=80, **variables):
    """Answers every question of a kind, or stops at one with Ctrl-C; returns the terminal and the number of questions."""
    terminal = Terminal(program, ["--ledger", "ledger", "add", kind], folder, columns, **variables)
    asked = 0
    while (question := terminal.read()) is not None:
        if asked > 40:
            raise SystemExit(f"{kind}: it asks on and on:\n{terminal.shown()}")
        if asked == stop_at:
            terminal.type(CTRL_C)
        else:
            # A terminal that can do nothing takes no Tab: the beginning of a word will do.
            keys = answer(kind, question)
            terminal.type((keys.replace(TAB, "") if variables.get("TERM") == "dumb" else keys) + "\r")
        asked += 1
    return terminal, asked


def wanted(holds, what, terminal):
    if not holds:
        raise SystemExit(f"{what}:\n{terminal.shown()}\n{terminal.raw[-400:]!r}")


BASH = """
source completions.bash
COMP_WORDS=(heldto --ledger ledger report pledges --by sec); COMP_CWORD=6; COMPREPLY=()
_heldto_with_ids heldto sec --by
echo "${COMPREPLY[@]}"
COMP_WORDS=(heldto report pl); COMP_CWORD=2; COMPREPLY=()
_heldto_with_ids heldto pl report
echo "${COMPREPLY[@]}"
"""


def completed_by_shells(program, folder):
    """Completes ids in bash, and in zsh where there is one, as somebody at a prompt would."""
    folder = Path(folder)
    (folder / "bin").mkdir()
    (folder / "bin" / "heldto").symlink_to(program)
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "TERM": "xterm"}
    for shell, name in (("bash", "completions.bash"), ("zsh", "_heldto")):
        (folder / name).write_text(subprocess.run([program, "completions", shell], capture_output=True, text=True, check=True).stdout)
    said = subprocess.run(["bash", "-c", BASH], cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
    if said.split() != ["second-council", "pledges"]:
        raise SystemExit(f"bash completes: {said}")
    if not shutil.which("zsh"):
        print("SKIPPED: zsh is not on this machine")
        if "zsh" in os.environ.get("HELDTO_REQUIRE", "").split(","):
            raise SystemExit(1)
        return
    shell = pexpect.spawn("zsh", ["-f"], cwd=str(folder), env=environment, timeout=20, encoding="utf-8", dimensions=(40, 120))
    shell.sendline(f"fpath=({folder} $fpath); autoload -U compinit; compinit -u -d {folder}/dump; PS1='$ '; echo READY")
    shell.expect("\nREADY|READY\r")
    for typed, wanted in (("report pledges --by sec", "second-council"), ("report pledges --explain 120", "120-places"), ("show 120-pl", "120-places")):
        shell.send(f"\x15heldto --ledger ledger {typed}\t")
        shell.expect(re.escape(wanted.removeprefix(typed.split()[-1])))


def main(program):
    program = str(Path(program).resolve())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "facts.toml").write_text(FACTS)
        for arguments in (["init", "ledger", "--origin", "example.org/terminal"], ["--ledger", "ledger", "append", "facts.toml"]):
            subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True)
        kinds = "party source metric pledge payout complaint statement question notice inspection publication measurement change recommendation decision assessment succession delivery"
        stopped = 0
        for kind in ("pledge", "delivery", "measurement"):
            # Opening a ledger for the first time after an append tidies its database.
            subprocess.run([program, "--ledger", "ledger", "status"], cwd=folder, check=True, capture_output=True)
            before = digest(folder)
            for at in range(40):
                terminal, _ = add(program, folder, kind, stop_at=at)
                if terminal.child.exitstatus == 0:
                    raise SystemExit(f"{kind}: not stopped at question {at}:\n{terminal.shown()}")
                wanted("nothing was recorded" in terminal.raw, f"{kind}, Ctrl-C at question {at}", terminal)
                wanted(digest(folder) == before, f"{kind}, Ctrl-C at question {at} left something", terminal)
                stopped += 1
                if "Record it?" in terminal.raw:
                    break
        for kind in kinds.split():
            terminal, asked = add(program, folder, kind)
            wanted(terminal.child.exitstatus == 0 and "recorded. The ledger holds" in terminal.raw, f"{kind}, {asked} questions", terminal)
        # In a narrow window, without colour, and on a terminal that can do nothing; each records another fact.
        for columns, variables in ((40, {"NO_COLOR": "1"}), (20, {"NO_COLOR": "1"}), (40, {"TERM": "dumb"})):
            ANSWERS["in one short sentence"] = f"It was said in {columns} columns, with {len(variables.get('TERM', ''))}"
            terminal, _ = add(program, folder, "statement", columns=columns, **variables)
            wanted(terminal.child.exitstatus == 0 and "recorded. The ledger holds" in terminal.raw, f"{columns} columns", terminal)
            wanted(not COLOUR.search(terminal.raw), f"a colour in {variables}", terminal)
        # The only answer that is meant is shown as it is typed, and Tab lists what may be.
        terminal = Terminal(program, ["--ledger", "ledger", "add", "pledge"], folder)
        terminal.read()
        terminal.type("Do it\r")
        terminal.read()
        terminal.type("council")
        terminal.type(TAB)
        terminal.child.expect("anyshire · Council of Anyshire")
        terminal.child.expect("second-council · Second Council")
        terminal.type("\x15second")
        terminal.child.expect(re.escape("[second-council · Second Council]"))
        terminal.type(CTRL_C)
        terminal.child.expect("nothing was recorded")
        completed_by_shells(program, folder)
        subprocess.run([program, "--ledger", "ledger", "verify"], cwd=folder, check=True, capture_output=True)
    print(f"added {len(kinds.split())} kinds on a terminal; stopped {stopped} times, and nothing was left")


if __name__ == "__main__":
    main(sys.argv[1])
