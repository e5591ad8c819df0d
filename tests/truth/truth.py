"""truth.py [OPTION...]: random studios against an oracle that walks the disks itself; --help tells the options.

Exit status 1 when anything of what the program said or did is not so; what, with the seed and the steps that lead there, is
printed. A seed is a studio (world.py), steps (steps.py) on it, each followed by a look at all answers (answers.py) against what
may be said (model.py), and by what must hold on the disks (after.py).
"""
import argparse
import collections
import ctypes
import multiprocessing
import os
import subprocess
import sys
import time
import traceback

import seed as seeds


def parsed(words):
    parser = argparse.ArgumentParser(prog="truth")
    parser.add_argument("--program", default=os.environ.get("AUTOBACKUP", "build/autobackup"))
    parser.add_argument("--folder", default=None)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--most", type=int, default=5, help="mismatches of a kind that are told")
    parser.add_argument("--uid", type=int, help="an ordinary user, for some of the seeds")
    parser.add_argument("--ordinary", type=float, default=0.2, help="the part of the seeds that is that user's")
    parser.add_argument("--mounts", action="store_true")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args(words)


def one(work):
    seed, settings = work
    try:
        return seed, seeds.run(seed, settings)
    except Exception:    # a mistake of the oracle's own: it is told, and counts as a failure
        return seed, seeds.Outcome("oracle", traceback.format_exc(), [])


def run_all(numbers, settings):
    """Each seed's (number, Outcome), as they end."""
    try:
        with multiprocessing.Pool(settings.jobs) as pool:
            yield from pool.imap_unordered(one, [(number, settings) for number in numbers])
    finally:
        unmount_below(settings.folder)


def unmount_below(folder):
    """What the processes mounted there, and left."""
    with open("/proc/self/mounts", "rb") as file:
        places = [line.split()[1] for line in file]
    for place in reversed(places):
        if place.startswith(folder.encode() + b"/"):
            ctypes.CDLL(None).umount2(place, 2)


def tell(seed, settings, outcome):
    print("\nseed %d: %s" % (seed, outcome.text), flush=True)
    if settings.shrink and outcome.kind != "oracle":
        smaller, _ = seeds.shrink(seed, settings, outcome)
        if smaller.text != outcome.text:
            print("  smaller: " + smaller.text)
        outcome = smaller
    for line in outcome.log:
        print("    " + line)
    print("  again: make check-truth SEED=%d" % seed, flush=True)


def usable(settings):
    """The ordinary user, or None where that one cannot run the program."""
    if settings.uid is None:
        return None
    os.chmod(settings.folder, 0o755)
    try:
        subprocess.run([settings.program, "--version"], check=True, stdout=subprocess.DEVNULL, user=settings.uid, group=settings.uid,
                       extra_groups=[])
    except (OSError, subprocess.CalledProcessError):
        print("skipped: seeds of an ordinary user: uid %d cannot run %s" % (settings.uid, settings.program))
        return None
    return settings.uid


def main(words):
    settings = parsed(words)
    settings.program = os.path.abspath(settings.program)
    settings.uid = usable(settings)
    numbers = [settings.seed] if settings.seed is not None else range(settings.first, settings.first + settings.seeds)
    begun, kinds, failed = time.monotonic(), collections.Counter(), []
    for seed, outcome in run_all(numbers, settings):
        if outcome.kind:
            failed.append((seed, outcome))
            kinds[outcome.kind] += 1
    seconds = time.monotonic() - begun
    told = collections.Counter()
    for seed, outcome in sorted(failed, key=lambda item: item[0]):
        told[outcome.kind] += 1
        if told[outcome.kind] <= settings.most:
            tell(seed, settings, outcome)
    unmount_below(settings.folder)
    print("truth: %d seeds, %d with a mismatch%s; %.1f seeds/s" % (
        len(numbers), len(failed), " (%s)" % ", ".join("%s %d" % item for item in kinds.most_common()) if kinds else "",
        len(numbers) / seconds))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
