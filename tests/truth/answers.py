"""Every answer that the program gives from its catalog, against the model: fetch, compare, check, list, find."""
import datetime
from itertools import combinations

from program import call, name_of


class Mismatch(Exception):
    """The program said something that is not so. kind: a word for what, in what is counted."""

    def __init__(self, kind, text):
        super().__init__("%s: %s" % (kind, text))
        self.kind = kind


def expect(kind, said, right, what):
    if said != right:
        raise Mismatch(kind, "%s: it says %r, it is %r" % (what, said, right))


def whole_second(ns):
    """As the program writes a time, RFC 3339."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=ns // 10**9)
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % moment.timetuple()[:6]


class Answers:
    """One look at all answers."""

    def __init__(self, world, model, program):
        self.world, self.model, self.program = world, model, program
        self.names = [disk.name for disk in world.disks]
        self.said = {}    # (key, a, b) -> state of compare

    def ask(self, text):
        answer = self.program.ask(text)
        if answer.code:
            raise Mismatch("error", "%s failed: %s" % (text, answer))
        return answer

    def check(self, whole):
        """whole: the lists and find too, which say less for what they cost."""
        self.check_compare()
        self.check_fetch()
        self.check_check()
        if whole:
            self.check_lists()
            self.check_find()

    def is_unread(self, key):
        """Could a replica of it not be read wholly?"""
        return any(self.model.seen[name][key].unread for name in self.holders(key))

    def has(self, name, key):
        return key in self.model.seen[name]

    def holders(self, key):
        return [name for name in self.names if self.has(name, key)]

    # ---- compare ----

    def check_compare(self):
        for a, b in combinations(self.names, 2):
            keys = set(self.model.seen[a]) | set(self.model.seen[b])
            if keys:
                self.compare(keys, a, b)

    def compare(self, keys, a, b):
        """All projects on two disks. keys: those that at least one of them has."""
        text = 'compare{project = glob("*/*"), databases = {"%s", "%s"}, all = true}' % (a, b)
        answer = self.ask(text)
        rows = {self.key_of(row): row for row in answer.of("compare")}
        lists = {}
        for row in answer.of("difference"):
            lists.setdefault(self.key_of(row), []).append(row)
        expect("compare-rows", set(rows), keys, text)
        for key, row in rows.items():
            self.world.about = key
            self.said[key, a, b] = self.said[key, b, a] = row["state"]
            what = "compare %s on %s and %s" % (key, a, b)
            if row["state"] not in self.model.states(key, a, b):
                raise self.wrong_state(key, a, b, row["state"], what, lists.get(key, []))
            self.compare_list(key, a, b, lists.get(key, []), what)
            if not self.is_unread(key):
                self.compare_counts(row, lists.get(key, []), what)
        worst = {"same": 0, "incomplete": 1, "differs": 2, "absent": 2, "only": 2}
        expect("compare-status", answer.status, [0, 3, 4][max(worst[row["state"]] for row in rows.values())], text)

    @staticmethod
    def key_of(row):
        """The replica that a row is about."""
        return (row["category"],) + tuple(name_of(row, "project").split(b"/", 1))

    def wrong_state(self, key, a, b, said, what, rows):
        right = self.model.states(key, a, b)
        blame = {path: sign for path, sign in self.model.signs(key, a, b).items() if not set(sign) & set("= ")}
        kind = "false-same" if said == "same" else "false-%s" % said
        if said == "incomplete":
            blame = {name_of(row, "inside"): self.model.signs(key, a, b)[name_of(row, "inside")] for row in rows if row["status"] == "?"}
        return Mismatch(kind, "%s: it says %s, right is %s; %s" % (what, said, " or ".join(sorted(right)), blame))

    def compare_list(self, key, a, b, rows, what):
        signs, seen = self.model.signs(key, a, b), set()
        for row in rows:
            path = name_of(row, "inside")
            if path in seen:
                raise Mismatch("compare-twice", "%s: %r is listed twice" % (what, path))
            seen.add(path)
            if path not in signs:
                raise Mismatch("compare-invented", "%s: there is no %r" % (what, path))
            if row["status"] not in signs[path]:
                kind = "false-equal" if row["status"] == "=" else "false-sign"
                raise Mismatch(kind, "%s: %r is said to be '%s', right is one of '%s'" % (what, path, row["status"], signs[path]))
        missing = [path for path, sign in signs.items() if " " not in sign and path not in seen]
        if missing:
            raise Mismatch("compare-missing", "%s: not listed: %r" % (what, missing))

    def compare_counts(self, row, rows, what):
        for sign, field in (("+", "files_only_reference"), ("-", "files_only_database"), ("=", "files_same"), ("?", "files_doubtful")):
            listed = sum(r["status"] == sign and r["kind"] == "file" for r in rows)
            expect("compare-count", row[field], listed, "%s: %s against its own list" % (what, field))
        sized = [r for r in rows if r["status"] == "=" and r["kind"] == "file"]
        expect("compare-bytes", row["bytes_same"], sum(r["size"] for r in sized), what + ": bytes_same")

    # ---- fetch ----

    def check_fetch(self):
        cells = {}
        for row in self.ask("fetch()").of("replica"):
            key = (row["category"], name_of(row, "client"), name_of(row, "name"))
            cells[key, row["database"]] = row
        words = {}
        for disk in self.world.disks:
            for key, tree in self.model.seen[disk.name].items():
                row = cells.get((key, disk.name))
                if row is None:
                    raise Mismatch("fetch-missing", "fetch: no cell of %s on %s" % (key, disk.name))
                self.cell(row, disk, key, tree)
                words[key, disk.name] = row.get("compared")
        for (key, name), row in cells.items():
            if not self.has(name, key) and row["state"] not in ("absent", "gone"):
                raise Mismatch("fetch-state", "fetch: %s on %s is %s, though nothing is there" % (key, name, row["state"]))
            expect("fetch-online", row["online"], self.world.disk(name).plugged, "fetch: %s online" % name)
        for key in {key for key, _ in words}:
            self.marks(key, {name: words[key, name] for name in self.holders(key)})

    def cell(self, row, disk, key, tree):
        self.world.about = key
        what = "fetch: %s on %s" % (key, disk.name)
        files = tree.files()
        if row["state"] != "present" and not any(self.model.seen[name][key].files() for name in self.holders(key)):
            return    # empty folders of what is gone
        expect("fetch-state", row["state"], "present", what)
        expect("fetch-files", row["files"], len(files), what + ", files")
        expect("fetch-bytes", row["bytes"], sum(entry.size for entry in files.values()), what + ", bytes")
        newest = max((entry.mtime for entry in files.values()), default=None)
        if newest is not None:
            expect("fetch-newest", row["newest"], whole_second(newest), what + ", newest")
        expect("fetch-errors", bool(row["errors"]), bool(tree.unread), what + ", errors")
        damaged = row.get("damaged") or 0
        if damaged > self.model.count_unseen(disk.name, key):
            raise Mismatch("fetch-damaged", "%s, damaged: it says %d, none is" % (what, damaged))

    def marks(self, key, words):
        """The words of fetch against those of compare."""
        self.world.about = key
        if not any(self.model.seen[name][key].files() for name in words):
            return
        if any(word == "damaged" and self.model.count_unseen(name, key) for name, word in words.items()):
            return
        what = "fetch: %s: %s, compare: %s" % (key, words, {pair[1:]: state for pair, state in self.said.items()
                                                          if pair[0] == key and pair[1] < pair[2]})
        if len(words) == 1:
            expect("fetch-only", list(words.values()), ["only"], what)
            return
        states = {name: {self.said[key, name, other] for other in words if other != name} for name in words}
        for name, word in words.items():
            said = {"same": "same", "similar": "same", "differs": "differs", "unknown": "incomplete"}.get(word)
            unknown = word == "unknown" and (len(words) > 2 or self.is_unread(key))
            if said is None or said not in states[name] and not unknown:
                raise Mismatch("fetch-against-compare", what + "; %s" % name)
        every = set().union(*states.values())
        if len(every) == 1 and not self.is_unread(key) and len(set(words.values()) - {"similar"}) > 1:
            raise Mismatch("fetch-against-compare", what)

    # ---- check ----

    def check_check(self):
        rows = {}
        for row in self.ask(call("check", all=True)).of("check"):
            rows[self.key_of(row)] = row
        for key in {key for trees in self.model.seen.values() for key in trees}:
            if any(self.model.seen[name][key].files() for name in self.holders(key)):
                if key not in rows:
                    raise Mismatch("check-missing", "check says nothing of %s" % (key,))
                self.verdict(key, rows[key])

    def verdict(self, key, row):
        self.world.about = key
        holders = self.holders(key)
        states = {self.said[key, a, b] for a, b in combinations(holders, 2)}
        what = "check: %s is %s on %s; compare: %s" % (key, row["state"], row.get("current"), {
            (a, b): self.said[key, a, b] for a, b in combinations(holders, 2)})
        if self.is_unread(key):
            if len(holders) < 3 and row["state"] == "ok":
                raise Mismatch("check-false-ok", what + "; not all was read")
        elif len(holders) == 1:
            expect("check-state", row["state"], "below", what)
        elif states == {"same"}:
            expect("check-state", row["state"], "ok", what)
        elif "same" not in states and row["state"] == "ok":
            raise Mismatch("check-false-ok", what)
        elif states == {"differs"}:
            expect("check-state", row["state"], "below", what)
        for a, b in combinations(row.get("current") or [], 2):
            expect("check-current", self.said[key, a, b], "same", what)

    # ---- lists ----

    def check_lists(self):
        self.world.about = None
        totals = {}
        for trees in self.model.seen.values():
            for key, tree in trees.items():
                files = tree.files().values()
                count, size, disks = totals.setdefault(key[1:], (0, 0, set()))
                totals[key[1:]] = (count + len(files), size + sum(entry.size for entry in files), disks)
        rows = {(name_of(row, "client"), name_of(row, "name")): row for row in self.ask('list("projects")').of("project")}
        for project, (count, size, _) in totals.items():
            if project not in rows:
                raise Mismatch("list-missing", "list projects: no %s" % (project,))
            expect("list-files", rows[project]["files"], count, "list projects: files of %s" % (project,))
            expect("list-bytes", rows[project]["bytes"], size, "list projects: bytes of %s" % (project,))
        for row in self.ask('list("databases")').of("database"):
            trees = self.model.seen[row["database"]]
            what = "list databases: %s, " % row["database"]
            expect("list-files", row["files"], sum(len(tree.files()) for tree in trees.values()), what + "files")
            expect("list-online", row["online"], self.world.disk(row["database"]).plugged, what + "online")
            expect("list-replicas", row["replicas"], len(trees), what + "replicas")

    def check_find(self):
        found = {}
        for row in self.ask('find("*")').of("entry"):
            place = (row["database"], row["category"], name_of(row, "client"), name_of(row, "name"), name_of(row, "inside"))
            if place in found:
                raise Mismatch("find-twice", "find: %s twice" % (place,))
            found[place] = (row["kind"], row["size"], row["mtime"] if row["kind"] == "file" else "")
        right = {}
        for name, trees in self.model.seen.items():
            for key, tree in trees.items():
                for path, entry in tree.items():
                    time = whole_second(entry.mtime) if entry.kind == "file" else ""
                    right[(name,) + key + (path,)] = (entry.kind, entry.size, time)
        if found != right:
            wrong = {place: (found.get(place), right.get(place)) for place in set(found) | set(right)
                     if found.get(place) != right.get(place)}
            raise Mismatch("find", "find: said and right differ: %s" % dict(list(wrong.items())[:5]))
