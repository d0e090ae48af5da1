#!/usr/bin/env python3
"""Builds Tandem and runs its tests. Called by scripts/test, which installs what is needed first.

The last line is `N passed, N failed, N skipped`: test cases of the unit tests, cases of the reference data,
and one for each other check. Exits 1 if anything failed, a build included.
"""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import traceback

from source_tree import tracked_files

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
JOBS = os.cpu_count() or 1
PROGRAM_TIMEOUT_SECONDS = 1800
SHOWN_LINES = 200
COLOURS = sys.stdout.isatty() and os.environ.get("CI") != "true" and "NO_COLOR" not in os.environ

TOTALS_LINE = re.compile(r"(\d+) passed, (\d+) failed, (\d+) (?:skipped|unsupported)")
# What gtest prints of cases that pass, and its list of names at the end; not what a failing case says.
GTEST_CHATTER = re.compile(r"\[( RUN {6}|       OK |-{10}|={10}|  PASSED  )\]|Running main\(\)|Note: |"
                           r"\[  (FAILED |SKIPPED) \] (?!.* ms\)$)| *\d+ FAILED TESTS?$")

# A report that is only printed would pass; and a leak or a race must fail the program that has it.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Outcome(collections.namedtuple("Outcome", "passed failed skipped notes", defaults=(0, 0, 0, ()))):
    """How many cases went which way, and the texts worth showing."""

    def __add__(self, other):
        return Outcome(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped,
                       (*self.notes, *other.notes))

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def passed(*notes):
    return Outcome(passed=1, notes=notes)


def failed(*notes):
    return Outcome(failed=1, notes=notes)


def skipped(why):
    return Outcome(skipped=1, notes=(f"skipped: {why}",))


def last_lines(text, count=SHOWN_LINES):
    lines = text.rstrip().splitlines()
    omitted = [f"… {len(lines) - count} lines before this"] if len(lines) > count else []
    return "\n".join(omitted + lines[-count:])


def run(command, *, cwd=ROOT, env=None, timeout=PROGRAM_TIMEOUT_SECONDS):
    """(exit code, output) of a command; a command that cannot start or does not end has a nonzero code."""
    try:
        done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        return -1, (late.stdout or b"").decode(errors="replace") + f"\nno end after {timeout} s"
    except OSError as error:
        return -1, str(error)


def how_it_ended(code):
    return f"killed by signal {-code}" if code < -1 else f"exit code {code}"


def run_check(command, **options):
    """A command that passes if it exits with 0."""
    code, output = run(command, **options)
    if code == 0:
        return passed()
    return failed(f"{' '.join(command)}: {how_it_ended(code)}\n{last_lines(output)}")


# ---- unit tests -------------------------------------------------------------------------------------------

TestProgram = collections.namedtuple("TestProgram", "name command cwd env")


def listed_tests(preset):
    """The tests that CMake knows in build/<preset>: gtest programs, each once, and (name) all others."""
    code, output = run(["ctest", "--test-dir", f"build/{preset}", "--show-only=json-v1"])
    if code != 0:
        raise RuntimeError(f"ctest cannot list the tests of {preset}:\n{last_lines(output)}")
    programs, others = {}, []
    for test in json.loads(output[output.index("{"):])["tests"]:
        # CMake leaves the command out where the program is missing; by our names it is TEST_test.
        command = test.get("command") or [f"{ROOT}/build/{preset}/{test['name']}_test"]
        if not command[0].endswith("_test") or not is_gtest(command[0]):
            others.append(test["name"])
            continue
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        name = os.path.basename(command[0])
        # Tests that CMake discovered case by case name the same program, with a filter each.
        arguments = [a for a in command[1:] if not a.startswith("--gtest_")]
        env = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []))
        programs[name] = TestProgram(name, [command[0], *arguments],
                                     properties.get("WORKING_DIRECTORY", f"{ROOT}/build/{preset}"), env)
    return list(programs.values()), others


def is_gtest(path):
    """Whether a program is a GoogleTest one; a missing one counts as such, and fails when it is run."""
    try:
        with open(path, "rb") as program:
            return b"gtest_output" in program.read()
    except OSError:
        return True


def module_of(name, files):
    """The module a test program belongs to: where its source is, or what it is called if it has several."""
    for path in files:
        folder, _, file = path.rpartition("/")
        if file in (f"{name}.cc", f"{name}.cpp"):
            parts = folder.split("/")
            return parts[1] if parts[0] == "src" and len(parts) > 1 else parts[0]
    return name.removesuffix("_test")


def read_gtest_results(path):
    """The outcome of one gtest program from its JSON report."""
    with open(path, encoding="utf-8") as report:
        suites = json.load(report)["testsuites"]
    total = Outcome()
    for suite in suites:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                total += failed(name)
            elif case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN":
                total += Outcome(skipped=1)
            else:
                total += Outcome(passed=1)
    return total


def run_gtest(program, preset, prefix):
    results = f"{ROOT}/build/{preset}/test_results/{program.name}.json"
    os.makedirs(os.path.dirname(results), exist_ok=True)
    if os.path.exists(results):
        os.remove(results)
    code, output = run([*prefix, *program.command, f"--gtest_output=json:{results}"], cwd=program.cwd,
                       env={"GTEST_COLOR": "no", **SANITIZER_OPTIONS, **program.env})
    shown = last_lines("\n".join(line for line in output.splitlines() if not GTEST_CHATTER.match(line)))
    if not os.path.exists(results):
        # It died on the way: what it had finished by then is known from what it printed.
        started = re.findall(r"^\[ RUN {6}\] (\S+)", output, re.MULTILINE)
        finished = re.findall(r"^\[       OK \] (\S+)", output, re.MULTILINE)
        where = f" in {started[-1]}" if started else ""
        return Outcome(passed=len(finished)) + failed(
            f"{program.name}: {how_it_ended(code)}{where}, without a report\n{shown}")
    outcome = read_gtest_results(results)
    if outcome.failed:
        names = "\n".join(f"  {name}" for name in outcome.notes)
        return outcome._replace(notes=(f"{program.name}: {outcome.failed} failed\n{names}\n{shown}",))
    if code != 0:
        return outcome + failed(f"{program.name}: {how_it_ended(code)} though every case passed\n{shown}")
    if not outcome.passed and not outcome.skipped:
        return failed(f"{program.name}: holds no test case")
    return outcome


def run_listed_test(name, preset):
    """A test that is not a gtest program, by CMake's own rules for it."""
    code, output = run(["ctest", "--test-dir", f"build/{preset}", "--output-on-failure",
                        "-R", f"^{re.escape(name)}$"], env=SANITIZER_OPTIONS)
    if code != 0:
        return failed(f"{name}:\n{last_lines(output)}")
    return Outcome(skipped=1) if "***Skipped" in output or "(Disabled)" in output else Outcome(passed=1)


def is_up_to_date(path, preset):
    """Whether ninja has nothing left to do for a program: false for a leftover of an earlier build."""
    target = os.path.relpath(path, f"{ROOT}/build/{preset}")
    code, output = run(["ninja", "-C", f"build/{preset}", "-n", target])
    return code == 0 and "no work to do" in output


def without_aslr():
    """For sanitizers: they lose their way where a kernel randomises more address bits than they expect."""
    return ["setarch", "-R"] if run(["setarch", "-R", "true"])[0] == 0 else []


def run_programs(programs, others, preset, prefix, build_failed):
    def one(program):
        if not os.path.exists(program.command[0]):
            return failed(f"{program.name}: not built")
        if build_failed and not is_up_to_date(program.command[0], preset):
            return failed(f"{program.name}: not built")
        return run_gtest(program, preset, prefix)

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        outcomes = [*pool.map(one, programs), *pool.map(lambda name: run_listed_test(name, preset), others)]
    return sum(outcomes, Outcome())


# ---- other checks -----------------------------------------------------------------------------------------


def versioned_tool(name, version):
    """Path of a tool in the one version that the project is written for, or None."""
    for candidate in (f"{name}-{version}", name):
        if shutil.which(candidate) and f"version {version}." in run([candidate, "--version"])[1]:
            return candidate
    return None


def check_format():
    tool = versioned_tool("clang-format", 14)
    if not tool:
        return skipped("clang-format 14 is not here; other versions format differently")
    files = [name for name in tracked_files(ROOT) if name.endswith((".h", ".cc"))]
    code, output = run([tool, "--dry-run", "--Werror", *files])
    if code == 0:
        return passed(f"{len(files)} files")
    names = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error:", output, re.MULTILINE)))
    return failed(f"format with: {tool} -i {' '.join(names)}\n{last_lines(output, 40)}")


def check_conformance(preset, shared, prefix=(), arguments=()):
    folder = f"{shared}/conformance"
    if not os.path.exists(f"{folder}/manifest.jsonl"):
        return skipped("no reference data")
    code, output = run([*prefix, f"build/{preset}/tandem", "conform", folder, *arguments],
                       env=SANITIZER_OPTIONS)
    ended = f"tandem conform: {how_it_ended(code)}"
    totals = TOTALS_LINE.fullmatch(output.rstrip().rpartition("\n")[2].strip())
    if not totals:
        return failed(f"{ended}, without totals\n{last_lines(output)}")
    outcome = Outcome(*map(int, totals.groups()))
    if outcome.failed:
        return outcome._replace(notes=(last_lines(output),))
    if code != 0:
        return outcome + failed(f"{ended} though no case failed\n{last_lines(output)}")
    return outcome._replace(notes=(f"{outcome.skipped} unsupported",) if outcome.skipped else ())


def check_board_conformance(shared, cores, *arguments):
    """The same cases by the board's kernels, on the simulated chip."""
    if not shutil.which("arm-none-eabi-g++"):
        return skipped("no arm-none-eabi-g++")
    return check_conformance("host", shared,
                             arguments=("--board", "pico", "--workers", str(cores), *arguments))


def check_firmware():
    """The device library, the port and the benchmark, by the cross compiler whose warnings are errors."""
    if not shutil.which("arm-none-eabi-g++"):
        return skipped("no arm-none-eabi-g++")
    return run_check(["scripts/build", "rp2040", "all", "pico_test_firmware"])


def check_budgets(shared):
    if not os.path.exists(f"{shared}/models"):
        return skipped("no reference data")
    if not shutil.which("arm-none-eabi-g++"):
        return skipped("no arm-none-eabi-g++")
    code, output = run([sys.executable, "scripts/budgets"])
    totals = TOTALS_LINE.fullmatch(output.rstrip().rpartition("\n")[2])
    if not totals or (code != 0) != (totals[2] != "0"):
        return failed(f"scripts/budgets: {how_it_ended(code)}\n{last_lines(output)}")
    return Outcome(*map(int, totals.groups()), notes=(last_lines(output),) if code else ())


def check_instructions():
    return run_check(["build/host/isa_diff_test"], env={"TANDEM_ISA_DIFF": "10000000"})


def check_arena_table(preset, shared):
    if not os.path.exists(f"{shared}/conformance/models.jsonl"):
        return skipped("no reference data")
    code, output = run([f"build/{preset}/arena_table", "--check"])
    if code != 0:
        return failed(f"arena_table: {how_it_ended(code)}\n{last_lines(output)}")
    return passed(output.rstrip().rpartition("\n")[2])


def check_scripts():
    code, output = run([sys.executable, "scripts/self_test.py"])
    totals = TOTALS_LINE.fullmatch(output.rstrip().rpartition("\n")[2])
    if not totals or (code != 0) != (totals[2] != "0"):
        return failed(f"scripts/self_test.py: {how_it_ended(code)}\n{last_lines(output)}")
    return Outcome(*map(int, totals.groups()), notes=(last_lines(output),) if code else ())


def check_fuzzing(seconds):
    seeds, home = f"{ROOT}/build/host/fuzz_seeds", f"{ROOT}/build/host-fuzz/fuzzing"
    code, output = run(["build/host/make_fuzz_seeds", seeds])
    if code != 0:
        return failed(f"make_fuzz_seeds: {how_it_ended(code)}\n{last_lines(output)}")
    os.makedirs(f"{home}/corpus", exist_ok=True)
    for log in glob.glob(f"{home}/fuzz-*.log"):
        os.remove(log)
    options = ["-jobs=2", "-workers=2", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-artifact_prefix={home}/"]
    fuzzer = f"{ROOT}/build/host-fuzz/fuzz_model"
    code, output = run([*without_aslr(), fuzzer, *options, f"{home}/corpus", seeds], cwd=home,
                       env=SANITIZER_OPTIONS, timeout=seconds + 600)
    logs = []
    for log in sorted(glob.glob(f"{home}/fuzz-*.log")):
        with open(log, encoding="utf-8", errors="replace") as text:
            logs.append(text.read())
    executions = sum(int(n) for n in re.findall(r"stat::number_of_executed_units:\s*(\d+)", "\n".join(logs)))
    if code != 0:
        reports = "\n".join(last_lines(log, 80) for log in logs if "ERROR" in log) or last_lines(output)
        return failed(f"fuzz_model: {how_it_ended(code)}; inputs that break it are in {home}\n{reports}")
    if not executions:
        return failed(f"fuzz_model ran nothing\n{last_lines(output)}")
    inputs = len(os.listdir(f"{home}/corpus"))
    return passed(f"{executions} executions in {seconds} s of 2 jobs, {inputs} inputs in the corpus")


def check_tidy():
    tool = versioned_tool("clang-tidy", 14)
    if not tool:
        return skipped("clang-tidy 14 is not here")
    with open(f"{ROOT}/build/host/compile_commands.json", encoding="utf-8") as commands:
        built = {os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT)
                 for entry in json.load(commands)}
    # Headers are checked through the files that include them.
    files = sorted(name for name in built
                   if name.startswith(("src/", "cli/", "sim/")) and not name.endswith("_test.cc"))

    def one(name):
        # The compile commands are GCC's, whose warnings clang need not know.
        return run([tool, "--quiet", "-p", "build/host", "--extra-arg=-Wno-unknown-warning-option", name])

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        reports = [output for code, output in pool.map(one, files) if code != 0]
    if reports:
        return failed(f"{len(reports)} of {len(files)} files:\n" + "\n".join(map(last_lines, reports)))
    return passed(f"{len(files)} files")


# ---- the run ----------------------------------------------------------------------------------------------

# label: what is printed and what --only looks for; names: test programs in it, which --only can pick.
Step = collections.namedtuple("Step", "label action names", defaults=((),))


def paint(text, colour):
    return f"\033[{colour}m{text}\033[0m" if COLOURS else text


class Run:
    """The steps of one run, their totals and what failed."""

    def __init__(self, options):
        self.only = options.only
        shared = os.environ.get("TANDEM_SHARED") or f"{ROOT}/../shared"
        self.shared = os.path.abspath(shared)
        os.environ["TANDEM_SHARED"] = self.shared
        self.total = Outcome()
        self.broken = []
        self.built = set()
        self.failed_builds = set()

    def build(self, preset, *targets):
        """Builds a preset; what fails counts as one failure, and the run goes on with what was built."""
        self.built.add(preset)
        print(f"building {preset} …", end=" ", flush=True)
        start = time.monotonic()
        code, output = run(["scripts/build", preset, *targets], timeout=7200)
        print(f"{'done' if code == 0 else paint('FAILED', 31)} ({time.monotonic() - start:.0f} s)")
        if code != 0:
            print(output.rstrip())
            self.failed_builds.add(preset)
            self.total += Outcome(failed=1)
            self.broken.append(f"build of {preset}")

    def unit_test_steps(self, preset, split):
        """One step for each module's unit tests, or one for all if not `split`; none if nothing was built."""
        if preset not in self.built:
            return []
        prefix = [] if preset == "host" else without_aslr()
        build_failed = preset in self.failed_builds
        try:
            programs, others = listed_tests(preset)
        except (RuntimeError, ValueError) as error:
            text = str(error)
            return [Step(f"unit tests, {preset}", lambda: failed(text))]
        files = tracked_files(ROOT)
        groups = collections.defaultdict(lambda: ([], []))
        suffix = "" if preset == "host" else f", {preset}"
        for program in programs:
            groups[module_of(program.name, files) if split else "all"][0].append(program)
        for name in others:
            groups[module_of(name, files) if split else "all"][1].append(name)
        if not groups:
            return [Step(f"unit tests{suffix}", lambda: failed("CMake knows no test"))]

        def step(module, chosen, chosen_others):
            label = f"unit tests: {module}{suffix}"
            if self.only and self.only not in label:
                chosen = [p for p in chosen if self.only in p.name]
                chosen_others = [name for name in chosen_others if self.only in name]
            names = [*(p.name for p in chosen), *chosen_others]
            return Step(label, lambda: run_programs(chosen, chosen_others, preset, prefix, build_failed),
                        names)

        return [step(module, *groups[module]) for module in sorted(groups)]

    def wanted(self, steps):
        if not self.only:
            return steps
        return [s for s in steps if self.only in s.label or any(self.only in name for name in s.names)]

    @staticmethod
    def outcome_of(step):
        try:
            return step.action()
        except Exception:  # a broken check is a failure like any other: the rest still runs
            return failed(traceback.format_exc())

    def run_steps(self, steps):
        for number, step in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {step.label} …", end=" ", flush=True)
            start = time.monotonic()
            outcome = self.outcome_of(step)
            seconds = time.monotonic() - start
            colour = 31 if outcome.failed else 32
            short = "" if outcome.failed else "".join(f"; {note}" for note in outcome.notes)
            print(f"{paint(outcome, colour)} ({seconds:.1f} s){short}", flush=True)
            if outcome.failed:
                for note in outcome.notes:
                    print(note, flush=True)
                self.broken.append(step.label)
            self.total += outcome._replace(notes=())

    def close(self):
        if self.broken:
            print(f"\nFailed: {'; '.join(self.broken)}")
        print(self.total)
        return 1 if self.total.failed else 0


# What each step is called and which presets it runs on. The unit tests of the host are one step a module.
NEEDS = {
    "format": (),
    "includes": (),
    "firmware": (),
    "unit tests: ": ("host",),
    "arena table": ("host",),
    "conform": ("host",),
    "board, one core": ("host",),
    "budgets": ("host",),
    "scripts": (),
    "demo": ("host",),
}
FULL_NEEDS = {
    **NEEDS,
    "unit tests: all, host-asan": ("host-asan",),
    "conform, host-asan": ("host-asan",),
    "unit tests: all, host-tsan": ("host-tsan",),
    "conform, host-tsan": ("host-tsan",),
    "arena table, host-m32": ("host-m32",),
    "simulator: 10 million instructions": ("host",),
    "fuzzing": ("host", "host-fuzz"),
    "board, two cores": ("host",),
    "board, no generated code": ("host",),
    "clang-tidy": ("host",),
}
# Presets of which a part is enough.
TARGETS = {"host-m32": ["arena_table"], "host-fuzz": ["fuzz_model"]}


def presets_to_build(options):
    """The presets that the chosen steps run on, host first."""
    needs = FULL_NEEDS if options.full else NEEDS
    chosen = [presets for label, presets in needs.items() if not options.only or options.only in label]
    # A name that is no step's is that of a module or a test program, to be looked for in all of them.
    presets = dict.fromkeys(preset for group in chosen or needs.values() for preset in group)
    return [preset for preset in presets if preset != "host-m32" or can_build_m32()]


def default_steps(tests):
    return [
        Step("format", check_format),
        Step("includes", lambda: run_check(["scripts/check_includes"])),
        Step("firmware", check_firmware),
        *tests.unit_test_steps("host", split=True),
        Step("arena table", lambda: check_arena_table("host", tests.shared)),
        Step("conform", lambda: check_conformance("host", tests.shared)),
        Step("board, one core", lambda: check_board_conformance(tests.shared, 1)),
        Step("budgets", lambda: check_budgets(tests.shared)),
        Step("scripts", check_scripts),
        Step("demo", lambda: run_check([f"{ROOT}/scripts/demo"], cwd="/")),
    ]


def full_steps(tests, seconds):
    steps = []
    for preset in ("host-asan", "host-tsan"):
        steps += tests.unit_test_steps(preset, split=False)
        steps.append(Step(f"conform, {preset}",
                          lambda preset=preset: check_conformance(preset, tests.shared, without_aslr())))
    return [
        *steps,
        Step("arena table, host-m32", lambda: check_arena_table("host-m32", tests.shared) if can_build_m32()
             else skipped("this machine cannot run 32-bit x86 programs")),
        Step("simulator: 10 million instructions", lambda: check_instructions()
             if os.path.exists(f"{ROOT}/build/host/isa_diff_test") else skipped("no libunicorn-dev")),
        Step("board, two cores", lambda: check_board_conformance(tests.shared, 2)),
        Step("board, no generated code",
             lambda: check_board_conformance(tests.shared, 2, "--no-generated-code")),
        Step("fuzzing", lambda: check_fuzzing(seconds)),
        Step("clang-tidy", check_tidy),
    ]


def can_build_m32():
    return platform.machine() in ("x86_64", "i686")


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/test", description="Builds Tandem and runs its tests.",
        epilog="Reference data is looked for in $TANDEM_SHARED (default: the folder `shared` beside the "
               "clone); $TANDEM_FUZZ_SECONDS (default 120) is how long --full fuzzes.")
    parser.add_argument("--full", action="store_true",
                        help="also sanitizers, a 32-bit build, fuzzing, clang-tidy")
    parser.add_argument("--only", metavar="NAME", help="only steps and test programs with NAME in their name")
    options = parser.parse_args()
    seconds = int(os.environ.get("TANDEM_FUZZ_SECONDS") or 120)

    tests = Run(options)
    for preset in presets_to_build(options):
        tests.build(preset, *TARGETS.get(preset, []))
    steps = default_steps(tests) + (full_steps(tests, seconds) if options.full else [])
    chosen = tests.wanted(steps)
    if not chosen:
        print(f"--only {options.only}: there is none. Steps: {'; '.join(step.label for step in steps)}")
        tests.total += Outcome(failed=1)
    tests.run_steps(chosen)
    return tests.close()


if __name__ == "__main__":
    sys.exit(main())
