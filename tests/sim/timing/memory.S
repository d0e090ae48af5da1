@ What memories and peripherals add to [M0+]'s 2 cycles of a load or store: ROM and SRAM nothing ("the bus fabric
@ does not add wait states to any AHB-Lite slave access" [DS 2.1]), APB and flash as below. Code in striped SRAM.
#include "measure.inc"

  .equ WAY, 8192                  @ 16 KB, two ways: addresses so far apart share a set [DS 2.6.3]

  .text
@ ---- no wait states
CASE "load from ROM", 2
  movs r1, #0
  START
  ldr r0, [r1]
  STOP
  END
  .macro FOUR_LOADS name, address
CASE "\name, 4 loads", 4 * 2
  ldr r1, =\address
  START
  ldr r0, [r1]
  ldr r2, [r1, #4]
  ldr r3, [r1]
  ldr r4, [r1, #8]
  STOP
  END
  .endm
FOUR_LOADS "SRAM, striped", BUFFER
FOUR_LOADS "SRAM0, not striped", BANK0
FOUR_LOADS "SRAM5", 0x20041800
FOUR_LOADS "DMA registers (AHB-Lite)", 0x50000000
CASE "store to DMA registers (AHB-Lite)", 2
  ldr r1, =0x50000000
  movs r0, #0
  START
  str r0, [r1]
  STOP
  END

@ ---- APB: a setup and an access phase; the bridge adds a cycle to reads and two to writes [DS 2.1.3]. The data phase
@ takes 3 cycles to read and 4 to write instead of 1.
CASE "APB load", 1 + 3
  ldr r1, =0x4005800c             @ watchdog SCRATCH0
  START
  ldr r0, [r1]
  STOP
  END
CASE "APB store", 1 + 4
  ldr r1, =0x4005800c
  START
  str r0, [r1]
  STOP
  END
CASE "APB, 4 loads", 4 * (1 + 3)
  ldr r1, =0x4005800c
  START
  ldr r0, [r1]
  ldr r0, [r1]
  ldr r0, [r1]
  ldr r0, [r1]
  STOP
  END
CASE "APB, load, store, load, store", 2 * (1 + 3) + 2 * (1 + 4)
  ldr r1, =0x4005800c
  START
  ldr r0, [r1]
  str r0, [r1]
  ldr r0, [r1]
  str r0, [r1]
  STOP
  END

@ The atomic aliases have "the same timing as normal read/write access", but of I2C, UART, SPI and SSI: there an
@ interposer reads, modifies and writes, which "extends the access time by two system clock cycles" [DS 2.1.2].
CASE "APB store, watchdog's set alias", 1 + 4
  ldr r1, =0x4005a00c
  movs r0, #0
  START
  str r0, [r1]
  STOP
  END
CASE "APB store, UART's set alias", 1 + 4 + 2
  ldr r1, =0x40036038             @ UARTIMSC
  movs r0, #0
  START
  str r0, [r1]
  STOP
  END

@ ---- flash. Every case starts with an empty cache.
flush:
  ldr r0, =XIP_CTRL
  movs r1, #1
  str r1, [r0, #4]                @ FLUSH
1: ldr r1, [r0, #8]               @ STAT: FLUSH_READY
  lsrs r1, r1, #1
  bcc 1b
  bx lr
  .ltorg

@ Loads of the given addresses, in turn.
  .macro FLASH name, cycles, first, second, third, fourth
CASE "\name", \cycles
  bl flush
  ldr r1, =\first
  ldr r2, =\second
  .ifnb \third
  ldr r3, =\third
  ldr r4, =\fourth
  .endif
  START
  ldr r0, [r1]
  ldr r0, [r2]
  .ifnb \third
  ldr r0, [r3]
  ldr r0, [r4]
  .endif
  STOP
  END
  .endm

CASE "flash, miss", 2 + MISS
  bl flush
  ldr r1, =DATA
  START
  ldr r0, [r1]
  STOP
  END
CASE "flash, miss, a byte", 2 + MISS
  bl flush
  ldr r1, =DATA
  START
  ldrb r0, [r1, #3]
  STOP
  END
@ A hit takes one cycle, as SRAM does [DS 2.6.3.1].
FLASH "flash, miss, hit", 2 + MISS + 2, DATA, DATA
@ Lines have 8 bytes [DS 2.6.3], but a miss brings 32 bits: measured by a user of the chip
@ (raspberrypi/pico-feedback, issue 307), not in the datasheet.
FLASH "flash, both halves of a line", 2 * (2 + MISS), DATA, DATA + 4
FLASH "flash, both halves, then both again", 2 * (2 + MISS) + 2 * 2, DATA, DATA + 4, DATA, DATA + 4
FLASH "flash, two lines of a set, then both again", 2 * (2 + MISS) + 2 * 2, DATA, DATA + WAY, DATA, DATA + WAY
@ 0x11: looks up, doesn't allocate. 0x12: doesn't look up, allocates. 0x13: neither.
FLASH "flash, miss at 0x11, then 0x10", 2 * (2 + MISS), DATA + NO_ALLOCATION, DATA
FLASH "flash, miss at 0x10, hit at 0x11", 2 + MISS + 2, DATA, DATA + NO_ALLOCATION
FLASH "flash, 0x12 twice", 2 * (2 + MISS), DATA + NO_LOOKUP, DATA + NO_LOOKUP
FLASH "flash, 0x12, hit at 0x10", 2 + MISS + 2, DATA + NO_LOOKUP, DATA
FLASH "flash, 0x13 twice", 2 * (2 + MISS), DATA + UNCACHED, DATA + UNCACHED
FLASH "flash, 0x13, then 0x10", 2 * (2 + MISS), DATA + UNCACHED, DATA
@ A store to the window deletes the line [DS 2.6.3.2].
CASE "flash, hit, store, miss", 2 + 2 + 2 + MISS
  bl flush
  ldr r1, =DATA
  ldr r0, [r1]
  START
  ldr r0, [r1]
  str r0, [r1]
  ldr r0, [r1]
  STOP
  END
CASE "flash, ldm of 4, all missing", 1 + 4 * (1 + MISS)
  bl flush
  ldr r1, =DATA
  START
  ldm r1, {r0-r3}
  STOP
  END
CASE "flash, ldm of 4, all hits", 1 + 4
  bl flush
  ldr r1, =DATA
  ldm r1, {r0-r3}
  ldr r1, =DATA
  START
  ldm r1, {r0-r3}
  STOP
  END

@ Who reads while the cache is being flushed waits for the end: "just over 1024 clock cycles" [DS 2.6.3.2] from STR's
@ first or second one on, here up to 16 more. Then the load misses.
CASE "flash, flush, load", 1024 + 2 + MISS, 1 + 1024 + 16 + 2 + MISS
  bl flush
  ldr r1, =DATA
  ldr r0, =XIP_CTRL
  movs r2, #1
  START
  str r2, [r0, #4]
  ldr r0, [r1]
  STOP
  END

@ Code in flash: BLX 2, 30 NOPs, BX 2. Cached, it runs as in SRAM.
  .section .flash, "ax"
  .balign 64
nops:
  .rept 31
  nop
  .endr
  bx lr
  .balign 64
  .text
CASE "flash, code that is cached", 2 + 31 + 2
  bl flush
  ldr r0, =nops + 1
  blx r0
  ldr r0, =nops + 1
  START
  blx r0
  STOP
  END
@ Cold: each of its 16 words is an address phase and a miss. A word's two instructions are executed while the next is
@ on its way. The bus allows a new address with the end of the last data: 1 + MISS a word. How early the core asks is
@ not documented; it has the word's two instructions to do, so that at most these come on top. The word behind the
@ BX may be asked for as well before the branch is taken, and must then come in first.
CASE "flash, code that isn't", 2 + 16 * (1 + MISS), 2 + 17 * (1 + MISS + 2)
  bl flush
  ldr r0, =nops + 1
  START
  blx r0
  STOP
  END
