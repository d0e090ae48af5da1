#!/usr/bin/env python3
"""Checks Tandem as a part of another project, without the Pico SDK.

    check.py TANDEM_PATH BUILD_DIR

Configures the project beside this file for a Cortex-M0+ with Tandem in it, compiles the port with the project's
own strict and unoptimizing options, and reads the object file: code that a core runs while it is parked lies in
sections that go to SRAM, and calls only code that does too.
"""

import os
import re
import shutil
import subprocess
import sys

IN_SRAM = ".time_critical."


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def calls_from_sram(path):
    """(section, what it calls) for each call from code in SRAM to code that is not."""
    in_sram = set()
    for line in run("arm-none-eabi-objdump", "-t", path).splitlines():
        fields = line.split()
        if len(fields) >= 5 and any(field.startswith(IN_SRAM) for field in fields[2:-1]):
            in_sram.add(fields[-1])
    section, calls, outside = "", 0, []
    for line in run("arm-none-eabi-objdump", "-r", path).splitlines():
        if header := re.match(r"RELOCATION RECORDS FOR \[(.*)\]:", line):
            section = header[1]
        call = re.match(r"\S+ +R_ARM_THM_(?:CALL|JUMP\d+) +(\S+)", line)
        if call and section.startswith(IN_SRAM):
            calls += 1
            if call[1] not in in_sram and not call[1].startswith(IN_SRAM):
                outside.append((section, call[1]))
    if not calls:
        sys.exit(f"{path}: found no call from {IN_SRAM}*, where there is one")
    return outside


def main():
    tandem, build = map(os.path.abspath, sys.argv[1:])
    if not shutil.which("arm-none-eabi-g++"):
        print("skipped: no Arm toolchain")
        return
    run("cmake", "-G", "Ninja", "-S", os.path.dirname(os.path.abspath(__file__)), "-B", build,
        f"-DTANDEM_PATH={tandem}", f"-DCMAKE_TOOLCHAIN_FILE={tandem}/src/port/rp2040/toolchain.cmake")
    every = run("ninja", "-C", build, "-t", "targets", "all")
    objects = re.findall(r"^(CMakeFiles/user\.dir/\S+\.obj):", every, re.MULTILINE)
    if len(objects) != 6:
        sys.exit(f"expected main, the model and four files of the port, found {objects}")
    run("ninja", "-C", build, *objects)
    # The stream's channel is claimed once, by a function of the SDK.
    once = {"dma_claim_unused_channel", "_ZN6tandem4port20claim_stream_channelEv"}
    outside = []
    for part in ("worker_pair", "xip_stream"):
        name = next(name for name in objects if part in name)
        outside += [call for call in calls_from_sram(f"{build}/{name}") if call[1] not in once]
    for section, callee in outside:
        print(f"{section} calls {callee}, which is not in SRAM")
    sys.exit(1 if outside else 0)


main()
