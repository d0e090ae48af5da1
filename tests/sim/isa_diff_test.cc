#include <gtest/gtest.h>
#include <unicorn/unicorn.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <random>

#include "machine.h"

// Random instruction streams on our core and on the Unicorn engine (QEMU's Arm front end), one instruction at
// a time: registers, PC, flags and memory have to agree. Left out: what is unpredictable or not ARMv6-M,
// system instructions (core_test and the self test cover them), and accesses that leave the window of data.
// 1 million instructions; TANDEM_ISA_DIFF=N sets another number.

#ifdef __SANITIZE_ADDRESS__
/// The engine leaks a little when code changes under it; that isn't ours to find.
extern "C" const char* __lsan_default_suppressions() { return "leak:libunicorn.so"; }
#endif

namespace tandem::sim {
namespace {

constexpr uint32_t kSram = 0x20000000, kData = 0x20020000, kDataBytes = 0x2000;
constexpr uint32_t kBlocks = 400;  // each at its own place: the engine translates ahead
constexpr uint32_t kBlockBytes = 0x100, kInstructions = 64;
constexpr uint64_t kSeed = 1;

class SilentHost final : public Host {
 public:
  void on_console(uint8_t, Cycles) override {}
};

constexpr std::array<int, 15> kUnicornRegisters = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1,  UC_ARM_REG_R2,  UC_ARM_REG_R3, UC_ARM_REG_R4,
    UC_ARM_REG_R5,  UC_ARM_REG_R6,  UC_ARM_REG_R7,  UC_ARM_REG_R8, UC_ARM_REG_R9,
    UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR};

class Unicorn {
 public:
  Unicorn() {
    if (uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &engine_) != UC_ERR_OK)
      std::abort();
    uc_ctl_set_cpu_model(engine_, UC_CPU_ARM_CORTEX_M0);
    uc_mem_map(engine_, kSram, 0x40000, UC_PROT_ALL);
  }
  ~Unicorn() { uc_close(engine_); }
  Unicorn(const Unicorn&) = delete;
  Unicorn& operator=(const Unicorn&) = delete;

  uint32_t get(int reg) const {
    uint32_t value = 0;
    uc_reg_read(engine_, reg, &value);
    return value;
  }
  void set(int reg, uint32_t value) { uc_reg_write(engine_, reg, &value); }
  void write(uint32_t address, const void* bytes, size_t count) {
    uc_mem_write(engine_, address, bytes, count);
  }
  void read(uint32_t address, void* bytes, size_t count) const {
    uc_mem_read(engine_, address, bytes, count);
  }
  uc_err step(uint32_t pc) { return uc_emu_start(engine_, pc | 1, 0xfffffffe, 0, 1); }

 private:
  uc_engine* engine_ = nullptr;
};

struct Random {
  std::mt19937_64 engine{kSeed};
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(engine() % n); }
  uint32_t word() { return static_cast<uint32_t>(engine()); }
};

using Block = std::array<uint16_t, kInstructions + 4>;

/// A halfword of some class, so that all classes come up often.
uint16_t random_halfword(Random& random) {
  switch (random.below(10)) {
    case 0:
      return static_cast<uint16_t>(random.below(65536));
    case 1:
      return static_cast<uint16_t>(0x4000 | random.below(0x400));  // data processing
    case 2:
      return static_cast<uint16_t>(0x4400 | random.below(0x300));  // any register
    case 3:
      return static_cast<uint16_t>(0x5000 | random.below(0x1000));  // register offset
    case 4:
      return static_cast<uint16_t>(0x6000 | random.below(0x4000));  // immediate offset
    case 5:
      return static_cast<uint16_t>(0xb000 | random.below(0x1000));  // miscellaneous
    case 6:
      return static_cast<uint16_t>(0xc000 | random.below(0x1000));  // STM, LDM
    case 7:
      return static_cast<uint16_t>(0xd000 | random.below(0xe00));  // conditional branches
    case 8:
      return static_cast<uint16_t>(random.below(0x4000));  // shift, add, subtract, immediate
    default:
      return static_cast<uint16_t>(random.below(4) ? 0x1800 | random.below(0x800)
                                                   : 0x4800 | random.below(0x800));
  }
}

void fill(Block& block, Random& random) {
  for (size_t i = 0; i < block.size(); ++i) {
    block[i] = random_halfword(random);
    if (random.below(40) != 0 || i + 1 >= kInstructions) continue;
    switch (random.below(4)) {  // 32-bit ones
      case 0:                   // BL, a little forwards or backwards
        if (random.below(2)) {
          block[i] = 0xf7ff;
          block[++i] = static_cast<uint16_t>(0xf800 | (0x7ff - random.below(32)));
        } else {
          block[i] = 0xf000;
          block[++i] = static_cast<uint16_t>(0xf800 | random.below(64));
        }
        break;
      case 1:
        block[i] = 0xf3ef;  // MRS Rd, APSR
        block[++i] = static_cast<uint16_t>(0x8000 | random.below(13) << 8);
        break;
      case 2:
        block[i] = static_cast<uint16_t>(0xf380 | random.below(13));  // MSR APSR, Rn
        block[++i] = 0x8800;
        break;
      default:
        block[i] = 0xf3bf;  // barriers
        block[++i] = static_cast<uint16_t>(0x8f00 | (4 + random.below(3)) << 4 | 15);
        break;
    }
  }
}

bool is_wide(uint32_t op) { return op >> 11 >= 29; }

/// Whether the architecture leaves an instruction's effect open, or it isn't for this test.
bool is_left_out(uint32_t op, uint32_t op2, const Core& core) {
  const uint32_t high = op >> 8;
  if (high == 0xbe || high == 0xdf || high == 0xde || high == 0xbf || high == 0xb6)
    return true;       // BKPT SVC UDF hints CPS
  if (high == 0x47) {  // BX, BLX: PC as operand, bits that should be zero, no Thumb bit, EXC_RETURN
    const uint32_t m = op >> 3 & 15;
    if (m == 15 || (op & 7)) return true;
    const uint32_t target = core.reg(m);
    if (!(target & 1) || target >= 0xf0000000) return true;
  }
  if (op >> 11 == 29 || op >> 11 == 31) return true;
  if (op >> 11 == 30) {
    const bool bl = (op2 & 0xd000) == 0xd000;
    const bool mrs = op == 0xf3ef && (op2 & 0xf0ff) == 0x8000 && (op2 >> 8 & 15) < 13;
    const bool msr = (op & 0xfff0) == 0xf380 && op2 == 0x8800 && (op & 15) < 13;
    const bool barrier =
        op == 0xf3bf && (op2 & 0xff8f) == 0x8f0f && (op2 >> 4 & 15) >= 4 && (op2 >> 4 & 15) <= 6;
    if (!bl && !mrs && !msr && !barrier) return true;
  }
  if ((op & 0xf500) == 0xb100 || (op & 0xffc0) == 0xba80) return true;  // ARMv7-M: CBZ, CBNZ; HLT
  if ((op & 0xf600) == 0xb400 && !(op & 0x1ff)) return true;            // empty PUSH, POP
  if ((op & 0xf000) == 0xc000 && !(op & 0xff)) return true;             // empty STM, LDM
  if (op >> 11 == 24) {                                                 // STM with its base in the middle
    const uint32_t base = op >> 8 & 7;
    if ((op >> base & 1) && (op & ((1u << base) - 1))) return true;
  }
  if ((op & 0xfc00) == 0x4400) {
    const uint32_t d = (op & 7) | (op >> 4 & 8), m = op >> 3 & 15;
    if (d == 15 || d == 13) return true;
    if (high == 0x45 && (m == 15 || (d < 8 && m < 8))) return true;
  }
  return false;
}

/// The memory an instruction touches: address, size of an element, how many. count 0: none.
struct Operand {
  uint32_t address = 0, bytes = 1, count = 0;
  bool inside_data() const {
    if (count == 0) return true;
    return address % bytes == 0 && address >= kData && uint64_t{address} + 4 * count <= kData + kDataBytes;
  }
};

Operand operand_of(uint32_t op, const Core& core) {
  const auto r = [&](uint32_t n) { return core.reg(n); };
  const uint32_t n = op >> 3 & 7, m = op >> 6 & 7, imm5 = op >> 6 & 31;
  switch (op >> 11) {
    case 10:
    case 11: {
      constexpr uint32_t kBytes[8] = {4, 2, 1, 1, 4, 2, 1, 2};
      return {r(n) + r(m), kBytes[op >> 9 & 7], 1};
    }
    case 12:
    case 13:
      return {r(n) + imm5 * 4, 4, 1};
    case 14:
    case 15:
      return {r(n) + imm5, 1, 1};
    case 16:
    case 17:
      return {r(n) + imm5 * 2, 2, 1};
    case 18:
    case 19:
      return {r(13) + (op & 255) * 4, 4, 1};
    case 24:
    case 25:
      return {r(op >> 8 & 7), 4, static_cast<uint32_t>(std::popcount(op & 255))};
    default:
      break;
  }
  if ((op & 0xf600) != 0xb400) return {};
  const auto count = static_cast<uint32_t>(std::popcount(op & 0x1ff));
  return {op & 0x800 ? r(13) : r(13) - 4 * count, 4, count};
}

/// One instruction, however many parts the core makes of it.
void step(Machine& machine) {
  Core& core = machine.core(0);
  const uint64_t before = core.statistics(0).instructions;
  while (core.statistics(0).instructions == before && !machine.stopped() && core.running()) {
    core.run<false>(core.next_access() + 1);
  }
}

TEST(IsaDiff, RandomStreamsAgreeWithUnicorn) {
  const char* wanted_text = std::getenv("TANDEM_ISA_DIFF");
  const uint64_t wanted = wanted_text != nullptr ? std::strtoull(wanted_text, nullptr, 0) : 1'000'000;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Random random;
  SilentHost host;
  auto machine = std::make_unique<Machine>(Options{}, host);
  auto unicorn = std::make_unique<Unicorn>();
  std::vector<Block> blocks(kBlocks);
  std::array<uint64_t, 64> groups{};
  uint64_t compared = 0, undefined = 0;

  for (uint64_t b = 0; compared < wanted; ++b) {
    const uint32_t base = kSram + 0x1000 + static_cast<uint32_t>(b % kBlocks) * kBlockBytes;
    if (b % kBlocks == 0) {  // fresh ones: the engine does not cope with code that changes
      machine = std::make_unique<Machine>(Options{}, host);
      unicorn = std::make_unique<Unicorn>();
      for (uint32_t k = 0; k < kBlocks; ++k) {
        fill(blocks[k], random);
        const uint32_t address = kSram + 0x1000 + k * kBlockBytes;
        std::memcpy(machine->bus().sram() + (address - kSram), blocks[k].data(), sizeof(Block));
        unicorn->write(address, blocks[k].data(), sizeof(Block));
      }
    }
    const Block& code = blocks[b % kBlocks];
    Core& core = machine->core(0);
    std::array<uint8_t, kDataBytes> data;
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(random.word());
    std::memcpy(machine->bus().sram() + (kData - kSram), data.data(), data.size());
    unicorn->write(kData, data.data(), data.size());
    if (machine->stopped()) machine->power_on();
    core.start_at(base, kData + ((0x1000 + random.below(512)) & ~3u), 0);
    for (unsigned i = 0; i < 15; ++i) {
      uint32_t value = core.reg(13);
      if (i != 13) {
        switch (random.below(6)) {
          case 0:
            value = random.word();
            break;
          case 1:
            value = random.below(64);
            break;
          case 2:
            value = 0u - random.below(64);
            break;
          case 3:
            value = 0x80000000u + random.below(5) - 2;
            break;
          default:
            value = kData + 64 +
                    (random.below(2) ? random.below(kDataBytes - 256) : random.below(kDataBytes - 256) & ~3u);
        }
      }
      core.set_reg(i, value);
    }
    if (random.below(2))
      core.set_reg(random.below(13), (base + 2 * random.below(kInstructions)) | 1);  // to branch to
    for (unsigned i = 0; i < 15; ++i) unicorn->set(kUnicornRegisters[i], core.reg(i));
    const uint32_t flags = random.below(16) << 28;
    core.set_flags(flags);
    unicorn->set(UC_ARM_REG_XPSR, flags | 1u << 24);

    for (uint32_t k = 0; k < kInstructions; ++k) {
      const uint32_t pc = core.pc();
      if (pc < base || pc >= base + 2 * kInstructions) break;
      const uint32_t op = code[(pc - base) / 2], op2 = code[(pc - base) / 2 + 1];
      const Operand operand = operand_of(op, core);
      if ((op & 0xff00) == 0xbd00) {  // POP {..., pc}: a return address inside the block
        const uint32_t slot = core.reg(13) + 4 * (operand.count - 1),
                       to = (base + 2 * random.below(kInstructions)) | 1;
        if (operand.inside_data()) {
          std::memcpy(machine->bus().sram() + (slot - kSram), &to, 4);
          unicorn->write(slot, &to, 4);
        }
      }
      if (is_left_out(op, op2, core) || !operand.inside_data()) {
        core.start_at(pc + (is_wide(op) ? 4 : 2), core.reg(13), 0);
        for (unsigned i = 0; i < 15; ++i) core.set_reg(i, unicorn->get(kUnicornRegisters[i]));
        core.set_flags(unicorn->get(UC_ARM_REG_XPSR));
        continue;
      }
      std::array<uint32_t, 15> before;
      for (unsigned i = 0; i < 15; ++i) before[i] = core.reg(i);
      step(*machine);
      const uc_err error = unicorn->step(pc);
      if (op == 0xf3ef && op2 >> 12 == 8) {  // MRS: the engine keeps Q, bit 27, which ARMv6-M doesn't have
        const int d = kUnicornRegisters[op2 >> 8 & 15];
        unicorn->set(d, unicorn->get(d) & 0xf0000000);
      }
      ++compared;
      ++groups[op >> 10];
      if (machine->stopped()) {
        ASSERT_TRUE(error == UC_ERR_INSN_INVALID || error == UC_ERR_EXCEPTION)
            << "halfword " << std::hex << op << " stops us alone";
        ++undefined;
        machine->power_on();
        break;
      }
      for (unsigned i = 0; i < 15; ++i) {
        ASSERT_EQ(core.reg(i), unicorn->get(kUnicornRegisters[i]))
            << "r" << i << " after " << std::hex << op << " " << op2 << " at " << pc << ", was " << before[i];
      }
      ASSERT_EQ(core.pc(), unicorn->get(UC_ARM_REG_PC) & ~1u)
          << "pc after " << std::hex << op << " at " << pc;
      ASSERT_EQ(core.xpsr() >> 28, unicorn->get(UC_ARM_REG_XPSR) >> 28)
          << "flags after " << std::hex << op << " at " << pc;
    }
    std::array<uint8_t, kDataBytes> theirs;
    unicorn->read(kData, theirs.data(), theirs.size());
    ASSERT_EQ(std::memcmp(theirs.data(), machine->bus().sram() + (kData - kSram), kDataBytes), 0)
        << "memory, block " << b;
  }
  size_t seen = 0;
  for (const uint64_t count : groups) seen += count != 0;
  std::printf("%llu instructions compared, %llu undefined for both, %zu of 64 opcode groups\n",
              static_cast<unsigned long long>(compared), static_cast<unsigned long long>(undefined), seen);
  EXPECT_GE(seen, 55u);
}

}  // namespace
}  // namespace tandem::sim
