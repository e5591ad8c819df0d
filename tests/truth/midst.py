"""Steps in which something comes in between: the program is killed, a second one runs."""
import signal
import subprocess
import time

from after import nothing_lost, untouched
from answers import Mismatch
from program import call
from reading import unsettle
from steps import check_copy, choose, copy_call, copy_options, load


def killed(studio, rng):
    """kill -9 in the midst of a copy, then the same copy once more."""
    chosen = choose(studio, rng)
    if not chosen:
        return
    key, source, targets = chosen
    studio.world.about = key
    before = studio.look()
    options = copy_options(studio, rng, key, source, before)
    options.pop("only", None)
    text = copy_call(key, source, targets, options)
    delay = rng.random() * 0.06
    studio.say(">>> %s, killed after %s ms", text, int(delay * 1000))
    process = studio.program.begin(text)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    middle = studio.look()
    nothing_lost(before, middle, text + ", killed")
    untouched(before, middle, {(disk.name, key) for disk in targets}, text + ", killed")
    for target in targets:
        whole(text + ", killed", before.replica(source.name, key), before.replica(target.name, key), middle.replica(target.name, key))
    unsettle(studio, key, [source] + targets)
    answer = studio.ask(text)
    after = studio.look()
    check_copy(studio, text, key, source, targets, options, answer, middle, after)
    del studio.done[len(studio.done) - len([d for d in studio.done if d[2] == key]):]
    load(studio, None)


def whole(what, source, old, new):
    """Each name has one complete version: its old one or the source's."""
    for path, entry in new.items():
        choices = [tree[path].data for tree in (source, old) if path in tree and tree[path].kind == entry.kind]
        if entry.kind in ("file", "symlink") and entry.data not in choices:
            raise Mismatch("torn", "%s: %r is neither the old nor the new one" % (what, path))


def together(studio, rng):
    """Two copies, or a copy and a load, at once: each ends well or says busy, and nothing is lost."""
    chosen, other = choose(studio, rng), choose(studio, rng)
    if not chosen:
        return
    key, source, targets = chosen
    studio.world.about = key
    text = copy_call(key, source, targets, {})
    rival = copy_call(other[0], other[1], other[2], {"mirror": True, "yes": True}) if rng.random() < 0.6 else call("load", yes=True)
    touched = {(disk.name, key) for disk in targets}
    if rival.startswith("copy"):
        touched |= {(disk.name, other[0]) for disk in other[2]}
    before = studio.look()
    studio.say(">>> at once: %s", text)
    process = studio.program.begin(text)
    time.sleep(rng.random() * 0.01)
    answer = studio.ask(rival)
    status = process.wait()
    after = studio.look()
    nothing_lost(before, after, text + " beside " + rival)
    untouched(before, after, touched, text + " beside " + rival)
    if status not in (0, 3, 75) or answer.status not in (0, 3, 75) and answer.code != "EBUSY":
        raise Mismatch("together", "%s beside %s: status %s, %s; %s" % (text, rival, status, answer, studio.program.last_words()))
    involved = touched | {(source.name, key)} | ({(other[1].name, other[0])} if rival.startswith("copy") else set())
    doubted = {}
    for name, replica in involved:    # what was copied of that is in doubt too
        studio.model.observe(name, before.replicas[name], [replica])
        doubted[replica] = doubted.get(replica, set()) | studio.model.doubted(name, replica)
    for name, replica in touched:
        unsettle(studio, replica, [studio.world.disk(name)])
        studio.model.renew(name, replica, doubted[replica])
        for one in (source.name, other[1].name) if rival.startswith("copy") else (source.name,):    # what failed is not known
            studio.miss(name, replica, set(before.replica(one, replica)) - set(after.replica(name, replica)))
        studio.done = [entry for entry in studio.done if (entry[1], entry[2]) != (name, replica)]
    unsettle(studio, key, [source])
    load(studio, None)
