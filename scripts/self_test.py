#!/usr/bin/env python3
"""Tests the scripts themselves, in a scratch tree with stand-ins for apt, CMake and the programs they call.

The last line is `N passed, N failed, N skipped`.
"""

import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import run_tests

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(SCRIPTS)

# What the shell scripts may find in PATH besides the stand-ins.
ORDINARY_TOOLS = ["sh", "env", "dirname", "grep", "sed", "cat", "mktemp", "rm", "mkdir", "head", "tail",
                  "date", "python3", "setarch", "true"]


def load_check_includes():
    loader = importlib.machinery.SourceFileLoader("check_includes", f"{SCRIPTS}/check_includes")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_includes", loader))
    loader.exec_module(module)
    return module


class ScratchTree(unittest.TestCase):
    """A copy of the scripts in an empty tree, and a PATH that holds only what a test puts there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tandem scripts ")  # a space: paths must survive it
        self.addCleanup(folder.cleanup)
        self.top = os.path.realpath(folder.name)
        self.tree, self.bin = f"{self.top}/clone", f"{self.top}/bin"
        os.makedirs(self.bin)
        shutil.copytree(SCRIPTS, f"{self.tree}/scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for tool in ORDINARY_TOOLS:
            path = shutil.which(tool)
            if path:
                os.symlink(path, f"{self.bin}/{tool}")

    def write(self, path, text):
        path = f"{self.tree}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def program(self, path, body):
        path = self.write(path, "#!/bin/sh\n" + body)
        os.chmod(path, 0o755)
        return path

    def stand_in(self, name, body):
        """A tool in PATH that notes its arguments in calls.log."""
        self.program(f"../bin/{name}", f'echo "{name} $*" >>"{self.top}/calls.log"\n{body}\n')

    def calls(self):
        try:
            with open(f"{self.top}/calls.log", encoding="utf-8") as log:
                return log.read().splitlines()
        except FileNotFoundError:
            return []

    def run_script(self, *command, cwd="/", **env):
        done = subprocess.run([f"{self.tree}/{command[0]}", *command[1:]], cwd=cwd, check=False, timeout=120,
                              env={"PATH": self.bin, "CI": "true", **env}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode()


class Setup(ScratchTree):
    def setUp(self):
        super().setUp()
        # Packages are files here: installed/<name>, known/<name>.
        for folder in ("installed", "known"):
            os.makedirs(f"{self.top}/{folder}")
        self.stand_in("dpkg", "echo amd64")
        self.stand_in("dpkg-query", f'''shift 3
            for p; do [ ! -e "{self.top}/installed/$p" ] || echo "installed $p"; done''')
        self.stand_in("apt-cache", f'''[ ! -e "{self.top}/known/$2" ] || echo "  Candidate: 1.0"''')
        self.stand_in("apt-get", f'''for p; do case $p in
              update) for k in $(cat "{self.top}/archive"); do : >"{self.top}/known/$k"; done ;;
              -*|DPkg*|install) ;;
              *) [ -e "{self.top}/known/$p" ] || exit 100; : >"{self.top}/installed/$p" ;;
            esac; done''')
        self.stand_in("id", "echo 0")
        with open(f"{self.tree}/scripts/setup", encoding="utf-8") as script:
            lists = re.findall(r"^(?:full_)?packages='([^']*)'", script.read(), re.MULTILINE)
        self.packages = [name for text in lists for name in text.split()] + ["g++-multilib"]
        with open(f"{self.top}/archive", "w", encoding="utf-8") as archive:
            archive.write(" ".join(self.packages))

    def touch(self, folder, names):
        for name in names:
            with open(f"{self.top}/{folder}/{name}", "w", encoding="utf-8"):
                pass

    def apt_calls(self):
        return [re.sub(r" (-\S+|DPkg\S+)", "", call) for call in self.calls() if call.startswith("apt-get")]

    def test_prints_nothing_when_all_is_there(self):
        self.touch("installed", self.packages)
        self.assertEqual(self.run_script("scripts/setup", "--full"), (0, ""))
        self.assertEqual(self.apt_calls(), [])

    def test_fresh_container_updates_lists_then_installs(self):
        code, output = self.run_script("scripts/setup", "--full")
        self.assertEqual((code, output), (0, f"installing with apt: {' '.join(self.packages)}\n"))
        self.assertEqual(self.apt_calls(), ["apt-get update", f"apt-get install {' '.join(self.packages)}"])
        self.assertEqual(self.run_script("scripts/setup", "--full"), (0, ""))

    def test_installs_only_what_is_missing_and_trusts_the_lists(self):
        self.touch("installed", set(self.packages) - {"cmake"})
        self.touch("known", self.packages)
        self.assertEqual(self.run_script("scripts/setup"), (0, "installing with apt: cmake\n"))
        self.assertEqual(self.apt_calls(), ["apt-get install cmake"])

    def test_stale_lists_are_updated_and_the_installation_repeated(self):
        self.touch("known", self.packages)
        self.stand_in("apt-get", f'''case " $* " in
              *" update "*) : >"{self.top}/fresh" ;;
              *) [ -e "{self.top}/fresh" ] || {{ echo 404; exit 100; }} ;;
            esac''')
        self.assertEqual(self.run_script("scripts/setup")[0], 0)
        self.assertEqual([call.split()[1] for call in self.apt_calls()], ["install", "update", "install"])

    def test_says_what_apt_said_when_it_fails(self):
        self.stand_in("apt-get", "echo E: no such package; exit 100")
        self.touch("known", self.packages)
        code, output = self.run_script("scripts/setup")
        self.assertEqual(code, 1)
        self.assertIn("E: no such package", output)

    def test_user_with_sudo(self):
        self.stand_in("id", "echo 1000")
        self.stand_in("sudo", '"$@"')
        self.assertEqual(self.run_script("scripts/setup")[0], 0)
        self.assertIn("sudo env DEBIAN_FRONTEND=noninteractive apt-get", "\n".join(self.calls()))

    def test_user_without_sudo_is_told_what_to_do(self):
        self.stand_in("id", "echo 1000")
        code, output = self.run_script("scripts/setup")
        self.assertEqual(code, 1)
        self.assertIn("As root: apt-get install cmake ninja-build", output)

    def test_other_system_goes_on_if_the_tools_are_there(self):
        os.remove(f"{self.bin}/apt-get")
        for tool in ("cmake", "ninja", "c++", "pkg-config"):
            self.stand_in(tool, "")
        code, output = self.run_script("scripts/setup")
        self.assertEqual(code, 1)
        self.assertIn("not found: flatc.", output)
        self.stand_in("flatc", "")
        code, output = self.run_script("scripts/setup")
        self.assertEqual(code, 0)
        self.assertIn("libcli11-dev", output)

    def test_unknown_option_is_a_usage_error(self):
        self.assertEqual(self.run_script("scripts/setup", "--ful")[0], 2)


class Demo(ScratchTree):
    def setUp(self):
        super().setUp()
        self.program("scripts/setup", "")
        self.stand_in("cmake", "echo compiler output")
        self.program("build/host/tandem", 'echo "tandem: $*"')

    def test_without_reference_data(self):
        code, output = self.run_script("scripts/demo")
        self.assertEqual(code, 0, output)
        self.assertIn("No reference models", output)
        self.assertIn("\n$ build/host/tandem run build/host/models/person_shaped.tflite --input ran", output)
        self.assertIn("RANDOM", output)
        self.assertNotIn("compiler output", output)

    def test_with_reference_data_in_a_relative_folder(self):
        self.write("../data/models/person_detect.tflite", "")
        code, output = self.run_script("scripts/demo", cwd=self.top, TANDEM_SHARED="data")
        self.assertEqual(code, 0, output)
        self.assertIn(f"tandem: run {self.top}/data/models/person_detect.tflite --input "
                      f"{self.top}/data/models/images/no_person.bmp --bytes", output)

    def test_ends_with_firmware_where_it_can_be_built(self):
        self.assertIn("no firmware to show", self.run_script("scripts/demo")[1])
        self.stand_in("arm-none-eabi-g++", "")
        output = self.run_script("scripts/demo")[1]
        self.assertIn("tandem: bench build/host/models/person_shaped.tflite --elf build/person.elf\n", output)
        self.write("../shared/models/person_detect.tflite", "")
        output = self.run_script("scripts/demo")[1]
        self.assertIn(f"tandem: bench {self.top}/shared/models/person_detect.tflite", output)
        self.assertIn("tandem: uf2 build/person.elf\n", output)

    def test_fails_loudly(self):
        for command in ("inspect", "run"):
            self.program("build/host/tandem", f'[ "$1" != {command} ] || exit 3')
            code, output = self.run_script("scripts/demo")
            self.assertEqual(code, 1)
            self.assertIn("FAILED (exit code 3): build/host/tandem " + command, output)

    def test_shows_why_the_build_failed(self):
        self.stand_in("cmake", "echo error: no such type; exit 1")
        code, output = self.run_script("scripts/demo")
        self.assertEqual(code, 1)
        self.assertIn("error: no such type", output)

    def test_build_folder_of_a_clone_that_moved_is_made_fresh(self):
        self.write("build/host/CMakeCache.txt", "CMAKE_HOME_DIRECTORY:INTERNAL=/somewhere/else\n")
        self.run_script("scripts/build", "host")
        self.write("build/host/CMakeCache.txt", f"CMAKE_HOME_DIRECTORY:INTERNAL={self.tree}\n")
        self.run_script("scripts/build", "host", "tandem")
        self.assertEqual(self.calls(), [
            "cmake --preset host --fresh", "cmake --build build/host -- -k 0",
            "cmake --preset host", "cmake --build build/host --target tandem -- -k 0"])


class TestRunner(ScratchTree):
    """scripts/test over stand-ins for the test programs."""

    def setUp(self):
        super().setUp()
        self.program("scripts/setup", "")
        self.program("scripts/demo", "")
        self.write("scripts/self_test.py", 'print("3 passed, 0 failed, 1 skipped")')
        self.stand_in("cmake", "")
        self.stand_in("ninja", "echo ninja: no work to do.")
        self.program("build/host/arena_table", "")
        self.conform("echo '5 passed, 0 failed, 2 unsupported'")
        self.tests = []

    def conform(self, body):
        self.write("../shared/conformance/manifest.jsonl", "")
        self.write("../shared/conformance/models.jsonl", "")
        self.program("build/host/tandem", body)

    def gtest(self, module, name, results, body=""):
        """A gtest program's stand-in: reports `results` {case: "ok" | "bad" | "skip"}, then runs `body`."""
        cases = [{"name": case, "status": "RUN", "result": "SKIPPED" if how == "skip" else "COMPLETED",
                  **({"failures": [{"failure": "want 13"}]} if how == "bad" else {})}
                 for case, how in results.items()]
        report = self.write(f"build/host/{name}.in",
                            json.dumps({"testsuites": [{"name": "Suite", "testsuite": cases}]}))
        self.write(f"src/{module}/{name}.cc", "#include <vector>\n")
        path = self.program(f"build/host/{name}", f'''
            for a; do case $a in
              --gtest_output=json:*) [ ! -s "{report}" ] || cat "{report}" >"${{a#*:}}" ;;
            esac; done
            {body}''')
        self.tests.append({"name": name, "command": [path], "properties": []})
        self.stand_in("ctest", f"cat <<'END'\n{json.dumps({'tests': self.tests})}\nEND")
        return report

    def run_tests(self, *arguments):
        code, output = self.run_script("scripts/test", *arguments)
        return code, output.splitlines()[-1], output

    def test_sums_all_kinds(self):
        self.gtest("base", "fixed_point_test", {"a": "ok", "b": "ok", "c": "skip"})
        self.gtest("ops", "ops_test", {"a": "ok"})
        os.remove(f"{self.tree}/src/ops/ops_test.cc")  # a program of a whole folder's tests
        code, last, output = self.run_tests()
        # 3 of the unit tests, includes, arena table, demo, 5 of conform, 3 of the scripts. Skipped: one unit
        # test, format, firmware, board (no clang-format, no Arm toolchain in PATH), budgets (no models), 2 of
        # conform, 1 of the scripts.
        self.assertEqual((code, last), (0, "14 passed, 0 failed, 8 skipped"), output)
        self.assertIn("[4/11] unit tests: base … 2 passed, 0 failed, 1 skipped", output)
        self.assertIn("[5/11] unit tests: ops … 1 passed, 0 failed, 0 skipped", output)
        self.assertIn("2 unsupported", output)

    def test_failing_case_is_shown_and_the_run_goes_on(self):
        self.gtest("base", "fixed_point_test", {"a": "ok", "b": "bad"}, "echo 'y = 12, want 13'; exit 1")
        self.gtest("ops", "add_test", {"a": "ok"})
        code, last, output = self.run_tests()
        self.assertEqual((code, last), (1, "13 passed, 1 failed, 7 skipped"), output)
        for text in ("Suite.b", "y = 12, want 13", "Failed: unit tests: base"):
            self.assertIn(text, output)

    def test_crash_counts_what_passed_before_it(self):
        report = self.gtest("base", "fixed_point_test", {}, """
            echo '[ RUN      ] S.a'; echo '[       OK ] S.a (0 ms)'; echo '[ RUN      ] S.b'
            kill -SEGV $$""")
        with open(report, "w", encoding="utf-8"):
            pass
        code, last, output = self.run_tests("--only", "fixed_point")
        self.assertEqual((code, last), (1, "1 passed, 1 failed, 0 skipped"), output)
        self.assertIn("killed by signal 11 in S.b", output)

    def test_bad_exit_after_good_cases_fails(self):
        self.gtest("base", "leak_test", {"a": "ok"}, "echo 'ERROR: LeakSanitizer'; exit 23")
        code, last, output = self.run_tests("--only", "base")
        self.assertEqual((code, last), (1, "1 passed, 1 failed, 0 skipped"), output)
        self.assertIn("LeakSanitizer", output)

    def test_program_without_cases_fails(self):
        self.gtest("base", "empty_test", {})
        self.assertEqual(self.run_tests("--only", "base")[:2], (1, "0 passed, 1 failed, 0 skipped"))

    def test_only_picks_programs_and_steps(self):
        self.gtest("base", "fixed_point_test", {"a": "ok", "b": "ok"})
        self.gtest("base", "shape_test", {"a": "ok"})
        self.assertEqual(self.run_tests("--only", "shape")[1], "1 passed, 0 failed, 0 skipped")
        self.assertEqual(self.run_tests("--only", "base")[1], "3 passed, 0 failed, 0 skipped")
        self.assertEqual(self.run_tests("--only", "conform")[1], "5 passed, 0 failed, 2 skipped")
        self.assertEqual(self.run_tests("--only", "nonsense")[:2], (1, "0 passed, 1 failed, 0 skipped"))

    def test_only_builds_what_its_steps_need(self):
        self.gtest("base", "fixed_point_test", {"a": "ok"})
        for arguments, presets in ((["--only", "includes"], []),
                                   (["--only", "conform"], ["host"]),
                                   (["--only", "fixed_point"], ["host"]),
                                   (["--full", "--only", "host-tsan"], ["host-tsan"]),
                                   (["--full", "--only", "clang-tidy"], ["host"])):
            output = self.run_tests(*arguments)[2]
            self.assertEqual(re.findall(r"^building (\S+)", output, re.MULTILINE), presets, arguments)

    def test_failed_build_fails_and_its_leftovers_do_not_run(self):
        self.gtest("base", "fixed_point_test", {"a": "ok"})
        self.stand_in("cmake", '[ "$1" != --build ] || { echo error: oops; exit 1; }')
        self.stand_in("ninja", "echo '[1/1] CXX'")
        code, last, output = self.run_tests("--only", "base")
        self.assertEqual((code, last), (1, "0 passed, 2 failed, 0 skipped"), output)
        self.assertIn("error: oops", output)
        self.assertIn("fixed_point_test: not built", output)

    def test_program_that_was_never_built(self):
        self.gtest("base", "base_test", {"a": "ok"})
        os.remove(f"{self.tree}/build/host/base_test")
        self.tests[0] = {"name": "base", "properties": []}  # what CMake says then
        self.stand_in("ctest", f"cat <<'END'\n{json.dumps({'tests': self.tests})}\nEND")
        code, last, output = self.run_tests("--only", "base")
        self.assertEqual((code, last), (1, "0 passed, 1 failed, 0 skipped"), output)
        self.assertIn("base_test: not built", output)

    def test_conform_failures_and_lies(self):
        self.gtest("base", "a_test", {"a": "ok"})
        for body, last in (
                ("echo '5 passed, 2 failed, 1 unsupported'; exit 1", "5 passed, 2 failed, 1 skipped"),
                ("echo '5 passed, 0 failed, 0 unsupported'; exit 1", "5 passed, 1 failed, 0 skipped"),
                ("echo Segmentation fault; exit 139", "0 passed, 1 failed, 0 skipped")):
            self.conform(body)
            self.assertEqual(self.run_tests("--only", "conform")[:2], (1, last))

    def test_no_reference_data_is_said_and_skipped(self):
        self.gtest("base", "a_test", {"a": "ok"})
        shutil.rmtree(f"{self.top}/shared")
        code, last, output = self.run_tests("--only", "conform")
        self.assertEqual((code, last), (0, "0 passed, 0 failed, 1 skipped"))
        self.assertIn("skipped: no reference data", output)

    def test_failed_setup_still_ends_in_totals(self):
        self.program("scripts/setup", "echo setup: no; exit 1")
        self.assertEqual(self.run_tests()[:2], (1, "0 passed, 1 failed, 0 skipped"))


class Includes(ScratchTree):
    def breaches(self, **files):
        """{path: text} -> "file:line" of each breach. In the paths, __ stands for / and _H for .h."""
        for name, text in files.items():
            self.write(name.replace("__", "/").replace("_H", ".h").replace("_CC", ".cc"), text)
        return [f"{file}:{line}" for file, line, _, _ in load_check_includes().check(self.tree)]

    def test_layers_point_one_way(self):
        self.assertEqual(self.breaches(
            include__tandem__status_H='#include <cstdint>\n#include "tandem/tensor.h"\n',
            include__tandem__tensor_H="#pragma once\n",
            src__base__shape_H='#include "tandem/status.h"\n',
            src__kernels__conv_H='#include "base/shape.h"\n',
            src__plan__plan_H='#include "base/shape.h"\n',
            src__ops__op_H='#include "plan/plan.h"\n#include "kernels/conv.h"\n',
            src__plan__planner_H='#include "plan/plan.h"\n#include "ops/op_context.h"\n',
            src__ops__op_context_H="",
            src__exec__loop_CC='#include "plan/plan.h"\n#include "kernels/conv.h"\n',
            cli__main_CC='#include <iostream>\n#include "plan/planner.h"\n#include <CLI/CLI.hpp>\n'), [])

    def test_finds_each_breach(self):
        self.assertEqual(self.breaches(
            include__tandem__status_H='#pragma once\n#include "base/shape.h"\n',
            sim__bus_CC='#include "base/shape.h"\n',
            src__base__shape_H='#include "kernels/conv.h"\n',
            src__exec__loop_CC='#include "ops/op.h"\n#include "plan/planner.h"\n#include "plan/plan.h"\n',
            src__kernels__conv_H="\n# include <vector>\n",
            src__model__reader_CC='#include <flatbuffers/flatbuffers.h>\n#include <cstdio>\n',
            src__odd__file_CC='#include "base/shape.h"\n',
            src__ops__op_H='#include "plan/planner.h"\n',
            src__plan__plan_H='#include "ops/op.h"\n',
            src__plan__planner_H="// #include <iostream>\n"),
            ["include/tandem/status.h:2", "sim/bus.cc:1", "src/base/shape.h:1", "src/exec/loop.cc:1",
             "src/exec/loop.cc:2", "src/kernels/conv.h:2", "src/model/reader.cc:1", "src/model/reader.cc:2",
             "src/odd/file.cc:1", "src/ops/op.h:1", "src/plan/plan.h:1"])

    def test_unit_tests_may_look_at_all_of_it(self):
        self.assertEqual(self.breaches(
            src__exec__loop_test_CC='#include <gtest/gtest.h>\n#include "model/reader.h"\n',
            src__model__reader_H="\n"), [])

    def test_exit_code_and_sentence(self):
        self.write("src/base/shape.h", '#include "ops/op.h"\n')
        self.write("src/ops/op.h", "")
        done = subprocess.run([f"{SCRIPTS}/check_includes", "--root", self.tree], check=False,
                              stdout=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stdout.decode()), (
            1, "src/base/shape.h:1: includes ops/op.h: src/base may include only src/base, include/tandem\n"))


class ThisTree(unittest.TestCase):
    def test_setup_has_nothing_left_to_do(self):
        if not shutil.which("apt-get"):
            self.skipTest("no apt here")
        done = subprocess.run([f"{SCRIPTS}/setup"], cwd="/", check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_shellcheck(self):
        if not shutil.which("shellcheck"):
            self.skipTest("no shellcheck here")
        shell = [f"{SCRIPTS}/{name}" for name in ("setup", "build", "demo", "test")]
        done = subprocess.run(["shellcheck", *shell, f"{ROOT}/.ci/run"], check=False, stdout=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stdout.decode()), (0, ""))

    def test_scripts_have_their_run_bit(self):
        for name in ("scripts/setup", "scripts/build", "scripts/demo", "scripts/test",
                     "scripts/check_includes", ".ci/run"):
            self.assertTrue(os.access(f"{ROOT}/{name}", os.X_OK), name)

    def test_colours_are_off(self):
        self.assertEqual(run_tests.paint("text", 31), "text")


def main():
    result = unittest.TextTestRunner(stream=sys.stdout).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    broken, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    print(f"{result.testsRun - broken - skipped} passed, {broken} failed, {skipped} skipped")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
