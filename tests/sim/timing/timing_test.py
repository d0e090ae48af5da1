#!/usr/bin/env python3
"""Runs the timing programs of this folder and compares each case's cycles with the count stated in its source.

Each program is assembled in eight variants (measure.inc): its code at both halfwords of a word, its cases in four
phases against what goes on beside them. With REFSIM (the path of refsim's binary) in
the environment the programs run there too, for the table: the verdict is on `tandem sim` alone.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
VARIANTS = [(offset, phase) for phase in range(4) for offset in (0, 2)]


def assemble(gcc, source, offset, phase, out):
    subprocess.run([gcc, "-mcpu=cortex-m0plus", "-mthumb", "-nostdlib", "-Wl,--no-warn-rwx-segments",
                    f"-DOFFSET={offset}", f"-DPHASE={phase}", "-T", FOLDER / "timing.ld", "-o", out, source],
                   check=True)


def measure(command):
    """Runs a simulator; returns {case: (least, most, measured)} in the program's order."""
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if run.returncode != 0:
        sys.exit(f"{command}: exit code {run.returncode}\n{run.stdout}{run.stderr}")
    cases = {}
    for line in run.stdout.splitlines():
        least, most, measured, name = line.split(" ", 3)
        if name in cases:
            sys.exit(f"{command}: two cases are named {name}")
        cases[name] = (int(least, 16), int(most, 16), int(measured, 16))
    return cases


def join(values):
    """One number where all variants agree, else the range."""
    return str(min(values)) if min(values) == max(values) else f"{min(values)}..{max(values)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tandem", required=True, help="the command's binary")
    parser.add_argument("--gcc", default="arm-none-eabi-gcc")
    parser.add_argument("programs", nargs="*", help="default: every .S beside this file")
    options = parser.parse_args()
    if shutil.which(options.gcc) is None:
        print("skipped: no Arm toolchain")
        return 0
    refsim = os.environ.get("REFSIM")
    if refsim and not pathlib.Path(refsim).exists():
        print(f"no refsim at {refsim}: without its counts")
        refsim = None
    sources = [pathlib.Path(p) for p in options.programs] or sorted(FOLDER.glob("*.S"))
    wrong = count = differ = 0
    for source in sources:
        print(f"\n{source.stem:<58} {'expected':>12} {'sim':>10}" + (f" {'refsim':>10}" if refsim else ""))
        ours, theirs = [], []
        with tempfile.TemporaryDirectory() as folder:
            for offset, phase in VARIANTS:
                elf = pathlib.Path(folder) / f"{source.stem}_{offset}_{phase}.elf"
                assemble(options.gcc, source, offset, phase, elf)
                ours.append(measure([options.tandem, "sim", elf]))
                if refsim:
                    theirs.append(measure([refsim, elf]))
        for name, (least, most, _) in ours[0].items():
            measured = [run[name][2] for run in ours]
            others = [run[name][2] for run in theirs]
            ok = all(least <= value <= most for value in measured)
            count += 1
            wrong += not ok
            line = f"{name:<58} {join((least, most)):>12} {join(measured):>10}"
            if refsim:
                line += f" {join(others):>10}"
                differ += measured != others
            print(line + ("" if ok else "  WRONG"))
    print(f"\n{count} cases in {len(VARIANTS)} variants, {wrong} wrong"
          + (f"; {differ} differ from refsim's" if refsim else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
