@ The high-level boot ROM's code, in place of the chip's when no image of that is given. What a program calls
@ often runs as code, so that it takes time and bus accesses like any other; the rest is one UDF instruction a
@ function, at which the simulator does the work (rom.cc, same numbers). rom_image.inc is this file assembled;
@ tests/sim/rom_test.cc compares the two.
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .text
base:
  .word 0x20041f00            @ stack: below where boot2 will lie
  .word start + 1
  .word hang + 1
  .word hang + 1
  .byte 'M', 'u', 1, 3        @ magic, and the version: that of RP2040 B2
  .hword functions - base
  .hword data - base
  .hword lookup - base + 1
  .hword 0

lookup:                       @ r0 table, r1 code: the entry's value, or 0
  ldrh r3, [r0]
  cmp r3, #0
  beq 2f
  cmp r3, r1
  beq 1f
  adds r0, #4
  b lookup
1: ldrh r0, [r0, #2]
  bx lr
2: movs r0, #0
  bx lr

hang:
  wfe
  b hang

start:
  ldr r0, =0xd0000000
  ldr r1, [r0]
  cmp r1, #0
  bne core1
  udf #0                      @ core 0: load boot2 from flash, check it, enter it with lr = 0

@ Core 1 waits for 0, 0, 1, vector table, stack, entry; each word is echoed [DS 2.8.2].
core1:
drain:                        @ empty the mailbox, then report with a zero
  ldr r1, [r0, #0x50]
  lsrs r1, r1, #1
  bcc 1f
  ldr r1, [r0, #0x58]
  b drain
1: movs r1, #0
  str r1, [r0, #0x54]
  sev
restart:
  movs r7, #0                 @ words accepted so far
wait:
  ldr r1, [r0, #0x50]
  lsrs r1, r1, #1
  bcs 1f
  wfe
  b wait
1: ldr r2, [r0, #0x58]
  str r2, [r0, #0x54]
  sev
  cmp r7, #2
  blo expect0
  beq expect1
  cmp r7, #4
  blo vectors
  beq stack
  ldr r1, =0xe000ed08         @ the entry: set VTOR and MSP, go
  str r4, [r1]
  msr msp, r5
  movs r1, #0
  mov lr, r1
  blx r2
  b hang
expect0:
  cmp r2, #0
  bne restart
  adds r7, #1
  b wait
expect1:
  cmp r2, #0                  @ further zeros change nothing
  beq wait
  cmp r2, #1
  bne restart
  adds r7, #1
  b wait
vectors:
  movs r4, r2
  adds r7, #1
  b wait
stack:
  movs r5, r2
  adds r7, #1
  b wait

memset:                       @ r0 to, r1 value, r2 count; returns r0
  push {r0, lr}
  uxtb r1, r1
  lsls r3, r1, #8
  orrs r1, r3
  lsls r3, r1, #16
  orrs r1, r3
1: cmp r2, #0
  beq 9f
  lsls r3, r0, #30
  beq 2f
  strb r1, [r0]
  adds r0, #1
  subs r2, #1
  b 1b
2: subs r2, #4
  blo 3f
  stmia r0!, {r1}
  b 2b
3: adds r2, #4
4: subs r2, #1
  blo 9f
  strb r1, [r0, r2]
  b 4b
9: pop {r0, pc}

memset4:
  push {r0, lr}
1: subs r2, #4
  blo 9f
  stmia r0!, {r1}
  b 1b
9: pop {r0, pc}

memcpy:                       @ r0 to, r1 from, r2 count; returns r0
  push {r0, lr}
  movs r3, r0
  orrs r3, r1
  lsls r3, r3, #30
  bne 4f
  b 2f
1: ldmia r1!, {r3}
  stmia r0!, {r3}
2: subs r2, #4
  bhs 1b
  adds r2, #4
4: subs r2, #1
  blo 9f
  ldrb r3, [r1, r2]
  strb r3, [r0, r2]
  b 4b
9: pop {r0, pc}

memcpy44:
  push {r0, lr}
  b 2f
1: ldmia r1!, {r3}
  stmia r0!, {r3}
2: subs r2, #4
  bhs 1b
  pop {r0, pc}

popcount:
  movs r1, #0
1: cmp r0, #0
  beq 2f
  subs r2, r0, #1
  ands r0, r2
  adds r1, #1
  b 1b
2: movs r0, r1
  bx lr

reverse:
  movs r1, #0
  movs r2, #32
1: lsrs r0, r0, #1
  adcs r1, r1
  subs r2, #1
  bne 1b
  movs r0, r1
  bx lr

clz:
  movs r1, #32
  cmp r0, #0
  beq 2f
  movs r1, #0
1: lsls r0, r0, #1
  bcs 2f
  adds r1, #1
  b 1b
2: movs r0, r1
  bx lr

ctz:
  movs r1, #32
  cmp r0, #0
  beq 2f
  movs r1, #0
1: lsrs r0, r0, #1
  bcs 2f
  adds r1, #1
  b 1b
2: movs r0, r1
  bx lr

@ Functions that the simulator carries out: `udf #n`, then it returns to lr.
  .align 2
services:
  .irp n, 1, 2, 3, 4, 5, 6, 7
  udf #\n
  .endr
  .align 2
float_services:               @ one for each word of the soft-float tables
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  udf #(32 + \n)
  .endr
double_services:
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  udf #(64 + \n)
  .endr

  .align 2
soft_float:
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  .word float_services + 2 * \n + 1
  .endr
soft_double:
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  .word double_services + 2 * \n + 1
  .endr

functions:                    @ codes as in the datasheet's table of ROM functions [DS 2.8.3.1]
  .macro entry code, function
  .ascii "\code"
  .hword \function - base + 1
  .endm
  entry P3, popcount
  entry R3, reverse
  entry L3, clz
  entry T3, ctz
  entry MS, memset
  entry S4, memset4
  entry MC, memcpy
  entry C4, memcpy44
  entry IF, services            @ connect_internal_flash
  entry EX, services + 2        @ flash_exit_xip
  entry RE, services + 4        @ flash_range_erase
  entry RP, services + 6        @ flash_range_program
  entry FC, services + 8        @ flash_flush_cache
  entry CX, services + 10       @ flash_enter_cmd_xip
  entry UB, services + 12       @ reset_to_usb_boot
  .hword 0, 0
data:
  .ascii "SF"
  .hword soft_float - base
  .ascii "SD"
  .hword soft_double - base
  .ascii "CR"
  .hword copyright - base
  .ascii "GR"
  .hword revision - base
  .hword 0, 0
  .align 2
revision:
  .word 0
copyright:
  .asciz "High-level boot ROM"
  .align 2
  .ltorg
