"""One seed: a random studio and random steps; and fewer of its steps that still fail."""
import os
import random
import shutil

import edits
import midst
import reading
import steps
from answers import Mismatch
from model import Model
from program import Died, Program
from world import World

LENGTH = 14    # steps
STEPS = {steps.edit: 30, steps.load: 16, steps.copy: 26, steps.restore: 3, steps.undo: 7, steps.corrected: 2, steps.unplug: 3, steps.plug: 5,
         reading.verify: 6, reading.rot: 5, midst.killed: 2, midst.together: 2}


class Outcome:
    """kind: of the mismatch, None when there was none; text: it; log: what was done."""

    def __init__(self, kind, text, log):
        self.kind, self.text, self.log = kind, text, log


def plan(seed):
    """The steps: (number, its name). Each draws from a generator of its own, so that others can be left out."""
    rng = random.Random("%s steps" % seed)
    functions = rng.choices(list(STEPS), list(STEPS.values()), k=rng.randrange(4, LENGTH + 1))
    return list(enumerate(functions))


def run(seed, settings, chosen=None):
    """Run a seed, or of its steps those chosen. settings: those of truth.py. Outcome."""
    folder = os.path.join(settings.folder, "seed-%s-%d" % (seed, os.getpid()))
    os.makedirs(os.path.join(folder, "disks"))
    rng = random.Random("%s world" % seed)
    uid = settings.uid if settings.uid is not None and rng.random() < settings.ordinary else None
    world = World(os.path.join(folder, "disks").encode(), rng, settings.mounts, uid)
    program = Program(settings.program, folder, uid)
    studio = steps.Studio(world, Model(world.disks, uid), program)
    try:
        edits.populate(world, rng)
        kind, text = work(seed, settings, studio, plan(seed) if chosen is None else chosen)
    finally:
        program.abandon()
        world.destroy()
        if not settings.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return Outcome(kind, text, world.story())


def work(seed, settings, studio, chosen):
    """The steps on a studio: (kind, text) of the first mismatch, or (None, "")."""
    try:
        steps.set_up(studio)
        for number, step in chosen:
            rng = random.Random("%s step %s" % (seed, number))
            step(studio, rng)
            if step is not steps.edit or rng.random() < 0.2:    # what no load has seen changes no answer
                studio.check_answers(rng.random() < 0.4)
        studio.program.close()
    except Mismatch as mismatch:
        return mismatch.kind, str(mismatch)
    except Died as died:
        return "died", str(died)
    return None, ""


def shrink(seed, settings, outcome, most=60):
    """Leave steps out while the same kind of mismatch comes: (Outcome, the steps that are left)."""
    left, tries = plan(seed), 0
    at = len(left) - 1
    while at >= 0 and tries < most:
        fewer = left[:at] + left[at + 1:]
        found, tries = run(seed, settings, fewer), tries + 1
        if found.kind == outcome.kind:
            left, outcome = fewer, found
        at -= 1
    return outcome, left
