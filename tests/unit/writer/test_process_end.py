"""However a process ends, its run is sealed with the true status: real processes, real signals."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from unit.writer.recording import (
    begin_training,
    end_of,
    make_project,
    only_run,
    read_record,
    read_rows,
    run_dirs,
    train,
)


if TYPE_CHECKING:
    from pathlib import Path

START = """
import ledger, os, signal, sys
run = ledger.start("run", objective=("loss", "min"))
run.log(epoch=0, loss=0.5)
"""
READY_AND_WAIT = """
import time
print("ready", flush=True)
while True:
    time.sleep(0.01)  # pause() would miss a signal that comes right before it
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def ended(project: Path, script: str) -> tuple[int, str, dict[str, Any]]:
    """Run ``script`` to its end; return its exit code, what it said on stderr, and the record."""
    done = train(project, script)
    return done.returncode, done.stderr, read_record(only_run(project))


def signalled(project: Path, script: str, number: int) -> tuple[int, str, str, dict[str, Any]]:
    """Run ``script``, send it ``number`` once it says it is ready, and wait for its end."""
    process = begin_training(project, script)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    process.send_signal(number)
    code, stdout, stderr = end_of(process)
    return code, stdout, stderr, read_record(only_run(project))


def test_the_plain_end_of_a_program_is_finished(project: Path) -> None:
    code, said, record = ended(project, START)
    assert (0, "finished") == (code, record["status"])
    assert 1 == said.count("ledger note")


def test_quiet_says_nothing(project: Path) -> None:
    done = train(project, START, env={"LEDGER_QUIET": "1"})
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_an_uncaught_exception_is_failed(project: Path) -> None:
    code, said, record = ended(project, START + "\ndef f():\n    return 1 / 0\nf()\n")
    assert (1, "failed") == (code, record["status"])
    assert "ZeroDivisionError" == record["error"]["type"]
    assert "return 1 / 0" in "\n".join(record["error"]["traceback_tail"])
    assert "ZeroDivisionError: division by zero" in said


def test_an_uncaught_exception_is_failed_under_an_excepthook_put_over_ours(project: Path) -> None:
    script = START + "sys.excepthook = lambda *a: print('mine', file=sys.stderr)\n1 / 0\n"
    code, said, record = ended(project, script)
    assert (1, "failed", "ZeroDivisionError") == (code, record["status"], record["error"]["type"])
    assert "mine" in said


@pytest.mark.parametrize(
    ("how", "code", "status"),
    [
        ("sys.exit(0)", 0, "finished"),
        ("sys.exit()", 0, "finished"),
        ("sys.exit(3)", 3, "failed"),
        ("sys.exit('out of data')", 1, "failed"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "interrupted"),
    ],
)
def test_an_exit_is_judged_by_its_code(project: Path, how: str, code: int, status: str) -> None:
    found, _, record = ended(project, f"{START}\n{how}\n")
    assert (code, status) == (found, record["status"])


@pytest.mark.parametrize(
    "script",
    [
        "try:\n    sys.exit(3)\nexcept SystemExit:\n    pass\nrun.log(epoch=1, loss=0.25)\n",
        "import threading\nt = threading.Thread(target=sys.exit, args=(3,))\nt.start(); t.join()\n",
        (
            "def f():\n    try:\n        sys.exit(3)\n"
            "    except SystemExit as e:\n        return e.code\nf()\n"
        ),
    ],
)
def test_an_exit_that_was_caught_ends_nothing(project: Path, script: str) -> None:
    code, _, record = ended(project, START + script)
    assert (0, "finished") == (code, record["status"])


def test_an_exit_from_a_function_deep_down_is_failed(project: Path) -> None:
    script = "def f(n):\n    e = SystemExit\n    f(n - 1) if n else sys.exit(4)\nf(5)\n"
    code, _, record = ended(project, START + script)
    assert (4, "failed") == (code, record["status"])


def test_an_exit_that_is_caught_and_given_on_counts(project: Path) -> None:
    script = "try:\n    sys.exit(3)\nexcept SystemExit as e:\n    sys.exit(e.code)\n"
    code, _, record = ended(project, START + script)
    assert (3, "failed") == (code, record["status"])


def test_the_users_own_hooks_are_still_called(project: Path) -> None:
    before = """
import atexit, sys
old = sys.excepthook
def hook(*arguments):
    print("my excepthook")
    old(*arguments)
sys.excepthook = hook
atexit.register(print, "atexit before")
"""
    script = before + START + "atexit.register(print, 'atexit after')\n1 / 0\n"
    done = train(project, script)
    assert ["my excepthook", "atexit after", "atexit before"] == done.stdout.splitlines()
    assert "failed" == read_record(only_run(project))["status"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_seals_the_run_and_still_ends_the_process(project: Path, number: int) -> None:
    code, _, said, record = signalled(project, START + READY_AND_WAIT, number)
    assert (-number, "interrupted") == (code, record["status"])
    assert 1 == record["files"]["metrics.csv"]["rows"]
    assert "Traceback" not in said


def test_ctrl_c_seals_the_run_and_still_ends_the_process(project: Path) -> None:
    code, _, said, record = signalled(project, START + READY_AND_WAIT, signal.SIGINT)
    assert (-signal.SIGINT, "interrupted") == (code, record["status"])
    assert "KeyboardInterrupt" in said


def test_a_signal_within_a_with_block_seals_it(project: Path) -> None:
    script = (
        "import ledger, time\nwith ledger.start('run') as run:\n    run.log(epoch=0, loss=1.0)\n"
    )
    waiting = "    print('ready', flush=True)\n    while True: time.sleep(0.01)\n"
    code, _, _, record = signalled(project, script + waiting, signal.SIGTERM)
    assert (-signal.SIGTERM, "interrupted") == (code, record["status"])


def test_a_signal_the_user_ignores_is_ignored(project: Path) -> None:
    script = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + START
    waiting = "print('ready', flush=True)\nsys.stdin.readline()\n"
    process = begin_training(project, script + waiting)
    assert process.stdout is not None
    assert process.stdin is not None
    assert "ready\n" == process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    process.stdin.write("go on\n")
    assert 0 == end_of(process)[0]
    assert "finished" == read_record(only_run(project))["status"]


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("sys.exit(5)", 5),
        ("os._exit(6)", 6),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        (
            "signal.signal(signal.SIGTERM, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGTERM)",
            -signal.SIGTERM,
        ),
    ],
)
def test_a_handler_from_before_the_start_decides_how_the_process_ends(
    project: Path, ending: str, code: int
) -> None:
    before = f"""
import os, signal, sys
def stop(number, frame):
    print("my handler", flush=True)
    {ending}
signal.signal(signal.SIGTERM, stop)
"""
    found, stdout, _, record = signalled(project, before + START + READY_AND_WAIT, signal.SIGTERM)
    assert (code, "my handler\n") == (found, stdout)
    assert "interrupted" == record["status"]
    assert 1 == record["files"]["metrics.csv"]["rows"]


def test_a_handler_that_lets_the_loop_stop_in_time_loses_no_row(project: Path) -> None:
    """Many trainers answer SIGTERM with a flag, end the epoch and save."""
    script = """
import signal, time
stopped = []
signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
import ledger
with ledger.start("run") as run:
    run.log(epoch=0, loss=0.5)
    print("ready", flush=True)
    while not stopped:
        time.sleep(0.005)  # pause() would miss a signal that comes right before it
    run.log(epoch=1, loss=0.25)
    run.final(test_acc=0.75)
    open("model.pt", "w").close()
    run.artifact("model", "model.pt")
"""
    code, _, _, record = signalled(project, script, signal.SIGTERM)
    assert (0, "interrupted") == (code, record["status"])
    assert 2 == record["files"]["metrics.csv"]["rows"]
    assert (0.25, 0.75) == (record["metrics"]["loss"], record["metrics"]["test_acc"])
    assert ["model"] == list(record["artifacts"])


def test_a_handler_from_after_the_start_is_the_users_own(project: Path) -> None:
    script = (
        START
        + """
def stop(number, frame):
    print("my handler", flush=True)
    sys.exit(7)
signal.signal(signal.SIGTERM, stop)
"""
    )
    code, stdout, _, record = signalled(project, script + READY_AND_WAIT, signal.SIGTERM)
    assert (7, "my handler\n", "failed") == (code, stdout, record["status"])


def test_a_handler_from_after_the_start_may_call_ours(project: Path) -> None:
    script = (
        START
        + """
ours = signal.getsignal(signal.SIGTERM)
def stop(number, frame):
    print("my handler", flush=True)
    ours(number, frame)
signal.signal(signal.SIGTERM, stop)
"""
    )
    code, stdout, _, record = signalled(project, script + READY_AND_WAIT, signal.SIGTERM)
    assert (-signal.SIGTERM, "my handler\n") == (code, stdout)
    assert "interrupted" == record["status"]


def test_signals_are_given_back_while_a_framework_puts_its_own_handler_in(project: Path) -> None:
    script = """
import os, signal
import ledger
from ledger.writer.current import give_signals_back, take_signals

run = ledger.start("framework")
give_signals_back()
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
signal.signal(signal.SIGTERM, lambda *_: print("its own"))
take_signals()
take_signals()
os.kill(os.getpid(), signal.SIGTERM)
print("in its time")
"""
    assert train(project, script).stdout == "its own\nin its time\n"
    assert read_record(only_run(project))["status"] == "interrupted"


def test_signals_are_watched_though_the_first_run_began_in_a_thread(project: Path) -> None:
    script = """
import ledger, signal, sys, threading
def first():
    with ledger.start("first") as run:
        run.log(epoch=0, loss=1.0)
t = threading.Thread(target=first)
t.start(); t.join()
run = ledger.start("second")
run.log(epoch=0, loss=1.0)
"""
    process = begin_training(project, script + READY_AND_WAIT)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    process.terminate()
    assert -signal.SIGTERM == end_of(process)[0]
    statuses = {read_record(run)["name"]: read_record(run)["status"] for run in run_dirs(project)}
    assert {"first": "finished", "second": "interrupted"} == statuses


def test_a_run_begun_in_a_thread_is_sealed_at_the_end_of_the_program(project: Path) -> None:
    script = """
import ledger, threading
def work():
    ledger.start("run").log(epoch=0, loss=1.0)
t = threading.Thread(target=work)
t.start(); t.join()
"""
    code, _, record = ended(project, script)
    assert (0, "finished") == (code, record["status"])


def test_several_runs_of_one_process_are_all_sealed(project: Path) -> None:
    script = "import ledger\nfor n in range(3):\n    ledger.start(f'run{n}').log(epoch=0, loss=n)\n"
    assert 0 == train(project, script).returncode
    records = [read_record(run) for run in run_dirs(project)]
    assert ["finished"] * 3 == [record["status"] for record in records]
    assert {0, 1, 2} == {record["metrics"]["loss"] for record in records}


@pytest.mark.parametrize(
    "child",
    [
        "os._exit(0)",
        "sys.exit(0)",
        "sys.exit(9)",
        "1 / 0",
        "run.finish()",
        "run.final(acc=1.0)",
        "run.artifact('model', 'train.py')",
        "ledger.seed_everything(1)",
        "os.kill(os.getpid(), signal.SIGTERM)",
    ],
)
def test_a_forked_child_writes_nothing_and_seals_nothing(project: Path, child: str) -> None:
    script = (
        START
        + f"""
def state():
    return {{name: open(os.path.join(run.dir, name), "rb").read() for name in os.listdir(run.dir)}}
run._capture.wait(60)
before = state()
pid = os.fork()
if not pid:
    for epoch in range(100):
        run.log(epoch=epoch, loss=9.0, other=9.0)
    {child}
    sys.exit(0)
os.waitpid(pid, 0)
assert before == state(), "the child wrote"
run.log(epoch=1, loss=0.25)
"""
    )
    code, said, record = ended(project, script)
    assert 0 == code, said
    assert "finished" == record["status"]
    assert ["0", "1"] == [row["epoch"] for row in read_rows(only_run(project))]


def test_a_fork_within_a_with_block_seals_nothing(project: Path) -> None:
    script = """
import ledger, os
with ledger.start("run") as run:
    run.log(epoch=0, loss=1.0)
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        run.log(epoch=1, loss=0.5)
"""
    code, said, record = ended(project, script)
    assert 0 == code, said
    assert ("finished", 2) == (record["status"], record["files"]["metrics.csv"]["rows"])
    assert os.getpid() != record["sessions"][0]["pid"]


def test_a_forked_child_may_record_a_run_of_its_own(project: Path) -> None:
    script = (
        START
        + """
pid = os.fork()
if not pid:
    mine = ledger.start("child")
    mine.log(epoch=0, loss=2.0)
    sys.exit(0)
assert 0 == os.waitpid(pid, 0)[1]
"""
    )
    assert 0 == train(project, script).returncode
    records = {read_record(run)["name"]: read_record(run) for run in run_dirs(project)}
    assert {"run": "finished", "child": "finished"} == {n: r["status"] for n, r in records.items()}
    assert 2.0 == records["child"]["metrics"]["loss"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_leave_the_run_alone(project: Path, method: str) -> None:
    script = f"""
import ledger, multiprocessing
def square(n):
    return n * n
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    with ledger.start("run") as run:
        for epoch in range(2):
            with context.Pool(2) as pool:
                run.log(epoch=epoch, loss=sum(pool.map(square, range(4))))
"""
    code, said, record = ended(project, script)
    assert 0 == code, said
    assert "finished" == record["status"]
    assert [{"epoch": "0", "loss": "14"}, {"epoch": "1", "loss": "14"}] == read_rows(
        only_run(project)
    )


def test_a_fork_while_the_code_is_being_captured_does_not_hang(project: Path) -> None:
    """The lock of the record may be held by a thread that the child does not have."""
    script = """
import ledger, os
for n in range(5):
    run = ledger.start(f"run{n}", config={"n": n})
    pids = []
    for _ in range(5):
        pid = os.fork()
        if not pid:
            run.log(epoch=0, loss=1.0)
            run.final(acc=1.0)
            run.artifact("a", "train.py")
            run.finish()
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        assert 0 == os.waitpid(pid, 0)[1]
    run.finish()
"""
    done = train(project, script)
    assert 0 == done.returncode, done.stderr
    assert {"finished"} == {read_record(run)["status"] for run in run_dirs(project)}


def test_a_second_signal_during_the_seal_does_not_break_it(project: Path) -> None:
    process = begin_training(project, START + READY_AND_WAIT)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    for _ in range(5):
        process.terminate()
    assert -signal.SIGTERM == end_of(process)[0]
    assert "interrupted" == read_record(only_run(project))["status"]


def test_a_stderr_that_is_closed_harms_nothing(project: Path) -> None:
    code, _, record = ended(project, START + "sys.stderr.close()\nrun.artifact('m', 'nowhere')\n")
    assert (0, "finished") == (code, record["status"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_the_end_waits_for_the_data_still_seals(
    project: Path, number: int
) -> None:
    """Hashing a large data set may outlast the training; nobody has to wait for it."""
    script = """
import ledger, threading, time
with open("data.bin", "wb") as file:
    file.truncate(1 << 40)
def tell():
    while not run.is_sealing:
        time.sleep(0.001)
    time.sleep(0.05)  # lets the seal go from its first line into its wait
    print("ready", flush=True)
with ledger.start("run", data="data.bin") as run:
    run.log(epoch=0, loss=1.0)
    threading.Thread(target=tell, daemon=True).start()
"""
    code, _, _, record = signalled(project, script, number)
    assert (-number, "finished") == (code, record["status"])
    assert "before its code and data were captured" in record["incomplete"]
    assert 1 == record["files"]["metrics.csv"]["rows"]


def test_a_forked_child_dies_of_sigterm_at_once(project: Path) -> None:
    """A worker that hangs in C code runs no handler of ours: it must not have one."""
    script = """
import ledger, os, signal
run = ledger.start("run")
assert signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN)
pid = os.fork()
if not pid:
    os._exit(0 if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL else 1)
assert 0 == os.waitpid(pid, 0)[1]
run.finish()
"""
    code, said, record = ended(project, script)
    assert (0, "finished") == (code, record["status"]), said
