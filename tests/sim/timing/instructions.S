@ Every class of instruction, memory without wait states: [M0+] table 3-1 row by row.
#include "measure.inc"

  .text
@ ---- data processing: 1. RP2040 has the single-cycle multiplier [DS 2.4].
INSTRUCTION 1, movs r0, #1
INSTRUCTION 1, movs r0, r1
INSTRUCTION 1, mov r8, r1
INSTRUCTION 1, adds r0, r1, #1
INSTRUCTION 1, adds r0, r1, r3
INSTRUCTION 1, add r8, r1
INSTRUCTION 1, adds r0, #200
INSTRUCTION 1, adcs r0, r1
INSTRUCTION 1, add r0, sp, #4
INSTRUCTION 1, add r0, pc, #4
INSTRUCTION 1, subs r0, r1, r3
INSTRUCTION 1, subs r0, r1, #1
INSTRUCTION 1, subs r0, #200
INSTRUCTION 1, sbcs r0, r1
INSTRUCTION 1, rsbs r0, r1, #0
INSTRUCTION 1, muls r0, r1, r0
INSTRUCTION 1, cmp r0, r1
INSTRUCTION 1, cmp r8, r1
INSTRUCTION 1, cmn r0, r1
INSTRUCTION 1, cmp r0, #1
INSTRUCTION 1, ands r0, r1
INSTRUCTION 1, eors r0, r1
INSTRUCTION 1, orrs r0, r1
INSTRUCTION 1, bics r0, r1
INSTRUCTION 1, mvns r0, r1
INSTRUCTION 1, tst r0, r1
INSTRUCTION 1, lsls r0, r1, #3
INSTRUCTION 1, lsls r0, r1
INSTRUCTION 1, lsrs r0, r1, #3
INSTRUCTION 1, lsrs r0, r1
INSTRUCTION 1, asrs r0, r1, #3
INSTRUCTION 1, asrs r0, r1
INSTRUCTION 1, rors r0, r1
INSTRUCTION 1, sxth r0, r1
INSTRUCTION 1, sxtb r0, r1
INSTRUCTION 1, uxth r0, r1
INSTRUCTION 1, uxtb r0, r1
INSTRUCTION 1, rev r0, r1
INSTRUCTION 1, rev16 r0, r1
INSTRUCTION 1, revsh r0, r1

@ Stack pointer, there and back: 1 each.
CASE "sub sp, add sp", 2
  START
  sub sp, #8
  add sp, #8
  STOP
  END

@ ---- loads and stores: 2, "1 if to single-cycle I/O port"
INSTRUCTION 2, ldr r0, [r1, #4]
INSTRUCTION 2, ldrh r0, [r1, #2]
INSTRUCTION 2, ldrb r0, [r1, #1]
INSTRUCTION 2, ldr r0, [r1, r3]
INSTRUCTION 2, ldrh r0, [r1, r3]
INSTRUCTION 2, ldrsh r0, [r1, r3]
INSTRUCTION 2, ldrb r0, [r1, r3]
INSTRUCTION 2, ldrsb r0, [r1, r3]
INSTRUCTION 2, ldr r0, [sp, #4]
INSTRUCTION 2, ldr r0, =0x12345678
INSTRUCTION 2, str r0, [r1, #4]
INSTRUCTION 2, strh r0, [r1, #2]
INSTRUCTION 2, strb r0, [r1, #1]
INSTRUCTION 2, str r0, [r1, r3]
INSTRUCTION 2, strh r0, [r1, r3]
INSTRUCTION 2, strb r0, [r1, r3]
INSTRUCTION 2, str r0, [sp, #0]
INSTRUCTION 2, ldr r0, [r7]                @ private peripheral bus: "2 if to AHB interface or SCS"

@ ---- the same of the single-cycle IO port, RP2040's SIO: 1
INSTRUCTION 1, ldr r0, [r2]
INSTRUCTION 1, ldrh r0, [r2]
INSTRUCTION 1, ldrb r0, [r2]
INSTRUCTION 1, ldr r0, [r2, r3]
INSTRUCTION 1, str r0, [r2, #0x18]
INSTRUCTION 1, strh r0, [r2, #0x18]
INSTRUCTION 1, strb r0, [r2, #0x18]

@ ---- multiple: 1 + N
INSTRUCTION 2, ldm r1!, {r0}
INSTRUCTION 3, ldm r1!, {r0, r2}
INSTRUCTION 4, ldm r1!, {r0, r2, r3}
INSTRUCTION 5, ldm r1!, {r0, r2, r3, r4}
INSTRUCTION 6, ldm r1!, {r0, r2, r3, r4, r5}
INSTRUCTION 6, ldm r1, {r0-r4}
INSTRUCTION 2, stm r1!, {r0}
INSTRUCTION 3, stm r1!, {r0, r2}
INSTRUCTION 4, stm r1!, {r0, r2, r3}
INSTRUCTION 5, stm r1!, {r0, r2, r3, r4}
INSTRUCTION 6, stm r1!, {r0, r2, r3, r4, r5}

@ Eight registers, between four MOVs that keep the measurement's own: 1 + 8, and 4.
CASE "ldm of 8", 1 + 8 + 4
  ldr r0, =BUFFER
  START
  mov r8, r6
  mov r9, r7
  ldm r0, {r0-r7}
  mov r6, r8
  mov r7, r9
  STOP
  END
CASE "stm of 8", 1 + 8
  ldr r0, =BUFFER
  START
  stm r0!, {r0-r7}
  STOP
  END

CASE "push, pop of 1", 2 + 2
  START
  push {r0}
  pop {r0}
  STOP
  END
CASE "push, pop of 4", 5 + 5
  START
  push {r0-r3}
  pop {r0-r3}
  STOP
  END
CASE "push of 6 with lr, pop of 6", 7 + 7
  START
  push {r0-r4, lr}
  pop {r0-r5}
  STOP
  END

@ POP with PC: 3 + N, N counts the PC.
  .macro POP_PC registers, cycles
CASE "pop {\registers pc}", \cycles
  ldr r5, =1f + 1
  push {r5}
  .ifnb \registers
  push {r0-r3}
  .endif
  START
  pop {\registers pc}
  nop
1:
  STOP
  END
  .endm
POP_PC , 3 + 1
POP_PC "r0-r3,", 3 + 5

@ ---- branches: taken 2, not taken 1, BL 3
CASE "b", 2
  START
  b 1f
1:
  STOP
  END
CASE "b over a halfword", 2
  START
  b 1f
  nop
1:
  STOP
  END
CASE "b over a word", 2
  START
  b 1f
  nop
  nop
1:
  STOP
  END
CASE "beq taken", 2
  movs r0, #0
  START
  beq 1f
  nop
1:
  STOP
  END
CASE "bne not taken", 1
  movs r0, #0
  START
  bne 1f
1:
  STOP
  END
CASE "bl", 3
  START
  bl 1f
  nop
1:
  STOP
  END
CASE "bl, bx lr, b", 3 + 2 + 2
  START
  bl 1f
  b 2f
1: bx lr
2:
  STOP
  END
  .macro TO_REGISTER text, cycles
CASE "\text", \cycles
  ldr r0, =1f + 1
  START
  \text
  nop
1:
  STOP
  END
  .endm
TO_REGISTER "bx r0", 2
TO_REGISTER "blx r0", 2
TO_REGISTER "mov pc, r0", 2
CASE "add pc, r0", 2
  movs r0, #0
  START
  add pc, r0                      @ to the instruction after the next
  nop
  STOP
  END

@ ---- special registers and barriers: 3; CPS, hints: 1; WFE: 2 without the wait
INSTRUCTION 3, mrs r0, apsr
INSTRUCTION 3, mrs r0, primask
INSTRUCTION 3, msr apsr_nzcvq, r0
INSTRUCTION 3, msr primask, r0
INSTRUCTION 3, dmb
INSTRUCTION 3, dsb
INSTRUCTION 3, isb
INSTRUCTION 1, cpsie i
INSTRUCTION 1, nop
INSTRUCTION 1, yield
INSTRUCTION 1, sev
CASE "wfe, event register set", 2
  sev
  START
  wfe
  STOP
  END
@ An interrupt that is pending already, masked by PRIMASK. "The processor recognizes WFI wake up events only after
@ issuing the WFI instruction" [DS 2.4.2.8.3]; how long waking takes is not documented, the model's 2 are allowed.
CASE "wfi, interrupt pending", 2, 2 + 2
  cpsid i
  ldr r0, =0xe000e100
  movs r1, #1
  lsls r1, #26                    @ an interrupt that no device has
  str r1, [r0]
  adds r0, #0xff
  adds r0, #1
  str r1, [r0]                    @ ISPR
  START
  wfi
  STOP
  ldr r2, =0xe000e280             @ ICPR
  movs r1, #1
  lsls r1, #26
  str r1, [r2]
  subs r2, #0xff
  subs r2, #1
  str r1, [r2]                    @ ICER
  cpsie i
  END

@ ---- loops
CASE "loop of 2 instructions, 10 times", 1 + 10 * (1 + 2) - 1
  START
  movs r0, #10
1: subs r0, #1
  bne 1b
  STOP
  END
CASE "loop of 3 instructions, 10 times", 1 + 10 * (1 + 1 + 2) - 1
  START
  movs r0, #10
1: nop
  subs r0, #1
  bne 1b
  STOP
  END
@ LDM 3, STM 3, SUBS 1, BNE 2
CASE "loop that copies 2 words, 8 times", 1 + 8 * (3 + 3 + 1 + 2) - 1
  ldr r1, =BUFFER
  ldr r4, =BUFFER + 256
  START
  movs r0, #8
1: ldm r1!, {r2, r3}
  stm r4!, {r2, r3}
  subs r0, #1
  bne 1b
  STOP
  END
@ LDRB 2, LDRSB 2, MULS 1, ADDS 1, ADDS 1, CMP 1, BNE 2
CASE "loop that multiplies bytes, 16 times", 16 * (2 + 2 + 1 + 1 + 1 + 1 + 2) - 1
  ldr r1, =BUFFER
  ldr r4, =BUFFER + 256
  movs r0, #0
  START
1: ldrb r2, [r1, r0]
  ldrsb r3, [r4, r0]
  muls r2, r3
  adds r5, r2
  adds r0, #1
  cmp r0, #16
  bne 1b
  STOP
  END
@ A call in a loop: BL 3, PUSH 1 + 1, POP 3 + 1, SUBS 1, BNE 2.
CASE "loop that calls, 8 times", 1 + 8 * (3 + 2 + 4 + 1 + 2) - 1 + 2
  START
  movs r0, #8
1: bl 2f
  subs r0, #1
  bne 1b
  b 3f
2: push {lr}
  pop {pc}
3:
  STOP
  END
