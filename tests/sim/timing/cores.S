@ Both cores. Core 0's cases lie in SRAM5, core 1's routines in SRAM4 [DS 2.6.2]: fetches meet nobody.
@
@ Each bus port has an arbiter and serves one access a cycle; where masters ask in the same one, "the arbiter grants
@ access to each master in turn" [DS 2.1.1.1]: not to the one that it served last. Core 1 makes accesses without a
@ pause, for longer than the case takes; the phase in which core 0's first one meets them is not known, which is the
@ range of a count. SIO has no port: each core reaches it by its own [DS 2.3.1].
#include "measure.inc"

  .equ APB, 0x4005800c            @ watchdog SCRATCH0

@ ---- what core 1 does meanwhile: 200 instructions in a row on the address in r5
  .section .bank4, "ax"
  .macro ROUTINE name, address, instruction:vararg
\name:
  ldr r5, =\address
  .rept 200
  \instruction
  .endr
  bx lr
  .ltorg
  .balign 4
  .endm
ROUTINE load_bank0, BANK0, ldr r0, [r5]
ROUTINE store_bank0, BANK0, str r0, [r5]
ROUTINE multiple_bank0, BANK0, ldm r5!, {r0-r3}
ROUTINE load_striped, BUFFER, ldr r0, [r5]
ROUTINE load_sio, SIO, ldr r0, [r5]
  .macro SHORT_ROUTINE name, address, instruction:vararg
\name:                            @ the same for slow accesses
  ldr r5, =\address
  .rept 40
  \instruction
  .endr
  bx lr
  .ltorg
  .balign 4
  .endm
SHORT_ROUTINE load_apb, APB, ldr r0, [r5]
SHORT_ROUTINE load_flash, DATA + UNCACHED, ldr r0, [r5]

  .section .bank5, "ax"
@ Core 0 makes `count` accesses beside core 1's.
  .macro BESIDE name, routine, address, count, least, most, instruction:vararg
CASE "\name", \least, \most
  CORE1 \routine
  ldr r1, =\address
  DELAY r0, 20
  START
  .rept \count
  \instruction
  .endr
  STOP
  WAIT_CORE1
  END
  .endm

@ Other banks: nothing happens. LDR 2, LDM 1 + 4.
BESIDE "loads, core 1 on another bank", load_bank0, BANK1, 16, 16 * 2, 16 * 2, ldr r0, [r1]
BESIDE "loads, core 1 on another striped bank", load_striped, BUFFER + 4, 16, 16 * 2, 16 * 2, ldr r0, [r1]
BESIDE "ldm of 4, core 1 on another bank", multiple_bank0, BANK1, 8, 8 * 5, 8 * 5, ldm r1!, {r2-r5}
@ One bank: a core's loads are 2 cycles apart, so two cores' fit into one bank. At most the first meets the other's.
BESIDE "loads, core 1 loads from the bank", load_bank0, BANK0 + 64, 16, 16 * 2, 16 * 2 + 1, ldr r0, [r1]
BESIDE "loads, core 1 stores to the bank", store_bank0, BANK0 + 64, 16, 16 * 2, 16 * 2 + 1, ldr r0, [r1]
BESIDE "stores, core 1 stores to the bank", store_bank0, BANK0 + 64, 16, 16 * 2, 16 * 2 + 1, str r0, [r1]
BESIDE "loads, core 1 on the striped bank", load_striped, BUFFER + 16, 16, 16 * 2, 16 * 2 + 1, ldr r0, [r1]
@ LDM wants an access every cycle, with one free between two LDMs. By turns each core has every other cycle: accesses
@ 0, 2, 4, 6 of one LDM, 8 of the next, which also is when it asks at the earliest. 8 cycles for 5; the first may wait.
BESIDE "ldm of 4, core 1 the same on the bank", multiple_bank0, BANK0 + 0x2000, 8, 8 * 8, 8 * 8 + 1, ldm r1!, {r2-r5}
BESIDE "stm of 4, core 1 ldm of 4 on the bank", multiple_bank0, BANK0 + 0x2000, 8, 8 * 8, 8 * 8 + 1, stm r1!, {r2-r5}
@ SIO: both in every cycle.
BESIDE "SIO loads, core 1 the same", load_sio, SIO, 16, 16, 16, ldr r0, [r1]
@ APB: a read's data phase takes 3 cycles [DS 2.1.3], the other core's address phase is its last one. By turns a core
@ is granted every 6 cycles, the last load takes its 4, the first waits up to 3.
BESIDE "APB loads, core 1 the same", load_apb, APB, 8, 7 * 6 + 4, 7 * 6 + 4 + 3, ldr r0, [r1]
@ Flash: a miss's data phase takes 1 + MISS cycles. By turns a core is granted every 2 * (1 + MISS) cycles, the last
@ load takes its 2 + MISS, the first waits up to 1 + MISS.
  .equ MISSES, 15 * (1 + MISS) + 1
BESIDE "flash misses, core 1 the same", load_flash, DATA + UNCACHED, 8, MISSES, MISSES + 1 + MISS, ldr r0, [r1]
@ A hit cannot be answered while the other core's miss is: 1 for the hit and 1 + MISS for the miss, by turns.
CASE "flash hits, core 1 misses", 7 * (1 + 1 + MISS) + 2, 7 * (1 + 1 + MISS) + 2 + 1 + MISS
  ldr r1, =DATA + 8
  ldr r0, [r1]                    @ now it is in the cache
  CORE1 load_flash
  ldr r1, =DATA + 8
  DELAY r0, 20
  START
  .rept 8
  ldr r0, [r1]
  .endr
  STOP
  WAIT_CORE1
  END

@ ---- mailboxes [DS 2.3.1.4]
  .section .bank4, "ax"
take_8:
  DELAY r0, 100
  .rept 8
  ldr r0, [r4, #FIFO_RD]
  .endr
  bx lr
echo:
1: ldr r0, [r4, #FIFO_ST]
  lsrs r0, r0, #1
  bcc 1b
  ldr r0, [r4, #FIFO_RD]
  str r0, [r4, #FIFO_WR]
  bx lr
  .section .bank5, "ax"
CASE "mailbox, 8 words sent", 8
  CORE1 take_8
  DELAY r0, 20
  START
  .rept 8
  str r0, [r1, #FIFO_WR]
  .endr
  STOP
  WAIT_CORE1
  END
CASE "mailbox, status and empty read", 2
  ldr r1, =SIO
  START
  ldr r0, [r1, #FIFO_ST]
  ldr r0, [r1, #FIFO_RD]
  STOP
  movs r2, #0
  str r2, [r1, #FIFO_ST]          @ forget the underflow
  END
@ There and back. STR in cycle 0. Core 1 looks every 4 cycles (LDR 1, LSRS 1, BCC 2), first in one of the cycles 1-4;
@ LSRS 1, BCC 1, LDR 1, then it sends in one of the cycles 5-8. Core 0 looks in cycles 1, 5, 9: it sees the word in 9,
@ and LDR, LSRS, BCC, LDR end with cycle 12. A cycle of delay inside the mailboxes could make that a round more: the
@ datasheet says nothing of it. (Registers are clocked: what is stored in one cycle is seen in the next.)
CASE "mailbox, there and back", 13, 17
  CORE1 echo
  DELAY r0, 20
  START
  str r0, [r1, #FIFO_WR]
1: ldr r0, [r1, #FIFO_ST]
  lsrs r0, r0, #1
  bcc 1b
  ldr r0, [r1, #FIFO_RD]
  STOP
  WAIT_CORE1
  END

@ ---- spinlocks [DS 2.3.1.3]
  .equ SPINLOCK0, SIO + 0x100
CASE "spinlock, claim and release", 1 + 1 + 1 + 1
  ldr r1, =SPINLOCK0
  START
1: ldr r0, [r1]
  cmp r0, #0
  beq 1b
  str r0, [r1]
  STOP
  END
CASE "spinlock, three looks at a taken one", 1 + 3 * (1 + 1 + 2) - 1
  ldr r1, =SPINLOCK0
  ldr r0, [r1]
  START
  movs r2, #3
1: ldr r0, [r1]                   @ 0: taken
  subs r2, #1
  bne 1b
  STOP
  str r0, [r1]
  END
@ Not a time: 100 increments by each core, none lost.
  .macro INCREMENT
  ldr r1, =SPINLOCK0
  ldr r2, =BUFFER
  movs r3, #100
1: ldr r0, [r1]
  cmp r0, #0
  beq 1b
  ldr r5, [r2]
  adds r5, #1
  str r5, [r2]
  str r0, [r1]
  subs r3, #1
  bne 1b
  .endm
  .section .bank4, "ax"
increment:
  INCREMENT
  bx lr
  .ltorg
  .section .bank5, "ax"
CASE "(count) increments under a spinlock by both cores", 200
  ldr r2, =BUFFER
  movs r0, #0
  str r0, [r2]
  CORE1 increment
  INCREMENT
  WAIT_CORE1
  ldr r2, =BUFFER
  ldr r0, [r2]
  END

@ ---- WFE and SEV: core 1 wakes and stores to GPIO_OUT, which core 0 reads in the five cycles after its SEV. How long
@ a core takes to wake is not documented; the model assumes 2. Counted: loads that come before the store, which is in
@ the cycle after SEV's at the earliest and seen in the one after that.
  .section .bank4, "ax"
sleeper:
  movs r5, #1
  sev
  wfe                             @ forget earlier events
  wfe
  str r5, [r4, #GPIO_OUT]
  bx lr
  .section .bank5, "ax"
CASE "(count) cycles from SEV to the woken core's store", 1, 4
  ldr r1, =SIO
  movs r0, #0
  str r0, [r1, #GPIO_OUT]
  CORE1 sleeper
  DELAY r0, 20
  sev
  ldr r0, [r1, #GPIO_OUT]
  ldr r2, [r1, #GPIO_OUT]
  ldr r3, [r1, #GPIO_OUT]
  ldr r4, [r1, #GPIO_OUT]
  ldr r5, [r1, #GPIO_OUT]
  adds r0, r2
  adds r0, r3
  adds r0, r4
  adds r0, r5
  movs r4, #5
  subs r0, r4, r0
  WAIT_CORE1
  END
