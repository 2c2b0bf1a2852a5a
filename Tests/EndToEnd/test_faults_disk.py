"""Whatever call of Slipway's fails or is its last: answers stay honest, and nothing is lost, doubled or made up."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.faults_disk import BROKEN, DIE, DIE_AFTER, EVER, FULL, Trial, check
from support.processes import wait_until

MODES = {
    "dies before it": (DIE, 1),
    "dies after it": (DIE_AFTER, 1),
    "fails, EIO": (BROKEN, 1),
    "fails from then on, EIO": (BROKEN, EVER),
    "fails, ENOSPC": (FULL, 1),
    "fails from then on, ENOSPC": (FULL, EVER),
}


def submit_to_end(site, number, mode):
    """A submit, its dispatch and its runner."""
    with Trial(site) as trial:
        trial.respond()
        trial.harm.strike(number, *MODES[mode])
        answers = [trial.submit()]
        trial.wait_quiet()
        return outcome(trial, number, mode, lambda: check(trial, answers))


def recover(site, number, mode):
    """A supervisor that finds everything cut off that can be."""
    with Trial(site, state=site.wreck, command="serve") as trial:
        trial.harm["clock"] = 70_000
        trial.harm.strike(number, *MODES[mode])
        supervisor = trial.begin_to_serve()
        try:
            wait_until(lambda: not supervisor.runs() or trial.call("GET", "/slipway/healthz")[0] == 200,
                       "a supervisor that answers or ends", 20, pause=0.02)
            time.sleep(0.1)
        finally:
            supervisor.stop()

        def check_all():
            check(trial, [], found=set(site.cut_off.values()))
            states = {name: trial.build(build_id)["state"] for name, build_id in site.cut_off.items()}
            # Whose runner was started, and heard nothing more of before it ended, is not started again.
            assert states | {"stray": "", "accepted": ""} == {
                "ended": "succeeded", "lost": "failed", "stray": "", "accepted": ""}, states
        return outcome(trial, number, mode, check_all)


def outcome(trial, number, mode, check):
    """Whether anything came to harm, and what then was not as it has to be."""
    hits, where = trial.harm["hits"], trial.harm.where
    trial.harm.heal()
    try:
        trial.serve()
        check()
    except AssertionError as error:
        return hits, type(error)(f"call {number} ({where}) {mode}: {error}"[:1000])
    return hits, None


def loop(site, operation, choose, faults, fault, workers=3):
    """Lets every call come to harm in its turn until a turn comes through unharmed; `choose` names modes by number."""
    tries, wrong, start, size = 0, [], 1, 24
    with ThreadPoolExecutor(workers) as pool:
        while True:
            turns = [(number, mode) for number in range(start, start + size) for mode in choose(number)]
            results = list(pool.map(lambda turn: operation(site, *turn), turns))
            tries += sum(hits > 0 for hits, _ in results)
            wrong += [failure for _, failure in results if failure]
            # A full disk removes still: there all of the last ones have to come through.
            if not any(hits for hits, _ in results[-6:]):
                break
            start += size
    faults.note(f"{fault}: {operation.__name__.replace('_', ' ')}", tries, wrong)
    assert tries > 20, "too few calls came to harm for this to be the operation"
    assert not wrong, "\n".join(map(str, wrong))


def in_turn(number):
    return [list(MODES)[number % len(MODES)]]


OPERATIONS = [submit_to_end, recover]


def test_the_process_dies_at_any_call_of_a_submit_and_its_build(site, faults):
    loop(site, submit_to_end, lambda _: ["dies before it"], faults, "process dies at the n-th call")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_call_fails(site, operation, faults):
    loop(site, operation, in_turn, faults, "n-th call fails, in six ways in turn")


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_call_fails_in_any_way(site, operation, mode, faults):
    loop(site, operation, lambda _: [mode], faults, f"n-th call, all n, {mode}")
