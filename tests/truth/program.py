"""The program under test: one long process that is asked in Lua, and short ones beside it."""
import base64
import json
import os
import signal
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class Died(Exception):
    """The program ended though nobody asked it to, or says what is no answer."""


def lua(value):
    """A Python value as a Lua expression, in ASCII and on one line."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return '"' + "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else "\\%03d" % c for c in value) + '"'
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join("%s = %s" % (key_of(k), lua(v)) for k, v in value.items() if v is not None) + "}"
    return "{" + ", ".join(lua(v) for v in value) + "}"


def key_of(name):
    return name if name.isidentifier() and name not in ("and", "or", "not", "in", "end") else "[%s]" % lua(name)


def call(command, **args):
    return "%s(%s)" % (command, lua(args))


def name_of(row, key):
    """A field that is a name, as bytes; None where there is none."""
    if row.get(key + "_bytes") is not None:
        return base64.b64decode(row[key + "_bytes"])
    return None if row.get(key) is None else row[key].encode()


class Answer:
    """rows: parsed JSON; status: the exit status that it makes, None for an error, which has code and message."""

    def __init__(self, rows, ending):
        self.rows, self.status, self.code, self.message = rows, None, None, ""
        if ending.startswith("error "):
            _, self.code, self.message = (ending.split(" ", 2) + ["", ""])[:3]
        else:
            self.status = int(ending)

    def of(self, kind):
        return [row for row in self.rows if row["type"] == kind]

    def __str__(self):
        if self.code:
            return "%s: %s" % (self.code, self.message)
        return "status %s, %s" % (self.status, self.rows[:6])


class Program:
    """path: the program; folder: where its catalog and home are made; uid: who it runs as, None: as this."""

    def __init__(self, path, folder, uid=None):
        self.path, self.catalog = path, os.path.join(folder, "catalog.db")
        self.environment = dict(os.environ, HOME=os.path.join(folder, "home"), TZ="UTC", LC_ALL="C.UTF-8")
        for key in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "AUTOBACKUP_CATALOG", "AUTOBACKUP_CONFIG"):
            self.environment.pop(key, None)
        os.makedirs(self.environment["HOME"], exist_ok=True)
        self.who = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        for path in (folder, self.environment["HOME"]) if uid is not None else ():
            os.chown(path, uid, uid)
        self.said = open(os.path.join(folder, "stderr"), "ab")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command("--json", os.path.join(HERE, "server.lua")), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.said, env=self.environment, cwd=self.environment["HOME"], **self.who)

    def command(self, *words):
        return [self.path, "--catalog", self.catalog, *words]

    def ask(self, text):
        """Answer to a Lua expression."""
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Died("it had ended before: " + text)
        rows = []
        for line in self.process.stdout:
            if line.startswith(b"\0"):
                return Answer(rows, line[1:-1].decode("utf-8", "replace"))
            try:
                rows.append(json.loads(line))
            except ValueError:
                raise Died("this is no JSON: %r" % line)
        raise Died("it ended with %s at: %s" % (self.process.wait(), text))

    def begin(self, text, **environment):
        """A process of its own that runs a Lua expression, and keeps its rows beside what it says."""
        return subprocess.Popen(self.command("-q", "--json", "-e", "show(%s)" % text), stdin=subprocess.DEVNULL, stdout=self.said,
                                stderr=self.said, env=dict(self.environment, **environment), cwd=self.environment["HOME"], **self.who)

    def last_words(self):
        """The end of what it and those beside it said on standard error."""
        with open(self.said.name, "rb") as said:
            return said.read()[-2000:].decode(errors="replace")

    def close(self):
        """End it. Raises Died when it does not end by itself, or badly."""
        process, self.process = self.process, None
        if process is None:
            return
        process.stdin.close()
        process.stdout.read()
        process.stdout.close()
        status = process.wait(timeout=60)
        if status < 0:
            raise Died("it ended with signal %s" % signal.Signals(-status).name)

    def abandon(self):
        """End it whatever happens."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
        self.process = None
        self.said.close()
