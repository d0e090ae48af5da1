@ DMA, flash streaming, divider, interpolators. Code in SRAM5: its fetches meet nobody.
#include "measure.inc"

  .equ DMA, 0x50000000            @ channel 0 [DS 2.5.7]
  .equ CONTROL, 1 << 0 | 2 << 2   @ enabled, words; its chain ends with it (CHAIN_TO is itself)
  .equ INCREMENT_READ, 1 << 4
  .equ INCREMENT_WRITE, 1 << 5
  .equ ALWAYS, 63 << 15
  .equ STREAM_REQUEST, 37 << 15
  .equ STREAM_FIFO, 0x50400000

  .section .bank5, "ax"
  .macro DMA_START from, to, words, control   @ r1 = channel
  ldr r1, =DMA
  ldr r0, =\from
  str r0, [r1]
  ldr r0, =\to
  str r0, [r1, #4]
  ldr r0, =\words
  str r0, [r1, #8]
  ldr r0, =CONTROL | \control
  .endm
  .macro DMA_TRIGGER
  str r0, [r1, #12]
  .endm
@ LDR 2, LSRS 1, BCS 2: 5 cycles a look.
  .macro DMA_WAIT
.Lbusy\@:
  ldr r0, [r1, #12]
  lsrs r0, r0, #25                @ BUSY
  bcs .Lbusy\@
  .endm

@ ---- rate: "one read access and one write access every clock cycle" [DS 2.5]. From the trigger's STR (2) to the look
@ that finds it done: the first word's read and the last one's write don't overlap (1), a look takes up to 5 + 4, and a
@ channel takes a few cycles to start, which the datasheet doesn't number: up to 8 are allowed here.
  .equ AROUND, 2 + 1 + 5 + 4 + 8
  .macro COPY name, from, to, each
CASE "\name", 1000 * \each, 1000 * \each + AROUND
  DMA_START \from, \to, 1000, INCREMENT_READ | INCREMENT_WRITE | ALWAYS
  START
  DMA_TRIGGER
  DMA_WAIT
  STOP
  END
  .endm
COPY "DMA, 1000 words, striped SRAM", BUFFER, BUFFER + 0x4000, 1
COPY "DMA, 1000 words, bank to bank", BANK0, BANK1, 1
@ Its two masters meet in one bank: by turns.
COPY "DMA, 1000 words within a bank", BANK0, BANK0 + 0x2000, 2

@ ---- core beside DMA, which reads BANK0 in every cycle and writes BANK1 in every cycle
  .macro BESIDE_DMA name, address, count, least, most, instruction:vararg
CASE "\name", \least, \most
  DMA_START BANK0, BANK1, 1000, ALWAYS
  DMA_TRIGGER
  DELAY r0, 20
  ldr r1, =\address
  START
  .rept \count
  \instruction
  .endr
  STOP
  mov r2, r0
  ldr r1, =DMA
  DMA_WAIT
  mov r0, r2
  END
  .endm
BESIDE_DMA "ldm of 4, DMA on other banks", BANK2, 8, 8 * 5, 8 * 5, ldm r1!, {r2-r5}
@ LDM: by turns, 8 cycles for 5, as two cores on a bank; the first access may wait.
BESIDE_DMA "ldm of 4, DMA reads the bank", BANK0, 8, 8 * 8, 8 * 8 + 1, ldm r1!, {r2-r5}
BESIDE_DMA "ldm of 4, DMA writes the bank", BANK1, 8, 8 * 8, 8 * 8 + 1, ldm r1!, {r2-r5}
@ LDR asks in every other cycle. The DMA wants every cycle, so it was granted in the one before, and now it is the
@ core's turn: 2 cycles as ever. The first may wait.
BESIDE_DMA "loads, DMA reads the bank", BANK0, 16, 16 * 2, 16 * 2 + 1, ldr r0, [r1]

@ ---- streaming [DS 2.6.3.4]: words come one by one as misses do; the first is sent and the last collected by the DMA
@ within a few cycles, and the looks as above.
  .macro STREAM words
  DMA_START STREAM_FIFO, BUFFER, \words, INCREMENT_WRITE | STREAM_REQUEST
  ldr r2, =XIP_CTRL
  ldr r3, =DATA
  str r3, [r2, #0x14]             @ STREAM_ADDR
  ldr r3, =\words
  DMA_TRIGGER
  .endm
CASE "stream, 64 words by DMA", 64 * MISS, 64 * MISS + AROUND
  STREAM 64
  START
  str r3, [r2, #0x18]             @ STREAM_CTR: go
  DMA_WAIT
  STOP
  END
@ Eight misses of the core beside it. A word under way is finished first, then the miss, then nothing for 7 cycles
@ ("a brief cooldown (seven cycles) between the last XIP cache miss and resuming streaming").
  .equ COOLDOWN, 7
  .equ MISSES, 8
  .equ BESIDE_MISSES, 64 * MISS + MISSES * (MISS + COOLDOWN)
CASE "stream, 64 words beside 8 misses", BESIDE_MISSES, BESIDE_MISSES + AROUND
  STREAM 64
  ldr r4, =DATA + 0x1000 + UNCACHED
  START
  str r3, [r2, #0x18]
  movs r5, #MISSES
1: DELAY r0, 60
  ldr r0, [r4]
  subs r5, #1
  bne 1b
  DMA_WAIT
  STOP
  END
@ The core's side: 2 + MISS, and up to a word's MISS before it.
CASE "8 misses beside a stream", MISSES * (2 + MISS), MISSES * (2 + 2 * MISS)
  STREAM 64
  ldr r4, =DATA + 0x1000 + UNCACHED
  movs r0, #0
  mov r8, r0
  str r3, [r2, #0x18]
  movs r2, #MISSES
1: DELAY r0, 60
  START
  ldr r0, [r4]
  STOP
  add r8, r0
  subs r2, #1
  bne 1b
  DMA_WAIT
  mov r0, r8
  END

@ ---- divider: calculates "over the next 8 cycles, and on the 9th cycle the results can be read" [DS 2.3.1.5]
  .equ DIVIDEND, 0x60
  .equ DIVISOR, 0x64
  .equ QUOTIENT, 0x70
  .equ REMAINDER, 0x74
  .equ DIV_CSR, 0x78
  .macro DIVIDE
  ldr r1, =SIO
  ldr r2, =1000
  movs r3, #7
  .endm
@ STR, STR, four branches of 2 as the Pico SDK has them, LDR, LDR
CASE "division", 2 + 8 + 2
  DIVIDE
  START
  str r2, [r1, #DIVIDEND]
  str r3, [r1, #DIVISOR]
  b 1f
1: b 1f
1: b 1f
1: b 1f
1: ldr r4, [r1, #REMAINDER]
  ldr r5, [r1, #QUOTIENT]
  STOP
  END
CASE "(count) its quotient", 1000 / 7
  DIVIDE
  str r2, [r1, #DIVIDEND]
  str r3, [r1, #DIVISOR]
  b 1f
1: b 1f
1: b 1f
1: b 1f
1: ldr r4, [r1, #REMAINDER]
  ldr r0, [r1, #QUOTIENT]
  END
@ READY, looked at in the 6th to the 10th cycle after STR's: from the 9th on.
CASE "(count) cycles 6 to 10 in which the divider is ready", 2
  DIVIDE
  str r2, [r1, #DIVIDEND]
  str r3, [r1, #DIVISOR]
  .rept 5
  nop
  .endr
  ldr r0, [r1, #DIV_CSR]
  ldr r2, [r1, #DIV_CSR]
  ldr r3, [r1, #DIV_CSR]
  ldr r4, [r1, #DIV_CSR]
  ldr r5, [r1, #DIV_CSR]
  movs r1, #1
  .irp register, r0, r2, r3, r4, r5
  ands \register, r1
  .endr
  adds r0, r2
  adds r0, r3
  adds r0, r4
  adds r0, r5
  END

@ ---- interpolators: "can write or read any interpolator register in one cycle, and the results are ready on the next
@ cycle" [DS 2.3.1.6]
  .macro INTERPOLATOR name, offset, text:vararg
CASE "interpolator, \name", 1
  ldr r1, =SIO + 0x80 + \offset
  movs r0, #0
  START
  \text
  STOP
  END
  .endm
INTERPOLATOR "store to ACCUM0", 0x00, str r0, [r1]
INTERPOLATOR "store to BASE0", 0x08, str r0, [r1]
INTERPOLATOR "load from POP_LANE0", 0x14, ldr r0, [r1]
INTERPOLATOR "load from PEEK_FULL", 0x28, ldr r0, [r1]
INTERPOLATOR "store to CTRL_LANE0", 0x2c, str r0, [r1]
INTERPOLATOR "store to ACCUM0_ADD", 0x34, str r0, [r1]
INTERPOLATOR "store to BASE_1AND0", 0x3c, str r0, [r1]
@ STR 1 and LDR 1: the result is there in the next cycle. Lane 0 passes its accumulator: 5 + 7 (BASE0).
CASE "interpolator, accumulate and read", 2
  ldr r1, =SIO + 0x80
  movs r0, #7
  START
  str r0, [r1, #0x34]
  ldr r0, [r1, #0x20]
  STOP
  END
CASE "(count) interpolator, the sum in the next cycle", 5 + 7
  ldr r1, =SIO + 0x80
  ldr r0, =31 << 10               @ CTRL_LANE0: mask bits 0-31
  str r0, [r1, #0x2c]
  movs r0, #0
  str r0, [r1]
  movs r0, #7
  str r0, [r1, #8]
  movs r0, #5
  str r0, [r1, #0x34]
  ldr r0, [r1, #0x20]
  END
