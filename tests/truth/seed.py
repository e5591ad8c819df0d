"""One seed: a random studio and random steps; and fewer of its steps that still fail."""
import os
import random
import shutil

import edits
import steps
from answers import Mismatch
from model import Model
from program import Died, Program
from world import World

LENGTH = 14    # steps


class Outcome:
    """kind: of the mismatch, None when there was none; text: it; log: what was done; count: checks of all answers."""

    def __init__(self, kind, text, log):
        self.kind, self.text, self.log = kind, text, log


def plan(seed):
    """The steps: (number, its name). Each draws from a generator of its own, so that others can be left out."""
    rng = random.Random("%s steps" % seed)
    functions = rng.choices(list(steps.STEPS), list(steps.STEPS.values()), k=rng.randrange(4, LENGTH + 1))
    return list(enumerate(functions))


def run(seed, settings, chosen=None):
    """Run a seed, or of its steps those chosen. settings: those of truth.py. Outcome."""
    folder = os.path.join(settings.folder, "seed-%s-%d" % (seed, os.getpid()))
    os.makedirs(os.path.join(folder, "disks"))
    rng = random.Random("%s world" % seed)
    world = World(os.path.join(folder, "disks").encode(), rng, settings.mounts)
    program = Program(settings.program, folder)
    studio = steps.Studio(world, Model(world.disks), program)
    try:
        edits.populate(world, rng)
        steps.set_up(studio)
        for number, step in plan(seed) if chosen is None else chosen:
            try:
                own = random.Random("%s step %s" % (seed, number))
                step(studio, own)
                if step is not steps.edit or own.random() < 0.2:    # what no load has seen changes no answer
                    studio.check_answers()
            except Mismatch as mismatch:
                if mismatch.kind not in settings.without:
                    raise
        program.close()
        return Outcome(None, "", world.log)
    except Mismatch as mismatch:
        return Outcome(mismatch.kind, str(mismatch), world.log)
    except Died as died:
        return Outcome("died", str(died), world.log)
    finally:
        program.abandon()
        with open(os.path.join(folder, "stderr"), "rb") as file:
            world.log += ["stderr: " + line for line in file.read().decode("utf-8", "replace").splitlines()[-5:]]
        world.destroy()
        if not settings.keep:
            shutil.rmtree(folder, ignore_errors=True)


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
